"""What a run can do with an agreement: a closed list of codes, each with the words a clerk reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from curbstop.rules.rating import Status

BILLED: Final = "billed"
CODES: Final = (
    BILLED,
    "already_billed",
    "held_no_read",
    "held_undecided_read",
    "held_not_set",
    "held_bad_input",
    "held_by_review",
    "held_changed",
    "held_with_account",
)
"""Their positions are the codes that arrays hold. Every ``held_`` code keeps the whole account off the paper."""

SAYS: Final[Mapping[str, str]] = {
    BILLED: "Billed",
    "already_billed": "Billed already by another run: nothing is left to bill",
    "held_no_read": "No read: the meter has none that counts at the end of the period",
    "held_undecided_read": "A read waits for a decision",
    "held_not_set": "A price is not set for this city; nothing is charged on a guess",
    "held_bad_input": "Usage, items, days or a fact that the tariff asks for cannot be, or is missing",
    "held_by_review": "Held by a person",
    "held_changed": "Not what was approved any more: a read, a tariff or the account changed meanwhile",
    "held_with_account": "Another service of the account is held; the paper is one",
}
NEXT: Final[Mapping[str, str]] = {
    "held_no_read": "Read the meter, or estimate it; then calculate again",
    "held_undecided_read": "Accept the read or have it read again; then calculate again",
    "held_not_set": "A supervisor enters the price under Policy, Rates; then calculate again",
    "held_bad_input": "Correct the read, or what the account and the premise say; then calculate again",
    "held_by_review": "Release it when it is right",
    "held_changed": "Bill it with the next run, or plan a run of its own",
    "held_with_account": "It follows when the other service is cleared",
}

FINDINGS: Final[Mapping[str, str]] = {
    "zero": "No use in the whole period",
    "high": "More use than is usual here",
    "first": "First bill: look once before it goes",
    "final": "Final bill",
}
"""What a calculation shows besides what it holds. They keep nobody from being billed; a person may hold the account."""


def place(code: str) -> int:
    """The position of a code."""
    return CODES.index(code)


def of_status(status: int) -> str:
    """The outcome code of a rating status."""
    if status == Status.RATED:
        return BILLED
    return (
        "held_not_set"
        if status in (Status.NOT_SET, Status.NO_AVERAGE, Status.NO_VERSION, Status.NOT_IN_USE)
        else "held_bad_input"
    )
