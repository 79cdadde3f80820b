"""Contacts and cases, the roster, and what the staff defines itself."""

from curbstop.records.cases.cases import Case, CaseStep, Contact, ContactEnd, Document
from curbstop.records.cases.roster import Absence, AbsenceEnd, AbsenceItem, Field, FieldValue, Queue, QueueItem

__all__ = [
    "Absence", "AbsenceEnd", "AbsenceItem", "Case", "CaseStep", "Contact", "ContactEnd", "Document", "Field",
    "FieldValue", "Queue", "QueueItem",
]  # fmt: skip

# letters and their batches, in a file of their own
from curbstop.records.cases import letters as letters
