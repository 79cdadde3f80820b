"""Papers that were handed in: a signed application, a death certificate, a programme's card."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import NotPermitted, Refused, act
from curbstop.office._sealing import seal, unseal
from curbstop.records.customers.models import Account
from curbstop.records.customers.people import Paper
from curbstop.rules.adjustments import BadEvidence, media_of
from curbstop.rules.customers import check_text

SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class PaperFile:
    """A file as it was sent: its name, and its bytes in base64."""

    name: str
    body: str


@dataclass(frozen=True)
class PaperRow:
    """A paper of an account. ``restricted``: a supervisor alone sees it."""

    id: int
    kind: str
    says: str
    name: str
    media: str
    restricted: bool
    on: date


def keep(
    event: Acting, *, account_id: int, kind: str, says: str, file: PaperFile, on: date, restricted: bool = False
) -> int:
    """Keep a paper inside the act under way; returns its id.

    :raises BadEvidence: neither a PDF nor a picture, empty or too large
    """
    try:
        body = base64.b64decode(file.body, validate=True)
    except binascii.Error:
        remedy = "send the file's bytes in base64"
        raise BadEvidence(field="paper", value=file.name, why="not base64", remedy=remedy) from None
    name = check_text(file.name, field="paper", longest=200, required=True)
    media = media_of(name, body)
    digest = hashlib.sha256(body).digest()
    kept = seal(file.body, about=f"account:{account_id}") if restricted else body
    row = Paper.objects.create(
        account_id=account_id, kind=kind, says=says, name=name, media=media, sha256=digest, restricted=restricted,
        body=kept, on=on, event_id=event.id,
    )  # fmt: skip
    return int(row.pk)


@act("customers.attach", secret=("file",))
def attach(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, says: str, file: PaperFile, on: date
) -> int:
    """Attach a paper to an account, the signed application for one; returns the paper's id.

    :raises Refused: there is no such account; :raises BadEvidence: not a PDF or a picture
    """
    event.about(f"account:{account_id}")
    if not Account.objects.filter(pk=account_id).exists():
        raise Refused(f"There is no account {account_id}; search for it.", field="account_id")
    told = check_text(says, field="says", longest=100, required=True)
    paper = keep(event, account_id=account_id, kind="application", says=told, file=file, on=on)
    event.about(says=f"Paper attached: {told}.")
    return paper


def list_papers(*, account_id: int) -> tuple[PaperRow, ...]:
    """The papers of an account, the newest first; that there is a restricted one is told to everybody."""
    rows = Paper.objects.filter(account_id=account_id).order_by("-id")
    return tuple(PaperRow(row.pk, row.kind, row.says, row.name, row.media, row.restricted, row.on) for row in rows)


@dataclass(frozen=True)
class PaperSeen:
    """Which paper was opened; its bytes come by :func:`read_paper`."""

    paper_id: int
    restricted: bool


@act("customers.see_paper")
def see_paper(event: Acting, /, *, key: Key, by: Actor, at: datetime, paper_id: int) -> PaperSeen:
    """Open a paper; of a restricted one the look is kept with who looked.

    :raises Refused: there is none; :raises NotPermitted: a restricted one, and who looks is no supervisor
    """
    row = Paper.objects.filter(pk=paper_id).first()
    if row is None:
        raise Refused(f"There is no paper {paper_id}.", field="paper_id")
    event.about(f"account:{row.account_id}", f"paper:{paper_id}")
    if row.restricted and SUPERVISOR not in by.roles:
        raise NotPermitted("Only a supervisor sees this paper.", field="paper_id")
    event.about(says=f"Looked at a paper: {row.says}.")
    return PaperSeen(paper_id, row.restricted)


def read_paper(*, paper_id: int, by: Actor) -> tuple[PaperRow, bytes]:
    """A paper with its bytes, after :func:`see_paper`.

    :raises Refused: there is none, or it is restricted and who looks is no supervisor
    """
    row = Paper.objects.filter(pk=paper_id).first()
    if row is None or (row.restricted and SUPERVISOR not in by.roles):
        raise Refused("There is no paper here for you to see.", field="paper_id")
    body = bytes(row.body)
    if row.restricted:
        body = base64.b64decode(unseal(body, about=f"account:{row.account_id}"))
    return PaperRow(row.pk, row.kind, row.says, row.name, row.media, row.restricted, row.on), body
