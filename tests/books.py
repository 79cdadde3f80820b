"""A city's books to test on: the chart of Moore, open days, accounts, people with roles."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.records.base.models import Event, User
from curbstop.records.customers.models import Account, Customer
from curbstop.records.ledger.models import Day
from curbstop.rules.accounts import account_number
from curbstop.rules.ledger import Leg

CHART = (Path(__file__).resolve().parent.parent / "curbstop" / "cities" / "moore_ok" / "chart.yaml").read_text()
DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def at_on(day: date, hour: int = 15, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@cache
def _numbers() -> list[int]:
    return [0]


def key(of: str = "k") -> Key:
    """A key that nobody used before."""
    _numbers()[0] += 1
    return Key(f"{of}-{_numbers()[0]}")


def person(name: str, *roles: str) -> Actor:
    """A user with these roles, made when first asked for."""
    user, _ = User.objects.get_or_create(username=name, defaults={"first_name": name.title(), "roles": list(roles)})
    return Actor(id=user.pk, name=name.title(), roles=frozenset(roles or user.roles))


def clock() -> Actor:
    return person("clock", "system", "administrator")


def open_books(*days: date) -> None:
    """Adopt the chart, and have these days open. Two months of mornings one by one are no part of what is tested."""
    by = clock()
    ledger.adopt_chart(key=key(), by=by, at=AT, text=CHART)
    Day.objects.bulk_create(
        Day(posted_on=day, opened_by_id=by.id, opened_at=at_on(day)) for day in dict.fromkeys(days or (DAY,))
    )


def account(sequence: int = 1_000_001, *, name: str = "R. Ortiz", customer_class: str = "residential") -> Account:
    """An account with the number of this place in the sequence, and a customer of its own."""
    customer = Customer.objects.create(name=name, event_id=1)
    number = account_number(sequence)
    return Account.objects.create(
        number=number, customer=customer, customer_class=customer_class, tenure="owner", opened_on=DAY, event_id=1
    )


def accounts(count: int, *, first: int = 1_000_001) -> list[Account]:
    """Many accounts of one customer."""
    customer = Customer.objects.create(name="Many", event_id=1)
    return Account.objects.bulk_create(
        Account(
            number=account_number(first + n), customer=customer, customer_class="residential", tenure="owner",
            opened_on=DAY, event_id=1,
        )
        for n in range(count)
    )  # fmt: skip


def posting(act: str, legs: Iterable[Leg], *, on: date = DAY, effective_on: date | None = None, **more) -> int:
    """Post legs as an act would, with an event of their own; returns the transaction."""
    by = clock()
    row = Event.objects.create(act=f"test.{act}", key=None, by_id=by.id, at=at_on(on), inputs={}, says="")
    event = Acting(id=row.pk, act=f"test.{act}", by=by, at=at_on(on))
    return ledger._post(event, act=act, posted_on=on, effective_on=effective_on or on, legs=legs, **more)


def set_policy(policy: str, value: object, *, on: date = date(2024, 1, 1)) -> None:
    """A policy value as a city would have it, set for the test."""
    from curbstop.records.decisions.models import PolicyValue

    PolicyValue.objects.create(
        policy=policy, valid=(on, None), value=value, says="set for this test", authority="test", event_id=1
    )


def approval(*, step: str = "approved", cents: int = 1) -> int:
    """A request with its verdict, as rows: for postings that are tried past the office. No step: it waits."""
    from curbstop.records.ledger.models import Request, Verdict

    asker, other = person("asker", "csr"), person("approver", "supervisor")
    request = Request.objects.create(
        kind="adjust", account_ids=[1], cents=cents, reason="billing_error", words="", inputs={}, weighed={},
        asked_by_id=asker.id, asked_on=DAY, at=AT, event_id=1, needs_evidence=False,
    )  # fmt: skip
    if step:
        Verdict.objects.create(
            request=request, step=step, level="supervisor", reason="test", on=DAY, at=AT, event_id=1,
            by_id=asker.id if step == "withdrawn" else other.id, asked_by_id=asker.id,
        )  # fmt: skip
    return request.pk
