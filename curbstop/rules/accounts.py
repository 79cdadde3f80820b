"""Account numbers: digits of a sequence and a check digit, so that a slip of the finger finds nobody else's account.

The check digit is Luhn's (ISO/IEC 7812-1, annex B): it catches every single wrong digit and every swap of neighbours
but 09 for 90.
"""

from __future__ import annotations

import re

from curbstop.rules.faults import BadValue

FIRST = 1_000_001
"""Where the sequence of a new city begins: seven digits, and the check digit makes eight."""

_SHAPE = re.compile(r"[0-9]{8,12}")


class BadAccountNumber(BadValue):
    """Not an account number: the wrong length, other characters, or a check digit that does not fit."""


def check_digit(digits: str) -> int:
    """Luhn's check digit of a row of digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def account_number(sequence: int) -> str:
    """The account number of a number of the sequence: 1000001 is ``10000016``.

    :raises ValueError: below 1000001, where the number would be too short
    """
    if sequence < FIRST:
        raise ValueError(f"account sequence {sequence}: begins at {FIRST}")
    return f"{sequence}{check_digit(str(sequence))}"


def check_account_number(text: str, *, field: str = "account") -> str:
    """The account number that was typed, without its spaces and hyphens.

    :raises BadAccountNumber: it is none, with field, value, why and remedy
    """
    digits = re.sub(r"[\s-]", "", text)
    if not _SHAPE.fullmatch(digits):
        why = "an account number is 8 digits"
        raise BadAccountNumber(field=field, value=text, why=why, remedy="copy it from a bill, for example 10000016")
    if check_digit(digits[:-1]) != int(digits[-1]):
        why = "the last digit does not fit the others, so one of them is mistyped"
        raise BadAccountNumber(field=field, value=text, why=why, remedy="compare it with the bill, digit by digit")
    return digits
