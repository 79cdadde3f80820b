"""The one order of locks: key -> till session or chunk -> accounts ascending -> day -> receipt series last."""

from __future__ import annotations

from collections.abc import Iterable

from curbstop.office._statements import Asked, Rows, array, ask

_TURN = "select pg_advisory_xact_lock(hashtextextended(current_schema() || ':' || %(name)s::text, 6))"
_LOCK = "select id from customers_account where id = any(%(ids)s::bigint[]) order by id for no key update"


def take_turn(name: str) -> None:
    """Wait for whoever does the same thing now, until his transaction ends: for what has no row or account to hold, and
    for rows that the office may not lock because nobody may change them. Taken before accounts."""
    ask(*turning(name))


def turning(name: str) -> Asked:
    """The statement that takes a turn, to be sent with others."""
    return _TURN, {"name": name}


def lock_accounts(ids: Iterable[int]) -> None:
    """Hold these accounts until the transaction ends, in ascending order so that two acts never wait for each other.

    ``for no key update`` does not fight the key-share locks that foreign keys take.

    :raises LookupError: no such account
    """
    wanted = sorted(set(ids))
    if wanted:
        check_locked(ask(*locking(wanted)), wanted)


def locking(ids: Iterable[int]) -> Asked:
    """The statement of :func:`lock_accounts`, for an act that sends it with others; its rows are for
    :func:`check_locked`."""
    return _LOCK, {"ids": array(sorted(set(ids)))}


def check_locked(rows: Rows, ids: Iterable[int]) -> None:
    """Whether all of them are held. :raises LookupError: no such account"""
    if missing := sorted(set(ids) - {row[0] for row in rows}):
        raise LookupError(f"no such account: {missing}")
