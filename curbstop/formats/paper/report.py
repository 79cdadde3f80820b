"""A report on letter paper: what was asked, the rows under their headings, the sums; lying down where it is wide."""

from datetime import date, datetime

from curbstop.formats.paper.letterhead import Letterhead
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import amount, moment, printable, short_day
from curbstop.rules.reports import Cell, Column, Table

WIDE = 8
"""Columns from which a report lies on its side."""
MOST_ROWS = 5_000
"""Rows of a report on paper, a hundred sheets and more; beyond them the sums stand and the rest is said to be left."""
_LONGEST = 60


def report_pdf(table: Table, head: Letterhead, *, at: datetime) -> bytes:
    """Draw a report as PDF/UA-1.

    :param at: when it was made, in the zone it is to be printed in
    """
    shown = table.rows[:MOST_ROWS]
    data = {
        "title": printable(table.title),
        "says": printable(table.says),
        "author": printable(head.city),
        "office": printable(head.office),
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "printed": f"Printed {moment(at)}",
        "asked": [[printable(name), printable(value)] for name, value in table.asked],
        "wide": len(table.columns) >= WIDE,
        "heads": [printable(column.says) for column in table.columns],
        "right": [column.kind in ("money", "gallons", "whole", "share") for column in table.columns],
        "stretch": _stretch(table),
        "rows": [[_shown(*pair) for pair in zip(table.columns, row, strict=True)] for row in shown],
        "sums": [_sum(*pair) for pair in zip(table.columns, table.sums, strict=True)],
        "count": f"{len(table.rows):,} row{'s' if len(table.rows) != 1 else ''}",
        "left": len(table.rows) - len(shown),
    }
    return typeset("report.typ", data, on=at.date())


def _stretch(table: Table) -> int:
    """The column that takes the room that is left: the text with the longest words."""
    texts = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    return max(texts, key=lambda place: max((len(str(row[place] or "")) for row in table.rows), default=0), default=0)


def _sum(column: Column, value: int | None) -> str:
    return "" if value is None else _shown(column, value)


def _shown(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{short_day(cell.date())} {cell:%H:%M}"
    if isinstance(cell, date):
        return short_day(cell)
    if isinstance(cell, int):
        if column.kind == "money":
            return amount(cell)
        if column.kind == "share":
            return f"{cell // 100}.{cell % 100:02} %"
        return f"{cell:,}" if column.kind in ("gallons", "whole") else str(cell)
    word = printable(cell)
    return word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}…"
