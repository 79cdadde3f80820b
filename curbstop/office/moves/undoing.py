"""Undo: a start, a transfer or a stop that did not happen after all, until the field has done it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office import search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.ledger.statements import array, ask
from curbstop.office.moves.following import take_back_orders
from curbstop.office.moves.recording import void
from curbstop.office.moves.reverting import lock_premise
from curbstop.records.customers.models import Move, MoveUndone
from curbstop.records.payments.refunds import DepositWaived
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.money import show

REASONS = {
    "changed_mind": "The customer thought better of it",
    "wrong_address": "It was the wrong address",
    "our_error": "The office entered it in error",
}


@dataclass(frozen=True)
class MoveRow:
    """A move of an account, newest first. ``can_undo``: nothing stands in the way that is known before it is tried."""

    id: int
    kind: str
    account_id: int
    premise_id: int
    address: str
    from_premise_id: int | None
    from_address: str
    on: date
    at: datetime
    by: str
    undone: str
    undone_words: str
    can_undo: bool


@dataclass(frozen=True)
class VoidedRow:
    """An agreement that never was, as it stood."""

    service: str
    address: str
    tariff: str
    from_on: date
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Undone:
    """What an undo did: agreements that never were, those that go on, what is asked for no longer."""

    voided: tuple[int, ...]
    reopened: tuple[int, ...]
    charges_cents: int
    deposit_cents: int
    says: str


@act("moves.undo")
def undo(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, move_id: int, on: date, reason: str, words: str = ""
) -> Undone:
    """Undo a start, a transfer or a stop. What it began is voided and kept as it stood, what it ended goes on.

    Its waiting fee is billed no more; a deposit that it asked for and nobody paid is asked no more (at a wrong address
    it stays asked, for the right one). Reads stay: a meter showed what it showed.

    :param reason: one of :data:`REASONS`; a change of mind is taken until the field has done the order
    :param words: more of it, in a sentence
    :raises Refused: undone already, billed, done in the field, followed by another move, or somebody else is there now
    """
    check_choice(reason, tuple(REASONS), field="reason")
    said = check_text(words, field="words", longest=500) or REASONS[reason]
    move = Move.objects.filter(pk=move_id).first()
    if move is None:
        raise Refused("There is no such move; the account's timeline lists them.", field="move_id")
    event.about(f"account:{move.account_id}", f"premise:{move.premise_id}")
    refuse_own(by, [move.account_id])
    lock_accounts([move.account_id])
    for premise in sorted({move.premise_id, move.from_premise_id or move.premise_id}):
        lock_premise(premise)
    _refuse(move, reason)
    holders = _holders([*move.begun, *move.ended])
    take_back_orders(event, move.event_id, f"The {move.kind} was undone: {said}")
    void(event, move.begun, reason=reason)
    _reopen(move)
    cents = _let_charges_go(move)
    deposit = 0 if reason == "wrong_address" or move.kind != "start" else _let_deposit_go(event, move)
    MoveUndone.objects.create(move=move, reason=reason, words=said, event_id=event.id)
    search.refresh(sorted({move.account_id, *holders}))
    event.about(*(f"account:{holder}" for holder in sorted(holders)))
    told = f"{move.kind.capitalize()} of {move.on.isoformat()} undone: {said.rstrip('.')}."
    if cents:
        told += f" The fee of {show(cents)} is not billed."
    if deposit:
        told += f" {show(deposit)} of deposit is asked no more."
    event.about(says=told)
    return Undone(tuple(move.begun), tuple(move.ended), cents, deposit, told)


_WAYS = """
select
  exists (select 1 from customers_moveundone u where u.move_id = %(move)s::bigint),
  (select min(m.id) from customers_move m where m.id > %(move)s::bigint and m.ended && %(begun)s::bigint[]
    and not exists (select 1 from customers_moveundone u where u.move_id = m.id)),
  (select min(e.done_on) from orders_order o join orders_end e on e.order_id = o.id
    left join orders_order f on f.id = o.first_id
    where coalesce(f.event_id, o.event_id) = %(event)s::bigint and e.outcome = 'done'),
  (select count(*) from bills_chargebilled b where b.charge_id = any(%(charges)s::bigint[]))"""


def _refuse(move: Move, reason: str) -> None:
    values = {
        "move": move.pk, "begun": array(move.begun), "event": move.event_id, "charges": array(move.charges),
    }  # fmt: skip
    ((undone, later, done_on, billed),) = ask(_WAYS, values)
    if undone:
        raise Refused("This was undone already.", field="move_id")
    if later is not None:
        raise Refused("Another move followed it; undo that one first.", field="move_id")
    if done_on is not None and reason == "changed_mind":
        raise Refused(
            f"The field did it on {done_on.isoformat()}. Stop or start the service instead; an entry in error or at a"
            " wrong address can still be voided.",
            field="reason",
        )
    if billed:
        raise Refused("Its fee is on a bill. Ask for an adjustment of it first.", field="move_id")
    _refuse_taken(move)


_TAKEN = """
select s.service, c.name, a.number, lower(o.during) from customers_agreement g
join customers_servicepoint s on s.id = g.service_point_id
join customers_agreement o on o.service_point_id = g.service_point_id and o.id <> g.id
  and o.during && daterange(upper(g.during), null) and o.id <> all(%(begun)s::bigint[])
