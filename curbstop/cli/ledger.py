"""`curbstop ledger`: the books for programs of others: the journal, and the files for the general ledger."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from curbstop.cli import database, show_json

DAY = click.DateTime(formats=["%Y-%m-%d"])
FORMATS = ("beancount", "hledger", "csv", "json")


@click.group()
def ledger() -> None:
    """The books: journal, days, files for the general ledger."""


@ledger.command()
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="In whose language.")
@click.option("--from", "from_on", type=DAY, help="First accounting day.  [default: the first there is]")
@click.option("--until", "until_on", type=DAY, help="The day after the last.  [default: tomorrow]")
@click.option("--out", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Into this file.  [default: shown]")
def export(form: str, from_on: datetime | None, until_on: datetime | None, out: Path | None) -> None:
    """Write the whole journal, with where every account stands after each day.

    `bean-check` and `hledger check` then add the books up by themselves.

    \b
    curbstop ledger export --format beancount -o books.beancount && bean-check books.beancount
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import closing, policies

        until = until_on.date() if until_on else clock.today() + timedelta(days=1)
        first = closing.get_first_day() or until
        since = from_on.date() if from_on else first
        counted: list[int] = []
        title = f"The books of {policies.get_city().name}"
        pieces = closing.write_journal(form, title=title, from_on=since, until_on=until, counted=counted)
        if out is None:
            for piece in pieces:
                click.echo(piece, nl=False)
            return
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    transactions, rows, days = counted
    click.echo(f"{out}: {transactions:,} transactions, {rows:,} rows, {days:,} days.")


@ledger.command()
@click.option("--limit", default=31, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def days(limit: int, as_json: bool) -> None:
    """Accounting days: open, ready to close, closed with their hash."""
    import dataclasses

    from curbstop.rules.money import show

    with database.city():
        from curbstop.desk import clock
        from curbstop.office import closing

        rows = closing.list_days(through=clock.today(), limit=limit)
    if as_json:
        show_json([dataclasses.asdict(row) for row in rows])
        return
    for row in rows:
        click.echo(
            f"{row.on}  {row.state:<7}{row.transactions:>8,}{show(row.debit_cents):>18}  {row.sha256[:16]}".rstrip()
        )


@ledger.command()
@click.argument("file_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="The same file as JSON.")
def file(file_id: str | None, as_json: bool) -> None:
    """Print a general-ledger file as it was sent, byte for byte; without its name, list them.

    \b
    curbstop ledger file moore_ok-20261120-17 > gl.csv
    """
    with database.city():
        from curbstop.formats import gl
        from curbstop.office import closing

        if file_id is None:
            for row in closing.list_exports():
                state = f"taken as {row.answer}" if row.taken else row.answer and f"refused: {row.answer}" or "sent"
                click.echo(f"{row.file_id:<28}{row.from_on} to {row.through}  {row.lines:>6,} lines  {state}")
            return
        body = closing.get_export(file_id)
    click.echo(gl.write_json(gl.read_csv(body)) if as_json else body, nl=False)
