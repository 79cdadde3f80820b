"""Ask that money be given away, taken back or moved: the figure, the reason, the evidence. Nothing is posted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act, plain
from curbstop.office._own import refuse_own
from curbstop.office._rights import ROLES
from curbstop.office.adjustments.kinds import Kind, kind_of
from curbstop.office.adjustments.weighing import Asked, Effect, Step, Weighed, effects, names_of
from curbstop.office.adjustments.windows import level_for
from curbstop.records.ledger.models import Evidence, Request
from curbstop.rules.adjustments import MOST_FILES, BadEvidence, media_of, say_role
from curbstop.rules.customers import check_text


@dataclass(frozen=True)
class File:
    """A file as it was sent: its name, and its bytes in base64."""

    name: str
    body: str


@dataclass(frozen=True)
class Requested:
    """A request as kept. ``goes_to`` is the role whose limit it is within; empty: nobody's yet."""

    request_id: int
    kind: str
    cents: int
    says: str
    goes_to: str


@dataclass(frozen=True)
class Preview:
    """What a request would come to and do, for the screen before it is asked. ``goes_to`` as of a request."""

    kind: str
    cents: int
    says: str
    working: tuple[Step, ...]
    effects: tuple[Effect, ...]
    goes_to: str
    why_not: str


@act("adjustments.request", secret=("evidence",))
def request(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    kind: str,
    inputs: Mapping[str, Any],
    reason: str,
    on: date,
    words: str = "",
    evidence: tuple[File, ...] = (),
) -> Requested:
    """Ask for something that another person approves; nothing is posted.

    :param kind: one of ``KINDS``
    :param inputs: what its kind asks for, plain JSON
    :param reason: a code of the kind; ``words`` says more
    :param on: the day it is asked
    :raises Refused: a reason or evidence is missing, the figure cannot be, or the account is the asker's own
    :raises BadEvidence: a file that is neither a PDF nor a picture, is empty or too large
    """
    of = kind_of(kind)
    accounts = of.accounts(inputs)
    event.about(*(f"account:{id}" for id in accounts))
    _check_may_ask(of, by)
    refuse_own(by, accounts)
    _check_reason(of, reason, evidence)
    files = _read_files(evidence)
    told = check_text(words, field="words", longest=1000)
    asked = Asked(kind, inputs, reason, by.id, on, words=told)
    weighed = of.weigh(asked)
    refuse_own(by, weighed.account_ids)
    row = _write(event, of, asked, weighed, files, at)
    goes_to = level_for(of, (), weighed, on, row.pk).goes_to
    event.about(f"request:{row.pk}", *(f"account:{id}" for id in weighed.account_ids))
    event.about(says=f"Asked for approval, {of.reasons[reason].lower()}: {weighed.says}")
    return Requested(row.pk, kind, weighed.cents, weighed.says, goes_to)


def _check_may_ask(kind: Kind, by: Actor) -> None:
    if not by.roles & kind.asks:
        names = " or ".join(ROLES[role].partition(":")[0].lower() for role in ROLES if role in kind.asks)
        raise Refused(f"{kind.says} is asked for by a {names}, and {by.name} is none of these.", field="kind")


def _check_reason(kind: Kind, reason: str, evidence: Sequence[File]) -> None:
    if kind.evidence and not evidence and reason not in kind.reasons:
        raise Refused("A reason code and evidence are needed: choose why, and attach the paper.", field="reason")
    if reason not in kind.reasons:
        raise Refused(f"A reason is needed: one of {', '.join(kind.reasons)}.", field="reason")
    if kind.evidence and not evidence:
        raise Refused("Evidence is needed: attach the bill, the receipt or the letter.", field="evidence")


@dataclass(frozen=True)
class _Kept:
    name: str
    media: str
    body: bytes


def _read_files(evidence: Sequence[File]) -> list[_Kept]:
    if len(evidence) > MOST_FILES:
        remedy = f"send at most {MOST_FILES}; scan several pages into one file"
        raise BadEvidence(field="evidence", value=str(len(evidence)), why="too many files", remedy=remedy)
    files: dict[bytes, _Kept] = {}
    for file in evidence:
        try:
            body = base64.b64decode(file.body, validate=True)
        except binascii.Error:
            remedy = "send the file's bytes in base64"
            raise BadEvidence(field="evidence", value=file.name, why="not base64", remedy=remedy) from None
        name = check_text(file.name, field="evidence", longest=200, required=True)
        files[hashlib.sha256(body).digest()] = _Kept(name, media_of(name, body), body)
    return list(files.values())


def _write(event: Acting, kind: Kind, asked: Asked, weighed: Weighed, files: Sequence[_Kept], at: datetime) -> Request:
    told = {
        "says": weighed.says,
        "working": plain(weighed.working),
        "effects": plain(effects(weighed)),
        "facts": plain(weighed.facts),
    }
    row = Request.objects.create(
        kind=kind.name,
        account_ids=list(weighed.account_ids),
        cents=weighed.cents,
        reason=asked.reason,
        words=asked.words,
        inputs=json.loads(json.dumps(plain(asked.inputs))),
        weighed=told,
        held_cents=weighed.held_cents,
        limits=kind.limits,
        needs_evidence=kind.evidence,
        asked_by_id=asked.asked_by,
        asked_on=asked.on,
        at=at,
        event_id=event.id,
    )
    Evidence.objects.bulk_create(
        Evidence(request=row, name=f.name, media=f.media, sha256=hashlib.sha256(f.body).digest(), body=f.body)
        for f in files
    )
    return row


def get_preview(*, kind: str, inputs: Mapping[str, Any], reason: str, by: Actor, on: date) -> Preview:
    """What :func:`request` would ask for with the same inputs, by the same rule; nothing is written.

    :raises Refused, BadValue: as :func:`request`, but for reason and evidence
    """
    of = kind_of(kind)
    refuse_own(by, of.accounts(inputs))
    weighed = of.weigh(Asked(kind, inputs, reason, by.id, on))
    names_of(weighed.account_ids)
    level = level_for(of, (), weighed, on, 0)
    why_not = "" if level.goes_to or not of.limits else level.why
    return Preview(
        kind, weighed.cents, weighed.says, weighed.working, effects(weighed), say_role(level.goes_to), why_not
    )
