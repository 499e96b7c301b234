"""The outcomes that are asked of the same runs: the first one ranks the assumed numbers, the others stand beside it."""

from __future__ import annotations

from importlib.util import find_spec

from abm.attribution.question import WITHOUT_TWIN, Question, asked
from abm.errors import InputError
from abm.sweep.outcomes import parse_outcome

BREAKDOWN = "dealers_failed>=2"
BESIDE = ("bank_capital_change", "drawdown", "worst_20_day_share", "forced_sales_bn", "lender_losses_bn", BREAKDOWN)


def questions(outcome: str) -> tuple[Question, ...]:
    """Return the question of `--outcome`, and those that are answered beside it; raises InputError.

    Worlds with other numbers have other all-off twins, which therefore do not cancel as they do between coalitions.
    """
    first = asked(outcome)
    if first.text in WITHOUT_TWIN:
        first = first._replace(outcome=parse_outcome(first.text), twins=True, change=None)
    return (first, *(asked(text) for text in BESIDE if text != first.text))


def refuse_without_salib() -> None:
    """Raise InputError where SALib is missing."""
    if find_spec("SALib") is None:
        raise InputError("sensitivity: the package SALib is missing; allowed is pip install 'powderkeg[analysis]'")
