"""Chance, one stream a subject.

Every draw names its subject (``stream(7, "stay", 120, 0)``), so that adding a house, a person or a habit does not
shift what happens to the others, and a town that is lived longer begins with the same days.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_MASK = (1 << 64) - 1


def stream(seed: int, *subject: object) -> random.Random:
    """The stream of draws of one subject."""
    return random.Random(f"{seed}/" + "/".join(map(str, subject)))


def happens(seed: int, *subject: object, permille: float) -> bool:
    """One yes or no about a subject, without a stream of its own: cheap enough to ask of everybody every day."""
    return number(seed, *subject, below=1_000_000) < permille * 1000


def number(seed: int, *subject: object, below: int) -> int:
    """One number in ``[0, below)`` about a subject."""
    text = f"{seed}/" + "/".join(map(str, subject))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


def weighted(draw: random.Random, choices: Sequence[tuple[T, int]]) -> T:
    """One of the choices, by whole weights."""
    left = draw.randrange(sum(weight for _, weight in choices))
    for choice, weight in choices:
        left -= weight
        if left < 0:
            return choice
    raise AssertionError("the weights add up to more than their sum")


def daily_permille(seed: int, subject: int, days: np.ndarray, *, least: int, most: int) -> np.ndarray:
    """A whole number in ``[least, most)`` for each day of a subject: the same day gives the same number, whatever the
    span.

    ``days`` are ordinals. SplitMix64 over (seed, subject, day) in whole numbers, so every machine draws the same.
    """
    key = ((seed & _MASK) * 0x9E3779B97F4A7C15 + (subject + 1) * 0xD1B54A32D192ED03) & _MASK
    with np.errstate(over="ignore"):
        x = days.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x % np.uint64(most - least)).astype(np.int64) + least
