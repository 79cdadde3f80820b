"""Averages made by a tariff's own rule: in the bill run, on the bill, in the dry run of a draft."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection

from bench import city
from curbstop.office import bills, ledger, reads, tariffs
from curbstop.office._events import Key
from curbstop.records.bills.models import Bill, Given, Outcome
from curbstop.records.meters.models import Average, Read
from tests.databases import TestDatabases
from tests.office import bill_town as town
from tests.office.bill_town import FEB, MARCH

pytestmark = pytest.mark.django_db

APRIL = date(2026, 4, 1)
RULE = "{months: [2, 3], needs: 1, without: 6000 gal, reset: 03-20}"
SEWER = """
code: S-RES
service: sewer
class: residential
name: Residential sewer
authority: Ordinance 12
per_days: 28
versions:
  - from: 2026-03-03
    average: %s
    lines:
      - name: sewer
        kind: sewer.volume
        says: Sewer
        per: 1000 gal
        rate: "3.45"
        volume: {lower_of: [usage, average]}
      - {name: surcharge, kind: sewer.surcharge, says: Surcharge, flat: "17.75", prorate: by_day}
    examples:
      - {says: new here, usage: 7000 gal, from: 2026-03-03, until: 2026-03-31, total: "38.45"}
"""


@pytest.fixture(scope="module", autouse=True)
def spring(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The town with its bills of February and March by the averages that the office set, and of April by the
    tariff's rule."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_spring", live)
        test_databases.use("template_spring")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def live() -> None:
    town.build()
    town.run_bills(FEB)
    town.run_bills(MARCH)
    city.read(date(2026, 3, 31), 3)
    ledger.open_day(key=Key("april"), by=town.system(), at=town.at_on(APRIL), on=APRIL)
    tariffs.adopt(key=Key("sewer"), by=town.system(), at=town.at_on(MARCH), file="s.yaml", text=SEWER % RULE)
    town.run_bills(APRIL)


def outcome(account: int, on: date = APRIL) -> Outcome:
    return Outcome.objects.get(run__bill_on=on, agreement_id=account * 4 + 1)


def bill_of(account: int) -> int:
    return Bill.objects.get(account_id=account, run__bill_on=APRIL).id


def used(account: int, read_on: date) -> int:
    return Read.objects.get(service_point_id=account * 4, read_on=read_on, kind="regular").usage_gal


def test_the_bill_run_makes_the_average_from_the_reads() -> None:
    """The use read on 3 February began with the agreement, so that it is not whole; that of 3 March is the one."""
    for account in (1, 2, 4, 5, 10, 33):
        row = outcome(account)
        average = used(account, date(2026, 3, 3))
        assert (row.code, row.average_gal) == ("billed", average), account
        billed = min(row.usage_gal, average)
        assert row.cents == (billed * 345 + 500) // 1000 + 1775


def test_before_the_tariff_says_how_the_average_is_as_the_office_set_it() -> None:
    row = outcome(1, MARCH)
    assert row.average_gal == Average.objects.get(agreement_id=5).gal


def test_who_has_no_use_yet_has_what_counts_without() -> None:
    row = outcome(41)
    assert row.average_gal == -1
    assert row.cents == (min(row.usage_gal, 6000) * 345 + 500) // 1000 + 1775
    assert Given.objects.get(run__bill_on=APRIL, agreement_id=41 * 4 + 1).average["uses"] == []


def test_the_bill_keeps_and_says_what_the_average_was_made_from() -> None:
    found = bills.explain(bill_of(1))
    sewer = next(service for service in found.services if service.service == "sewer")
    line = sewer.lines[0]
    gal = used(1, date(2026, 3, 3))
    made = next(step for step in line.steps if step.what == "average_of")
    assert made.how == f"{gal:,} gal to Tue 3 Mar 2026" and f"It was made from {gal:,} gallons." in line.spoken
    why = bills.why_different(bill_of(1))
    assert why.difference and sum(part.cents for part in why.difference.parts) == why.difference.cents


def test_a_read_corrected_later_changes_no_issued_bill() -> None:
    before = bills.explain(bill_of(1))
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            "update meters_read set usage_gal = usage_gal + 5000 where service_point_id = 4 and read_on = '2026-03-03'"
        )
        cursor.execute("set session_replication_role = origin")
    after = bills.explain(bill_of(1))
    assert [service.cents for service in after.services] == [service.cents for service in before.services]
    assert bills.rerate_all().holds


def test_a_draft_makes_its_own_averages_over_history() -> None:
    days = {"from_on": APRIL, "until_on": date(2026, 5, 1)}
    now = tariffs.try_draft(text=SEWER % RULE, file="s.yaml", **days)
    assert now.change_cents == 0 and not now.unrated
    none = tariffs.try_draft(text=SEWER % RULE.replace("needs: 1", "needs: 2"), file="s.yaml", **days)
    rows = Outcome.objects.filter(run__bill_on=APRIL, code="billed", agreement__tariff="S-RES")
    would = sum((min(row.usage_gal, 6000) * 345 + 500) // 1000 for row in rows)
    was = sum(row.cents for row in rows)
    sewer = next(row for row in none.services if (row.service, row.customer_class) == ("sewer", "residential"))
    surcharges = was - sum((min(r.usage_gal, r.average_gal if r.average_gal >= 0 else 6000) * 345 + 500) // 1000
                           for r in rows)  # fmt: skip
    assert sewer.would_cents == would + surcharges


def test_the_office_sets_no_average_where_the_tariff_makes_it() -> None:
    before = Average.objects.count()
    found = reads.set_averages(key=Key("set"), by=town.supervisor(), at=town.at_on(APRIL), on=date(2026, 4, 2))
    assert (found.set, found.there) == (0, 0) and Average.objects.count() == before
