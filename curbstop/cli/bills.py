"""`curbstop bills`: run a cycle, and explain a bill."""

import dataclasses
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

if TYPE_CHECKING:
    from curbstop.office.bills import Progress, RunFigures

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def bills() -> None:
    """Bill runs and bills."""


@bills.command()
@click.option("--cycle", required=True, help="The billing cycle, such as 1.")
@click.option("--on", "on", required=True, type=DAY, help="The bill date of the cycle's calendar.")
@click.option("--dry-run", is_flag=True, help="Work everything out and write nothing.")
@click.option("--approve", is_flag=True, help="Approve what was calculated, and post it.")
@click.option("--post-on", type=DAY, help="The accounting day to post on.  [default: the bill date]")
@click.option(
    "--by", "username", default="system", show_default=True, help="Who does it; approving needs a supervisor."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def run(
    cycle: str, on: datetime, dry_run: bool, approve: bool, post_on: datetime | None, username: str, as_json: bool
) -> None:
    """Bill a cycle: plan, calculate, and with --approve post. Run again, it goes on where it stopped.

    \b
    curbstop bills run --cycle 1 --on 2026-03-04 --dry-run
    """
    with database.city():
        from curbstop.office import bills as office

        if dry_run:
            told: dict[str, Any] = {"figures": office.dry_run(cycle=cycle, bill_on=on.date())}
        else:
            told = _run(cycle, on.date(), approve, post_on.date() if post_on else on.date(), username, quiet=as_json)
    if as_json:
        show_json({name: dataclasses.asdict(value) for name, value in told.items()})
        return
    _print(told["figures"])
    if dry_run:
        click.echo("\nDry run: nothing was written.")
    elif "posted" in told:
        posted = told["posted"]
        click.echo(f"\nRun {posted.run} posted: {posted.bills:,} bills, {dollars(posted.cents)}.")
    else:
        click.echo("\nNothing is posted yet. Review it at the desk, or approve it: --approve --by a supervisor.")


def _run(cycle: str, on: date, approve: bool, post_on: date, username: str, *, quiet: bool) -> dict[str, Any]:
    from curbstop.desk import clock
    from curbstop.office import bills as office
    from curbstop.office import staff
    from curbstop.office._events import Key

    by, at, once = staff.get_actor(username=username), clock.now(), uuid4().hex
    planned = office.plan(key=Key(f"bills.plan:{cycle}:{on}"), by=by, at=at, cycle=cycle, bill_on=on)
    calculated = office.calculate(key=Key(f"cli:{once}:calculate"), by=by, at=at, run=planned.run)
    told: dict[str, Any] = {"planned": planned, "figures": calculated.figures}
    if approve:
        figures = calculated.figures
        told["approved"] = office.approve(
            key=Key(f"cli:{once}:approve"),
            by=by,
            at=at,
            run=planned.run,
            bills=figures.bills,
            cents=figures.cents,
            on=post_on,
        )
        clerk = staff.get_actor(username="system")
        told["posted"] = office.post_all(run=planned.run, by=clerk, at=at, progress=None if quiet else _show)
    return told


def _show(progress: "Progress") -> None:
    click.echo(
        f"\r{progress.bills_done:,} of {progress.bills:,} bills", nl=progress.chunks_done == progress.chunks, err=True
    )


def _print(figures: "RunFigures") -> None:
    click.echo(f"{figures.accounts:,} accounts, {figures.agreements:,} services")
    for kind in figures.by_kind:
        click.echo(f"  {kind.says:<44}{kind.bills:>10,}{dollars(kind.cents):>16}")
    click.echo(f"  {'Bills':<44}{figures.bills:>10,}{dollars(figures.cents):>16}")
    for title, found in (("Held", figures.held), ("Worth a look", figures.findings)):
        if found:
            click.echo(f"{title}: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found.items()))
