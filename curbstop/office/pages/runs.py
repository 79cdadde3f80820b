"""Billing: the cycles and their runs, and one run from its plan to its last posted chunk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office.bills import figuring, outcomes
from curbstop.office.bills.values import RunFigures
from curbstop.office.pages.found import NotThere
from curbstop.office.pages.rows import ask, ask_one, ask_value

SHOWN = 60
"""Exceptions on the run's page; a finding chosen shows all of its own, up to :data:`MOST`."""
MOST = 500


@dataclass(frozen=True)
class CycleTurn:
    """A cycle with its next turn to bill, and the run that is under way. ``ready``: the bill date has come."""

    code: str
    name: str
    every_days: int
    accounts: int
    read_on: date | None
    bill_on: date | None
    due_on: date | None
    ready: bool
    last_on: date | None
    open_run: int | None


_CYCLES = """
select c.code, c.name, c.every_days,
  (select count(*) from customers_premise p where p.cycle_id = c.code), t.read_on, t.bill_on, t.due_on,
  coalesce(t.bill_on <= %(on)s, false), l.bill_on,
  (select max(r.id) from bills_run r where r.cycle_id = c.code
    and not exists (select from bills_runstep s where s.run_id = r.id and s.step = 'posted'))
from decisions_cycle c
left join lateral (select max(r.bill_on) bill_on from bills_run r
  where r.cycle_id = c.code and r.rebills is null) l on true
left join lateral (
  select d.* from decisions_cycledate d
  where d.cycle_id = c.code and d.bill_on > coalesce(l.bill_on, %(on)s - c.every_days)
  order by d.bill_on limit 1) t on true
order by length(c.code), c.code"""


def get_cycles(*, on: date) -> tuple[CycleTurn, ...]:
    """Every cycle, with what it bills next."""
    return ask(CycleTurn, _CYCLES, {"on": on})


@dataclass(frozen=True)
class RunRow:
    """A run in a list. ``state``: planned, review, posting, posted."""

    id: int
    cycle: str
    read_on: date
    bill_on: date
    due_on: date
    at: datetime
    by: str
    state: str
    bills: int | None
    cents: int | None


_STATE = """case when exists (select from bills_runstep s where s.run_id = r.id and s.step = 'posted') then 'posted'
    when exists (select from bills_runstep s where s.run_id = r.id and s.step = 'approved') then 'posting'
    when exists (select from bills_runstep s where s.run_id = r.id and s.step = 'calculated') then 'review'
    else 'planned' end"""

_RUNS = f"""
select r.id, r.cycle_id, r.read_on, r.bill_on, r.due_on, r.at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), {_STATE}, s.bills, s.cents
from bills_run r join base_user u on u.id = r.by_id
left join lateral (
  select x.bills, x.cents from bills_runstep x where x.run_id = r.id
  order by array_position(array['calculated', 'approved', 'posted'], x.step) desc, x.at desc limit 1) s on true
where (%(run)s = 0 and r.rebills is null) or r.id = %(run)s order by r.bill_on desc, r.id desc limit %(limit)s"""


def get_runs(*, limit: int = 20) -> tuple[RunRow, ...]:
    """The latest runs."""
    return ask(RunRow, _RUNS, {"run": 0, "limit": limit})


@dataclass(frozen=True)
class StepRow:
    """A step of a run that is over."""

    step: str
    bills: int
    cents: int
    on: date | None
    at: datetime
    by: str


@dataclass(frozen=True)
class ExceptionRow:
    """A finding of a run about an account. ``out``: it keeps the account from being billed."""

    account_id: int
    number: str
    name: str
    address: str
    finding: str
    says: str
    next: str
    out: bool
    held: bool
    usage_gal: int | None
    usual_from_gal: int | None
    usual_until_gal: int | None
    cents: int
    owner_id: int | None
    owner: str


@dataclass(frozen=True)
class FindingCount:
    """How many accounts a finding names."""

    finding: str
    says: str
    out: bool
    accounts: int
    without_owner: int


