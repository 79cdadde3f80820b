"""Refunds: asked, approved and paid by three people; the check's number, cash and stop come back; the law's clock."""

import hashlib
from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.formats.payables import RegisterErrors
from curbstop.office import adjustments, ledger, payments, refunds
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office._own import OwnAccount
from curbstop.office.payments import PayFirst
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account, Customer
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.models import DepositDemand
from curbstop.records.payments.refunds import PayablesFile, RefundCheck
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.closed import closed_account
from tests.office.payment_town import AFTER, bill, check, raise_town, take, ties

pytestmark = pytest.mark.django_db
STATUTE = {"cancel_at_cents": 500, "after_years": 1, "notice_days": 90}


@pytest.fixture(autouse=True)
def town(db):
    raise_town()
    set_policy("approval.limits", [{"role": "supervisor", "up_to_cents": 25_000, "per": "account", "days": 30}])
    set_policy("deposit.unclaimed", STATUTE)
    set_policy("deposit.refund.days", 30)
    for name, *roles in (("csr", "csr"), ("supervisor", "supervisor"), ("finance", "finance"), ("fin2", "finance")):
        person(name, *roles)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body)"
            " values (1, 'town', 'Town', 'America/Chicago', '{}')"
        )


def credited(cents=1427, sequence=1_000_001) -> Account:
    of = account(sequence)
    take(of, cents)  # nothing is owed: it stays as credit
    return of


def ask(of, who="csr", source="credit", reason="asked", on=DAY, **inputs):
    return adjustments.request(
        key=key(), by=person(who), at=at_on(on), kind="refund", reason=reason, on=on,
        inputs={"account_id": of.id, "source": source, **inputs},
    )  # fmt: skip


def approve(request, who="supervisor", on=DAY):
    return adjustments.approve(key=key(), by=person(who), at=at_on(on), request_id=request.request_id, on=on)


def approved(of, on=DAY, **more) -> refunds.RefundRow:
    approve(ask(of, on=on, **more), on=on)
    return refunds.list_refunds(on=on, account_id=of.id)[-1]


def send(*rows, who="finance", on=DAY, **more):
    given = {"key": key(), "by": person(who), "at": at_on(on), "refund_ids": tuple(row.id for row in rows), "on": on}
    return refunds.send(**{**given, **more})


def cut(row, number="4471", on=DAY):
    return refunds.record_check(
        key=key(), by=person("finance"), at=at_on(on), refund_id=row.id, number=number, dated_on=on, on=on
    )


def cashed(row, on=DAY, **more):
    given = {"key": key(), "by": person("finance"), "at": at_on(on), "refund_id": row.id, "cashed_on": on, "on": on}
    return refunds.record_cashed(**{**given, **more})


def stop(row, on=DAY, reason="not delivered"):
    return refunds.stop(
        key=key(), by=person("finance"), at=at_on(on), refund_id=row.id, stopped_on=on, reason=reason, on=on
    )


def state(row, on=DAY):
    return refunds.get_refund(row.id, on=on).state


# --- E42 to E47: request, approve, pay apart --------------------------------------------------------------------------


def test_a_refund_waits_is_approved_sent_cut_and_cashed() -> None:
    of = credited()
    waiting = ask(of)
    assert waiting.cents == 1427 and ledger.get_balance(of.id) == -1427 and not refunds.list_refunds(on=DAY)
    approve(waiting)
    (row,) = refunds.list_refunds(on=DAY)
    assert (row.state, row.cents, row.payee) == ("waiting", 1427, "R. Ortiz")
    sums = ties()
    assert (sums[10, 2310], sums[10, 2100]) == (0, -1427) and ledger.get_balance(of.id) == 0
    file = send(row)
    sums = ties()
    assert (sums[10, 2100], sums[10, 1003], file.rows, file.cents) == (0, -1427, 1, 1427)
    assert state(row) == "sent"
    cut(row)
    assert state(row) == "cut" and refunds.get_refund(row.id, on=DAY).check == "4471"
    cashed(row, on=AFTER)
    sums = ties()
    assert (sums[10, 1003], sums[10, 1001], state(row)) == (0, -1427, "cashed")


