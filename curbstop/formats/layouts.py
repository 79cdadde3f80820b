"""Files of fixed columns or of commas, described by a table: which records there are, and where each field stands.

A layout is data (YAML, `docs/reference/layouts.md`), because every bank, lockbox and meter maker has its own. One
engine reads and writes them all. Reading never guesses: a field that is not what the layout says is a fault of its
line, and the line is kept as it came.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files

from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.sheets import Block, Page

TYPES = ("text", "digits", "whole", "cents", "amount", "on", "blank", "const")
"""text; digits (kept as text); a whole number; cents without a point; an amount with one; a date; nothing; a mark."""

KINDS = ("fixed", "csv", "bai2")
"""bai2: details of a BAI2 file, known by their type code (`formats.bai2_payments`), their fields by column."""

Value = str | int | date | None
Values = Mapping[str, Value]

_AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?")


class LayoutErrors(Faults):
    """Everything wrong with a layout."""

    what = "layout"


class BadField(BadValue):
    """A value that does not fit its field, or a field of a line that is not what the layout says."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    :ivar start: first place, counted from 1, of a fixed record; the number of the column of a CSV without a header
    :ivar length: places of a fixed record; of a CSV, the most characters, or 0
    :ivar column: the name of the column of a CSV with a header
    :ivar form: of a date, its `strftime` form; of a mark, its text
    :ivar empty: whether nothing (spaces, zeros of a date) may stand there
    """

    name: str
    type: str
    start: int = 0
    length: int = 0
    column: str = ""
    form: str = ""
    empty: bool = False
    pad: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One kind of line, known by `begins` at the place `at` (a column, for a CSV); the one without is all the rest."""

    name: str
    begins: str
    at: int
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's shape. `length` is what every line of a fixed file has; 0 where lines may differ."""

    id: str
    says: str
    kind: str
    length: int
    separator: str
    header: bool
    channel: str
    records: tuple[Record, ...]

    def record(self, name: str) -> Record:
        """The record of this name. :raises KeyError: there is none"""
        for record in self.records:
            if record.name == name:
                return record
        raise KeyError(f"layout {self.id} has no record {name!r}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as read. `text` is the line as it came; `faults` say what is wrong, and then `values` lack the field.

    :ivar no: its number in the file, from 1
    :ivar record: the record's name; empty where no record of the layout begins like this line
    """

    no: int
    text: str
    record: str
    values: Mapping[str, Value]
    faults: tuple[str, ...]


# --- reading a layout -------------------------------------------------------------------------------------------------


@cache
def built_in(name: str) -> Layout:
    """A layout that comes with the programs: `nacha`, `lockbox_bai`, `bank_csv`, `remittance_csv`, ...

    :raises KeyError: there is none of this name
    """
    found = files("curbstop.formats").joinpath("data", f"{name}.yaml")
    if not name.replace("_", "").isalnum() or not found.is_file():
        raise KeyError(f"there is no layout {name!r}; there are {', '.join(names())}")
    (layout,) = read_layouts(found.read_text("utf-8"), file=f"{name}.yaml")
    return layout


@cache
def names() -> tuple[str, ...]:
    """The names of the layouts that come with the programs."""
    folder = files("curbstop.formats").joinpath("data")
    return tuple(sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".yaml")))


def read_layouts(text: str, *, file: str) -> tuple[Layout, ...]:
    """The layouts of a file, one a document.

    :raises LayoutErrors: every fault found, each with its line
    """
    page = Page(file)
    found = [_layout(block) for block in page.blocks(text)]
    if page.faults:
        raise LayoutErrors(page.faults)
    return tuple(found)


def _layout(block: Block) -> Layout:
    kind = block.choice("kind", KINDS, default="fixed")
    header = block.choice("header", ("yes", "no"), default="no") == "yes"
    layout = Layout(
        id=block.text("id", required="name the layout, for example first_bank_lockbox") or "?",
        says=block.text("says", required="say in a sentence whose files these are") or "",
        kind=kind,
        length=block.whole("length") or 0,
        separator=_separator(block),
        header=header,
        channel=block.text("channel") or "",
        records=tuple(
            _record(part, kind, header) for part in block.blocks("records", required="write at least one record")
        ),
    )
    if sum(not record.begins for record in layout.records) > 1:
        block.fault("records", why="two records have no mark", remedy="say by `begins:` what their lines begin with")
    block.done()
    return layout


def _separator(block: Block) -> str:
    """Named, since a separator that is a space or a tab cannot be seen in a file."""
    named = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
    return named[block.choice("separator", tuple(named), default="comma")]


def _record(block: Block, kind: str, header: bool) -> Record:
    record = Record(
        name=block.text("name", required="name the record, for example detail") or "?",
        begins=block.text("begins") or "",
        at=block.whole("at", least=1) or 1,
        fields=tuple(_field(part, kind, header) for part in block.blocks("fields", required="write its fields")),
    )
    end = 0
    for field in record.fields if kind == "fixed" else ():
        if field.start <= end:
            why = f"{field.name} begins at {field.start}, inside the field before it"
            block.fault("fields", why=why, remedy=f"begin it at {end + 1} or after")
        end = field.start + field.length - 1
    block.done()
    return record


def _field(block: Block, kind: str, header: bool) -> Field:
    type = block.choice("type", TYPES, default="text")
    named = kind == "bai2" or (kind == "csv" and header)
    field = Field(
        name=block.text("name", required="name the field") or "?",
        type=type,
        start=0 if named else block.whole("at", least=1, required="say at which place it begins") or 1,
        length=block.whole("length", least=1, required="say how many places" if kind == "fixed" else None) or 0,
        column=(block.text("column", required="write the column's heading") or "") if named else "",
        form=block.text("form") or ("%Y-%m-%d" if type == "on" else ""),
        empty=block.choice("empty", ("yes", "no"), default="no") == "yes",
        pad=block.choice("pad", ("left", "right"), default="right"),
    )
    if type == "const" and not field.form:
        block.fault("form", why="missing", remedy="write the mark that stands there")
    block.done()
    return field


# --- writing ----------------------------------------------------------------------------------------------------------


def write_line(layout: Layout, record: str, values: Values) -> str:
    """One line of a fixed layout, without its end.

    :raises BadField: a value missing, or one that does not fit its field: nothing is ever cut but text that may be
    """
    shape = layout.record(record)
    parts: list[str] = []
    at = 1
    for field in shape.fields:
        parts.append(" " * (field.start - at))
        parts.append(_shown(field, values.get(field.name)))
        at = field.start + field.length
    line = "".join(parts)
    return line.ljust(layout.length)


def _shown(field: Field, value: Value) -> str:
    if field.type == "const":
        return field.form.ljust(field.length)
    if value is None:
        if field.type == "blank" or field.empty:
            return " " * field.length
        raise _misfit(field, "", "nothing was given", "give its value")
    if field.type in ("whole", "cents"):
        return _number(field, value)
    if field.type == "on":
        if not isinstance(value, date):
            raise _misfit(field, value, "not a date", "give a date")
        return f"{value:{field.form}}".ljust(field.length)
    text = str(value)
    if not text.isascii() or not text.isprintable():
        raise _misfit(field, text, "holds a character that the file cannot", "write it in plain letters")
    if len(text) > field.length:
        raise _misfit(field, text, f"longer than {field.length} places", "shorten it")
    if field.type == "digits":
        if not text.isdigit():
            raise _misfit(field, text, "not digits only", "write digits")
        return text.rjust(field.length, "0")
    return text.rjust(field.length) if field.pad == "left" else text.ljust(field.length)


def _number(field: Field, value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _misfit(field, value, "not a whole number of zero or more", "give one")
    shown = str(value).rjust(field.length, "0")
    if len(shown) > field.length:
        raise _misfit(field, value, f"more than {field.length} places", "split the file")
    return shown


def _misfit(field: Field, value: object, why: str, remedy: str) -> BadField:
    return BadField(field=field.name, value=value, why=why, remedy=remedy)


# --- reading ----------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 with or without its mark, else Windows-1252; a zero byte is no text.

    :raises BadField: a file that is no text
    """
    if b"\0" in data:
        remedy = "send the text file that the bank sent, not a spreadsheet or an archive"
        raise BadField(field="file", value="", why="it is no text", remedy=remedy)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_lines(layout: Layout, text: str) -> Iterator[Line]:
    """Every line of the text, in order, with what its record's fields say. Empty lines are passed over.

    :raises BadField: a CSV whose heading lacks a column that the layout names
    """
    return _read_csv(layout, text) if layout.kind == "csv" else _read_fixed(layout, text)


def _read_fixed(layout: Layout, text: str) -> Iterator[Line]:
    for no, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip():
            yield read_line(layout, line, no)


def read_line(layout: Layout, line: str, no: int = 1) -> Line:
    """One line of a fixed layout. A line cut short by whoever trims spaces is filled up; blanks beyond its end are
    passed over."""
    body = line
    if layout.length:
        body = line.ljust(layout.length)
        if body[layout.length :].strip():
            why = f"{len(line.rstrip())} places, and the layout has {layout.length}"
            return Line(no, line, "", {}, (why,))
    record = next(
        (r for r in layout.records if r.begins and body[r.at - 1 : r.at - 1 + len(r.begins)] == r.begins), None
    ) or next((r for r in layout.records if not r.begins), None)
    if record is None:
        return Line(no, line, "", {}, (f"no record of {layout.id} begins with {body[:1]!r}",))
    parts = [(field, body[field.start - 1 : field.start - 1 + field.length]) for field in record.fields]
    values, faults = _values(parts)
    return Line(no, line, record.name, values, faults)


def _read_csv(layout: Layout, text: str) -> Iterator[Line]:
    lines = text.splitlines()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator)
    places: dict[str, int] = {}
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(before + 1, "", "", {}, (f"not readable as a table: {error}",))
            return
        first, before = before + 1, reader.line_num
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if layout.header and not places:
            places = _places(layout, cells)
            continue
        raw = "\n".join(lines[first - 1 : before])
        yield _read_cells(layout, cells, places, first, raw)


