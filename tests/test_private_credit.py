"""Private-credit funds in closed form: draws, bonds that fall due, who loses first, and nothing without the channel."""

import numpy as np
import pytest
from still import a_day, scratch, still
from test_performance_chasing import world
from worlds import default, of_kind

from abm.agents.bank import bank_assets, bank_capital, weighted_assets
from abm.agents.private_credit_fund import gearing_of, own_money
from abm.channels import PRIVATE_CREDIT
from abm.contagion.credit_tightening import tighten_credit
from abm.contagion.private_credit import find_cash, resolve_credit_funds
from abm.economy import Economy
from abm.ledger.chart import AI_EQUITY, NOTES
from abm.ledger.private_credit import lend_to_firms, write_off_firms_loan
from abm.outcome.events import BANK, CREDIT_FUND, KINDS, NO_EVENT

EXACT = {"rel": 1e-9, "abs": 1e-9}


def one_fund(**overrides: object) -> Economy:
    """One private-credit fund with four banks and bonds, in a world in which nothing moves."""
    one = {"private_credit__count": 1, "private_credit__largest_share": 1, "builders__per_fund": 1}
    return still(**(one | overrides))


def look_for_cash(economy: Economy) -> None:
    e = economy
    find_cash(
        e.credit_funds, e.banks, e.investors, e.debtors, e.depositors, e.credit_market, e.markets, e.story, e.settings,
        e.switches, e.day, e.journal, e.tick, e.events, e.counter,
    )  # fmt: skip


def resolve(economy: Economy) -> None:
    e = economy
    resolve_credit_funds(
        e.credit_funds, e.builders, e.banks, e.investors, e.debtors, e.credit_market, e.markets, e.story, e.settings,
        e.switches, e.day, e.journal, e.tick, e.events, e.counter,
    )  # fmt: skip


def lose(economy: Economy, amount: float) -> None:
    """Let firms default on so much of what they owe to the first fund, before the day begins."""
    fund = economy.credit_funds[0]
    write_off_firms_loan(scratch(economy), fund, economy.debtors[fund.debtor], amount)
    fund.gearing = gearing_of(fund)


def banks_capital(economy: Economy) -> float:
    return sum(bank_capital(bank, economy.markets) for bank in economy.banks)


def test_a_fund_near_its_covenant_draws_and_the_draw_is_new_money() -> None:
    economy = one_fund()
    terms, fund, banks = economy.scenario.private_credit, economy.credit_funds[0], economy.banks
    fund.gearing = terms.warning_gearing + 0.01
    fund.bonds, economy.investors["fund_bonds"] = 0.0, 0.0  # nothing falls due today
    lines, undrawn, cash = fund.credit_line.copy(), fund.undrawn.copy(), fund.deposit
    deposits, lent, capital = banks["deposits"].sum(), banks["credit_lines"].copy(), banks_capital(economy)
    weighted = [weighted_assets(bank, bank_assets(bank, economy.markets), economy.markets, 0.85) for bank in banks]
    opening = economy.balances()
    look_for_cash(economy)
    drawn = terms.draw_speed * terms.draw_limit * undrawn
    assert drawn.sum() == pytest.approx(terms.draw_speed * terms.draw_limit * terms.undrawn)
    assert fund.credit_line == pytest.approx(lines + drawn, **EXACT)
    assert fund.undrawn == pytest.approx(undrawn - drawn, **EXACT)
    assert fund.deposit == pytest.approx(cash + drawn.sum(), **EXACT)
    assert banks["deposits"].sum() == pytest.approx(deposits + drawn.sum(), **EXACT)
    assert banks_capital(economy) == pytest.approx(capital, **EXACT)
    more = np.zeros(len(banks))
    np.add.at(more, fund.lender, drawn)
    assert banks["credit_lines"] - lent == pytest.approx(more, **EXACT)
    for bank, before, amount in zip(banks, weighted, more, strict=True):
        now = weighted_assets(bank, bank_assets(bank, economy.markets), economy.markets, 0.85)
        assert now - before == pytest.approx(0.85 * amount, rel=1e-6, abs=1e-6)
    assert economy.day["lines_called"][0] == pytest.approx(drawn.sum(), **EXACT)
    economy._prove(opening, "run")
    (event,) = of_kind(economy, "lines_drawn")
    assert event["caused_by"] != NO_EVENT


