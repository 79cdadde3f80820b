"""What every test stands on: a fixed day, a throwaway PostgreSQL, no passwords worth guessing slowly."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from hypothesis import settings

from tests import databases
from tests.databases import TestDatabases
from tests.towns import small_town as small_town

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""Monday 2 March 2026, nine in the morning in Moore: the day of every test. Only stories move it."""

ORDER = (
    "tidy",
    "rules",
    "formats",
    "golden",
    "records",
    "outside",
    "office",
    "stories",
    "simulator",
    "desk",
    "api",
    "web",
    "worker",
    "cli",
)


# No test fails for being slow: a busy machine is not a fault. Speed is measured in bench/, as ratios.
# `make test` draws the same cases for the same code, so that it says the same twice; `make laws` draws new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, print_blob=True)
settings.load_profile("new" if os.environ.get("CURBSTOP_LAWS") else "same")


def pytest_configure(config: pytest.Config) -> None:
    config.curbstop_owns_session = databases.open_session()  # type: ignore[attr-defined]
    from django.conf import settings as django_settings

    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure(config: pytest.Config) -> None:
    if getattr(config, "curbstop_owns_session", False):
        databases.close_session()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap and telling first, browsers last."""

    def place(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.relative_to(ROOT / "tests").parts[0] if item.path.is_relative_to(ROOT / "tests") else ""
        known = ORDER.index(folder) if folder in ORDER else len(ORDER)
        return (item.get_closest_marker("browser") is not None, known)

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _fixed_day() -> Iterator[None]:
    """The clock says NOW and goes on from there; what an earlier test counted (wrong passwords) is forgotten."""
    from django.core.cache import cache

    cache.clear()
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(scope="session")
def test_databases(request: pytest.FixtureRequest) -> TestDatabases:
    """The session's server, seen from this worker."""
    worker = getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    return TestDatabases(worker)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker, request: pytest.FixtureRequest) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """pytest-django's way to a database, replaced: a copy of the migrated template, fresh after a test that commits."""
    from django.db import connections
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        here: TestDatabases = request.getfixturevalue("test_databases")
        here.use(databases.EMPTY)
        TransactionTestCase._fixture_teardown = lambda case: here.renew()  # type: ignore[attr-defined]
        yield
        connections.close_all()


@pytest.fixture
def database_url(transactional_db: None, test_databases: TestDatabases) -> str:
    """A database that other processes see too: for commands, browsers and races."""
    return test_databases.url
