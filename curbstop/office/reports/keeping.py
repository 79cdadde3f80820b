"""Reports that are saved, put on a timetable, and made: what is handed out is kept as it was, with who asked for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.formats.tables import as_csv, as_xlsx
from curbstop.office import outbox
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.reports.paper import as_pdf
from curbstop.office.reports.running import get_report, get_view, run, run_question
from curbstop.records.base.reports import (
    MadeReport,
    ReportSchedule,
    ReportScheduleEnd,
    SavedReport,
    SavedReportEnd,
)
from curbstop.rules.customers import BadEntry, check_choice, check_text
from curbstop.rules.reports import Condition, Question, Table

MEDIA: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
EVERY: Mapping[str, str] = {"day": "Every morning", "week": "Every Monday", "month": "On the first of each month"}


@dataclass(frozen=True)
class Made:
    """A report's file: its number, name and digest. The bytes are read with :func:`get_made`."""

    made_id: int
    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class SavedRow:
    """A saved report for a screen; ``schedules`` are the timetables it is on."""

    saved_id: int
    name: str
    code: str
    asked: Mapping[str, str]
    question: Question | None
    by: str
    at: datetime
    schedules: tuple[ScheduleRow, ...] = ()


@dataclass(frozen=True)
class ScheduleRow:
    """A timetable: how often, as what, to whom; when it was made last."""

    schedule_id: int
    saved_id: int
    every: str
    media: str
    to: str
    made_on: date | None


@dataclass(frozen=True)
class Scheduled:
    """A timetable that began."""

    schedule_id: int


@dataclass(frozen=True)
class MadeRow:
    """A file that was handed out."""

    made_id: int
    title: str
    name: str
    asked: Mapping[str, str]
    rows: int
    by: str
    at: datetime


@act("reports.make")
def make(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    code: str,
    asked: Mapping[str, str],
    media: str,
    on: date,
    question: Mapping[str, Any] | None = None,
) -> Made:
    """Make a report as a file, and keep it as it was handed out.

    :param code: a report; with ``question``, the view that it asks
    :param media: csv, xlsx or pdf
    :raises Refused: no such report, too long or too large
    :raises BadAsk: something asked that cannot be
    """
    check_choice(media, tuple(MEDIA), field="media")
    table = _table(code, asked, question, on)
    made = _keep(event, code=code, table=table, media=media, on=on, asked=asked)
    event.about(f"report:{code}", says=f"{table.title} handed out as {media.upper()}, {made.rows:,} rows.")
    return made


@act("reports.save")
def save(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    name: str,
    code: str,
    asked: Mapping[str, str],
    question: Mapping[str, Any] | None = None,
) -> int:
    """Keep a report with what is asked of it, by a name; returns its number.

    :raises Refused: no such report or view, or the name is taken
    """
    called = check_text(name, field="name", longest=100, required=True)
    _title(code, question)
    if SavedReport.objects.filter(name=called, end__isnull=True).exists():
        raise Refused(f"A report is already saved as “{called}”; choose another name.", field="name")
    kept = SavedReport.objects.create(
        name=called, code=code, asked=dict(asked), question=question, by_id=by.id, at=at, event_id=event.id
    )
    event.about(f"report:{code}", says=f"Report saved as “{called}”.")
    return kept.pk


@act("reports.end_saved")
def end_saved(event: Acting, /, *, key: Key, by: Actor, at: datetime, saved_id: int) -> None:
    """Show a saved report no longer, and end its timetables. Whoever saved it may, or an administrator.

    :raises Refused: there is none, or it is somebody else's
    """
    saved = _saved(saved_id)
    if saved.by_id != by.id and "administrator" not in by.roles:
        raise Refused("Somebody else saved this report; ask that person, or an administrator.", field="saved_id")
    for one in saved.schedules.filter(end__isnull=True):
        ReportScheduleEnd.objects.create(schedule=one, event_id=event.id)
    SavedReportEnd.objects.create(saved=saved, event_id=event.id)
    event.about(f"report:{saved.code}", says=f"Saved report “{saved.name}” taken away.")


@act("reports.schedule")
def schedule(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, saved_id: int, every: str, media: str, to: str, on: date
) -> Scheduled:
    """Have a saved report made by itself, and an e-mail sent that says where it lies. No figures go by mail.

    :param to: an e-mail address
    :raises Refused: there is no such saved report
    :raises BadEntry: an address that is none, or no such timetable
    """
    check_choice(every, tuple(EVERY), field="every")
    check_choice(media, tuple(MEDIA), field="media")
    address = check_text(to, field="to", longest=200, required=True)
    if address.count("@") != 1 or not all(address.split("@")) or " " in address:
        raise BadEntry(field="to", value=address, why="not an e-mail address", remedy="write name@city.gov")
    saved = _saved(saved_id)
    row = ReportSchedule.objects.create(
        saved=saved, every=every, media=media, to=address, from_on=on, by_id=by.id, event_id=event.id
    )
    event.about(f"report:{saved.code}", says=f"“{saved.name}” goes to {address}: {EVERY[every].lower()}.")
    return Scheduled(row.pk)


@act("reports.end_schedule")
def end_schedule(event: Acting, /, *, key: Key, by: Actor, at: datetime, schedule_id: int) -> None:
    """End a timetable.

    :raises Refused: there is none, or it ended
    """
    row = ReportSchedule.objects.filter(id=schedule_id, end__isnull=True).select_related("saved").first()
    if row is None:
        raise Refused(f"There is no timetable {schedule_id}, or it ended already.", field="schedule_id")
    ReportScheduleEnd.objects.create(schedule=row, event_id=event.id)
    event.about(f"report:{row.saved.code}", says=f"“{row.saved.name}” no longer goes to {row.to}.")


