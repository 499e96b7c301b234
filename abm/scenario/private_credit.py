"""The sections of private credit and of the builders that it lends to."""

from __future__ import annotations

from abm.scenario.declare import Section, number, size


class PrivateCredit(Section):
    """Private-credit funds, which lend to builders and firms, and borrow from banks and on bonds."""

    count: int = size("number of private-credit funds", "count", 1)
    assets: float = number("their assets", "$bn", 0, 1e9)
    gearing: float = number("what they owe, against their own money", "times", 0, 100)
    gearing_dispersion: float = number("spread of gearing between funds", "log points", 0, 3)
    drawn: float = number("what they owe to banks; they owe the rest on bonds", "$bn", 0, 1e9)
    undrawn: float = number("what banks have promised beyond that", "$bn", 0, 1e9)
    bank_share_dispersion: float = number("spread between funds of the banks' part of debt", "log points", 0, 3)
    lenders: int = number("banks that lend to one fund", "count", 1, 4)
    tail_exponent: float = number("Pareto exponent of their sizes", "exponent", 0.1, 10)
    largest_share: float = number("largest share that one fund may have of all", "share", 0.000001, 1)
    ai_share: float = number("dial: part of their assets that is lent to builders", "share", 0, 0.9)
    ai_share_dispersion: float = number("spread of that part between funds", "log points", 0, 3)
    cash_share: float = number("part of their assets that is cash", "share", 0, 0.1)
    warning_gearing: float = number("gearing, net of cash, beyond which nobody lends anew", "times", 0, 1000)
    closing_fall: float = number("fall of broad equity below its average that shuts bond markets", "log points", 0, 3)
    memory_days: float = number("time over which that average is taken", "days", 1, 10_000)
    bond_years: float = number("time over which bonds fall due", "years", 0.01, 100)
    loan_years: float = number("time over which loans to firms fall due", "years", 0.01, 100)
    draw_speed: float = number("part of what it can draw that a fund in need draws in a day", "per day", 0, 1)
    draw_limit: float = number("part of what is not drawn that can be drawn", "share", 0, 1)
    recovery: float = number("worth of a failed fund's loans", "share", 0, 1)


class Builders(Section):
    """Builders of data centres for AI: cohorts of loans from private-credit funds and banks."""

    per_fund: int = number("cohorts that one private-credit fund lends to", "count", 1, 100)
    at_banks: int = size("cohorts that banks lend to", "count", 1)
    bank_loans: float = number("what builders owe to banks", "$bn", 0, 1e9)
    loan_to_value: float = number("what they owe, against the worth of their data centres", "share", 0.01, 10)
    value_dispersion: float = number("spread of that between cohorts", "log points", 0, 3)
    limit_to_value: float = number("most that a lender lends anew, against worth", "share", 0, 10)
    worth_response: float = number("fall of that worth when AI equity falls by one", "log points", 0, 10)
    term_years: float = number("time for which loans are made", "years", 0.01, 100)
    usual_intensity: float = number("loans that default in a year while AI equity is on its trend", "per year", 0, 10)
    default_response: float = number("rise of that when AI equity falls by one", "log points", 0, 20)
    loss_given_default: float = number("part of a defaulted loan that is lost", "share", 0, 1)
    attention_days: float = number("time over which lenders follow share prices", "days", 1, 10_000)
