"""The picture of 13 periods of usage: this year's bars, last year's ghosts, the sewer average as a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class UsagePeriod:
    """What one bill's period used."""

    end_on: date  # the day of the read that ended it
    used_gal: int | None  # None: no read, no bar
    year_before_gal: int | None = None  # the same period a year before; None: no service then
    average_gal: int | None = None  # the sewer average in force; None: none
    estimated: bool = False


def usage_chart_svg(periods: Sequence[UsagePeriod], *, ids: str = "u", title: str = "") -> str:
    """Draw the chart as one SVG element for a page, classes as in the desk's stylesheet, viewBox 520 x 238."""
    raise NotImplementedError
