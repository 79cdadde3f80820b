"""What happened on an account: bills, payments, reads, agreements, events; the newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from curbstop.formats.usage_chart import UsagePeriod
from curbstop.office import _masks
from curbstop.office.pages.rows import ask, ask_value


@dataclass(frozen=True)
class BillRow:
    """A bill of the account. ``state``: open, past_due, part_paid, paid, paid_late."""

    id: int
    issued_on: date
    due_on: date
    usage_gal: int | None
    total_cents: int
    open_cents: int
    paid_on: date | None
    state: str


_BILLS = """
select b.id, r.bill_on, b.due_on, u.usage_gal, b.total_cents, coalesce(i.open, 0)::bigint, i.paid_on,
  case when exists (select from bills_cancelled z where z.bill_id = b.id) then 'cancelled'
    when coalesce(i.open, 0) <= 0 then case when i.paid_on > b.due_on then 'paid_late' else 'paid' end
    when b.due_on < %(on)s then 'past_due' when i.open < b.total_cents then 'part_paid' else 'open' end
from bills_bill b join bills_run r on r.id = b.run_id
left join lateral (select max(o.usage_gal) usage_gal from bills_outcome o
  join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
  where o.bill_id = b.id and s.service = 'water') u on true
left join lateral (select sum(p.debit_cents - p.credit_cents) as open,
    max(t.effective_on) filter (where p.credit_cents > 0) paid_on
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = b.account_id and p.document_id = b.id and p.sub = 2) i on true
where b.account_id = %(account)s order by r.bill_on desc, b.id desc limit %(limit)s"""


def get_bills(*, account_id: int, on: date, limit: int | None) -> tuple[BillRow, ...]:
    """The account's bills; ``limit`` None for all of them."""
    return ask(BillRow, _BILLS, {"account": account_id, "on": on, "limit": limit})


def count_bills(*, account_id: int) -> int:
    """How many bills the account ever had."""
    return int(ask_value("select count(*) from bills_bill where account_id = %(account)s", {"account": account_id}))


@dataclass(frozen=True)
class PaymentRow:
    """Money received on the account; ``cents`` is this account's part of the receipt.

    :ivar moved_cents: what of it was moved away since, and to whose account (``moved_to``)
    :ivar moved_from: the account that it was taken on first; empty where it was this one
    """

    receipt_id: int  # its document id
    series: str
    no: int
    paid_on: date
    how: str
    cents: int
    reversed_on: date | None
    why: str
    moved_cents: int
    moved_to: str
    moved_from: str


_PAYMENTS = """
with came as (
  select x.document_id, x.series_id, x.no, x.effective_on, x.cents, '' moved_from from payments_receipt x
  where x.account_id = %(account)s
  union all
  select x.document_id, x.series_id, x.no, x.effective_on, (
    select sum(p.credit_cents - p.debit_cents) from ledger_posting p
    where p.txn_id = x.txn_id and p.account_id = %(account)s)::bigint, ''
  from payments_receipt x where x.account_id is null and x.txn_id in (
    select distinct p.txn_id from ledger_posting p where p.account_id = %(account)s and p.credit_cents > 0)
  union all
  select x.document_id, x.series_id, x.no, x.effective_on, m.cents, f.number
  from payments_moved m join payments_receipt x on (x.series_id, x.no) = (m.series_id, m.no)
  join customers_account f on f.id = m.from_account_id where m.to_account_id = %(account)s)
select r.document_id, s.code, r.no, r.effective_on, coalesce((
    select string_agg(t.type || coalesce(nullif(' ' || t.reference, ' '), ''), ', ' order by t.line)
    from payments_tender t where t.series_id = r.series_id and t.no = r.no), ''),
  coalesce(r.cents, 0), vt.effective_on, coalesce(v.reason, ''), coalesce(o.cents, 0), coalesce(o.numbers, ''),
  r.moved_from
from came r join payments_series s on s.id = r.series_id
left join payments_reversal v on v.series_id = r.series_id and v.no = r.no
left join ledger_transaction vt on vt.id = v.txn_id
left join lateral (
  select sum(m.cents)::bigint cents, string_agg(distinct w.number, ' ') numbers from payments_moved m
  join customers_account w on w.id = m.to_account_id
  where m.series_id = r.series_id and m.no = r.no and m.from_account_id = %(account)s) o on true
order by r.effective_on desc, r.document_id desc limit %(limit)s"""


