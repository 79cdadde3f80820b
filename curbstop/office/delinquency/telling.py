"""Telling people where they stand: reminders, notices, calls, hangers on the door, letters after the end.

Each is a letter as sent, or a logged call, and a row of the climb. A notice names the amount and the day; the day it
was mailed is the day from which the law's days are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office import _contacts, _orders, ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.delinquency import letters
from curbstop.office.delinquency.facts import Looked, look
from curbstop.office.delinquency.lawful import MEANWHILE, no_day
from curbstop.office.delinquency.setting import first_hour
from curbstop.records.delinquency.ladder import Step
from curbstop.rules.money import show
from curbstop.rules.periods import show_on

REMINDER, NOTICE, HANGER, FINAL = "reminder", "cutoff_notice", "cutoff_hanger", "final_unpaid"
POST, OFF_CHECK = "post", "off_check"


@dataclass(frozen=True)
class Told:
    """What was told about how many accounts, and what they were told to pay."""

    account_ids: tuple[int, ...]
    cents: int
    left_out: tuple[str, ...]


# --- parts of other acts ----------------------------------------------------------------------------------------------


def remind(event: Acting, found: Looked, place: int, *, night_id: int | None = None) -> Step:
    """Write the reminder: before the due date of what comes to be due, after it of what is past due."""
    facts = found.facts
    due = int(facts.owed_cents[place]) <= 0
    cents = int(facts.coming_cents[place] if due else facts.owed_cents[place])
    fields: dict[str, str | int | date] = {"amount": cents, "due_on": date.fromordinal(int(facts.due_on[place]))}
    letter = _write(event, found, place, REMINDER, fields)
    return _step(event, found, place, "reminder", cents, letter_id=letter, night_id=night_id)


def give_notice(
    event: Acting, found: Looked, place: int, *, cutoff_on: date | None = None, night_id: int | None = None
) -> Step:
    """Write the cut-off notice with its amount and day: what is past due and no hold keeps from it.

    :param cutoff_on: the day it names; None: the first lawful one
    """
    cents = int(found.facts.notice_cents[place])
    day = cutoff_on or date.fromordinal(int(found.climbed.cutoff_on[place]))
    balance = ledger.get_balance(int(found.account_ids[place]))
    fields: dict[str, str | int | date] = {
        "amount": cents,
        "due_on": date.fromordinal(int(found.facts.due_on[place])),
        "cutoff_on": day,
        "cutoff_hour": first_hour(found.setting),
        "balance": balance,
    }
    letter = _write(event, found, place, NOTICE, fields)
    return _step(event, found, place, "notice", cents, cutoff_on=day, letter_id=letter, night_id=night_id)


def hang(event: Acting, found: Looked, place: int, *, night_id: int | None = None) -> Step:
    """Write the door hanger, and the order to post it today."""
    account = int(found.account_ids[place])
    cents = int(found.facts.cutoff_cents[place])
    day = date.fromordinal(int(found.climbed.cutoff_on[place]))
    fields: dict[str, str | int | date] = {
        "amount": cents, "cutoff_on": day, "cutoff_hour": first_hour(found.setting),
    }  # fmt: skip
    letter = _write(event, found, place, HANGER, fields, hanger=True)
    order = _orders.raise_order(
        event,
        type=POST,
        premise_id=int(found.premise_ids[place]),
        account_id=account,
        on=found.on,
        about=f"Door hanger: pay {show(cents)} before {day.isoformat()} {first_hour(found.setting)}".strip(),
        second=f"For the cut-off of {day.isoformat()}",
    )
    return _step(
        event, found, place, "hanger", cents, cutoff_on=day, letter_id=letter, order_id=order.order_id,
        night_id=night_id,
    )  # fmt: skip


def look_at_off(event: Acting, found: Looked, place: int, *, night_id: int | None = None) -> Step:
    """Write the order that finds out whether water that was turned off is off and locked still."""
    order = _orders.raise_order(
        event,
        type=OFF_CHECK,
        premise_id=int(found.premise_ids[place]),
        account_id=int(found.account_ids[place]),
        on=found.on,
        about="Is it off and locked still? Read the meter.",
    )
    cents = int(found.facts.owed_cents[place])
    return _step(event, found, place, "off_check", cents, order_id=order.order_id, night_id=night_id)


def tell_final(event: Acting, found: Looked, place: int, *, night_id: int | None = None) -> Step:
    """Write to whoever left and owes still."""
    cents = int(found.facts.owed_cents[place])
    fields: dict[str, str | int | date] = {"amount": cents, "due_on": date.fromordinal(int(found.facts.due_on[place]))}
    letter = _write(event, found, place, FINAL, fields)
    return _step(event, found, place, "final", cents, letter_id=letter, night_id=night_id)


def _write(
    event: Acting, found: Looked, place: int, template: str, fields: dict[str, str | int | date], hanger: bool = False
) -> int:
    account = int(found.account_ids[place])
    return letters.write(event, template=template, account_id=account, on=found.on, fields=fields, hanger=hanger)


def _step(
    event: Acting,
    found: Looked,
    place: int,
    rung: str,
    cents: int,
    *,
    cutoff_on: date | None = None,
    letter_id: int | None = None,
    contact_id: int | None = None,
    order_id: int | None = None,
    night_id: int | None = None,
) -> Step:
    return Step.objects.create(
        account_id=int(found.account_ids[place]),
        anchor=int(found.anchors[place]),
        rung=rung,
        on=found.on,
        cents=cents,
        cutoff_on=cutoff_on,
        letter_id=letter_id,
        contact_id=contact_id,
        order_id=order_id,
        night_id=night_id,
        event_id=event.id,
    )


# --- acts of people ---------------------------------------------------------------------------------------------------


@act("delinquency.notify")
def notify(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_ids: tuple[int, ...],
    on: date,
    cutoff_on: date | None = None,
    again: bool = False,
) -> Told:
    """Send cut-off notices to accounts now, by hand: those under the minimum, held or with nothing past due are left
    out with why.

    :param cutoff_on: the day that they name; None: the first lawful one of each
    :param again: to those who were told before: their letter came back, or its words were wrong
    :raises Refused: everybody was told already, a day that is not lawful, nobody to tell
    """
    refuse_own(by, account_ids)
    lock_accounts(account_ids)
    found = look(account_ids, on=on, without=MEANWHILE)
    telling, left_out, before = _who_is_told(found, again)
    if not telling:
        if before:
            told = f"{'These notices were' if len(before) > 1 else 'This notice was'} sent on {max(before).isoformat()}"
            raise Refused(f"{told}; a copy may be printed, marked “copy”.", field="account_ids")
        raise Refused(f"There is nobody to tell: {'; '.join(left_out)}.", field="account_ids")
    cents = 0
    for place in telling:
        _check_day(found, place, cutoff_on)
        cents += give_notice(event, found, place, cutoff_on=cutoff_on).cents
    ids = tuple(int(found.account_ids[place]) for place in telling)
    event.about(*(f"account:{id}" for id in ids))
    event.about(says=f"{len(ids)} cut-off notice{'s' if len(ids) > 1 else ''} sent, together {show(cents)}.")
    return Told(ids, cents, left_out)


def _who_is_told(found: Looked, again: bool) -> tuple[list[int], tuple[str, ...], list[date]]:
    telling, left_out, before = [], [], []
    numbers = _numbers(found)
    for place, account in enumerate(found.account_ids.tolist()):
        ladder, owed = found.ladder(place), int(found.facts.notice_cents[place])
        if ladder.least_cents is None or ladder.stops is not None:
            line = ladder.stops
            raise Refused(f"{line.says if line else ''} Nothing is sent on a guess; set it first.", field="account_ids")
        if found.facts.noticed_on[place] and not again:
            before.append(date.fromordinal(int(found.facts.noticed_on[place])))
        elif owed < max(ladder.least_cents, 1):
            past = int(found.facts.owed_cents[place])
            why = "held" if past >= ladder.least_cents else f"under {show(ladder.least_cents)}"
            left_out.append(f"{numbers[account]} {show(past)} ({why})")
        else:
            telling.append(place)
    return telling, tuple(left_out), before


def _numbers(found: Looked) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("select id, number from customers_account where id = any(%s)", [found.account_ids.tolist()])
        return dict(cursor.fetchall())


def _check_day(found: Looked, place: int, cutoff_on: date | None) -> None:
    if cutoff_on is None:
        return
    ladder = found.ladder(place)
    first = found.on + timedelta(days=ladder.days_before or 0)
    if cutoff_on < first:
        told = f"{ladder.days_before} days lie between a notice and a cut-off"
        raise Refused(f"{told}: {first.isoformat()} is the first day it may name.", field="cutoff_on")
    if (obstacle := no_day(found.setting, found.of(place), cutoff_on)) is not None:
        raise Refused(f"{obstacle.says[0].upper()}{obstacle.says[1:]}.", field="cutoff_on")


@act("delinquency.call")
def call(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, on: date, who: str, said: str) -> int:
    """Log the call that the city makes between notice and cut-off: who was reached, or that word was left.

    :raises Refused: nothing is past due, or nobody was told by a notice yet
    :raises BadEntry: words that cannot be kept
    """
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    found = look([account_id], on=on, without=MEANWHILE)
    if int(found.facts.owed_cents[0]) <= 0:
        raise Refused("Nothing is past due here; there is nothing to call about.", field="account_id")
    if not found.facts.noticed_on[0]:
        raise Refused("The notice comes before the call; it was not sent yet.", field="account_id")
    contact = _contacts.log(event, account_id=account_id, channel="telephone", who=who, said=said)
    cutoff_on = date.fromordinal(int(found.climbed.cutoff_on[0]))
    _step(event, found, 0, "call", int(found.facts.owed_cents[0]), contact_id=contact)
    event.about(f"account:{account_id}", says=f"Called before the cut-off of {show_on(cutoff_on)}: {said}")
    return contact


def list_told(account_id: int) -> Sequence[Step]:
    """Every rung that the account climbed, the last first."""
    return list(Step.objects.filter(account_id=account_id).order_by("-on", "-id"))
