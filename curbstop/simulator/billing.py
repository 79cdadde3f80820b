"""Bill runs on their dates: planned, calculated, reviewed, approved by the supervisor, posted by the clock; late
charges."""

from __future__ import annotations

from datetime import date, timedelta

from curbstop.office import bills, delinquency
from curbstop.office.bills.issued import list_issued, list_unowned
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.imagined import Town
from curbstop.simulator.office import Office
from curbstop.simulator.paying import Plans


def run_cycle(office: Office, town: Town, plans: Plans, cycle: int, bill_on: date, day: date) -> None:
    """One cycle's bills from plan to post. What is held out has an owner, and waits for the next run."""
    subject = (cycle, bill_on)
    if not town.routes.get(cycle):
        return
    planned = office.do(bills.plan, *subject, who="dana", at=office.at(day, 13), cycle=str(cycle), bill_on=bill_on)
    if planned is None:
        return
    run = planned.run
    calculated = office.do(bills.calculate, *subject, who="dana", at=office.at(day, 13, 5), run=run)
    if calculated is None:
        return
    if held := list_unowned(run=run):
        owner, at = office.crew["priya"], office.at(day, 13, 20)
        office.do(bills.own, *subject, who="priya", at=at, run=run, account_ids=held, owner_id=owner.id)
    found = calculated.figures
    approved = office.do(
        bills.approve,
        *subject,
        who="ruth",
        at=office.at(day, 14),
        run=run,
        bills=found.bills,
        cents=found.cents,
        on=day,
    )
    if approved is None:
        return
    bills.post_all(run=run, by=office.crew[CLOCK], at=office.at(day, 14, 10))
    office.acts += planned.chunks + 1
    issued = list_issued(from_on=bill_on, until_on=bill_on + timedelta(days=1))
    plans.add_bills(office, town, [bill for bill in issued if bill.run == run])


def charge_late(office: Office, day: date) -> None:
    """Late charges on what was due and is not paid, the first open day after."""
    for order, due in enumerate(delinquency.list_late_due(on=day)):
        office.do(
            delinquency.assess_late, due.run, who=CLOCK, at=office.at(day, 6, 30, number=order), run=due.run, on=day
        )
