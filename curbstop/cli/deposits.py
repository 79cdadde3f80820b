"""`curbstop deposits`: what is held for customers, against the control account and the money behind it."""

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

if TYPE_CHECKING:
    from curbstop.office.deposits import DepositList

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def deposits() -> None:
    """Deposits held for customers."""


@deposits.command("list")
@click.option("--on", "on", type=DAY, help="As posted until this day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_held(on: datetime | None, as_json: bool) -> None:
    """List every deposit held, with the control total. Exit code 1 when list and books differ.

    \b
    curbstop deposits list --json
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import deposits as office

        found = office.list_deposits(on=on.date() if on else clock.today())
    if as_json:
        show_json(
            {
                **dataclasses.asdict(found),
                "listed_cents": found.listed_cents,
                "differs_cents": found.differs_cents,
            }
        )
    else:
        _print(found)
    if found.differs_cents:
        raise click.ClickException(
            f"List and control accounts differ by {dollars(found.differs_cents)}. `curbstop prove` names the rows."
        )


def _print(found: "DepositList") -> None:
    for row in found.rows:
        ended = f"  ended {row.ended_on}" if row.ended_on else ""
        sums = f"{dollars(row.held_cents):>12}{dollars(row.interest_cents):>10}"
        click.echo(f"{row.number}  {row.name:<32}{sums}  since {row.since}{ended}")
    if not found.rows:
        click.echo("No deposit is held.")
    held = found.restricted
    click.echo(f"\n{'Listed':<40}{dollars(found.listed_cents):>14}")
    click.echo(
        f"{'Deposits and interest payable':<40}{dollars(found.control_cents + found.control_interest_cents):>14}"
    )
    click.echo(f"{'Restricted bank':<40}{dollars(held.bank_cents):>14}")
    click.echo(f"{'Claim on pooled cash':<40}{dollars(held.claim_cents):>14}")
