"""The proof of the books: every invariant that exists, checked over the whole city, with the rows at fault."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Lock

from django.db import connection, transaction

from curbstop.office import bills, delinquency, ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import act
from curbstop.office._statements import ask
from curbstop.office.closing.hashing import find_tampered
from curbstop.rules.ledger import RECEIVABLES, RECIPES, gl
from curbstop.rules.money import show

SHOWN = 20
"""Rows at fault that a proof lists; all are counted."""

AT_CLOSE = frozenset("1 2 4 5 7 8 9 10 14 15 15b 16 17 18 28 31 35 40".split())
"""The invariants that must hold before a day closes: marked C in the design of the books."""


@dataclass(frozen=True)
class Proof:
    """An invariant of ``proofs.sql``: its number, what it shows, and its two queries."""

    no: str
    shows: str
    counts: str
    faults: str


@functools.cache
def read_proofs() -> tuple[Proof, ...]:
    """The invariants, in the order of the file."""
    text = importlib.resources.files("curbstop.office").joinpath("proofs.sql").read_text(encoding="utf-8")
    found = re.findall(r"^-- (\d+\w?): (.+)\n((?s:.+?));\n((?s:.+?));$", text, re.MULTILINE)
    return tuple(Proof(*one) for one in found)


@dataclass(frozen=True)
class Proved:
    """One invariant as found: how many were looked at, how many are at fault, and the first of those in words."""

    no: str
    shows: str
    looked_at: int
    at_fault: int
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.at_fault == 0


@dataclass(frozen=True)
class BooksProof:
    """What ``prove`` found on one day."""

    on: date
    proved: tuple[Proved, ...]

    @property
    def holds(self) -> bool:
        return all(one.holds for one in self.proved)


def get_proof(
    *, on: date, told: Callable[[Proved], None] | None = None, only: Collection[str] | None = None
) -> BooksProof:
    """Check every invariant as of the day ``on``, or ``only`` some; ``told`` hears of each as it is done.

    One read-only transaction at one snapshot, so that the office may go on working meanwhile; two connections share it
    and the work. Inside another transaction (a closing) it sees what that sees: on that connection alone where it has
    written something, which no other could see.
    """
    wanted = _wanted(only)
    found: dict[str, Proved] = {}
    untold, one_at_a_time = deque(wanted), Lock()

    def tell(one: Proved) -> None:  # in their order, whoever is done first
        with one_at_a_time:
            found[one.no] = one
            while untold and untold[0] in found:
                first = found[untold.popleft()]
                if told:
                    told(first)

    if not connection.in_atomic_block:
        _share(wanted, on, tell, _at_snapshot())
        return BooksProof(on=on, proved=tuple(found[no] for no in wanted))
    ask(_NO_WORKERS, {})
    if _is_worth_sharing():
        _share(wanted, on, tell, _as_it_stands())
    else:
        for prove in wanted.values():
            tell(prove(on))
    return BooksProof(on=on, proved=tuple(found[no] for no in wanted))


def _wanted(only: Collection[str] | None) -> dict[str, Callable[[date], Proved]]:
    """The invariants by number, in their order, each as what proves it on a day."""
    every: dict[str, Callable[[date], Proved]] = {
        proof.no: functools.partial(_ask, proof) for proof in read_proofs()
    } | {"40": _roll_forward, "11": _rerated, "34": _untouched, "46": _all_listed, "47": _all_lawful}
    return {no: prove for no, prove in every.items() if only is None or no in only}


LONGEST_FIRST = ("34", "11", "4", "1", "35", "12", "40", "7", "10", "3b", "28", "8", "2")
"""So that neither of the two that share the work waits long for the other at the end."""


WORTH_SHARING = 2_000
"""Transactions in the books below which a second connection takes longer to come than the proof."""

_WORTH_SHARING = """
select pg_current_xact_id_if_assigned() is null, count(*) >= %(worth)s::int
from (select from ledger_transaction limit %(worth)s::int) t"""


def _is_worth_sharing() -> bool:
    """Whether the transaction under way has written nothing yet, and the books are long."""
    ((unwritten, long),) = ask(_WORTH_SHARING, {"worth": WORTH_SHARING})
    return bool(unwritten and long)


@contextmanager
def _as_it_stands() -> Iterator[str]:
    """The transaction under way, which wrote nothing: its snapshot for another connection."""
    yield ask("select pg_export_snapshot()", {})[0][0]


def _share(
    wanted: Mapping[str, Callable[[date], Proved]],
    on: date,
    tell: Callable[[Proved], None],
    mine: AbstractContextManager[str],
) -> None:
    """Prove on this connection and on a second one that sees the same snapshot; what either raises is raised."""
    left = SimpleQueue[str]()
    for no in sorted(wanted, key=lambda no: LONGEST_FIRST.index(no) if no in LONGEST_FIRST else len(LONGEST_FIRST)):
        left.put(no)

    def go_through() -> None:
        with suppress(Empty):
            while True:
                tell(wanted[left.get_nowait()](on))

    def second(snapshot: str) -> None:
        try:
            with _at_snapshot(snapshot):
                go_through()
        finally:
            connection.close()

    with mine as snapshot, ThreadPoolExecutor(max_workers=1, thread_name_prefix="prove") as other:
        helped = other.submit(second, snapshot)
        go_through()
        helped.result()


@contextmanager
def _at_snapshot(snapshot: str = "") -> Iterator[str]:
    """A read-only transaction at one snapshot, a new one or another connection's; gives its name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        if snapshot:
            cursor.execute(f"set transaction snapshot '{snapshot}'")
        # sums over the whole of the books: a closing or a night has the memory for it, a counter's page has not
        cursor.execute("set local work_mem = '96MB'")
        cursor.execute(_NO_WORKERS)
        cursor.execute("select pg_export_snapshot()" if not snapshot else "select ''")
        yield cursor.fetchone()[0]