def test_half_of_what_is_promised_is_drawn_in_the_end_and_given_back_in_calm() -> None:
    economy = one_fund(private_credit__closing_fall=0)
    terms, fund = economy.scenario.private_credit, economy.credit_funds[0]
    economy.credit_market["broad_fall"] = 1.0  # nobody sells bonds
    for _ in range(300):
        look_for_cash(economy)
    assert fund.credit_line.sum() - terms.drawn == pytest.approx(terms.draw_limit * terms.undrawn, rel=1e-6)
    assert len(of_kind(economy, "lines_drawn")) == 1
    bonds = fund.bonds
    economy.credit_market["broad_fall"] = -0.1
    drawn = fund.credit_line.sum() - terms.drawn
    look_for_cash(economy)
    spare = fund.opening_line.sum() + drawn - fund.credit_line.sum()
    assert 0.0 < spare <= terms.draw_speed * drawn * (1.0 + 1e-9)
    for _ in range(400):
        look_for_cash(economy)
    paid = 375.0 - bonds  # bonds that fell due are not sold anew
    assert fund.bonds == bonds
    assert fund.credit_line.sum() == pytest.approx(terms.drawn + paid, rel=1e-6)
    assert fund.deposit == pytest.approx(fund.opening_deposit, rel=1e-6)
    debtor = economy.debtors[fund.debtor]
    lend_to_firms(scratch(economy), economy.banks, fund, debtor, economy.depositors, -600.0)
    for _ in range(400):
        look_for_cash(economy)
    assert fund.credit_line == pytest.approx(fund.opening_line, rel=1e-6), "no less than at the opening"
    assert fund.undrawn == pytest.approx(fund.commitment, rel=1e-6)


def test_bonds_that_fall_due_are_paid_from_cash_then_from_firms_then_from_lines() -> None:
    economy = one_fund(private_credit__draw_speed=0, private_credit__bond_years=0.5)
    terms, per_year = economy.scenario.private_credit, economy.scenario.run.ticks_per_year
    fund, owner = economy.credit_funds[0], economy.investors[economy.credit_funds[0].owner]
    economy.credit_market["broad_fall"] = 1.0
    cash = fund.deposit
    due, running_off = fund.bonds / (0.5 * per_year), fund.loans / (terms.loan_years * per_year)
    assert running_off < due < cash
    received, bonds, opening = owner.deposit, fund.bonds, economy.balances()
    look_for_cash(economy)
    assert fund.bonds == pytest.approx(bonds - due, **EXACT)
    assert fund.deposit == pytest.approx(cash - due, **EXACT)
    assert owner.deposit == pytest.approx(received + due, **EXACT)
    assert fund.not_renewed == 0.0
    economy._prove(opening, "run")
    while fund.not_renewed == 0.0:
        look_for_cash(economy)
    lines, loans, due = fund.credit_line.sum(), fund.loans, fund.bonds / (0.5 * per_year)
    assert fund.deposit == pytest.approx(0.0, abs=1e-9)
    not_renewed, opening = fund.not_renewed, economy.balances() - economy.journal.sum(axis=0)
    look_for_cash(economy)
    running_off = loans / (terms.loan_years * per_year)
    assert loans - fund.loans == pytest.approx(running_off, **EXACT)
    assert fund.not_renewed - not_renewed == pytest.approx(running_off, **EXACT)
    assert fund.credit_line.sum() - lines == pytest.approx(due - running_off, **EXACT)
    assert fund.unpaid == pytest.approx(0.0, abs=1e-12)
    economy._prove(opening, "run")


