"""Batches: letters that wait, frozen in the order of the post, printed once, mailed on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats.paper.imb import imb_number
from curbstop.office import _letters, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office._statements import array, ask
from curbstop.office.letters.reads import Waiting, get_letter
from curbstop.records.cases.letters import Batch, Batched, Mailed, Printed
from curbstop.rules.policies import NotSet

BARCODE = "letters.imb"
"""The policy of the barcode: ``{mailer_id, service_type}``, as the Postal Service gave them."""


@dataclass(frozen=True)
class BatchMade:
    """A batch as it was frozen. ``barcode``: why none is printed, or empty."""

    batch_id: int
    letters: int
    cents: int
    without_zip: int
    barcode: str


@dataclass(frozen=True)
class BatchRow:
    """A batch for a screen. ``mailed_on`` None: it was not handed to the post yet."""

    id: int
    channel: str
    says: str
    letters: int
    cents: int
    mailer_id: str
    service_type: str
    made_on: date
    by: str
    at: datetime
    mailed_on: date | None
    copies: int


@act("letters.make_batch")
def make_batch(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, code: str, channel: str, on: date, most: int = 50_000
) -> BatchMade:
    """Freeze what waits of one letter into a batch for the printer, in ZIP order.

    A letter is in one batch only, so it is printed once. The barcode is the city's, where it has a mailer id.

    :raises Refused: nothing waits; it was printed already, on the day that it says
    """
    take_turn("letters.batch")
    rows = ask(_WAIT, {"code": code, "channel": channel, "most": most})
    if not rows:
        raise Refused(_nothing(code, channel), field="code")
    mailer, service, why = _barcode(on) if channel == "mail" else ("", "", "")
    says = _letters.get_in_force(event, code, on=on).template.says
    cents = sum(row[2] for row in rows)
    batch = Batch.objects.create(
        channel=channel, says=says, letters=len(rows), cents=cents, mailer_id=mailer, service_type=service,
        made_on=on, by_id=by.id, at=at, event_id=event.id,
    )  # fmt: skip
    ids = array([row[0] for row in rows])
    ask(_PLACE, {"ids": ids, "batch": batch.pk, "event": event.id})
    accounts = [f"account:{row[1]}" for row in rows if row[1] is not None]
    event.about(f"batch:{batch.pk}", *(accounts if len(accounts) <= 500 else ()))
    event.about(says=f"{len(rows)} letters to print: {says}.")
    return BatchMade(batch.pk, len(rows), cents, sum(not row[3] for row in rows), why)


_WAIT = """
select l.id, l.account_id, l.total_cents, l.zip from cases_letter l
where l.code = %(code)s::text and l.channel = %(channel)s::text
  and not exists (select from cases_batched b where b.letter_id = l.id)
