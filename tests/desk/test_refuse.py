"""Refuse and the account audit on the desk: what is watched, one hauler, one account, a finding and its correction."""

import pytest
from django.test import Client

from curbstop.office import refuse
from curbstop.records.customers.models import Account
from curbstop.records.ledger.models import Request
from curbstop.records.orders.refuse import CartChange, Voucher
from tests.desk.houses import text
from tests.office.scene import TODAY, at_on, by, key, premise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def first() -> tuple[int, str]:
    """A premise with somebody in it, and the account's number."""
    account = Account.objects.filter(agreements__service_point__premise_id=premise(1)).first()
    assert account is not None
    return account.pk, account.number


def test_what_is_watched_says_what_to_do_where_nothing_is(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(30):
        page = text(cleo.get("/orders/refuse/"))
    assert "A private hauler needs a request" in page and "No calls yet" in page and "(Moore City Code 17-207)" in page


def test_carts_are_counted_and_a_voucher_is_printed(cleo: Client) -> None:
    id, number = first()
    page = f"/customers/{number}/refuse/"
    assert "nobody counted what stands there" in text(cleo.get(page))
    assert "0 of 2 used" in text(cleo.get(page))
    form = {"key": "c-1", "do": "count", "count": "2", "words": "by the route"}
    for _ in range(2):
        assert cleo.post(page, form).status_code == 302
    assert CartChange.objects.get().left == 2
    assert "The bill has 1, and 2 stand there" in text(cleo.get(page))
    wrong = cleo.post(page, {**form, "key": "c-2", "count": "many"})
    assert wrong.status_code == 422 and CartChange.objects.count() == 1
    assert cleo.post(page, {"key": "v-1", "do": "voucher"}).status_code == 302
    made = Voucher.objects.get()
    paper = cleo.get(f"/customers/{number}/refuse/{made.pk}.pdf")
    assert paper.status_code == 200 and paper.content.startswith(b"%PDF")
    assert "was handed out on" in text(cleo.post(page, {"key": "v-2", "do": "voucher"}))
    assert Account.objects.get(pk=id).number == number


def test_the_audit_lists_the_cart_and_asks_for_its_correction(cleo: Client) -> None:
    _, number = first()
    refuse.count_carts(key=key(), by=by("finn"), at=at_on(TODAY), premise_id=premise(1), count=2, on=TODAY)
    page = text(cleo.get("/adjustments/audit/"))
    assert "carts on the ground 2, carts billed 1" in page and "Ask for the back-bill" in page
    assert "From which use on a residential account" in page  # what the city has not said is not checked, and said
    account = Account.objects.get(number=number)
    form = {"key": "b-1", "do": "back_bill", "account": str(account.pk), "premise": str(premise(1))}
    refused = cleo.post(f"/adjustments/audit/{number}/", form)
    assert refused.status_code == 422 and not Request.objects.exists()
    stands = {**form, "key": "b-2", "do": "look", "code": "carts_more", "words": "the second is the neighbour's"}
    assert cleo.post(f"/adjustments/audit/{number}/", stands).status_code == 302
    assert "1 finding looked at and let stand" in text(cleo.get(f"/adjustments/audit/{number}/"))
