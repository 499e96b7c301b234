"""Channel `ordinary_trading`: the trades and the income of every day, which no stress causes.

Without it nobody trades or earns, and prices are the news and nothing else.
"""

from __future__ import annotations

from abm.agents.leveraged_fund import ACTIVE, CLOSED, N_DEALERS, free_cash, margin_rate, securities_held, sold_short
from abm.channels import ORDINARY_TRADING
from abm.compiled import rule
from abm.ledger.chart import BILLS, BROAD_EQUITY, N_TRADED, NOTES
from abm.ledger.postings import add_to_customer_cash, earn, lend_fund_repo, lend_on_margin, pay
from abm.streams import TRADING, WISHES, uniforms

IDENTITIES_PER_AGENT = 64  # so that every agent has a draw of its own for each market


@rule
def trade_as_usual(fund, markets, seed, tick):
    """Swap some assets for others, as happens every day: nothing is borrowed or repaid by it.

    On a trading day the fund closes a part of the distance to its usual mix, tilted at random:
    order_k = size * (usual_k * (1 + tilt_k - mean tilt) - units_k), with tilts from -1 to 1 and their mean
    weighted by value. On average the wish is the usual mix, which drifts with prices as that of a
    portfolio left alone does, so that everyday trades lean on nobody's fall. Bills are not speculated in.
    """
    if uniforms(seed, TRADING, fund.id, tick)[0] >= fund.trading_probability:
        return
    usual_value = 0.0
    tilted_value = 0.0
    for k in range(N_TRADED):
        if k == BILLS:
            continue
        fund.orders[k] = 2.0 * uniforms(seed, WISHES, IDENTITIES_PER_AGENT * fund.id + k, tick)[0] - 1.0
        usual_value += fund.target[k] * markets[k].price
        tilted_value += fund.target[k] * markets[k].price * fund.orders[k]
    if usual_value <= 0.0:  # who means to hold nothing wishes for nothing
        for k in range(N_TRADED):
            fund.orders[k] = 0.0
        return
    scale = (securities_held(fund, markets) - fund.units[BILLS] * markets[BILLS].price) / usual_value
    mean_tilt = tilted_value / usual_value
    for k in range(N_TRADED):
        if k == BILLS:
            continue
        wish = scale * fund.target[k] * (1.0 + fund.orders[k] - mean_tilt)
        fund.orders[k] = max(fund.trading_size * (wish - fund.units[k]), -fund.units[k])
        fund.channel[k] = ORDINARY_TRADING


@rule
def everyday_income(funds, dealers, banks, depositors, markets, settings, switches, journal):
    """Charge interest on loans, let dealers pay for funding, hedges and costs, let banks earn, and renew repo.

    Treasuries and inert securities earn what their financing costs, so that only debt up to the value of
    equity and crypto bears interest; it is lent to the fund. Free cash, short sales' proceeds among it, earns what
    the dealer's other funding costs. Of what it earns the dealer pays that on, and a part of its spread. Its
    notes are hedged with the rest of the system: the day's gain on them is paid away, a loss received. What
    banks keep is the net of all their business.
    """
    if not switches[0].ordinary_trading:
        return
    year = settings[0].run.ticks_per_year
    terms = settings[0].dealers
    funding_rate = settings[0].banks.loan_rate / year
    spread = terms.loan_spread / year
    for row in range(funds.shape[0]):
        fund = funds[row]
        if fund.status == CLOSED:
            continue
        bears = interest_bearing_part(fund, markets)
        for line in range(N_DEALERS):
            if fund.line_share[line] > 0.0:
                dealer = dealers[fund.dealer[line]]
                loan = bears * (fund.margin_loan[line] + fund.unsecured[line])
                lend_on_margin(journal, dealer, fund, line, (funding_rate + spread) * loan)
                dealer.costs += (funding_rate + (0.0 if dealer.failed else terms.payout_share * spread)) * loan
                on_cash = funding_rate * fund.cash[line]
                add_to_customer_cash(journal, dealer, fund, line, on_cash)
                dealer.costs -= on_cash
        if fund.status == ACTIVE:
            renew_financing(fund, dealers, markets, settings[0].margin, journal)
    for row in range(dealers.shape[0]):
        dealer = dealers[row]
        gain = dealer.units[NOTES] * (markets[NOTES].price - markets[NOTES].last_price)
        customers = depositors[banks[soundest(banks, dealer.bank)].customers]
        pay(journal, banks, dealer, customers, dealer.costs + terms.note_hedge * gain)
        dealer.costs = 0.0
    for row in range(banks.shape[0]):
        bank = banks[row]
        if not bank.failed:
            earn(journal, bank, depositors[bank.customers], bank.earnings_per_day)


@rule
def soundest(banks, row):
    """Return the row of a bank while it has not failed, and else of the sound one with most capital."""
    chosen = row
    most = 0.0
    for other in range(banks.shape[0]):
        if banks[row].failed and not banks[other].failed and banks[other].capital > most:
            most = banks[other].capital
            chosen = other
    return chosen


@rule
def interest_bearing_part(fund, markets):
    """Return the part of loans that finances equity and crypto, between 0 and 1."""
    loans = 0.0
    for line in range(N_DEALERS):
        loans += fund.margin_loan[line] + fund.unsecured[line]
    risky = securities_held(fund, markets)
    risky -= fund.units[NOTES] * markets[NOTES].price + fund.units[BILLS] * markets[BILLS].price
    return min(1.0, risky / loans) if loans > 0.0 else 0.0


@rule
def renew_financing(fund, dealers, markets, margin, journal):
    """Bring a fund's free cash back to usual: by repo on what gained, or repaying it with what is left over.

    Only a part a day is renewed, and only while margin is far: a rally of notes that outruns it leaves the
    variation margin of short futures unpaid. What dealers advanced for it is renewed first.
    """
    usual = fund.usual_cash * max(fund.net_asset_value, 0.0) + sold_short(fund) * markets[BROAD_EQUITY].price
    wanted = (usual - free_cash(fund) + fund.advance) / margin.financing_days
    on_repo = fund.repo[0] + fund.repo[1] + fund.repo[2] + fund.repo[3]
    if wanted > 0.0:
        haircut = margin_rate(fund, NOTES, markets[NOTES], margin)
        collateral = (1.0 - haircut) * fund.units[NOTES] * markets[NOTES].price
        collateral += (1.0 - margin.maintenance_other) * (fund.other_securities - fund.other_owed)
        far = fund.requirement < margin.buffer * fund.net_asset_value
        wanted = min(wanted, max(0.0, collateral - on_repo)) if far else 0.0
    else:
        wanted = -min(-wanted, on_repo)
    if wanted == 0.0:
        return
    renewed = min(fund.advance, max(wanted, 0.0))
    for line in range(N_DEALERS):
        share = fund.line_share[line]
        dealer = dealers[fund.dealer[line]]
        if share == 0.0 or (wanted > 0.0 and dealer.strain > 0.0):
            continue
        repaid = min(share * renewed, fund.margin_loan[line])
        fund.advance = max(0.0, fund.advance - share * renewed)  # a dealer under strain renews nothing of it
        part = max(share * wanted, -min(fund.repo[line], max(fund.cash[line], 0.0)))
        lend_fund_repo(journal, dealer, fund, line, part)
        lend_on_margin(journal, dealer, fund, line, -repaid)
        add_to_customer_cash(journal, dealer, fund, line, part - repaid)
