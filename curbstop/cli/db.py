"""`curbstop db`: the embedded database, by hand."""

import os
import signal
import subprocess

import click
import psycopg

from curbstop.cli import database, postgres, show_json


@click.group()
def db() -> None:
    """The embedded PostgreSQL: start, stop, status, psql."""


def _cluster() -> postgres.Cluster:
    if database.given_url():
        raise click.ClickException(
            "DATABASE_URL names a server, which Curbstop neither starts nor stops. Unset it to use the embedded one."
        )
    return postgres.prepare(database.home_folder())


@db.command()
def start() -> None:
    """Start the server and leave it running until `curbstop db stop`."""
    cluster = _cluster()
    database.keep_mark(cluster.home).touch()
    with database.opened() as opened:
        click.echo(f"PostgreSQL runs (process {postgres.running_pid(cluster)}).\n{opened.url}")


@db.command()
def stop() -> None:
    """Stop the server, whoever uses it."""
    cluster = _cluster()
    database.keep_mark(cluster.home).unlink(missing_ok=True)
    click.echo("PostgreSQL stopped." if postgres.stop(cluster) else "PostgreSQL was not running.")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def status(as_json: bool) -> None:
    """Say whether the server runs, and where its data lies. Exit code 3 when it does not run."""
    cluster = _cluster()
    pid = postgres.running_pid(cluster)
    known = {
        "running": pid is not None,
        "pid": pid,
        "url": cluster.url(),
        "data": str(cluster.data),
        "programs": str(cluster.binaries),
        "log": str(cluster.log),
        "stays_up": database.keep_mark(cluster.home).exists(),
    }
    if as_json:
        show_json(known)
    else:
        click.echo(f"PostgreSQL runs (process {pid})." if pid else "PostgreSQL does not run.")
        for name in ("url", "data", "programs", "log"):
            click.echo(f"  {name:<9} {known[name]}")
    if pid is None:
        click.get_current_context().exit(3)


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the city's schema. Arguments go to psql, such as `-c 'select 1'`."""
    with database.opened() as opened:
        program = str(opened.cluster.binaries / "psql") if opened.cluster else "psql"
        options = f"{os.environ.get('PGOPTIONS', '')} -c search_path={opened.schema},public".strip()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for psql: it cancels a query
        try:
            done = subprocess.run(
                [program, opened.url, *arguments], env={**os.environ, "PGOPTIONS": options}, check=False
            )
        except FileNotFoundError as error:
            raise click.ClickException("There is no psql on this machine; install PostgreSQL's client.") from error
        finally:
            signal.signal(signal.SIGINT, before)
    click.get_current_context().exit(done.returncode)


@db.command()
def migrate() -> None:
    """Bring the city's tables up to date (`curbstop serve` does it by itself)."""
    with database.opened() as opened:
        database.set_up_django()
        click.echo("Tables brought up to date." if database.migrate(opened.schema) else "Tables were up to date.")


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(yes: bool) -> None:
    """Delete the city's schema with everything in it: customers, bills, books."""
    with database.opened() as opened:
        if not yes:
            click.confirm(f"Delete schema {opened.schema} and everything in it?", abort=True)
        with psycopg.connect(opened.url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("drop schema {} cascade").format(psycopg.sql.Identifier(opened.schema)))
        click.echo(f"Schema {opened.schema} is gone. `curbstop serve` raises the example town again.")
