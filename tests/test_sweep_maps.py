"""Maps of a sweep whose shares are known in every cell: values, edge, bins, and the figure for screen and paper."""

import io
import re

import numpy as np
import polars as pl
import pytest
from synthetic_sweep import crises, grid, runs_of, sampled

from abm.errors import InputError
from abm.figures.map import map_figure
from abm.figures.style import png, svg
from abm.outcome.paired import share_interval
from abm.sweep.drawings import files_of, map_drawing, write_files
from abm.sweep.levels import Levels, levels_of
from abm.sweep.maps import sweep_map
from abm.sweep.outcomes import DEFAULT, parse_outcome

X, Y, Z = "funds.leverage", "spark.days", "funds.crowding"
CRISIS = parse_outcome(DEFAULT)
SHARES = np.array([[0.0, 0.2, 0.6, 1.0], [0.0, 0.4, 0.8, 1.0], [0.2, 0.6, 1.0, 1.0]])  # (y, x)
XS, YS, ZS = [0.5, 1.0, 2.0, 4.0], [1, 20, 500], [1.0, 1.6]


def share(values):
    return float(SHARES[YS.index(values[Y]), XS.index(values[X])])


@pytest.fixture(scope="module")
def square():
    plan = grid({X: XS, Y: YS}, 10)
    return plan, runs_of(plan, crises(share, 10))


@pytest.fixture(scope="module")
def cube():
    """The third parameter halves all shares at its second value."""
    plan = grid({X: XS, Z: ZS, Y: YS}, 10)
    return plan, runs_of(plan, crises(lambda v: share(v) * (1.0 if v[Z] == 1.0 else 0.5), 10))


def test_every_cell_is_exact(square):
    found = sweep_map(*square, X, Y, CRISIS)
    assert np.array_equal(found.grid("value"), SHARES)
    assert np.array_equal(sweep_map(*square, Y, X, CRISIS).grid("value"), SHARES.T)
    assert np.all(found.grid("count") == 10)
    low, high = share_interval(6, 10)
    assert found.grid("half_width")[2, 1] == pytest.approx((high - low) / 2)


def test_data_hold_the_values_of_the_parameters(square):
    data = sweep_map(*square, X, Y, CRISIS).data
    row = data.filter((pl.col(X) == 2.0) & (pl.col(Y) == 20)).row(0, named=True)
    assert (row["value"], row["count"], row["failed"]) == (0.8, 10, 0)
    assert data.height == 12


def test_values_come_in_order_whatever_the_order_of_the_file():
    plan = grid({X: XS[::-1], Y: [500, 1, 20]}, 10)
    assert np.array_equal(sweep_map(plan, runs_of(plan, crises(share, 10)), X, Y, CRISIS).grid("value"), SHARES)


def test_the_edge_lies_on_the_straight_line_between_two_cells(square):
    edge = sweep_map(*square, X, Y, CRISIS).edge
    # 0.2 to 0.6 crosses one half after three quarters, 0.4 to 0.8 after one, 0.2 to 0.6 again: steps are doublings
    assert edge[Y].to_list() == YS
    assert edge[f"{X}_at_edge"].to_list() == pytest.approx([2.0**0.75, 2.0**0.25, 0.5 * 2.0**0.75])
    higher = sweep_map(*square, X, Y, CRISIS, level=0.9).edge
    assert higher[f"{X}_at_edge"].to_list() == pytest.approx([2.0**1.75, 2.0**1.5, 2.0**0.75])
    assert sweep_map(*square, X, Y, CRISIS, level=1.5).edge.is_empty()


@pytest.mark.slow
def test_the_line_in_the_figure_is_the_edge(square):
    (line,) = contours(map_figure(sweep_map(*square, X, Y, CRISIS)))
    drawn = {round(y, 6): x for x, y in np.concatenate([path.vertices for path in line.get_paths()])}
    assert [drawn[0.5], drawn[1.5], drawn[2.5]] == pytest.approx([1.5 + 0.75, 1.5 + 0.25, 0.5 + 0.75])


def test_no_edge_is_drawn_where_none_is_crossed():
    plan = grid({X: XS, Y: YS}, 4)
    calm = sweep_map(plan, runs_of(plan, crises(lambda _: 0.25, 4)), X, Y, CRISIS)
    assert contours(map_figure(calm)) == []
    assert "edge" not in calm.caption


def test_the_edge_of_a_mean_is_the_middle_of_its_range(square):
    found = sweep_map(*square, X, Y, parse_outcome("banks_failed"))
    assert found.level == 1.5
    assert sweep_map(*square, X, Y, parse_outcome("banks_failed"), level=2.5).level == 2.5


