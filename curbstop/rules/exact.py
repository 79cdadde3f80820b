"""Exact fractions over arrays: int64 numerators on one whole denominator, widened before they could overflow."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, gcd, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDE_ABOVE = 2**62
MOST_DENOMINATORS = 64


class Exact:
    """An array of exact fractions `num / den`; `most` bounds every numerator's size.

    Each step works out the bound of its result first, in Python's unbounded integers. When int64 might not
    hold it, the numerators become Python integers: slower, never wrong. A row divided by another row has a
    denominator of its own; such numerators are Python fractions.
    """

    __slots__ = ("den", "most", "num")

    def __init__(self, num: NDArray[Any], den: int, most: int) -> None:
        self.num = num
        self.den = den
        self.most = most

    @classmethod
    def of(cls, values: NDArray[np.int64]) -> Exact:
        """Whole numbers."""
        if values.size == 1 and values.dtype != object:  # one bill: two reductions would cost more than the rating
            return cls(values, 1, abs(int(values[0])))
        most = max(int(values.max()), -int(values.min())) if values.size else 0
        return cls(values, 1, most)

    @classmethod
    def each(cls, values: Sequence[Fraction]) -> Exact:
        """One fraction a row, on their lowest common denominator; of too many denominators, fractions."""
        dens = {value.denominator for value in values}
        den = lcm(*dens) if len(dens) <= MOST_DENOMINATORS else 1
        scaled = [value * den for value in values]
        nums: list[int | Fraction] = [value.numerator if value.denominator == 1 else value for value in scaled]
        most = ceil(max((abs(value) for value in scaled), default=Fraction(0)))
        wide = most > WIDE_ABOVE or len(dens) > MOST_DENOMINATORS
        return cls(np.array(nums, dtype=object if wide else np.int64), den, most)

    @classmethod
    def same(cls, value: Fraction | int) -> Exact:
        """One value for every row: an array of length one, which numpy spreads."""
        return _same(value.numerator, value.denominator)

    def times(self, factor: Fraction | int) -> Exact:
        """Every row times one fraction."""
        factor = Fraction(factor)
        scaled = self.whole_times(factor.numerator)
        return Exact(scaled.num, scaled.den * factor.denominator, scaled.most)

    def whole_times(self, factor: int) -> Exact:
        """Every numerator times a whole number."""
        if factor == 1:
            return self
        most = self.most * abs(factor)
        return Exact(self._ready(most, abs(factor)) * factor, self.den, most)

    def by_rows(self, factors: NDArray[np.int64]) -> Exact:
        """Each row times its own whole number."""
        largest = int(np.abs(factors).max()) if factors.size else 0
        most = self.most * largest
        return Exact(self._ready(most, largest) * factors, self.den, most)

    def mul(self, other: Exact) -> Exact:
        """Row by row, the product."""
        most = self.most * other.most
        first, second = self._ready(most, other.most), other._ready(most, self.most)
        return Exact(first * second, self.den * other.den, most).slim()

    def over(self, other: Exact, wrong: NDArray[np.bool_]) -> Exact:
        """Row by row, the quotient; where `other` is nothing the row is marked in `wrong` and comes to nothing."""
        if other.num.size == 1 and other.num[0]:
            return self.times(1 / other.at(0))
        zero = np.broadcast_to(np.asarray(other.num == 0, dtype=np.bool_), wrong.shape)
        wrong |= zero
        size = max(self.num.size, other.num.size)
        rows = range(size)
        found = [self.at(row) / (other.at(row) or 1) for row in rows]
        return Exact.each(found)

    def whole(self, how: str, step: Fraction) -> Exact:
        """Brought to whole steps: `down`, `up` or `nearest` (a half away from zero)."""
        level = self.on(lcm(self.den, step.denominator))
        size = step.numerator * (level.den // step.denominator)
        num = level._ready(2 * level.most + abs(size), 2 * abs(size))
        if how == "down":
            whole = num // size
        elif how == "up":
            whole = -(-num // size)
        else:
            whole = np.where(num < 0, -((2 * -num + size) // (2 * size)), (2 * num + size) // (2 * size))
        return Exact(whole * size, level.den, level.most + size)

    def where(self, mask: NDArray[np.bool_], other: Exact) -> Exact:
        """This one where the mask is true, the other elsewhere."""
        first, second = self.level(other)
        return Exact(np.where(mask, first.num, second.num), first.den, max(first.most, second.most))

    def rows(self, cut: slice) -> Exact:
        """Some of the rows."""
        return self if self.num.size == 1 else Exact(self.num[cut], self.den, self.most)

    def slim(self) -> Exact:
        """The same in lowest terms, where that is cheap to see and the numbers have grown."""
        if self.most <= WIDE_ABOVE >> 16 or not self.num.size or self.den == 1:
            return self
        if self.num.dtype != object:
            shared = gcd(int(np.gcd.reduce(self.num)), self.den)
        elif self.num.size == 1 and isinstance(self.num[0], int):
            shared = gcd(self.num[0], self.den)
        else:
            return self
        return self if shared < 2 else Exact(self.num // shared, self.den // shared, self.most // shared)

    def on(self, den: int) -> Exact:
        """The same on a multiple of the denominator."""
        scaled = self.whole_times(den // self.den)
        return Exact(scaled.num, den, scaled.most)

    def plus(self, other: Exact) -> Exact:
        """The sum."""
        first, second = self.level(other)
        most = first.most + second.most
        return Exact(first._ready(most, 1) + second._ready(most, 1), first.den, most)

    __add__ = plus

    def less(self, other: Exact) -> Exact:
        """The difference."""
        return self.plus(other.whole_times(-1))

    def lower(self, other: Exact) -> Exact:
        """The lower of the two, row by row."""
        first, second = self.level(other)
        return Exact(np.minimum(first.num, second.num), first.den, max(first.most, second.most))

    def higher(self, other: Exact) -> Exact:
        """The higher of the two, row by row."""
        first, second = self.level(other)
        return Exact(np.maximum(first.num, second.num), first.den, max(first.most, second.most))

    def level(self, other: Exact) -> tuple[Exact, Exact]:
        """Both on their lowest common denominator."""
        if self.den == other.den:
            return self, other
        den = lcm(self.den, other.den)
        return self.on(den), other.on(den)

    def at(self, row: int) -> Fraction:
        """The value of one row."""
        num = self.num[row if self.num.size > 1 else 0]
        return num / self.den if isinstance(num, Fraction) else Fraction(int(num), self.den)

    def _ready(self, most: int, factor: int) -> NDArray[Any]:
        """The numerators, as Python integers when the result or the factor would not fit int64."""
        if self.num.dtype != object and (most > WIDE_ABOVE or factor > WIDE_ABOVE):
            return self.num.astype(object)
        return self.num


@functools.lru_cache(maxsize=4096)
def _same(numerator: int, denominator: int) -> Exact:
    """Prices and limits come again and again; nothing writes into an array of these, and numpy sees to it."""
    wide = abs(numerator) > WIDE_ABOVE
    num = np.array([numerator], dtype=object if wide else np.int64)
    num.flags.writeable = False
    return Exact(num, denominator, abs(numerator))
