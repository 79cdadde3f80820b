"""Files of reads: kept once, judged row by row as a set, bad rows set apart until somebody settles them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats import ami, layouts
from curbstop.formats.ami import BadRow, MeterRead
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own_place
from curbstop.office.reads._standing import lock_installations, stand
from curbstop.office.reads.entry import check_day, keep
from curbstop.office.reads.looks import get_read_sheet
from curbstop.office.reads.routes import RouteRead, record_rows
from curbstop.records.meters.models import ReadFile, ReadQuarantined, ReadQuarantineSettled
from curbstop.rules.customers import check_text
from curbstop.rules.faults import BadValue, Faults

DROPPED, ENTERED = "dropped", "entered"


@dataclass(frozen=True)
class ReadsLoaded:
    """A file of reads as loaded. ``already``: it was loaded before, and nothing was taken twice."""

    file_id: int
    rows: int
    accepted: int
    waiting: int
    duplicates: int
    quarantined: int
    already: bool


@dataclass(frozen=True)
class QuarantinedRow:
    """A row that nobody settled yet, as it came and why."""

    row_id: int
    file_id: int
    file: str
    line: int
    text: str
    meter: str
    why: str


@dataclass(frozen=True)
class FileRow:
    """A file in the list of those loaded."""

    file_id: int
    name: str
    layout: str
    rows: int
    accepted: int
    waiting: int
    duplicates: int
    quarantined: int
    unsettled: int
    at: datetime
    by: str


@act("reads.load_file", secret=("content",))
def load_file(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, layout: str, content: str, on: date,
    reader: str = "",
) -> ReadsLoaded:  # fmt: skip
    """Load a file of a handheld or a meter network: every row that can be judged is; the others are set apart, each
    with its reason. Sent again it adds nothing.

    :param content: the file's bytes as Latin-1 text, one character a byte
    :param on: the day of rows that have none of their own
    :raises Refused: no such layout, or a file that is used in no part (its count is not met)
    """
    shape = _layout(layout)
    data = content.encode("latin-1")
    digest = hashlib.sha256(data).digest()
    before = ReadFile.objects.filter(layout=layout, sha256=digest).first()
    if before is not None:
        event.about(f"read_file:{before.pk}", says=f"{name}: loaded before, as {before.name}; nothing is taken twice.")
        apart = ReadQuarantined.objects.filter(file=before).count()
        return _loaded(before, apart, already=True)
    try:
        found = ami.read_meters(shape, data, name=name)
    except Faults as faults:
        raise Refused(f"{name} is refused whole, and nothing of it is taken. {faults}", field="content") from None
    if not found.rows and not found.bad:
        raise Refused(f"{name} has no reads.", field="content")
    taken, bad = _take(event, found.rows, on, check_text(reader, field="reader"))
    bad += found.bad
    file = ReadFile.objects.create(
        layout=layout, name=check_text(name, field="name", longest=200, required=True), sha256=digest,
        rows=len(found.rows) + len(found.bad), accepted=taken["accepted"], waiting=taken["waiting"],
        duplicates=taken["duplicates"], at=at, by_id=by.id, event_id=event.id,
    )  # fmt: skip
    ReadQuarantined.objects.bulk_create(
        ReadQuarantined(file=file, line=row.line, text=row.text, meter=row.meter, why=row.why)
        for row in sorted(bad, key=lambda row: row.line)
    )
    says = f"{name}: {file.rows:,} rows, {file.accepted:,} accepted, {file.waiting:,} wait, {len(bad):,} set apart."
    event.about(f"read_file:{file.pk}", says=says)
    return _loaded(file, len(bad), already=False)


def _layout(name: str) -> layouts.Layout:
    if name not in ami.read_layouts():
        raise Refused(
            f"There is no layout {name!r} of reads; there are {', '.join(ami.read_layouts())}.", field="layout"
        )
    return layouts.built_in(name)


def _loaded(file: ReadFile, apart: int, *, already: bool) -> ReadsLoaded:
    return ReadsLoaded(file.pk, file.rows, file.accepted, file.waiting, file.duplicates, apart, already)


def _take(event: Acting, rows: Sequence[MeterRead], on: date, reader: str) -> tuple[dict[str, int], list[BadRow]]:
    """Judge and write the rows, day by day and reader by reader; what cannot be is set apart."""
    groups: dict[tuple[date, str], list[MeterRead]] = defaultdict(list)
    for row in rows:
        groups[row.read_on or on, row.reader or reader].append(row)
    counts, bad = dict.fromkeys(("accepted", "waiting", "duplicates"), 0), list[BadRow]()
    for (day, who), of in sorted(groups.items()):
        reads = [RouteRead(register=row.register, serial=row.meter, codes=row.codes) for row in of]
        try:
            done = record_rows(event, read_on=day, reads=reads, reader=who, source="route_file")
        except BadValue as fault:
            bad += [BadRow(row.line, row.text, f"{fault.value}: {fault.why}", row.meter) for row in of]
            continue
        for name in counts:
            counts[name] += getattr(done, name)
        bad += [BadRow(of[one.row - 1].line, of[one.row - 1].text, one.why, one.meter) for one in done.refused]
        unknown = set(done.unknown)
        bad += [
            BadRow(row.line, row.text, "no such meter hangs anywhere on that day", row.meter)
            for row in of
            if row.meter in unknown
        ]
    return counts, bad


@dataclass(frozen=True)
class RowSettled:
    """A quarantined row that was settled, and the read that it became, where it did."""

    row_id: int
    how: str
    read_id: int | None


@act("reads.settle_row")
def settle_row(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, row_id: int, reason: str, serial: str = "",
    register: int | None = None, read_on: date | None = None,
) -> RowSettled:  # fmt: skip
    """Settle a row that was set apart: enter it with what is right, or drop it (no ``serial``), with the reason.

    :raises Refused: no such row, settled already, no such meter
    :raises BadRead: a day or a number that cannot be
    """
    why = check_text(reason, field="reason", longest=300, required=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('read row', %s))", [row_id])
    row = ReadQuarantined.objects.filter(id=row_id).first()
    if row is None:
        raise Refused(f"There is no row {row_id} set apart.", field="row_id")
    if ReadQuarantineSettled.objects.filter(row=row).exists():
        raise Refused(f"Line {row.line} was settled already.", field="row_id")
    read_id = None
    if serial:
        if register is None or read_on is None:
            raise Refused("Say what the register showed, and on which day.", field="register")
        locked = lock_installations(serials=[serial], on=read_on)
        if not locked:
            raise Refused(f"No meter {serial} hangs anywhere on {read_on.isoformat()}.", field="serial")
        standing = stand([locked[-1][0]], on=read_on, at=at)[0]
        refuse_own_place(by, standing.premise_id, read_on)
        check_day(standing, read_on)
        read_id = keep(standing, register, on=read_on, kind="regular", source="hand", event_id=event.id).read_id
        event.about(f"premise:{standing.premise_id}", f"read:{read_id}")
    how = ENTERED if serial else DROPPED
    ReadQuarantineSettled.objects.create(row=row, how=f"{how}: {why}", read_id=read_id, by_id=by.id, event_id=event.id)
    event.about(f"read_file:{row.file_id}", says=f"Line {row.line} of a file of reads {how}: {why}.")
    return RowSettled(row_id, how, read_id)


# --- what screens look at ---------------------------------------------------------------------------------------------


def list_layouts() -> dict[str, str]:
    """The layouts of files of reads by name, each with its sentence."""
    return ami.read_layouts()


def list_files(*, most: int = 10) -> tuple[FileRow, ...]:
    """The files loaded last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select f.id, f.name, f.layout, f.rows, f.accepted, f.waiting, f.duplicates, count(q.id),"
            " count(q.id) filter (where s.row_id is null), f.at,"
            " coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username)"
            " from meters_readfile f join base_user u on u.id = f.by_id"
            " left join meters_readquarantined q on q.file_id = f.id"
            " left join meters_readquarantinesettled s on s.row_id = q.id"
            " group by f.id, u.id order by f.id desc limit %s",
            [most],
        )
        return tuple(FileRow(*row) for row in cursor.fetchall())


def list_quarantined(*, most: int = 100) -> tuple[QuarantinedRow, ...]:
    """The rows set apart that nobody settled, by file and line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select q.id, f.id, f.name, q.line, q.text, q.meter, q.why from meters_readquarantined q"
            " join meters_readfile f on f.id = q.file_id"
            " where not exists (select from meters_readquarantinesettled s where s.row_id = q.id)"
            " order by f.id desc, q.line limit %s",
            [most],
        )
        return tuple(QuarantinedRow(*row) for row in cursor.fetchall())


def export_route(*, cycle: str, route: str, on: date) -> str:
    """A route as a handheld takes it (layout ``route_fixed``): every meter in walking order with its last read.

    :raises Refused: the route has no meters on the day
    """
    rows = get_read_sheet(cycle=cycle, route=route, on=on)
    if not rows:
        raise Refused(f"Cycle {cycle} has no route {route} with meters on {on.isoformat()}.", field="route")
    return ami.write_route(
        cycle=cycle, route=route, read_on=on,
        meters=[
            ami.RouteMeter(row.sequence, row.meter, row.dials, row.last_register, row.last_on, row.address, row.hazard)
            for row in rows
        ],
    )  # fmt: skip
