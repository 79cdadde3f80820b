"""The end of an accounting day: prepared by one, closed by another, with the hash of its rows chained to the last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.closing.checking import Checklist, get_day_checklist
from curbstop.office.closing.hashing import DayFigures, get_day_figures, last_hash, read_closing_day
from curbstop.records.ledger.models import Close
from curbstop.records.ledger.models import Prepared as PreparedRow
from curbstop.rules.money import show


@dataclass(frozen=True)
class Prepared:
    """A day or month ready to close: what it came to when it was made ready, and by whom. ``rows`` of the books."""

    prepared_id: int
    period: str
    rows: int
    debit_cents: int
    sha256: str
    by_id: int
    by: str
    at: datetime
    late: int


@dataclass(frozen=True)
class Closed:
    """A closed day or month. ``sha256`` covers its rows (or figures) and the closing before it."""

    txn_id: int
    period: str
    rows: int
    debit_cents: int
    sha256: str
    previous_sha256: str


@act("closing.prepare_day")
def prepare_day(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> Prepared:
    """Make a day ready to close: everything on its checklist balances, and its figures are written down.

    :raises Refused: the day is not open, or something does not balance; it names what, with the rows
    """
    check_open(on)
    checklist = get_day_checklist(on)
    refuse_unbalanced(checklist, f"{on.isoformat()} cannot be closed")
    figures = get_day_figures(on)
    late = next(line.count for line in checklist.lines if line.code == "late")
    row = PreparedRow.objects.create(
        period=on.isoformat(),
        rows=figures.rows,
        debit_cents=figures.debit_cents,
        sha256=bytes.fromhex(figures.sha256),
        checks=_kept(checklist),
        by_id=by.id,
        at=at,
        event_id=event.id,
    )
    says = f"{figures.rows} rows, {show(figures.debit_cents)} each side"
    event.about(f"day:{on.isoformat()}", says=f"The day {on.isoformat()} is ready to close: {says}.")
    return Prepared(row.pk, row.period, figures.rows, figures.debit_cents, figures.sha256, by.id, by.name, at, late)


@act("closing.close_day")
def close_day(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date, prepared_id: int) -> Closed:
    """Close a day that somebody else made ready. Nothing posts into it afterwards.

    It waits for acts in flight on the day. What comes late posts on the next open day with its true date.

    :param prepared_id: the preparation as it was seen; it must be the last, and nothing posted since
    :raises Refused: it is one's own preparation, it is not the last, something was posted since or does not balance
    :raises DayClosed: the day is closed
    """
    check_open(on)
    prepared = check_prepared(on.isoformat(), prepared_id, by)
    previous = last_hash()
    # the header first: it waits for acts in flight and holds the day, so that what is read after it is final
    txn_id = ledger._post_close(event, act="close", posted_on=on, effective_on=on)
    figures, digest = read_closing_day(on, previous=previous)
    if figures.sha256 != prepared.sha256:
        posted = figures.rows - prepared.rows
        says = f"{posted} rows were posted on {on.isoformat()} since {prepared.by} made it ready"
        raise Refused(f"{says}. Make it ready again, look at it, then close it.", field="prepared_id")
    checklist = get_day_checklist(on)
    refuse_unbalanced(checklist, f"{on.isoformat()} does not close")
    checks = _closing(figures, checklist)
    return write_close(event, by, txn_id, on.isoformat(), prepared, digest, previous, checks, figures.rows)


def _closing(figures: DayFigures, checklist: Checklist) -> dict[str, Any]:
    totals = {account: list(sums) for account, sums in figures.totals.items()}
    return {"totals": totals, "rows_sha256": figures.sha256, "lines": _kept(checklist)}


def _kept(checklist: Checklist) -> list[dict[str, Any]]:
    return [
        {
            "code": line.code,
            "says": line.says,
            "level": line.level,
            "count": line.count,
            "faults": [{"says": f.says, "about": f.about, "cents": f.cents} for f in line.faults],
        }
        for line in checklist.lines
    ]


def check_open(on: date) -> None:
    """:raises Refused: the day was never opened, or is closed"""
    if on not in ledger.get_open_days():
        raise Refused(f"The day {on.isoformat()} is not open: it was never opened, or it is closed.", field="on")


def check_prepared(period: str, prepared_id: int, by: Actor) -> Prepared:
    """The last preparation of a period, made by somebody else. :raises Refused: it is not"""
    prepared = get_prepared(period)
    if prepared is None:
        raise Refused(f"{period} is not made ready to close; somebody else than who closes it does that.", field="on")
    if prepared.prepared_id != prepared_id:
        says = f"{period} was made ready again since, by {prepared.by}"
        raise Refused(f"{says}; look at that and close it.", field="prepared_id")
    if prepared.by_id == by.id:
        raise Refused(f"You made {period} ready yourself; another person closes it.", field="by")
    return prepared


def refuse_unbalanced(checklist: Checklist, says: str) -> None:
    """:raises Refused: something on the checklist does not balance"""
    if not checklist.balances:
        raise Refused(f"{says}. {checklist.say()}", field="on")


def write_close(
    event: Acting,
    by: Actor,
    txn_id: int,
    period: str,
    prepared: Prepared,
    digest: bytes,
    previous: bytes,
    checks: Mapping[str, Any],
    rows: int,
) -> Closed:
    """The closing of a day or month, with its hash; the event that tells of it."""
    Close.objects.create(
        txn_id=txn_id,
        period=period,
        rows=rows,
        debit_cents=prepared.debit_cents,
        sha256=digest,
        previous_sha256=previous,
        checks=checks,
        prepared_by_id=prepared.by_id,
        approved_by_id=by.id,
    )
    says = f"{period} closed: {rows} rows, {show(prepared.debit_cents)} each side; made ready by {prepared.by}."
    event.about(f"day:{period}", says=says)
    return Closed(txn_id, period, rows, prepared.debit_cents, digest.hex(), previous.hex())


_PREPARED = """
select p.id, p.period, p.rows, p.debit_cents, encode(p.sha256, 'hex'), p.by,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), p.at,
  coalesce((select (line ->> 'count')::int from jsonb_array_elements(p.checks) line where line ->> 'code' = 'late'), 0)
