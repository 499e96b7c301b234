"""All measured regions of the documentation, and its figures."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cells import number, signed, table
from measure import SCENARIO, Laboratory, value_of
from mission import COINS_IN_WORDS, few, mission_table, want_mission
from results import (
    CHANNEL_WORLDS,
    LEVERAGES,
    TARGETS,
    bounds_table,
    channel_effects,
    comparison_table,
    constants_table,
    correlation_table,
    holds,
    leverage_samples,
    leverage_table,
    pairs_of_leverage,
    quiet_at,
    quiet_measures,
    quiet_table,
    reported_table,
    required_table,
    seeds_of,
    want_all,
)
from tables import test_of

import abm
from abm.channels import CHANNELS

LOSES_FROM = TARGETS["directions"]["loses_from_bn"]
# Channels that move no dollars of their own: they change prices, margins or who bears a loss.
COUNTED = tuple(
    name for name in CHANNELS if name not in ("narrative_feedback", "common_story", "depth_spiral", "ordinary_trading")
)
# Why a channel does nothing to lenders in the default run.
WHY_NIL: dict[str, str] = {
    "ordinary_trading": "everyday trades move prices one way as often as the other",
    "finite_buyers": "nothing is rationed: budgets that run down only slow the healing of discounts",
    "crowding_revealed": "hardly any hedge fund is seized",
    "fund_default_losses": "margin accounts' shortfalls are small against dealers' capital",
    "dealer_runs": "no dealer's capital falls to the 70 % at which lenders begin to leave",
    "credit_tightening": "earnings outrun losses: hardly any bank falls below its target",
    "common_story": "lenders hold little crypto, and lend nothing against it",
    "crypto_liquidations": "those who lend against crypto are holders of crypto",
    "stablecoin_runs": "reserves cover the coins: crypto is a twentieth of the largest issuer's",
    "reserve_deposits": "issuers have a thousandth of all deposits, and what they draw comes to other banks",
    "reserve_treasuries": "issuers' sales move the yield of bills, of which lenders hold few",
    "deposit_runs": "no bank's capital falls to 7 % of weighted assets",
    "bank_asset_sales": "banks that lack reserves borrow them from others, and hardly any lacks capital",
    "interbank": "no bank fails; and where one does, its bondholders lose first",
}
SPARED = 4  # the comparison runs all its twins, so that it takes a quarter of the seeds


def measured(seeds: int, workers: int, figures: Path) -> dict[str, Callable[[], str]]:
    """Run everything, draw the figures, and return each region's text by its name."""
    started = time.perf_counter()
    lab = Laboratory(seeds)
    want_all(lab)
    want_mission(lab)
    lab.run(workers)
    pairs = max(2, seeds // SPARED)
    both = abm.compare(SCENARIO, days=(1, 500), seeds=pairs, workers=workers)
    if both.failures:
        raise SystemExit(f"the comparison has failed runs: {both.failures[0]}")
    figures.mkdir(exist_ok=True)
    draw_comparison(both, figures)
    draw_leverage(lab, figures)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    half = pairs_of_leverage(seeds)
    of_mission = (
        f"{seeds_of(lab, 'mission')} paired seeds of the default scenario, news on one day, 1 040 days ({few(lab)} for "
        f"policies and the map, {pairs} for verdicts). A change is that with the mechanism against without it. "
        f"{COINS_IN_WORDS}."
    )
    return {
        "headline": lambda: headline(lab),
        "mission": lambda: f"{of_mission}\n\n{mission_table(lab, both, test_of)}",
        "channel-effects": lambda: channels_effect_table(lab, "today"),
        "channel-effects-at-the-edge": lambda: channels_effect_table(lab, "edge"),
        "constants": lambda: f"{seeds_of(lab, 'constants')} paired seeds, news on one day.\n\n{constants_table(lab)}",
        "bounds": lambda: f"{seeds_of(lab, 'bounds')} paired seeds.\n\n{bounds_table(lab)}",
        "correlation": lambda: f"{seeds_of(lab, 'correlation')} seeds.\n\n{correlation_table(lab)}",
        "quiet": lambda: f"{seeds} seeds, {TARGETS['quiet_world']['ticks']} days.\n\n{quiet_table(lab)}",
        "required": lambda: f"{seeds} paired seeds.\n\n{required_table(lab)}",
        "reported": lambda: f"{seeds} paired seeds.\n\n{reported_table(lab)}",
        "leverage": lambda: f"{half} paired seeds.\n\n{leverage_table(lab)}",
        "comparison": lambda: f"{pairs} paired seeds.\n\n{comparison_table(both)}",
    }


def headline(lab: Laboratory) -> str:
    """What a reader of README meets first: the same news at once and slowly, by leverage; and the quiet world."""
    samples = leverage_samples(lab)
    seeds = len(samples["sudden", 1.0]["drawdown"])
    start = f"The same spark of {value_of('spark.total'):g} log points of AI equity's worth, on the same {seeds} seeds:"
    rows = []
    for leverage in LEVERAGES:
        sample = [samples[speed, leverage] for speed in ("sudden", "gradual")]
        cells = [f"{100 * np.median(s['drawdown']):.0f} %" for s in sample]
        for name in ("on_owners", "loans_lost"):
            cells += [number(float(s[name].mean())) for s in sample]
        calm = lab.sample(quiet_at(leverage), "quiet", seeds=seeds)
        cells.append(number(float(calm["loans_lost"].mean())))
        cells += [f"{100 * np.mean(s['banking_crisis']):.0f} %" for s in sample]
        rows.append((f"× {leverage:g}", *cells))
    head = ("leverage", "AI equity falls: news on one day", "over 500 days", "lost on owners and lenders: one day, $bn")
    loans = ("banks lose on loans outside: one day, $bn", "500 days, $bn", "no spark, $bn")
    more = ("500 days, $bn", *loans, "banking crisis: one day")
    checks = quiet_measures(lab)
    targets = TARGETS["quiet_world"]["targets"]
    kept = sum(holds(target, checks[target["name"]]) for target in targets)
    calm = lab.sample(quiet_at(1.0), "quiet", seeds=pairs_of_leverage(lab.seeds))
    fall = 100 * np.median(calm["drawdown_ai_equity"])
    quiet = (
        "Falls are medians, losses means, the banking crisis a share of seeds. *Owners and lenders*: dealers' losses "
        "on funds and margin accounts, banks' on dealers and on each other. *Loans outside* go on being lost while "
        "output is below its trend: what sudden news costs there beyond gradual news is mostly that it comes earlier "
        f"within the same days. Without a spark AI equity's largest fall is {fall:.0f} % in the median seed, by "
        f"ordinary news alone; {kept} of {len(targets)} limits on the quiet world are met."
    )
    return f"{start}\n\n{table((*head, *more, '500 days'), rows)}\n\n{quiet}"


def channels_effect_table(lab: Laboratory, where: str) -> str:
    """Each channel: its file, switch and test, what it moved, and what lenders lose more or less without it."""
    rows = []
    for name in CHANNELS:
        effect = channel_effects(lab, where, name)
        low, high = (effect["change"] + side * 1.96 * effect["error"] for side in (-1, 1))
        change = f"{signed(effect['change'])} ({signed(low)} to {signed(high)})"
        moved = number(effect["moved"]) if name in COUNTED else "–"
        row = (moved, change, f"{effect['fall']:+.1f}")
        if where == "today":
            idle = name in COUNTED and effect["moved"] == 0.0
            nil = idle or low <= 0.0 <= high or max(abs(low), abs(high)) < LOSES_FROM
            link = f"[`{name}`](abm/contagion/{name}.py)"
            rows.append((link, f"`channels.{name}`", test_of(name), *row, WHY_NIL.get(name, "") if nil else ""))
        else:
            rows.append((f"`{name}`", *row))
    world, part = CHANNEL_WORLDS[where]
    at = "the default scenario" if where == "today" else f"leverage × {world['funds.leverage']:g}"
    words = f"{seeds_of(lab, part)} paired seeds, {at}, news on one day, 1 040 days."
    head = ("dollars moved, $bn (median)", "lenders' losses without it, $bn", "fall of AI equity without it, points")
    if where == "today":
        return f"{words}\n\n{table(('channel and file', 'switch', 'test', *head, 'why nil'), rows)}"
    return f"{words}\n\n{table(('channel', *head), rows)}"


def draw_comparison(both: abm.ComparisonResult, figures: Path) -> None:
    """The program's own picture of a comparison."""
    figure = both.plot.paths()
    figure.savefig(figures / "sudden_and_gradual.png", dpi=110)


def draw_leverage(lab: Laboratory, figures: Path) -> None:
    """How far AI equity falls and what lenders lose, by leverage, for both speeds of the news."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    samples = leverage_samples(lab)
    panels = (
        ("drawdown", 100.0, "AI equity falls by, %"),
        ("worst_20_day_share", 1.0, "share of the fall in its worst 20 days"),
        ("on_owners", 1.0, "lost on owners and lenders, $bn"),
    )
    figure, axes = plt.subplots(1, len(panels), figsize=(11, 3.4), layout="constrained")
    for axis, (name, scale, words) in zip(axes, panels, strict=True):
        for speed, colour, offset in (("sudden", "#b2182b", -0.012), ("gradual", "#2166ac", 0.012)):
            spread = [np.quantile(samples[speed, x][name] * scale, (0.1, 0.5, 0.9)) for x in LEVERAGES]
            low, middle, high = np.transpose(spread)
            places = [x + offset for x in LEVERAGES]
            axis.plot(
                places,
                middle,
                "o-",
                color=colour,
                label="news on one day" if speed == "sudden" else "over 500 days",
            )
            axis.vlines(places, low, high, color=colour, alpha=0.5)
        axis.set_xticks(LEVERAGES)
        axis.set_xlabel("leverage, times today's")
        axis.set_title(words, fontsize=10)
        axis.set_ylim(bottom=0)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False, loc="lower right")
    figure.savefig(figures / "leverage.png", dpi=110)
    plt.close(figure)