def _places(layout: Layout, cells: Sequence[str]) -> dict[str, int]:
    """Where each named column stands; letter case and the spaces around a name do not count."""
    there = {" ".join(cell.lower().split()): place for place, cell in enumerate(cells)}
    wanted = {field.column for record in layout.records for field in record.fields if not field.empty}
    if lacking := sorted(column for column in wanted if " ".join(column.lower().split()) not in there):
        why = f"the heading has no {', '.join(lacking)}; it has {', '.join(cell for cell in cells if cell)[:200]}"
        raise BadField(field="heading", value="", why=why, remedy="choose the layout of this file, or correct it")
    return {
        field.column: there[name]
        for record in layout.records
        for field in record.fields
        if (name := " ".join(field.column.lower().split())) in there
    }


def _read_cells(layout: Layout, cells: Sequence[str], places: Mapping[str, int], no: int, raw: str) -> Line:
    def cell(at: int) -> str:
        return cells[at] if 0 <= at < len(cells) else ""

    def is_of(record: Record) -> bool:
        return bool(record.begins) and cell(record.at - 1).lower().startswith(record.begins.lower())

    record = next((r for r in layout.records if is_of(r)), None) or next(
        (r for r in layout.records if not r.begins), None
    )
    if record is None:
        return Line(no, raw, "", {}, (f"no record of {layout.id} begins with {cell(0)[:20]!r}",))
    parts = []
    for field in record.fields:
        place = places.get(field.column, -1) if layout.header else field.start - 1
        parts.append((field, cell(place)))
    values, faults = _values(parts)
    return Line(no, raw, record.name, values, faults)


