"""What the scenario has put down for a day: sparks, shocks, losses, switches, policies, purchases of notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.agents.rest_of_system import PUBLIC
from abm.channels import CHANNELS, NO_CHANNEL
from abm.ledger.chart import NOTES
from abm.outcome.events import NO_EVENT, NO_INSTRUMENT, SCENARIO, TIMED_ACTION, log_event
from abm.policy.authority import decree

if TYPE_CHECKING:
    from abm.economy import Economy


def take_timed_actions(e: Economy) -> None:
    """Do what the scenario has put down for this morning: switch a channel or a policy, buy notes.

    Sparks and shocks are news (`markets/news.py`); losses come in the evening (`policy/own_losses.py`).
    """
    for action in e.scenario.actions:
        days = getattr(action, "days", 1)
        if not action.tick <= e.tick < action.tick + days:
            continue
        if action.kind == "switch":
            e.switches[action.channel] = action.on
        elif action.kind == "policy":
            decree(e.authority, action.policy, action.on)
        elif action.kind == "buy_notes":
            e.issuers["orders"][PUBLIC, NOTES] += action.per_day / e.markets["price"][NOTES]
        if action.tick == e.tick and action.kind not in ("shock", "loss"):  # which are events of their own
            channel = CHANNELS.index(action.channel) if action.kind == "switch" else NO_CHANNEL
            instrument = NOTES if action.kind == "buy_notes" else NO_INSTRUMENT
            amount = {"buy_notes": lambda a: a.per_day, "spark": lambda a: a.total}
            log_event(
                e.events,
                e.counter,
                TIMED_ACTION,
                e.tick,
                SCENARIO,
                0,
                SCENARIO,
                0,
                channel,
                instrument,
                amount.get(action.kind, lambda a: float(a.on))(action),
                NO_EVENT,
            )
