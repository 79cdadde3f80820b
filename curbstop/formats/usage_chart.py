"""The picture of 13 periods of usage: this year's bars, last year's ghosts, the sewer average as a line.

One geometry, two inks: `usage_chart_svg` carries the classes of the desk's stylesheet, `usage_chart_print_svg` its own
black and greys and larger figures. All of it is whole tenths of a unit until it is written, so the same periods
give the same bytes on every machine.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from html import escape

MOST_PERIODS = 13
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = "January February March April May June July August September October November December".split()

# The plot, in tenths of the viewBox's units (520.0 x 238.0).
_LEFT, _RIGHT, _TOP, _FOOT = 340, 5160, 140, 1960
_ROOM_FOR_WORDS = 8  # slots without a bill from which the empty part says what would be there
_GHOST_AT, _GHOST_WIDE, _BAR_AT, _BAR_WIDE, _LABEL_AT, _VALUE_AT = 50, 130, 140, 160, 190, 220


@dataclass(frozen=True, slots=True)
class UsagePeriod:
    """What one bill's period used."""

    end_on: date  # the day of the read that ended it
    used_gal: int | None  # None: no read, no bar
    year_before_gal: int | None = None  # the same period a year before; None: no service then
    average_gal: int | None = None  # the sewer average in force; None: none
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class _Ink:
    """How one medium draws the parts: the attributes of each, and where the figures sit (tenths)."""

    parts: dict[str, str]
    axis_at: int
    axis_drop: int  # from a grid line down to the foot of its figure
    day_at: int
    month_at: int
    value_lift: int
    radius: str = ' rx="1.5"'


_DESK = _Ink(
    parts={part: f'class="{part}"' for part in ("base", "grid", "bar1", "ghost", "hot", "cap", "on")}
    | {"text": "", "est": 'class="bar1 est"', "hot est": 'class="hot est"'},
    axis_at=260,
    axis_drop=40,
    day_at=2120,
    month_at=2290,
    value_lift=60,
)

# Print: black for the bill in hand, dark grey for this year, light for the year before; an estimate is hollow. The
# figures are 17 units so that they stand 7 points high where the picture is 3 inches wide. Their weight is 500 because
# typst's SVG reader takes 400 to mean the face as it lies in the file, and a variable face lies there at its thinnest.
_TEXT = 'font-family="Public Sans" font-size="17" font-weight="500" fill="#222"'
_PRINT = _Ink(
    parts={
        "base": 'stroke="#000" stroke-width="1.6" fill="none"',
        "grid": 'stroke="#c4c4c4" stroke-width="1" fill="none"',
        "bar1": 'fill="#707070"',
        "ghost": 'fill="#d9d9d9"',
        "hot": 'fill="#000"',
        "est": 'fill="#fff" stroke="#707070" stroke-width="2.4"',
        "hot est": 'fill="#fff" stroke="#000" stroke-width="2.4"',
        "halo": 'fill="none" stroke="#fff" stroke-width="5"',
        "cap": 'fill="none" stroke="#000" stroke-width="2.4" stroke-dasharray="8 4"',
        "text": _TEXT,
        "on": 'font-family="Public Sans" font-size="18" font-weight="700" fill="#000"',
    },
    axis_at=290,
    axis_drop=60,
    day_at=2145,
    month_at=2320,
    value_lift=60,
)


def usage_chart_svg(periods: Sequence[UsagePeriod], *, ids: str = "u", title: str = "") -> str:
    """Draw the chart as one SVG element for a page, classes as in the desk's stylesheet, viewBox 520 x 238.

    The periods stand oldest first; of more than 13 the last 13 are drawn, fewer stand at the right. The axis
    starts at zero and is in the unit that `usage_unit` names, for the heading beside it.

    :param ids: prefix of the ids of title and description, where a page has several charts
    """
    shown = periods[-MOST_PERIODS:]
    heading = title or f"Water used in each of the last {len(shown)} bills"
    return (
        f'<svg viewBox="0 0 520 238" role="img" aria-labelledby="{escape(ids)}-t {escape(ids)}-d">'
        f'<title id="{escape(ids)}-t">{escape(heading)}</title>'
        f'<desc id="{escape(ids)}-d">{escape(usage_words(shown))}</desc>' + "".join(_drawn(shown, _DESK)) + "</svg>"
    )


