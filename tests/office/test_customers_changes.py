"""Changes by a file, who may be the one in front of you, and programmes that end early."""

import base64
from datetime import date

import pytest

from curbstop.office import customers
from curbstop.office._once import Refused
from curbstop.office.customers import Asking, take_proof
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account
from curbstop.rules.customers import BadEntry
from tests.office.conftest import city as city
from tests.office.scene import TODAY, at_on, by, key, move_in, open_account, premise

pytestmark = pytest.mark.django_db


def file_of(*rows: str, head: str = "Account,phone,mail_1,mail_2", bom: str = "\ufeff") -> str:
    return base64.b64encode((bom + "\r\n".join([head, *rows]) + "\r\n").encode()).decode()


def apply(body: str, **more: object) -> customers.ManyChanged:
    given = {
        "key": key(),
        "by": by("sue"),
        "at": at_on(TODAY),
        "name": "new.csv",
        "authority": "post office",
        "on": TODAY,
    }
    return customers.change_many(**{**given, "body": body, **more})  # type: ignore[arg-type]


def test_a_file_is_looked_at_then_applied_once(city: None) -> None:
    one, two = open_account("Ann One"), open_account("Bo Two")
    bad = file_of(f"{one.number},405 793 5055,,", "99999999,1,,", f"{two.number},123,,", f"{one.number},,x,", bom="")
    seen = customers.look_at_file(body=bad)
    assert [(row.line, bool(row.fault)) for row in seen.rows] == [(2, False), (3, True), (4, True), (5, True)]
    assert "line 2 already" in seen.rows[3].fault and "phone '123'" in seen.rows[2].fault
    with pytest.raises(Refused, match=r"Nothing was changed. line 3 \(99999999\): there is no such account"):
        apply(bad)
    assert Account.objects.get(pk=one.account_id).customer.phone == ""

    good = file_of(f"{one.number},405 793 5055,12 Elm Ave,Moore OK 73160", f"{two.number[:-1]}-{two.number[-1]},,,")
    seen = customers.look_at_file(body=good)
    assert (seen.faults, seen.changed, seen.applied_on) == (0, 1, None)
    same = key()
    assert apply(good, key=same) == apply(good, key=same) == customers.ManyChanged(2, 1)
    account = Account.objects.get(pk=one.account_id)
    assert (account.customer.phone, account.mail_to) == ("+14057935055", ["12 Elm Ave", "Moore OK 73160"])
    rows = customers.list_changes(account_id=one.account_id)
    assert {(row.what, row.before, row.channel, row.asked_by) for row in rows} == {
        ("telephone", "", "by file", "the city"), ("mailing address", "", "by file", "the city"),
    }  # fmt: skip
    assert "405" not in str(Event.objects.get(act="customers.change_many", denied=False).inputs)
    with pytest.raises(Refused, match="Nothing would change"):
        apply(good)
    account.customer.phone = ""
    account.customer.save()
    with pytest.raises(Refused, match="applied already"):
        apply(good)
    assert customers.look_at_file(body=good).applied_on == TODAY
    with pytest.raises(BadEntry, match="no column 'shoe' is known"):
        customers.look_at_file(body=file_of("1,2", head="account,shoe"))
    with pytest.raises(BadEntry, match="not text in UTF-8"):
        customers.look_at_file(body=base64.b64encode(b"account\n\xff\xfe").decode())


def test_somebody_is_found_by_birth_document_and_household(city: None) -> None:
    old = open_account("Rosemary Tell", phone="405 793 5066")
    proofs = (take_proof("born_on", "1961-05-02"), take_proof("document", "OK D-123 456"))
    customers.prove(key=key(), by=by("cleo"), at=at_on(TODAY), customer_id=old.customer_id, proofs=proofs)
    (found,) = customers.find_duplicates(name="Someone Else", proofs=(take_proof("document", "okd123456"),))
    assert (found.customer_id, found.alike, found.accounts) == (old.customer_id, ("identity",), (old.number,))
    assert customers.find_duplicates(proofs=(take_proof("born_on", "1961-05-03"),)) == ()

    there = move_in(1, TODAY, register=5_000, name="Ben Household")
    customers.name_person(
        key=key(), by=by("cleo"), at=at_on(TODAY), account_id=there, on=TODAY, role="co_holder", name="Kit Household",
        asked=Asking("counter", "Ben Household", document="passport"),
    )  # fmt: skip
    others = customers.find_duplicates(name="Mo Household", premise_id=premise(1))
    assert {one.name for one in others if "household" in one.alike} == {"Ben Household", "Kit Household"}


def test_a_changed_name_counts_for_every_account_and_is_sealed_with_a_mark(city: None) -> None:
    one = open_account("Ann One")
    two = open_account("", customer_id=one.customer_id)
    customers.mark(key=key(), by=by("sue"), at=at_on(TODAY), account_id=one.account_id, on=TODAY, authority="request")
    assert Account.objects.get(pk=two.account_id).customer.name == "Confidential account", "the person is one"
    done = customers.change(
        key=key(), by=by("cleo"), at=at_on(TODAY), account_id=two.account_id, on=TODAY, reason="correction",
        asked=Asking("counter", "Ann One", document="passport"), changes={"name": "Anne One", "phone": "405 793 5055"},
    )  # fmt: skip
    assert len(done.change_ids) == 2
    (first, _) = customers.list_changes(account_id=two.account_id)
    assert (first.before, first.after, first.asked_by) == ("Confidential",) * 3
    assert customers.get_master(account_id=two.account_id, on=TODAY).name == "Confidential account"
    (mark,) = customers.list_marks(account_id=one.account_id, by=by("sue"))
    later = date(2026, 3, 9)
    customers.end_mark(key=key(), by=by("sue"), at=at_on(later), mark_id=mark.id, on=later, reason="asked in writing")
    customer = Account.objects.get(pk=two.account_id).customer
    assert (customer.name, customer.phone) == ("Anne One", "+14057935055")
    assert customers.get_master(account_id=two.account_id, on=date(2026, 3, 1)).name == "Ann One"
    with pytest.raises(Refused, match="It ended on 2026-03-09"):
        customers.end_mark(key=key(), by=by("sue"), at=at_on(later), mark_id=mark.id, on=later, reason="again")
    assert customers.mark(
        key=key(), by=by("sue"), at=at_on(later), account_id=one.account_id, on=later, authority="asked again"
    )
    with pytest.raises(Refused, match="A supervisor marks"):
        customers.mark(key=key(), by=by("cleo"), at=at_on(later), account_id=one.account_id, on=later, authority="me")
