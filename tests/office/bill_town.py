"""The bench's synthetic city at 60 accounts, for tests of bill runs: read in January, February and March, nothing
billed yet.

Account ``i`` (1 to 60) has the premise ``i``, water and sewer and sanitation agreements ``4i``, ``4i + 1``, ``4i +
2``, and where it has a sprinkler ``4i + 3``; account 41 moves in on 4 February. ``dump`` is everything a run
writes, in one order.
"""

from datetime import UTC, date, datetime

import psycopg

from bench import city
from curbstop.office import bills, staff
from curbstop.office._events import Actor, Key

ACCOUNTS = 60
FEB, MARCH = city.BILLS[1], city.BILLS[2]


def build() -> None:
    city.build(ACCOUNTS)


def at_on(day: date, hour: int = 15) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def system() -> Actor:
    return staff.get_actor(username="system")


def supervisor() -> Actor:
    return staff.get_actor(username="sam")


def clerk() -> Actor:
    return staff.get_actor(username="dana")


def plan(bill_on: date = FEB, chunk_size: int = 10) -> bills.Planned:
    return bills.plan(
        key=Key(f"plan:{bill_on}"), by=system(), at=at_on(bill_on), cycle="1", bill_on=bill_on, chunk_size=chunk_size
    )


def calculate(run: int, *, again: str = "") -> bills.Calculated:
    return bills.calculate(key=Key(f"calculate:{run}:{again}"), by=system(), at=at_on(FEB, 16), run=run)


def approve(run: int, figures: bills.RunFigures, on: date = FEB) -> bills.Approved:
    return bills.approve(
        key=Key(f"approve:{run}"), by=supervisor(), at=at_on(on, 17), run=run, bills=figures.bills, cents=figures.cents,
        on=on,
    )  # fmt: skip


def approved_run(bill_on: date = FEB, chunk_size: int = 10) -> int:
    """A run of the cycle, planned, calculated and approved."""
    run = plan(bill_on, chunk_size).run
    approve(run, calculate(run).figures, bill_on)
    return run


def post(run: int) -> bills.RunPosted:
    return bills.post_all(run=run, by=system(), at=at_on(FEB, 18))


def run_bills(bill_on: date = FEB, chunk_size: int = 10) -> bills.RunPosted:
    return post(approved_run(bill_on, chunk_size))


WRITTEN = {
    "bills_bill": "id",
    "ledger_transaction": "id",
    "ledger_posting": "txn_id, leg_no",
    "bills_outcome": "run_id, agreement_id",
    "bills_chunkdone": "run_id, chunk_no",
    "bills_chargebilled": "charge_id",
    "bills_runstep": "event_id",
    "base_event": "id",
}


def dump(url: str) -> dict[str, bytes]:
    """Every row that a run writes, as PostgreSQL prints it."""
    found = {}
    with psycopg.connect(url, options="-c search_path=city,public") as connection:
        for table, order in WRITTEN.items():
            with connection.cursor().copy(f"copy (select * from {table} order by {order}) to stdout") as copy:
                found[table] = b"".join(copy)
    return found
