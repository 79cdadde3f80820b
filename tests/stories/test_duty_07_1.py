"""Stories 07-1, 07-3 (who may change a name) and 07-4: a mailing address changes; a stranger asks; the holder has died.

``view`` is spelled ``customers.view``; the change of a holder ``customers.change_holder``.
"""

from datetime import date

import pytest

from curbstop.office import customers, ledger, moves
from curbstop.office._once import Refused
from curbstop.office.customers import Asking, PaperFile, take_proof
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Charge
from curbstop.records.customers.models import Account
from curbstop.records.decisions.models import PolicyValue
from curbstop.records.orders.models import Order
from curbstop.records.payments.models import DepositDemand
from curbstop.records.payments.received import Letter
from tests.office.conftest import city as city
from tests.office.requests import file
from tests.office.scene import at_on, by, key, move_in, premise
from tests.stories.meter_town import set_policy

pytestmark = pytest.mark.django_db
ON, NEXT = date(2026, 4, 7), date(2026, 4, 8)
PROOFS = {"ssn4": "1234", "born_on": "1961-05-02", "password": "bluebird"}
NEW = ["1501 South Broadway Street Apartment 12", "Moore, Oklahoma 73160"]


def account(house: int, name: str) -> Account:
    return Account.objects.get(pk=move_in(house, date(2026, 1, 6), register=house * 1000, name=name))


def change(of: Account, asked: Asking, on: date = ON, **more: object) -> customers.Changed:
    given = {"reason": "moved", "changes": {"mail_to": NEW}, "at": at_on(on), "on": on}
    return customers.change(key=key(), by=by("cleo"), account_id=of.pk, asked=asked, **{**given, **more})  # type: ignore[arg-type]


def by_phone(who: str, **told: str) -> Asking:
    return Asking("phone", who, tuple(take_proof(kind, value) for kind, value in told.items()))


def test_a_mailing_address_changes_and_both_addresses_are_told(city: None) -> None:
    a1 = account(1, "Ann One")
    PolicyValue.objects.filter(policy="change.by_phone").delete()
    with pytest.raises(Refused, match="what proves a caller is not set for this city"):
        change(a1, by_phone("Ann One", **PROOFS))
    set_policy("change.by_phone", ["ssn4", "born_on", "password"])
    customers.prove(
        key=key(), by=by("cleo"), at=at_on(ON), customer_id=a1.customer_id,
        proofs=tuple(take_proof(kind, value) for kind, value in PROOFS.items()),
    )  # fmt: skip

    done = change(a1, by_phone("ann one", **PROOFS))
    assert done.postal == "1501 S BROADWAY ST APT 12, MOORE OK 73160"
    (row,) = customers.list_changes(account_id=a1.pk)
    assert (row.before, row.after) == ("", ", ".join(NEW)) and row.postal == done.postal
    assert (row.asked_by, row.capacity, row.channel, row.proofs, row.on) == (
        "ann one", "holder", "by telephone", ("ssn4", "born_on", "password"), ON,
    )  # fmt: skip
    letters = Letter.objects.filter(account_id=a1.pk, kind="master_change").order_by("id")
    assert [letter.facts["mail_to"] for letter in letters] == [["1 Sage Wren Dr", "Moore, OK 73160"], NEW]
    event = Event.objects.get(act="customers.change", denied=False)
    assert event.by_id == by("cleo").id and f"account:{a1.pk}" in event.subjects
    assert all(value not in str(event.inputs) for value in PROOFS.values()), "no event holds a proof"

    # as it stood the day before
    before = customers.get_master(account_id=a1.pk, on=date(2026, 4, 6))
    assert (before.mail_to, before.name) == ((), "Ann One")
    assert customers.get_master(account_id=a1.pk, on=ON).mail_to == tuple(NEW)

    # two of three: the screen does not tell which
    told = set()
    for wrong in PROOFS:
        with pytest.raises(Refused) as refused:
            change(
                a1,
                by_phone("Ann One", **{k: v for k, v in PROOFS.items() if k != wrong}),
                NEXT,
                changes={"mail_to": []},
            )
        told.add(str(refused.value))
    with pytest.raises(Refused) as refused:
        change(a1, by_phone("Ann One", **{**PROOFS, "ssn4": "4321"}), NEXT, changes={"mail_to": []})
    assert told == {str(refused.value)} and "come in with photo identification" in str(refused.value)
    assert (
        Event.objects.filter(act="customers.change", denied=True, subjects__contains=[f"account:{a1.pk}"]).count() == 5
    )
    assert customers.get_master(account_id=a1.pk, on=NEXT).mail_to == tuple(NEW)


