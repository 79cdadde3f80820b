"""Letters as they were sent, for screens and for the printer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.office import _letters
from curbstop.office._once import Refused
from curbstop.rules.letters import Template, Words


@dataclass(frozen=True)
class LetterRow:
    """A letter as it was sent. ``state``: ``waits`` to be printed, ``printed``, ``mailed``, ``returned``, ``settled``.

    :ivar serial: its place in the batch, from 1; 0: in none yet
    """

    id: int
    code: str
    says: str
    account_id: int | None
    number: str
    channel: str
    on: date
    to_lines: tuple[str, ...]
    zip: str
    languages: tuple[str, ...]
    words: dict[str, Words]
    service_address: str
    total_cents: int
    version: int
    state: str
    batch_id: int | None
    place: int
    mailed_on: date | None
    returned_on: date | None
    returned_why: str


@dataclass(frozen=True)
class Waiting:
    """Letters of one template that wait to be printed."""

    code: str
    says: str
    channel: str
    count: int
    cents: int
    first_on: date


_ROWS = """
select l.id, l.code, w.body, l.account_id, coalesce(a.number, ''), l.channel, l.on, l.to_lines, l.zip, l.languages,
  l.words, coalesce(p.address, ''), l.total_cents, w.no,
  case when s.returned_id is not null then 'settled' when r.letter_id is not null then 'returned'
    when m.batch_id is not null then 'mailed' when b.letter_id is not null then 'printed' else 'waits' end,
  b.batch_id, coalesce(b.place, 0), m.on, r.on, coalesce(r.reason, '')
from cases_letter l join cases_wording w on w.id = l.wording_id
left join customers_account a on a.id = l.account_id left join customers_premise p on p.id = l.premise_id
left join cases_batched b on b.letter_id = l.id left join cases_mailed m on m.batch_id = b.batch_id
left join cases_returned r on r.letter_id = l.id left join cases_returnedsettled s on s.returned_id = r.letter_id
where {where} order by {order} limit %(limit)s"""


def load_rows(where: str, order: str, limit: int, **values: int) -> tuple[LetterRow, ...]:
    """Letters by a condition on ``cases_letter l`` and its batch ``b``."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(where=where, order=order), {**values, "limit": limit})
        return tuple(_made(*row) for row in cursor.fetchall())


def _made(*row: object) -> LetterRow:
    id, code, body, account, number, channel, on, to, zip, languages, words, *rest = row
    template: Template = _letters.parse(str(body))
    return LetterRow(
        id, code, template.says, account, number, channel, on, tuple(str(to).split("\n")), zip,  # type: ignore[arg-type]
        tuple(str(languages).split()), _letters.read_words(str(words)), *rest,  # type: ignore[arg-type]
    )  # fmt: skip


def list_letters(*, account_id: int, limit: int = 100) -> tuple[LetterRow, ...]:
    """What was written to an account, the newest first."""
    return load_rows("l.account_id = %(account)s", "l.id desc", limit, account=account_id)


def get_letter(letter_id: int) -> LetterRow:
    """A letter as it was sent. :raises Refused: there is none"""
    found = load_rows("l.id = %(id)s", "l.id", 1, id=letter_id)
    if not found:
        raise Refused(f"There is no letter {letter_id}; the account's page lists what was sent.", field="letter_id")
    return found[0]


def load_batch_rows(batch_id: int, first: int, count: int) -> Sequence[LetterRow]:
    """Letters of a batch from a place on, in the order of the post."""
    return load_rows("b.batch_id = %(batch)s and b.place >= %(first)s", "b.place", count, batch=batch_id, first=first)
