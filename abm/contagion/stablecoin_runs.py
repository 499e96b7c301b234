"""Channel `stablecoin_runs`: holders hand in coins whose reserves, or whose issuer's banks, they doubt.

They look at what reserves would bring today against the coins in circulation (Anadu et al. 2023: runs begin in
earnest below 99 cents), at the issuer's banks, and at other issuers who are run. Most never run: coins are money
to pay with. Without the channel nobody doubts.
"""

from __future__ import annotations

from abm.agents.stablecoin_issuer import N_ISSUERS, N_PLACES, issuer_reserves
from abm.channels import STABLECOIN_RUNS
from abm.compiled import rule
from abm.contagion.deposit_runs import weakness
from abm.ledger.chart import CRYPTO, STABLECOINS
from abm.outcome.causes import cause_of_move
from abm.outcome.events import COIN_RUN, ISSUER, NO_EVENT, log_event


@rule
def expected_coverage(issuer, banks, markets, terms, bank_terms):
    """Return the worth that holders expect of the reserves, for each coin in circulation.

    Deposits at a bank that looks weak count for less by its weakness times what a failed bank is expected to lose;
    at one that has failed, by that loss.
    """
    if issuer.supply <= 0.0:
        return 1.0
    worth = issuer_reserves(issuer, markets)
    for place in range(N_PLACES):
        bank = banks[issuer.bank[place]]
        doubted = 1.0 if bank.failed else weakness(bank, bank_terms)
        worth -= terms.expected_bank_loss * doubted * max(0.0, issuer.deposit[place])
    return worth / issuer.supply


@rule
def bank_doubt(issuer, banks, terms, bank_terms):
    """Return the part of an issuer's reserves that is at weak or failed banks, against what makes all doubt."""
    at_weak = 0.0
    for place in range(N_PLACES):
        bank = banks[issuer.bank[place]]
        at_weak += (1.0 if bank.failed else weakness(bank, bank_terms)) * max(0.0, issuer.deposit[place])
    if issuer.supply <= 0.0 or at_weak <= 0.0:
        return 0.0
    return min(1.0, at_weak / issuer.supply / terms.bank_reach)


@rule
def doubt_issuers(issuers, banks, markets, stories, settings, switches, tick, events, counter):
    """Let holders form their view of every issuer after the day's events; those who run act on it tomorrow.

    own doubt = max((1 - coverage) / coverage reach, part at weak banks / bank reach), between 0 and 1
    doubt     = own doubt, or peer contagion times the largest of all others' own doubts if that is more
    """
    terms = settings[0].stablecoins
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        issuer.coverage = expected_coverage(issuer, banks, markets, terms, settings[0].banks)
        issuer.own_doubt = 0.0
        if switches[0].stablecoin_runs:
            lacking = (1.0 - issuer.coverage) / terms.coverage_reach
            own = max(lacking, bank_doubt(issuer, banks, terms, settings[0].banks))
            issuer.own_doubt = min(1.0, max(0.0, own))
    for i in range(issuers.shape[0]):
        issuer = issuers[i]
        before = issuer.doubt
        issuer.doubt = issuer.own_doubt
        for other in range(issuers.shape[0]):
            if other != i:
                issuer.doubt = max(issuer.doubt, terms.peer_contagion * issuers[other].own_doubt)
        if issuer.doubt > 0.0 and before == 0.0:
            issuer.run_event = log_event(
                events,
                counter,
                COIN_RUN,
                tick,
                ISSUER,
                issuer.id,
                ISSUER,
                issuer.id,
                STABLECOIN_RUNS,
                STABLECOINS,
                issuer.supply,
                cause_of_doubt(issuer, banks, markets, stories, tick, events, counter),
            )
        elif issuer.doubt == 0.0:
            issuer.run_event = NO_EVENT


@rule
def cause_of_doubt(issuer, banks, markets, stories, tick, events, counter):
    """Return what stands behind a run: the trouble of a bank that holds its deposits, or crypto's fall."""
    for place in range(N_PLACES):
        bank = banks[issuer.bank[place]]
        if issuer.deposit[place] > 0.0 and bank.loss_event != NO_EVENT and (bank.failed or bank.outflow > 0.0):
            return bank.loss_event
    return cause_of_move(CRYPTO, markets, stories[0], tick, events, counter)


@rule
def run_from(issuer, holder, terms):
    """Return how many of a crypto holder's coins a run makes it hand in today: by the law of `depositors_run`."""
    kept = (1.0 - terms.run_prone) * holder.usual_coins + holder.redeeming
    return terms.run_speed * issuer.doubt * max(0.0, holder.coins - kept)


@rule
def depositors_run(depositors, issuers, settings):
    """State what those who use coins to pay with hand in: run speed * doubt of what has not run yet.

    may run = coins - (1 - run prone) * opening coins: the rest stays whatever happens
    """
    terms = settings[0].stablecoins
    for row in range(depositors.shape[0]):
        depositor = depositors[row]
        for place in range(N_ISSUERS):
            doubt = issuers[depositor.issuer[place]].doubt
            if doubt > 0.0:
                kept = (1.0 - terms.run_prone) * depositor.opening_coins[place] + depositor.redeeming[place]
                depositor.cashed_out[place] = terms.run_speed * doubt * max(0.0, depositor.coins[place] - kept)
