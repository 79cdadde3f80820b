"""The bench's synthetic city at 60 accounts, for tests of bill runs: read in January, February and March, nothing
billed yet.

Account ``i`` (1 to 60) has the premise ``i``, water and sewer and sanitation agreements ``4i``, ``4i + 1``, ``4i +
2``, and where it has a sprinkler ``4i + 3``; account 41 moves in on 4 February. ``dump`` is everything a run
writes, in one order.
"""

from datetime import UTC, date, datetime

import psycopg

from bench import city
from curbstop.office import bills, payments, staff, tills
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


def pay(account: int, cents: int, day: date) -> None:
    """Cash at the counter. Each day has a till of its own, opened when it is first needed."""
    till = f"T{day:%m%d}"
    tills.install(key=Key(f"install:{till}"), by=system(), at=at_on(day), code=till, name=till)
    tills.open(key=Key(f"open:{till}"), by=clerk(), at=at_on(day), till=till, on=day, float_cents=10_000)
    payments.take(
        key=Key(f"pay:{account}:{day}"), by=clerk(), at=at_on(day, 20), till=till, on=day,
        accounts=(payments.Paying(account, cents),), tenders=(payments.Tender("cash", cents),),
    )  # fmt: skip


def overpay(account: int, cents: int) -> None:
    """Money from somebody who owes nothing yet: it waits as a credit."""
    pay(account, cents, city.BILLS[0])


_BY_RUN = "select id from ledger_transaction where act = 'bill'"
WRITTEN = {
    "bills_bill": "select * from bills_bill order by id",
    "ledger_transaction": "select * from ledger_transaction where act = 'bill' order by id",
    "ledger_posting": f"select * from ledger_posting where txn_id in ({_BY_RUN}) order by txn_id, leg_no",
    "bills_outcome": "select * from bills_outcome order by run_id, agreement_id",
    "bills_chunkdone": "select * from bills_chunkdone order by run_id, chunk_no",
    "bills_chargebilled": "select * from bills_chargebilled order by charge_id",
    "bills_runstep": "select * from bills_runstep order by event_id",
    "payments_depositdemand": "select * from payments_depositdemand order by id",
    "base_event": "select * from base_event where act <> 'payments.apply_credit' order by id",
    # credit is applied by acts of their own, whose ids come as they come: what they say must be the same
    "credit events": "select act, key, by_id, at, subjects, says, inputs, outcome from base_event"
    " where act = 'payments.apply_credit' order by key",
    "credit applied": "select t.act, t.posted_at, t.posted_on, t.effective_on, p.account_id, p.document_id, p.line_no,"
    " p.gl_id, p.kind_id, p.debit_cents, p.credit_cents"
    " from ledger_posting p join ledger_transaction t on t.id = p.txn_id where t.act <> 'bill'"
    " order by t.act, p.account_id, p.document_id, p.line_no, p.gl_id, p.debit_cents, p.credit_cents, p.kind_id",
}


def dump(url: str) -> dict[str, bytes]:
    """Every row that a run writes, as PostgreSQL prints it."""
    found = {}
    with psycopg.connect(url, options="-c search_path=city,public") as connection:
        for name, query in WRITTEN.items():
            with connection.cursor().copy(f"copy ({query}) to stdout") as copy:
                found[name] = b"".join(copy)
    return found
