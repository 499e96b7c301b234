"""The measured numbers: which runs are wanted, and the tables that come out of them."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from cells import middle, number, percent, share, signed, table, with_interval
from measure import ALL_OFF, Laboratory, Sample, default, paired, value_of

from abm.channels import CHANNELS
from abm.evidence import quiet_world
from abm.evidence.quiet_world import ONLY_ORDINARY

if TYPE_CHECKING:
    import abm

TARGETS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("targets.toml").read_text("utf-8"))
HORIZON = {"run.ticks": 1040}  # 500 days after the last news of the slowest member, as in every comparison
SUDDEN, GRADUAL = {"spark.days": 1, **HORIZON}, {"spark.days": 500, **HORIZON}
QUIET = TARGETS["quiet_world"]["set"]
LEVERAGES = (0.5, 1.0, 1.5, 2.0, 3.0)
SPARKS = (0.2, 0.6)
EDGE = {**SUDDEN, "funds.leverage": 2.1}  # where banks lose in some seeds and not in others
CHANNEL_WORLDS = {"today": (SUDDEN, "channels"), "edge": (EDGE, "channels_at_the_edge")}
FACTORS = (0.5, 2.0)
# What lets AI equity and crypto move together beyond their news, and what they do in the data.
TOGETHER = {"channels.common_story": False, "channels.cross_asset_sales": False}
TOGETHER_IN_DATA = {"calm": 0.35, "stress": 0.75}
TOGETHER_IN_NEWS = "markets.crypto.news_correlation"
CEILINGS = {"markets.ai_equity.depth_floor": 1.0, "markets.broad_equity.depth_floor": 1.0}
# What is trusted least: assumed numbers that much could hang on.
CONSTANTS: dict[str, tuple[str, ...]] = {
    "money ready for bargains": ("buyers.budget",),
    "part of it spent in a day": ("buyers.daily_share",),
    "impact of orders on equity": ("markets.ai_equity.impact_multiplier", "markets.broad_equity.impact_multiplier"),
    "least depth of equity": ("markets.ai_equity.depth_floor", "markets.broad_equity.depth_floor"),
    "worth of belief": ("narrative.worth_of_belief",),
    "spread of leverage, long/short funds and accounts": (
        "funds.long_short.leverage_dispersion",
        "margin_accounts.leverage_dispersion",
    ),
    "savers' chasing of returns": ("chasers.sensitivity",),
    "rise of margins with volatility": ("margin.volatility_response",),
    "speed of runs on dealers": ("dealers.run_speed",),
    "defaults when output falls": ("output.loan_losses",),
}
NAMES = {
    "ai_equity": "AI equity",
    "broad_equity": "broad equity",
    "notes": "Treasury notes",
    "bills": "Treasury bills",
    "crypto": "crypto",
}


def at_factor(case: dict[str, Any], factor: float) -> dict[str, Any]:
    """The scenario of a required direction with its dials at a multiple of the scenario's own values."""
    return {**HORIZON, **case["on"], **{dial: value_of(dial) * factor for dial in case["dials"]}}


def at_value(case: dict[str, Any], value: float) -> dict[str, Any]:
    return {**HORIZON, case["dial"]: value}


def of_leverage(days: dict[str, Any], leverage: float) -> dict[str, Any]:
    return {**days, "funds.leverage": leverage}


