"""What could be written off, what was, and what comes back: the lists, recovery, the provision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.rules.ledger import bucket_of, gl
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.writeoffs import (
    Criteria,
    Debt,
    Item,
    Provision,
    is_stayed,
    provide,
    provision,
    recover,
    take,
    why_not,
)


@dataclass(frozen=True)
class Candidate:
    """A closed account that owes: what, since when, and why it cannot be on the list (empty: it can)."""

    account_id: int
    number: str
    name: str
    address: str
    closed_on: date | None
    last_due_on: date | None
    open_cents: int
    why_not: str


_DEBTS = """
with owed as (
  select p.account_id, g.object, p.sub, max(p.due_on) due_on, sum(p.debit_cents - p.credit_cents) cents
  from ledger_posting p join ledger_gl g on g.id = p.gl_id
  where (p.sub = 2 or p.sub = 3 and g.object in (2210, 2220, 2310, 2320)) {which}
  group by p.account_id, p.document_id, p.line_no, p.gl_id, g.object, p.sub
  having sum(p.debit_cents - p.credit_cents) <> 0),
debt as (
  select account_id, max(due_on) filter (where sub = 2) last_due_on,
    coalesce(sum(cents) filter (where sub = 2), 0)::bigint open_cents,
    coalesce(-sum(cents) filter (where object in (2210, 2220)), 0)::bigint deposit_cents,
    coalesce(-sum(cents) filter (where object in (2310, 2320)), 0)::bigint credit_cents,
    coalesce(sum(cents) filter (where object = 1270), 0)::bigint stayed_cents
  from owed group by account_id having coalesce(sum(cents) filter (where sub = 2), 0) > 0)
select a.id, a.number, c.name, coalesce(pl.address, ''), pl.closed_on, d.last_due_on, d.open_cents, d.deposit_cents,
  d.credit_cents, d.stayed_cents
from debt d join customers_account a on a.id = d.account_id join customers_customer c on c.id = a.customer_id
left join lateral (
  select (array_agg(pr.address order by upper(x.during) desc nulls first))[1] address,
    case when not bool_or(upper_inf(x.during)) then max(upper(x.during)) end closed_on
  from customers_agreement x join customers_servicepoint s on s.id = x.service_point_id
  join customers_premise pr on pr.id = s.premise_id where x.account_id = a.id) pl on true
order by pl.closed_on nulls last, a.number"""


def get_criteria(*, on: date) -> Criteria:
    """The city's criteria of a write-off. :raises NotSet: there are none"""
    table = policies.load("writeoff.criteria").table("writeoff.criteria", on=on)
    days, least, most = table["days_after_due"], table["least_cents"], table.get("most_cents")
    assert isinstance(days, int) and isinstance(least, int)
    return Criteria(days, least, most if isinstance(most, int) else None)


def list_candidates(*, criteria: Criteria, on: date, account_ids: Iterable[int] | None = None) -> tuple[Candidate, ...]:
    """Accounts that owe and whose service has ended, the longest closed first, each with why it cannot be listed.

    :param account_ids: look at these alone, also where service goes on
    """
    wanted = None if account_ids is None else sorted(account_ids)
    which = "" if wanted is None else "and p.account_id = any(%(ids)s)"
    with connection.cursor() as cursor:
        cursor.execute(_DEBTS.format(which=which), {"ids": wanted})
        rows = cursor.fetchall()
    found = []
    for id, number, name, address, closed_on, due_on, open_cents, deposit, credit, stayed in rows:
        if wanted is None and (closed_on is None or closed_on > on):
            continue
        debt = Debt(id, closed_on, due_on, open_cents, deposit, credit, stayed)
        reason = why_not(debt, criteria, on=on)
        found.append(Candidate(id, number, name, address, closed_on, due_on, open_cents, reason))
    return tuple(found)


