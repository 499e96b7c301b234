"""Channel `ordinary_trading`: the trades and the income of every day, which no stress causes.

Without it nobody trades or earns, and prices are the news and nothing else.
"""

from __future__ import annotations

from abm.agents.dealer import N_LINES
from abm.agents.leveraged_fund import CLOSED, fund_assets
from abm.channels import ORDINARY_TRADING
from abm.compiled import rule
from abm.ledger.chart import N_TRADED
from abm.ledger.postings import earn, lend_on_margin, pay, pay_interest_to_bank
from abm.streams import TRADING, uniforms


@rule
def trade_as_usual(fund, markets, seed, tick):
    """Swap some assets for others, as happens every day: nothing is borrowed or repaid by it.

    On a trading day the fund tilts its usual mix at random and closes a part of the distance:
    order_k = size * (wish_k * assets - value_k), where the wishes sum to one.
    """
    draws = uniforms(seed, TRADING, fund.id, tick)
    if draws[0] >= fund.trading_probability:
        return
    wishes = 0.0
    for k in range(N_TRADED):
        wishes += fund.target[k] * draws[1 + k]
    if wishes <= 0.0:
        return
    total = fund_assets(fund, markets)
    for k in range(N_TRADED):
        wish = fund.target[k] * draws[1 + k] / wishes * total / markets[k].price
        fund.orders[k] = max(fund.trading_size * (wish - fund.units[k]), -fund.units[k])
        fund.channel[k] = ORDINARY_TRADING


@rule
def everyday_income(funds, dealers, banks, depositors, settings, journal):
    """Charge interest on margin loans, pay the banks, pay out dealers' earnings, and let banks retain theirs.

    A fund's interest is lent to it; a dealer's comes out of its deposit. Banks' retained earnings are
    the net income of their other business, paid by their depositors.
    """
    lending_rate = (settings.banks.loan_rate + settings.dealers.loan_spread) / settings.run.ticks_per_year
    bank_rate = settings.banks.loan_rate / settings.run.ticks_per_year
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        paid = 0.0
        for line in range(N_LINES):
            interest = bank_rate * dealer.bank_loan[line]
            paid += interest
            pay_interest_to_bank(journal, banks, dealer, line, interest)
        earned = lending_rate * dealer.margin_loans - paid
        if earned > 0.0 and not dealer.failed:
            pay(journal, banks, dealer, depositors[dealer.bank], settings.dealers.payout_share * earned)
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != CLOSED and fund.margin_loan > 0.0:
            lend_on_margin(journal, dealers[fund.dealer], fund, lending_rate * fund.margin_loan)
    for row in range(banks.shape[0]):
        bank = banks[row]
        if not bank.failed:
            earn(journal, bank, depositors[row], bank.earnings_per_day)
