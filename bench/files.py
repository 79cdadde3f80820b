"""How fast a file of payments is posted as the product does it, against the least that its rows could cost.

``python bench/files.py --payments 100000``: a synthetic city (bench/city.py) in a server of its own with the product's
settings (fsync on), billed in February so that every account owes; then one file of so many payments through the file
act: kept, applied by policy, posted in blocks of 500 accounts with locks, receipts, triggers, events and checks.

The floor is measured in the same run, on the same server: the rows that the file wrote, encoded beforehand, sent by one
binary COPY a table into empty tables in one transaction, their indexes built after; the faster of two. Ratios compare.
``--small`` posts files of one payment, and says what one call costs.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
TABLES = {
    "ledger_transaction": "act = 'take'",
    "ledger_posting": "txn_id in (select id from ledger_transaction where act = 'take')",
    "payments_receipt": "true",
    "payments_tender": "true",
    "payments_batchrow": "true",
    "payments_batchrowdone": "true",
}
MOST_SECONDS = 60


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--payments", type=int, default=100_000)
    options.add_argument("--small", type=int, default=20, help="files of one payment")
    options.add_argument("--profile", action="store_true", help="where the time goes")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    from bench import bill_run, till
    from curbstop.cli import database, postgres

    with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
        cluster = postgres.prepare(Path(folder), settings={})
        postgres.start(cluster)
        try:
            database.make_database(cluster.url("city"), "city")
            bill_run.open_city(cluster.url("city"))
            server = till.Server(postgres.running_pid(cluster))
            found = measure(cluster.url("city"), given.payments, given.small, given.profile, server)
        finally:
            postgres.stop(cluster)
    if given.json:
        print(json.dumps(found))
    sys.exit(0 if found["seconds"] < MOST_SECONDS * given.payments / 100_000 else 1)


def measure(url: str, payments: int, small: int, profile: bool, server_: Any) -> dict[str, Any]:
    from django.core.management import call_command

    from bench import bill_run, city
    from curbstop.office import payments as office
    from curbstop.office._events import Key

    call_command("migrate", verbosity=0, interactive=False)
    town = city.build(payments, reads=city.READS[:2])
    bill_run.bill(town, city.BILLS[1], 1, url)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("vacuum (analyze)")
        server.execute("checkpoint")
    rows = rows_of(payments)
    on = city.BILLS[1]
    given: dict[str, Any] = {
        "by": town.system,
        "at": datetime(2026, 2, 4, 20, tzinfo=UTC),
        "channel": "lockbox",
        "on": on,
    }
    watch = cProfile.Profile()
    if profile:
        watch.enable()
    began, cpu, of_server = time.perf_counter(), time.process_time(), server_.cpu()
    done = office.record_batch(key=Key("bench"), name="bench", rows=rows, **given)
    seconds, cpu, of_server = time.perf_counter() - began, time.process_time() - cpu, server_.cpu() - of_server
    if profile:
        watch.disable()
        pstats.Stats(watch).sort_stats("cumtime").print_stats(r"curbstop", 34)
    assert done.rows == len(rows) and not done.unidentified
    floors = floor(url, len(rows))
    found = {
        "payments": len(rows), "seconds": seconds, "payments_s": len(rows) / seconds, "floor_s": floors,
        "ratio": len(rows) / seconds / floors, "client_cpu": cpu, "server_cpu": of_server,
    }  # fmt: skip
    began = time.perf_counter()
    for n in range(small):
        office.record_batch(
            key=Key(f"small {n}"),
            name=f"small {n}",
            rows=[office.FileRow(rows[n].account_number, 100 + n, "s")],
            **given,
        )
    found["small_ms"] = (time.perf_counter() - began) / max(small, 1) * 1000
    print(
        f"{found['payments']:,} payments in {seconds:.1f} s: {found['payments_s']:,.0f} payments/s;"
        f" floor {floors:,.0f}/s; ratio {found['ratio']:.2f}; a file of one payment {found['small_ms']:.0f} ms;"
        f" of the processors {cpu:.1f} s here and {of_server:.1f} s the server",
        file=sys.stderr,
    )
    return found


def rows_of(payments: int) -> list[Any]:
    """A payment an account: most in full, some in part, some too much."""
    from django.db import connection

    from curbstop.office.payments import FileRow

    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, sum(p.debit_cents - p.credit_cents)::bigint from customers_account a"
            " join ledger_posting p on p.account_id = a.id and p.sub = 2 group by a.number order by a.number limit %s",
            [payments],
        )
        owed = cursor.fetchall()
    share = (100, 100, 100, 100, 100, 100, 100, 60, 100, 110)
    return [
        FileRow(number, max(1, cents * share[n % 10] // 100), f"L{n:07d}") for n, (number, cents) in enumerate(owed)
    ]


def floor(url: str, payments: int) -> float:
    """Payments a second of the same rows by binary COPY into empty tables, indexes after; the faster of two."""
    from bench import bill_run

    with psycopg.connect(url, options="-c search_path=city,public") as server:
        pieces = {}
        for table, where in TABLES.items():
            with server.cursor().copy(f"copy (select * from {table} where {where}) to stdout (format binary)") as copy:
                whole = b"".join(copy)
            pieces[table] = [whole[start : start + (1 << 17)] for start in range(0, len(whole), 1 << 17)]
        indexes = {table: bill_run.definitions(server, table) for table in TABLES}
        return payments / min(_once(server, pieces, indexes) for _ in range(2))


def _once(server: psycopg.Connection, pieces: dict[str, list[bytes]], indexes: dict[str, list[str]]) -> float:
    for table in pieces:
        server.execute(f"drop table if exists floor_{table}")
        server.execute(f"create table floor_{table} (like {table})")
    server.commit()
    began = time.perf_counter()
    for table, parts in pieces.items():
        with server.cursor().copy(f"copy floor_{table} from stdin (format binary)") as copy:
            for part in parts:
                copy.write(part)
    for made in indexes.values():
        for index in made:
            server.execute(index)
    server.commit()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
