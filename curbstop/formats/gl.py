"""The file for the city's general ledger: header, one line a day and account, trailer; as CSV, and the same as JSON.

The layout is in docs/reference/gl.md. Amounts are text with two decimals in CSV, whole cents in JSON. The SHA-256 is of
the CSV's detail lines as they stand, so that both forms, and whoever receives them, can compute it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from curbstop.rules.money import show

FORMAT = "curbstop-gl-1"
END = "\r\n"


class GlFault(ValueError):
    """A file that is not what its trailer says; the message names the line."""


@dataclass(frozen=True, slots=True)
class GlLine:
    """What one account of the general ledger took on one day. Debits and credits are not set off."""

    on: date
    gl: str
    name: str
    debit_cents: int
    credit_cents: int


@dataclass(frozen=True, slots=True)
class GlFile:
    """A file of the days [from_on, until_on), which follows ``previous_file_id`` (empty: the first)."""

    file_id: str
    previous_file_id: str
    from_on: date
    until_on: date
    rows: tuple[GlLine, ...]

    @property
    def debit_cents(self) -> int:
        """Debits of every line."""
        return sum(row.debit_cents for row in self.rows)

    @property
    def credit_cents(self) -> int:
        """Credits of every line."""
        return sum(row.credit_cents for row in self.rows)

    @property
    def sha256(self) -> str:
        """Of the detail lines as the CSV has them."""
        return hashlib.sha256(_details(self.rows).encode()).hexdigest()


def write_csv(file: GlFile) -> bytes:
    """The file as CSV (RFC 4180, UTF-8)."""
    dates = (file.from_on.isoformat(), file.until_on.isoformat())
    head = ("H", FORMAT, file.file_id, file.previous_file_id, *dates, *_totals(file))
    return (_csv([head]) + _details(file.rows) + _csv([("T", file.file_id, *_totals(file))])).encode()


def _totals(file: GlFile) -> tuple[str, str, str, str]:
    return str(len(file.rows)), _amount(file.debit_cents), _amount(file.credit_cents), file.sha256


def _details(rows: Iterable[GlLine]) -> str:
    return _csv(
        (
            "D",
            row.on.isoformat(),
            row.gl,
            row.name,
            _amount(row.debit_cents),
            _amount(row.credit_cents),
        )
        for row in rows
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=END).writerows(rows)
    return text.getvalue()


def write_json(file: GlFile) -> bytes:
    """The same file as JSON."""
    body = {
        "format": FORMAT,
        "file_id": file.file_id,
        "previous_file_id": file.previous_file_id,
        "from_on": file.from_on.isoformat(),
        "until_on": file.until_on.isoformat(),
        "lines": len(file.rows),
        "debit_cents": file.debit_cents,
        "credit_cents": file.credit_cents,
        "sha256": file.sha256,
        "rows": [{**asdict(row), "on": row.on.isoformat()} for row in file.rows],
    }
    return (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode()


def read_csv(body: bytes) -> GlFile:
    """Read a file back, and hold it against its own header and trailer.

    :raises GlFault: a line that is none, or totals or a hash that are not those of its lines
    """
    rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
    if len(rows) < 2 or rows[0][:2] != ["H", FORMAT] or len(rows[0]) != 10 or rows[-1][0] != "T":
        raise GlFault("the first line is not the header of a file for the general ledger, or the last is no trailer")
    head, trailer = rows[0], rows[-1]
    lines = tuple(_line(no, row) for no, row in enumerate(rows[1:-1], 2))
    file = GlFile(head[2], head[3], date.fromisoformat(head[4]), date.fromisoformat(head[5]), lines)
    for name, found in (("header", head[6:]), ("trailer", trailer[2:])):
        if tuple(found) != _totals(file):
            raise GlFault(f"the {name} says {', '.join(found)}; the lines come to {', '.join(_totals(file))}")
    if trailer[1] != file.file_id:
        raise GlFault(f"the header is of {file.file_id}, the trailer of {trailer[1]}")
    return file


def _line(no: int, row: Sequence[str]) -> GlLine:
    try:
        mark, on, gl, name, debit, credit = row
        if mark != "D":
            raise ValueError(mark)
        return GlLine(date.fromisoformat(on), gl, name, _cents(debit), _cents(credit))
    except ValueError as error:
        raise GlFault(f"line {no} is no detail line: {','.join(row)}") from error


def _amount(cents: int) -> str:
    return show(cents).replace(",", "")


def _cents(text: str) -> int:
    whole, point, part = text.partition(".")
    if not point or len(part) != 2 or not (whole + part).isdigit():
        raise ValueError(text)
    return int(whole + part)
