"""Arrangements, holds by hand and on a street, and petitions: what they leave alone, and how each ends."""

from datetime import date

import pytest

from curbstop.office import _holds, adjustments, delinquency, ledger, payments, tills
from curbstop.office._once import Refused
from curbstop.office.closing import get_proof
from curbstop.office.payments import PayFirst, Paying, Tender
from curbstop.records.bills.models import Cancelled
from curbstop.records.cases.letters import Letter
from curbstop.records.customers.models import Account
from curbstop.records.delinquency.holds import Hold, HoldComesBack
from curbstop.records.delinquency.promises import Arrangement, ArrangementStep, Instalment, PetitionStep
from curbstop.records.payments.models import DepositDemand
from curbstop.rules.policies import NotSet
from tests.books import approval
from tests.office.conftest import city as city
from tests.office.scene import by, key, move_in
from tests.office.unpaid import bill, noticed
from tests.stories.test_duty_06_4 import at, set_value, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
BEGUN, BILLED, DUE = date(2026, 2, 2), date(2026, 4, 1), date(2026, 4, 21)
ASKED, FIRST = date(2026, 4, 24), date(2026, 5, 1)


def open_days(*days):
    for day in days:
        ledger.open_day(key=key(), by=by("ada"), at=at(day, 4), on=day)


def terms(**more):
    for id, value in {
        "arrangement.rule": "A debt may be paid in parts by whoever has kept the last one.",
        "arrangement.no_broken_months": 12,
        "arrangement.most_instalments": 6,
        "arrangement.down_percent": "25",
        "arrangement.current_bills": True,
        "arrangement.grace_days": 2,
        "arrangement.remind_days": 5,
        **more,
    }.items():
        set_value(id, value)


def agree(account, **more):
    given = {
        "key": key(), "by": by("cleo"), "at": at(ASKED, 10), "account_id": account, "count": 3, "first_on": FIRST,
        "every": "two_weeks", "asks": "holder", "channel": "counter", "on": ASKED,
    }  # fmt: skip
    return delinquency.agree_arrangement(**{**given, **more})


def settle(on):
    return delinquency.settle_promises(key=key(), by=by("clock"), at=at(on, 23), on=on)


def test_a_debt_in_parts_is_kept_while_they_are_paid_and_breaks_by_itself():
    a1 = move_in(1, BEGUN)
    b1 = bill(a1, 20_005, bill_on=BILLED, due_on=DUE)
    with pytest.raises(Refused, match="not set"):
        agree(a1)
    terms()
    with pytest.raises(Refused, match="a down payment of 10.00, and the city asks for 50.01. Also: 7 instalments"):
        agree(a1, down=1000, count=7)
    with pytest.raises(Refused, match="shown as 1.00 and is 200.05 now"):
        agree(a1, cents=100)
    same = key()
    done = agree(a1, key=same)
    assert agree(a1, key=same) == done and Arrangement.objects.count() == 1
    assert [(p.no, p.due_on.day, p.cents) for p in done.parts] == [
        (0, 24, 5001),
        (1, 1, 5002),
        (2, 15, 5001),
        (3, 29, 5001),
    ]
    assert sum(Instalment.objects.values_list("cents", flat=True)) == 20_005
    hold = Hold.objects.get()
    assert (hold.reason, hold.documents, hold.cents, hold.until_on) == ("arrangement", [b1], 20_005, date(2026, 6, 1))
    assert "50.02 on" in Letter.objects.get(code="arrangement_letter").words

    open_days(ASKED, FIRST)
    take(a1, 5001, ASKED, 11)
    assert (settle(ASKED).broken, settle(date(2026, 4, 27)).reminded) == (0, 1)  # four days before the first part
    assert settle(date(2026, 4, 28)).reminded == 0  # once
    assert settle(date(2026, 5, 3)).broken == 0  # two days of grace
    assert settle(date(2026, 5, 4)).broken == 1
    step = ArrangementStep.objects.get(step="broken")
    assert step.says == "50.02 behind" and not _holds.list_at([a1], date(2026, 5, 4))
    (row,) = delinquency.list_arrangements(on=date(2026, 5, 4), account_id=a1)
    assert (row.state, row.stands.left_cents) == ("broken", 15_004)
    with pytest.raises(Refused, match="broken arrangement on 2026-05-04, inside the last 12 months"):
        agree(a1, on=date(2026, 5, 5), first_on=date(2026, 5, 8), at=at(date(2026, 5, 5), 9))


def test_new_bills_must_be_paid_too_where_the_city_says_so():
    a1 = move_in(1, BEGUN)
    bill(a1, 9000, bill_on=BILLED, due_on=DUE)
    terms(**{"arrangement.down_percent": "50"})
    agree(a1, count=1, first_on=date(2026, 6, 30))
    open_days(ASKED)
    take(a1, 4500, ASKED, 11)
    bill(a1, 8617, bill_on=date(2026, 4, 29), due_on=date(2026, 5, 19))
    assert settle(date(2026, 5, 21)).broken == 0
    assert settle(date(2026, 5, 22)).broken == 1
    assert ArrangementStep.objects.get(step="broken").says == "86.17 behind"


