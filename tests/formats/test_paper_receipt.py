"""The receipt: what was paid is what was tendered less change, on a slip of 80 mm and in 42 columns."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.paper.letterhead import PaperError
from curbstop.formats.paper.receipt import PaidAccount, PaidItem, TenderLine, faults, receipt_pdf, receipt_text
from tests.formats.papers import SLIP, SLIP_HARD
from tests.formats.pdfs import assert_accessible, texts
from tests.golden import same

SLIPS = {"slip": SLIP, "slip_hard": SLIP_HARD}


@pytest.mark.parametrize("name", SLIPS)
def test_words_are_those_reviewed(name: str) -> None:
    pdf = receipt_pdf([SLIPS[name]])
    assert_accessible(pdf, pages=1)
    same(f"receipts/{name}.pdf.txt", texts(pdf)[0])
    same(f"receipts/{name}.txt", receipt_text(SLIPS[name]))


def test_the_same_receipts_give_the_same_bytes_and_their_own_pages() -> None:
    pdf = receipt_pdf([SLIP, SLIP_HARD])
    assert pdf == receipt_pdf([SLIP, SLIP_HARD])
    assert_accessible(pdf, pages=2)
    assert texts(pdf) == [texts(receipt_pdf([slip]))[0] for slip in (SLIP, SLIP_HARD)]


@pytest.mark.parametrize("columns", [24, 32, 42, 48])
@pytest.mark.parametrize("name", SLIPS)
def test_thermal_lines_fit_and_are_ascii(name: str, columns: int) -> None:
    text = receipt_text(SLIPS[name], columns=columns)
    assert text.isascii()
    assert max(len(line) for line in text.splitlines()) <= columns
    assert "15,000.00" in text or name == "slip"


@given(st.text(max_size=200), st.integers(0, 99_999_999), st.integers(24, 60))
def test_any_words_fit_the_columns(words: str, cents: int, columns: int) -> None:
    paper = replace(
        SLIP,
        accounts=(PaidAccount("1-009-2231", words, words, (PaidItem(words, cents),), -cents),),
        tenders=(TenderLine(words, cents),),
    )
    lines = receipt_text(paper, columns=columns).splitlines()
    assert max(len(line) for line in lines) <= columns
    assert all(line.isascii() and line.isprintable() for line in lines)


def test_a_copy_and_a_void_say_so() -> None:
    for text in (receipt_text(SLIP_HARD), texts(receipt_pdf([SLIP_HARD]))[0]):
        assert "COPY" in text
        assert "VOID" in text
        assert "wrong account" in text
    assert "COPY" not in receipt_text(SLIP)
    assert "VOID" not in receipt_text(SLIP)


def test_wrong_receipts_are_refused() -> None:
    short = replace(SLIP, tenders=(TenderLine("Cash", 17228),))
    with pytest.raises(PaperError, match="R-104502: items come to 172.29, tenders less change to 172.28"):
        receipt_text(short)
    with pytest.raises(PaperError, match="change 9.00 of 5.00"):
        receipt_pdf([replace(SLIP, tenders=(TenderLine("Check", 17629), TenderLine("Cash", 500, 900)))])
    with pytest.raises(PaperError, match="no account was paid"):
        receipt_text(replace(SLIP, accounts=(), tenders=()))
    with pytest.raises(PaperError, match="no receipts"):
        receipt_pdf([])
    with pytest.raises(PaperError, match="23 columns"):
        receipt_text(SLIP, columns=23)
    assert faults(SLIP) == faults(SLIP_HARD) == []
