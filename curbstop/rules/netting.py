"""Credits inside a rate: a line below zero is taken off what the same kind was charged before it.

The paper shows both lines; the books know what is charged, and a receivable is never charged below zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def take_off(cents: Sequence[Ints], kinds: Sequence[str]) -> list[Ints]:
    """The lines as they are posted: each amount below zero is taken off the lines of its kind before it, the nearest
    first.

    :param cents: of each line, an amount for each account; :param kinds: of each line
    :returns: as many lines; what nothing stood before to be taken from stays below zero, and is nobody's to post
    """
    left = [np.array(amounts, dtype=np.int64) for amounts in cents]
    for place, kind in enumerate(kinds):
        for earlier in range(place - 1, -1, -1):
            if kinds[earlier] != kind or not (left[place] < 0).any():
                continue
            taken = np.minimum(np.maximum(-left[place], 0), np.maximum(left[earlier], 0))
            left[earlier] -= taken
            left[place] += taken
    return left
