"""What a scenario contains: every parameter with its meaning, unit and range.

The values live in scenarios/*.toml alone.
A new parameter is one line here and one in the file; a new section is one class and one line in `Sections`.
Type int where only whole numbers make sense, float otherwise. Money is in $bn; one tick is one trading day.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from abm.scenario.actions import LossAction, ShockAction
from abm.scenario.channels import Channels
from abm.scenario.crypto import Crypto, Stablecoins
from abm.scenario.declare import Section, choice, number, size, switch
from abm.scenario.own_limits import Redemptions, RiskLimits
from abm.scenario.policy import Policy, PolicyAction
from abm.scenario.private_credit import Builders, PrivateCredit


class Run(Section):
    """How long a run is."""

    ticks: int = size("length of the run", "days", 1)
    ticks_per_year: float = number("trading days in a year", "days per year", 1, 366)


class Spark(Section):
    """The disappointment about AI: how much worth it takes, when and how fast."""

    total: float = number("log points that the spark takes off AI equity's worth", "log points", 0, 3)
    days: int = number("days over which the spark is spread, 1 is sudden", "days", 1, 100_000)
    start: int = number("first day of the spark", "days", 0, 1_000_000)
    broad_share: float = number("part of the spark that also hits broad equity's worth", "share", 0, 1)


class Narrative(Section):
    """Who believes the story, and what belief is worth."""

    believers: float = number("share that believes the story at the start", "share", 0, 1)
    persuasion: float = number("doubters made by a log point of bad news", "share per log point", 0, 10)
    contagion: float = number("speed at which recent losses make doubters", "per log point per day", 0, 100)
    price_feedback: float = number("weight of falling prices beside news", "share", 0, 1)
    attention_days: float = number("time over which news and losses are remembered", "days", 1, 10_000)
    recovery_days: float = number("time over which belief comes back", "days", 1, 1_000_000)
    belief_days: float = number("time over which a change of belief moves prices", "days", 1, 10_000)
    worth_of_belief: float = number("worth of AI equity between all and none believing", "log points", 0, 3)
    broad_share: float = number("part of the belief effect that also hits broad equity", "share", 0, 1)
    crypto_worth: float = number("worth of crypto between all and none believing", "log points", 0, 3)
    crypto_echo: float = number("part of a day's move of AI equity that crypto repeats", "log points", 0, 3)
    crypto_feedback: float = number("weight of falling crypto beside news about AI", "share", 0, 1)
    flight_to_notes: float = number("rise of notes when all belief is lost", "log points", 0, 1)
    enthusiasm: float = number("speed at which believers win doubters over, unprompted", "per day", 0, 10)
    news_weight: float = number("weight of the day's own news beside returns that are no news", "share", 0, 1)
    taken_for_granted: float = number("part of recent gains that is expected to go on", "share", 0, 1)
    expectation_days: float = number("time over which gains come to be expected", "days", 1, 10_000)


class Market(Section):
    """One asset: its size, its news and how far orders move it."""

    capitalisation: float = number("market value at the start", "$bn", 0, 1e9)
    drift: float = number("trend of worth", "per year", -1, 1)
    news_volatility: float = number("standard deviation of a day's news", "per day", 0, 0.2)
    normal_volatility: float = number("a day's volatility that counts as normal", "per day", 1e-5, 0.2)
    news_correlation: float = number("correlation of its news with the news of AI equity", "share", -1, 1)
    impact_multiplier: float = number(
        "percent of price for a net order of one percent (square_root: normal volatilities for a normal day's volume)",
        "times",
        0,
        100,
    )
    lasting_share: float = number("part of the price impact that stays", "share", 0, 1)
    depth_floor: float = number("lowest depth, against normal", "share", 0.001, 1)
    discount_days: float = number("time over which a liquidity discount fades", "days", 1, 10_000)
    daily_volume: float = number("normal volume", "$bn per day", 0.001, 1e9)
    impact: str = choice("law of price impact", "linear", "square_root", "saturating")
    impact_limit: float = number("largest impact of a day's flow (saturating)", "log points", 1e-9, 3)


class Treasury(Market):
    """Treasury notes or bills: an asset with a duration."""

    duration: float = number("percent of price lost when the yield rises by one point", "years", 0.01, 50)


class Markets(Section):
    """The traded assets and what they have in common."""

    depth: float = number("dial: depth of all markets", "times today's", 0.01, 100)
    volatility_days: float = number("time over which volatility is measured", "days", 1, 10_000)
    volatility_tolerance: float = number("volatility, against normal, at which depth begins to fall", "times", 0.1, 100)
    depth_recovery_days: float = number("time over which lost depth returns", "days", 1, 10_000)
    bargain_discount: float = number("discount at which buyers buy all they can", "log points", 0.0001, 3)
    ai_equity: Market
    broad_equity: Market
    notes: Treasury
    bills: Treasury
    crypto: Market
    futures_basis: float = number("part of a discount on notes that futures share", "share", 0, 1)


class Style(Section):
    """A style of hedge funds: all its funds together."""

    share_of_count: float = number("part of all funds that are of this style", "share", 0, 1)
    size: float = number("dial: own money and books of this style", "times these", 0, 100)
    net_asset_value: float = number("their own money", "$bn", 0, 1e9)
    prime_brokerage: float = number("margin loans from dealers", "$bn", 0, 1e9)
    repo: float = number("repo from dealers", "$bn", 0, 1e9)
    unsecured: float = number("unsecured loans from dealers", "$bn", 0, 1e9)
    short_equity: float = number("broad equity sold short", "$bn", 0, 1e9)
    other_owed: float = number("inert securities sold short, and other debts", "$bn", 0, 1e9)
    ai_equity: float = number("their AI equity", "$bn", 0, 1e9)
    broad_equity: float = number("their broad equity", "$bn", 0, 1e9)
    notes: float = number("their Treasury notes", "$bn", 0, 1e9)
    bills: float = number("their Treasury bills", "$bn", 0, 1e9)
    crypto: float = number("their crypto", "$bn", 0, 1e9)
    cash: float = number("their free cash at dealers", "$bn", 0, 1e9)
    futures_short: float = number("futures on notes sold short", "$bn", 0, 1e9)
    leverage_dispersion: float = number("spread of leverage between funds", "log points", 0, 3)
    stop_drawdown: float = number("loss from the best day at which a fund cuts its book", "share", 0.001, 1)
    stop_cut: float = number("part of the book that it cuts", "share", 0, 1)
    volatility_weight: float = number("part of the book that follows volatility and trend", "share", 0, 1)


class Funds(Section):
    """Hedge funds of all styles."""

    count: int = size("number of funds", "count", 1)
    leverage: float = number("dial: leverage of all funds", "times today's", 0, 10)
    crowding: float = number(
        "dial: how much of the funds' books is the crowded trade, AI equity", "times today's", 0, 10
    )
    tail_exponent: float = number("Pareto exponent of fund sizes", "exponent", 0.1, 10)
    largest_share: float = number("largest share that one fund may have of its style", "share", 0.000001, 1)
    ai_share_dispersion: float = number("spread of AI shares between funds", "log points", 0, 3)
    trading_probability: float = number("chance that a fund trades on a day", "per day", 0, 1)
    trading_size: float = number("size of an ordinary trade against the holding", "share", 0, 1)
    four_dealers: float = number("part of funds, the largest, with four dealers", "share", 0, 1)
    three_dealers: float = number("part of funds, the next largest, with three", "share", 0, 1)
    two_dealers: float = number("part of funds, the next largest, with two", "share", 0, 1)
    long_short: Style
    multi_strategy: Style
    relative_value: Style
    macro: Style
    systematic: Style
    unlevered: Style


class MarginAccounts(Section):
    """Cohorts of households' margin accounts."""

    count: int = size("number of cohorts", "count", 1)
    debt: float = number("margin debt, all cohorts together", "$bn", 0, 1e9)
    assets: float = number("their shares", "$bn", 0.001, 1e9)
    cash: float = number("their free cash at dealers", "$bn", 0, 1e9)
    ai_share: float = number("part of their shares that is AI equity", "share", 0, 1)
    leverage_dispersion: float = number("spread of leverage between cohorts", "log points", 0, 3)
    ai_share_dispersion: float = number("spread of AI shares between cohorts", "log points", 0, 3)
    trading_probability: float = number("chance that a cohort trades on a day", "per day", 0, 1)
    trading_size: float = number("size of an ordinary trade against the holding", "share", 0, 1)