order by l.zip = '', l.zip, split_part(l.to_lines, E'\\n', 2), l.id limit %(most)s::int"""

_PLACE = """
insert into cases_batched (letter_id, batch_id, place, event_id)
select id, %(batch)s::bigint, place, %(event)s::bigint from unnest(%(ids)s::bigint[]) with ordinality t(id, place)"""


def _nothing(code: str, channel: str) -> str:
    row = Batched.objects.filter(letter__code=code, letter__channel=channel).order_by("-letter_id").first()
    if row is None:
        return f"No letter {code} waits to be printed. Letters come from an account, or from the work of the night."
    made_on = row.batch.made_on.isoformat()
    return f"This batch was printed on {made_on}; a copy may be printed, marked “copy”."


def _barcode(on: date) -> tuple[str, str, str]:
    """Mailer id and service type on the day; or empty, and why no barcode is printed."""
    try:
        found = policies.load(BARCODE).table(BARCODE, on=on)
    except NotSet as missing:
        return "", "", str(missing)
    mailer, service = str(found["mailer_id"]), str(found["service_type"])
    imb_number(mailer_id=mailer, service_type=service, serial=1, zip="")
    return mailer, service, ""


@act("letters.mark_mailed")
def mark_mailed(event: Acting, /, *, key: Key, by: Actor, at: datetime, batch_id: int, on: date) -> None:
    """Say that a batch was handed to the post, or hung on the doors, on a day.

    :raises Refused: no such batch, it is said already, or the day is before the batch or still to come
    """
    take_turn("letters.batch")
    row = _batch(batch_id)
    event.about(f"batch:{batch_id}")
    before = Mailed.objects.filter(batch=row).first()
    if before is not None:
        raise Refused(f"Batch {batch_id} went out on {before.on.isoformat()}; it goes out once.", field="on")
    if on < row.made_on or on > at.date():
        told = f"Batch {batch_id} was made on {row.made_on.isoformat()}; give that day or a later one, up to today."
        raise Refused(told, field="on")
    Mailed.objects.create(batch=row, on=on, event_id=event.id)
    event.about(says=f"Batch {batch_id} went out on {on.isoformat()}: {row.letters} letters, {row.says}.")


@act("letters.print_copy")
def print_copy(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, batch_id: int | None = None, letter_id: int | None = None
) -> None:
    """Print a batch or one letter again, marked as a copy.

    :raises Refused: neither or both are named, or there is none
    """
    if (batch_id is None) == (letter_id is None):
        raise Refused("Name the batch, or the letter, of which a copy is printed.", field="batch_id")
    if batch_id is not None:
        row = _batch(batch_id)
        event.about(f"batch:{batch_id}", says=f"A copy of batch {batch_id} printed: {row.letters} letters.")
    else:
        found = get_letter(letter_id or 0)
        event.about(f"letter:{letter_id}", *([f"account:{found.account_id}"] if found.account_id else []))
        event.about(says=f"A copy printed: {found.says} of {found.on.isoformat()}.")
    Printed.objects.create(batch_id=batch_id, letter_id=letter_id, at=at, by_id=by.id, event_id=event.id)


def _batch(batch_id: int) -> Batch:
    row = Batch.objects.filter(pk=batch_id).first()
    if row is None:
        raise Refused(f"There is no batch {batch_id}; the page Letters lists them.", field="batch_id")
    return row


# --- reads ------------------------------------------------------------------------------------------------------------

_WAITING = """
select l.code, (array_agg(w.body order by l.id desc))[1], l.channel, count(*), sum(l.total_cents)::bigint, min(l.on)
from cases_letter l join cases_wording w on w.id = l.wording_id
where l.channel in ('mail', 'hanger') and not exists (select from cases_batched b where b.letter_id = l.id)
group by l.code, l.channel order by min(l.on), l.code"""


def list_waiting() -> tuple[Waiting, ...]:
    """What waits to be printed, by letter, the oldest first."""
    return tuple(
        Waiting(code, _letters.parse(body).says, channel, count, cents, first_on)
        for code, body, channel, count, cents, first_on in ask(_WAITING, {})
    )


_BATCHES = """
select b.id, b.channel, b.says, b.letters, b.cents, b.mailer_id, b.service_type, b.made_on,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), b.at, m.on,
  (select count(*) from cases_printed p where p.batch_id = b.id)
from cases_batch b join base_user u on u.id = b.by_id left join cases_mailed m on m.batch_id = b.id
where %(id)s::bigint is null or b.id = %(id)s::bigint order by b.id desc limit 60"""


def list_batches() -> tuple[BatchRow, ...]:
    """The latest batches, the newest first."""
    return _rows(None)


def get_batch(batch_id: int) -> BatchRow:
    """A batch. :raises Refused: there is none"""
    found = _rows(batch_id)
    if not found:
        raise Refused(f"There is no batch {batch_id}; the page Letters lists them.", field="batch_id")
    return found[0]


def _rows(batch_id: int | None) -> tuple[BatchRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_BATCHES, {"id": batch_id})
        rows: Sequence[tuple[object, ...]] = cursor.fetchall()
        return tuple(BatchRow(*row) for row in rows)  # type: ignore[arg-type]
