"""How people pay: early, on the due date, late, in part, not at all; at the counter, by mail, by card, by bank draft.

A payer is a habit; what one bill makes of it is drawn from the bill's own stream, so it does not matter what others do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.simulator.chance import stream, weighted

COUNTER = ("cash", "check", "split")
BATCHES = ("lockbox", "bill_pay", "online_card", "autopay")
HABITS = ("autopay", "early", "on_time", "late", "partial", "skips", "stops", "over")
_HABITS = {
    "owner": (27, 17, 37, 12, 2, 2, 1, 2),
    "renter": (16, 8, 35, 24, 7, 7, 3, 1),
    "business": (24, 20, 44, 9, 1, 1, 0, 1),
}
"""Of a hundred payers, how many have each habit."""


@dataclass(frozen=True, slots=True)
class Payer:
    """``habit``: autopay early on_time late partial skips stops over. ``channel``: how, unless something else
    happens."""

    habit: str
    channel: str
    patience: int
    """Days that a late payer lets pass after the due date."""
    check_bounces_permille: int


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment that somebody means to make. ``cents`` 0: whatever is owed on that day."""

    on: date
    channel: str
    cents: int


def payer(draw: random.Random, tenure: str) -> Payer:
    """A habit by chance; businesses pay on time and mostly by mail, renters later than owners."""
    habit = weighted(draw, [(name, weight) for name, weight in zip(HABITS, _HABITS[tenure], strict=True) if weight])
    channels = [("online_card", 50), ("lockbox", 22), ("bill_pay", 20), ("cash", 4), ("check", 3), ("split", 1)]
    if habit in ("late", "partial", "skips", "stops"):
        channels = [("online_card", 66), ("cash", 17), ("lockbox", 9), ("check", 5), ("split", 3)]
    if tenure == "business":
        channels = [("lockbox", 49), ("bill_pay", 28), ("online_card", 20), ("check", 3)]
    return Payer(
        habit=habit,
        channel="autopay" if habit == "autopay" else weighted(draw, channels),
        patience=draw.randrange(2, 22),
        check_bounces_permille=35 if habit in ("late", "partial", "skips", "stops") else 3,
    )


def intents(
    seed: int, who: Payer, *, stay: str, run_on: date, due_on: date, cents: int, bill_no: int, final: bool
) -> list[Intent]:
    """What a payer means to do about a bill of ``cents`` due ``due_on``. ``bill_no`` counts the bills of the stay
    from 0."""
    if cents <= 0:
        return []
    draw = stream(seed, "pays", stay, run_on)
    channel = (
        who.channel
        if draw.random() < 0.92 or who.habit == "autopay"
        else draw.choice(("online_card", "online_card", "lockbox", "cash"))
    )
    mailed = run_on + timedelta(days=draw.randrange(3, 7))
    if final:
        if draw.random() < (0.72 if who.habit in ("late", "partial", "skips", "stops") else 0.12):
            return []  # gone, and with them the money
        return [
            Intent(
                max(mailed, due_on - timedelta(days=draw.randrange(-6, 9))),
                "online_card" if channel == "autopay" else channel,
                0,
            )
        ]
    late = due_on + timedelta(days=max(1, who.patience + draw.randrange(-2, 5)))
    match who.habit:
        case "autopay":
            return [Intent(due_on, "autopay", cents)]
        case "early":
            return [Intent(mailed, channel, cents)]
        case "on_time":
            return [Intent(max(mailed, due_on - timedelta(days=draw.randrange(1, 8))), channel, cents)]
        case "late":
            return [Intent(late, channel, 0)]
        case "partial":
            part = cents * draw.choice((40, 50, 50, 60, 75)) // 10_000 * 100 or cents
            second = [Intent(late, channel, 0)] if draw.random() < 0.55 else []
            return [Intent(due_on - timedelta(days=draw.randrange(0, 3)), channel, part), *second]
        case "skips":
            return [] if draw.random() < 0.45 else [Intent(late, channel, 0)]
        case "stops":
            return [] if bill_no >= 3 else [Intent(late, channel, 0)]
        case _:  # over: a round sum, the rest stays as credit
            return [Intent(mailed, channel, -(-cents // 5000) * 5000)]
