"""People and addresses, confidentiality and programmes at the desk: what the pages say, and what they refuse."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curbstop.office import customers, pages
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Request
from tests.desk.houses import account, text
from tests.office import scene
from tests.office.requests import PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def upload(name: str = "paper.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


def test_a_change_at_the_counter_with_who_asked_and_how(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    there = account(2)
    url = f"/customers/{there.number}/people/"
    with django_assert_max_num_queries(25):
        said = text(cleo.get(url))
    assert "Only the holder" in said and "Every change stands here" in said
    form = {"key": "k1", "who": "Somebody Else", "channel": "counter", "document": "license", "phone": "405 793 5055"}
    refused = cleo.post(url, form)
    assert refused.status_code == 422 and "Only the holder or a person named" in text(refused)
    form |= {"key": "k2", "who": there.customer.name, "mail_to": "1501 South Broadway Street\nMoore, OK 73160"}
    done = cleo.post(url, form, follow=True)
    said = text(done)
    assert "The post writes it 1501 S BROADWAY ST, MOORE OK 73160" in said and "2 letters go" in said
    assert "1501 South Broadway Street" in said and "holder, at the counter: license" in said
    then = text(cleo.get(url, {"on": "2026-01-01"}))
    assert "Mail went to the service address" in then.replace("\n", " ")
    assert Event.objects.filter(act="customers.view", subjects__contains=[f"account:{there.pk}"]).exists()
    attached = cleo.post(
        url, {"key": "k3", "do": "attach", "says": "Signed application", "paper": upload()}, follow=True
    )
    assert "Signed application" in text(attached)
    (paper,) = customers.list_papers(account_id=there.pk)
    assert cleo.get(f"/customers/paper/{paper.id}/").content == PDF


def test_the_mask_the_glass_and_the_list_of_looks(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    there, sue = account(3), sign_in("sue")
    name = there.customer.name
    url = f"/customers/{there.number}/confidential/"
    form = {"key": "m1", "do": "mark", "kind": "confidential", "authority": "written request of 3 March"}
    assert "A supervisor marks" in text(cleo.post(url, form))
    assert "Marked." in text(sue.post(url, {**form, "key": "m2", "paper": upload()}, follow=True))
    page = text(cleo.get(f"/customers/{there.number}/"))
    assert "Confidential account" in page and "Confidential: masked" in page and name not in page
    assert "3 Sage Wren Dr" not in page
    assert "written request" not in text(cleo.get(url)) and "written request" in text(sue.get(url))
    found = text(cleo.get("/search/", {"q": name, "stay": "1"}))
    assert "number only" in found and name.split()[-1] not in found.replace(f"“{name}”", "").split("Nobody")[0].replace(
        name, ""
    )
    assert Event.objects.filter(act="customers.log_search").count() == 1
    # without the city's minutes nobody opens it, and the page says so
    assert "is not set" in text(cleo.post(url, {"key": "g0", "reason": "caller must verify name"}))
    from tests.stories.meter_town import set_policy

    for policy, value in {"glass.minutes": 30, "glass.reason": 10}.items():
        set_policy(policy, value)
    assert "at least 10 letters" in text(cleo.post(url, {"key": "g1", "reason": "x"}))
    opened = text(cleo.post(url, {"key": "g2", "reason": "caller must verify name"}, follow=True))
    assert name in opened and "Open to you until" in opened
    assert name not in text(sue.get(f"/customers/{there.number}/")), "for who asked only"
    looks = text(sue.get("/customers/confidential/"))
    assert "caller must verify name" in looks and "refused" in looks and "Found by a search" in looks
    export = sue.post("/customers/export/", {"key": "e1", "words": "audit", "numbers": there.number})
    assert b"[redacted]" in export.content and name.encode() not in export.content


def test_an_application_waits_for_a_second_person(cleo: Client) -> None:
    there = account(1)
    url = f"/customers/{there.number}/programmes/"
    said = text(cleo.get(url))
    assert "No programme runs" in said and "not set for this city" in said
    from tests.stories.test_duty_07_2 import set_senior

    set_senior()
    form = {"key": "p1", "programme": "senior", "born_on": "1950-05-05", "income": "40,000.00", "evidence": upload()}
    refused = cleo.post(url, form)
    assert refused.status_code == 422 and "40,000.00 is above 32,000.00" in text(refused)
    done = cleo.post(url, {**form, "key": "p2", "income": "30,000.00", "evidence": upload("age.pdf")}, follow=True)
    assert "before a second person approves it" in text(done)
    assert (
        Request.objects.get(kind="programme").asked_on == scene.TODAY
        or Request.objects.filter(kind="programme").exists()
    )
    assert pages.get_header(number=there.number, on=date(2026, 3, 2)).confidential == ""
