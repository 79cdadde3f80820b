"""Cancel and rebill on request: a billed read put right, two meters at each other's house, or a bill made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, transaction

from curbstop.office import ledger, policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed, names_of
from curbstop.office.bills import rebilling
from curbstop.office.bills.rebilling import Rebill
from curbstop.office.reads import correcting
from curbstop.office.reads.correcting import Changed
from curbstop.rules.adjustments import NEW, net_on
from curbstop.rules.ledger.items import IN_BALANCE
from curbstop.rules.money import show
from curbstop.rules.periods import show_on
from curbstop.rules.policies import NotSet

REASONS = {
    "misread": "The meter was misread",
    "swapped": "Two meters were written down at each other's house",
    "wrong_rate": "Billed at the wrong rate",
    "wrong_service": "Billed for a service that was not there",
    "billing_error": "Billing error",
}


def accounts_of(inputs: Mapping[str, Any]) -> tuple[int, ...]:
    """Whom a request of these inputs is about, before it is weighed."""
    points, from_on = _places(inputs)
    with connection.cursor() as cursor:
        for point, day in points:
            from_on[point] = day
        cursor.execute(
            "select distinct account_id from bills_bill where id = any(%s) order by 1",
            [list(inputs.get("bills") or ())],
        )
        found = {row[0] for row in cursor.fetchall()}
    for point, day in from_on.items():
        found.update(rebilling.accounts_at([point], day))
    return tuple(sorted(found))


def _places(inputs: Mapping[str, Any]) -> tuple[list[tuple[int, date]], dict[int, date]]:
    reads = [int(one["read_id"]) for one in inputs.get("reads") or () if isinstance(one.get("read_id"), int)]
    with connection.cursor() as cursor:
        cursor.execute("select service_point_id, read_on - 1 from meters_read where id = any(%s)", [reads])
        places = list(cursor.fetchall())
    swap = inputs.get("swap") or {}
    return places, {int(point): _day(swap) for point in swap.get("service_point_ids", ())}


def _day(swap: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(str(swap.get("from_on", "")))
    except ValueError:
        raise Refused("Say from which day the two meters were noted wrong.", field="from_on") from None


@contextmanager
def _tried() -> Iterator[None]:
    """What is written inside is undone at the end: so the figures shown are made by what would be done."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def weigh(asked: Asked) -> Weighed:
    """What cancelling and billing again comes to: inputs ``reads`` (each ``read_id``, ``register`` and, where it turned
    over, ``rolled_over``), or ``swap`` (``service_point_ids``, ``from_on``), or ``bills`` alone.

    The corrections are made, the bills that they touch are rated again, and all of it is undone: approving does the
    same, and keeps it.

    :raises Refused: nothing was billed from these reads, or a bill cannot be made again
    """
    with _tried():
        changed, rebills = _made_again(asked, event_id=0)
    down = -sum(one.change_cents for one in rebills if one.change_cents < 0)
    up = sum(one.change_cents for one in rebills if one.change_cents > 0)
    accounts = tuple(sorted({one.account_id for one in rebills}))
    names = {id: (number, name) for id, number, name in names_of(accounts)}
    parts = [f"bill {one.number} of {show(one.cents)} becomes {show(one.new_cents)}" for one in rebills]
    says = f"Cancel and rebill for {', '.join(f'{name}, account {number}' for number, name in names.values())}: "
    entries = tuple(entry for one in rebills for entry in _entries(one, asked.on))
    facts = {"letters": _letters(asked, changed, rebills, entries), "bills": [one.bill_id for one in rebills]}
    not_by = {one.entered_by: f"Meter {one.meter} was read by the one who would approve." for one in changed}
    return Weighed(
        max(down, up, 1), accounts, f"{says}{'; '.join(parts)}.", tuple(_working(changed, rebills)), entries,
        not_by=not_by, facts=facts,
    )  # fmt: skip


def _made_again(asked: Asked, event_id: int) -> tuple[list[Changed], list[Rebill]]:
    changed: list[Changed] = []
    for one in asked.inputs.get("reads") or ():
        changed += correcting.correct_billed(
            read_id=int(one["read_id"]), register=int(one["register"]), rolled_over=one.get("rolled_over") is True,
            event_id=event_id,
        )  # fmt: skip
    swap = asked.inputs.get("swap")
    if swap:
        points = tuple(int(point) for point in swap.get("service_point_ids", ()))
        if len(points) != 2:
            raise Refused("Name the two places whose meters are at each other's house.", field="swap")
        changed += correcting.swap_places(
            service_point_ids=(points[0], points[1]), from_on=_day(swap), reason=REASONS[asked.reason],
            event_id=event_id,
        )  # fmt: skip
    bills = set(rebilling.find_bills((one.service_point_id, one.read_on) for one in changed))
    bills |= {int(bill) for bill in asked.inputs.get("bills") or ()}
    if not bills:
        raise Refused("No bill was made from this. Correct the read on the edit list instead.", field="bills")
    return changed, rebilling.rate_again(sorted(bills), on=asked.on)


