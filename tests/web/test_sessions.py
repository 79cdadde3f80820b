"""Who gets in, for how long, and what a browser may keep."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.conftest import NOW

PASSWORD = "a long way to the river"
pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client: Client) -> Client:
    get_user_model().objects.create_user("clerk", password=PASSWORD, roles=["csr"])
    answer = client.post("/accounts/login/", {"login": "clerk", "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("path", ["/", "/customers/", "/search/?q=a"])
def test_nothing_is_shown_to_a_stranger(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")


def test_a_wrong_password_tells_nothing(clerk: Client) -> None:
    """The same words, whether the name exists or not."""
    texts = []
    for name in ("clerk", "nobody-here"):
        page = Client().post("/accounts/login/", {"login": name, "password": "wrong wrong wrong"}).content.decode()
        texts.append(re.sub(r'<input type="hidden"[^>]*>', "", page).replace(name, "NAME"))
    assert "does not match" in texts[0]
    assert texts[0] == texts[1]


def test_guessing_is_slowed(clerk: Client) -> None:
    answers = [Client().post("/accounts/login/", {"login": "clerk", "password": f"guess {n}"}) for n in range(12)]
    assert any(answer.status_code == 429 or b"Too many" in answer.content for answer in answers)


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_the_doors_of_the_public_are_not_there(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_a_page_seen_when_signed_in_is_kept_by_no_cache(clerk: Client) -> None:
    assert clerk.get("/keys/")["Cache-Control"] == "private, no-store"


def test_an_idle_sign_in_ends(clerk: Client) -> None:
    with time_machine.travel(NOW + timedelta(minutes=settings.IDLE_MINUTES - 1), tick=False):
        clerk.get("/keys/")
        assert signed_in(clerk)
    with time_machine.travel(NOW + timedelta(minutes=2 * settings.IDLE_MINUTES - 2), tick=False):
        clerk.get("/keys/")
        assert signed_in(clerk), "the clock begins again with each request"
    with time_machine.travel(NOW + timedelta(minutes=3 * settings.IDLE_MINUTES), tick=False):
        assert clerk.get("/keys/").status_code == 302
        assert not signed_in(clerk)


def test_a_busy_one_ends_with_the_day(clerk: Client) -> None:
    begun = NOW
    for minutes in range(0, settings.SESSION_COOKIE_AGE // 60, 30):
        with time_machine.travel(begun + timedelta(minutes=minutes), tick=False):
            clerk.get("/keys/")
            assert signed_in(clerk)
    with time_machine.travel(begun + timedelta(seconds=settings.SESSION_COOKIE_AGE + 60), tick=False):
        assert clerk.get("/keys/").status_code == 302


def test_signing_out_is_a_post(clerk: Client) -> None:
    clerk.get("/accounts/logout/")
    assert signed_in(clerk)
    clerk.post("/accounts/logout/")
    assert not signed_in(clerk)


def test_cookies_are_not_for_scripts(client: Client, clerk: Client) -> None:
    cookie = clerk.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_health_is_told_without_signing_in(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
