"""The whole town as imagined: places, stays, meters and water of every day until the last one to be lived.

Nothing here knows the office. The same seed, size, first day and calendar give the same town; a later last day only
adds days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from curbstop.simulator import demand, people, streets
from curbstop.simulator import field as ground
from curbstop.simulator.chance import number
from curbstop.simulator.field import Hung
from curbstop.simulator.people import Stay
from curbstop.simulator.streets import Place

EMPTY_PERMILLE = 30
"""Of a thousand places, how many more there are than accounts wanted: some stand empty at any time."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a town is made from; kept by the office, so that a town can be lived on."""

    city: str
    accounts: int
    seed: int
    began_on: date


@dataclass(frozen=True, slots=True)
class Life:
    """One place: who was there, and under each service its meters and the gallons used before each day."""

    place: Place
    stays: tuple[Stay, ...]
    meters: Mapping[str, tuple[Hung, ...]]
    used: Mapping[str, np.ndarray]

    def hung(self, service: str, day: date) -> Hung:
        """The meter that hangs on a day."""
        return next(m for m in reversed(self.meters[service]) if m.from_on <= day)

    def register(self, service: str, day: date, origin: date) -> int:
        """What the meter that hangs on a day shows that morning."""
        return ground.register(self.hung(service, day), self.used[service], origin, day)


@dataclass
class Town:
    """All lives, and what happens on each day: who comes, who leaves, which meter is changed."""

    recipe: Recipe
    until_on: date
    read_days: Mapping[int, Sequence[date]]
    lives: list[Life] = field(default_factory=list)
    comes: dict[date, list[Stay]] = field(default_factory=lambda: defaultdict(list))
    leaves: dict[date, list[Stay]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[date, list[tuple[Place, Hung, Hung]]] = field(default_factory=lambda: defaultdict(list))
    transfers: dict[str, Stay] = field(default_factory=dict)
    """Key of a stay -> the stay that the same people left just before."""
    routes: dict[int, dict[str, list[Life]]] = field(default_factory=dict)

    def register(self, place_no: int, service: str, day: date) -> int:
        """What a place's meter shows on the morning of a day."""
        return self.lives[place_no].register(service, day, self.recipe.began_on)


def imagine(recipe: Recipe, read_days: Mapping[int, Sequence[date]], until_on: date) -> Town:
    """The town from its first day until ``until_on`` (that day included).

    :param read_days: cycle -> the days on which it is read, ascending, the first being the day on which its accounts
    begin
    """
    town = Town(recipe, until_on, read_days)
    end = until_on + timedelta(days=1)
    weather = demand.Weather(recipe.seed, recipe.began_on, end)
    count = recipe.accounts + recipe.accounts * EMPTY_PERMILLE // 1000
    for place in streets.places(recipe.seed, count):
        days = read_days[place.cycle]
        life = _live(recipe, place, days, end, weather)
        town.lives.append(life)
        town.routes.setdefault(place.cycle, {}).setdefault(place.route, []).append(life)
        for stay in life.stays:
            if stay.served:
                town.comes[stay.from_on].append(stay)
                if stay.until_on is not None and stay.until_on < end:
                    town.leaves[stay.until_on].append(stay)
        for meters in life.meters.values():
            for old, new in zip(meters, meters[1:], strict=False):
                town.changes[new.from_on].append((place, old, new))
    _pair_transfers(town)
    return town


def _pair_transfers(town: Town) -> None:
    """Some who come are people who left another house of the town in the last days: one customer, two accounts."""
    gone: list[tuple[date, Stay]] = []
    for day in sorted({*town.comes, *town.leaves}):
        gone = [(left_on, stay) for left_on, stay in gone if day - left_on <= timedelta(days=12)]
        for stay in town.comes.get(day, ()):
            if stay.no == 0 or stay.vacant or stay.place.kind != "residential" or not gone:
                continue
            if number(town.recipe.seed, "transfer", stay.key, below=100) < 22:
                town.transfers[stay.key] = gone.pop(0)[1]
        for stay in town.leaves.get(day, ()):
            if not stay.vacant and stay.place.kind == "residential":
                gone.append((day, stay))


def _live(recipe: Recipe, place: Place, read_days: Sequence[date], end: date, weather: demand.Weather) -> Life:
    opens_on = read_days[0] if read_days else end
    stays = tuple(people.stays(recipe.seed, place, opens_on, end, frozenset(read_days)))
    moves = [stay.from_on for stay in stays]
    services = ("water", "irrigation") if place.irrigated else ("water",)
    meters = {
        service: tuple(ground.meters(recipe.seed, place, service, opens_on, end, read_days, moves))
        for service in services
    }
    if not stays:
        nothing = np.zeros(len(weather.days) + 1, dtype=np.int64)
        return Life(place, stays, meters, dict.fromkeys(services, nothing))
    indoor, outdoor = demand.indoor_and_outdoor(recipe.seed, stays, weather)
    if place.irrigated:
        used = {"water": _before_each(indoor), "irrigation": _before_each(outdoor)}
    else:
        used = {"water": _before_each(indoor + outdoor)}
    return Life(place, stays, meters, used)


def _before_each(gallons: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(gallons)))
