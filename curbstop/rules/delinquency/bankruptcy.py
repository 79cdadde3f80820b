"""A petition in bankruptcy: what is owed from before it, day by day, and until when assurance of payment is due.

What was used before the petition is stayed even when it is billed later (11 U.S.C. 362); a utility may not turn off,
refuse or change service for it, and may ask for adequate assurance of what follows within the days of 11 U.S.C. 366.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from curbstop.rules.faults import BadValue

CHAPTERS = {7: "Liquidation", 9: "Municipality", 11: "Reorganization", 12: "Family farmer", 13: "Wage earner's plan"}
ASSURANCE = {
    "deposit": "a cash deposit",
    "letter_of_credit": "a letter of credit",
    "certificate": "a certificate of deposit",
    "bond": "a surety bond",
    "prepayment": "prepayment",
    "agreed": "another form that both agreed on",
}
"""Forms of adequate assurance (11 U.S.C. 366(c)(1)), by code."""

RELIEF_DAYS, CHAPTER_11_DAYS = 20, 30


class BadPetition(BadValue):
    """Not a petition that can be."""


def assure_by(chapter: int, filed_on: date) -> date:
    """The last day for adequate assurance: 20 days after the order for relief, which a voluntary petition is; in
    chapter 11 30 days after the petition.

    :raises BadPetition: a chapter that there is not

    >>> assure_by(13, date(2026, 4, 1))
    datetime.date(2026, 4, 21)
    """
    if chapter not in CHAPTERS:
        remedy = f"use one of {', '.join(map(str, CHAPTERS))}"
        raise BadPetition(field="chapter", value=chapter, why="not a chapter", remedy=remedy)
    return filed_on + timedelta(days=CHAPTER_11_DAYS if chapter == 11 else RELIEF_DAYS)


def before_petition(lines: Sequence[int], *, from_on: date, until_on: date, filed_on: date) -> tuple[int, ...]:
    """What of a bill's lines is for the days before the petition, line by line, rounded down to the cent.

    The day of the petition is the first of the days after it. A bill of no days is wholly after.

    :param lines: open cents by line, each 0 or more
    :raises ValueError: a negative amount

    >>> before_petition([950, 3514], from_on=date(2026, 3, 3), until_on=date(2026, 3, 31), filed_on=date(2026, 3, 17))
    (475, 1757)
    """
    if any(cents < 0 for cents in lines):
        raise ValueError(f"open amounts are 0 or more, not {list(lines)}")
    days = (until_on - from_on).days
    before = min(max((filed_on - from_on).days, 0), max(days, 0))
    if not before:
        return tuple(0 for _ in lines)
    return tuple(cents * before // days for cents in lines)
