"""Customers and premises: one is responsible for a tap on a day, never two."""

from datetime import date

import pytest

from curbstop.records.base.models import User
from curbstop.records.customers.models import (
    Account,
    Agreement,
    Carried,
    Customer,
    Link,
    Move,
    MoveUndone,
    Premise,
    Reversion,
    ServicePoint,
    Voided,
    Waiver,
)
from curbstop.records.decisions.models import Cycle, Tariff
from tests.records.violations import refused

pytestmark = pytest.mark.django_db

SPRING, SUMMER, AUTUMN = date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1)


def customer(**more) -> Customer:
    return Customer.objects.create(**{"name": "Ann O'Dea 🌻", "event_id": 1, **more})


def account(**more) -> Account:
    given = {
        "number": "10000016",
        "customer_class": "residential",
        "tenure": "owner",
        "opened_on": SPRING,
        "event_id": 1,
    }
    return Account.objects.create(**{"customer": customer(), **given, **more})


def premise(**more) -> Premise:
    cycle, _ = Cycle.objects.get_or_create(code="1", name="Cycle 1", every_days=28)
    given = {
        "address": "1 Elm St", "city": "Moore", "state": "OK", "zip": "73160", "kind": "residential", "route": "01",
        "sequence": 1, "event_id": 1,
    }  # fmt: skip
    return Premise.objects.create(**{"cycle": cycle, **given, **more})


def point(**more) -> ServicePoint:
    there = Premise.objects.first() or premise()
    return ServicePoint.objects.create(**{"premise": there, "service": "water", "event_id": 1, **more})


def agreement(**more) -> Agreement:
    tariff, _ = Tariff.objects.get_or_create(code="W", service="water", customer_class="residential", name="Water")
    given = {
        "account": Account.objects.first() or account(), "service_point": ServicePoint.objects.first() or point(),
        "tariff": tariff, "during": (SPRING, None), "event_id": 1,
    }  # fmt: skip
    return Agreement.objects.create(**{**given, **more})


def link(**more) -> Link:
    nell, _ = User.objects.get_or_create(username="nell")
    given = {
        "account": Account.objects.first() or account(), "user": nell, "who": "Nell", "kind": "own",
        "mark": "employee", "during": (SPRING, None), "event_id": 1,
    }  # fmt: skip
    return Link.objects.create(**{**given, **more})


def move(**more) -> Move:
    given = {
        "kind": "start", "account": Account.objects.first() or account(),
        "premise": Premise.objects.first() or premise(), "on": SPRING, "event_id": 1,
    }  # fmt: skip
    return Move.objects.create(**{**given, **more})


def undone(**more) -> MoveUndone:
    return MoveUndone.objects.create(
        **{"move": move(), "reason": "our_error", "words": "The wrong house.", "event_id": 1, **more}
    )  # fmt: skip


def reversion(**more) -> Reversion:
    given = {
        "premise": Premise.objects.first() or premise(), "account": Account.objects.first() or account(),
        "signed_on": SPRING, "during": (SPRING, None), "event_id": 1,
    }  # fmt: skip
    return Reversion.objects.create(**{**given, **more})


def voided() -> Voided:
    return Voided.objects.create(
        id=1, account=account(), service_point=point(), tariff_id="W", during=(SPRING, None), items=1, attributes={},
        begun_event_id=1, reason="our_error", event_id=2,
    )  # fmt: skip


def carried() -> Carried:
    return Carried.objects.create(agreement_id=2, from_agreement_id=1, on=SPRING, one_cap=True, event_id=1)


def waiver() -> Waiver:
    nell, _ = User.objects.get_or_create(username="nell")
    return Waiver.objects.create(account=account(), paper=b"sealed", seen_by=nell, seen_on=SPRING, event_id=1)


VIOLATIONS = {
    "customers_customer_named": lambda: customer(name=""),
    "customers_account_number_key": lambda: (account(), account()),
    "customers_account_number": lambda: account(number="1000001x"),
    "customers_account_class": lambda: account(tenure="squatter"),
    "customers_premise_address": lambda: (premise(), premise()),
    "customers_premise_units": lambda: premise(dwelling_units=0),
    "customers_premise_kind": lambda: premise(kind="farm"),
    "customers_servicepoint_once": lambda: (point(), point()),
    "customers_agreement_no_overlap": lambda: (agreement(), agreement(during=(SUMMER, AUTUMN))),
    "customers_agreement_items": lambda: agreement(items=-1),
    "customers_agreement_days": lambda: agreement(during=(SPRING, SPRING)),
    "customers_link_once": lambda: (link(), link(during=(SUMMER, AUTUMN))),
    "customers_link_kind": lambda: link(kind="friend"),
    "customers_link_mark": lambda: link(mark="cousin"),
    "customers_link_user": lambda: link(user=None),
    "customers_link_days": lambda: link(who=""),
    "customers_link_never_changes": lambda: Link.objects.filter(pk=link().pk).update(who="Somebody else"),
    "customers_move_kind": lambda: move(kind="visit"),
    "customers_move_from": lambda: move(kind="transfer"),
    "customers_move_never_changes": lambda: Move.objects.filter(pk=move().pk).update(on=SUMMER),
    "customers_moveundone_why": lambda: undone(reason="whim"),
    "customers_moveundone_never_changes": lambda: MoveUndone.objects.filter(pk=undone().pk).update(words="Else."),
    "customers_voided_never_changes": lambda: Voided.objects.filter(pk=voided().pk).delete(),
    "customers_carried_never_changes": lambda: Carried.objects.filter(pk=carried().pk).update(one_cap=False),
    "customers_reversion_one": lambda: (reversion(), reversion(during=(SUMMER, AUTUMN))),
    "customers_reversion_days": lambda: reversion(during=(SPRING, SPRING)),
    "customers_reversion_never_changes": lambda: Reversion.objects.filter(pk=reversion().pk).update(signed_on=SUMMER),
    "customers_waiver_never_changes": lambda: Waiver.objects.filter(pk=waiver().pk).update(paper=b"open"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_constraint_refuses(name):
    refused(name, VIOLATIONS[name])


def test_empty_days_cannot_slip_in_beside_others():
    """A range without a day overlaps nothing, so the exclusion alone would let it in."""
    agreement()
    refused("customers_agreement_days", lambda: agreement(during=(SUMMER, SUMMER)))
    refused("customers_agreement_days", lambda: agreement(during=(None, SPRING)))


def test_one_may_begin_on_the_day_another_ends():
    agreement(during=(SPRING, SUMMER))
    agreement(during=(SUMMER, None), account=account(number="10000024"))
    assert Agreement.objects.count() == 2


def test_a_class_that_there_is_not_is_refused_too():
    refused("customers_account_class", lambda: account(customer_class="royal"))


def test_a_standing_agreement_ends_by_its_last_day():
    row = reversion()
    Reversion.objects.filter(pk=row.pk).update(during=(SPRING, SUMMER))
    assert reversion(during=(SUMMER, None)).pk != row.pk
