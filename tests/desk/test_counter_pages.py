"""Pledges, charges, links, marks: the smaller screens of the counter, each with what it refuses."""

from datetime import date

import pytest
from django.test import Client

from curbstop.office import ledger, links, payments, policies
from curbstop.records.payments.received import Letter, Pledge
from tests.desk.houses import account, key_of, text
from tests.office.scene import AT, by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def counts(value: object) -> None:
    """Set whether an agency's pledge counts as a payment."""
    policies.set(
        key=key(), by=by("ada"), at=AT, policy="pledge.accepted", value=value, from_on=date(2026, 3, 2),
        authority="set for this test", says="Whether a pledge counts.",
    )  # fmt: skip


class TestPledges:
    def test_one_is_recorded_awaited_and_paid_at_a_till(self, sign_in) -> None:  # type: ignore[no-untyped-def]
        sue, house = sign_in("sue"), account(1)
        before = ledger.get_balance(house.pk)
        address = f"/payments/pledges/{house.number}/"
        page = sue.get(address)
        wrong = sue.post(address, {"key": key_of(page), "amount": "x"})
        assert wrong.status_code == 422 and "Write the agency" in text(wrong)
        entries = {"key": key_of(page), "agency": "Helping Hands", "reference": "HH-12", "amount": "20.00"}
        said = text(sue.post(address, entries, follow=True))
        assert "Helping Hands pledged 20.00, receipt PLEDGE-000001" in said and "1 pledge, $20.00" in said
        assert ledger.get_balance(house.pk) == before - 2_000
        sue.post(address, entries)
        assert Pledge.objects.count() == 1
        pledge = Pledge.objects.get()
        paid = f"/payments/pledges/paid/{pledge.pk}/"
        money = {"key": "pp-1", "type": "check", "reference": "881", "cents": "20.00"}
        assert "No drawer is open to you" in text(sue.post(paid, money))
        sue.post("/tills/open/", {"key": "o-1", "till": "T1", "float": "0.00", "next": "/payments/pledges/"})
        assert "20.00 of this pledge is awaited" in text(sue.post(paid, {**money, "cents": "21.00"}))
        assert "Receipt T1-000001" in text(sue.post(paid, money, follow=True))
        assert "No agency's money is awaited" in text(sue.get("/payments/pledges/"))

    def test_one_that_is_not_kept_is_owed_again_without_a_fee(self, sign_in) -> None:  # type: ignore[no-untyped-def]
        sue, house = sign_in("sue"), account(1)
        before = ledger.get_balance(house.pk)
        entries = {"key": "pl-1", "agency": "Helping Hands", "reference": "HH-12", "amount": "20.00"}
        sue.post(f"/payments/pledges/{house.number}/", entries)
        (row,) = payments.list_pledges()
        page = sue.get(f"/payments/receipt/{row.receipt_id}/reverse/")
        assert "The agency does not keep its pledge" in text(page) and "there is no fee" in text(page)
        sue.post(
            f"/payments/receipt/{row.receipt_id}/reverse/",
            {"key": key_of(page), "why": "returned", "reason": "the agency withdrew it"},
        )
        assert ledger.get_balance(house.pk) == before and not payments.list_pledges()
        (letter,) = Letter.objects.all()
        assert letter.kind == "pledge_failed" and "so it is owed again" in letter.says
        assert "A pledge was not kept" in text(sue.get(f"/files/letters/{letter.pk}/"))

    def test_where_it_counts_for_nothing_the_screen_says_so(self, sign_in) -> None:  # type: ignore[no-untyped-def]
        counts(False)
        page = text(sign_in("sue").get(f"/payments/pledges/{account(1).number}/"))
        assert "pays nothing until the money comes" in page and "Write a note instead" in page

    def test_a_clerk_sees_why_not(self, cleo: Client) -> None:
        address = f"/payments/pledges/{account(1).number}/"
        assert "Only for supervisor" in text(cleo.get(address))
        cleo.post(address, {"key": "pl-2", "agency": "H", "reference": "1", "amount": "1.00"})
        assert not Pledge.objects.exists()


