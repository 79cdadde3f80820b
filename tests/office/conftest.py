"""The city of office tests, raised once a session and copied for the modules that ask for it."""

from collections.abc import Iterator

import pytest

from tests.databases import TestDatabases
from tests.office import scene


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
