"""Issued bills as rows: the bill, its services with what they were rated from, its waiting charges, its lines, its
reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._once import Refused, read_back
from curbstop.office.bills.inputs import MadeFrom


@dataclass(frozen=True)
class ServiceRow:
    """One service of a bill, as its outcome has it. ``average_gal`` -1: none; ``prorate_days`` -1: a full period;
    ``facts``: what its tariff asked for and was told, by name; ``made_from``: what its average was, where its tariff
    makes it."""

    agreement_id: int
    service: str
    tariff: str
    from_on: date
    until_on: date
    gal: int
    average_gal: int
    items: int
    prorate_days: int
    cents: int
    ended: bool
    facts: tuple[tuple[str, str], ...] = ()
    made_from: MadeFrom | None = None


@dataclass(frozen=True)
class ChargeRow:
    """A waiting charge that the bill carries."""

    line_no: int
    kind: str
    says: str
    cents: int
    on: date
    authority: str


@dataclass(frozen=True)
class LineRow:
    """A line as it stands on the receivable."""

    line_no: int
    kind: str
    says: str
    cents: int


@dataclass(frozen=True)
class ReadRow:
    """A read that counted for the bill, with the one before it. ``previous_on`` None: the first of its meter."""

    agreement_id: int
    installation_id: int
    serial: str
    dials: int
    gal_per_unit: int
    read_on: date
    register: int
    kind: str
    gal: int
    previous_on: date | None
    previous_register: int | None

    def shown(self, register: int) -> str:
        """A reading as the dial shows it."""
        return str(register).zfill(self.dials)


@dataclass(frozen=True)
class IssuedRow:
    """A bill as issued. ``posted_at`` is when it was approved; its place among the account's transactions."""

    id: int
    account_id: int
    account_number: str
    customer_name: str
    customer_class: str
    mail_to: tuple[str, ...]
    address: str
    place: str
    run: int
    cycle: str
    bill_on: date
    from_on: date
    until_on: date
    due_on: date
    total_cents: int
    previous_cents: int
    txn_id: int
    posted_at: datetime
    event_id: int
    services: list[ServiceRow] = field(default_factory=list)
    charges: list[ChargeRow] = field(default_factory=list)
    lines: list[LineRow] = field(default_factory=list)
    reads: list[ReadRow] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Whether every service on it ends with its period."""
        return bool(self.services) and all(service.ended for service in self.services)


_BILLS = """
select b.id, b.account_id, a.number, c.name, a.customer_class, a.mail_to, coalesce(pl.address, ''),
  coalesce(pl.city || ', ' || pl.state || ' ' || pl.zip, ''), r.id, r.cycle_id, r.bill_on, b.from_on, b.until_on,
  b.due_on, b.total_cents, b.previous_cents, b.txn_id, t.posted_at, t.event_id
from bills_bill b join bills_run r on r.id = b.run_id join ledger_transaction t on t.id = b.txn_id
join customers_account a on a.id = b.account_id join customers_customer c on c.id = a.customer_id
left join lateral (
  select p.* from bills_outcome o join customers_agreement g on g.id = o.agreement_id
  join customers_servicepoint s on s.id = g.service_point_id join customers_premise p on p.id = s.premise_id
  where o.bill_id = b.id order by s.id limit 1) pl on true
where b.id = any(%(bills)s) order by b.id"""

_SERVICES = """
select o.bill_id, o.agreement_id, s.service, g.tariff_id, o.from_on, o.until_on, o.usage_gal, o.average_gal, o.items,
  o.prorate_days, o.cents, coalesce(upper(g.during) <= o.until_on, false), n.facts::text, n.average::text
