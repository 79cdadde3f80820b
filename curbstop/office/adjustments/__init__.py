"""Everything that gives money away, takes it back or moves it by decision: asked by one, approved by another."""

from curbstop.office.adjustments.asking import File, Preview, Requested, get_preview, request
from curbstop.office.adjustments.credits import Document, Line, get_lines, list_documents
from curbstop.office.adjustments.deciding import Decided, approve, refuse, withdraw
from curbstop.office.adjustments.kinds import KINDS, Kind
from curbstop.office.adjustments.reads import (
    Attempt,
    EvidenceRow,
    PostedTxn,
    RequestRead,
    RequestRow,
    count_waiting,
    get_evidence,
    get_held_cents,
    get_request,
    list_decided,
    list_evidence,
    list_requests_of,
    list_waiting,
)
from curbstop.office.adjustments.weighing import Asked, Effect, Entry, Step, Weighed

__all__ = [
    "KINDS",
    "Asked",
    "Attempt",
    "Decided",
    "Document",
    "Effect",
    "Entry",
    "EvidenceRow",
    "File",
    "Kind",
    "Line",
    "PostedTxn",
    "Preview",
    "RequestRead",
    "RequestRow",
    "Requested",
    "Step",
    "Weighed",
    "approve",
    "count_waiting",
    "get_evidence",
    "get_held_cents",
    "get_lines",
    "get_preview",
    "get_request",
    "list_decided",
    "list_documents",
    "list_evidence",
    "list_requests_of",
    "list_waiting",
    "refuse",
    "request",
    "withdraw",
]
