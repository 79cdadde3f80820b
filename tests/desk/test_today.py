"""Today: what waits, the day to open, the keys."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from tests.conftest import NOW
from tests.desk.conftest import HTMX
from tests.desk.houses import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def test_what_waits_is_named_with_a_key_each(cleo: Client) -> None:
    page = cleo.get("/")
    said = text(page)
    for words in (
        "2 reads wait for a decision",
        "2 meters of cycle 1 not read",
        "waits for review and approval",
        "Rosa M. Ortiz",
        "142.00",
        "Cycle 1",
        "Tue 3 Mar 2026",
    ):
        assert words in said, words
    assert 'data-key="1"' in page.content.decode()


def test_the_day_is_opened_by_who_may(sign_in) -> None:  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW + timedelta(days=1), tick=True):
        cleo, fay = sign_in("cleo"), sign_in("fay")
        assert "Tue 3 Mar 2026 is not open" in text(cleo.get("/"))
        assert "Only for" in text(cleo.get("/"))
        assert "may not do this" in text(cleo.post("/day/open/", {"key": "d-0"}, follow=True))
        assert "The accounting day is open" in text(fay.post("/day/open/", {"key": "d-1"}, follow=True))
        assert "is not open" not in text(cleo.get("/"))


def test_the_keys_as_a_page_and_as_a_dialog(cleo: Client) -> None:
    assert "Ctrl Enter" in text(cleo.get("/keys/"))
    assert "<html" not in cleo.get("/keys/", **HTMX).content.decode()


def test_an_address_that_is_none(cleo: Client) -> None:
    answer = cleo.get("/no/such/room/")
    assert answer.status_code == 404 and "There is no page at this address" in text(answer)


def test_a_form_without_its_token_is_refused_in_words(sign_in) -> None:  # type: ignore[no-untyped-def]
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/tills/open/", {"till": "T1"})
    assert answer.status_code in (302, 403)


@pytest.mark.parametrize("name", ["cleo", "sue", "finn", "cass", "otto", "fay"])
@pytest.mark.parametrize(
    "address", ["/", "/customers/", "/payments/", "/tills/", "/reads/", "/bills/", "/tariffs/", "/moves/start/"]
)
def test_everybody_may_look_at_everything(sign_in, name: str, address: str) -> None:  # type: ignore[no-untyped-def]
    assert sign_in(name).get(address).status_code == 200


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(18):  # fifteen, and one each for holds, cases and whose work is covered
        cleo.get("/")
