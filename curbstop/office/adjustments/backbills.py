"""A back-bill: carts that stood on the ground and were not billed, bill by bill, as far back as the city goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import connection

from curbstop.office import policies, refuse, tariffs
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed, names_of, post_entries
from curbstop.office.bills import explaining, loading
from curbstop.office.bills.numbers import bill_number
from curbstop.office.ledger import list_kinds
from curbstop.rules import rating
from curbstop.rules.adjustments import NEW
from curbstop.rules.ledger import charge as charge_legs
from curbstop.rules.ledger import debit
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.rating import Status

REASONS = {"carts": "Carts on the ground that were not billed"}
LIMIT, PLAN, DUE, KIND = "backbill.limit_months", "backbill.plan", "bill.due_days", "sanitation.cart"
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True)
class _Missed:
    """A bill that had too few carts: what it had, what it should have had."""

    bill_id: int
    billed_on: date
    had: int
    should: int
    had_cents: int
    should_cents: int


def weigh(asked: Asked) -> Weighed:
    """What carts on the ground were not billed: inputs ``account_id`` and ``premise_id``.

    Each bill of the last ``backbill.limit_months`` is rated again with the carts that stood there on its first day, by
    the tariff that it was billed by.

    :raises Refused: the city has set no limit, nobody counted the carts, or nothing is missing
    """
    account, premise = asked.number("account_id"), asked.number("premise_id")
    ((_, number, name),) = names_of([account])
    (there,) = refuse.list_carts([premise], on=asked.on)
    if there.left is None or there.agreement_id is None or there.account_id != account:
        raise Refused("Nobody counted the carts here, or this account is not billed for refuse.", field="premise_id")
    before = _asked_before(account, asked.request_id)
    missed = [one for one in _missed(account, premise, _first_on(asked.on)) if one.bill_id not in before]
    cents = sum(one.should_cents - one.had_cents for one in missed)
    if cents <= 0:
        raise Refused("No bill of this time had too few carts.", field="premise_id")
    kinds = {kind.code: kind for kind in list_kinds(on=asked.on)}
    kind = kinds.get(KIND)
    if kind is None or kind.control is None or kind.contra is None:
        raise Refused(f"The chart of accounts has no kind {KIND}; finance adds it.", field="kind")
    due = {"account_id": account, "document": NEW, "line": 1, "due_on": _due_on(asked.on)}
    legs = charge_legs([debit(kind.control, cents, KIND, **due)], {KIND: kind.contra})  # type: ignore[arg-type]
    steps = [
        Step(
            f"Bill {bill_number(one.bill_id)} of {one.billed_on.isoformat()}: {one.should} carts"
            f" {show(one.should_cents)}, billed {one.had} {show(one.had_cents)}",
            show(one.should_cents - one.had_cents),
        )
        for one in missed
    ]
    says = f"Back-bill ${show(cents)} for carts to {name}, account {number}: {len(missed)} bills had too few."
    facts = {
        "premise_id": premise, "agreement_id": there.agreement_id, "left": there.left, "bills": len(missed),
        "had": missed[-1].had, "had_cents": missed[-1].had_cents, "should_cents": missed[-1].should_cents,
        "ids": [one.bill_id for one in missed], "plan": _plan(asked.on),
        "named": [bill_number(one.bill_id) for one in missed],
    }  # fmt: skip
    return Weighed(cents, (account,), says, tuple(steps), (Entry("charge", legs, asked.on),), facts=facts)


def _first_on(on: date) -> date:
    known = policies.load(LIMIT)
    try:
        months = known.whole(LIMIT, on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says or missing.why} Nothing is back-billed without a limit.", field=LIMIT) from None
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, 28))


def _due_on(on: date) -> date:
    try:
        return on + timedelta(days=policies.load(DUE).whole(DUE, on=on))
    except NotSet as missing:
        raise Refused(f"{missing.says or missing.why} Say when it is due.", field=DUE) from None


def _plan(on: date) -> bool:
    try:
        return policies.load(PLAN).text(PLAN, on=on) == "as_long"
    except NotSet:
        return False


def _asked_before(account: int, request_id: int) -> set[int]:
    """The bills that an approved request has back-billed already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct x::bigint from ledger_request r join ledger_verdict v on v.approved_id = r.id,"
            " jsonb_array_elements_text(r.weighed -> 'facts' -> 'ids') x"
            " where r.kind = 'back_bill' and r.account_ids @> %s::bigint[] and r.id <> %s",
            [[account], request_id],
        )
        return {row[0] for row in cursor.fetchall()}


_BILLS = """
select b.id from bills_bill b where b.account_id = %s and b.until_on > %s
  and not exists (select from bills_cancelled z where z.bill_id = b.id) order by b.from_on, b.id"""


def _missed(account: int, premise: int, first_on: date) -> list[_Missed]:
    changes = [row for row in refuse.list_changes(premise_id=premise) if row.left is not None]
    with connection.cursor() as cursor:
        cursor.execute(_BILLS, [account, first_on])
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "select g.id from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id"
            " where g.account_id = %s and s.premise_id = %s and s.service = 'sanitation'",
            [account, premise],
        )
        here = {row[0] for row in cursor.fetchall()}
    found = []
    for bill in loading.load_bills(ids) if ids else []:
        for service in bill.services:
            left = next((row.left for row in changes if row.on <= service.from_on), None)
            if service.agreement_id in here and left is not None and left > service.items:
                should = _rate(service, left)
                found.append(_Missed(bill.id, bill.bill_on, service.items, left, service.cents, should))
    return found


def _rate(service: loading.ServiceRow, items: int) -> int:
    tariff = tariffs.load_tariffs(codes=[service.tariff])[service.tariff]
    inputs = explaining._inputs(replace(service, items=items))
    charges = rating.charge(tariff, from_on=service.from_on, until_on=service.until_on, inputs=inputs)
    status = Status(int(charges.status[0]))
    if status is not Status.RATED:
        raise Refused(f"{items} carts cannot be rated: {status.says}", field="premise_id")
    return int(charges.total_cents[0])


def post(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Charge what was missing, and bill the carts that stand there from the next bill on."""
    done = post_entries(event, asked, weighed)
    facts = weighed.facts
    refuse.bill_items(event, agreement_id=int(facts["agreement_id"]), items=int(facts["left"]))
    event.about(f"premise:{facts['premise_id']}")
    return done


def letter(asked: Asked, weighed: Weighed) -> tuple[str, ...]:
    """The bills, the amount, and the plan where the city offers one."""
    facts = weighed.facts
    many, left, had = int(facts["bills"]), int(facts["left"]), int(facts["had"])
    each = -(-weighed.cents // many)
    words = _WORDS.get(many, str(many))
    told = (
        f"{_WORDS.get(left, str(left)).capitalize()} carts are ${show(int(facts['should_cents']))}."
        f" {words.capitalize()} {'bill' if many == 1 else 'bills'} had {_WORDS.get(had, str(had))}"
        f" {'cart' if had == 1 else 'carts'} at ${show(int(facts['had_cents']))}, so ${show(weighed.cents)} was missing"
    )
    plan = f"; you may pay it over {words} bills." if facts["plan"] and many > 1 else "."
    parts = (f"That is ${show(each)} on each of {many} bills.",) if facts["plan"] and many > 1 else ()
    return (told + plan, f"The bills: {', '.join(facts['named'])}.", *parts)
