"""The plot of every act: permission, key, transaction, event."""

import importlib
import pkgutil
import threading
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

import pytest
from django.db import connection, transaction

import curbstop.office
from curbstop.office import customers, meters, staff
from curbstop.office._events import Actor, Key
from curbstop.office._once import ACTS, MANY, KeyReused, NotPermitted, Refused, plain, read_back
from curbstop.office._rights import RIGHTS, may, roles_for
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account, Customer
from curbstop.records.meters.models import Meter
from curbstop.rules.faults import BadValue
from tests.office.scene import AT, TODAY, by, house, key, open_account

for module in pkgutil.iter_modules(curbstop.office.__path__):
    importlib.import_module(f"curbstop.office.{module.name}")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


def test_the_same_key_and_inputs_give_the_first_outcome_and_change_nothing():
    same = key()
    first = open_account("Ann O'Dea", key=same, phone="405 793 5032")
    count = Event.objects.count()
    assert open_account("Ann O'Dea", key=same, phone="405 793 5032") == first
    assert (Event.objects.count(), Customer.objects.count(), Account.objects.count()) == (count, 1, 1)


def test_the_same_key_with_other_inputs_is_refused_and_says_what_differs():
    same = key()
    open_account("Ann Lee", key=same)
    with pytest.raises(KeyReused, match="name was 'Ann Lee', now 'Bo Lee'.*Use a new key") as refusal:
        open_account("Bo Lee", key=same)
    assert refusal.value.field == "key"
    assert Customer.objects.count() == 1


def test_the_same_key_of_another_act_or_another_person_is_refused():
    same = key()
    open_account("Ann Lee", key=same)
    with pytest.raises(KeyReused, match="it was customers.open, now customers.note"):
        customers.note(key=same, by=by("cleo"), at=AT, account_id=1, text="x")
    with pytest.raises(KeyReused, match="somebody else's"):
        open_account("Ann Lee", key=same, by=by("sue"))


def test_defaults_left_out_or_written_out_are_the_same_inputs():
    same = key()
    first = open_account("Ann Lee", key=same)
    assert open_account("Ann Lee", key=same, tenure="renter", mail_to=()) == first


@pytest.mark.parametrize("wrong", ["", "   ", "k" * 201, "a\nb"])
def test_a_key_that_is_none_is_refused(wrong):
    with pytest.raises(BadValue) as fault:
        open_account("Ann Lee", key=Key(wrong))
    assert fault.value.field == "key"
    assert not Customer.objects.exists()


def test_an_event_says_who_did_what_to_whom_from_which_inputs():
    opened = open_account("Ann Lee", email="ann@example.org")
    event = Event.objects.get(act="customers.open")
    assert (event.by_id, event.at, event.denied) == (by("cleo").id, AT, False)
    assert event.subjects == [f"account:{opened.account_id}", f"customer:{opened.customer_id}"]
    assert event.says == f"Account {opened.number} opened for Ann Lee."
    assert event.inputs["email"] == "ann@example.org"
    assert event.outcome["number"] == opened.number
    assert Account.objects.get().event_id == Customer.objects.get().event_id == event.pk


def test_a_denied_attempt_is_an_event_and_nothing_else():
    with pytest.raises(
        NotPermitted, match="Otto Test may not do this: customers.open needs the role csr or supervisor"
    ):
        open_account("Ann Lee", by=by("otto"))
    event = Event.objects.get(act="customers.open")
    assert (event.denied, event.key, event.by_id, event.outcome) == (True, None, by("otto").id, None)
    assert event.inputs["name"] == "Ann Lee"
    assert not Customer.objects.exists()


def test_what_the_office_refuses_is_an_event_with_the_reason_and_the_key_is_free_again():
    same = key()
    with pytest.raises(Refused, match="no customer 999"):
        open_account("", key=same, customer_id=999)
    event = Event.objects.get(act="customers.open")
    assert event.denied and event.key is None and "no customer 999" in event.says
    assert open_account("Ann Lee", key=same).account_id


def test_what_was_mistyped_is_no_event():
    with pytest.raises(BadValue):
        open_account("Ann Lee", phone="12")
    assert not Event.objects.filter(act="customers.open").exists()


def test_a_refusal_half_way_leaves_no_row():
    rows = (meters.MeterEntry("77000001"), meters.MeterEntry("40000001"))
    with pytest.raises(Refused, match="40000001 are on file"):
        meters.enter_stock(key=key(), by=by("ada"), at=AT, meters=rows)
    assert not Meter.objects.filter(serial="77000001").exists()


def test_an_act_takes_keywords_with_an_aware_instant():
    with pytest.raises(TypeError):
        customers.open("Ann Lee")  # type: ignore[misc, call-arg]
    with pytest.raises(TypeError, match="unexpected keyword"):
        open_account("Ann Lee", colour="blue")
    with pytest.raises(ValueError, match="needs its time zone"):
        open_account("Ann Lee", at=datetime(2026, 3, 2))


@pytest.mark.parametrize("text", ["Ann\x00Lee", "Ann \ud800 Lee"])
def test_text_that_no_record_can_keep_is_refused_with_its_field(text):
    with pytest.raises(BadValue) as fault:
        open_account(text)
    assert fault.value.field == "name"


