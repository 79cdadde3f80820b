"""The end of a request: approved by a second person and posted, refused with a reason, or withdrawn by the asker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.adjustments.kinds import Kind, kind_of
from curbstop.office.adjustments.weighing import Asked, Weighed
from curbstop.office.adjustments.windows import level_for
from curbstop.office.payments.returning import queue_letter
from curbstop.records.ledger.models import Evidence, Request, Verdict
from curbstop.rules.customers import check_text
from curbstop.rules.money import show


@dataclass(frozen=True)
class Decided:
    """A request at its end: ``step`` approved, refused or withdrawn; what was posted; what the customer is told."""

    request_id: int
    kind: str
    step: str
    cents: int
    level: str
    txn_ids: tuple[int, ...]
    says: str
    letter: tuple[str, ...] = ()


def _about(values: Mapping[str, Any]) -> Iterable[str]:
    """Whom an attempt without the right to decide was about."""
    row = Request.objects.filter(id=values["request_id"]).first()
    return [f"request:{row.pk}", *(f"account:{id}" for id in row.account_ids)] if row is not None else []


@act("adjustments.approve", about=_about)
def approve(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, request_id: int, on: date, words: str = ""
) -> Decided:
    """Approve a request as the second person; only now is anything posted.

    The figure is worked out again first: if it is not what was asked, nothing is approved, and the refusal says from
    what to what.

    :param on: the accounting day it is posted on
    :raises Refused: who asked cannot approve; above one's limit (it says to whom it goes); decided already; without
        evidence; another figure by now; one's own account
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    row = _hold(event, request_id)
    kind = kind_of(row.kind)
    _check_second_person(row, by)
    refuse_own(by, row.account_ids)
    if kind.evidence and not Evidence.objects.filter(request=row).exists():
        raise Refused("There is no evidence on this request; refuse it, or ask for it again with the paper.")
    asked = Asked(row.kind, row.inputs, row.reason, row.asked_by_id, on, row.pk, row.words)
    if kind.lock is not None:
        kind.lock(asked)
    lock_accounts(row.account_ids)
    weighed = _weigh_again(kind, asked, row, by)
    level = level_for(kind, by.roles, weighed, on, row.pk)
    if not level.role:
        raise Refused(f"{_capital(level.why)}.", field="request_id")
    _write(event, row, by, at, on, "approved", level.role, check_text(words, field="words", longest=500))
    txn_ids = kind.post(event, asked, weighed)
    event.about(says=f"Approved, asked by {row.asked_by}: {weighed.says}")
    letter = kind.letter(asked, weighed) if kind.letter else ()
    _queue_letters(event, row, weighed, letter, on)
    return Decided(row.pk, row.kind, "approved", weighed.cents, level.role, txn_ids, weighed.says, letter)


def _queue_letters(event: Acting, row: Request, weighed: Weighed, letter: tuple[str, ...], on: date) -> None:
    """Put what the customer is told among the letters to be made; each account has its own where several are told."""
    told = weighed.facts.get("letters") or ({row.account_ids[0]: letter} if letter else {})
    for account_id, paragraphs in told.items():
        queue_letter(
            event, account_id=int(account_id), kind=f"{row.kind}_letter", says=paragraphs[0],
            facts={"paragraphs": list(paragraphs[1:]), "request": row.pk}, on=on,
        )  # fmt: skip


def _check_second_person(row: Request, by: Actor) -> None:
    if row.asked_by_id == by.id:
        raise Refused("Who asked cannot approve; a second person does. It waits in the queue.", field="request_id")


def _weigh_again(kind: Kind, asked: Asked, row: Request, by: Actor) -> Weighed:
    try:
        weighed = kind.weigh(asked)
    except Refused as refusal:
        raise Refused(f"It cannot be done any more: {refusal} Refuse it, and let it be asked again.") from refusal
    if sorted(weighed.account_ids) != sorted(row.account_ids):
        raise Refused("It touches other accounts than when it was asked. Refuse it, and let it be asked again.")
    if weighed.cents != row.cents:
        says = f"It was asked as {show(row.cents)}, and comes to {show(weighed.cents)} now."
        raise Refused(f"{says} Refuse it, and let it be asked again with the figure of today.", field="cents")
    if by.id in weighed.not_by:
        raise Refused(f"{weighed.not_by[by.id]} Another person approves it.", field="request_id")
    return weighed


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@act("adjustments.refuse", about=_about)
def refuse(event: Acting, /, *, key: Key, by: Actor, at: datetime, request_id: int, reason: str, on: date) -> Decided:
    """Refuse a request, with the reason; it stays on the account, and nothing is posted.

    :raises Refused: no reason, decided already, one's own request (which is withdrawn) or account
    """
    row = _hold(event, request_id)
    if row.asked_by_id == by.id:
        raise Refused("You asked for this yourself; withdraw it instead.", field="request_id")
    refuse_own(by, row.account_ids)
    if not reason.strip():
        raise Refused("Say why it is refused; the asker reads it, and it stays on the account.", field="reason")
    why = check_text(reason, field="reason", longest=500, required=True)
    _write(event, row, by, at, on, "refused", "", why)
    event.about(says=f"Refused, asked by {row.asked_by}: {row.weighed['says']} Reason: {why}")
    return Decided(row.pk, row.kind, "refused", row.cents, "", (), why)


@act("adjustments.withdraw", about=_about)
def withdraw(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, request_id: int, on: date, reason: str = ""
) -> Decided:
    """Take back one's own request before it is decided.

    :raises Refused: somebody else's, or decided already
    """
    row = _hold(event, request_id)
    if row.asked_by_id != by.id:
        raise Refused(f"{row.asked_by} asked for this; only he withdraws it. A supervisor refuses it.")
    why = check_text(reason, field="reason", longest=500)
    _write(event, row, by, at, on, "withdrawn", "", why)
    event.about(says=f"Withdrawn: {row.weighed['says']}{f' Reason: {why}' if why else ''}")
    return Decided(row.pk, row.kind, "withdrawn", row.cents, "", (), why)


def _hold(event: Acting, request_id: int) -> Request:
    """The request, held until the transaction ends, and not decided yet.

    :raises Refused: there is none, or somebody decided it
    """
    with connection.cursor() as cursor:
        # an advisory lock: requests are never changed, so the office may not lock their rows
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('request', %s))", [request_id])
    row = Request.objects.filter(id=request_id).select_related("asked_by").first()
    if row is None:
        raise Refused(f"There is no request {request_id}. The queue lists those that wait.", field="request_id")
    event.about(f"request:{row.pk}", *(f"account:{id}" for id in row.account_ids))
    verdict = Verdict.objects.filter(request=row).select_related("by").first()
    if verdict is not None:
        says = f"Request {row.pk} was {verdict.step} by {verdict.by} on {verdict.on.isoformat()}"
        raise Refused(f"{says}{f': {verdict.reason}' if verdict.reason else ''}.", field="request_id")
    return row


def _write(event: Acting, row: Request, by: Actor, at: datetime, on: date, step: str, level: str, reason: str) -> None:
    Verdict.objects.create(
        request=row, step=step, level=level, reason=reason, by_id=by.id, asked_by_id=row.asked_by_id, on=on, at=at,
        event_id=event.id,
    )  # fmt: skip
