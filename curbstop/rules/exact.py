"""Exact fractions over arrays: int64 numerators on one whole denominator, widened before they could overflow."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDE_ABOVE = 2**62


class Exact:
    """An array of exact fractions `num / den`; `most` bounds every numerator's size.

    Each step works out the bound of its result first, in Python's unbounded integers. When int64 might not
    hold it, the numerators become Python integers: slower, never wrong.
    """

    __slots__ = ("den", "most", "num")

    def __init__(self, num: NDArray[Any], den: int, most: int) -> None:
        self.num = num
        self.den = den
        self.most = most

    @classmethod
    def of(cls, values: NDArray[np.int64]) -> Exact:
        """Whole numbers."""
        most = max(int(values.max()), -int(values.min())) if values.size else 0
        return cls(values, 1, most)

    @classmethod
    def same(cls, value: Fraction | int) -> Exact:
        """One value for every row: an array of length one, which numpy spreads."""
        value = Fraction(value)
        wide = abs(value.numerator) > WIDE_ABOVE
        num = np.array([value.numerator], dtype=object if wide else np.int64)
        return cls(num, value.denominator, abs(value.numerator))

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

    def on(self, den: int) -> Exact:
        """The same on a multiple of the denominator."""
        scaled = self.whole_times(den // self.den)
        return Exact(scaled.num, den, scaled.most)

    def plus(self, other: Exact) -> Exact:
        """The sum."""
        first, second = self.level(other)
        most = first.most + second.most
        return Exact(first._ready(most, 1) + second._ready(most, 1), first.den, most)

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
        return Fraction(int(self.num[row if self.num.size > 1 else 0]), self.den)

    def _ready(self, most: int, factor: int) -> NDArray[Any]:
        """The numerators, as Python integers when the result or the factor would not fit int64."""
        if self.num.dtype != object and (most > WIDE_ABOVE or factor > WIDE_ABOVE):
            return self.num.astype(object)
        return self.num
