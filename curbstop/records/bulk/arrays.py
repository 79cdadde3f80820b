"""Query results as numpy columns.

The rows come as one row of arrays, in PostgreSQL's binary form: each column is then one buffer that numpy reads as it
is. Row by row (``COPY ... TO``, or a cursor) the driver would be called once a row, which costs more than all the
rating (decision 060).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format

from curbstop.records.bulk.columns import WIRE, Column, from_wire, to_wire

HEAD = 20  # bytes before the first element of a one-dimensional array
ARRAY_OID = {"smallint": (21, 1005), "integer": (23, 1007), "bigint": (20, 1016), "date": (1082, 1182)}
ZERO = {"boolean": "false", "date": "date '2000-01-01'", "timestamp with time zone": "timestamptz '2000-01-01 00:00Z'"}


class Many:
    """An array as a parameter of a query: ``Many(ids)`` is a ``bigint[]``, of days a ``date[]``."""

    def __init__(self, values: NDArray[Any], kind: str = "") -> None:
        by_dtype = {"M": "date", "i": {2: "smallint", 4: "integer"}.get(values.dtype.itemsize, "bigint")}
        self.kind = kind or by_dtype[values.dtype.kind]
        self.values = values

    def binary(self) -> bytes:
        """The array as PostgreSQL reads it."""
        element = ARRAY_OID[self.kind][0]
        if not len(self.values):
            return np.array([0, 0, element], dtype=">i4").tobytes()
        wire = to_wire("parameter", self.kind, self.values)
        records = np.empty(len(wire), dtype=[("size", ">i4"), ("value", wire.dtype)])
        records["size"], records["value"] = wire.dtype.itemsize, wire
        return np.array([1, 0, element, len(wire), 1], dtype=">i4").tobytes() + records.tobytes()


class _ManyDumper(Dumper):
    format = Format.BINARY

    def get_key(self, obj: Many, format: Any) -> Any:
        return (self.cls, obj.kind)

    def upgrade(self, obj: Many, format: Any) -> _ManyDumper:
        dumper = type(self)(self.cls)
        dumper.oid = ARRAY_OID[obj.kind][1]
        return dumper

    def dump(self, obj: Many) -> bytes:
        return obj.binary()


def fetch(query: str, params: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The columns of ``query`` named in ``kinds``, in the order of its rows, as numpy arrays.

    ``kinds``: column -> ``smallint``, ``integer``, ``bigint``, ``boolean``, ``date``, ``timestamp with time zone`` or
    ``text``; with a ``?`` behind it the column may be null and comes as a :class:`Column`. Parameters are
    ``%(name)s``; an array goes as
    :class:`Many`. Runs in the current transaction.
    """
    asked: list[str] = ["count(*)"]
    for name, kind in kinds.items():
        bare = kind.rstrip("?")
        zero = "''" if bare == "text" else ZERO.get(bare, f"0::{bare}")
        value = f'coalesce("{name}", {zero})' if kind.endswith("?") else f'"{name}"'
        if bare == "text":
            asked += [f"convert_to(string_agg({value}, ''), 'UTF8')", f"array_agg(octet_length({value}))"]
        else:
            asked.append(f"array_agg({value})")
        if kind.endswith("?"):
            asked.append(f'array_agg("{name}" is null)')
    with _cursor() as cursor:
        query = f"select {', '.join(asked)} from ({_veiled(query, params)}) rows_"
        cursor.execute(query, params, binary=True, prepare=False)
        result = cursor.pgresult
        assert result is not None
        cells = iter([result.get_value(0, place) for place in range(result.nfields)])
        n = int.from_bytes(next(cells) or b"", "big")
        return {name: _column(kind, cells, n) for name, kind in kinds.items()}


def fetch_arrays(query: str, params: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any] | None:
    """The arrays that one row holds (``bigint[]``, ``date[]``...), as numpy arrays; None where there is no such row.

    ``kinds``: column -> the type of its elements, in the order of the columns.
    """
    with _cursor() as cursor:
        cursor.execute(query, params, binary=True, prepare=False)
        result = cursor.pgresult
        assert result is not None
        if not result.ntuples:
            return None
        cells = [result.get_value(0, place) or b"" for place in range(result.nfields)]
    return {
        name: from_wire(kind, _elements(kind, cell, int.from_bytes(cell[12:16], "big")))
        for (name, kind), cell in zip(kinds.items(), cells, strict=True)
    }


def execute(statement: str, params: Mapping[str, Any]) -> int:
    """Run a statement that takes arrays as :class:`Many`; returns how many rows it touched."""
    with _cursor() as cursor:
        cursor.execute(_veiled(statement, params), params, prepare=False)
        return cursor.rowcount


def _veiled(query: str, params: Mapping[str, Any]) -> str:
    """``any(%(ids)s)`` with the list behind a subquery: a list that the planner sees it weighs element by element,
    which for 15,000 ids takes as long as finding the rows."""
    for name, value in params.items():
        if isinstance(value, Many):
            query = query.replace(f"any(%({name})s)", f"any((select %({name})s)::{value.kind}[])")
    return query


def _cursor() -> psycopg.Cursor[Any]:
    """A cursor on Django's connection, in its transaction, that binds on the server: arrays go as they are."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.adapters.register_dumper(Many, _ManyDumper)
    return cursor


def _column(kind: str, cells: Any, n: int) -> Any:
    bare = kind.rstrip("?")
    values = _texts(next(cells), next(cells), n) if bare == "text" else from_wire(bare, _elements(bare, next(cells), n))
    if not kind.endswith("?"):
        return values
    return Column(values, _elements("boolean", next(cells), n).astype(np.bool_))


def _elements(kind: str, cell: bytes | None, n: int) -> NDArray[Any]:
    """The elements of a binary array. :raises ValueError: one of them is null"""
    if not n or cell is None:
        return np.empty(0, dtype=WIRE[kind])
    record = np.dtype([("size", ">i4"), ("value", WIRE[kind])])
    if len(cell) != HEAD + n * record.itemsize:
        raise ValueError(f"a column asked for as {kind} holds nulls or another type: ask for it as {kind}?")
    return np.frombuffer(cell, dtype=record, offset=HEAD)["value"]


def _texts(blob: bytes | None, sizes: bytes | None, n: int) -> NDArray[np.str_]:
    """Cut the joined texts: scattered into cells of the longest one's width, which numpy then reads as UTF-8."""
    if not n:
        return np.empty(0, dtype="U1")
    width = _elements("integer", sizes, n).astype(np.int64)
    most = max(int(width.max()), 1)
    cells = np.zeros((n, most), dtype=np.uint8)
    within = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    cells[np.repeat(np.arange(n), width), within] = np.frombuffer(blob or b"", dtype=np.uint8)
    return np.char.decode(cells.view(f"S{most}")[:, 0], "utf-8")
