"""The city of office tests, raised once a session and copied for the modules that ask for it."""

from collections.abc import Iterator

import pytest

from tests.databases import TestDatabases
from tests.office import scene
from tests.office.machine import town
from tests.office.machine.watching import Watch


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The database of this module's tests is a copy of ``scene``'s city."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_office", scene.build)
        test_databases.use("template_office")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


@pytest.fixture(scope="module")
def money_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[town.Town]:  # type: ignore[no-untyped-def]
    """The machine's town in a database of this module's own; what is done there is committed."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_money", town.build)
        test_databases.use("template_money")
        watch = Watch(test_databases.url)
        yield town.Town(watch)
        watch.close()
        test_databases.use(before)
