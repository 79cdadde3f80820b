"""A table as a file for a spreadsheet: CSV, and XLSX with typed cells. Texts are never formulas."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from curbstop.rules.reports import Cell, Column, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text must not begin with: a spreadsheet would take it for a formula (OWASP, CSV injection)."""

_FORMATS = {"money": "#,##0.00;-#,##0.00", "gallons": "#,##0", "whole": "#,##0", "share": "0.00%", "day": "yyyy-mm-dd"}
_WIDTHS = {"text": 30, "at": 20, "account": 14, "money": 14}
MOST_WORDS = 32_000
"""Characters that a cell of a spreadsheet holds."""


def as_csv(table: Table) -> bytes:
    """The rows under their headings, UTF-8 with a byte order mark; money in dollars with two decimals, days in ISO.

    The last row is the sums, where a column has one.
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n")
    write.writerow([column.says for column in table.columns])
    for row in table.rows:
        write.writerow([_word(column, cell) for column, cell in zip(table.columns, row, strict=True)])
    if any(cents is not None for cents in table.sums):
        sums = [_word(column, cents) for column, cents in zip(table.columns, table.sums, strict=True)]
        write.writerow(["Together", *sums[1:]] if not sums[0] else sums)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(table: Table) -> bytes:
    """The same as a workbook: what was asked on a second sheet, numbers and days as such, the first row frozen."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.title[:31].replace("/", " "))
    sheet.freeze_panes = "A2"
    for place, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column.kind, 13)
    sheet.append([_bold(sheet, column.says) for column in table.columns])
    for row in table.rows:
        sheet.append([_typed(sheet, column, cell) for column, cell in zip(table.columns, row, strict=True)])
    if any(cents is not None for cents in table.sums):
        sheet.append([_typed(sheet, column, cents) for column, cents in zip(table.columns, table.sums, strict=True)])
    told = book.create_sheet("What was asked")
    for line in ((table.title,), (table.says,), *table.asked):
        told.append([_text(told, word) for word in line])
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def _word(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if column.kind == "money" and isinstance(cell, int):
        return f"{'-' if cell < 0 else ''}{abs(cell) // 100}.{abs(cell) % 100:02}"
    if column.kind == "share" and isinstance(cell, int):
        return f"{'-' if cell < 0 else ''}{abs(cell) // 100}.{abs(cell) % 100:02}%"
    if isinstance(cell, date):
        return cell.isoformat()
    word = str(cell)
    return f"'{word}" if isinstance(cell, str) and word.startswith(FORMULA) else word


def _typed(sheet: Any, column: Column, cell: Cell) -> Any:
    if cell is None:
        return None
    if isinstance(cell, str):
        return _text(sheet, cell)
    value: Any = cell
    if column.kind == "money" and isinstance(cell, int):
        value = Decimal(cell).scaleb(-2)
    elif column.kind == "share" and isinstance(cell, int):
        value = Decimal(cell).scaleb(-4)
    elif isinstance(cell, datetime):
        value = cell.replace(tzinfo=None)
    found = WriteOnlyCell(sheet, value=value)
    found.number_format = _FORMATS.get(column.kind, "General")
    return found


def _text(sheet: Any, word: str) -> Any:
    """A text that stays one, whatever it begins with, without characters that a workbook cannot hold."""
    found = WriteOnlyCell(sheet)
    found.value = "".join(letter for letter in word if letter >= " " or letter in "\n\t")[:MOST_WORDS]
    found.data_type = "s"
    return found


def _bold(sheet: Any, word: str) -> Any:
    found = _text(sheet, word)
    found.font = Font(bold=True)
    return found