def get_payments(*, account_id: int, limit: int | None) -> tuple[PaymentRow, ...]:
    """The account's payments, reversed ones too; ``limit`` None for all of them."""
    return ask(PaymentRow, _PAYMENTS, {"account": account_id, "limit": limit})


def count_payments(*, account_id: int) -> int:
    """How many payments were received for the account alone."""
    sql = "select count(*) from payments_receipt where account_id = %(account)s"
    return int(ask_value(sql, {"account": account_id}))


@dataclass(frozen=True)
class ReadRow:
    """A read of a meter that served the account. ``register`` has the dial's digits; ``days`` since the read before."""

    id: int
    service: str
    serial: str
    gal_per_unit: int
    read_on: date
    register: str
    usage_gal: int
    days: int | None
    kind: str
    source: str
    reader: str
    findings: tuple[str, ...]
    decision: str  # accept reject, or empty
    reason: str
    replaced: bool

    @property
    def gal_a_day(self) -> int | None:
        """Whole gallons a day since the read before, a half up."""
        return (2 * self.usage_gal + self.days) // (2 * self.days) if self.days else None

    @property
    def waits(self) -> bool:
        """Whether somebody must still decide on it."""
        return bool(self.findings) and not self.decision and not self.replaced


_READS = """
select d.id, s.service, m.serial, m.gal_per_unit, d.read_on, lpad(d.register::text, m.dials, '0'), d.usage_gal,
  d.read_on - b.read_on, d.kind, d.source, d.reader, d.findings, coalesce(x.outcome, ''), coalesce(x.reason, ''),
  exists (select from meters_read y where y.replaces_id = d.id)
from (select distinct on (g.service_point_id) g.service_point_id, lower(g.during) from_on, upper(g.during) until_on
  from customers_agreement g where g.account_id = %(account)s order by g.service_point_id, lower(g.during)) a
join meters_read d on d.service_point_id = a.service_point_id and d.read_on >= a.from_on
  and (a.until_on is null or d.read_on <= a.until_on)
join meters_installation i on i.id = d.installation_id join meters_meter m on m.id = i.meter_id
join customers_servicepoint s on s.id = d.service_point_id
left join meters_read b on b.id = d.previous_id left join meters_readdecision x on x.read_id = d.id
order by d.read_on desc, d.id desc limit %(limit)s"""


def get_reads(*, account_id: int, limit: int | None) -> tuple[ReadRow, ...]:
    """Reads at the account's service points while it was responsible; ``limit`` None for all of them."""
    return ask(_read, _READS, {"account": account_id, "limit": limit})


def _read(*row: Any) -> ReadRow:
    values = list(row)
    values[11] = tuple(values[11])
    return ReadRow(*values)


@dataclass(frozen=True)
class AgreementRow:
    """A service that the account is or was responsible for, with the meter that measures it."""

    id: int
    service: str
    tariff: str
    tariff_name: str
    items: int
    from_on: date
    until_on: date | None
    average_gal: int | None
    serial: str
    size: str
    gal_per_unit: int | None
    address: str


_AGREEMENTS = """
select g.id, s.service, t.code, t.name, g.items, lower(g.during), upper(g.during), v.gal, coalesce(m.serial, ''),
  coalesce(m.size, ''), m.gal_per_unit, pr.address
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
join customers_premise pr on pr.id = s.premise_id join decisions_tariff t on t.code = g.tariff_id
left join meters_average v on v.agreement_id = g.id and v.during @> %(on)s::date
left join lateral (select mt.* from meters_installation i join meters_meter mt on mt.id = i.meter_id
  where i.service_point_id = s.id and i.during && g.during order by lower(i.during) desc limit 1) m on true
where g.account_id = %(account)s
order by upper(g.during) desc nulls first, lower(g.during),
  array_position(array['water','irrigation','sewer','sanitation','stormwater'], s.service), g.id"""


def get_agreements(*, account_id: int, on: date, hidden: bool = False) -> tuple[AgreementRow, ...]:
    """The account's services, those that are on first; ``hidden``: without the places."""
    found = ask(AgreementRow, _AGREEMENTS, {"account": account_id, "on": on})
    return tuple(replace(row, address=_masks.HIDDEN) for row in found) if hidden else found


