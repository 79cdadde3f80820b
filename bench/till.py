"""How fast the till takes money through the whole act, against pgbench's TPC-B on the same server in the same run.

``python bench/till.py``: makes a synthetic city (bench/city.py) in a server of its own with the product's settings
(fsync on, synchronous_commit on), bills it once, and opens a drawer a client. Then, in rounds that take turns, the same
seconds each: ``pgbench -M prepared`` (its own program, from the same build as the server, the standard TPC-B-like
script, at a scale of three branches a client so that branches are not what it waits for), and as many processes that
call ``payments.take`` as the desk does: permission, key, locks, what is owed, application by policy, legs, receipt
without a gap, event, the deferred checks, commit. Each payment is of another account; every tenth is by check, some pay
a part, some too much. At the end the books of the run are looked at: receipts = payments, debits = credits, no gap.

The ratio is of the sums over all rounds. Ratios compare; absolute figures depend on the machine and on what else it
does, so the time that the processors spent on each is printed as well, by clients and server.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
LEAST = 0.15
SETTINGS: dict[str, str] = {"fsync": "on", "synchronous_commit": "on"}
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--seconds", type=float, default=10.0, help="of each side in each round")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--accounts", type=int, default=20_000)
    options.add_argument("--scale", type=int, help="of pgbench; three branches a client unless given")
    options.add_argument("--profile", action="store_true", help="where one client's time goes, and its statements")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    from bench import bill_run
    from curbstop.cli import database, postgres

    with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
        cluster = postgres.prepare(Path(folder), settings=SETTINGS)
        postgres.start(cluster)
        try:
            database.make_database(cluster.url("city"), "city")
            bill_run.open_city(cluster.url("city"))
            tills = raise_city(cluster.url("city"), given.accounts, given.clients)
            if given.profile:
                profiled(tills[0])
                return
            found = compare(cluster, tills, given)
        finally:
            postgres.stop(cluster)
    print(json.dumps(found) if given.json else told(found))
    sys.exit(0 if found["ratio"] >= LEAST else 1)


# --- the city and its drawers -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawer:
    """A client's till: its cashier, and the accounts that come to it with what they owe."""

    code: str
    username: str
    owed: tuple[tuple[int, int], ...]


def raise_city(url: str, accounts: int, clients: int) -> list[Drawer]:
    """A city with a bill on every account, and a drawer open to a cashier for each client."""
    from django.core.management import call_command
    from django.db import connection

    from bench import bill_run, city
    from curbstop.office import staff, tills
    from curbstop.office._events import Key

    call_command("migrate", verbosity=0, interactive=False)
    town = city.build(accounts, reads=city.READS[:2])
    on = city.BILLS[1]
    bill_run.bill(town, on, 1, url)
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_id, sum(debit_cents - credit_cents)::bigint from ledger_posting where sub = 2"
            " group by account_id having sum(debit_cents - credit_cents) > 0 order by account_id"
        )
        owed = cursor.fetchall()
    drawers = []
    for n in range(clients):
        code, username, at = f"T{n + 1}", f"cashier{n + 1}", datetime(on.year, on.month, on.day, 14, tzinfo=UTC)
        tills.install(key=Key(f"till:{n}"), by=town.system, at=at, code=code, name=f"Till {n + 1}")
        staff.enrol(
            key=Key(f"cashier:{n}"), by=town.system, at=at, username=username, first_name="Dana",
            last_name=f"Number {n + 1}", roles=("cashier",),
        )  # fmt: skip
        by = staff.get_actor(username=username)
        tills.open(key=Key(f"open:{n}"), by=by, at=at, till=code, on=on, float_cents=20_000)
        drawers.append(Drawer(code, username, tuple(owed[n::clients])))
    said(f"{accounts:,} accounts billed, {clients} drawers open")
    return drawers


# --- one client -------------------------------------------------------------------------------------------------------


