"""Stories 01-1 and 01-2: an extension that every criterion allows, and one refused with every reason at once.

The policies of the story are here ``extension.rule`` (the sentence), ``extension.before``, ``extension.until`` and
``hold.extension`` (for ``latefee.during_extension``); the check that came back is a row of the bank's returns.
"""

from datetime import date

import pytest

from curbstop.office import _holds, adjustments, delinquency, ledger
from curbstop.office._once import Refused
from curbstop.records.bills.models import Bill
from curbstop.records.cases.letters import Letter
from curbstop.records.customers.models import Agreement
from curbstop.records.delinquency.holds import Hold
from curbstop.records.delinquency.models import LateCharge, LateHeld
from curbstop.records.delinquency.promises import Extension, ExtensionEnd
from curbstop.records.payments.received import Returned
from tests.office.conftest import city as city
from tests.office.scene import by, key, move_in
from tests.office.unpaid import bill
from tests.stories.test_duty_06_4 import at, last, set_value, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
SAYS = (
    "An extension may be given to the account holder or family before cut-off, after three months of service, with no"
    " disconnect in six months and no returned check in twelve."
)
BILLED, DUE, ASKED, LATE = date(2026, 4, 1), date(2026, 4, 21), date(2026, 4, 20), date(2026, 4, 22)
NEXT, PROMISED = date(2026, 4, 29), date(2026, 5, 6)


@pytest.fixture(autouse=True)
def policies(city):
    for id, value in {
        "extension.rule": SAYS,
        "extension.who": ["holder", "family"],
        "extension.before": ["cutoff"],
        "extension.service_months": 3,
        "extension.no_disconnect_months": 6,
        "extension.no_returned_payment_months": 12,
        "extension.until": {"next_due": True},
        "extension.per_calendar_year": 2,
        "hold.extension": {"late": True, "notice": True, "cutoff": True},
    }.items():
        set_value(id, value)


def opened(number, on):
    account = move_in(number, date(2026, 2, 2), register=1000 * number)
    Agreement.objects.filter(account_id=account).update(during=(on, None))
    return account


def extend(account, pay_by_on, on, **more):
    given = {"key": key(), "by": by("cleo"), "at": at(on, 10), "account_id": account, "pay_by_on": pay_by_on, "on": on}
    return delinquency.extend(**{**given, "asks": "holder", "channel": "telephone", **more})


def settle(on):
    return delinquency.settle_promises(key=key(), by=by("clock"), at=at(on, 23), on=on)


