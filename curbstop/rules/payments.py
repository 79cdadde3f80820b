"""How money received is applied to what is owed: policy ``payments.application`` as data, and the one algorithm.

A policy is a list of steps, tried in order, each over what is still open: what it takes, in which order, and whether
the targets of one place in that order are paid one after the other or in proportion. Cents that a proportion leaves
over have a rule of their own, so that the same money always goes to the same places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from curbstop.rules.faults import BadValue
from curbstop.rules.ledger import Application, object_of
from curbstop.rules.money import MOST_CENTS, show

DEPOSIT_DEMAND = "deposit_demand"
ORDERS = ("due_on", "service_priority", "document")
TYPES: Mapping[str, int] = {
    "service": 1210,
    "late": 1220,
    "fee": 1230,
    "tax": 1240,
    "deferral": 1250,
    "returned": 1260,
    "pre_petition": 1270,
}
"""Receivable types by the word a policy uses for them."""

DEPOSITS = 2210
"""Object of deposits payable: where the money for a deposit that was asked for goes."""

ONLY_BY_NAME = frozenset({1250, 1270})
"""Receivables that a payment does not touch unless the payer or the policy names them: plan-deferred, pre-petition."""

PRIORITY = ("water", "irrigation", "sewer", "sanitation", "stormwater")
"""Services in the order that a tie is broken by where the policy gives no ``service_priority``."""


class BadPolicy(BadValue):
    """A policy of application that cannot be followed."""


class BadPayment(BadValue):
    """Money that cannot be taken as it was given."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that money can go to: an open charge, or a deposit that was asked for (``59-2210``).

    :ivar kind: code of the kind: ``water.base``, ``fee.returned``, ``deposit``
    """

    account_id: int
    gl: str
    document: int
    line: int
    kind: str
    open_cents: int
    due_on: date | None

    @property
    def service(self) -> str:
        """The kind's family (``water``); of a late charge, the service it is on."""
        return _service(self.kind)

    @property
    def is_demand(self) -> bool:
        """Whether it is a deposit asked for, which is no receivable."""
        return object_of(self.gl) == DEPOSITS


@cache
def _service(kind: str) -> str:
    family, _, rest = kind.partition(".")
    return rest if family in ("late", "adjustment", "level") and rest else family


@cache
def _words(kind: str, object: int) -> frozenset[str]:
    """Every word by which a policy may name a target of this kind on this object."""
    words = {kind, kind.partition(".")[0], _service(kind)}
    words |= {word for word, number in TYPES.items() if number == object}
    return frozenset(words | ({DEPOSIT_DEMAND} if object == DEPOSITS else set()))


@dataclass(frozen=True, slots=True)
class Take:
    """What a step takes: ``words`` are kinds, families of kinds, services or receivable types; empty is everything.

    ``by_payer``: the payer named it, who may pay a deposit before the bill that asks for it.
    """

    words: tuple[str, ...] = ()
    other_than: bool = False
    overdue: bool | None = None
    document: int | None = None
    by_payer: bool = False

    def takes(self, target: Target, on: date) -> bool:
        """Whether the target is one of the step's, on the day of the payment."""
        object = object_of(target.gl)
        named = bool(self.words) and not _words(target.kind, object).isdisjoint(self.words)
        if object in ONLY_BY_NAME and self.document is None and not (named and not self.other_than):
            return False
        if target.is_demand and target.due_on is None and not self.by_payer:
            return False  # an instalment that no bill asked for yet
        if self.document is not None and target.document != self.document:
            return False
        if self.overdue is not None and (target.due_on is not None and target.due_on < on) != self.overdue:
            return False
        return not self.words or named != self.other_than


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a policy."""

    take: Take = field(default_factory=Take)
    order: tuple[str, ...] = ("due_on",)
    pro_rata: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The steps, and the services in the order of their priority."""

    steps: tuple[Step, ...]
    priority: tuple[str, ...] = PRIORITY

    def place(self, target: Target) -> int:
        """The priority of the target's service; deposits asked for come after everything owed, unless named."""
        return _place(self.priority, target.kind, object_of(target.gl))