def payments_of(drawer: Drawer, run: str) -> Iterator[dict[str, Any]]:
    """What comes to a drawer: most pay in full, in cash with change or by check, some a part, some too much."""
    from bench import city
    from curbstop.office import staff
    from curbstop.office._events import Key
    from curbstop.office.payments import Paying, Tender

    by, on = staff.get_actor(username=drawer.username), city.BILLS[1]
    share = (100, 100, 100, 100, 100, 100, 100, 60, 100, 110)
    n = 0
    while True:
        account_id, owed_cents = drawer.owed[n % len(drawer.owed)]
        cents = max(1, owed_cents * share[n % 10] // 100)
        tender = Tender("check", cents, f"{1000 + n}") if n % 10 == 4 else Tender("cash", -(-cents // 500) * 500)
        yield {
            "key": Key(f"pay:{drawer.code}:{run}:{n}"), "by": by, "at": datetime.now(UTC), "till": drawer.code,
            "on": on, "accounts": (Paying(account_id, cents),), "tenders": (tender,), "payer": "",
        }  # fmt: skip
        n += 1


WARM = 12
"""Payments of a client before the clock starts: statements are prepared, a new connection has read its catalogs."""


def client(drawer: Drawer, run: str, seconds: float, start: Any, results: Any) -> None:
    """Take payments for so many seconds, one after the other, each durable before the next begins."""
    from django.db import connection

    from curbstop.office import payments

    try:
        coming = payments_of(drawer, run)
        for _ in range(WARM):
            payments.take(**next(coming))
        start.wait(120)
        times = [time.perf_counter()]
        cpu = time.process_time()
        until = times[0] + seconds
        while times[-1] < until:
            payments.take(**next(coming))
            times.append(time.perf_counter())
        cpu = time.process_time() - cpu
        connection.close()
        results.put({"times": times, "cpu": cpu})
    except BaseException as error:
        start.abort()
        results.put({"failed": f"{drawer.code}: {type(error).__name__}: {error}"})
        raise


def take_all(drawers: list[Drawer], run: str, seconds: float, server: Server) -> dict[str, Any]:
    """All clients at once, each a process of its own."""
    from django.db import connections

    connections.close_all()
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(len(drawers) + 1), fork.Queue()
    team = [fork.Process(target=client, args=(drawer, run, seconds, start, results)) for drawer in drawers]
    for one in team:
        one.start()
    start.wait(120)
    before = server.cpu()
    found = [results.get(timeout=seconds + 120) for _ in team]
    spent = server.cpu() - before
    for one in team:
        one.join(60)
    if failed := [one["failed"] for one in found if "failed" in one]:
        raise SystemExit("; ".join(failed))
    began, ended = min(one["times"][0] for one in found), max(one["times"][-1] for one in found)
    waits = [after - before for one in found for before, after in zip(one["times"], one["times"][1:], strict=False)]
    return {
        "done": len(waits), "seconds": ended - began, "client_cpu": sum(one["cpu"] for one in found),
        "server_cpu": spent, "waits": waits, "taken": len(waits) + WARM * len(drawers),
    }  # fmt: skip


# --- TPC-B ------------------------------------------------------------------------------------------------------------


def pgbench(cluster: Any, *arguments: str) -> str:
    """pgbench of the server's own build, against the database ``pgbench``."""
    command = [str(cluster.binaries / "pgbench"), "-h", str(cluster.sockets), "-U", "curbstop", *arguments, "pgbench"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"pgbench failed:\n{done.stderr}")
    return done.stdout


def tpc_b(cluster: Any, clients: int, seconds: float, server: Server) -> dict[str, Any]:
    before, own = server.cpu(), _children()
    threads = str(min(clients, os.cpu_count() or 1))
    out = pgbench(cluster, "-n", "-M", "prepared", "-c", str(clients), "-j", threads, "-T", str(max(1, round(seconds))))
    done = re.search(r"actually processed: (\d+)", out)
    rate = re.search(r"tps = ([0-9.]+)", out)
    if done is None or rate is None:
        raise SystemExit(f"pgbench said something else:\n{out}")
    n = int(done[1])
    return {
        "done": n, "seconds": n / float(rate[1]), "client_cpu": _children() - own,
        "server_cpu": server.cpu() - before,
    }  # fmt: skip


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


class Server:
    """What the server's processes, those that ended too, have spent of the processors, in seconds; 0 without /proc."""

    def __init__(self, pid: int | None) -> None:
        self.pid = pid

    def cpu(self) -> float:
        """User and system time of the postmaster, of the children it has now and of those it had."""
        try:
            spent = 0
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit() and (fields := self._fields(entry)):
                    spent += sum(map(int, fields[11:15] if entry.name == str(self.pid) else fields[11:13]))
            return spent / TICKS
        except OSError:
            return 0.0

    def _fields(self, entry: Path) -> list[str] | None:
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return None  # it has ended meanwhile
        return fields if fields[1] == str(self.pid) or entry.name == str(self.pid) else None


# --- the comparison ---------------------------------------------------------------------------------------------------


def compare(cluster: Any, drawers: list[Drawer], given: argparse.Namespace) -> dict[str, Any]:
    from curbstop.cli import postgres

    scale = given.scale or 3 * given.clients
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as maker:
        maker.execute("create database pgbench")
    pgbench(cluster, "-i", "-q", "-s", str(scale))
    server = Server(postgres.running_pid(cluster))
    rounds: dict[str, list[dict[str, Any]]] = {"tpc_b": [], "take": []}
    loads = [os.getloadavg()[0]]
    for n in range(given.rounds):
        for side in ("tpc_b", "take") if n % 2 == 0 else ("take", "tpc_b"):
            with quiet(cluster):
                if side == "tpc_b":
                    rounds[side].append(tpc_b(cluster, given.clients, given.seconds, server))
                else:
                    rounds[side].append(take_all(drawers, f"round {n}", given.seconds, server))
        said(f"round {n + 1}: {_rate(rounds['tpc_b'][-1:]):,.0f} TPC-B/s, {_rate(rounds['take'][-1:]):,.0f} payments/s")
        loads.append(os.getloadavg()[0])
    check_books(cluster.url("city"), sum(one["taken"] for one in rounds["take"]))
    waits = sorted(wait for one in rounds["take"] for wait in one.pop("waits"))
    return {
        "clients": given.clients, "scale": scale, "rounds": rounds, "load": loads,
        "tpc_b_s": _rate(rounds["tpc_b"]), "take_s": _rate(rounds["take"]),
        "ratio": _rate(rounds["take"]) / _rate(rounds["tpc_b"]),
        "cpu_ratio": _cpu(rounds["tpc_b"]) / _cpu(rounds["take"]) if _cpu(rounds["take"]) else None,
        "cpu_ms": {
            side: {
                of: 1000 * sum(one[of] for one in found) / sum(one["done"] for one in found)
                for of in ("client_cpu", "server_cpu")
            }
            for side, found in rounds.items()
        },
        "wait_ms": {"median": 1000 * waits[len(waits) // 2], "p99": 1000 * waits[len(waits) * 99 // 100]},
    }  # fmt: skip


@contextmanager
def quiet(cluster: Any) -> Iterator[None]:
    """Begin a side with nothing left to write of the one before."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as server:
        server.execute("checkpoint")
    yield


def _rate(rounds: list[dict[str, Any]]) -> float:
    return float(sum(one["done"] for one in rounds) / sum(one["seconds"] for one in rounds))


def _cpu(rounds: list[dict[str, Any]]) -> float:
    """Seconds of the processors for one."""
    return float(sum(one["client_cpu"] + one["server_cpu"] for one in rounds) / sum(one["done"] for one in rounds))


_BOOKS = """
select (select count(*) from payments_receipt r join payments_till t on t.series_id = r.series_id),
  (select count(*) from base_event where act = 'payments.take' and not denied),
  (select count(*) from ledger_transaction where act = 'take'),
  (select count(*) from (select txn_id from ledger_posting group by txn_id, fund
    having sum(debit_cents) <> sum(credit_cents)) x),
  (select count(*) from (select s.id from payments_series s left join payments_receipt r on r.series_id = s.id
    group by s.id having coalesce(max(r.no), 0) <> count(r.no) or s.next_no <> count(r.no) + 1) x)"""


def check_books(url: str, taken: int) -> None:
    """Every payment that returned is there, once: receipt, event and transaction; balanced, numbered without a gap."""
    with psycopg.connect(url, options="-c search_path=city,public") as server:
        found = server.execute(_BOOKS).fetchone()
    if found != (taken, taken, taken, 0, 0):
        raise SystemExit(
            f"the books are wrong: {taken} taken; receipts, events, transactions, unbalanced, gaps: {found}"
        )


def profiled(drawer: Drawer, payments_: int = 600) -> None:
    """One client alone under the profiler, and the statements of one act."""
    import cProfile
    import pstats

    from curbstop.office import payments

    coming = payments_of(drawer, "profile")
    for _ in range(WARM):
        payments.take(**next(coming))
    asked: list[str] = []
    real = psycopg.Cursor.execute

    def execute(cursor: Any, query: Any, *given: Any, **more: Any) -> Any:
        asked.append(str(query))
        return real(cursor, query, *given, **more)

    psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    payments.take(**next(coming))
    psycopg.Cursor.execute = real  # type: ignore[method-assign]
    for text in asked:
        print("  ", " ".join(text.split())[:140])
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(payments_):
        payments.take(**next(coming))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"{1000 * wall / payments_:.2f} ms an act, {1000 * cpu / payments_:.2f} ms of it this process's")
    watch = cProfile.Profile()
    watch.enable()
    for _ in range(payments_):
        payments.take(**next(coming))
    watch.disable()
    pstats.Stats(watch).sort_stats("tottime").print_stats(40)


# --- what is said -----------------------------------------------------------------------------------------------------


def said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def told(found: dict[str, Any]) -> str:
    split = {
        side: f"{sum(of.values()):.2f} ms ({of['client_cpu']:.2f} client, {of['server_cpu']:.2f} server)"
        for side, of in found["cpu_ms"].items()
    }
    wait, by_cpu = found["wait_ms"], found["cpu_ratio"]
    return (
        f"{found['clients']} clients: {found['take_s']:,.0f} payments/s, TPC-B {found['tpc_b_s']:,.0f}/s;"
        f" ratio {found['ratio']:.3f} (at least {LEAST})\n"
        f"processors: a payment {split['take']}, a TPC-B {split['tpc_b']};"
        f" ratio of these {by_cpu:.3f}\n"
        f"a payment waits {wait['median']:.0f} ms, 99th percentile {wait['p99']:.0f} ms;"
        f" load {', '.join(f'{load:.1f}' for load in found['load'])}"
    )


if __name__ == "__main__":
    main()
