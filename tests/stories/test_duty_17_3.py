"""Story 17-3: a leak credit by Tulsa's rule, worked out from the account's own bills."""

from datetime import date

import pytest
from django.db import connection

from curbstop.office import adjustments, bills, ledger, payments, policies, staff, tills
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Agreement
from curbstop.records.meters.models import Average
from tests.databases import TestDatabases
from tests.office import scene
from tests.office.requests import file
from tests.office.scene import at_on, by, key, move_in, read

READS = (date(2026, 2, 3), date(2026, 3, 3), date(2026, 3, 31), date(2026, 4, 28))
BILLS = (date(2026, 3, 4), date(2026, 4, 1), date(2026, 4, 29))
ASKED, APPROVED = date(2026, 5, 8), date(2026, 5, 11)


def _rest(letter: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return letter[0], letter[1:]


@pytest.fixture
def town(city, db):
    """A3 with prior two bills of 6,200 and 6,800 gallons, sewer average 5,000, one cart; they are paid."""
    admin = staff.get_actor(username="ada")
    for name, roles in {"dora": ("finance_director",)}.items():
        staff.enrol(key=key(), by=admin, at=at_on(READS[0]), username=name, first_name=name.title(), last_name="Test",
                    roles=roles)  # fmt: skip
    for day in (READS[0], *BILLS, date(2026, 4, 10), ASKED, APPROVED, date(2027, 5, 10), date(2027, 5, 11)):
        ledger.open_day(key=key(), by=by("clock"), at=at_on(day), on=day)
    a3 = move_in(1, READS[0], register=500_000)
    sewer = Agreement.objects.get(account_id=a3, service_point__service="sewer")
    Average.objects.create(agreement=sewer, during=(READS[0], None), gal=5_000, event_id=1)
    register = 500_000
    for on, gal, bill_on in zip(READS[1:], (6_200, 6_800, 31_000), BILLS, strict=True):
        register += gal
        entered = read(1, on, register)
        if entered.waits:
            looked = {"at": at_on(on, 21), "read_id": entered.read_id, "outcome": "accept", "reason": "looked"}
            from curbstop.office import reads

            reads.decide(key=key(), by=by("sue"), **looked)
        if bill_on == BILLS[-1]:
            pay_all(a3)
        run_bills(bill_on)
    return a3


def run_bills(on):
    run = bills.plan(key=key(), by=by("clock"), at=at_on(on), cycle="1", bill_on=on).run
    figures = bills.calculate(key=key(), by=by("clock"), at=at_on(on, 16), run=run).figures
    bills.approve(key=key(), by=by("sue"), at=at_on(on, 17), run=run, bills=figures.bills, cents=figures.cents, on=on)
    bills.post_all(run=run, by=by("clock"), at=at_on(on, 18))


def pay_all(account_id):
    """What was owed, and the deposit that was asked for, at the counter on 10 April."""
    day, cents = date(2026, 4, 10), ledger.get_balance(account_id)
    tills.install(key=key(), by=staff.get_actor(username="ada"), at=at_on(day), code="T1", name="Till 1")
    tills.open(key=key(), by=by("cass"), at=at_on(day), till="T1", on=day, float_cents=0)
    owed = payments.PayFirst(words=("water", "sewer", "sanitation", "fee"))
    payments.take(
        key=key(), by=by("cass"), at=at_on(day), till="T1", on=day, accounts=(payments.Paying(account_id, cents),),
        tenders=(payments.Tender("cash", cents),), first=owed,
    )  # fmt: skip


def ask(account_id, on=ASKED, **more):
    bill = Bill.objects.filter(account_id=account_id).latest("until_on")
    inputs = {"account_id": account_id, "document_id": bill.pk, "hidden": True, "in_writing": True, **more}
    return adjustments.request(
        key=key(), by=by("cleo"), at=at_on(on), kind="leak", inputs=inputs, reason="leak_in_wall", on=on,
        words="Pipe under the slab", evidence=(file("plumber.pdf"),),
    )  # fmt: skip


def approve(request, on=APPROVED, who="sue"):
    return adjustments.approve(
        key=key(), by=by(who), at=at_on(on), request_id=request.request_id, on=on
    )  # fmt: skip


def test_a_leak_credit_by_tulsas_rule(town):
    bill = Bill.objects.filter(account_id=town).latest("until_on")
    lines = {line.kind: line.cents for line in bills.explain(bill.pk).services[0].lines}
    assert (bill.from_on, bill.until_on, bill.due_on) == (date(2026, 3, 31), date(2026, 4, 28), date(2026, 5, 19))
    assert lines["water.base"] == 950 and lines["water.volume"] == 24858
    assert bill.total_cents == 30458 == 950 + 24858 + 1725 + 1775 + 1150

    # 2026-05-08 the clerk enters the written request with the plumber's receipt: pipe under the slab
    assert 6200 + 6800 == 13000 and 13000 // 2 == 6500 and max(5000, 6500) == 6500 and 2 * 6500 == 13000
    asked = ask(town)
    assert 24858 - 3263 == 21595
    assert asked.cents == 10798 and asked.goes_to == "supervisor"
    read = adjustments.get_request(asked.request_id, on=ASKED)
    assert read.row.state == "waiting" and [file.name for file in read.evidence] == ["plumber.pdf"]
    figures = {step.says: step.figure for step in read.working}
    assert figures["Baseline, the higher"] == "6,500 gal" and figures["200 percent of it"] == "13,000 gal"
    assert figures["Water above the baseline"] == "215.95"
    assert adjustments.get_held_cents(town) == 21595, "hold on the part above the baseline"
    assert read.facts["policy"] == (
        "A hidden leak that at least doubles your use may have a part of the water above your usual use taken off, once"
        " in 12 months, when you ask in writing."
    )
    assert ledger.get_balance(town) == 30458
    event = Event.objects.latest("id")
    assert (event.act, event.by_id) == ("adjustments.request", by("cleo").id) and f"account:{town}" in event.subjects

    # 2026-05-11 the supervisor approves
    done = approve(asked)
    check()
    assert (done.cents, done.level) == (10798, "supervisor")
    assert ledger.get_balance(town) == 19660
    (txn,) = done.txn_ids
    assert {leg.kind for leg in ledger.get_legs(txn) if leg.account_id == town} <= {"water.base", "water.volume"}, (
        "sewer gets no credit; it was capped at 5,000"
    )
    assert done.letter[-1] == "The next credit is possible from 2027-05-11." and "6,500" in done.letter[1]
    (letter,) = payments.list_letters()  # it waits to be printed
    assert (letter.kind, letter.says, tuple(letter.facts["paragraphs"])) == ("leak_letter", *_rest(done.letter))
    event = Event.objects.latest("id")
    assert (event.act, event.by_id) == ("adjustments.approve", by("sue").id) and f"account:{town}" in event.subjects
    assert adjustments.get_held_cents(town) == 0

    # one in 12 months
    with pytest.raises(Refused, match="the next is possible from 2027-05-11"):
        ask(town, on=date(2027, 5, 10))
    assert ask(town, on=date(2027, 5, 11)).cents == 10798


@pytest.mark.parametrize(("field", "says"), [("hidden", "could not be seen"), ("in_writing", "a written request")])
def test_the_paper_has_to_meet_the_rule(town, field, says):
    with pytest.raises(Refused, match=says):
        ask(town, **{field: False})


def test_without_the_citys_share_nothing_is_worked_out(town):
    policies.set(
        key=key(), by=by("adam"), at=at_on(ASKED), policy="leak.share", from_on=ASKED, value=None, authority="test",
        says="Tulsa says partial.", not_set="The page gives no share.",
    )  # fmt: skip
    with pytest.raises(Refused, match="leak.share is not set for this city: The page gives no share"):
        ask(town)


def test_an_ordinary_bill_is_no_leak(town):
    first = Bill.objects.filter(account_id=town).earliest("until_on")
    with pytest.raises(Refused, match="0 bills before this one, where the rule averages 2"):
        ask(town, document_id=first.pk)


def check():
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, test_databases: TestDatabases):
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_office", scene.build)
        test_databases.use("template_office")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)
