"""Money received: at a till, in files, put back when it is returned; and the credit that it leaves."""

from curbstop.office.payments.files import (
    CHANNELS,
    BatchRecorded,
    BlockRecorded,
    Channel,
    FileReceived,
    FileRow,
    receive_file,
    record_batch,
)
from curbstop.office.payments.owing import Owing, PaidAccount, PaidItem, PayFirst, Paying
from curbstop.office.payments.reads import (
    NoReceipt,
    PaymentRow,
    ReceiptAccount,
    ReceiptItem,
    ReceiptRead,
    ReceiptTender,
    get_receipt,
    list_payments,
)
from curbstop.office.payments.taking import (
    PaymentPreview,
    ReceiptTaken,
    TillClosed,
    get_payment_preview,
    receipt_number,
    take,
)
from curbstop.office.payments.undoing import CreditApplied, Identified, Undone, apply_credit, identify
from curbstop.office.payments.undoing import reverse_payment as reverse
from curbstop.rules.payments import BadPayment, Kept, Tender

__all__ = [
    "CHANNELS",
    "BadPayment",
    "BatchRecorded",
    "BlockRecorded",
    "Channel",
    "CreditApplied",
    "FileReceived",
    "FileRow",
    "Identified",
    "Kept",
    "NoReceipt",
    "Owing",
    "PaidAccount",
    "PaidItem",
    "PayFirst",
    "Paying",
    "PaymentPreview",
    "PaymentRow",
    "ReceiptAccount",
    "ReceiptItem",
    "ReceiptRead",
    "ReceiptTaken",
    "ReceiptTender",
    "Tender",
    "TillClosed",
    "Undone",
    "apply_credit",
    "get_payment_preview",
    "get_receipt",
    "identify",
    "list_payments",
    "receipt_number",
    "receive_file",
    "record_batch",
    "reverse",
    "take",
]
