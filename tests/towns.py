"""Towns for tests: raised once a session, copied for whoever asks.

``small_town``: 60 accounts that have lived three months, until the day of every test. Ask for it beside a database::

    @pytest.mark.django_db
    def test_the_account_page(client, small_town): ...

A module whose tests ask for it starts from a copy of its own; each test's changes are undone as ever.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.databases import EMPTY, TestDatabases

if TYPE_CHECKING:
    from curbstop.simulator.town import Lived

SEED, ACCOUNTS, MONTHS = 7, 60, 3
UNTIL = date(2026, 3, 2)
FEW = 12
TEMPLATE = "template_small_town"


@pytest.fixture(scope="module")
def small_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The database of this module's tests is a copy of the small town."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template(TEMPLATE, raise_small)
        test_databases.use(TEMPLATE)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def raise_small() -> "Lived":
    """The small town, in the database that Django is pointed at."""
    from curbstop.simulator import town

    lived = town.new(city="moore_ok", accounts=ACCOUNTS, seed=SEED, months=MONTHS, until=UNTIL)
    assert not lived.refusals, lived.refusals[:3]
    return lived


def raise_another(test_databases: TestDatabases, **other: object) -> "Lived":
    """A town with other numbers, in a fresh database (for a test that commits)."""
    from curbstop.simulator import town

    test_databases.use(EMPTY)
    numbers = {"city": "moore_ok", "accounts": FEW, "seed": SEED, "months": 2, "until": UNTIL} | other
    return town.new(**numbers)  # type: ignore[arg-type]
