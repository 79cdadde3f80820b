"""A change of rates before it holds: drafted by one person, approved by a second with the council's resolution.

A draft is a tariff file (docs/reference/tariffs.md). It is never edited; another wording is another draft. Approved,
its versions are adopted in the same transaction: the version before ends, and no day that is billed already is touched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Prefetch, QuerySet

from curbstop.office import tariffs
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._trials import as_kept, to_keep
from curbstop.records.decisions.models import Draft, DraftApproval, DraftTrial, DraftWithdrawal
from curbstop.rules.customers import check_text
from curbstop.rules.money import show
from curbstop.rules.plans import Tariff
from curbstop.rules.rating import check_examples
from curbstop.rules.tariffs import read_tariffs

MOST_TEXT = 1_000_000
MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class VersionDrafted:
    """A version that the draft holds. ``adopted``: it is in force or was, word for word or in other words."""

    code: str
    name: str
    from_on: date
    authority: str
    examples: int
    wrong: tuple[str, ...]
    adopted: bool


@dataclass(frozen=True)
class Resolution:
    """What the second person approved the draft by."""

    resolution: str
    resolution_on: date
    section: str
    file: str
    bytes: int
    sha256: str
    approved_by: str
    at: datetime


@dataclass(frozen=True)
class Tried:
    """The draft was tried on the bills issued in [from, until). ``sha256`` is that of its text."""

    id: int
    sha256: str
    from_on: date
    until_on: date
    accounts: int
    unrated: int
    now_cents: int
    would_cents: int
    by: str
    at: datetime

    @property
    def change_cents(self) -> int:
        """What would have come in more; below zero: less."""
        return self.would_cents - self.now_cents


@dataclass(frozen=True)
class DraftRow:
    """A draft and what became of it. ``trials``: when it was tried, the latest first.

    ``state``: ``open``, ``approved``, ``withdrawn``.
    """

    id: int
    file: str
    text: str
    says: str
    drafted_by: str
    drafted_by_id: int
    at: datetime
    state: str
    versions: tuple[VersionDrafted, ...]
    resolution: Resolution | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    reason: str
    trials: tuple[Tried, ...] = ()

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """What keeps the draft from being approved, whoever approves; empty: nothing."""
        new = [version for version in self.versions if not version.adopted]
        found = [f"{v.code}: {wrong}" for v in self.versions for wrong in v.wrong]
        found += [f"{v.code} has no worked example; a version is adopted with bills of known answers" for v in new
                  if not v.examples]  # fmt: skip
        if not self.trials and new:
            found.append("It was not tried yet: a dry run of this very text on the bills issued comes first.")
        return tuple(found if new else [*found, "Every version in it is adopted already."])


@dataclass(frozen=True)
class VersionHistory:
    """An adopted version and how it came about. Without ``resolution``: installed with the city's files."""

    from_on: date
    until_on: date | None
    authority: str
    adopted_by: str
    at: datetime
    draft: int | None
    drafted_by: str
    resolution: Resolution | None


@act("tariffs.draft")
def draft(event: Acting, /, *, key: Key, by: Actor, at: datetime, file: str, text: str, says: str) -> int:
    """Keep a draft; returns its number. Its worked examples need not come out yet.

    :param file: the file's name; :param text: its text; :param says: what it changes, in a sentence
    :raises rules.tariffs.TariffErrors: everything wrong with the file
    :raises BadValue: no sentence, or a text that cannot be kept
    """
    says = check_text(says, field="says", longest=500, required=True)
    if len(text) > MOST_TEXT:
        raise Refused(f"A draft has at most {MOST_TEXT:,} characters; give each tariff a draft.", field="text")
    found = read_tariffs(text, file=file)
    digest = hashlib.sha256(text.encode()).digest()
    row = Draft.objects.create(
        file=file, text=text, sha256=digest, says=says, drafted_by_id=by.id, at=at, event_id=event.id
    )
    codes = [tariff.code for tariff in found]
    event.about(f"draft:{row.id}", *(f"tariff:{code}" for code in codes), says=f"Drafted {', '.join(codes)}: {says}")
    return int(row.id)


