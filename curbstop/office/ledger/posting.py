"""The one writer of postings, beside the bill run's chunks: ``_post`` for one transaction, ``_post_many`` for a block.

Both refuse legs that do not balance by fund or that the act's recipe does not have, and both end by proving that every
row has its account of the chart, its kind, its customer account and its header: foreign keys on postings are checked
as sets. The database then holds what only it can: items that never cross zero, and days that are closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import IntegrityError, connection
from numpy.typing import NDArray

from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._rows import Table, write_rows
from curbstop.office._statements import Asked, Rows, array, ask_all, words
from curbstop.records.bulk.columns import Coded, Column
from curbstop.records.ledger.models import Posting as PostingRow
from curbstop.records.ledger.models import Transaction
from curbstop.rules.ledger import Leg, check_balance, check_recipe, fund_of, gl, object_of

__all__ = [
    "ChartLacks",
    "DayClosed",
    "DayNotOpen",
    "NotInBooks",
    "Posting",
    "_post",
    "_post_close",
    "_post_many",
    "_prepare",
    "get_legs",
    "reserve_documents",
]


class DayNotOpen(Refused):
    """Nobody opened this accounting day."""


class DayClosed(Refused):
    """The accounting day is closed."""


class ChartLacks(Refused):
    """The chart on file has no such account or kind on that day."""


class NotInBooks(LookupError):
    """There is no such transaction, document or customer account."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One transaction of a block: its act and its legs."""

    act: str
    effective_on: date
    legs: Sequence[Leg]


def reserve_documents(count: int) -> list[int]:
    """Take ``count`` document ids: bills, receipts, charges, deposits and batches share one sequence."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('ledger_document_seq') from generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


_POST = """
with txn as (
  insert into ledger_transaction (id, posted_at, event_id, reverses_id, posted_on, effective_on, act, by, approval_id)
  values (coalesce(%(txn)s::bigint, nextval('ledger_transaction_id_seq')), %(at)s::timestamptz, %(event)s::bigint,
    %(reverses)s::bigint, %(posted_on)s::date, %(effective_on)s::date, %(act)s, %(by)s::bigint, %(approval)s::bigint)
  returning id),
leg as (
  select * from unnest(%(legs)s::int[], %(funds)s::smallint[], %(objects)s::smallint[], %(kinds)s::text[],
    %(debits)s::bigint[], %(credits)s::bigint[], %(accounts)s::bigint[], %(documents)s::bigint[], %(lines)s::smallint[],
    %(dues)s::date[]) l(no, fund, object, kind, debit, credit, account_id, document_id, line_no, due_on)),
kind as materialized (
  select distinct on (code) code, id from ledger_kind
  where code = any(%(kinds)s::text[]) and valid_from <= %(kinds_on)s::date
  order by code, valid_from desc),
posted as (
  insert into ledger_posting (txn_id, leg_no, account_id, document_id, debit_cents, credit_cents, due_on, fund, gl_id,
    kind_id, line_no, sub)
  select txn.id, leg.no, leg.account_id, leg.document_id, leg.debit, leg.credit, leg.due_on, g.fund, g.id, kind.id,
    leg.line_no, g.sub
  from txn cross join leg join ledger_gl g on g.fund = leg.fund and g.object = leg.object
  join kind on kind.code = leg.kind
  where leg.account_id is null or exists (select from customers_account a where a.id = leg.account_id)
  returning 1)
