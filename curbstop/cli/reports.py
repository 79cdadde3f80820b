"""`curbstop report`: a report in the terminal or as a file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

if TYPE_CHECKING:
    from curbstop.rules.reports import Cell, Column, Table

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("name", required=False)
@click.option("--from", "from_on", type=DAY, help="First day.  [default: of the month that ended]")
@click.option("--through", type=DAY, help="Last day.  [default: of the month that ended]")
@click.option("--on", "on", type=DAY, help="As of this day.  [default: today]")
@click.option("--known", type=DAY, help="As known on this day.  [default: today]")
@click.option("--ask", "more", multiple=True, metavar="NAME=VALUE", help="Anything else it asks: cycle=1, class=...")
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write FILE.csv or FILE.xlsx.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def report(
    name: str | None,
    from_on: datetime | None,
    through: datetime | None,
    on: datetime | None,
    known: datetime | None,
    more: tuple[str, ...],
    file: Path | None,
    as_json: bool,
) -> None:
    """Print the report NAME, or the list of reports.

    \b
    curbstop report ageing --on 2026-08-31
    """
    asked = {
        key: day.date().isoformat()
        for key, day in (("from", from_on), ("through", through), ("on", on), ("known", known))
        if day is not None
    }
    asked |= {key: value for key, _, value in (one.partition("=") for one in more)}
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import reports
        from curbstop.office._once import Refused
        from curbstop.rules.faults import BadValue

        if name is None:
            for one in reports.list_reports():
                click.echo(f"{one.code:<20} {one.title}")
            return
        try:
            table = reports.run(code=name, asked=asked, today=clock.today())
        except (Refused, BadValue) as bad:
            raise click.ClickException(str(bad)) from None
    if file is not None:
        _write(table, file)
    elif as_json:
        show_json(
            {
                "title": table.title,
                "asked": dict(table.asked),
                "columns": [column.name for column in table.columns],
                "rows": [list(row) for row in table.rows],
                "sums": list(table.sums),
            }
        )
    else:
        _print(table)


def _write(table: "Table", file: Path) -> None:
    from curbstop.formats.tables import as_csv, as_xlsx

    if file.suffix not in (".csv", ".xlsx"):
        raise click.ClickException(f"{file.name}: a report is written as .csv or .xlsx; name the file so.")
    file.write_bytes(as_csv(table) if file.suffix == ".csv" else as_xlsx(table))
    click.echo(f"{file}: {len(table.rows):,} rows.")


def _print(table: "Table") -> None:
    click.echo(table.title)
    click.echo(", ".join(f"{name} {value}" for name, value in table.asked) or "as of now")
    lines = [[column.says for column in table.columns]]
    lines += [[_word(*pair) for pair in zip(table.columns, row, strict=True)] for row in table.rows]
    sums = [
        "" if value is None else _word(column, value) for column, value in zip(table.columns, table.sums, strict=True)
    ]
    if any(sums):
        lines.append([sums[0] or "Together", *sums[1:]])
    wide = [max(len(line[place]) for line in lines) for place in range(len(table.columns))]
    for line in lines:
        cells = (
            word.rjust(room) if column.kind in ("money", "gallons", "whole") else word.ljust(room)
            for word, room, column in zip(line, wide, table.columns, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def _word(column: "Column", cell: "Cell") -> str:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return dollars(cell) if column.kind == "money" else f"{cell:,}"
    return str(cell)
