"""The account page: everything adds up, every figure leads to what it is made of, and it is few queries."""

import re

import pytest
from django.test import Client

from curbstop.office import ledger, pages
from tests.desk.houses import account, text
from tests.office import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def page(house: int) -> pages.AccountPage:
    return pages.get_account_page(number=account(house).number, on=scene.TODAY)


@pytest.mark.parametrize("house", range(1, 7))
def test_what_is_owed_adds_up_to_the_balance_of_the_books(house: int) -> None:
    found = page(house)
    assert found.header.balance_cents == ledger.get_balance(account(house).pk)
    assert sum(document.open_cents for document in found.owed) == found.header.balance_cents
    for document in found.owed:
        assert sum(line.open_cents for line in document.lines) == document.open_cents


def test_the_states_of_bills() -> None:
    assert {bill.state for bill in page(1).bills} == {"paid"} or {b.state for b in page(1).bills} == {
        "paid",
        "paid_late",
    }
    assert {bill.state for bill in page(3).bills} == {"past_due"}
    paid_late = page(1).bills[-1]
    assert (paid_late.paid_on is not None and paid_late.paid_on > paid_late.due_on) == (paid_late.state == "paid_late")


def test_a_credit_is_a_credit_in_figures_and_words(cleo: Client) -> None:
    assert page(4).header.balance_cents == -1_000 == -page(4).header.credit_cents
    html = cleo.get(f"/customers/{account(4).number}/").content.decode()
    assert 'CR</span><span class="vh">credit</span>' in html and "held as credit" in html


def test_a_deposit_is_never_part_of_the_balance() -> None:
    found = page(2)
    assert found.header.deposit_cents == 4_000
    (deposit,) = found.deposits
    assert (deposit.asked_cents, deposit.received_cents, deposit.held_cents) == (10_000, 4_000, 4_000)


def test_the_page_shows_it_all(cleo: Client) -> None:
    said = text(cleo.get(f"/customers/{account(2).number}/"))
    for words in (
        "Leon Whitfield",
        "2 Sage Wren Dr, Moore, OK 73160",
        "Residential, renter",
        "Past due",
        "Deposit held",
        "Bill of Wed 7 Jan 2026",
        "T2-000002",
        "Residential water",
        "Opening read",
        "opened for Leon Whitfield",
    ):
        assert words in said, words


def test_every_figure_of_what_is_owed_is_a_link(cleo: Client) -> None:
    html = cleo.get(f"/customers/{account(3).number}/").content.decode()
    owed = html[html.index('id="owed"') : html.index('id="use"')]
    body = owed[: owed.index("<tfoot")]
    figures = re.findall(r'<td class="num">(.*?)</td>', body)
    assert figures and all(figure.startswith("<a href=") for figure in figures)


def test_an_account_with_nothing_says_what_would_be_there(cleo: Client) -> None:
    opened = scene.open_account("Nova Empty")
    said = text(cleo.get(f"/customers/{opened.number}/"))
    assert "Nothing is owed" in said and "No bill yet" in said and "No service yet" in said


@pytest.mark.parametrize(
    ("number", "words"),
    [("10000017", "one of them is mistyped"), ("1234", "8 digits"), ("99999997", "There is no account")],
)
def test_no_such_account_says_why(cleo: Client, number: str, words: str) -> None:
    answer = cleo.get(f"/customers/{number}/")
    assert answer.status_code == 404 and words in text(answer)


def test_a_number_with_hyphens_is_tidied(cleo: Client) -> None:
    answer = cleo.get("/customers/1000001-6/")
    assert answer.status_code == 302 and answer["Location"] == "/customers/10000016/"


@pytest.mark.parametrize("what", ["bills", "payments", "reads", "events"])
def test_the_long_lists(cleo: Client, what: str) -> None:
    assert cleo.get(f"/customers/{account(1).number}/{what}/").status_code == 200
    assert cleo.get(f"/customers/{account(1).number}/nonsense/").status_code == 404


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(19):  # session 2, user 1, frame 1, the page 13, a note that it was used 2
        cleo.get(f"/customers/{account(2).number}/")


def test_an_auditor_sees_all_and_the_buttons_say_why_they_are_closed(sign_in) -> None:  # type: ignore[no-untyped-def]
    html = sign_in("otto").get(f"/customers/{account(2).number}/").content.decode()
    assert "Auditor: reads everything, changes nothing" in html
    assert 'aria-disabled="true" tabindex="0" aria-describedby="why-payments-take-p"' in html
    assert "Only for" in html and f"/payments/take/{account(2).number}/" not in html


def test_a_note_is_kept_once(cleo: Client) -> None:
    number = account(1).number
    sent = {"key": "n-1", "text": "Called about the leak."}
    for _ in range(2):
        assert cleo.post(f"/customers/{number}/note/", sent).status_code == 302
    assert text(cleo.get(f"/customers/{number}/")).count("Called about the leak.") == 1
    empty = cleo.post(f"/customers/{number}/note/", {"key": "n-2", "text": " "})
    assert empty.status_code == 200 and "worth remembering" in text(empty)