from ledger_prepared p join base_user u on u.id = p.by where p.period = %s order by p.id desc limit 1"""


def get_prepared(period: str) -> Prepared | None:
    """The last preparation of a day (``2026-04-14``) or month (``2026-04``); None before the first."""
    with connection.cursor() as cursor:
        cursor.execute(_PREPARED, [period])
        row = cursor.fetchone()
    return None if row is None else Prepared(*row)


@dataclass(frozen=True)
class DayRow:
    """A day as the screen of days lists it. ``state``: open, ready, closed; ``file_id``: the GL file that it is in."""

    on: date
    state: str
    transactions: int
    debit_cents: int
    prepared_by: str
    closed_by: str
    closed_at: datetime | None
    sha256: str
    file_id: str


_DAYS = """
select d.posted_on,
  case when c.id is not null then 'closed' when exists (select from ledger_prepared p
    where p.period = to_char(d.posted_on, 'YYYY-MM-DD')) then 'ready' else 'open' end,
  coalesce(s.n, 0), coalesce(s.cents, 0)::bigint,
  coalesce(trim(pu.first_name || ' ' || pu.last_name), ''), coalesce(trim(au.first_name || ' ' || au.last_name), ''),
  t.posted_at, coalesce(encode(c.sha256, 'hex'), ''),
  coalesce((select e.file_id from ledger_export e where e.from_on <= d.posted_on and e.until_on > d.posted_on), '')
from (select posted_on from ledger_day where posted_on <= %(through)s order by posted_on desc limit %(limit)s) d
left join ledger_transaction t on t.posted_on = d.posted_on and t.closes
left join ledger_close c on c.id = t.id
left join base_user pu on pu.id = c.prepared_by left join base_user au on au.id = c.approved_by
left join lateral (
  select count(distinct x.id) n, sum(p.debit_cents) cents from ledger_transaction x
  left join ledger_posting p on p.txn_id = x.id where x.posted_on = d.posted_on and not x.closes) s on true
order by d.posted_on desc"""


def list_days(*, through: date, limit: int = 31) -> tuple[DayRow, ...]:
    """The accounting days, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"through": through, "limit": limit})
        return tuple(DayRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class CloseRow:
    """A closing as it was written: what it covers, its hashes, who, and its checklist then."""

    period: str
    rows: int
    debit_cents: int
    sha256: str
    previous_sha256: str
    prepared_by: str
    approved_by: str
    at: datetime
    checks: Mapping[str, Any]


def list_closes(*, period: str | None = None, limit: int = 31) -> tuple[CloseRow, ...]:
    """Closings of days and months, the newest first; or the one of a period."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.period, c.rows, c.debit_cents, encode(c.sha256, 'hex'), encode(c.previous_sha256, 'hex'),"
            " trim(p.first_name || ' ' || p.last_name), trim(a.first_name || ' ' || a.last_name), t.posted_at,"
            " c.checks::text from ledger_close c join ledger_transaction t on t.id = c.id"
            " join base_user p on p.id = c.prepared_by join base_user a on a.id = c.approved_by"
            " where %s::text is null or c.period = %s order by c.id desc limit %s",
            [period, period, limit],
        )
        rows: list[list[Any]] = [[*row[:-1], json.loads(row[-1])] for row in cursor.fetchall()]
    return tuple(CloseRow(*row) for row in rows)


def sha256_of(body: bytes) -> str:
    """The SHA-256 of a file, as it is printed."""
    return hashlib.sha256(body).hexdigest()
