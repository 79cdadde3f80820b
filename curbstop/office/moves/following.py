"""What follows a move: the order for the field, the letters that go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from curbstop.office import _orders, policies
from curbstop.office._events import Acting
from curbstop.office.deposits import Checked
from curbstop.office.ledger.statements import array, ask
from curbstop.office.payments.returning import queue_letter
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet

WELCOME, ADVERSE = "welcome", "adverse_action"
RIGHTS = (
    "You have a right to a free copy of your report from the bureau within 60 days, and to dispute with the bureau"
    " whatever in it is wrong. The bureau did not decide, and cannot say why we did."
)
"""Fair Credit Reporting Act, section 615(a)."""


def send_field(
    event: Acting,
    *,
    kind: str,
    premise_id: int,
    account_id: int,
    on: date,
    unread: Sequence[str],
    agreements: Sequence[int] = (),
    window: str = "",
) -> int | None:
    """Write the order that reads the meters of the day and turns water on or off; its id, None where none is needed.

    One who leaves and one who comes on the same day have one order, a transfer read, and the water stays on.

    :param kind: ``connect``, ``disconnect`` or ``transfer_read``
    :param unread: meters without a read of the day; none: the field has nothing to do
    :param agreements: what begins on the day that water runs, of a connect order
    """
    if not unread or on < _orders.city_time(event.at).date():
        return None
    if kind != "transfer_read" and _hands_over(premise_id, on):
        kind = "transfer_read"
    for open_order in _orders.list_open_at(premise_id):
        if open_order.type == kind == "transfer_read":
            event.about(f"order:{open_order.order_id}")
            return int(open_order.order_id)
        if kind == "transfer_read" and open_order.type == "disconnect":
            reason = "Somebody starts there the same day: one read for both, and water stays on."
            _orders.cancel_order(event, order_id=open_order.order_id, reason=reason)
    raised = _orders.raise_order(
        event,
        type=kind,
        premise_id=premise_id,
        account_id=account_id,
        on=on,
        window=window if kind == "connect" else "",
        given={"agreements": list(agreements)} if kind == "connect" else {},
    )
    return int(raised.order_id)


_HANDS_OVER = """
select exists (select 1 from customers_servicepoint s join customers_agreement g on g.service_point_id = s.id
  join customers_agreement n on n.service_point_id = s.id
  where s.premise_id = %(premise)s::bigint and upper(g.during) = %(on)s::date and lower(n.during) = %(on)s::date)"""


def _hands_over(premise_id: int, on: date) -> bool:
    return bool(ask(_HANDS_OVER, {"premise": premise_id, "on": on})[0][0])


def take_back_orders(event: Acting, move_event_id: int, reason: str) -> None:
    """Cancel the open orders that a move wrote."""
    rows = ask(
        "select o.id from orders_order o left join orders_order f on f.id = o.first_id"
        " where coalesce(f.event_id, o.event_id) = any(%(events)s::bigint[]) and not exists"
        " (select 1 from orders_end e where e.order_id = o.id) order by o.id",
        {"events": array([move_event_id])},
    )
    for (order_id,) in rows:
        _orders.cancel_order(event, order_id=order_id, reason=reason)


def queue_welcome(
    event: Acting,
    *,
    account_id: int,
    address: str,
    on: date,
    fee_cents: int,
    parts: Sequence[tuple[int, date | None]],
    services: Sequence[str],
) -> None:
    """The letter that tells what was agreed: where, from when, the deposit in its parts, the fee."""
    deposit = " + ".join(f"${show(cents)}" for cents, _ in parts)
    told = [f"Welcome to {address}. Your service begins on {on:%B} {on.day}, {on.year}: {', '.join(services)}."]
    if deposit:
        told.append(f"Your deposit is {deposit}.")
    if fee_cents:
        told.append(f"The ${show(fee_cents)} new-service fee comes on the first bill.")
    facts = {
        "address": address,
        "on": on.isoformat(),
        "fee_cents": fee_cents,
        "deposit_cents": [cents for cents, _ in parts],
        "deposit_due_on": [due.isoformat() if due else None for _, due in parts],
        "services": list(services),
        "paragraphs": _told_of_parts(parts),
        "phone": _text("office.phone", on),
        "hours": _text("office.hours", on),
    }
    queue_letter(event, account_id=account_id, kind=WELCOME, says=" ".join(told), facts=facts, on=on)


def _told_of_parts(parts: Sequence[tuple[int, date | None]]) -> list[str]:
    """The parts of a deposit, each with its day, where there are several or a day."""
    said = [
        f"Part {no} of {len(parts)} of the deposit, ${show(cents)}, is due"
        f" {f'on {due.isoformat()}' if due else 'with a bill'}."
        for no, (cents, due) in enumerate(parts, 1)
        if len(parts) > 1 or due
    ]
    return [*said, "Keep this letter: it says what was agreed. If anything in it is wrong, tell us."]


def queue_adverse(
    event: Acting, *, account_id: int, checks: Sequence[Checked], adverse: Sequence[str], says: str, on: date
) -> None:
    """The notice to each adult whose own grade asked for more: score, range, factors, day, bureau, rights.

    Fair Credit Reporting Act, section 615(a) and (h): a larger deposit by a consumer report is adverse action.
    """
    for check in checks:
        if check.name not in adverse:
            continue
        facts = {
            "name": check.name,
            "score": check.score,
            "least": check.least,
            "most": check.most,
            "factors": list(check.factors),
            "bureau": check.bureau,
            "checked_on": check.checked_on.isoformat(),
            "paragraphs": [
                f"This notice is for {check.name}. A report of {check.bureau} set the deposit, in whole or in part.",
                *([f"What weighed most on the score: {'; '.join(check.factors)}."] if check.factors else []),
                RIGHTS,
            ],
        }
        span = f", on a scale from {check.least} to {check.most}" if check.most else ""
        told = (
            f"{says} Your score of {check.checked_on:%B} {check.checked_on.day}, {check.checked_on.year} from"
            f" {check.bureau} was {check.score}{span}."
        )
        queue_letter(event, account_id=account_id, kind=ADVERSE, says=told, facts=facts, on=on)


def _text(id: str, on: date) -> str:
    try:
        return policies.load(id).text(id, on=on)
    except NotSet:
        return ""