def _entries(one: Rebill, on: date) -> list[Entry]:
    """What would be posted, for what it does to the account; documents are not taken yet."""
    release, cancel = rebilling.undo_legs(one.lines, one.account_id, one.bill_id, NEW)
    legs = [("release", release), ("cancel", cancel), ("bill", list(rebilling.bill_legs(one, NEW, on)))]
    if one.late is not None:
        back = rebilling.undo_legs(one.late.lines, one.account_id, one.late.document_id, NEW)
        legs += [("release", back[0]), ("cancel", back[1])]
        if one.late.again:
            legs.append(("late_charge", list(rebilling.late_legs(one, NEW, on))))
    return [Entry(act, tuple(found), on) for act, found in legs if found]


def _working(changed: Sequence[Changed], rebills: Sequence[Rebill]) -> Iterator[Step]:
    for one in changed:
        if one.register != one.was_register:
            says = f"Meter {one.meter} on {show_on(one.read_on)}"
            yield Step(says, f"{one.was_register:,} is {one.register:,}")
    for bill in rebills:
        yield Step(f"Bill {bill.number} cancelled", f"-{show(bill.cents)}")
        for line in bill.new_lines:
            yield Step(line.says, show(line.cents))
        yield Step(f"In its place, due {show_on(bill.new_due_on)}", show(bill.new_cents))
        if bill.late is not None:
            yield Step("Late charge taken back", f"-{show(bill.late.cents)}")
            yield Step("Late charge on the right bill", show(sum(bill.late.again.values())))
        elif bill.had_late:
            yield Step("The late charge stays as it was", "rebill.late is not set for this city")


def _letters(
    asked: Asked, changed: Sequence[Changed], rebills: Sequence[Rebill], entries: Sequence[Entry]
) -> dict[str, list[str]]:
    """A letter for each account: both reads, both bills, what is owed after it. None names another account."""
    legs = [leg for entry in entries for leg in entry.legs]
    letters: dict[str, list[str]] = {}
    for account in sorted({one.account_id for one in rebills}):
        mine = [one for one in rebills if one.account_id == account]
        owed = ledger.get_balance(account) + net_on(legs, account, IN_BALANCE)
        told = [_why(asked, changed, mine, owed)]
        told += [
            f"Bill {one.number} for {show_on(one.from_on)} to {show_on(one.until_on)} of ${show(one.cents)} is"
            f" cancelled. The right bill for the same days is ${show(one.new_cents)}, due {show_on(one.new_due_on)}."
            for one in mine
        ]
        letters[str(account)] = told
    return letters


def _why(asked: Asked, changed: Sequence[Changed], mine: Sequence[Rebill], owed: int) -> str:
    worse = sum(one.change_cents for one in mine) > 0
    if asked.inputs.get("swap"):
        says = "Two meters were written down at each other's house. We have cancelled the bill and made the right one"
        parts = _instalments(asked.on) if worse else 0
        return f"{says}; you may pay it in {_WORDS.get(parts, str(parts))} parts." if parts else f"{says}."
    wrong = next((one for one in changed if one.register != one.was_register), None)
    late = " and its late fee were" if any(one.late for one in mine) else " was"
    then = f"; you have a credit of ${show(-owed)}." if owed < 0 else f"; you owe ${show(owed)} now."
    if wrong is None:
        return f"Your bill{late} worked out again{then}"
    read = f"We read {wrong.was_register:,} where the meter said {wrong.register:,}."
    return f"{read} Your bill{late} worked out again{then}"


_WORDS = {2: "two", 3: "three", 4: "four", 6: "six", 12: "twelve"}


def _instalments(on: date) -> int:
    """In how many parts a higher bill may be paid; 0: the city has not said."""
    try:
        return policies.load("rebill.instalments").whole("rebill.instalments", on=on)
    except NotSet:
        return 0


def letter(asked: Asked, weighed: Weighed) -> tuple[str, ...]:
    """The letter where one account is concerned; where two are, each has its own among the request's facts."""
    letters = list(weighed.facts["letters"].values())
    return tuple(letters[0]) if len(letters) == 1 else ()


def post_rebill(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Make the corrections, cancel the bills, issue those in their place, and let what was paid pay them."""
    _, rebills = _made_again(asked, event_id=event.id)
    reason = REASONS[asked.reason] + (f": {asked.words}" if asked.words else "")
    txns: list[int] = []
    for one in rebills:
        txns += rebilling.replace(event, one, on=asked.on, approval=asked.request_id, reason=reason)[1]
    return tuple(txns)