select (select id from txn), (select count(*) from posted),
  exists (select from ledger_day where posted_on = %(posted_on)s::date)"""


def _post(
    event: Acting,
    *,
    act: str,
    posted_on: date,
    effective_on: date,
    legs: Iterable[Leg],
    reverses: int | None = None,
    approval: int | None = None,
    kinds_on: date | None = None,
) -> int:
    """Post one transaction for the act under way; returns its id. Its accounts are locked by now.

    :param kinds_on: the day by which kinds are read; for a mirror, the day its original was posted on
    :raises Unbalanced, RecipeBroken: legs that no rule makes
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    :raises ChartLacks: the city's chart has no such account or kind
    """
    pending = _prepare(
        event, act=act, posted_on=posted_on, effective_on=effective_on, legs=legs, reverses=reverses,
        approval=approval, kinds_on=kinds_on,
    )  # fmt: skip
    return pending.write()[0]


@dataclass(frozen=True, slots=True)
class Pending:
    """A transaction that is right by itself, and not written yet."""

    values: dict[str, object]
    legs: Sequence[Leg]
    posted_on: date
    effective_on: date
    kinds_on: date

    def write(self, *more: Asked) -> tuple[int, list[Rows]]:
        """Post it, and run more statements in the same trip; its id, and the rows of the others.

        :raises DayNotOpen, DayClosed, ChartLacks, NotInBooks: as :func:`_post`
        """
        try:
            found, *others = ask_all((_POST, self.values), *more)
        except IntegrityError as error:
            raise _explained(error, self.posted_on, self.effective_on) from error
        ((txn_id, posted, opened),) = found
        if not opened:
            raise _not_open(self.posted_on)
        if posted != len(self.legs):
            raise _lacking(self.legs, self.kinds_on)
        return int(txn_id), others


def _prepare(
    event: Acting,
    *,
    act: str,
    posted_on: date,
    effective_on: date,
    legs: Iterable[Leg],
    txn_id: int | None = None,
    reverses: int | None = None,
    approval: int | None = None,
    kinds_on: date | None = None,
) -> Pending:
    """A transaction of the act under way, to be written with other rows that name it.

    :param txn_id: its id, where it was taken beforehand; the others are those of :func:`_post`
    :raises Unbalanced, RecipeBroken: legs that no rule makes
    """
    legs = tuple(legs)
    check_balance(legs)
    check_recipe(act, legs)
    values = {
        "txn": txn_id,
        "at": event.at.isoformat(),
        "event": event.id,
        "reverses": reverses,
        "posted_on": posted_on,
        "effective_on": effective_on,
        "act": act,
        "by": event.by.id,
        "approval": approval,
        "kinds_on": kinds_on or posted_on,
        **_arrays(legs),
    }
    return Pending(values, legs, posted_on, effective_on, kinds_on or posted_on)


_CLOSE = """
insert into ledger_transaction (posted_at, event_id, posted_on, effective_on, act, by, closes)
values (%s, %s, %s, %s, %s, %s, %s) returning id"""


def _post_close(event: Acting, *, act: str, posted_on: date, effective_on: date) -> int:
    """Post the header that closes a day (``close``) or a month (``close_month``, on an open day); returns its id.

    A day's header waits for the acts in flight on that day, and holds the day until the transaction ends.

    :raises DayClosed: the day, or a later one, is closed
    """
    check_recipe(act, ())
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, [event.at, event.id, posted_on, effective_on, act, event.by.id, act == "close"])
            return int(cursor.fetchone()[0])
    except IntegrityError as error:
        raise _explained(error, posted_on, effective_on) from error


def _arrays(legs: Sequence[Leg]) -> dict[str, object]:
    return {
        "legs": array(range(1, len(legs) + 1)),
        "funds": array(fund_of(leg.gl) for leg in legs),
        "objects": array(object_of(leg.gl) for leg in legs),
        "kinds": words(leg.kind for leg in legs),
        "debits": array(leg.debit_cents for leg in legs),
        "credits": array(leg.credit_cents for leg in legs),
        "accounts": array(leg.account_id for leg in legs),
        "documents": array(leg.document for leg in legs),
        "lines": array(leg.line for leg in legs),
        "dues": array(leg.due_on for leg in legs),
    }


def _explained(error: IntegrityError, posted_on: date, effective_on: date) -> Exception:
    """What a trigger or check said, as a refusal that says what to do."""
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    if constraint == "ledger_transaction_day_open":
        remedy = "Post on an open day, with the true date as the day it happened."
        return DayClosed(f"The books are closed for {posted_on.isoformat()}. {remedy}", field="on")
    if constraint == "ledger_transaction_not_ahead":
        says = f"{effective_on.isoformat()} lies after the accounting day {posted_on.isoformat()}"
        return Refused(
            f"{says}: money that has not come yet cannot be posted. Use the day it came.", field="effective_on"
        )
    return error


def _not_open(posted_on: date) -> DayNotOpen:
    return DayNotOpen(
        f"The accounting day {posted_on.isoformat()} is not open. Finance opens it (ledger.open_day), or post on a day"
        " that is.",
        field="on",
    )


def _lacking(legs: Sequence[Leg], on: date) -> Exception:
    """Which of the legs' parents is not there: asked only when a row was not posted."""
    with connection.cursor() as cursor:
        cursor.execute("select fund, object from ledger_gl")
        accounts = {gl(fund, object) for fund, object in cursor.fetchall()}
        cursor.execute("select code from ledger_kind where valid_from <= %s", [on])
        kinds = {row[0] for row in cursor.fetchall()}
        named = sorted({leg.account_id for leg in legs if leg.account_id is not None})
        cursor.execute("select id from customers_account where id = any(%s)", [named])
        customers = {row[0] for row in cursor.fetchall()}
    lacking = sorted({leg.gl for leg in legs} - accounts) + sorted({leg.kind for leg in legs} - kinds)
    if lacking:
        return ChartLacks(
            f"The chart has no {', '.join(lacking)} on {on.isoformat()}. An administrator adds it to the city's chart"
            " and adopts it (ledger.adopt_chart)."
        )
    return NotInBooks(f"no such customer account: {sorted(set(named) - customers)}")