def test_who_cannot_pay_what_falls_due_fails_although_it_has_money_of_its_own() -> None:
    economy = one_fund(
        private_credit__undrawn=0, private_credit__bond_years=0.1, private_credit__cash_share=0,
        private_credit__recovery=1,
    )  # fmt: skip
    economy.credit_market["broad_fall"] = 1.0
    look_for_cash(economy)
    fund = economy.credit_funds[0]
    assert fund.unpaid > 1.0
    own = own_money(fund)
    resolve(economy)
    assert fund.failed == 1
    assert fund.shares == pytest.approx(own, **EXACT)
    assert not of_kind(economy, "bank_loss").size


@pytest.mark.parametrize(
    ("loss", "of_owner", "of_bonds", "of_banks"),
    [(600.0, 600.0, 0.0, 0.0), (800.0, 675.0, 125.0, 0.0), (1150.0, 675.0, 375.0, 100.0)],
)
def test_losses_fall_on_owners_then_bonds_then_lines(
    loss: float, of_owner: float, of_bonds: float, of_banks: float
) -> None:
    economy = one_fund(private_credit__recovery=1)
    fund, owner = economy.credit_funds[0], economy.investors[economy.credit_funds[0].owner]
    lines, bonds, shares = fund.credit_line.copy(), fund.bonds, fund.shares
    held, capital = owner.fund_bonds, banks_capital(economy)
    cash = fund.deposit
    lose(economy, loss)
    opening = economy.balances()
    resolve(economy)
    economy._prove(opening, "resolve")
    assert shares - fund.shares == pytest.approx(of_owner, rel=1e-6)
    assert bonds - fund.bonds == pytest.approx(of_bonds, abs=1e-6)
    assert held - owner.fund_bonds == pytest.approx(of_bonds, abs=1e-6)
    assert (fund.failed == 1) == (loss > 675.0)
    assert capital - banks_capital(economy) == pytest.approx(of_banks, abs=1e-6)
    assert economy.day["lines_lost"][0] == economy.day["loans_lost"][0] == pytest.approx(of_banks, abs=1e-6)
    repaid = cash if fund.failed else 0.0  # out of cash, which is then gone
    assert lines.sum() - fund.credit_line.sum() == pytest.approx(of_banks + repaid, abs=1e-6)
    assert fund.credit_line == pytest.approx(lines * fund.credit_line.sum() / lines.sum(), rel=1e-6)
    if of_banks:
        losses = of_kind(economy, "bank_loss")
        assert losses["amount"].sum() == pytest.approx(of_banks, rel=1e-6)
        (failure,) = of_kind(economy, "credit_fund_failed")
        assert (economy.events["kind"][losses["caused_by"]] == KINDS.index("credit_fund_failed")).all()
        assert (failure["actor_kind"], losses["counterparty_kind"][0]) == (CREDIT_FUND, BANK)


def test_a_failed_funds_loans_are_worth_less_and_its_lines_lapse() -> None:
    economy = one_fund(private_credit__recovery=0.6)
    fund = economy.credit_funds[0]
    lose(economy, 680.0)
    loans, built = fund.loans, fund.data_centre_loans
    resolve(economy)
    assert fund.loans == pytest.approx(0.6 * loans, **EXACT)
    assert fund.data_centre_loans == pytest.approx(0.6 * built, **EXACT)
    assert economy.builders["owed_to_fund"].sum() == pytest.approx(0.6 * built, **EXACT)
    assert not fund.undrawn.any()
    worth = 0.6 * (loans + built)
    assert fund.credit_line.sum() == pytest.approx(min(273.0, worth), rel=1e-6)
    assert fund.credit_line.sum() + fund.bonds == pytest.approx(worth, rel=1e-6)
    owed = fund.credit_line.sum()
    look_for_cash(economy)  # firms repay as their loans fall due, and that repays banks
    off = fund.loans / (6 * 252 - 1)
    assert owed - fund.credit_line.sum() == pytest.approx(off, rel=1e-6)
    lose(economy, 300.0)  # later losses go the same way
    before = banks_capital(economy)
    resolve(economy)
    assert before - banks_capital(economy) > 1.0
    assert own_money(fund) == pytest.approx(0.0, abs=1e-9)
    assert len(of_kind(economy, "credit_fund_failed")) == 1