@dataclass(frozen=True)
class DepositRow:
    """A deposit, or an instalment, that was asked for, and what was received for it and is still held."""

    document_id: int
    asked_cents: int
    received_cents: int
    held_cents: int
    instalment: int
    due_on: date | None
    authority: str


_DEPOSITS = """
select d.document_id, d.cents, coalesce(sum(p.credit_cents), 0)::bigint,
  coalesce(sum(p.credit_cents - p.debit_cents), 0)::bigint, d.instalment, d.due_on, d.authority
from payments_depositdemand d
left join ledger_posting p on p.account_id = d.account_id and p.document_id = d.document_id and p.sub = 3
where d.account_id = %(account)s group by d.id order by d.due_on nulls last, d.instalment, d.id"""


def get_deposits(*, account_id: int) -> tuple[DepositRow, ...]:
    """What the account was asked to deposit."""
    return ask(DepositRow, _DEPOSITS, {"account": account_id})


@dataclass(frozen=True)
class WaitingCharge:
    """A charge that the next bill will carry."""

    id: int
    on: date
    says: str
    cents: int
    authority: str


_WAITING = """
select c.id, c.on, c.says, c.cents, c.authority from bills_charge c
where c.account_id = %(account)s and not exists (select from bills_chargebilled b where b.charge_id = c.id)
  and not exists (select from customers_move m join customers_moveundone u on u.move_id = m.id
    where m.account_id = c.account_id and c.id = any(m.charges))
order by c.on, c.id"""


def get_waiting(*, account_id: int) -> tuple[WaitingCharge, ...]:
    """Charges that wait for the account's next bill."""
    return ask(WaitingCharge, _WAITING, {"account": account_id})


@dataclass(frozen=True)
class EventRow:
    """One act that touched the account."""

    id: int
    at: datetime
    act: str
    says: str
    by: str
    denied: bool
    bill_id: int | None  # where it is a bill that was issued


# What a person did names the account; what was done to many at once (a bill run, a channel's file, late charges) names
# the run, and is found by the rows that it left in the books.
_EVENTS = """
select * from (
  select e.id, e.at, e.act, e.says, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
    e.denied, null::bigint bill
  from base_event e join base_user u on u.id = e.by_id where e.subjects @> array[%(subject)s]
  union all
  select e.id, t.posted_at, t.act, case t.act
    when 'bill' then 'Bill of ' || to_char(m.cents / 100.0, 'FM999,999,990.00') || ' issued, due '
      || to_char(b.due_on, 'FMDy FMDD Mon YYYY')
    when 'late_charge' then 'Late charge of ' || to_char(m.cents / 100.0, 'FM999,999,990.00')
    when 'take' then 'Paid ' || to_char(-m.cents / 100.0, 'FM999,999,990.00') || coalesce(', ' || (
      select string_agg(replace(x.type, '_', ' '), ', ') from payments_receipt r
      join payments_tender x on (x.series_id, x.no) = (r.series_id, r.no)
      where r.txn_id = t.id and r.account_id = %(account)s), '')
    when 'apply_credit' then 'Credit applied to what is owed'
    else initcap(replace(t.act, '_', ' ')) end || '.',
    coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), false, b.id
  from (select p.txn_id, sum(p.debit_cents - p.credit_cents) cents, min(p.document_id) document
    from ledger_posting p join ledger_gl g on g.id = p.gl_id
    where p.account_id = %(account)s and (p.sub = 2 or g.object in (2310, 2320)) group by p.txn_id) m
  join ledger_transaction t on t.id = m.txn_id join base_user u on u.id = t.by
  join base_event e on e.id = t.event_id and not e.subjects @> array[%(subject)s]
  left join bills_bill b on b.id = m.document and t.act = 'bill') happened
order by 2 desc, 1 desc limit %(limit)s"""


def get_events(*, account_id: int, limit: int | None, hidden: bool = False) -> tuple[EventRow, ...]:
    """What happened on an account, whoever did it; ``limit`` None for all of it; ``hidden``: without the names and
    places that sentences of the time before a mark tell."""
    found = ask(EventRow, _EVENTS, {"subject": f"account:{account_id}", "account": account_id, "limit": limit})
    marked = _masks.load_marked([account_id]).get(account_id) if hidden else None
    if marked is None:
        return found
    places = {row.address for row in ask(AgreementRow, _AGREEMENTS, {"account": account_id, "on": date.min})}
    return tuple(replace(row, says=_masks.hide_words(row.says, marked, places)) for row in found)


