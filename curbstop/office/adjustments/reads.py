"""Requests as screens show them: those that wait with their age, one with its evidence and history, an account's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Actor
from curbstop.office._once import Refused
from curbstop.office._own import refuse_own
from curbstop.office.adjustments.kinds import KINDS, kind_of
from curbstop.office.adjustments.weighing import Asked, Effect, Step, Weighed, effects, names_of
from curbstop.office.adjustments.windows import level_for
from curbstop.records.ledger.models import Evidence, Request
from curbstop.rules.adjustments import say_role
from curbstop.rules.ledger import Leg
from curbstop.rules.policies import NotSet


@dataclass(frozen=True)
class RequestRow:
    """A request in a list. ``state`` is waiting, approved, refused or withdrawn; ``age_days`` counts while it waits."""

    id: int
    kind: str
    kind_says: str
    account_ids: tuple[int, ...]
    number: str  # of the first account
    name: str
    cents: int
    reason: str
    words: str
    says: str
    asked_by_id: int
    asked_by: str
    asked_on: date
    at: datetime
    age_days: int
    files: int
    state: str
    decided_by: str
    decided_on: date | None
    decided_at: datetime | None
    decided_reason: str
    level: str


_ROWS = """
select r.id, r.kind, r.account_ids, a.number, c.name, r.cents, r.reason, r.words, r.weighed->>'says', r.asked_by_id,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), r.asked_on, r.at,
  (select count(*) from ledger_evidence e where e.request_id = r.id), coalesce(v.step, 'waiting'),
  coalesce(nullif(trim(w.first_name || ' ' || w.last_name), ''), w.username, ''), v."on", v.at, coalesce(v.reason, ''),
  coalesce(v.level, '')
from ledger_request r join customers_account a on a.id = r.account_ids[1]
join customers_customer c on c.id = a.customer_id join base_user u on u.id = r.asked_by_id
left join ledger_verdict v on v.request_id = r.id left join base_user w on w.id = v.by_id
where {which} order by {order} limit %(limit)s"""


def _rows(which: str, order: str, on: date, limit: int | None = None, **values: Any) -> tuple[RequestRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(which=which, order=order), {**values, "limit": limit})
        return tuple(_row(on, *row) for row in cursor.fetchall())


def _row(on: date, *row: Any) -> RequestRow:
    id, kind, accounts, number, name, cents, reason, words, says, asker_id, asker, asked_on, at, *end = row
    files, state, decided_by, decided_on, decided_at, why, level = end
    of = KINDS.get(kind)
    age = max((on - asked_on).days, 0) if state == "waiting" else 0
    return RequestRow(
        id, kind, of.says if of else kind, tuple(accounts), number, name, cents,
        of.reasons.get(reason, reason) if of else reason, words, says, asker_id, asker, asked_on, at, age, files, state,
        decided_by, decided_on, decided_at, why, say_role(level),
    )  # fmt: skip


def list_waiting(*, on: date, limit: int | None = None) -> tuple[RequestRow, ...]:
    """The requests that nobody has decided, the oldest first."""
    return _rows("v.request_id is null", "r.asked_on, r.id", on, limit)


def count_waiting() -> int:
    """How many requests wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from ledger_request r where not exists"
            " (select from ledger_verdict v where v.request_id = r.id)"
        )
        return int(cursor.fetchone()[0])


def list_decided(*, on: date, limit: int = 25) -> tuple[RequestRow, ...]:
    """The requests that were decided last, newest first."""
    return _rows("v.request_id is not null", "v.at desc, r.id desc", on, limit)


def list_requests_of(account_id: int, *, on: date) -> tuple[RequestRow, ...]:
    """Every request about an account, newest first."""
    return _rows("r.account_ids @> %(account)s::bigint[]", "r.id desc", on, account=[account_id])


