"""Columns of many rows as numpy arrays, and how PostgreSQL writes their values in binary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EPOCH_DAYS: Final = 10_957  # PostgreSQL counts days from 2000-01-01, numpy from 1970-01-01
EPOCH_MICROSECONDS: Final = EPOCH_DAYS * 86_400_000_000

WIRE: Final[dict[str, np.dtype[Any]]] = {
    "smallint": np.dtype(">i2"),
    "integer": np.dtype(">i4"),
    "bigint": np.dtype(">i8"),
    "boolean": np.dtype("u1"),
    "date": np.dtype(">i4"),
    "timestamp with time zone": np.dtype(">i8"),
}
"""The types of fixed width; ``text`` is the only other one."""

_NUMPY: Final[dict[str, Any]] = {"smallint": np.int16, "integer": np.int32, "bigint": np.int64, "boolean": np.bool_}


@dataclass(frozen=True)
class Column:
    """Values with the rows that are null; what ``values`` has there is not looked at."""

    values: NDArray[Any]
    null: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Coded:
    """Text by the position of each row's word in ``words``, for columns of few distinct values."""

    codes: NDArray[np.integer[Any]]
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)


Values = NDArray[Any] | Column | Coded | int | str | bool | date | datetime | None
"""What a column may be given as; a single value stands for every row."""


def to_wire(name: str, kind: str, values: NDArray[Any]) -> NDArray[Any]:
    """The values as the big-endian numbers that PostgreSQL reads, dates and instants counted from its own epoch.

    :raises ValueError: a number that does not fit the column, or values that are no whole numbers
    """
    wire = WIRE[kind]
    if kind == "date":
        values = values.astype("datetime64[D]").astype(np.int64) - EPOCH_DAYS
    elif kind == "timestamp with time zone":
        values = values.astype("datetime64[us]").astype(np.int64) - EPOCH_MICROSECONDS
    elif kind == "boolean":
        return values.astype(np.bool_).view(np.uint8)
    if values.dtype.kind not in "iub":
        raise ValueError(f"column {name} is {kind}: whole numbers are expected, not {values.dtype}")
    bounds = np.iinfo(wire)
    if values.size and (values.dtype.itemsize > wire.itemsize or values.dtype.kind == "u"):
        low, high = int(values.min()), int(values.max())
        if low < bounds.min or high > bounds.max:
            raise ValueError(f"column {name} is {kind}: {low if low < bounds.min else high} does not fit")
    return values.astype(wire)


def from_wire(kind: str, values: NDArray[Any]) -> NDArray[Any]:
    """The inverse of :func:`to_wire`."""
    if kind == "date":
        return (values.astype(np.int64) + EPOCH_DAYS).astype("datetime64[D]")
    if kind == "timestamp with time zone":
        return (values.astype(np.int64) + EPOCH_MICROSECONDS).astype("datetime64[us]")
    return values.astype(_NUMPY[kind])


def as_array(value: int | str | bool | date | datetime) -> NDArray[Any]:
    """A single value as an array of one."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()}: an instant needs its time zone")
        offset = value.utcoffset()
        assert offset is not None
        return np.array([value.replace(tzinfo=None) - offset], dtype="datetime64[us]")
    if isinstance(value, date):
        return np.array([value], dtype="datetime64[D]")
    return np.array([value])