def test_banks_that_tighten_take_back_promises_and_failed_ones_all() -> None:
    economy = one_fund()
    e, fund, terms = economy, economy.credit_funds[0], economy.scenario.banks
    undrawn, lines = fund.undrawn.copy(), fund.credit_line.copy()
    e.banks["shortage"][fund.lender[0]] = 0.5
    e.banks["failed"][fund.lender[1]] = 1
    tighten_credit(e.banks, e.dealers, e.debtors, e.depositors, e.settings, e.switches, e.day, e.journal)
    look_for_cash(economy)
    pace = 0.5 * terms.tightening / e.scenario.run.ticks_per_year
    assert fund.undrawn == pytest.approx(undrawn * np.array([1.0 - pace, 0.0, 1.0, 1.0]), **EXACT)
    assert fund.credit_line == pytest.approx(lines, **EXACT)


@pytest.mark.slow
def test_without_the_channel_nothing_happens_to_anybody() -> None:
    economy = still(channels__private_credit=False, builders__term_years=0.1)
    tables = ("credit_funds", "builders", "credit_market")
    before = [getattr(economy, name).tobytes() for name in tables]
    a_day(economy, 60, ai_equity=-1.5, broad_equity=-0.8)
    assert [getattr(economy, name).tobytes() for name in tables] == before
    assert not economy.rows["moved"][:, PRIVATE_CREDIT].any()


@pytest.mark.slow
def test_while_prices_stay_on_their_trend_nothing_happens_either() -> None:
    economy = still(builders__term_years=0.1)
    a_day(economy, 120)
    assert economy.rows["data_centre_loans_lost"].max() < 1e-9  # what prices move by without orders of any size
    assert not economy.rows["lines_called"].any()
    assert np.ptp(economy.rows["credit_funds_worth"]) < 1e-9
    assert not of_kind(economy, "refinancing_refused").size


def of_a_bust(**overrides: object) -> np.ndarray:
    """What a year looks like after AI equity has lost three fifths of its price and broad equity a fifth."""
    economy = still(run__ticks=250, **overrides)
    a_day(economy, 250, ai_equity=np.log(0.4), broad_equity=-0.25)
    return economy.rows


GEARED = {
    "private_credit__gearing": 3.5,
    "private_credit__drawn": 900,
    "private_credit__warning_gearing": 5,
    "builders__term_years": 1,
}


@pytest.mark.slow
def test_more_gearing_more_ai_and_less_recovery_cost_banks_more() -> None:
    lost = {
        "today": of_a_bust(),
        "geared": of_a_bust(**GEARED, private_credit__ai_share=0.3),
        "more geared": of_a_bust(**(GEARED | {"private_credit__gearing": 6}), private_credit__ai_share=0.3),
        "more in AI": of_a_bust(**GEARED, private_credit__ai_share=0.5),
        "less recovered": of_a_bust(**GEARED, private_credit__ai_share=0.3, private_credit__recovery=0.5),
    }
    lines = {name: rows["lines_lost"].sum() for name, rows in lost.items()}
    assert lines["today"] == 0.0
    assert lines["geared"] > 0.0
    for worse in ("more geared", "more in AI", "less recovered"):
        assert lines[worse] > lines["geared"], worse
    assert lost["more in AI"]["credit_funds_failed"][-1] >= lost["geared"]["credit_funds_failed"][-1] > 0


