"""The one order of locks: key -> till session or chunk -> accounts ascending -> day -> receipt series last."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection


def lock_accounts(ids: Iterable[int]) -> None:
    """Hold these accounts until the transaction ends, in ascending order so that two acts never wait for each other.

    ``for no key update`` does not fight the key-share locks that foreign keys take.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_account where id = any(%s) order by id for no key update", [wanted])
        found = [row[0] for row in cursor.fetchall()]
    if len(found) != len(wanted):
        raise LookupError(f"no such account: {sorted(set(wanted) - set(found))}")