@dataclass(frozen=True)
class _ChartIds:
    """The chart as numbers, for a block of transactions."""

    gl: dict[str, tuple[int, int]]  # FF-OOOO -> id, sub
    kinds: dict[str, int]


_GL = "select fund, object, id, sub from ledger_gl"
_KINDS = "select code, id from ledger_kind where valid_from <= %(on)s::date order by valid_from"
_TXNS = "select nextval('ledger_transaction_id_seq') from generate_series(1, %(count)s::int)"
_OPENED = "select exists (select from ledger_day where posted_on = %(on)s::date)"


def _before(on: date, count: int) -> tuple[_ChartIds, list[int]]:
    """What a block is written with: the chart of the day, and ids for its transactions. :raises DayNotOpen:"""
    at = {"on": on}
    accounts, kinds, ids, opened = ask_all((_GL, {}), (_KINDS, at), (_TXNS, {"count": count}), (_OPENED, at))
    if not opened[0][0]:
        raise _not_open(on)
    chart = _ChartIds({gl(fund, object): (id, sub) for fund, object, id, sub in accounts}, dict(kinds))
    return chart, [row[0] for row in ids]


def _post_many(event: Acting, *, posted_on: date, postings: Sequence[Posting]) -> list[int]:
    """Post a block of transactions by COPY, in the order given; returns their ids.

    :raises as :func:`_post`
    """
    if not postings:
        return []
    for posting in postings:
        check_balance(posting.legs)
        check_recipe(posting.act, posting.legs)
    chart, ids = _before(posted_on, len(postings))
    legs = [leg for posting in postings for leg in posting.legs]
    if any(leg.gl not in chart.gl or leg.kind not in chart.kinds for leg in legs):
        raise _lacking(legs, posted_on)
    try:
        orphans = write_rows(
            _headers(event, posted_on, postings, ids),
            _rows(postings, ids, legs, chart),
            then=(_ORPHANS, {"ids": array(ids)}),
        )
    except IntegrityError as error:
        raise _explained(error, posted_on, max(posting.effective_on for posting in postings)) from error
    for what, id in orphans:
        raise NotInBooks(f"there is no {what} {id}, which a posting names")
    return ids


