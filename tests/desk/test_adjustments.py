"""Approvals at the desk: asked from an account, a bill, a receipt; decided in the queue by a second person."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curbstop.office import adjustments, ledger, links, tills
from curbstop.records.ledger.models import Request
from tests.conftest import NOW
from tests.desk.conftest import HTMX
from tests.desk.houses import account, bill, key_of, text
from tests.office.requests import PDF, PNG
from tests.office.scene import TODAY, by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture(autouse=True)
def day(db):
    ledger.open_day(key=key(), by=by("clock"), at=NOW, on=TODAY)


def ask_page(house=1, **query):
    query_ = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/adjustments/ask/{account(house).number}/?{query_}"


def ask(client: Client, house=1, path="", files=True, **sent):
    path = path or f"/adjustments/ask/{account(house).number}/"
    given = {"key": key_of(client.get(path)), "do": "ask", "kind": "adjust", "cents": "5.00", "reason": "billing_error",
             "words": "Two carts were billed, there is one", "direction": "credit", "place": "water"}  # fmt: skip
    given |= {"evidence": SimpleUploadedFile("cart.png", PNG)} if files else {}
    return client.post(path, {**given, **sent})


def last() -> Request:
    return Request.objects.latest("id")


def test_the_account_leads_to_the_form_and_the_form_to_a_request(cleo: Client) -> None:
    number = account(1).number
    assert f"/adjustments/ask/{number}/" in cleo.get(f"/customers/{number}/").content.decode()
    said = text(cleo.get(ask_page()))
    for words in ("Credit or charge", "Waive a fee", "Leak credit", "Move to another account", "Choose the reason"):
        assert words in said, words
    answer = ask(cleo)
    assert answer.status_code == 302 and answer["Location"] == f"/adjustments/{last().pk}/"
    said = text(cleo.get(answer["Location"]))
    for words in ("Adjustment, $5.00", "Waits", "Billing error", "Two carts were billed", "cart.png", "Withdraw it"):
        assert words in said, words
    assert "It waits for the supervisor; nothing is posted yet" in said
    assert ledger.get_balance(account(1).pk) == last().weighed["effects"][0]["before_cents"]


def test_the_figure_is_worked_out_while_the_form_is_filled(cleo: Client) -> None:
    sent = {"kind": "adjust", "cents": "5.00", "direction": "credit", "place": "water"}
    answer = cleo.post(f"/adjustments/ask/{account(1).number}/", sent, HTTP_HX_REQUEST="true")
    said = text(answer)
    assert 'id="strip"' in answer.content.decode() and "<html" not in answer.content.decode()
    assert "Credit $5.00 to Rosa M. Ortiz" in said and "It goes to the supervisor" in said
    assert Request.objects.count() == 0
    said = text(
        cleo.post(
            f"/adjustments/ask/{account(1).number}/", {**sent, "place": "", "cents": "99999"}, HTTP_HX_REQUEST="true"
        )
    )
    assert "Nothing to ask yet" in said and "which is less than 99,999.00" in said


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"reason": ""}, "reason", "A reason is needed"),
        ({"evidence": SimpleUploadedFile("x.pdf", b"MZ no")}, "evidence", "neither a PDF nor a picture"),
        ({"cents": "5.0"}, "cents", "1 decimals"),
        ({"cents": ""}, "cents", "no amount was given"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(cleo: Client, sent, field: str, says: str) -> None:
    answer = ask(cleo, **sent)
    assert answer.status_code == 422
    found = re.search(rf'id="e-{field}"[^>]*>([^<]*)<', answer.content.decode())
    assert found is not None and says in found.group(1)
    assert Request.objects.count() == 0


def test_without_paper_it_is_refused_at_the_field(cleo: Client) -> None:
    answer = ask(cleo, files=False)
    assert "Evidence is needed" in text(answer) and answer.status_code == 422


def test_the_queue_shows_what_waits_and_a_second_person_approves(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    ask(cleo)
    before, sue = ledger.get_balance(account(1).pk), sign_in("sue")
    said = text(sue.get("/adjustments/"))
    for words in ("1 request, the oldest first", "Rosa M. Ortiz", "Billing error", "today", "5.00"):
        assert words in said, words
    assert "1 request waits for approval" in text(sue.get("/"))
    page = sue.get(f"/adjustments/{last().pk}/")
    for words in ("Approve and post", "What approving does", "10-2310", "51-4310", "Refuse it"):
        assert words in text(page), words
    answer = sue.post(f"/adjustments/{last().pk}/approve/", {"key": key_of(page)}, follow=True)
    assert "Approved and posted" in text(answer) and "Approved by Sue Test as supervisor" in text(answer)
    assert ledger.get_balance(account(1).pk) == before - 500
    assert "Nothing waits" in text(sue.get("/adjustments/"))


def test_refusing_needs_a_reason_and_keeps_it(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    ask(cleo)
    sue, path = sign_in("sue"), f"/adjustments/{last().pk}/"
    form = {"key": key_of(sue.get(path))}
    assert "Say why; the asker reads it" in text(sue.post(f"{path}refuse/", form))
    said = text(sue.post(f"{path}refuse/", {**form, "reason": "no evidence of a cart"}, follow=True))
    assert "Refused by Sue Test" in said and "no evidence of a cart" in said and "Nothing was posted" in said


def test_the_asker_withdraws_and_cannot_approve(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    ask(cleo)
    path = f"/adjustments/{last().pk}/"
    page = cleo.get(path)
    assert "Approve and post" not in text(page) and "Withdraw it" in text(page)
    denied = cleo.post(f"{path}approve/", {"key": key_of(page)})
    assert "needs the role supervisor or finance_director" in text(denied)
    assert "Not allowed" in text(cleo.get(path)), "the attempt stands in the history"
    assert "Withdrawn by Cleo Test" in text(cleo.post(f"{path}withdraw/", {"key": key_of(page)}, follow=True))
    otto = sign_in("otto")
    assert "Only for" in text(otto.get(ask_page())), "an auditor looks, and asks for nothing"


def test_above_the_limit_the_screen_says_to_whom_it_goes(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    ask(cleo, place="water", cents="250.01")
    said = text(sign_in("sue").get(f"/adjustments/{last().pk}/"))
    assert "250.01 is above your 250.00; it goes to the finance director" in said


def test_papers_come_back_as_they_were_and_run_nothing(cleo: Client) -> None:
    ask(cleo, evidence=SimpleUploadedFile("bill of.pdf", PDF))
    file = adjustments.list_evidence(last().pk)[0]
    answer = cleo.get(f"/adjustments/evidence/{file.id}/")
    assert answer.content == PDF and answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("inline; filename*=UTF-8''bill_of.pdf")
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["X-Frame-Options"] == "SAMEORIGIN"
    rules = answer["Content-Security-Policy"]
    assert "default-src 'none'" in rules and "script" not in rules
    page = cleo.get(f"/adjustments/{last().pk}/").content.decode()
    assert f'<iframe class="mt1 evidence paper" src="/adjustments/evidence/{file.id}/" title="bill of.pdf"' in page
    assert cleo.get("/adjustments/evidence/999999/").status_code == 404
    assert cleo.get("/adjustments/999999/").status_code == 404


@pytest.mark.parametrize("kind", ["adjust", "waive", "leak", "transfer", "services"])
def test_every_form_opens_and_says_what_it_lacks(cleo: Client, kind: str) -> None:
    answer = cleo.get(ask_page(2, kind=kind))
    assert answer.status_code == 200 and "How the figure comes about" in text(answer)
    assert cleo.post(ask_page(2), {"kind": kind, "key": "k", "do": "ask"}).status_code == 422


def test_a_bill_and_its_lines_can_be_chosen(cleo: Client) -> None:
    of = bill(1)
    page = cleo.get(ask_page(1, kind="adjust", place=of.pk)).content.decode()
    assert f'<option value="{of.pk}" selected>' in page and f'value="{of.pk}.1"' in page
    ask(cleo, place=f"{of.pk}.1", cents="1.00")
    assert last().inputs["document_id"] == of.pk and last().inputs["line"] == 1
    assert f"place={of.pk}" in cleo.get(f"/bills/{of.pk}/").content.decode()


def test_a_charge_goes_to_another_account_by_its_number(cleo: Client) -> None:
    owing = next(n for n in range(1, 7) if ledger.get_balance(account(n).pk) > 0)
    of, other = bill(owing), account(7 - owing)
    ask(cleo, owing, kind="transfer", place=str(of.pk), to_number=other.number, reason="wrong_customer", cents="")
    assert last().kind == "transfer" and last().account_ids == [account(owing).pk, other.pk]
    said = text(ask(cleo, owing, kind="transfer", place=str(of.pk), to_number="12", reason="wrong_customer"))
    assert "12" in said and Request.objects.count() == 1


def test_a_receipt_is_voided_or_moved_by_request(sign_in) -> None:  # type: ignore[no-untyped-def]
    from curbstop.office import payments

    cass, sue = sign_in("cass"), sign_in("sue")
    tills.open(key=key(), by=by("cass"), at=NOW, till="T2", on=TODAY, float_cents=0)
    taken = payments.take(
        key=key(), by=by("cass"), at=NOW, till="T2", on=TODAY, accounts=(payments.Paying(account(1).pk, 500),),
        tenders=(payments.Tender("cash", 500),),
    )  # fmt: skip
    path = f"/adjustments/receipt/{taken.document_id}/"
    assert path in cass.get(f"/payments/receipt/{taken.document_id}/").content.decode()
    assert "Void the receipt" in text(cass.get(path)) and f"Void receipt {taken.number}" in text(cass.get(path))
    ask(cass, path=path, kind="void", reason="wrong_amount", files=False)
    said = text(sue.get(f"/adjustments/{last().pk}/"))
    assert "Approve and post" in said and "Out of the drawer" in said
    moved = cass.post(path, {"kind": "move_payment", "to_number": account(2).number}, HTTP_HX_REQUEST="true")
    assert f"Move $5.00 of receipt {taken.number}" in text(moved)
    sue.post(f"/adjustments/{last().pk}/approve/", {"key": key_of(sue.get(f"/adjustments/{last().pk}/"))})
    receipt = text(cass.get(f"/payments/receipt/{taken.document_id}/"))
    assert "VOID" in receipt and "Taken with the wrong amount" in receipt
    assert "by Sue Test, asked for by Cass Test" in receipt
    html = cass.get(f"/payments/receipt/{taken.document_id}/").content.decode()
    assert html.count('<article class="receipt') == 2 and "as it was given" in html  # both copies
    given = cass.get(f"/payments/receipt/{taken.document_id}/slip.txt?given").content.decode()
    assert "VOID" not in given and "COPY" in given
    assert path not in cass.get(f"/payments/receipt/{taken.document_id}/").content.decode()


def test_a_moved_payment_shows_both_sides(sign_in) -> None:  # type: ignore[no-untyped-def]
    from curbstop.office import payments

    cleo, sue = sign_in("cleo"), sign_in("sue")
    tills.open(key=key(), by=by("cass"), at=NOW, till="T2", on=TODAY, float_cents=0)
    taken = payments.take(
        key=key(), by=by("cass"), at=NOW, till="T2", on=TODAY, accounts=(payments.Paying(account(1).pk, 500),),
        tenders=(payments.Tender("cash", 500),),
    )  # fmt: skip
    path = f"/adjustments/receipt/{taken.document_id}/"
    ask(cleo, path=path, kind="move_payment", to_number=account(2).number, reason="wrong_account", cents="2.00")
    sue.post(f"/adjustments/{last().pk}/approve/", {"key": key_of(sue.get(f"/adjustments/{last().pk}/"))})
    page = sue.get(f"/payments/receipt/{taken.document_id}/")
    assert "$2.00 moved Mon 2 Mar 2026" in text(page) and "counted from the day it was paid" in text(page)
    assert f"/customers/{account(2).number}/" in page.content.decode()
    one, two = (f"{number[:-1]}-{number[-1]}" for number in (account(1).number, account(2).number))
    assert f"$2.00 moved to {two}" in text(sue.get(f"/customers/{account(1).number}/"))
    said = text(sue.get(f"/customers/{account(2).number}/payments/"))
    assert f"moved here from {one}" in said and taken.number in said and "2.00 CR" in said


def test_marked_accounts(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    assert "No account is marked yet" in text(cleo.get("/adjustments/accounts/"))
    links.link(key=key(), by=by("sue"), at=NOW, account_id=account(1).pk, username="cleo", on=TODAY)
    answer = ask(cleo)
    assert "is your own account; ask a colleague" in text(answer) and Request.objects.count() == 0
    said = text(sign_in("sue").get("/adjustments/accounts/"))
    for words in ("Rosa M. Ortiz", "Cleo Test", "employee, own account", "1 attempt of Cleo Test"):
        assert words in said, words


def test_a_second_press_asks_once(cleo: Client) -> None:
    path = f"/adjustments/ask/{account(1).number}/"
    form = key_of(cleo.get(path))
    for _ in range(2):
        assert ask(cleo, key=form).status_code == 302
    assert Request.objects.count() == 1


def test_a_misread_is_asked_to_be_cancelled_and_billed_again(cleo: Client) -> None:
    from curbstop.office import reads

    number, bill_id = account(2).number, bill(2).pk
    billed = reads.list_billed(account_id=account(2).pk)[0]
    page = cleo.get(f"/adjustments/ask/{number}/?kind=rebill")
    assert "What the register showed" in text(page) and f"read.{billed.read_id}" in page.content.decode()
    sent = {"kind": "rebill", "place": f"read.{billed.read_id}", "reason": "misread", "register": "x"}
    assert "not a whole number" in cleo.post(f"/adjustments/ask/{number}/", sent, **HTMX).content.decode()
    lower = {**sent, "register": f"{billed.register - 500:,}"}
    strip = cleo.post(f"/adjustments/ask/{number}/", lower, **HTMX).content.decode()
    assert "cancelled" in strip and "In its place" in strip
    again = cleo.post(f"/adjustments/ask/{number}/", {**sent, "place": str(bill_id)}, **HTMX).content.decode()
    assert "In its place" in again