class Margin(Section):
    """What lenders against collateral ask for, and how a call is met."""

    maintenance_ai_equity: float = number("own money that AI equity needs in a fund", "share", 0, 1)
    maintenance_broad_equity: float = number("own money that broad equity needs in a fund", "share", 0, 1)
    maintenance_notes: float = number("own money that Treasury notes need in a fund", "share", 0, 1)
    maintenance_bills: float = number("own money that Treasury bills need in a fund", "share", 0, 1)
    maintenance_crypto: float = number("own money that crypto needs in a fund", "share", 0, 1)
    maintenance_futures: float = number("initial margin of futures on notes", "share", 0, 1)
    maintenance_other: float = number("own money that inert securities need, long or short", "share", 0, 1)
    maintenance_account: float = number("own money that a margin account needs", "share", 0, 1)
    volatility_response: float = number("rise of margins when volatility doubles", "times", 0, 10)
    strain_response: float = number("rise of a dealer's margins when all its funding has left", "times", 0, 100)
    largest_factor: float = number("most that any margin rises, against calm", "times", 1, 10)
    factor_days: float = number("time over which margins follow", "days", 1, 1000)
    calm_factor: float = number("least that any margin falls to when markets are calmer than normal", "times", 0.1, 1)
    likeness_response: float = number("rise of margins for a book just like a failed one", "times", 0, 10)
    likeness_scale: float = number("value of failed books that counts in full", "$bn", 0.001, 1e6)
    likeness_days: float = number("time over which a failed book is remembered", "days", 1, 10_000)
    financing_days: float = number("time over which repo is renewed at a gain of notes", "days", 1, 1000)
    opening_use: float = number("most of the allowed requirement that anybody opens with", "share", 0.01, 1)
    buffer: float = number("part of the allowed borrowing to which a call is sold down", "share", 0.01, 1)
    grace_days: int = number("days to meet a call before the collateral is seized", "days", 0, 1000)
    pro_rata_share: float = number("part of a call met from all assets alike", "share", 0, 1)
    daily_sale_share: float = number("largest part of a holding sold in a day", "share per day", 0.001, 1)
    liquidation_days: int = number("days over which a seized book is sold", "days", 1, 1000)
    close_out_cost: float = number("cost of closing out seized collateral", "share", 0, 1)


