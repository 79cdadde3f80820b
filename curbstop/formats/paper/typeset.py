"""From a template and data to PDF bytes: typst, with the faces we ship and nothing of the machine's own.

The data travels as JSON beside the template, so what a customer typed is text and can never become markup.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import typst

_HERE = "curbstop.formats.paper"


def typeset(template: str, data: Mapping[str, object], *, on: date) -> bytes:
    """Typeset a template of this folder as PDF/UA-1. The same template, data and day give the same bytes.

    typst keeps what it has laid out in memory for the next document, up to some hundred MB over thousands of pages: a
    print run draws in chunks of a hundred and recycles its process.

    :param on: the day that the document says it was made; midnight UTC
    """
    compiled = typst.compile(
        _template(template),
        font_paths=faces(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, separators=(",", ":"))},
        pdf_standards=["ua-1"],
        timestamp=(on - date(1970, 1, 1)).days * 86_400,
    )
    return bytes(compiled)


@cache
def _template(name: str) -> bytes:
    return (files(_HERE) / name).read_bytes()


@cache
def faces() -> typst.Fonts:
    """Public Sans for the words, OCR-A for the scan line: no system faces, so that every machine prints alike."""
    folders = [str(files("fontpkg_public_sans") / "files"), str(files(_HERE) / "fonts")]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
