"""The one search box: whatever was typed finds the account, as it is typed; what was meant is found as well."""

import pytest
from django.test import Client

from curbstop.office import search
from curbstop.records.customers.models import Customer, Finding
from tests.desk.conftest import HTMX
from tests.desk.houses import account, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.mark.parametrize(
    "typed",
    [
        "rosa ortiz", "Ortiz Rosa", "ORTÍZ", "ort", "ortiz sage", "1 sage wren", "1 Sage Wren Drive", "sage 1 ortiz",
        "10000016", "1000001-6", "100000", "40000001", "4000 0001",
        "ortis", "oritz", "otiz", "ortizz", "roza ortiz", "oritz sgae",
    ],
)  # fmt: skip
def test_anything_typed_finds_rosa_first(typed: str) -> None:
    found = search.find(typed)
    assert found.hits, typed
    assert account(1).number in [hit.number for hit in found.hits]
    if "ort" in typed.lower():
        assert found.hits[0].name == "Rosa M. Ortiz"


@pytest.mark.parametrize("typed", ["405-555-0142", "(405) 555 0142", "+1 405 555 0142", "5550142", "0142", "405555"])
def test_a_phone_finds_however_it_is_written(typed: str) -> None:
    Customer.objects.filter(name="Leon Whitfield").update(phone="+14055550142")
    search.refresh([account(2).pk])
    (hit,) = search.find(typed).hits
    assert hit.name == "Leon Whitfield" and hit.by == "phone 405-555-0142"


def test_a_meter_finds_and_says_so() -> None:
    (hit,) = search.find("40000002").hits
    assert hit.name == "Leon Whitfield" and hit.by == "meter 40000002"


def test_the_marks_are_where_the_letters_are() -> None:
    (hit, *_) = search.find("ortiz sage").hits
    assert [hit.name[a:b] for a, b in hit.name_marks] == ["Ortiz"]
    assert [hit.address[a:b] for a, b in hit.address_marks] == ["Sage"]


def test_a_slip_says_that_it_is_one() -> None:
    assert search.find("ortis").meant and not search.find("ortiz").meant
    assert search.find("zzzzqq").hits == ()


@pytest.mark.parametrize(
    "typed", ["", " ", "o", "%", "_", "%%", "'; drop table x --", "\\", "🌊", "a" * 500, "\x00ortiz"]
)
def test_nothing_typed_breaks_it(typed: str) -> None:
    search.find(typed)


def test_active_ones_stand_before_closed_ones() -> None:
    Finding.objects.filter(account=account(1)).update(active=False)
    hits = search.find("sage wren").hits
    assert [hit.active for hit in hits] == [True] * (len(hits) - 1) + [False]


def test_refreshing_again_writes_nothing() -> None:
    before = Finding.objects.get(account=account(1)).words
    search.refresh([account(1).pk])
    search.refresh([])
    assert Finding.objects.get(account=account(1)).words == before == " rosa m ortiz 1 sage wren dr 73160 40000001 "


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("robinson", "tobinson"),
        ("sage", "saeg"),
        ("sage", "sge"),
        ("sage", "saage"),
        ("ortiz", "ortis"),
        ("ortiz", "oritz"),
    ],
)
def test_slips_are_one_letter_away(word: str, near: str) -> None:
    assert search._is_near(near, word)


@pytest.mark.parametrize(
    ("word", "far"), [("sage", "page"), ("sage", "gasa"), ("sage", "sagebrush"), ("ortiz", "oster")]
)
def test_two_letters_away_is_another_word(word: str, far: str) -> None:
    assert not search._is_near(far, word)


def test_the_box_answers_with_a_list_that_keys_go_through(cleo: Client) -> None:
    part = cleo.get("/search/", {"q": "sage"}, **HTMX)
    html = part.content.decode()
    assert "<html" not in html and html.count('role="option"') == 6 and 'data-q="sage"' in html
    assert "<mark>Sage</mark>" in html


def test_enter_opens_the_only_one(cleo: Client) -> None:
    sent = cleo.get("/search/", {"q": "whitfield"})
    assert sent.status_code == 302 and sent["Location"] == f"/customers/{account(2).number}/"


def test_the_page_of_all_and_of_none(cleo: Client) -> None:
    assert "6 accounts" in text(cleo.get("/search/", {"q": "sage wren"}))
    none = text(cleo.get("/search/", {"q": "zzzzqq"}))
    assert "Nobody found" in none and "Start a service" in none


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(8):
        cleo.get("/search/", {"q": "sage"}, **HTMX)
