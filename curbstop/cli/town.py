"""`curbstop town`: raise an example town, live it on, show what it is made from."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from curbstop.cli import database, show_json

if TYPE_CHECKING:
    from curbstop.simulator.town import Lived, Told

DAY = click.DateTime(formats=["%Y-%m-%d"])
CITY, ACCOUNTS, SEED, MONTHS = "moore_ok", 2000, 7, 14


@click.group()
def town() -> None:
    """An example town: made-up people on a real city's rates, lived day by day through the office's own acts."""


@town.command()
@click.option("--city", default=CITY, show_default=True, help="The city whose rates and policies it has.")
@click.option("--accounts", default=ACCOUNTS, show_default=True, type=int, help="About how many accounts.")
@click.option("--seed", default=SEED, show_default=True, type=int, help="The number it is drawn from.")
@click.option("--months", default=MONTHS, show_default=True, type=int, help="How long it has lived.")
@click.option("--until", type=DAY, help="Its last day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def new(city: str, accounts: int, seed: int, months: int, until: datetime | None, as_json: bool) -> None:
    """Raise a town. The same numbers and last day give the same town, row for row.

    \b
    curbstop town new --city moore_ok --accounts 2000 --seed 7 --months 14
    """
    with database.city():
        lived = raise_town(_day(until), accounts=accounts, city=city, seed=seed, months=months, quiet=as_json)
    _show(lived, as_json)


@town.command()
@click.option("--until", type=DAY, help="Through the morning of this day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def live(until: datetime | None, as_json: bool) -> None:
    """Live the town of this database on.

    \b
    curbstop town live --until 2026-12-24
    """
    with database.city():
        lived = live_on(_day(until), quiet=as_json)
    _show(lived, as_json)


def _day(given: datetime | None) -> date:
    from curbstop.desk import clock

    return given.date() if given else clock.today()


def raise_town(
    until: date,
    *,
    accounts: int = ACCOUNTS,
    city: str = CITY,
    seed: int = SEED,
    months: int = MONTHS,
    console: Console | None = None,
    quiet: bool = False,
) -> "Lived":
    """Raise a town with a bar that shows how far it is."""
    from curbstop.simulator import town as simulator

    with _bar(f"Raising a town of {accounts:,}", console, quiet) as told:
        return simulator.new(city=city, accounts=accounts, seed=seed, months=months, until=until, told=told)


def live_on(until: date, *, console: Console | None = None, quiet: bool = False) -> "Lived":
    """Live the town on with a bar that shows how far it is."""
    from curbstop.simulator import town as simulator

    with _bar("Living the town on", console, quiet) as told:
        return simulator.live(until=until, told=told)


@contextmanager
def _bar(title: str, console: Console | None, quiet: bool) -> Iterator["Told"]:
    parts = (TextColumn(title), BarColumn(), TextColumn("{task.fields[day]}"), TimeElapsedColumn())
    with Progress(*parts, console=console or Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task(title, total=None, day="")
        yield lambda now: bar.update(task, total=now.days, completed=now.done, day=f"{now.day:%d %b %Y}")


def _show(lived: "Lived", as_json: bool) -> None:
    if as_json:
        show_json(dataclasses.asdict(lived))
        return
    made = lived.recipe
    click.echo(
        f"{made.city}, seed {made.seed}: {lived.accounts:,} accounts from {made.began_on} to {lived.until_on}, "
        f"{lived.acts:,} acts."
    )
    for refusal in lived.refusals[:5]:
        click.echo(f"  refused: {refusal}")
    if len(lived.refusals) > 5:
        click.echo(f"  and {len(lived.refusals) - 5:,} more refusals")
