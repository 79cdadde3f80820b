"""Towns for tests: raised once a session, copied for whoever asks.

``small_town``: 60 accounts that have lived three months, until the day of every test. Ask for it beside a database::

    @pytest.mark.django_db
    def test_the_account_page(client, small_town): ...

A module whose tests ask for it starts from a copy of its own; each test's changes are undone as ever.
"""

from collections.abc import Iterator
from datetime import date

import pytest

from tests.databases import TestDatabases

SEED, ACCOUNTS, MONTHS = 7, 60, 3
UNTIL = date(2026, 3, 2)


@pytest.fixture(scope="module")
def small_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The database of this module's tests is a copy of the small town."""
    from curbstop.simulator import town

    def raise_it() -> None:
        town.new(city="moore_ok", accounts=ACCOUNTS, seed=SEED, months=MONTHS, until=UNTIL)

    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_small_town", raise_it)
        test_databases.use("template_small_town")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)
