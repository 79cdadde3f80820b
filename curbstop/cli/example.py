"""The example town when the office opens: raised or lived on to today, the due cycle worked out, things to try."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curbstop.cli import town
from curbstop.office import bills, delinquency, ledger, pages, staff
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.bills.issued import list_issued
from curbstop.rules.money import show as dollars
from curbstop.rules.policies import NotSet
from curbstop.simulator import crew, founding
from curbstop.simulator.workdays import is_workday


@dataclass(frozen=True)
class Welcome:
    """What to tell whoever opened the office. ``is_example``: the demonstration sign-ins work here."""

    is_example: bool
    waiting: tuple[str, ...] = ()
    next_due: str = ""
    account: str = ""
    words: str = ""
    bill: str = ""


def make_ready(console: Console, on: date, *, accounts: int, months: int) -> Welcome:
    """Raise the town if there is none, live it through this morning, and work out the bills that are due.

    A city that is not an example is left alone.
    """
    try:
        recipe = founding.find_recipe()
    except Refused:
        return Welcome(is_example=False)
    if recipe is None:
        if accounts == 0:
            return Welcome(is_example=False)
        lived = town.raise_town(on, accounts=accounts, months=months, console=console)
        console.print(f"Raised a town of {lived.accounts:,} accounts on Moore's rates, {lived.days} days lived.")
    elif _is_behind(on):
        _live_on(console, on)
    run_due(on)
    climb_ladder(on)
    return _welcome(on)


def _live_on(console: Console, on: date) -> None:
    """Live the town on to today; one that another version of Curbstop raised stays where it is."""
    try:
        lived = town.live_on(on, console=console)
    except Refused as refusal:
        console.print(
            f"[yellow]The example town does not live on by itself:[/] {escape(str(refusal)[:200])} ...\n"
            "Another version probably raised it. `curbstop db drop` deletes it; the next start raises a new one.",
            soft_wrap=True,
        )
    else:
        console.print(f"The town lived on for {lived.days - 1} days.")


def _is_behind(on: date) -> bool:
    """Whether the office's last open day lies before the latest day on which it should have opened."""
    while not is_workday(on):
        on -= timedelta(days=1)
    days = ledger.get_open_days()
    return not days or days[-1] < on


def run_due(on: date) -> None:
    """Plan and calculate each cycle whose bill date has come. Approving is a supervisor's, so nothing is posted."""
    clerk, at = staff.get_actor(username=crew.CLOCK), datetime.now(UTC)
    for cycle in pages.get_cycles(on=on):
        if not cycle.ready or cycle.open_run is not None or cycle.bill_on is None:
            continue
        key = Key(f"serve/bills.plan/{cycle.code}/{cycle.bill_on}")
        try:
            planned = bills.plan(key=key, by=clerk, at=at, cycle=cycle.code, bill_on=cycle.bill_on)
            bills.calculate(key=Key(f"serve/{uuid4().hex}"), by=clerk, at=at, run=planned.run)
        except Refused:
            continue  # it is an event now; the desk's page of the cycle says why


def climb_ladder(on: date) -> None:
    """What the night does with who has not paid: the town's days do not climb the ladder, so its last morning does."""
    try:
        delinquency.run_night(by=staff.get_actor(username=crew.CLOCK), at=datetime.now(UTC), on=on)
    except (NotSet, Refused):
        return  # it is an event now; the page of delinquency says why


def _welcome(on: date) -> Welcome:
    runs = pages.get_runs(limit=20)
    waiting = tuple(
        f"cycle {run.cycle} of {run.bill_on:%d %b}: bills {run.bills:,}, {dollars(run.cents or 0)}"
        for run in runs
        if run.state == "review" and run.bills
    )
    turns = [(c.bill_on, c.code) for c in pages.get_cycles(on=on) if c.bill_on is not None and c.bill_on > on]
    next_due = f"cycle {min(turns)[1]} on {min(turns)[0]:%A %d %B}" if turns and not waiting else ""
    posted = next((run for run in runs if run.state == "posted" and run.bills), None)
    if posted is None:
        return Welcome(is_example=True, waiting=waiting, next_due=next_due)
    issued = list_issued(from_on=posted.bill_on, until_on=posted.bill_on + timedelta(days=1))
    # One that has something to explain: not the plainest bill, not the oddest.
    chosen = sorted(issued, key=lambda bill: bill.total_cents)[len(issued) * 3 // 4]
    head = pages.get_header(number=chosen.number, on=on)
    return Welcome(
        True, waiting, next_due, chosen.number, head.name.split()[-1].lower(), bills.bill_number(chosen.bill_id)
    )


def print_welcome(console: Console, welcome: Welcome) -> None:
    """Sign-ins, and the next three things to try."""
    if not welcome.is_example:
        console.print("Sign in with your own name. Ctrl-C closes the office.\n")
        return
    table = Table(box=None, padding=(0, 2), show_header=False)
    for member in crew.CREW:
        if member.username in crew.SIGN_INS:
            table.add_row(f"[bold]{member.username}[/]", member.does)
    console.print(f"Sign in as one of these; the password of all is [bold]{crew.PASSWORD}[/]")
    console.print(table)
    if welcome.next_due:
        console.print(f"\nNo cycle is due today; the next is {welcome.next_due}.")
    console.print("\nNext, try")
    for no, thing in enumerate(_things(welcome), start=1):
        console.print(f"  {no}. {thing}", soft_wrap=True)
    console.print("")


def _things(welcome: Welcome) -> list[str]:
    things = []
    if welcome.account:
        typed = welcome.words[:2] + welcome.words[3:] if len(welcome.words) > 4 else welcome.words
        things.append(
            f"as dana: press [bold]/[/] and type [bold]{typed}[/] (or {welcome.account}); open the newest bill"
        )
    if welcome.waiting:
        things.append(f"as ruth: Billing; {welcome.waiting[0]}, calculated and waiting for approval")
    else:
        things.append("as imani: open the till, and take a payment")
    explain = f"curbstop bills explain {welcome.bill} --why[/], then [bold].venv/bin/" if welcome.bill else ""
    things.append(f"in another window: [bold].venv/bin/{explain}curbstop prove[/]")
    return things