def test_a_long_list_is_remembered_by_count_and_digest():
    rows = tuple(meters.MeterEntry(f"6{n:07}") for n in range(MANY + 1))
    same = key()
    assert meters.enter_stock(key=same, by=by("ada"), at=AT, meters=rows) == MANY + 1
    assert meters.enter_stock(key=same, by=by("ada"), at=AT, meters=rows) == MANY + 1
    told = Event.objects.get(key=same).inputs["meters"]
    assert told["count"] == MANY + 1 and len(told["sha256"]) == 64
    with pytest.raises(KeyReused, match="meters was"):
        meters.enter_stock(key=same, by=by("ada"), at=AT, meters=(*rows[:-1], meters.MeterEntry("69999999")))


def test_a_password_hash_never_reaches_an_event():
    given = {
        "username": "nell",
        "first_name": "Nell",
        "last_name": "N",
        "roles": ("csr",),
        "password_hash": "md5$SECRET",
    }
    staff.enrol(key=key(), by=by("ada"), at=AT, **given)
    assert "SECRET" not in str(Event.objects.filter(act="staff.enrol").latest("id").inputs)


def test_the_table_of_rights_is_what_is_asked():
    for role in RIGHTS:
        actor = Actor(id=1, name="Somebody", roles=frozenset({role}))
        assert {name for name in ACTS if may(actor, name)} == RIGHTS[role] & ACTS.keys()
    nobody = Actor(id=1, name="Nobody", roles=frozenset({"no such role"}))
    assert not any(may(nobody, name) for name in ACTS)


LOOKING = {
    "customers.view", "customers.log_search", "customers.see_paper", "customers.unmask", "customers.export",
    "reports.make", "reports.save", "reports.end_saved", "reports.schedule", "reports.end_schedule",
}  # fmt: skip
"""Acts that change nothing of the office's: they keep who looked at what, and what was handed out."""


def test_every_act_has_somebody_who_may_do_it_and_an_auditor_only_looks():
    assert [name for name in ACTS if "nobody" in roles_for(name)] == []
    assert {name for name in ACTS if name in RIGHTS["auditor"]} <= LOOKING


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("customers.open", {"cleo", "sue"}),
        ("customers.enter_premises", {"adam"}),
        ("moves.start", {"cleo", "sue"}),
        ("moves.stop", {"cleo", "sue"}),
        ("meters.exchange", {"cleo", "sue", "finn"}),
        ("reads.enter", {"cleo", "sue", "finn"}),
        ("reads.record_route", {"cleo", "sue", "finn", "clock"}),
        ("reads.decide", {"cleo", "sue"}),
        ("reads.set_averages", {"sue", "clock"}),
        ("policies.set", {"adam"}),
        ("tariffs.adopt", {"adam"}),
        ("staff.enrol", {"adam"}),
    ],
)
def test_who_may_do_what(name, roles):
    people = {"cleo", "sue", "finn", "cass", "otto", "fay", "clock", "adam"}
    assert {person for person in people if may(by(person), name)} == roles


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    on: date
    at: datetime
    colour: Colour


@dataclass(frozen=True)
class Outer:
    inner: Inner
    pair: tuple[int, str]
    many: tuple[Inner, ...]
    by_number: dict[int, str]
    maybe: date | None
    names: frozenset[str]


def test_an_outcome_is_read_back_as_it_was():
    inner = Inner(TODAY, AT, Colour.RED)
    outer = Outer(inner, (1, "a"), (inner, inner), {3: "x"}, None, frozenset({"b", "a"}))
    assert read_back(plain(outer), Outer) == outer
    assert read_back(plain((1, 2)), tuple[int, ...]) == (1, 2)
    assert read_back(None, None) is None


def test_what_is_not_a_plain_value_cannot_be_an_input():
    with pytest.raises(TypeError, match="plain values"):
        plain(1.5)


@pytest.mark.django_db(transaction=True)
def test_two_threads_with_one_key_make_one_account(city):
    same, ready, found = key(), threading.Barrier(2), []
    actor = by("cleo")

    def open_it() -> None:
        ready.wait()
        try:
            found.append(customers.open(key=same, by=actor, at=AT, on=TODAY, name="Ann Lee", phone="405 793 5032"))
        finally:
            connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(found) == 2 and found[0] == found[1]
    assert Account.objects.filter(customer__name="Ann Lee").count() == 1
    assert Event.objects.filter(key=same).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_act_inside_somebody_elses_transaction_is_refused(city):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        open_account("Ann Lee")


@pytest.mark.django_db(transaction=True)
def test_a_failure_after_rows_were_written_leaves_none(city, monkeypatch):
    from curbstop.office import _events

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(_events, "record", fail)
    with pytest.raises(OSError):
        customers.enter_premises(key=key(), by=by("ada"), at=AT, premises=(house(77),))
    monkeypatch.undo()
    from curbstop.records.customers.models import Premise

    assert not Premise.objects.filter(address="77 Sage Wren Dr").exists()
