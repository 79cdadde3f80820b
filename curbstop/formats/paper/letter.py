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
class LetterPaper:
    """Everything on one letter. The figures add up to ``total``, where there is one.

    :ivar to_lines: name and postal address, at most five lines
    :ivar paragraphs: what is told, in order; the first is the one that matters
    :ivar closing: what stands under the figures: how to object, when the office is open
    :ivar hanger: for a door: 108 by 279 mm, with room for the knob
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


def letter_pdf(papers: Sequence[LetterPaper]) -> bytes:
    """Draw the letters (PDF/UA-1), each from a new page. The same papers give the same bytes.

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
        "letters": [_letter(paper) for paper in papers],
    }
    return typeset("letter.typ", data, on=on)


def _faults(paper: LetterPaper) -> list[str]:
    found = []
    if not paper.paragraphs:
        found.append("nothing is told; write at least one paragraph")
    if not 1 <= len(paper.to_lines) <= 5:
        found.append(f"{len(paper.to_lines)} lines of address; a window shows one to five")
    listed = sum(figure.cents for figure in paper.figures)
    if paper.total is not None and listed != paper.total.cents:
        found.append(f"figures come to {money.show(listed)}, the total says {money.show(paper.total.cents)}")
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
        "title": printable(paper.title),
        "copy": paper.copy,
        "paragraphs": [printable(text) for text in paper.paragraphs],
        "figures": [(printable(figure.words), amount(figure.cents)) for figure in paper.figures],
        "total": [printable(paper.total.words), amount(paper.total.cents)] if paper.total else [],
        "closing": [printable(text) for text in paper.closing],
    }
