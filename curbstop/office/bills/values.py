"""The values that bill runs hand about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Turn:
    """What a run bills: a cycle through ``read_on``. ``turns`` are the cycle's read days, ascending."""

    cycle: str
    read_on: date
    bill_on: date
    due_on: date
    turns: tuple[date, ...]
    every_days: int


@dataclass(frozen=True)
class Planned:
    """A run as planned: how many accounts and agreements, cut into how many chunks."""

    run: int
    cycle: str
    read_on: date
    bill_on: date
    due_on: date
    accounts: int
    agreements: int
    chunks: int


@dataclass(frozen=True)
class KindFigure:
    """What a kind of charge (``water.volume``) comes to in a run."""

    kind: str
    says: str
    bills: int
    cents: int


@dataclass(frozen=True)
class RunFigures:
    """What a run comes to as calculated: bills and cents, what is held out by code, what is worth a look by finding."""

    agreements: int
    accounts: int
    bills: int
    cents: int
    by_kind: tuple[KindFigure, ...]
    held: dict[str, int]  # code -> agreements
    findings: dict[str, int]  # zero high first final -> accounts


@dataclass(frozen=True)
class Calculated:
    """A run as calculated: the figures, and how many held accounts nobody owns yet."""

    run: int
    figures: RunFigures
    without_owner: int


@dataclass(frozen=True)
class Approved:
    """A run as approved, for the accounting day ``on``."""

    run: int
    bills: int
    cents: int
    on: date


@dataclass(frozen=True)
class ChunkPosted:
    """A chunk as posted. ``with_credit`` of its billed accounts held unapplied credit just before."""

    run: int
    chunk: int
    bills: int
    exceptions: int
    lines: int
    cents: int
    with_credit: int


@dataclass(frozen=True)
class RunPosted:
    """A whole run as posted."""

    run: int
    bills: int
    exceptions: int
    cents: int
