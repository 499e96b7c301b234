"""Sweep files: which points and seeds they mean, that a plan keeps every bit, and what is refused."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.errors import InputError
from abm.outcome.recorder import COLUMNS
from abm.scenario import load
from abm.scenario.reading import DECLARED
from abm.sweep import design, plan
from abm.sweep.design import drawn, grid, value_at
from abm.sweep.files import shipped
from abm.sweep.plan import MOST_POINTS, MOST_RUNS, Keep, Parameter, Plan
from abm.sweep.reading import read_plan

BASE = load()
A_RANGE = '{ low = 0.5, high = 3, unit = "times today\'s" }'
TWO_BY_THREE = '[parameters]\n"funds.leverage" = [0.5, 2]\n"spark.days" = [1, "20 days", 500]\n'
POINTS = ((0.5, 1), (0.5, 20), (0.5, 500), (2.0, 1), (2.0, 20), (2.0, 500))


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "mine.toml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def planned(text: str) -> Plan:
    return read_plan(written(text))


def refusal(text: str) -> str:
    """The one sentence with which a sweep file is refused."""
    with pytest.raises(InputError) as caught:
        planned(text)
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert len(sentence) < 6000
    return sentence


def a_plan(**changes: object) -> Plan:
    parts = {
        "name": "mine",
        "base": BASE,
        "design": "grid",
        "parameters": (Parameter("funds.leverage", "times today's", (0.5, 2.0)),),
        "points": ((0.5,), (2.0,)),
        "replications": 3,
        "first_seed": 7,
        "paired": True,
        "twins": True,
        "keep": Keep(),
        "design_seed": 0,
    }
    return Plan(**{**parts, **changes})


def over(path: str, low: float, high: float, scale: str = "linear") -> Parameter:
    return Parameter(path, DECLARED[path].unit, low=low, high=high, scale=scale)


def listing(path: str, *values: float | bool | str) -> Parameter:
    return Parameter(path, DECLARED[path].unit, values)


# What a file says


def test_a_list_is_scanned_and_a_scalar_stays() -> None:
    found = planned(
        TWO_BY_THREE + '"run.ticks" = "900 days (assumed)"\n"channels.margin_calls" = false\n'
        "[parameters.markets]\ndepth = 0.5\n"
    )
    assert found.points == POINTS
    assert found.parameters == (
        Parameter("funds.leverage", "times today's", (0.5, 2.0)),
        Parameter("spark.days", "days", (1, 20, 500)),
    )
    for point, (leverage, days) in enumerate(POINTS):
        scenario = found.scenario_of(point)
        assert (scenario.funds.leverage, scenario.spark.days) == (leverage, days)
        assert (scenario.run.ticks, scenario.markets.depth) == (900, 0.5)
        assert not scenario.channels.margin_calls
    constants = {"run.ticks": 900, "markets.depth": 0.5, "channels.margin_calls": False}
    assert found.base.digest == load(**constants).digest
    assert found.base.quantity("run.ticks").source == "assumed"
    assert found.base.quantity("spark.days") == BASE.quantity("spark.days")


def test_quoted_and_nested_paths_mean_the_same() -> None:
    nested = "[parameters.funds]\nleverage = [0.5, 2]\n[parameters.spark]\ndays = [1, 20, 500]\n"
    assert planned(nested) == planned(TWO_BY_THREE)


def test_what_is_not_said() -> None:
    found = planned("title = 'Nothing varies'")
    assert (found.name, found.title, found.why) == ("mine", "Nothing varies", "")
    assert found.base == BASE
    assert (found.design, found.parameters, found.points, found.n_runs) == ("grid", (), ((),), 1)
    assert (found.replications, found.first_seed, found.design_seed) == (1, 0, 0)
    assert (found.paired, found.twins, found.keep) == (True, True, Keep())
    assert found.scenario_of(0).digest == BASE.digest


def test_the_base_is_a_shipped_scenario_or_a_file_beside() -> None:
    assert planned("base = 'quiet'").base == load("quiet")
    Path("worlds").mkdir()
    written('format = 1\nextends = "us_late_2025"\n[spark]\ntotal = 0.25\n', "worlds/own.toml")
    Path("sweeps").mkdir()
    found = read_plan(written("base = '../worlds/own.toml'", "sweeps/mine.toml"))
    assert found.base.spark.total == 0.25


def test_what_is_kept() -> None:
    found = planned("[keep]\npaths = 20\nquantiles = [0.05, 0.5]\nseries = ['price_ai_equity']\nevents = true\n")
    assert found.keep == Keep(20, (0.05, 0.5), ("price_ai_equity",), events=True)
    assert planned("[keep]\nevents = true").keep == Keep(events=True)


def test_points_of_a_file_are_run_in_its_order() -> None:
    written(
        "\ufefffunds.leverage, channels.margin_calls ,spark.days,markets.ai_equity.impact\r\n"
        "2,true,20,linear\r\n\r\n0.1,False,1 days,square_root\r\n2,true,20,linear\r\n,,,\r\n",
        "points.csv",
    )
    found = planned('design = "list"\npoints = "points.csv"\n[parameters]\n"spark.total" = 0.25\n')
    first = (2.0, True, 20, "linear")
    assert found.points == (first, (0.1, False, 1, "square_root"), first)
    assert found.parameters == (
        over("funds.leverage", 0.1, 2.0),
        listing("channels.margin_calls", True, False),
        over("spark.days", 1, 20),
        listing("markets.ai_equity.impact", "linear", "square_root"),
    )
    assert found.scenario_of(1).markets.ai_equity.impact == "square_root"
    assert found.scenario_of(1).spark.total == 0.25


@pytest.mark.slow
@pytest.mark.parametrize("name", ["leverage_by_speed", "spark_size", "crowding_by_depth", "stablecoin_size", "policy"])
def test_shipped_sweeps_say_why_and_every_point_makes_a_world(name: str) -> None:
    found = read_plan(name)
    assert found.name == name
    assert found.title
    assert found.why
    assert found.paired
    assert 20 * 10 <= found.n_runs <= 3000
    digests = {found.scenario_of(point).digest for point in range(len(found.points))}
    assert len(digests) == len(found.points)
    for point in range(len(found.points)):
        world = found.scenario_of(point)
        assert world.run.ticks >= world.spark.start + world.spark.days + 500


def test_no_other_sweep_is_shipped() -> None:
    assert set(shipped()) == {"leverage_by_speed", "spark_size", "crowding_by_depth", "stablecoin_size", "policy"}


# Rows and seeds


@pytest.mark.slow
@given(
    n_points=st.integers(1, 30),
    replications=st.integers(1, 30),
    first_seed=st.integers(0, 2**62),
    paired=st.booleans(),
)
def test_seeds_are_common_to_points_or_never_the_same(
    n_points: int, replications: int, first_seed: int, paired: bool
) -> None:
    found = a_plan(
        points=tuple((0.01 * point,) for point in range(n_points)),
        replications=replications,
        first_seed=first_seed,
        paired=paired,
    )
    rows = [found.row(number) for number in range(found.n_runs)]
    assert [row.number for row in rows] == list(range(n_points * replications))
    assert [(row.point, row.replication) for row in rows] == [
        (point, replication) for point in range(n_points) for replication in range(replications)
    ]
    assert all(row.values == {"funds.leverage": 0.01 * row.point} for row in rows)
    if paired:
        assert [row.seed for row in rows] == list(range(first_seed, first_seed + replications)) * n_points
    else:
        assert [row.seed for row in rows] == list(range(first_seed, first_seed + found.n_runs))


@pytest.mark.parametrize("number", [-1, 6, True, 1.0])
def test_rows_and_points_that_are_not_there_are_refused(number: int) -> None:
    with pytest.raises(InputError, match=r"^row = .* is not in the sweep; allowed is 0 to 5$"):
        a_plan().row(number)
    with pytest.raises(InputError, match=r"^point = .* is not in the sweep; allowed is 0 to 1$"):
        a_plan().scenario_of(number)


def test_a_point_that_makes_no_world_is_named() -> None:
    bad = a_plan(parameters=(over("spark.start", 0, 2000),), points=((40,), (750,)), design="sobol")
    assert bad.scenario_of(0).digest == BASE.digest
    with pytest.raises(InputError, match=r"^mine: point 1: spark\.start = 750 is after the end; allowed is less than"):
        bad.scenario_of(1)


# Designs


SHORT_LISTS = st.lists(st.floats(0, 10), min_size=1, max_size=6, unique=True)


@given(st.lists(SHORT_LISTS, min_size=0, max_size=4))
def test_a_grid_is_all_combinations_once(lists: list[list[float]]) -> None:
    paths = list(DECLARED)[: len(lists)]
    points = grid([listing(path, *values) for path, values in zip(paths, lists, strict=True)])
    assert len(points) == len(set(points)) == math.prod(map(len, lists))
    for place, values in enumerate(lists):
        assert {point[place] for point in points} == set(values)
    assert list(points) == sorted(points, key=lambda point: [v.index(x) for v, x in zip(lists, point, strict=True)])


ENDS = st.tuples(st.floats(0, 5), st.floats(5.001, 10))
DESIGNED = settings(max_examples=30, deadline=None)


def shares(parameter: Parameter, values: list[float]) -> list[float]:
    """Where values lie between the ends of a range, 0 to 1, on its own scale."""
    assert parameter.low is not None
    assert parameter.high is not None
    scaled = math.log if parameter.scale == "log" else float
    low, high = scaled(parameter.low), scaled(parameter.high)
    return [(scaled(value) - low) / (high - low) for value in values]


@DESIGNED
@given(ends=ENDS, n_points=st.integers(1, 60), seed=st.integers(0, 1000))
def test_a_latin_hypercube_has_one_point_in_each_part_of_every_range(
    ends: tuple[float, float], n_points: int, seed: int
) -> None:
    parameters = (
        over("funds.leverage", *ends),
        over("spark.total", 0.001, 3, "log"),
        over("spark.days", 10, 10 + n_points - 1) if n_points > 1 else listing("spark.days", 10),
        listing("funds.crowding", *(place / n_points for place in range(n_points))),
    )
    points = drawn("latin_hypercube", parameters, n_points, seed)
    assert len(points) == n_points
    for place in (0, 1):
        column = sorted(shares(parameters[place], [float(point[place]) for point in points]))
        for part, share in enumerate(column):
            assert part / n_points - 1e-9 <= share <= (part + 1) / n_points + 1e-9
    assert sorted(point[2] for point in points) == list(range(10, 10 + n_points))
    assert all(type(point[2]) is int for point in points)
    assert sorted(point[3] for point in points) == [place / n_points for place in range(n_points)]


@DESIGNED
@given(ends=ENDS, power=st.integers(1, 7), seed=st.integers(0, 1000))
def test_sobol_points_lie_in_range_and_halve_every_part(ends: tuple[float, float], power: int, seed: int) -> None:
    parameters = (
        over("funds.leverage", *ends),
        over("spark.days", 1, 2**power),
        listing("channels.margin_calls", False, True),
    )
    points = drawn("sobol", parameters, 2**power, seed)
    assert all(ends[0] <= point[0] <= ends[1] for point in points)
    assert sorted(point[1] for point in points) == list(range(1, 2**power + 1))
    assert Counter(point[2] for point in points) == {False: 2 ** (power - 1), True: 2 ** (power - 1)}


@pytest.mark.parametrize("name", ["latin_hypercube", "sobol"])
def test_draws_belong_to_the_design_seed(name: str) -> None:
    rest = f'design = "{name}"\npoints = 16\n[parameters]\n"funds.leverage" = {A_RANGE}\n'
    rest += '"channels.margin_calls" = [true, false]\n'
    first, again, other = (planned(f"design_seed = {seed}\n{rest}") for seed in (1, 1, 2))
    assert first == again
    assert first.points != other.points
    assert first.parameters == (over("funds.leverage", 0.5, 3.0), listing("channels.margin_calls", True, False))


@pytest.mark.parametrize("place", [0.0, 1.0])
def test_draws_at_the_very_ends_stay_inside(place: float) -> None:
    for parameter in (over("funds.leverage", 0.1, 0.7), over("spark.days", 3, 9), over("spark.days", 3, 9, "log")):
        assert value_at(parameter, place) == (parameter.high if place else parameter.low)
    assert 0.1 <= float(value_at(over("spark.total", 0.1, 0.7, "log"), place)) <= 0.7
    assert value_at(listing("funds.leverage", 1.0, 2.0, 3.0), place) == (3.0 if place else 1.0)


def test_whole_numbers_on_a_log_scale_have_the_parts_of_their_logarithms() -> None:
    drawn_days = [value_at(over("spark.days", 1, 7, "log"), (place + 0.5) / 3000) for place in range(3000)]
    counts = Counter(drawn_days)
    assert counts.keys() == set(range(1, 8))
    for day, count in counts.items():
        assert abs(count - 3000 * math.log((day + 1) / day, 8)) <= 1


# Nothing is lost on the way


NUMBERS = st.floats(0, 10, allow_subnormal=True)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    many = draw(st.integers(1, 5))
    points = tuple(
        (draw(NUMBERS), draw(st.integers(1, 500)), draw(st.booleans()), draw(st.sampled_from(["linear", "saturating"])))
        for _ in range(many)
    )
    parameters = (
        over("funds.leverage", 0.0, draw(st.floats(0.1, 10))),
        over("spark.days", 1, 500, "log"),
        listing("channels.margin_calls", True, False),
        listing("markets.crypto.impact", "linear", "saturating"),
    )
    source = draw(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).filter(str.strip))
    base = BASE.replace({"spark.total": {"value": draw(st.floats(0, 3)), "unit": "log points", "source": source}})
    return a_plan(
        name=draw(st.text(max_size=9)),
        base=base,
        design=draw(st.sampled_from(plan.DESIGNS)),
        parameters=parameters,
        points=points,
        replications=draw(st.integers(1, 1000)),
        first_seed=draw(st.integers(0, 2**62)),
        paired=draw(st.booleans()),
        twins=draw(st.booleans()),
        keep=Keep(draw(st.integers(0, 99)), tuple(draw(st.lists(st.floats(0, 1)))), tuple(COLUMNS)[:2], events=True),
        design_seed=draw(st.integers(0, 2**63 - 1)),
        title=draw(st.text(max_size=9)),
        why=draw(st.text(max_size=9)),
    )


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(plans())
def test_a_plan_goes_through_json_and_back_to_the_bit(made: Plan) -> None:
    content = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert content == made.to_dict()
    back = Plan.from_dict(content)
    assert back == made
    assert back.digest == made.digest
    assert back.base.quantities == made.base.quantities
    assert [list(map(type, point)) for point in back.points] == [list(map(type, point)) for point in made.points]


def test_the_digest_follows_every_part() -> None:
    changes = [
        {},
        {"name": "other"},
        {"base": BASE.replace({"spark.total": 0.25})},
        {"points": ((0.5,), (math.nextafter(2.0, 3.0),))},
        {"replications": 4},
        {"first_seed": 8},
        {"paired": False},
        {"twins": False},
        {"keep": Keep(events=True)},
        {"design_seed": 1},
        {"why": "why"},
    ]
    assert len({a_plan(**change).digest for change in changes}) == len(changes)


@pytest.mark.parametrize(
    "change",
    [
        {"replications": "3"},
        {"replications": 0},
        {"replications": 10**9},
        {"first_seed": 2**63 - 2},
        {"first_seed": -1},
        {"paired": 1},
        {"design": "random"},
        {"design": ["grid"]},
        {"points": []},
        {"points": [[1]]},
        {"points": [[1.0, 2.0]]},
        {"points": 3},
        {"points": [["x"]]},
        {"parameters": [{"path": "nobody.knows", "unit": "", "values": []}]},
        {"parameters": [{"path": "funds.leverage"}]},
        {"keep": {}},
        {"keep": None},
        {"title": 3},
        {"base": {}},
        {"base": None},
        {"more": 1},
    ],
)
def test_a_plan_that_somebody_changed_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"^plan: .*"):
        Plan.from_dict({**a_plan().to_dict(), **change})
    assert Plan.from_dict(a_plan().to_dict()) == a_plan()


def test_a_plan_without_a_part_is_refused() -> None:
    whole = a_plan().to_dict()
    for part in whole.keys() - {"title", "why"}:
        with pytest.raises(InputError, match=r"^plan: is not as powderkeg wrote it"):
            Plan.from_dict({key: value for key, value in whole.items() if key != part})
    for nothing in (None, [], "plan", 3):
        with pytest.raises(InputError, match=r"^plan: is not as powderkeg wrote it"):
            Plan.from_dict(nothing)


# What is refused

LATIN = 'design = "latin_hypercube"\npoints = 4\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("replicatons = 3", "mine.toml: replicatons = 3 is not known; did you mean replications?"),
        (
            "design = 'latin'",
            "mine.toml: design = 'latin' is not known; allowed is one of grid, latin_hypercube, sobol",
        ),
        ("design = ['grid']", "mine.toml: design = ['grid'] is not known"),
        (
            "replications = 0",
            "mine.toml: replications = 0 is not allowed; allowed is a whole number from 1 to 10000000",
        ),
        ("replications = 2.0", "mine.toml: replications = 2.0 is not allowed"),
        ("replications = true", "mine.toml: replications = True is not allowed"),
        ("replications = 10000001", "mine.toml: replications = 10000001 is not allowed"),
        (f"replications = 2000000\n{TWO_BY_THREE}", "a whole number from 1 to 1666666"),
        ("first_seed = -1", "mine.toml: first_seed = -1 is not allowed"),
        (f"first_seed = {2**63 - 1}\nreplications = 2", "mine.toml: first_seed = "),
        ("paired = 1", "mine.toml: paired = 1 is not true or false; allowed is true or false"),
        ("twins = 'no'", "mine.toml: twins = 'no' is not true or false"),
        ("title = ''", "mine.toml: title = '' is empty; allowed is a text of 1 to 300 characters"),
        ("why = 3", "mine.toml: why = 3 is not a text"),
        ("points = 8", "mine.toml: points = 8 says nothing about a grid"),
        ("base = 'us_late_2026'", "mine.toml: base = 'us_late_2026' is not known; did you mean us_late_2025?"),
        ("base = 3", "mine.toml: base = 3 is not a name"),
        ('base = "a\\u0000b"', "mine.toml: base = 'a\\x00b' is not a name"),
        ("base = '.'", "is a directory"),
        ("parameters = 3", "mine.toml: parameters = 3 is not a table; allowed is a section [parameters]"),
        (
            "[parameters]\n'funds.leverge' = 1",
            "mine.toml: funds.leverge = 1 is not known; did you mean funds.leverage?",
        ),
        ("[parameters.funds]\nleverge = [1]", "mine.toml: funds.leverge = [1] is not known; did you mean"),
        ("[parameters]\nfunds = 3", "mine.toml: funds = 3 is not known"),
        ("[parameters]\nname = 'x'", "mine.toml: name = 'x' is not known"),
        (
            "[parameters]\n'spark.days' = 0",
            "mine.toml: spark.days = 0 is out of range; allowed is a whole number from 1",
        ),
        ("[parameters]\n'spark.days' = [1, 0]", "mine.toml: spark.days = 0 is out of range"),
        ("[parameters]\n'spark.days' = [1, 1.5]", "mine.toml: spark.days = 1.5 is not a whole number"),
        ("[parameters]\n'spark.days' = [1, [2]]", "mine.toml: spark.days = [2] is not a number"),
        ("[parameters]\n'spark.days' = ['1 weeks']", "mine.toml: spark.days = '1 weeks' has the unit 'weeks'"),
        ("[parameters]\n'spark.days' = [nan]", "mine.toml: spark.days = nan is not a finite number"),
        ("[parameters]\n'spark.days' = nan", "mine.toml: spark.days = nan is not a finite number"),
        ("[parameters]\n'spark.days' = []", "mine.toml: spark.days = [] is not a list of values; allowed is at least"),
        ("[parameters]\n'spark.days' = [1, 2, '1 days']", "mine.toml: spark.days = 1 is there twice"),
        ("[parameters]\n'channels.margin_calls' = [1]", "mine.toml: channels.margin_calls = 1 is not true or false"),
        (
            "[parameters]\n'spark.days' = 1\nspark.days = [2]",
            "mine.toml: spark.days = [2] is the second value for it; allowed is to give it once",
        ),
        ("[parameters]\n'spark.start' = 750", "mine.toml: spark.start = 750 is after the end; allowed is less than"),
        (
            "[parameters]\n'spark.start' = [40, 750]",
            "mine.toml: point 1: spark.start = 750 is after the end; allowed is less than run.ticks = 750",
        ),
        (
            "[parameters]\n'spark.start' = [60, 40]\n'run.ticks' = [750, 50]",
            "mine.toml: point 1: spark.start = 60 is after the end; allowed is less than run.ticks = 50",
        ),
        (
            f"[parameters]\n'funds.leverage' = {A_RANGE}",
            "is a range in a grid; allowed is a list, or design = 'latin_hypercube' or 'sobol'",
        ),
        (LATIN, "mine.toml: design = 'latin_hypercube' has nothing to draw"),
        ("design = 'sobol'\n" + TWO_BY_THREE, "mine.toml: points = None is not allowed"),
        ("design = 'sobol'\npoints = 0\n" + TWO_BY_THREE, "mine.toml: points = 0 is not allowed"),
        ("design = 'sobol'\npoints = 1000001\n" + TWO_BY_THREE, "allowed is a whole number from 1 to 1000000"),
        (
            "design = 'sobol'\npoints = 100\n" + TWO_BY_THREE,
            "mine.toml: points = 100 is no power of two; allowed is 64 or 128 with design = 'sobol'",
        ),
        (
            "design = 'sobol'\npoints = 600000\n" + TWO_BY_THREE,
            "mine.toml: points = 600000 is no power of two; allowed is 524288 with design = 'sobol'",
        ),
        (
            LATIN + "[parameters]\n'spark.days' = { low = 1, high = 5 }",
            "lacks its unit; allowed is { low, high, unit =",
        ),
        (LATIN + "[parameters]\n'spark.days' = { low = 1, unit = 'days' }", "lacks its high"),
        (
            LATIN + "[parameters]\n'spark.days' = { low = 1, high = 5, unit = 'weeks' }",
            "has the unit 'weeks'; allowed is a range in the unit 'days'",
        ),
        (
            LATIN + "[parameters]\n'spark.days' = { low = 0, high = 5, unit = 'days' }",
            "spark.days.low = 0 is out of range",
        ),
        (LATIN + "[parameters]\n'spark.days' = { low = 1, high = inf, unit = 'days' }", "spark.days.high = inf is not"),
        (LATIN + "[parameters]\n'spark.days' = { low = 1, high = 2.5, unit = 'days' }", "is not a whole number"),
        (
            LATIN + "[parameters]\n'spark.days' = { low = 5, high = 5, unit = 'days' }",
            "spark.days.low = 5 leaves no range",
        ),
        (
            LATIN + "[parameters]\n'spark.days' = { low = 1, hihg = 5, unit = 'days' }",
            "mine.toml: spark.days.hihg = 5 is not known; did you mean spark.days.high?",
        ),
        (
            LATIN + "[parameters]\n'spark.days' = { low = 1, high = 5, unit = 'days', scale = 'lin' }",
            "mine.toml: spark.days.scale = 'lin' is not known; allowed is one of linear, log",
        ),
        (
            LATIN + "[parameters]\n'spark.total' = { low = 0, high = 1, unit = 'log points', scale = 'log' }",
            "mine.toml: spark.total.low = 0.0 has no logarithm",
        ),
        (
            LATIN + f"[parameters]\n'funds.count' = {{ low = 1, high = 1{'0' * 30}, unit = 'count' }}",
            "is out of range; allowed is at most 9007199254740992",
        ),
        (
            LATIN + "[parameters]\n'channels.margin_calls' = { low = 0, high = 1, unit = 'on or off' }",
            "is a range; allowed is a list, each true or false",
        ),
        ("[keep]\npath = 3", "mine.toml: keep.path = 3 is not known; did you mean keep.paths?"),
        ("keep = 3", "mine.toml: keep = 3 is not a table"),
        ("[keep]\npaths = -1", "mine.toml: keep.paths = -1 is not allowed"),
        ("[keep]\nquantiles = [0.5]", "mine.toml: keep.quantiles = [0.5] has no paths"),
        ("[keep]\nseries = ['output']", "mine.toml: keep.series = ['output'] has no paths"),
        ("[keep]\npaths = 1\nquantiles = [50]", "mine.toml: keep.quantiles = 50 is out of range"),
        ("[keep]\npaths = 1\nquantiles = [nan]", "mine.toml: keep.quantiles = nan is not a finite number"),
        ("[keep]\npaths = 1\nquantiles = [0.5, 0.5]", "mine.toml: keep.quantiles = 0.5 is there twice"),
        ("[keep]\npaths = 1\nquantiles = []", "mine.toml: keep.quantiles = [] is not a list of values"),
        ("[keep]\npaths = 1\nseries = 'output'", "mine.toml: keep.series = 'output' is not a list of values"),
        (
            "[keep]\npaths = 1\nseries = ['price_ai_equty']",
            "mine.toml: keep.series = 'price_ai_equty' is not known; did you mean price_ai_equity?",
        ),
        ("[keep]\npaths = 1\nseries = ['tick']", "mine.toml: keep.series = 'tick' is not known"),
        ("[keep]\nevents = 'all'", "mine.toml: keep.events = 'all' is not true or false"),
        ("", "mine.toml: is empty; allowed is a sweep file in TOML"),
        ("a = ", "mine.toml: is not valid TOML"),
        ("a = " + "[" * 100_000, "mine.toml: is nested too deeply"),
        (f"first_seed = 1{'0' * 5000}", "mine.toml: is not valid TOML"),
    ],
)
def test_what_a_file_may_not_say(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


@pytest.mark.parametrize(
    ("csv", "sentence"),
    [
        ("funds.leverge\n1\n", "points.csv: line 1: column 'funds.leverge' is not known; did you mean funds.leverage?"),
        ("spark.days,spark.days\n1,2\n", "points.csv: line 1: column spark.days is there twice; allowed is once"),
        ("spark.days\n", "points.csv: has no points"),
        ("\n \n", "points.csv: is empty"),
        ("spark.days\n1\n\n0\n", "points.csv: line 4: spark.days = 0 is out of range"),
        ("spark.days\n1\nnan\n", "points.csv: line 3: spark.days = nan is not a finite number"),
        ("spark.days\n1\nmany\n", "points.csv: line 3: spark.days = 'many' is not a number and its unit"),
        ("spark.days,funds.leverage\n1,1\n2,\n", "points.csv: line 3: funds.leverage = '' is not a number"),
        ("channels.margin_calls\nyes\n", "points.csv: line 2: channels.margin_calls = 'yes' is not true or false"),
        ("markets.crypto.impact\ncubic\n", "points.csv: line 2: markets.crypto.impact = 'cubic' is not one of"),
        ("spark.days\n1,2\n", "points.csv: line 2 has 2 cells; allowed are 1, as in its header"),
        ('spark.days\n"1\n', "points.csv: line 2 is not a line of a table"),
        ("spark.start\n40\n750\n", "mine.toml: point 1: spark.start = 750 is after the end"),
        ("spark.total\n0.1\n", "mine.toml: spark.total = 0.5 is a column of points.csv too; allowed is one of the two"),
    ],
)
def test_what_a_file_of_points_may_not_say(csv: str, sentence: str) -> None:
    written(csv, "points.csv")
    assert sentence in refusal('design = "list"\npoints = "points.csv"\n[parameters]\n"spark.total" = 0.5\n')


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ("", "mine.toml: points = None is not a file's name"),
        ("points = 3", "mine.toml: points = 3 is not a file's name"),
        ("points = 'none.csv'", "none.csv: does not exist"),
        ("points = '../mine.csv'", "mine.toml: points = '../mine.csv' lies outside the sweep's folder"),
        ("points = '.'", ".: is not a file"),
        (
            "points = 'x.csv'\n[parameters]\n'spark.days' = [1]",
            "mine.toml: spark.days is scanned; allowed are constants",
        ),
    ],
)
def test_points_that_cannot_be_read(points: str, sentence: str) -> None:
    assert sentence in refusal(f'design = "list"\n{points}\n')


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    for content, problem in ((b"\xff\xfe", "is not UTF-8 text (byte 0)"), (b"#" * 10_000_001, "has 10000001 bytes")):
        Path("odd.toml").write_bytes(content)
        with pytest.raises(InputError, match=r"^odd\.toml: ") as caught:
            read_plan("odd.toml")
        assert problem in str(caught.value)
    with pytest.raises(InputError, match="is not a file; allowed is a sweep file in TOML"):
        read_plan(tmp_path)
    with pytest.raises(InputError, match=r"^none\.toml: does not exist; allowed is a sweep file in TOML$"):
        read_plan("none.toml")


def test_a_name_that_is_not_known_gets_a_guess() -> None:
    with pytest.raises(InputError, match=r"^sweep 'spark_sise' is not known; did you mean spark_size\? allowed are "):
        read_plan("spark_sise")


def test_absurd_sizes_are_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    thousand = [number / 1000 for number in range(1000)]
    styles = ("macro", "long_short", "systematic")
    lists = "[parameters]\n" + "".join(f"funds.{style}.stop_cut = {thousand}\n" for style in styles)
    assert "the design has 1000000000 points; allowed are at most 1000000" in refusal(lists)
    monkeypatch.setattr(design, "MOST_VALUES", 11)
    assert "the design has 6 points of 2 parameters; allowed are at most 11 values in all" in refusal(TWO_BY_THREE)
    monkeypatch.setattr(design, "MOST_POINTS", 2)
    written("spark.days\n1\n2\n3\n", "points.csv")
    assert "points.csv: the design has 3 points; allowed are at most 2" in refusal("design='list'\npoints='points.csv'")
    assert (MOST_POINTS, MOST_RUNS) == (1_000_000, 10_000_000)
