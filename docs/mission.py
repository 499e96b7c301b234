"""The mission table: each claim about a bursting AI bubble, where it is built in, and what it comes to in runs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from cells import number, signed, table
from measure import Laboratory, Sample, default, paired, value_of
from results import GRADUAL, QUIET, SUDDEN, TARGETS, TOGETHER, at_value, of_leverage, pairs_of_leverage, seeds_of

from abm.outcome.paired import share_interval
from abm.outcome.verdict import FINANCIAL, REAL
from abm.policy import POLICIES

if TYPE_CHECKING:
    import abm

CLAIMS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("mission.toml").read_text("utf-8"))["claims"]
Effect = Callable[[Laboratory, "abm.ComparisonResult"], str]

UNLEVERED = {**SUDDEN, "funds.leverage": 0.0, "crypto.loans": 0.0}
HIGH = of_leverage(SUDDEN, 3.0)
HARMLESS = {**HIGH, "channels.fund_default_losses": False}
NO_FUND_DEBT = {**SUDDEN, "funds.leverage": 0.0}
LEVERAGES, CROWDING = (1.0, 2.0, 3.0), 1.6
# Where issuers matter: ten times today's coins or so, a fifth of the first's reserves in crypto, and more at banks.
COINS = {
    **SUDDEN,
    "stablecoins.supply": 2000.0,
    "stablecoins.first.crypto": 0.2,
    "stablecoins.first.bills": 0.51,
    "stablecoins.second.deposits": 0.57,
    "stablecoins.second.repo": 0.0,
}
COINS_IN_WORDS = (
    "*Many coins*: 2 000 $bn of them, with crypto for a fifth of the largest issuer's, and deposits for 57 % of the "
    "second's"
)
OF_ISSUERS = ("stablecoin_runs", "reserve_deposits", "reserve_treasuries")
NO_INFLOW = {**SUDDEN, "crypto.inflow_response": 0.0}


def want_mission(lab: Laboratory) -> None:
    """Ask for the paths that no other table asks for."""
    seeds = seeds_of(lab, "mission")
    lab.want(UNLEVERED, seeds=seeds)
    lab.want(NO_INFLOW, seeds=seeds)
    lab.want(NO_FUND_DEBT, seeds=seeds)
    lab.want(HARMLESS, seeds=pairs_of_leverage(lab.seeds))
    for world in (SUDDEN, COINS):
        lab.want(world, "named", seeds=seeds)
        for name in OF_ISSUERS:
            lab.want({**world, f"channels.{name}": False}, "named", seeds=seeds)
    for world in (SUDDEN, HIGH):
        lab.want(world, seeds=few(lab))
        for policy in POLICIES:
            lab.want({**world, f"policy.{policy}.on": True}, seeds=few(lab))
    for leverage in LEVERAGES:
        lab.want(of_leverage(SUDDEN, leverage), seeds=few(lab))
        lab.want({**of_leverage(SUDDEN, leverage), "funds.crowding": CROWDING}, seeds=few(lab))


def few(lab: Laboratory) -> int:
    return max(1, seeds_of(lab, "mission") // 2)


def mission_table(lab: Laboratory, both: abm.ComparisonResult, test_of: Callable[[str], str]) -> str:
    rows = []
    for claim in CLAIMS:
        files = ", ".join(f"[`{name.split('/')[-1]}`](abm/{name})" for name in claim["mechanism"])
        tests = ", ".join(dict.fromkeys(test_of(word) for word in claim["tests"]))
        dials = ", ".join(f"`{dial}`" for dial in claim["dials"]) or "–"
        rows.append((claim["row"], claim["what"], files, dials, tests, EFFECTS[claim["effect"]](lab, both)))
    return table(("", "claim", "mechanism", "switch or dial", "test", "measured, with 95 % interval"), rows)


# -- how an effect is said -----------------------------------------------------------------------------


def said(mean: float, error: float, scale: float = 1.0, sign: bool = True) -> str:
    """A mean with its 95 % interval, as a change or as a level."""
    form = signed if sign else number
    low, high = mean - 1.96 * error, mean + 1.96 * error
    mean, low, high = (form(scale * value).replace("-", "−") for value in (mean, low, high))
    return f"{mean} ({low} to {high})"


def level(values: np.ndarray, scale: float = 1.0) -> str:
    error = float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return said(float(values.mean()), error, scale, sign=False)


def added(on: np.ndarray, off: np.ndarray, scale: float = 1.0) -> str:
    """What is there with a channel and not without it, paired by seed."""
    return said(*paired(off, on), scale)


def of_runs(flags: np.ndarray) -> str:
    low, high = share_interval(int(flags.sum()), len(flags))
    return f"{100 * flags.mean():.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def with_and_without(lab: Laboratory, channel: str) -> tuple[Sample, Sample]:
    """The default sudden run with all channels on, and with that one off."""
    seeds = seeds_of(lab, "channels")
    return lab.sample(SUDDEN, seeds=seeds), lab.sample({**SUDDEN, f"channels.{channel}": False}, seeds=seeds)


def channel_adds(channel: str, measure: str, scale: float = 1.0) -> Callable[[Laboratory], str]:
    def effect(lab: Laboratory) -> str:
        on, off = with_and_without(lab, channel)
        return added(on[measure], off[measure], scale)

    return effect


def high(lab: Laboratory) -> Sample:
    return lab.sample(HIGH, seeds=pairs_of_leverage(lab.seeds))


def named(lab: Laboratory, world: dict, channel: str | None = None) -> Sample:
    off = {} if channel is None else {f"channels.{channel}": False}
    return lab.sample({**world, **off}, "named", seeds=seeds_of(lab, "mission"))


def of_comparison(both: abm.ComparisonResult, key: str) -> np.ndarray:
    return both.data.of("1 day")[key].drop_nulls().to_numpy()


# -- the effects ---------------------------------------------------------------------------------------


def story(lab: Laboratory, both: abm.ComparisonResult) -> str:
    return (
        f"the story adds {channel_adds('narrative_feedback', 'drawdown', 100)(lab)} points to AI equity's fall; output "
        f"falls at most {level(of_comparison(both, 'output_shortfall'), 100)} % below that without the spark"
    )


def verdicts(lab: Laboratory, both: abm.ComparisonResult) -> str:
    shares = []
    for key, labels in (("verdict_real", REAL), ("verdict_financial", FINANCIAL)):
        found = of_comparison(both, key)
        shares += [f"{label.replace('_', ' ')} {of_runs(found == label)}" for label in labels]
    on, off = with_and_without(lab, "real_economy")
    harmless = lab.sample(HARMLESS, seeds=pairs_of_leverage(lab.seeds))
    return (
        f"{'; '.join(shares)}; lowest output {added(on['output'], off['output'], 100)} % by `real_economy`; at "
        f"leverage × 3 a banking crisis {of_runs(high(lab)['banking_crisis'] > 0)}, "
        f"{of_runs(harmless['banking_crisis'] > 0)} without lenders' losses on funds"
    )


def leverage(lab: Laboratory, _: abm.ComparisonResult) -> str:
    none = lab.sample(UNLEVERED, seeds=seeds_of(lab, "mission"))
    parts = []
    for name, now in (("without borrowing of funds or against crypto", none), ("at × 3", high(lab))):
        breaks = of_runs((now["dealers_failed"] >= 2) | (now["banking_crisis"] > 0))
        fall = level(now["drawdown"], 100)
        parts.append(f"{name} a market breakdown or banking crisis in {breaks}, AI equity falls {fall} %")
    return "; ".join(parts)


def lines(lab: Laboratory, _: abm.ComparisonResult) -> str:
    on, off = with_and_without(lab, "private_credit")
    return (
        f"{level(on['lines_called'])} $bn drawn on banks' lines; banks' losses outside "
        f"{added(on['loans_lost'], off['loans_lost'])} $bn"
    )


def builders(lab: Laboratory, _: abm.ComparisonResult) -> str:
    on, _off = with_and_without(lab, "private_credit")
    loans, lost = level(on["data_centre_loans_lost"]), level(on["lines_lost"])
    return f"{loans} $bn of builders' loans lost, and {lost} $bn of banks' lines"


def non_banks(lab: Laboratory, _: abm.ComparisonResult) -> str:
    on, now = with_and_without(lab, "fund_default_losses")[0], high(lab)
    dealer, bank = of_runs(now["dealers_failed"] > 0), of_runs(now["banks_failed"] > 0)
    return (
        f"banks lose {level(on['bank_losses'])} $bn on dealers and each other, as hardly a dealer fails; "
        f"at leverage × 3 {level(now['bank_losses'])} $bn, a dealer fails in {dealer}, a bank in {bank}"
    )


def crowding(lab: Laboratory, _: abm.ComparisonResult) -> str:
    case = next(case for case in TARGETS["directions"]["reported"] if case["dial"] == "funds.crowding")
    low, more = (lab.sample(at_value(case, value)) for value in case["values"])
    fall, sales = added(more["drawdown"], low["drawdown"], 100), added(more["forced_sales"], low["forced_sales"])
    return f"crowding × {case['values'][1]:g}: AI equity's fall {fall} points, forced sales {sales} $bn"


def calls(lab: Laboratory, _: abm.ComparisonResult) -> str:
    adds = channel_adds("margin_calls", "forced_sales")(lab), channel_adds("margin_calls", "drawdown", 100)(lab)
    return f"forced sales {adds[0]} $bn, AI equity's fall {adds[1]} points"


def defaults(lab: Laboratory, _: abm.ComparisonResult) -> str:
    nil = channel_adds("fund_default_losses", "on_owners")(lab)
    return (
        f"losses on owners and lenders {nil} $bn, as shortfalls are small against dealers' capital; "
        f"at leverage × 3 dealers lose {level(high(lab)['dealer_losses'])} $bn on customers"
    )


def chain(lab: Laboratory, both: abm.ComparisonResult) -> str:
    sheets = level(of_comparison(both, "amplification_balance_sheet"))
    return (
        f"balance sheets add {sheets} log points to AI equity's fall; thin depth alone "
        f"{channel_adds('depth_spiral', 'drawdown', 100)(lab)} points"
    )


def other_markets(lab: Laboratory, _: abm.ComparisonResult) -> str:
    broad, notes = (channel_adds("cross_asset_sales", m, 100)(lab) for m in ("broad_drawdown", "note_discount_max"))
    return f"broad equity's fall {broad} points, notes' largest discount {notes} points"


def borrowing(lab: Laboratory, _: abm.ComparisonResult) -> str:
    seeds = seeds_of(lab, "mission")
    on, off = lab.sample(SUDDEN, seeds=seeds), lab.sample(NO_FUND_DEBT, seeds=seeds)
    styles = [getattr(default().funds, name) for name in type(default().funds).model_fields]
    styles = [style for style in styles if hasattr(style, "prime_brokerage")]
    prime, repo, other = (sum(getattr(s, n) for s in styles) for n in ("prime_brokerage", "repo", "unsecured"))
    hedged = sum(style.futures_short for style in styles)
    return (
        f"{number(prime + repo + other)} $bn in the opening books: {number(prime)} from prime brokers, "
        f"{number(repo)} on repo, {number(other)} unsecured, all of it in dealers' books too; "
        f"{number(hedged)} $bn of notes sold forward. Forced sales {added(on['forced_sales'], off['forced_sales'])} "
        f"$bn, AI equity's fall {added(on['drawdown'], off['drawdown'], 100)} points against funds without debt"
    )


def policies(lab: Laboratory, _: abm.ComparisonResult) -> str:
    parts = []
    for world, where in ((SUDDEN, "today"), (HIGH, "leverage × 3")):
        off = lab.sample(world, seeds=few(lab))
        each = []
        for policy in POLICIES:
            on = lab.sample({**world, f"policy.{policy}.on": True}, seeds=few(lab))
            each.append(f"{policy.replace('_', ' ')} {added(on['lender_losses'], off['lender_losses'])}")
        parts.append(f"{where}: {', '.join(each)}")
    return f"lenders' losses with each policy, $bn – {'; '.join(parts)}"


def crypto_credit(lab: Laboratory, _: abm.ComparisonResult) -> str:
    on, off = with_and_without(lab, "crypto_liquidations")
    return (
        f"{level(on['crypto_liquidated'])} $bn liquidated, who lent loses {level(on['crypto_lender_losses'])} $bn; "
        f"crypto's fall {added(on['crypto_drawdown'], off['crypto_drawdown'], 100)} points"
    )


def together(lab: Laboratory, _: abm.ComparisonResult) -> str:
    seeds, parts = seeds_of(lab, "correlation"), []
    for name, world, kind in (("calm", QUIET, "quiet"), ("the 60 days after the spark", SUDDEN, "fall")):
        on, off = (lab.sample({**world, **extra}, kind, seeds=seeds)["correlation_weekly"] for extra in ({}, TOGETHER))
        parts.append(f"{level(on)} in {name}, of which common holders and story {added(on, off)}")
    news = value_of("markets.crypto.news_correlation")
    rest = f"the rest is the {news:g} of the news. In the data 0.35 and 0.75, daily"
    return f"weekly correlation {'; '.join(parts)}; {rest}"


def one_story(lab: Laboratory, _: abm.ComparisonResult) -> str:
    crypto, ai = (channel_adds("common_story", name, 100)(lab) for name in ("crypto_drawdown", "drawdown"))
    return f"crypto's fall {crypto} points, AI equity's {ai} points"


def inflow(lab: Laboratory, _: abm.ComparisonResult) -> str:
    seeds = seeds_of(lab, "mission")
    on, off = lab.sample(SUDDEN, seeds=seeds), lab.sample(NO_INFLOW, seeds=seeds)
    return (
        f"newcomers who look at past gains: crypto's fall {added(on['crypto_drawdown'], off['crypto_drawdown'], 100)} "
        "points against an inflow that does not"
    )


def coin_runs(lab: Laboratory, _: abm.ComparisonResult) -> str:
    parts = []
    for world, where in ((SUDDEN, ""), (COINS, "; with many coins ")):
        now, off = named(lab, world), named(lab, world, "stablecoin_runs")
        parts.append(
            f"{where}runs in {of_runs(now['coin_runs'] > 0)}, {level(now['handed_in'])} $bn leave, coins left "
            f"{added(now['coins_left'], off['coins_left'], 100)} points, lowest peg {level(now['peg'])} $, and "
            f"{added(now['issuers_drew'], off['issuers_drew'])} $bn more leave the issuers' "
            f"{now['named_banks'].mean():.0f} banks"
        )
    crypto, reserves = value_of("stablecoins.first.crypto"), reserves_of_first()
    rest = (
        f"Today crypto is {100 * crypto:.1f} % of the largest issuer's coins, and its reserves {100 * reserves:.1f} %"
    )
    return f"{''.join(parts)}. {rest}"


def reserves_of_first() -> float:
    """All reserves of the largest issuer at the opening, as a share of its coins."""
    kinds = ("deposits", "repo", "bills", "notes", "crypto", "other")
    return sum(value_of(f"stablecoins.first.{kind}") for kind in kinds)


def drained(lab: Laboratory, _: abm.ComparisonResult) -> str:
    parts = []
    for world, where in ((SUDDEN, ""), (COINS, "; with many coins ")):
        on, off = named(lab, world), named(lab, world, "reserve_deposits")
        banks, failed = f"{on['named_banks'].mean():.0f}", added(on["named_failed"], off["named_failed"])
        of_all, of_uninsured = (level(on[f"drew_of_{name}"], 100) for name in ("deposits", "uninsured"))
        left = added(on["uninsured_left"], off["uninsured_left"])
        parts.append(
            f"{where}issuers' deposits at their {banks} banks fall {level(on['issuers_drew'])} $bn below their peaks, "
            f"{added(on['issuers_drew'], off['issuers_drew'])} by the switch, {of_all} % of these banks' deposits and "
            f"{of_uninsured} % of the uninsured at the opening; their reserves fall "
            f"{added(on['reserves_lost'], off['reserves_lost'], 100)} points, {left} $bn of others' uninsured deposits "
            f"leave, {failed} banks fail"
        )
    seen = 100 * value_of("banks.visible_withdrawal")
    return f"{''.join(parts)}. Hardly any day's withdrawal is the {seen:g} % of a bank's deposits that others see"


def treasuries(lab: Laboratory, _: abm.ComparisonResult) -> str:
    parts = []
    for world, where in ((SUDDEN, ""), (COINS, "; with many coins ")):
        on, off = named(lab, world), named(lab, world, "reserve_treasuries")
        text = [f"{level(on['issuers_sold'])} $bn sold"]
        for market in ("bills", "notes"):
            rise = (on[f"yield_{market}"] - off[f"yield_{market}"]).max(axis=1)
            lost = (off[f"price_{market}"] - on[f"price_{market}"]).max(axis=1)
            lost *= value_of(f"markets.{market}.capitalisation")
            text.append(
                f"{market} yield at most {level(rise, 100)} basis points more, and are worth {level(lost)} $bn less"
            )
        lost = sum((off[f"price_{m}"] - on[f"price_{m}"]) * on[f"named_{m}"][:, None] for m in ("bills", "notes"))
        text.append(
            f"at the issuers' {on['named_banks'].mean():.0f} banks Treasuries are worth "
            f"{level(lost.max(axis=1))} $bn less"
        )
        parts.append(where + ", ".join(text))
    return "".join(parts) + ". Today deposits and repo pay nearly all that is handed in"


def powder_keg(lab: Laboratory, _: abm.ComparisonResult) -> str:
    cells = []
    for leverage in LEVERAGES:
        usual, more = (
            lab.sample({**of_leverage(SUDDEN, leverage), **extra}, seeds=few(lab))["banking_crisis"]
            for extra in ({}, {"funds.crowding": CROWDING})
        )
        cells.append(f"× {leverage:g}: {of_runs(usual > 0)}, crowded {of_runs(more > 0)}")
    return f"the same spark, banking crises by leverage, and with crowding × {CROWDING:g} – {'; '.join(cells)}"


def slowly(lab: Laboratory, _: abm.ComparisonResult) -> str:
    seeds, parts = pairs_of_leverage(lab.seeds), []
    for leverage in (1.0, 3.0):
        fast, slow = (lab.sample(of_leverage(days, leverage), seeds=seeds) for days in (SUDDEN, GRADUAL))
        fall, lost = added(fast["drawdown"], slow["drawdown"], 100), added(fast["on_owners"], slow["on_owners"])
        parts.append(f"× {leverage:g}: AI equity's fall {fall} points, lost on owners and lenders {lost} $bn")
    return f"at once against over 500 days, by leverage – {'; '.join(parts)}"


EFFECTS: dict[str, Effect] = {
    effect.__name__: effect
    for effect in (
        story,
        verdicts,
        leverage,
        lines,
        builders,
        non_banks,
        crowding,
        calls,
        defaults,
        chain,
        other_markets,
        borrowing,
        policies,
        crypto_credit,
        together,
        one_story,
        inflow,
        coin_runs,
        drained,
        treasuries,
        powder_keg,
        slowly,
    )
}