def test_small_multiples_over_a_third_parameter(cube):
    found = sweep_map(*cube, X, Y, CRISIS, third=Z)
    assert found.n_panels == 2
    assert np.array_equal(found.grid("value", 0), SHARES)
    assert np.array_equal(found.grid("value", 1), SHARES / 2)
    halves = found.edge.filter(pl.col(Z) == 1.6)
    assert halves[f"{X}_at_edge"].to_list() == pytest.approx([4.0, 4.0, 2.0])
    assert found.averaged == ()
    titles = [axis.get_title("left") for axis in map_figure(found).axes[:2]]
    assert titles == [f"{Z} = 1, times today's", f"{Z} = 1.6, times today's"]


def test_what_is_averaged_over_is_said(cube):
    found = sweep_map(*cube, X, Y, CRISIS)
    assert found.grid("value") == pytest.approx(0.75 * SHARES)
    assert found.averaged == (Z,)
    assert f"averaged over {Z}" in found.caption


def test_failed_runs_are_counted_in_their_cell_and_said():
    def made(values, replication, row):
        return {"reason": "no"} if values[X] == 0.5 or row == 39 else crises(share, 10)(values, replication, row)

    plan = grid({X: XS, Y: YS}, 10)
    found = sweep_map(plan, runs_of(plan, made), X, Y, CRISIS)
    assert found.grid("failed")[:, 0].tolist() == [10, 10, 10]
    assert np.isnan(found.grid("value")[:, 0]).all()
    assert found.grid("failed")[0, 1] == 1
    assert found.grid("count")[0, 1] == 9
    assert "31 failed" in found.caption
    texts = [text.get_text() for axis in map_figure(found).axes for text in axis.texts]
    assert "0/10" in texts
    assert any(text.endswith("9/10") for text in texts)


@pytest.fixture(scope="module")
def scattered():
    """256 points of a lattice in the unit square of two ranges; crisis where x lies beyond its middle."""
    places = [((k + 0.5) / 256, (k * 97 % 256 + 0.5) / 256) for k in range(256)]
    plan = sampled({X: (0.0, 4.0), Y: (0, 256)}, [(4.0 * u, int(256 * v)) for u, v in places], 2)
    return plan, runs_of(plan, crises(lambda v: float(v[X] > 2.0), 2))


def test_sampled_points_are_counted_in_intervals(scattered):
    found = sweep_map(*scattered, X, Y, CRISIS)
    assert found.x.edges == tuple(0.5 * k for k in range(9))
    assert found.y.edges == tuple(32.0 * k for k in range(9))
    assert found.grid("count").sum(axis=1).tolist() == [64.0] * 8  # a value on an edge lies above it
    values = found.grid("value")
    assert np.all((values[:, :4] == 0) | np.isnan(values[:, :4]))
    assert found.edge[f"{X}_at_edge"].to_list() == pytest.approx([2.0] * 8)
    assert {f"{X}_low", f"{X}_high", f"{Y}_low", f"{Y}_high"} < set(found.data.columns)


def test_cells_without_a_point_are_hatched():
    points = [(0.1 + 0.01 * k, k + 1) for k in range(40)]  # a thin line through the square
    plan = sampled({X: (0.0, 1.0), Y: (1, 41)}, points, 3)
    found = sweep_map(plan, runs_of(plan, crises(lambda _: 1.0, 3)), X, Y, CRISIS)
    assert found.cells["count"].min() == 0
    assert np.isnan(found.grid("value")).sum() == (found.grid("count") == 0).sum() > 0
    assert "hatched" in found.caption
    assert map_figure(found).axes[0].patch.get_hatch()


def test_a_range_on_a_logarithmic_scale_is_cut_by_factors():
    from dataclasses import replace

    plan = sampled({X: (0.01, 1.0), Y: (1, 41)}, [(0.01 + 0.02 * k, k + 1) for k in range(40)], 1)
    log = replace(plan, parameters=(replace(plan.parameters[0], scale="log"), plan.parameters[1]))
    assert levels_of(log, X, 2).edges == pytest.approx((0.01, 0.1, 1.0))
    assert levels_of(plan, X, 2).edges == pytest.approx((0.01, 0.505, 1.0))


@pytest.mark.slow
def test_switches_and_names_have_cells_too():
    switch = "policy.lending.on"
    plan = grid({switch: [False, True], X: XS}, 5)
    found = sweep_map(plan, runs_of(plan, crises(lambda v: 0.2 if v[switch] else 1.0, 5)), switch, X, CRISIS)
    assert found.x.names == ["off", "on"]
    assert found.grid("value")[0].tolist() == [1.0, 0.2]
    assert found.edge.is_empty()  # between off and on there is nothing
    assert contours(map_figure(found)) == []


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (("funds.leverag", Y), "did you mean funds.leverage?"),
        (("leverage", Y), "did you mean funds.leverage?"),
        ((X, "funds.count"), "is not scanned"),
        ((X, X), "allowed are different ones"),
    ],
)
def test_parameters_that_make_no_map_are_refused(square, paths, said):
    with pytest.raises(InputError, match=re.escape(said)):
        sweep_map(*square, *paths, CRISIS)
    with pytest.raises(InputError, match="different"):
        sweep_map(*square, X, Y, CRISIS, third=Y)


