"""What the authority does in the morning, and what it looks at in the evening."""

from __future__ import annotations

from abm.compiled import rule
from abm.policy.bank_capital import tell_capital_buffer, watch_capital
from abm.policy.circuit_breaker import tell_limits
from abm.policy.deposit_guarantee import tell_depositors, watch_banks
from abm.policy.leverage_cap import tell_cap
from abm.policy.margin_buffers import tell_buffer
from abm.policy.margin_floors import tell_floors
from abm.policy.note_purchases import buy_notes, watch_notes


@rule
def govern(authorities, funds, banks, markets, issuers, settings):
    """Tell everybody the standing rules of today, and state today's interventions."""
    authority, policy = authorities[0], settings[0].policy
    tell_cap(funds, policy.leverage_cap.most if authority.leverage_cap else 0.0)
    floors = policy.margin_floors
    tell_floors(markets, floors.equity * authority.margin_floors, floors.notes * authority.margin_floors)
    tell_buffer(funds, policy.margin_buffers.buffer if authority.margin_buffers else 0.0)
    in_force = authority.bank_capital and not authority.released
    tell_capital_buffer(banks, policy.bank_capital.buffer if in_force else 0.0)
    tell_limits(markets, policy.circuit_breaker.close if authority.circuit_breaker else 0.0)
    tell_depositors(authority, banks)
    buy_notes(authority, issuers, markets, policy.note_purchases)


@rule
def watch(authorities, banks, depositors, markets, stories, settings, days, tick, events, counter):
    """See at nightfall what the day has done: whether interventions begin or end tomorrow."""
    authority, policy = authorities[0], settings[0].policy
    if authority.bank_capital:
        fall = policy.bank_capital.release_fall
        watch_capital(authority, banks, markets, stories, fall, tick, events, counter)
    if authority.note_purchases:
        watch_notes(authority, markets, stories, days, policy.note_purchases, tick, events, counter)
    if authority.deposit_guarantee:
        withdrawn = policy.deposit_guarantee.withdrawn
        watch_banks(authority, banks, depositors, withdrawn, tick, events, counter)
    authority.events_seen = counter[0]
