"""Story 09-4: ageing as of a day that has passed."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from curbstop.formats.paper.letterhead import Letterhead
from curbstop.formats.paper.report import report_pdf
from curbstop.formats.tables import as_csv, as_xlsx
from curbstop.office import ledger, payments, reports
from tests.books import accounts, at_on, key, open_books, person, set_policy
from tests.stories.openings import opening, posted_run

BILLED = (date(2026, 2, 4), date(2026, 4, 1), date(2026, 4, 29), date(2026, 5, 27))
THEN, PAID, NOW = date(2026, 5, 31), date(2026, 6, 2), date(2026, 6, 8)


def ageing(on: date, known: date):
    return reports.run(code="ageing", asked={"on": on.isoformat(), "known": known.isoformat()}, today=NOW)


def figures(found) -> dict[str, int]:
    return {column.says: cents for column, cents in zip(found.columns, found.sums, strict=True) if cents is not None}


@pytest.mark.django_db
def test_09_4_a_past_answer_never_changes() -> None:
    open_books(*BILLED, PAID, NOW)
    set_policy("ageing.buckets", {"by": "bill", "days": ["30", "60", "90"]})
    set_policy("payments.application", "oldest_first")
    a1, a2, a3, a4 = accounts(4)
    runs = {day: posted_run(day, day + timedelta(20)) for day in BILLED}
    for of, cents, day in ((a1, 9459, 3), (a2, 5210, 2), (a2, 6000, 3), (a3, 7145, 1), (a4, 1820, 0)):
        opening(of, cents, runs[BILLED[day]])

    first = ageing(THEN, THEN)
    assert figures(first) == {
        "0 to 30": 15459, "31 to 60": 12355, "61 to 90": 0, "Over 90": 1820, "Together": 29634, "Credit on account": 0,
    }  # fmt: skip

    finance = person("fay", "finance")
    batch = payments.record_batch(
        key=key(), by=finance, at=at_on(PAID), channel="lockbox", name="0602", on=PAID,
        rows=[payments.FileRow(a3.number, 7145, "check 88")],
    )  # fmt: skip
    assert batch and ledger.get_balance(a3.id) == 0

    assert figures(ageing(THEN, NOW)) == figures(first)
    again = ageing(NOW, NOW)
    assert figures(again)["Together"] == 22489 == 29634 - 7145

    # the same figures in the table, the spreadsheet and the printed page
    lines = as_csv(again).decode("utf-8-sig").splitlines()
    assert lines[-1].startswith("Together,") and lines[-1].endswith(",224.89,0.00")
    sheet = load_workbook(io.BytesIO(as_xlsx(again))).worksheets[0]
    assert [str(cell.value) for cell in list(sheet.rows)[-1]][-2] == "224.89"
    office = Letterhead("City of Moore", "Utility Customer Service", (), "", "")
    page = PdfReader(io.BytesIO(report_pdf(again, office, at=at_on(NOW)))).pages[0].extract_text()
    assert "224.89" in page and "Over 90" in page
