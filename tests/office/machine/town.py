"""The machine's town: Moore with the example overlay, two months of bills, people of every role, two old debts.

Houses 1 to 4 have service since 15 December; that of house 5 ended on 20 January, that of house 6 on 29 December, with
a debt that is past due. Everything is done by acts, and every policy that a city may leave open is set.
"""

from datetime import date, timedelta

from curbstop.office import banking, bills, ledger, links, moves, policies, staff, tills
from curbstop.records.customers.models import Account
from curbstop.records.decisions.models import CycleDate
from tests.office import scene
from tests.office.machine.watching import Digest, Watch
from tests.office.scene import at_on, by, key

BEGAN = date(2025, 12, 15)
TODAY = date(2026, 3, 2)
HOUSES = (1, 2, 3, 4, 5, 6)
LEFT = {5: date(2026, 1, 20), 6: date(2025, 12, 29)}
LEAKS = 2
MONTHS = 5
OWN = 4
"""The house whose account is the clerk's own."""

SET: dict[str, object] = {
    "deposit.interest": "1.2",
    "deposit.interest.year": "365",
    "deposit.instalments.days": 14,
    "deposit.no_ssn": {"amount": "100.00", "instalments": 2},
    "autopay.prenote": False,
    "returned.represent": 2,
    "writeoff.limits": [
        {"role": "supervisor", "up_to": "50.00", "per": "account", "days": 30},
        {"role": "finance_director"},
    ],
    "leak.rule": {
        "baseline": ["prior_bills"],
        "prior_bills": 1,
        "least_percent": 150,
        "hidden": True,
        "in_writing": True,
    },
    "deposit.review": {"after_months": 1, "late_most": 9, "returned_most": 9, "cutoffs_most": 9, "then": "apply"},
}
"""What the pack leaves open, or sets so that a short run would hardly meet it: set for this town."""

PEOPLE = {"cass2": ("cashier",), "sam": ("supervisor",), "dora": ("finance_director",), "finn2": ("finance",),
          "robo": ("robot",)}  # fmt: skip


class Town:
    """The town in a database of its own, and the eyes on it; ``fresh`` puts it back as it was."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.saved: Digest = watch.save("town")

    def fresh(self) -> Watch:
        """The town as it was raised."""
        self.saved = self.watch.restore("town", self.saved)
        return self.watch


def build() -> None:
    """Raise it, in the database that Django is pointed at."""
    scene.build()
    _people()
    for policy, value in SET.items():
        policies.set(
            key=key(), by=by("adam"), at=scene.AT, policy=policy, from_on=BEGAN - timedelta(30), value=value,
            authority="set for this town", says="Set for this town.",
        )  # fmt: skip
    _houses()
    _bills()
    ledger.open_day(key=key(), by=by("clock"), at=at_on(TODAY), on=TODAY)
    for till in ("T1", "T2"):
        tills.install(key=key(), by=by("adam"), at=scene.AT, code=till, name=f"Till {till[1]}")
    tills.open(key=key(), by=by("cass"), at=at_on(TODAY), till="T1", on=TODAY, float_cents=0)
    tills.open(key=key(), by=by("cass2"), at=at_on(TODAY), till="T2", on=TODAY, float_cents=0)
    banking.open_account(key=key(), by=by("fay"), at=scene.AT, number="0040112233", name="Operating account")
    scene.open_account("Customer of 9")  # who has come, and has not moved in anywhere
    links.link(key=key(), by=by("sue"), at=scene.AT, account_id=account_of(OWN), username="cleo", on=TODAY)


def _people() -> None:
    ada = by("ada")
    for name, roles in PEOPLE.items():
        staff.enrol(
            key=key(), by=ada, at=scene.AT, username=name, first_name=name.title(), last_name="Test", roles=roles
        )


def _houses() -> None:
    """Who lives where."""
    for house in HOUSES:
        scene.move_in(house, BEGAN, 1000 * house, name=f"Customer of {house}")


def _leave(until: date) -> None:
    """Those who left by a day, each with a final read."""
    for house, on in LEFT.items():
        if until - timedelta(28) < on <= until:
            moves.stop(
                key=key(), by=by("cleo"), at=at_on(on), account_id=account_of(house), premise_id=scene.premise(house),
                on=on, registers={"water": 1000 * house + 4900 + (700 * house if house == 5 else 0)},
            )  # fmt: skip


def account_of(house: int) -> int:
    """The account of a house."""
    return Account.objects.get(customer__name=f"Customer of {house}").pk


def _bills() -> None:
    """Every meter read on every read day of the months to come, and the bills until today posted."""
    days = CycleDate.objects.filter(cycle_id="1", bill_on__gt=BEGAN).order_by("bill_on")
    for n, (read_on, bill_on) in enumerate(days.values_list("read_on", "bill_on")[:MONTHS], start=1):
        _leave(read_on)
        for house in HOUSES:
            if LEFT.get(house, read_on) >= read_on:
                leaks = 1500 if (house, n > 1) == (LEAKS, True) else 0
                scene.read(house, read_on, 1000 * house + 700 * n * house + 30 * n * n + leaks)
        if bill_on <= TODAY:
            ledger.open_day(key=key(), by=by("clock"), at=at_on(bill_on), on=bill_on)
            run = bills.plan(key=key(), by=by("clock"), at=at_on(bill_on), cycle="1", bill_on=bill_on).run
            figures = bills.calculate(key=key(), by=by("clock"), at=at_on(bill_on, 16), run=run).figures
            bills.approve(
                key=key(), by=by("sue"), at=at_on(bill_on, 17), run=run, bills=figures.bills, cents=figures.cents,
                on=bill_on,
            )  # fmt: skip
            bills.post_all(run=run, by=by("clock"), at=at_on(bill_on, 18))
