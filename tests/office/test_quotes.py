"""What an account would pay for a use; and that desk, JSON, CLI and telephone explain a line in the same words."""

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from curbstop.office import bills
from curbstop.office._once import Refused
from curbstop.records.base.models import User
from curbstop.records.bills.models import Bill, Outcome
from tests.cli.commands import curbstop
from tests.databases import TestDatabases
from tests.office import bill_town as town
from tests.office.bill_town import FEB, MARCH

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module", autouse=True)
def billed(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_quotes", live)
        test_databases.use("template_quotes")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def live() -> None:
    town.build()
    town.run_bills(FEB)
    town.run_bills(MARCH)


def number(account: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select number from customers_account where id = %s", [account])
        return str(cursor.fetchone()[0])


def bill_of(account: int, on: date = MARCH) -> int:
    return Bill.objects.get(account_id=account, run__bill_on=on).id


def test_the_use_of_a_bill_comes_to_the_bill() -> None:
    """Every kind of account: with and without an average, with a sprinkler, two carts, a business."""
    for account in (1, 2, 3, 5, 7, 9, 18, 23):
        rows = {row.agreement_id % 4: row for row in Outcome.objects.filter(account_id=account, run__bill_on=MARCH)}
        irrigation = rows[3].usage_gal if 3 in rows else 0
        found = bills.quote(number=number(account), gal=rows[0].usage_gal, irrigation_gal=irrigation, on=DAY)
        assert found.total_cents == sum(row.cents for row in rows.values()) and found.whole, account
        assert all(sum(line.cents for line in service.lines) == service.cents for service in found.services)


def test_by_hand_and_aloud() -> None:
    """9.50 + 9 x 5.02; sewer on the average of 3,500; the surcharge; one cart."""
    found = bills.quote(number=number(1), gal=9000, on=DAY)
    assert [(s.service, s.cents) for s in found.services] == [("water", 5468), ("sewer", 2983), ("sanitation", 1150)]
    assert found.spoken == (
        "9,000 gallons on a full bill would be $96.01: water $54.68, sewer $29.83 and sanitation $11.50."
    )


def test_what_cannot_be_worked_out_is_said() -> None:
    for given, words in (
        ({"number": "1"}, "no account 1"),
        ({"gal": -1}, "no use of one bill"),
        ({"on": date(2020, 1, 1)}, "Nothing is served"),
    ):
        with pytest.raises(Refused, match=words):
            bills.quote(**{"number": number(1), "gal": 1, "on": DAY, **given})
    business = bills.quote(number=number(7), gal=9000, on=DAY)
    assert business.spoken.startswith("9,000 gallons")


def desk() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="dana"))
    return client


def seen(client: Client, at: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", client.get(at).content.decode()))


def test_the_calculator_for_an_account_at_the_desk() -> None:
    at = f"/tariffs/calculator/?account={number(1)}"
    assert "What would it pay" in seen(desk(), at)
    said = seen(desk(), f"{at}&usage=9,000")
    assert "would be $96.01" in said and "$96.01 for 9" in " ".join(said.split())
    assert "There is no account 12" in seen(desk(), "/tariffs/calculator/?account=12&usage=1")
    assert "not a whole number" in seen(desk(), f"{at}&usage=x")


def test_a_line_is_explained_in_the_same_words_everywhere(test_databases: TestDatabases, tmp_path: Path) -> None:
    bill = bill_of(3)
    found = bills.explain(bill)
    page = " ".join(seen(desk(), f"/bills/{bill}/").split())
    for paragraph in found.spoken:
        assert " ".join(paragraph.split()) in page, paragraph
    database = {"CURBSTOP_DATABASE_URL": test_databases.url}
    told = json.loads(curbstop("bills", "explain", found.number, "--json", home=tmp_path, **database).stdout)
    assert tuple(told["spoken"]) == found.spoken
    lines = [line for service in told["bill"]["services"] for line in service["lines"] if line["cents"]]
    assert [line["spoken"] for line in lines] == list(found.spoken)[: len(lines)]
    aloud = curbstop("bills", "explain", found.number, "--aloud", "--why", home=tmp_path, **database).stdout
    why = bills.why_different(bill)
    assert why.difference is not None
    assert aloud == "".join(f"{paragraph}\n\n" for paragraph in found.spoken) + f"{why.difference.spoken}\n"


def test_quote_and_facts_on_the_command_line(test_databases: TestDatabases, tmp_path: Path) -> None:
    database = {"CURBSTOP_DATABASE_URL": test_databases.url}

    def run(*words: str) -> tuple[int, str, str]:
        done = curbstop("tariff", *words, home=tmp_path, **database)
        return done.returncode, done.stdout, done.stderr

    found = bills.quote(number=number(1), gal=9000, on=DAY)
    code, out, _ = run("quote", number(1), "--usage", "9 kgal", "--on", "2026-03-02", "--json")
    assert code == 0 and json.loads(out)["total_cents"] == 9601 and json.loads(out)["spoken"] == found.spoken
    code, out, _ = run("quote", number(1), "--usage", "9000", "--on", "2026-03-02", "--aloud")
    assert (code, out) == (0, f"{found.spoken}\n")
    code, _, err = run("quote", "12", "--usage", "1")
    assert code == 1 and "There is no account 12" in err and "Traceback" not in err
    sheet = tmp_path / "facts.csv"
    sheet.write_text("of,which,name,value\npremise,1,people,5\n")
    code, _, err = run("facts", str(sheet), "--from", "2026-03-01", "--by", "sam")
    assert code == 1 and "asks for 'people'" in err and "Traceback" not in err
    sheet.write_text("of,name,value\n")
    code, _, err = run("facts", str(sheet), "--from", "2026-03-01", "--by", "sam")
    assert code == 1 and "no column which" in err


def test_against_a_year_ago_in_the_words_for_it() -> None:
    from curbstop.rules.bills import YEAR, Billed, OneTime, Rated, why_different
    from curbstop.rules.tariffs import read_tariffs

    text = Path(town.__file__).parents[2] / "curbstop" / "cities" / "moore_ok" / "tariffs" / "water.yaml"
    water = read_tariffs(text.read_text().split("\n---")[0], file="w")[0]
    then = Rated("water", water, date(2026, 1, 6), date(2026, 2, 3), gal=5000)
    now = Rated("water", water, date(2027, 1, 5), date(2027, 2, 2), gal=8000)
    last = Billed(date(2026, 2, 4), (then,), (OneTime("New-service fee", 2500),))
    found = why_different(Billed(date(2027, 2, 3), (now,)), last, against=YEAR)
    assert sum(part.cents for part in found.parts) == found.cents == 3 * 502 - 2500
    told = " ".join([found.spoken, *(part.says for part in found.parts), *(how for p in found.parts for how in p.how)])
    assert "than the one a year ago" in told and "last" not in told
