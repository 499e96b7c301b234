"""Crypto holders and stablecoins: their parameters with meaning, unit and range."""

from __future__ import annotations

from abm.scenario.declare import Section, number, size


class Crypto(Section):
    """Crypto holders: believers, trend followers, newcomers, and those who hold on credit."""

    holders: int = size("number of crypto holders", "count", 1)
    held: float = number("crypto that they hold", "$bn", 0, 1e9)
    coins: float = number("their stablecoins", "$bn", 0, 1e9)
    deposits: float = number("deposits of all but newcomers", "$bn", 0, 1e9)
    newcomers_deposits: float = number("deposits of newcomers, out of which they buy", "$bn", 0, 1e9)
    ai_equity: float = number("their AI equity", "$bn", 0, 1e9)
    equity_owners: float = number("part of holders who own AI equity", "share", 0, 1)
    loans: float = number("borrowed against crypto", "$bn", 0, 1e9)
    leverage: float = number("median position to own money on credit", "times", 1.01, 100)
    leverage_dispersion: float = number("spread of leverage between positions on credit", "log points", 0, 3)
    largest_leverage: float = number("highest leverage", "times", 1.01, 125)
    maintenance: float = number("own money below which a position is liquidated", "share", 0, 0.9)
    adjustment: float = number("part of the distance to its leverage that a holder closes when it acts", "share", 0, 1)
    tail_exponent: float = number("Pareto exponent of holders' sizes", "exponent", 0.1, 10)
    largest_share: float = number("largest share that one holder may have of its kind", "share", 0.0000001, 1)
    leveraged_count: float = number("part of holders on credit", "share", 0, 1)
    trend_followers_count: float = number("part of holders who follow the trend", "share", 0, 1)
    newcomers_count: float = number("part of holders who are newcomers", "share", 0, 1)
    trend_followers: float = number("trend followers' part of crypto held without credit", "share", 0, 1)
    newcomers: float = number("newcomers' part of crypto held without credit", "share", 0, 1)
    decision_days: int = number("days between the days on which a holder acts", "days", 1, 1000)
    trading_size: float = number("largest everyday trade, against the lesser of crypto and coins", "share", 0, 1)
    trend_response: float = number("part of a holding that a trend follower adds for a rise of one", "times", 0, 100)
    inflow_response: float = number("rise of newcomers' inflow for a rise of one", "times", 0, 100)
    payout: float = number("part of their crypto that believers sell in a year", "per year", 0, 10)
    cash_out: float = number("part of spare (or lacking) coins that a holder cashes out (or buys)", "share", 0, 1)
    savings: float = number("speed at which income and spending bring deposits back to usual", "per year", 0, 100)
    verified: float = number("part of holders, the largest, whose coins issuers redeem directly", "share", 0, 1)


class Issuer(Section):
    """A stablecoin issuer: its part of all coins, and its reserves, each against its coins."""

    share_of_supply: float = number("part of all coins", "share", 0, 1)
    banks: int = number("banks where it keeps its deposits", "count", 1, 4)
    deposits: float = number("deposits at banks", "share", 0, 2)
    repo: float = number("repo lent to dealers, and money funds", "share", 0, 2)
    bills: float = number("Treasury bills", "share", 0, 2)
    notes: float = number("Treasury notes", "share", 0, 2)
    crypto: float = number("crypto", "share", 0, 2)
    other: float = number("gold, loans and other things", "share", 0, 2)


class Stablecoins(Section):
    """Stablecoins: coins at par, their issuers, and those who run from them."""

    supply: float = number("coins in circulation", "$bn", 0, 1e6)
    bank_size_exponent: float = number("how much issuers prefer large banks: 1 in proportion to size", "exponent", 0, 2)
    largest_deposit: float = number("largest part of a bank's deposits that one issuer has", "share", 0.0001, 1)
    run_prone: float = number("part of coins whose holders may run", "share", 0, 1)
    run_speed: float = number("part of them handed in a day when doubt is complete", "per day", 0, 1)
    coverage_reach: float = number("shortfall of reserves at which doubt is complete", "share", 0.001, 1)
    bank_reach: float = number("reserves at weak banks at which doubt is complete", "share", 0.001, 1)
    expected_bank_loss: float = number("loss that holders expect on deposits at a failed bank", "share", 0, 1)
    peer_contagion: float = number("doubt of other issuers when one is fully doubted", "share", 0, 1)
    daily_cap: float = number("largest part of its coins that an issuer redeems in a day", "per day", 0.001, 1)
    direct_access: float = number("part of depositors' coins that issuers redeem directly", "share", 0, 1)
    arbitrage_share: float = number("part of arbitrageurs' cash spent on coins in a day", "per day", 0, 1)
    shortfall_weight: float = number("fall of a coin for an expected shortfall of one", "times", 0, 10)
    waiting_cost: float = number("fall of a coin for a day's wait in the queue", "share per day", 0, 1)
    haste: float = number("fall of a coin when arbitrageurs take none of it", "share", 0, 1)
    mix_days: float = number("time over which issuers bring reserves to their mix", "days", 1, 1000)
    first: Issuer
    second: Issuer
    third: Issuer
