"""Drawers: installed, opened with a float, counted blind, signed by a second person, taken to the bank."""

from curbstop.office.tills.drawers import (
    CountTold,
    Drawer,
    SessionClosed,
    SessionOpened,
    TillInstalled,
    _received,
    close,
    count,
    get_change_fund,
    get_drawer,
    install,
    list_tills,
    open,
)
from curbstop.office.tills.floats import (
    ChangeFundSet,
    FloatRestored,
    HandedOver,
    ReportSeen,
    hand_over,
    restore_float,
    see_report,
    set_change_fund,
)
from curbstop.office.tills.reads import (
    ReceiptLine,
    ReportRow,
    SessionPage,
    SignedRow,
    get_session,
    list_reports,
    list_signed,
)
from curbstop.office.tills.slips import (
    SlipMade,
    SlipReceipt,
    SlipRow,
    confirm,
    deposit,
    get_slip,
    list_sessions_to_deposit,
    list_slips,
)
from curbstop.rules.tills import Counted, Difference, Piece

__all__ = [
    "ChangeFundSet", "CountTold", "Counted", "Difference", "Drawer", "FloatRestored", "HandedOver", "Piece",
    "ReceiptLine", "ReportRow", "ReportSeen", "SessionClosed", "SessionOpened", "SessionPage", "SignedRow", "SlipMade",
    "SlipReceipt", "SlipRow", "TillInstalled", "_received", "close", "confirm", "count", "deposit", "get_change_fund",
    "get_drawer", "get_session", "get_slip", "hand_over", "install", "list_reports", "list_sessions_to_deposit",
    "list_signed", "list_slips", "list_tills", "open", "restore_float", "see_report", "set_change_fund",
]  # fmt: skip
