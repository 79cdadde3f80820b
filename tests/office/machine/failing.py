"""A connection that fails: the n-th thing it is asked to do is never sent, or its answer never comes.

Everything that goes to the server goes through ``psycopg.Connection.wait``: statements, each piece of a COPY, the
commit. So it is counted there, underneath Django and the office, and nothing of either is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection

NOT_SENT = ("_rollback_gen", "_set_autocommit_gen")
"""Undoing is what comes after a failure, and autocommit is a flag on this side."""


COMMIT = "_commit_gen"


class Lost(psycopg.OperationalError):
    """The line to the database went dead, because the test says so."""


@dataclass
class Line:
    """What went over the line: ``sent`` is how much, ``fell`` whether it went dead, ``at`` what it was just doing.

    ``undone``: something was rolled back before it fell.
    """

    sent: int = 0
    fell: bool = False
    undone: bool = False
    at: str = ""


@contextmanager
def failing(n: int = 0, *, at: str = "", answer_to: str = "") -> Iterator[Line]:
    """Django's connection, failing at the n-th thing it does (0: never), or before the first of a name.

    :param at: what is not sent: ``COMMIT``
    :param answer_to: what is sent, and its answer lost
    """
    connection.ensure_connection()
    link, line = connection.connection, Line()
    real = link.wait

    def wait(generator: Any, *more: Any, **options: Any) -> Any:
        name = getattr(generator, "__name__", "")
        if line.fell or name in NOT_SENT:
            line.undone |= not line.fell and name == NOT_SENT[0]
            return real(generator, *more, **options)
        line.sent += 1
        if line.sent == n or name == at:
            line.fell, line.at = True, name
            generator.close()
            raise Lost(f"the line went dead before {name} was sent")
        answer = real(generator, *more, **options)
        if name == answer_to:
            line.fell, line.at = True, name
            raise Lost(f"the line went dead before {name} was answered")
        return answer

    link.wait = wait
    try:
        yield line
    finally:
        if "wait" in vars(link):
            del link.wait
