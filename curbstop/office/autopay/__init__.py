"""Autopay: enrolments, draft runs and their files, and what the banks answer."""

from curbstop.office.autopay.answering import (
    OUTCOMES as ANSWERS,
)
from curbstop.office.autopay.answering import (
    Answer,
    Answered,
    AnswersApplied,
    AnswersReceived,
    apply_answers,
)
from curbstop.office.autopay.drafting import PlannedRow, RunPlanned, RunPreview, plan, preview_run
from curbstop.office.autopay.enrolling import (
    EnrolmentMade,
    EnrolmentRead,
    EnrolmentRow,
    allow,
    change,
    end,
    enrol,
    get_enrolment,
)
from curbstop.office.autopay.reads import (
    DraftRunLine,
    DraftRunRow,
    EnrolledRow,
    count_by_code,
    count_enrolled,
    get_posting_progress,
    get_return_rates,
    get_run,
    list_enrolled,
    list_run_lines,
    list_runs,
)
from curbstop.office.autopay.sending import FileHanded, FileMade, RunPosted, make_file, post, take_file

__all__ = [
    "ANSWERS",
    "Answer",
    "Answered",
    "AnswersApplied",
    "AnswersReceived",
    "DraftRunLine",
    "DraftRunRow",
    "EnrolledRow",
    "EnrolmentMade",
    "EnrolmentRead",
    "EnrolmentRow",
    "FileHanded",
    "FileMade",
    "PlannedRow",
    "RunPlanned",
    "RunPosted",
    "RunPreview",
    "allow",
    "apply_answers",
    "change",
    "count_by_code",
    "count_enrolled",
    "end",
    "enrol",
    "get_enrolment",
    "get_posting_progress",
    "get_return_rates",
    "get_run",
    "list_enrolled",
    "list_run_lines",
    "list_runs",
    "make_file",
    "plan",
    "post",
    "preview_run",
    "take_file",
]
