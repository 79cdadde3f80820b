"""The reads that whole screens need: frozen dataclasses shaped for a screen, so that a template never queries.

Each takes the day it is asked on (``on``); none writes. What a screen cannot find it says by :class:`NotThere`.
"""

from curbstop.office._masks import Looker, Postal
from curbstop.office.pages.account import AccountPage, get_account_page
from curbstop.office.pages.bill import BillPage, get_bill, get_bill_ids
from curbstop.office.pages.found import NotThere
from curbstop.office.pages.frame import Frame, get_demo_names, get_frame
from curbstop.office.pages.header import Header, get_header, get_postal
from curbstop.office.pages.history import AgreementRow, get_account_of, get_list, get_recent
from curbstop.office.pages.owed import OwedDocument, get_asked, get_owed
from curbstop.office.pages.places import (
    NextTurn,
    PremiseHit,
    RouteDay,
    Today,
    find_premises,
    get_premise,
    get_routes,
    get_today,
)
from curbstop.office.pages.receipt import (
    PaidAccount,
    PaidLine,
    Receipt,
    TakenBack,
    get_latest_receipts,
    get_receipt,
)
from curbstop.office.pages.runs import (
    CycleTurn,
    RunPage,
    RunRow,
    code_says,
    get_cycles,
    get_progress,
    get_run,
    get_runs,
    get_state,
)

__all__ = [
    "AccountPage",
    "AgreementRow",
    "BillPage",
    "CycleTurn",
    "Frame",
    "Header",
    "Looker",
    "NextTurn",
    "NotThere",
    "OwedDocument",
    "PaidAccount",
    "PaidLine",
    "Postal",
    "PremiseHit",
    "Receipt",
    "RouteDay",
    "RunPage",
    "RunRow",
    "TakenBack",
    "Today",
    "code_says",
    "find_premises",
    "get_account_of",
    "get_account_page",
    "get_asked",
    "get_bill",
    "get_bill_ids",
    "get_latest_receipts",
    "get_receipt",
    "get_cycles",
    "get_demo_names",
    "get_frame",
    "get_header",
    "get_list",
    "get_owed",
    "get_postal",
    "get_premise",
    "get_progress",
    "get_recent",
    "get_routes",
    "get_run",
    "get_runs",
    "get_state",
    "get_today",
]
