"""The deposit slip: its sums and receipts as they are, over and short said, several pages, accessible."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.slip import SlipLine, SlipPaper, slip_pdf
from tests.formats.pdfs import assert_accessible, texts

HEAD = Letterhead(
    "City of Moore", "Utility Customer Service", ("301 N Broadway", "Moore, OK 73160"), "405-555-0100", "8 to 5"
)
LINES = (
    SlipLine("T1-000001", "R. Ortiz", 41_235, 0, 0, ()),
    SlipLine("T1-000002", "Łukasz #[b] $x", 0, 50_000, 0, ("101",)),
    SlipLine("T1-000003", "Grebe Laundry", 0, 38_010, 0, ("102",)),
)
PAPER = SlipPaper(
    HEAD, "17", date(2026, 4, 14), datetime(2026, 4, 14, 17, 20), ("T1",), 41_035, 88_010, 0, LINES
)  # fmt: skip


def words(pdf):
    return " ".join(" ".join(texts(pdf)).split())


def test_the_slip_of_story_03_2():
    pdf = slip_pdf(PAPER)
    assert_accessible(pdf, pages=1)
    said = words(pdf)
    for part in ("Bank deposit 17", "410.35", "880.10", "1,290.45", "T1-000003", "cash 2.00 short", "101"):
        assert part in said
    assert "City of Moore, Utility Customer Service\n" in texts(pdf)[0]  # beside the sums, on one line
    assert slip_pdf(PAPER) == pdf


def test_a_slip_that_agrees_says_nothing_of_differences():
    assert "Against the receipts" not in words(slip_pdf(replace(PAPER, cash_cents=41_235)))


def test_a_long_slip_goes_over_pages_with_its_heading_again():
    pdf = slip_pdf(replace(PAPER, lines=LINES * 40))
    assert_accessible(pdf, pages=len(texts(pdf)))
    assert len(texts(pdf)) > 1 and all("Paid by" in page for page in texts(pdf)[:-1])


def test_nothing_to_deposit_is_refused():
    with pytest.raises(PaperError, match="0.00 is nothing"):
        slip_pdf(replace(PAPER, cash_cents=0, check_cents=0))
