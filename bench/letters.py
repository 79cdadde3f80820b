"""How fast notices become PDF batches, from their rows, against the typesetter alone on the same pages in the same run.

Needs no database: the letters are read from the JSON that their rows hold, as a batch reads them, put on paper with
their barcode, and drawn in chunks of a hundred by as many processes as there are processors, each replaced after
five chunks, since the typesetter keeps what it laid out.

python bench/letters.py [--letters 2000] [--processes 2]
"""

import argparse
import functools
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import typst

CHUNK = 100
PAGES = 2
"""Of a notice: English before, Spanish on the back."""
EMPTY = b"""#set document(title: "Empty", date: datetime(year: 2026, month: 4, day: 22))
#set page(paper: "us-letter")
#set text(lang: "en")
#for n in range(int(sys.inputs.pages)) { if n > 0 { pagebreak() }; [#n] }
"""


@functools.cache
def row(place: int) -> str:
    """The words of a notice as its row holds them."""
    from curbstop.rules.letters import read_template, render

    folder = Path(__file__).resolve().parent.parent / "curbstop" / "cities" / "letters"
    template = read_template((folder / "cutoff_notice.yaml").read_text(), file="notice")
    office = {
        "city": "City of Moore", "office": "Utility Billing", "office_address": "301 N Broadway, Moore, OK 73160",
        "office_phone": "405-555-0100", "office_hours": "Monday to Friday, 8 am to 5 pm",
        "letter_on": date(2026, 4, 22), "customer": f"Customer {place}", "account": f"{1_000_000 + place}",
        "service_address": f"{place} Sage Wren Dr",
    }  # fmt: skip
    values = {
        "amount": 9648 + place, "due_on": date(2026, 4, 21), "cutoff_on": date(2026, 5, 4), "balance": 20_000 + place,
        "cutoff_hour": "08:00",
    }  # fmt: skip
    return json.dumps({language: asdict(words) for language, words in render(template, values, office).items()})


def data(first: int) -> str:
    """A chunk as the typesetter gets it: captured from the paper itself, so that nothing else is measured."""
    from curbstop.formats.paper import letter

    caught: list[str] = []
    real = letter.typeset
    letter.typeset = lambda name, given, on: caught.append(json.dumps(given)) or b""  # type: ignore[assignment]
    try:
        draw(first)
    finally:
        letter.typeset = real
    return caught[0]


def draw(first: int) -> int:
    """A chunk from rows to PDF; its bytes."""
    from curbstop.formats.paper.imb import imb_bars, imb_number
    from curbstop.formats.paper.letter import Figure, LetterPaper, LetterPart, letter_pdf
    from curbstop.formats.paper.letterhead import Letterhead
    from curbstop.office._letters import read_words

    head = Letterhead(
        "City of Moore", "Utility Billing", ("301 N Broadway", "Moore, OK 73160"), "405-555-0100", "8 am to 5 pm"
    )
    papers = []
    for place in range(first, first + CHUNK):
        words = read_words(row(place))
        parts = [
            LetterPart(language, one.title, one.paragraphs, tuple(Figure(*f) for f in one.figures),
                       Figure(*one.total) if one.total else None, one.closing)
            for language, one in words.items()
        ]  # fmt: skip
        number = imb_number(mailer_id="123456", service_type="300", serial=place, zip="731601234")
        papers.append(LetterPaper(
            letterhead=head, on=date(2026, 4, 22), account_no=f"{1_000_000 + place}",
            to_lines=(f"Customer {place}", f"{place} Sage Wren Dr", "Moore, OK 73160-1234"),
            service_address=f"{place} Sage Wren Dr", title=parts[0].title, paragraphs=parts[0].paragraphs,
            figures=parts[0].figures, total=parts[0].total, closing=parts[0].closing, others=tuple(parts[1:]),
            bars=imb_bars(number),
        ))  # fmt: skip
    return len(letter_pdf(papers))


def engine(first: int) -> int:
    """The same pages by the typesetter alone, their data ready made."""
    from curbstop.formats.paper.typeset import _template, faces

    pdf = typst.compile(
        _template("letter.typ"), font_paths=faces(), ignore_system_fonts=True, sys_inputs={"data": _ready(first)},
        pdf_standards=["ua-1"], timestamp=0,
    )  # fmt: skip
    return len(bytes(pdf))


_READY: dict[int, str] = {}


def _ready(first: int) -> str:
    return _READY[first]


def empty(first: int) -> int:
    """As many empty pages."""
    pages = {"pages": str(CHUNK * PAGES)}
    pdf = typst.compile(EMPTY, ignore_system_fonts=True, sys_inputs=pages, pdf_standards=["ua-1"], timestamp=0)
    return len(bytes(pdf))


def timed(do: Callable[[int], int], firsts: list[int], processes: int) -> tuple[float, float, int]:
    """Pages a second by so many processes, pages a second of processor time, and the bytes."""
    begun, worked = time.perf_counter(), _worked()
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=5) as pool:
        made = sum(pool.imap_unordered(do, firsts, chunksize=1))
        pool.close()
        pool.join()
    pages = len(firsts) * CHUNK * PAGES
    return pages / (time.perf_counter() - begun), pages / (_worked() - worked), made


def _worked() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Draw them all, then by the engine alone, then empty pages; print what it took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--letters", type=int, default=2000)
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curbstop.web.settings")
    import django

    django.setup()
    firsts = list(range(0, given.letters, CHUNK))
    for place in range(given.letters):
        row(place)
    _READY.update({first: data(first) for first in firsts})
    pages, pages_cpu, made = timed(draw, firsts, given.processes)
    alone, alone_cpu, _ = timed(engine, firsts, given.processes)
    blank, _, _ = timed(empty, firsts, given.processes)
    load = os.getloadavg()[0]
    print(f"{given.letters} notices, {PAGES} pages each, {given.processes} processes, machine load {load:.1f}")
    print(f"from rows to PDF batches: {pages:,.0f} pages/s, {made // given.letters:,} bytes a notice")
    print(f"the engine alone on the same pages: {alone:,.0f} pages/s; on empty pages: {blank:,.0f}")
    print(f"of processor time: {pages_cpu:,.0f} pages/s a core, the engine alone {alone_cpu:,.0f}")
    print(f"ratio to the engine alone: {pages / alone:.2f}; by processor time {pages_cpu / alone_cpu:.2f}")


if __name__ == "__main__":
    main()