join customers_account a on a.id = o.account_id join customers_customer c on c.id = a.customer_id
where g.id = any(%(ended)s::bigint[]) order by g.id limit 1"""


def _refuse_taken(move: Move) -> None:
    """What ended cannot go on where somebody else began since."""
    found = ask(_TAKEN, {"ended": array(move.ended), "begun": array(move.begun)})
    if found:
        service, name, number, from_on = found[0]
        raise Refused(
            f"{service.capitalize()} there is {name}'s (account {number}) from {from_on.isoformat()}; it cannot go on"
            " for this account. Undo or stop theirs first.",
            field="move_id",
        )


def _holders(agreements: Sequence[int]) -> set[int]:
    rows = ask(
        "select distinct account_id from customers_agreement where id = any(%(ids)s::bigint[])",
        {"ids": array(agreements)},
    )
    return {row[0] for row in rows}


def _reopen(move: Move) -> None:
    """What it ended goes on, open-ended as it was: only a running agreement can be ended by a move."""
    ask(
        "update customers_agreement set during = daterange(lower(during), null)"
        " where id = any(%(ids)s::bigint[]) returning id",
        {"ids": array(move.ended)},
    )


def _let_charges_go(move: Move) -> int:
    rows = ask(
        "select coalesce(sum(cents), 0)::bigint from bills_charge where id = any(%(ids)s::bigint[])",
        {"ids": array(move.charges)},
    )
    return int(rows[0][0])


_UNPAID = """
select d.id, (d.cents - coalesce(w.cents, 0) - coalesce(paid.cents, 0))::bigint from payments_depositdemand d
left join lateral (select sum(x.cents) cents from payments_depositwaived x where x.demand_id = d.id) w on true
left join lateral (
  select sum(p.credit_cents) - coalesce(sum(p.debit_cents) filter (where t.reverses_id is not null), 0) cents
  from ledger_posting p join ledger_transaction t on t.id = p.txn_id
  where p.account_id = d.account_id and p.document_id = d.document_id and p.line_no = 1 and p.sub = 3) paid on true
where d.event_id = %(event)s::bigint order by d.id"""


def _let_deposit_go(event: Acting, move: Move) -> int:
    """What nobody paid is asked no more; what was paid stays held, and goes back by a refund."""
    rows = [(id, cents) for id, cents in ask(_UNPAID, {"event": move.event_id}) if cents > 0]
    DepositWaived.objects.bulk_create(DepositWaived(demand_id=id, cents=cents, event_id=event.id) for id, cents in rows)
    return sum(cents for _, cents in rows)


# --- reads ------------------------------------------------------------------------------------------------------------

_MOVES = """
select m.id, m.kind, m.account_id, m.premise_id, p.address, m.from_premise_id, coalesce(f.address, ''), m."on", e.at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, ''), coalesce(x.reason, ''),
  coalesce(x.words, ''), x.move_id is null and not exists (select 1 from bills_outcome o
    where o.agreement_id = any(m.begun) and o.code = 'billed')
from customers_move m join customers_premise p on p.id = m.premise_id
left join customers_premise f on f.id = m.from_premise_id join base_event e on e.id = m.event_id
left join base_user u on u.id = e.by_id left join customers_moveundone x on x.move_id = m.id
where m.account_id = %(account)s::bigint order by m.id desc limit 20"""


def list_moves(*, account_id: int) -> tuple[MoveRow, ...]:
    """The moves of an account, newest first, with those undone."""
    return tuple(MoveRow(*row) for row in ask(_MOVES, {"account": account_id}))


_VOIDED = """
select s.service, p.address, v.tariff_id, lower(v.during), v.reason, e.at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, '')
from customers_voided v join customers_servicepoint s on s.id = v.service_point_id
join customers_premise p on p.id = s.premise_id join base_event e on e.id = v.event_id
left join base_user u on u.id = e.by_id
where v.account_id = %(account)s::bigint order by v.id desc limit 20"""


def list_voided(*, account_id: int) -> tuple[VoidedRow, ...]:
    """The account's agreements that never were."""
    return tuple(VoidedRow(*row) for row in ask(_VOIDED, {"account": account_id}))
