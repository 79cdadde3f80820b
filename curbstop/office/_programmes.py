"""What a bill says of a programme that ended. It stands beneath bills, which print it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import connection

from curbstop.rules.programmes import is_first_after, said_after_end

# a renewal that came after the bill changes no bill that was issued
_ENDED = """
select p.account_id, p.code, upper(p.during), p.proof, array(
  select n.event_id from customers_programme n where n.account_id = p.account_id and n.code = p.code and n.id <> p.id
    and n.during @> upper(p.during))
from customers_programme p where p.account_id = any(%s) and not upper_inf(p.during)"""


def ended_words(bills: Sequence[tuple[int, int, date, date, int]]) -> dict[int, tuple[str, ...]]:
    """What the first bill after a programme's end says, by bill.

    :param bills: of each bill its id, its account, the days it bills, and the id of the event that approved it
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, [sorted({bill[1] for bill in bills})])
        ended = cursor.fetchall()
    found: dict[int, tuple[str, ...]] = {}
    for bill_id, account_id, from_on, until_on, event_id in bills:
        for of, code, last, proof, renewals in ended:
            renewed = any(renewal < event_id for renewal in renewals)
            if of == account_id and not renewed and is_first_after(last, from_on, until_on):
                found[bill_id] = (*found.get(bill_id, ()), said_after_end(code, last, proof))
    return found
