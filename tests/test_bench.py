"""The bench: contenders give the engine's numbers or are not timed, and what is made of times is right."""

import gc
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from abm.agents.crypto_holder import HOLDERS_ORDER
from abm.bench import bench as of_bench
from abm.bench import contest as of_contest
from abm.bench import growth as of_growth
from abm.bench import machine as of_machine
from abm.bench.agreement import DAYS, SEED, refuse_unless_same, small_world, storms
from abm.bench.bench import Bench, Effort
from abm.bench.cold_start import Start
from abm.bench.contest import PEERS, contest
from abm.bench.growth import FUNDS, HOLDERS, SIZES, Point, fitted
from abm.bench.layout import Fields, books_in_32_bits, day_of_fields, day_of_records
from abm.bench.memory_floor import touch
from abm.bench.overhead import Overhead
from abm.bench.plain_mesa import CryptoHolder
from abm.bench.seat import Contender
from abm.bench.sweeps import Rate, batch_seconds, rate
from abm.bench.timing import WARM, Clock, Law, growing, ratio, take_turns
from abm.bench.vectorised_numpy import VectorisedNumpy, tilts
from abm.economy import Economy
from abm.errors import CheckFailed
from abm.outcome.paired import Interval
from abm.report.bench import answer, bench_files, cold_start, growth, page, phases, recording, sweeps
from abm.scenario import load
from abm.streams import HOLDERS_TRADING, uniforms

Command = Callable[..., tuple[int, str, str]]
QUICK = load().replace(
    {"crypto.holders": 60, "funds.count": 60, "margin_accounts.count": 20, "run.ticks": 24, "spark.start": 2}
)


# ------------------------------------------------------------------------------------ the same numbers
@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS)
def test_contenders_give_the_engines_numbers(peer: type[Contender]) -> None:
    refuse_unless_same(peer)


def test_the_small_world_has_all_that_contenders_must_get_right() -> None:
    economy, only_wait = Economy(small_world(), SEED), 0
    for day in range(DAYS):
        economy.advance(day + 1)
        holders = economy.holders
        acts = holders["acts_on"] == -economy.tick % economy.scenario.crypto.decision_days
        runs = economy.stablecoins["doubt"][holders["issuer"]] > 0.0
        only_wait += np.count_nonzero((holders["redeeming"] > 0.0) & ~acts & ~runs)
    assert only_wait > 0
    happened = storms(economy)
    assert all(days > 0 for days in happened.values()), happened
    assert economy.rows["banks_failed"].max() == 0  # whose depositors' losses contenders do not know


def generous(_holder: CryptoHolder) -> float:
    return 1.0


@pytest.mark.slow
def test_a_contender_with_other_numbers_is_not_timed(powderkeg: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_bench, "contest", lambda *_: pytest.fail("something was timed"))
    monkeypatch.setattr(CryptoHolder, "fresh_money", generous)
    code, out, err = powderkeg("bench", "--quiet")
    assert (code, out) == (1, "")
    assert err.startswith("a check failed: plain_mesa: holders.")
    assert "so that nothing is timed" in err
    assert len(err.splitlines()) == 1


def test_one_wrong_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def stingy(self: VectorisedNumpy, _tick: int) -> None:
        self.earned += 1e-6 / len(self.earned)

    monkeypatch.setattr(VectorisedNumpy, "earn", stingy)
    with pytest.raises(CheckFailed, match=r"numpy: holders\.deposit \d+ on day 0 is [\d.e-]+ and not "):
        refuse_unless_same(VectorisedNumpy)


def test_numpy_draws_as_the_engine_does() -> None:
    identities = np.array([0, 1, 7, 2**33 + 5])
    for seed in (0, 7, 2**40 + 3):
        drawn = [2.0 * uniforms(seed, HOLDERS_TRADING, identity, 11)[0] - 1.0 for identity in identities]
        assert tilts(seed, identities, 11).tolist() == drawn


