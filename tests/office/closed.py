"""Accounts whose service has ended and is billed to its last day: for deposits, refunds and write-offs."""

from datetime import date, timedelta

from curbstop.records.bills.models import Outcome
from curbstop.records.customers.models import Account, Agreement, Premise, ServicePoint
from curbstop.records.decisions.models import Cycle, Tariff
from tests.books import account


def serve(of: Account, from_on: date, until_on: date | None = None, *, billed: bool = True) -> Agreement:
    """Water at a house of its own from a day, until another where it is given; billed to the end unless said."""
    Cycle.objects.get_or_create(code="1", defaults={"name": "One", "every_days": 28})
    Tariff.objects.get_or_create(
        code="W-RES", defaults={"service": "water", "customer_class": "residential", "name": "Water"}
    )
    house = Premise.objects.create(
        address=f"{Premise.objects.count() + 1} Old Wren Dr", city="Moore", state="OK", zip="73160",
        kind="residential", cycle_id="1",
        route="01", sequence=of.id, event_id=1,
    )  # fmt: skip
    point = ServicePoint.objects.create(premise=house, service="water", event_id=1)
    made = Agreement.objects.create(
        account=of, service_point=point, tariff_id="W-RES", during=(from_on, until_on), event_id=1
    )
    if until_on and billed:
        Outcome.objects.create(
            run_id=of.id, agreement=made, account=of, bill_id=of.id, code="billed", from_on=from_on, until_on=until_on,
            chunk_no=1,
        )  # fmt: skip
    return made


def closed_account(sequence: int, ended_on: date, *, name: str = "R. Ortiz", tenure: str = "renter") -> Account:
    """An account that was served for a year and whose service has ended."""
    of = account(sequence, name=name)
    Account.objects.filter(id=of.id).update(tenure=tenure)
    serve(of, ended_on - timedelta(365), ended_on)
    return of