@cache
def _place(priority: tuple[str, ...], kind: str, object: int) -> int:
    service = _service(kind)
    if service in priority:
        return priority.index(service)
    return len(priority) + (object == DEPOSITS)


PRESETS: Mapping[str, list[Mapping[str, Any]]] = {
    "oldest_first": [{"take": "all", "order": ["due_on"], "within": "in_order"}],
    "oldest_pro_rata": [{"take": "all", "order": ["due_on"], "within": "pro_rata"}],
    "service_priority": [{"take": "all", "order": ["service_priority", "due_on"], "within": "in_order"}],
    "fees_first": [{"take": ["fee", "late", "returned"]}, {"take": "all", "order": ["due_on"]}],
    "fees_last": [{"take": {"not": ["fee", "late", "returned"]}}, {"take": "all", "order": ["due_on"]}],
    "deposits_first": [{"take": DEPOSIT_DEMAND}, {"take": "all", "order": ["due_on"], "within": "pro_rata"}],
    "current_first": [{"take": {"overdue": False}}, {"take": "all", "order": ["due_on"]}],
}
"""Policies that cities use, by name."""


def read_policy(value: object, *, deposit_first: bool = False) -> Policy:
    """The policy in a policy value: a preset's name, a list of steps, or ``{steps:, service_priority:}``.

    :param deposit_first: the city's ``deposit.paid_first``: deposits asked for are filled before anything else
    :raises BadPolicy: naming what is not understood
    """
    priority: object = None
    if isinstance(value, Mapping):
        priority, value = value.get("service_priority"), value.get("steps")
    if isinstance(value, str):
        if value not in PRESETS:
            raise _bad("payments.application", value, "not a known way", f"use one of {', '.join(PRESETS)}, or steps")
        value = PRESETS[value]
    if not isinstance(value, (list, tuple)) or not value:
        raise _bad("payments.application", value, "no steps", "write a list of steps or the name of a preset")
    steps = [_read_step(step) for step in value]
    if deposit_first:
        steps.insert(0, Step(Take((DEPOSIT_DEMAND,))))
    if priority is None:
        return Policy(tuple(steps))
    if not isinstance(priority, (list, tuple)) or not all(isinstance(service, str) for service in priority):
        raise _bad("service_priority", priority, "not a list of services", "write [sanitation, sewer, water]")
    return Policy(tuple(steps), tuple(priority))


def _read_step(step: object) -> Step:
    if not isinstance(step, Mapping) or set(step) - {"take", "order", "within"}:
        raise _bad("step", step, "not a step", "write {take: ..., order: [...], within: in_order or pro_rata}")
    order, within = step.get("order", ["due_on"]), step.get("within", "in_order")
    if not isinstance(order, (list, tuple)) or any(key not in ORDERS for key in order):
        raise _bad("order", order, "not a known order", f"use {', '.join(ORDERS)}")
    if within not in ("in_order", "pro_rata"):
        raise _bad("within", within, "not known", "use in_order or pro_rata")
    return Step(_read_take(step.get("take", "all")), tuple(order), within == "pro_rata")


def _read_take(take: object) -> Take:
    if take == "all":
        return Take()
    if isinstance(take, str):
        return Take((take,))
    if isinstance(take, (list, tuple)) and take and all(isinstance(word, str) for word in take):
        return Take(tuple(take))
    if isinstance(take, Mapping) and len(take) == 1:
        ((key, value),) = take.items()
        if key == "not" and isinstance(value, (list, tuple)):
            return Take(tuple(value), other_than=True)
        if key == "overdue" and isinstance(value, bool):
            return Take(overdue=value)
        if key == "document" and isinstance(value, int):
            return Take(document=value)
    raise _bad(
        "take", take, "not understood", "use all, a list of kinds, {not: [...]}, {overdue: true} or {document: n}"
    )


