"""The screens of deposits, refunds and old debts: what they show and do, and what they refuse beside the field."""

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curbstop.office import adjustments, deposits, ledger, refunds, writeoffs
from curbstop.office.payments import PayFirst, Paying, Tender, take
from curbstop.records.payments.models import DepositDemand
from curbstop.records.payments.refunds import PayablesFile
from tests.desk.houses import account, key_of, text
from tests.office import scene
from tests.office.closed import closed_account
from tests.office.payment_town import bill
from tests.office.scene import by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
TODAY = scene.TODAY


@pytest.fixture
def sue(sign_in) -> Client:
    return sign_in("sue")


@pytest.fixture
def fay(sign_in) -> Client:
    return sign_in("fay")


def held(house: int = 2, cents: int = 5000) -> int:
    """A deposit received for a house's account, at a till of its own."""
    from curbstop.office import tills

    of = account(house)
    if not DepositDemand.objects.filter(account_id=of.id, due_on__isnull=False).exists():
        DepositDemand.objects.create(account_id=of.id, cents=cents, due_on=TODAY, authority="test", event_id=1)
    if not any(drawer.session_id and drawer.code == "T1" for drawer in tills.list_tills()):
        tills.open(key=key(), by=by("cass"), at=scene.AT, till="T1", on=TODAY, float_cents=0)
    take(
        key=key(), by=by("cass"), at=scene.AT, till="T1", on=TODAY, accounts=(Paying(of.id, cents),),
        tenders=(Tender("cash", cents),), first=PayFirst(words=("deposit",)),
    )  # fmt: skip
    return of.id


def credited(house: int = 4) -> adjustments.Requested:
    """House 4 pays what it owes and has a credit; somebody asks it back."""
    of = account(house)
    return adjustments.request(
        key=key(), by=by("cleo"), at=scene.AT, kind="refund", reason="asked", on=TODAY,
        inputs={"account_id": of.id, "source": "credit"},
    )  # fmt: skip


def approved() -> refunds.RefundRow:
    waiting = credited()
    adjustments.approve(key=key(), by=by("sue"), at=scene.AT, request_id=waiting.request_id, on=TODAY)
    return refunds.list_refunds(on=TODAY)[-1]


def owes(sequence: int = 8_000_001):
    of = closed_account(sequence, TODAY - timedelta(120), name="Gone Away")
    bill(of, due=-100, on=TODAY)
    return of


# --- deposits ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_the_difference_and_the_money_behind_it(cleo: Client) -> None:
    held()
    page = text(cleo.get("/deposits/"))
    assert "Leon Whitfield" in page and "Difference 0.00" in page
    assert "to be moved to the restricted account" in page


def test_the_page_of_an_account_says_why_and_what_next(cleo: Client) -> None:
    held()
    page = text(cleo.get(f"/deposits/{account(2).number}/"))
    assert "Residential renters pay a $100 deposit" in page and "Received" in page
    assert "Interest on deposits is not set for this city." in page


def test_a_transfer_of_nothing_that_is_not_customers_money(fay: Client) -> None:
    held()
    page = fay.get("/deposits/")
    sent = {"key": key_of(page), "way": "to", "amount": "9000.00", "reference": "T 1"}
    answer = fay.post("/deposits/", sent)
    assert answer.status_code == 422 and "is not customers' money" in text(answer)
    assert fay.post("/deposits/", {**sent, "amount": "50.00"}).status_code == 302
    assert deposits.get_restricted().bank_cents == 5000


def test_an_exception_is_asked_with_its_reason(cleo: Client) -> None:
    address = f"/deposits/{account(2).number}/"
    page = cleo.get(address)
    assert "Let $" in text(page)
    blank = cleo.post(address, {"key": key_of(page), "do": "exception"})
    assert blank.status_code == 422 and "Choose why it is let go." in text(blank)
    sent = {"key": key_of(page), "do": "exception", "exception_code": "hardship", "exception_reason": "A fire"}
    assert cleo.post(address, sent).status_code == 302
    assert "It waits for a second person." in text(cleo.get(address))


def test_a_deposit_of_nobody_is_not_there(cleo: Client) -> None:
    assert cleo.get("/deposits/12345678/").status_code == 404


# --- refunds ----------------------------------------------------------------------------------------------------------


def test_a_credit_is_asked_back_with_the_sentence_of_what_happens(cleo: Client) -> None:
    address = f"/refunds/ask/{account(4).number}/"
    page = cleo.get(address)
    assert "by check to the account holder" in text(page)
    assert cleo.post(address, {"key": key_of(page), "do": "ask"}).status_code == 422
    done = cleo.post(address, {"key": key_of(page), "do": "ask", "reason": "asked"})
    assert done.status_code == 302 and done["Location"].startswith("/adjustments/")
    too_much = cleo.post(address, {"key": "k-9", "amount": "900.00", "reason": "asked"})
    assert too_much.status_code == 422 and "is not in it" in text(too_much)


def test_finance_sends_the_file_and_downloads_the_same_bytes(fay: Client, cleo: Client) -> None:
    row = approved()
    page = fay.get("/refunds/")
    assert row.payee in text(page) and "Make the file" in text(page)
    assert "Only for finance" in text(cleo.get("/refunds/"))
    assert fay.post("/refunds/send/", {"key": key_of(page), "refund": [row.id]}).status_code == 302
    made = PayablesFile.objects.get()
    answer = fay.get(f"/refunds/file/{made.file_id}/")
    assert answer.content == bytes(made.body) and made.file_id in answer["Content-Disposition"]
    assert fay.get("/refunds/file/none/").status_code == 404


