"""The town's places: streets, houses, shops, in the order in which a meter reader walks them.

Place number ``n`` is the same place in a town of any size: streets are laid out one after another from the seed, each
belonging to one cycle and one route. A street's houses stand on both sides of a hundred block.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from curbstop.simulator.chance import stream, weighted

CYCLES = 4
ROUTE = 130
"""Places after which a reader's route is full."""

_BIRDS = """Avocet Bittern Bobwhite Bunting Cardinal Chickadee Cormorant Curlew Dickcissel Dowitcher Dunlin Egret
Finch Flicker Gadwall Godwit Grebe Grosbeak Harrier Heron Ibis Jay Kestrel Killdeer Kingbird Kingfisher Kinglet Lark
Longspur Martin Meadowlark Merganser Merlin Nighthawk Nuthatch Oriole Osprey Ovenbird Pelican Phoebe Pintail Pipit
Plover Prairie Quail Rail Redhead Roadrunner Robin Sanderling Sandpiper Scaup Scissortail Shrike Snipe Sora Sparrow
Starling Stilt Swallow Swift Tanager Teal Tern Thrasher Thrush Titmouse Towhee Turnstone Verdin Vireo Warbler Waxwing
Whimbrel Widgeon Willet Woodcock Wren Yellowlegs
""".split()
_BEFORE = """Sage Cedar Amber Silver Sand Stone Willow Indian Autumn Crimson Misty Hidden Rolling Shady Dusty Bright
Quiet North South Winter Summer Copper Rustic Morning
""".split()
_SUFFIX = [("Dr", 26), ("Ln", 18), ("St", 18), ("Ct", 12), ("Ave", 10), ("Way", 8), ("Rd", 4), ("Cir", 4)]
_SHOPPING = [
    "Cottonwood Plaza",
    "Redbud Center",
    "Bluestem Square",
    "Crosstimber Row",
    "Windmill Market",
    "Santa Rosa Blvd",
]

HAZARDS = ["Dog in back yard", "Gate code needed: call first", "Meter box beside a busy road", "Wasps in the meter box"]


@dataclass(frozen=True, slots=True)
class Place:
    """A premise as the surveyor laid it out. ``trade`` is empty for a home; ``meter`` a size in inches."""

    no: int
    address: str
    zip: str
    kind: str
    trade: str
    units: int
    cycle: int
    route: str
    sequence: int
    rented: bool
    landlord: int
    irrigated: bool
    meter: str
    hazard: str


@dataclass(frozen=True, slots=True)
class _Street:
    name: str
    zip: str
    block: int
    houses: int
    shopping: bool


def places(seed: int, count: int) -> list[Place]:
    """The first ``count`` places of the town."""
    laid: list[Place] = []
    routes = [_Route(cycle) for cycle in range(1, CYCLES + 1)]
    for number, street in enumerate(_streets(seed)):
        # the cycle with the fewest places takes the next street: a cycle is a neighbourhood, and the work is even
        route = min(routes, key=lambda r: (r.places, r.cycle))
        for house in range(street.houses):
            laid.append(_place(seed, len(laid), street, number, house, route))
            if len(laid) == count:
                return laid
    raise AssertionError("the streets never end")


class _Route:
    """Where the next house goes on a cycle's walk."""

    def __init__(self, cycle: int) -> None:
        self.cycle = cycle
        self.places = 0

    def next(self) -> tuple[str, int]:
        number, step = divmod(self.places, ROUTE)
        self.places += 1
        return f"{self.cycle}{number + 1:02d}", (step + 1) * 10


def _streets(seed: int) -> Iterator[_Street]:
    used: set[str] = set()
    number = 0
    while True:
        draw = stream(seed, "street", number)
        shopping = number % 9 == 4
        name = _street_name(draw, used, shopping)
        used.add(name)
        houses = draw.randrange(10, 24) if shopping else draw.randrange(14, 47)
        if number < 8:  # the first streets are short, so that a small town too has something of every cycle
            houses = 5 + number % 3
        # the highway splits the town: its west is 73170
        yield _Street(name, "73170" if draw.random() < 0.36 else "73160", draw.randrange(3, 44) * 100, houses, shopping)
        number += 1


def _street_name(draw: random.Random, used: set[str], shopping: bool) -> str:
    if shopping:
        for name in _SHOPPING:
            if name not in used:
                return name
    while True:
        name = draw.choice(_BIRDS)
        if draw.random() < 0.55:
            name = f"{draw.choice(_BEFORE)} {name}"
        name = f"{name} {weighted(draw, _SUFFIX)}"
        if draw.random() < 0.18:
            name = f"{draw.choice(['SW', 'SE', 'NE', 'NW'])} {name}"
        if name not in used:
            return name


def _place(seed: int, no: int, street: _Street, street_no: int, house: int, route: _Route) -> Place:
    draw = stream(seed, "place", no)
    walk, sequence = route.next()
    trade = _trade(draw) if street.shopping or draw.random() < 0.008 else ""
    home = trade == ""
    # rented houses cluster: a street of the nineties is mostly owned, one beside the highway mostly let
    rented = home and draw.random() < (0.18, 0.30, 0.62)[street_no % 3]
    units = (
        draw.choice((8, 12, 16, 24)) if trade == "apartments" else 2 if home and rented and draw.random() < 0.03 else 1
    )
    irrigated = draw.random() < (0.11 if home and not rented else 0.02 if home else 0.22)
    size = "5/8" if home else weighted(draw, [("5/8", 30), ("1", 45), ("2", 25)]) if units == 1 else "2"
    return Place(
        no=no,
        address=f"{street.block + house * 4 + (house % 2)} {street.name}",
        zip=street.zip,
        kind="residential" if home else "commercial",
        trade=trade,
        units=units,
        cycle=route.cycle,
        route=walk,
        sequence=sequence,
        rented=rented,
        landlord=street_no * 3 + draw.randrange(3) if rented else -1,
        irrigated=irrigated,
        meter=size,
        hazard=draw.choice(HAZARDS) if draw.random() < 0.03 else "",
    )


def _trade(draw: random.Random) -> str:
    return weighted(
        draw,
        [
            ("restaurant", 20),
            ("office", 22),
            ("salon", 12),
            ("retail", 18),
            ("clinic", 10),
            ("laundry", 3),
            ("carwash", 2),
        ]
        + [("daycare", 4), ("church", 4), ("shop", 12), ("apartments", 3)],
    )


@functools.cache
def street_of(address: str) -> str:
    """The street's own word, for a company named after it: ``Sage Wren`` of ``2208 Sage Wren Dr``."""
    words = [word for word in address.split()[1:] if word not in ("SW", "SE", "NE", "NW")]
    return " ".join(words[:-1]) or words[0]
