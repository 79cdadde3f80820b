"""Reports: a file each under ``queries``; views under ``views`` for questions of one's own; saved, scheduled, kept."""

from curbstop.office.reports.keeping import (
    Made,
    MadeRow,
    SavedRow,
    Scheduled,
    ScheduleRow,
    end_saved,
    end_schedule,
    get_made,
    get_saved,
    list_due,
    list_made,
    list_saved,
    make,
    make_due,
    save,
    schedule,
)
from curbstop.office.reports.running import (
    BadQuestion,
    choices,
    drop_views,
    get_report,
    get_view,
    list_reports,
    list_views,
    make_views,
    run,
    run_question,
)

__all__ = [
    "BadQuestion", "Made", "MadeRow", "SavedRow", "ScheduleRow", "Scheduled", "choices", "drop_views", "end_saved",
    "end_schedule",
    "get_made", "get_report", "get_saved", "get_view", "list_due", "list_made", "list_reports", "list_saved",
    "list_views", "make", "make_due", "make_views", "run", "run_question", "save", "schedule",
]  # fmt: skip
