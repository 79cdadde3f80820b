"""How long the whole scan of the books takes, against the bill runs that made them.

``python bench/prove.py --accounts 100000``: makes a synthetic city (bench/city.py) in a server of its own with the
product's settings (fsync on), bills everybody in February and in March from plan to the last chunk with one worker,
then closes both days, so that the hash of every row stands, and proves: every invariant of ``curbstop prove``, none
left out, none by sample.

The limit is on the ratio: the scan takes at most half the time of the runs that made the bills. Two scans are timed and
the slower counts. Beside the seconds of the clock stand those of the processors, this program's and the server's: on
a machine that others use, only those compare. ``--each`` prints the seconds of each invariant by itself;
``--explain 10`` how the server comes to the rows of so many, slowest first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
MOST = 0.5
"""Seconds of scan a second of the runs."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=100_000, help="each is billed twice")
    options.add_argument("--each", action="store_true", help="the seconds of each invariant")
    options.add_argument("--explain", type=int, default=0, help="the plans of so many, the slowest first")
    options.add_argument("--keep", help="leave the server's folder here, and find it again there")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    from bench import bill_run
    from curbstop.cli import database, postgres

    with folder_of(given.keep) as folder:
        there = (folder / "runs.json").exists()
        cluster = postgres.prepare(folder, settings={})
        postgres.start(cluster)
        try:
            if not there:
                database.make_database(cluster.url("city"), "city")
            bill_run.open_city(cluster.url("city"))
            if not there:
                runs = make(cluster, given.accounts)
                (folder / "runs.json").write_text(json.dumps(runs))
            made = json.loads((folder / "runs.json").read_text())
            found = measure(cluster, made, each=given.each or given.explain > 0)
            for no in found["slowest"][: given.explain]:
                explain(no)
        finally:
            postgres.stop(cluster)
    if given.json:
        print(json.dumps(found))
    sys.exit(0 if found["ratio"] <= MOST else 1)


@contextmanager
def folder_of(kept: str | None) -> Iterator[Path]:
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
    else:
        with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
            yield Path(folder)


def processors(cluster: Any) -> float:
    """Seconds of processor that this program and the server have used so far."""
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) == postmaster:
                ticks += sum(int(field) for field in fields[11:15])  # its own, and of the children that ended
            elif int(fields[1]) == postmaster:
                ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def make(cluster: Any, accounts: int) -> dict[str, Any]:
    """The city, its two bill runs timed, and both days closed."""
    from django.core.management import call_command

    from bench import bill_run, city

    call_command("migrate", verbosity=0, interactive=False)
    began = time.perf_counter()
    town = city.build(accounts)
    ask_deposits()
    said(f"{accounts:,} accounts made in {time.perf_counter() - began:.0f} s")
    bills, seconds, url, used = 0, 0.0, cluster.url("city"), processors(cluster)
    for bill_on in city.BILLS[1:]:
        found = bill_run.bill(town, bill_on, 1, url)
        bills, seconds = bills + found["bills"], seconds + found["seconds"]
        said(f"{found['bills']:,} bills in {found['seconds']:.1f} s ({found['bills_s']:,.0f} bills/s)")
    used = processors(cluster) - used
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("vacuum (analyze)")
        server.execute("checkpoint")
    closing_s = close(town)
    said(f"{len(city.BILLS)} days closed in {closing_s:.1f} s, their checklists looked at twice")
    return {"accounts": accounts, "bills": bills, "run_s": seconds, "run_cpu_s": used, "closing_s": closing_s}


def ask_deposits() -> None:
    """Every renter was asked for a deposit when he moved in: a proof looks for it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into payments_depositdemand (account_id, document_id, cents, instalment, due_on, authority,"
            " event_id) select id, nextval('ledger_document_seq'), 10000, 1, opened_on, 'City of Moore, FAQ', 1"
            " from customers_account where tenure = 'renter' and customer_class = 'residential'"
        )


def close(town: Any) -> float:
    """Close every day, by two people."""
    from bench import city
    from curbstop.office import closing
    from curbstop.office._events import Key

    began = time.perf_counter()
    for on in city.BILLS:
        at = datetime(on.year, on.month, on.day, 23, tzinfo=UTC)
        ready = closing.prepare_day(key=Key(f"ready:{on}"), by=town.system, at=at, on=on)
        closing.close_day(key=Key(f"close:{on}"), by=town.supervisor, at=at, on=on, prepared_id=ready.prepared_id)
    return time.perf_counter() - began


def measure(cluster: Any, made: dict[str, Any], *, each: bool) -> dict[str, Any]:
    from bench import city
    from curbstop.office import closing

    on = city.BILLS[2] + timedelta(days=1)
    totals, cpu = [], []
    for _ in range(2):
        began, used = time.perf_counter(), processors(cluster)
        proof = closing.get_proof(on=on)
        totals.append(time.perf_counter() - began)
        cpu.append(processors(cluster) - used)
    for one in proof.proved:
        if not one.holds:
            said(f"{one.no}: {one.shows}: {one.at_fault} at fault, {one.faults[:2]}")
    alone: dict[str, float] = {}
    for one in proof.proved if each else ():
        began = time.perf_counter()
        closing.get_proof(on=on, only=[one.no])
        alone[one.no] = time.perf_counter() - began
    slowest = sorted(alone, key=lambda no: -alone[no])
    for no in slowest[:20]:
        said(f"  {no:>4} {alone[no]:8.2f} s alone")
    scan_s = max(totals)
    found = {
        **made, "scans_s": totals, "scan_s": scan_s, "scan_cpu_s": max(cpu), "ratio": scan_s / made["run_s"],
        "cpu_ratio": max(cpu) / made["run_cpu_s"], "slowest": slowest,
    }  # fmt: skip
    scanned = " and ".join(f"{seconds:.1f}" for seconds in totals)
    said(
        f"{made['bills']:,} bills: made in {made['run_s']:.1f} s, proved in {scanned} s:"
        f" ratio {found['ratio']:.2f} (at most {MOST});"
        f" {1_000_000 * scan_s / made['bills']:.1f} s a million bills\n"
        f"  processors: {made['run_cpu_s']:.1f} s and {max(cpu):.1f} s, ratio {found['cpu_ratio']:.2f};"
        f" {1_000_000 * max(cpu) / made['bills']:.1f} s a million bills"
    )
    return found


def explain(no: str) -> None:
    """How the server comes to the rows of an invariant."""
    from django.db import connection

    from bench import city
    from curbstop.office.closing import proving

    proof = next((one for one in proving.read_proofs() if one.no == no), None)
    if proof is None:
        return
    on = city.BILLS[2] + timedelta(days=1)
    with connection.cursor() as cursor:
        for query in (proof.counts, proof.faults):
            sql, params = proving._bind(query, on)
            cursor.execute(f"explain (analyze, buffers off, costs off) {sql}", params)
            said(f"--- {no}\n" + "\n".join(row[0] for row in cursor.fetchall()))


def said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
