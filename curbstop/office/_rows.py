"""Rows of several tables, written by one trip of inserts where they are few, and by COPY where they are many.

A COPY takes three trips and some milliseconds before its first row; an insert from arrays writes each row for itself.
Around a hundred rows the two cost the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Model

from curbstop.office._statements import Asked, Rows, array, ask_all, words
from curbstop.records.bulk.columns import Coded, Column, Values
from curbstop.records.bulk.copy import copy_in

FEW = 100
"""Rows of all tables together that are written by inserts."""

_ARRAYS = (np.ndarray, Column, Coded)

Table = tuple[type[Model], Mapping[str, Values]]
"""A table and its columns, as :func:`~curbstop.records.bulk.copy.copy_in` takes them."""


def write_rows(*tables: Table, then: Asked | None = None) -> Rows:
    """Append rows to tables, in the order given; returns the rows of ``then``, a statement that looks at them.

    :raises ValueError: as :func:`~curbstop.records.bulk.copy.copy_in`
    """
    after = [then] if then is not None else []
    if sum(map(_length, tables)) <= FEW:
        return [*ask_all(*map(_insert, tables), *after)][-1]
    for model, columns in tables:
        copy_in(model, columns)
    return ask_all(*after)[0] if after else []


def _length(table: Table) -> int:
    return max((len(values) for values in table[1].values() if isinstance(values, _ARRAYS)), default=1)


def _insert(table: Table) -> Asked:
    model, columns = table
    shape = tuple((name, isinstance(values, _ARRAYS)) for name, values in columns.items())
    return _statement(model, shape), {name: _told(values) for name, values in columns.items()}


@cache
def _statement(model: type[Model], shape: tuple[tuple[str, bool], ...]) -> str:
    kinds = {field.column or "": field.db_type(connection) or "" for field in model._meta.concrete_fields}
    names = ", ".join(f'"{name}"' for name, _ in shape)
    taken = ", ".join(f'r."{name}"' if many else f"%({name})s::{kinds[name]}" for name, many in shape)
    arrays = ", ".join(f"%({name})s::{kinds[name]}[]" for name, many in shape if many)
    columns = ", ".join(f'"{name}"' for name, many in shape if many)
    return f'insert into "{model._meta.db_table}" ({names}) select {taken} from unnest({arrays}) r({columns})'


def _told(values: Values) -> Any:
    if isinstance(values, Column):
        plain = values.values.tolist()
        told = [None if null else value for value, null in zip(plain, values.null.tolist(), strict=True)]
        return words(told) if values.values.dtype.kind in "OUT" else array(told)
    if isinstance(values, Coded):
        return words(values.words[code] for code in values.codes)
    if isinstance(values, np.ndarray):
        return words(values.tolist()) if values.dtype.kind in "OUT" else array(values.tolist())
    return values