from bills_outcome o join customers_agreement g on g.id = o.agreement_id
left join bills_given n on n.run_id = o.run_id and n.agreement_id = o.agreement_id
join customers_servicepoint s on s.id = g.service_point_id where o.bill_id = any(%(bills)s)
order by o.bill_id, array_position(array['water', 'irrigation', 'sewer', 'sanitation', 'stormwater'], s.service),
  s.number, o.from_on, g.id"""

_CHARGES = """
select n.id, b.line_no, k.code, c.says, c.cents, c."on", c.authority
from unnest(%(bills)s::bigint[]) n (id) left join bills_cancelled z on z.replaced_by_id = n.id
join bills_chargebilled b on b.bill_id = coalesce(z.first_id, n.id)
join bills_charge c on c.id = b.charge_id join ledger_kind k on k.id = c.kind_id order by n.id, b.line_no"""
"""A bill in the place of a cancelled one carries the charges that the first of them did."""

_LINES = """
select p.document_id, p.line_no, k.code, k.says, p.debit_cents
from bills_bill b join ledger_posting p on p.account_id = b.account_id and p.document_id = b.id and p.txn_id = b.txn_id
join ledger_kind k on k.id = p.kind_id where b.id = any(%(bills)s) and p.sub = 2 order by p.document_id, p.line_no"""

# as they counted when the bill was approved: what was corrected since does not change what was billed
_READS = """
select o.bill_id, o.agreement_id, r.installation_id, m.serial, m.dials, m.gal_per_unit, r.read_on, r.register, r.kind,
  r.usage_gal, pr.read_on, pr.register
from bills_outcome o join bills_bill b on b.id = o.bill_id join ledger_transaction t on t.id = b.txn_id
join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
join meters_read r on r.service_point_id = coalesce(s.measured_by_id, s.id)
  and r.read_on > o.from_on and r.read_on <= o.until_on
join meters_installation i on i.id = r.installation_id join meters_meter m on m.id = i.meter_id
left join meters_read pr on pr.id = r.previous_id
left join base_event e on e.id = r.event_id
left join meters_readdecision d on d.read_id = r.id left join base_event de on de.id = d.event_id
left join meters_read c on c.replaces_id = r.id left join base_event ce on ce.id = c.event_id
where o.bill_id = any(%(bills)s) and o.to_read_id is not null
  and coalesce(e.at <= t.posted_at, true)
  and (r.findings = '{}' or (d.outcome = 'accept' and coalesce(de.at <= t.posted_at, true)))
  and (c.id is null or coalesce(ce.at > t.posted_at, false))
order by o.bill_id, o.agreement_id, r.read_on, r.id"""


def load_bills(bill_ids: Sequence[int]) -> list[IssuedRow]:
    """These bills with everything on them, in the order asked for; six queries, however many bills.

    :raises Refused: one of them does not exist
    """
    values = {"bills": list(bill_ids)}
    found = {row[0]: _issued(row) for row in _ask(_BILLS, values)}
    missing = [bill for bill in bill_ids if bill not in found]
    if missing:
        raise Refused(f"There is no bill with document {missing[0]}.", field="bill")
    for bill, services in _by_bill(_SERVICES, values).items():
        found[bill].services.extend(_service(row) for row in services)
    for bill, charges in _by_bill(_CHARGES, values).items():
        found[bill].charges.extend(ChargeRow(*row) for row in charges)
    for bill, lines in _by_bill(_LINES, values).items():
        found[bill].lines.extend(LineRow(*row) for row in lines)
    for bill, reads in _by_bill(_READS, values).items():
        found[bill].reads.extend(ReadRow(*row) for row in reads)
    return [found[bill] for bill in bill_ids]


def _issued(row: tuple[Any, ...]) -> IssuedRow:
    values = list(row)
    values[5] = tuple(row[5])
    return IssuedRow(*values)


def _service(row: tuple[Any, ...]) -> ServiceRow:
    facts, average = row[-2:]
    told = tuple(sorted(json.loads(facts).items())) if facts else ()
    made = read_back(json.loads(average), MadeFrom) if average else None
    return replace(ServiceRow(*row[:-2]), facts=told, made_from=made)


def _ask(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _by_bill(query: str, values: dict[str, Any]) -> dict[int, list[tuple[Any, ...]]]:
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _ask(query, values):
        rows[row[0]].append(row[1:])
    return rows


def find_last(row: IssuedRow) -> int | None:
    """The account's bill before this one."""
    found = _ask(
        "select id from bills_bill where account_id = %(account)s and until_on < %(until)s"
        " order by until_on desc, id desc limit 1",
        {"account": row.account_id, "until": row.until_on},
    )
    return int(found[0][0]) if found else None


def find_year_before(row: IssuedRow) -> int | None:
    """The account's bill of the same days a year before: the one that ends nearest to 52 weeks earlier, at most
    three weeks off."""
    found = _ask(
        "select id from bills_bill where account_id = %(account)s and abs(%(until)s - until_on - 364) <= 21"
        " order by abs(%(until)s - until_on - 364), id limit 1",
        {"account": row.account_id, "until": row.until_on},
    )
    return int(found[0][0]) if found else None
