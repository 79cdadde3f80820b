"""`curbstop prove`: every invariant of the books, checked over the whole city."""

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

import click

from curbstop.cli import database, show_json

if TYPE_CHECKING:
    from curbstop.office.closing import Proved


@click.command()
@click.option("--on", "on", type=click.DateTime(formats=["%Y-%m-%d"]), help="As of this day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def prove(on: datetime | None, as_json: bool) -> None:
    """Prove the books. Exit code 1 when an invariant does not hold, with the rows at fault.

    \b
    curbstop prove
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import closing

        day = on.date() if on else clock.today()
        found = closing.get_proof(on=day, told=None if as_json else _print)
    if as_json:
        show_json({"on": found.on, "holds": found.holds, "proved": [dataclasses.asdict(one) for one in found.proved]})
    broken = [one for one in found.proved if not one.holds]
    if broken:
        count = f"{len(broken)} of {len(found.proved)} invariants do not hold"
        raise click.ClickException(f"{count} on {found.on}. The rows at fault are above.")
    if not as_json:
        click.echo(f"All {len(found.proved)} invariants hold on {found.on}.")


def _print(one: "Proved") -> None:
    mark = click.style("holds", fg="green") if one.holds else click.style("BROKEN", fg="red", bold=True)
    click.echo(f"{mark}  {one.no:>3}  {one.shows}  ({one.looked_at:,} looked at)")
    for fault in one.faults:
        click.echo(f"             {fault}")
    if one.at_fault > len(one.faults):
        click.echo(f"             and {one.at_fault - len(one.faults):,} more")