def test_the_check_is_recorded_and_cashed_on_its_page(fay: Client) -> None:
    row = approved()
    refunds.send(key=key(), by=by("fay"), at=scene.AT, refund_ids=(row.id,), on=TODAY)
    address = f"/refunds/{row.id}/"
    page = fay.get(address)
    blank = fay.post(address, {"key": key_of(page), "do": "check", "on": TODAY.isoformat()})
    assert blank.status_code == 422 and "Type the check" in text(blank)
    sent = {"key": key_of(page), "do": "check", "number": "4471", "on": TODAY.isoformat()}
    assert fay.post(address, sent).status_code == 302
    page = fay.get(address)
    assert "4471" in text(page)
    assert fay.post(address, {"key": key_of(page), "do": "cashed", "on": TODAY.isoformat()}).status_code == 302
    assert "Cashed" in text(fay.get(address)) and refunds.get_refund(row.id, on=TODAY).state == "cashed"


def test_a_faulty_register_is_listed_line_by_line(fay: Client) -> None:
    page = fay.get("/refunds/")
    body = b"Reference,Check,Check date,Amount,Status,Status date\r\nR-1,44x,2026-03-02,1.00,issued,\r\n"
    upload = SimpleUploadedFile("r.csv", body)
    answer = fay.post("/refunds/register/", {"key": key_of(page), "register": upload})
    assert answer.status_code == 422 and "Nothing of the file was taken" in text(answer)
    nothing = fay.post("/refunds/register/", {"key": key_of(page)})
    assert nothing.status_code == 422 and "Choose the register" in text(nothing)


def test_what_is_over_thirty_days_stands_at_the_top(fay: Client) -> None:
    approved()
    import time_machine

    with time_machine.travel(date(2026, 4, 5)):
        from curbstop.records.base.models import User

        client = Client()
        client.force_login(User.objects.get(username="fay"))
        assert "Late or on the way over thirty days" in text(client.get("/refunds/"))


# --- old debts --------------------------------------------------------------------------------------------------------


def test_a_list_is_asked_for_approval(sue: Client, cleo: Client) -> None:
    of = owes()
    page = sue.get("/writeoffs/")
    assert "Gone Away" in text(page) and "Ask that the ticked debts" in text(page)
    sent = {"key": key_of(page), "days": "60", "least": "0.01", "account": [of.id], "reason": "uncollectible"}
    refused = cleo.post("/writeoffs/", {**sent, "key": "k-c"})
    assert refused.status_code == 422 and "is none of these" in text(refused)
    done = sue.post("/writeoffs/", sent)
    assert done.status_code == 302 and done["Location"].startswith("/adjustments/")
    assert "It waits for a second person." in text(sue.get("/writeoffs/"))


def test_criteria_that_cannot_be_are_refused_at_their_field(sue: Client) -> None:
    page = sue.get("/writeoffs/?days=-1")
    assert page.status_code == 422 and "not a whole number" in text(page)


def written_off():
    of = owes()
    scene.staff.enrol(
        key=key(), by=by("ada"), at=scene.AT, username="dora", first_name="Dora", last_name="Test",
        roles=("finance_director",),
    )  # fmt: skip
    asked = adjustments.request(
        key=key(), by=by("fay"), at=scene.AT, kind="write_off", reason="uncollectible", on=TODAY,
        inputs={"account_ids": [of.id], "days_after_due": 60, "least_cents": 1},
    )  # fmt: skip
    adjustments.approve(key=key(), by=by("dora"), at=scene.AT, request_id=asked.request_id, on=TODAY)
    return of


def test_old_debt_is_brought_back_and_the_payment_is_next(cleo: Client) -> None:
    of = written_off()
    address = f"/writeoffs/{of.number}/"
    page = cleo.get(address)
    assert "Bring back $94.59" in text(page)
    done = cleo.post(address, {"key": key_of(page)})
    assert done.status_code == 302 and done["Location"] == f"/payments/take/{of.number}/"
    assert ledger.get_balance(of.id) == 9459


def test_a_debt_is_placed_and_its_file_kept(fay: Client) -> None:
    of = written_off()
    page = fay.get("/writeoffs/agency/")
    assert "Plains Collection Bureau keeps 25 percent" in text(page)
    sent = {"key": key_of(page), "do": "place", "agency": "plains", "account": [of.id]}
    assert fay.post("/writeoffs/agency/", sent).status_code == 302
    (placed,) = writeoffs.list_placements()
    assert placed.cents == 9459
    made = writeoffs.list_agency_files()[0]
    assert of.number.encode() in fay.get(f"/writeoffs/file/{made.file_id}/").content
    body = f"Account,Collected,Commission\r\n{of.number},10.00,2.50\r\n".encode()
    page = fay.get("/writeoffs/agency/")
    sent = {"key": "k-r", "do": "remit", "agency": "plains", "file": SimpleUploadedFile("june.csv", body)}
    assert fay.post("/writeoffs/agency/", sent).status_code == 302
    assert "7.50" in text(fay.get("/writeoffs/agency/"))


@pytest.mark.parametrize("path", ["/deposits/", "/refunds/", "/writeoffs/", "/writeoffs/agency/"])
@pytest.mark.parametrize("who", ["cleo", "otto", "fay"])
def test_every_role_may_look_and_an_empty_list_says_what_would_be_here(sign_in, path: str, who: str) -> None:
    page = sign_in(who).get(path)
    assert page.status_code == 200 and re.search(r"None|No deposit|Nothing", text(page))


@pytest.mark.parametrize("path", ["/deposits/", "/refunds/", "/writeoffs/", "/writeoffs/agency/"])
def test_a_page_asks_the_database_a_bounded_number_of_times(
    cleo: Client, path: str, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(24):
        cleo.get(path)
