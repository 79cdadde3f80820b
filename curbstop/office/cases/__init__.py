"""What people ask, complain of and wait for: contacts and cases, disputes and their findings."""

from curbstop.office._cases import CaseThere, get_category, get_days_late, list_disputes, list_open, load_categories
from curbstop.office.cases.disputing import (
    RESULTS,
    Disputed,
    DisputePreview,
    Found,
    decide,
    dispute,
    get_dispute_preview,
)
from curbstop.office.cases.reads import (
    Answered,
    CasePage,
    Seen,
    Told,
    get_case_page,
    list_of_account,
    list_queue,
    tell_policies,
)
from curbstop.office.cases.talking import ContactRow, Done, end_contact, list_contacts, open_contact
from curbstop.office.cases.working import (
    Restricted,
    answer,
    assign,
    close,
    escalate,
    list_overdue,
    mark_overdue,
    merge,
    open,
    rate,
    refer,
    reopen,
    say,
    tell_promise,
    view,
)

__all__ = [
    "RESULTS", "Answered", "CasePage", "CaseThere", "ContactRow", "DisputePreview", "Disputed", "Done", "Found",
    "Restricted", "Seen", "Told", "answer", "assign", "close", "decide", "dispute", "end_contact", "escalate",
    "get_case_page", "get_category", "get_days_late", "get_dispute_preview", "list_contacts", "list_disputes",
    "list_of_account", "list_open", "list_overdue", "list_queue", "load_categories", "mark_overdue",
    "merge", "open", "open_contact", "rate", "refer", "reopen", "say", "tell_policies", "tell_promise", "view",
]  # fmt: skip
