"""Where an account stood on any day, as it was known on any other: its statement and its open items with their age.

``as_of`` asks when things happened (``effective_on``), ``known_on`` when they were booked (``posted_on``). Days close,
so the answer for a closed ``known_on`` never changes, whatever is posted later about that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.rules.ledger import BUCKETS, RECEIVABLES, Leg, Row, bucket_of, gl, object_of, statement
from curbstop.rules.ledger.items import IN_BALANCE
from curbstop.rules.ledger.recipes import RECIPES


@dataclass(frozen=True)
class StandingItem:
    """An item open then; below zero: a credit. ``bucket`` is one of BUCKETS, empty for a credit on account."""

    document_id: int
    line: int
    gl: str
    says: str
    due_on: date | None
    bucket: str
    open_cents: int


@dataclass(frozen=True)
class StandingLine:
    """One transaction as the statement prints it. A ``note`` moved nothing that the account owes as a whole."""

    txn_id: int
    effective_on: date
    posted_on: date
    act: str
    says: str
    charge_cents: int
    credit_cents: int
    balance_cents: int
    note: bool


@dataclass(frozen=True)
class Standing:
    """An account as of a day, as known on another: opening + charges - credits = closing = its open items.

    ``ageing`` follows BUCKETS. ``late`` counts lines booked after ``as_of``: known only because they came later.
    """

    account_id: int
    number: str
    name: str
    from_on: date | None
    as_of: date
    known_on: date
    opening_cents: int
    charges_cents: int
    credits_cents: int
    closing_cents: int
    lines: tuple[StandingLine, ...]
    items: tuple[StandingItem, ...]
    ageing: tuple[int, ...]
    late: int


_ROWS = """
select p.txn_id, t.act, t.posted_on, t.effective_on, g.fund, g.object, p.debit_cents, p.credit_cents, k.code,
  p.account_id, p.document_id, p.line_no, p.due_on
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id
join ledger_kind k on k.id = p.kind_id
where p.account_id = %s and t.effective_on <= %s and t.posted_on <= %s and p.sub in (2, 3)
order by t.effective_on, p.txn_id, p.leg_no"""


def get_standing(account_id: int, *, as_of: date, known_on: date, from_on: date | None = None) -> Standing:
    """The statement of account over [from_on, as_of] as it was known on a day; from the beginning without ``from_on``.

    Lines stand by the day they happened; what happened before ``from_on`` is the opening.

    :raises LookupError: there is no such account
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, c.name from customers_account a join customers_customer c on c.id = a.customer_id"
            " where a.id = %s",
            [account_id],
        )
        head = cursor.fetchone()
        if head is None:
            raise LookupError(f"there is no account {account_id}")
        cursor.execute(_ROWS, [account_id, as_of, known_on])
        rows = [Row(row[0], row[1], row[3], row[3], Leg(gl(row[4], row[5]), *row[6:])) for row in cursor.fetchall()]
        cursor.execute("select distinct on (code) code, says from ledger_kind order by code, valid_from desc")
        says = dict(cursor.fetchall())
        cursor.execute(
            "select id, posted_on from ledger_transaction where id = any(%s)", [sorted({row.txn_id for row in rows})]
        )
        posted = dict(cursor.fetchall())
    first = from_on or date.min
    made = statement(rows, from_on=first, until_on=date.fromordinal(as_of.toordinal() + 1))
    items = _items(rows, says, as_of)
    assert made.closing_cents == sum(item.open_cents for item in items)  # two sums of the same rows
    lines = tuple(
        StandingLine(
            line.txn_id,
            line.effective_on,
            posted[line.txn_id],
            line.act,
            RECIPES[line.act].says if line.act in RECIPES else line.act,
            line.charge_cents,
            line.credit_cents,
            line.balance_cents,
            line.note,
        )
        for line in made.lines
    )
    ageing = tuple(sum(i.open_cents for i in items if i.bucket == bucket) for bucket in BUCKETS)
    sums = (made.opening_cents, made.charges_cents, made.credits_cents, made.closing_cents)
    late = sum(line.posted_on > as_of for line in lines)
    number, name = head
    return Standing(account_id, number, name, from_on, as_of, known_on, *sums, lines, items, ageing, late)


def _items(rows: Iterable[Row], says: Mapping[str, str], as_of: date) -> tuple[StandingItem, ...]:
    """The items that make up what the account owed. Money that came before its charge shows the item below zero."""
    groups: dict[tuple[int, int, str], list[Leg]] = {}
    for row in rows:
        leg = row.leg
        if object_of(leg.gl) in IN_BALANCE and leg.document is not None and leg.line is not None:
            groups.setdefault((leg.document, leg.line, leg.gl), []).append(leg)
    found = []
    for (document, line, account), legs in sorted(groups.items()):
        cents = sum(leg.net_cents for leg in legs)
        if cents:
            due_on = max((leg.due_on for leg in legs if leg.due_on is not None), default=None)
            bucket = bucket_of(due_on, as_of) if object_of(account) in RECEIVABLES else ""
            kind = legs[0].kind
            found.append(StandingItem(document, line, account, says.get(kind, kind), due_on, bucket, cents))
    return tuple(found)