@dataclass(frozen=True)
class _Used:
    until_on: date
    used_gal: int | None
    average_gal: int | None
    estimated: bool


_USAGE = """
select o.until_on, sum(o.usage_gal) filter (where s.service = 'water')::bigint,
  nullif(max(o.average_gal) filter (where s.service = 'sewer'), -1),
  coalesce(bool_or(d.kind = 'estimated') filter (where s.service = 'water'), false)
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
join bills_outcome o on o.agreement_id = g.id and o.code = 'billed'
  and not exists (select from bills_cancelled z where z.bill_id = o.bill_id)
left join meters_read d on d.id = o.to_read_id
where g.account_id = %(account)s and s.service in ('water', 'sewer') and o.until_on is not null
  and (%(until)s::date is null or o.until_on <= %(until)s::date)
group by o.until_on order by o.until_on desc limit 27"""


def get_usage(*, account_id: int, until: date | None = None) -> tuple[UsagePeriod, ...]:
    """The last 13 billed periods, oldest first, each with the period that ended nearest to a year before it."""
    used = ask(_Used, _USAGE, {"account": account_id, "until": until})
    shown = []
    for period in reversed(used[:13]):
        year_ago = period.until_on.toordinal() - 364
        near = min(used, key=lambda other: abs(other.until_on.toordinal() - year_ago))
        before = near.used_gal if abs(near.until_on.toordinal() - year_ago) <= 14 else None
        shown.append(UsagePeriod(period.until_on, period.used_gal, before, period.average_gal, period.estimated))
    return tuple(shown)


@dataclass(frozen=True)
class RecentAccount:
    """An account that somebody worked on."""

    number: str
    name: str
    address: str
    says: str
    at: datetime


_RECENT = """
select a.number, c.name, coalesce((
    select pr.address from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
    join customers_premise pr on pr.id = s.premise_id where g.account_id = a.id
    order by upper(g.during) desc nulls first limit 1), 'No service yet'), w.says, w.at, a.id
from (select distinct on (x.subject) split_part(x.subject, ':', 2)::bigint id, e.says, e.at, e.id event
  from (select * from base_event where by_id = %(by)s and not denied order by id desc limit 60) e
  cross join lateral (select s from unnest(e.subjects) s where s like 'account:%%' limit 3) x (subject)
  order by x.subject, e.id desc) w
join customers_account a on a.id = w.id join customers_customer c on c.id = a.customer_id
order by w.event desc limit 12"""


def get_recent(*, by: int) -> tuple[RecentAccount, ...]:
    """The accounts that this user's latest acts touched, the latest first."""
    rows = ask(lambda *row: row, _RECENT, {"by": by})
    marked = _masks.load_marked([row[5] for row in rows]) if any(row[1] == _masks.NAME for row in rows) else {}
    return tuple(
        RecentAccount(row[0], row[1], _masks.HIDDEN, _masks.hide_words(row[3], marked[row[5]], [row[2]]), row[4])
        if row[5] in marked
        else RecentAccount(*row[:5])
        for row in rows
    )


_OF_KEY = """
select a.number from base_event e cross join lateral unnest(e.subjects) s (subject)
join customers_account a on s.subject = 'account:' || a.id where e.key = %(key)s limit 1"""


def get_account_of(*, key: str) -> str:
    """The number of the account that an act with this key was about; empty when it was not done yet."""
    return str(ask_value(_OF_KEY, {"key": key}) or "")


def get_list(what: str, *, account_id: int, on: date) -> tuple[Any, ...]:
    """All of one list of the account page: ``bills``, ``payments``, ``reads`` or ``events``."""
    if what == "bills":
        return get_bills(account_id=account_id, on=on, limit=None)
    if what == "payments":
        return get_payments(account_id=account_id, limit=None)
    if what == "reads":
        return get_reads(account_id=account_id, limit=None)
    if what == "events":
        return get_events(account_id=account_id, limit=None, hidden=True)
    raise ValueError(what)
