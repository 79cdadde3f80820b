"""How long a night on the ladder takes, and whether a night that is killed comes to the same.

``python bench/ladder.py --accounts 200000``: a synthetic city (bench/city.py) in a server of its own with the
product's settings (fsync on). Everybody has two bills, in twenty cohorts that were billed a day apart; the older one is
paid, one in ten has not paid the newer. On the night that is timed, one cohort is told by a notice (one letter each,
in two languages), one gets its hangers (a letter and an order each), the rest wait, are ready, or are held. Then the
same night is begun on a second copy in a process that is killed again and again (SIGKILL) and begun anew; what both
nights wrote is compared row by row.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
FIRST = date(2026, 2, 2)
COHORTS, UNPAID_ONE_IN, MOST_SECONDS = 20, 10, 30
NIGHT = FIRST + timedelta(39)  # the cohort billed 21 days before is told, that of 28 days before gets its hangers
LINES = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=200_000)
    options.add_argument("--json", action="store_true")
    options.add_argument("--night", metavar="URL", help=argparse.SUPPRESS)
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    if given.night:
        open_city(given.night)
        go_through()
        return
    from curbstop.cli import database, postgres

    with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
        cluster = postgres.prepare(Path(folder), settings={})
        postgres.start(cluster)
        try:
            database.make_database(cluster.url("city"), "city")
            found = measure(cluster, given.accounts)
        finally:
            postgres.stop(cluster)
    if given.json:
        print(json.dumps(found))
    sys.exit(0 if found["same"] and found["seconds"] < MOST_SECONDS else 1)


def open_city(url: str) -> None:
    os.environ["CURBSTOP_DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "curbstop.web.settings"
    os.environ.setdefault("CURBSTOP_HOME", tempfile.mkdtemp(prefix="curbstop-bench-home-"))
    import django

    django.setup()


def go_through() -> None:
    from curbstop.office import delinquency, staff

    at = datetime(NIGHT.year, NIGHT.month, NIGHT.day, 11, tzinfo=UTC)
    by = staff.get_actor(username="system")
    delinquency.run_night(by=by, at=at, on=NIGHT, told=lambda done, of: print(f"{done} of {of}", flush=True))


def measure(cluster: Any, accounts: int) -> dict[str, Any]:
    open_city(cluster.url("city"))
    from django.core.management import call_command

    from bench import city

    call_command("migrate", verbosity=0, interactive=False)
    began = time.perf_counter()
    city.found()
    city.people(accounts)
    owe()
    print(f"{accounts:,} accounts made in {time.perf_counter() - began:.0f} s", flush=True)
    copy(cluster, "killed")
    began = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--night", cluster.url("city")], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    kills = kill_and_resume(cluster.url("killed"))
    whole, pieces = digest(cluster.url("city")), digest(cluster.url("killed"))
    found = {
        "accounts": accounts, "seconds": round(seconds, 1), "kills": kills, "same": whole == pieces,
        "counts": counts(cluster.url("city")),
    }  # fmt: skip
    print(f"The night: {seconds:.1f} s, with the program's start (less than {MOST_SECONDS}): {found['counts']}")
    print(f"Killed {kills} times and begun again: {'the same' if found['same'] else 'NOT THE SAME'}, row by row.")
    return found


def copy(cluster: Any, name: str) -> None:
    from django.db import connections

    connections.close_all()
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as server:
        server.execute(f"create database {name} template city")
    for url in (cluster.url("city"), cluster.url(name)):
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("vacuum (analyze)")


def kill_and_resume(url: str) -> int:
    """Begin the night, kill it after another part each time, until it is done."""
    kills = 0
    while True:
        night = subprocess.Popen([sys.executable, __file__, "--night", url], stdout=subprocess.PIPE, text=True)
        assert night.stdout is not None
        for line in night.stdout:
            done, _, of = line.partition(" of ")
            if kills < 4 and int(done) > kills and int(done) < int(of):
                night.send_signal(signal.SIGKILL)  # somewhere in the part after this one
                kills += 1
                break
        if night.wait() == 0:
            return kills


def digest(url: str) -> str:
    """What a night wrote, without the ids that a sequence gave."""
    asked = (
        "select account_id, code, owed_cents, anchor, next_on, cutoff_on from delinquency_outcome order by 1",
        'select account_id, anchor, rung, "on", cents, cutoff_on from delinquency_step where night_id is not null'
        " order by 1, 3",
        'select account_id, code, channel, "on", words from cases_letter order by 1, 2',
        "select account_id, type, about from orders_order order by 1, 2",
    )
    told = hashlib.sha256()
    with psycopg.connect(url, options="-c search_path=city,public") as connection:
        for query in asked:
            for row in connection.execute(query):
                told.update(repr(row).encode())
    return told.hexdigest()


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url, options="-c search_path=city,public") as connection:
        return dict(connection.execute("select code, count(*) from delinquency_outcome group by 1").fetchall())


# --- who owes what ----------------------------------------------------------------------------------------------------


def owe() -> None:
    """Two bills each, as sets of rows beneath the acts; and what earlier nights did."""
    from django.db import connection

    from curbstop.office import ledger, staff
    from curbstop.office._events import Key

    by = staff.get_actor(username="system")
    days = sorted({FIRST - timedelta(28), FIRST - timedelta(1), *(FIRST + timedelta(n) for n in range(COHORTS))})
    for day in days:
        if day not in ledger.get_open_days():
            ledger.open_day(key=Key(f"open:{day}"), by=by, at=datetime(2026, 1, 5, tzinfo=UTC), on=day)
    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table who as select id, (row_number() over (order by id) %% %s)::int cohort,"
            " row_number() over (order by id) no from customers_account",
            [COHORTS],
        )
        bill(cursor, by.id, FIRST - timedelta(28), range(COHORTS), paid=True)
        for cohort in range(COHORTS):
            bill(cursor, by.id, FIRST + timedelta(cohort), [cohort], paid=False)
        cursor.execute(EARLIER, {"night": NIGHT})
        cursor.execute("analyze")


def bill(cursor: Any, by: int, bill_on: date, cohorts: Any, *, paid: bool) -> None:
    """A run that billed these cohorts, three lines each; paid by everybody, or by nine in ten."""
    named = {"on": bill_on, "by": by, "cohorts": list(cohorts), "one_in": 0 if paid else UNPAID_ONE_IN}
    cursor.execute(RUN, named)
    named["run"] = cursor.fetchone()[0]
    cursor.execute(TXN, {**named, "act": "bill"})
    named["txn"] = cursor.fetchone()[0]
    cursor.execute(BILLS, named)
    cursor.execute(POSTINGS, {**named, "lines": LINES})
    cursor.execute(TXN, {**named, "act": "take"})
    cursor.execute(PAID, {**named, "paid": cursor.fetchone()[0]})


RUN = """
with made as (
  insert into bills_run (cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id)
  values ('1', %(on)s::date - 1, %(on)s, %(on)s::date + 20, now(), %(by)s, 1, 1) returning id)
