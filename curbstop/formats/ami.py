"""Files of reads from handhelds and meter networks, and routes for handhelds. The shape is a layout (`layouts`) with
these names for its records: `read` (fields `meter`, `register`, and `read_on`, `codes`, `reader` where it has them),
`header` (`read_on`, `reader`: for every row without its own) and `total` (`rows`, which must be met)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.formats.layouts import BadField, Layout, Values, built_in, decode, names, read_lines, write_line
from curbstop.rules.faults import Fault, Faults


class ReadFileErrors(Faults):
    """What makes a whole file of reads unusable: a count that is not met, a heading that is another layout's."""

    what = "file of reads"


@dataclass(frozen=True, slots=True)
class MeterRead:
    """One row: the meter as the file names it, the number on its register, the day, what the device noted."""

    line: int
    text: str
    meter: str
    register: int
    read_on: date | None
    codes: str
    reader: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of no use, as it came, and why."""

    line: int
    text: str
    why: str
    meter: str


@dataclass(frozen=True, slots=True)
class MeterFile:
    """What can be judged, and what is set apart."""

    rows: tuple[MeterRead, ...]
    bad: tuple[BadRow, ...]


@dataclass(frozen=True, slots=True)
class RouteMeter:
    """A meter of a route as it goes out."""

    sequence: int
    meter: str
    dials: int
    last: int | None
    last_on: date | None
    address: str
    hazard: str


def read_layouts() -> dict[str, str]:
    """The layouts of files of reads by name, each with its sentence."""
    found = {name: built_in(name) for name in names()}
    return {name: shape.says for name, shape in found.items() if any(record.name == "read" for record in shape.records)}


def read_meters(layout: Layout, data: bytes, *, name: str) -> MeterFile:
    """The rows of a file of reads; a bad row is set apart and the others go on.

    :raises ReadFileErrors: no text, another layout's heading, or a count that is not met
    """
    rows: list[MeterRead] = []
    bad: list[BadRow] = []
    read_on, reader, stated = None, "", None
    try:
        for line in read_lines(layout, decode(data)):
            values = line.values
            if line.record == "header" and not line.faults:
                read_on, reader = _day(values.get("read_on")), str(values.get("reader") or "").strip()
            elif line.record == "total" and not line.faults:
                stated = values.get("rows")
            elif line.faults or line.record != "read":
                why = "; ".join(line.faults) or f"a line of no use ({line.record or 'unknown'})"
                bad.append(BadRow(line.no, line.text, why, str(values.get("meter") or "").strip()))
            else:
                rows.append(
                    MeterRead(
                        line.no, line.text, str(values["meter"]).strip(), int(str(values["register"])),
                        _day(values.get("read_on")) or read_on, str(values.get("codes") or "").strip(),
                        str(values.get("reader") or "").strip() or reader,
                    )
                )  # fmt: skip
    except BadField as fault:
        raise ReadFileErrors([Fault(name, 1, fault.field, str(fault.value), fault.why, fault.remedy)]) from None
    if stated is not None and stated != len(rows) + len(bad):
        why = f"the trailer says {stated} rows, and there are {len(rows) + len(bad)}"
        raise ReadFileErrors([Fault(name, 0, "rows", str(stated), why, "have the whole file sent again")])
    return MeterFile(tuple(rows), tuple(bad))


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def write_route(*, cycle: str, route: str, read_on: date, meters: Sequence[RouteMeter]) -> str:
    """A route as a handheld takes it, layout `route_fixed`."""
    layout = built_in("route_fixed")
    head: Values = {"cycle": cycle, "route": route, "read_on": read_on}
    lines = [write_line(layout, "header", head), *(_meter(layout, one) for one in meters)]
    lines.append(write_line(layout, "total", {"rows": len(meters)}))
    return "".join(f"{line}\r\n" for line in lines)


def _meter(layout: Layout, one: RouteMeter) -> str:
    return write_line(
        layout,
        "meter",
        {
            "sequence": one.sequence,
            "meter": one.meter,
            "dials": one.dials,
            "last": one.last,
            "last_on": one.last_on,
            "address": _plain(one.address, 50),
            "hazard": _plain(one.hazard, 42),
        },
    )


def _plain(text: str, longest: int) -> str:
    """Plain letters, cut to the field: a handheld shows no others, and the paper has it whole."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)[:longest]


def write_reads(*, cycle: str, route: str, read_on: date, reader: str, reads: Iterable[tuple[str, int, str]]) -> str:
    """A handheld's answer, layout `reads_fixed`: meter, register and code of each. For tests and demonstrations."""
    layout = built_in("reads_fixed")
    rows = [
        write_line(layout, "read", {"meter": meter, "register": register, "codes": code})
        for meter, register, code in reads
    ]
    head = write_line(layout, "header", {"cycle": cycle, "route": route, "read_on": read_on, "reader": reader})
    return "".join(f"{line}\r\n" for line in (head, *rows, write_line(layout, "total", {"rows": len(rows)})))
