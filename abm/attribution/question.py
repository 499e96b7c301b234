"""The outcome that is attributed: a number of the summary or a share of runs, and which twins it takes.

A run's all-off twin is the same whatever channels the run has on. What is measured against it alone, as acceleration
is, therefore differs between two coalitions by exactly as much as the number itself, and no twin is run for it. What
is measured against the no-news twin is not: that twin has the coalition's channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import polars as pl

from abm.errors import InputError
from abm.sweep.outcomes import Outcome, evaluate, parse_outcome

DEFAULT = "bank_capital_change"
BROKEN = "breakdown_or_crisis"
CRISIS = "verdict_financial=banking_crisis"  # read off banks' own books, without a twin
TAKES_TWINS = (
    *("acceleration", "broad_acceleration", "amplification", "broad_amplification", "all_off_drawdown"),
    *("amplification_belief", "amplification_balance_sheet", "amplification_bank_capital_bn"),
    *("amplification_bank_capital_belief_bn", "amplification_bank_capital_balance_sheet_bn"),
    *("no_news_drawdown", "no_news_broad_drawdown", "no_news_speed", "no_news_verdict_real"),
    *("no_news_verdict_financial", "note_yield_gap_max", "output_shortfall", "bank_capital_change_vs_no_news"),
    *("verdict_real", "verdict_real_if_easier", "verdict_real_if_stricter", "after_250_verdict_real"),
    *("verdict_financial", "verdict_financial_if_easier", "verdict_financial_if_stricter"),
    *("after_250_verdict_financial", "verdict_moves"),
)


class Question(NamedTuple):
    """What is asked: the outcome that is read off runs, and how it becomes the number that is divided.

    `twins`: each run needs its three twins. `unit` is "share" where values are shown in per cent; `subject` is how a
    sentence about it begins.
    """

    text: str
    outcome: Outcome
    twins: bool
    unit: str
    meaning: str
    subject: str
    change: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def is_share(self) -> bool:
        """Whether each run counts as one or nought."""
        return self.outcome.is_share

    def values(self, runs: pl.DataFrame) -> np.ndarray:
        """The outcome of every run, nan where a run failed or has none."""
        found = evaluate(runs, self.outcome).to_numpy().astype(float)
        return found if self.change is None else self.change(found)


def log_fall(drawdown: np.ndarray) -> np.ndarray:
    """The log points of a fall that is given as a share."""
    return -np.log1p(-drawdown)


def the_rest(share: np.ndarray) -> np.ndarray:
    return 1.0 - share


# what is measured against the all-off twin, by the number that differs from it by the same in all coalitions
WITHOUT_TWIN = {
    "acceleration": ("worst_20_day_share", None),
    "broad_acceleration": ("broad_worst_20_day_share", None),
    "amplification": ("drawdown", log_fall),
    "broad_amplification": ("broad_drawdown", log_fall),
}
SUBJECTS = {
    "bank_capital_change": "Banks' capital at the end is",
    "bank_capital_change_vs_no_news": "What the news leaves of banks' capital is",
    "acceleration": "The part of AI equity's fall that falls in its worst 20 days is",
    "worst_20_day_share": "The part of AI equity's fall that falls in its worst 20 days is",
    "amplification": "The largest fall of AI equity is",
    "drawdown": "The largest fall of AI equity is",
    "broad_drawdown": "The largest fall of broad equity is",
    "forced_sales_bn": "What has to be sold is",
    "lender_losses_bn": "What dealers and banks lose is",
    "dealers_failed": "The number of failed dealers is",
    "banks_failed": "The number of failed banks is",
    BROKEN: "The share of runs that break down or end in a banking crisis is",
    CRISIS: "The share of runs with a banking crisis is",
}


def asked(text: str) -> Question:
    """Return the question of `--outcome`; raises InputError for what no summary has.

    Beside what maps of sweeps take, `breakdown_or_crisis` is the share of runs whose financial verdict, read without
    the no-news twin, is not calm: notes that break down, which the twin alone shows, are left out and need no twin.
    """
    text = text.strip()
    if text == BROKEN:
        calm = parse_outcome("verdict_financial=calm")
        meaning = "runs in which two dealers or more fail, or with a banking crisis"
        return Question(text, calm, False, "share", meaning, SUBJECTS[text], the_rest)
    if text in WITHOUT_TWIN:
        (key, change), said = WITHOUT_TWIN[text], parse_outcome(text)
        subject = SUBJECTS.get(text, f"{said.meaning[0].upper()}{said.meaning[1:]} is")
        return Question(text, parse_outcome(key), False, said.unit, said.meaning, subject, change)
    outcome = parse_outcome(text)
    if outcome.key.startswith("no_news_") or outcome.key == "all_off_drawdown":
        raise InputError(
            f"outcome = {text}: says nothing about the run itself; allowed is an outcome of the run, such as {DEFAULT}"
        )
    subject = SUBJECTS.get(outcome.text, f"{outcome.title[0].upper()}{outcome.title[1:]} is")
    unit = "share" if outcome.in_percent else outcome.unit
    twins = outcome.key in TAKES_TWINS and outcome.text != CRISIS
    return Question(outcome.text, outcome, twins, unit, outcome.meaning, subject)
