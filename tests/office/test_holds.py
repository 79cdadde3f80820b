"""Holds as rows: placed, asked for on a day, released once."""

from datetime import date

import pytest

from curbstop.office import _holds
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.rules.delinquency.holds import BadReason
from tests.books import DAY, account, at_on, person, set_policy

pytestmark = pytest.mark.django_db

MAY = date(2026, 5, 1)


def acting(name="clerk"):
    return Acting(id=1, act="test", by=person(name, "csr"), at=at_on(DAY))


def place(of, reason="medical", **more):
    event = acting()
    given = {"authority": "physician's letter of today", "from_on": DAY, "until_on": MAY, "owner_id": event.by.id}
    return _holds.place(event, **{**given, "account_id": of.id, "reason": reason, **more})


def test_a_hold_holds_from_its_first_day_until_its_last_is_over():
    one, other = account(), account(1_000_002)
    id = place(one, cents=12000, bill_id=77)
    assert _holds.list_at([one.id, other.id], date(2026, 2, 1)) == {}
    assert _holds.list_at([one.id, other.id], MAY) == {}
    (there,) = _holds.list_at([one.id, other.id], DAY)[one.id]
    assert (there.hold_id, there.reason, there.cents, there.documents) == (id, "medical", 12000, (77,))
    assert there.reaches(77) and not there.reaches(78)
    assert (there.held.late, there.held.notice, there.held.cutoff, there.held.authority) == (True, True, True, "")


def test_what_it_holds_is_policy():
    one = account()
    place(one, "weather")
    set_policy("hold.weather", {"late": False, "notice": False, "cutoff": True})
    (there,) = _holds.list_at([one.id], DAY)[one.id]
    assert (there.held.late, there.held.cutoff, there.held.says) == (False, True, "cut-off waits")


def test_it_is_released_once_and_by_a_row():
    one = account()
    id = place(one, until_on=None)
    _holds.release(acting(), hold_id=id, on=MAY, says="The certificate ended.")
    assert _holds.list_at([one.id], date(2026, 4, 30)) and not _holds.list_at([one.id], MAY)
    with pytest.raises(Refused, match="was released on 2026-05-01 by .*: The certificate ended"):
        _holds.release(acting(), hold_id=id, on=MAY, says="Again.")
    lapsed = place(one)
    with pytest.raises(Refused, match="ended on 2026-05-01 by its own date"):
        _holds.release(acting(), hold_id=lapsed, on=date(2026, 6, 1), says="Late.")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"until_on": DAY}, "cannot end on"),
        ({"cents": 0}, "holds nothing"),
        ({"account_id": 10**9}, "There is no account"),
        ({"authority": " "}, "authority"),
    ],
)
def test_what_cannot_be_is_refused(given, says):
    with pytest.raises((Refused, ValueError), match=says):
        place(account(), **given)


def test_a_reason_is_one_of_the_list():
    with pytest.raises(BadReason, match="use one of extension, arrangement, dispute"):
        place(account(), "kindness")
