"""`powderkeg why`: from an effect back to its roots, and what part of somebody's losses each root has."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from runs import called, event, of_kind, run, written

from abm.errors import InputError
from abm.outcome.why import chain_of

ROOTS = {"news", "timed_action"}


@pytest.mark.parametrize("kind", ["bank_failed", "dealer_failed", "seizure"])
def test_a_failure_is_walked_back_to_a_root(kind: str) -> None:
    result = run("crash")
    failed = of_kind(result, kind)
    assert failed.height
    for name in failed["actor"].unique():
        answer = result.why(name)
        assert event(result, answer.chain[0].event)["actor"] == name
        assert f"{name} failed on day {answer.chain[0].day}" in answer.sentence
        for effect, cause in zip(answer.chain[:-1], answer.chain[1:], strict=True):
            assert event(result, effect.event)["caused_by"] == cause.event
        assert event(result, answer.chain[-1].event)["kind"] in ROOTS


@pytest.mark.slow
def test_every_chain_of_every_event_ends_in_a_root() -> None:
    result = run("crash")
    for number in range(0, result.events.height, 97):
        chain = chain_of(result.events, number)
        assert event(result, chain[-1].event)["kind"] in ROOTS
        assert [step.day for step in chain] == sorted((step.day for step in chain), reverse=True)


def test_losses_are_added_up_by_debtor_and_by_root() -> None:
    result = run("crash")
    bank = of_kind(result, "bank_loss")["counterparty"].mode().sort()[0]
    own = of_kind(result, "bank_loss").filter(pl.col("counterparty") == bank)
    answer = result.why(bank)
    assert answer.losses_bn == pytest.approx(own["amount"].sum())
    assert sum(amount for _, amount in answer.lost_on) == pytest.approx(answer.losses_bn)
    assert sum(root.share for root in answer.roots) == pytest.approx(1.0)
    assert sum(root.losses_bn for root in answer.roots) == pytest.approx(answer.losses_bn)
    for root in answer.roots:
        assert event(result, root.event)["kind"] in ROOTS


def test_losses_with_two_roots_are_split() -> None:
    result = run("crash")
    losses = of_kind(result, "bank_loss")
    bank, number, cause = losses.select("counterparty", "event_id", "caused_by").row(0)
    second = event(result, number) | {"event_id": result.events.height, "amount": losses["amount"][0] * 3.0}
    news = of_kind(result, "news")["event_id"]
    root = chain_of(result.events, cause)[-1].event
    second["caused_by"] = next(other for other in news if other != root)
    log = pl.concat([result.events, pl.DataFrame([second], schema=result.events.schema)])
    answer = replace(result, tables=replace(result.tables, events=log)).why(bank)
    by_root = {part.event: part.losses_bn for part in answer.roots}
    assert by_root[second["caused_by"]] >= second["amount"]
    assert len(by_root) >= 2
    assert answer.roots[0].share >= answer.roots[-1].share


def test_who_did_not_fail_is_told_what_did_happen() -> None:
    result = run("ordinary")
    assert of_kind(result, "bank_failed").is_empty()
    silent, called = result.why("bank:1"), result.why("dealer:0")
    assert silent.sentence == "bank:1 did not fail, and the log has nothing else of it."
    assert not silent.chain
    assert called.sentence == "dealer:0 did not fail. What did happen:"
    assert not called.chain
    kinds = {event(result, step.event)["kind"] for step in called.happened}
    assert "margin_call" in kinds
    first = of_kind(result, "margin_call").filter(pl.col("counterparty") == "dealer:0")
    line = next(step for step in called.happened if event(result, step.event)["kind"] == "margin_call")
    assert (line.event, line.day) == (first["event_id"][0], first["tick"][0])
    assert f"first of {first.height:,} times" in line.words


@pytest.mark.parametrize("kind", ["stablecoin_issuer", "credit_fund", "builder"])
def test_who_is_in_the_run_is_asked_for_by_the_name_that_the_log_would_have(kind: str) -> None:
    result, name = run("ordinary"), f"{kind}:2"
    silent = result.events.filter((pl.col("actor") != name) & (pl.col("counterparty") != name))
    answer = replace(result, tables=replace(result.tables, events=silent)).why(name)
    assert answer.sentence == f"{name} did not fail, and the log has nothing else of it."
    with pytest.raises(InputError, match=f"{kind}:0 to {kind}:"):
        result.why("stablecoin:0")


def test_what_an_issuer_owes_is_not_added_up_over_the_runs_on_it() -> None:
    result = run("crash")
    run_on = of_kind(result, "coin_run").row(0, named=True)
    again = run_on | {"event_id": result.events.height, "tick": 119}
    log = pl.concat([result.events, pl.DataFrame([again], schema=result.events.schema)])
    answer = replace(result, tables=replace(result.tables, events=log)).why(run_on["actor"])
    line = next(step for step in answer.happened if step.event == run_on["event_id"])
    assert line.words.endswith("(the first of 2 times until day 119)")


def test_loan_losses_are_not_pinned_on_the_bank_that_stands_for_all() -> None:
    result = run("ordinary")
    assert set(of_kind(result, "loan_losses")["counterparty"]) == {"bank:0"}
    assert not result.why("bank:0").happened


def test_a_market_is_told_its_worst_day() -> None:
    result = run("crash")
    moves = of_kind(result, "price_move").filter(pl.col("actor") == "market:notes")
    answer = result.why("market:notes")
    assert event(result, answer.chain[0].event)["amount"] == moves["amount"].min()
    assert "cannot fail" in answer.sentence


def test_an_event_is_asked_for_by_its_number() -> None:
    result = run("crash")
    number = int(of_kind(result, "forced_sale")["event_id"][-1])
    assert result.why(str(number)).chain == chain_of(result.events, number)


@pytest.mark.parametrize("about", ["bank:99", "bank", "", "nobody:1", "-1", "10000000", "bank:\x1b[31m"])
def test_who_is_not_in_the_run_is_refused(about: str) -> None:
    with pytest.raises(InputError, match="allowed are bank:0 to bank:3") as error:
        run("crash").why(about)
    assert "\x1b" not in str(error.value)


def test_a_log_that_goes_in_a_circle_is_refused() -> None:
    result = run("crash")
    number = of_kind(result, "margin_call")["event_id"][0]
    circle = pl.when(pl.col("event_id") == number).then(number).otherwise(pl.col("caused_by")).alias("caused_by")
    with pytest.raises(InputError, match="out of order"):
        chain_of(result.events.with_columns(circle), number)


def test_the_command_prints_the_chain_with_indentation_and_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    result = run("crash")
    folder = written("crash", tmp_path / "here")
    bank = of_kind(result, "bank_failed")["actor"][0]
    answer = result.why(bank)
    code, out, err = called(capsys, "why", folder, bank)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == answer.sentence
    assert lines[1] == f"day {answer.chain[0].day}: {answer.chain[0].words}"
    assert lines[2] == f"  because day {answer.chain[1].day}: {answer.chain[1].words}"
    assert lines[3].startswith("    because day ")
    if answer.roots:
        assert re.search(r"In all it lost [\d.,]+ \$bn on others", out)
    code, out, _ = called(capsys, "why", folder, bank, "--json")
    assert json.loads(out) == json.loads(json.dumps(answer.to_dict()))
    code, out, err = called(capsys, "why", folder, "bank:99")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_a_comparison_has_no_causes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.experiments.files.read", lambda _: object())
    code, _, err = called(capsys, "why", "there", "bank:0")
    assert (code, err) == (2, "there: holds a comparison; allowed is a folder that powderkeg run wrote\n")
