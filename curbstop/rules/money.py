"""Money: whole cents, and roundings that have a name.

An amount is an `int` of cents. A rounding takes an exact fraction of cents, given as numerator and
denominator, and returns whole cents; negative amounts mirror positive ones, so that a credit undoes the
charge it answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.faults import BadValue

MOST_CENTS = 999_999_999
INT64_MOST = 2**63 - 1

_AMOUNT = re.compile(r"(-?)\$?\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]*))?")
_PRICE = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,18}))?")


class BadAmount(BadValue):
    """An amount of money that cannot be taken."""


class MoneyOverflow(OverflowError):
    """A sum that does not fit 64 bits: refused, never wrapped."""


class Rounding(StrEnum):
    """The named roundings of an exact fraction of cents."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


def parse_amount(text: str, *, field: str, allow_negative: bool = False) -> int:
    """Whole cents from what a person typed: `12`, `12.50`, `1,234.50`, `$12.50`.

    One decimal (`12.5`) is refused: at a till it is as often a slip for 12.05 or 125 as for 12.50, and the
    missing digit costs one key.

    :raises BadAmount: anything else, with field, value, why and remedy
    """

    def refuse(why: str, remedy: str = "write dollars and cents, for example 12.50") -> BadAmount:
        return BadAmount(field=field, value=text, why=why, remedy=remedy)

    if not isinstance(text, str):
        raise refuse("an amount is text here")
    stripped = text.strip()
    if not stripped:
        raise refuse("no amount was given")
    found = _AMOUNT.fullmatch(stripped)
    if found is None:
        raise refuse("not an amount of dollars and cents")
    sign, dollars, decimals = found.groups()
    if decimals is not None and len(decimals) != 2:
        raise refuse(f"{len(decimals)} decimals, where cents have two")
    if sign and not allow_negative:
        raise refuse("below zero", "write the amount without a sign, and choose the act that takes it off")
    digits = dollars.replace(",", "")
    if len(digits.lstrip("0")) > 7:
        raise refuse("more than 9,999,999.99", "check the digits; split it if it is right")
    cents = int(digits) * 100 + int(decimals or 0)
    return -cents if sign else cents


def parse_price(text: str, *, field: str) -> Fraction:
    """An exact price in cents from dollars with up to eighteen decimals: `5.02` is 502, `2.595` is 519/2.

    :raises BadAmount: not a plain decimal number, or more than 9,999,999.99
    """
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        remedy = "write dollars with at most eighteen decimals, for example 5.02"
        raise BadAmount(field=field, value=text, why="not a price", remedy=remedy)
    sign, dollars, decimals = found.groups()
    decimals = decimals or ""
    cents = Fraction(int(dollars + decimals) * 100, 10 ** len(decimals))
    if cents > MOST_CENTS:
        raise BadAmount(field=field, value=text, why="more than 9,999,999.99", remedy="check the digits")
    return -cents if sign else cents


def show(cents: int) -> str:
    """`123450` as `1,234.50`; below zero as `-1,234.50`."""
    sign = "-" if cents < 0 else ""
    dollars, rest = divmod(abs(int(cents)), 100)
    return f"{sign}{dollars:,}.{rest:02d}"


def show_price(cents: Fraction) -> str:
    """An exact price in dollars with at least two decimals: 519/2 cents is `2.595`.

    What does not end within six decimals is cut there and marked with `...`.
    """
    sign, left = ("-", -cents) if cents < 0 else ("", cents)
    dollars, rest = divmod(left, 100)
    digits = ""
    while rest and len(digits) < 6:
        digit, rest = divmod(rest * 10, 100)
        digits += str(int(digit))
    return f"{sign}{int(dollars):,}.{digits:0<2}" + ("..." if rest else "")


def half_up(numerator: int, denominator: int) -> int:
    """To the nearest cent, a half away from zero."""
    cents = (2 * abs(numerator) + denominator) // (2 * denominator)
    return cents if numerator >= 0 else -cents


