"""People of the office: enrolled, given roles, retired."""

import pytest

from curbstop.office import staff
from curbstop.office._once import Refused
from curbstop.records.base.models import Event, User
from curbstop.rules.faults import BadValue
from tests.office.scene import AT, by, key

pytestmark = pytest.mark.django_db


def enrol(username="nell", **more):
    given = {"key": key(), "by": by("ada"), "at": AT, "first_name": "Nell", "last_name": "O'Hara", "roles": ("csr",)}
    return staff.enrol(**{**given, "username": username, **more})


@pytest.fixture(autouse=True)
def ada(db):
    return staff.first_administrator(username="ada", name="Ada Min", at=AT)


def test_a_city_begins_with_one_administrator_and_never_with_a_second(ada):
    assert staff.first_administrator(username="ada", name="Ada Min", at=AT) == ada
    with pytest.raises(Refused, match="There are users already"):
        staff.first_administrator(username="eve", name="Eve", at=AT)
    assert Event.objects.get(act="staff.first_administrator").by_id == ada.id


def test_enrolled_people_can_be_found_by_their_sign_in_name():
    enrol()
    actor = staff.get_actor(username="nell")
    assert (actor.name, actor.roles) == ("Nell O'Hara", frozenset({"csr"}))


def test_a_role_that_nobody_knows_and_a_name_that_is_taken_are_refused():
    with pytest.raises(Refused, match="no role 'boss'; the roles are csr"):
        enrol(roles=("boss",))
    enrol()
    with pytest.raises(Refused, match="'nell' is taken"):
        enrol()
    with pytest.raises(BadValue):
        enrol(username=" ")


def test_roles_change_with_a_reason_and_never_ones_own():
    enrol()
    staff.change_roles(key=key(), by=by("ada"), at=AT, username="nell", roles=("supervisor",), reason="promoted")
    assert staff.get_actor(username="nell").roles == frozenset({"supervisor"})
    assert Event.objects.latest("id").says == "Nell O'Hara: csr became supervisor: promoted"
    with pytest.raises(Refused, match="Nobody changes his own roles"):
        staff.change_roles(key=key(), by=by("ada"), at=AT, username="ada", roles=("csr",), reason="x")


def test_who_left_cannot_act_any_more_and_is_not_deleted():
    enrol()
    staff.retire(key=key(), by=by("ada"), at=AT, username="nell", reason="moved away")
    with pytest.raises(Refused, match="no active user 'nell'"):
        staff.get_actor(username="nell")
    assert User.objects.filter(username="nell").exists()
    with pytest.raises(Refused, match="Nobody retires himself"):
        staff.retire(key=key(), by=by("ada"), at=AT, username="ada", reason="x")
    with pytest.raises(Refused, match="There is no user 'zed'"):
        staff.retire(key=key(), by=by("ada"), at=AT, username="zed", reason="x")
