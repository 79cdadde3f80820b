"""Letters as PDF: one as it was sent, a batch in parts for the printer, and the list of its pieces."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

from curbstop.formats.paper.imb import imb_bars, imb_number
from curbstop.formats.paper.letter import Figure, LetterPaper, LetterPart, letter_pdf
from curbstop.formats.paper.letterhead import Letterhead
from curbstop.office import _masks
from curbstop.office.bills.statements import account_no, letterhead
from curbstop.office.letters.batches import BatchRow, get_batch
from curbstop.office.letters.reads import LetterRow, get_letter, load_batch_rows
from curbstop.rules.letters import Words
from curbstop.rules.money import show

PART = 500
"""Letters in one PDF of a batch: a larger one no printer's queue likes, and the typesetter keeps it all in memory."""
CHUNK = 100


def letter_pdf_of(letter_id: int, *, copy: bool = True) -> bytes:
    """A letter as it was sent, as PDF. Of a confidential account the address stays hidden.

    :raises Refused: there is none
    """
    row = get_letter(letter_id)
    return letter_pdf([_paper(row, letterhead(on=row.on), copy=copy)])


def batch_pdf(batch_id: int, *, part: int = 1, copy: bool = False) -> bytes:
    """A part of a batch as PDF, for the printer: letters from ``(part - 1) * PART`` on; hangers two to a sheet.

    Here, and nowhere on a screen, a confidential account's letter has its true address.

    :raises Refused: no such batch or part
    """
    batch = get_batch(batch_id)
    rows = load_batch_rows(batch_id, (part - 1) * PART + 1, PART)
    return letter_pdf(papers_of(batch, rows, copy=copy), two_up=batch.channel == "hanger")


def papers_of(batch: BatchRow, rows: Sequence[LetterRow], *, copy: bool = False) -> list[LetterPaper]:
    """The papers of letters of a batch, with the post's barcode where the city has a mailer id."""
    heads: dict[date, Letterhead] = {}
    marked = _masks.load_marked([row.account_id for row in rows if row.account_id])
    papers = []
    for row in rows:
        if row.on not in heads:
            heads[row.on] = letterhead(on=row.on)
        to = row.to_lines
        if row.account_id in marked:
            postal = _masks.get_postal(row.account_id)
            to = (postal.name, *postal.lines)[:5]
        papers.append(_paper(row, heads[row.on], copy=copy, to=to, bars=_bars(batch, row)))
    return papers


def _bars(batch: BatchRow, row: LetterRow) -> str:
    if not batch.mailer_id or not row.zip:
        return ""
    return imb_bars(imb_number(mailer_id=batch.mailer_id, service_type=batch.service_type, serial=row.id, zip=row.zip))


def _paper(row: LetterRow, head: Letterhead, *, copy: bool, to: tuple[str, ...] = (), bars: str = "") -> LetterPaper:
    first, *others = row.languages
    words = row.words[first]
    return LetterPaper(
        letterhead=head,
        on=row.on,
        to_lines=to or row.to_lines,
        account_no=account_no(row.number) if row.number else "",
        service_address=row.service_address,
        title=words.title,
        paragraphs=words.paragraphs,
        figures=_figures(words),
        total=_total(words),
        closing=words.closing,
        hanger=row.channel == "hanger",
        copy=copy,
        language=first,
        others=tuple(_part(language, row.words[language]) for language in others),
        bars=bars,
    )


def _part(language: str, words: Words) -> LetterPart:
    return LetterPart(language, words.title, words.paragraphs, _figures(words), _total(words), words.closing)


def _figures(words: Words) -> tuple[Figure, ...]:
    return tuple(Figure(name, cents) for name, cents in words.figures)


def _total(words: Words) -> Figure | None:
    return Figure(*words.total) if words.total else None


def write_manifest(batch_id: int) -> str:
    """The pieces of a batch as CSV, in their order: place, letter, account, name, ZIP, barcode's number, amount.

    Cells that a spreadsheet would take for a formula begin with an apostrophe.

    :raises Refused: there is no such batch
    """
    batch = get_batch(batch_id)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["place", "letter", "account", "name", "zip", "imb", "amount"])
    for row in load_batch_rows(batch_id, 1, batch.letters):
        imb = ""
        if batch.mailer_id and row.zip:
            imb = imb_number(mailer_id=batch.mailer_id, service_type=batch.service_type, serial=row.id, zip=row.zip)
        name = row.to_lines[0]
        name = f"'{name}" if name[:1] in "=+-@\t" else name
        writer.writerow([row.place, row.id, row.number, name, row.zip, imb, show(row.total_cents)])
    return out.getvalue()
