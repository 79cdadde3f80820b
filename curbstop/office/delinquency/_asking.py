"""What is known of an account that asks for a later day or for instalments: the facts of the criteria, one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office._orders import OPEN, load_types
from curbstop.office._statements import array, ask, words
from curbstop.rules.delinquency import extensions
from curbstop.rules.delinquency.extensions import Answer, Known


@dataclass(frozen=True)
class Owed:
    """What the account owes that no hold of a promise reaches: each document with what is open of it."""

    number: str
    name: str
    documents: tuple[tuple[int, int, date], ...]  # document, open cents, due on

    @property
    def cents(self) -> int:
        """Together."""
        return sum(cents for _, cents, _ in self.documents)

    @property
    def ids(self) -> tuple[int, ...]:
        """The documents alone."""
        return tuple(document for document, _, _ in self.documents)


_OWED = """
select a.number, c.name, p.document_id, p.cents, p.due_on
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select p.document_id, sum(p.debit_cents - p.credit_cents)::bigint cents, max(p.due_on) due_on
  from ledger_posting p join ledger_gl g on g.id = p.gl_id
  where p.account_id = a.id and p.sub = 2 and g.object not in (1250, 1270)
  group by p.document_id having sum(p.debit_cents - p.credit_cents) > 0) p on true
where a.id = %(account)s::bigint order by p.due_on, p.document_id"""


def load_owed(account_id: int) -> Owed:
    """What the account owes, oldest first; deferred and pre-petition debt apart. :raises Refused: no such account"""
    rows = ask(_OWED, {"account": account_id})
    if not rows:
        raise Refused(f"There is no account {account_id}. Look it up first.", field="account_id")
    found = tuple((row[2], row[3], row[4]) for row in rows if row[2] is not None)
    return Owed(rows[0][0], rows[0][1], found)


_OPEN_OF = """
select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint from ledger_posting p
where p.account_id = %(account)s::bigint and p.sub = 2 and p.document_id = any(%(documents)s::bigint[])"""


def open_of(account_id: int, documents: tuple[int, ...]) -> int:
    """What is still open of these bills and charges of the account."""
    return int(ask(_OPEN_OF, {"account": account_id, "documents": array(documents)})[0][0])


_KNOWN = f"""
with w as (select %(account)s::bigint id, %(on)s::date today, %(types)s::text[] types),
off as (
  select e.done_on, not exists (select from orders_valve v join customers_servicepoint s on s.id = v.service_point_id
      where s.premise_id = o.premise_id and v.state = 'on' and v.at > e.done_at) still
  from w join orders_order o on o.account_id = w.id and o.type = any(w.types)
  join orders_end e on e.order_id = o.id and e.outcome = 'done')
select coalesce((select min(lower(g.during)) from customers_agreement g where g.account_id = w.id),
    (select a.opened_on from customers_account a where a.id = w.id)),
  coalesce((select bool_or(still) from off), false), array(select done_on from off),
  exists (select from orders_order o where o.account_id = w.id and o.type = any(w.types) and {OPEN}),
  (select min(c.cutoff_on) from delinquency_cutrow r join delinquency_cutlist c on c.id = r.list_id
   where r.account_id = w.id and r.listed and c.cutoff_on >= w.today
     and not exists (select from delinquency_cutlist n where n.cutoff_on = c.cutoff_on and n.id > c.id)),
  array(select r.returned_on from payments_returned r where r.account_id = w.id and r.outcome = 'returned'),
  (select min(d.due_on) from decisions_cycledate d where d.due_on > w.today and d.bill_on > w.today and d.cycle_id = (
    select p.cycle_id from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
    join customers_premise p on p.id = s.premise_id where g.account_id = w.id
    order by upper_inf(g.during) desc, lower(g.during) desc limit 1))
from w"""

_EXTENSIONS = """
select x.asked_on, x.pay_by_on, coalesce(e.outcome, ''), e."on" from delinquency_extension x
left join delinquency_extensionend e on e.extension_id = x.id
where x.account_id = %(account)s::bigint and coalesce(e.outcome, '') <> 'withdrawn'"""
_ARRANGEMENTS = """
select g."on", (select max(i.due_on) from delinquency_instalment i where i.arrangement_id = x.id), coalesce(e.step, ''),
  e."on"
from delinquency_arrangement x join delinquency_arrangementstep g on g.arrangement_id = x.id and g.step = 'agreed'
left join delinquency_arrangementstep e on e.arrangement_id = x.id and e.step in ('kept', 'broken', 'withdrawn')
where x.account_id = %(account)s::bigint and coalesce(e.step, '') <> 'withdrawn'"""


def load_known(account_id: int, *, asks: str, channel: str, on: date, prefix: str) -> Known:
    """What is known of the account on the day, for the criteria of ``extension`` or ``arrangement``."""
    types = [type.code for type in load_types().values() if type.unpaid]
    row = ask(_KNOWN, {"account": account_id, "on": on, "types": words(types)})[0]
    promises = ask(_EXTENSIONS if prefix == "extension" else _ARRANGEMENTS, {"account": account_id})
    running = [last for _, last, outcome, _ in promises if not outcome]
    return Known(
        on=on,
        asks=asks,
        channel=channel,
        service_from=row[0],
        off=row[1],
        disconnected_on=tuple(row[2]),
        ordered=row[3],
        cutoff_on=row[4],
        returned_on=tuple(row[5]),
        next_due_on=row[6],
        granted_on=tuple(asked for asked, _, _, _ in promises),
        broken_on=tuple(ended for _, _, outcome, ended in promises if outcome == "broken"),
        open_until=max(running, default=None),
    )


def get_answer(account_id: int, *, asks: str, channel: str, on: date, prefix: str) -> Answer:
    """Whether the account may be promised it, every criterion with its answer."""
    known = load_known(account_id, asks=asks, channel=channel, on=on, prefix=prefix)
    return extensions.answer(policies.load(*extensions.policies_of(prefix)), known, prefix=prefix)
