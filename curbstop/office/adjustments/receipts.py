"""Receipts put right by two people: voided on the same day out of the same drawer, or moved to the right account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed, names_of, post_entries
from curbstop.office.payments import undoing
from curbstop.office.payments.moving import list_moved, released, standing_legs
from curbstop.office.payments.owing import load
from curbstop.office.payments.taking import receipt_number
from curbstop.records.payments.models import Moved, Reversal
from curbstop.rules.ledger import Leg, credit, interfund, object_of, reverse
from curbstop.rules.ledger.legs import CREDIT
from curbstop.rules.money import show
from curbstop.rules.payments import apply
from curbstop.rules.policies import NotSet

VOID_REASONS = {
    "wrong_account": "Taken on the wrong account",
    "wrong_amount": "Taken with the wrong amount",
    "wrong_tender": "Entered as the wrong tender",
    "customer_changed": "The customer changed his mind at the window",
    "taken_twice": "Taken twice",
}
MOVE_REASONS = {
    "wrong_account": "Taken on the wrong account",
    "wrong_stub": "The stub or the payer named the wrong account",
    "other_customer": "It was another customer's money",
}
SAME_DAY = "same day, drawer still open"


@dataclass(frozen=True)
class Receipt:
    """A receipt as a request finds it. ``session_id`` 0: it was not taken at a till."""

    series_id: int
    no: int
    series: str
    txn_id: int
    document_id: int
    cents: int
    effective_on: date
    posted_on: date
    taken_by: int
    taken_by_name: str
    till_id: int
    session_id: int
    counted: bool
    closed: bool
    deposited: bool
    reversed: bool

    @property
    def number(self) -> str:
        """What people say: the series and the number."""
        return receipt_number(self.series, self.no)


_RECEIPT = """
select r.series_id, r.no, s.code, r.txn_id, r.document_id, r.cents, r.effective_on, t.posted_on, t.by,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), coalesce(i.till_id, 0), coalesce(i.id, 0),
  exists (select from payments_tillcount c where c.session_id = i.id),
  exists (select from payments_tillclose c where c.session_id = i.id),
  exists (select from payments_slipsession d where d.session_id = i.id),
  exists (select from payments_reversal v where (v.series_id, v.no) = (r.series_id, r.no))
from payments_receipt r join payments_series s on s.id = r.series_id join ledger_transaction t on t.id = r.txn_id
join base_user u on u.id = t.by
left join payments_tillsession i on i.document_id in (
  select x.batch_document_id from payments_tender x where (x.series_id, x.no) = (r.series_id, r.no))
where s.code = %s and r.no = %s"""


def get_receipt(inputs: Mapping[str, Any]) -> Receipt:
    """The receipt that inputs ``series`` and ``no`` name. :raises Refused: there is none"""
    series, no = str(inputs.get("series", "")), inputs.get("no")
    with connection.cursor() as cursor:
        cursor.execute(_RECEIPT, [series, no if isinstance(no, int) else None])
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no receipt {series}-{no}. Look the payment up on the account.", field="no")
    return Receipt(*row)


def accounts_of(inputs: Mapping[str, Any]) -> tuple[int, ...]:
    """The accounts of a receipt, and those that the inputs name."""
    named = [inputs.get(name) for name in ("from_account_id", "to_account_id")]
    found = get_receipt(inputs)
    paid = (leg.account_id for leg in ledger.get_legs(found.txn_id) if leg.account_id is not None)
    return tuple(dict.fromkeys([*(id for id in named if isinstance(id, int)), *sorted(paid)]))


def lock_till(asked: Asked) -> None:
    """Hold the drawer of a receipt, so that it is not counted while a payment is taken out of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from payments_till where id = %s for no key update", [get_receipt(asked.inputs).till_id]
        )


# --- void -------------------------------------------------------------------------------------------------------------


def weigh_void(asked: Asked) -> Weighed:
    """A receipt of today out of a drawer that is still open, mirrored exactly: inputs ``series`` and ``no``.

    What was applied since from its remainder is undone first, newest first. The receipt keeps its number.

    :raises Refused: another day, a counted or closed drawer, taken back already, what it left was given back since, or
        the city has no rule for voids
    """
    _check_void_allowed(asked.on)
    receipt = get_receipt(asked.inputs)
    _check_same_drawer(receipt, asked.on)
    legs = ledger.get_legs(receipt.txn_id)
    if released(legs) != legs:
        says = f"A bill that receipt {receipt.number} paid was cancelled since, and its money pays the one in its place"
        raise Refused(f"{says}. Take the payment back instead of voiding it.", field="no")
    uses = undoing._uses(legs)
    _check_still_held(receipt, legs, [leg for use in uses for leg in use.legs])
    entries = [*(_undo(use, asked.on) for use in uses), _mirror(receipt, legs)]
    accounts = tuple(sorted({leg.account_id for entry in entries for leg in entry.legs if leg.account_id is not None}))
    if not accounts:
        says = f"Receipt {receipt.number} paid no account: it is money for an agency's pledge."
        raise Refused(f"{says} Take it back as misposted instead of voiding it.", field="no")
    people = ", ".join(name for _, _, name in names_of(accounts))
    says = (
        f"Void receipt {receipt.number} of ${show(receipt.cents)}, {people}: what it paid is owed again, line by line."
    )
    working = (Step("Receipt", receipt.number), Step("Out of the drawer", show(receipt.cents)))
    not_by = {receipt.taken_by: f"{receipt.taken_by_name} took this payment; a void needs a second person."}
    return Weighed(receipt.cents, accounts, says, working, tuple(entries), not_by=not_by)


