"""The street of desk tests, raised once a session and copied for the modules that ask for it; people signed in."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from tests.databases import TestDatabases
from tests.desk import street as lives
from tests.desk.browser import browser as browser
from tests.desk.browser import open_as as open_as


@pytest.fixture(scope="module")
def street(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The database of this module's tests is a copy of the street."""
    import time_machine

    from tests.conftest import NOW

    def raise_it() -> None:
        with time_machine.travel(NOW, tick=True):
            lives.raise_street()

    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_street", raise_it)
        test_databases.use("template_street")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A browser that one of the street's people is signed in on: cleo, cass, sue, otto."""
    from curbstop.records.base.models import User

    def sign(name: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client

    return sign


@pytest.fixture
def cleo(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("cleo")


HTMX = {"HTTP_HX_REQUEST": "true"}
