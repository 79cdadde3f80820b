"""Where a receipt's money is now: its transaction, and what was moved of it to the account it was meant for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from curbstop.office import ledger
from curbstop.rules.ledger import Leg, credit, gl
from curbstop.rules.ledger.legs import CREDIT


@dataclass(frozen=True)
class MovedRow:
    """Money of a receipt that was moved from one account to another."""

    txn_id: int
    from_account_id: int
    from_number: str
    to_account_id: int
    to_number: str
    cents: int
    on: date


_MOVED = """
select m.txn_id, m.from_account_id, f.number, m.to_account_id, o.number, m.cents, t.posted_on
from payments_moved m join ledger_transaction t on t.id = m.txn_id
join customers_account f on f.id = m.from_account_id join customers_account o on o.id = m.to_account_id
where m.series_id = %s and m.no = %s order by m.txn_id"""


def list_moved(series_id: int, no: int) -> tuple[MovedRow, ...]:
    """What was moved of a receipt, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [series_id, no])
        return tuple(MovedRow(*row) for row in cursor.fetchall())


def standing_legs(series_id: int, no: int, txn_id: int) -> tuple[Leg, ...]:
    """The legs of a receipt as its money stands: as posted, or netted with what was moved of it since; what it paid of
    a bill that was cancelled is credit, where the cancellation released it to."""
    legs = ledger.get_legs(txn_id)
    moved = list_moved(series_id, no)
    if not moved:
        return released(legs)
    there = net((*legs, *(leg for one in moved for leg in ledger.get_legs(one.txn_id))))
    return net(released(there))


_RELEASED = """
select r.account_id, r.document_id, r.line_no, g.fund, g.object, c.document_id, c.line_no
from ledger_posting r join ledger_gl g on g.id = r.gl_id
join ledger_transaction t on t.id = r.txn_id and t.act = 'release'
join ledger_posting c on c.txn_id = t.id and c.account_id = r.account_id and c.sub = 3 and c.credit_cents > 0
where r.account_id = any(%s) and r.document_id = any(%s) and r.sub = 2 and r.debit_cents > 0"""


def released(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """These legs, with what they paid of lines that were cancelled since as the credit it was released to.

    A cancelled line takes nothing back: it would be owed again, beside the bill in its place.
    """
    paid = {(leg.account_id, leg.document, leg.line, leg.gl) for leg in legs if leg.account_id and leg.credit_cents}
    if not paid:
        return legs
    with connection.cursor() as cursor:
        cursor.execute(_RELEASED, [[place[0] for place in paid], [place[1] for place in paid]])
        went = {
            (account_id, document, line, gl(fund, object)): (credit_document, credit_line)
            for account_id, document, line, fund, object, credit_document, credit_line in cursor.fetchall()
        }
    return tuple(_as_credit(leg, went) for leg in legs) if paid & set(went) else legs


def _as_credit(leg: Leg, went: Mapping[tuple[int | None, int | None, int | None, str], tuple[int, int]]) -> Leg:
    to = went.get((leg.account_id, leg.document, leg.line, leg.gl)) if leg.credit_cents else None
    if to is None:
        return leg
    return credit(CREDIT, leg.credit_cents, "credit", account_id=leg.account_id, document=to[0], line=to[1])


def net(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """One leg an item and kind, in the order in which they first stand; what comes to nothing is left out."""
    sums: dict[Leg, int] = {}
    for leg in legs:
        place = replace(leg, debit_cents=0, credit_cents=0, due_on=None)
        sums[place] = sums.get(place, 0) + leg.net_cents
    return tuple(
        replace(place, debit_cents=max(cents, 0), credit_cents=max(-cents, 0)) for place, cents in sums.items() if cents
    )