def test_holds_by_hand_go_on_by_a_row_and_come_back_before_they_end():
    a1 = move_in(1, BEGUN)
    given = {"by": by("cleo"), "at": at(ASKED, 9), "account_id": a1, "authority": "Dr. Wray's certificate"}
    placed = delinquency.place_hold(
        key=key(), reason="medical", from_on=ASKED, until_on=date(2026, 5, 24), **given
    )  # fmt: skip
    with pytest.raises(Refused, match="placed and ended by its own act"):
        delinquency.place_hold(key=key(), reason="bankruptcy", from_on=ASKED, until_on=None, **given)
    set_value("hold.longest_days", [{"reason": "medical", "days": 60}])
    with pytest.raises(Refused, match="at most 60 days"):
        delinquency.place_hold(key=key(), reason="medical", from_on=ASKED, until_on=None, **given)

    def back(on):
        return delinquency.give_back_holds(key=key(), by=by("clock"), at=at(on, 5), on=on)

    assert back(date(2026, 5, 20)) == 0 and back(date(2026, 5, 21)) == 1 and back(date(2026, 5, 22)) == 0
    assert delinquency.count_back(owner_id=by("cleo").id, on=date(2026, 5, 22)) == 1
    on = date(2026, 5, 22)
    longer = delinquency.lengthen_hold(
        key=key(), by=by("cleo"), at=at(on, 9), hold_id=placed.hold_ids[0], on=on, until_on=date(2026, 6, 20),
        says="The doctor renewed it.", owner_id=by("sue").id,
    )  # fmt: skip
    (there,) = _holds.list_at([a1], date(2026, 6, 1))[a1]
    assert (there.hold_id, there.owner_id) == (longer.hold_ids[0], by("sue").id)
    assert Hold.objects.get(pk=there.hold_id).follows_id == placed.hold_ids[0]
    assert len(delinquency.list_holds(on=on)) == 1 and len(delinquency.list_holds(on=on, account_id=a1)) == 2
    delinquency.release_hold(
        key=key(), by=by("sue"), at=at(on, 10), hold_id=there.hold_id, on=on, says="Entered by mistake."
    )
    assert not _holds.list_at([a1], on) and HoldComesBack.objects.count() == 1


def test_a_street_at_once_and_taken_back_together():
    found = [move_in(number, BEGUN, name=f"A{number}") for number in (1, 2, 3)]
    given = {"by": by("sue"), "at": at(ASKED, 9), "street": "sage wren", "route": "", "reason": "disaster",
             "authority": "Proclamation of 24 April", "from_on": ASKED, "until_on": date(2026, 5, 24)}  # fmt: skip
    assert not delinquency.list_area(street="", route="", on=ASKED)
    with pytest.raises(Refused, match="2 accounts were shown and there are 3 now"):
        delinquency.place_holds_at(key=key(), accounts=2, **given)
    with pytest.raises(Refused, match="needs the role"):
        delinquency.place_holds_at(key=key(), accounts=3, **{**given, "by": by("cleo")})
    placed = delinquency.place_holds_at(key=key(), accounts=3, **given)
    assert list(placed.account_ids) == sorted(found) and len(_holds.list_at(found, ASKED)) == 3
    row = delinquency.list_holds(on=ASKED)[0]
    assert row.together == 3
    taken = delinquency.release_holds_of(
        key=key(), by=by("sue"), at=at(ASKED, 10), placed_by=row.event_id, on=ASKED, says="The wrong street."
    )
    assert len(taken.hold_ids) == 3 and not _holds.list_at(found, ASKED)


def set_off(a1, done, on):
    """The deposit is set off by approval, and nobody else touches the old side."""
    DepositDemand.objects.create(account_id=a1, cents=5000, due_on=on, authority="test", event_id=1)
    tills.install(key=key(), by=by("ada"), at=at(on, 8), code="T1", name="Till 1")
    tills.open(key=key(), by=by("cass"), at=at(on, 8), till="T1", on=on, float_cents=0)
    payments.take(
        key=key(), by=by("cass"), at=at(on, 10), till="T1", on=on, accounts=(Paying(a1, 5000),),
        tenders=(Tender("cash", 5000),), first=PayFirst(words=("deposit",)),
    )  # fmt: skip
    inputs = {"petition_id": done.petition_id}
    asked = adjustments.request(
        key=key(),
        by=by("cleo"),
        at=at(on, 11),
        kind="set_off",
        inputs=inputs,
        reason="before_petition",
        on=on,
    )
    adjustments.approve(key=key(), by=by("sue"), at=at(on, 12), request_id=asked.request_id, on=on)
    assert ledger.get_balance(done.old_account_id) == 4285
    assert PetitionStep.objects.get(step="set_off").cents == 5000
    assert get_proof(on=on, only={"4", "7", "19", "28", "39"}).holds


