"""Meters on screen: the stock and its states, a place's meters with their reads, exchange and removal."""

import pytest
from django.test import Client

from curbstop.records.meters.models import Installation, MeterState
from tests.desk.houses import key_of, text
from tests.office import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def test_the_stock_and_its_states(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    page = text(cleo.get("/meters/"))
    assert "Meters in stock" in page and "40000020" in page and "In stock" in page
    assert "No meter in stock has" in text(cleo.get("/meters/?q=xyz"))
    sent = {"key": "m-1", "serial": "40000020", "state": "scrapped", "reason": "crushed"}
    assert "Meter 40000020: scrapped." in text(cleo.post("/meters/state/", sent, follow=True))
    assert MeterState.objects.get().state == "scrapped"
    assert "Say why" in text(cleo.post("/meters/state/", {**sent, "key": "m-2", "reason": ""}, follow=True))
    hangs = cleo.post("/meters/state/", {**sent, "key": "m-3", "serial": "40000001"}, follow=True)
    assert "hangs at 1 Sage Wren Dr; take it down first" in text(hangs)
    sign_in("otto").post("/meters/state/", {**sent, "key": "m-4", "serial": "40000019"})
    assert MeterState.objects.count() == 1


def test_a_meter_is_exchanged_at_its_place(cleo: Client) -> None:
    url = f"/meters/{scene.point(5)}/"
    page = cleo.get(url)
    assert "Meter 40000005" in text(page) and "hangs since" in text(page)
    sent = {"key": key_of(page), "do": "exchange", "on": "2026-03-02", "removed_register": "99,999",
            "serial": "40000018", "register": "4", "reason": ""}  # fmt: skip
    assert "Say why" in text(cleo.post(url, sent))
    assert "No meter 9 is on file" in text(cleo.post(url, {**sent, "reason": "fogged", "serial": "9"}))
    done = text(cleo.post(url, {**sent, "reason": "fogged"}, follow=True))
    assert "kept for the next bill; 40000018 hangs" in done and "until" in done
    assert Installation.objects.get(service_point=scene.point(5), during__endswith=None).meter.serial == "40000018"
    assert cleo.get("/meters/999999/").status_code == 404