def _headers(event: Acting, posted_on: date, postings: Sequence[Posting], ids: list[int]) -> Table:
    acts = sorted({posting.act for posting in postings})
    return (
        Transaction,
        {
            "id": np.array(ids, dtype=np.int64),
            "posted_at": event.at,
            "event_id": event.id,
            "posted_on": posted_on,
            "effective_on": np.array([posting.effective_on for posting in postings], dtype="datetime64[D]"),
            "act": Coded(np.array([acts.index(posting.act) for posting in postings]), acts),
            "by": event.by.id,
        },
    )


def _rows(postings: Sequence[Posting], ids: list[int], legs: Sequence[Leg], chart: _ChartIds) -> Table:
    sizes = np.array([len(posting.legs) for posting in postings])
    ends = np.cumsum(sizes)
    accounts = [chart.gl[leg.gl] for leg in legs]
    due = np.array([leg.due_on for leg in legs], dtype="datetime64[D]")
    return (
        PostingRow,
        {
            "txn_id": np.repeat(np.array(ids, dtype=np.int64), sizes),
            "leg_no": np.arange(1, len(legs) + 1) - np.repeat(ends - sizes, sizes),
            "account_id": _nullable([leg.account_id for leg in legs]),
            "document_id": _nullable([leg.document for leg in legs]),
            "debit_cents": np.array([leg.debit_cents for leg in legs], dtype=np.int64),
            "credit_cents": np.array([leg.credit_cents for leg in legs], dtype=np.int64),
            "due_on": due,
            "fund": np.array([fund_of(leg.gl) for leg in legs], dtype=np.int16),
            "gl_id": np.array([id for id, _ in accounts], dtype=np.int16),
            "kind_id": np.array([chart.kinds[leg.kind] for leg in legs], dtype=np.int16),
            "line_no": _nullable([leg.line for leg in legs]),
            "sub": np.array([sub for _, sub in accounts], dtype=np.int16),
        },
    )


def _nullable(values: list[int | None]) -> Column | NDArray[np.int64]:
    null = np.array([value is None for value in values])
    return Column(np.array([value or 0 for value in values], dtype=np.int64), null)


# Invariant 3 over these transactions: every row's header, account, kind and customer account exist.
_ORPHANS = """
with leg as materialized (
  select txn_id, gl_id, fund, sub, kind_id, account_id from ledger_posting where txn_id = any(%(ids)s::bigint[]))
select 'header', txn_id from (select distinct txn_id from leg) x
where not exists (select from ledger_transaction t where t.id = txn_id)
union all
select 'account of the chart', gl_id from (select distinct gl_id, fund, sub from leg) x
where not exists (select from ledger_gl g where (g.id, g.fund, g.sub) = (x.gl_id, x.fund, x.sub))
union all
select 'kind', kind_id from (select distinct kind_id from leg) x
where not exists (select from ledger_kind k where k.id = kind_id)
union all
select 'customer account', account_id from (select distinct account_id from leg where account_id is not null) x
where not exists (select from customers_account a where a.id = account_id)
limit 1"""


def get_legs(txn_id: int) -> tuple[Leg, ...]:
    """The legs of a transaction as stored, in order.

    :raises NotInBooks: there is no such transaction
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select g.fund, g.object, p.debit_cents, p.credit_cents, k.code, p.account_id, p.document_id, p.line_no,"
            " p.due_on from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id"
            " where p.txn_id = %s order by p.leg_no",
            [txn_id],
        )
        legs = tuple(Leg(gl(row[0], row[1]), *row[2:]) for row in cursor.fetchall())
    if not legs:
        raise NotInBooks(f"there is no transaction {txn_id} in the books")
    return legs