def test_the_file_is_stored_and_sent_again_byte_for_byte() -> None:
    rows = [approved(credited(1427)), approved(credited(500, 1_000_002))]
    file = send(*rows)
    body = refunds.get_file(file.file_id)
    assert file.file_id == "town-AP-20260302-1"
    assert hashlib.sha256(body).hexdigest() == file.sha256 == bytes(PayablesFile.objects.get().sha256).hex()
    lines = body.decode().splitlines()
    assert len(lines) == 3 and lines[1].split(",")[1] == rows[0].reference and "14.27" in lines[1]
    assert refunds.get_file(file.file_id) == body
    assert send(approved(credited(700, 1_000_003))).file_id == "town-AP-20260302-2"


def test_the_same_key_sends_once() -> None:
    row = approved(credited())
    form = {"key": key("form")}
    assert send(row, **form) == send(row, **form)
    assert PayablesFile.objects.count() == 1
    with pytest.raises(KeyReused):
        send(approved(credited(500, 1_000_002)), **form)


def test_who_asks_who_approves_and_who_pays_are_three_people() -> None:
    of = credited()
    waiting = ask(of, who="finance")
    with pytest.raises(NotPermitted):
        approve(waiting, who="finance")
    person("both", "supervisor", "finance")
    waiting_too = ask(credited(500, 1_000_002), who="both")
    with pytest.raises(Refused, match="Who asked cannot approve"):
        approve(waiting_too, who="both")
    approve(waiting)
    (row,) = refunds.list_refunds(on=DAY)
    with pytest.raises(Refused, match=f"You asked for refund {row.reference}"):
        send(row, who="finance")
    approve(waiting_too)
    other = refunds.list_refunds(on=DAY)[-1]
    assert send(row, other, who="fin2").rows == 2


def test_nobody_refunds_himself() -> None:
    of = credited()
    Customer.objects.filter(id=of.customer_id).update(staff_user_id=person("csr").id)
    with pytest.raises(OwnAccount):
        ask(of)
    waiting = ask(of, who="supervisor")
    Customer.objects.filter(id=of.customer_id).update(staff_user_id=person("finance").id)
    person("sup2", "supervisor")
    approve(waiting, who="sup2")
    (row,) = refunds.list_refunds(on=DAY)
    with pytest.raises(OwnAccount):
        send(row)
    send(row, who="fin2")
    with pytest.raises(OwnAccount):
        cut(row)
    with pytest.raises(OwnAccount):
        load(HEAD + f"{row.reference},4471,2026-03-02,14.27,issued,\r\n")


def test_what_is_owed_comes_first_and_more_than_the_credit_does_not_go_back() -> None:
    of = credited()
    with pytest.raises(Refused, match=r"credit of account .* is 14.27; 20.00 is not in it"):
        ask(of, cents=2000)
    bill(of)
    with pytest.raises(Refused, match=r"owes 94.59"):
        ask(of)
    with pytest.raises(Refused, match="no credit to refund"):
        ask(account(1_000_009))
    with pytest.raises(Refused, match="deposit or a credit"):
        ask(credited(100, 1_000_008), source="float")


def test_a_figure_that_changed_is_not_approved() -> None:
    of = credited()
    waiting = ask(of)
    take(of, 500)
    with pytest.raises(Refused, match=r"It was asked as 14.27, and comes to 19.27 now"):
        approve(waiting)
    assert not refunds.list_refunds(on=DAY) and ledger.get_balance(of.id) == -1927


def test_a_part_of_a_credit_leaves_the_rest() -> None:
    of = credited()
    assert approved(of, cents=400).cents == 400
    assert ledger.get_balance(of.id) == -1027


def test_a_stopped_check_waits_and_is_sent_again() -> None:
    row = approved(credited())
    first = send(row)
    cut(row)
    stop(row)
    sums = ties()
    assert (sums[10, 1003], sums[10, 2100], state(row)) == (0, -1427, "waiting")
    mirror = Transaction.objects.get(act="refund_stopped")
    assert mirror.reverses.act == "refund_sent"
    with pytest.raises(Refused, match="no check of it can be cashed"):
        cashed(row)
    again = send(row, on=AFTER)
    assert again.file_id != first.file_id
    cut(row, "4472", on=AFTER)
    cashed(row, on=AFTER)
    assert ties()[10, 1003] == 0 and RefundCheck.objects.count() == 2


def test_a_refund_is_sent_once_and_cashed_once() -> None:
    row = approved(credited())
    send(row)
    with pytest.raises(Refused, match="does not wait to be sent"):
        send(row)
    with pytest.raises(Refused, match="no check of it can be cashed"):
        cashed(row)
    cut(row)
    with pytest.raises(Refused, match="waits for no check"):
        cut(row, "4472")
    cashed(row)
    with pytest.raises(Refused, match="no check of it can be cashed"):
        cashed(row)
    with pytest.raises(Refused, match="nothing to stop"):
        stop(row)
    other = approved(credited(500, 1_000_002))
    send(other)
    with pytest.raises(Refused, match=f"check 4471 is refund {row.reference}'s"):
        cut(other)