@dataclass(frozen=True)
class Progress:
    """How far a run's chunks are: planned, calculated, posted; accounts and bills with them."""

    chunks: int
    calculated: int
    posted: int
    accounts: int
    bills_posted: int
    cents_posted: int


@dataclass(frozen=True)
class ServiceFigure:
    """What a kind of charge comes to in this run and came to in the cycle's last one (None: there was none)."""

    says: str
    cents: int
    last_cents: int | None

    @property
    def change_cents(self) -> int | None:
        """This run less the last."""
        return None if self.last_cents is None else self.cents - self.last_cents

    @property
    def change_percent(self) -> str:
        """The change in percent with one decimal, signed; empty without a last run."""
        if not self.last_cents or self.change_cents is None:
            return ""
        tenths = (2 * 1000 * abs(self.change_cents) + self.last_cents) // (2 * self.last_cents)
        sign = "+" if self.change_cents >= 0 else "−"
        return f"{sign}{tenths // 10}.{tenths % 10}%"


@dataclass(frozen=True)
class Person:
    """Somebody of the office who can own an exception."""

    id: int
    name: str


@dataclass(frozen=True)
class RunPage:
    """One run. ``figures`` is None until it is calculated; exceptions stand without owner first, then by amount."""

    row: RunRow
    steps: dict[str, StepRow]
    progress: Progress
    figures: RunFigures | None
    without_owner: int
    findings: tuple[FindingCount, ...]
    exceptions: tuple[ExceptionRow, ...]
    services: tuple[ServiceFigure, ...]
    last: RunRow | None
    people: tuple[Person, ...]
    open_days: tuple[date, ...]

    @property
    def out(self) -> int:
        """Services that fell out."""
        return 0 if self.figures is None else sum(self.figures.held.values())

    @property
    def ready(self) -> int:
        """Services that would be billed."""
        return 0 if self.figures is None else self.figures.agreements - self.out

    @property
    def change_cents(self) -> int:
        """This run less the last one of the cycle; 0 where there is none."""
        if self.figures is None or self.last is None or self.last.cents is None:
            return 0
        return self.figures.cents - self.last.cents


_STEPS = """
select s.step, s.bills, s.cents, s.on, s.at, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username)
from bills_runstep s join base_user u on u.id = s.by_id where s.run_id = %(run)s order by s.at, s.event_id"""

_PROGRESS = """
select count(*), count(k.chunk_id), count(d.chunk_no), coalesce(sum(cardinality(c.account_ids)), 0)::int,
  coalesce(sum(d.bills), 0)::int, coalesce(sum(d.cents), 0)::bigint
from bills_chunk c left join bills_calculatedchunk k on k.chunk_id = c.id
left join bills_chunkdone d on d.run_id = c.run_id and d.chunk_no = c.no where c.run_id = %(run)s"""

_EXCEPTIONS = """
select a.id, a.number, c.name, coalesce(pl.address, ''), v.finding, coalesce(nullif(v.reason, ''), v.finding), '',
  v.held or v.finding like 'held\\_%%', v.held, v.usage_gal, v.usual_from_gal, v.usual_until_gal, v.cents, v.owner_id,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, '')
from bills_review v join customers_account a on a.id = v.account_id join customers_customer c on c.id = a.customer_id
left join base_user u on u.id = v.owner_id
left join lateral (select pr.address from customers_agreement g
  join customers_servicepoint s on s.id = g.service_point_id join customers_premise pr on pr.id = s.premise_id
  where g.account_id = a.id order by upper(g.during) desc nulls first limit 1) pl on true
where v.run_id = %(run)s and (%(finding)s = '' or v.finding = %(finding)s)
order by (v.owner_id is null and (v.held or v.finding like 'held\\_%%')) desc,
  (v.held or v.finding like 'held\\_%%') desc, v.cents desc, a.number limit %(limit)s"""

_FINDINGS = """
select v.finding, v.finding, bool_or(v.held or v.finding like 'held\\_%%'), count(*)::int,
  (count(*) filter (where v.owner_id is null))::int
from bills_review v where v.run_id = %(run)s group by v.finding order by 3 desc, 4 desc, 1"""

