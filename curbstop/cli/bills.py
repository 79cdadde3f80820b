"""`curbstop bills`: run a cycle, explain a bill, print it."""

import dataclasses
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from curbstop.cli import database, show_json
from curbstop.rules.money import show as dollars

if TYPE_CHECKING:
    from curbstop.office.bills import BillExplained, Progress, RunFigures, WhyDifferent
    from curbstop.rules.explaining import LineExplained

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
    """Plan, calculate and post, from wherever an earlier try of the same cycle and date stopped."""
    from curbstop.desk import clock
    from curbstop.office import bills as office
    from curbstop.office import pages, staff
    from curbstop.office._events import Key

    by, at, once = staff.get_actor(username=username), clock.now(), uuid4().hex
    run = next((row.id for row in pages.get_runs(limit=1000) if (row.cycle, row.bill_on) == (cycle, on)), 0)
    if not run:
        run = office.plan(key=Key(f"cli/bills.plan/{cycle}/{on}"), by=by, at=at, cycle=cycle, bill_on=on).run
    told: dict[str, Any] = {"run": pages.get_run(run=run, on=clock.today()).row}
    state = pages.get_state(run=run)
    if state in ("planned", "review"):
        calculated = office.calculate(key=Key(f"cli/{once}/calculate"), by=by, at=at, run=run)
        told["figures"] = calculated.figures
    else:
        told["figures"] = pages.get_run(run=run, on=clock.today()).figures
    if state in ("planned", "review") and approve:
        seen = {"bills": told["figures"].bills, "cents": told["figures"].cents}
        told["approved"] = office.approve(key=Key(f"cli/{once}/approve"), by=by, at=at, run=run, on=post_on, **seen)
        state = "posting"
    if state in ("posting", "posted"):
        clerk = staff.get_actor(username="system")
        told["posted"] = office.post_all(run=run, by=clerk, at=at, progress=None if quiet else _show)
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


@bills.command()
@click.argument("number")
@click.option("--why", is_flag=True, help="Say why it is not what the last bill was.")
@click.option("--year-before", is_flag=True, help="With --why: compare with the same days a year ago.")
@click.option("--aloud", is_flag=True, help="Print what can be read aloud on the telephone, a paragraph a line.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def explain(number: str, why: bool, year_before: bool, aloud: bool, as_json: bool) -> None:
    """Explain a bill: every line from read to amount, with its authority.

    \b
    curbstop bills explain 104885 --why
    """
    with database.city():
        from curbstop.office import bills as office

        bill_id = office.find_bill(number)
        try:
            found = office.explain(bill_id)
        except office.BillDiffers as error:
            raise click.ClickException(f"{error}. `curbstop prove` shows what else does not add up.") from error
        different = office.why_different(bill_id, year_before=year_before) if why or year_before else None
    if aloud:
        _say(found, different)
        return
    if as_json:
        told: dict[str, Any] = {"bill": dataclasses.asdict(found), "spoken": found.spoken}
        show_json(told | ({"why_different": dataclasses.asdict(different)} if different else {}))
        return
    _print_bill(found)
    if different is not None:
        _print_why(different)


def _say(bill: "BillExplained", why: "WhyDifferent | None") -> None:
    for paragraph in bill.spoken:
        click.echo(f"{paragraph}\n")
    if why is not None and why.difference is not None:
        click.echo(why.difference.spoken)


def _print_bill(bill: "BillExplained") -> None:
    click.echo(f"Bill {bill.number} of {bill.bill_on}, due {bill.due_on}: {bill.customer_name}, {bill.address}")
    for service in bill.services:
        days = (service.until_on - service.from_on).days
        click.echo(
            f"\n{service.service.capitalize()}, {service.from_on} to {service.until_on} ({days} days), {service.tariff}"
        )
        for line in service.lines:
            print_line(line)
    for charge in bill.charges:
        click.echo(f"  {charge.says:<46}{dollars(charge.cents):>12}  {charge.authority}")
    click.echo(f"\n{'This bill':<48}{dollars(bill.total_cents):>12}")
    click.echo(f"{'Owed from before':<48}{dollars(bill.previous_cents):>12}")


def print_line(line: "LineExplained") -> None:
    """A line of a bill with its steps, for the terminal."""
    click.echo(f"  {line.says:<46}{dollars(line.cents):>12}")
    for step in line.steps:
        click.echo(f"      {step.label:<22} {step.how}" + (f"  = {step.amount}" if step.amount else ""))


def _print_why(why: "WhyDifferent") -> None:
    if why.difference is None:
        click.echo("\nThere is no earlier bill to compare it with.")
        return
    other = why.difference
    click.echo(
        f"\nAgainst bill {why.against_number} of {why.against_on} ({dollars(other.last_cents)}): {dollars(other.cents)}"
    )
    for part in other.parts:
        if part.cents:
            click.echo(f"  {part.says:<46}{dollars(part.cents):>12}")
            for how in part.how:
                click.echo(f"      {how}")


@bills.command("print")
@click.argument("numbers", nargs=-1, required=True)
@click.option(
    "--to", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path), help="The PDF to write."
)
def print_bills(numbers: tuple[str, ...], to: Path) -> None:
    """Print bills into one PDF, a page for each.

    \b
    curbstop bills print 104885 --to bill.pdf
    """
    with database.city():
        from curbstop.office import bills as office

        pdf = office.statement_pdf([office.find_bill(number) for number in numbers], copy=True)
    to.write_bytes(pdf)
    click.echo(f"{to}: {len(numbers)} bill{'s' * (len(numbers) > 1)}, {len(pdf):,} bytes.")
