"""Draft runs, their rows and the return rates, for screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office._once import Refused
from curbstop.rules.returns import RATE_DAYS, Rate, rates


@dataclass(frozen=True)
class DraftRunRow:
    """A draft run. ``state``: planned, filed, posted."""

    id: int
    state: str
    through_on: date
    effective_on: date
    same_day: bool
    accounts: int
    drafts: int
    cents: int
    planned_at: datetime
    by: str
    file: str
    entries: int
    prenotes: int
    posted_on: date | None
    batch_id: int | None
    returned: int
    returned_cents: int


@dataclass(frozen=True)
class DraftRunLine:
    """What a run did with an account; ``answer`` is what the bank said to it."""

    account_id: int
    number: str
    name: str
    code: str
    cents: int
    says: str
    bank: str
    trace: str
    answer: str


_RUNS = """
select r.id, case when p.run_id is not null then 'posted' when f.run_id is not null then 'filed' else 'planned' end,
  r.through_on, r.effective_on, r.same_day, r.accounts, r.drafts, r.cents, v.at,
  trim(u.first_name || ' ' || u.last_name), coalesce(f.name, ''), coalesce(f.entries, 0), n.prenotes, p.posted_on,
  p.batch_id, n.returned, n.returned_cents
from payments_draftrun r join base_event v on v.id = r.event_id join base_user u on u.id = v.by_id
left join payments_draftfile f on f.run_id = r.id left join payments_draftposted p on p.run_id = r.id
left join lateral (
  select count(*) filter (where e.kind = 'prenote') prenotes, count(x.id) returned,
    coalesce(sum(x.cents), 0)::bigint returned_cents
  from payments_draftentry e left join payments_returned x on x.trace = e.trace and x.outcome = 'returned'
  where e.run_id = r.id) n on true
where (%(run)s::bigint is null or r.id = %(run)s) order by r.id desc limit %(limit)s"""


def list_runs(*, limit: int = 50) -> tuple[DraftRunRow, ...]:
    """Draft runs, the newest first."""
    return _runs(None, limit)


def get_run(run: int) -> DraftRunRow:
    """A draft run. :raises Refused: there is none of this number"""
    found = _runs(run, 1)
    if not found:
        raise Refused(f"There is no draft run {run}.", field="run")
    return found[0]


def _runs(run: int | None, limit: int) -> tuple[DraftRunRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, {"run": run, "limit": limit})
        return tuple(DraftRunRow(*row) for row in cursor.fetchall())


_LINES = """
select d.account_id, a.number, c.name, d.code, d.cents, d.says, e.last_four, coalesce(n.trace, ''),
  coalesce((select x.reason from payments_returned x where x.trace = n.trace order by x.id desc limit 1), '')
from payments_draftplan d join customers_account a on a.id = d.account_id
join customers_customer c on c.id = a.customer_id join payments_enrolment e on e.id = d.enrolment_id
left join payments_draftentry n on n.run_id = d.run_id and n.account_id = d.account_id
  and coalesce(n.again_of_id, '') = d.again_of and n.kind = d.code
where d.run_id = %(run)s and (%(code)s = '' or d.code = %(code)s)
order by d.code, a.number limit %(limit)s"""


def list_run_lines(*, run: int, code: str = "", limit: int = 500) -> tuple[DraftRunLine, ...]:
    """What a run did with each account, or with those of one outcome."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"run": run, "code": code, "limit": limit})
        return tuple(DraftRunLine(*row) for row in cursor.fetchall())


def count_by_code(*, run: int) -> dict[str, int]:
    """How many accounts of a run have each outcome."""
    with connection.cursor() as cursor:
        cursor.execute("select code, count(*) from payments_draftplan where run_id = %s group by code", [run])
        return dict(cursor.fetchall())


def get_posting_progress(*, run: int) -> tuple[int, int]:
    """Drafts posted, and drafts in the file."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from payments_draftentry e join payments_tender x on x.reference = e.trace"
            "   join payments_batch b on b.id = x.batch_document_id and b.channel = 'autopay' where e.run_id = %s"
            "   and e.cents > 0),"
            " (select count(*) from payments_draftentry e where e.run_id = %s and e.cents > 0)",
            [run, run],
        )
        done, whole = cursor.fetchone()
        return int(done), int(whole)


def get_return_rates(*, on: date) -> tuple[Rate, ...]:
    """The three rates that Nacha watches, over the debits that settled in the two months up to the day."""
    since = on - timedelta(RATE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from payments_draftentry e join payments_draftrun r on r.id = e.run_id"
            " where e.kind <> 'prenote' and r.effective_on > %s and r.effective_on <= %s",
            [since, on],
        )
        debits = int(cursor.fetchone()[0])
        cursor.execute(
            "select code from payments_returned where outcome = 'returned' and trace <> '' and returned_on > %s"
            " and returned_on <= %s",
            [since, on],
        )
        codes = [row[0] for row in cursor.fetchall()]
    return rates(codes, debits)


@dataclass(frozen=True)
class EnrolledRow:
    """An account on autopay: from which bank account, at most how much at a time (None: no limit), on which day."""

    number: str
    name: str
    last_four: str
    limit_cents: int | None
    draft_day: int | None
    from_on: date


def list_enrolled(*, limit: int = 200) -> tuple[EnrolledRow, ...]:
    """The accounts on autopay, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, c.name, e.last_four, e.limit_cents, e.draft_day, e.from_on from payments_enrolment e"
            " join customers_account a on a.id = e.account_id join customers_customer c on c.id = a.customer_id"
            " where not exists (select from payments_enrolment f where f.follows_id = e.id)"
            " and not exists (select from payments_enrolmentend x where x.enrolment_id = e.id)"
            " order by c.name, a.number limit %s",
            [limit],
        )
        return tuple(EnrolledRow(*row) for row in cursor.fetchall())


def count_enrolled() -> int:
    """How many accounts are on autopay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from payments_enrolment e where"
            " not exists (select from payments_enrolment f where f.follows_id = e.id)"
            " and not exists (select from payments_enrolmentend x where x.enrolment_id = e.id)"
        )
        return int(cursor.fetchone()[0])
