"""The bank at the desk: a statement loaded, what is plain matched at once, the rest by hand with a reason."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curbstop.office import banking, payments
from curbstop.office.payments import FileRow
from tests.books import at_on, key
from tests.desk.houses import account, text
from tests.formats.statements import bai2
from tests.office.scene import by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
DAY = date(2026, 3, 2)


@pytest.fixture
def fay(sign_in) -> Client:
    client = sign_in("fay")
    client.post("/banking/account/", {"key": "a-1", "number": "0040112233", "name": "Operating account"})
    return client


def load(client: Client, *lines, body: bytes = b"", key: str = "l-1"):
    file = SimpleUploadedFile("0302.bai", body or bai2(DAY, lines))
    return client.post("/banking/load/", {"key": key, "file": file}, follow=True)


def record(channel: str, cents: int) -> int:
    return payments.record_batch(
        key=key(), by=by("fay"), at=at_on(DAY), channel=channel, name="f", on=DAY,
        rows=[FileRow(account(2).number, cents, "r")],
    ).batch_id  # fmt: skip


def test_an_empty_page_says_what_comes_here(sign_in) -> None:
    page = text(sign_in("fay").get("/banking/"))
    assert "No statement yet" in page and "No bank account is named yet" in page


def test_the_plain_ones_are_matched_at_once(fay: Client) -> None:
    record("lockbox", 3000)
    page = text(load(fay, ("115", 3000, "LOCKBOX 881"), ("175", 77700, "COURT FINES")))
    assert "1 day, 2 lines" in page and "LOCKBOX 881" in page and "Lockbox file f" in page
    page = text(fay.post("/banking/match-all/", {"key": "all-1"}, follow=True))
    assert "1 matched, 30.00" in page and "1 line and 0 deposits are left" in page
    assert "COURT FINES" in page and "LOCKBOX 881" not in page


def test_the_rest_is_matched_by_hand_with_a_reason_and_a_fee(fay: Client) -> None:
    batch = record("online_card", 4221)
    load(fay, ("142", 4082, "CARD PROCESSOR"))
    (line,) = banking.list_lines(until=DAY)
    sent = {"key": "m-1", "line": [str(line.line_id)], "item": [f"10-1040@{batch}"]}
    page = fay.post("/banking/match/", sent)
    assert page.status_code == 422 and "-1.39 apart" in text(page) and page.content.decode().count(" checked") == 2
    page = fay.post("/banking/match/", {**sent, "fee": "x"})
    assert page.status_code == 422
    done = fay.post("/banking/match/", {**sent, "fee": "1.39", "reason": "by the report"}, follow=True)
    assert "Matched: 40.82 at the bank" in text(done) and "by the report" in text(done)
    assert not banking.list_lines(until=DAY)


def test_a_wrong_match_is_undone_with_a_reason_and_both_are_shown(fay: Client, sign_in) -> None:
    record("lockbox", 3000)
    load(fay, ("115", 3000, "LOCKBOX 881"))
    fay.post("/banking/match-all/", {"key": "all-1"})
    (row,) = banking.list_matches()
    page = fay.post(f"/banking/undo/{row.match_id}/", {"key": "u-1", "undo_reason": ""})
    assert page.status_code == 422 and "Say what was wrong" in text(page) and "<details open>" in page.content.decode()
    done = text(fay.post(f"/banking/undo/{row.match_id}/", {"key": "u-1", "undo_reason": "the court's"}, follow=True))
    assert "1 line and 1 item wait again" in done and "the court's" in done and "LOCKBOX 881" in done
    again = fay.post(f"/banking/undo/{row.match_id}/", {"key": "u-2", "undo_reason": "again"})
    assert again.status_code == 422 and "This match was undone on" in text(again)
    assert sign_in("otto").post(f"/banking/undo/{row.match_id}/", {"key": "u-3", "undo_reason": "x"}).status_code != 302


def test_a_file_that_cannot_be_read_says_where_and_is_kept(fay: Client) -> None:
    body = bai2(DAY, [("175", 5000, "DEPOSIT")]).replace(b"175,5000", b"175,5001")
    page = text(load(fay, body=body))
    assert "is kept and could not be read" in page and "line" in page and "not read" in page
    (file,) = banking.list_statement_files()
    assert fay.get(f"/banking/statement/{file.file_id}/").content == body
    assert fay.post("/banking/load/", {"key": "l-9"}).status_code == 422
    again = text(load(fay, body=body, key="l-2"))
    assert "was taken before" in again


def test_an_account_without_a_number_is_refused_beside_its_field(fay: Client) -> None:
    page = fay.post("/banking/account/", {"key": "a-2", "number": "", "name": "x"})
    assert page.status_code == 422 and "as statements print it" in text(page)


def test_others_look_and_press_nothing(sign_in) -> None:
    html = sign_in("otto").get("/banking/").content.decode()
    assert "Only for" in html
