"""`curbstop serve`: the office opened, and closed again: database, tables, town, queue and web server."""

import contextlib
import errno
import http.client
import importlib
import os
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console

from curbstop.cli import children, database, town

if TYPE_CHECKING:
    from curbstop.cli.example import Welcome

THREADS = 8  # each keeps one database connection
ACCOUNTS = 300  # of the town that the first start raises: big enough to be a town, small enough to wait for


@click.command()
@click.option("--host", envvar="CURBSTOP_HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", envvar="CURBSTOP_PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--web-workers", envvar="CURBSTOP_WEB_WORKERS", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--accounts",
    envvar="CURBSTOP_ACCOUNTS",
    default=ACCOUNTS,
    show_default=True,
    type=click.IntRange(0),
    help="Size of the example town, if one is raised; 0 raises none.",
)
@click.option(
    "--months",
    envvar="CURBSTOP_MONTHS",
    default=town.MONTHS,
    show_default=True,
    type=int,
    help="And how long it lived.",
)
def serve(host: str, port: int, web_workers: int, accounts: int, months: int) -> None:
    """Open the office in a browser.

    Starts the database, brings the tables up to date, raises the example town if there is no city or lives it on to
    today, works out the cycle that is due, and serves. Ctrl-C closes everything, the database too.
    """
    began = time.monotonic()
    console = Console(highlight=False)
    check_port_free(host, port)
    os.environ.setdefault("CURBSTOP_PUBLIC_URL", address(host, port))  # for links to pay, made by the children
    children.interrupt_on_signals()
    try:
        with contextlib.ExitStack() as closing:
            with console.status("Starting PostgreSQL ..."):
                threading.Thread(target=_load_ahead, daemon=True).start()
                opened = closing.enter_context(database.opened())
            kept: list[children.Child] = []
            closing.callback(_close, console, kept)
            _bring_up_to_date(console, opened)
            early = _has_a_city()  # then the web server loads while we look at the town
            if early:
                kept.append(_start_web(host, port, web_workers))
            welcome = _make_ready(console, accounts, months)
            if not early:
                kept.append(_start_web(host, port, web_workers))
            kept.append(_start_worker())  # who waits for nothing, so it does not take the processor from the others
            threading.Thread(target=_announce, args=(console, host, port, began, welcome), daemon=True).start()
            children.watch(kept)
    except KeyboardInterrupt:
        pass
    console.print("The office is closed.")


def check_port_free(host: str, port: int) -> None:
    """Look before the long work whether the web server will get its port.

    :raises click.ClickException: taken, or not this machine's address; says what to set
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            return
        except OSError as error:
            reason = error
    if reason.errno == errno.EADDRINUSE:
        who = "a Curbstop office that is already open" if _answers(host, port) else "another program"
        raise click.ClickException(
            f"Port {port} is taken by {who}. Choose another one: CURBSTOP_PORT={port + 1} make run"
        )
    if reason.errno == errno.EACCES:
        raise click.ClickException(
            f"Port {port} needs more rights than you have. Choose one above 1023: CURBSTOP_PORT=8000"
        )
    raise click.ClickException(
        f"Cannot listen on {host}:{port}: {reason.strerror}. Check CURBSTOP_HOST and CURBSTOP_PORT."
    )


def _load_ahead() -> None:
    """Load what every start needs next while PostgreSQL starts; it needs no database yet."""
    importlib.import_module("django.db.backends.postgresql.base")


def _bring_up_to_date(console: Console, opened: database.Opened) -> None:
    with console.status("Checking the tables ..."):
        if database.migrate(opened.schema):
            console.print("Tables brought up to date.")


def _has_a_city() -> bool:
    """Whether anything ever happened here."""
    return bool(database.ask_first("select exists (select from base_event)"))


def _make_ready(console: Console, accounts: int, months: int) -> "Welcome":
    with console.status("Looking at the town ..."):
        database.set_up_django()
        from curbstop.cli import example
        from curbstop.desk import clock
    welcome = example.make_ready(console, clock.today(), accounts=accounts, months=months)
    from django.db import connections

    connections.close_all()
    return welcome


def _start_web(host: str, port: int, web_workers: int) -> children.Child:
    return children.start("The web server", _web_command(host, port, web_workers))


def _start_worker() -> children.Child:
    return children.start("The queue's worker", [sys.executable, "-m", "curbstop.cli", "worker"])


def _web_command(host: str, port: int, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(THREADS), "--blocking-threads-idle-timeout", "600"),
        *("--log-level", "error", "--workers-kill-timeout", "10", "--no-ws", "curbstop.web.wsgi:application"),
    ]


def _close(console: Console, kept: list[children.Child]) -> None:
    children.ignore_signals()
    console.print("Closing ...")
    children.stop(kept)


def address(host: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def _answers(host: str, port: int) -> bool:
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(name, port, timeout=2)  # not urllib, which would ask a proxy
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().read(3) == b"ok\n"
    except (http.client.HTTPException, OSError):
        return False
    finally:
        connection.close()


def _announce(console: Console, host: str, port: int, began: float, welcome: "Welcome") -> None:
    """Print where the office is, once it answers."""
    from curbstop.cli import example

    while not _answers(host, port):
        time.sleep(0.05)
    seconds = time.monotonic() - began
    console.print(f"\nThe office is open: [bold]{address(host, port)}[/]   ({seconds:.1f} s, Ctrl-C closes it)\n")
    example.print_welcome(console, welcome)
