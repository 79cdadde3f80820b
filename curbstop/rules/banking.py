"""What the bank shows against what the office sent: which line is which deposit, by amount and date.

A pair is made only where nothing else it could be. Two deposits of one amount and one line of the bank are left to a
person; two and two are taken in the order of their days, since the same money is in the bank either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LOOKS_BACK = timedelta(days=10)
"""A line may show what was sent so many days before, weekends and a long holiday in between; older is for a person."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the bank: what came in, or (below zero) went out. ``text`` may name our deposit."""

    line_id: int
    on: date
    cents: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What waits for the bank: a deposit, a batch; or (below zero) a return that the bank will take."""

    gl: str
    document_id: int
    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A line and what it shows."""

    line_id: int
    gl: str
    document_id: int


def pair(shown: Iterable[Shown], sent: Iterable[Sent], *, within: timedelta = LOOKS_BACK) -> tuple[Pair, ...]:
    """The pairs that leave no doubt, in the order of lines.

    The same amount, and a line on or after the day it was sent and not later than ``within``. A line that names the
    document goes first. Independent of the order of either list.
    """
    lines = sorted(shown, key=lambda one: (one.on, one.line_id))
    waiting = sorted(sent, key=lambda one: (one.on, one.gl, one.document_id))
    found: list[Pair] = []
    for cents in sorted({line.cents for line in lines}):
        some = [line for line in lines if line.cents == cents]
        theirs = [one for one in waiting if one.cents == cents]
        found += _named(some, theirs, within)
        found += _in_order(some, theirs, within)
    return tuple(sorted(found, key=lambda one: one.line_id))


def _could_be(line: Shown, one: Sent, within: timedelta) -> bool:
    return one.on <= line.on <= one.on + within


def _named(lines: list[Shown], waiting: list[Sent], within: timedelta) -> list[Pair]:
    """Lines whose text has the number of exactly one document of the amount. They are taken out of the lists."""
    found = []
    for line in list(lines):
        words = {word.lstrip("0") for word in "".join(c if c.isalnum() else " " for c in line.text).split()}
        named = [one for one in waiting if str(one.document_id) in words and _could_be(line, one, within)]
        if len(named) == 1:
            found.append(Pair(line.line_id, named[0].gl, named[0].document_id))
            lines.remove(line)
            waiting.remove(named[0])
    return found


def _in_order(lines: Sequence[Shown], waiting: Sequence[Sent], within: timedelta) -> list[Pair]:
    """One and one; or as many as there are of each, every one possible in the order of days. Groups that touch by
    their days stand together, so that a lone pair is not held up by another of the same amount weeks away."""
    found = []
    for some, theirs in _groups(lines, waiting, within):
        fits = len(some) == len(theirs)
        if fits and all(_could_be(line, one, within) for line, one in zip(some, theirs, strict=True)):
            found += [Pair(line.line_id, one.gl, one.document_id) for line, one in zip(some, theirs, strict=True)]
    return found


def _groups(lines: Sequence[Shown], waiting: Sequence[Sent], within: timedelta) -> list[tuple[list[Shown], list[Sent]]]:
    """Lines and documents that could be each other's, by connection."""
    groups: list[tuple[list[Shown], list[Sent]]] = []
    left = list(waiting)
    for line in lines:
        mine = [one for one in left if _could_be(line, one, within)]
        joined = ([line], mine)
        left = [one for one in left if one not in mine]
        kept = []
        for some, theirs in groups:
            if any(_could_be(line, one, within) for one in theirs):
                joined = (some + joined[0], theirs + joined[1])
            else:
                kept.append((some, theirs))
        groups = [*kept, joined]
    return groups
