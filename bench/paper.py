"""How fast bills are drawn, against the typesetter alone on as many empty pages in the same run.


python bench/paper.py [--bills 400] [--chunk 100]
"""

import argparse
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import typst

from curbstop.formats.paper.bill import bill_pdf
from tests.formats.papers import town

EMPTY = b"""#set document(title: "Empty", date: datetime(year: 2026, month: 11, day: 16))
#set page(paper: "us-letter")
#set text(lang: "en")
#for n in range(int(sys.inputs.pages)) { if n > 0 { pagebreak() }; [#n] }
"""


def main() -> None:
    """Draw the bills in chunks, then singly, then as many empty pages; print what it took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bills", type=int, default=400)
    options.add_argument("--chunk", type=int, default=100)
    given = options.parse_args()
    papers = town(given.bills)
    bill_pdf(papers[:1])  # the faces are read once a process; that is not what is measured

    begun, worked = time.perf_counter(), time.process_time()
    made = [len(bill_pdf(papers[at : at + given.chunk])) for at in range(0, given.bills, given.chunk)]
    in_chunks = given.bills / (time.perf_counter() - begun)
    each_ms = 1000 * (time.process_time() - worked) / given.bills

    few = town(given.bills + 50)[given.bills :]
    begun = time.perf_counter()
    one_size = sum(len(bill_pdf([paper])) for paper in few) // len(few)
    singly = len(few) / (time.perf_counter() - begun)

    begun = time.perf_counter()
    for _ in range(0, given.bills, given.chunk):
        typst.compile(
            EMPTY, ignore_system_fonts=True, sys_inputs={"pages": str(given.chunk)}, pdf_standards=["ua-1"], timestamp=0
        )
    empty = given.bills / (time.perf_counter() - begun)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    size = sum(made) // given.bills
    print(f"bills in PDFs of {given.chunk}: {in_chunks:,.0f} bills/s, {size:,} bytes, {each_ms:.1f} ms CPU a bill")
    print(f"bills one a PDF: {singly:,.0f} bills/s, {one_size:,} bytes a bill")
    print(f"empty pages in PDFs of {given.chunk}: {empty:,.0f} pages/s")
    print(f"ratio bills to empty pages: {in_chunks / empty:.3f}; peak memory {peak:,} MB")


if __name__ == "__main__":
    main()
