"""What ``prove`` asks of the ladder: nobody is missing from the lists, and no order takes water away unlawfully."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection

from curbstop.office import policies
from curbstop.office.delinquency.facts import list_owing, look
from curbstop.office.delinquency.lawful import list_open_orders, list_unlawful
from curbstop.rules.money import show

CHUNK = 10_000

_NAMED = """
select distinct r.account_id, max(c.cutoff_on) from delinquency_cutrow r join delinquency_cutlist c on c.id = r.list_id
where r.account_id = any(%s)
  and not exists (select from delinquency_cutlist n where n.cutoff_on = c.cutoff_on and n.id > c.id)
group by r.account_id"""
# by the last list of each day, which is the one that holds


def find_missing(on: date) -> tuple[int, list[str]]:
    """Accounts whose cut-off day has passed, with nothing in the way of it, and which no list names, listed or skipped;
    how many owe something past due, and those at fault in words."""
    ids = list_owing(on).tolist() if policies.is_installed() else []  # without a city there is no ladder
    faults: list[str] = []
    for begin in range(0, len(ids), CHUNK):
        found = look(ids[begin : begin + CHUNK], on=on)
        due = {
            int(found.account_ids[place]): place
            for place in found.places("ready")
            if int(found.climbed.cutoff_on[place]) < on.toordinal()
        }
        named = _named(due)
        numbers = _numbers(due)
        for account, place in due.items():
            day = date.fromordinal(int(found.climbed.cutoff_on[place]))
            if account not in named or named[account] < day:
                cents = show(int(found.facts.cutoff_cents[place]))
                faults.append(f"account {numbers[account]}: cut-off was due on {day}, no list names it (owes {cents})")
    return len(ids), faults


def find_unlawful(on: date) -> tuple[int, list[str]]:
    """Open orders that take water away where that is not lawful now, in words, and how many such orders are open."""
    wrong = list_unlawful(on=on)
    numbers = _numbers(account for _, account, _ in wrong)
    return len(list_open_orders()), [
        f"order {order} to shut off account {numbers[account]}: {obstacle.says}" for order, account, obstacle in wrong
    ]


def _named(account_ids: Iterable[int]) -> dict[int, date]:
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [list(account_ids)])
        return dict(cursor.fetchall())


def _numbers(account_ids: Iterable[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("select id, number from customers_account where id = any(%s)", [list(account_ids)])
        return dict(cursor.fetchall())
