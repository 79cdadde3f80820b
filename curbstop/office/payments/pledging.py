"""Agencies' pledges: a promise taken as a payment (10-1070) where the city says so, and the money when it comes.

E17, E18 of the design of the books. A pledge that is not kept is taken back as a returned payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.payments.owing import PaidAccount, load, plan
from curbstop.office.payments.taking import _check_open, _lock, _write_receipt, receipt_number
from curbstop.records.payments.models import Series
from curbstop.records.payments.received import Pledge
from curbstop.rules.ledger import Tendered, credit, debit
from curbstop.rules.ledger import take as take_legs
from curbstop.rules.ledger.recipes import DRAWERS, Unapplied
from curbstop.rules.money import show
from curbstop.rules.payments import LINES, Kept, check_cents

PLEDGES = "10-1070"
SERIES = "PLEDGE"
ACCEPTED, DAYS = "pledge.accepted", "pledge.days"


@dataclass(frozen=True)
class PledgeTaken:
    """A pledge taken as a payment: its own document, and what it paid."""

    document_id: int
    number: str
    cents: int
    due_on: date
    account: PaidAccount


@dataclass(frozen=True)
class PledgePaid:
    """An agency's money that came: the receipt, and what of the pledge is still awaited."""

    number: str
    document_id: int
    cents: int
    awaited_cents: int


@act("payments.accept_pledge")
def accept_pledge(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, agency: str, reference: str, cents: int,
    on: date,
) -> PledgeTaken:  # fmt: skip
    """Take an agency's written pledge as a payment of the account, by the city's policy.

    :param reference: the agency's number of the pledge
    :raises Refused: the city takes no pledges, or the agency or its number was not said
    :raises NotSet: whether pledges count, or for how long, is not set for this city
    :raises BadPayment: an amount that cannot be
    """
    check_cents(cents, field="cents")
    for field, value in (("agency", agency), ("reference", reference)):
        if not value.strip():
            raise Refused("Write the agency's name and its number of the pledge.", field=field)
    if policies.get_policy(ACCEPTED, on) is not True:
        raise Refused(
            "In this city a pledge pays nothing until the money comes; note it on the account.", field="cents"
        )
    days = policies.get_policy(DAYS, on)
    assert isinstance(days, int)
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    loaded = load([account_id], on=on, till="")
    (pledge_id,) = ledger.reserve_documents(1)
    paid, applied = plan(loaded.accounts[account_id], cents, loaded.policy, on=on)
    rests = [Unapplied(account_id, loaded.document_id, 1, paid.credit_cents)] if paid.credit_cents else []
    legs = take_legs([Tendered(PLEDGES, pledge_id, 1, cents)], applied, rests)
    txn_id = ledger._post(event, act="take", posted_on=on, effective_on=on, legs=legs)
    Pledge.objects.create(
        id=pledge_id, account_id=account_id, agency=agency.strip(), reference=reference.strip(), cents=cents,
        accepted_on=on, due_on=on + timedelta(days), event_id=event.id,
    )  # fmt: skip
    series, _ = Series.objects.get_or_create(code=SERIES)
    receipt: dict[str, Any] = {
        "series": series.pk, "txn": txn_id, "account": account_id, "document": loaded.document_id, "on": on,
        "payer": agency.strip(), "instruction": "", "batch": pledge_id,
    }  # fmt: skip
    no = _write_receipt(receipt, [Kept("pledge", cents, 0, reference.strip())])
    number = receipt_number(SERIES, no)
    event.about(f"account:{account_id}", says=f"{agency.strip()} pledged {show(cents)}, receipt {number}.")
    return PledgeTaken(pledge_id, number, cents, on + timedelta(days), paid)


@act("payments.pledge_paid")
def pledge_paid(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, pledge_id: int, till: str, type: str, cents: int,
    reference: str, on: date,
) -> PledgePaid:  # fmt: skip
    """Take the agency's money for a pledge at a till: the pledge's item closes, the drawer has the check.

    :param type: ``check``, ``money_order`` or ``cash``
    :raises Refused: no such pledge, or more than is awaited of it
    :raises TillClosed: the drawer is not open to ``by``
    """
    check_cents(cents, field="cents")
    if type not in LINES:
        raise Refused(f"A till takes {', '.join(LINES)}.", field="type")
    if type == "check" and not reference.strip():
        raise Refused("A check has a number: write the one printed on it.", field="reference")
    pledge = Pledge.objects.filter(id=pledge_id).first()
    if pledge is None:
        raise Refused("There is no such pledge.", field="pledge_id")
    drawer = _lock(till, [pledge.account_id], by)
    loaded = load([pledge.account_id], on=on, till=till)
    session = _check_open(drawer, loaded.session, by, on)
    awaited = _awaited(pledge_id)
    if cents > awaited:
        says = f"{show(awaited)} of this pledge is awaited, and {show(cents)} is more."
        raise Refused(f"{says} Take the rest as a payment of the account.", field="cents")
    legs = [
        debit(DRAWERS, cents, "payment", document=session.document_id, line=LINES[type]),
        credit(PLEDGES, cents, "payment", document=pledge_id, line=1),
    ]
    txn_id = ledger._post(event, act="pledge_paid", posted_on=session.opened_on, effective_on=on, legs=legs)
    receipt: dict[str, Any] = {
        "series": drawer.series_id, "txn": txn_id, "account": None, "document": loaded.document_id, "on": on,
        "payer": pledge.agency, "instruction": f"pledge {pledge.reference}", "batch": session.document_id,
    }  # fmt: skip
    no = _write_receipt(receipt, [Kept(type, cents, 0, reference.strip())])
    number = receipt_number(drawer.code, no)
    event.about(
        f"account:{pledge.account_id}", says=f"{pledge.agency} paid {show(cents)} of its pledge, receipt {number}."
    )
    return PledgePaid(number, loaded.document_id, cents, awaited - cents)


def _awaited(pledge_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id where p.document_id = %s and p.sub = 1 and g.object = 1070",
            [pledge_id],
        )
        return int(cursor.fetchone()[0])


@dataclass(frozen=True)
class PledgeRow:
    """A pledge whose money is awaited."""

    id: int
    account_id: int
    number: str
    name: str
    agency: str
    reference: str
    cents: int
    awaited_cents: int
    accepted_on: date
    due_on: date
    receipt_id: int
    receipt: str


def list_pledges() -> tuple[PledgeRow, ...]:
    """Pledges whose money is awaited, the oldest first. One that is not kept is taken back on its receipt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select d.id, d.account_id, a.number, c.name, d.agency, d.reference, d.cents, i.cents, d.accepted_on,"
            " d.due_on, r.document_id, s.code, r.no from payments_pledge d"
            " join customers_account a on a.id = d.account_id"
            " join customers_customer c on c.id = a.customer_id"
            " join payments_tender x on x.batch_document_id = d.id and x.type = 'pledge'"
            " join payments_receipt r on (r.series_id, r.no) = (x.series_id, x.no)"
            " join payments_series s on s.id = r.series_id join lateral ("
            "   select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint cents from ledger_posting p"
            "   join ledger_gl g on g.id = p.gl_id where p.document_id = d.id and p.sub = 1 and g.object = 1070) i"
            " on i.cents > 0 order by d.due_on, d.id"
        )
        return tuple(_row(*row) for row in cursor.fetchall())


def _row(*row: Any) -> PledgeRow:
    values = [*row[:-2], receipt_number(row[-2], row[-1])]
    return PledgeRow(*values)