@act("tariffs.approve", secret=("body",))
def approve(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    draft: int,
    resolution: str,
    resolution_on: date,
    section: str,
    file: str,
    body: str,
) -> tariffs.Adopted:
    """Approve a draft with the resolution that the council passed; its versions are in force from their dates.

    :param resolution: its number, for example ``Resolution 104(25)``; :param section: the sections that say so
    :param file: the name of the resolution's file; :param body: its bytes in base64
    :raises Refused: no such open draft, drafted by the same person, not tried on the bills issued, an example that
        does not come out or none at all, a version that overlaps an adopted one or begins on a day that is billed
    """
    row = _open_draft(draft)
    if row.drafted_by_id == by.id:
        raise Refused(
            "Who drafts a change of rates does not approve it. Ask a second person: a supervisor, finance or an"
            " administrator.",
            field="form",
        )
    resolution = check_text(resolution, field="resolution", longest=200, required=True)
    section = check_text(section, field="section", longest=200, required=True)
    if resolution_on > at.date() + timedelta(days=1):  # the city's day may be one ahead of the clock's
        raise Refused(
            f"{resolution_on.isoformat()} is still to come; a resolution is passed first.", field="resolution_on"
        )
    paper = _bytes(file, body)
    found = read_tariffs(row.text, file=row.file)
    tariffs.refuse_wrong_examples(found)
    _refuse_without_examples(found)
    tried = _last_trial(row)
    adopted = tariffs.put_in_force(event, file=row.file, text=row.text)
    if not adopted.new:
        raise Refused("Every version of this draft is adopted already; there is nothing to approve.", field="form")
    DraftApproval.objects.create(
        draft=row,
        drafted_by_id=row.drafted_by_id,
        approved_by_id=by.id,
        resolution=resolution,
        resolution_on=resolution_on,
        section=section,
        file=file,
        body=paper,
        sha256=hashlib.sha256(paper).digest(),
        at=at,
        event_id=event.id,
        trial=tried,
    )
    codes = [f"tariff:{tariff.code}" for tariff in found]
    event.about(f"draft:{row.id}", *codes, says=f"Approved {', '.join(adopted.new)} by {resolution}, {section}.")
    return adopted


@act("tariffs.try_draft")
def try_on(event: Acting, /, *, key: Key, by: Actor, at: datetime, draft: int, from_on: date, until_on: date) -> int:
    """Try an open draft on the bills issued in [from, until) and keep what came of it; returns the trial's number.

    A city that has issued no bill has no history: the trial then says so.

    :raises Refused: no such open draft, or no bill was issued in these days
    :raises rules.periods.BadPeriod: the range does not end after it begins
    """
    row = _open_draft(draft)
    found = tariffs.try_draft(text=row.text, file=row.file, from_on=from_on, until_on=until_on)
    kept = DraftTrial.objects.create(
        draft=row, sha256=row.sha256, from_on=from_on, until_on=until_on, accounts=found.accounts,
        unrated=sum(one.bills for one in found.unrated), now_cents=found.now_cents, would_cents=found.would_cents,
        result=to_keep(found), by_id=by.id, at=at, event_id=event.id,
    )  # fmt: skip
    more = show(abs(found.change_cents))
    word = "more" if found.change_cents >= 0 else "less"
    says = f"Tried draft {draft} on the bills of {from_on.isoformat()} to {until_on.isoformat()}: {more} {word}."
    event.about(f"draft:{draft}", says=says)
    return int(kept.id)


def _last_trial(row: Draft) -> DraftTrial:
    """:raises Refused: this very text was never tried"""
    tried = row.trials.filter(sha256=row.sha256).order_by("-id").first()
    if tried is None:
        raise Refused(
            f"Draft {row.id} was not tried on the bills that were issued. Try it first, so that whoever approves it"
            " sees what it changes and for whom.",
            field="form",
        )
    return tried


@act("tariffs.withdraw")
def withdraw(event: Acting, /, *, key: Key, by: Actor, at: datetime, draft: int, reason: str) -> None:
    """Withdraw a draft that is still open.

    :raises Refused: no such open draft; :raises BadValue: no reason
    """
    row = _open_draft(draft)
    reason = check_text(reason, field="reason", longest=500, required=True)
    DraftWithdrawal.objects.create(draft=row, by_id=by.id, reason=reason, at=at, event_id=event.id)
    event.about(f"draft:{row.id}", says=f"Withdrew draft {row.id}: {reason}")


