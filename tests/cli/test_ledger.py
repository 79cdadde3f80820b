"""`curbstop ledger` and `curbstop accounts statement`: what an auditor asks for at a terminal."""

import json

import pytest
from click.testing import CliRunner

from curbstop.cli import database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_town")]


@pytest.fixture
def run(monkeypatch):
    from contextlib import nullcontext

    from curbstop.cli import curbstop_command

    monkeypatch.setattr(database, "city", nullcontext)  # the test's own database is open already
    return lambda *args: CliRunner().invoke(curbstop_command, list(args))


def a_number():
    from curbstop.records.customers.models import Account

    return Account.objects.order_by("id").first().number


def test_the_journal_goes_into_a_file(run, tmp_path):
    out = tmp_path / "books.beancount"
    done = run("ledger", "export", "--format", "beancount", "-o", str(out))
    assert done.exit_code == 0 and "transactions" in done.output
    assert out.read_text().startswith('option "title" "The books of City of Moore"')
    shown = run("ledger", "export", "--format", "csv", "--from", "2026-03-01")
    assert shown.output.startswith("transaction,day,effective")


def test_days_and_files(run):
    told = json.loads(run("ledger", "days", "--json", "--limit", "3").output)
    assert len(told) == 3 and told[0]["state"] == "open"
    sent = run("ledger", "file").output
    assert len(sent.splitlines()) == 2 and "moore_ok-20260130-2" in sent and "taken as JE 2601" in sent
    assert run("ledger", "file", "moore_ok-20260130-2").output.startswith("H,")
    missing = run("ledger", "file", "moore_ok-1")
    assert missing.exit_code == 1 and "There is no general-ledger file" in str(missing.exception or missing.output)


def test_the_statement_of_an_account_as_known_then(run):
    number = a_number()
    told = json.loads(
        run("accounts", "statement", number, "--as-of", "2026-02-01", "--known", "2026-02-01", "--json").output
    )
    assert (told["as_of"], told["known_on"], told["number"]) == ("2026-02-01", "2026-02-01", number)
    assert told["opening_cents"] + told["charges_cents"] - told["credits_cents"] == told["closing_cents"]
    assert sum(item["open_cents"] for item in told["items"]) == told["closing_cents"]
    shown = run("accounts", "statement", number)
    assert shown.exit_code == 0 and "Closing" in shown.output
    assert run("accounts", "statement", "99999999").exit_code == 1
