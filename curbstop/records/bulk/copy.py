"""Many rows into a table by binary COPY, from numpy columns.

Rows that look alike (the same columns null, texts of the same length) are one numpy record each, so that a block of
them is written without a loop over rows. Where rows differ from each other all the time, each field is scattered to
its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Model
from numpy.typing import NDArray

from curbstop.records.bulk.columns import WIRE, Coded, Column, Values, as_array, to_wire

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # signature, flags, no extension
FOOT = b"\xff\xff"
PIECE = 1 << 17  # bytes handed to the connection at once; libpq slows down on larger ones

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class _Fixed:
    """A column of fixed width: big-endian numbers, one a row (or one for all), and the rows that are null."""

    wire: NDArray[Any]
    null: NDArray[np.bool_] | None

    def lengths(self, n: int) -> NDArray[np.int32] | int:
        width = self.wire.dtype.itemsize
        return width if self.null is None else np.where(self.null, -1, width).astype(np.int32)

    def rows(self, at: slice | NDArray[np.intp]) -> NDArray[Any]:
        return self.wire if len(self.wire) == 1 else self.wire[at]


@dataclass(frozen=True)
class _Text:
    """A column of text: the bytes of its distinct words end to end, where each begins, and each row's word."""

    blob: Bytes
    starts: NDArray[np.int64]
    sizes: NDArray[np.int32]
    codes: NDArray[np.intp] | None  # None: the only word, for all
    null: NDArray[np.bool_] | None

    def lengths(self, n: int) -> NDArray[np.int32] | int:
        if self.codes is None and self.null is None:
            return int(self.sizes[0])
        sizes = self.sizes[self.codes] if self.codes is not None else np.broadcast_to(self.sizes, n)
        return sizes if self.null is None else np.where(self.null, -1, sizes).astype(np.int32)


def copy_in(model: type[Model], columns: Mapping[str, Values]) -> int:
    """Append rows to the model's table, in the current transaction; returns how many.

    ``columns`` by column name of the database (``account_id``), each an array, a :class:`Column` with nulls,
    :class:`Coded` text, or one value for every row. All arrays have the same length. Columns left out take their
    default.

    :raises ValueError: unknown columns, arrays of different lengths, values that do not fit their column
    :raises django.db.IntegrityError: what the database refuses, as from any of Django's cursors
    """
    kinds = {field.column or "": field.db_type(connection) or "" for field in model._meta.concrete_fields}
    unknown = sorted(set(columns) - set(kinds))
    if unknown:
        raise ValueError(f"{model._meta.db_table} has no column {', '.join(unknown)}; it has {', '.join(kinds)}")
    data = encode({name: (kinds[name], values) for name, values in columns.items()})
    names = ", ".join(f'"{name}"' for name in columns)
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        with cursor.copy(f'copy "{model._meta.db_table}" ({names}) from stdin (format binary)') as copy:
            for start in range(0, len(data), PIECE):
                copy.write(data[start : start + PIECE])
        return int(cursor.rowcount)


def encode(columns: Mapping[str, tuple[str, Values]]) -> memoryview:
    """The rows as a binary COPY stream: column name -> (type, values).

    :raises ValueError: arrays of different lengths, or values that do not fit their column
    """
    n = _rows(columns)
    fields = [_field(name, kind, values, n) for name, (kind, values) in columns.items()]
    lengths = [field.lengths(n) for field in fields]
    changes = np.zeros(n, dtype=np.bool_)
    for length in lengths:
        if not isinstance(length, int):
            changes[1:] |= length[1:] != length[:-1]
    cuts = np.flatnonzero(changes)
    if len(cuts) <= max(8, n // 64):
        edges = [0, *cuts.tolist(), n]
        blocks = [
            _block(fields, lengths, slice(start, stop)) for start, stop in zip(edges, edges[1:], strict=False) if n
        ]
    else:
        blocks = [_scatter(fields, lengths, n)]
    return memoryview(b"".join([HEAD, *blocks, FOOT]))


def _rows(columns: Mapping[str, tuple[str, Values]]) -> int:
    sizes = {
        name: len(values) for name, (_, values) in columns.items() if isinstance(values, np.ndarray | Column | Coded)
    }
    if not sizes:
        raise ValueError("no column is an array: how many rows are meant?")
    if len(set(sizes.values())) > 1:
        raise ValueError(f"arrays of different lengths: {sizes}")
    return next(iter(sizes.values()))


def _field(name: str, kind: str, values: Values, n: int) -> _Fixed | _Text:
    null: NDArray[np.bool_] | None = None
    if values is None:
        null = np.ones(n, dtype=np.bool_)
        return _text(name, "", null) if kind == "text" else _Fixed(np.zeros(1, dtype=WIRE[kind]), null)
    if isinstance(values, Column):
        null = values.null if values.null.any() else None
        values = values.values
        if null is not None and kind in WIRE:
            values = np.where(null, np.zeros((), dtype=values.dtype), values)
    if kind == "text":
        return _text(name, values, null)
    if kind not in WIRE:
        raise ValueError(f"column {name} is {kind}; binary COPY is written for {', '.join(WIRE)} and text")
    if isinstance(values, Coded):
        raise ValueError(f"column {name} is {kind}, and coded words were given")
    array = values if isinstance(values, np.ndarray) else as_array(values)
    if array.dtype.kind == "M":
        missing = np.isnat(array)
        if missing.any():
            null = missing if null is None else null | missing
            array = np.where(missing, np.zeros((), dtype=array.dtype), array)
    return _Fixed(to_wire(name, kind, array), null)


def _text(name: str, values: NDArray[Any] | Coded | Any, null: NDArray[np.bool_] | None) -> _Text:
    codes: NDArray[np.intp] | None
    if isinstance(values, str):
        words, codes = [values], None
    elif isinstance(values, Coded):
        words, codes = list(values.words), values.codes.astype(np.intp)
    elif isinstance(values, np.ndarray) and values.dtype.kind in "OUT":
        if values.dtype.kind == "O":
            missing = np.frompyfunc(lambda value: value is None, 1, 1)(values).astype(np.bool_)
            null = (missing if null is None else null | missing) if missing.any() else null
            values = np.where(missing, "", values).astype(np.str_)
        distinct, codes = np.unique(values, return_inverse=True)
        words = distinct.tolist()
    else:
        raise ValueError(f"column {name} is text, and {values!r:.40} was given")
    encoded = [word.encode() for word in words]
    sizes = np.array([len(word) for word in encoded], dtype=np.int32)
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)[:-1])) if encoded else np.zeros(0, np.int64)
    return _Text(np.frombuffer(b"".join(encoded), np.uint8), starts, sizes, codes, null)