@pytest.mark.slow
def test_mesas_batch_runner_runs_the_plain_version_to_its_end() -> None:
    assert batch_seconds(QUICK.replace({"run.ticks": 4}), runs=2, workers=1, steps=4) > 0.0
    with pytest.raises(CheckFailed, match="not all of 1 runs had 5 days"):  # it ended by itself on its last day
        batch_seconds(QUICK.replace({"run.ticks": 4}), runs=1, workers=1, steps=5)


# ------------------------------------------------------------------------------------ what is made of times
def test_a_ratio_is_the_median_turn_by_turn_with_the_middle_half() -> None:
    found = ratio(np.array([2.0, 30.0, 4.0, 5.0, 160.0]), np.array([1.0, 10.0, 1.0, 1.0, 10.0]))
    assert asdict(found) == {"median": 4.0, "low": 3.0, "high": 5.0, "turns": 5}


def test_turns_go_over_the_same_days_and_their_first_one_does_not_count() -> None:
    told: list[tuple[str, int]] = []
    clock = Clock()
    waste = clock.wrapped(busy)

    def advancing(name: str) -> Callable[[int], None]:
        def advance(until: int) -> None:
            assert not gc.isenabled()
            told.append((name, until))
            waste(0.02 if (until - WARM) % 3 == 0 else 0.004)  # the first day is the slow one

        return advance

    found = take_turns({"a": (advancing("a"), clock), "b": (advancing("b"), Clock())}, turns=2, days=2)
    assert told == [("a", 1), ("a", 3), ("b", 1), ("b", 3), ("a", 4), ("a", 6), ("b", 4), ("b", 6)]
    assert gc.isenabled()
    assert (found["a"].watched > 0.0015).all()
    assert (found["a"].watched < 0.01).all()
    assert (found["a"].days >= found["a"].watched).all()
    assert (found["b"].watched == 0.0).all()


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_slope_is_that_of_what_grows() -> None:
    sizes = np.array([1e3, 1e4, 1e5, 1e6])
    for steep in (1.0, 1.2):
        measured = 200e-6 + 30e-9 * sizes**steep
        found = growing(sizes, measured)
        assert found == pytest.approx((steep, 200e-6, 30e-9), rel=1e-3)
        assert found.at(sizes) == pytest.approx(measured, rel=1e-3)


def test_a_rate_is_that_of_a_sweep_under_way() -> None:
    seen = [(13.0, 2.0), (13.5, 2.0), (14.5, 1.0), (15.5, 1.5), (15.5, 1.0), (16.5, 0.5)]  # when, and seconds of days
    found = rate(2, seen, started=10.0)
    assert found == Rate(2, 6, per_second=4 / 3.0, start_seconds=1.0, engine_share=4.0 / 6.0)


def test_the_floor_writes_only_to_those_who_act() -> None:
    holders = Economy(QUICK, 1).holders
    before = holders.copy()
    touch(holders, HOLDERS_ORDER.open(len(holders)), 3, 1)
    changed = [row for row in range(len(holders)) if holders[row] != before[row]]
    assert changed == np.flatnonzero(holders["acts_on"] == 3).tolist()
    assert len(changed) < len(holders) / 4


@pytest.mark.slow
def test_layouts_hold_the_same_day_and_32_bits_are_too_few_for_the_books() -> None:
    records = Economy(QUICK, 1).holders
    columns, book = Fields(*(records[name].copy() for name in Fields._fields)), HOLDERS_ORDER.open(len(records))
    for day in range(5):
        assert day_of_records(records, book, day) == day_of_fields(columns, book, day)
    assert records["crypto"].tolist() == columns.crypto.tolist()
    assert "the two sides differ" in books_in_32_bits(QUICK)


