"""The account page: all that a person with a caller on the line needs of one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curbstop.formats.usage_chart import UsagePeriod
from curbstop.office._masks import Looker
from curbstop.office.pages import history
from curbstop.office.pages.header import Header, get_header
from curbstop.office.pages.history import (
    AgreementRow,
    BillRow,
    DepositRow,
    EventRow,
    PaymentRow,
    ReadRow,
    WaitingCharge,
)
from curbstop.office.pages.owed import OwedDocument, get_owed

SHOWN = 6
"""Rows of a list on the account page; the rest has a page of its own."""


@dataclass(frozen=True)
class AccountPage:
    """One account as of a day. Lists hold the newest :data:`SHOWN`; the counts tell how many there are."""

    header: Header
    owed: tuple[OwedDocument, ...]
    usage: tuple[UsagePeriod, ...]
    bills: tuple[BillRow, ...]
    bill_count: int
    payments: tuple[PaymentRow, ...]
    payment_count: int
    reads: tuple[ReadRow, ...]
    agreements: tuple[AgreementRow, ...]
    deposits: tuple[DepositRow, ...]
    waiting: tuple[WaitingCharge, ...]
    events: tuple[EventRow, ...]


def get_account_page(*, number: str, on: date, looker: Looker | None = None) -> AccountPage:
    """All of the account page. A confidential account is masked, unless it is open to who looks.

    :raises NotThere: no account has this number
    """
    header = get_header(number=number, on=on, looker=looker)
    of = header.id
    hidden = bool(header.confidential) and header.opened_until is None
    return AccountPage(
        header=header,
        owed=get_owed(account_id=of, on=on),
        usage=history.get_usage(account_id=of),
        bills=history.get_bills(account_id=of, on=on, limit=SHOWN),
        bill_count=history.count_bills(account_id=of),
        payments=history.get_payments(account_id=of, limit=SHOWN),
        payment_count=history.count_payments(account_id=of),
        reads=history.get_reads(account_id=of, limit=SHOWN),
        agreements=history.get_agreements(account_id=of, on=on, hidden=hidden),
        deposits=history.get_deposits(account_id=of),
        waiting=history.get_waiting(account_id=of),
        events=history.get_events(account_id=of, limit=10, hidden=hidden),
    )