def test_a_payment_returned_after_its_credit_was_refunded_is_owed_again() -> None:
    """E48: what went back in money cannot be taken from the account any more."""
    of = account(1_000_005)
    receipt = take(of, 1427, payments.Tender("check", 1427, "77"))
    row = approved(of)
    undone = payments.reverse(
        key=key(), by=person("supervisor"), at=at_on(DAY), series=receipt.series, no=receipt.no, why="returned",
        reason="R01 insufficient funds", on=DAY,
    )  # fmt: skip
    assert undone.owed_again_cents == 1427 == ledger.get_balance(of.id)
    (item,) = ledger.get_open_items(of.id)[:1]
    assert item.gl == "51-1260"
    ties()
    send(row)  # the refund is on its way all the same


# --- the register that comes back -------------------------------------------------------------------------------------

HEAD = "Reference,Check,Check date,Amount,Status,Status date\r\n"


def load(text, on=AFTER, **more):
    given = {"key": key(), "by": person("finance"), "at": at_on(on), "name": "register.csv", "text": text, "on": on}
    return refunds.load_register(**{**given, **more})


def test_a_register_numbers_cashes_and_stops_and_the_same_bytes_are_taken_once() -> None:
    one, two, three = (approved(credited(1000 + n, 1_000_001 + n)) for n in range(3))
    send(one, two, three)
    text = HEAD + (
        f"{one.reference},4471,2026-03-02,10.00,issued,\r\n"
        f"{two.reference},4472,03/02/2026,10.01,cleared,03/03/2026\r\n"
        f"{three.reference},4473,2026-03-02,10.02,void,2026-03-03\r\n"
    )
    done = load(text)
    assert (done.numbered, done.cashed, done.stopped, done.known) == (3, 1, 1, 0)
    assert [state(row) for row in (one, two, three)] == ["cut", "cashed", "waiting"]
    sums = ties()
    assert (sums[10, 1003], sums[10, 2100], sums[10, 1001]) == (-1000, -1002, -1001)
    with pytest.raises(Refused, match="taken on 2026-03-03"):
        load(text)
    # the next register tells the old rows again, and one new thing
    later = load(text.replace("issued,", "cashed,2026-03-03").replace("void", "stopped"))
    assert (later.cashed, later.known) == (1, 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("R-999999,4471,2026-03-02,14.27,issued,", "is no refund of ours"),
        ("{ref},4471,2026-03-02,14.28,issued,", "the register says 14.28, the refund is 14.27"),
        ("{ref},4471,2026-03-02,14.27,cashed,2026-12-31", "is after"),
        ("{ref},4471,2026-03-02,14.27,eaten,", "not one of issued"),
        ("{ref},44x1,2026-03-02,14.27,issued,", "check '44x1': not a number"),
        ("{ref},4471,2026-02-30,14.27,issued,", "not a date"),
        ("", "no row of a check"),
    ],
)
def test_a_register_with_a_fault_is_refused_whole(line: str, says: str) -> None:
    good, row = approved(credited(600, 1_000_002)), approved(credited())
    send(good, row)
    before = Transaction.objects.count()
    first = f"{good.reference},4470,2026-03-02,6.00,cashed,2026-03-03\r\n" if line else ""
    with pytest.raises((Refused, RegisterErrors), match=says.replace("(", r"\(")):
        load(HEAD + first + line.format(ref=row.reference) + "\r\n")
    assert (Transaction.objects.count(), state(good), state(row)) == (before, "sent", "sent")


def test_the_bank_is_told_which_checks_it_may_pay() -> None:
    one, two = approved(credited(1000, 1_000_001)), approved(credited(1001, 1_000_002))
    send(one, two)
    cut(one, "4471")
    cut(two, "4472")
    stop(two)
    body = refunds.get_positive_pay(from_on=DAY, until_on=AFTER, bank_account="12345678").decode()
    assert body == "I,12345678,4471,030226,10.00,R. Ortiz\r\nC,12345678,4472,030226,10.01,R. Ortiz\r\n"


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["csr", "cashier", "supervisor", "auditor", "field", "administrator"])
def test_only_finance_pays(who: str) -> None:
    row = approved(credited())
    by = person(f"{who}-2", who)
    with pytest.raises(NotPermitted):
        send(row, who=f"{who}-2")
    with pytest.raises(NotPermitted):
        refunds.stop(key=key(), by=by, at=at_on(DAY), refund_id=row.id, stopped_on=DAY, reason="x", on=DAY)
    assert Event.objects.filter(denied=True, by_id=by.id).count() == 2


