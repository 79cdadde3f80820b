"""Stories 06-3 and 09-1: notice, call, hanger, the frozen list, and six minutes; a batch of notices kept as sent.

Events are spelled ``delinquency.go_through`` where the clock notifies and posts, ``delinquency.sign`` for the signature
and ``delinquency.check_at_meter`` (``orders.close``) here. The money on line comes in at a till.
"""

from datetime import date

import pytest

from curbstop.office import delinquency, ledger, letters, orders
from curbstop.office._once import Refused
from curbstop.records.bills.models import Bill
from curbstop.records.cases.letters import Letter
from curbstop.records.cases.models import Contact
from curbstop.records.delinquency.ladder import CutRow, Outcome, Step
from curbstop.records.orders.models import End, Order, Plan
from tests.office.conftest import city as city
from tests.office.scene import by, key, move_in, premise
from tests.office.unpaid import bill
from tests.stories.test_duty_06_4 import at, complete, last, set_value, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
BEGUN, BILLED, DUE = date(2026, 2, 2), date(2026, 4, 1), date(2026, 4, 21)
LATE, CALLED, HUNG, SIGNED, CUT = (
    date(2026, 4, 22), date(2026, 4, 28), date(2026, 4, 29), date(2026, 4, 30), date(2026, 5, 1)
)  # fmt: skip


def night(on: date) -> delinquency.NightDone:
    return delinquency.run_night(by=by("clock"), at=at(on, 5), on=on)


def open_days(*days: date) -> None:
    for day in days:
        ledger.open_day(key=key(), by=by("ada"), at=at(day, 4), on=day)


def test_hanger_list_and_six_minutes() -> None:
    a1, b1 = told_twice()
    signed_and_paid(a1, b1)