def test_a_caller_who_is_not_named(city: None) -> None:
    a3 = account(3, "Cyd Three")
    with pytest.raises(Refused, match="Only the holder or a person named .* They may call us or come in"):
        change(a3, Asking("counter", "Sly Caller", document="driver's licence"), changes={"name": "Sly Caller"})
    assert Event.objects.get(act="customers.change").denied
    # somebody who is named with that right may, and a guarantor may not
    for name, role in (("Gus Grantor", "guarantor"), ("Pam Power", "agent")):
        customers.name_person(
            key=key(), by=by("cleo"), at=at_on(ON), account_id=a3.pk, on=ON, role=role, name=name,
            asked=Asking("counter", "Cyd Three", document="driver's licence"), paper=PaperFile("p.pdf", file().body),
            may=("talk", "change") if role == "agent" else None,
        )  # fmt: skip
    with pytest.raises(Refused, match="Only the holder"):
        change(a3, Asking("counter", "Gus Grantor", document="passport"))
    assert change(a3, Asking("counter", "Pam Power", document="passport")).letters == 2
    with pytest.raises(Refused, match="attach the paper"):
        change(a3, Asking("counter", "Cyd Three", document="passport"), changes={"name": "Cyd Four"}, reason="marriage")


def test_the_holder_has_died(city: None) -> None:
    on = date(2026, 4, 20)
    a4 = account(4, "Joe Late")
    spouse = customers.name_person(
        key=key(), by=by("cleo"), at=at_on(ON), account_id=a4.pk, on=ON, role="co_holder", name="May Late",
        asked=Asking("counter", "Joe Late", document="driver's licence"),
    )  # fmt: skip
    ledger.open_day(key=key(), by=by("clock"), at=at_on(on), on=on)
    owed, orders = ledger.get_balance(a4.pk), Order.objects.count()
    charges, demands = Charge.objects.count(), DepositDemand.objects.count()
    asked = Asking("counter", "May Late", document="driver's licence")
    with pytest.raises(Refused, match="Death: attach the paper"):
        customers.change_holder(
            key=key(), by=by("cleo"), at=at_on(on), account_id=a4.pk, on=on, asked=asked, reason="death"
        )
    same = key()
    for _ in range(2):  # a second time changes nothing
        done = customers.change_holder(
            key=same, by=by("cleo"), at=at_on(on), account_id=a4.pk, on=on, asked=asked, reason="death",
            paper=PaperFile("death.pdf", file().body), paper_says="death certificate",
        )  # fmt: skip
    assert done.says == "I am sorry for your loss. Nothing needs to be turned off or paid for this change."
    a4.refresh_from_db()
    assert a4.customer.name == "May Late" and customers.list_people(account_id=a4.pk, hidden=False)[0].id == spouse
    now, then = (customers.get_master(account_id=a4.pk, on=day) for day in (on, date(2026, 4, 19)))
    assert (now.name, now.deceased, then.name, then.deceased) == ("May Late", ("Joe Late",), "Joe Late", ())
    assert (ledger.get_balance(a4.pk), Order.objects.count()) == (owed, orders), "the water is not touched"
    assert (Charge.objects.count(), DepositDemand.objects.count()) == (charges, demands), "no fee, no new deposit"
    letter = Letter.objects.filter(account_id=a4.pk).latest("id")
    assert "in the place of Joe Late" in letter.says and letter.facts == {}
    event = Event.objects.get(act="customers.change_holder", denied=False)
    assert f"account:{a4.pk}" in event.subjects
    # her history is this account's: nothing is asked of her at another place
    weighed = moves.get_start_preview(account_id=a4.pk, premise_id=premise(6), on=date(2026, 4, 22))
    assert weighed.deposit_cents == 0 and weighed.debt_cents == 0