def _bad(field: str, value: object, why: str, remedy: str) -> BadPolicy:
    return BadPolicy(field=field, value=value, why=why, remedy=remedy)


def instruct(policy: Policy, *, document: int | None = None, words: Sequence[str] = ()) -> Policy:
    """The policy with what the payer asked for put first: one bill, or kinds, services and types. It wins."""
    wanted = Step(Take(tuple(words), document=document, by_payer=True))
    return replace(policy, steps=(wanted, *policy.steps))


def apply(amount: int, targets: Iterable[Target], policy: Policy, *, on: date) -> tuple[tuple[Application, ...], int]:
    """Where an amount goes, and what is left.

    The order of ``targets`` does not matter. Nothing gets more than is open; something is left only when every target
    of every step is full.

    :param amount: whole cents, zero or more
    :param on: the day of the payment, for steps that look at what is overdue
    """
    if amount < 0:
        raise ValueError(f"{amount} cents: an amount to apply is not below zero")
    left = amount
    pile = sorted((target for target in targets if target.open_cents > 0), key=lambda target: _tie(target, policy))
    open_cents = [target.open_cents for target in pile]
    for step in policy.steps:
        if left == 0:
            break
        taken = [n for n, target in enumerate(pile) if open_cents[n] and step.take.takes(target, on)]
        due = sum(open_cents[n] for n in taken)
        if left >= due:  # all of it is paid, whatever the order
            for n in taken:
                open_cents[n] = 0
            left -= due
            continue
        places = {n: _key(step.order, pile[n], policy) for n in taken}
        taken.sort(key=places.__getitem__)  # stable: of one place, in the order of the pile
        for _, group in groupby(taken, key=places.__getitem__):
            for n, cents in _pay(left, [(n, open_cents[n]) for n in group], step.pro_rata):
                open_cents[n] -= cents
                left -= cents
            if left == 0:
                break
    paid = [(target, target.open_cents - open_cents[n]) for n, target in enumerate(pile)]
    made = tuple(Application(t.account_id, t.gl, t.document, t.line, t.kind, cents) for t, cents in paid if cents)
    return made, left


def _key(order: tuple[str, ...], target: Target, policy: Policy) -> tuple[int, ...]:
    keys = []
    for name in order:
        if name == "due_on":
            keys.append((target.due_on or date.max).toordinal())
        else:
            keys.append(target.document if name == "document" else policy.place(target))
    return tuple(keys)


def _tie(target: Target, policy: Policy) -> tuple[int, int, int, int, str]:
    return (policy.place(target), target.document, target.line, target.account_id, target.gl)


