"""A draft run planned: which bills are drafted, and every account's outcome. Planning posts and sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import holidays
from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office.payments.returning import get_cash_only, queue_letter
from curbstop.records.payments.autopay import DraftPlan, DraftRun
from curbstop.rules.autopay import DueBill, Enrolled, Planned, Terms, effective_date, prenote_clear_on
from curbstop.rules.autopay import plan as plan_one
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.returns import STOPS, why_not_again


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """The days of a year and the next on which the Federal Reserve settles nothing, weekends aside."""
    return frozenset(holidays.financial_holidays("FED", years=(year, year + 1)))


@dataclass(frozen=True)
class RunPlanned:
    """A run as planned. ``by_code`` counts its accounts by outcome."""

    run: int
    through_on: date
    effective_on: date
    accounts: int
    drafts: int
    cents: int
    by_code: dict[str, int]


@dataclass(frozen=True)
class PlannedRow:
    """What a run does, or would do, with an account."""

    account_id: int
    number: str
    name: str
    enrolment_id: int
    code: str
    cents: int
    document_ids: tuple[int, ...]
    says: str
    again_of: str = ""


@dataclass(frozen=True)
class RunPreview:
    """What a run would do: every account on autopay, and the day on which the drafts would settle."""

    through_on: date
    effective_on: date
    rows: tuple[PlannedRow, ...]

    @property
    def drafts(self) -> tuple[PlannedRow, ...]:
        """The rows that take money."""
        return tuple(row for row in self.rows if row.code in ("draft", "again"))

    @property
    def cents(self) -> int:
        """What they take."""
        return sum(row.cents for row in self.drafts)

    @property
    def by_code(self) -> dict[str, int]:
        """How many accounts have each outcome."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.code] = found.get(row.code, 0) + 1
        return found


def preview_run(*, through_on: date, on: date, same_day: bool = False) -> RunPreview:
    """What :func:`plan` would do on the day, by the same rule; nothing is locked or written."""
    effective_on = _effective(through_on, on, same_day)
    return RunPreview(through_on, effective_on, tuple(_rows(through_on, effective_on, on)))


@act("autopay.plan")
def plan(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, through_on: date, on: date, same_day: bool = False
) -> RunPlanned:
    """Plan a draft run: freeze what is drafted, and give every account on autopay its outcome.

    :param through_on: bills with a draft day up to this one are taken
    :param on: the day the file goes to the bank
    :raises Refused: an earlier run has no file yet
    :raises NotSet: the city has no numbers to send drafts under, or may not send same-day ones
    """
    policies.get_policy("autopay.originator", on)
    _check_same_day(same_day, on)
    _one_at_a_time()
    effective_on = _effective(through_on, on, same_day)
    lock_accounts(_active_accounts())
    rows = list(_rows(through_on, effective_on, on))
    if not rows:
        raise Refused("No account is on autopay. Enrol one on its page first.", field="through_on")
    taking = [row for row in rows if row.code in ("draft", "again")]
    cents = sum(row.cents for row in taking)
    run = DraftRun.objects.create(
        through_on=through_on, effective_on=effective_on, same_day=same_day, planned_on=on, accounts=len(rows),
        drafts=len(taking), cents=cents, event_id=event.id,
    )  # fmt: skip
    DraftPlan.objects.bulk_create(
        DraftPlan(
            run=run, account_id=row.account_id, enrolment_id=row.enrolment_id, code=row.code, cents=row.cents,
            document_ids=list(row.document_ids), says=row.says, again_of=row.again_of,
        )
        for row in rows
    )  # fmt: skip
    for row in rows:
        if row.code == "over_limit_ask" and not _asked_before(row, run.pk):
            facts = {"due_cents": row.cents, "through_on": through_on.isoformat(), "run": run.pk}
            queue_letter(
                event, account_id=row.account_id, kind="autopay_over_limit", says=_asks(row), facts=facts, on=on
            )
    event.about(f"draft_run:{run.pk}", says=f"Draft run {run.pk}: {len(taking)} drafts, {show(cents)}.")
    by_code = RunPreview(through_on, effective_on, tuple(rows)).by_code
    return RunPlanned(run.pk, through_on, effective_on, len(rows), len(taking), cents, by_code)


def _asked_before(row: PlannedRow, run: int) -> bool:
    """Whether an earlier run asked the customer about the same bills: he gets one letter."""
    return DraftPlan.objects.filter(
        account_id=row.account_id, code="over_limit_ask", document_ids=list(row.document_ids), run_id__lt=run
    ).exists()


def _asks(row: PlannedRow) -> str:
    return f"Your bill is {show(row.cents)}, above the limit you set for autopay. Tell us whether we may draft it."


