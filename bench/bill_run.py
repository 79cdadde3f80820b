"""How fast a bill run is as the product does it, against the least that its rows could cost.

``python bench/bill_run.py --accounts 200000``: makes a synthetic city (bench/city.py) in a server of its own with
the product's settings (fsync on), bills February to have a past, then times March from plan to the last chunk:
frozen population, everything rated twice, findings, approval, chunks with locks, constraints, triggers, events and
checks; with one worker, which has two hands (connections), and with two workers.

The floor is measured in the same run, on the same server: the rows that March wrote (bills, postings, outcomes,
headers, marks), encoded beforehand, sent by one binary COPY a table into empty tables in one transaction, their
indexes built after. The faster of two floors counts. Ratios compare; absolute figures depend on the machine and on
what else it does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("ledger_transaction", "bills_bill", "ledger_posting", "bills_outcome", "bills_chunkdone")
OF_RUN = {
    "ledger_transaction": "id in (select txn_id from bills_chunk where run_id = {run})",
    "ledger_posting": "txn_id in (select txn_id from bills_chunk where run_id = {run})",
}
LEAST = 0.15
SETTINGS: dict[str, str] = {}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=200_000)
    options.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    options.add_argument("--profile", action="store_true", help="where one worker's time goes")
    options.add_argument("--json", action="store_true")
    options.add_argument("--worker", nargs=2, metavar=("RUN", "URL"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.worker:
        work(int(given.worker[0]), given.worker[1])
        return
    sys.path.insert(0, str(ROOT))
    from curbstop.cli import database, postgres

    with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
        cluster = postgres.prepare(Path(folder), settings=SETTINGS)
        postgres.start(cluster)
        try:
            database.make_database(cluster.url("city"), "city")
            found = measure(cluster, given.accounts, given.workers, given.profile)
        finally:
            postgres.stop(cluster)
    if given.json:
        print(json.dumps(found))
    sys.exit(0 if all(run["ratio"] >= LEAST for run in found["runs"]) else 1)


# --- the product ------------------------------------------------------------------------------------------------------


def open_city(url: str) -> None:
    os.environ["CURBSTOP_DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "curbstop.web.settings"
    os.environ.setdefault("CURBSTOP_HOME", tempfile.mkdtemp(prefix="curbstop-bench-home-"))
    import django

    django.setup()


def point_at(url: str, name: str) -> None:
    from django.db import connections

    connections.close_all()
    connections.settings["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    os.environ["CURBSTOP_DATABASE_URL"] = url


def measure(cluster: Any, accounts: int, workers: list[int], profile: bool) -> dict[str, Any]:
    open_city(cluster.url("city"))
    from django.core.management import call_command

    from bench import city

    call_command("migrate", verbosity=0, interactive=False)
    began = time.perf_counter()
    town = city.build(accounts)
    said(f"{accounts:,} accounts made in {time.perf_counter() - began:.0f} s")
    bill(town, city.BILLS[1], 1, cluster.url("city"))
    runs = []
    for count in workers:
        name = f"march_{count}"
        copy(cluster, name)
        point_at(cluster.url(name), name)
        with psycopg.connect(cluster.url(name), autocommit=True) as server:
            server.execute("vacuum (analyze)")
            server.execute("checkpoint")
        before = sizes(cluster.url(name))
        if profile:
            profiled(town, city.BILLS[2], count, cluster.url(name))
            continue
        found = bill(town, city.BILLS[2], count, cluster.url(name))
        grown = sum(size - before[table] for table, size in sizes(cluster.url(name)).items())
        found |= floor(cluster.url(name), found["run"], found["bills"])
        found |= {"workers": count, "ratio": found["bills_s"] / found["floor_s"], "bytes": grown // found["bills"]}
        report(found)
        runs.append(found)
        point_at(cluster.url("city"), "city")
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as server:
            server.execute(f"drop database {name} with (force)")
    return {"accounts": accounts, "runs": runs}


def copy(cluster: Any, name: str) -> None:
    from django.db import connections

    connections.close_all()
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as server:
        server.execute(f"create database {name} template city")


def bill(town: Any, bill_on: Any, workers: int, url: str) -> dict[str, Any]:
    """One whole run; returns its times."""
    from curbstop.office import bills
    from curbstop.office._events import Key

    at = datetime(bill_on.year, bill_on.month, bill_on.day, 15, tzinfo=UTC)
    team = [start_worker(url) for _ in range(workers - 1)]
    peak_memory(forget=True)
    times = [time.perf_counter()]
    planned = bills.plan(key=Key(f"plan:{bill_on}"), by=town.system, at=at, cycle="1", bill_on=bill_on)
    times.append(time.perf_counter())
    figures = bills.calculate(key=Key(f"calculate:{bill_on}"), by=town.system, at=at, run=planned.run).figures
    times.append(time.perf_counter())
    bills.approve(
        key=Key(f"approve:{bill_on}"), by=town.supervisor, at=at, run=planned.run, bills=figures.bills,
        cents=figures.cents, on=bill_on,
    )  # fmt: skip
    for worker in team:
        assert worker.stdin is not None
        worker.stdin.write(f"{planned.run}\n")
        worker.stdin.flush()
    posted = bills.post_all(run=planned.run, by=town.system, at=at)
    most = [peak_memory()]
    for worker in team:
        said_last, _ = worker.communicate(timeout=600)
        most.append(int(said_last.split()[-1]))
    times.append(time.perf_counter())
    plan_s, calculate_s, post_s = (after - before for before, after in zip(times, times[1:], strict=False))
    return {
        "run": planned.run, "bills": posted.bills, "exceptions": posted.exceptions, "plan": plan_s,
        "calculate": calculate_s, "post": post_s, "seconds": times[-1] - times[0],
        "bills_s": posted.bills / (times[-1] - times[0]), "memory_mb": most,
    }  # fmt: skip


def peak_memory(*, forget: bool = False) -> int:
    """The most memory this process ever had, in MB, since it was last told to forget; the operating system's count
    elsewhere than on Linux."""
    try:
        if forget:
            Path("/proc/self/clear_refs").write_text("5")
        line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def start_worker(url: str) -> subprocess.Popen[str]:
    """A second worker, ready and waiting for the run's number."""
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", "0", url]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert worker.stdout is not None
    worker.stdout.readline()
    return worker


