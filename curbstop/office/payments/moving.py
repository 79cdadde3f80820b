"""Where a receipt's money is now: its transaction, and what was moved of it to the account it was meant for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from curbstop.office import ledger
from curbstop.rules.ledger import Leg


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
    """The legs of a receipt as its money stands: as posted, or netted with what was moved of it since."""
    legs = ledger.get_legs(txn_id)
    moved = list_moved(series_id, no)
    return net((*legs, *(leg for one in moved for leg in ledger.get_legs(one.txn_id)))) if moved else legs


def net(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """One leg an item and kind, in the order in which they first stand; what comes to nothing is left out."""
    sums: dict[Leg, int] = {}
    for leg in legs:
        place = replace(leg, debit_cents=0, credit_cents=0, due_on=None)
        sums[place] = sums.get(place, 0) + leg.net_cents
    return tuple(
        replace(place, debit_cents=max(cents, 0), credit_cents=max(-cents, 0)) for place, cents in sums.items() if cents
    )