@pytest.mark.slow
def test_capital_of_banks_falls_by_what_they_lose_and_books_close() -> None:
    economies = {}
    for on in (True, False):
        economy = still(
            run__ticks=150, channels__private_credit=on, channels__real_economy=False, **GEARED,
            private_credit__ai_share=0.5, channels__credit_tightening=False,
        )  # fmt: skip
        a_day(economy, 150, ai_equity=np.log(0.4), broad_equity=-0.25)
        economies[on] = economy
    lost = economies[True].rows["loans_lost"].sum()
    assert lost > 10.0
    capital = {on: banks_capital(economy) for on, economy in economies.items()}
    notes = {on: e.rows["price"][-1, NOTES] for on, e in economies.items()}
    assert notes[True] == pytest.approx(notes[False], rel=1e-9)
    assert capital[False] - capital[True] == pytest.approx(lost, rel=1e-6)


@pytest.mark.slow
def test_a_loss_on_a_line_leads_back_to_the_fall_of_ai_equity() -> None:
    economy = still(run__ticks=150, **GEARED, private_credit__ai_share=0.5)
    a_day(economy, 150, ai_equity=np.log(0.4), broad_equity=-0.25)
    losses = of_kind(economy, "bank_loss")
    assert losses.size
    chains = set()
    for loss in losses:
        kinds, event = [], loss
        while event["caused_by"] != NO_EVENT:
            event = economy.events[event["caused_by"]]
            kinds.append(KINDS[event["kind"]])
        chains.add(tuple(kinds))
        assert kinds[0] == "credit_fund_failed"
        assert kinds[-2:] == ["price_move", "news"]
    assert any("refinancing_refused" in chain for chain in chains)
    assert any("builder_defaults" in chain for chain in chains)
    moves = of_kind(economy, "price_move")
    assert (moves["instrument"] == AI_EQUITY).any()


@pytest.mark.parametrize("seed", [0, 1, 5])
def test_private_credit_opens_as_stated(seed: int) -> None:
    economy = Economy(default(), seed)
    terms, funds, banks = default().private_credit, economy.credit_funds, economy.banks
    assets = funds["data_centre_loans"] + funds["loans"] + funds["deposit"]
    debt = funds["credit_line"].sum(axis=1) + funds["bonds"]
    geared = debt / (assets - debt)
    assert len(funds) == terms.count == 50
    assert assets.sum() == pytest.approx(terms.assets)
    assert debt.sum() / (assets - debt).sum() == pytest.approx(terms.gearing)
    assert 0.6 < geared.min() < 0.8
    assert 1.35 < geared.max() < 1.6
    assert funds["gearing"] == pytest.approx((debt - funds["deposit"]) / (assets - debt))
    assert funds["gearing"].max() < terms.warning_gearing, "nobody draws on the first day"
    share = np.sort(assets)[::-1] / assets.sum()
    assert share[0] <= terms.largest_share + 1e-12
    assert share[:10].sum() > 0.4
    assert funds["data_centre_loans"].sum() == pytest.approx(terms.ai_share * terms.assets)
    assert np.ptp(funds["data_centre_loans"] / assets) > 0.15
    assert funds["credit_line"].sum() == pytest.approx(banks["credit_lines"].sum()) == pytest.approx(300.0)
    assert funds["undrawn"].sum() == pytest.approx(340.0)
    others = banks["loans"][:, 1].sum()
    to_dealers = banks["dealer_loans"].sum()
    assert to_dealers + banks["credit_lines"].sum() + others == pytest.approx(1_700.0, rel=0.02)
    for fund in funds:
        assert len(set(fund["lender"].tolist())) == terms.lenders
        assert fund["bank"] == fund["lender"][0]


def test_own_exposures_name_whom_a_fund_owes() -> None:
    from abm.opening.institutions import institutions
    from abm.opening.tables import csv_tables

    tables = csv_tables(institutions(world(), 1))
    rows = [line.split(",") for line in tables["exposures"].splitlines() if line.startswith("credit_line,")]
    funds = Economy(world(), 1).credit_funds
    assert len(rows) == np.count_nonzero(funds["credit_line"])
    for _, debtor, creditor, amount in rows:
        place = funds["lender"][int(debtor)].tolist().index(int(creditor))
        assert funds["credit_line"][int(debtor), place] == float(amount)
    assert "private_credit_loans" not in tables["banks"]