class Dealers(Section):
    """Dealers who lend to funds and make the market in notes."""

    count: int = size("number of dealers", "count", 1)
    in_groups: int = number("dealers, the largest, that belong to a bank's group", "count", 0, 1000)
    capital: float = number("their capital", "$bn", 0.001, 1e9)
    top_three_share: float = number("part of the business that the three largest have", "share", 0, 1)
    bank_loans: float = number("what they owe to banks", "$bn", 0, 1e9)
    lenders: int = number("banks that lend to one dealer", "count", 1, 4)
    notes: float = number("their inventory of notes", "$bn", 0, 1e9)
    note_capacity: float = number("inventory of notes that fills their books", "$bn", 0.001, 1e9)
    deposits: float = number("their deposits", "$bn", 0, 1e9)
    loss_given_default: float = number("part of a failed dealer's debt that banks lose", "share", 0, 1)
    loan_spread: float = number("interest margin on loans to customers", "per year", 0, 1)
    note_hedge: float = number("part of the notes' price risk that is hedged", "share", 0, 1)
    payout_share: float = number("part of net interest spent on costs and dividends", "share", 0, 1)
    weak_capital: float = number("capital, against opening, below which lenders begin to leave", "share", 0, 1)
    run_speed: float = number("part of repo and customers' cash that leaves a dealer without capital", "per day", 0, 1)
    strain_days: float = number("time over which a run is forgotten", "days", 1, 10_000)
    spare_lines: float = number("bank credit not drawn, against what is", "share", 0, 10)
    cash_days: int = number("days without funding after which a dealer fails", "days", 0, 1000)
    freeze_days: int = number("days for which a failed dealer's customers cannot use their cash", "days", 0, 1000)
    move_days: int = number("days that they then have to find another dealer", "days", 0, 1000)
    takeover_leverage: float = number("loans to customers that a dealer takes on, against capital", "times", 0, 1000)


