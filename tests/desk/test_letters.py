"""The screens of letters: a batch made and gone, a letter as sent, a wording drafted by one and approved by another."""

from datetime import date

import pytest
from django.test import Client

from curbstop.office import letters
from curbstop.records.cases.letters import Letter
from tests.desk.houses import account, key_of, text
from tests.office import scene
from tests.office.scene import by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
TODAY: date = scene.TODAY
CODE = "extension_letter"


@pytest.fixture
def sent() -> int:
    of = account(2)
    done = letters.send(
        key=key(), by=by("cleo"), at=scene.at_on(TODAY), template=CODE, account_ids=(of.id,),
        fields={"amount": "92.85", "pay_by_on": "2026-03-20"}, on=TODAY,
    )  # fmt: skip
    return done.letter_ids[0]


def test_a_letter_is_written_printed_mailed_and_comes_back(
    cleo: Client, sent: int, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(25):
        page = cleo.get("/letters/")
    assert "Extension" in text(page) and "92.85" in text(page)
    made = cleo.post("/letters/make/", {"key": f"{key_of(page)}-x", "code": CODE, "channel": "mail"})
    assert made.status_code == 302
    batch = cleo.get(made.url)
    assert "mailer id is not set" in text(batch) and "not yet" in text(batch)
    printed = cleo.get(f"{made.url}1.pdf")
    assert printed.content.startswith(b"%PDF") and cleo.get(f"{made.url}2.pdf").status_code == 404
    assert b"92.85" in cleo.get(f"{made.url}pieces.csv").content
    gone = cleo.post(made.url, {"key": key_of(batch), "on": TODAY.isoformat()})
    assert gone.status_code == 302 and "not yet" not in text(cleo.get(made.url))
    again = cleo.post("/letters/make/", {"key": "desk:again", "code": CODE, "channel": "mail"})
    assert again.status_code == 422 and "a copy may be printed" in text(again)

    of = account(2)
    assert "went out" in text(cleo.get(f"/customers/{of.number}/letters/"))
    page = cleo.get(f"/letters/{sent}/")
    assert "you may pay $92.85 until Friday, March 20, 2026" in text(page)
    assert cleo.get(f"/letters/{sent}/letter.pdf").content.startswith(b"%PDF")
    back = cleo.post(f"/letters/{sent}/", {"key": key_of(page), "reason": "vacant", "says": ""})
    assert back.status_code == 302 and "came back" in text(cleo.get(f"/letters/{sent}/"))
    assert "Nobody" not in text(cleo.get("/letters/999/")) and cleo.get("/letters/999/").status_code == 404


def test_a_wording_is_written_by_one_and_approved_by_another(cleo: Client, sign_in, sent: int) -> None:  # type: ignore[no-untyped-def]
    address = f"/letters/wordings/{CODE}/"
    page = cleo.get(address)
    body = letters.list_wordings(CODE)[0].body
    bad = cleo.post(address, {"key": key_of(page), "do": "draft", "body": body.replace("{amount}", "{amuont}", 1)})
    assert bad.status_code == 422 and "no field of this letter" in text(bad)
    done = cleo.post(address, {"key": key_of(page), "do": "draft", "body": body.replace("As you asked", "As asked")})
    assert done.status_code == 302
    draft = letters.list_wordings(CODE)[0]
    assert draft.state == "draft" and "You wrote it" in text(cleo.get(address))
    sue = sign_in("sue")
    given = {"do": "approve", "wording": str(draft.wording_id), "from_on": TODAY.isoformat()}
    approved = sue.post(address, {"key": f"{key_of(sue.get(address))}-a", **given})
    assert approved.status_code == 302
    assert [one.state for one in letters.list_wordings(CODE)] == ["approved", "approved"]
    assert "As you asked" in Letter.objects.get(pk=sent).words
