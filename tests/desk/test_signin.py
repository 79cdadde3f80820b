"""Signing in: the page, what it says when it refuses, and what it keeps out."""

import pytest
from django.test import Client

from tests.desk.houses import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def test_the_page_says_whose_office_it_is_and_how_long_a_sign_in_lasts() -> None:
    page = Client().get("/accounts/login/")
    assert page.status_code == 200
    assert "City of Moore" in text(page)
    assert "signed out after 60 minutes" in text(page)
    assert b"sign up" not in page.content.lower()


def test_signing_in_leads_to_today() -> None:
    client = Client()
    sent = client.post("/accounts/login/", {"login": "cleo", "password": "a town of curbs"})
    assert sent.status_code == 302 and sent["Location"] == "/"
    assert "Mon 2 Mar 2026" in text(client.get("/"))


@pytest.mark.parametrize(("login", "password"), [("cleo", "wrong"), ("nobody", "a town of curbs"), ("", "")])
def test_a_wrong_pair_is_refused_beside_the_field_without_saying_which(login: str, password: str) -> None:
    page = Client().post("/accounts/login/", {"login": login, "password": password})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode() and 'id="p-e"' in page.content.decode()


def test_after_five_wrong_tries_sign_in_rests() -> None:
    client = Client()
    for _ in range(6):
        page = client.post("/accounts/login/", {"login": "cleo", "password": "wrong"})
    assert "Too many tries" in text(page)


@pytest.mark.parametrize(
    "address", ["/", "/customers/", "/bills/", "/payments/", "/search/?q=ortiz", "/reads/", "/tills/"]
)
def test_nothing_is_shown_to_who_is_not_signed_in(address: str) -> None:
    page = Client().get(address)
    assert page.status_code == 302 and page["Location"].startswith("/accounts/login/")


def test_no_page_carries_inline_script_or_style(cleo: Client) -> None:
    """The content policy refuses them, so a page that had some would be half dead."""
    for address in ("/", "/customers/10000016/", "/bills/", "/payments/take/10000024/", "/moves/start/", "/reads/"):
        page = cleo.get(address)
        policy = page["Content-Security-Policy"]
        assert "script-src 'self'" in policy and "style-src 'self'" in policy and "unsafe" not in policy
        html = page.content.decode()
        assert "<style" not in html and " style=" not in html and " onclick=" not in html
        assert html.count("<script") == html.count('<script src="')
        assert page["Cache-Control"] == "private, no-store"
        assert len(html) < 100_000


def test_an_example_town_names_its_sign_ins_and_a_city_does_not() -> None:
    from curbstop.records.decisions.models import PolicyValue

    assert "example town" not in text(Client().get("/accounts/login/"))
    seed = PolicyValue.objects.filter(policy="bill.due_days")[0]
    seed.pk, seed.policy = None, "town.seed"
    seed.save()
    page = text(Client().get("/accounts/login/"))
    assert "This is an example town" in page and "cleo" in page and "supervisor" in page
