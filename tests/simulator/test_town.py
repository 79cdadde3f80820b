"""A town as it stands: the same from the same seed, its books proved, nobody at work on a holiday."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.office import closing, ledger, pages, policies, reads, tills
from curbstop.office._once import Refused
from curbstop.office.bills.issued import list_issued
from curbstop.simulator import founding, town
from curbstop.simulator.crew import CLOCK, CREW, PASSWORD
from curbstop.simulator.workdays import is_workday
from tests.databases import EMPTY, TestDatabases
from tests.towns import FEW, MONTHS, SEED, UNTIL, raise_another, small_town

__all__ = ["small_town"]


def rows_of(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def digests() -> dict[str, str]:
    """Of every table of the city, all its rows."""
    tables = rows_of("select tablename from pg_tables where schemaname = current_schema() order by 1")
    found = {}
    for (table,) in tables:
        if table != "django_migrations":
            found[table] = rows_of(
                f"select count(*) || ' ' || md5(string_agg(t::text, ' ' order by t::text)) from {table} t"
            )[0][0]
    return found


@pytest.fixture
def fresh(transactional_db: None, test_databases: TestDatabases) -> Iterator[TestDatabases]:
    """Databases that a test may raise towns in."""
    yield test_databases
    test_databases.use(EMPTY)


# --- one town, looked at ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_proof_of_the_books_holds(small_town):
    proof = closing.get_proof(on=UNTIL)
    assert [(one.no, one.faults) for one in proof.proved if not one.holds] == []
    looked_at = {one.no: one.looked_at for one in proof.proved}
    assert looked_at["8"] > 100 and looked_at["13"] > 60  # bills and receipts there are


@pytest.mark.django_db
def test_what_accounts_owe_is_what_the_books_hold(small_town):
    accounts = [row[0] for row in rows_of("select id from customers_account")]
    owed = sum(ledger.get_balances(accounts).values())
    held = sum(
        line.debit_cents - line.credit_cents
        for line in ledger.get_trial_balance(UNTIL)
        if line.gl[3:] in ("1210", "1220", "1230", "1240", "1260", "2310")
    )
    assert owed == held > 0


@pytest.mark.django_db
def test_nobody_acts_on_a_holiday_and_nothing_is_ahead_of_the_last_morning(small_town):
    acted = rows_of(
        "select e.act, u.username, (e.at at time zone 'America/Chicago') from base_event e"
        " join base_user u on u.id = e.by_id"
    )
    assert len(acted) > 400
    assert [row for row in acted if not is_workday(row[2].date())] == []
    assert max(row[2] for row in acted).date() == UNTIL
    assert max(row[2] for row in acted if row[2].date() == UNTIL).hour < 8


@pytest.mark.django_db
def test_every_act_was_permitted(small_town):
    assert rows_of("select act, says from base_event where denied") == []


@pytest.mark.django_db
def test_work_is_left_for_today(small_town):
    on = UNTIL
    assert ledger.get_open_days()[-1] == on
    assert [drawer for drawer in tills.list_tills() if drawer.session_id is not None] == []
    assert any(line.total_cents for line in ledger.get_ageing(on, on))
    due = [line for line in ledger.get_ageing(on, on) if sum(line.cents[1:])]
    assert due  # somebody is past due


@pytest.mark.django_db
def test_an_account_page_has_a_history(small_town):
    bill = list_issued(from_on=date(2026, 1, 1), until_on=UNTIL)[0]
    page = pages.get_account_page(number=bill.number, on=UNTIL)
    assert page.bills and page.reads and page.events


@pytest.mark.django_db
def test_it_says_what_it_is_made_from(small_town):
    recipe = founding.find_recipe()
    assert recipe is not None
    assert (recipe.city, recipe.seed) == ("moore_ok", SEED)
    assert recipe.began_on == date(2025, 12, 2)
    assert "example town" in policies.load("town.seed").policy("town.seed").says


@pytest.mark.django_db
def test_the_demonstration_sign_ins_work(small_town, client):
    for member in CREW:
        assert client.login(username=member.username, password=PASSWORD)
    assert not client.login(username=CLOCK, password=PASSWORD)


# --- towns raised, lived on, refused ----------------------------------------------------------------------------------


FACTS = {
    "accounts": "select a.number, c.name, a.opened_on from customers_account a"
    " join customers_customer c on c.id = a.customer_id",
    "reads": "select m.serial, r.read_on, r.register, r.kind, r.usage_gal, r.findings from meters_read r"
    " join meters_installation i on i.id = r.installation_id join meters_meter m on m.id = i.meter_id",
    "bills": "select a.number, b.total_cents, b.previous_cents, b.from_on, b.until_on, b.due_on from bills_bill b"
    " join customers_account a on a.id = b.account_id",
    "receipts": "select s.code, r.no, r.cents, r.effective_on, r.payer from payments_receipt r"
    " join payments_series s on s.id = r.series_id",
    "deposits at the bank": "select made_on, cash_cents, check_cents, exists (select from payments_slipconfirmed c"
    " where c.slip_id = s.id) from payments_slip s",
    "books": "select t.posted_on, t.act, p.fund, sum(p.debit_cents), count(*) from ledger_transaction t"
    " join ledger_posting p on p.txn_id = t.id group by 1, 2, 3",
}


def facts() -> dict[str, list[tuple[object, ...]]]:
    return {name: sorted(rows_of(sql), key=repr) for name, sql in FACTS.items()}


@pytest.fixture(scope="module")
def raised(django_db_setup, django_db_blocker, test_databases) -> tuple[object, dict, dict]:
    """A town of twelve accounts and two months: what came of it, all its rows, and what they say."""
    with django_db_blocker.unblock():
        before = test_databases.template
        lived = raise_another(test_databases)
        found = (lived, digests(), facts())
        test_databases.use(before)
    return found


def test_the_same_numbers_give_the_same_rows(raised, fresh):
    first, rows, _ = raised
    assert raise_another(fresh) == first
    assert digests() == rows
    assert int(rows["bills_bill"].split()[0]) > 5


def test_another_seed_gives_another_town(raised, fresh):
    raise_another(fresh, months=1, seed=8)
    assert digests()["customers_premise"] != raised[1]["customers_premise"]


def test_a_town_lived_on_is_the_town_raised_later(raised, fresh):
    lived, _, at_once = raised
    fresh.use(EMPTY)
    town._live(lived.recipe, UNTIL - timedelta(days=26), None)
    assert len(facts()["bills"]) < len(at_once["bills"])
    assert town.live(until=UNTIL).refusals == ()
    assert facts() == at_once


def test_it_goes_on_after_an_interruption(raised, fresh):
    def stop(now):
        if now.done == 45:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        raise_another(fresh, told=stop)
    numbers = {"city": "moore_ok", "accounts": FEW, "seed": SEED, "months": 2, "until": UNTIL}
    assert town.new(**numbers).refusals == ()
    assert facts() == raised[2]


def test_it_does_not_touch_what_is_not_its_own(fresh):
    with pytest.raises(Refused, match="no town here"):
        town.live(until=UNTIL)
    raise_another(fresh, months=1, accounts=5)
    with pytest.raises(Refused, match=r"here already \(5 accounts, seed 7"):
        town.new(city="moore_ok", accounts=6, seed=SEED, months=1, until=UNTIL)
    with pytest.raises(Refused, match="does not go back"):
        town.live(until=UNTIL - timedelta(days=1))
    before = digests()
    rows_of("delete from decisions_policyvalue where policy like 'town.%' returning policy")
    with pytest.raises(Refused, match="is not an example town"):
        town.new(city="moore_ok", accounts=5, seed=SEED, months=1, until=UNTIL)
    assert digests() == before | {"decisions_policyvalue": digests()["decisions_policyvalue"]}


@pytest.mark.parametrize(("numbers", "says"), [({"accounts": 0}, "accounts"), ({"months": 49}, "months")])
def test_numbers_that_cannot_be_are_refused(numbers, says, fresh):
    with pytest.raises(Refused, match=says):
        raise_another(fresh, **numbers)
    assert founding.find_recipe() is None


def test_a_day_before_the_rates_hold_is_refused(fresh):
    with pytest.raises(Refused, match="on file from 2025-07-01"):
        raise_another(fresh, until=date(2025, 8, 1), months=MONTHS)
    assert founding.find_recipe() is None


@pytest.mark.parametrize(
    ("city", "says"), [("norman_ok", "calendar.every_days is not set"), ("atlantis", "no city pack")]
)
def test_a_city_without_its_data_is_refused(city, says, fresh):
    with pytest.raises(Refused, match=says):
        raise_another(fresh, city=city)
    assert founding.find_recipe() is None


@pytest.mark.django_db
def test_the_edit_list_is_worked(small_town):
    waiting = reads.list_undecided()
    assert all(row.read_on >= UNTIL - timedelta(days=14) for row in waiting)