def _undo(use: undoing._Use, on: date) -> Entry:
    return Entry("unapply", undoing.undone_legs(use), on, reverses=use.txn_id, kinds_on=use.posted_on)


def _mirror(receipt: Receipt, legs: Sequence[Leg]) -> Entry:
    return Entry("void", reverse(legs), receipt.effective_on, reverses=receipt.txn_id, kinds_on=receipt.posted_on)


def _check_void_allowed(on: date) -> None:
    rules = policies.load("void.when", "void.second_person")
    try:
        when = rules.text("void.when", on=on)
    except NotSet as missing:
        raise Refused(f"{missing}. {missing.says} Take the payment back instead.", field="void.when") from missing
    if when != SAME_DAY:
        says = f"void.when is {when!r}, which the office cannot follow"
        raise Refused(f"{says}; the one rule for voids is {SAME_DAY!r}.", field="void.when")
    try:
        alone = not rules.yes("void.second_person", on=on)
    except NotSet:
        alone = False
    if alone:
        raise Refused("void.second_person is no, but a void takes two people here; set it to yes.", field="void.when")


def _check_same_drawer(receipt: Receipt, on: date) -> None:
    if not receipt.session_id:
        says = f"Receipt {receipt.number} was not taken at a till, so there is no drawer to take it out of."
        raise Refused(f"{says} Take the payment back, or move it.", field="no")
    if receipt.reversed:
        raise Refused(f"Receipt {receipt.number} is taken back already; a payment is taken back once.", field="no")
    if list_moved(receipt.series_id, receipt.no):
        raise Refused(f"Money of receipt {receipt.number} was moved to another account; take it back.", field="no")
    if receipt.posted_on == on and not receipt.counted:
        return
    where = "a closed drawer" if receipt.closed else "a drawer that is counted" if receipt.counted else "an old drawer"
    where += " and in a bank deposit" if receipt.deposited else ""
    says = f"Receipts of {receipt.posted_on.isoformat()} are in {where}; a receipt is voided on the same day only"
    raise Refused(f"{says}. Correct it by a request to the supervisor dated today.", field="no")


def _check_still_held(receipt: Receipt, legs: Sequence[Leg], undone: Sequence[Leg]) -> None:
    """:raises Refused: a deposit or credit that the receipt made was refunded, applied or moved since"""
    back = _credit_back(undone)
    for leg in legs:
        if not undoing._is_held(leg):
            continue
        held = undoing._left(leg) + (back.get((leg.account_id, leg.document, leg.line), 0) if leg.gl == CREDIT else 0)
        if held < leg.credit_cents:
            gone = show(leg.credit_cents - held)
            says = f"{gone} that receipt {receipt.number} left as deposit or credit was given back or used since"
            raise Refused(f"{says}, so it cannot be voided. Take the payment back instead.", field="no")


def _credit_back(undone: Sequence[Leg]) -> dict[tuple[int | None, int | None, int | None], int]:
    """Credit that is there again once these legs are undone, by its item."""
    back: dict[tuple[int | None, int | None, int | None], int] = {}
    for leg in undone:
        if leg.gl == CREDIT:
            place = (leg.account_id, leg.document, leg.line)
            back[place] = back.get(place, 0) + leg.debit_cents - leg.credit_cents
    return back


