"""One way for every read of a screen to ask: SQL in, rows as frozen dataclasses out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")


def ask(kind: Callable[..., T], sql: str, values: Mapping[str, Any]) -> tuple[T, ...]:
    """Every row as ``kind``; the columns stand in the order of its fields."""
    with connection.cursor() as cursor:
        cursor.execute(sql, dict(values))
        return tuple(kind(*row) for row in cursor.fetchall())


def ask_one(kind: Callable[..., T], sql: str, values: Mapping[str, Any]) -> T | None:
    """The only row as ``kind``, or None."""
    found = ask(kind, sql, values)
    return found[0] if found else None


def ask_value(sql: str, values: Mapping[str, Any]) -> Any:
    """The first column of the only row, or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql, dict(values))
        row = cursor.fetchone()
    return row[0] if row else None
