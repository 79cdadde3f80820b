"""`curbstop files`: load what banks send, and see what waits."""

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
def files() -> None:
    """Files of the bank: payments, returns and corrections."""


@files.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--layout", required=True, help="The file's layout, such as bank_csv; `curbstop files layouts` lists them."
)
@click.option("--on", "on", type=DAY, help="The day the money came.  [default: today]")
@click.option("--post-on", type=DAY, help="The accounting day to post on.  [default: the day the money came]")
@click.option("--by", "username", default="system", show_default=True, help="Who loads it.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def load(file: Path, layout: str, on: datetime | None, post_on: datetime | None, username: str, as_json: bool) -> None:
    """Load a file. The same file twice posts once; interrupted, the same call goes on. NACHA files of returns and
    corrections are applied line by line.

    \b
    curbstop files load lockbox-0421.txt --layout lockbox_bai --on 2026-04-21
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import autopay, payments, staff
        from curbstop.office._events import Key

        day = on.date() if on else clock.today()
        told: Any
        who, key = staff.get_actor(username=username), Key(f"cli/files.load/{uuid4().hex}")
        if layout == "nacha":
            done = autopay.apply_answers(
                key=key, by=who, at=clock.now(), name=file.name, data=file.read_bytes(), on=day,
                posted_on=post_on.date() if post_on else None,
            )  # fmt: skip
            told, lines = done, [f"  line {a.line}: {a.outcome.replace('_', ' ')}: {a.says}" for a in done.answers]
            said = f"{file.name}: {len(done.answers)} answers of the bank" + (", taken before" if done.already else "")
        else:
            kept = payments.load_file(
                key=key, by=who, at=clock.now(), name=file.name, layout=layout, data=file.read_bytes(), on=day,
                posted_on=post_on.date() if post_on else None,
            )  # fmt: skip
            told, lines = (
                kept,
                [f"  line {row.line}: {row.why}" for row in payments.list_quarantined(file_id=kept.file_id)],
            )
            before = ", loaded before: nothing was posted twice" if kept.already else ""
            said = f"{file.name}: {kept.rows:,} payments, {dollars(kept.cents)}{before}"
            said += f"; {kept.unidentified:,} not identified, {kept.quarantined:,} set apart"
    if as_json:
        show_json(dataclasses.asdict(told))
        return
    click.echo("\n".join([said, *lines]))


@files.command("layouts")
def list_layouts() -> None:
    """List the layouts of payment files that come with the programs."""
    from curbstop.formats.layouts import built_in, names

    for name in names():
        layout = built_in(name)
        if layout.channel or name == "nacha":
            click.echo(f"{name:<18}{layout.says}")


@files.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_files(as_json: bool) -> None:
    """List files received, and how far each is posted."""
    with database.city():
        from curbstop.office import payments

        rows = payments.list_bank_files()
    if as_json:
        show_json([dataclasses.asdict(row) for row in rows])
        return
    if not rows:
        click.echo("No file was received yet.")
    for row in rows:
        waits = f", {row.waiting} set apart" if row.waiting else ""
        click.echo(f"{row.received_on}  {row.name:<32}{row.posted:>8,} of {row.rows:,} posted{waits}")