def pairs_of_leverage(seeds: int) -> int:
    return max(1, seeds // 2)


def want_all(lab: Laboratory) -> None:
    """Ask for every path that a table below needs; equal ones are run once."""
    lab.want(QUIET, "quiet")
    lab.want({**QUIET, **ONLY_ORDINARY}, "quiet")
    for case in TARGETS["directions"]["required"]:
        for factor in case["factors"]:
            lab.want(at_factor(case, factor))
    for case in TARGETS["directions"]["reported"]:
        for value in case["values"]:
            lab.want(at_value(case, value))
    half = pairs_of_leverage(lab.seeds)
    for days in (SUDDEN, GRADUAL):
        lab.want({**of_leverage(days, 1.0), **ALL_OFF}, seeds=half)
        for leverage in LEVERAGES:
            lab.want(of_leverage(days, leverage), seeds=half)
    for leverage in LEVERAGES:
        lab.want(quiet_at(leverage), "quiet", seeds=half)
    lab.want(SUDDEN, seeds=seeds_of(lab, "bounds"))
    for total in SPARKS:
        lab.want({**SUDDEN, "spark.total": total}, seeds=seeds_of(lab, "bounds"))
        lab.want({**SUDDEN, **ALL_OFF, "spark.total": total}, seeds=seeds_of(lab, "bounds"))
    for world, kind in ((QUIET, "quiet"), (SUDDEN, "fall")):
        for off in ({}, TOGETHER):
            lab.want({**world, **off}, kind, seeds=seeds_of(lab, "correlation"))
    for on, part in CHANNEL_WORLDS.values():
        lab.want(on, seeds=seeds_of(lab, part))
        for name in CHANNELS:
            lab.want({**on, f"channels.{name}": False}, seeds=seeds_of(lab, part))
    for world in (SUDDEN, EDGE):
        lab.want(world, seeds=seeds_of(lab, "constants"))
        for paths in CONSTANTS.values():
            for factor in FACTORS:
                lab.want(with_constant(world, paths, factor), seeds=seeds_of(lab, "constants"))


def seeds_of(lab: Laboratory, part: str) -> int:
    """The seeds that targets.toml asks for, or as many as there are."""
    return min(lab.seeds, TARGETS[part]["seeds"])


def quiet_at(leverage: float) -> dict[str, Any]:
    return {**QUIET, **HORIZON, "funds.leverage": leverage}


# -- the quiet world -----------------------------------------------------------------------------------


def quiet_measures(lab: Laboratory) -> dict[str, float]:
    """Every target of the quiet world, measured; the names are those of targets.toml."""
    full, twin = lab.sample(QUIET, "quiet"), lab.sample({**QUIET, **ONLY_ORDINARY}, "quiet")
    return {name: found.value for name, found in quiet_world.judged(full, twin, default()).items()}


def quiet_table(lab: Laboratory) -> str:
    measured = quiet_measures(lab)
    rows = []
    for target in TARGETS["quiet_world"]["targets"]:
        value = measured[target["name"]]
        rows.append(
            (
                target["what"],
                f"{value:.4g}",
                limit_in_words(target),
                "yes" if holds(target, value) else "**no**",
            )
        )
    return table(("what", "measured", "limit", "holds"), rows)


def holds(target: dict[str, Any], value: float) -> bool:
    return target.get("at_least", -math.inf) <= value <= target.get("at_most", math.inf)


def limit_in_words(target: dict[str, Any]) -> str:
    if "at_least" in target and "at_most" in target:
        return f"{target['at_least']:g} to {target['at_most']:g}"
    return f"at least {target['at_least']:g}" if "at_least" in target else f"at most {target['at_most']:g}"


# -- crypto and equity ---------------------------------------------------------------------------------


def correlation_table(lab: Laboratory) -> str:
    """How AI equity and crypto move together, in calm and after the spark: the data, all channels on, and two off."""
    seeds = seeds_of(lab, "correlation")
    rows = []
    for name, world, kind in (("calm", QUIET, "quiet"), ("stress", SUDDEN, "fall")):
        full, off = (lab.sample({**world, **extra}, kind, seeds=seeds) for extra in ({}, TOGETHER))
        for days in ("daily", "weekly"):
            cells = [with_interval(sample[f"correlation_{days}"]) for sample in (full, off)]
            shown = f"{value_of(TOGETHER_IN_NEWS):g}"
            data = f"{TOGETHER_IN_DATA[name]:g}" if days == "daily" else "–"
            rows.append((name, days, data, *cells, shown))
    head = ("", "log returns", "in the data", "measured", "with `common_story` and `cross_asset_sales` off")
    return table((*head, "in the news"), rows)


# -- directions ----------------------------------------------------------------------------------------

LOSSES = {"dealer_losses": "dealers", "bank_losses": "banks", "lender_losses": "both"}


def required_table(lab: Laboratory) -> str:
    rows = []
    for case in TARGETS["directions"]["required"]:
        low, high = (lab.sample(at_factor(case, factor)) for factor in case["factors"])
        where = ", ".join(f"{dial} = {value:g}" for dial, value in case["on"].items()) or "default"
        from_bn = TARGETS["directions"]["loses_from_bn"]
        lose = f"dealers {share(low['dealer_losses'] > from_bn)}, banks {share(low['bank_losses'] > from_bn)}"
        for place, (loss, who) in enumerate(LOSSES.items()):
            mean, error = paired(low[loss], high[loss])
            times = mean / error if error > 0 else 0.0
            met = case["sign"] * times >= TARGETS["directions"]["standard_errors"]
            first = (f"{case['name']} × {case['factors'][1]:g}", where, lose) if place == 0 else ("", "", "")
            verdict = ("as accounting forces" if met else "**not shown**") if loss == "lender_losses" else ""
            rows.append((*first, who, number(low[loss].mean()), signed(mean), number(error), f"{times:+.1f}", verdict))
    head = ("what is raised", "on", "seeds in which they lose", "losses of", "before, $bn", "change, $bn")
    return table((*head, "standard error", "standard errors", ""), rows)


REPORTED = {
    "drawdown": ("fall of AI equity, points", 100.0),
    "worst_20_day_share": ("its share in the worst 20 days, points", 100.0),
    "broad_drawdown": ("fall of broad equity, points", 100.0),
    "forced_sales": ("forced sales, $bn", 1.0),
    "lender_losses": ("losses of dealers and banks, $bn", 1.0),
}


def reported_table(lab: Laboratory) -> str:
    rows = []
    for case in TARGETS["directions"]["reported"]:
        low, high = (lab.sample(at_value(case, value)) for value in case["values"])
        for place, (name, (words, scale)) in enumerate(REPORTED.items()):
            mean, error = paired(low[name] * scale, high[name] * scale)
            first, last = mean - 1.96 * error, mean + 1.96 * error
            sign = "+" if first > 0 else "−" if last < 0 else "0"
            dial = f"`{case['dial']}` {case['values'][0]:g} → {case['values'][1]:g}" if place == 0 else ""
            rows.append((dial, words, sign, signed(mean), f"{signed(first)} to {signed(last)}"))
    return table(("dial", "what changes", "sign", "by", "95 % interval"), rows)


# -- bounds and channels -------------------------------------------------------------------------------


def bounds_table(lab: Laboratory) -> str:
    seeds = seeds_of(lab, "bounds")
    full = lab.sample(SUDDEN, seeds=seeds)
    falls = {
        (total, off): np.median(lab.sample({**SUDDEN, **extra, "spark.total": total}, seeds=seeds)["drawdown"])
        for total in SPARKS
        for off, extra in ((False, {}), (True, ALL_OFF))
    }
    low, high = SPARKS
    measured = {
        "sparks_differ": float((falls[high, False] - falls[low, False]) / (falls[high, True] - falls[low, True])),
        "note_flow_basis_points": float(np.quantile(full["note_flow_basis_points"], 0.95)),
        **{f"worst_day_{m}": float(np.quantile(full[f"beyond_news_{m}"], 0.95)) for m in ("ai_equity", "broad_equity")},
    }
    rows = [
        (
            target["what"],
            f"{measured[name]:.3g}",
            limit_in_words(target),
            "yes" if holds(target, measured[name]) else "**no**",
        )
        for target in TARGETS["bounds"]["targets"]
        for name in (target["name"],)
    ]
    return table(("what", "measured", "limit", "holds"), rows)


def channel_effects(lab: Laboratory, where: str, name: str) -> dict[str, float]:
    """What a channel moved with all on, and the paired change of lenders' losses when it alone is off, in $bn."""
    world, part = CHANNEL_WORLDS[where]
    seeds = seeds_of(lab, part)
    on, off = lab.sample(world, seeds=seeds), lab.sample({**world, f"channels.{name}": False}, seeds=seeds)
    change, error = paired(on["lender_losses"], off["lender_losses"])
    fall, _ = paired(on["drawdown"], off["drawdown"])
    return {"moved": float(np.median(on[f"moved_{name}"])), "change": change, "error": error, "fall": 100 * fall}


# -- which constants decide ----------------------------------------------------------------------------


def with_constant(world: dict[str, Any], paths: tuple[str, ...], factor: float) -> dict[str, Any]:
    """That world with a constant (or several that are one) multiplied."""
    return {**world, **{path: min(factor * value_of(path), CEILINGS.get(path, math.inf)) for path in paths}}


def constants_table(lab: Laboratory) -> str:
    """The ten constants that are trusted least, halved and doubled, today and near the edge."""
    seeds = seeds_of(lab, "constants")
    rows = []
    for words, paths in {"as it is": (), **CONSTANTS}.items():
        for factor in FACTORS if paths else (1.0,):
            cells: list[str] = []
            for world in (SUDDEN, EDGE):
                now = lab.sample(with_constant(world, paths, factor), seeds=seeds)
                cells += [percent(now["drawdown"]), number(float(now["on_owners"].mean()))]
                cells += [number(float(now["loans_lost"].mean())), share(now["banking_crisis"] > 0)]
            rows.append((words, f"× {factor:g}" if paths else "", *cells))
    each = ("AI equity falls", "lost on owners and lenders, $bn", "on loans outside, $bn", "banking crisis")
    today, edge = (
        tuple(f"{what}{where}" for what in each) for where in ("", f", leverage × {EDGE['funds.leverage']:g}")
    )
    return table(("constant", "", *today, *edge), rows)


# -- sudden and gradual --------------------------------------------------------------------------------


def leverage_samples(lab: Laboratory) -> dict[tuple[str, float], Sample]:
    half = pairs_of_leverage(lab.seeds)
    return {
        (name, leverage): lab.sample(of_leverage(days, leverage), seeds=half)
        for leverage in LEVERAGES
        for name, days in (("sudden", SUDDEN), ("gradual", GRADUAL))
    }


def leverage_table(lab: Laboratory) -> str:
    """By leverage and speed of the news, less the twin of news alone; the quiet world beside them."""
    half = pairs_of_leverage(lab.seeds)
    samples = leverage_samples(lab)
    rows = []
    for leverage in LEVERAGES:
        for name, days in (("sudden", SUDDEN), ("gradual", GRADUAL)):
            now = samples[name, leverage]
            off = lab.sample({**of_leverage(days, 1.0), **ALL_OFF}, seeds=half)
            speed = (
                middle(now["worst_20_day_share"]),
                middle(now["worst_20_day_share"] - off["worst_20_day_share"], "+.2f"),
                middle(now["log_fall"] - off["log_fall"], "+.2f"),
            )
            failures = (
                share(now["dealers_failed"] >= 2),
                share(now["banks_failed"] > 0),
                share(now["banking_crisis"] > 0),
            )
            falls = percent(now["drawdown"]), percent(now["broad_drawdown"])
            rows.append((f"{leverage:g}", name, *falls, *speed, *money_lost(now), *failures))
        calm = lab.sample(quiet_at(leverage), "quiet", seeds=half)
        falls = percent(calm["drawdown_ai_equity"]), percent(calm["drawdown_broad_equity"])
        failures = share(calm["dealers_failed"] >= 2), share(calm["bank_failed"] > 0), share(calm["banking_crisis"] > 0)
        rows.append((f"{leverage:g}", "no spark", *falls, "–", "–", "–", *money_lost(calm), *failures))
    head = ("leverage", "news", "AI equity falls", "broad equity falls", "worst-20 share", "acceleration")
    more = (
        "amplification",
        "forced sales, $bn",
        "dealers lose on customers, $bn",
        "banks lose on dealers and banks, $bn",
    )
    last = ("banks lose on loans outside, $bn", "two dealers fail", "a bank fails", "banking crisis")
    return table((*head, *more, *last), rows)


def money_lost(sample: Sample) -> tuple[str, ...]:
    """Median forced sales, and mean losses by lender."""
    means = (number(float(sample[name].mean())) for name in ("dealer_losses", "bank_losses", "loans_lost"))
    return number(float(np.median(sample["forced_sales"]))), *means


KEYS = (
    "drawdown", "days_to_half", "worst_20_day_share", "worst_day", "acceleration", "amplification",
    "amplification_belief", "amplification_balance_sheet", "broad_drawdown", "funds_failed_share",
    "margin_accounts_failed_share", "dealers_failed", "banks_failed", "banks_failed_asset_share",
    "dealer_losses_bn", "bank_losses_bn", "bank_capital_change", "forced_sales_bn", "note_discount_max",
)  # fmt: skip
LABELS = ("speed", "verdict_real", "verdict_financial")


def comparison_table(both: abm.ComparisonResult) -> str:
    """The comparison's summaries: medians with the middle eighty per cent of seeds, and shares of labels."""
    frame = both.tables["summaries"]
    members = {label: both.data.of(label) for label in both.data.members}
    rows = []
    for name in (name for name in KEYS if name in frame.columns):
        cells = []
        for own in members.values():
            values = own[name].drop_nulls().to_numpy().astype(float)
            low, mid, high = np.quantile(values, (0.1, 0.5, 0.9)) if len(values) else (math.nan,) * 3
            cells.append(f"{number(mid)} ({number(low)} to {number(high)})" if len(values) else "–")
        rows.append((f"`{name}`", *cells))
    for name in (name for name in LABELS if name in frame.columns):
        cells = []
        for own in members.values():
            counts = {label: (own[name] == label).sum() for label in own[name].drop_nulls().unique(maintain_order=True)}
            ranked = sorted(counts.items(), key=lambda item: -item[1])
            cells.append(", ".join(f"{label} {100 * count / len(own):.0f} %" for label, count in ranked))
        rows.append((f"`{name}`", *cells))
    return table(("key of the summary", *(f"news over {label}" for label in members)), rows)
