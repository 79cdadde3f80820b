"""Accounts of colleagues and officials, and of their households: marked, listed, and never helped by their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Link
from curbstop.rules.customers import check_choice, check_text


@dataclass(frozen=True)
class LinkRow:
    """An account that is a colleague's or an official's. ``until_on`` None: still."""

    id: int
    account_id: int
    number: str
    name: str
    who: str
    kind: str
    mark: str
    from_on: date
    until_on: date | None


@act("customers.link")
def link(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    username: str = "",
    who: str = "",
    kind: str = "own",
    mark: str = "employee",
) -> int:
    """Say whose account it is: a user's or an official's own, or of the household. It is marked from then on, and a
    linked user helps neither money nor service there; returns the link's id.

    :param username: of the colleague; an official without a user is named in ``who``
    :raises Refused: no such user or account, nobody named, or linked already
    """
    event.about(f"account:{account_id}")
    check_choice(kind, ("own", "household"), field="kind")
    check_choice(mark, ("employee", "official"), field="mark")
    account = Account.objects.filter(id=account_id).select_related("customer").first()
    if account is None:
        raise Refused(f"There is no account {account_id}. Look it up first.", field="account_id")
    user = User.objects.filter(username=username).first() if username else None
    if user is None and (username or mark == "employee"):
        raise Refused(f"There is no user {username!r}; an employee has a sign-in name.", field="username")
    named = check_text(who or str(user or ""), field="who", longest=100, required=True)
    try:
        with transaction.atomic():
            row = Link.objects.create(
                account=account, user=user, who=named, kind=kind, mark=mark, during=(on, None), event_id=event.id
            )
    except IntegrityError as error:
        if "customers_link_once" not in str(error):
            raise
        raise Refused(f"{account.number} is linked to {named} already.", field="who") from error
    whose = "own account" if kind == "own" else "household's account"
    event.about(says=f"Marked {mark}: {named}'s {whose}.")
    return row.pk


@act("customers.unlink")
def unlink(event: Acting, /, *, key: Key, by: Actor, at: datetime, link_id: int, on: date, reason: str) -> None:
    """End a link: from ``on`` it is no longer theirs. Nobody ends his own.

    :raises Refused: there is none, it has ended, it is the actor's own, or no reason
    """
    row = Link.objects.filter(id=link_id).select_related("account").first()
    if row is None:
        raise Refused(f"There is no link {link_id}.", field="link_id")
    event.about(f"account:{row.account_id}")
    if row.user_id == by.id:
        raise Refused("Nobody ends his own link; ask another supervisor or administrator.", field="by")
    why = check_text(reason, field="reason", longest=500, required=True)
    if row.during.upper is not None:
        raise Refused(f"It ended on {row.during.upper.isoformat()}.", field="link_id")
    if on <= row.during.lower:
        raise Refused(f"It began on {row.during.lower.isoformat()}; it ends later than that.", field="on")
    Link.objects.filter(id=link_id).update(during=(row.during.lower, on))
    event.about(says=f"No longer {row.who}'s ({row.mark}): {why}")


_LINKS = """
select l.id, a.id, a.number, c.name, l.who, l.kind, l.mark, lower(l.during), upper(l.during) from customers_link l
join customers_account a on a.id = l.account_id join customers_customer c on c.id = a.customer_id"""


def list_links(*, account_id: int | None = None) -> tuple[LinkRow, ...]:
    """Marked accounts as they stand, or one account's links, those that ended too."""
    where, values = " where upper_inf(l.during) order by l.mark, l.who, a.number", {}
    if account_id is not None:
        where, values = " where a.id = %(account)s order by l.id", {"account": account_id}
    with connection.cursor() as cursor:
        cursor.execute(_LINKS + where, values)
        return tuple(LinkRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class Colleague:
    """Somebody who signs in, as a link names them."""

    username: str
    name: str


def list_colleagues() -> tuple[Colleague, ...]:
    """Everybody who signs in, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select username, coalesce(nullif(trim(first_name || ' ' || last_name), ''), username) from base_user"
            " where is_active order by 2"
        )
        return tuple(Colleague(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class MarkedAccount:
    """A colleague's or official's account on a day, with what a friend might have spared it.

    ``late_skipped`` are bills that a late run looked at, that were late by what had come in by then, and that have no
    late charge; ``attempts`` counts refusals because it was one's own.
    """

    link: LinkRow
    balance_cents: int
    past_due_cents: int
    late_charges: int
    late_skipped: int
    attempts: int


_MARKED = """
with item as (
  select p.account_id, p.sub, g.object, max(p.due_on) due_on, sum(p.debit_cents - p.credit_cents) cents
  from ledger_posting p join ledger_gl g on g.id = p.gl_id
  where p.account_id in (select account_id from customers_link where upper_inf(during))
  group by p.account_id, p.document_id, p.line_no, p.gl_id, p.sub, g.object),
owed as (
  select account_id, sum(cents) filter (where sub = 2 or object in (2310, 2320))::bigint balance,
    sum(cents) filter (where sub = 2 and cents > 0 and due_on < %(on)s)::bigint past_due
  from item group by account_id),
looked as (
  select b.account_id, count(c.bill_id) charged,
    count(*) filter (where c.bill_id is null and exists (
      select from ledger_posting p join ledger_transaction t on t.id = p.txn_id
      where p.account_id = b.account_id and p.document_id = b.id and p.sub = 2 and t.effective_on < l."on"
      group by p.line_no, p.gl_id having sum(p.debit_cents - p.credit_cents) > 0)) skipped
  from bills_bill b join delinquency_laterun l on l.run_id = b.run_id
  left join delinquency_latecharge c on c.bill_id = b.id
  where b.account_id in (select account_id from customers_link where upper_inf(during)) group by b.account_id)
select l.id, a.id, a.number, c.name, l.who, l.kind, l.mark, lower(l.during), upper(l.during),
  coalesce(o.balance, 0), coalesce(o.past_due, 0), coalesce(k.charged, 0), coalesce(k.skipped, 0),
  (select count(*) from base_event e where e.denied and e.subjects @> array['account:' || a.id] and e.by_id = l.user_id)
from customers_link l join customers_account a on a.id = l.account_id join customers_customer c on c.id = a.customer_id
left join owed o on o.account_id = a.id left join looked k on k.account_id = a.id
where upper_inf(l.during) order by l.mark, l.who, a.number"""


def list_marked(*, on: date) -> tuple[MarkedAccount, ...]:
    """Employees' and officials' accounts, with what they owe on the day and late charges that were skipped."""
    with connection.cursor() as cursor:
        cursor.execute(_MARKED, {"on": on})
        return tuple(MarkedAccount(LinkRow(*row[:9]), *row[9:]) for row in cursor.fetchall())