# --- 11 O.S. 35-107: E51 to E53 ---------------------------------------------------------------------------------------


def deposit_refund(cents, sequence=1_000_001) -> refunds.RefundRow:
    """A deposit of an account whose service ended five days ago, refunded; its check is cut today."""
    of = closed_account(sequence, DAY - timedelta(5))
    DepositDemand.objects.create(account=of, cents=cents, due_on=DAY, authority="test", event_id=1)
    take(of, cents, first=PayFirst(words=("deposit",)))
    row = approved(of, source="deposit", reason="closed")
    assert (row.source, row.ended_on, row.due_on) == ("deposit", DAY - timedelta(5), DAY + timedelta(25))
    send(row)
    cut(row, str(4000 + sequence % 1000))
    return row


def days(*on) -> None:
    for day in on:
        ledger.open_day(key=key(), by=person("clock"), at=at_on(day), on=day)


def turn(on):
    return refunds.run_clock(by=person("clock", "system", "administrator"), at=at_on(on), on=on)


YEAR = date(2027, 3, 2)


def test_a_small_check_is_cancelled_at_one_year_without_notice() -> None:
    row = deposit_refund(500)
    days(YEAR - timedelta(1), YEAR)
    assert turn(YEAR - timedelta(1)) == refunds.ClockRun((), ())
    assert turn(YEAR).cancelled == (row.id,)
    sums = ties()
    assert (sums[10, 1003], sums[10, 2110], sums[51, 4210]) == (0, 0, -500)
    assert state(row, YEAR) == "unclaimed" and turn(YEAR) == refunds.ClockRun((), ())


def test_a_larger_check_gets_a_notice_and_ninety_days() -> None:
    row = deposit_refund(10_000)
    ends = YEAR + timedelta(90)
    days(YEAR, ends - timedelta(1), ends)
    assert turn(YEAR).noticed == (row.id,)
    sums = ties()
    assert (sums[10, 1003], sums[10, 2110]) == (0, -10_000)
    (letter,) = payments.list_letters()
    assert letter.kind == "unclaimed_notice" and "11 O.S. 35-107" in letter.says and letter.facts["mail_to"]
    found = refunds.get_refund(row.id, on=YEAR)
    assert (found.state, found.noticed_on, found.ends_on) == ("noticed", YEAR, ends)
    assert turn(ends - timedelta(1)) == refunds.ClockRun((), ())
    assert turn(ends).cancelled == (row.id,)
    assert ties()[51, 4210] == -10_000


def test_a_check_cashed_within_the_ninety_days_is_paid() -> None:
    row = deposit_refund(10_000)
    later = YEAR + timedelta(30)
    days(YEAR, later, YEAR + timedelta(91))
    turn(YEAR)
    cashed(row, on=later)
    sums = ties()
    assert (sums[10, 2110], sums[10, 1001], state(row, later)) == (0, -10_000, "cashed")
    assert turn(YEAR + timedelta(91)) == refunds.ClockRun((), ())


def test_a_claimed_refund_is_stopped_and_sent_again() -> None:
    row = deposit_refund(10_000)
    days(YEAR)
    turn(YEAR)
    stop(row, on=YEAR, reason="lost, and claimed")
    sums = ties()
    assert (sums[10, 2110], sums[10, 2100]) == (0, -10_000)
    assert send(row, on=YEAR).rows == 1
    cut(row, "5001", on=YEAR)
    assert turn(YEAR) == refunds.ClockRun((), ())  # the year begins again with the new check


def test_no_clock_runs_on_a_credit_that_is_no_deposit() -> None:
    row = approved(credited())
    send(row)
    cut(row)
    days(YEAR)
    assert turn(YEAR) == refunds.ClockRun((), ())
    with pytest.raises(Refused, match="ask counsel"):
        refunds.notify(key=key(), by=person("finance"), at=at_on(YEAR), refund_id=row.id, on=YEAR)


def test_the_notice_does_not_come_early() -> None:
    row = deposit_refund(10_000)
    with pytest.raises(Refused, match="the clock stands at 2027-03-02"):
        refunds.notify(key=key(), by=person("finance"), at=at_on(DAY), refund_id=row.id, on=DAY)
    check()
