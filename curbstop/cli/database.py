"""The database as the commands use it: found or started, made, brought up to date, and stopped by whoever leaves last.

Several commands may use the embedded server at once (``make run`` in one window, ``curbstop prove`` in another). Each
holds a shared lock on a file for as long as it needs the server; who finds itself alone when it leaves stops it. The
kernel drops a killed command's lock, so nothing is left to clean up. ``curbstop db start`` leaves a mark that keeps the
server up until ``curbstop db stop``.
"""

import fcntl
import hashlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click
import psycopg
from psycopg import sql

import curbstop
from curbstop.cli import postgres

OFFICE_ROLE = "curbstop_app"
EXTENSIONS = ("pg_trgm", "btree_gist")
GIVEN = ("CURBSTOP_DATABASE_URL", "DATABASE_URL")


class DatabaseFailed(click.ClickException):
    """The database cannot be used; the message says what, why and what to do."""


@dataclass(frozen=True)
class Opened:
    """A database ready for Django. ``cluster`` is None when the server is not ours (DATABASE_URL)."""

    url: str
    home: Path
    schema: str
    cluster: postgres.Cluster | None


def home_folder(environ: Mapping[str, str] | None = None) -> Path:
    """CURBSTOP_HOME, else ``.curbstop`` beside the checkout, else in the user's own folder."""
    environ = os.environ if environ is None else environ
    if chosen := environ.get("CURBSTOP_HOME"):
        return Path(chosen).expanduser().resolve()
    checkout = Path(curbstop.__file__).resolve().parent.parent
    return checkout / ".curbstop" if (checkout / "pyproject.toml").exists() else Path.home() / ".curbstop"


def schema_name() -> str:
    return os.environ.get("CURBSTOP_SCHEMA", "city")


def given_url() -> str | None:
    """The server that the environment names instead of the embedded one."""
    return next((os.environ[name] for name in GIVEN if os.environ.get(name)), None)


@contextmanager
def opened() -> Iterator[Opened]:
    """A running server with the database and the city's schema in it, for as long as the block lasts.

    Sets the environment that Django's settings read, for this process and its children.

    :raises PostgresFailed: the embedded server cannot run
    :raises DatabaseFailed: the server given cannot be used
    """
    home = home_folder()
    if url := given_url():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield _ready(Opened(url, home, schema_name(), None))
        return
    cluster = postgres.prepare(home)
    with _using(cluster):
        url = cluster.url()
        (home / "database.url").write_text(f"{url}\n")
        yield _ready(Opened(url, home, schema_name(), cluster))


def _ready(database: Opened) -> Opened:
    make_database(database.url, database.schema)
    os.environ.update(CURBSTOP_HOME=str(database.home), CURBSTOP_DATABASE_URL=database.url)
    if database.cluster is not None:
        os.environ["CURBSTOP_SERVER"] = "embedded"  # told to our children, who find its address given
    return database


# --- Last one out -----------------------------------------------------------------------------------------------------


def keep_mark(home: Path) -> Path:
    """While this file exists the server stays up when the last command leaves."""
    return home / "postgres.keep"


@contextmanager
def _locked(path: Path, how: int) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield file


@contextmanager
def _using(cluster: postgres.Cluster) -> Iterator[None]:
    door, users = cluster.home / "postgres.door.lock", cluster.home / "postgres.users.lock"
    with users.open("a") as mine:
        try:
            with _locked(door, fcntl.LOCK_EX):
                fcntl.flock(mine, fcntl.LOCK_SH)
                postgres.start(cluster)
            yield
        finally:
            with _locked(door, fcntl.LOCK_EX):
                if not keep_mark(cluster.home).exists() and _alone(mine):
                    postgres.stop(cluster)


def _alone(mine: IO[str]) -> bool:
    try:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- The database and its schema --------------------------------------------------------------------------------------


