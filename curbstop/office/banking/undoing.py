"""A match that was wrong, undone: what it posted is mirrored, and its lines and deposits wait again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.banking.matching import _hold
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.banking import BankMatch, BankMatchLine, BankMatchUndone, BankSettled
from curbstop.rules.ledger import reverse
from curbstop.rules.money import show


@dataclass(frozen=True)
class MatchUndone:
    """A match undone: how many lines of the bank and items of ours wait again, and the mirrors that were posted."""

    match_id: int
    lines: int
    items: int
    cents: int
    txn_ids: tuple[int, ...]


@act("banking.undo_match")
def undo_match(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, match_id: int, reason: str, on: date
) -> MatchUndone:
    """Undo a match with the bank on the accounting day ``on``. The match stays on file beside its undoing.

    :param on: an open day, the day of the match or after; a reconciliation of a day before it still has the match
    :raises Refused: no such match, one that is undone, no reason, a day before the match
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    if not reason.strip():
        raise Refused("Say what was wrong with it: whose money it is, by what paper.", field="reason")
    _hold()
    match = BankMatch.objects.filter(id=match_id).first()
    if match is None:
        raise Refused(f"There is no match {match_id} with the bank.", field="match_id")
    before = BankMatchUndone.objects.filter(match=match).first()
    if before is not None:
        says = f"This match was undone on {before.on.isoformat()}: {before.reason}"
        raise Refused(f"{says}. Its lines wait to be matched again.", field="match_id")
    if on < match.on:
        raise Refused(f"It was matched on {match.on.isoformat()}; undo it on that day or later.", field="on")
    settled = list(BankSettled.objects.filter(match=match).order_by("id"))
    lines = list(BankMatchLine.objects.filter(match=match).values_list("line_id", flat=True))
    txn_ids = tuple(_mirror(event, txn_id, on) for txn_id in _posted(match, settled))
    BankMatchUndone.objects.create(match=match, on=on, reason=reason.strip(), by_id=by.id, at=at, event_id=event.id)
    cents = sum(one.cents for one in settled)
    event.about(
        *(f"line:{id}" for id in lines),
        *(f"document:{one.document_id}" for one in settled),
        says=f"Match {match_id} with the bank, {show(cents)}, undone: {reason.strip()}.",
    )
    return MatchUndone(match_id, len(lines), len(settled), cents, txn_ids)


def _posted(match: BankMatch, settled: list[BankSettled]) -> list[int]:
    """What a match posted: of each item, or the fee that the bank took by itself."""
    if settled or not match.fee_cents:
        return [one.txn_id for one in settled]
    found = Transaction.objects.filter(event_id=match.event_id, act="bank_debited").order_by("id")
    return list(found.values_list("id", flat=True))


def _mirror(event: Acting, txn_id: int, on: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select posted_on from ledger_transaction where id = %s", [txn_id])
        (posted_on,) = cursor.fetchone()
    return ledger._post(
        event, act="unmatch", posted_on=on, effective_on=on, legs=reverse(ledger.get_legs(txn_id)), reverses=txn_id,
        kinds_on=posted_on,
    )  # fmt: skip
