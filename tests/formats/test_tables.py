"""A table as CSV and XLSX: what is written is what was meant, and no text becomes a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from curbstop.formats.tables import FORMULA, as_csv, as_xlsx
from curbstop.rules.reports import Column, Table

COLUMNS = (
    Column("name", "Name", "text", False),
    Column("day", "Day", "day", False),
    Column("at", "When", "at", False),
    Column("cents", "Owed", "money", True),
    Column("gal", "Gallons", "gallons", True),
    Column("share", "Share", "share", False),
)
ROWS = (
    ("Zoë O'Hara 🐕", date(2026, 2, 28), datetime(2026, 2, 28, 23, 30, tzinfo=UTC), -123_456, 12_000, 1_250),
    ("=cmd|' /C calc'!A0", None, None, 5, 0, None),
)
TABLE = Table(
    "Owed", "What is owed.", (("As of", "2026-02-28"),), COLUMNS, ROWS, (None, None, None, -123_451, 12_000, None)
)


def test_csv_has_dollars_iso_days_and_sums() -> None:
    lines = list(csv.reader(io.StringIO(as_csv(TABLE).decode("utf-8-sig"))))
    assert lines[1][:2] == ["Zoë O'Hara 🐕", "2026-02-28"] and lines[1][3:] == ["-1234.56", "12000", "12.50%"]
    assert lines[2][0] == "'=cmd|' /C calc'!A0"
    assert lines[3] == ["Together", "", "", "-1234.51", "12000", ""]


def test_xlsx_has_numbers_days_and_texts() -> None:
    book = load_workbook(io.BytesIO(as_xlsx(TABLE)))
    head, first, second, sums = list(book.worksheets[0].rows)
    assert [cell.value for cell in head] == ["Name", "Day", "When", "Owed", "Gallons", "Share"]
    assert (first[1].value, first[3].value, first[4].value) == (datetime(2026, 2, 28), -1234.56, 12000)
    assert second[0].data_type == "s" and second[0].value == "=cmd|' /C calc'!A0"
    assert Decimal(str(sums[3].value)) == Decimal("-1234.51")
    assert book.worksheets[1]["A3"].value == "As of"


@given(st.text(max_size=40))
def test_no_text_is_a_formula_and_none_is_lost(word: str) -> None:
    table = Table("T", "", (), COLUMNS[:1], ((word,),), (None,))
    line = as_csv(table).decode("utf-8-sig").split("\r\n", 1)[1]
    ((read,),) = list(csv.reader(io.StringIO(line, newline=""))) or (("",),)
    assert read in (word, f"'{word}") and not read.startswith(FORMULA)
