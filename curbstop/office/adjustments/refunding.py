"""Refunds as requests: of a deposit once the final bill is paid, of a credit that the customer asks back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.office import _masks, deposits, ledger, policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed
from curbstop.records.payments.refunds import Refund
from curbstop.rules.adjustments import NEW, with_document
from curbstop.rules.ledger import Leg, credit, debit, interfund
from curbstop.rules.ledger.legs import CREDIT
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.unclaimed import refund_by

REASONS = {
    "closed": "Service has ended",
    "good_history": "Good history, by the city's review",
    "asked": "The customer asks for the credit",
    "paid_twice": "Paid twice or too much",
}
PAYABLE, KIND = "10-2100", "refund"


@dataclass(frozen=True)
class _Payee:
    """Who the check is written to: the account holder, and nobody else."""

    number: str
    name: str
    mail_to: tuple[str, ...]


_PAYEE = """
select a.number, c.name, case when a.mail_to <> '{}' then a.mail_to
  else coalesce((select array[p.address, p.city || ', ' || p.state || ' ' || p.zip] from customers_agreement g
    join customers_servicepoint s on s.id = g.service_point_id join customers_premise p on p.id = s.premise_id
    where g.account_id = a.id order by upper(g.during) desc nulls first limit 1), '{}') end
