"""How fast a town lives through the office's own acts, against the server's own TPC-B in the same run.

``python bench/town.py --accounts 300 --months 6``: in a server of its own with the product's settings, ``pgbench``
(prepared, one client, commits that do not wait, as a town's do not) takes its turn before and after a town of Moore is
raised. It prints accounts x months a minute, acts a second, the seconds of the processors that each side spent, and
how many TPC-B transactions an act takes: that ratio compares machines and days, the seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UNTIL = date(2026, 11, 23)
SCALE = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=300)
    options.add_argument("--months", type=int, default=6)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--seconds", type=float, default=5.0, help="of TPC-B, before and after")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    from curbstop.cli import database, postgres

    with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
        cluster = postgres.prepare(Path(folder))
        postgres.start(cluster)
        try:
            database.make_database(cluster.url("city"), "city")
            database.make_database(cluster.url("pgbench"), "pgbench")
            found = measure(cluster, given)
        finally:
            postgres.stop(cluster)
    print(json.dumps(found) if given.json else told(found))


def measure(cluster: Any, given: argparse.Namespace) -> dict[str, Any]:
    """TPC-B, the town, TPC-B again."""
    from bench.till import Server, pgbench
    from curbstop.cli import database, postgres

    pgbench(cluster, "-i", "-q", "-s", str(SCALE))
    floors = [tpc_b(cluster, given.seconds)]
    server = Server(postgres.running_pid(cluster))
    os.environ["DATABASE_URL"] = cluster.url("city")
    with database.city():
        from curbstop.simulator import town

        wall, cpu, served = time.perf_counter(), time.process_time(), server.cpu()
        lived = town.new(city="moore_ok", accounts=given.accounts, seed=given.seed, months=given.months, until=UNTIL)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        served = server.cpu() - served
    floors.append(tpc_b(cluster, given.seconds))
    floor = sum(floors) / len(floors)
    return {
        "accounts": lived.accounts, "months": given.months, "acts": lived.acts, "seconds": wall,
        "account_months_a_minute": 60 * given.accounts * given.months / wall, "client_cpu": cpu, "server_cpu": served,
        "acts_s": lived.acts / wall, "tpc_b_s": floor, "tpc_b_an_act": floor * wall / lived.acts,
    }  # fmt: skip


def tpc_b(cluster: Any, seconds: float) -> float:
    """Transactions a second of one client."""
    from bench.till import pgbench

    waits = os.environ.pop("PGOPTIONS", None)
    os.environ["PGOPTIONS"] = "-c synchronous_commit=off"
    try:
        out = pgbench(cluster, "-n", "-M", "prepared", "-c", "1", "-T", str(max(1, round(seconds))))
    finally:
        del os.environ["PGOPTIONS"]
        if waits is not None:
            os.environ["PGOPTIONS"] = waits
    rate = re.search(r"tps = ([0-9.]+)", out)
    if rate is None:
        raise SystemExit(f"pgbench said something else:\n{out}")
    return float(rate[1])


def told(found: dict[str, Any]) -> str:
    return (
        f"{found['accounts']:,} accounts over {found['months']} months: {found['acts']:,} acts in"
        f" {found['seconds']:.0f} s, {found['account_months_a_minute']:,.0f} accounts x months a minute\n"
        f"processors: {found['client_cpu']:.1f} s here, {found['server_cpu']:.1f} s the server\n"
        f"{found['acts_s']:.0f} acts/s, TPC-B by one client {found['tpc_b_s']:.0f}/s:"
        f" an act takes {found['tpc_b_an_act']:.1f} of them"
    )


if __name__ == "__main__":
    main()
