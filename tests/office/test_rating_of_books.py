"""Over the books: an issued bill, cancelled and billed again from what was kept with it, comes to nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.office import bills
from curbstop.records.bills.models import Bill, Outcome
from tests.databases import TestDatabases
from tests.office import bill_town as town
from tests.office.bill_town import FEB
from tests.office.test_facts import adopt, everybody_but

pytestmark = pytest.mark.django_db

HOMES = [n for n in range(1, 60) if n % 20 != 7 and n != 41]


@pytest.fixture(scope="module", autouse=True)
def asking_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The town with rates that ask for households, areas and weather, read and not yet billed."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_asking", live)
        test_databases.use("template_asking")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def live() -> None:
    town.build()
    adopt()
    everybody_but()


HOUSEHOLD = st.tuples(
    st.integers(0, 90_000), st.integers(-1, 15_000), st.integers(0, 4), st.integers(0, 12), st.integers(1, 5),
    st.sampled_from(["", "low", "high"]),
)  # fmt: skip
"""Gallons, average (-1: none), carts, people, units, pressure zone."""


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(HOUSEHOLD, min_size=12, max_size=12))
def test_cancel_and_rebill_with_the_same_inputs_is_nothing(homes: list[tuple[int, int, int, int, int, str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("savepoint before")
        try:
            for account, home in zip(HOMES, homes, strict=False):
                _set(account, home)
            town.run_bills(FEB)
            left = _posted()
            assert left, "nothing was billed"
            _cancel_and_rebill(left)
            assert not any(left.values()), {key: cents for key, cents in left.items() if cents}
            assert bills.rerate_all().holds
        finally:
            cursor.execute("rollback to savepoint before")


def _set(account: int, home: tuple[int, int, int, int, int, str]) -> None:
    gal, average, carts, people, units, zone = home
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            "update meters_read set usage_gal = %s where service_point_id = %s and read_on = '2026-02-03'",
            [gal, account * 4],
        )
        cursor.execute("delete from meters_average where agreement_id = %s", [account * 4 + 1])
        if average >= 0:
            cursor.execute(
                "insert into meters_average (agreement_id, during, gal, reads, event_id)"
                " values (%s, '[2025-04-01,2026-04-01)', %s, '{}', 1)",
                [account * 4 + 1, average],
            )
        cursor.execute("update customers_agreement set items = %s where id = %s", [carts, account * 4 + 2])
        for name, value in (("people", str(people)), ("units", str(units)), ("pressure_zone", zone)):
            cursor.execute(
                "insert into bills_fact (account_id, name, value, from_on, event_id) values (%s, %s, %s, %s, 1)",
                [account, name, value, date(2026, 1, 1)],
            )
        cursor.execute("set session_replication_role = origin")


def _posted() -> Counter[tuple[int, str]]:
    """What stands on the receivable: cents by bill and kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.document_id, k.code, sum(p.debit_cents - p.credit_cents)::bigint from ledger_posting p"
            " join ledger_kind k on k.id = p.kind_id where p.sub = 2 and p.document_id is not null group by 1, 2"
        )
        return Counter({(document, kind): cents for document, kind, cents in cursor.fetchall()})


def _cancel_and_rebill(left: Counter[tuple[int, str]]) -> None:
    """Every bill's lines taken off as it is rated again from what was kept with it."""
    for bill in Bill.objects.values_list("id", flat=True):
        found = bills.explain(bill)
        for service in found.services:
            for line in service.lines:
                left[bill, line.kind] -= line.cents
        for charge in found.charges:
            left[bill, charge.kind] -= charge.cents
    assert Outcome.objects.filter(code="billed").exists()