# ------------------------------------------------------------------------------------ what is written
@pytest.fixture
def found() -> Bench:
    short = contest(QUICK, turns=2, days=3)
    one = Rate(1, 24, 3.0, 1.5, 0.93)
    points = [
        Point(size, 1e-4, 2e-4 + size * 1e-8, 1.0, 3.0 + size * 2e-4) for size in (1000, 10_000, 100_000, 1_000_000)
    ]
    curves = (fitted(HOLDERS, points), fitted(FUNDS, points))
    layouts = {"5000": {"a record per agent, 64 bits": 5.0}}
    recorded = {"us_late_2025": recorded_at(0.02, 0.06)}
    taken = {"us_late_2025": {"decide": 60.0, "settle": 90.0}}
    sweep = {"sweep, 1": one}
    return Bench({"cores": "2 of 2"}, short, short, sweep, STARTS, recorded, taken, curves, layouts, "no")


STARTS = (Start("help", 0.3, 0.1), Start("first run", 40.0, 60.0), Start("second run", 5.0, 6.5))


def recorded_at(low: float, high: float) -> Overhead:
    share = Interval((low + high) / 2, low, high, 0.01, 40)
    return Overhead(0.3, 0.28, 0.02, share, Interval(0.1, 0.09, 0.11, 0.01, 40), 72_000)


def test_the_page_and_its_numbers(found: Bench, tmp_path: Path) -> None:
    files = bench_files(found)
    assert set(files) == {"results.md", "results.json", "growth.png"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    content = json.loads(files["results.json"])
    assert set(content["ratios"]) == {"plain_mesa", "numpy", "memory_floor"}
    assert all(isinstance(value, float) and value > 0.0 for value in content["ratios"].values())
    assert set(content["large"]["ratios"]["numpy"]) == {"median", "low", "high", "turns"}
    text = page(found)
    written = ("Machine", "The same rules, written otherwise", "Layout of a record", "Phases of a day")
    for head in (*written, "Sweeps", "Cold start", "Recording", "Growth"):
        assert f"\n## {head}\n" in text
    assert len(answer(found).splitlines()) == 3


def test_what_the_first_run_takes_beyond_the_second_is_compiling() -> None:
    assert "| help | 0.30 s | 0.10 s |\n" in cold_start(STARTS)
    assert cold_start(STARTS).endswith("the first run less the second | 35.00 s | 53.50 s |")
    untold = [replace(start, processor_seconds=0.0) for start in STARTS]
    assert cold_start(untold).endswith("| 35.00 s | not told |")


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.02, 0.06, "met"), (0.11, 0.2, "missed"), (0.09, 0.11, "cannot tell")]
)
def test_recording_is_cheap_if_its_whole_interval_is(low: float, high: float, word: str) -> None:
    said = f"{50 * (low + high):.1f} % ({100 * low:.1f} to {100 * high:.1f}): {word}"
    row = f"| `calm` | 72,000 | 0.300 s | 0.280 s | {said} | 10.0 % (9.0 to 11.0) |"
    assert row in recording({"calm": recorded_at(low, high)}).splitlines()


def test_phases_stand_beside_those_of_another_world() -> None:
    found = {"calm": {"decide": 60.0, "between days": 20.0}, "crash": {"decide": 90.0, "between days": 10.0}}
    assert phases(found).splitlines()[2:] == [
        "| `decide` | 75.0 % | 60.0 | 90.0 % | 90.0 |",
        "| between days | 25.0 % | 20.0 | 10.0 % | 10.0 |",
        "| all | 100 % | 80 | 100 % | 100 |",
    ]


def test_shares_and_slopes_are_held_against_their_targets() -> None:
    table = sweeps({str(share): Rate(1, 24, 3.0, 1.5, share) for share in (0.89, 0.9)})
    assert [line.split(" | ")[-1] for line in table.splitlines()[2:]] == ["0.89: missed |", "0.90: met |"]
    points = [Point(size, 1e-4, 2e-4, 3e-4, 3.0) for size in (1000, 10_000, 100_000, 1_000_000)]
    laws = {"seconds": Law(1.11, 1e-4, 1e-8), "megabytes": Law(0.91, 1.0, 1e-3), "in_cache": Law(1.05, 1e-4, 1e-8)}
    steep = replace(fitted(HOLDERS, points), **laws, cached=100_000)
    assert "| 1.11: missed | 1.05: met, up to 100,000 | 100 | 0.91: met | 1.0 |" in growth([steep])
    assert "| 1.11: missed | not told | 100 | 0.91: met | 1.0 |" in growth([replace(steep, in_cache=None)])


