"""A street to look at: ``scene``'s ten houses with people in six of them, three turns, one run that waits for review.

House 1, Rosa Ortiz, is the plain case. House 2 is a renter with a deposit. House 3 uses far too much in the last turn,
house 4 nothing, houses 5 and 6 were not read. Houses 7 to 10 are empty.
"""

from datetime import date, timedelta

from django.db import connection

from curbstop.office import bills, ledger, payments, policies, reads, tills
from curbstop.office.payments import Paying, Tender
from curbstop.rules.tills import Counted
from tests.office import scene
from tests.office.scene import at_on, by, key

LIVES = (
    (1, "Rosa M. Ortiz", date(2025, 12, 2), {"tenure": "owner"}, (1_500, 7_000, 12_000)),
    (2, "Leon Whitfield", date(2025, 12, 4), {"tenure": "renter"}, (800, 4_000, 6_000)),
    (
        3,
        "Grebe Laundry",
        date(2025, 12, 4),
        {"tenure": "business", "customer_class": "commercial"},
        (9_000, 41_000, 212_000),
    ),
    (4, "Priya Raman", date(2025, 12, 3), {"tenure": "owner"}, (1_000, 5_000, 0)),
    (5, "Beatriz Marsh", date(2025, 12, 5), {"tenure": "owner"}, (1_200, 5_000, None)),
    (6, "Hector Sandoval", date(2025, 12, 5), {"tenure": "owner"}, (700, 4_000, None)),
)


def turns() -> list[tuple[date, date]]:
    """Read and bill dates of cycle 1 until the day of every test."""
    found = policies.get_cycle_dates(from_on=date(2025, 12, 9), until_on=scene.TODAY + timedelta(days=1), cycle="1")
    return [(row.read_on, row.bill_on) for row in found]


def raise_street(*, last_posted: bool = False) -> dict[int, int]:
    """Let the street live; returns account ids by house. The last run is calculated, and posted only when asked."""
    scene.build()
    _passwords()
    lived = {n: scene.move_in(n, on, register=1000 * n, name=name, **more) for n, name, on, more, _ in LIVES}
    ada = by("ada")
    tills.install(key=key(), by=ada, at=scene.AT, code="T1", name="Till 1")
    tills.install(key=key(), by=ada, at=scene.AT, code="T2", name="Till 2")
    days = turns()[-3:]
    registers = {n: 1000 * n for n, *_ in LIVES}
    for turn, (read_on, bill_on) in enumerate(days):
        for n, _name, _on, _more, used in LIVES:
            if used[turn] is not None and not (n == 6 and turn == 2):
                registers[n] += used[turn]
                scene.read(n, read_on, registers[n])
        last = turn == len(days) - 1
        for waiting in reads.list_undecided():
            if not last:
                reads.decide(
                    key=key(),
                    by=by("sue"),
                    at=at_on(read_on, 21),
                    read_id=waiting.read_id,
                    outcome="accept",
                    reason="Seen",
                )
        ledger.open_day(key=key(), by=by("fay"), at=at_on(bill_on), on=bill_on)
        run = bills.plan(key=key(), by=by("cleo"), at=at_on(bill_on), cycle="1", bill_on=bill_on, chunk_size=3).run
        figures = bills.calculate(key=key(), by=by("cleo"), at=at_on(bill_on, 16), run=run).figures
        if not last or last_posted:
            _post(run, bill_on, figures)
    ledger.open_day(key=key(), by=by("fay"), at=scene.AT, on=scene.TODAY)
    _pay(lived)
    return lived


def _pay(lived: dict[int, int]) -> None:
    """House 1 pays all by check, house 2 a part in cash, house 4 more than it owes: at till 2, signed and closed."""
    day = turns()[-2][1] + timedelta(days=12)
    at = at_on(day, 16)
    ledger.open_day(key=key(), by=by("fay"), at=at, on=day)
    tills.open(key=key(), by=by("cass"), at=at, till="T2", on=day, float_cents=15_000)
    owed = ledger.get_balances(lived.values())
    for house, cents, tender in (
        (1, owed[lived[1]], Tender("check", owed[lived[1]], "2187")),
        (2, 4_000, Tender("cash", 5_000)),
        (4, owed[lived[4]] + 1_000, Tender("cash", owed[lived[4]] + 1_000)),
    ):
        payments.take(
            key=key(),
            by=by("cass"),
            at=at,
            till="T2",
            on=day,
            accounts=(Paying(lived[house], cents),),
            tenders=(tender,),
        )
    counted = tills.count(
        key=key(),
        by=by("cass"),
        at=at,
        till="T2",
        counted=Counted(pieces=(), coin_cents=15_000 + 4_000 + owed[lived[4]] + 1_000, check_cents=owed[lived[1]]),
    )
    tills.close(key=key(), by=by("sue"), at=at, till="T2", count_id=counted.count_id)


def _post(run: int, on: date, figures: bills.RunFigures) -> None:
    held = _held(run)
    if held:
        bills.own(key=key(), by=by("sue"), at=at_on(on, 16), run=run, account_ids=held, owner_id=by("sue").id)
    bills.approve(key=key(), by=by("sue"), at=at_on(on, 17), run=run, bills=figures.bills, cents=figures.cents, on=on)
    bills.post_all(run=run, by=by("clock"), at=at_on(on, 18))


def _held(run: int) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct account_id from bills_review where run_id = %s and finding like 'held\\_%%'", [run]
        )
        return tuple(row[0] for row in cursor.fetchall())


def _passwords() -> None:
    from django.contrib.auth.hashers import make_password

    from curbstop.records.base.models import User

    User.objects.exclude(username="ada").update(password=make_password("a town of curbs"))
