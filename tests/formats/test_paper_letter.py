"""Letters and door hangers: what they tell, figures that add up, paper of the right size, accessible."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from curbstop.formats.paper.letter import Figure, LetterPaper, letter_pdf
from curbstop.formats.paper.letterhead import Letterhead, PaperError
from tests.formats.pdfs import assert_accessible, texts

HEAD = Letterhead(
    "City of Moore", "Utility Customer Service", ("301 N Broadway", "Moore, OK 73160"), "405-555-0100", "8 to 5"
)
PAPER = LetterPaper(
    HEAD, date(2026, 11, 20), ("Łucja #[b] $x", "3908 Rustic Wren Rd", "Moore, OK 73160"), "1000094-1",
    "3908 Rustic Wren Rd", "Your payment came back", ("Please bring $193.32 by November 25.",),
    (Figure("Returned: insufficient funds", 16_832), Figure("Fee for a returned payment", 2_500)),
    Figure("Please bring", 19_332), ("If you think this is wrong, tell us before that day.",),
)  # fmt: skip


@pytest.mark.parametrize("hanger", [False, True])
def test_it_tells_what_it_must(hanger: bool) -> None:
    pdf = letter_pdf([replace(PAPER, hanger=hanger)] * 2)
    assert_accessible(pdf, pages=2)
    said = " ".join(" ".join(texts(pdf)).split())
    for part in ("Łucja #[b] $x", "1000094-1", "168.32", "193.32", "Fri 20 Nov 2026", "tell us before that day"):
        assert part in said
    width = float(PdfReader(BytesIO(pdf)).pages[0].mediabox.width)
    assert round(width) == (306 if hanger else 612)
    assert letter_pdf([replace(PAPER, hanger=hanger)] * 2) == pdf


@pytest.mark.parametrize(
    ("papers", "words"),
    [
        ([replace(PAPER, total=Figure("Please bring", 19_331))], "figures come to 193.32, the total says 193.31"),
        ([replace(PAPER, paragraphs=())], "nothing is told"),
        ([replace(PAPER, to_lines=("x",) * 6)], "6 lines of address"),
        ([PAPER, replace(PAPER, hanger=True)], "print them apart"),
        ([], "at least one"),
    ],
)
def test_what_cannot_be_printed_is_refused(papers: list[LetterPaper], words: str) -> None:
    with pytest.raises(PaperError, match=words):
        letter_pdf(papers)
