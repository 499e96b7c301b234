"""The switches of all channels."""

from __future__ import annotations

from abm.scenario.declare import Section, switch


class Channels(Section):
    """What may carry a loss from one owner to the next."""

    ordinary_trading: bool = switch("everyday trades and rebalancing")
    narrative_feedback: bool = switch("falling prices and others' doubts win believers over")
    common_story: bool = switch("disbelief in AI and in crypto are one story, which spreads from either to the other")
    margin_calls: bool = switch("lenders ask for cash when collateral falls")
    margin_procyclicality: bool = switch("margins rise with volatility and with the lender's own strain")
    risk_limits: bool = switch("funds cut their books after losses and when markets move much")
    redemptions: bool = switch("investors leave funds that have lost")
    cross_asset_sales: bool = switch("a call on one asset is met by selling the others")
    depth_spiral: bool = switch("volatility and lost dealer capital thin the market")
    finite_buyers: bool = switch("those who buy a bargain can run out of money")
    performance_chasing: bool = switch("savers put money where it has grown and take it out where it has shrunk")
    crowding_revealed: bool = switch("books that look like one that just failed are asked for more margin")
    fund_default_losses: bool = switch("a failed fund's shortfall falls on its dealer and the dealer's banks")
    dealer_runs: bool = switch("cash pools and customers leave dealers that look weak")
    credit_tightening: bool = switch("banks short of capital lend less")
    crypto_liquidations: bool = switch("crypto held on credit is sold when it falls, and shortfalls fall on lenders")
    stablecoin_runs: bool = switch("holders run from issuers whose reserves or banks they doubt")
    reserve_deposits: bool = switch("issuers pay redemptions out of deposits at named banks, where others see it")
    reserve_treasuries: bool = switch("issuers sell Treasuries in the market to pay redemptions")
    deposit_runs: bool = switch("uninsured depositors leave banks that look weak")
    bank_asset_sales: bool = switch("banks short of capital or cash sell securities")
    interbank: bool = switch("what a failed bank owes to other banks is lost in part")
    real_economy: bool = switch("lost wealth, investment and credit lower output, and debtors default")
    private_credit: bool = switch("builders default as AI equity falls; private-credit funds draw lines and fail")