def get_held_cents(account_id: int) -> int:
    """What is in dispute on the account by requests that wait: penalties on so much of what it owes wait too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(r.held_cents), 0)::bigint from ledger_request r where r.account_ids @> %s::bigint[]"
            " and not exists (select from ledger_verdict v where v.request_id = r.id)",
            [[account_id]],
        )
        return int(cursor.fetchone()[0])


@dataclass(frozen=True)
class EvidenceRow:
    """A file of a request, without its bytes."""

    id: int
    name: str
    media: str
    size: int
    sha256: str


@dataclass(frozen=True)
class PostedTxn:
    """A transaction that an approval posted."""

    id: int
    act: str
    posted_on: date
    effective_on: date
    legs: tuple[Leg, ...]


@dataclass(frozen=True)
class Attempt:
    """An event about a request: who did or tried what, and what came of it."""

    at: datetime
    by: str
    act: str
    says: str
    denied: bool


@dataclass(frozen=True)
class RequestRead:
    """One request whole: what it came to when it was asked (``working``, ``effects``); while it waits, what it would do
    now (``now``, ``now_effects``), or ``why_not`` it cannot be approved by the reader or by anybody."""

    row: RequestRow
    inputs: Mapping[str, Any]
    working: tuple[Step, ...]
    effects: tuple[Effect, ...]
    facts: Mapping[str, Any]
    accounts: tuple[tuple[int, str, str], ...]
    evidence: tuple[EvidenceRow, ...]
    now: Weighed | None
    now_effects: tuple[Effect, ...]
    why_not: str
    goes_to: str
    posted: tuple[PostedTxn, ...]
    history: tuple[Attempt, ...]
    letter: tuple[str, ...]


def get_request(request_id: int, *, on: date, by: Actor | None = None) -> RequestRead:
    """A request with its evidence, its history, and what approving it today would post.

    :param by: who looks: ``why_not`` then says why this person may not approve it
    :raises Refused: there is none
    """
    found = _rows("r.id = %(request)s", "r.id", on, request=request_id)
    if not found:
        raise Refused(f"There is no request {request_id}. The queue lists those that wait.", field="request_id")
    row, stored = found[0], Request.objects.get(id=request_id)
    now, why_not, goes_to = _now(row, stored, on, by) if row.state == "waiting" else (None, "", "")
    kind = KINDS.get(row.kind)
    letter: tuple[str, ...] = ()
    if row.state == "approved" and kind is not None and kind.letter is not None and row.decided_on is not None:
        asked = Asked(row.kind, stored.inputs, stored.reason, row.asked_by_id, row.decided_on, row.id, row.words)
        letter = kind.letter(asked, _as_asked(row, stored))
    return RequestRead(
        row=row,
        inputs=stored.inputs,
        working=tuple(Step(**step) for step in stored.weighed["working"]),
        effects=tuple(Effect(**effect) for effect in stored.weighed["effects"]),
        facts=stored.weighed["facts"],
        accounts=tuple(names_of(row.account_ids)),
        evidence=list_evidence(request_id),
        now=now,
        now_effects=effects(now) if now else (),
        why_not=why_not,
        goes_to=goes_to,
        posted=_posted(request_id),
        history=_history(request_id),
        letter=letter,
    )


def _as_asked(row: RequestRow, stored: Request) -> Weighed:
    """What was weighed when it was asked, without its legs: the approval found the same figure."""
    facts = stored.weighed["facts"]
    return Weighed(row.cents, row.account_ids, row.says, held_cents=stored.held_cents, facts=facts)


def _now(row: RequestRow, stored: Request, on: date, by: Actor | None) -> tuple[Weighed | None, str, str]:
    """What it would do now; why it cannot be approved; whose limit it is within."""
    kind = kind_of(row.kind)
    asked = Asked(row.kind, stored.inputs, stored.reason, row.asked_by_id, on, row.id, row.words)
    try:
        now = kind.weigh(asked)
    except (Refused, NotSet) as refusal:
        return None, f"It cannot be done any more: {refusal}", ""
    level = level_for(kind, by.roles if by else (), now, on, row.id)
    if now.cents != row.cents:
        return now, "The figure changed since it was asked. Refuse it, and let it be asked again.", ""
    return now, _why_not(row, now, level.role, level.why, by), say_role(level.goes_to)


def _why_not(row: RequestRow, now: Weighed, role: str, why: str, by: Actor | None) -> str:
    if by is None:
        return ""
    if row.asked_by_id == by.id:
        return "You asked for this; a second person approves it."
    if by.id in now.not_by:
        return f"{now.not_by[by.id]} Another person approves it."
    try:
        refuse_own(by, row.account_ids)
    except Refused as own:
        return str(own)
    return "" if role else f"{why[:1].upper()}{why[1:]}."


def list_evidence(request_id: int) -> tuple[EvidenceRow, ...]:
    """The files of a request, as they were attached."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, name, media, octet_length(body), encode(sha256, 'hex') from ledger_evidence"
            " where request_id = %s order by id",
            [request_id],
        )
        return tuple(EvidenceRow(*row) for row in cursor.fetchall())


def get_evidence(evidence_id: int) -> tuple[EvidenceRow, bytes]:
    """A file with its bytes as they came. :raises Refused: there is none"""
    row = Evidence.objects.filter(id=evidence_id).first()
    if row is None:
        raise Refused(f"There is no evidence {evidence_id}.", field="evidence")
    body = bytes(row.body)
    return EvidenceRow(row.pk, row.name, row.media, len(body), bytes(row.sha256).hex()), body


def _posted(request_id: int) -> tuple[PostedTxn, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, act, posted_on, effective_on from ledger_transaction where approval_id = %s order by id",
            [request_id],
        )
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return tuple(PostedTxn(id, act, on, was_on, ledger.get_legs(id)) for id, act, on, was_on in found)


def _history(request_id: int) -> tuple[Attempt, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.at, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), e.act, e.says,"
            " e.denied from base_event e join base_user u on u.id = e.by_id where e.subjects @> %s order by e.id",
            [[f"request:{request_id}"]],
        )
        return tuple(Attempt(*row) for row in cursor.fetchall())
