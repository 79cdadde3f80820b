"""Reads: taken one by one or by the route, decided, corrected; the sewer averages; and what screens ask of them."""

from curbstop.office.reads.averages import AveragesSet, set_averages
from curbstop.office.reads.correcting import BilledRead, list_billed
from curbstop.office.reads.edit import Counted, EditRow, UnusedPlace, count_found, list_edit, list_unused
from curbstop.office.reads.entry import BadRead, ReadEntered, correct, decide, enter, parse_register
from curbstop.office.reads.estimating import Estimated, estimate
from curbstop.office.reads.files import (
    FileRow,
    QuarantinedRow,
    ReadsLoaded,
    RowSettled,
    export_route,
    list_files,
    list_layouts,
    list_quarantined,
    load_file,
    settle_row,
)
from curbstop.office.reads.holding import Held, OpenRead, hold, list_open
from curbstop.office.reads.looks import (
    ReadPreview,
    ReadRow,
    SheetRow,
    UndecidedRead,
    UsageBetween,
    get_read_sheet,
    get_usage_between,
    list_undecided,
    preview_read,
)
from curbstop.office.reads.rereading import Answered, Reread, RereadRow, answer_reread, get_terms, list_rereads, reread
from curbstop.office.reads.routes import RouteRead, RouteRecorded, RowRefused, record_route

__all__ = [
    "Answered",
    "BilledRead",
    "Counted",
    "EditRow",
    "Estimated",
    "UnusedPlace",
    "count_found",
    "list_billed",
    "list_edit",
    "list_unused",
    "FileRow",
    "Held",
    "QuarantinedRow",
    "ReadsLoaded",
    "RowSettled",
    "export_route",
    "list_files",
    "list_layouts",
    "list_quarantined",
    "load_file",
    "settle_row",
    "OpenRead",
    "Reread",
    "RereadRow",
    "answer_reread",
    "estimate",
    "get_terms",
    "hold",
    "list_open",
    "list_rereads",
    "reread",
    "AveragesSet",
    "BadRead",
    "ReadEntered",
    "ReadPreview",
    "ReadRow",
    "RouteRead",
    "RouteRecorded",
    "RowRefused",
    "SheetRow",
    "UndecidedRead",
    "UsageBetween",
    "correct",
    "decide",
    "enter",
    "get_read_sheet",
    "get_usage_between",
    "list_undecided",
    "parse_register",
    "preview_read",
    "record_route",
    "set_averages",
]
