"""Bill runs and bills: plan, calculate, review, approve, post; then show, explain and print what was billed.

A run goes through ``plan`` (whom, frozen) -> ``calculate`` (rated, nothing posted) -> ``hold``, ``release``,
``own`` (people) -> ``approve`` (a supervisor, with the figures seen) -> ``post_all`` (chunk by chunk, each its own
commit).
"""

from curbstop.office.bills.driving import Progress, get_progress, post_all
from curbstop.office.bills.explaining import (
    BillDiffers,
    BillExplained,
    ChargeExplained,
    ServiceExplained,
    WhyDifferent,
    explain,
    why_different,
)
from curbstop.office.bills.figuring import calculate, dry_run
from curbstop.office.bills.issued import IssuedBill, list_issued, list_unowned
from curbstop.office.bills.numbers import bill_number, find_bill
from curbstop.office.bills.planning import plan
from curbstop.office.bills.posting import finish, post
from curbstop.office.bills.proving import Rerated, rerate_all
from curbstop.office.bills.quoting import Quote, ServiceQuoted, quote
from curbstop.office.bills.reviewing import approve, hold, own, release
from curbstop.office.bills.statements import get_statement, get_statements, statement_pdf
from curbstop.office.bills.trueing import TruedUp, true_up
from curbstop.office.bills.values import (
    Approved,
    Calculated,
    ChunkPosted,
    KindFigure,
    Planned,
    RunFigures,
    RunPosted,
)

__all__ = [
    "Approved",
    "BillDiffers",
    "BillExplained",
    "Calculated",
    "ChargeExplained",
    "ChunkPosted",
    "IssuedBill",
    "KindFigure",
    "Planned",
    "Progress",
    "Quote",
    "Rerated",
    "RunFigures",
    "RunPosted",
    "ServiceExplained",
    "ServiceQuoted",
    "TruedUp",
    "WhyDifferent",
    "approve",
    "bill_number",
    "calculate",
    "dry_run",
    "explain",
    "find_bill",
    "finish",
    "get_progress",
    "get_statement",
    "get_statements",
    "hold",
    "list_issued",
    "list_unowned",
    "own",
    "plan",
    "post",
    "post_all",
    "quote",
    "release",
    "rerate_all",
    "statement_pdf",
    "true_up",
    "why_different",
]