# sums by many thousands of keys: a server's parallel workers hand over more rows than they add up (measured: 1.4 times
# as long, on two cores)
_NO_WORKERS = "select set_config('max_parallel_workers_per_gather', '0', true)"


def _untouched(on: date) -> Proved:
    """Every closing has its hash, each covers the one before, and the rows of its day still come to it."""
    shows = "the rows of every closed day come to the hash it was closed with, and each hash covers the one before"
    closes, faults = find_tampered()
    return Proved("34", shows, closes, len(faults), tuple(faults[:SHOWN]))


def _roll_forward(on: date) -> Proved:
    """Every act is in one column of the roll-forward, and what it closes with is what is open, item by item."""
    shows = "opening + billed - paid +/- the rest = closing = the open items, by fund, type and service"
    with connection.cursor() as cursor:
        cursor.execute(
            "select act, count(*) from ledger_transaction where act <> all(%s) group by act", [list(RECIPES)]
        )
        faults = [f"{count} transactions of act {act!r}, which is in no column" for act, count in cursor.fetchall()]
        cursor.execute(
            _OPEN_CENTS,
            {"objects": sorted(RECEIVABLES), "on": on},
        )
        open_cents = {gl(fund, object): cents for fund, object, cents in cursor.fetchall()}
    if not faults:
        lines = ledger.get_roll_forward(date(1970, 1, 1), on + timedelta(days=1))
        closing: dict[str, int] = {}
        for line in lines:
            account = gl(line.fund, line.object)
            closing[account] = closing.get(account, 0) + line.closing_cents
        faults = [
            f"{account}: rolls forward to {show(closing.get(account, 0))}, open items {show(cents)}"
            for account, cents in open_cents.items()
            if cents != closing.get(account, 0)
        ]
    return Proved("40", shows, len(open_cents), len(faults), tuple(faults[:SHOWN]))


# every row by its account, less what was posted after the day: nearly nothing, so that headers are hardly asked
_OPEN_CENTS = """
with since as (
  select p.gl_id, sum(p.debit_cents - p.credit_cents) cents
  from ledger_transaction t join ledger_posting p on p.txn_id = t.id
  where t.posted_on between %(on)s::date + 1 and 'infinity' group by 1),
every as (select gl_id, sum(debit_cents - credit_cents) cents from ledger_posting group by 1)
select g.fund, g.object, (sum(e.cents) - coalesce(sum(s.cents), 0))::bigint
from every e join ledger_gl g on g.id = e.gl_id left join since s on s.gl_id = e.gl_id
where g.object = any(%(objects)s) group by 1, 2"""


