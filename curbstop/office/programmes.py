"""Programmes on accounts: which run, their end, and the letter that asks for the renewal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.payments.returning import queue_letter
from curbstop.records.customers.programmes import Programme, ProgrammeEnded, ProgrammeReminded
from curbstop.rules.customers import check_text
from curbstop.rules.programmes import CODES


@dataclass(frozen=True)
class ProgrammeRow:
    """A programme of an account. ``until_on`` None: until it is ended; ``ended`` says why it ended early."""

    id: int
    account_id: int
    number: str
    code: str
    says: str
    from_on: date
    until_on: date | None
    remind_on: date | None
    reminded_on: date | None
    proof: str
    request_id: int
    ended: str


@act("customers.end_programme")
def end(event: Acting, /, *, key: Key, by: Actor, at: datetime, programme_id: int, on: date, reason: str) -> None:
    """End a programme before its day: who has it moved away, died, or does not qualify any more.

    :raises Refused: there is none, it has ended, it is one's own account, or no reason
    """
    row = Programme.objects.filter(pk=programme_id).first()
    if row is None:
        raise Refused(f"There is no programme {programme_id}.", field="programme_id")
    event.about(f"account:{row.account_id}")
    refuse_own(by, [row.account_id])
    why = check_text(reason, field="reason", longest=200, required=True)
    if row.during.upper is not None and row.during.upper <= on:
        raise Refused(f"It ends on {row.during.upper.isoformat()} already.", field="on")
    if on <= row.during.lower:
        raise Refused(f"It began on {row.during.lower.isoformat()}; it ends later than that.", field="on")
    Programme.objects.filter(pk=row.pk).update(during=(row.during.lower, on))
    ProgrammeEnded.objects.create(programme=row, on=on, reason=why, event_id=event.id)
    event.about(says=f"{CODES[row.code].capitalize()} ended {on.isoformat()}: {why}")


@act("customers.remind_programmes")
def remind(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> int:
    """Queue the renewal letter of every programme whose day of it has come, once each; returns how many.

    One that was renewed already, or has ended, gets none.
    """
    due = Programme.objects.filter(remind_on__lte=on, reminded=None, ended=None, during__endswith__gt=on)
    count = 0
    for row in due.order_by("id"):
        until_on = row.during.upper
        later = Programme.objects.filter(account_id=row.account_id, code=row.code, during__startswith__gte=until_on)
        if later.exists():
            continue
        ProgrammeReminded.objects.create(programme=row, on=on, event_id=event.id)
        says = f"Your {CODES[row.code]} ends on {until_on.isoformat()}. To renew it, bring {row.proof} before then."
        queue_letter(event, account_id=row.account_id, kind="programme_renewal", says=says, facts={}, on=on)
        event.about(f"account:{row.account_id}")
        count += 1
    event.about(says=f"{count} programmes end soon; their renewal is asked for.")
    return count


# --- reads ------------------------------------------------------------------------------------------------------------

_ROWS = """
select p.id, a.id, a.number, p.code, lower(p.during), upper(p.during), p.remind_on, r."on", p.proof, p.request_id,
  coalesce(e.reason, '')
from customers_programme p join customers_account a on a.id = p.account_id
left join customers_programmereminded r on r.programme_id = p.id
left join customers_programmeended e on e.programme_id = p.id where {where} order by p.id desc"""


def list_of(*, account_id: int) -> tuple[ProgrammeRow, ...]:
    """Every programme of an account, the newest first."""
    return _list("a.id = %s", [account_id])


def list_ending(*, on: date, until: date) -> tuple[ProgrammeRow, ...]:
    """Programmes that end between two days: what the office is about to be asked for."""
    return _list("upper(p.during) >= %s and upper(p.during) < %s", [on, until])


def _list(where: str, values: Sequence[int | date]) -> tuple[ProgrammeRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(where=where), values)
        return tuple(ProgrammeRow(*[*row[:4], CODES.get(row[3], row[3]), *row[4:]]) for row in cursor.fetchall())
