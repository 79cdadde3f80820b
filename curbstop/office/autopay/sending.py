"""The file of a run: made once, kept sealed as it was made, handed to the bank, and posted on the day it settles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats.nacha import RETRY, AchWritten, Draft, DraftBatch, Limits, Offset, Originator, write_file
from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office._sealing import seal, unseal
from curbstop.office.autopay.drafting import bank_holidays
from curbstop.office.autopay.enrolling import opened
from curbstop.office.payments.files import FileRow, record_batch
from curbstop.records.payments.autopay import DraftEntry, DraftFile, DraftPlan, DraftPosted, DraftRun
from curbstop.rules.autopay import effective_date
from curbstop.rules.money import show

MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
MOST_TRACE = 9_999_999
CHANNEL = "autopay"
KINDS = {"draft": "draft", "again": "again", "prenote": "prenote"}


@dataclass(frozen=True)
class FileMade:
    """The file of a run: its name, what is in it, and the day it settles."""

    run: int
    name: str
    entries: int
    prenotes: int
    cents: int
    effective_on: date
    sha256: str


@dataclass(frozen=True)
class RunPosted:
    """A run whose drafts are payments now."""

    run: int
    batch_id: int | None
    drafts: int
    cents: int
    posted_on: date


@dataclass(frozen=True)
class FileHanded:
    """The file as it goes to the bank."""

    name: str
    data: bytes


@act("autopay.make_file")
def make_file(event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, on: date) -> FileMade:
    """Make the NACHA file of a planned run: drafts, prenotes, and returned drafts presented again, by class.

    :raises Refused: no such run, its file is made already, or nothing is in it
    :raises NotSet: the city has no numbers to send drafts under
    :raises BadDraft, BadBankAccount: an entry that no bank takes, naming it
    """
    _one_file_at_a_time()
    found = DraftRun.objects.filter(id=run).first()
    if found is None:
        raise Refused(f"There is no draft run {run}.", field="run")
    if DraftFile.objects.filter(run_id=run).exists():
        raise Refused(f"The file of draft run {run} is made already; a draft is sent once.", field="run")
    plans = list(
        DraftPlan.objects.select_related("enrolment", "account").filter(run_id=run, code__in=list(KINDS)).order_by("id")
    )
    if not plans:
        raise Refused("Nothing in this run is drafted or tried, so there is no file to make.", field="run")
    groups = _groups(plans)
    first = _next_trace()
    modifier = _modifier(at)
    written = _written(groups, found, on=on, at=at, modifier=modifier, first=first)
    name = f"{on:%Y%m%d}-{modifier}-drafts-{run}.ach"
    _write_entries(found, groups, written)
    cents = sum(plan.cents for plan in plans)
    sha256 = hashlib.sha256(written.data).digest()
    DraftFile.objects.create(
        run=found, name=name, created_at=at, modifier=modifier, entries=written.entries, cents=cents, sha256=sha256,
        body_box=seal(written.data.decode("ascii"), about=_about(run)), event_id=event.id,
    )  # fmt: skip
    event.about(f"draft_run:{run}", says=f"File {name}: {written.entries} entries, {show(cents)}.")
    prenotes = sum(plan.code == "prenote" for plan in plans)
    return FileMade(run, name, written.entries, prenotes, cents, found.effective_on, sha256.hex())


def _one_file_at_a_time() -> None:
    """Hold the runs and the sequence of trace numbers until the act ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('autopay.make_file', 2))")


def _about(run: int) -> str:
    return f"draft file of run {run}"


def _groups(plans: Iterable[DraftPlan]) -> list[tuple[tuple[str, str], list[DraftPlan]]]:
    """Plans by entry class and kind, in a fixed order: one batch each."""
    found: dict[tuple[str, str], list[DraftPlan]] = {}
    for plan in plans:
        found.setdefault((plan.enrolment.sec, plan.code), []).append(plan)
    return sorted(found.items())


def _next_trace() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(right(trace, 7)::int), 0) + 1 from payments_draftentry")
        return int(cursor.fetchone()[0])


def _modifier(at: datetime) -> str:
    """A letter that tells apart the files of one day."""
    made = DraftFile.objects.filter(created_at__date=at.date()).count()
    if made >= len(MODIFIERS):
        raise Refused(f"{made} files were made today, and more than {len(MODIFIERS)} of a day cannot be told apart.")
    return MODIFIERS[made]