def half_even(numerator: int, denominator: int) -> int:
    """To the nearest cent, a half to the even cent."""
    cents, rest = divmod(abs(numerator), denominator)
    cents += 2 * rest > denominator or (2 * rest == denominator and cents % 2 == 1)
    return cents if numerator >= 0 else -cents


def down(numerator: int, denominator: int) -> int:
    """Toward zero: the part of a cent is dropped."""
    cents = abs(numerator) // denominator
    return cents if numerator >= 0 else -cents


def up(numerator: int, denominator: int) -> int:
    """Away from zero: a started cent is a cent."""
    cents = -(-abs(numerator) // denominator)
    return cents if numerator >= 0 else -cents


_ROUNDINGS: dict[Rounding, Callable[[int, int], int]] = {
    Rounding.HALF_UP: half_up,
    Rounding.HALF_EVEN: half_even,
    Rounding.DOWN: down,
    Rounding.UP: up,
}


def round_cents(rounding: Rounding, numerator: int, denominator: int) -> int:
    """Whole cents of `numerator / denominator` by the named rounding. The denominator is above zero."""
    if denominator <= 0:
        raise ValueError(f"denominator {denominator}: must be above zero")
    return _ROUNDINGS[rounding](numerator, denominator)


def round_array(rounding: Rounding, numerators: NDArray[Any], denominator: int) -> NDArray[np.int64]:
    """As `round_cents`, for each element of an int64 array (or of an object array of `int`).

    :raises MoneyOverflow: a result or a step to it does not fit int64
    """
    if denominator <= 0:
        raise ValueError(f"denominator {denominator}: must be above zero")
    if numerators.size == 1 and numerators.dtype == np.int64:
        return _fitting([round_cents(rounding, int(numerators.flat[0]), denominator)]).reshape(numerators.shape)
    least, most = (floor(numerators.min()), ceil(numerators.max())) if numerators.size else (0, 0)
    wide = numerators.dtype == object or max(most, -least) + denominator > INT64_MOST
    if wide:
        return _round_wide(rounding, numerators, denominator)
    if least < 0:
        size = _round_positive(rounding, np.abs(numerators), denominator)
        return np.where(numerators < 0, -size, size)
    return _round_positive(rounding, numerators, denominator)


def _round_positive(rounding: Rounding, numerators: NDArray[Any], denominator: int) -> NDArray[np.int64]:
    if denominator == 1 or rounding is Rounding.DOWN:
        return np.asarray(numerators // denominator, dtype=np.int64)
    if rounding is Rounding.UP:
        return np.asarray((numerators + (denominator - 1)) // denominator, dtype=np.int64)
    if rounding is Rounding.HALF_UP:
        # For an odd denominator there is no half, and the nearest cent is found by the lower half of it.
        return np.asarray((numerators + denominator // 2) // denominator, dtype=np.int64)
    cents, rest = np.divmod(numerators, denominator)
    beyond = rest > denominator - rest
    tie = rest == denominator - rest
    return np.asarray(cents + (beyond | (tie & (cents % 2 == 1))), dtype=np.int64)


def _round_wide(rounding: Rounding, numerators: NDArray[Any], denominator: int) -> NDArray[np.int64]:
    exact = _ROUNDINGS[rounding]
    parts = [Fraction(numerator) / denominator for numerator in numerators.ravel().tolist()]
    return _fitting([exact(part.numerator, part.denominator) for part in parts]).reshape(numerators.shape)


def _fitting(cents: list[int]) -> NDArray[np.int64]:
    """The amounts as an array. -2**63 is refused too: it has no opposite, and a credit must answer its charge."""
    if any(abs(amount) > INT64_MOST for amount in cents):
        raise MoneyOverflow("an amount does not fit 64 bits of cents; check the usage and the rates")
    return np.array(cents, dtype=np.int64)