def _rerated(on: date) -> Proved:
    rated = bills.rerate_all()
    shows = "every issued bill, rated again from its stored inputs, comes to its lines to the cent"
    return Proved("11", shows, rated.bills, rated.at_fault, rated.faults)


def _all_listed(on: date) -> Proved:
    looked_at, faults = delinquency.find_missing(on)
    shows = "everybody whose cut-off day has passed is on a list, or skipped on one with why"
    return Proved("46", shows, looked_at, len(faults), tuple(faults[:SHOWN]))


def _all_lawful(on: date) -> Proved:
    looked_at, faults = delinquency.find_unlawful(on)
    shows = "no open order takes water away for less than the minimum, against a hold, untold, or with money on its way"
    return Proved("47", shows, looked_at, len(faults), tuple(faults[:SHOWN]))


def _ask(proof: Proof, on: date) -> Proved:
    with connection.cursor() as cursor:
        cursor.execute(*_bind(proof.counts, on))
        looked_at = cursor.fetchone()[0]
        cursor.execute(*_bind(proof.faults, on))
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    return Proved(proof.no, proof.shows, looked_at, len(rows), tuple(_words(names, row) for row in rows[:SHOWN]))


def _bind(sql: str, on: date) -> tuple[str, list[date]]:
    """``:on`` as a parameter; other percent signs belong to ``format`` and stay."""
    escaped = sql.replace("%", "%%")
    bound, times = re.subn(r":on\b", "%s", escaped)
    return bound, [on] * times


def _words(names: list[str], row: tuple[object, ...]) -> str:
    figures = [
        f"{name} {_figure(name, value)}" for name, value in zip(names[1:], row[1:], strict=True) if value is not None
    ]
    return f"{row[0]} ({', '.join(figures)})" if figures else str(row[0])


def _figure(name: str, value: object) -> str:
    return show(int(str(value))) if name.endswith("cents") else str(value)


@dataclass(frozen=True)
class NightProof:
    """A proof as it was recorded: the day, how many invariants hold, and what does not, in words."""

    on: date
    held: int
    broken: tuple[str, ...]
    at: datetime | None = None

    @property
    def holds(self) -> bool:
        return not self.broken

    @property
    def of(self) -> int:
        """How many invariants were proved."""
        return self.held + len(self.broken)


@act("closing.record_proof")
def record_proof(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date, held: int, broken: tuple[str, ...]
) -> NightProof:
    """Record what a proof found, so that an auditor sees that every night was proved."""
    event.about(says=f"The books of {on:%a %-d %b %Y}: {held} invariants hold, {len(broken)} do not.")
    return NightProof(on=on, held=held, broken=broken)


def prove_night(*, key: Key, by: Actor, at: datetime, on: date) -> NightProof:
    """Prove the books at one snapshot, then record it: two steps, since a proof is read-only and may be long."""
    proof = get_proof(on=on)
    broken = tuple(
        f"{one.no}: {one.shows}: {one.at_fault} at fault" + "".join(f"; {fault}" for fault in one.faults[:3])
        for one in proof.proved
        if not one.holds
    )
    return record_proof(key=key, by=by, at=at, on=on, held=sum(one.holds for one in proof.proved), broken=broken)


def get_last_proof() -> NightProof | None:
    """The proof recorded last; ``None`` before the first night."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select outcome->>'on', outcome->>'held', outcome->'broken', at from base_event"
            " where act = 'closing.record_proof' and not denied order by at desc, id desc limit 1"
        )
        row = cursor.fetchone()
    if row is None:
        return None
    broken = json.loads(row[2]) if isinstance(row[2], str) else row[2]
    return NightProof(on=date.fromisoformat(row[0]), held=int(row[1]), broken=tuple(broken), at=row[3])