def test_axes_have_values_and_units_and_the_figure_a_title(square):
    figure = map_figure(sweep_map(*square, X, Y, CRISIS))
    assert figure.get_suptitle() == f"Share of runs with verdict_financial = banking_crisis, by {X} and {Y}"
    for axis in figure.axes[:2]:
        assert axis.get_xlabel() == f"{X}, times today's"
        assert axis.get_ylabel() == f"{Y}, days"
        assert [label.get_text() for label in axis.get_xticklabels()] == ["0.5", "1", "2", "4"]
        assert [label.get_text() for label in axis.get_yticklabels()] == ["1", "20", "500"]
        assert np.diff(axis.get_xticks()) == pytest.approx(1.0)  # evenly spaced, whatever the values
    assert [text.get_text() for text in figure.axes[0].texts] == [f"{100 * s:.0f}" for s in SHARES.ravel()]
    assert figure.axes[0].get_title("left") == "share of runs, %"
    assert "95 % interval, points" in figure.axes[1].get_title("left")
    mean = map_figure(sweep_map(*square, X, Y, parse_outcome("lender_losses_bn")))
    assert mean.axes[0].get_title("left") == "mean, $bn"


@pytest.mark.slow
@pytest.mark.parametrize("third", [None, Z])
def test_on_paper_it_is_grey_and_as_wide_as_a_column(cube, third):
    figure = map_figure(sweep_map(*cube, X, Y, CRISIS, third=third), paper=True)
    assert figure.get_size_inches()[0] == 3.4
    import matplotlib.image

    pixels = matplotlib.image.imread(io.BytesIO(png(figure)), format="png")
    assert pixels.shape[1] == 510
    assert np.ptp(pixels[..., :3], axis=2).max() == 0.0
    for red, green, blue in re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", svg(figure).decode()):
        assert red == green == blue


def test_in_colour_darker_is_more(square):
    axis = map_figure(sweep_map(*square, X, Y, CRISIS)).axes[0]
    shades = axis.collections[0].to_rgba(np.linspace(0.0, 1.0, 101))[:, :3] @ (0.299, 0.587, 0.114)
    assert np.all(np.diff(shades) < 0.005)
    assert shades[0] - shades[-1] > 0.5


@pytest.mark.slow
def test_the_data_stand_beside_the_figure(square, tmp_path):
    found = sweep_map(*square, X, Y, CRISIS)
    name = "map_funds.leverage_spark.days_verdict_financial_is_banking_crisis"
    files = files_of([map_drawing(found)], "csv")
    assert set(files) == {f"{name}.png", f"{name}.svg", f"{name}.csv", f"{name}_edge.csv"}
    write_files(tmp_path / "figures", files)
    back = pl.read_csv(tmp_path / "figures" / f"{name}.csv")
    assert back["value"].to_list() == SHARES.ravel().tolist()
    assert set(files_of([map_drawing(found, paper=True)], "parquet")) == {
        *(f"{name}_paper.{ending}" for ending in ("png", "svg", "parquet")), f"{name}_paper_edge.parquet"
    }  # fmt: skip
    with pytest.raises(InputError, match="allowed is one of csv, parquet"):
        files_of([], "xlsx")


def test_nothing_is_written_over_unless_asked(tmp_path):
    write_files(tmp_path, {"a.csv": b"old"})
    with pytest.raises(InputError, match="already exists; allowed is"):
        write_files(tmp_path, {"b.csv": b"new", "a.csv": b"new"})
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == b"old"
    write_files(tmp_path, {"a.csv": b"old"})  # the same again is no harm
    write_files(tmp_path, {"a.csv": b"new"}, force=True)
    assert (tmp_path / "a.csv").read_bytes() == b"new"
    with pytest.raises(InputError, match="allowed is a writable folder"):
        write_files(tmp_path / "a.csv" / "inside", {"b.csv": b""})


def test_a_sweep_without_any_run_can_be_mapped():
    plan = grid({X: XS, Y: YS}, 2)
    found = sweep_map(plan, runs_of(plan, lambda *_: {}).head(0), X, Y, CRISIS)
    assert found.cells["count"].sum() == 0
    assert svg(map_figure(found))


def test_places_between_levels():
    assert Levels(X, "", values=(1, 10, 100)).at(0.5) == pytest.approx(10**0.5)
    assert Levels(X, "", values=(0.0, 1.0, 5.0)).at(1.5) == 3.0
    assert Levels(X, "", edges=(0.0, 1.0, 2.0)).at(0.5) == 1.0
    assert Levels(X, "", values=("a", "b")).at(0.5) is None


def contours(figure):
    from matplotlib.contour import ContourSet

    return [one for axis in figure.axes for one in axis.collections if isinstance(one, ContourSet)]
