"""The head of an account, the same on every screen that acts on it: who, where, what is owed, what to mind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from curbstop.office import _masks
from curbstop.office._masks import Looker
from curbstop.office._orders import hazard_words
from curbstop.office.pages.found import NotThere
from curbstop.office.pages.rows import ask_one
from curbstop.rules import accounts


@dataclass(frozen=True)
class Header:
    """An account at a glance, on a day. ``closed_on`` is None while a service is on, or before one began."""

    id: int
    number: str
    customer_id: int
    name: str
    kind: str
    phone: str
    email: str
    language: str
    mail_to: tuple[str, ...]
    customer_class: str
    tenure: str
    opened_on: date
    premise_id: int | None
    address: str
    place: str  # "Moore, OK 73160"
    cycle: str
    route: str
    hazard: str
    since_on: date | None
    closed_on: date | None
    balance_cents: int  # below zero: a credit
    past_due_cents: int
    past_due_since: date | None
    due_on: date | None  # of the newest thing owed
    credit_cents: int  # held unapplied
    deposit_cents: int  # held for the customer, never part of the balance
    held_run: int | None  # the run that holds the account's bill back
    held_why: str
    pending_cents: int = 0  # asked for by card and not here yet: nobody charges again
    pending_ask: int | None = None
    cash_only_until: date | None = None  # payments came back: no check, no draft before this day
    cash_only_why: str = ""
    autopay: bool = False
    confidential: str = ""  # confidential, or acp: what of it is masked stands in office/_masks.py
    opened_until: datetime | None = None  # somebody broke the glass, and sees it until then


_HEADER = """
select a.id, a.number, c.id, c.name, c.kind, c.phone, c.email, c.language, a.mail_to, a.customer_class, a.tenure,
  a.opened_on,
  pl.id, coalesce(pl.address, 'No service yet'), coalesce(pl.city || ', ' || pl.state || ' ' || pl.zip, ''),
  coalesce(pl.cycle_id, ''), coalesce(pl.route, ''), {hazard}, pl.since_on,
  case when pl.until_on <= %(on)s then pl.until_on end,
  coalesce(o.balance, 0), coalesce(o.past_due, 0), o.past_due_since, o.due_on, coalesce(o.credit, 0),
  coalesce(o.deposit, 0),
  h.run_id, coalesce(h.why, ''), coalesce(w.cents, 0), w.ask_id, m.until_on, coalesce(m.reason, ''), ap.id is not null,
  coalesce(mk.kind, '')
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select pr.*, min(lower(g.during)) since_on,
    case when bool_or(upper_inf(g.during)) then null else max(upper(g.during)) end until_on
  from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  join customers_premise pr on pr.id = s.premise_id
  where g.account_id = a.id group by pr.id order by max(coalesce(upper(g.during), 'infinity')) desc limit 1) pl on true
left join lateral (
  select sum(open) filter (where owed)::bigint balance,
    min(due) filter (where sub = 2 and open > 0 and due < %(on)s) past_due_since,
    sum(open) filter (where sub = 2 and open > 0 and due < %(on)s)::bigint past_due,
    max(due) filter (where sub = 2 and open > 0) due_on, -sum(open) filter (where object = 2310)::bigint credit,
    -sum(open) filter (where object in (2210, 2220))::bigint deposit
  from (select p.sub, l.object, p.sub = 2 or l.object in (2310, 2320) owed, max(p.due_on) due,
      sum(p.debit_cents - p.credit_cents) open
    from ledger_posting p join ledger_gl l on l.id = p.gl_id where p.account_id = a.id
    group by p.document_id, p.line_no, p.gl_id, p.sub, l.object) item) o on true
left join lateral (
  select r.run_id, string_agg(coalesce(nullif(r.reason, ''), r.finding), '; ') why from bills_review r
  where r.account_id = a.id and (r.held or r.finding like 'held%%')
    and not exists (select from bills_runstep x where x.run_id = r.run_id and x.step = 'posted')
  group by r.run_id order by r.run_id desc limit 1) h on true
left join lateral (
  select sum(k.cents)::bigint cents, max(k.id) ask_id from payments_ask k where k.account_id = a.id
    and not exists (select from payments_askended e where e.ask_id = k.id)
    and not exists (select from payments_cardpayment p where p.ask_id = k.id)) w on true
left join lateral (
  select k.until_on, k.reason from payments_cashonly k where k.account_id = a.id and k.from_on <= %(on)s
    and k.until_on > %(on)s and not exists (
      select from payments_cashonlylifted x where x.mark_id = k.id and x.lifted_on <= %(on)s)
  order by k.until_on desc limit 1) m on true
left join lateral (
  select n.id from payments_enrolment n where n.account_id = a.id
    and not exists (select from payments_enrolment f where f.follows_id = n.id)
    and not exists (select from payments_enrolmentend x where x.enrolment_id = n.id and x.until_on <= %(on)s)
  limit 1) ap on true
left join lateral (
  select k.kind from customers_mark k join customers_account ka on ka.id = k.account_id
  where ka.customer_id = a.customer_id and upper_inf(k.during) order by ka.id = a.id desc limit 1) mk on true
where {which}"""


def get_header(*, on: date, number: str = "", account_id: int = 0, looker: Looker | None = None) -> Header:
    """The head of the account with this number (or id). A confidential one is masked, unless it is open to who looks.

    :raises NotThere: no account has it; a mistyped number says which digit to compare
    """
    which = "a.id = %(id)s" if account_id else "a.number = %(number)s"
    header = ask_one(
        _made, _HEADER.format(which=which, hazard=hazard_words("pl")), {"on": on, "number": number, "id": account_id}
    )
    if header is None:
        raise NotThere(_why_not(number or str(account_id)))
    return _masked(header, looker) if header.confidential else header


def get_postal(header: Header) -> _masks.Postal:
    """Whom and where the post of an account goes: what may stand on an envelope where the account is confidential."""
    if header.confidential:
        return _masks.get_postal(header.id)
    return _masks.Postal(header.name, header.mail_to or (header.address, header.place), header.address)


def _masked(header: Header, looker: Looker | None) -> Header:
    marked = _masks.load_marked([header.id])[header.id]
    until = _masks.open_until(header.id, looker)
    if until is not None:
        truth = marked.truth
        return replace(
            header,
            name=truth.name,
            phone=truth.phone,
            email=truth.email,
            mail_to=marked.mail_to,
            opened_until=until,
        )
    address, *rest = marked.substitute or (_masks.HIDDEN,)
    return replace(header, mail_to=marked.substitute, address=address, place=", ".join(rest))


def _made(*row: Any) -> Header:
    values = list(row)
    values[8] = tuple(values[8])
    return Header(*values)


def _why_not(number: str) -> str:
    try:
        accounts.check_account_number(number)
    except accounts.BadAccountNumber as bad:
        return f"Account {number}: {bad.why}; {bad.remedy}. Or search by name, address or phone."
    return f"There is no account {number}. Search by name, address, phone or meter."
