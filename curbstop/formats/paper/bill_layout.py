"""The sizes a bill is set in, chosen so that one page holds it: bill.typ draws to the same distances.

What is usual is set large. Where there is more to say, the rows close up, then the letters shrink, then messages move;
in the end the whole statement is drawn on a larger sheet and reduced. Nothing is ever left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from curbstop.formats.paper.letterhead import PaperError
from curbstop.formats.paper.widths import BOLD, REGULAR, breakable, capital, height, lines, squeeze, width

STATEMENT_WIDE, STATEMENT_TALL = 526.0, 248.0
RIGHT_WIDE, GUTTER = 202.0, 20.0
PANEL_WIDE, DUE_TALL, STUB_TALL = 177.0, 222.0, 190.0
WAYS_WIDE, WAYS_TALL = 238.0, 72.0
FACTS_WIDE, HEAD_WIDE, CHECK_WIDE = 259.0, 335.0, 344.0
MAIL_WIDE, REMIT_WIDE = 250.0, 280.0
CHART_TALL = RIGHT_WIDE * 248 / 520
CELL_GAP = 8.0
SEAM = 17.0  # between statement and what is told below it: air, a line, air
_TIGHTER = ((9.4, 0.34), (9.2, 0.28), (8.9, 0.25), (8.6, 0.24), (8.2, 0.22), (7.8, 0.2), (7.4, 0.18))
_SMALLER = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
_RUN_IN_FROM = 8.5  # below this size messages may also run on in full lines, their titles in the line


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the charges: a `single` charge, a `group` with its total, or a `part` of the group above."""

    kind: str
    words: str
    how: str
    part: str
    total: str
    note: str


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter's row, as words."""

    service: str
    serial: str
    previous: tuple[str, str]  # the read, its date
    present: tuple[str, str]
    estimated: bool
    usage: str
    note: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What the statement says, before it has a size."""

    rows: tuple[Row, ...]
    total: tuple[str, str]
    meters: tuple[Meter, ...]
    chart: bool
    messages: tuple[str, ...]
    dispute: str


@dataclass(frozen=True, slots=True)
class Setting:
    """How the statement is set: points, ems for `air`, and `factor` where the whole is reduced."""

    size: float
    air: float
    arrangement: str  # "beside", "column" or "run-in"
    wide: float
    tall: float
    factor: float
    charge_columns: tuple[float, float, float, float]
    meter_columns: tuple[float, float, float, float]


_WEIGHT = {"single": BOLD, "group": BOLD, "part": REGULAR}
TITLES = ("Messages", "If you think this bill is wrong")
CHARGE_HEADS = ("Charge", "How it comes out", "Part", "Amount")
METER_HEADS = ("Meter", "Last read", "This read", "Gallons")


def fits(said: Statement) -> Setting:
    """Choose the largest setting that holds the statement.

    :raises PaperError: more than a page could hold at a fifth of its size
    """
    for size, air in _TIGHTER:
        for arrangement in ("beside", "column", "run-in") if size < _RUN_IN_FROM else ("beside", "column"):
            setting = _setting(said, size, air, arrangement, 1.0)
            if _tall(said, setting) <= setting.tall:
                return setting
    size, air = _TIGHTER[-1]
    for factor in _SMALLER:
        setting = _setting(said, size, air, "run-in", factor)
        if _tall(said, setting) <= setting.tall:
            return setting
    raise PaperError(
        [
            f"{len(said.rows)} rows of charges, {len(said.meters)} meters and {len(said.messages)} messages are too "
            "much for one page; shorten the messages, or bill part of it on another account"
        ]
    )


def loosened(said: Statement, setting: Setting) -> Statement:
    """The same words with places to break where one is too long for its column."""
    size = setting.size
    words, how, part, _ = setting.charge_columns

    def row(old: Row) -> Row:
        room = how if old.kind == "part" else how + CELL_GAP + part
        return replace(
            old,
            words=breakable(old.words, words - 9, size, weight=BOLD, tabular=True),
            how=breakable(old.how, room, size, tabular=True),
            note=breakable(old.note, room, size, tabular=True),
        )

    def meter(old: Meter) -> Meter:
        wide = setting.meter_columns
        return replace(
            old,
            service=breakable(old.service, wide[0], size, tabular=True),
            serial=breakable(old.serial, wide[0], size, tabular=True),
            note=breakable(old.note, RIGHT_WIDE, size, tabular=True),
        )

    narrow = RIGHT_WIDE - 1
    return replace(
        said,
        rows=tuple(row(old) for old in said.rows),
        meters=tuple(meter(old) for old in said.meters),
        messages=tuple(breakable(message, narrow, size) for message in said.messages),
        dispute=breakable(said.dispute, narrow, size),
    )


def _setting(said: Statement, size: float, air: float, arrangement: str, factor: float) -> Setting:
    wide = STATEMENT_WIDE / factor
    left = wide - RIGHT_WIDE - GUTTER
    part = 1 + max(width(CHARGE_HEADS[2], size - 1.2), *(width(row.part, size, tabular=True) for row in said.rows), 0)
    total = 1 + max(
        width(CHARGE_HEADS[3], size - 1.2),
        width(said.total[1], size, weight=BOLD, tabular=True),
        *(width(row.total, size, weight=BOLD, tabular=True) for row in said.rows),
    )
    words = 1 + max(
        width(row.words, size, weight=_WEIGHT[row.kind], tabular=True) + (9 if row.kind == "part" else 0)
        for row in said.rows
    )
    words = min(max(words, width(CHARGE_HEADS[0], size)), left * 0.44)
    how = left - words - part - total - 3 * CELL_GAP
    return Setting(
        size=size,
        air=air,
        arrangement=arrangement,
        wide=round(wide, 2),
        tall=round(STATEMENT_TALL / factor, 2),
        factor=factor,
        charge_columns=(round(words, 2), round(how, 2), round(part, 2), round(total, 2)),
        meter_columns=_meter_columns(said.meters, size),
    )


def _meter_columns(meters: Sequence[Meter], size: float) -> tuple[float, float, float, float]:
    large, small = size - 0.8, size - 1.8

    def read(cell: tuple[str, str], mark: str = "") -> float:
        under = width(cell[1], small, tabular=True)
        if mark:
            under += width(f"{mark} ", small, weight=BOLD, tabular=True)
        return max(width(cell[0], large, weight=BOLD, tabular=True), under)

    previous = 1 + max((read(meter.previous) for meter in meters), default=0)
    present = 1 + max((read(meter.present, "Estimated" if meter.estimated else "") for meter in meters), default=0)
    usage = 1 + max((width(meter.usage, large, weight=BOLD, tabular=True) for meter in meters), default=0)
    previous, present, usage = (
        max(column, width(head, small) + 1)
        for column, head in zip((previous, present, usage), METER_HEADS[1:], strict=True)
    )
    return (
        round(max(RIGHT_WIDE - previous - present - usage - 3 * CELL_GAP, 24), 2),
        round(previous, 2),
        round(present, 2),
        round(usage, 2),
    )


def _tall(said: Statement, setting: Setting) -> float:
    """What the statement needs in height."""
    size = setting.size
    picture = said.chart or bool(said.meters)
    in_column = bool(said.messages) and (setting.arrangement == "column" or not picture)
    right = _usage_tall(said, setting) if picture else 0.0
    if in_column:
        right += (9 if picture else 0) + _told_tall(said.messages, RIGHT_WIDE, size)
    if setting.arrangement == "run-in":
        below = _paragraphs_tall(_run_in(said), setting.wide, size)
    elif said.messages and not in_column:
        left = (setting.wide - GUTTER) / 2.2
        below = max(
            _told_tall(said.messages, left, size), _told_tall((said.dispute,), setting.wide - GUTTER - left, size)
        )
    else:
        below = _told_tall((said.dispute,), setting.wide, size)
    return max(_charges_tall(said, setting), right) + below + SEAM


def _run_in(said: Statement) -> tuple[str, ...]:
    told = (f"{TITLES[0]}: {' '.join(said.messages)}",) if said.messages else ()
    return (*told, f"{TITLES[1]}: {said.dispute}")


def _charges_tall(said: Statement, setting: Setting) -> float:
    size = setting.size
    words, how, part, _ = setting.charge_columns
    pad = size * (2 * setting.air + 0.09)
    tall = capital(size + 2) + size * 0.5 + capital(size - 1.2) + pad
    for row in said.rows:
        if row.kind == "part":
            told = lines(row.how, how, size, tabular=True)
            named = lines(row.words, words - 9, size, tabular=True)
        else:
            room = how + CELL_GAP + part
            told = lines(row.how, room, size, tabular=True)
            if row.note:
                told += lines(row.note, room, size - 1.2, tabular=True)
            named = lines(row.words, words, size, weight=BOLD, tabular=True)
        tall += height(max(told, named), size) + pad
    return tall + capital(size) + pad


def _usage_tall(said: Statement, setting: Setting) -> float:
    size = setting.size
    tall = capital(size + 2) + 4.5 + 7 + 3 + CHART_TALL if said.chart else 0.0
    if not said.meters:
        return tall
    tall += 6 + capital(size - 1.8) + 4
    for meter in said.meters:
        named = 1 + lines(meter.service, setting.meter_columns[0], size - 0.8, tabular=True)
        tall += height(max(named, 2), size - 0.8) + 4
        if meter.note:
            tall += height(lines(meter.note, RIGHT_WIDE, size - 1.8, tabular=True), size - 0.8) + 4
    return tall


def _paragraphs_tall(told: Sequence[str], wide: float, size: float) -> float:
    text = size - 0.4
    return sum(height(lines(words, wide, text), text, leading=0.5) for words in told) + (len(told) - 1) * 0.8 * text


def _told_tall(told: Sequence[str], wide: float, size: float) -> float:
    return capital(size + 1) + 6 + _paragraphs_tall(told, wide, size)


@dataclass(frozen=True, slots=True)
class Line:
    """One line and by how much it is narrowed to fit its place (1.0: not at all)."""

    words: str
    squeeze: float


def line(words: str, wide: float, size: float, *, weight: int = REGULAR, tabular: bool = False) -> Line:
    """One line, narrowed if need be."""
    return Line(words, squeeze(words, wide, size, weight=weight, tabular=tabular))


def address(told: Sequence[str], wide: float, largest: float) -> tuple[float, tuple[Line, ...]]:
    """The size of an address, the same for all its lines, and each line narrowed where even 6.5 points are too wide."""
    size = max(largest * min(squeeze(words, wide, largest) for words in told), 6.5)
    return round(size, 2), tuple(line(words, wide, size) for words in told)


def due_setting(rows: Sequence[tuple[str, str]], autopay: str, after: str, words: str) -> tuple[float, float]:
    """The width of the figures beside the amount due, and by how much the panel is reduced to keep above the fold."""
    tall = capital(15) + 7 + 9 + capital(10.5) + 7 + capital(36) + 12 + capital(13) + 11
    if autopay:
        tall += 8 + height(lines(autopay, PANEL_WIDE, 9.5, weight=BOLD), 9.5)
    if after:
        tall += 8 + capital(9.5)
    if words:
        tall += 5 + height(lines(words, PANEL_WIDE, 8.5), 8.5)
    figures = 1 + max(width(figure, 8.3, weight=BOLD, tabular=True) for _, figure in rows)
    room = PANEL_WIDE - CELL_GAP - figures
    for told, _ in rows:
        tall += height(lines(told, room, 8.3, weight=BOLD, tabular=True), 8.3) + 5
    return round(figures, 2), _factor(tall, DUE_TALL)


def stub_factor(who: Sequence[str], due_rows: int, instead: str) -> float:
    """By how much the stub's panel is reduced to keep clear of the scan line."""
    tall = 17 + 7 + sum(height(lines(words, PANEL_WIDE, 8.5), 8.5, leading=0.42) + 5 for words in who) + 8
    tall += due_rows * (capital(9.5) + 6.8) + 8
    tall += max(26, height(lines(instead, PANEL_WIDE, 9.5, weight=BOLD), 9.5))
    return _factor(tall, STUB_TALL)


def ways_factor(ways: Sequence[str]) -> float:
    """By how much the ways to pay are reduced to stand beside the QR code."""
    return _factor(sum(height(lines(way, WAYS_WIDE, 8.5), 8.5, leading=0.4) + 5 for way in ways), WAYS_TALL)


def _factor(need: float, tall: float) -> float:
    return 1.0 if need <= tall else round(tall / need, 4)
