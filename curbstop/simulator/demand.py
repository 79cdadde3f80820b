"""Water: how many gallons a place uses each day.

Indoor use goes with the people (about 45 gallons each and 35 for the house), outdoor use with the season: next to
nothing from December to February, the most in July and August, less in a rainy week. All whole numbers, the same on
every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from curbstop.simulator.chance import daily_permille, number, stream
from curbstop.simulator.people import Stay

_SEASON = [0, 0, 60, 240, 420, 720, 1000, 960, 620, 260, 40, 0]
"""Outdoor use in the middle of each month, permille of July's: bermuda grass in central Oklahoma."""
_FREEZE = (1, 2)
"""Months in which pipes burst."""


class Weather:
    """What the sky does to lawns: one factor a week for the whole town, permille."""

    def __init__(self, seed: int, from_on: date, until_on: date) -> None:
        self.days = np.arange(from_on.toordinal(), until_on.toordinal(), dtype=np.int64)
        week = self.days // 7
        first, last = int(week[0]), int(week[-1])
        rain = [
            stream(seed, "weather", w).choice((350, 600, 800, 900, 1000, 1000, 1100, 1200, 1350))
            for w in range(first, last + 1)
        ]
        self.outdoor = _season(self.days) * np.asarray(rain, dtype=np.int64)[week - first] // 1000
        """Permille of a dry July, for each day."""
        self.weekday = (self.days - 1) % 7  # ordinal 1 is a Monday
        self.from_on, self.until_on = from_on, until_on


def _season(days: np.ndarray) -> np.ndarray:
    """The season of each day, drawn straight between the middles of the months."""
    middles: list[int] = []
    values: list[int] = []
    first, last = date.fromordinal(int(days[0])), date.fromordinal(int(days[-1]))
    for year in range(first.year - 1, last.year + 2):
        for month in range(1, 13):
            middles.append(date(year, month, 15).toordinal())
            values.append(_SEASON[month - 1])
    at, value = np.asarray(middles, dtype=np.int64), np.asarray(values, dtype=np.int64)
    after = np.searchsorted(at, days, side="right")
    before = after - 1
    gone, span = days - at[before], at[after] - at[before]
    return (value[before] * (span - gone) + value[after] * gone) // span


def indoor_and_outdoor(seed: int, stays: Sequence[Stay], weather: Weather) -> tuple[np.ndarray, np.ndarray]:
    """Gallons through the house meter and gallons of outdoor use, for each day of the weather, of one place.

    Nobody there, nothing used: the days between stays are zero but for a leak.
    """
    place = stays[0].place
    indoor = np.zeros(len(weather.days), dtype=np.int64)
    outdoor = np.zeros(len(weather.days), dtype=np.int64)
    watering = daily_permille(seed, place.no * 2 + 1, weather.days, least=400, most=1601)
    steady = daily_permille(seed, place.no * 2, weather.days, least=620, most=1381)
    for stay in stays:
        if stay.vacant:
            continue
        days = _span(stay.from_on, stay.until_on, weather)
        use = stay.use
        shape = np.asarray(use.week, dtype=np.int64)[weather.weekday[days]]
        indoor[days] = use.indoor_gal * shape * steady[days] // 1_000_000
        outdoor[days] = use.outdoor_gal * weather.outdoor[days] * watering[days] // 1_000_000
        for gone_from, gone_until in _absences(seed, stay, weather):
            away = _span(max(gone_from, stay.from_on), gone_until, weather)
            indoor[away] = 0
    indoor += _leaks(seed, stays, weather)
    return indoor, outdoor


def _span(from_on: date, until_on: date | None, weather: Weather) -> slice:
    first = weather.from_on.toordinal()
    end = len(weather.days) if until_on is None else until_on.toordinal() - first
    return slice(max(0, min(from_on.toordinal() - first, len(weather.days))), max(0, min(end, len(weather.days))))


def _years(weather: Weather) -> range:
    return range(weather.from_on.year, weather.until_on.year + 1)


def _absences(seed: int, stay: Stay, weather: Weather) -> list[tuple[date, date]]:
    """Journeys: weeks in summer, a whole winter for a few; each year drawn on its own."""
    if stay.place.kind != "residential":
        return []
    found = []
    for year in _years(weather):
        draw = number(seed, "away", stay.place.no, stay.no, year, below=1000)
        if draw < 110:
            leaves = date(year, 5, 20) + timedelta(days=number(seed, "away-on", stay.place.no, stay.no, year, below=90))
            found.append((leaves, leaves + timedelta(days=7 + draw % 15)))
        elif draw < 130:
            found.append((date(year, 1, 3), date(year, 3, 10) + timedelta(days=draw % 14)))
    return [(a, min(b, stay.until_on) if stay.until_on else b) for a, b in found]


def _leaks(seed: int, stays: Sequence[Stay], weather: Weather) -> np.ndarray:
    """A running toilet, a line cracked under the yard, a pipe burst by frost: until somebody mends it."""
    lost = np.zeros(len(weather.days), dtype=np.int64)
    place = stays[0].place
    for year in _years(weather):
        if number(seed, "leak", place.no, year, below=1000) >= 120:
            continue
        draw = stream(seed, "leak", place.no, year)
        kind = draw.choice(("toilet", "toilet", "line", "line", "line", "burst"))
        begins = date(year, 1, 1) + timedelta(days=draw.randrange(365))
        if kind == "burst":
            begins = date(year, draw.choice(_FREEZE), draw.randrange(1, 29))
        gallons, days = {
            "toilet": (draw.randrange(70, 320), draw.randrange(15, 70)),
            "line": (draw.randrange(250, 1400), draw.randrange(12, 45)),
            "burst": (draw.randrange(1500, 5200), draw.randrange(2, 6)),
        }[kind]
        # water is on only while somebody has service, the owner between tenants included
        for stay in stays:
            until_on = begins + timedelta(days=days)
            if stay.until_on is not None:
                until_on = min(until_on, stay.until_on)
            if begins >= stay.from_on and until_on > begins and not (stay.vacant and not stay.served):
                lost[_span(begins, until_on, weather)] += gallons
    return lost