def test_what_grows_in_the_cache_is_told_apart_from_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = np.array(SIZES[HOLDERS])
    each = np.where(sizes > 100_000, 25e-9, 11e-9)
    points = [
        Point(size, 0.0, 2e-4 + size * cost, 1.0, 3.0 + size * 2e-4) for size, cost in zip(sizes, each, strict=True)
    ]
    monkeypatch.setattr(of_growth, "last_cache", lambda: 32 * 2**20)
    found = fitted(HOLDERS, points)
    assert found.in_cache == pytest.approx((1.0, 2e-4, 11e-9), rel=1e-3)
    assert found.cached == 100_000
    assert found.seconds.slope > 1.1
    for told in (None, 2**20):
        monkeypatch.setattr(of_growth, "last_cache", lambda told=told: told)
        assert fitted(HOLDERS, points).in_cache is None


@pytest.mark.parametrize(("told", "size"), [("32768K\n", 32 * 2**20), ("1M", None), (None, None)])
def test_the_last_cache_is_read_where_the_system_tells_it(
    told: str | None, size: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_machine, "CACHE", tmp_path / "size")
    if told is not None:
        (tmp_path / "size").write_text(told, "utf-8")
    assert of_machine.last_cache() == size


def test_the_command_prints_json_and_nothing_else(
    powderkeg: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Bench
) -> None:
    monkeypatch.setattr(of_bench, "refuse_unless_same", lambda _: None)
    monkeypatch.setattr(
        of_bench, "Effort", lambda: Effort(turns=2, days=2, large_turns=2, large_days=2, pairs=3, profiled=2)
    )
    monkeypatch.setattr(of_bench, "load", lambda: QUICK)
    monkeypatch.setattr(of_bench, "LARGE", 80)
    monkeypatch.setattr(of_bench, "cold_start", lambda: list(STARTS))
    asked, phased = [], []
    monkeypatch.setattr(of_bench, "quickest", lambda *of: phased.append(of) or {"decide": 60.0, "settle": 90.0})
    monkeypatch.setattr(of_bench, "overhead", lambda *of: asked.append(of) or recorded_at(0.02, 0.06))
    for name in ("swept", "by_mesa"):
        monkeypatch.setattr(of_bench, name, lambda *_, **__: found.sweeps["sweep, 1"])
    code, out, err = powderkeg("bench", "--json", "--out", "benchmarks")
    assert code == 0
    steps = [line.partition(": ")[0] for line in err.splitlines()[:-1]]
    assert steps[0] == f"1 of {len(steps)}"
    assert [step.split(" of ")[0] for step in steps] == [str(number + 1) for number in range(len(steps))]
    assert steps[-1].startswith(f"{len(steps)} of {len(steps)}, ")
    assert steps[-1].endswith(" left")
    content = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert set(content["ratios"]) == {"plain_mesa", "numpy", "memory_floor"}
    assert content["large"]["holders"] == 80
    assert asked == [({}, 3), ({"funds.leverage": 3}, 3)]
    assert phased == [({}, 2), ({"funds.leverage": 3}, 2)]
    assert content["phases"]["us_late_2025"] == {"decide": 60.0, "settle": 90.0}
    assert list(content["overhead"]) == ["us_late_2025", "funds.leverage = 3"]
    assert content["overhead"]["us_late_2025"]["share"]["high"] == 0.06
    assert content["cold_start"][0] == {"name": "help", "seconds": 0.3, "processor_seconds": 0.1}
    assert content["machine"]["time the bench took, without growth and layouts"].endswith(" min")
    assert json.loads((tmp_path / "benchmarks" / "results.json").read_text("utf-8")) == content
    assert (tmp_path / "benchmarks" / "results.md").is_file()
    assert of_contest.ENGINE in content["default"]["rules"]