def _check_same_day(same_day: bool, on: date) -> None:
    if same_day and policies.get_policy("autopay.same_day", on) is not True:
        raise Refused("This city sends no same-day drafts (policy autopay.same_day).", field="same_day")


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('autopay.plan', %s))", [2])
        cursor.execute(
            "select id from payments_draftrun r where"
            " not exists (select from payments_draftfile f where f.run_id = r.id)"
            " and exists (select from payments_draftplan p where p.run_id = r.id and p.code in ('draft', 'again',"
            "   'prenote')) order by id limit 1"
        )
        waiting = cursor.fetchone()
    if waiting is not None:
        raise Refused(f"Draft run {waiting[0]} is planned and has no file yet. Make its file first.", field="run")


def _effective(through_on: date, on: date, same_day: bool) -> date:
    closed = bank_holidays(min(on, through_on).year)
    return effective_date(through_on, sent_on=on, closed=closed, same_day=same_day)


# --- what is loaded, and the rule -------------------------------------------------------------------------------------

_ENROLLED = """
select e.id, e.account_id, a.number, c.name, e.account_type, e.sec, e.draft_day, e.prenote, e.routing, e.account_blind,
  case when e.limit_cents is null then null else greatest(e.limit_cents, coalesce((
    select max(w.cents) from payments_draftallowed w where w.account_id = e.account_id and w.until_on > %(on)s
      and not exists (select from payments_draftplan p join payments_draftrun r on r.id = p.run_id
        where p.account_id = w.account_id and p.code in ('draft', 'again') and p.cents > e.limit_cents
          and r.event_id > w.event_id)), 0)) end,
  tried.sent_on, tried.code, exists (
    select from payments_returned r join payments_draftentry d on d.trace = r.trace
    join payments_enrolment n on n.id = d.enrolment_id
    where r.account_id = e.account_id and r.code = any(%(stops)s) and d.kind <> 'prenote'
      and (n.routing, n.account_blind) = (e.routing, e.account_blind) and n.authorised_on >= e.authorised_on)
from payments_enrolment e join customers_account a on a.id = e.account_id
join customers_customer c on c.id = a.customer_id
left join lateral (
  select r.planned_on sent_on, (select x.code from payments_returned x where x.trace = d.trace
    and x.outcome = 'prenote_refused' limit 1) code
  from payments_draftentry d join payments_draftrun r on r.id = d.run_id
  join payments_enrolment n on n.id = d.enrolment_id
  where d.account_id = e.account_id and d.kind = 'prenote'
    and (n.routing, n.account_blind, n.account_type) = (e.routing, e.account_blind, e.account_type)
  order by d.trace desc limit 1) tried on true
where not exists (select from payments_enrolment f where f.follows_id = e.id) and e.from_on <= %(effective)s
  and not exists (select from payments_enrolmentend x where x.enrolment_id = e.id and x.until_on <= %(effective)s)
order by e.account_id"""

# A bill that was drafted once is not drafted again as if it were new: a returned draft is presented again, or not.
_BILLS = """
select b.account_id, b.id, r.bill_on, b.due_on, i.cents from bills_bill b join bills_run r on r.id = b.run_id
join lateral (select sum(p.debit_cents - p.credit_cents)::bigint cents from ledger_posting p
  where p.account_id = b.account_id and p.document_id = b.id and p.sub = 2) i on i.cents > 0
where b.account_id = any(%(accounts)s) and not exists (
  select from payments_draftplan d where d.account_id = b.account_id and d.code in ('draft', 'again')
    and b.id = any(d.document_ids))
order by b.account_id, b.due_on, b.id"""

_PENDING = """
select account_id, sum(cents)::bigint from (
  select d.account_id, d.cents from payments_draftentry d
  where d.cents > 0 and d.account_id = any(%(accounts)s)
    and not exists (select from payments_draftposted p where p.run_id = d.run_id)
  union all
  select k.account_id, k.cents from payments_ask k
  where k.account_id = any(%(accounts)s) and not exists (select from payments_askended x where x.ask_id = k.id)) waiting
group by account_id"""

_AGAIN = """
select d.trace, d.account_id, d.cents, d.times, d.document_ids, r.code, first.effective_on
from payments_draftentry d join payments_returned r on r.trace = d.trace and r.outcome = 'returned'
join payments_draftrun first on first.id = coalesce(
  (select o.run_id from payments_draftentry o where o.trace = d.again_of_id), d.run_id)
where d.account_id = any(%(accounts)s) and d.kind in ('draft', 'again')
  and not exists (select from payments_draftentry n where n.again_of_id = d.trace)
  and not exists (select from payments_draftplan w join payments_draftrun x on x.id = w.run_id
    where w.again_of = d.trace and w.code = 'again')
order by d.account_id, d.trace"""