def _pay(left: int, group: Sequence[tuple[int, int]], pro_rata: bool) -> Iterable[tuple[int, int]]:
    """What each of a group gets. In proportion, the residue goes a cent each to the largest remainders, the first of
    equals first."""
    due = sum(open_cents for _, open_cents in group)
    if left >= due:
        return group
    if not pro_rata:
        paid = []
        for n, open_cents in group:
            cents = min(left, open_cents)
            paid.append((n, cents))
            left -= cents
        return paid
    shares = {n: left * open_cents // due for n, open_cents in group}
    residue = left - sum(shares.values())
    # q + 1 <= open holds for each that gets a cent, since left < due
    for n, _ in sorted(group, key=lambda pair: -(left * pair[1] % due))[:residue]:
        shares[n] += 1
    return shares.items()


TILL_TENDERS = ("cash", "check", "money_order")
LINES: Mapping[str, int] = {"cash": 1, "check": 2, "money_order": 3}
"""Line of a drawer's or a slip's batch item that each type of tender waits on."""


@dataclass(frozen=True, slots=True)
class Tender:
    """Money as handed over: ``cents`` of a type. A check needs its number as ``reference``."""

    type: str
    cents: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A tender as it stays: what is kept, and the change given out of it."""

    type: str
    cents: int
    change_cents: int
    reference: str


def check_tenders(tenders: Sequence[Tender]) -> None:
    """Refuse tenders that a till cannot take.

    :raises BadPayment: naming the field (``tenders[1].cents``), the value and the remedy
    """
    if not tenders:
        remedy = "enter cash, a check or a money order"
        raise BadPayment(field="tenders", value="", why="nothing was tendered", remedy=remedy)
    for place, tender in enumerate(tenders, 1):
        if tender.type not in TILL_TENDERS:
            remedy = f"a till takes {', '.join(TILL_TENDERS)}"
            raise BadPayment(field=f"tenders[{place}].type", value=tender.type, why="not taken here", remedy=remedy)
        check_cents(tender.cents, field=f"tenders[{place}].cents")
        if tender.type == "check" and not tender.reference.strip():
            remedy = "enter the number printed on the check"
            raise BadPayment(field=f"tenders[{place}].reference", value="", why="a check has a number", remedy=remedy)


def check_cents(cents: int, *, field: str) -> None:
    """Refuse an amount that is not above zero, or is more than 9,999,999.99. :raises BadPayment:"""
    if isinstance(cents, bool) or not isinstance(cents, int):
        remedy = "write dollars and cents, for example 12.50"
        raise BadPayment(field=field, value=cents, why="not whole cents", remedy=remedy)
    if cents <= 0:
        why = "zero" if cents == 0 else "below zero"
        remedy = "enter what was handed over; what takes money off an account is another act"
        raise BadPayment(field=field, value=show(cents), why=why, remedy=remedy)
    if cents > MOST_CENTS:
        remedy = "check the digits; split it if it is right"
        raise BadPayment(field=field, value=show(cents), why="more than 9,999,999.99", remedy=remedy)


def give_change(tenders: Sequence[Tender], wanted: int) -> tuple[Kept, ...]:
    """The tenders less the change: what was handed over beyond ``wanted`` goes back, out of cash only.

    :raises BadPayment: less than is wanted; or more, and not in cash
    """
    handed = sum(tender.cents for tender in tenders)
    change = handed - wanted
    if change < 0:
        remedy = f"ask for {show(-change)} more, or enter a smaller amount for an account"
        raise BadPayment(
            field="tenders", value=show(handed), why=f"less than the {show(wanted)} to be paid", remedy=remedy
        )
    cash = sum(tender.cents for tender in tenders if tender.type == "cash")
    if change and change >= cash:
        remedy = f"enter {show(change - cash)} more for an account, where it stays as credit; or take another check"
        why = f"{show(change)} too much, and change is given out of cash only"
        if change == cash:
            why, remedy = "the other tenders pay it already", "hand the cash back"
        raise BadPayment(field="tenders", value=show(handed), why=why, remedy=remedy)
    kept = [Kept(t.type, t.cents, 0, t.reference.strip()) for t in tenders if t.type != "cash"]
    if cash:
        place = next(n for n, tender in enumerate(tenders) if tender.type == "cash")
        kept.insert(place, Kept("cash", cash - change, change, ""))
    return tuple(kept)


def attribute(kept: Sequence[Kept], amounts: Sequence[int]) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Which tender paid which amount, for the receipt: tenders fill the amounts, both in the order given."""
    types = [tender.type for tender in kept]
    left = [tender.cents for tender in kept]
    n = 0
    found: list[tuple[tuple[str, int], ...]] = []
    for amount in amounts:
        parts: list[tuple[str, int]] = []
        while amount and n < len(left):
            used = min(left[n], amount)
            parts.append((types[n], used))
            amount -= used
            left[n] -= used
            n += left[n] == 0
        found.append(tuple(parts))
    return tuple(found)
