"""Disputes: the part of a bill above the same bill at average use waits until somebody who can correct it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from django.db import connection

from curbstop.office import _cases, _holds, policies, tariffs
from curbstop.office._cases import add_step
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._orders import city_time, list_open_at, raise_order
from curbstop.office._own import refuse_own
from curbstop.office.bills import explaining, loading
from curbstop.office.cases.working import lock_case
from curbstop.rules import rating
from curbstop.rules.cases import MOST_WORDS, disputed_part
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.money import show
from curbstop.rules.periods import show_on
from curbstop.rules.policies import NotSet
from curbstop.rules.rating import Status

AFTER_FINDING, AMOUNT = "dispute.after_finding", "dispute.amount"
AUTHORITY = "Memphis Light v. Craft, 436 U.S. 1 (1978)"
SAYS = (
    "You may ask a supervisor who can correct the bill. Until there is an answer we will not charge a late fee on, or"
    " turn you off for, the part you dispute."
)


@dataclass(frozen=True)
class DisputePreview:
    """What a dispute of a bill would hold. ``average_gal`` None: no bill before it, or no policy: all that is open."""

    bill_id: int
    account_id: int
    billed_cents: int
    open_cents: int
    average_gal: int | None
    at_average_cents: int | None
    held_cents: int
    due_on: date
    says: str


@dataclass(frozen=True)
class Disputed:
    """A dispute opened: its case, its hold, what waits, and the order that goes out (None: there is one open)."""

    case_id: int
    hold_id: int
    held_cents: int
    order_id: int | None


@dataclass(frozen=True)
class Found:
    """A finding: what stays due, and by when."""

    due_cents: int
    due_on: date


_OPEN_CENTS = """
select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint from ledger_posting p
where p.account_id = %s and p.document_id = %s and p.sub = 2"""
_PRIOR = """
select o.usage_gal from bills_outcome o join customers_agreement g on g.id = o.agreement_id
join customers_servicepoint s on s.id = g.service_point_id
where g.account_id = %s and s.service = 'water' and o.code = 'billed' and o.until_on <= %s
  and not exists (select from bills_cancelled z where z.bill_id = o.bill_id) order by o.until_on desc limit 12"""


def get_dispute_preview(bill_id: int, *, on: date) -> DisputePreview:
    """What a dispute of the bill would hold on the day, with the figures it comes from.

    :raises Refused: no such bill
    """
    bills = loading.load_bills([bill_id])
    if not bills:
        raise Refused(f"There is no bill {bill_id}; choose one of the account's.", field="bill_id")
    bill = bills[0]
    still = _open_cents(bill.account_id, bill_id)
    try:
        average_wanted = policies.load(AMOUNT).text(AMOUNT, on=on) == "above_average_use"
    except NotSet:
        average_wanted = False
    average = _average_gal(bill) if average_wanted else None
    at_average = None if average is None else _at_use(bill, average)
    above = still if at_average is None else disputed_part(billed_cents=bill.total_cents, at_average_cents=at_average)
    return DisputePreview(
        bill_id, bill.account_id, bill.total_cents, still, average, at_average, min(above, still), bill.due_on, SAYS
    )


def _open_cents(account_id: int, document: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_CENTS, [account_id, document])
        return max(int(cursor.fetchone()[0]), 0)


def _average_gal(bill: loading.IssuedRow) -> int | None:
    """The mean use of up to twelve bills before it, half up to the gallon; None: there was none."""
    with connection.cursor() as cursor:
        cursor.execute(_PRIOR, [bill.account_id, bill.from_on])
        uses = [row[0] for row in cursor.fetchall()]
    return int(Fraction(2 * sum(uses) + len(uses), 2 * len(uses))) if uses else None


def _at_use(bill: loading.IssuedRow, gal: int) -> int:
    """What the bill would have come to with this use of water, by the tariffs that it was billed on."""
    known = tariffs.load_tariffs(codes=sorted({service.tariff for service in bill.services}))
    used = next((service.gal for service in bill.services if service.service == "water"), 0)
    total = bill.total_cents
    for service in bill.services:
        if service.service not in ("water", "sewer") or service.gal != used:
            continue
        inputs = explaining._inputs(replace(service, gal=gal))
        charges = rating.charge(
            known[service.tariff], from_on=service.from_on, until_on=service.until_on, inputs=inputs
        )
        status = Status(int(charges.status[0]))
        if status is not Status.RATED:
            raise Refused(f"The bill at average use cannot be rated: {status.says}", field="bill_id")
        total += int(charges.total_cents[0]) - service.cents
    return total


@act("cases.dispute", secret=("why",))
def dispute(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, bill_id: int, why: str, leak: str = "", channel: str = ""
) -> Disputed:
    """Open a dispute on a bill: its part above average use waits at once, and the meter is looked at.

    The hold reaches this bill alone. Where the city has not said which part waits (``dispute.amount``), or nothing was
    billed before, all that is open of the bill waits.

    :param why: what is wrong, in the customer's words
    :raises Refused: no such bill, nothing of it waits, it is disputed already, or the actor's own account
    """
    here = city_time(at).date()
    found = get_dispute_preview(bill_id, on=here)
    account = found.account_id
    lock_accounts([account])
    refuse_own(by, [account])
    found = get_dispute_preview(bill_id, on=here)
    for other in _cases.list_disputes([account], here)[account]:
        if other.bill_id == bill_id:
            says = f"This bill is disputed since {show_on(other.opened_at.date())}, case {other.case_id}; add to that."
            raise Refused(says, field="bill_id", about=[f"case:{other.case_id}"])
    if found.held_cents <= 0:
        raise Refused("Nothing above average use is open on this bill, so nothing would wait.", field="bill_id")
    words = check_text(why, field="why", longest=1000, required=True)
    hold = _holds.place(
        event, account_id=account, reason="dispute", authority=AUTHORITY, from_on=here, until_on=None,
        owner_id=by.id, cents=found.held_cents, bill_id=bill_id,
    )  # fmt: skip
    premise = _premise_of(account)
    order = _check_meter(event, premise, account)
    case = _cases.open_case(
        event, category="dispute", account_id=account, premise_id=premise, says=words, about=[f"bill:{bill_id}"],
        answers={"why": words, **({"leak": leak} if leak else {})}, asked=True, bill_id=bill_id,
        cents=found.held_cents, hold_id=hold, order_id=order, channel=channel,
    )  # fmt: skip
    event.about(says=f"Dispute on {show(found.held_cents)} of the bill of {show(found.billed_cents)}; that part waits.")
    return Disputed(case, hold, found.held_cents, order)


def _premise_of(account_id: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.premise_id from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id"
            " where g.account_id = %s and s.service = 'water' order by lower(g.during) desc limit 1",
            [account_id],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _check_meter(event: Acting, premise_id: int | None, account_id: int) -> int | None:
    if premise_id is None or any(order.trouble == "read" for order in list_open_at(premise_id)):
        return None
    about = "Verify the read and test for a leak: the bill is disputed"
    return raise_order(event, type="verify", premise_id=premise_id, account_id=account_id, about=about).order_id


RESULTS = ("bill_right", "corrected", "withdrawn")


@act("cases.decide", secret=("says",))
def decide(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, result: str, says: str) -> Found:
    """Write the finding of a dispute: the hold ends, and what stays is due after the city's days.

    Who may is who may correct a bill (the right ``cases.decide``). A correction itself goes by approval.

    :param result: ``bill_right``, ``corrected`` or ``withdrawn``
    :param says: the finding in words, as the customer is told
    :raises Refused: no such open dispute, or it has its finding
    """
    check_choice(result, RESULTS, field="result")
    case = lock_case(event, case_id)
    if case.kind != "dispute" or case.hold_id is None or case.bill_id is None or case.account_id is None:
        raise Refused(f"Case {case_id} is no dispute of a bill; close it instead.", field="case_id")
    if case.standing.state == "decided":
        raise Refused(f"Case {case_id} has its finding; it is written once.", field="case_id")
    lock_accounts([case.account_id])
    refuse_own(by, [case.account_id])
    on = city_time(at).date()
    words = check_text(says, field="says", longest=MOST_WORDS, required=True)
    _holds.release(event, hold_id=case.hold_id, on=on, says=f"Finding: {result.replace('_', ' ')}")
    left = min(case.cents, _open_cents(case.account_id, case.bill_id))
    due_on = _due_after(on, case.bill_id)
    add_step(event, case_id, "decided", code=result, told=words, cents=left)
    event.about(f"bill:{case.bill_id}")
    event.about(says=f"Finding on the dispute: {result.replace('_', ' ')}. {show(left)} is due {show_on(due_on)}.")
    return Found(left, due_on)


def _due_after(on: date, bill_id: int) -> date:
    try:
        days = policies.load(AFTER_FINDING).whole(AFTER_FINDING, on=on)
    except NotSet:
        days = 0
    return max(on + timedelta(days=days), loading.load_bills([bill_id])[0].due_on)