class Banks(Section):
    """Banks, which hold everybody's deposits and lend to dealers and to the rest."""

    count: int = size("number of banks", "count", 1)
    capital: float = number("dial: equity of all banks", "times today's", 0.01, 10)
    assets: float = number("their assets", "$bn", 0.001, 1e9)
    equity: float = number("their equity", "$bn", 0.001, 1e9)
    deposits: float = number("their deposits", "$bn", 0, 1e9)
    uninsured_share: float = number("part of deposits that is not insured", "share", 0, 1)
    uninsured_dispersion: float = number("spread of that part between banks", "log points", 0, 3)
    reserves: float = number("their reserves", "$bn", 0, 1e9)
    notes: float = number("their Treasury notes", "$bn", 0, 1e9)
    bills: float = number("their Treasury bills", "$bn", 0, 1e9)
    loans: float = number("their loans, those to non-banks included", "$bn", 0, 1e9)
    other_non_bank_loans: float = number("what other non-banks but dealers owe to them", "$bn", 0, 1e9)
    interbank: float = number("what they owe to each other", "$bn", 0, 1e9)
    tail_exponent: float = number("Pareto exponent of bank sizes", "exponent", 0.1, 10)
    risk_weight: float = number("weighted assets against assets", "share", 0.01, 2)
    largest_share: float = number("largest share that one bank may have of all", "share", 0.000001, 1)
    money_centres: int = number("largest banks, where dealers and long-term investors bank", "count", 1, 1000)
    large_exposure: float = number("most that a bank lends to one dealer, against its capital", "share", 0.001, 10)
    capital_dispersion: float = number("spread between banks of capital beyond the target", "log points", 0, 3)
    minimum_ratio: float = number("capital ratio below which a bank fails", "share", 0, 1)
    target_ratio: float = number("capital ratio below which a bank tightens credit", "share", 0, 1)
    tightening: float = number("loans not renewed at the minimum ratio", "per year", 0, 10)
    retained_earnings: float = number("earnings kept, all banks together", "$bn per year", -1e6, 1e6)
    loan_rate: float = number("interest on loans", "per year", 0, 1)
    liquidity_floor: float = number("reserves, against opening, below which securities are sold", "share", 0, 1)
    sale_speed: float = number("part of its securities that a bank in need sells in a day", "per day", 0, 1)
    run_ratio: float = number("capital ratio at which uninsured depositors begin to leave", "share", 0, 1)
    run_speed: float = number("part of the uninsured that leaves a bank at the minimum ratio", "per day", 0, 1)
    run_contagion: float = number("part that leaves a bank others are seen to leave", "times", 0, 10)
    largest_run: float = number("most of the uninsured that leaves a bank in a day", "per day", 0, 1)
    visible_withdrawal: float = number("withdrawal of a stablecoin issuer that a bank's depositors see", "share", 0, 1)
    withdrawal_contagion: float = number("part that leaves a bank issuers are seen to leave", "times", 0, 10)
    to_bills: float = number("part of withdrawn deposits that goes into bills", "share", 0, 1)
    recovery: float = number("worth of a failed bank's loans in the hands of the receiver", "share", 0, 1)
    first_payment: float = number("part of the uninsured paid out on the day after failure", "share", 0, 1)
    receivership_days: float = number("time over which the rest is paid out", "days", 1, 10_000)


class Buyers(Section):
    """Long-term investors, who buy what is cheap as long as they have money."""

    cash: float = number("dial: money that long-term investors can spend", "times today's", 0, 100)
    count: int = size("number of long-term investors", "count", 1)
    deposits: float = number("their deposits", "$bn", 0, 1e9)
    budget: float = number("what they are ready to spend on cheap shares", "$bn", 0, 1e9)
    note_budget: float = number("what they are ready to spend on cheap Treasury notes", "$bn", 0, 1e9)
    daily_share: float = number("part of the budget spent in a day at most", "share per day", 0, 1)
    recovery_days: float = number("time over which the budget is refilled", "days", 1, 1_000_000)
    crypto_deposits: float = number("deposits of long-term holders of crypto", "$bn", 0, 1e9)
    arbitrage_cash: float = number("deposits of those who buy coins below par and hand them in", "$bn", 0, 1e9)
    crypto_coins: float = number("stablecoins of long-term holders of crypto", "$bn", 0, 1e9)
    crypto_budget: float = number("what those are ready to spend on cheap crypto", "$bn", 0, 1e9)