from customers_account a join customers_customer c on c.id = a.customer_id where a.id = %s"""


def _payee(account_id: int) -> _Payee:
    with connection.cursor() as cursor:
        cursor.execute(_PAYEE, [account_id])
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no account {account_id}.", field="account_id")
    if row[1] == _masks.NAME:
        return _Payee(row[0], _masks.get_payee(account_id), _masks.get_postal(account_id).lines)
    return _Payee(row[0], row[1], tuple(row[2]))


def weigh_refund(asked: Asked) -> Weighed:
    """A refund to the account holder: inputs ``account_id``, ``source`` (deposit, credit) and, of a credit, ``cents``.

    :raises Refused: something is owed; nothing is held; service goes on and no review says that the deposit goes back
    """
    account_id, source = asked.number("account_id"), asked.text("source")
    payee = _payee(account_id)
    owed = sum(item.open_cents for item in ledger.get_open_items(account_id) if not item.owed_to)
    if owed:
        first = (
            "The deposit is applied first (deposits.apply)." if source == "deposit" else "The credit pays that first."
        )
        raise Refused(f"Account {payee.number} owes {show(owed)}. {first}", field="account_id")
    if source == "deposit":
        return _weigh_deposit(asked, account_id, payee)
    if source != "credit":
        raise Refused("Say what is refunded: the deposit or a credit.", field="source")
    return _weigh_credit(asked, account_id, payee)


def _weigh_deposit(asked: Asked, account_id: int, payee: _Payee) -> Weighed:
    ended = deposits.get_ended(account_id)
    closed = ended.is_over(asked.on)
    due_on = _check_deposit(asked, account_id, ended, closed)
    added = deposits.interest_due(account_id, asked.on) if closed else ()
    held = deposits.list_held([account_id])
    fresh = {leg.document or 0: leg.credit_cents for leg in added if leg.gl == "59-2220"}
    cents = sum(one.cents for one in held) + sum(fresh.values())
    if not cents:
        raise Refused(f"No deposit is held for account {payee.number}.", field="account_id")
    legs = [*deposits.used(_with_fresh(account_id, held, fresh), cents), _owed(account_id, cents)]
    entries = (Entry("interest", added, asked.on),) if added else ()
    working = [Step("Deposit held" if one.line == 1 else "Interest on it", show(one.cents)) for one in held]
    if fresh:
        working.append(Step("Interest until service ended", show(sum(fresh.values()))))
    says = f"Refund {show(cents)} of deposit to {payee.name}, account {payee.number}, by check to the account holder."
    if due_on is not None:
        says = f"{says[:-1]}, due by {due_on.isoformat()} (11 O.S. 35-107)."
    facts = {
        "source": "deposit",
        "payee": payee.name,
        "mail_to": list(payee.mail_to),
        "ended_on": ended.ended_on.isoformat() if closed and ended.ended_on else None,
        "due_on": due_on.isoformat() if due_on else None,
    }
    refund = Entry("refund", interfund(legs), asked.on)
    return Weighed(cents, (account_id,), says, tuple(working), (*entries, refund), facts=facts)


def _check_deposit(asked: Asked, account_id: int, ended: deposits.Ended, closed: bool) -> date | None:
    """Whether the deposit goes back now; the last day for its check by law."""
    if not closed:
        reviewed = deposits.get_review(account_id=account_id, on=asked.on)
        if reviewed.outcome != "good" or reviewed.then != "refund":
            raise Refused(f"Service goes on, and the deposit stays: {reviewed.says}", field="account_id")
        return None
    if not ended.billed:
        raise Refused("The last days of service are not billed yet; the final bill comes first.", field="account_id")
    if ended.ended_on is None:
        return None  # nothing was ever started, and no day of the law begins
    try:
        days = policies.load("deposit.refund.days").whole("deposit.refund.days", on=asked.on)
    except NotSet:
        return None
    return refund_by(ended.ended_on, days)


def _with_fresh(account_id: int, held: tuple[deposits.Held, ...], fresh: dict[int, int]) -> tuple[deposits.Held, ...]:
    """What is held once the interest is added."""
    left = dict(fresh)
    found = []
    for one in held:
        more = left.pop(one.document_id, 0) if one.line == 2 else 0
        found.append(deposits.Held(one.account_id, one.gl, one.document_id, one.line, one.cents + more))
    return (*found, *(deposits.Held(account_id, "59-2220", document, 2, cents) for document, cents in left.items()))


def _weigh_credit(asked: Asked, account_id: int, payee: _Payee) -> Weighed:
    sources = [item for item in ledger.get_open_items(account_id) if item.gl == CREDIT]
    total = sum(item.open_cents for item in sources)
    cents = int(asked.inputs.get("cents") or total)
    if not total:
        raise Refused(f"Account {payee.number} has no credit to refund.", field="account_id")
    if not 0 < cents <= total:
        raise Refused(
            f"The credit of account {payee.number} is {show(total)}; {show(cents)} is not in it.", field="cents"
        )
    legs: list[Leg] = []
    left = cents
    for item in sources:
        if part := min(item.open_cents, left):
            legs.append(debit(CREDIT, part, "credit", account_id=account_id, document=item.document, line=item.line))
            left -= part
    legs.append(_owed(account_id, cents))
    working = [Step("Credit on the account", show(total))]
    working += [Step("Stays as credit", show(total - cents))] if cents < total else []
    says = f"Refund {show(cents)} of credit to {payee.name}, account {payee.number}, by check to the account holder."
    facts = {"source": "credit", "payee": payee.name, "mail_to": list(payee.mail_to), "ended_on": None, "due_on": None}
    entry = Entry("refund", tuple(legs), asked.on)
    return Weighed(cents, (account_id,), says, tuple(working), (entry,), facts=facts)


def _owed(account_id: int, cents: int) -> Leg:
    return credit(PAYABLE, cents, KIND, account_id=account_id, document=NEW, line=1)


def post_refund(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Post an approved refund: from what was held to refunds payable; and the row that accounts payable is sent."""
    (document,) = ledger.reserve_documents(1)
    txns = [
        ledger._post(
            event,
            act=entry.act,
            posted_on=asked.on,
            effective_on=entry.effective_on,
            legs=with_document(entry.legs, document),
            approval=asked.request_id if entry.act == "refund" else None,
        )
        for entry in weighed.entries
    ]
    facts = weighed.facts
    Refund.objects.create(
        id=document,
        account_id=weighed.account_ids[0],
        request_id=asked.request_id,
        txn_id=txns[-1],
        cents=weighed.cents,
        source=facts["source"],
        payee=facts["payee"],
        mail_to=facts["mail_to"],
        approved_on=asked.on,
        ended_on=_day(facts["ended_on"]),
        due_on=_day(facts["due_on"]),
        event_id=event.id,
    )
    event.about(f"refund:{document}")
    return tuple(txns)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