def test_an_extension_that_every_criterion_allows():
    a1 = opened(1, date(2024, 8, 12))
    b1 = bill(a1, 9285, bill_on=BILLED, due_on=DUE)
    may = delinquency.get_may_extend(account_id=a1, asks="holder", channel="telephone", on=ASKED)
    assert [(one.says, one.met) for one in may.answer.criteria] == [
        ("the account holder or family at the same address asks", True),
        ("before the water is turned off", True),
        ("service at least 3 months", True),
        ("no disconnect in 6 months", True),
        ("no returned payment in 12 months", True),
        ("first of 2 this year", True),
    ]
    assert (may.cents, may.answer.rule, may.answer.latest_on) == (9285, SAYS, date(2026, 5, 19))
    same = key()
    done = extend(a1, PROMISED, ASKED, key=same)
    assert extend(a1, PROMISED, ASKED, key=same) == done and Extension.objects.count() == 1
    hold = Hold.objects.get()
    assert (hold.reason, hold.cents, hold.from_on, hold.until_on) == ("extension", 9285, ASKED, date(2026, 5, 7))
    letter = Letter.objects.get(code="extension_letter")
    assert "$92.85" in letter.words and "May 6, 2026" in letter.words and done.letter_id == letter.pk
    event = last("delinquency.extend")
    assert event.by_id == by("cleo").id and f"account:{a1}" in event.subjects and not event.denied

    # 2026-04-22 late fees: none on A1
    ledger.open_day(key=key(), by=by("ada"), at=at(LATE, 4), on=LATE)
    run = Bill.objects.get(pk=b1).run_id
    assessed = delinquency.assess_late(key=key(), by=by("clock"), at=at(LATE, 5), run=run, on=LATE)
    assert (assessed.bills, assessed.held) == (0, 1) and LateHeld.objects.get().code == "held_extension"
    assert delinquency.run_night(by=by("clock"), at=at(LATE, 5), on=LATE).counts == {"held": 1}

    # 2026-04-29 the next bill, 2026-05-06 the promised payment
    bill(a1, 8617, bill_on=NEXT, due_on=date(2026, 5, 19))
    assert ledger.get_balance(a1) == 17902
    ledger.open_day(key=key(), by=by("ada"), at=at(PROMISED, 4), on=PROMISED)
    assert settle(date(2026, 5, 5)).kept == 0
    take(a1, 9285, PROMISED, 11, 0)
    assert ledger.get_balance(a1) == 8617
    (row,) = delinquency.list_extensions(on=PROMISED, account_id=a1)
    assert (row.state, row.left_cents, done.this_year) == ("kept", 0, 1)  # found by itself, before any night
    assert settle(PROMISED).kept == 1 and ExtensionEnd.objects.get().outcome == "kept"
    assert not _holds.list_at([a1], PROMISED)
    spared = delinquency.settle_late(key=key(), by=by("clock"), at=at(PROMISED, 23), on=PROMISED)
    assert (spared.spared, spared.charged) == (1, 0) and not LateCharge.objects.exists()


def test_an_extension_refused_with_every_reason_at_once():
    a1 = opened(2, date(2026, 2, 16))
    Returned.objects.create(
        code="R01", reason="insufficient funds", outcome="returned", account_id=a1, cents=100, tender="check",
        returned_on=date(2026, 3, 10), event_id=1,
    )  # fmt: skip
    bill(a1, 11820, bill_on=BILLED, due_on=DUE)
    on, want = date(2026, 4, 24), date(2026, 5, 8)
    with pytest.raises(Refused) as refusal:
        extend(a1, want, on)
    told = str(refusal.value)
    assert "service 2 months of the 3 required (3 months are complete on 2026-05-16)" in told
    assert "returned payment on 2026-03-10, inside the last 12 months (clear from 2027-03-10)" in told
    event = last("delinquency.extend")
    assert event.denied and event.says == told and event.by_id == by("cleo").id and f"account:{a1}" in event.subjects
    assert not Hold.objects.exists() and not Extension.objects.exists()
    with pytest.raises(Refused, match="The criteria are policy, not fields of the form"):
        extend(a1, want, on, overrides={"service_months": "met"})
    assert last("delinquency.extend").denied and ledger.get_balance(a1) == 11820

    # a supervisor may grant an exception with a reason
    inputs = {"account_id": a1, "pay_by_on": want.isoformat(), "asks": "holder", "channel": "telephone"}
    asked = adjustments.request(
        key=key(), by=by("cleo"), at=at(on, 11), kind="extension_exception", inputs=inputs, reason="hardship", on=on,
        words="Paid on Fridays; the check was the bank's mistake.",
    )  # fmt: skip
    assert asked.goes_to == "supervisor" and not Hold.objects.exists()
    with pytest.raises(Refused):
        adjustments.approve(key=key(), by=by("cleo"), at=at(on, 12), request_id=asked.request_id, on=on)
    adjustments.approve(key=key(), by=by("sue"), at=at(on, 12), request_id=asked.request_id, on=on)
    granted = Extension.objects.get()
    assert (granted.request_id, granted.cents, granted.pay_by_on) == (asked.request_id, 11820, want)

    # it is not paid: broken by itself, and the hold is over
    assert settle(want).broken == 0
    assert settle(date(2026, 5, 9)).broken == 1 and ExtensionEnd.objects.get().outcome == "broken"
    assert not _holds.list_at([a1], date(2026, 5, 9))
