"""The event log as a class reads it: what matters of a day, hundreds of like events in one sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from abm.economy import Economy
from abm.outcome.events import KINDS, NEWS_EVENT, SCENARIO, events_frame
from abm.outcome.wording import NO_MONEY, bn, count, in_words, listed, share, told

NOTEWORTHY = 0.5  # $bn: less is no news
HIGHER = 1.5  # times the highest day so far that a day must have to be told again, where there is much to tell
SILENT = ("price_move", "limit_sale", "risk_limit", "call_met", "news", "timed_action")  # what the class did it knows
ONCE_MORE = (  # told on the first day and whenever a day is far above all before it
    *("forced_sale", "liquidation", "redemption_notice", "lines_drawn", "refinancing_refused", "sales_rationed"),
    *(
        "margin_call",
        "bank_loss",
        "loan_losses",
        "builder_defaults",
        "reserves_withdrawn",
        "loan_recalled",
        "central_bank_loan",
    ),
)
MANY = {
    "margin_call": "{n} funds and margin accounts are called for {amount} of margin",
    "forced_sale": "sales by force come to {amount}",
    "seizure": "dealers seize the books of {n} funds and margin accounts, which owe {amount}",
    "shortfall": "{n} seized books are closed, and dealers lose {amount} on them",
    "liquidation": "crypto holders must close positions on credit worth {amount}",
    "redemption_notice": "investors ask {n} funds for {amount} of their money back",
    "lines_drawn": "{n} private-credit funds begin to draw on their bank lines, {amount} of which are open",
    "refinancing_refused": "lenders renew no loans of builders of data centres who owe {amount}",
    "bank_loss": "banks lose {amount} on dealers and on each other",
    "dealer_run": "lenders and customers leave {names}: {amount} wants out that day",
    "deposit_run": "depositors leave {names}: {amount} goes that day",
    "loan_recalled": "failed dealers recall {amount} from {n} customers",
    "dealer_failed": "{names} fail",
    "bank_failed": "{names} fail",
    "credit_fund_failed": "{names} fail",
    "leverage_capped": "the cap on leverage tells {n} funds to sell",
}
GRAVE = ("dealer_failed", "bank_failed", "dealer_run", "deposit_run", "coin_run", "redemptions_delayed")
SILENT_KINDS = np.array([KINDS.index(kind) for kind in SILENT])


class Log:
    """Sentences of a run so far: `entries`, each with its day, its words, and how grave it is (0, 1, 2)."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._seen = 0
        self._highest: dict[str, float] = {}

    def read(self, economy: Economy) -> None:
        """Read on to the end of the economy's log."""
        events = economy.events[self._seen : economy.counter[0]]
        self._seen = int(economy.counter[0])
        heard = (events["kind"] == NEWS_EVENT) & (events["counterparty_kind"] == SCENARIO)
        events = events[~np.isin(events["kind"], SILENT_KINDS) | heard]
        for kind in np.unique(events["kind"]).tolist():
            self._tell(KINDS[kind], events[events["kind"] == kind])

    def say(self, day: int, words: str, grave: int = 1) -> None:
        self.entries.append({"day": day, "words": words, "grave": grave})

    def _tell(self, kind: str, events: np.ndarray) -> None:
        amount = float(events["amount"].sum())
        if kind not in NO_MONEY and not kind.endswith("_failed") and amount < NOTEWORTHY:
            return
        first = kind not in self._highest
        if not first and (kind in ONCE_MORE or kind == "news") and amount < HIGHER * self._highest[kind]:
            return
        self._highest[kind] = max(amount, self._highest.get(kind, 0.0))
        self.say(int(events["tick"][0]), in_one_sentence(kind, events), 2 if kind in GRAVE else int(first))


def in_one_sentence(kind: str, events: np.ndarray) -> str:
    """Return what events of one kind and day come to, in words."""
    if len(events) == 1 or kind not in MANY:
        largest = int(np.argmax(np.abs(events["amount"])))
        return told(events_frame(events[largest : largest + 1]).row(0, named=True))
    names = []
    if "{names}" in MANY[kind]:
        names = events_frame(events)["actor"].unique(maintain_order=True).to_list()
    return MANY[kind].format(n=len(events), amount=bn(float(events["amount"].sum())), names=listed(names))


def action_in_words(action: dict[str, Any]) -> str:
    """Return what somebody did, in words."""
    kind = action["kind"]
    on = "on" if action.get("on") else "off"
    name = str(action.get("policy", action.get("channel", ""))).replace("_", " ")
    if kind == "spark":
        worth = share(abs(math.expm1(-action["total"])))
        way = "less" if action["total"] >= 0.0 else "more"
        return f"you light a spark: AI equity is worth {worth} {way}, over {count(action['days'], 'day')}"
    if kind == "policy":
        return f"you switch the policy {name} {on}"
    if kind == "switch":
        return f"you switch the channel {name} {on}"
    if kind == "buy_notes":
        return f"you let the public buy notes for {bn(action['per_day'])} a day over {count(action['days'], 'day')}"
    if kind == "shock":
        return f"you bring news of {action['total']:g} log points about {in_words(action['market'])}"
    return f"you let {action['of'].replace('_', ' ')} {action['place']} lose {action['capital']:g} times its capital"