def test_a_petition_splits_the_account_at_its_day():
    a1 = move_in(1, BEGUN)
    bill(a1, 9285, bill_on=BILLED, due_on=DUE)  # 2026-03-03 to 2026-03-31
    filed_on, told_on = date(2026, 4, 7), date(2026, 4, 9)
    open_days(told_on)
    given = {"by": by("cleo"), "account_id": a1, "chapter": 13, "court": "W.D. Oklahoma", "case_no": "26-11111"}
    same = key()
    done = delinquency.file_petition(key=same, at=at(told_on, 9), filed_on=filed_on, on=told_on, **given)
    assert done == delinquency.file_petition(key=same, at=at(told_on, 9), filed_on=filed_on, on=told_on, **given)
    assert (done.cents, done.assure_by_on) == (9285, date(2026, 4, 27))
    assert (ledger.get_balance(a1), ledger.get_balance(done.old_account_id)) == (0, 9285)
    (item,) = ledger.get_open_items(done.old_account_id)
    assert (item.gl, item.due_on) == ("51-1270", DUE)
    assert Account.objects.get(pk=done.old_account_id).customer_id == Account.objects.get(pk=a1).customer_id
    with pytest.raises(Refused, match="on file for this account already"):
        delinquency.file_petition(key=key(), at=at(told_on, 9), filed_on=filed_on, on=told_on, **given)

    set_off(a1, done, told_on)

    # used before the petition and billed after it: 7 of 28 days are before the petition (2026-03-31 to 2026-04-07)
    on = date(2026, 4, 29)
    b2 = bill(a1, 2800, bill_on=on, due_on=date(2026, 5, 19))
    follow = {"by": by("clock"), "at": at(on, 5), "on": on}
    assert delinquency.follow_petitions(key=key(), **follow) == 1
    assert delinquency.follow_petitions(key=key(), **follow) == 0
    assert (ledger.get_balance(a1), ledger.get_balance(done.old_account_id)) == (2100, 4985)
    assert PetitionStep.objects.get(bill_id=b2).cents == 700
    assert PetitionStep.objects.filter(step="not_assured").count() == 1

    # nothing is collected on the old side, and the ladder leaves it alone for good
    later = date(2026, 9, 1)
    night = delinquency.run_night(by=by("clock"), at=at(later, 5), on=later)
    assert night.counts.get("held") == 1 and done.old_account_id in _holds.list_at([done.old_account_id], later)
    assert not _holds.list_at([a1], date(2026, 4, 28))
    (row,) = delinquency.list_petitions(account_id=a1)
    assert (row.fenced_cents, row.old_number) == (4985, done.old_number) and row.assured.startswith("No adequate")
    assert get_proof(on=later, only={"39"}).holds
    noticed(done.old_account_id, item.document, on=later, cutoff_on=later, cents=1)
    assert not get_proof(on=later, only={"39"}).holds
    delinquency.record_assurance(
        key=key(), by=by("cleo"), at=at(on, 9), petition_id=done.petition_id, form="deposit", cents=15_000, on=on
    )
    delinquency.end_petition(
        key=key(), by=by("sue"), at=at(later, 9), petition_id=done.petition_id, outcome="dismissed", on=later,
        says="Order of 1 September.",
    )  # fmt: skip
    assert not _holds.list_at([done.old_account_id], later)


def test_a_bill_that_catches_up_brings_an_offer_by_itself():
    a1 = move_in(1, BEGUN)
    request = approval()
    for n, (old, new) in enumerate(((5000, 8000), (5000, 7005), (5000, 4000))):
        was, made = (
            bill(a1, cents, bill_on=date(2026, 4, 1 + 2 * n + again), due_on=date(2026, 5, 19))
            for again, cents in enumerate((old, new))
        )
        Cancelled.objects.create(
            bill_id=was, replaced_by_id=made, first_id=was, request_id=request, txn_id=1, reason="misread", event_id=1
        )
    on = date(2026, 5, 1)
    night = {"by": by("clock"), "at": at(on, 5), "on": on}
    with pytest.raises(NotSet, match="catchup.offer"):
        delinquency.offer_catch_ups(key=key(), **night)
    set_value("catchup.offer", {"least": "25.00"})
    (id,) = delinquency.offer_catch_ups(key=key(), **night)
    assert delinquency.offer_catch_ups(key=key(), **night) == ()
    (row,) = delinquency.list_arrangements(on=on, account_id=a1)
    assert (row.id, row.state, row.why, row.cents) == (id, "offered", "rebill", 5005)  # 30.00 and 20.05 more
    assert [(p.due_on, p.cents) for p in row.stands.parts] == [(date(2026, 5, 19), 2503), (date(2026, 6, 19), 2502)]
    assert not Hold.objects.exists()
    taken = delinquency.take_offer(key=key(), by=by("cleo"), at=at(on, 9), arrangement_id=id, on=on)
    assert Hold.objects.get().cents == taken.cents == 5005
    with pytest.raises(Refused, match="was answered on 2026-05-01: agreed"):
        delinquency.decline_offer(key=key(), by=by("cleo"), at=at(on, 9), arrangement_id=id, on=on, says="No.")
