"""A deposit that is let go: an exception to the written guideline, asked with its reason and approved by another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Step, Weighed, names_of
from curbstop.records.payments.refunds import DepositWaived
from curbstop.rules.money import show

REASONS = {
    "good_credit": "Letter of good credit from another utility",
    "hardship": "Hardship, by the city's rule",
    "our_error": "The office's error",
    "law": "A law does not allow it",
    "discretion": "Discretion of the supervisor, with the reason",
}


@dataclass(frozen=True)
class _Part:
    demand_id: int
    instalment: int
    due_on: date | None
    open_cents: int
    authority: str


_OPEN = """
select d.id, d.instalment, d.due_on, (d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0))::bigint, d.authority
from payments_depositdemand d
left join lateral (select sum(x.cents) cents from payments_depositwaived x where x.demand_id = d.id) w on true
left join lateral (
  select sum(p.credit_cents) - coalesce(sum(p.debit_cents) filter (where t.reverses_id is not null), 0) cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.line_no = 1 and p.sub = 3) paid on true
where d.account_id = %(account)s and d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0) > 0 order by d.id desc"""


def weigh_exception(asked: Asked) -> Weighed:
    """Let go what is asked of a deposit and not received: inputs ``account_id`` and, for a part of it, ``cents``.

    The parts asked last are let go first. What was received stays held; it goes back by a refund.

    :raises Refused: nothing is asked, or more than that
    """
    account_id = asked.number("account_id")
    ((_, number, name),) = names_of([account_id])
    parts = _parts(account_id)
    total = sum(part.open_cents for part in parts)
    cents = int(asked.inputs.get("cents") or total)
    if not total:
        raise Refused(f"No deposit is asked of account {number} that is not paid.", field="account_id")
    if not 0 < cents <= total:
        raise Refused(f"{show(total)} is asked of account {number}; {show(cents)} cannot be let go.", field="cents")
    taken = _taken(parts, cents)
    working = tuple(Step(f"Part {p.instalment}, by {p.authority}", show(p.open_cents)) for p in parts)
    says = f"Let {show(cents)} of the deposit of {name}, account {number}, go."
    return Weighed(cents, (account_id,), says, working, facts={"parts": [[id, part] for id, part in taken]})


def _parts(account_id: int) -> list[_Part]:
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"account": account_id})
        return [_Part(*row) for row in cursor.fetchall()]


def _taken(parts: list[_Part], cents: int) -> list[tuple[int, int]]:
    found = []
    for part in parts:
        if let := min(part.open_cents, cents):
            found.append((part.demand_id, let))
            cents -= let
    return found


def post_exception(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Keep what was let go; nothing is posted, since a deposit asked for is no money yet."""
    DepositWaived.objects.bulk_create(
        DepositWaived(demand_id=id, request_id=asked.request_id, cents=cents, event_id=event.id)
        for id, cents in weighed.facts["parts"]
    )
    return ()