def post_void(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Post a void and mark the receipt; both its copies say so from now on."""
    txn_ids = post_entries(event, asked, weighed)
    receipt = get_receipt(asked.inputs)
    reason = VOID_REASONS[asked.reason] + (f": {asked.words}" if asked.words else "")
    Reversal.objects.create(
        series_id=receipt.series_id, no=receipt.no, txn_id=txn_ids[-1], why="voided", reason=reason, event_id=event.id
    )
    event.about(f"receipt:{receipt.document_id}")
    return txn_ids


# --- move -------------------------------------------------------------------------------------------------------------


def weigh_move(asked: Asked) -> Weighed:
    """Money of a receipt put on the account it was meant for, with its own day: inputs ``series``, ``no``,
    ``from_account_id``, ``to_account_id``, and ``cents`` when it is only a part.

    Cash, bank and total receivable do not change, nor any closed day; the receipt keeps its number and its date.

    :raises Refused: nothing of the receipt is on that account, it is taken back, or it paid a deposit there
    """
    receipt = get_receipt(asked.inputs)
    source, target = asked.number("from_account_id"), asked.number("to_account_id")
    if source == target:
        raise Refused("It is on this account already; choose the other one.", field="to_account_id")
    (_, from_number, from_name), (_, to_number, to_name) = names_of([source, target])
    if receipt.reversed:
        raise Refused(f"Receipt {receipt.number} is taken back; there is nothing to move.", field="no")
    there = [leg for leg in standing_legs(receipt.series_id, receipt.no, receipt.txn_id) if leg.account_id == source]
    part = _part(receipt, there, int(asked.inputs.get("cents") or 0), from_number)
    cents = sum(leg.credit_cents for leg in part)
    uses = undoing._uses(part)
    off = _off(receipt, part, asked.on, undone=[leg for use in uses for leg in use.legs])
    onto, working = _onto(receipt, target, cents)
    entry = Entry("move", interfund([*off, *onto]), receipt.effective_on)
    says = f"Move ${show(cents)} of receipt {receipt.number} from {from_name}, account {from_number}, to {to_name},"
    says += f" account {to_number}; the money was here on {receipt.effective_on.isoformat()}."
    not_by = {receipt.taken_by: f"{receipt.taken_by_name} took this payment."}
    entries = (*(_undo(use, asked.on) for use in uses), entry)
    accounts = dict.fromkeys([source, target, *(leg.account_id for e in entries for leg in e.legs if leg.account_id)])
    return Weighed(cents, tuple(accounts), says, working, entries, not_by=not_by)


def _part(receipt: Receipt, there: Sequence[Leg], cents: int, number: str) -> list[Leg]:
    """The legs to take off, the last paid first: what stayed as credit, then the lines from the last."""
    if any(object_of(leg.gl) == 2210 for leg in there):
        says = f"Receipt {receipt.number} paid a deposit on account {number}, which is not moved"
        raise Refused(f"{says}; take the payment back as misposted, and name its account.", field="no")
    paid = sum(leg.credit_cents for leg in there)
    if not paid:
        raise Refused(f"Nothing of receipt {receipt.number} is on account {number}.", field="from_account_id")
    if cents < 0 or cents > paid:
        raise Refused(f"{show(paid)} of the receipt is on account {number}, not {show(cents)}.", field="cents")
    left, part = cents or paid, []
    there = there[::-1]
    for leg in (*(one for one in there if one.gl == CREDIT), *(one for one in there if one.gl != CREDIT)):
        used = min(leg.credit_cents, left)
        left -= used
        if used:
            part.append(replace(leg, credit_cents=used))
    return list(reversed(part))


def _off(receipt: Receipt, part: Sequence[Leg], on: date, undone: Sequence[Leg]) -> list[Leg]:
    """What the money had paid is owed again; what was refunded of it meanwhile is owed again on 1260."""
    back = _credit_back(undone)
    off: list[Leg] = []
    for leg in part:
        held = leg.credit_cents
        if leg.gl == CREDIT:
            held = min(undoing._left(leg) + back.get((leg.account_id, leg.document, leg.line), 0), leg.credit_cents)
        if held:
            off.append(replace(leg, debit_cents=held, credit_cents=0, due_on=None))
        if leg.credit_cents > held:
            off.append(undoing._owed_again(leg, leg.credit_cents - held, receipt.document_id, on))
    return off


def _onto(receipt: Receipt, account_id: int, cents: int) -> tuple[list[Leg], tuple[Step, ...]]:
    """What the money pays on the right account by policy, as of the day it came; the rest stays there as credit."""
    try:
        loaded = load([account_id], on=receipt.effective_on)
    except NotSet as missing:
        raise Refused(f"{missing}. {missing.says}", field=missing.policy) from missing
    owing = loaded.accounts[account_id]
    targets = [target for target in owing.targets if not target.is_demand]
    applied, rest = apply(cents, targets, loaded.policy, on=receipt.effective_on)
    legs = [credit(a.gl, a.cents, a.kind, account_id=account_id, document=a.document, line=a.line) for a in applied]
    working = [Step(f"Pays {owing.says.get(a.kind, a.kind)}", show(a.cents)) for a in applied]
    if rest:
        legs.append(credit(CREDIT, rest, "credit", account_id=account_id, document=receipt.document_id, line=1))
        working.append(Step("Stays there as credit", show(rest)))
    return legs, tuple(working)


def post_move(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Post a move, and keep with the receipt where its money went."""
    receipt = get_receipt(asked.inputs)
    txn_ids = post_entries(event, asked, weighed)
    Moved.objects.create(
        txn_id=txn_ids[-1], series_id=receipt.series_id, no=receipt.no, from_account_id=asked.number("from_account_id"),
        to_account_id=asked.number("to_account_id"), cents=weighed.cents, event_id=event.id,
    )  # fmt: skip
    if len(weighed.entries) > 1:  # what was undone of other money is applied again
        undoing._apply_all(event, sorted(weighed.account_ids), asked.on, asked.on)
    event.about(f"receipt:{receipt.document_id}")
    return txn_ids
