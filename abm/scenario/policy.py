"""The authority: standing rules and interventions, each a named block that is off until it is switched on."""

from __future__ import annotations

from typing import Literal

from abm.scenario.declare import Section, choice, number, switch


class LeverageCap(Section):
    """Hedge funds may not hold more securities than so many times their own money."""

    on: bool = switch("whether the cap is in force")
    most: float = number("securities, against net asset value, that a fund may hold", "times", 1, 1000)
    opening_use: float = number("part of the cap that a fund opens with at most", "share", 0.01, 1)
    reduction_days: float = number("time over which what exceeds the cap is sold", "days", 1, 1000)


class MarginFloors(Section):
    """Lenders may not ask for less margin than a floor."""

    on: bool = switch("whether the floors are in force")
    equity: float = number("least own money that shares need", "share", 0, 1)
    notes: float = number("least haircut on Treasury notes", "share", 0, 1)


class MarginBuffers(Section):
    """Lenders ask for more margin in calm, and let it be used up in stress."""

    on: bool = switch("whether the buffers are in force")
    buffer: float = number("margin asked for in calm beyond what lenders would", "share", 0, 10)


class BankCapital(Section):
    """Banks hold a countercyclical buffer beyond their target, which is released in stress."""

    on: bool = switch("whether the buffer is in force")
    buffer: float = number("capital beyond the target, of weighted assets", "share", 0, 1)
    release_fall: float = number("fall of all banks' capital from its best at which it is released", "share", 0, 1)


class Firewall(Section):
    """Hedge funds, dealers and banks hold no crypto and lend nothing against it."""

    on: bool = switch("whether the firewall stands")


class StablecoinReserves(Section):
    """Issuers of stablecoins hold deposits, repo and Treasuries alone, and little of it as deposits."""

    on: bool = switch("whether the rule is in force")
    most_deposits: float = number("most of its coins that an issuer holds as deposits at banks", "share", 0, 1)


class CircuitBreaker(Section):
    """Share markets halt on a day's fall, and close at the last level."""

    on: bool = switch("whether markets halt")
    first: float = number("fall of a day at which a market halts", "share", 0, 0.99)
    second: float = number("fall of a day at which it halts again", "share", 0, 0.99)
    close: float = number("fall of a day at which it closes until the next", "share", 0, 0.99)


class NotePurchases(Section):
    """The central bank buys Treasury notes when their market breaks down."""

    on: bool = switch("whether it stands ready to buy")
    yield_rise: float = number("rise of the note yield that triggers it", "basis points", 0, 10_000)
    days: int = number("days over which the yield has risen so much", "days", 1, 20)
    depth: float = number("depth of notes below which it counts", "share", 0, 1)
    calm_depth: float = number("depth of notes at which it stops", "share", 0, 1)
    per_day: float = number("notes bought a day", "$bn", 0, 1e6)
    total: float = number("notes bought in all at most", "$bn", 0, 1e9)
    expected: float = number(
        "part of notes' volatility that funds and their lenders expect it to take while it stands ready",
        "share",
        0,
        0.9,
    )


class Lending(Section):
    """The central bank lends to dealers and banks that lack cash, against securities."""

    on: bool = switch("whether it stands ready to lend")
    haircut: float = number("part of the collateral's value that is not lent", "share", 0, 1)
    expected: float = number(
        "part of all volatility that funds and their lenders expect it to take while it stands ready", "share", 0, 0.9
    )


class DepositGuarantee(Section):
    """The public stands behind all deposits once banks fail or are run on."""

    on: bool = switch("whether it stands ready to guarantee")
    withdrawn: float = number("part of uninsured deposits that leaves in a day and triggers it", "share per day", 0, 1)
    delay_days: int = number("days after which depositors stop running", "days", 0, 1000)


class Policy(Section):
    """All that the authority may do."""

    leverage_cap: LeverageCap
    margin_floors: MarginFloors
    margin_buffers: MarginBuffers
    bank_capital: BankCapital
    firewall: Firewall
    stablecoin_reserves: StablecoinReserves
    circuit_breaker: CircuitBreaker
    note_purchases: NotePurchases
    lending: Lending
    deposit_guarantee: DepositGuarantee


OF_THE_FIRST_BOOKS = ("firewall", "stablecoin_reserves")
DECREED = tuple(name for name in Policy.model_fields if name not in OF_THE_FIRST_BOOKS)


class PolicyAction(Section):
    """A policy is switched on, without waiting for its trigger, or off on a given day."""

    kind: Literal["policy"] = "policy"
    tick: int = number("day of the action", "days", 0, 1_000_000_000)
    policy: str = choice("policy that is switched", *DECREED)
    on: bool = switch("whether it is in force from this day on")
