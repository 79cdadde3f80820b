"""Many days closed at once: made ready by one, closed by another, each with its own hash in the chain.

What a checklist asks of a day it asks of all days before it as well (drawers signed, files whole, the invariants of the
whole of the books), so the days through one are looked at together, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.closing.checking import Checklist, get_day_checklist
from curbstop.office.closing.days import (
    Prepared,
    _closing,
    _kept,
    check_open,
    check_prepared,
    get_prepared,
    refuse_unbalanced,
    write_close,
)
from curbstop.office.closing.hashing import get_day_figures, last_hash, read_closing_day
from curbstop.records.ledger.models import Prepared as PreparedRow
from curbstop.rules.money import show


@dataclass(frozen=True)
class PreparedThrough:
    """Days made ready together; ``prepared_id`` is that of the last, by which they are closed."""

    from_on: date
    through: date
    days: int
    rows: int
    debit_cents: int
    prepared_id: int


@dataclass(frozen=True)
class ClosedThrough:
    """Days closed together; ``sha256`` is the last day's, and covers all before it."""

    from_on: date
    through: date
    days: int
    rows: int
    sha256: str


def get_through_checklist(on: date) -> Checklist:
    """What stands in the way of closing every open day through ``on``. :raises Refused: it is not open"""
    check_open(on)
    return get_day_checklist(on, since=ledger.get_open_days()[0])


@act("closing.prepare_through")
def prepare_through(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> PreparedThrough:
    """Make every open day through ``on`` ready to close.

    :raises Refused: the day is not open, or something does not balance; it names what, with the rows
    """
    checklist = get_through_checklist(on)
    refuse_unbalanced(checklist, f"The days through {on.isoformat()} cannot be closed")
    days = [day for day in ledger.get_open_days() if day <= on]
    figures = [get_day_figures(day) for day in days]
    kept = _kept(checklist)
    made = PreparedRow.objects.bulk_create(
        PreparedRow(
            period=day.isoformat(),
            rows=one.rows,
            debit_cents=one.debit_cents,
            sha256=bytes.fromhex(one.sha256),
            checks=kept,
            by_id=by.id,
            at=at,
            event_id=event.id,
        )
        for day, one in zip(days, figures, strict=True)
    )
    rows, debits = sum(one.rows for one in figures), sum(one.debit_cents for one in figures)
    names = [f"day:{day.isoformat()}" for day in days]
    says = f"{len(days)} days through {on.isoformat()} are ready to close: {rows} rows, {show(debits)} each side."
    event.about(*names, says=says)
    return PreparedThrough(days[0], on, len(days), rows, debits, made[-1].pk)


@act("closing.close_through")
def close_through(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date, prepared_id: int) -> ClosedThrough:
    """Close every open day through ``on``, in order; somebody else made them ready. All of them close, or none.

    :param prepared_id: the preparation of the last day as it was seen
    :raises Refused: a day was not made ready by another, something was posted since, or does not balance
    """
    check_open(on)
    days = [day for day in ledger.get_open_days() if day <= on]
    check_prepared(on.isoformat(), prepared_id, by)
    ready = [_ready(day, by) for day in days]
    previous = last_hash()
    # the headers first: they wait for acts in flight and hold the days, so that what is read after them is final
    txn_ids = [ledger._post_close(event, act="close", posted_on=day, effective_on=day) for day in days]
    checklist = get_day_checklist(on, since=days[0])
    refuse_unbalanced(checklist, f"The days through {on.isoformat()} do not close")
    rows = 0
    for day, prepared, txn_id in zip(days, ready, txn_ids, strict=True):
        figures, digest = read_closing_day(day, previous=previous)
        if figures.sha256 != prepared.sha256:
            says = f"Rows were posted on {day.isoformat()} since {prepared.by} made it ready"
            raise Refused(f"{says}. Make the days ready again, look at them, then close them.", field="prepared_id")
        checks = _closing(figures, checklist)
        write_close(event, by, txn_id, day.isoformat(), prepared, digest, previous, checks, figures.rows)
        previous, rows = digest, rows + figures.rows
    event.about(says=f"{len(days)} days closed through {on.isoformat()}: {rows} rows.")
    return ClosedThrough(days[0], on, len(days), rows, previous.hex())


def _ready(day: date, by: Actor) -> Prepared:
    """The last preparation of a day. :raises Refused: there is none, or it is one's own"""
    prepared = get_prepared(day.isoformat())
    if prepared is None:
        raise Refused(f"{day.isoformat()} is not made ready; make the days ready through the last.", field="on")
    return check_prepared(day.isoformat(), prepared.prepared_id, by)