class TestCharges:
    def test_a_fee_is_what_the_city_set_and_waits_for_the_bill(self, cleo: Client) -> None:
        address = f"/customers/{account(1).number}/charge/"
        page = cleo.get(address)
        assert "Not set for this city" in text(page)
        entries = {"key": key_of(page), "kind": "fee.transfer", "reason": "Moved two doors down", "when": "bill"}
        look = text(cleo.post(address, entries, HTTP_HX_REQUEST="true"))
        assert "Charge Rosa M. Ortiz $25.00" in look and "with the next bill" in look
        said = text(cleo.post(address, {**entries, "do": "charge"}, follow=True))
        assert "25.00 is charged with the next bill" in said and "Moved two doors down" in said

    def test_what_something_cost_is_due_on_its_day(self, cleo: Client) -> None:
        before = ledger.get_balance(account(1).pk)
        kind = next(k for k in ledger.list_charge_kinds(on=date(2026, 3, 2)) if k.cents is None and not k.not_set)
        entries = {"key": "ch-1", "kind": kind.code, "reason": "Cut lock", "when": "now", "do": "charge"}
        address = f"/customers/{account(1).number}/charge/"
        wrong = cleo.post(address, entries)
        assert wrong.status_code == 422 and ledger.get_balance(account(1).pk) == before
        cleo.post(address, {**entries, "amount": "40.00", "due_on": "2026-03-20"})
        cleo.post(address, {**entries, "amount": "40.00", "due_on": "2026-03-20"})
        assert ledger.get_balance(account(1).pk) == before + 4_000

    @pytest.mark.parametrize(
        ("entries", "field", "words"),
        [
            ({"kind": ""}, "kind", "Choose what is charged"),
            ({"reason": ""}, "reason", "Say what it is for"),
            ({"when": "now", "due_on": "2026-03-01"}, "due_on", "before it is charged"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field(self, cleo: Client, entries, field: str, words: str) -> None:
        sent = {"key": "ch-2", "kind": "fee.transfer", "reason": "x", "when": "bill", "do": "charge", **entries}
        html = cleo.post(f"/customers/{account(1).number}/charge/", sent).content.decode()
        slot = html[html.index(f'id="e-{field}"') :]
        assert words in slot[: slot.index("</p>")]


class TestLinks:
    def test_a_colleague_is_linked_listed_and_unlinked(self, sign_in) -> None:  # type: ignore[no-untyped-def]
        sue, house = sign_in("sue"), account(1)
        address = f"/customers/{house.number}/whose/"
        page = sue.get(address)
        wrong = text(sue.post(address, {"key": key_of(page), "do": "link", "mark": "employee", "kind": "own"}))
        assert "Choose the colleague" in wrong
        entries = {"key": key_of(page), "do": "link", "mark": "employee", "kind": "household", "username": "cleo"}
        assert "Household's account since" in text(sue.post(address, entries, follow=True))
        assert "Rosa M. Ortiz" in text(sue.get("/adjustments/accounts/"))
        (row,) = links.list_links(account_id=house.pk)
        end = {"key": "ln-1", "do": "end", "link": str(row.id)}
        assert "Say why it is no longer theirs" in text(sue.post(address, end))
        early = text(sue.post(address, {**end, f"reason-{row.id}": "moved"}))
        assert "it ends later than that" in early

    def test_a_clerk_may_not(self, cleo: Client) -> None:
        address = f"/customers/{account(1).number}/whose/"
        sent = {"key": "ln-2", "do": "link", "mark": "official", "kind": "own", "who": "A. Brandt, council"}
        assert "Only for supervisor" in text(cleo.get(address))
        assert "may not do this" in text(cleo.post(address, sent)) and not links.list_links(account_id=account(1).pk)


def test_without_a_mark_checks_are_taken(cleo: Client) -> None:
    assert "Checks are taken from this account" in text(cleo.get(f"/customers/{account(1).number}/cash-only/"))


def test_letters_and_hangers_are_printed_apart(sign_in, street) -> None:  # type: ignore[no-untyped-def]
    """A returned check queues its paper; it comes as PDF alone and with all that wait."""
    sue, house = sign_in("sue"), account(1)
    receipt = next(row for row in payments.list_payments(house.pk) if "check" in row.types)
    sue.post(
        f"/payments/receipt/{receipt.document_id}/reverse/",
        {"key": "rt-1", "why": "returned", "reason": "insufficient funds"},
    )
    (letter,) = Letter.objects.all()
    assert "1 letter or door hanger waits to be made" in text(sue.get("/"))
    page = sue.get("/files/returned/")
    kind = "?hangers" if letter.kind == "returned_hanger" else ""
    other = "" if kind else "?hangers"
    assert f"/files/letters/waiting.pdf{kind}" in page.content.decode()
    for address in (f"/files/letters/{letter.pk}/letter.pdf", f"/files/letters/waiting.pdf{kind}"):
        assert sue.get(address).content.startswith(b"%PDF-")
    assert "waits." in text(sue.get(f"/files/letters/waiting.pdf{other}", follow=True))
    sue.post(f"/files/letters/{letter.pk}/made/", {"key": "rt-2", "how": "hung on the door"})
    assert "No letter waits" in text(sue.get("/files/returned/"))
    assert sue.get(f"/files/letters/{letter.pk}/letter.pdf").content.startswith(b"%PDF-")


def test_a_receipt_is_found_by_its_number(cleo: Client) -> None:
    receipt = payments.list_payments(account(1).pk)[0]
    there = f"/payments/receipt/{receipt.document_id}/"
    assert cleo.get(f"/payments/stub/?line={receipt.number.lower()}")["Location"] == there
    assert cleo.get(f"/search/?q={receipt.number}")["Location"] == there
    assert "Nobody found" in text(cleo.get("/search/?q=T9-000001"))
