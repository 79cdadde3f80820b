"""Customers and their accounts; premises and the points at which they are served."""

from curbstop.office.customers.finding import AccountKey, Likeness, find_account, find_duplicates
from curbstop.office.customers.opening import KINDS, Opened, note, open
from curbstop.office.customers.premises import (
    PremiseEntry,
    PremisesEntered,
    ServicePointRow,
    enter_premises,
    list_service_points,
)

__all__ = [
    "KINDS",
    "AccountKey",
    "Likeness",
    "Opened",
    "PremiseEntry",
    "PremisesEntered",
    "ServicePointRow",
    "enter_premises",
    "find_account",
    "find_duplicates",
    "list_service_points",
    "note",
    "open",
]
