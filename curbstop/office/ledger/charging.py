"""A fee or a miscellaneous charge on an account: a document of its own now, or a line of the next bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office.ledger.charts import list_kinds
from curbstop.office.ledger.posting import _post, reserve_documents
from curbstop.rules.ledger import charge as charge_legs
from curbstop.rules.ledger import debit
from curbstop.rules.money import show
from curbstop.rules.payments import check_cents
from curbstop.rules.policies import NotSet
from curbstop.rules.policy_shapes import SHAPES

FEES: Mapping[str, str] = {"fee.returned": "fee.returned_payment", "fee.restore": "fee.reconnect"}
"""Kinds whose amount stands under another name among the policies."""


@dataclass(frozen=True)
class Charged:
    """A charge: its document and due date, or (``charge_id``) that it waits for the next bill."""

    account_id: int
    kind: str
    says: str
    cents: int
    document_id: int | None
    due_on: date | None
    txn_id: int | None
    charge_id: int | None


@dataclass(frozen=True)
class ChargeKind:
    """A kind that can be charged by hand; ``cents`` is what the city charges, None where somebody says how much.

    :ivar authority: of the amount that the city set
    """

    code: str
    says: str
    cents: int | None
    not_set: str
    authority: str = ""


def list_charge_kinds(*, on: date) -> tuple[ChargeKind, ...]:
    """The fees and miscellaneous charges of the chart, with what the city has set for each."""
    found = []
    for kind in list_kinds(on=on):
        if kind.code.partition(".")[0] not in ("fee", "misc") or kind.control is None or kind.contra is None:
            continue
        try:
            cents, not_set = _set_cents(kind.code, on), ""
        except NotSet as missing:
            cents, not_set = None, missing.says or missing.why
        authority = "" if cents is None else policies.load(_policy(kind.code)).policy(_policy(kind.code)).authority
        found.append(ChargeKind(kind.code, kind.says, cents, not_set, authority))
    return tuple(found)


@act("ledger.charge")
def charge(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    kind: str,
    on: date,
    reason: str,
    cents: int | None = None,
    due_on: date | None = None,
    with_bill: bool = False,
) -> Charged:
    """Charge a fee or something else that is no bill (E04, E05).

    :param kind: a ``fee.*`` or ``misc.*`` of the chart
    :param cents: of a miscellaneous charge; a fee is what the city has set, and no other amount
    :param due_on: None: as many days from now as a bill has
    :param with_bill: it waits for the account's next bill, and is due with it
    :raises Refused: no such kind, no reason, a fee that the city has not set, an account that no bill will come to
    """
    event.about(f"account:{account_id}")
    done = charge_for(
        event, account_id=account_id, kind=kind, on=on, reason=reason, cents=cents, due_on=due_on, with_bill=with_bill
    )
    what = f"{done.says} {show(done.cents)}"
    when = "with the next bill" if done.due_on is None else f"charged, due {done.due_on.isoformat()}"
    event.about(says=f"{what} {when}: {reason.strip()}")
    return done


def charge_for(
    event: Acting,
    *,
    account_id: int,
    kind: str,
    on: date,
    reason: str,
    cents: int | None = None,
    due_on: date | None = None,
    with_bill: bool = False,
) -> Charged:
    """What :func:`charge` does, as part of another act: an order completed in the field.

    :raises Refused: as :func:`charge`
    """
    known = {one.code: one for one in list_kinds(on=on) if one.code.partition(".")[0] in ("fee", "misc")}
    found = known.get(kind)
    if found is None or found.control is None or found.contra is None:
        raise Refused(f"The chart has no charge {kind!r}; it has {', '.join(known)}.", field="kind")
    if not reason.strip():
        raise Refused("Say what it is for; it stands on the account and the customer may ask.", field="reason")
    cents, authority = _amount(kind, cents, on)
    lock_accounts([account_id])
    if with_bill:
        charge_id = _wait(event, account_id, kind, cents, on, reason.strip(), authority)
        return Charged(account_id, kind, found.says, cents, None, None, None, charge_id)
    due = due_on or on + timedelta(days=_due_days(on))
    if due < on:
        raise Refused(f"It cannot be due on {due.isoformat()}, before it is charged.", field="due_on")
    (document,) = reserve_documents(1)
    line = debit(found.control, cents, kind, account_id=account_id, document=document, line=1, due_on=due)
    legs = charge_legs([line], {kind: found.contra})
    txn_id = _post(event, act="charge", posted_on=on, effective_on=on, legs=legs)
    return Charged(account_id, kind, found.says, cents, document, due, txn_id, None)


def wait_for_bill(
    event: Acting, *, account_id: int, kind: str, cents: int, on: date, reason: str, authority: str
) -> int:
    """Let a charge of any kind wait for the account's next bill, as part of the act under way: what a dumpster cost.

    :param authority: of the price
    :raises Refused: no bill will come to this account any more, or the chart has no such kind
    """
    known = {one.code: one for one in list_kinds(on=on)}
    if kind not in known or known[kind].control is None or known[kind].contra is None:
        raise Refused(f"The chart of accounts has no kind {kind} on {on.isoformat()}; finance adds it.", field="kind")
    check_cents(cents, field="cents")
    lock_accounts([account_id])
    return _wait(event, account_id, kind, cents, on, reason, authority)


def _amount(kind: str, cents: int | None, on: date) -> tuple[int, str]:
    """What is charged, and by whose authority."""
    try:
        by_policy = _set_cents(kind, on)
    except NotSet as missing:
        raise Refused(
            f"{missing.says or missing.why} Nothing is charged on a guess; the office sets {missing.policy}.",
            field="kind",
        ) from missing
    if by_policy is not None:
        if cents not in (None, by_policy):
            raise Refused(
                f"The city charges {show(by_policy)} for this, not {show(cents or 0)}. Charge that, and ask for a"
                " waiver or a credit where it is too much.",
                field="cents",
            )
        policy = policies.load(_policy(kind)).policy(_policy(kind))
        return by_policy, policy.authority
    if cents is None:
        raise Refused("Say how much it is.", field="cents")
    check_cents(cents, field="cents")
    return cents, "the cost as found, by the office"


def _policy(kind: str) -> str:
    return FEES.get(kind, kind)


def _set_cents(kind: str, on: date) -> int | None:
    """What the city charges; None for a kind that no policy is about. :raises NotSet: the city has not said"""
    if SHAPES.get(_policy(kind)) != "amount":
        return None
    return policies.load(_policy(kind)).cents(_policy(kind), on=on)


def _due_days(on: date) -> int:
    try:
        return policies.load("bill.due_days").whole("bill.due_days", on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says or missing.why} Say when it is due.", field="due_on") from missing


def _wait(event: Acting, account_id: int, kind: str, cents: int, on: date, reason: str, authority: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from customers_agreement g where g.account_id = %s and (upper_inf(g.during)"
            " or not exists (select from bills_outcome o where o.agreement_id = g.id and o.code = 'billed'"
            "   and o.until_on >= upper(g.during))))",
            [account_id],
        )
        if not cursor.fetchone()[0]:
            raise Refused("No bill will come to this account any more; charge it by itself.", field="with_bill")
        cursor.execute(
            'insert into bills_charge (account_id, kind_id, cents, "on", says, authority, event_id)'
            " select %s, k.id, %s, %s, k.says || ': ' || %s, %s, %s from ledger_kind k where k.code = %s"
            " and k.valid_from <= %s order by k.valid_from desc limit 1 returning id",
            [account_id, cents, on, reason, authority, event.id, kind, on],
        )
        return int(cursor.fetchone()[0])
