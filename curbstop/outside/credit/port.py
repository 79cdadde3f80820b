"""The port: what is asked of a credit bureau, and the little of its answer that an office may keep.

One call for one adult, made when he agreed to it. The number goes to the bureau and nowhere else: it is no field of an
act, no log line and no row. Of the answer grade, score, day and bureau are kept; the range and the factors are printed
in the notice that the law asks for (Fair Credit Reporting Act, section 615).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


class BureauSilent(Exception):
    """No answer: a time-out, a broken line, the bureau's own trouble. Ask again, or go on without a check."""


class NoFile(Exception):
    """The bureau knows nobody of this name and number; the guideline's way without a number is used."""


@dataclass(frozen=True, slots=True)
class Adult:
    """Whom the check is about. ``ssn`` is nine digits, and is shown in no representation."""

    name: str
    born_on: date
    ssn: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grade:
    """What the bureau answers: the city's grade, the score on its scale, and up to four factors (five with one for
    inquiries), the heaviest first."""

    grade: int
    score: int
    least: int
    most: int
    factors: tuple[str, ...]
    bureau: str


class Bureau(Protocol):
    """A credit bureau."""

    def check(self, adult: Adult, *, on: date) -> Grade:
        """Ask for an adult's grade.

        :raises BureauSilent: no answer
        :raises NoFile: the bureau knows nobody of this name and number
        """