def _values(parts: Sequence[tuple[Field, str]]) -> tuple[dict[str, Value], tuple[str, ...]]:
    values: dict[str, Value] = {}
    faults: list[str] = []
    for field, raw in parts:
        if field.type == "blank":
            continue
        try:
            values[field.name] = _read(field, raw)
        except BadField as bad:
            name = "amount" if field.type in ("cents", "amount") else bad.field.replace("_", " ")
            faults.append(f"{name} {bad.value!r}: {bad.why}")
    return values, tuple(faults)


def _read(field: Field, raw: str) -> Value:
    text = raw.strip()
    if field.type == "const":
        if text != field.form:
            raise _misfit(field, raw, f"not {field.form!r}", "")
        return text
    if not text:
        if field.empty or field.type == "text":
            return None if field.type != "text" else ""
        raise _misfit(field, raw, "empty", "")
    if field.type == "text":
        return raw.rstrip() if field.pad == "right" else text
    if field.type == "on":
        return _read_on(field, text)
    if field.type == "amount":
        return _read_amount(field, text)
    if not (text.isascii() and text.isdigit()):
        raise _misfit(field, raw, "not a number", "")
    return text if field.type == "digits" else int(text)


def _read_on(field: Field, text: str) -> date | None:
    if field.empty and not text.strip("0"):
        return None
    found = _day(text, field.form)
    if found is None:
        raise _misfit(field, text, "not a date", "")
    return found


@lru_cache(maxsize=512)
def _day(text: str, forms: str) -> date | None:
    """A day in one of the forms; a file has few of them, many times each."""
    for form in forms.split("|"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _read_amount(field: Field, text: str) -> int:
    """`1,234.50`, `$12.5`, `12` as whole cents. Below zero is refused: a file of payments takes nothing off."""
    bare = text.removeprefix("$").strip()
    if bare.startswith("-") or (bare.startswith("(") and bare.endswith(")")):
        raise _misfit(field, text, "below zero", "")
    if not _AMOUNT.fullmatch(bare):
        raise _misfit(field, text, "not an amount", "")
    dollars, _, cents = bare.replace(",", "").partition(".")
    return int(dollars) * 100 + int(cents.ljust(2, "0"))


def read_record(layout: Layout, record: str, line: str, no: int = 1) -> Line:
    """A line of a fixed layout as the record named, whatever it begins with."""
    body = line.ljust(layout.length)
    parts = [(f, body[f.start - 1 : f.start - 1 + f.length]) for f in layout.record(record).fields]
    values, faults = _values(parts)
    return Line(no, line, record, values, faults)
