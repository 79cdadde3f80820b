"""What the stories of reads and meters share: Moore's rates, two houses that have lived a month, the cycle's days."""

from datetime import date

from django.db import connection

from curbstop.office import adjustments, bills, closing, ledger, payments, policies, staff, tills
from curbstop.records.bills.models import Bill
from tests.office import scene
from tests.office.requests import file
from tests.office.scene import at_on, by, key

FEB, MARCH, LAST_MARCH, APRIL = date(2026, 2, 3), date(2026, 3, 3), date(2026, 3, 31), date(2026, 4, 28)
BILLED = {MARCH: date(2026, 3, 4), LAST_MARCH: date(2026, 4, 1), APRIL: date(2026, 4, 29)}
BOOKS_HOLD = {"1", "2", "3", "4", "5", "7", "8", "9", "9b", "11", "12", "12b", "19", "20", "36"}


def use_city(test_databases, django_db_blocker):
    """The office's city, for a module's tests."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_office", scene.build)
        test_databases.use("template_office")
    return before


def open_days(*days: date) -> None:
    for day in days:
        ledger.open_day(key=key(), by=by("clock"), at=at_on(day), on=day)


def set_policy(policy: str, value: object, *, on: date = date(2026, 1, 1)) -> None:
    policies.set(
        key=key(), by=by("adam"), at=at_on(on), policy=policy, from_on=on, value=value, authority="set for this story",
        says="Set for this story.",
    )  # fmt: skip


def run_bills(on: date) -> int:
    """A run from plan to paper; what is held has the clerk as its owner."""
    run = bills.plan(key=key(), by=by("clock"), at=at_on(on), cycle="1", bill_on=on).run
    figures = bills.calculate(key=key(), by=by("clock"), at=at_on(on, 16), run=run).figures
    bills.approve(key=key(), by=by("sue"), at=at_on(on, 17), run=run, bills=figures.bills, cents=figures.cents, on=on)
    bills.post_all(run=run, by=by("clock"), at=at_on(on, 18))
    return run


def pay_all(on: date, *account_ids: int, how: str = "check") -> None:
    """Each account pays what it owes, and nothing towards a deposit."""
    till = f"T{on:%m%d}"
    tills.install(key=key(), by=staff.get_actor(username="ada"), at=at_on(on), code=till, name=till)
    tills.open(key=key(), by=by("cass"), at=at_on(on), till=till, on=on, float_cents=0)
    for account in account_ids:
        cents = ledger.get_balance(account)
        payments.take(
            key=key(), by=by("cass"), at=at_on(on), till=till, on=on, accounts=(payments.Paying(account, cents),),
            tenders=(payments.Tender(how, cents, "101"),),
            first=payments.PayFirst(words=("water", "sewer", "sanitation", "fee")),
        )  # fmt: skip


def ask_rebill(on: date, reason: str, **inputs):
    return adjustments.request(
        key=key(), by=by("cleo"), at=at_on(on), kind="rebill", inputs=inputs, reason=reason, on=on,
        evidence=(file("picture.pdf"),),
    )  # fmt: skip


def approve(request, on: date, who: str = "sue"):
    return adjustments.approve(key=key(), by=by(who), at=at_on(on, 16), request_id=request.request_id, on=on)


def last_bill(account_id: int) -> Bill:
    return Bill.objects.filter(account_id=account_id).latest("id")


def lines(bill: Bill) -> dict[str, int]:
    """What a bill says, line by line, as it is explained."""
    told = bills.explain(bill.pk)
    found = {line.kind: line.cents for service in told.services for line in service.lines if line.cents}
    return found | {charge.kind: charge.cents for charge in told.charges}


def check(on: date) -> None:
    """Every deferred constraint, and the invariants of the books that bills and reads meet."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
    proof = closing.get_proof(on=on, only=BOOKS_HOLD)
    assert [(one.no, one.faults) for one in proof.proved if not one.holds] == []


def pay_some(on: date, account_id: int, cents: int) -> None:
    """One account pays a part in cash, and nothing towards a deposit."""
    till = f"C{on:%m%d}"
    tills.install(key=key(), by=staff.get_actor(username="ada"), at=at_on(on), code=till, name=till)
    tills.open(key=key(), by=by("cass"), at=at_on(on), till=till, on=on, float_cents=0)
    payments.take(
        key=key(), by=by("cass"), at=at_on(on), till=till, on=on, accounts=(payments.Paying(account_id, cents),),
        tenders=(payments.Tender("cash", cents, ""),),
        first=payments.PayFirst(words=("water", "sewer", "sanitation", "fee")),
    )  # fmt: skip
