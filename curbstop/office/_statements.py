"""Statements of the counter: prepared once a connection, and several of them in one trip to the server.

Planning a statement takes longer than running it, so each is planned once (the connection asks for plans that do not
look at values: ``web.settings``). A trip costs both processes a turn on the processor, so an act sends what belongs
together in one: libpq's pipeline. They run on Django's own connection and in its transaction, by psycopg's public
``pq`` rather than its cursors, which take as long as the statements themselves (docs/decisions/150).

Parameters travel as text and are cast in the statement (``%(ids)s::bigint[]``), so that a statement keeps one type of
each whatever the values are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

Rows = list[tuple[Any, ...]]
Asked = tuple[str, Mapping[str, Any]]
"""A statement and its values by name."""

_PREPARED: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()
_NUMBERS = itertools.count()


def ask(statement: str, values: Mapping[str, Any]) -> Rows:
    """Run a statement prepared; returns its rows. Errors are Django's, as from any cursor."""
    return ask_all((statement, values))[0]


def ask_all(*asked: Asked) -> list[Rows]:
    """Run statements one after the other in one trip; returns the rows of each. After a failure none of the rest runs.

    A statement sees what was committed before it began, so one may lock what the next one reads.
    """
    connection.ensure_connection()
    link = connection.connection
    with connection.wrap_database_errors, link.lock:
        prepared = _PREPARED.setdefault(link, {})
        try:
            answers = link.wait(_trip(link, asked, prepared))
        finally:
            if link.pgconn.pipeline_status != pq.PipelineStatus.OFF:
                link.close()  # broken off with answers still to come: nobody may use it again
        return [_rows(link, answer) for answer in answers]


def copy_out(statement: str, take: Callable[[bytes], object]) -> int:
    """Give ``take`` what ``copy (...) to stdout`` prints, some thousands of lines at a time; returns how many lines.

    The driver's own copy takes a turn of its machinery for every line, which is longer than hashing it.
    """
    connection.ensure_connection()
    link = connection.connection
    with connection.wrap_database_errors, link.lock:
        server: PGconn = link.pgconn
        if not link.autocommit and server.transaction_status == pq.TransactionStatus.IDLE:
            server.send_query(b"begin")
            link.wait(generators.execute(server))
        try:
            server.send_query(statement.encode())
            (began,) = link.wait(generators.execute(server))
            if began.status != pq.ExecStatus.COPY_OUT:
                raise error_from_result(began)
            lines: int = link.wait(_lines(server, take))
        finally:
            if server.transaction_status == pq.TransactionStatus.ACTIVE:
                link.close()  # broken off with lines still to come
    return lines


AT_ONCE = 4096
"""Lines of a copy that are given in one go."""


def _lines(server: PGconn, take: Callable[[bytes], object]) -> PQGen[int]:
    """Take the lines of a copy to its end; how many there were."""
    count = 0
    some: list[bytes] = []
    while True:
        size, line = server.get_copy_data(1)
        if size > 0:
            some.append(bytes(line))
        if some and (size < 0 or len(some) == AT_ONCE):
            take(b"".join(some))
            count += len(some)
            some = []
        if size < 0:
            break
        if size == 0:
            yield Wait.R
            server.consume_input()
    for answer in (yield from generators.fetch_many(server)):
        if answer.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(answer)
    return count


def forget() -> None:
    """Prepare every statement again: whoever asked the driver to prepare its own as well has them all dropped by it
    when a savepoint is rolled back."""
    if connection.connection is not None:
        _PREPARED.pop(connection.connection, None)


def _trip(link: psycopg.Connection[Any], asked: Sequence[Asked], prepared: dict[str, bytes]) -> PQGen[list[PGresult]]:
    """Send it all, wait for the answer to each command and to the end of the trip; the answers with rows."""
    server: PGconn = link.pgconn
    sent: list[tuple[str, bytes] | None] = []  # what each answer will be to: a statement and its name, or None
    rows_at: list[int] = []
    begin = not link.autocommit and server.transaction_status == pq.TransactionStatus.IDLE
    server.enter_pipeline_mode()
    if begin:
        server.send_query_params(b"begin", None)
        sent.append(None)
    for statement, values in asked:
        text, names = _compiled(statement)
        name = prepared.get(statement)
        if name is None:
            name = b"curbstop_%d" % next(_NUMBERS)
            server.send_prepare(name, text)
            sent.append((statement, name))
        server.send_query_prepared(name, [_wire(values[key]) for key in names])
        rows_at.append(len(sent))
        sent.append(None)
    server.pipeline_sync()
    yield from generators.send(server)
    answers: list[PGresult] = []
    for _ in sent:
        answers += yield from generators.fetch_many(server)
    yield from generators.fetch_many(server)  # that of the end
    server.exit_pipeline_mode()
    for answer, made in zip(answers, sent, strict=True):
        if answer.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise error_from_result(answer)  # the first that failed; those after it were not run
        if made is not None:
            prepared[made[0]] = made[1]
    return [answers[place] for place in rows_at]


def _rows(link: psycopg.Connection[Any], answer: PGresult) -> Rows:
    if not answer.ntuples:
        return []
    reader = Transformer(link)
    reader.set_pgresult(answer)
    return reader.load_rows(0, answer.ntuples, tuple)


_PARAMETER = re.compile(r"%(?:%|\((\w+)\)s)")


@cache
def _compiled(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with numbers for its parameters, and their names in order."""
    names: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${names.setdefault(name, len(names) + 1)}"

    return _PARAMETER.sub(numbered, statement).encode(), tuple(names)


def _wire(value: Any) -> bytes | None:
    if type(value) is str:
        return value.encode()
    if value is None:
        return None
    return (words(value) if isinstance(value, list) else str(value)).encode()


def array(values: Iterable[object]) -> str:
    """Numbers, dates and nulls as the text of an array."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


_MEANT = str.maketrans({"\\": "\\\\", '"': '\\"'})


def words(values: Iterable[str | None]) -> str:
    """Texts and nulls as the text of an array."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.translate(_MEANT)}"' for value in values]) + "}"
