"""The event log: numbered, caused, and every chain leads back to where it began."""

import numpy as np
import polars as pl
import pytest
from worlds import crash_seed, crash_world, default, finished, under

from abm.channels import CHANNELS
from abm.economy import Economy
from abm.ledger.chart import CRYPTO, INSTRUMENTS, N_TRADED
from abm.outcome.events import KINDS, OF_THE_AUTHORITY
from abm.policy import POLICIES

ROOTS = {"news", "timed_action"}
# What may stand behind what. A bank or dealer may also fail without a loss: its own books were thin enough. A dealer
# that has been run on and calmed down may be run on again.
CAUSES = {
    "price_move": {"news", "forced_sale", "limit_sale", "trading_halted"},
    "margin_call": {"price_move", "loan_recalled"},
    "call_met": {"margin_call"},
    "forced_sale": {
        *("margin_call", "seizure", "redemption_notice", "dealer_run", "shortfall", "dealer_failed"),
        *("bank_loss", "bank_failed", "deposit_run", "loan_losses", "builder_defaults", "refinancing_refused"),
        *("price_move", "liquidation", "coin_run", "news", "reserves_withdrawn"),
    },
    "limit_sale": {"risk_limit", "leverage_capped"},
    "deposit_run": {
        *("bank_loss", "loan_losses", "builder_defaults", "refinancing_refused", "price_move", "deposit_run"),
        "reserves_withdrawn",
    },
    "loan_losses": {"price_move"},
    "seizure": {"margin_call"},
    "shortfall": {"seizure"},
    "dealer_run": {"shortfall", "seizure", "price_move", "dealer_run"},
    "dealer_failed": {"shortfall", "seizure", "price_move", "dealer_run"},
    "loan_recalled": {"dealer_failed"},
    "risk_limit": {"price_move"},
    "redemption_notice": {"price_move"},
    "bank_loss": {"dealer_failed", "bank_failed", "credit_fund_failed"},
    "bank_failed": {
        *("bank_loss", "loan_losses", "builder_defaults", "refinancing_refused", "deposit_run", "price_move"),
        "reserves_withdrawn",
    },
    "builder_defaults": {"price_move"},
    "refinancing_refused": {
        *("builder_defaults", "refinancing_refused", "bank_loss", "deposit_run", "price_move", "reserves_withdrawn"),
    },
    "lines_drawn": {"refinancing_refused", "builder_defaults", "price_move"},
    "credit_fund_failed": {"refinancing_refused", "builder_defaults", "price_move"},
    "liquidation": {"price_move"},
    "coin_run": {"price_move", "bank_loss", "loan_losses", "deposit_run", "bank_failed", "reserves_withdrawn"},
    "redemptions_delayed": {"coin_run", "liquidation", "price_move", "news"},
    "reserves_withdrawn": {"coin_run", "price_move"},
    "sales_rationed": {"forced_sale", "limit_sale", "news"},
    "leverage_capped": {"price_move"},
    "trading_halted": {"price_move"},
    "note_purchases": {"price_move"},
    "buffer_released": {"bank_loss", "loan_losses", "deposit_run", "price_move", "reserves_withdrawn"},
    "deposits_guaranteed": {"bank_failed", "deposit_run", "reserves_withdrawn"},
    "central_bank_loan": {
        *("shortfall", "seizure", "dealer_run", "bank_loss", "loan_losses", "deposit_run", "price_move"),
        "reserves_withdrawn",
    },
}


@pytest.fixture(scope="module")
def crashed() -> Economy:
    return finished(crash_world(), crash_seed())


@pytest.fixture(scope="module")
def log(crashed: Economy) -> pl.DataFrame:
    return crashed.tables().events


def by_number(log: pl.DataFrame) -> dict[int, dict]:
    return {event["event_id"]: event for event in log.iter_rows(named=True)}


def assert_well_formed(log: pl.DataFrame) -> None:
    assert log["event_id"].to_list() == list(range(log.height))
    assert log["tick"].is_sorted()
    assert log["amount"].is_finite().all()
    assert set(log["kind"]) <= set(KINDS)
    assert set(log["channel"]) <= {*CHANNELS, ""}
    assert set(log["instrument"]) <= {*INSTRUMENTS, ""}
    caused = log.drop_nulls("caused_by")
    assert (caused["caused_by"] < caused["event_id"]).all()


def assert_roots_and_causes(log: pl.DataFrame) -> None:
    events = by_number(log)
    for event in events.values():
        if event["caused_by"] is None:
            assert event["kind"] in ROOTS, event
        else:
            cause = events[event["caused_by"]]
            assert cause["kind"] in CAUSES[event["kind"]], (event, cause)
            assert cause["tick"] <= event["tick"]


def test_events_are_numbered_and_come_after_their_causes(log: pl.DataFrame) -> None:
    assert_well_formed(log)


def test_only_roots_are_without_a_cause_and_causes_are_of_the_right_kind(log: pl.DataFrame) -> None:
    assert_roots_and_causes(log)


@pytest.mark.parametrize("spark", [0, 0.5])
def test_events_of_the_shipped_scenario(spark: float) -> None:
    log = finished(default().replace({"spark.total": spark, "run.ticks": 300})).tables().events
    assert_well_formed(log)
    assert_roots_and_causes(log)


def test_whatever_the_authority_does_has_a_cause() -> None:
    kinds = set()
    for policies in (POLICIES, *((name,) for name in POLICIES)):
        governed = under(crash_world(policy__leverage_cap__most=3), *policies)
        log = finished(governed, crash_seed()).tables().events
        assert_well_formed(log)
        assert_roots_and_causes(log)
        kinds |= set(log["kind"])
    assert set(OF_THE_AUTHORITY) <= kinds


