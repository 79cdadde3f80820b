"""What follows when a bill is not paid: late charges, and the ladder to the valve and back."""

from curbstop.office.delinquency.late import (
    AFTER_FINDING,
    HELD_DISPUTE,
    HELD_PAYMENT_PENDING,
    LATE_RECEIVABLE,
    LATE_REVENUE,
    LateAssessed,
    LateDue,
    LateSettling,
    assess_late,
    get_late_day,
    list_late_due,
    settle_late,
)

__all__ = [
    "AFTER_FINDING", "HELD_DISPUTE", "HELD_PAYMENT_PENDING", "LATE_RECEIVABLE", "LATE_REVENUE", "LateAssessed",
    "LateDue", "LateSettling", "assess_late", "get_late_day", "list_late_due", "settle_late",
]  # fmt: skip