def _written(
    groups: Sequence[tuple[tuple[str, str], list[DraftPlan]]], run: DraftRun, *, on: date, at: datetime, modifier: str,
    first: int,
) -> AchWritten:  # fmt: skip
    if first > MOST_TRACE:
        raise Refused("The sequence of trace numbers is used up; ask the bank how to begin again.")
    numbers = policies.load("autopay.originator").table("autopay.originator", on=on)
    text = {name: str(value) for name, value in numbers.items()}
    originator = Originator(
        text["destination"], text["destination_name"], text["origin"], text["origin_name"], text["company_name"],
        text["company_id"], text["odfi"],
    )  # fmt: skip
    says = {"draft": text["description"], "again": RETRY, "prenote": "PRENOTE"}
    # a prenote goes as soon as it can: the days in which the bank may refuse it begin then
    soonest = effective_date(on, sent_on=on, closed=bank_holidays(on.year), same_day=run.same_day)
    days = {"draft": run.effective_on, "again": run.effective_on, "prenote": soonest}
    batches = [
        DraftBatch(sec, says[kind], days[kind], tuple(_draft(plan) for plan in plans), run.same_day)
        for (sec, kind), plans in groups
    ]
    offset = None
    if "offset_account" in text:
        offset = Offset(text["offset_routing"], text["offset_account"], text.get("offset_type", "checking"), "OFFSET")
    limits = Limits(**{
        name: int(str(numbers[f"{limit}_cents"]))
        for name, limit in (("entry_cents", "entry_limit"), ("file_cents", "file_limit"))
        if f"{limit}_cents" in numbers
    })  # fmt: skip
    return write_file(
        originator, batches, created_at=at, modifier=modifier, reference=str(run.pk), limits=limits, offset=offset,
        first_trace=first,
    )  # fmt: skip


def _draft(plan: DraftPlan) -> Draft:
    numbers = opened(plan.enrolment)
    return Draft(
        numbers.routing, numbers.account, numbers.account_type, plan.cents, plan.enrolment.holder, plan.account.number,
        prenote=plan.code == "prenote",
    )  # fmt: skip


def _write_entries(
    run: DraftRun, groups: Sequence[tuple[tuple[str, str], list[DraftPlan]]], written: AchWritten
) -> None:
    before = dict(
        DraftEntry.objects.filter(trace__in=[plan.again_of for _, plans in groups for plan in plans]).values_list(
            "trace", "times"
        )
    )
    DraftEntry.objects.bulk_create(
        DraftEntry(
            trace=trace, run=run, account_id=plan.account_id, enrolment_id=plan.enrolment_id, kind=KINDS[plan.code],
            cents=plan.cents, again_of_id=plan.again_of or None, document_ids=plan.document_ids,
            times=before[plan.again_of] + 1 if plan.again_of else 0,
        )
        for (_, plans), traces in zip(groups, written.traces, strict=True)
        for plan, trace in zip(plans, traces, strict=True)
    )  # fmt: skip


@act("autopay.take_file")
def _take_file(event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int) -> str:
    """Write down who took the file, which has whole bank numbers in it; returns its name."""
    found = DraftFile.objects.filter(run_id=run).first()
    if found is None:
        raise Refused(f"Draft run {run} has no file yet. Make it first.", field="run")
    event.about(f"draft_run:{run}", says=f"File {found.name} handed out, to be sent to the bank.")
    return found.name


def take_file(*, key: Key, by: Actor, at: datetime, run: int) -> FileHanded:
    """The file of a run as it was made, to be sent to the bank. Who took it is written down each time.

    :raises Refused: it is not made yet
    """
    name = _take_file(key=key, by=by, at=at, run=run)
    found = DraftFile.objects.get(run_id=run)
    data = unseal(bytes(found.body_box), about=_about(run)).encode("ascii")
    if hashlib.sha256(data).digest() != bytes(found.sha256):
        raise Refused("The file that is kept is not the one that was made. Do not send it; tell the administrator.")
    return FileHanded(name, data)


def post(*, key: Key, by: Actor, at: datetime, run: int, on: date, posted_on: date | None = None) -> RunPosted:
    """Post a run's drafts as payments, from where an earlier try stopped; each draft becomes one payment.

    :param on: the day of posting; not before the drafts settle
    :param posted_on: the accounting day; by default the day itself
    :raises Refused: no file, or the drafts have not settled yet
    """
    made = DraftFile.objects.select_related("run").filter(run_id=run).first()
    if made is None:
        raise Refused(f"Draft run {run} has no file yet. Make it, send it, then post it.", field="run")
    if on < made.run.effective_on:
        raise Refused(
            f"The drafts of run {run} settle on {made.run.effective_on.isoformat()}; they are payments from then on.",
            field="on",
        )
    rows = [
        FileRow(number, cents, trace)
        for number, cents, trace in DraftEntry.objects.filter(run_id=run, cents__gt=0)
        .order_by("trace")
        .values_list("account__number", "cents", "trace")
    ]
    batch_id = None
    if rows:
        batch_id = record_batch(
            key=Key(f"autopay.post:{run}:drafts"), by=by, at=at, channel=CHANNEL, name=made.name, rows=rows,
            on=made.run.effective_on, posted_on=posted_on or on,
        ).batch_id  # fmt: skip
    return _mark_posted(key=key, by=by, at=at, run=run, batch_id=batch_id, posted_on=posted_on or on)


@act("autopay.post")
def _mark_posted(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, batch_id: int | None, posted_on: date
) -> RunPosted:
    """Write down that a run's drafts are payments."""
    take_turn(f"autopay.post:{run}")
    found = DraftRun.objects.get(id=run)
    before = DraftPosted.objects.filter(run_id=run).first()
    if before is not None:
        return RunPosted(run, before.batch_id, found.drafts, found.cents, before.posted_on)
    DraftPosted.objects.create(run_id=run, batch_id=batch_id, posted_on=posted_on, event_id=event.id)
    event.about(f"draft_run:{run}", says=f"Draft run {run}: {found.drafts} drafts posted, {show(found.cents)}.")
    return RunPosted(run, batch_id, found.drafts, found.cents, posted_on)
