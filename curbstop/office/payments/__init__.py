"""Money received: at a till, in files, put back when it is returned; and the credit that it leaves."""

from curbstop.office.payments.owing import Owing, PaidAccount, PaidItem, PayFirst, Paying
from curbstop.office.payments.taking import (
    PaymentPreview,
    ReceiptTaken,
    TillClosed,
    get_payment_preview,
    receipt_number,
    take,
)
from curbstop.rules.payments import BadPayment, Kept, Tender

__all__ = [
    "BadPayment",
    "Kept",
    "Owing",
    "PaidAccount",
    "PaidItem",
    "PayFirst",
    "Paying",
    "PaymentPreview",
    "ReceiptTaken",
    "Tender",
    "TillClosed",
    "get_payment_preview",
    "receipt_number",
    "take",
]
