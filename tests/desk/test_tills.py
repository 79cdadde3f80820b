"""Drawers at the desk: blind until counted, signed by another, handed over, into the deposit, the slip on paper."""

import re

import pytest
from django.test import Client

from curbstop.office import tills
from curbstop.records.payments.models import Slip, TillClose, TillCount, TillSession
from tests.desk.conftest import HTMX
from tests.desk.houses import account, text
from tests.formats.pdfs import assert_accessible, texts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture
def session(cleo: Client) -> TillSession:
    """Cleo's drawer with a receipt in it."""
    cleo.post("/tills/open/", {"key": "o-1", "till": "T1", "float": "200.00", "next": "/tills/"})
    entries = {"key": "p-1", "do": "take", "checks": "1", "cash": "20.00", "check1": "30.00", "no1": "1188"}
    cleo.post(f"/payments/take/{account(2).number}/", entries)
    return TillSession.objects.latest("id")


def keyed(page, place: int = 0) -> str:
    return re.findall(r'name="key" value="([^"]+)"', page.content.decode())[place]


def count(client: Client, session: TillSession, **entries: str):
    address = f"/tills/session/{session.pk}/"
    key = f"c-{TillCount.objects.count()}"
    return client.post(f"{address}count/", {"key": key, **entries})


FULL = {"n10000": "2", "n2000": "1", "checks": "30.00"}


def test_the_page_is_blind_until_the_count_is_sent(cleo: Client, session: TillSession) -> None:
    before = text(cleo.get(f"/tills/session/{session.pk}/"))
    assert "T1-000001" in before and "Should be" not in before and "220.00" not in before
    part = cleo.post(f"/tills/session/{session.pk}/count/", {"n10000": "2", "coin": "0.35"}, **HTMX)
    assert "$200.35" in text(part) and not session.counts.exists()
    assert count(cleo, session, **FULL)["Location"] == f"/tills/session/{session.pk}/"
    after = text(cleo.get(f"/tills/session/{session.pk}/"))
    assert "Should be" in after and "220.00" in after and "another person signs it" in after


@pytest.mark.parametrize(
    ("entries", "says"),
    [({"n100": "x"}, "not a whole number"), ({"coin": "1.234"}, "e-coin"), ({"checks": "-1"}, "e-checks")],
)
def test_a_count_that_is_none_is_refused_beside_its_field(cleo: Client, session: TillSession, entries, says) -> None:
    page = count(cleo, session, **entries)
    assert page.status_code == 422 and not session.counts.exists()
    assert says in page.content.decode() or "is not a whole number" in page.content.decode()


def test_a_second_person_signs_with_a_reason_and_it_goes_to_the_bank(cleo: Client, sign_in, session) -> None:
    count(cleo, session, n10000="2", n1000="1", checks="30.00")
    sue, fay = sign_in("sue"), sign_in("fay")
    page = sue.get(f"/tills/session/{session.pk}/")
    told = TillCount.objects.latest("id").pk
    assert "$10.00 short" in text(page)
    sent = {"key": "s-1", "count_id": str(told)}
    refused = sue.post(f"/tills/session/{session.pk}/sign/", {**sent, "reason": ""})
    assert refused.status_code == 422 and "Every difference needs its reason" in text(refused)
    own = cleo.post(f"/tills/session/{session.pk}/sign/", {**sent, "reason": "x"})
    assert own.status_code in (403, 422) and not TillClose.objects.filter(session=session).exists()
    assert sue.post(f"/tills/session/{session.pk}/sign/", {**sent, "reason": "unknown"})["Location"] == "/tills/"
    listed = text(fay.get("/tills/"))
    assert "T1, Cleo Test" in listed and "10.00" in listed and "30.00" in listed
    made = fay.post("/tills/deposit/", {"key": "d-1", "session": [str(session.pk)]})
    slip = Slip.objects.get()
    assert made["Location"] == f"/tills/slip/{slip.pk}/"
    assert "40.00" in text(fay.get(f"/tills/slip/{slip.pk}/"))
    paper = fay.get(f"/tills/slip/{slip.pk}/slip.pdf")
    assert_accessible(paper.content, pages=1)
    words = " ".join(" ".join(texts(paper.content)).split())
    assert f"Bank deposit {slip.pk}" in words and "T1-000001" in words and "cash 10.00 short" in words
    assert "Choose among those that wait" in text(fay.post("/tills/deposit/", {"key": "d-2", "session": ["99"]}))


def test_a_drawer_that_agrees_is_taken_over(cleo: Client, sign_in, session: TillSession) -> None:
    count(cleo, session, **FULL)
    cass = sign_in("cass")
    told = TillCount.objects.latest("id").pk
    assert "Take it over" in text(cass.get(f"/tills/session/{session.pk}/"))
    sent = cass.post(f"/tills/session/{session.pk}/hand-over/", {"key": "h-1", "count_id": str(told)})
    after = TillSession.objects.latest("id")
    assert sent["Location"] == f"/tills/session/{after.pk}/" and after.pk != session.pk
    assert "yours" in text(cass.get(sent["Location"]))


def test_the_change_fund_and_a_float_that_is_short(cleo: Client, sign_in, session: TillSession) -> None:
    fay, sue = sign_in("fay"), sign_in("sue")
    assert "None is set up" in text(fay.get("/tills/"))
    assert fay.post("/tills/fund/", {"key": "u-1", "fund": "100.00"}).status_code == 422  # 200.00 is in a drawer
    assert fay.post("/tills/fund/", {"key": "u-2", "fund": "400.00"})["Location"] == "/tills/"
    assert "In the safe 200.00" in text(fay.get("/tills/"))
    count(cleo, session, n10000="1", checks="30.00")  # 120.00 of the cash is gone: below the float
    sue.post(
        f"/tills/session/{session.pk}/sign/",
        {"key": "s-1", "count_id": str(TillCount.objects.latest("id").pk), "reason": "robbed"},
    )
    assert "100.00 less than its float" in text(fay.get("/tills/"))
    page = fay.post("/tills/deposit/", {"key": "d-1", "session": [str(session.pk)]})
    assert page.status_code == 422 and "less cash than its float" in text(page)
    assert fay.post(f"/tills/session/{session.pk}/float/", {"key": "f-1"})["Location"] == "/tills/"
    fay.post("/tills/deposit/", {"key": "d-2", "session": [str(session.pk)]})
    assert Slip.objects.get().check_cents == 3000 and tills.get_change_fund() == (30000, 0)


def test_what_is_reported_up_waits_for_words(cleo: Client, sign_in, session: TillSession) -> None:
    count(cleo, session, n2000="1", checks="30.00")  # 200.00 short, the town's policy says 100.00
    sue = sign_in("sue")
    told = str(TillCount.objects.latest("id").pk)
    sent = sue.post(f"/tills/session/{session.pk}/sign/", {"key": "s-1", "count_id": told, "reason": "unknown"})
    assert sent.status_code == 302
    assert "What you found, and what follows" in text(sue.get("/tills/"))
    refused = sue.post(f"/tills/session/{session.pk}/seen/", {"key": "n-1", "words": "looked"})
    assert "Only for" in text(refused) or refused.status_code in (403, 422)


def test_an_auditor_looks_and_presses_nothing(sign_in, session: TillSession) -> None:
    otto = sign_in("otto")
    html = otto.get("/tills/").content.decode()
    assert 'aria-disabled="true"' in html
    assert otto.get("/tills/session/99999/").status_code == 409