def get_open(account_id: int) -> tuple[Item, ...]:
    """What an account owes, line by line, but for what is stayed."""
    return tuple(
        Item(item.account_id, item.gl, item.document, item.line, item.kind, item.open_cents)
        for item in ledger.get_open_items(account_id)
        if not item.owed_to and not is_stayed(item.gl)
    )


# --- written off ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WrittenLine:
    """A line that stands as memo: what was written off of it, what came back, what is left."""

    account_id: int
    gl: str
    document_id: int
    line: int
    kind: str
    says: str
    written_cents: int
    recovered_cents: int
    left_cents: int


@dataclass(frozen=True)
class WrittenDocument:
    """A bill or charge of which something is written off; ``billed_on`` is when it came, ``final`` a last bill."""

    account_id: int
    number: str
    name: str
    document_id: int
    says: str
    billed_on: date | None
    written_off_on: date
    request_id: int | None
    left_cents: int
    written_cents: int
    lines: tuple[WrittenLine, ...]


_WRITTEN = """
select p.account_id, a.number, c.name, p.document_id, p.line_no, g.fund, min(k.code), min(k.says),
  sum(p.debit_cents)::bigint, sum(p.credit_cents)::bigint, sum(p.debit_cents - p.credit_cents)::bigint,
  min(t.posted_on) filter (where p.debit_cents > 0), min(t.approval_id),
  (select min(x.effective_on) from ledger_posting q join ledger_transaction x on x.id = q.txn_id
   where q.account_id = p.account_id and q.document_id = p.document_id and q.sub = 2 and q.due_on is not null),
  coalesce((select g2.object from ledger_posting q join ledger_gl g2 on g2.id = q.gl_id
   where q.account_id = p.account_id and q.document_id = p.document_id and q.line_no = p.line_no and q.sub = 2
     and g2.fund = g.fund order by q.txn_id limit 1), 1210),
  exists (select from ledger_posting q join ledger_transaction x on x.id = q.txn_id
   where q.account_id = p.account_id and q.document_id = p.document_id and x.act = 'bill')
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
join ledger_transaction t on t.id = p.txn_id join customers_account a on a.id = p.account_id
join customers_customer c on c.id = a.customer_id
where p.sub = 4 and g.object = 1295 {which}
group by p.account_id, a.number, c.name, p.document_id, p.line_no, g.fund, p.gl_id
{having} order by a.number, p.document_id, p.line_no"""


def list_written_off(
    *, account_ids: Iterable[int] | None = None, everything: bool = False
) -> tuple[WrittenDocument, ...]:
    """Written-off debt bill by bill: of these accounts, or of all; what was recovered only with ``everything``."""
    wanted = None if account_ids is None else sorted(account_ids)
    which = "" if wanted is None else "and p.account_id = any(%(ids)s)"
    having = "" if everything else "having sum(p.debit_cents - p.credit_cents) <> 0"
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN.format(which=which, having=having), {"ids": wanted})
        rows = cursor.fetchall()
    documents: dict[tuple[int, int], WrittenDocument] = {}
    for row in rows:
        id, number, name, document, line, fund, kind, says, written, recovered, left = row[:11]
        off_on, request, billed_on = row[11:14]
        one = WrittenLine(id, gl(fund, row[14]), document, line, kind, says, written, recovered, left)
        before = documents.get((id, document))
        lines = (*before.lines, one) if before else (one,)
        documents[id, document] = WrittenDocument(
            account_id=id,
            number=number,
            name=name,
            document_id=document,
            says="Bill" if row[15] else says,
            billed_on=billed_on,
            written_off_on=off_on,
            request_id=request,
            left_cents=sum(one.left_cents for one in lines),
            written_cents=sum(one.written_cents for one in lines),
            lines=lines,
        )
    return tuple(sorted(documents.values(), key=lambda one: (one.number, one.billed_on or date.min, one.document_id)))


@dataclass(frozen=True)
class Recovered:
    """Written-off lines that live again on the account, to be paid like any other."""

    account_id: int
    cents: int
    documents: tuple[int, ...]
    txn_id: int
    owes_cents: int