@act("reports.make_due")
def make_due(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, schedule_id: int, on: date, address: str
) -> Made | None:
    """Make a timetable's report of the day and tell of it. Once a day, however often it is asked.

    :param address: where the office is, as its people open it; the mail leads there
    :raises Refused: there is no such timetable, or the report cannot be made
    """
    row = ReportSchedule.objects.filter(id=schedule_id, end__isnull=True).select_related("saved").first()
    if row is None:
        raise Refused(f"There is no timetable {schedule_id}, or it ended already.", field="schedule_id")
    if MadeReport.objects.filter(schedule=row, on=on).exists():
        return None
    saved = row.saved
    table = _table(saved.code, saved.asked, saved.question, on)
    made = _keep(event, code=saved.code, table=table, media=row.media, on=on, asked=saved.asked, schedule=row)
    body = (
        f"{saved.name} of {on.isoformat()} is ready: {made.rows:,} rows.\n\n"
        f"{address.rstrip('/')}/reports/made/{made.made_id}/\n\nSign in to open it; its figures do not go by mail."
    )
    outbox._put(event, channel="email", to=row.to, subject=f"{saved.name}, {on.isoformat()}", body=body)
    event.about(f"report:{saved.code}", says=f"“{saved.name}” made by its timetable.")
    return made


def list_due(on: date) -> tuple[int, ...]:
    """The timetables whose report of the day is to be made."""
    due = ["day", *(["week"] if on.weekday() == 0 else []), *(["month"] if on.day == 1 else [])]
    rows = ReportSchedule.objects.filter(every__in=due, from_on__lte=on, end__isnull=True)
    made = MadeReport.objects.filter(on=on, schedule__isnull=False).values("schedule_id")
    return tuple(rows.exclude(id__in=made).order_by("id").values_list("id", flat=True))


def list_saved() -> tuple[SavedRow, ...]:
    """Every saved report with its timetables, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_SCHEDULES)
        rows = [ScheduleRow(*row) for row in cursor.fetchall()]
    found = SavedReport.objects.filter(end__isnull=True).select_related("by").order_by("name")
    return tuple(
        SavedRow(
            one.pk, one.name, one.code, one.asked, _question(one.question), str(one.by), one.at,
            tuple(row for row in rows if row.saved_id == one.pk),
        )
        for one in found
    )  # fmt: skip


_SCHEDULES = """
select s.id, s.saved_id, s.every, s.media, s."to",
  (select max(m."on") from base_madereport m where m.schedule_id = s.id)
from base_reportschedule s left join base_reportscheduleend e on e.schedule_id = s.id where e.schedule_id is null
order by s.id"""


def get_saved(saved_id: int) -> SavedRow:
    """A saved report. :raises Refused: there is none"""
    one = _saved(saved_id)
    return SavedRow(one.pk, one.name, one.code, one.asked, _question(one.question), str(one.by), one.at)


def list_made(*, limit: int = 50) -> tuple[MadeRow, ...]:
    """What was handed out, newest first."""
    found = MadeReport.objects.select_related("by").defer("body").order_by("-id")[:limit]
    return tuple(MadeRow(one.pk, one.title, one.name, one.asked, one.rows, str(one.by), one.at) for one in found)


def get_made(made_id: int) -> tuple[str, str, bytes]:
    """A file as it was handed out: its name, its media type, its bytes. :raises Refused: there is none"""
    one = MadeReport.objects.filter(id=made_id).first()
    if one is None:
        raise Refused(f"There is no report {made_id} that was handed out.", field="made_id")
    return one.name, MEDIA[one.media], bytes(one.body)


def _saved(saved_id: int) -> SavedReport:
    found = SavedReport.objects.filter(id=saved_id, end__isnull=True).first()
    if found is None:
        raise Refused(f"There is no saved report {saved_id}, or it was taken away.", field="saved_id")
    return found


def _question(kept: Mapping[str, Any] | None) -> Question | None:
    if kept is None:
        return None
    return Question(
        str(kept["view"]), tuple(kept["columns"]), tuple(Condition(**one) for one in kept["tests"]), tuple(kept["by"]),
        str(kept["sort"]), bool(kept["falling"]),
    )  # fmt: skip


def _title(code: str, question: Mapping[str, Any] | None) -> str:
    return (get_view(code) if question is not None else get_report(code)).title


def _table(code: str, asked: Mapping[str, str], question: Mapping[str, Any] | None, on: date) -> Table:
    _title(code, question)
    asks = _question(question)
    return run_question(question=asks) if asks is not None else run(code=code, asked=asked, today=on)


def _keep(
    event: Acting,
    *,
    code: str,
    table: Table,
    media: str,
    on: date,
    asked: Mapping[str, str],
    schedule: ReportSchedule | None = None,
) -> Made:
    body = as_csv(table) if media == "csv" else as_xlsx(table) if media == "xlsx" else as_pdf(table, at=event.at)
    digest = hashlib.sha256(body)
    name = f"{code}-{on.isoformat()}.{media}"
    row = MadeReport.objects.create(
        code=code, title=table.title, asked=dict(asked), name=name, media=media, rows=len(table.rows),
        sha256=digest.digest(), body=body, on=on, schedule=schedule, by_id=event.by.id, at=event.at, event_id=event.id,
    )  # fmt: skip
    return Made(row.pk, name, len(table.rows), digest.hexdigest())
