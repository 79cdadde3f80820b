"""How long a dry run of a year takes: ``python bench/dry_run.py --accounts 25000``.

Makes a synthetic city (bench/city.py) in a server of its own, bills one turn by the product, and copies that turn's
bills and outcomes until there are thirteen: the year of a 28-day cycle. Then a draft of two tariffs (dearer water, and
sewer with a season, which has to be rated period by period) is tried on the whole year, and the best of three
is printed. Exit code 1 when it takes longer than 5 seconds for each 25,000 accounts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TURNS = 13
SECONDS = 5
OF_ACCOUNTS = 25_000
TARIFFS = ROOT / "curbstop" / "cities" / "moore_ok" / "tariffs"
_COPY = """
insert into bills_run (cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id)
  select cycle_id, read_on + %(n)s * 28, bill_on + %(n)s * 28, due_on + %(n)s * 28, at, by_id, event_id, finish_event_id
  from bills_run where id = %(run)s returning id
"""
_COPIES = """
insert into bills_bill (id, account_id, txn_id, run_id, total_cents, previous_cents, chunk_no, from_on, until_on,
    due_on)
  select id + %(n)s * 100000000::bigint, account_id, txn_id, %(new)s, total_cents, previous_cents, chunk_no,
    from_on + %(n)s * 28, until_on + %(n)s * 28, due_on + %(n)s * 28 from bills_bill where run_id = %(run)s;
insert into bills_outcome (run_id, agreement_id, account_id, bill_id, from_read_id, to_read_id, usage_gal, average_gal,
    cents, owner_id, from_on, until_on, chunk_no, items, prorate_days, code)
  select %(new)s, agreement_id, account_id, bill_id + %(n)s * 100000000::bigint, from_read_id, to_read_id, usage_gal,
    average_gal, cents, owner_id, from_on + %(n)s * 28, until_on + %(n)s * 28, chunk_no, items, prorate_days, code
  from bills_outcome where run_id = %(run)s and code = 'billed'
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=OF_ACCOUNTS)
    options.add_argument("--profile", action="store_true", help="where the time goes")
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    from bench import bill_run
    from curbstop.cli import database, postgres

    with tempfile.TemporaryDirectory(prefix="curbstop-bench-") as folder:
        cluster = postgres.prepare(Path(folder), settings={})
        postgres.start(cluster)
        try:
            database.make_database(cluster.url("city"), "city")
            bill_run.open_city(cluster.url("city"))
            seconds = measure(cluster.url("city"), given.accounts)
        finally:
            postgres.stop(cluster)
    sys.exit(0 if seconds * OF_ACCOUNTS <= SECONDS * max(given.accounts, OF_ACCOUNTS) else 1)


def measure(url: str, accounts: int) -> float:
    """Make the year, try the draft three times; the best of them in seconds."""
    from django.core.management import call_command
    from django.db import connection

    from bench import bill_run, city
    from curbstop.office import tariffs

    call_command("migrate", verbosity=0, interactive=False)
    town = city.build(accounts)
    run = bill_run.bill(town, city.BILLS[1], 1, url)["run"]
    with connection.cursor() as cursor:
        for n in range(1, TURNS):
            cursor.execute(_COPY, {"n": n, "run": run})
            cursor.execute(_COPIES, {"n": n, "run": run, "new": cursor.fetchone()[0]})
        cursor.execute("analyze")
        cursor.execute("select count(*) from bills_outcome where code = 'billed'")
        services = cursor.fetchone()[0]
    text = draft()
    best = 1e9
    if "--profile" in sys.argv:
        import cProfile

        with cProfile.Profile() as profile:
            tariffs.try_draft(text=text, file="draft", from_on=date(2026, 1, 1), until_on=date(2027, 12, 31))
        profile.print_stats("cumtime")
    for _ in range(3):
        began = time.perf_counter()
        found = tariffs.try_draft(text=text, file="draft", from_on=date(2026, 1, 1), until_on=date(2027, 12, 31))
        best = min(best, time.perf_counter() - began)
    bills = sum(row.bills + row.unrated for row in found.services)
    print(f"{accounts:,} accounts, {TURNS} turns, {services:,} services billed, {bills:,} looked at")
    print(f"change {found.change_cents / 100:,.2f} of {found.now_cents / 100:,.2f}; {len(found.most_more)} lists full")
    print(f"dry run of the year: {best:.2f} s (at most {SECONDS} s for {OF_ACCOUNTS:,} accounts)")
    return best


def draft() -> str:
    """Moore's water a fifth dearer in the first tier, and its sewer surcharge in summer only."""
    water = (TARIFFS / "water.yaml").read_text().split("\n---")[0].replace('rate: "5.02"', 'rate: "6.02"')
    sewer = (TARIFFS / "sewer.yaml").read_text().split("\n---")[0]
    dated = sewer.replace("    examples:", '      - {name: summer, flat: "1.00", months: [6, 7, 8]}\n    examples:')
    return f"{water}\n---\n{dated}"


if __name__ == "__main__":
    main()
