"""A run whose workers are killed (kill -9) at any moment, and that others take up, ends in the same rows as one
left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import TestDatabases
from tests.office import bill_town as town

pytestmark = pytest.mark.django_db(transaction=True)

CHUNK = 3  # 20 chunks of 3 accounts
LAST = "template_bills_approved"


@pytest.fixture(scope="module")
def approved(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> TestDatabases:  # type: ignore[no-untyped-def]
    """A database to copy: a run that is approved, with waiting charges, and accounts that are held."""
    with django_db_blocker.unblock():
        test_databases.make_template(LAST, _approve)
    return test_databases


def _approve() -> None:
    from curbstop.office import bills
    from curbstop.office._events import Key
    from curbstop.records.bills.models import Charge
    from curbstop.records.ledger.models import Kind
    from curbstop.records.payments.models import DepositDemand

    town.build()
    kind = Kind.objects.get(code="fee.new_service")
    for account in (5, 17, 44):
        Charge.objects.create(
            account_id=account, kind=kind, cents=2500, on=town.FEB, says="New service", authority="FAQ", event_id=1
        )
        DepositDemand.objects.create(account_id=account, cents=5000, authority="FAQ", event_id=1)
    for account in (20, 33, 34):
        town.overpay(account, 4000 * account)
    run = town.plan(chunk_size=CHUNK).run
    town.calculate(run)
    for account in (8, 30):
        bills.hold(
            key=Key(f"hold:{account}"), by=town.clerk(), at=town.at_on(town.FEB), run=run, account_id=account,
            reason="Look at the meter",
        )  # fmt: skip
    town.approve(run, town.calculate(run, again="held").figures)


@pytest.fixture
def copies(approved: TestDatabases) -> Iterator[list[str]]:
    """Names of databases made by the test; dropped after it."""
    names: list[str] = []
    yield names
    for name in names:
        approved._execute(f"drop database if exists {name} with (force)")


def copy(databases: TestDatabases, name: str, copies: list[str]) -> str:
    full = f"{name}_{databases.worker}"
    databases._execute(f"create database {full} template {LAST}")
    copies.append(full)
    return databases.cluster.url(full)


def start(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.office.bill_worker", "1"]
    environment = {**os.environ, "CURBSTOP_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "curbstop.web.settings"}
    root = Path(__file__).resolve().parent.parent.parent
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root)


def finish(worker: subprocess.Popen[str]) -> list[str]:
    said, _ = worker.communicate(timeout=120)
    assert worker.returncode == 0, said
    return said.split()


def kill_after(worker: subprocess.Popen[str], lines: int, moment: float) -> int:
    """Kill the worker ``moment`` seconds after it said so many lines; returns the chunks that it knew of."""
    assert worker.stdout is not None
    said = [worker.stdout.readline().strip() for _ in range(lines)]
    time.sleep(moment)
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=30)
    return max((int(line) for line in said if line.isdigit()), default=0)


@pytest.fixture
def undisturbed(approved: TestDatabases, copies: list[str]) -> dict[str, bytes]:
    url = copy(approved, "undisturbed", copies)
    assert finish(start(url))[-1] == "done"
    return town.dump(url)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_and_taken_up_it_ends_in_the_same_rows(
    approved: TestDatabases, copies: list[str], undisturbed: dict[str, bytes], workers: int
) -> None:
    chance = random.Random(workers)
    url = copy(approved, "killed", copies)
    reached = []
    for _ in range(4 - workers):
        team = [start(url) for _ in range(workers)]
        reached.append(max(kill_after(w, chance.randrange(1, 5), chance.uniform(0, 0.03)) for w in team))
    assert 0 < max(reached) < 20, f"the kills fell outside of the run: {reached}"
    for worker in [start(url) for _ in range(workers)]:
        assert finish(worker)[-1] == "done"
    after = town.dump(url)
    assert len(undisturbed["bills_bill"].splitlines()) == 57
    assert len(undisturbed["bills_chunkdone"].splitlines()) == 20
    assert len(undisturbed["bills_chargebilled"].splitlines()) == 3
    assert undisturbed["credit applied"].count(b"apply_credit") > 6
    for table, rows in undisturbed.items():
        assert after[table] == rows, f"{table} differs"
