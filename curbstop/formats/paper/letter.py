"""A letter or a door hanger as PDF: who it is for, what happened, the figures, what to do, how to object."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.formats.paper.letterhead import Letterhead, PaperError
from curbstop.formats.paper.typeset import typeset
from curbstop.formats.paper.words import amount, day, printable
from curbstop.rules import money


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a letter: "Returned: insufficient funds", 168.32."""

    words: str
    cents: int


@dataclass(frozen=True, slots=True)
class LetterPart:
    """The letter once more in another language, behind the first."""

    language: str
    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    total: Figure | None = None
    closing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterPaper:
    """Everything on one letter. The figures add up to ``total``, where there is one.

    :ivar to_lines: name and postal address, at most five lines
    :ivar paragraphs: what is told, in order; the first is the one that matters
    :ivar closing: what stands under the figures: how to object, when the office is open
    :ivar hanger: for a door: 108 by 279 mm, with room for the knob
    :ivar others: the same in other languages
    :ivar bars: the 65 bars of the post's barcode (``formats.paper.imb``), or none
    """

    letterhead: Letterhead
    on: date
    to_lines: tuple[str, ...]
    account_no: str
    service_address: str
    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    total: Figure | None = None
    closing: tuple[str, ...] = ()
    hanger: bool = False
    copy: bool = False
    language: str = "en"
    others: tuple[LetterPart, ...] = ()
    bars: str = ""


def letter_pdf(papers: Sequence[LetterPaper], *, two_up: bool = False) -> bytes:
    """Draw the letters (PDF/UA-1), each from a new page. The same papers give the same bytes.

    :param two_up: hangers side by side, two to a sheet of letter paper that is cut in the middle

    :raises PaperError: no letter, letters and hangers in one file, nothing told, or figures that do not add up
    """
    found = [fault for paper in papers for fault in _faults(paper)]
    if len({paper.hanger for paper in papers}) != 1:
        found.append("letters and door hangers are printed on different paper; print them apart, at least one")
    if found:
        raise PaperError(found)
    first, on = papers[0], max(paper.on for paper in papers)
    city = printable(first.letterhead.city)
    data = {
        "title": f"{printable(first.title)}, {city}" if len(papers) == 1 else f"{len(papers)} letters, {city}",
        "author": city,
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "hanger": first.hanger,
        "two_up": two_up and first.hanger,
        "language": first.language,
        "letters": [_letter(paper) for paper in papers],
    }
    return typeset("letter.typ", data, on=on)


def _faults(paper: LetterPaper) -> list[str]:
    found = []
    if not paper.paragraphs:
        found.append("nothing is told; write at least one paragraph")
    if not 1 <= len(paper.to_lines) <= 5:
        found.append(f"{len(paper.to_lines)} lines of address; a window shows one to five")
    parts: list[LetterPaper | LetterPart] = [paper, *paper.others]
    for part in parts:
        listed = sum(figure.cents for figure in part.figures)
        if part.total is not None and part.figures and listed != part.total.cents:
            found.append(f"figures come to {money.show(listed)}, the total says {money.show(part.total.cents)}")
    return [f"letter to account {paper.account_no}: {fault}" for fault in found]


def _letter(paper: LetterPaper) -> dict[str, object]:
    head = paper.letterhead
    return {
        "city": printable(head.city),
        "office": printable(head.office),
        "from": [printable(line) for line in head.address_lines],
        "reach": [printable(line) for line in (head.phone, head.hours, head.web) if line],
        "on": day(paper.on),
        "to": [printable(line) for line in paper.to_lines],
        "account": printable(paper.account_no),
        "place": printable(paper.service_address),
        "copy": paper.copy,
        "bars": paper.bars,
        "parts": [_part(paper, paper.language), *(_part(one, one.language) for one in paper.others)],
    }


def _part(part: LetterPaper | LetterPart, language: str) -> dict[str, object]:
    return {
        "lang": language,
        "title": printable(part.title),
        "paragraphs": [printable(text) for text in part.paragraphs],
        "figures": [(printable(figure.words), amount(figure.cents)) for figure in part.figures],
        "total": [printable(part.total.words), amount(part.total.cents)] if part.total else [],
        "closing": [printable(text) for text in part.closing],
    }
