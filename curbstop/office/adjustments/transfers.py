"""What was owed or paid in the wrong place: a charge or a credit of another account, money of another service."""

from __future__ import annotations

from django.db import connection

from curbstop.office import ledger
from curbstop.office._once import Refused
from curbstop.office.adjustments.credits import Line, get_lines
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed, names_of
from curbstop.rules.adjustments import NEW
from curbstop.rules.ledger import Leg, credit, debit, interfund
from curbstop.rules.ledger.legs import CREDIT
from curbstop.rules.money import show
from curbstop.rules.payments import check_cents

REASONS = {
    "wrong_customer": "Billed to the wrong customer",
    "moved_house": "The customer's old account, carried to the new one",
    "same_customer": "The same customer's other account",
    "wrong_service": "Paid on the wrong service",
    "paid_for_another": "Paid for somebody else",
}


def weigh_transfer(asked: Asked) -> Weighed:
    """A charge or a credit carried from one account to another: inputs ``from_account_id``, ``to_account_id``, and
    ``document_id`` (with ``line``) of what is owed, or ``cents`` of unapplied credit. A charge keeps document, line and
    age: the same bill, another debtor.

    :raises Refused: nothing is open there, or less credit than that
    """
    source, target = asked.number("from_account_id"), asked.number("to_account_id")
    if source == target:
        raise Refused("It is on this account already; choose the other one.", field="to_account_id")
    (_, from_number, from_name), (_, to_number, to_name) = names_of([source, target])
    between = f"from {from_name}, account {from_number}, to {to_name}, account {to_number}"
    if asked.inputs.get("document_id"):
        _refuse_landlord(source, target, from_name)
        return _weigh_charge(asked, source, target, between)
    return _weigh_credit(asked, source, target, between)


_LANDLORD = """
select exists (select 1 from customers_reversion v join customers_servicepoint s on s.premise_id = v.premise_id
  join customers_agreement g on g.service_point_id = s.id where v.account_id = %s and g.account_id = %s)"""


def _refuse_landlord(source: int, target: int, name: str) -> None:
    """Debt follows whoever held the agreement: a tenant's never moves to the landlord who holds the place after him."""
    with connection.cursor() as cursor:
        cursor.execute(_LANDLORD, [target, source])
        if cursor.fetchone()[0]:
            raise Refused(
                f"The debt of {name} stays with {name}; an owner is billed only for the days he is responsible.",
                field="to_account_id",
            )


def _weigh_charge(asked: Asked, source: int, target: int, between: str) -> Weighed:
    document, line = asked.number("document_id"), int(asked.inputs.get("line") or 0)
    lines = [one for one in get_lines(account_id=source, document_id=document, line=line) if one.open_cents > 0]
    if not lines:
        raise Refused("Nothing of it is open any more; what was paid is moved as a payment.", field="document_id")
    cents = sum(one.open_cents for one in lines)
    legs = [_leg_on(one, target, owes=True) for one in lines] + [_leg_on(one, source, owes=False) for one in lines]
    working = tuple(Step(one.says, show(one.open_cents)) for one in lines)
    says = f"Move what is owed, ${show(cents)}, {between}."
    entries = (Entry("move", interfund(legs), asked.on),)
    return Weighed(cents, (source, target), says, working, entries, held_cents=cents)


def _leg_on(line: Line, account_id: int, *, owes: bool) -> Leg:
    make = debit if owes else credit
    # the row that makes the item on the new account carries its age along
    due_on = line.due_on if owes else None
    return make(
        line.gl,
        line.open_cents,
        line.kind,
        account_id=account_id,
        document=line.document_id,
        line=line.line,
        due_on=due_on,
    )


def _weigh_credit(asked: Asked, source: int, target: int, between: str) -> Weighed:
    cents = asked.number("cents")
    check_cents(cents, field="cents")
    held = [item for item in ledger.get_open_items(source) if item.gl == CREDIT]
    there = sum(item.open_cents for item in held)
    if there < cents:
        raise Refused(f"The account holds {show(there)} of credit, which is less than {show(cents)}.", field="cents")
    legs, left = [], cents
    for item in held:
        used = min(item.open_cents, left)
        left -= used
        if used:
            legs.append(debit(CREDIT, used, "credit", account_id=source, document=item.document, line=item.line))
    legs.append(credit(CREDIT, cents, "credit", account_id=target, document=NEW, line=1))
    says = f"Move ${show(cents)} of credit {between}."
    working = (Step("Credit held", show(there)), Step("Stays there", show(there - cents)))
    return Weighed(cents, (source, target), says, working, (Entry("move", tuple(legs), asked.on),))


def weigh_services(asked: Asked) -> Weighed:
    """Money paid on one line of an account put on another: inputs ``account_id``, ``from_document_id``, ``from_line``,
    ``to_document_id``, ``to_line``, ``cents``. What the account owes does not change.

    :raises Refused: less was paid there, or less is open here
    """
    account_id, cents = asked.number("account_id"), asked.number("cents")
    check_cents(cents, field="cents")
    (source,) = get_lines(
        account_id=account_id, document_id=asked.number("from_document_id"), line=asked.number("from_line")
    )
    (target,) = get_lines(
        account_id=account_id, document_id=asked.number("to_document_id"), line=asked.number("to_line")
    )
    paid = source.charged_cents - source.open_cents
    if paid < cents:
        raise Refused(f"{source.says}: {show(paid)} was paid, which is less than {show(cents)}.", field="cents")
    if target.open_cents < cents:
        raise Refused(f"{target.says}: {show(target.open_cents)} is open, less than {show(cents)}.", field="cents")
    legs = interfund([
        debit(source.gl, cents, source.kind, account_id=account_id, document=source.document_id, line=source.line),
        credit(target.gl, cents, target.kind, account_id=account_id, document=target.document_id, line=target.line),
    ])  # fmt: skip
    ((_, number, name),) = names_of([account_id])
    says = f"Move ${show(cents)} that {name}, account {number}, paid on {source.says} to {target.says}."
    working = (
        Step(f"{source.says}: owed after", show(source.open_cents + cents)),
        Step(f"{target.says}: owed after", show(target.open_cents - cents)),
    )
    return Weighed(cents, (account_id,), says, working, (Entry("move", legs, asked.on),))