def make_database(url: str, schema: str) -> None:
    """Make the database, its extensions (in ``public``) and the city's schema where they are missing.

    :raises DatabaseFailed: unreachable, too old, or not allowed
    """
    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
        connection = _connect_or_create(url, str(given.get("dbname") or ""))
    except psycopg.Error as error:
        raise DatabaseFailed(
            f"The database cannot be reached: {str(error).strip()}\nDATABASE_URL names it; unset DATABASE_URL to use "
            "the embedded one."
        ) from error
    with connection:
        version = connection.info.server_version
        if version < postgres.MAJOR * 10000:
            raise DatabaseFailed(
                f"The server is PostgreSQL {version // 10000}; Curbstop needs {postgres.MAJOR} or later (temporal "
                "constraints). Point DATABASE_URL at one, or unset it to use the embedded one."
            )
        try:
            _make_schema(connection, schema)
        except psycopg.errors.InsufficientPrivilege as error:
            raise DatabaseFailed(
                f"{given.get('user', 'The user')} may not prepare the database: {str(error).strip()}. As its owner, "
                f"run: create extension {'; create extension '.join(EXTENSIONS)}; create schema {schema};"
            ) from error


def _connect_or_create(url: str, name: str) -> psycopg.Connection:
    try:
        return psycopg.connect(url, connect_timeout=10, autocommit=True)
    except psycopg.OperationalError as error:
        if f'database "{name}" does not exist' not in str(error):
            raise
    with psycopg.connect(url, dbname="postgres", connect_timeout=10, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return psycopg.connect(url, connect_timeout=10, autocommit=True)


def _make_schema(connection: psycopg.Connection, schema: str) -> None:
    found = {row[0] for row in connection.execute("select extname from pg_extension").fetchall()}
    for extension in EXTENSIONS:
        if extension not in found:
            connection.execute(
                sql.SQL("create extension if not exists {} schema public").format(sql.Identifier(extension))
            )
    if not connection.execute("select 1 from pg_namespace where nspname = %s", [schema]).fetchone():
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))


# --- Django and its migrations ----------------------------------------------------------------------------------------


@contextmanager
def city() -> Iterator[Opened]:
    """An opened database with its tables up to date and Django loaded: where a command may call the office."""
    with opened() as database:
        set_up_django()
        migrate(database.schema)
        yield database


def set_up_django() -> None:
    """Load Django once; needs an opened database's environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curbstop.web.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def migrate(schema: str) -> bool:
    """Bring the city's tables up to date. True when there was something to do.

    What the migrations were is written on the schema as its comment, so that a start with nothing new reads one line
    instead of comparing two graphs, and need not load the models for it. Two commands starting at once take turns.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curbstop.web.settings")
    from django.db import connection

    wanted = f"curbstop migrations {_migrations_hash()}"
    told = ask_first("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", schema)
    if told == wanted:
        _put_owner_down()
        return False
    set_up_django()
    from curbstop.cli.migrating import apply_migrations
    from curbstop.office import reports

    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext(%s))", [f"curbstop migrate {schema}"])
        try:
            reports.drop_views()  # they look at tables that a migration may change
            apply_migrations()
            reports.make_views()
            cursor.execute("select public.limit_rights()")  # docs/decisions/040
            cursor.execute(
                sql.SQL("comment on schema {} is {}").format(sql.Identifier(schema), sql.Literal(wanted))  # type: ignore[arg-type]
            )
        finally:
            cursor.execute("select pg_advisory_unlock(hashtext(%s))", [f"curbstop migrate {schema}"])
    _put_owner_down()
    return True


def ask_first(query: str, *values: str) -> object:
    """The first value that a question finds, asked before the apps are loaded.

    Django warns of its own cursors then, and of a connection that is open while they load: it asks that one for types.
    """
    from django.db import connection

    connection.ensure_connection()
    row = connection.connection.execute(query, values).fetchone()
    connection.close()
    return row[0] if row else None


def _put_owner_down() -> None:
    """From here on the office works as the role that may not change what is never changed, and so do its children.

    On a server that was given, its giver decides (CURBSTOP_ROLE): making and taking roles may not be allowed there.
    """
    if os.environ.get("CURBSTOP_SERVER") != "embedded" or os.environ.get("CURBSTOP_ROLE"):
        return
    from django.db import connection

    os.environ["CURBSTOP_ROLE"] = OFFICE_ROLE
    options = connection.settings_dict["OPTIONS"]
    options["options"] = f"{options['options']} -c role={OFFICE_ROLE}"
    connection.close()


def _migrations_hash() -> str:
    """Of all migrations there are, found without loading an app."""
    from django.conf import settings

    digest = hashlib.sha256()
    for name in sorted(settings.INSTALLED_APPS):
        found = importlib.util.find_spec(name)
        for folder in found.submodule_search_locations or () if found else ():
            for path in sorted((Path(folder) / "migrations").glob("*.py")):
                digest.update(f"{name}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
