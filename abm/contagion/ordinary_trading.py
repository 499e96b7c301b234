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
from abm.streams import TRADING, WISHES, uniforms

IDENTITIES_PER_AGENT = 64  # so that every agent has a draw of its own for each market


@rule
def trade_as_usual(fund, markets, seed, tick):
    """Swap some assets for others, as happens every day: nothing is borrowed or repaid by it.

    On a trading day the fund tilts its usual mix at random and closes a part of the distance:
    order_k = size * (wish_k - units_k), where the wishes cost what it holds. The usual mix drifts with
    prices, as that of a portfolio left alone does, so that everyday trades lean on nobody's fall.
    """
    if uniforms(seed, TRADING, fund.id, tick)[0] >= fund.trading_probability:
        return
    wishes = 0.0
    for k in range(N_TRADED):
        tilt = uniforms(seed, WISHES, IDENTITIES_PER_AGENT * fund.id + k, tick)[0]
        fund.orders[k] = fund.target[k] * tilt
        wishes += fund.orders[k] * markets[k].price
    scale = fund_assets(fund, markets) / wishes if wishes > 0.0 else 0.0
    for k in range(N_TRADED):
        fund.orders[k] = fund.trading_size * (scale * fund.orders[k] - fund.units[k])
        fund.channel[k] = ORDINARY_TRADING


@rule
def everyday_income(funds, dealers, banks, depositors, settings, switches, journal):
    """Charge interest on margin loans, pay the banks, pay out dealers' earnings, and let banks retain theirs.

    A fund's interest is lent to it; a dealer's comes out of its deposit. Banks' retained earnings are
    the net income of their other business, paid by their depositors.
    """
    if not switches[0].ordinary_trading:
        return
    year = settings[0].run.ticks_per_year
    bank_rate = settings[0].banks.loan_rate / year
    lending_rate = bank_rate + settings[0].dealers.loan_spread / year
    payout_share = settings[0].dealers.payout_share
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        paid = 0.0
        for line in range(N_LINES):
            interest = bank_rate * dealer.bank_loan[line]
            paid += interest
            pay_interest_to_bank(journal, banks, dealer, line, interest)
        earned = lending_rate * dealer.margin_loans - paid
        if earned > 0.0 and not dealer.failed:
            pay(journal, banks, dealer, depositors[banks[dealer.bank].customers], payout_share * earned)
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != CLOSED and fund.margin_loan > 0.0:
            lend_on_margin(journal, dealers[fund.dealer], fund, lending_rate * fund.margin_loan)
    for row in range(banks.shape[0]):
        bank = banks[row]
        if not bank.failed:
            earn(journal, bank, depositors[bank.customers], bank.earnings_per_day)
