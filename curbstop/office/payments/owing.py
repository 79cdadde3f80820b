"""What accounts owe, loaded at once for a payment; and what a payment would do to it. One rule for screen and act."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office._statements import Asked, Rows, array, ask, words
from curbstop.rules.ledger import Application, gl
from curbstop.rules.money import show
from curbstop.rules.payments import Policy, Target, apply, check_cents, instruct, read_policy

APPLICATION, DEPOSIT_FIRST = "payments.application", "deposit.paid_first"


@dataclass(frozen=True)
class Paying:
    """How much of a payment is for an account. More than it owes stays there as credit."""

    account_id: int
    cents: int


@dataclass(frozen=True)
class PayFirst:
    """What the payer asked the money to go to, before the policy: a bill, or services and kinds by their words."""

    document_id: int | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Owing:
    """An account as a payment finds it."""

    id: int
    number: str
    name: str
    balance_cents: int
    targets: tuple[Target, ...]
    says: Mapping[str, str]  # kind -> words


@dataclass(frozen=True)
class PaidItem:
    """Money that goes to a line of a document."""

    document_id: int
    line: int
    gl: str
    kind: str
    says: str
    due_on: date | None
    cents: int
    open_after_cents: int


@dataclass(frozen=True)
class PaidAccount:
    """What a payment does to an account: items paid, what stays as credit, what is owed after (below zero: credit)."""

    account_id: int
    number: str
    name: str
    cents: int
    items: tuple[PaidItem, ...]
    credit_cents: int
    owed_before_cents: int
    owed_after_cents: int


_OWING = """
select 'account', a.id, null::smallint, null::smallint, null::bigint, null::smallint, a.number, c.name,
  null::bigint, null::date
from customers_account a join customers_customer c on c.id = a.customer_id where a.id = any(%(accounts)s::bigint[])
union all
select 'item', p.account_id, g.fund, g.object, p.document_id, p.line_no, min(k.code), min(k.says),
  sum(p.debit_cents - p.credit_cents)::bigint, max(p.due_on)
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
where p.account_id = any(%(accounts)s::bigint[]) and (p.sub = 2 or g.object in (2310, 2320))
group by p.account_id, p.gl_id, g.fund, g.object, p.document_id, p.line_no
having sum(p.debit_cents - p.credit_cents) <> 0
union all
select 'asked', d.account_id, 59, 2210, d.document_id, 1, 'deposit', 'Deposit',
  (d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0))::bigint, d.due_on
from payments_depositdemand d left join lateral (
  select sum(x.cents) cents from payments_depositwaived x where x.demand_id = d.id) w on true
left join lateral (
  select sum(p.credit_cents) - coalesce(sum(p.debit_cents) filter (where t.reverses_id is not null), 0) cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.line_no = 1 and p.sub = 3) paid on true
where d.account_id = any(%(accounts)s::bigint[]) and d.cents > coalesce(w.cents, 0) + coalesce(paid.cents, 0)
union all
select 'policy', null, null, null, null, null, policy, value::text, null, null
from decisions_policyvalue where policy = any(%(policies)s::text[]) and valid @> %(on)s::date
union all
select 'document', nextval('ledger_document_seq'), null, null, nextval('ledger_transaction_id_seq'), null, null, null,
  null, null
where %(till)s::text is not null
union all
select 'session', s.document_id, null, null, s.cashier_id, null, trim(u.first_name || ' ' || u.last_name),
  case when exists (select from payments_tillcount c where c.session_id = s.id) then 'counted' end, s.id, s.opened_on
