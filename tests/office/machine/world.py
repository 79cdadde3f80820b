"""What a move of the machine is: it looks at the town, chooses with the luck it is given, and says which act to try."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

import curbstop.office
from curbstop.office import staff
from curbstop.office._events import Actor
from tests.office.machine.watching import Watch
from tests.office.scene import at_on

for _module in pkgutil.walk_packages(curbstop.office.__path__, "curbstop.office."):
    importlib.import_module(_module.name)  # so that every act of the office is known

T = TypeVar("T")
EVERYBODY = ("cleo", "sue", "sam", "cass", "cass2", "fay", "finn2", "dora", "otto", "adam", "clock", "robo")


class Luck(Protocol):
    """Where choices come from: Hypothesis in the machine, a seeded generator on the tour."""

    def number(self, least: int, most: int) -> int:
        """A number of [least, most]."""


@dataclass
class Seeded:
    """Luck of a seed: the same each time."""

    random: random.Random

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)


@dataclass(frozen=True)
class Call:
    """An act to try: its name, who, and what with. ``at`` None: this afternoon."""

    act: str
    by: str
    inputs: Mapping[str, Any]
    at: datetime | None = None


@dataclass
class World:
    """The town as a move finds it, and the luck it chooses with."""

    watch: Watch
    today: date
    luck: Luck
    actors: dict[str, Actor] = field(default_factory=dict)
    sober: bool = False
    """On the tour: nobody tries what is not his, nothing is tried that cannot be."""

    # --- choosing

    def one(self, of: Sequence[T]) -> T:
        """One of several."""
        return of[self.luck.number(0, len(of) - 1)]

    def rarely(self, times: int = 8) -> bool:
        """True once in so many times; of two or three, it is a choice."""
        if self.sober and times > 4:
            return False
        return self.luck.number(1, times) == times

    def who(self, *right: str) -> str:
        """Somebody who may, or now and then anybody at all."""
        return self.one(EVERYBODY) if self.rarely(12) else self.one(right)

    def cents(self, of: int) -> int:
        """All of a sum, some of it, or more."""
        how = self.luck.number(0, 4)
        if of <= 0 or how == 4:
            return self.luck.number(1, 30_000)
        if how == 3:
            return of + self.luck.number(1, 5_000)
        return of if how < 2 else self.luck.number(1, of)

    # --- looking

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.watch.rows(query, *values)

    def column(self, query: str, *values: Any) -> list[Any]:
        return self.watch.column(query, *values)

    def accounts(self) -> list[int]:
        return self.column("select id from customers_account order by id")

    def account(self) -> int:
        return self.one(self.accounts())

    def balance(self, account_id: int) -> int:
        query = """select coalesce(sum(debit_cents - credit_cents), 0)::bigint from ledger_posting
          where account_id = %s and sub = 2"""
        return int(self.rows(query, account_id)[0][0])

    def actor(self, name: str) -> Actor:
        if name not in self.actors:
            self.actors[name] = staff.get_actor(username=name)
        return self.actors[name]

    def at(self, hour: int = 15) -> datetime:
        return at_on(self.today, hour)

    def nth(self, table: str) -> str:
        """A name that nobody used before: how many rows there are in a table."""
        return str(self.rows(f"select count(*) from {table}")[0][0] + 1)


Move = Callable[[World], Call | None]
MOVES: dict[str, Move] = {}
"""Act -> how the machine tries it. None: there is nothing in the town to try it on."""


def move(act: str) -> Callable[[Move], Move]:
    """Say that the machine tries this act so."""

    def wrap(do: Move) -> Move:
        MOVES[act] = do
        return do

    return wrap
