"""NACHA files: drafts and prenotes written; originations, returns and notifications of change read.

The records are a table (`formats/data/nacha.yaml`) on the engine of layouts. What is written is checked before it
leaves: routing check digits, entry hash, totals, limits. What is read is checked as strictly, but banks send returns
without a file header or a batch header, with lines cut short or blank to the right: that is read, and said in the
remarks. The bytes are kept as they came.

Source: NACHA Operating Rules, record formats, as repeated by processors' documentation; see docs/reference/nacha.md.
"""

from curbstop.formats.nacha.reading import AchBatch, AchChange, AchEntry, AchErrors, AchFile, AchReturn, read_file
from curbstop.formats.nacha.writing import (
    RETRY,
    AchWritten,
    BadDraft,
    Draft,
    DraftBatch,
    Limits,
    Offset,
    Originator,
    plain,
    write_file,
)

__all__ = [
    "RETRY",
    "AchBatch",
    "AchChange",
    "AchEntry",
    "AchErrors",
    "AchFile",
    "AchReturn",
    "AchWritten",
    "BadDraft",
    "Draft",
    "DraftBatch",
    "Limits",
    "Offset",
    "Originator",
    "plain",
    "read_file",
    "write_file",
]
