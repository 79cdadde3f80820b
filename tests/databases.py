"""The throwaway PostgreSQL of a test session: one server, migrated once, a copy of its database for every worker.

The server starts when the first test asks for a database, without fsync, in a folder that vanishes with the session. A
test normally runs in a transaction that is rolled back; one marked ``django_db(transaction=True)`` commits, and its
copy is thrown away and made anew (our ledger refuses the TRUNCATE by which Django would clean up).
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from curbstop.cli import database, postgres

FOLDER = "CURBSTOP_TEST_FOLDER"
SCHEMA = "city"
EMPTY = "template_empty"
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_connections": "40",
}
MEMORY, ENOUGH = Path("/dev/shm"), 2 * 1024**3
"""A database is copied for each test that commits: twenty times quicker in memory than on a plain disk."""


def open_session() -> bool:
    """Choose the session's folder; xdist's workers find it in their environment. True when it is this process's.

    It is in memory where there is room for it; what tests write into ``tmp_path`` goes there too.
    """
    if FOLDER in os.environ:
        return False
    memory = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH else None
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="curbstop-test-", dir=memory)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", os.environ[FOLDER])
    return True


def close_session() -> None:
    """Stop the server, if a test ever needed it, and remove the folder."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "postgres").exists() or (folder / "postgres.elsewhere").exists():
        cluster = postgres.prepare(folder)
        postgres.stop(cluster)
        shutil.rmtree(cluster.sockets, ignore_errors=True)
        shutil.rmtree(cluster.place, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


class TestDatabases:
    """One worker's view of the session's server: which database Django is pointed at, and how a fresh one is made."""

    __test__ = False

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.template = EMPTY
        with self._turn():
            self.cluster = postgres.prepare(Path(os.environ[FOLDER]), settings=FAST)
            postgres.start(self.cluster)
        self.make_template(EMPTY, lambda: None)

    @property
    def name(self) -> str:
        return f"test_{self.worker}"

    @property
    def url(self) -> str:
        """For a command run as a process: the same database that the test sees (what it committed)."""
        return self.cluster.url(self.name)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (Path(os.environ[FOLDER]) / "turn.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def make_template(self, name: str, fill: Callable[[], None]) -> None:
        """Make a database to copy, once a session: migrated, then filled by ``fill`` through Django's connection."""
        with self._turn():
            if self._exists(name):
                return
            begun = f"{name}_begun"
            self._execute(f"drop database if exists {begun} with (force)")
            if name == EMPTY:
                database.make_database(self.cluster.url(begun), SCHEMA)
            else:
                self._execute(f"create database {begun} template {EMPTY}")
            before = self._point_at(begun)
            if name == EMPTY:
                from curbstop.cli.migrating import apply_migrations

                apply_migrations()
            fill()
            self._point_at(before)
            self._execute(f"alter database {begun} rename to {name}")

    def use(self, template: str) -> None:
        """Point Django at a fresh copy of this template."""
        self._point_at("postgres")
        self._execute(f"drop database if exists {self.name} with (force)")
        self._execute(f"create database {self.name} template {template} strategy file_copy")
        self._point_at(self.name)
        self.template = template

    def renew(self) -> None:
        """Throw away what a test committed."""
        self.use(self.template)

    def _point_at(self, name: str) -> str:
        from django.db import connections

        connections.close_all()
        settings = connections.settings["default"]
        before = str(settings["NAME"])
        settings.update(NAME=name, USER=postgres.USER, PASSWORD="", HOST=str(self.cluster.sockets), PORT="")
        connections["default"].settings_dict.update(settings)
        os.environ["CURBSTOP_DATABASE_URL"] = self.cluster.url(name)
        return before

    def _exists(self, name: str) -> bool:
        with self._server() as server:
            return server.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is not None

    def _execute(self, statement: str) -> None:
        with self._server() as server:
            server.execute(sql.SQL(statement))  # type: ignore[arg-type]

    def _server(self) -> psycopg.Connection:
        return psycopg.connect(self.cluster.url("postgres"), autocommit=True)