def test_a_crash_has_every_kind_of_event(log: pl.DataFrame) -> None:
    assert set(log["kind"]) == set(KINDS) - set(OF_THE_AUTHORITY)


def test_every_margin_call_leads_back_to_a_root(log: pl.DataFrame) -> None:
    events = by_number(log)
    calls = log.filter(pl.col("kind") == "margin_call")["event_id"]
    first_causes = set()
    for number in calls:
        event, kinds = events[number], []
        while event["caused_by"] is not None:
            event = events[event["caused_by"]]
            kinds.append(event["kind"])
        assert event["kind"] in ROOTS
        assert "price_move" in kinds
        first_causes.add(kinds[0])
    assert first_causes == {"price_move", "loan_recalled"}


def test_a_banks_loss_goes_back_to_a_funds_shortfall(crashed: Economy, log: pl.DataFrame) -> None:
    events = by_number(log)
    on_dealers = pl.col("actor").str.starts_with("dealer:")
    losses = log.filter((pl.col("kind") == "bank_loss") & on_dealers)["event_id"]
    assert len(losses) > 0
    for loss in losses:
        chain = [events[loss]]
        while chain[-1]["caused_by"] is not None:
            chain.append(events[chain[-1]["caused_by"]])
        kinds = [event["kind"] for event in chain]
        # A dealer may fail of what it only provided for, and at once or after its lenders have left it.
        kinds = [kind for kind in kinds if kind not in ("shortfall", "dealer_run")]
        assert kinds[:5] == ["bank_loss", "dealer_failed", "seizure", "margin_call", kinds[4]]
        assert kinds[4] in CAUSES["margin_call"]
        assert kinds[-1] == "news"
        # One hands on to the next: the bank lost on the dealer that failed through the fund that was called.
        dealer = chain[0]["actor"]
        assert chain[1]["actor"] == dealer
        through = [event for event in chain if event["kind"] in ("shortfall", "seizure", "margin_call")]
        first = [event for event in through if event["actor"] == through[0]["actor"]]
        assert [event["kind"] for event in first][-2:] == ["seizure", "margin_call"]
        assert number_of(dealer) in crashed.funds["dealer"][number_of(first[0]["actor"])]


def number_of(actor: str) -> int:
    return int(actor.split(":")[1])


def test_actors_exist(crashed: Economy, log: pl.DataFrame) -> None:
    known = {"scenario", "investors"} | {f"market:{name}" for name in INSTRUMENTS[:N_TRADED]}
    for kind in ("fund", "dealer", "bank", "credit_fund", "builder"):
        known |= {f"{kind}:{number}" for number in getattr(crashed, f"{kind}s")["id"].tolist()}
    known |= {f"stablecoin_issuer:{number}" for number in crashed.stablecoins["id"].tolist()}
    assert set(log["actor"]) | set(log["counterparty"]) <= known


def test_amounts_are_those_of_the_books(crashed: Economy, log: pl.DataFrame) -> None:
    def total(kind: str) -> float:
        return log.filter(pl.col("kind") == kind)["amount"].sum()

    on_lines = log.filter((pl.col("kind") == "bank_loss") & (pl.col("channel") == "private_credit"))["amount"].sum()
    assert total("bank_loss") - on_lines == pytest.approx(crashed.rows["bank_losses"].sum())
    assert 0.0 < on_lines <= crashed.rows["lines_lost"].sum()  # what a fund loses in run-off is no event
    assert total("shortfall") == pytest.approx(crashed.rows["dealer_losses"].sum())
    assert total("shortfall") == pytest.approx(crashed.funds["shortfall"].sum())
    # A dealer that fails of missing cash may lack no capital.
    assert (log.filter(pl.col("kind") == "dealer_failed")["amount"] >= 0).all()
    positive = log.filter(
        ~pl.col("kind").is_in(["news", "price_move", "bank_failed", "dealer_failed", "credit_fund_failed"])
    )
    assert (positive["amount"] > 0).all(), positive.filter(pl.col("amount") <= 0)
    failed = log.filter(pl.col("kind") == "dealer_failed").height
    assert failed == np.count_nonzero(crashed.dealers["failed"]) == crashed.rows["dealers_failed"][-1]


def test_forced_sales_are_logged_with_what_was_offered(crashed: Economy, log: pl.DataFrame) -> None:
    offered = log.filter(pl.col("kind") == "forced_sale").group_by("tick", "instrument").agg(pl.col("amount").sum())
    last_prices = np.vstack([np.ones(N_TRADED), crashed.rows["price"]])
    all_sold = 0
    for tick, instrument, amount in offered.iter_rows():
        k = INSTRUMENTS.index(instrument)
        sold = crashed.rows["forced_sales"][tick, k] / crashed.rows["price"][tick, k] * last_prices[tick, k]
        assert sold <= amount * (1 + 1e-9)
        if crashed.rows["fill_share"][tick] == 1.0 and k != CRYPTO:  # crypto has buyers of its own
            assert sold == pytest.approx(amount)
            all_sold += 1
    assert all_sold > 0


def test_a_fund_is_in_call_before_it_is_seized_and_met_only_once_called(log: pl.DataFrame) -> None:
    state: dict[str, str] = {}
    before = {"call_met": {"margin_call"}, "seizure": {"margin_call"}, "shortfall": {"seizure", "shortfall"}}
    for event in log.iter_rows(named=True):
        if event["kind"] in before:
            assert state.get(event["actor"]) in before[event["kind"]], event
        if event["kind"] == "margin_call":
            assert state.get(event["actor"]) in (None, "call_met"), event
        if event["kind"] in ("margin_call", *before):
            state[event["actor"]] = event["kind"]
