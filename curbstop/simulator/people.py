"""Who lives and works where, and from when until when.

A place's stays are drawn one after another from its own streams, without looking at the town's last day, so a town
that is lived longer has the same people. Moves fall on days on which the office is open.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.simulator import names
from curbstop.simulator.chance import number, stream, weighted
from curbstop.simulator.names import Party
from curbstop.simulator.payers import Payer, payer
from curbstop.simulator.streets import Place, street_of
from curbstop.simulator.workdays import free_workday

_EVEN = (1000,) * 7
_WEEKS = {
    "home": (930, 930, 940, 950, 990, 1150, 1110),
    "restaurant": (800, 900, 950, 1050, 1250, 1250, 800),
    "office": (1300, 1350, 1350, 1350, 1250, 250, 150),
    "church": (300, 300, 1300, 350, 300, 500, 3950),
    "daycare": (1380, 1400, 1400, 1400, 1380, 20, 20),
}
_TRADE_GAL = {
    "restaurant": (900, 3200), "office": (40, 260), "salon": (140, 520), "retail": (40, 240), "clinic": (180, 700),
    "laundry": (2400, 7200), "carwash": (2800, 8600), "daycare": (260, 800), "church": (40, 320), "shop": (50, 280),
}  # fmt: skip
"""Gallons a day of a trade, least and most."""


@dataclass(frozen=True, slots=True)
class Use:
    """How a stay uses water: gallons a day indoors on an even day, outdoors on a dry day in July, and the shape of
    its week."""

    people: int
    indoor_gal: int
    outdoor_gal: int
    week: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody at a place during ``[from_on, until_on)``. ``vacant``: nobody lives there; ``served``: the owner keeps
    service."""

    place: Place
    no: int
    from_on: date
    until_on: date | None
    party: Party
    tenure: str
    use: Use
    payer: Payer
    carts: int
    vacant: bool = False
    served: bool = True
    landlord: int = -1

    @property
    def key(self) -> str:
        return f"{self.place.no}.{self.no}"


def stays(seed: int, place: Place, opens_on: date, until_on: date, busy: Collection[date] = ()) -> list[Stay]:
    """The stays of a place that begin before ``until_on``, from the day on which its cycle came to this office.

    Nobody moves on a ``busy`` day: on a day of reading a register would be read twice.
    """
    found: list[Stay] = []
    begins, number_ = opens_on, 0
    while begins < until_on:
        stay = _stay(seed, place, number_, begins, busy)
        found.append(stay)
        if stay.until_on is None:
            break
        gap = _between(seed, place, number_ + 1, stay, busy)
        if gap is not None:
            found.append(gap)
        begins = gap.until_on if gap is not None and gap.until_on is not None else stay.until_on
        number_ += 2
    return [stay for stay in found if stay.from_on < until_on]


def _stay(seed: int, place: Place, no: int, from_on: date, busy: Collection[date]) -> Stay:
    draw = stream(seed, "stay", place.no, no)
    if place.kind == "commercial":
        tenure, usual = "business", 3600
        who = names.business(seed, draw, place.trade, "stay", place.no, no)
    else:
        tenure, usual = ("renter", 560) if place.rented else ("owner", 3300)
        who = names.person(seed, draw, "stay", place.no, no)
    return Stay(
        place=place,
        no=no,
        from_on=from_on,
        until_on=_leaves(draw, from_on, usual, busy),
        party=who,
        tenure=tenure,
        use=_home_use(draw, place) if place.kind == "residential" else _trade_use(draw, place),
        payer=payer(draw, tenure),
        carts=_carts(draw, place),
    )


def _leaves(draw: random.Random, from_on: date, usual: int, busy: Collection[date]) -> date:
    """Leaving is as likely on any day as on another (so it does not matter how long somebody was there before the
    town opened)."""
    days = 46 + int(draw.expovariate(1 / usual))
    left = from_on + timedelta(days=min(days, 15_000))
    if draw.random() < 0.45:  # leases and closings end with the month
        left = (left.replace(day=1) + timedelta(days=32)).replace(day=1)
    return free_workday(left, busy)


def _carts(draw: random.Random, place: Place) -> int:
    if place.kind == "commercial":
        return weighted(draw, [(1, 70), (2, 20), (0, 10)]) if place.trade != "apartments" else 0
    return weighted(draw, [(1, 80), (2, 17), (3, 2), (4, 1)])


def _home_use(draw: random.Random, place: Place) -> Use:
    people = weighted(draw, [(1, 26), (2, 33), (3, 16), (4, 14), (5, 7), (6, 3), (8, 1)]) * place.units
    habit = draw.randrange(720, 1340)
    garden = weighted(draw, [(0, 30), (90, 30), (210, 22), (380, 13), (640, 5)]) * draw.randrange(700, 1300) // 1000
    if place.rented:
        garden //= 2
    if place.irrigated:
        garden = max(garden, draw.randrange(180, 520))
    return Use(people, (35 * place.units + 45 * people) * habit // 1000, garden, _WEEKS["home"])


def _trade_use(draw: random.Random, place: Place) -> Use:
    if place.trade == "apartments":
        return Use(place.units * 2, place.units * draw.randrange(95, 150), 20 * place.units, _WEEKS["home"])
    least, most = _TRADE_GAL[place.trade]
    low = draw.randrange(least, most)
    return Use(
        0,
        min(low, draw.randrange(least, most)),
        draw.randrange(160, 900) if place.irrigated else 0,
        _WEEKS.get(place.trade, _EVEN),
    )


def _between(seed: int, place: Place, no: int, left: Stay, busy: Collection[date]) -> Stay | None:
    """The empty days after a stay. Half of the landlords keep the water on in their own name until the next tenant."""
    draw = stream(seed, "between", place.no, no)
    days = draw.randrange(6, 50) if place.rented else 0 if draw.random() < 0.7 else draw.randrange(3, 60)
    assert left.until_on is not None
    until_on = free_workday(left.until_on + timedelta(days=days), busy)
    if until_on <= left.until_on:
        return None
    return Stay(
        place=place,
        no=no,
        from_on=left.until_on,
        until_on=until_on,
        party=landlord_of(seed, place) if place.rented else left.party,
        tenure="owner",
        use=Use(0, 0, 0, _EVEN),
        payer=payer(stream(seed, "landlord-pays", place.landlord), "business"),
        carts=1,
        vacant=True,
        served=place.rented and keeps_service(seed, place),
        landlord=place.landlord,
    )


def landlord_of(seed: int, place: Place) -> Party:
    """Who owns a rented place."""
    draw = stream(seed, "landlord", place.landlord)
    return names.landlord(seed, draw, street_of(place.address), "landlord", place.landlord)


def keeps_service(seed: int, place: Place) -> bool:
    """Whether the landlord has asked for service in his own name between tenants."""
    return number(seed, "keeps", place.landlord, below=100) < 50
