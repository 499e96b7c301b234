"""Events and amounts in plain words: what the story and the search for causes have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

MARKETS_IN_WORDS: Mapping[str, str] = {
    "ai_equity": "AI equity",
    "broad_equity": "broad equity",
    "notes": "Treasury notes",
    "bills": "Treasury bills",
    "crypto": "crypto",
}
# What each kind of event says, with its actor, the other side, the instrument, and the amount in $bn or as a share.
SENTENCES: Mapping[str, str] = {
    "timed_action": "a measure of the scenario sets in",
    "margin_call": "{actor} is called for {amount} of margin by {other}",
    "call_met": "{actor} has met its call of {amount}",
    "forced_sale": "{actor} has to sell {amount} of {what}",
    "limit_sale": "{actor} sells {amount} of {what} by its own limits",
    "seizure": "{other} seizes the book of {actor}, which owes {amount}",
    "shortfall": "{actor}'s book is closed, and {other} loses {amount} on it",
    "dealer_run": "lenders and customers begin to leave {actor}: {amount} wants out that day",
    "loan_recalled": "{actor}, which has failed, recalls {amount} from {other}",
    "bank_loss": "{other} loses {amount} on {actor}",
    "deposit_run": "depositors begin to leave {actor}: {amount} goes that day",
    "loan_losses": "firms begin to default on their bank loans",
    "sales_rationed": "offers of {amount} find no buyer",
    "risk_limit": "{actor}'s own limits tell it to sell {share} of its book",
    "redemption_notice": "investors ask {other} for {amount} of their money back",
    "builder_defaults": "builders of data centres begin to default, {amount} is lost that day",
    "refinancing_refused": "{actor} renews no loans of {other}, which owes {amount}",
    "lines_drawn": "{actor} begins to draw on its bank lines, {amount} of which are open",
    "liquidation": "positions on credit in {what} worth {amount} have to be closed",
    "coin_run": "holders begin to run from {actor}, which owes {amount}",
    "redemptions_delayed": "{actor} cannot pay all who hand in coins: {amount} has to wait",
    "reserves_withdrawn": "{actor} is seen to take {amount} out of {other}",
    "leverage_capped": "the cap on leverage tells {other} to sell {share} of its book",
    "buffer_released": "the authority releases the capital buffer of banks",
    "trading_halted": "trading in {what} is halted",
    "note_purchases": "the central bank begins to buy {what}",
    "central_bank_loan": "the central bank lends {amount} to {other}",
    "deposits_guaranteed": "the authority guarantees all deposits",
}
NO_MONEY = (  # kinds of events whose amount is no $bn
    *("news", "price_move", "timed_action", "risk_limit", "leverage_capped", "buffer_released", "trading_halted"),
    *("note_purchases", "deposits_guaranteed"),
)


def told(event: Mapping[str, Any]) -> str:
    """Return an event of the log as a clause; a kind without a sentence of its own is told by its name."""
    kind, amount, actor = event["kind"], event["amount"], event["actor"]
    what = in_words(event["instrument"])
    if kind == "news" and event["counterparty"] == "scenario":
        news, worth = ("disappointing", "less") if amount > 0.0 else ("good", "more")
        return f"{news} news: AI equity is worth {share(abs(math.expm1(-amount)))} {worth} than was thought"
    if kind in ("news", "price_move"):
        way = "takes {} off" if amount < 0.0 else "adds {} to"
        return f"{'ordinary news' if kind == 'news' else 'the day'} {way.format(share(abs(math.expm1(amount))))} {what}"
    if kind == "bank_failed":
        left = "less than it must have" if amount > 0.0 else "so that others lose"
        return f"{actor} fails with {bn(amount)} of capital, {left}"
    if kind.endswith("_failed"):
        return f"{actor} fails{f', {bn(amount)} short of what it owes' if amount > 0.0 else ' for want of cash'}"
    sentence = SENTENCES.get(kind, f"{{actor}}: {kind.replace('_', ' ')}, {{amount}}")
    return sentence.format(actor=actor, other=event["counterparty"], what=what, amount=bn(amount), share=share(amount))


def in_words(instrument: str) -> str:
    """Return an instrument as a reader calls it."""
    return MARKETS_IN_WORDS.get(instrument, instrument.replace("_", " "))


def bn(amount: float) -> str:
    """Return an amount in $bn, to three digits or so."""
    size = abs(amount)
    if 0.0 < size < 0.001:
        return "less than 0.001 $bn"
    digits = 0 if size >= 100.0 else 1 if size >= 1.0 else 3
    return f"{amount:,.{digits}f} $bn"


def share(part: float) -> str:
    """Return a share in per cent: whole ones, of a small one a digit more."""
    return f"{100.0 * part:.{0 if abs(part) >= 0.1 else 1}f} %"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names as a list in a sentence, the first few of many."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def count(number: int, one: str) -> str:
    """Return a number of things: `1 dealer`, `3 dealers`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
