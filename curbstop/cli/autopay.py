"""`curbstop autopay`: draft what is due."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def autopay() -> None:
    """Drafts from bank accounts."""


@autopay.command()
@click.option("--on", "on", required=True, type=DAY, help="Draft bills that are due up to this day.")
@click.option("--dry-run", is_flag=True, help="Say what would be drafted, and write nothing.")
@click.option(
    "--to", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write the file for the bank."
)
@click.option("--same-day", is_flag=True, help="Settle on the day it is sent, where the city's agreement allows it.")
@click.option(
    "--by", "username", default="system", show_default=True, help="Who drafts; taking the file needs finance."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def draft(on: datetime, dry_run: bool, to: Path | None, same_day: bool, username: str, as_json: bool) -> None:
    """Plan a draft run and make its file. The drafts become payments with `curbstop autopay post`, once they settle.

    \b
    curbstop autopay draft --on 2026-04-21 --dry-run
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import autopay as office
        from curbstop.office import staff
        from curbstop.office._events import Key

        once, today = uuid4().hex, clock.today()
        told: dict[str, Any]
        if dry_run:
            preview = office.preview_run(through_on=on.date(), on=today, same_day=same_day)
            told = {"through_on": preview.through_on, "effective_on": preview.effective_on, "cents": preview.cents,
                    "drafts": len(preview.drafts), "by_code": preview.by_code}  # fmt: skip
        else:
            given: dict[str, Any] = {"by": staff.get_actor(username=username), "at": clock.now()}
            planned = office.plan(
                key=Key(f"cli/{once}/plan"), through_on=on.date(), on=today, same_day=same_day, **given
            )
            told = dataclasses.asdict(planned)
            if planned.drafts or planned.by_code.get("prenote"):
                made = office.make_file(key=Key(f"cli/{once}/file"), run=planned.run, on=today, **given)
                told["file"] = dataclasses.asdict(made)
                if to is not None:
                    to.write_bytes(office.take_file(key=Key(f"cli/{once}/take"), run=planned.run, **given).data)
    if as_json:
        show_json(told)
        return
    click.echo(f"{told['drafts']:,} drafts, {dollars(told['cents'])}, settling {told['effective_on']}")
    for code, count in told["by_code"].items():
        click.echo(f"  {code.replace('_', ' '):<20}{count:>8,}")
    if "file" in told:
        click.echo(
            f"File {told['file']['name']}: {told['file']['entries']:,} entries" + (f", written to {to}" if to else "")
        )
    elif dry_run:
        click.echo("Dry run: nothing was written.")


@autopay.command()
@click.argument("run", type=int)
@click.option("--on", "on", type=DAY, help="The day to post on.  [default: today]")
@click.option("--by", "username", default="system", show_default=True, help="Who posts.")
def post(run: int, on: datetime | None, username: str) -> None:
    """Post the drafts of a run as payments; run again, it goes on where it stopped.

    \b
    curbstop autopay post 3
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import autopay as office
        from curbstop.office import staff
        from curbstop.office._events import Key

        done = office.post(
            key=Key(f"cli/autopay.post/{run}"), by=staff.get_actor(username=username), at=clock.now(), run=run,
            on=on.date() if on else clock.today(),
        )  # fmt: skip
    click.echo(f"Run {done.run}: {done.drafts:,} drafts posted, {dollars(done.cents)}.")
