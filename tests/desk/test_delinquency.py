"""The ladder at the desk: a list is frozen and signed, an account says where it stands and by which line of policy."""

from datetime import timedelta

import pytest
from django.test import Client

from curbstop.office import delinquency, orders
from curbstop.records.delinquency.ladder import CutSigned, Step
from curbstop.records.orders.models import Order
from tests.desk.houses import text
from tests.office.scene import TODAY, at_on, by, key, premise
from tests.office.unpaid import unpaid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture
def late(sign_in):
    """The account of house 3, past due and told; its number."""
    there = orders.load_place(premise(3), on=TODAY)
    unpaid(there.account_id or 0, on=TODAY)
    return there


def test_a_list_is_frozen_and_signed(sign_in, late, django_assert_max_num_queries) -> None:
    cleo, sue = sign_in("cleo"), sign_in("sue")
    page = text(cleo.get("/delinquency/"))
    assert "No night has gone through the ladder yet" in page and "No list yet" in page
    assert "What tonight would do" in text(cleo.get("/delinquency/?preview=1"))
    refused = sue.post("/delinquency/", {"key": "f0", "do": "freeze", "cutoff_on": "2026-03-07"})
    assert refused.status_code == 422 and "cut-offs are Monday to Thursday" in text(refused).lower().replace(
        "cut-offs are monday to thursday", "cut-offs are Monday to Thursday"
    )
    day = (TODAY + timedelta(1)).isoformat()
    Step.objects.create(
        account_id=late.account_id, anchor=Step.objects.latest("id").anchor, rung="hanger", on=TODAY - timedelta(3),
        cents=1, event_id=1,
    )  # fmt: skip
    Step.objects.create(
        account_id=late.account_id, anchor=Step.objects.latest("id").anchor, rung="call", on=TODAY - timedelta(3),
        cents=1, event_id=1,
    )  # fmt: skip
    assert "List frozen: 1 listed" in text(
        sue.post("/delinquency/", {"key": "f1", "do": "freeze", "cutoff_on": day}, follow=True)
    )
    with django_assert_max_num_queries(20):
        page = text(sue.get("/delinquency/"))
    assert late.address in page and "Waits for a supervisor's signature" in page.replace("&#x27;", "'")
    listed = delinquency.list_lists()[0].list_id
    sent = {"key": "s1", "do": "sign", "list": listed}
    assert "Signed: 1 shut-off orders" in text(sue.post("/delinquency/", sent, follow=True))
    assert CutSigned.objects.count() == 1 and Order.objects.get(type="shut_off").account_id == late.account_id
    assert cleo.post("/delinquency/", {**sent, "key": "s2"}).status_code == 422  # a clerk signs nothing


def test_an_account_says_where_it_stands(sign_in, late) -> None:
    client: Client = sign_in("cleo")
    page = text(client.get(f"/delinquency/{late.number}/"))
    assert "is past due" in page and "A notice is mailed at least 8 calendar days before a cut-off." in page
    bad = client.post(f"/delinquency/{late.number}/", {"key": "c0", "do": "call", "who": ""})
    assert bad.status_code == 422 and "Say who was reached" in text(bad)
    form = {"key": "c1", "do": "call", "who": "the holder", "said": "pays on Friday"}
    assert "The call is in the log" in text(client.post(f"/delinquency/{late.number}/", form, follow=True))
    assert Step.objects.filter(rung="call").exists()


def test_the_field_page_asks_before_the_valve(sign_in, late) -> None:
    finn = sign_in("finn")
    order = orders.write(
        key=key(), by=by("cleo"), at=at_on(TODAY, 14), type="shut_off", premise_id=premise(3), on=TODAY
    ).order_id
    answer = finn.post(
        "/field/send/", f'{{"do": "ask", "key": "a1", "order": "{order}"}}', content_type="application/json"
    )
    assert answer.status_code == 200 and answer.json()["says"] == ["Nothing was paid: the valve may be turned now."]