def _block(fields: list[_Fixed | _Text], lengths: list[NDArray[np.int32] | int], at: slice) -> bytes:
    """Rows that look alike, as one array of records."""
    n = at.stop - at.start
    sizes = [length if isinstance(length, int) else int(length[at.start]) for length in lengths]
    parts: list[tuple[str, Any]] = [("fields", ">i2")]
    for place, (field, size) in enumerate(zip(fields, sizes, strict=True)):
        parts.append((f"size{place}", ">i4"))
        if size > 0:
            parts.append((f"value{place}", field.wire.dtype if isinstance(field, _Fixed) else f"V{size}"))
    records = np.empty(n, dtype=parts)
    records["fields"] = len(fields)
    for place, (field, size) in enumerate(zip(fields, sizes, strict=True)):
        records[f"size{place}"] = size
        if size > 0:
            records[f"value{place}"] = field.rows(at) if isinstance(field, _Fixed) else _words(field, at, size)
    return records.tobytes()


def _words(field: _Text, at: slice, size: int) -> NDArray[Any]:
    """The bytes of a block's texts, all of one size."""
    if field.codes is None:
        return field.blob.view(f"V{size}")
    places = field.starts[field.codes[at]][:, None] + np.arange(size)
    return np.ascontiguousarray(field.blob[places]).view(f"V{size}")[:, 0]


def _scatter(fields: list[_Fixed | _Text], lengths: list[NDArray[np.int32] | int], n: int) -> bytes:
    """Rows of any look: work out where each field of each row begins, then put every column there."""
    widths = [
        np.full(n, length, dtype=np.int64) if isinstance(length, int) else np.maximum(length, 0).astype(np.int64)
        for length in lengths
    ]
    totals = sum(widths, np.full(n, 2 + 4 * len(fields), dtype=np.int64))
    ends = np.cumsum(totals)
    place = ends - totals
    stream = np.empty(int(ends[-1]), dtype=np.uint8)
    _put(stream, place, np.full(n, len(fields), dtype=">i2"))
    place = place + 2
    for field, length, width in zip(fields, lengths, widths, strict=True):
        _put(stream, place, np.broadcast_to(np.asarray(length, dtype=">i4"), n))
        place = place + 4
        given = slice(None) if field.null is None else np.flatnonzero(~field.null)
        if isinstance(field, _Fixed):
            wire = np.broadcast_to(field.wire, n)[given]
            _put(stream, place[given], wire)
        else:
            _put_words(stream, place[given], width[given], field, given)
        place = place + width
    return stream.tobytes()


def _put(stream: Bytes, place: NDArray[np.int64], wire: NDArray[Any]) -> None:
    width = wire.dtype.itemsize
    stream[place[:, None] + np.arange(width)] = np.ascontiguousarray(wire).view(np.uint8).reshape(-1, width)


def _put_words(
    stream: Bytes,
    place: NDArray[np.int64],
    width: NDArray[np.int64],
    field: _Text,
    given: slice | NDArray[np.intp],
) -> None:
    starts = field.starts[field.codes[given]] if field.codes is not None else np.zeros(len(place), dtype=np.int64)
    before = np.cumsum(width) - width
    within = np.arange(int(width.sum())) - np.repeat(before, width)
    stream[np.repeat(place, width) + within] = field.blob[np.repeat(starts, width) + within]
