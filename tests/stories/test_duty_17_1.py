"""Story 17-1: a misread, with the late fee that came of it."""

from datetime import date

import pytest

from curbstop.office import adjustments, delinquency, ledger, reads
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Cancelled
from curbstop.records.meters.models import Read
from tests.office.scene import at_on, by, key, move_in, point, read
from tests.stories.meter_town import (
    APRIL,
    BILLED,
    FEB,
    LAST_MARCH,
    MARCH,
    approve,
    ask_rebill,
    check,
    last_bill,
    lines,
    open_days,
    pay_all,
    run_bills,
    set_policy,
    use_city,
)

LATE, PAID, ASKED, APPROVED = date(2026, 4, 22), date(2026, 4, 24), date(2026, 4, 27), date(2026, 4, 28)


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


@pytest.fixture
def misread(city, db):
    """A1 at 37,900 on 3 March and paid until then; on the 31st the reader saw 43,580 and wrote 45,830."""
    for policy, value in (("late.day", 1), ("rebill.due", "first_when_lower"), ("rebill.late", "again")):
        set_policy(policy, value)
    open_days(FEB, *BILLED.values(), LATE, PAID, ASKED, APPROVED, date(2026, 3, 20))
    a1 = move_in(1, FEB, register=31_900, tenure="owner")
    read(1, MARCH, 37_900)
    run_bills(BILLED[MARCH])
    pay_all(date(2026, 3, 20), a1)
    wrong = read(1, LAST_MARCH, 45_830, by=by("finn"))
    assert not wrong.waits
    return a1, wrong.read_id, run_bills(BILLED[LAST_MARCH])


def test_the_bill_and_its_late_fee_are_worked_out_again(misread):
    a1, wrong, run = misread
    first = last_bill(a1)
    assert 45_830 - 37_900 == 7_930 and 43_580 - 37_900 == 5_680
    was = {
        "water.base": 950,
        "water.volume": 3981,
        "sewer.volume": 2070,
        "sewer.surcharge": 1775,
        "sanitation.cart": 1150,
    }
    assert lines(first) == was and (first.total_cents, first.due_on) == (9926, date(2026, 4, 21))

    late = delinquency.assess_late(key=key(), by=by("clock"), at=at_on(LATE), run=run, on=LATE)
    assert (late.bills, late.cents) == (1, 199) and ledger.get_balance(a1) == 10125
    pay_all(PAID, a1)
    assert ledger.get_balance(a1) == 0

    # the clerk asks, with the customer's own picture; nothing is posted
    asked = ask_rebill(ASKED, "misread", reads=[{"read_id": wrong, "register": 43_580}])
    assert ledger.get_balance(a1) == 0 and Read.objects.filter(service_point=point(1)).count() == 4
    event = Event.objects.latest("id")
    assert (event.act, event.by_id) == ("adjustments.request", by("cleo").id) and f"account:{a1}" in event.subjects
    with pytest.raises(NotPermitted):
        approve(asked, APPROVED, who="cleo")
    with pytest.raises(NotPermitted):
        approve(asked, APPROVED, who="finn")

    approve(asked, APPROVED)
    check(APPROVED)
    right = last_bill(a1)
    now = {
        "water.base": 950,
        "water.volume": 2851,
        "sewer.volume": 1960,
        "sewer.surcharge": 1775,
        "sanitation.cart": 1150,
    }
    assert lines(right) == now and right.total_cents == 8686 and right.due_on == date(2026, 4, 21)
    assert (right.from_on, right.until_on) == (MARCH, LAST_MARCH)
    figures = {step.says: step.figure for step in adjustments.get_request(asked.request_id, on=APPROVED).working}
    assert (figures["Late charge taken back"], figures["Late charge on the right bill"]) == ("-1.99", "1.74")
    assert ledger.get_balance(a1) == -1265

    both_stay(a1, wrong, first, right, was, asked)
    event = Event.objects.latest("id")
    assert (event.act, event.by_id) == ("adjustments.approve", by("sue").id) and f"account:{a1}" in event.subjects
    with pytest.raises(Refused, match="another replaces it already"):
        ask_rebill(APPROVED, "misread", reads=[{"read_id": wrong, "register": 43_000}])
    assert right.run_id not in [due.run for due in delinquency.list_late_due(on=date(2026, 5, 1))]

    # use is counted from the right read
    assert read(1, APRIL, 49_900).usage_gal == 6_320 == 49_900 - 43_580
    run_bills(BILLED[APRIL])
    check(BILLED[APRIL])
    bill = last_bill(a1)
    assert bill.total_cents == 9118 == 950 + 3173 + 2070 + 1775 + 1150
    assert (bill.due_on, ledger.get_balance(a1)) == (date(2026, 5, 19), 7853)


def both_stay(a1, wrong, first, right, was, asked):
    """Both reads and both bills stay; the letter has them."""
    kept, counts = Read.objects.get(pk=wrong), Read.objects.get(replaces_id=wrong)
    assert (kept.register, counts.register, counts.usage_gal) == (45_830, 43_580, 5_680)
    assert Cancelled.objects.get(bill=first).replaced_by_id == right.pk and lines(first) == was
    letter = adjustments.get_request(asked.request_id, on=APPROVED).facts["letters"][str(a1)]
    assert letter[0] == (
        "We read 45,830 where the meter said 43,580. Your bill and its late fee were worked out again; you"
        " have a credit of $12.65."
    )


def test_what_cannot_be_made_again_says_why(misread):
    a1, wrong, _ = misread
    with pytest.raises(Refused, match="is 45,830 already"):
        ask_rebill(ASKED, "misread", reads=[{"read_id": wrong, "register": 45_830}])
    with pytest.raises(Refused, match="below 37,900 before it"):
        ask_rebill(ASKED, "misread", reads=[{"read_id": wrong, "register": 30_000}])
    later = read(1, APRIL, 49_900)
    with pytest.raises(Refused, match="No bill was made from this"):
        ask_rebill(ASKED, "misread", reads=[{"read_id": later.read_id, "register": 49_950}])
    # the next read of the meter is counted from the right one
    asked = ask_rebill(APPROVED, "misread", reads=[{"read_id": wrong, "register": 43_580}])
    approve(asked, APPROVED)
    assert Read.objects.get(replaces_id=later.read_id).usage_gal == 49_900 - 43_580 == 6_320
    assert reads.get_usage_between(service_point_id=point(1), from_on=MARCH, until_on=APRIL).usage_gal == 12_000
    assert ledger.get_balance(a1) == 8686
    check(APPROVED)
