"""Bill runs on their dates: planned, calculated, reviewed, approved by the supervisor, posted by the clock; late
charges."""

from __future__ import annotations

from datetime import date, timedelta

from curbstop.office import bills, delinquency
from curbstop.office.bills.issued import list_issued, list_unowned
from curbstop.office.pages.runs import get_cycles, get_state
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.imagined import Town
from curbstop.simulator.office import Office
from curbstop.simulator.paying import Plans


def run_cycle(office: Office, town: Town, plans: Plans, cycle: int, bill_on: date, day: date) -> None:
    """One cycle's bills from plan to post. What is held out has an owner, and waits for the next run.

    A run that somebody at the desk began is gone on with, and one that they posted is left as it is.
    """
    if not town.routes.get(cycle):
        return
    begun = next((one.open_run for one in get_cycles(on=day) if one.code == str(cycle)), None)
    run = begun if begun is not None else _plan(office, cycle, bill_on, day)
    if run is not None and _approve(office, run, (cycle, bill_on), day):
        bills.post_all(run=run, by=office.crew[CLOCK], at=office.at(day, 14, 10))
        office.acts += 2
    issued = list_issued(from_on=bill_on, until_on=bill_on + timedelta(days=1))
    plans.add_bills(office, town, [bill for bill in issued if office.cycle_of(bill.account_id) == cycle])


def _plan(office: Office, cycle: int, bill_on: date, day: date) -> int | None:
    at = office.at(day, 13)
    planned = office.do(bills.plan, cycle, bill_on, who="dana", at=at, cycle=str(cycle), bill_on=bill_on)
    return planned.run if planned is not None else None


def _approve(office: Office, run: int, subject: tuple[object, ...], day: date) -> bool:
    """Calculated, what is held taken on by somebody, the figures approved. True when the run may be posted."""
    if get_state(run=run) == "posting":  # approved at the desk
        return True
    calculated = office.do(bills.calculate, *subject, who="dana", at=office.at(day, 13, 5), run=run)
    if calculated is None:
        return False
    if held := list_unowned(run=run):
        owner, at = office.crew["priya"], office.at(day, 13, 20)
        office.do(bills.own, *subject, who="priya", at=at, run=run, account_ids=held, owner_id=owner.id)
    seen = calculated.figures
    figures = {"bills": seen.bills, "cents": seen.cents}
    at = office.at(day, 14)
    return office.do(bills.approve, *subject, who="ruth", at=at, run=run, on=day, **figures) is not None


def charge_late(office: Office, day: date) -> None:
    """Late charges on what was due and is not paid, the first open day after."""
    for order, due in enumerate(delinquency.list_late_due(on=day)):
        office.do(
            delinquency.assess_late, due.run, who=CLOCK, at=office.at(day, 6, 30, number=order), run=due.run, on=day
        )
