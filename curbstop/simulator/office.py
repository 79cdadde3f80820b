"""The office as the town's days find it: who acts, and the ids that places and people have there.

Every act goes through :meth:`Office.do`, with a key made from the day and the subject: so a day that was interrupted is
lived again without anything happening twice, and a town that is taken up again finds its ids by asking for the same
acts again and getting the first outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from curbstop.office._events import Actor, Key
from curbstop.office._once import KeyReused, Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet
from curbstop.simulator.people import Stay

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Account:
    """A stay's account as the office knows it."""

    id: int
    number: str
    customer_id: int


@dataclass
class Drawer:
    """A drawer of a day, and what its cashier put into it."""

    code: str
    cashier: str
    float_cents: int
    cash_cents: int = 0
    check_cents: int = 0


@dataclass
class Office:
    """Crew by sign-in name; ids by the town's own numbers; what the office refused."""

    zone: ZoneInfo
    crew: Mapping[str, Actor]
    premises: list[int] = field(default_factory=list)
    place_of: dict[int, int] = field(default_factory=dict)
    points: dict[tuple[int, str], int] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    account_of: dict[int, Account] = field(default_factory=dict)
    stay_of: dict[int, Stay] = field(default_factory=dict)
    landlords: dict[int, int] = field(default_factory=dict)
    drawers: list[Drawer] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    acts: int = 0
    again: bool = False
    """A day is lived that was begun before."""

    def at(self, day: date, hour: int, minute: int = 0, *, number: int = 0) -> datetime:
        """An instant of the city's day; ``number`` counts acts from then on, half a minute apart (a busy day is
        dense)."""
        return datetime.combine(day, time(hour, minute), self.zone) + timedelta(seconds=29 * number % 25_000)

    def cycle_of(self, account_id: int) -> int:
        """The cycle of an account that the town knows; 0 of one that somebody else opened."""
        stay = self.stay_of.get(account_id)
        return stay.place.cycle if stay is not None else 0

    def must(self, act: Callable[..., R], *subject: object, who: str, at: datetime, **inputs: Any) -> R:
        """Do one act under the key of the day and the subject, or say why the office refuses."""
        name = getattr(act, "act_name", act.__name__)
        key = Key("/".join(("town", name, f"{at:%Y-%m-%d}", *map(str, subject))))
        self.acts += 1
        return act(key=key, by=self.crew[who], at=at, **inputs)

    def do(self, act: Callable[..., R], *subject: object, who: str, at: datetime, **inputs: Any) -> R | None:
        """The same, but what the office refuses is kept and the day goes on: None."""
        try:
            return self.must(act, *subject, who=who, at=at, **inputs)
        except (Refused, BadValue, NotSet) as refusal:
            if self.again and isinstance(refusal, KeyReused):
                return None  # done, on the day the town stopped, from what was so then
            name = getattr(act, "act_name", act.__name__)
            self.refusals.append(f"{at:%Y-%m-%d} {name} {' '.join(map(str, subject))}: {refusal}")
            return None
