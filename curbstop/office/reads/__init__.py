"""Reads: taken one by one or by the route, decided, corrected; the sewer averages; and what screens ask of them."""

from curbstop.office.reads.averages import AveragesSet, set_averages
from curbstop.office.reads.entry import BadRead, ReadEntered, correct, decide, enter, parse_register
from curbstop.office.reads.estimating import Estimated, estimate
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
    "Estimated",
    "Held",
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
