"""People and addresses, confidentiality and programmes at the desk: what the pages say, and what they refuse."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curbstop.office import customers
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Request
from tests.desk.houses import account, text
from tests.office.requests import PDF
from tests.stories.test_duty_07_2 import set_senior

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
    assert "number only" in found and "Confidential account" in found and "3 Sage Wren" not in found
    assert Event.objects.filter(act="customers.log_search").count() == 1
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
    assert "No programme runs" in said and "Not set for this city" in said
    set_senior()
    form = {"key": "p1", "programme": "senior", "born_on": "1950-05-05", "income": "40,000.00", "evidence": upload()}
    refused = cleo.post(url, form)
    assert refused.status_code == 422 and "40,000.00 is above 32,000.00" in text(refused)
    done = cleo.post(url, {**form, "key": "p2", "income": "30,000.00", "evidence": upload("age.pdf")}, follow=True)
    assert "before a second person approves it" in text(done)
    assert Request.objects.get(kind="programme").account_ids == [there.pk]


def test_a_file_of_changes_is_seen_before_it_is_applied(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    there, sue, url = account(2), sign_in("sue"), "/customers/changes/"
    bad = SimpleUploadedFile("new.csv", b"account,phone\n99999999,1\n", content_type="text/csv")
    said = text(sue.post(url, {"key": "f1", "file": bad}))
    assert "there is no such account" in said and "applied whole or not at all" in said and "Change these" not in said
    body = f"\ufeffaccount,phone\r\n{there.number},405 793 5077\r\n".encode()
    looked = sue.post(url, {"key": "f2", "file": SimpleUploadedFile("new.csv", body, content_type="text/csv")})
    assert "1 would change" in text(looked) and "+14057935077" in text(looked)
    form = {name: looked.context[name] for name in ("body", "name")} | {"do": "apply", "authority": "post office"}
    assert "may not do this" in text(cleo.post(url, {**form, "key": "f3"}))
    assert "1 of 1 accounts changed" in text(sue.post(url, {**form, "key": "f4"}, follow=True))
    there.customer.refresh_from_db()
    assert there.customer.phone == "+14057935077"