def usage_chart_print_svg(periods: Sequence[UsagePeriod]) -> str:
    """Draw the same chart for paper: explicit greys, larger figures. Its words are the caller's to put beside it."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -8 520 248" width="520" height="248">'
        + "".join(_drawn(periods[-MOST_PERIODS:], _PRINT))
        + "</svg>"
    )


def usage_unit(periods: Sequence[UsagePeriod]) -> str:
    """The unit of the axis: `kgal` (thousand gallons), or `Mgal` (million) from a million gallons a period."""
    return "Mgal" if _most(periods) >= 1_000_000 else "kgal"


def usage_words(periods: Sequence[UsagePeriod]) -> str:
    """Say what the chart shows, for those who do not see it."""
    if not periods:
        return "No usage has been billed yet."
    last = periods[-1]
    used = ", ".join(
        "no read" if period.used_gal is None else f"{period.used_gal:,}" + (" estimated" if period.estimated else "")
        for period in periods
    )
    span = _long_month(last.end_on)
    if len(periods) > 1:
        span = f"{_long_month(periods[0].end_on)} to {span}"
    said = [f"Gallons per bill, {span}: {used}."]
    if last.used_gal is not None and last.year_before_gal is not None:
        said.append(
            f"The bill of {_long_month(last.end_on)} is {last.used_gal:,} gallons; "
            f"the same bill last year was {last.year_before_gal:,}."
        )
    if averages := _average_words(periods):
        said.append(averages)
    return " ".join(said)


def _average_words(periods: Sequence[UsagePeriod]) -> str:
    said = ""
    now: int | None = None
    for period in periods:
        if period.average_gal is None or period.average_gal == now:
            continue
        if now is None:
            said = f"The sewer average is {period.average_gal:,} gallons"
        else:
            said += f" until {_long_month(period.end_on)}, then {period.average_gal:,}"
        now = period.average_gal
    return f"{said}." if said else ""


def _long_month(on: date) -> str:
    return f"{_LONG_MONTHS[on.month - 1]} {on.year}"


def _most(periods: Sequence[UsagePeriod]) -> int:
    return max((gal or 0 for p in periods for gal in (p.used_gal, p.year_before_gal, p.average_gal)), default=0)


def _axis(most_gal: int) -> tuple[int, int]:
    """The step between grid lines and the top of the scale, in gallons: at most four steps of 1, 2, 4, 5 or 10."""
    decade = 100
    while True:
        for step in (decade, 2 * decade, 4 * decade, 5 * decade):
            if 4 * step >= most_gal:
                return step, max(-(-most_gal // step), 2) * step
        decade *= 10


def _figure(gal: int, unit: str) -> str:
    """Gallons in the axis's unit, to one decimal at most, a half up."""
    tenths = (gal * 10 + (500 if unit == "kgal" else 500_000)) // (1_000 if unit == "kgal" else 1_000_000)
    whole, tenth = divmod(tenths, 10)
    return f"{whole:,}.{tenth}" if tenth else f"{whole:,}"


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"


def _slot(index: int) -> int:
    """The left edge of the slot, in tenths; the plot is divided so that no rounding adds up."""
    return _LEFT + (2 * (_RIGHT - _LEFT) * index + MOST_PERIODS) // (2 * MOST_PERIODS)


def _drawn(periods: Sequence[UsagePeriod], ink: _Ink) -> Iterable[str]:
    step, top = _axis(_most(periods))
    unit = usage_unit(periods)

    def height(gal: int) -> int:
        return round(Fraction((_FOOT - _TOP) * gal, top))

    def text(at: int, foot: int, words: str, *, on: bool = False, anchor: str = "middle") -> str:
        part = ink.parts["on" if on else "text"]
        lead = f"<text {part} " if part else "<text "
        return f'{lead}x="{_tenths(at)}" y="{_tenths(foot)}" text-anchor="{anchor}">{words}</text>'

    def bar(part: str, at: int, wide: int, gal: int) -> str:
        tall = height(gal)
        return (
            f'<rect {ink.parts[part]} x="{_tenths(at)}" y="{_tenths(_FOOT - tall)}" '
            f'width="{wide // 10}" height="{_tenths(tall)}"{ink.radius}/>'
        )

    for gal in range(0, top + 1, step):
        level = _FOOT - height(gal)
        yield f'<path {ink.parts["grid" if gal else "base"]} d="M34 {_tenths(level)}H516"/>'
        yield text(ink.axis_at, level + ink.axis_drop, _figure(gal, unit), anchor="end")
    first = MOST_PERIODS - len(periods)
    if first >= _ROOM_FOR_WORDS:
        yield text((_LEFT + _slot(first)) // 2, (_TOP + _FOOT) // 2 - 70, "Your next bills will stand here.")
    for index, period in enumerate(periods):
        left, last = _slot(first + index), index == len(periods) - 1
        if period.year_before_gal:
            yield bar("ghost", left + _GHOST_AT, _GHOST_WIDE, period.year_before_gal)
        if period.used_gal:
            part = ("hot est" if last else "est") if period.estimated else ("hot" if last else "bar1")
            yield bar(part, left + _BAR_AT, _BAR_WIDE, period.used_gal)
        if last or period.estimated:
            marks = ["E"] * period.estimated
            if last and period.used_gal is not None:
                marks.insert(0, _figure(period.used_gal, unit))
            if marks:
                foot = _FOOT - height(period.used_gal or 0) - ink.value_lift
                yield text(left + _VALUE_AT, foot, " ".join(marks), on=last)
        yield text(left + _LABEL_AT, ink.day_at, str(period.end_on.day), on=last)
        if index == 0 or period.end_on.month != periods[index - 1].end_on.month:
            yield text(left + _LABEL_AT, ink.month_at, _MONTHS[period.end_on.month - 1], on=last)
    if line := _average_line(periods, first, height):
        for part in ("halo", "cap"):
            if part in ink.parts:
                yield f'<path {ink.parts[part]} d="{line}"/>'


def _average_line(periods: Sequence[UsagePeriod], first: int, height: Callable[[int], int]) -> str:
    drawn, now = "", None
    for index, period in enumerate(periods):
        at = _tenths(_slot(first + index))
        if period.average_gal != now:
            if now is not None:
                drawn += f"H{at}"
            if period.average_gal is not None:
                level = _tenths(_FOOT - height(period.average_gal))
                drawn += f"M{at} {level}" if now is None else f"V{level}"
        now = period.average_gal
    return f"{drawn}H{_tenths(_RIGHT)}" if now is not None else drawn