def _open_draft(id: int) -> Draft:
    """The draft, with its turn taken: its rows never change, so there is none to lock."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 3))", [f"draft:{id}"])
    row = Draft.objects.select_related("approval", "withdrawal").filter(id=id).first()
    if row is None:
        raise Refused(f"There is no draft {id}. Rates lists the drafts.", field="form")
    if hasattr(row, "approval"):
        raise Refused(f"Draft {id} is approved already, by {row.approval.resolution}.", field="form")
    if hasattr(row, "withdrawal"):
        raise Refused(f"Draft {id} was withdrawn: {row.withdrawal.reason}. Draft it again.", field="form")
    return row


def _bytes(file: str, body: str) -> bytes:
    try:
        found = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise Refused("The resolution's file did not arrive whole; attach it again.", field="body") from wrong
    if not found or not file.strip():
        raise Refused("The resolution itself is missing; attach its file, for example a PDF.", field="body")
    if len(found) > MOST_BYTES:
        raise Refused(f"{file} has {len(found):,} bytes; a resolution has at most {MOST_BYTES:,}.", field="body")
    return found


def _refuse_without_examples(found: tuple[Tariff, ...]) -> None:
    bare = [f"{t.code} from {v.period.from_on.isoformat()}" for t in found for v in t.versions if not v.examples]
    if bare:
        raise Refused(
            f"{', '.join(bare)}: no worked example. A version is adopted with bills of known answers that come out to"
            " the cent; write at least one.",
            field="form",
        )


# --- reads ------------------------------------------------------------------------------------------------------------


def list_drafts() -> tuple[DraftRow, ...]:
    """All drafts, open ones first, the newest before the older."""
    rows = _drafts().order_by("-id")
    known = _adopted_days()
    return tuple(sorted((_row(row, known) for row in rows), key=lambda row: row.state != "open"))


def _drafts() -> QuerySet[Draft]:
    trials = Prefetch("trials", DraftTrial.objects.select_related("by").defer("result"))
    people = Draft.objects.select_related("drafted_by", "approval__approved_by", "withdrawal__by")
    return people.prefetch_related(trials)


def get_draft(*, draft: int) -> DraftRow | None:
    """One draft; None: there is none of this number."""
    rows = _drafts().filter(id=draft)
    return next((_row(row, _adopted_days()) for row in rows), None)


def get_trial(*, draft: int, trial: int) -> tuple[Tried, tariffs.DryRun] | None:
    """A trial of the draft and the dry run as it was then; None: there is none of this number."""
    row = DraftTrial.objects.select_related("by").filter(id=trial, draft_id=draft).first()
    return None if row is None else (_tried(row), as_kept(row.result))


def _tried(row: DraftTrial) -> Tried:
    return Tried(
        row.id, bytes(row.sha256).hex(), row.from_on, row.until_on, row.accounts, row.unrated, row.now_cents,
        row.would_cents, str(row.by), row.at,
    )  # fmt: skip


def get_paper(*, draft: int) -> tuple[str, bytes] | None:
    """The resolution's file that the draft was approved by: its name and bytes; None: there is none.

    :raises ValueError: the bytes are not those that were kept
    """
    row = DraftApproval.objects.filter(draft_id=draft).first()
    if row is None:
        return None
    if hashlib.sha256(bytes(row.body)).digest() != bytes(row.sha256):
        raise ValueError(f"the resolution of draft {draft} is not the file that was kept: its digest differs")
    return row.file, bytes(row.body)


def get_history(*, code: str) -> tuple[VersionHistory, ...]:
    """How each version of a tariff came about, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select lower(v.valid), upper(v.valid), v.authority, v.event_id, e.at,"
            " concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, ''))"
            " from decisions_tariffversion v left join base_event e on e.id = v.event_id"
            " left join base_user u on u.id = e.by_id where v.tariff_id = %s order by v.valid desc",
            [code],
        )
        rows = cursor.fetchall()
    approvals = {
        row.event_id: row
        for row in DraftApproval.objects.select_related("draft__drafted_by", "approved_by").filter(
            event_id__in=[row[3] for row in rows]
        )
    }
    found = []
    for from_on, until_on, authority, event_id, at, by in rows:
        approval = approvals.get(event_id)
        found.append(
            VersionHistory(
                from_on=from_on,
                until_on=until_on,
                authority=authority,
                adopted_by=by or "",
                at=at,
                draft=approval.draft_id if approval else None,
                drafted_by=str(approval.draft.drafted_by) if approval else "",
                resolution=_resolution(approval) if approval else None,
            )
        )
    return tuple(found)


def _adopted_days() -> set[tuple[str, date]]:
    with connection.cursor() as cursor:
        cursor.execute("select tariff_id, lower(valid) from decisions_tariffversion")
        return {(code, from_on) for code, from_on in cursor.fetchall()}


def _resolution(row: DraftApproval) -> Resolution:
    size, digest = len(bytes(row.body)), bytes(row.sha256).hex()
    return Resolution(
        row.resolution, row.resolution_on, row.section, row.file, size, digest, str(row.approved_by), row.at
    )


def _row(row: Draft, known: set[tuple[str, date]]) -> DraftRow:
    approval, withdrawal = getattr(row, "approval", None), getattr(row, "withdrawal", None)
    versions: list[VersionDrafted] = []
    for tariff in read_tariffs(row.text, file=row.file):
        outcomes = check_examples(tariff)
        for version in tariff.versions:
            wrong = tuple(
                f"the example on line {one.example.file_line} does not come out: {'; '.join(one.differences)}"
                for one in outcomes
                if one.example in version.examples and not one.holds
            )
            since = version.period.from_on
            versions.append(
                VersionDrafted(tariff.code, tariff.name, since, version.authority, len(version.examples), wrong,
                               (tariff.code, since) in known)
            )  # fmt: skip
    return DraftRow(
        id=row.id,
        file=row.file,
        text=row.text,
        says=row.says,
        drafted_by=str(row.drafted_by),
        drafted_by_id=row.drafted_by_id,
        at=row.at,
        state="approved" if approval else "withdrawn" if withdrawal else "open",
        versions=tuple(versions),
        resolution=_resolution(approval) if approval else None,
        withdrawn_by=str(withdrawal.by) if withdrawal else "",
        withdrawn_at=withdrawal.at if withdrawal else None,
        reason=withdrawal.reason if withdrawal else "",
        trials=tuple(_tried(one) for one in sorted(row.trials.all(), key=lambda one: -one.id)),
    )
