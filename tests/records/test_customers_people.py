"""People on accounts, changes, marks and programmes: what lasts is there once, and only its last day may change."""

from datetime import UTC, datetime

import pytest

from curbstop.records.base.models import User
from curbstop.records.customers.marks import Glass, Mark, MarkReminded, Sealed
from curbstop.records.customers.models import Account, Customer, Premise
from curbstop.records.customers.people import Change, ChangeFile, Deceased, Identity, Paper, Person
from curbstop.records.customers.programmes import Programme, ProgrammeEnded, ProgrammeReminded
from tests.records.test_customers import AUTUMN, SPRING, SUMMER, VIOLATIONS, account, customer, premise
from tests.records.violations import all_constraints, refused

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def here() -> Account:
    return Account.objects.first() or account()


def paper() -> Paper:
    return Paper.objects.create(
        account=here(), kind="change", says="license", name="a.pdf", media="application/pdf", sha256=b"1",
        body=b"%PDF", on=SPRING, event_id=1,
    )  # fmt: skip


def person(**more) -> Person:
    given = {
        "account": here(), "customer": Customer.objects.first() or customer(), "role": "agent", "authority": "signed",
        "during": (SPRING, None), "event_id": 1,
    }  # fmt: skip
    return Person.objects.create(**{**given, **more})


def identity(**more) -> Identity:
    return Identity.objects.create(
        **{"customer": customer(), "kind": "ssn4", "digest": b"1", "event_id": 1, **more}
    )  # fmt: skip


def change(**more) -> Change:
    given = {
        "account": here(), "customer": here().customer, "what": "phone", "before": "", "after": "+14055550100",
        "on": SPRING, "reason": "asked", "asked_by": "Ann", "capacity": "holder", "channel": "counter", "event_id": 1,
    }  # fmt: skip
    return Change.objects.create(**{**given, **more})


def mark(**more) -> Mark:
    given = {
        "account": here(), "kind": "confidential", "authority": "request", "during": (SPRING, None), "event_id": 1,
    }  # fmt: skip
    return Mark.objects.create(**{**given, **more})


def glass(**more) -> Glass:
    nell, _ = User.objects.get_or_create(username="nell")
    until = more.pop("until", NOON.replace(hour=13))
    return Glass.objects.create(account=here(), by=nell, reason="must see it", at=NOON, until=until, event_id=1, **more)


def programme(**more) -> Programme:
    given = {
        "account": here(), "premise": Premise.objects.first() or premise(), "code": "senior", "proof": "income",
        "during": (SPRING, AUTUMN), "by_first_day": True, "request_id": 1, "event_id": 1,
    }  # fmt: skip
    return Programme.objects.create(**{**given, **more})


def file() -> ChangeFile:
    nell, _ = User.objects.get_or_create(username="nell")
    return ChangeFile.objects.create(
        name="a.csv", sha256=b"1", authority="post office", rows=1, changed=1, by=nell, on=SPRING, event_id=1
    )


def never(made, **values):
    return lambda: type(row := made()).objects.filter(pk=row.pk).update(**values)


OWN = {
    "customers_person_once": lambda: (person(), person(during=(SUMMER, None))),
    "customers_person_role": lambda: person(role="friend"),
    "customers_person_days": lambda: person(during=(SPRING, SPRING)),
    "customers_person_never_changes": never(person, role="landlord"),
    "customers_paper_never_changes": never(paper, body=b"else"),
    "customers_identity_kind": lambda: identity(kind="face"),
    "customers_identity_never_changes": never(identity, digest=b"2"),
    "customers_change_what": lambda: change(what="soul"),
    "customers_change_never_changes": never(change, after="else"),
    "customers_deceased_never_changes": never(
        lambda: Deceased.objects.create(customer=customer(), on=SPRING, event_id=1), on=SUMMER
    ),
    "customers_changefile_sha256_key": lambda: (file(), file()),
    "customers_changefile_never_changes": never(file, rows=2),
    "customers_mark_one": lambda: (mark(), mark(during=(SUMMER, None))),
    "customers_mark_kind": lambda: mark(kind="acp"),
    "customers_mark_days": lambda: mark(authority=""),
    "customers_mark_never_changes": never(mark, authority="else"),
    "customers_markreminded_never_changes": never(
        lambda: MarkReminded.objects.create(mark=mark(), on=SPRING, event_id=1), on=SUMMER
    ),
    "customers_sealed_never_changes": never(
        lambda: Sealed.objects.create(customer=customer(), box=b"1", event_id=1), box=b""
    ),
    "customers_glass_closes": lambda: glass(until=NOON),
    "customers_glass_never_changes": never(glass, reason="else"),
    "customers_programme_household": lambda: (programme(), programme(during=(SUMMER, None), request_id=2)),
    "customers_programme_request": lambda: (programme(), programme(code="medical")),
    "customers_programme_days": lambda: programme(during=(SPRING, SPRING)),
    "customers_programme_never_changes": never(programme, proof="none"),
    "customers_programmeended_never_changes": never(
        lambda: ProgrammeEnded.objects.create(programme=programme(), on=SUMMER, reason="moved", event_id=1), on=SPRING
    ),
    "customers_programmereminded_never_changes": never(
        lambda: ProgrammeReminded.objects.create(programme=programme(), on=SUMMER, event_id=1), on=SPRING
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_each_constraint_refuses(name):
    refused(name, OWN[name])


def test_no_constraint_without_its_violation():
    assert all_constraints("customers") == set(VIOLATIONS) | set(OWN)


def test_what_lasts_ends_by_its_last_day():
    for row in (person(), mark(), programme()):
        type(row).objects.filter(pk=row.pk).update(during=(SPRING, SUMMER))
