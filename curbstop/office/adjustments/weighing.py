"""What a request is and what it comes to: the values that its kind, its acts and its screens share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.rules.adjustments import NEW, net_on, with_document
from curbstop.rules.ledger import Leg
from curbstop.rules.ledger.items import IN_BALANCE
from curbstop.rules.payments import Target

DEFAULT_LIMITS = "approval.limits"


@dataclass(frozen=True)
class Asked:
    """A request as its kind weighs it.

    ``on`` is the day it would be posted on: of the request when it is asked, of the approval when it is approved.
    ``request_id`` is 0 while it is being asked.
    """

    kind: str
    inputs: Mapping[str, Any]
    reason: str
    asked_by: int
    on: date
    request_id: int = 0
    words: str = ""

    def number(self, name: str) -> int:
        """A whole number among the inputs. :raises Refused: it is not there"""
        value = self.inputs.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused(f"{name} is needed for this request, as a whole number.", field=name)
        return value

    def text(self, name: str, default: str = "") -> str:
        """A text among the inputs."""
        return str(self.inputs.get(name) or default)


@dataclass(frozen=True)
class Step:
    """One line of the working: what it says, and its figure in words."""

    says: str
    figure: str


@dataclass(frozen=True)
class Effect:
    """What a request does to what an account owes (below zero: a credit)."""

    account_id: int
    number: str
    name: str
    before_cents: int
    after_cents: int


@dataclass(frozen=True)
class Entry:
    """One transaction that an approval posts. A leg on document :data:`NEW` gets a document of its own."""

    act: str
    legs: tuple[Leg, ...]
    effective_on: date
    reverses: int | None = None
    kinds_on: date | None = None


@dataclass(frozen=True)
class Weighed:
    """What a request comes to now: the figure, whom it touches, the sentence, the working, what would be posted.

    ``held_cents`` is in dispute while it waits; ``not_by`` are people who may not approve it beside the asker, with
    why. ``facts`` are what the kind keeps for later (a leak's baseline), plain JSON.
    """

    cents: int
    account_ids: tuple[int, ...]
    says: str
    working: tuple[Step, ...] = ()
    entries: tuple[Entry, ...] = ()
    held_cents: int = 0
    not_by: Mapping[int, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


Weigh = Callable[[Asked], Weighed]
Post = Callable[[Acting, Asked, Weighed], tuple[int, ...]]


def post_entries(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Post what was weighed, each entry one transaction that names the approved request: what most kinds do."""
    (document,) = ledger.reserve_documents(1) if _makes_a_document(weighed) else (NEW,)
    return tuple(
        ledger._post(
            event,
            act=entry.act,
            posted_on=asked.on,
            effective_on=entry.effective_on,
            legs=with_document(entry.legs, document),
            reverses=entry.reverses,
            approval=asked.request_id,
            kinds_on=entry.kinds_on,
        )
        for entry in weighed.entries
    )


def _makes_a_document(weighed: Weighed) -> bool:
    return any(leg.document == NEW for entry in weighed.entries for leg in entry.legs)


def effects(weighed: Weighed) -> tuple[Effect, ...]:
    """What posting it would do to each account, from the rows of its entries."""
    balances = ledger.get_balances(weighed.account_ids)
    legs = [leg for entry in weighed.entries for leg in entry.legs]
    return tuple(
        Effect(id, number, name, balances[id], balances[id] + net_on(legs, id, IN_BALANCE))
        for id, number, name in names_of(weighed.account_ids)
    )


@dataclass(frozen=True)
class Owing:
    """An account as a request finds it: what is open on it, and the words of the kinds."""

    id: int
    number: str
    name: str
    targets: tuple[Target, ...]
    says: Mapping[str, str]


def load_owing(account_id: int, on: date) -> Owing:
    """What an account owes, line by line. :raises Refused: there is no such account"""
    ((id, number, name),) = names_of([account_id])
    items = [item for item in ledger.get_open_items(id) if not item.owed_to]
    targets = tuple(Target(id, i.gl, i.document, i.line, i.kind, i.open_cents, i.due_on) for i in items)
    return Owing(id, number, name, targets, {kind.code: kind.says for kind in ledger.list_kinds(on=on)})


def names_of(account_ids: Iterable[int]) -> list[tuple[int, str, str]]:
    """Account id, number and customer's name, in the order asked for."""
    wanted = list(dict.fromkeys(account_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, a.number, c.name from customers_account a join customers_customer c on c.id = a.customer_id"
            " where a.id = any(%s)",
            [wanted],
        )
        found = {row[0]: row for row in cursor.fetchall()}
    if missing := [id for id in wanted if id not in found]:
        raise Refused(f"There is no account {missing[0]}. Look it up first.", field="account_id")
    return [found[id] for id in wanted]


def number_of(account_id: int) -> str:
    """The number that people call an account by. :raises Refused: there is no such account"""
    return names_of([account_id])[0][1]


def deductions(on: date) -> dict[int, str]:
    """The kind of an adjustment of each fund by the chart in force: ``{51: "adjustment.water"}``."""
    found = {}
    for kind in ledger.list_kinds(on=on):
        if kind.code.startswith("adjustment.") and kind.contra is not None:
            found[int(kind.contra[:2])] = kind.code
    return found
