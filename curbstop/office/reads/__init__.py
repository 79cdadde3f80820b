"""Reads: taken one by one or by the route, decided, corrected; the sewer averages; and what screens ask of them."""

from curbstop.office.reads.averages import AveragesSet, set_averages
from curbstop.office.reads.entry import BadRead, ReadEntered, correct, decide, enter, parse_register
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
from curbstop.office.reads.routes import RouteRead, RouteRecorded, RowRefused, record_route

__all__ = [
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
