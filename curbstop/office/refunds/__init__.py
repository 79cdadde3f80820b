"""Refunds: asked and approved by others (`adjustments`), here sent, paid, stopped, noticed, unclaimed."""

from curbstop.office.refunds.checks import (
    CheckState,
    RegisterLoaded,
    list_registers,
    load_register,
    record_cashed,
    record_check,
    stop,
)
from curbstop.office.refunds.clock import Cancelled, ClockRun, Noticed, cancel_unclaimed, notify, run_clock
from curbstop.office.refunds.reads import (
    STATES,
    PayablesFileRow,
    RefundRow,
    get_file,
    get_refund,
    list_files,
    list_refunds,
    reference_of,
)
from curbstop.office.refunds.sending import FileSent, get_positive_pay, send

__all__ = [
    "STATES",
    "Cancelled",
    "CheckState",
    "ClockRun",
    "FileSent",
    "Noticed",
    "PayablesFileRow",
    "RefundRow",
    "RegisterLoaded",
    "cancel_unclaimed",
    "get_file",
    "get_positive_pay",
    "get_refund",
    "list_files",
    "list_refunds",
    "list_registers",
    "load_register",
    "notify",
    "record_cashed",
    "record_check",
    "reference_of",
    "run_clock",
    "send",
    "stop",
]
