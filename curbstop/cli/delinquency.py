"""`curbstop delinquency`: the ladder of a day, gone through or only looked at."""

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

if TYPE_CHECKING:
    from curbstop.office.delinquency import NightDone, Preview

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def delinquency() -> None:
    """What follows when a bill is not paid."""


@delinquency.command()
@click.option("--on", "on", type=DAY, help="The day.  [default: today]")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def run(on: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Go through the ladder of a day: reminders, notices, hangers, checks. Begun again, it goes on where it stopped.

    \b
    curbstop delinquency run --dry-run
    curbstop delinquency run --on 2026-04-22 --json
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import delinquency as office
        from curbstop.office import staff

        day = on.date() if on else clock.today()
        if dry_run:
            preview = office.get_preview(on=day)
            show_json(dataclasses.asdict(preview)) if as_json else _print_preview(preview)
            return
        done = office.run_night(by=staff.get_actor(username="system"), at=clock.now(), on=day)
    show_json(dataclasses.asdict(done)) if as_json else _print_done(done)


def _print_preview(found: "Preview") -> None:
    from curbstop.rules.delinquency.ladder import CODES

    for code, count in found.counts.items():
        click.echo(f"{CODES[code]:<48}{count:>8}{dollars(found.cents[code]):>16}")
    if not found.counts:
        click.echo("Nobody owes anything past due.")
    click.echo("Nothing was written.")


def _print_done(done: "NightDone") -> None:
    from curbstop.rules.delinquency.ladder import CODES

    for code, count in done.counts.items():
        click.echo(f"{CODES[code]:<48}{count:>8}")
    if not done.counts:
        click.echo("Nobody owes anything past due.")
    for why, count in done.refused.items():
        click.echo(f"Not done for {count}: {why}")