select id from made"""

TXN = """
with e as (
  insert into base_event (id, act, key, by_id, at, subjects, denied, says, inputs)
  values (nextval('base_event_id_seq'), 'bench.' || %(act)s, null, %(by)s, now(), '{}', false, '', '{}') returning id)
insert into ledger_transaction (posted_at, event_id, posted_on, effective_on, act, by)
select now(), id, %(on)s, %(on)s, %(act)s, %(by)s from e returning id"""

BILLS = """
insert into bills_bill (id, account_id, txn_id, run_id, total_cents, previous_cents, chunk_no, from_on, until_on,
  due_on)
select nextval('ledger_document_seq'), id, %(txn)s, %(run)s, 9459, 0, 1, %(on)s::date - 29, %(on)s::date - 1,
  %(on)s::date + 20 from who where cohort = any(%(cohorts)s) order by id"""

POSTINGS = """
with g as (select id, fund, object, sub from ledger_gl where fund = 51 and object in (1210, 4020)),
k as (select min(id) id from ledger_kind where code = 'water.volume')
insert into ledger_posting (txn_id, leg_no, account_id, document_id, line_no, debit_cents, credit_cents, due_on, fund,
  gl_id, kind_id, sub)
select %(txn)s, row_number() over (order by b.id, n), b.account_id, b.id, n, 3153, 0, b.due_on, g.fund, g.id,
  k.id, g.sub
from bills_bill b, generate_series(1, %(lines)s) n, g, k where b.run_id = %(run)s and g.object = 1210
union all
select %(txn)s, 100000000, null, null, null, 0, 3153 * %(lines)s::bigint * (
  select count(*) from bills_bill where run_id = %(run)s), null::date, g.fund, g.id, k.id, g.sub
from g, k where g.object = 4020"""

PAID = """
with g as (select id, fund, object, sub from ledger_gl where fund = 51 and object in (1210, 1010)),
k as (select min(id) id from ledger_kind where code = 'payment'),
paid as (select p.*, row_number() over (order by p.leg_no) no from ledger_posting p join who w on w.id = p.account_id
  where p.txn_id = %(txn)s and p.sub = 2 and (%(one_in)s = 0 or (w.no / 20) %% nullif(%(one_in)s, 0) <> 0))
insert into ledger_posting (txn_id, leg_no, account_id, document_id, line_no, debit_cents, credit_cents, due_on, fund,
  gl_id, kind_id, sub)
select %(paid)s, no, account_id, document_id, line_no, 0, debit_cents, null::date, fund, gl_id, k.id, sub from paid, k
union all
select %(paid)s, 100000000, null, null, null, (select sum(debit_cents) from paid), 0, null::date, g.fund,
  g.id, k.id, g.sub
from g, k where g.object = 1010"""

EARLIER = """
insert into delinquency_step (account_id, anchor, rung, "on", cents, cutoff_on, event_id)
select b.account_id, b.id, s.rung, case s.rung when 'notice' then r.due_on + 1 else r.bill_on + 28 end, 9459,
  r.bill_on + 32, 1
from bills_bill b join bills_run r on r.id = b.run_id, (values ('notice'), ('call'), ('hanger')) s (rung)
where r.due_on + 1 < %(night)s and (s.rung <> 'hanger' or r.bill_on + 28 < %(night)s)
  and (select sum(p.debit_cents - p.credit_cents) from ledger_posting p
       where p.account_id = b.account_id and p.document_id = b.id and p.sub = 2) > 0"""

if __name__ == "__main__":
    main()
