"""Units of volume, exactly: gallons, thousands of gallons, cubic feet, hundreds of cubic feet.

One cubic foot is 1,728 cubic inches and one US gallon 231 (NIST Handbook 44, appendix C), so a cubic foot is
576/77 gallons; the 7.48 on many rate sheets is that number cut short. A gallon is 3.785411784 litres, exactly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from curbstop.rules.faults import BadValue

GAL_PER: dict[str, Fraction] = {
    "gal": Fraction(1),
    "kgal": Fraction(1000),
    "cf": Fraction(576, 77),
    "ccf": Fraction(57600, 77),
    "kl": Fraction(125_000_000_000, 473_176_473),
}

SPOKEN: dict[str, str] = {
    "gal": "gallons",
    "kgal": "thousand gallons",
    "cf": "cubic feet",
    "ccf": "hundred cubic feet",
    "kl": "thousand litres",
}

_QUANTITY = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]{1,18})?\s*([a-z]+)")
_NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]{1,18})?")


class BadQuantity(BadValue):
    """A volume that cannot be taken."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A volume as it is written: `1000 gal`. `gal` is the same in gallons, exactly."""

    amount: Fraction
    unit: str

    @property
    def gal(self) -> Fraction:
        """The volume in gallons."""
        return self.amount * GAL_PER[self.unit]

    def __str__(self) -> str:
        return f"{show_number(self.amount)} {self.unit}"


def parse_number(text: str, *, field: str) -> Fraction:
    """A plain number with at most eighteen decimals, `1,500` or `2.5`, exactly.

    :raises BadQuantity: anything else
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise BadQuantity(field=field, value=text, why="not a plain number", remedy="write for example 10 or 2.5")
    return Fraction(found[1].replace(",", "") + (found[2] or ""))


def parse_quantity(text: str, *, field: str) -> Quantity:
    """A volume with its unit: `1000 gal`, `1 kgal`, `7.5 ccf`.

    :raises BadQuantity: no number, no unit, or a unit that is not known
    """
    found = _QUANTITY.fullmatch(text.strip())
    known = ", ".join(GAL_PER)
    if found is None:
        remedy = f"write a number and a unit ({known}), for example 1000 gal"
        raise BadQuantity(field=field, value=text, why="not a volume", remedy=remedy)
    if found[3] not in GAL_PER:
        raise BadQuantity(field=field, value=text, why=f"unit {found[3]!r} is not known", remedy=f"use one of {known}")
    return Quantity(Fraction(found[1].replace(",", "") + (found[2] or "")), found[3])


def to_gal(amount: Fraction | int, unit: str) -> Fraction:
    """`amount` of `unit` in gallons, exactly."""
    return Fraction(amount) * GAL_PER[unit]


def from_gal(gal: Fraction | int, unit: str) -> Fraction:
    """Gallons in `unit`, exactly."""
    return Fraction(gal) / GAL_PER[unit]


def show_number(number: Fraction | int) -> str:
    """A number with thousands marked and up to four decimals, the last one rounded for the eye only."""
    number = Fraction(number)
    scaled = (abs(number) * 20_000 + 1) // 2
    whole, rest = divmod(scaled, 10_000)
    sign = "-" if number < 0 else ""
    decimals = f"{rest:04d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")
