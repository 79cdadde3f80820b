"""Drawers: what a blind count comes to, and what it is short or over, by type of tender and never netted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curbstop.rules.faults import BadValue
from curbstop.rules.money import MOST_CENTS, show
from curbstop.rules.payments import LINES, TILL_TENDERS

PIECES = (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 25, 10, 5, 1)
"""Notes and coins in cents; 100 is the note and the coin."""


class BadCount(BadValue):
    """A count that cannot be: a piece that does not exist, fewer than none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """So many of one note or coin."""

    cents: int
    count: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of a drawer, float included. ``coin_cents`` is loose coin counted as a sum."""

    pieces: tuple[Piece, ...]
    coin_cents: int = 0
    check_cents: int = 0
    money_order_cents: int = 0

    @property
    def cash_cents(self) -> int:
        """Notes and coin together."""
        return sum(piece.cents * piece.count for piece in self.pieces) + self.coin_cents

    def of(self, type: str) -> int:
        """What was counted of a type of tender."""
        return {"cash": self.cash_cents, "check": self.check_cents, "money_order": self.money_order_cents}[type]


@dataclass(frozen=True, slots=True)
class Difference:
    """One type of tender: what should be in the drawer, float included, and what is."""

    type: str
    line: int
    expected_cents: int
    counted_cents: int

    @property
    def short_cents(self) -> int:
        """What is missing."""
        return max(self.expected_cents - self.counted_cents, 0)

    @property
    def over_cents(self) -> int:
        """What is too much."""
        return max(self.counted_cents - self.expected_cents, 0)


def check_counted(counted: Counted) -> None:
    """Refuse a count that cannot be. :raises BadCount: naming the field, its value and the remedy"""
    seen: set[int] = set()
    for piece in counted.pieces:
        if piece.cents not in PIECES:
            remedy = f"count {', '.join(show(cents) for cents in PIECES)}, or loose coin as a sum"
            raise BadCount(field="pieces", value=show(piece.cents), why="no such note or coin", remedy=remedy)
        if piece.cents in seen:
            raise BadCount(field="pieces", value=show(piece.cents), why="counted twice", remedy="add the two lines up")
        seen.add(piece.cents)
        if piece.count < 0:
            remedy = "enter how many there are; 0 for none"
            raise BadCount(field="pieces", value=piece.count, why="fewer than none", remedy=remedy)
    for field in ("coin_cents", "check_cents", "money_order_cents", "cash_cents"):
        cents = getattr(counted, field)
        if not 0 <= cents <= MOST_CENTS:
            remedy = "enter what is in the drawer; 0.00 for nothing"
            raise BadCount(field=field, value=show(cents), why="not an amount that a drawer holds", remedy=remedy)


def compare(counted: Counted, received: Mapping[str, int], float_cents: int) -> tuple[Difference, ...]:
    """The count against the receipts, one line a type of tender. The float is part of the cash.

    :param received: cents by type of tender, changes given taken off
    """
    return tuple(
        Difference(type, LINES[type], received.get(type, 0) + (float_cents if type == "cash" else 0), counted.of(type))
        for type in TILL_TENDERS
    )


def over_and_short(differences: Sequence[Difference]) -> tuple[int, int]:
    """All that is over and all that is short, as two sums: one is never set off against the other."""
    return sum(d.over_cents for d in differences), sum(d.short_cents for d in differences)
