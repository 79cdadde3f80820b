"""The journal in the languages of others: their own checkers add the books up and must agree."""

import csv
import io
import json
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection

from curbstop.formats.journal import DayEnds
from curbstop.office import closing, ledger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_town")]
UNTIL = date(2026, 3, 3)
BEAN_CHECK = Path(sys.executable).with_name("bean-check")
HLEDGER = shutil.which("hledger")


def written(form, from_on=date(2025, 1, 1), until_on=UNTIL):
    counted = []
    pieces = closing.write_journal(form, title="The books", from_on=from_on, until_on=until_on, counted=counted)
    return "".join(pieces), counted


def bean_check(path, text):
    path.write_text(text)
    return subprocess.run([BEAN_CHECK, "--no-cache", path], capture_output=True, text=True, check=False)


def test_beancount_agrees_to_the_cent_every_day(tmp_path):
    text, (transactions, rows, days) = written("beancount")
    with connection.cursor() as cursor:
        cursor.execute("select count(distinct txn_id), count(*) from ledger_posting")
        assert cursor.fetchone() == (transactions, rows)
    assert transactions > 100 and days > 30 and text.count(" balance ") > 10 * days
    done = bean_check(tmp_path / "books.beancount", text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_beancount_finds_a_cent(tmp_path):
    text, _ = written("beancount")
    at = text.index(" balance Assets:F51:A1210")
    wrong = text[:at] + text[at:].replace(".", ".9", 1)
    done = bean_check(tmp_path / "books.beancount", wrong)
    assert done.returncode == 1 and "Balance failed" in done.stderr
    leg = next(line for line in text.splitlines() if line.startswith("  Assets:F51:A1210"))
    account, amount, _ = leg.split()
    other = f"  {account} {amount[:-2]}{(int(amount[-2:]) + 1) % 100:02d} USD"
    done = bean_check(tmp_path / "books.beancount", text.replace(leg, other, 1))
    assert done.returncode == 1 and "does not balance" in done.stderr


def test_a_part_begins_with_where_accounts_stood(tmp_path):
    text, _ = written("beancount", from_on=date(2026, 2, 2))
    assert "Where accounts stood before" in text
    done = bean_check(tmp_path / "part.beancount", text)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(HLEDGER is None, reason="hledger is not here; continuous integration installs it by apt")
def test_hledger_agrees_to_the_cent_every_day(tmp_path):
    text, _ = written("hledger")
    path = tmp_path / "books.journal"
    path.write_text(text)
    done = subprocess.run([HLEDGER, "-f", path, "check", "balanced", "assertions", "accounts", "ordereddates"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    path.write_text(text.replace(" = ", " = 1", 1))
    done = subprocess.run([HLEDGER, "-f", path, "check"], capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_hledger_text_has_every_leg_and_where_each_account_stands():
    text, (transactions, rows, days) = written("hledger")
    legs = [line for line in text.splitlines() if line.startswith("    ") and " = " not in line]
    ends = [line for line in text.splitlines() if "Where accounts stand after the day" in line]
    assert (len(legs), len(ends)) == (rows, days)


def test_the_days_end_where_the_trial_balance_is():
    last = {}
    for one in closing.read_journal(date(2025, 1, 1), UNTIL):
        if isinstance(one, DayEnds):
            last.update(one.cents)
    trial = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(UNTIL)}
    assert last == trial


def test_csv_and_json_are_the_same_rows():
    text, (_, rows, _) = written("csv")
    listed = list(csv.DictReader(io.StringIO(text)))
    told = json.loads(written("json")[0])
    legs = [leg for entry in told["transactions"] for leg in entry["legs"]]
    assert len(listed) == len(legs) == rows
    assert [row["gl"] for row in listed] == [leg["gl"] for leg in legs]
    cents = [int(row["debit"].replace(".", "")) for row in listed]
    assert cents == [leg["debit_cents"] for leg in legs]
    assert sum(cents) == sum(leg["credit_cents"] for leg in legs)


def test_every_day_of_a_town_closes_in_order_and_the_chain_holds(small_town):
    from curbstop.office import staff
    from curbstop.office._events import Key
    from tests.books import at_on

    one, two = staff.get_actor(username="hector"), staff.get_actor(username="ruth")
    closed = []
    for on in ledger.get_open_days()[:5]:
        prepared = closing.prepare_day(key=Key(f"p{on}"), by=one, at=at_on(on, 23), on=on)
        closed.append(
            closing.close_day(
                key=Key(f"c{on}"), by=two, at=at_on(on + timedelta(1)), on=on, prepared_id=prepared.prepared_id
            )
        )
    assert [after.previous_sha256 for after in closed[1:]] == [before.sha256 for before in closed[:-1]]
    assert closing.get_proof(on=UNTIL, only={"34", "35", "37"}).holds