from payments_till t join payments_tillsession s on s.till_id = t.id join base_user u on u.id = s.cashier_id
where t.code = %(till)s::text and not exists (select from payments_tillclose x where x.session_id = s.id)"""


# For one account, as most payments are: the server keeps one plan of it, where for a list it plans each time anew.
_OWING_ONE = _OWING.replace("= any(%(accounts)s::bigint[])", "= %(accounts)s::bigint")


@dataclass(frozen=True)
class Session:
    """The session that a till has open."""

    id: int
    document_id: int
    opened_on: date
    cashier_id: int
    cashier: str
    counted: bool


@dataclass(frozen=True)
class Loaded:
    """Accounts by id and the policy of the day; for a till, its open session.

    For a payment that is to be written, the ids of its document and its transaction, taken beforehand.
    """

    accounts: dict[int, Owing]
    policy: Policy
    document_id: int
    txn_id: int
    session: Session | None


def load(account_ids: Iterable[int], *, on: date, till: str | None = None) -> Loaded:
    """What the accounts owe, and how the city applies money on the day; one read.

    :param till: the till that takes the payment; empty asks for the payment's ids alone

    :raises NotSet: the city has not said how money is applied
    :raises LookupError: no such account
    """
    wanted = list(dict.fromkeys(account_ids))
    return read(ask(*asking(wanted, on=on, till=till)), wanted, on=on)


def asking(account_ids: Iterable[int], *, on: date, till: str | None = None) -> Asked:
    """The statement of :func:`load`, for an act that sends it with others; its rows are for :func:`read`."""
    wanted = list(dict.fromkeys(account_ids))
    values = {"on": on, "policies": _POLICIES, "till": till}
    if len(wanted) == 1:
        return _OWING_ONE, {**values, "accounts": wanted[0]}
    return _OWING, {**values, "accounts": array(wanted)}


_POLICIES = words([APPLICATION, DEPOSIT_FIRST])


def read(rows: Rows, account_ids: Iterable[int], *, on: date) -> Loaded:
    """What :func:`asking` found. :raises NotSet, LookupError: as :func:`load`"""
    wanted = list(dict.fromkeys(account_ids))
    values: dict[str, str | None] = {}
    heads: dict[int, tuple[str, str]] = {}
    targets: dict[int, list[Target]] = {id: [] for id in wanted}
    balances: dict[int, int] = dict.fromkeys(wanted, 0)
    says: dict[str, str] = {}
    document_id, txn_id, session = 0, 0, None
    for what, id, fund, object, doc, line, word, told, cents, due_on in rows:
        if what == "account":
            heads[id] = (word, told)
        elif what == "policy":
            values[word] = told
        elif what == "document":
            document_id, txn_id = id, doc
        elif what == "session":
            session = Session(cents, id, due_on, doc, word, told is not None)
        else:
            if what == "item":
                balances[id] += cents
            if cents > 0:
                says[word] = told
                targets[id].append(Target(id, gl(fund, object), doc, line, word, cents, due_on))
    if missing := [id for id in wanted if id not in heads]:
        raise LookupError(f"no such account: {missing}")
    accounts = {id: Owing(id, *heads[id], balances[id], tuple(targets[id]), says) for id in wanted}
    return Loaded(accounts, _policy(values, on), document_id, txn_id, session)


def _policy(values: Mapping[str, str | None], on: date) -> Policy:
    value = values.get(APPLICATION)
    if value is None:
        value = json.dumps(policies.get_policy(APPLICATION, on))  # says why it is not set
    return _read_policy(value, values.get(DEPOSIT_FIRST) == "true")


@cache  # by the value's own text, of which a city has a few
def _read_policy(value: str, deposit_first: bool) -> Policy:
    return read_policy(json.loads(value), deposit_first=deposit_first)


def plan(
    owing: Owing, cents: int, policy: Policy, *, on: date, first: PayFirst | None = None
) -> tuple[PaidAccount, tuple[Application, ...]]:
    """What an amount does to an account: the same for the screen before and the act itself."""
    if first is not None and (first.document_id is not None or first.words):
        policy = instruct(policy, document=first.document_id, words=first.words)
    applied, rest = apply(cents, owing.targets, policy, on=on)
    by_item = {(t.gl, t.document, t.line): t for t in owing.targets}
    items = []
    to_deposits = 0
    for a in applied:
        target = by_item[a.gl, a.document, a.line]
        to_deposits += a.cents if target.is_demand else 0
        words = owing.says.get(a.kind, a.kind)
        after = target.open_cents - a.cents
        items.append(PaidItem(a.document, a.line, a.gl, a.kind, words, target.due_on, a.cents, after))
    owed = owing.balance_cents
    # a deposit is never part of what is owed
    paid = PaidAccount(owing.id, owing.number, owing.name, cents, tuple(items), rest, owed, owed - cents + to_deposits)
    return paid, applied


def less(owing: Owing, applied: Iterable[Application], credit_cents: int) -> Owing:
    """The account after money went to it: what the next payment of the same file finds."""
    paid = {(a.gl, a.document, a.line): a.cents for a in applied}
    left = [replace(t, open_cents=t.open_cents - paid.get((t.gl, t.document, t.line), 0)) for t in owing.targets]
    charges = sum(cents for (account, _, _), cents in paid.items() if not account.startswith("59"))
    return replace(
        owing,
        targets=tuple(t for t in left if t.open_cents),
        balance_cents=owing.balance_cents - charges - credit_cents,
    )


def check_paying(accounts: Sequence[Paying]) -> None:
    """Refuse amounts that cannot be paid to accounts. :raises BadPayment, Refused: naming the field"""
    if not accounts:
        raise Refused("Choose the account that is paid, and how much.", field="accounts")
    for place, paying in enumerate(accounts, 1):
        check_cents(paying.cents, field=f"accounts[{place}].cents")
    ids = [paying.account_id for paying in accounts]
    if len(set(ids)) != len(ids):
        raise Refused("An account is named twice in one payment; add the two amounts up.", field="accounts")


def in_words(paid: Sequence[PaidAccount]) -> str:
    """ "94.59 on 1000 0017, 46.35 on 1000 0025"."""
    return ", ".join(f"{show(one.cents)} on {one.number}" for one in paid)