def work(run: int, url: str) -> None:
    sys.path.insert(0, str(ROOT))
    open_city(url)
    from curbstop.office import bills, staff

    by = staff.get_actor(username="system")
    print("ready", flush=True)
    run = int(sys.stdin.readline())
    bills.post_all(run=run, by=by, at=datetime.now(UTC))
    print(peak_memory(), flush=True)


def profiled(town: Any, bill_on: Any, workers: int, url: str) -> None:
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.enable()
    found = bill(town, bill_on, workers, url)
    profile.disable()
    print({name: round(value, 2) if isinstance(value, float) else value for name, value in found.items()})
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)


# --- the floor --------------------------------------------------------------------------------------------------------


def floor(url: str, run: int, bills: int) -> dict[str, Any]:
    """The same rows, encoded beforehand, into empty tables, indexes after; the faster of two."""
    with psycopg.connect(url, options="-c search_path=city,public") as connection:
        rows = {table: encoded(connection, table, run) for table in TABLES}
        indexes = {table: definitions(connection, table) for table in TABLES}
        times = [floor_once(connection, rows, indexes) for _ in range(2)]
    return {"floor_s": bills / min(times), "floor_seconds": times}


def encoded(connection: psycopg.Connection, table: str, run: int) -> list[bytes]:
    where = OF_RUN.get(table, "run_id = {run}").format(run=run)
    with connection.cursor().copy(f"copy (select * from {table} where {where}) to stdout (format binary)") as copy:
        whole = b"".join(copy)
    return [whole[start : start + (1 << 17)] for start in range(0, len(whole), 1 << 17)]


def definitions(connection: psycopg.Connection, table: str) -> list[str]:
    return [
        definition.replace(f" ON city.{table} ", f" ON floor_{table} ").replace("INDEX ", "INDEX floor_", 1)
        for (definition,) in connection.execute(
            "select pg_get_indexdef(indexrelid) from pg_index where indrelid = %s::regclass", [table]
        )
    ]


def floor_once(connection: psycopg.Connection, rows: dict[str, list[bytes]], indexes: dict[str, list[str]]) -> float:
    for table in TABLES:
        connection.execute(f"drop table if exists floor_{table}")
        connection.execute(f"create table floor_{table} (like {table})")
    connection.commit()
    began = time.perf_counter()
    for table, pieces in rows.items():
        with connection.cursor().copy(f"copy floor_{table} from stdin (format binary)") as copy:
            for piece in pieces:
                copy.write(piece)
    for made in indexes.values():
        for index in made:
            connection.execute(index)
    connection.commit()
    return time.perf_counter() - began


def sizes(url: str) -> dict[str, int]:
    with psycopg.connect(url, options="-c search_path=city,public") as connection:
        sized = "select t, pg_total_relation_size(t::regclass) from unnest(%s::text[]) t"
        return {str(table): int(size) for table, size in connection.execute(sized, [list(TABLES)]).fetchall()}


# --- what is said -----------------------------------------------------------------------------------------------------


def said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(found: dict[str, Any]) -> None:
    said(
        f"{found['workers']} worker{'s' if found['workers'] > 1 else ''}: {found['bills']:,} bills in"
        f" {found['seconds']:.1f} s (plan {found['plan']:.1f}, calculate {found['calculate']:.1f}, approve and post"
        f" {found['post']:.1f}): {found['bills_s']:,.0f} bills/s\n"
        f"  floor {found['floor_s']:,.0f} bills/s ({', '.join(f'{t:.2f} s' for t in found['floor_seconds'])});"
        f" ratio {found['ratio']:.2f} (at least {LEAST}); {found['bytes']:,} bytes a bill;"
        f" peak memory {', '.join(f'{mb} MB' for mb in found['memory_mb'])}"
    )


if __name__ == "__main__":
    main()
