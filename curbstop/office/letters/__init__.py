"""Letters: wordings and their approval, letters sent by people, batches for the printer, what the post brought back."""

from curbstop.office.letters.batches import (
    BatchMade,
    BatchRow,
    get_batch,
    list_batches,
    list_waiting,
    make_batch,
    mark_mailed,
    print_copy,
)
from curbstop.office.letters.papers import PART, batch_pdf, letter_pdf_of, write_manifest
from curbstop.office.letters.reads import LetterRow, Waiting, get_letter, list_letters
from curbstop.office.letters.returned import Returned, record_returned, settle_returned
from curbstop.office.letters.sending import Preview, Sent, preview, send
from curbstop.office.letters.wordings import (
    Drafted,
    TemplateRow,
    WordingRow,
    approve,
    draft,
    drop,
    get_body,
    get_missing,
    get_wording,
    list_templates,
    list_wordings,
)

__all__ = [
    "BatchMade", "BatchRow", "Drafted", "LetterRow", "PART", "Preview", "Returned", "Sent", "TemplateRow", "Waiting",
    "WordingRow", "approve", "batch_pdf", "draft", "drop", "get_batch", "get_body", "get_letter", "get_missing",
    "get_wording", "letter_pdf_of", "list_batches", "list_letters", "list_templates", "list_waiting", "list_wordings",
    "make_batch", "mark_mailed", "preview", "print_copy", "record_returned", "send", "settle_returned",
    "write_manifest",
]  # fmt: skip