class Chasers(Section):
    """Savers who put money where it has grown and take it out where it has shrunk."""

    count: int = size("number of chasers", "count", 1)
    ai_equity: float = number("their AI equity", "$bn", 0, 1e9)
    broad_equity: float = number("their broad equity", "$bn", 0, 1e9)
    deposits: float = number("their deposits", "$bn", 0, 1e9)
    lookback_days: float = number("time over which they look back", "days", 1, 10_000)
    sensitivity: float = number("part of holdings moved in a year for a return of one", "per year", 0, 100)
    daily_share: float = number("most of its holdings that a chaser sells in a day", "share per day", 0, 1)


class Pools(Section):
    """Cash pools: money-market funds and treasurers."""

    count: int = size("number of cash pools", "count", 1)
    bills: float = number("their Treasury bills", "$bn", 0, 1e9)
    deposits: float = number("their deposits, none of them insured", "$bn", 0, 1e9)
    lenders: int = number("cash pools that lend to one dealer", "count", 1, 4)
    bill_days: float = number("time over which spare cash is put into bills", "days", 1, 10_000)


class Output(Section):
    """The economy: what it produces, and what lowers it."""

    gdp: float = number("output of a year", "$bn", 0.001, 1e9)
    ai_investment: float = number("investment in AI, against output", "share", 0, 1)
    investment_response: float = number("fall of that investment when AI equity falls by one", "log points", 0, 10)
    wealth_effect: float = number("spending lost with a dollar of share wealth", "$ per year", 0, 1)
    credit_effect: float = number("output lost with a dollar of bank credit", "$ per year", 0, 10)
    adjustment_days: float = number("time over which output follows", "days", 1, 10_000)
    domestic_share: float = number("part of share wealth that residents own", "share", 0, 1)
    loan_losses: float = number("loans that default in a year when output is one below trend", "per year", 0, 10)
    loss_given_default: float = number("part of a defaulted loan that is lost", "share", 0, 1)


class SparkAction(Section):
    """A further spark on a given day."""

    kind: Literal["spark"] = "spark"
    tick: int = number("day of the action", "days", 0, 1_000_000_000)
    total: float = number("loss of AI equity's worth, good news negative", "log points", -3, 3)
    days: int = number("days over which they are spread", "days", 1, 100_000)


class SwitchAction(Section):
    """A channel is turned on or off on a given day."""

    kind: Literal["switch"] = "switch"
    tick: int = number("day of the action", "days", 0, 1_000_000_000)
    channel: str = choice("channel that is switched", *Channels.model_fields)
    on: bool = switch("its state from this day on")


class BuyNotesAction(Section):
    """An authority buys Treasury notes from a given day on."""

    kind: Literal["buy_notes"] = "buy_notes"
    tick: int = number("day of the action", "days", 0, 1_000_000_000)
    per_day: float = number("notes bought a day", "$bn", 0, 1e6)
    days: int = number("days of buying", "days", 1, 100_000)


Action = Annotated[
    SparkAction | SwitchAction | BuyNotesAction | PolicyAction | ShockAction | LossAction, Field(discriminator="kind")
]
_KINDS: tuple[type[Section], ...] = (
    SparkAction, SwitchAction, BuyNotesAction, PolicyAction, ShockAction, LossAction
)  # fmt: skip
ACTIONS: dict[str, type[Section]] = {kind.model_fields["kind"].default: kind for kind in _KINDS}


class Sections(Section):
    """All sections of a scenario, in the order of the file."""

    run: Run
    spark: Spark
    channels: Channels
    narrative: Narrative
    markets: Markets
    funds: Funds
    margin_accounts: MarginAccounts
    margin: Margin
    redemptions: Redemptions
    risk_limits: RiskLimits
    dealers: Dealers
    banks: Banks
    buyers: Buyers
    chasers: Chasers
    pools: Pools
    crypto: Crypto
    stablecoins: Stablecoins
    private_credit: PrivateCredit
    builders: Builders
    output: Output
    policy: Policy
    actions: tuple[Action, ...] = ()
