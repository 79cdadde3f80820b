"""Going through a run's chunks until all are posted. Several workers may do so at once, and any of them may die."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection

from curbstop.office import payments
from curbstop.office._events import Actor, Key
from curbstop.office._once import Refused
from curbstop.office.bills.posting import finish, post
from curbstop.office.bills.values import RunPosted
from curbstop.rules.policies import NotSet


@dataclass(frozen=True)
class Progress:
    """How far a run is: chunks and bills posted, and all there are."""

    run: int
    chunks_done: int
    chunks: int
    bills_done: int
    bills: int


HANDS = 2
"""Chunks that one worker posts at a time: while the server writes one, the other is rated."""
WORTH_A_HAND = 4
"""Chunks below which another hand, with a connection of its own, is not worth having."""


def post_all(
    *,
    run: int,
    by: Actor,
    at: datetime,
    progress: Callable[[Progress], None] | None = None,
    hands: int = HANDS,
) -> RunPosted:
    """Post every chunk of an approved run that is not posted yet, apply the credits that customers hold, and finish it.

    Safe to call again, after any interruption, and at the same time as others do. A chunk that cannot be posted
    does not stop the others.

    :param hands: how many chunks are under way at a time, each on a connection of its own
    :raises Refused: the run is not approved, or chunks cannot be posted, with the reason of each
    """
    refusals: dict[int, str] = {}
    helpers: list[_Hand] = []
    if len(_undone(run)) >= WORTH_A_HAND and not connection.in_atomic_block:
        helpers = [_Hand(run, by, at, refusals) for _ in range(hands - 1)]
    for helper in helpers:
        helper.start()
    try:
        _go_through(run, by, at, refusals, progress)
    finally:
        for helper in helpers:
            helper.join()
    for helper in helpers:
        if helper.failed is not None:
            raise helper.failed
    if refusals:
        raise Refused(f"{len(refusals)} chunks of run {run} are not posted. {' '.join(refusals.values())}", field="run")
    with _mine(run, 0, wait=True):
        _apply_credits(run, by)  # a worker that died after a chunk did not come to its credits
        return finish(key=Key(f"bills.finish:{run}"), by=by, at=at, run=run)


class _Hand(threading.Thread):
    """Another connection at the same run."""

    def __init__(self, run: int, by: Actor, at: datetime, refusals: dict[int, str]) -> None:
        super().__init__(name=f"bills.post:{run}", daemon=True)
        self.work = (run, by, at, refusals)
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            _go_through(*self.work, None)
        except BaseException as failed:  # told by the worker that is asked
            self.failed = failed
        finally:
            connection.close()


def _go_through(
    run: int, by: Actor, at: datetime, refusals: dict[int, str], progress: Callable[[Progress], None] | None
) -> None:
    """Take chunk after chunk until none is left that nobody has."""
    while left := [no for no in _undone(run) if no not in refusals]:
        turn = False
        for no in left:
            with _mine(run, no) as mine:
                if not mine:
                    continue
                turn = True
                if no in _undone(run) and no not in refusals:
                    _post_one(run, no, by, at, refusals)
            if progress:
                progress(get_progress(run=run))
        if not turn:
            _wait_for(run, left[0])


def _post_one(run: int, no: int, by: Actor, at: datetime, refusals: dict[int, str]) -> None:
    try:
        post(key=Key(f"bills.post:{run}:{no}"), by=by, at=at, run=run, chunk=no)
    except (Refused, IntegrityError) as refusal:  # what the database refuses of one chunk does not stop the others
        refusals[no] = str(refusal).splitlines()[0]
        return
    _apply_credits(run, by, only=no)


_TO_APPLY = """
select c.no from bills_chunk c join base_event e on e.key = format('bills.post:%%s:%%s', c.run_id, c.no)
where c.run_id = %s and (e.outcome ->> 'with_credit')::int > 0
  and not exists (select from base_event a where a.key = format('bills.credit:%%s:%%s', c.run_id, c.no)) order by c.no
"""
_WITH_CREDIT = """
select p.account_id from bills_chunk c
join bills_bill b on b.run_id = c.run_id and b.id between c.first_document_id
  and c.first_document_id + cardinality(c.account_ids) - 1
join ledger_posting p on p.account_id = b.account_id and p.sub = 3
join ledger_gl g on g.id = p.gl_id and g.object = 2310
where c.run_id = %s and c.no = %s
group by p.account_id having sum(p.credit_cents) > sum(p.debit_cents) order by p.account_id
"""


def _apply_credits(run: int, by: Actor, only: int = 0) -> None:
    """Put the credit that customers hold on the bills they just got: a transaction of its own for each chunk, once.

    Where the city has not said in which order money is applied, the credit stays what it is: a credit.
    """
    for no in [only] if only else _to_apply(run):
        with _mine(run, no, wait=True):
            if no in _to_apply(run):  # nobody did meanwhile
                _apply_chunk(run, no, by)


def _to_apply(run: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_TO_APPLY, [run])
        return [row[0] for row in cursor.fetchall()]


def _apply_chunk(run: int, no: int, by: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select s.on, s.at from bills_runstep s where run_id = %s and step = 'approved'", [run])
        on, at = cursor.fetchone()
        cursor.execute(_WITH_CREDIT, [run, no])
        accounts = tuple(row[0] for row in cursor.fetchall())
    if accounts:
        key = Key(f"bills.credit:{run}:{no}")
        with suppress(NotSet):
            payments.apply_credit(key=key, by=by, at=at, account_ids=accounts, on=on)


def _undone(run: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select no from bills_chunk c where run_id = %s and not exists"
            " (select from bills_chunkdone d where (d.run_id, d.chunk_no) = (c.run_id, c.no)) order by no",
            [run],
        )
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def _mine(run: int, no: int, *, wait: bool = False) -> Iterator[bool]:
    """Whether this worker has the chunk to itself. The lock is the session's: it goes when the worker dies."""
    lock = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    name = f"bills.post:{run}:{no}"
    with connection.cursor() as cursor:
        cursor.execute(f"select {lock}(hashtextextended(current_schema() || %s, 3))", [name])
        mine = wait or bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(hashtextextended(current_schema() || %s, 3))", [name])


def _wait_for(run: int, no: int) -> None:
    """Others have all that is left: wait until the first of them is done, or gone."""
    with _mine(run, no, wait=True):
        pass


def get_progress(*, run: int) -> Progress:
    """How far the run is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(d.run_id), count(*), coalesce(sum(d.bills), 0),"
            " coalesce((select s.bills from bills_runstep s where s.run_id = %s and s.step = 'approved'), 0)"
            " from bills_chunk c left join bills_chunkdone d on (d.run_id, d.chunk_no) = (c.run_id, c.no)"
            " where c.run_id = %s",
            [run, run],
        )
        done, chunks, bills_done, bills = (int(value) for value in cursor.fetchone())
    return Progress(run, done, chunks, bills_done, bills)
