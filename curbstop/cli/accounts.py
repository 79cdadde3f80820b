"""`curbstop accounts`: what the account page shows, for a terminal and for programs."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

if TYPE_CHECKING:
    from curbstop.office.pages import AccountPage

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def accounts() -> None:
    """Customers' accounts."""


@accounts.command()
@click.argument("number")
@click.option("--on", "on", type=DAY, help="As of this day.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(number: str, on: datetime | None, as_json: bool) -> None:
    """Show an account: who, where, what is owed, bills, payments, reads.

    \b
    curbstop accounts show 10000017
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import pages

        try:
            page = pages.get_account_page(number=number, on=on.date() if on else clock.today())
        except pages.NotThere as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        show_json(dataclasses.asdict(page))
    else:
        _print(page)


@accounts.command()
@click.argument("number")
@click.option("--as-of", "as_of", type=DAY, help="What had happened by this day.  [default: today]")
@click.option("--known", "known", type=DAY, help="As the books knew it on this day.  [default: today]")
@click.option("--from", "from_on", type=DAY, help="Lines from this day on; the rest is the opening.")
@click.option("--pdf", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Into this file, as PDF.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def statement(
    number: str,
    as_of: datetime | None,
    known: datetime | None,
    from_on: datetime | None,
    pdf: Path | None,
    as_json: bool,
) -> None:
    """The statement of an account as of any day, as it was known on any other.

    \b
    curbstop accounts statement 10000017 --as-of 2026-03-31 --known 2026-04-02
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import ledger, pages

        today = clock.today()
        try:
            header = pages.get_header(number=number, on=today)
        except pages.NotThere as error:
            raise click.ClickException(str(error)) from error
        found = ledger.get_standing(
            header.id,
            as_of=as_of.date() if as_of else today,
            known_on=known.date() if known else today,
            from_on=from_on.date() if from_on else None,
        )
        if pdf is not None:
            from curbstop.desk import papers

            pdf.write_bytes(papers.statement(found, header, at=clock.now()))
            click.echo(f"{pdf}: {found.number}, as of {found.as_of}, {dollars(found.closing_cents)} owed.")
            return
    if as_json:
        show_json(dataclasses.asdict(found))
        return
    click.echo(f"{found.number}  {found.name}, as of {found.as_of}, as known on {found.known_on}\n")
    click.echo(f"  {'Opening':<48}{dollars(found.opening_cents):>14}")
    for line in found.lines:
        late = f", booked {line.posted_on}" if line.posted_on != line.effective_on else ""
        moved = dollars(line.charge_cents - line.credit_cents)
        click.echo(f"  {line.effective_on}  {line.says + late:<36}{moved:>14}{dollars(line.balance_cents):>14}")
    click.echo(f"  {'Closing':<48}{dollars(found.closing_cents):>14}\n")
    for item in found.items:
        due = f"due {item.due_on}, {item.bucket}" if item.due_on else ""
        click.echo(f"  {item.says:<36}{dollars(item.open_cents):>26}  {due}".rstrip())


def _print(page: "AccountPage") -> None:
    from curbstop.office.bills import bill_number

    head = page.header
    click.echo(f"{head.number}  {head.name}")
    click.echo(f"          {head.address}, {head.place}".rstrip(", "))
    click.echo(f"\nBalance {dollars(head.balance_cents):>12}", nl=False)
    click.echo(f"   past due {dollars(head.past_due_cents)}" if head.past_due_cents else "")
    for owed in page.owed:
        says = owed.says or (f"Bill {bill_number(owed.bill_id)} of {owed.billed_on}" if owed.bill_id else "Charge")
        click.echo(f"  {says:<52}{dollars(owed.open_cents):>12}" + (f"  due {owed.due_on}" if owed.due_on else ""))
    _table(
        f"Bills ({page.bill_count})",
        [
            (
                str(bill.issued_on),
                f"no. {bill_number(bill.id)}",
                f"{bill.usage_gal or 0:,} gal",
                dollars(bill.total_cents),
                bill.state,
            )
            for bill in page.bills
        ],
    )
    _table(
        f"Payments ({page.payment_count})",
        [
            (
                str(paid.paid_on),
                f"{paid.series} {paid.no}",
                paid.how,
                dollars(paid.cents),
                "reversed" * bool(paid.reversed_on),
            )
            for paid in page.payments
        ],
    )
    _table(
        "Reads",
        [(str(read.read_on), read.serial, read.register, f"{read.usage_gal:,} gal", read.kind) for read in page.reads],
    )


def _table(title: str, rows: list[tuple[str, str, str, str, str]]) -> None:
    click.echo(f"\n{title}")
    for first, second, third, fourth, fifth in rows:
        click.echo(f"  {first:<12}{second:<14}{third:<26}{fourth:>12}  {fifth}".rstrip())
    if not rows:
        click.echo("  none")