@act("ledger.recover")
def recover_debt(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    cents: int | None = None,
    reason: str = "",
) -> Recovered:
    """Bring written-off debt back, because the customer has come back or pays it: its lines are owed as they were.

    Both the write-off and its recovery stay in the books.

    :param cents: so much of it, oldest first; None: all of it
    :raises Refused: nothing is written off there, or less than that
    """
    event.about(f"account:{account_id}")
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    return _recover(event, account_id, on, cents, reason.strip())


def _recover(event: Acting, account_id: int, on: date, cents: int | None, reason: str) -> Recovered:
    items = _left(account_id)
    total = sum(item.cents for item in items)
    if not total:
        raise Refused("Nothing of this account is written off.", field="account_id")
    if cents is not None and not 0 < cents <= total:
        raise Refused(f"{show(total)} is written off; {show(cents)} cannot come back.", field="cents")
    found, _ = take(items, total if cents is None else cents)
    txn_id = ledger._post(event, act="recover", posted_on=on, effective_on=on, legs=recover(found))
    back = sum(item.cents for item in found)
    documents = tuple(dict.fromkeys(item.document for item in found))
    event.about(says=f"Written-off debt of {show(back)} is owed again{f': {reason}' if reason else ''}.")
    return Recovered(account_id, back, documents, txn_id, ledger.get_balance(account_id))


def _left(account_id: int) -> list[Item]:
    return [
        Item(line.account_id, line.gl, line.document_id, line.line, line.kind, line.left_cents)
        for document in list_written_off(account_ids=[account_id])
        for line in document.lines
        if line.left_cents
    ]


# --- provision --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Provided:
    """What was added to the allowance of each fund; no transaction where nothing was."""

    on: date
    funds: tuple[Provision, ...]
    txn_id: int | None

    @property
    def cents(self) -> int:
        """The sum of what was added."""
        return sum(fund.add_cents for fund in self.funds)


_OPEN = """
select g.fund, max(p.due_on), sum(p.debit_cents - p.credit_cents)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_transaction t on t.id = p.txn_id
where p.sub = 2 and t.posted_on <= %(on)s
group by p.account_id, g.fund, p.gl_id, p.document_id, p.line_no having sum(p.debit_cents - p.credit_cents) <> 0"""

_ALLOWED = """
select g.fund, sum(p.credit_cents - p.debit_cents)::bigint from ledger_posting p join ledger_gl g on g.id = p.gl_id
join ledger_transaction t on t.id = p.txn_id where g.object = 1290 and t.posted_on <= %(on)s group by g.fund"""


def get_provision(*, on: date) -> tuple[Provision, ...]:
    """What each fund should provide for debts that will not be paid, by their age, and what it has.

    :raises NotSet: the city has not said
    """
    rows = policies.load("writeoff.provision").rows("writeoff.provision", on=on)
    sums: dict[tuple[int, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"on": on})
        for fund, due_on, cents in cursor.fetchall():
            place = (fund, bucket_of(due_on, on))
            sums[place] = sums.get(place, 0) + cents
        cursor.execute(_ALLOWED, {"on": on})
        held = dict(cursor.fetchall())
    return provision(sums, rows, held)


@act("writeoffs.provide")
def provide_for(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> Provided:
    """Bring the allowance of each fund up to what the city provides for debts of their age; done again, adds nothing.

    :raises Refused: the city has not said how much is provided for
    """
    take_turn("writeoffs.provide")
    try:
        funds = get_provision(on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says} {missing.why} Finance sets {missing.policy}.", field=missing.policy) from missing
    legs = provide({fund.fund: fund.add_cents for fund in funds})
    txn_id = ledger._post(event, act="provide", posted_on=on, effective_on=on, legs=legs) if legs else None
    done = Provided(on, funds, txn_id)
    event.about(says=f"Provision for uncollectible debts: {show(done.cents)} added.")
    return done