def _active_accounts() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_id from payments_enrolment e where"
            " not exists (select from payments_enrolment f where f.follows_id = e.id)"
            " and not exists (select from payments_enrolmentend x where x.enrolment_id = e.id) order by 1"
        )
        return [row[0] for row in cursor.fetchall()]


def _rows(through_on: date, effective_on: date, on: date) -> Iterable[PlannedRow]:
    closed = bank_holidays(min(on, through_on).year - 1) | bank_holidays(on.year)
    enrolled = _ask(_ENROLLED, {"on": on, "effective": effective_on, "stops": sorted(STOPS)})
    accounts = [row[1] for row in enrolled]
    bills, again = _grouped(_BILLS, accounts), _grouped(_AGAIN, accounts, place=1)
    pending: dict[int, int] = dict(_ask(_PENDING, {"accounts": accounts}))
    balances: dict[int, int] = dict(_ask(_BALANCES, {"accounts": accounts}))
    prenotes = _yes("autopay.prenote", on, unless=True)
    marks = get_cash_only(account_ids=accounts, on=effective_on)
    for row in enrolled:
        id, account_id, number, name, account_type, sec, day, prenote, _, _, limit, sent_on, refused, stopped = row
        due = tuple(DueBill(*bill[1:]) for bill in bills.get(account_id, ()))
        one = Enrolled(
            account_id, Terms(account_type, sec, limit, day), due,
            balances.get(account_id, 0), _prenote(prenote and prenotes, sent_on, refused, effective_on, closed),
            pending.get(account_id, 0), stopped, "ach" in marks[account_id].refuses if account_id in marks else False,
        )  # fmt: skip
        head = (account_id, number, name, id)
        found = plan_one(one, through_on=through_on)
        yield _row(head, found)
        for returned in again.get(account_id, ()):
            yield from _again(head, one, found, returned, on, limit)


def _row(head: tuple[int, str, str, int], found: Planned) -> PlannedRow:
    return PlannedRow(*head, found.code, found.cents, found.document_ids, found.says)


def _again(
    head: tuple[int, str, str, int],
    one: Enrolled,
    ordinary: Planned,
    returned: tuple[Any, ...],
    on: date,
    limit: int | None,
) -> Iterable[PlannedRow]:
    """A returned draft presented again: the same amount, under its own description, or the reason why not."""
    trace, _, cents, times, documents, code, settled_on = returned
    most = _whole("returned.represent", on, unless=0)
    why = why_not_again(code, first_settled_on=settled_on, on=on, times=times, most=most)
    drafted = ordinary.cents if ordinary.code == "draft" else 0
    if why:
        return
    if one.stopped or one.cash_only:
        return
    if one.pending_cents or one.balance_cents - drafted < cents:
        why = "less than its amount is owed by now, or another payment is on its way"
        yield PlannedRow(*head, "nothing_due", 0, tuple(documents), why, trace)
    elif limit is not None and cents > limit:
        yield PlannedRow(*head, "over_limit_ask", cents, tuple(documents), f"above the limit of {show(limit)}", trace)
    else:
        says = f"{show(cents)}, returned {code}, presented again ({times + 1} of {most})"
        yield PlannedRow(*head, "again", cents, tuple(documents), says, trace)


def _prenote(
    needed: bool, sent_on: date | None, refused: str | None, effective_on: date, closed: Collection[date]
) -> str:
    if refused:
        return "refused"
    if sent_on is None:
        return "none" if needed else "not_needed"
    settles_on = effective_date(sent_on, sent_on=sent_on, closed=closed)
    return "passed" if effective_on >= prenote_clear_on(settles_on, closed=closed) else "sent"


def _grouped(statement: str, accounts: Sequence[int], *, place: int = 0) -> dict[int, list[tuple[Any, ...]]]:
    """The rows of a statement, by account."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in _ask(statement, {"accounts": list(accounts)}):
        found.setdefault(row[place], []).append(row)
    return found


def _ask(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


_BALANCES = (
    "select p.account_id, sum(p.debit_cents - p.credit_cents)::bigint from ledger_posting p"
    " join ledger_gl g on g.id = p.gl_id where p.account_id = any(%(accounts)s)"
    " and (p.sub = 2 or g.object in (2310, 2320)) group by p.account_id"
)


def _yes(policy: str, on: date, *, unless: bool) -> bool:
    try:
        return policies.get_policy(policy, on) is True
    except NotSet:
        return unless


def _whole(policy: str, on: date, *, unless: int) -> int:
    try:
        value = policies.get_policy(policy, on)
    except NotSet:
        return unless
    return value if isinstance(value, int) else unless
