"""Looking into PDFs: words, where they stand, and what a screen reader is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
import pypdf


def texts(pdf: bytes) -> list[str]:
    """The words of each page, as they are read aloud, without spaces at the ends of lines."""
    pages = pypdf.PdfReader(BytesIO(pdf)).pages
    return ["\n".join(line.rstrip() for line in page.extract_text().splitlines()) + "\n" for page in pages]


@dataclass(frozen=True)
class Placed:
    """Words and where they begin: points from the left and from the top of the page, to the foot of the letters."""

    x: float
    y: float
    words: str


def placed(pdf: bytes) -> list[Placed]:
    """Every run of words of the first page with its place."""
    found: list[Placed] = []
    page = pypdf.PdfReader(BytesIO(pdf)).pages[0]
    tall = float(page.mediabox.height)

    def visit(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if text.strip():
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            found.append(Placed(x, tall - y, text.strip()))

    page.extract_text(visitor_text=visit)
    return found


def _elements(node: Any) -> Iterator[Any]:
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from _elements(child)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from _elements(node.K)


def assert_accessible(pdf: bytes, *, pages: int) -> dict[str, int]:
    """Assert what PDF/UA-1 asks as far as it is seen from here; answers how many of each kind are in the tree."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        root = opened.Root
        assert len(opened.pages) == pages
        assert str(root.Lang) == "en-US"
        assert bool(root.MarkInfo.Marked) is True
        assert bool(root.ViewerPreferences.DisplayDocTitle) is True
        with opened.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
            assert meta["dc:title"]
        kinds: dict[str, int] = {}
        for element in _elements(root.StructTreeRoot.K):
            kind = str(element.S)[1:]
            kinds[kind] = kinds.get(kind, 0) + 1
            if kind == "Figure":
                assert str(element.Alt).strip(), "a figure without words for those who do not see it"
        for page in opened.pages:
            assert "/StructParents" in page
        for name in opened.objects:
            if isinstance(name, pikepdf.Dictionary) and name.get("/Type") == "/FontDescriptor":
                assert any(key in name for key in ("/FontFile", "/FontFile2", "/FontFile3")), "a face not embedded"
        return kinds
