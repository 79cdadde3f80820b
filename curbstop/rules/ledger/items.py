"""Items: what a customer owes or is owed, by the document line that made it; and what can be read from their rows.

An item is (account, control account, document, line). It is open by the sum of its rows; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from curbstop.rules.ledger.legs import CREDIT, RECEIVABLES, Leg, object_of
from curbstop.rules.ledger.recipes import COLUMNS, RECIPES

LEVELISED_OVER = 2320
OWED_TO_CUSTOMERS = frozenset({2100, 2110, 2210, 2220, 2310, LEVELISED_OVER})
IN_BALANCE = RECEIVABLES | {object_of(CREDIT), LEVELISED_OVER}
"""Objects that make up what an account owes. Deposits, refunds on their way and written-off debt are shown apart."""

BUCKETS = ("current", "1-30", "31-60", "61-90", "over 90")


@dataclass(frozen=True, slots=True)
class Row:
    """A stored leg with the header facts that reports read."""

    txn_id: int
    act: str
    posted_on: date
    effective_on: date
    leg: Leg


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is open on an item, above zero in its own direction: owed by the customer, or (``owed_to``) to him.

    :ivar kind: code of the kind that made the item
    :ivar charged_cents: what the item was made with
    """

    account_id: int
    gl: str
    document: int
    line: int
    kind: str
    open_cents: int
    charged_cents: int
    due_on: date | None

    @property
    def owed_to(self) -> bool:
        """Whether the office owes it: a credit, a deposit, a refund."""
        return object_of(self.gl) in OWED_TO_CUSTOMERS


def open_items(rows: Iterable[Row]) -> tuple[OpenItem, ...]:
    """The items of customers that are not settled, in the order of account, document, line.

    :raises ValueError: an item crossed zero; the database refuses that, so the rows are not all of its rows
    """
    sums: dict[tuple[int, str, int, int], list[Row]] = {}
    for row in rows:
        leg = row.leg
        if leg.account_id is None or leg.document is None or leg.line is None:
            continue
        if object_of(leg.gl) in RECEIVABLES or object_of(leg.gl) in OWED_TO_CUSTOMERS:
            sums.setdefault((leg.account_id, leg.gl, leg.document, leg.line), []).append(row)
    found = []
    for (account_id, gl, document, line), of_item in sums.items():
        sign = -1 if object_of(gl) in OWED_TO_CUSTOMERS else 1
        open_cents = sign * sum(row.leg.net_cents for row in of_item)
        if open_cents < 0:
            raise ValueError(
                f"item {document}.{line} of account {account_id} on {gl} is {open_cents} cents: below zero"
            )
        if open_cents:
            first = of_item[0].leg
            due_on = max((row.leg.due_on for row in of_item if row.leg.due_on is not None), default=None)
            charged = sign * first.net_cents
            found.append(OpenItem(account_id, gl, document, line, first.kind, open_cents, charged, due_on))
    return tuple(sorted(found, key=lambda item: (item.account_id, item.document, item.line, item.gl)))


def balance(items: Iterable[OpenItem]) -> int:
    """What the items make the account owe; negative: it has a credit. Deposits and refunds are not in it."""
    return sum(
        -item.open_cents if item.owed_to else item.open_cents for item in items if object_of(item.gl) in IN_BALANCE
    )


def bucket_of(due_on: date | None, as_of: date) -> str:
    """Where an open item stands by the days since it was due."""
    days = (as_of - due_on).days if due_on is not None else 0
    if days <= 0:
        return BUCKETS[0]
    return BUCKETS[1] if days <= 30 else BUCKETS[2] if days <= 60 else BUCKETS[3] if days <= 90 else BUCKETS[4]


def ageing(rows: Iterable[Row], *, as_of: date, known_on: date) -> dict[tuple[int, str, str], int]:
    """Open cents by (account, control account, bucket) as of a day, by what was posted until another.

    The days of the past close, so the answer for a closed ``known_on`` never changes.
    """
    seen = [row for row in rows if row.effective_on <= as_of and row.posted_on <= known_on]
    sums: dict[tuple[int, str, str], int] = {}
    for item in open_items(seen):
        if not item.owed_to:
            key = (item.account_id, item.gl, bucket_of(item.due_on, as_of))
            sums[key] = sums.get(key, 0) + item.open_cents
    return sums


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transaction on an account's statement. A ``note`` moves nothing that the account owes as a whole."""

    txn_id: int
    act: str
    posted_on: date
    effective_on: date
    charge_cents: int
    credit_cents: int
    balance_cents: int
    note: bool
    document: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's statement: opening + charges - credits = closing."""

    opening_cents: int
    charges_cents: int
    credits_cents: int
    closing_cents: int
    lines: tuple[StatementLine, ...]


def statement(rows: Iterable[Row], *, from_on: date, until_on: date) -> Statement:
    """The statement of one account's rows over [from, until), by the day they were posted on."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        if object_of(row.leg.gl) in IN_BALANCE and row.leg.account_id is not None:
            groups.setdefault(row.txn_id, []).append(row)
    ordered = sorted(groups.values(), key=lambda group: (group[0].posted_on, group[0].txn_id))
    running = opening = sum(row.leg.net_cents for group in ordered if group[0].posted_on < from_on for row in group)
    lines = []
    for group in ordered:
        head = group[0]
        if from_on <= head.posted_on < until_on:
            net = sum(row.leg.net_cents for row in group)
            running += net
            lines.append(
                StatementLine(
                    txn_id=head.txn_id,
                    act=head.act,
                    posted_on=head.posted_on,
                    effective_on=head.effective_on,
                    charge_cents=max(net, 0),
                    credit_cents=max(-net, 0),
                    balance_cents=running,
                    note=net == 0,
                    document=head.leg.document,
                )
            )
    charges = sum(line.charge_cents for line in lines)
    credits = sum(line.credit_cents for line in lines)
    return Statement(opening, charges, credits, running, tuple(lines))


@dataclass(frozen=True, slots=True)
class RollForwardLine:
    """What happened to a fund's receivables of one type and service: opening + every column = closing."""

    fund: int
    object: int
    service: str
    opening_cents: int
    columns: tuple[tuple[str, int], ...]
    closing_cents: int


Movement = tuple[int, int, str, str, int]
"""Fund, object, service, act, debit less credit in cents."""


def roll_forward(opening: Mapping[tuple[int, int, str], int], moved: Iterable[Movement]) -> tuple[RollForwardLine, ...]:
    """The roll-forward of receivables: each act's cents in its one column.

    :raises KeyError: an act that no recipe knows
    """
    columns: dict[tuple[int, int, str], dict[str, int]] = {key: {} for key in opening}
    for fund, object, service, act, cents in moved:
        column = RECIPES[act].column
        sums = columns.setdefault((fund, object, service), {})
        sums[column] = sums.get(column, 0) + cents
    lines = []
    for key in sorted(columns):
        begins = opening.get(key, 0)
        figures = tuple((column, columns[key].get(column, 0)) for column in COLUMNS)
        lines.append(RollForwardLine(*key, begins, figures, begins + sum(cents for _, cents in figures)))
    return tuple(lines)
