"""Channel `ordinary_trading`: the trades and the income of every day, which no stress causes.

Without it nobody trades or earns, and prices are the news and nothing else.
"""

from __future__ import annotations

from abm.agents.dealer import N_LINES
from abm.agents.leveraged_fund import CLOSED, fund_assets
from abm.channels import ORDINARY_TRADING
from abm.compiled import rule
from abm.ledger.chart import N_TRADED, NOTES
from abm.ledger.postings import earn, lend_on_margin, pay
from abm.streams import TRADING, WISHES, uniforms

IDENTITIES_PER_AGENT = 64  # so that every agent has a draw of its own for each market


@rule
def trade_as_usual(fund, markets, seed, tick):
    """Swap some assets for others, as happens every day: nothing is borrowed or repaid by it.

    On a trading day the fund closes a part of the distance to its usual mix, tilted at random:
    order_k = size * (usual_k * (1 + tilt_k - mean tilt) - units_k), with tilts from -1 to 1 and their mean
    weighted by value. On average the wish is the usual mix, which drifts with prices as that of a
    portfolio left alone does, so that everyday trades lean on nobody's fall.
    """
    if uniforms(seed, TRADING, fund.id, tick)[0] >= fund.trading_probability:
        return
    usual_value = 0.0
    tilted_value = 0.0
    for k in range(N_TRADED):
        fund.orders[k] = 2.0 * uniforms(seed, WISHES, IDENTITIES_PER_AGENT * fund.id + k, tick)[0] - 1.0
        usual_value += fund.target[k] * markets[k].price
        tilted_value += fund.target[k] * markets[k].price * fund.orders[k]
    if usual_value <= 0.0:
        return
    scale = fund_assets(fund, markets) / usual_value
    mean_tilt = tilted_value / usual_value
    for k in range(N_TRADED):
        wish = scale * fund.target[k] * (1.0 + fund.orders[k] - mean_tilt)
        fund.orders[k] = max(fund.trading_size * (wish - fund.units[k]), -fund.units[k])
        fund.channel[k] = ORDINARY_TRADING


@rule
def everyday_income(funds, dealers, banks, depositors, markets, settings, switches, journal):
    """Charge interest on margin loans, let dealers pay for their funding, hedges and costs, and banks earn.

    A fund's interest is lent to it. A dealer pays interest on bank loans and repo, and its notes are hedged
    with the rest of the system: the day's gain on them is paid away, a loss received. Banks pass interest
    on; what they keep is their retained earnings, which already are the net of all their business.
    """
    if not switches[0].ordinary_trading:
        return
    year = settings[0].run.ticks_per_year
    terms = settings[0].dealers
    funding_rate = settings[0].banks.loan_rate / year
    lending_rate = funding_rate + terms.loan_spread / year
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        funding = dealer.repo
        for line in range(N_LINES):
            funding += dealer.bank_loan[line]
        spent = funding_rate * funding
        earned = lending_rate * dealer.margin_loans - spent
        if earned > 0.0 and not dealer.failed:
            spent += terms.payout_share * earned
        gain = dealer.units[NOTES] * (markets[NOTES].price - markets[NOTES].last_price)
        customers = depositors[banks[dealer.bank].customers]
        pay(journal, banks, dealer, customers, spent + terms.note_hedge * gain)
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status != CLOSED and fund.margin_loan > 0.0:
            lend_on_margin(journal, dealers[fund.dealer], fund, lending_rate * fund.margin_loan)
    for row in range(banks.shape[0]):
        bank = banks[row]
        if not bank.failed:
            earn(journal, bank, depositors[bank.customers], bank.earnings_per_day)
