"""Autopay, bank files and returned payments at the desk: each screen does its one thing, and says what is wrong."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curbstop.office import autopay, ledger, payments
from curbstop.records.payments.autopay import Enrolment
from curbstop.records.payments.received import Letter, Returned
from tests.desk.houses import account, key_of, text
from tests.office.draft_town import returns_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]

BANK = {
    "do": "agree", "holder": "Rosa Ortiz", "routing": "121042882", "bank_account": "123456789",
    "account_type": "checking", "sec": "PPD", "limit": "500.00", "draft_day": "", "authorised": "2026-03-02",
    "evidence": "form of 2 March",
}  # fmt: skip


@pytest.fixture
def fay(sign_in) -> Client:
    return sign_in("fay")


def enrol(client: Client, house: int = 1, **more: str):
    address = f"/autopay/account/{account(house).number}/"
    page = client.get(address)
    return client.post(address, {"key": key_of(page), **BANK, **more})


def upload(name: str, body: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, content_type="text/plain")


class TestAccount:
    def test_it_enrols_and_shows_the_last_four_alone(self, cleo: Client) -> None:
        sent = enrol(cleo)
        assert sent.status_code == 302
        page = cleo.get(sent["Location"])
        told = text(page)
        assert "account ending 6789" in told and "$500.00 at a time" in told and "the due date" in told
        assert "123456789" not in page.content.decode()
        assert Enrolment.objects.count() == 1
        assert "Rosa M. Ortiz" in text(cleo.get("/autopay/")) and "ending 6789" in text(cleo.get("/autopay/"))

    def test_what_is_wrong_stands_beside_its_field_and_nothing_is_written(self, cleo: Client) -> None:
        sent = enrol(cleo, routing="121042881")
        assert sent.status_code == 422 and "does not fit the others" in text(sent)
        assert 'id="e-routing"' in sent.content.decode() and "123456789" not in sent.content.decode()
        sent = enrol(cleo, evidence="")
        assert "where the authorisation is kept" in text(sent).lower()
        assert not Enrolment.objects.exists()

    def test_a_change_of_the_limit_keeps_the_bank_account_and_the_end_ends_it(self, cleo: Client) -> None:
        enrol(cleo)
        assert enrol(cleo, routing="", bank_account="", limit="", draft_day="5").status_code == 302
        address = f"/autopay/account/{account(1).number}/"
        told = text(cleo.get(address))
        assert "no limit was set" in told and "day 5 of the month" in told and told.count("ending 6789") >= 3
        sent = cleo.post(address, {"key": "end-1", "do": "end", "reason": ""})
        assert sent.status_code == 422 and "Say why autopay ends" in text(sent)
        cleo.post(address, {"key": "end-1", "do": "end", "reason": "asked to"})
        assert "Autopay ended" in text(cleo.get(address))

    def test_a_cashier_sees_why_the_button_is_closed(self, sign_in) -> None:
        told = text(sign_in("cass").get(f"/autopay/account/{account(1).number}/"))
        assert "Only for Customer service representative" in told or "Only for csr" in told


def run_to_the_bank(fay: Client) -> int:
    page = fay.get("/autopay/plan/?through=2026-04-30")
    sent = fay.post("/autopay/plan/", {"key": key_of(page), "through": "2026-04-30"})
    assert sent.status_code == 302, text(sent)
    run = int(sent["Location"].rstrip("/").rsplit("/", 1)[1])
    fay.post(f"/autopay/runs/{run}/file/", {"key": f"file-{run}"})
    return run


class TestRuns:
    def test_from_the_preview_to_the_file(self, cleo: Client, fay: Client) -> None:
        enrol(cleo)
        told = text(fay.get("/autopay/plan/?through=2026-04-30"))
        assert "Tried with 0.00 first: 1" in told and "Plan 0 drafts and 1 prenote of $0.00" in told
        run = run_to_the_bank(fay)
        told = text(fay.get(f"/autopay/runs/{run}/"))
        assert "1 entry, 1 prenote of 0.00 among them" in told and "ending 6789" in told
        handed = fay.post(f"/autopay/runs/{run}/drafts.ach", {"key": "take-1"})
        assert handed["Content-Disposition"].startswith("attachment") and handed["Cache-Control"] == "no-store"
        assert b"123456789" in handed.content and len(handed.content.splitlines()) % 10 == 0
        assert "With the bank" in text(fay.get("/autopay/"))

    def test_the_banks_answers_end_in_a_letter(self, cleo: Client, fay: Client) -> None:
        enrol(cleo)
        run = run_to_the_bank(fay)
        data = autopay.take_file(key=key_of_now(), by=person_fay(), at=now(), run=run).data
        sent = fay.post("/autopay/answers/", {"key": "a-1", "file": upload("back.ach", returns_file(data, t1="R03"))})
        assert sent["Location"] == "/files/returned/"
        told = text(fay.get("/files/returned/"))
        assert "1 prenote refused" in told and "Autopay waits until you tell us" in told
        letter = Letter.objects.get()
        assert "Your autopay waits" in text(fay.get(f"/files/letters/{letter.pk}/"))
        fay.post(f"/files/letters/{letter.pk}/made/", {"key": "m-1", "how": "mailed"})
        assert "No letter waits" in text(fay.get("/files/returned/"))

    def test_a_file_that_is_not_whole_names_its_lines(self, fay: Client) -> None:
        sent = fay.post("/autopay/answers/", {"key": "a-2", "file": upload("x.ach", b"6garbage\n")})
        assert sent.status_code == 422 and "refused whole" in text(sent) and "not a number" in text(sent)
        assert not Returned.objects.exists()

    def test_no_file_and_nobody_enrolled_say_so(self, fay: Client) -> None:
        assert "Choose the file" in text(fay.post("/autopay/answers/", {"key": "a-3"}, follow=True))
        told = text(fay.get("/autopay/plan/?through=2026-04-30"))
        assert "No account is on autopay" in told
        assert "Opens when an account is on autopay" in told
        assert "not a day" in text(fay.get("/autopay/plan/?through=soon"))


def key_of_now():
    from tests.office.scene import key

    return key()


def person_fay():
    from tests.office.scene import by

    return by("fay")


def now():
    from tests.office.scene import AT

    return AT


HEAD = "Account,Amount,Date,Reference,Payer\r\n"


class TestFiles:
    def load(self, fay: Client, rows: str, *, layout: str = "bank_csv", name: str = "box.csv"):
        body = (HEAD + rows).encode()
        return fay.post(
            "/files/load/", {"key": f"l-{hash(rows)}", "layout": layout, "on": "2026-03-02", "file": upload(name, body)}
        )

    def test_a_file_is_loaded_and_its_bad_row_settled(self, fay: Client) -> None:
        of = account(1)
        before = ledger.get_balance(of.id)
        sent = self.load(fay, f"{of.number},5.00,,A,\r\n{of.number},7?00,,B,\r\n")
        page = fay.get(sent["Location"])
        assert "1 payment of $5.00 posted" in text(page) and "not an amount" in text(page)
        (row,) = payments.list_quarantined()
        address = f"/files/quarantine/{row.id}/"
        wrong = fay.post(address, {"key": "s-1", "do": "post", "account": "1", "amount": "x", "reason": ""})
        assert wrong.status_code == 422 and "Say how you know" in text(wrong)
        fay.post(address, {"key": "s-2", "do": "own"})
        done = fay.post(
            address, {"key": "s-3", "do": "post", "account": of.number, "amount": "7.00", "reason": "the bank"},
            follow=True,
        )  # fmt: skip
        assert "Posted, receipt" in text(done)
        assert ledger.get_balance(of.id) == before - 1200
        assert "nothing waits" in text(fay.get("/files/"))

    def test_the_same_file_again_posts_nothing(self, fay: Client) -> None:
        of = account(1)
        self.load(fay, f"{of.number},5.00,,A,\r\n")
        before = ledger.get_balance(of.id)
        body = (HEAD + f"{of.number},5.00,,A,\r\n").encode()
        sent = fay.post(
            "/files/load/",
            {"key": "again", "layout": "bank_csv", "on": "2026-03-02", "file": upload("b.csv", body)}, follow=True,
        )  # fmt: skip
        assert "nothing is posted twice" in text(sent) and ledger.get_balance(of.id) == before

    def test_money_of_nobody_finds_its_owner(self, fay: Client) -> None:
        of = account(1)
        before = ledger.get_balance(of.id)
        self.load(fay, "99999999,5.00,,A,somebody\r\n")
        (row,) = payments.list_unidentified()
        assert "$5.00 on 10-2340" in text(fay.get("/files/"))
        address = f"/files/unidentified/{row.document_id}/"
        wrong = fay.post(address, {"key": "u-1", "account": "12"})
        assert wrong.status_code == 422 and 'id="e-account"' in wrong.content.decode()
        done = fay.post(address, {"key": "u-2", "account": of.number}, follow=True)
        assert "Rosa M. Ortiz" in text(done) and ledger.get_balance(of.id) == before - 500
        assert fay.get(address).status_code == 409

    def test_totals_that_are_not_met_refuse_it_whole(self, fay: Client) -> None:
        sent = self.load(fay, f"{account(1).number},5.00,,A,\r\nTOTAL,6.00,,1,\r\n", layout="remittance_csv")
        assert sent.status_code == 422 and "the file comes to 5.00" in text(sent)
        assert "No file yet" in text(fay.get("/files/"))