_PEOPLE = """
select u.id, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username) from base_user u
where u.is_active and u.roles && array['csr', 'supervisor', 'finance', 'field'] order by 2"""

_OPEN_DAYS = """
select d.posted_on from ledger_day d where d.posted_on >= %(from)s and d.posted_on <= %(on)s
  and not exists (select from ledger_transaction t where t.closes and t.posted_on >= d.posted_on)
order by d.posted_on desc limit 10"""


def get_run(*, run: int, on: date, finding: str = "") -> RunPage:
    """All of a run's page; with ``finding``, the exceptions of that finding only.

    :raises NotThere: no such run
    """
    row = ask_one(RunRow, _RUNS, {"run": run, "limit": 1})
    if row is None:
        raise NotThere(f"There is no bill run {run}. The list under Billing has all of them.")
    steps = {step.step: step for step in ask(StepRow, _STEPS, {"run": run})}
    figures = figuring.figures(run) if "calculated" in steps else None
    last = _last(row)
    limit = MOST if finding else SHOWN
    return RunPage(
        row=row,
        steps=steps,
        progress=get_progress(run=run),
        figures=figures,
        without_owner=figuring.count_without_owner(run),
        findings=tuple(_told(row) for row in ask(FindingCount, _FINDINGS, {"run": run})),
        exceptions=tuple(
            _explained(row) for row in ask(ExceptionRow, _EXCEPTIONS, {"run": run, "finding": finding, "limit": limit})
        ),
        services=_services(figures, figuring.figures(last.id) if last else None),
        last=last,
        people=ask(Person, _PEOPLE, {}),
        open_days=ask(_day, _OPEN_DAYS, {"from": row.bill_on, "on": on}),
    )


def get_progress(*, run: int) -> Progress:
    """How far the run is; one query, for a screen that asks every second."""
    found = ask_one(Progress, _PROGRESS, {"run": run})
    assert found is not None
    return found


def get_state(*, run: int) -> str:
    """The run's state; empty when there is no such run."""
    return str(ask_value(f"select {_STATE} from bills_run r where r.id = %(run)s", {"run": run}) or "")


def _day(on: date) -> date:
    return on


# Of the turn before; what was held then and billed by a run of its own is not what a whole turn is compared with.
_BEFORE = """
select r.id from bills_run r left join bills_runstep s on s.run_id = r.id
where r.cycle_id = %(cycle)s and r.read_on < %(on)s and r.rebills is null
group by r.id order by r.read_on desc, max(s.bills) desc nulls last limit 1"""


def _last(row: RunRow) -> RunRow | None:
    before = ask_value(_BEFORE, {"cycle": row.cycle, "on": row.read_on})
    return ask_one(RunRow, _RUNS, {"run": before, "limit": 1}) if before else None


def _told(row: FindingCount) -> FindingCount:
    return FindingCount(row.finding, code_says(row.finding), row.out, row.accounts, row.without_owner)


def _explained(row: ExceptionRow) -> ExceptionRow:
    """The finding in words: what a person wrote, else what the outcome says, and what happens next."""
    values = {**row.__dict__}
    if row.says == row.finding:
        values["says"] = outcomes.SAYS.get(row.finding) or outcomes.FINDINGS.get(row.finding, row.finding)
    values["next"] = outcomes.NEXT.get(row.finding, "")
    return ExceptionRow(**values)


def _services(now: RunFigures | None, last: RunFigures | None) -> tuple[ServiceFigure, ...]:
    if now is None:
        return ()
    before = {figure.kind: figure for figure in last.by_kind} if last else {}

    def then(kind: str) -> int | None:
        return (before[kind].cents if kind in before else 0) if last else None

    rows = [ServiceFigure(figure.says, figure.cents, then(figure.kind)) for figure in now.by_kind]
    here = {figure.kind for figure in now.by_kind}
    rows += [ServiceFigure(figure.says, 0, figure.cents) for kind, figure in before.items() if kind not in here]
    return tuple(rows)


def code_says(code: str) -> str:
    """An outcome in a word or two."""
    said = outcomes.SAYS.get(code) or outcomes.FINDINGS.get(code, code)
    return said.partition(":")[0].partition(";")[0]
