"""Statements of the counter, prepared once a connection: planning them each time takes longer than running them.

Parameters travel as text and are cast in the statement (``%(ids)s::bigint[]``), so that a statement keeps one type of
each whatever the values are, and is prepared once. They run on Django's own connection, in its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from django.db import connection

ONLY_WHEN_ASKED = 1_000_000_000


def ask(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement prepared; returns its rows. Errors are Django's, as from any cursor."""
    connection.ensure_connection()
    link = connection.connection
    if link.prepare_threshold is None:
        link.prepare_threshold = ONLY_WHEN_ASKED  # Django forbids preparing; its own cursors never ask for it
    with connection.wrap_database_errors, psycopg.Cursor(link) as cursor:
        cursor.execute(statement, {name: _text(value) for name, value in values.items()}, prepare=True)
        return cursor.fetchall() if cursor.description else []


def array(values: Iterable[object]) -> str:
    """Numbers, dates and nulls as the text of an array."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, list)) else str(value)