def told_twice() -> tuple[int, int]:
    set_value("delinquency.cutoff.weekdays", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"])
    a1 = move_in(1, BEGUN, register=1000)
    b1 = bill(a1, 9459, bill_on=BILLED, due_on=DUE)
    open_days(LATE, CUT)

    # 2026-04-22 late fees, and the notice
    assert night(DUE).counts == {}  # due today is not past due
    run = Bill.objects.get(pk=b1).run_id
    charged = delinquency.assess_late(key=key(), by=by("clock"), at=at(LATE, 4), run=run, on=LATE)
    assert charged.cents == 189 == round(0.02 * 9459)
    assert night(LATE).counts == {"notify": 1}
    step = Step.objects.get(rung="notice")
    assert (step.on, step.cents, step.cutoff_on) == (LATE, 9648, CUT)
    assert ((CUT - LATE).days, (CUT - BILLED).days) == (9, 30)
    notice = letters.get_letter(Letter.objects.get(code="cutoff_notice").pk)
    says = (
        "Pay $96.48 before Friday, May 1, 2026, or tell us why you think the bill is wrong: a supervisor can correct it"
        " before any cut-off."
    )
    assert notice.words["en"].paragraphs[0].startswith(says)
    told = " ".join(notice.words["en"].paragraphs + notice.words["es"].paragraphs)
    assert "power to correct your bill" in told and "Community agencies" in told and "PAGUE" in told.upper()
    night_again = delinquency.run_night(by=by("clock"), at=at(LATE, 5), on=LATE)
    assert night_again.counts == {"notify": 1} and Step.objects.count() == 1  # begun again: nothing twice

    # 2026-04-28 a clerk calls and leaves word
    delinquency.call(
        key=key(), by=by("cleo"), at=at(CALLED, 10), account_id=a1, on=CALLED, who="answering machine",
        said="left word of the cut-off of May 1",
    )  # fmt: skip
    assert Contact.objects.filter(account_id=a1, channel="telephone").exists()
    assert last("delinquency.call").by_id == by("cleo").id

    # 2026-04-29 the next bill, and the door hangers
    bill(a1, 9057, bill_on=HUNG, due_on=date(2026, 5, 19))
    assert ledger.get_balance(a1) == 18_705
    assert night(HUNG).counts == {"hang": 1}
    post = Order.objects.get(type="post")
    assert post.about == "Door hanger: pay 96.48 before 2026-05-01 08:00"
    assert Plan.objects.get(order=post).on == HUNG and post.premise_id == premise(1)
    assert "Pay $96.48" in Letter.objects.get(code="cutoff_hanger").words
    complete(post.pk, at(HUNG, 11), where="front door")
    return a1, b1


def signed_and_paid(a1: int, b1: int) -> None:
    # 2026-04-30 16:30 the supervisor signs the frozen list
    assert night(SIGNED).counts == {"ready": 1}
    frozen = delinquency.freeze(key=key(), by=by("clock"), at=at(SIGNED, 6), cutoff_on=CUT, on=SIGNED)
    (row,) = CutRow.objects.filter(list_id=frozen.list_id)
    assert (row.account_id, row.cents, row.listed) == (a1, 9648, True)
    signed = delinquency.sign(key=key(), by=by("sue"), at=at(SIGNED, 16, 30), list_id=frozen.list_id, on=SIGNED)
    (order,) = signed.order_ids
    assert Plan.objects.get(order_id=order).on == CUT
    assert delinquency.find_unlawful(SIGNED) == (1, [])

    # 2026-05-01 09:56 A1 pays the overdue amount; 10:02 the crew opens the order at the meter box
    take(a1, 9648, CUT, 9, 56)
    assert ledger.get_balance(a1) == 9057
    with pytest.raises(Refused, match=r"Paid 6 minutes ago: do not shut off\."):
        complete(order, at(CUT, 10, 2), serial="40000001", locked="yes")
    assert delinquency.find_unlawful(CUT)[1] == [
        f"order {order} to shut off account {Bill.objects.get(pk=b1).account.number}: nothing is past due"
    ]
    live = delinquency.check_at_meter(key=key(), by=by("finn"), at=at(CUT, 10, 2), order_id=order)
    assert (live.stands, live.says) == (False, "Paid 6 minutes ago: do not shut off.")
    end = End.objects.get(order_id=order)
    assert (end.outcome, end.words) == ("cancelled", "not needed, paid 09:56")
    assert not orders.get_valves([1, 2, 3]) and ledger.get_balance(a1) == 9057  # water never off, no fee
    assert not Order.objects.filter(type="restore").exists()
    event = last("delinquency.check_at_meter")
    assert event.by_id == by("finn").id and f"premise:{premise(1)}" in event.subjects
    assert delinquency.find_missing(date(2026, 5, 4)) == (0, [])


def test_a_batch_of_notices_is_lawful_and_kept_as_sent() -> None:
    monday = date(2026, 5, 4)
    a1, a2, a3 = (move_in(number, BEGUN, name=f"A{number}") for number in (4, 5, 6))
    for account, cents in ((a1, 9648), (a2, 14_103), (a3, 999)):
        bill(account, cents, bill_on=BILLED, due_on=DUE)
    preview = delinquency.get_preview(on=LATE)
    assert {row.account_id: row.owed_cents for row in preview.rows["notify"]} == {a1: 9648, a2: 14_103}
    assert [row.owed_cents for row in preview.rows["under_minimum"]] == [999]
    assert preview.cents["notify"] == 23_751 and not Step.objects.exists() and not Letter.objects.exists()

    given = {"by": by("cleo"), "at": at(LATE, 9), "account_ids": (a1, a2, a3), "on": LATE, "cutoff_on": monday}
    with pytest.raises(Refused, match="2026-04-30 is the first day it may name"):
        delinquency.notify(key=key(), **{**given, "cutoff_on": date(2026, 4, 29)})
    same = key()
    told = delinquency.notify(key=same, **given)
    assert (told.account_ids, told.cents) == ((a1, a2), 23_751) and "9.99 (under 10.00)" in told.left_out[0]
    assert delinquency.notify(key=same, **given) == told and Step.objects.count() == 2
    words = {letter.account_id: letter.words for letter in Letter.objects.filter(code="cutoff_notice")}
    assert set(words) == {a1, a2} and "$141.03 before Monday, May 4, 2026" in words[a2]
    assert Step.objects.filter(on=LATE, cutoff_on=monday).count() == 2
    event = last("delinquency.notify")
    assert event.by_id == by("cleo").id and {f"account:{a1}", f"account:{a2}"} <= set(event.subjects)

    # 2026-04-23 the same batch again
    with pytest.raises(Refused, match="were sent on 2026-04-22; a copy may be printed"):
        delinquency.notify(key=key(), **{**given, "at": at(date(2026, 4, 23), 9), "on": date(2026, 4, 23)})
    assert last("delinquency.notify").denied
    assert not Outcome.objects.exists()
