"""Taking a payment: what it says is what it does, once; bad entries are named and write nothing."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from curbstop.office import ledger
from curbstop.office.bills import statements
from curbstop.records.ledger.models import Posting
from curbstop.records.payments.models import Receipt
from tests.desk.conftest import HTMX
from tests.desk.houses import account, bill, key_of, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture
def till(cleo: Client) -> Client:
    """Cleo with till 1 open."""
    sent = cleo.post("/tills/open/", {"key": "o-1", "till": "T1", "float": "150.00", "next": "/payments/"})
    assert sent.status_code == 302 and sent["Location"] == "/payments/"
    return cleo


def take(client: Client, house: int = 2, do: str = "take", key: str = "p-1", **entries: str):
    return client.post(f"/payments/take/{account(house).number}/", {"key": key, "do": do, "checks": "1", **entries})


def counts() -> tuple[int, int]:
    return Receipt.objects.count(), Posting.objects.count()


def test_without_a_drawer_the_screen_says_how_to_open_one_and_goes_on_from_there(cleo: Client) -> None:
    address = f"/payments/take/{account(2).number}/"
    page = cleo.get(address)
    assert "No drawer is open to you" in text(page) and f'name="next" value="{address}"' in page.content.decode()
    sent = cleo.post("/tills/open/", {"key": key_of(page), "till": "T1", "float": "100.00", "next": address})
    assert sent["Location"] == address
    assert "What is handed over" in text(cleo.get(address))
    assert "Till 1 open" in text(cleo.get("/"))


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_opening_a_drawer_leads_nowhere_else(cleo: Client, back: str) -> None:
    sent = cleo.post("/tills/open/", {"key": "o-2", "till": "T1", "float": "0.00", "next": back})
    assert sent["Location"] == "/tills/"


@pytest.mark.parametrize("float_", ["", "-1.00", "1.234", "NaN", "abc", "99999999999.00"])
def test_a_float_that_is_no_amount_is_refused_beside_the_field(cleo: Client, float_: str) -> None:
    page = cleo.post("/tills/open/", {"key": "o-3", "till": "T1", "float": float_, "next": "/tills/"})
    assert page.status_code == 422 and 'id="e-float"' in page.content.decode()
    assert "Till 1 open" not in text(cleo.get("/"))


def test_the_strip_says_exactly_what_happens_and_then_it_does(till: Client) -> None:
    entries = {"cash": "100.00", "check1": "20.00", "no1": "1188"}
    page = text(take(till, do="look", **entries))
    owed = ledger.get_balance(account(2).pk)
    assert "Take $120.00" in page or "Give back" in page
    sent = take(till, **entries)
    assert sent.status_code == 302 and sent["Location"].endswith("?new")
    receipt = Receipt.objects.get(series__code="T1", no=1)
    assert receipt.cents <= 12_000
    slip = text(till.get(sent["Location"]))
    assert "T1-000001" in slip and "Check 1188" in slip and "owes" in slip
    assert ledger.get_balance(account(2).pk) < owed


def test_the_same_form_sent_twice_takes_the_money_once(till: Client) -> None:
    first, again = take(till, cash="10.00"), take(till, cash="10.00")
    assert first["Location"] == again["Location"]
    assert Receipt.objects.filter(series__code="T1").count() == 1


def test_a_key_with_another_amount_is_refused(till: Client) -> None:
    take(till, cash="10.00")
    page = take(till, cash="11.00")
    assert page.status_code == 200 and "already used for something else" in text(page)
    assert Receipt.objects.filter(series__code="T1").count() == 1


def test_enter_in_a_field_takes_nothing(till: Client) -> None:
    before = counts()
    assert take(till, do="look", cash="10.00").status_code == 200
    assert take(till, do="", cash="10.00").status_code == 200
    assert counts() == before


@pytest.mark.parametrize(
    "amount",
    [
        "1.234",
        "12.5",
        "NaN",
        "nan",
        "Infinity",
        "-5.00",
        "1e3",
        "99999999999.00",
        "0.00",
        "0",
        "abc",
        "1,23.00",
        "£5",
        "٣",
    ],
)
def test_an_amount_that_is_none_is_refused_beside_its_field(till: Client, amount: str) -> None:
    before = counts()
    page = take(till, cash=amount)
    html = page.content.decode()
    assert page.status_code == 200 and 'id="cash" name="cash"' in html and 'aria-invalid="true"' in html
    slot = html[html.index('id="e-cash"') :]
    assert len(slot[slot.index(">") + 1 : slot.index("</p>")]) > 10
    assert 'aria-disabled="true"' in html[html.index('id="strip"') :]
    assert counts() == before


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"check1": "20.00"}, "no1"),  # a check without its number
        ({"no1": "1188"}, "check1"),  # a number without its amount
        ({"check1": "900.00", "no1": "1188"}, "check1"),  # more than is owed, and no cash to give change from
        ({"cash": "10.00", "amount": "-1.00"}, "amount"),
    ],
)
def test_what_does_not_fit_is_named(till: Client, entries: dict[str, str], field: str) -> None:
    before = counts()
    html = take(till, **entries).content.decode()
    slot = html[html.index(f'id="e-{field}"') :]
    assert len(slot[slot.index(">") + 1 : slot.index("</p>")]) > 10, field
    assert counts() == before


def test_nothing_typed_is_closed_and_says_why(till: Client) -> None:
    page = till.get(f"/payments/take/{account(2).number}/")
    assert "Opens when an amount is typed above" in text(page)


def test_more_than_is_owed_stays_as_credit_when_asked(till: Client) -> None:
    owed = ledger.get_balance(account(5).pk)
    more = f"{(owed + 5_000) // 100}.{owed % 100:02d}"
    take(till, house=5, cash=more, amount=more)
    assert ledger.get_balance(account(5).pk) == -5_000


def test_htmx_gets_the_parts_only(till: Client) -> None:
    address = f"/payments/take/{account(2).number}/"
    part = till.post(address, {"key": "p-9", "cash": "50.00", "checks": "1"}, **HTMX).content.decode()
    assert "<html" not in part and part.count('hx-swap-oob="true"') >= 5 and 'id="strip"' in part


def test_a_second_check_has_a_row_of_its_own(till: Client) -> None:
    html = take(till, do="more", cash="5.00").content.decode()
    assert 'name="check2"' in html and 'name="cash"' in html and 'value="5.00"' in html
    sent = take(till, checks="2", check1="10.00", no1="1", check2="20.00", no2="2")
    assert sent.status_code == 302 and Receipt.objects.get(series__code="T1").cents == 3_000


def test_the_slip_as_pdf_and_as_copy(till: Client) -> None:
    sent = take(till, cash="10.00")
    document = Receipt.objects.get(series__code="T1").document_id
    assert till.get(f"/payments/receipt/{document}/slip.pdf").content.startswith(b"%PDF-")
    assert "COPY" in text(till.get(f"/payments/receipt/{document}/"))
    assert "COPY" not in text(till.get(sent["Location"]))
    thermal = f"/payments/receipt/{document}/slip.txt"
    first, again = till.get(thermal + "?new").content.decode(), till.get(thermal).content.decode()
    assert "*** COPY ***" in again and "COPY" not in first and "T1-000001" in first
    assert max(map(len, again.splitlines())) <= 42


def test_only_who_took_it_prints_the_original_and_only_at_once(till: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    new = take(till, cash="10.00")["Location"]
    assert "COPY" in text(sign_in("sue").get(new))
    assert "COPY" not in text(till.get(new))
    with time_machine.travel(datetime.now() + timedelta(minutes=11), tick=True):
        assert "COPY" in text(till.get(new))


def test_the_line_of_a_printed_bill_leads_to_its_payment(till: Client) -> None:
    """The scan line and the QR code as they are printed: the account, and the amount that the bill asked."""
    paper = statements.get_statements([bill(2).pk])[0]
    assert paper.qr_payload == paper.scan_line
    for way in ("/payments/stub/?line=", "/search/?q="):
        sent = till.get(way + paper.scan_line)
        assert sent["Location"] == f"/payments/take/{account(2).number}/?stub={paper.scan_line}"
    page = till.get(sent["Location"])
    asked = f"{paper.amount_due_cents // 100}.{paper.amount_due_cents % 100:02d}"
    assert f"The stub asks ${asked}" in text(page)
    html = page.content.decode()
    owed = max(ledger.get_balance(account(2).pk), 0)
    assert owed == paper.amount_due_cents or f'name="amount" inputmode="decimal" maxlength="14" value="{asked}"' in html
    assert asked in html[html.index('id="quick"') : html.index('id="e-cash"')]
    found = text(till.get(f"/search/?q={paper.scan_line}", **HTMX))
    assert "Take payment from Leon Whitfield" in found and asked in found


def test_a_line_that_was_misread_says_so(till: Client) -> None:
    line = statements.get_statements([bill(2).pk])[0].scan_line
    wrong = line[:-1] + str((int(line[-1]) + 1) % 10)
    for way in (f"/payments/stub/?line={wrong}", f"/search/?q={wrong}"):
        assert "misread" in text(till.get(way))
    assert "part of it was missed" in text(till.get(f"/payments/stub/?line={line[:-3]}"))
    assert till.get(f"/payments/stub/?line={account(2).number}")["Location"].startswith("/payments/take/")
    assert "compare it with the bill" in text(till.get(f"/payments/stub/?line={int(account(2).number) + 1}"))


def test_several_accounts_in_one_payment(till: Client) -> None:
    """Two houses by one check and cash, the second by its stub; each is shown, one receipt is given."""
    five, six = ledger.get_balance(account(5).pk), ledger.get_balance(account(6).pk)
    assert five > 1_000 and six > 0
    page = take(till, house=5, do="other", cash="10.00")
    assert 'name="acct1"' in page.content.decode()
    entries = {"others": "1", "acct1": account(6).number, "amount": "10.00", "no1": "7"}
    entries["check1"] = f"{(six + 1_000) // 100}.{six % 100:02d}"
    look = text(take(till, house=5, do="look", **entries))
    assert "$10.00 for 5 Sage Wren Dr and" in look and "Hector Sandoval then owes nothing" in look
    sent = take(till, house=5, **entries)
    assert sent.status_code == 302
    assert (ledger.get_balance(account(5).pk), ledger.get_balance(account(6).pk)) == (five - 1_000, 0)
    slip = text(till.get(sent["Location"]))
    assert slip.count("T1-000001") >= 1 and "Beatriz Marsh" in slip and "Hector Sandoval" in slip


@pytest.mark.parametrize(
    ("entries", "field", "words"),
    [
        ({"acct1": "12345678"}, "acct1", "mistyped"),
        ({"acct1": "", "for1": "5.00"}, "acct1", "Type the number"),
        ({"acct1": "same"}, "acct1", "already"),
        ({"acct1": "other", "for1": "99.00"}, "for1", "Nothing is left for Leon Whitfield"),
        ({"came_by": "mail", "came_on": "2026-12-01"}, "came_on", "still to come"),
        ({"came_by": "pigeon"}, "came_by", "Choose one"),
    ],
)
def test_what_is_wrong_with_a_further_account_is_said_beside_it(
    till: Client, entries: dict[str, str], field: str, words: str
) -> None:
    before = counts()
    numbers = {"same": account(2).number, "other": account(5).number}
    entries = {name: numbers.get(value, value) for name, value in entries.items()}
    html = take(till, cash="20.00", others="1", **entries).content.decode()
    slot = html[html.index(f'id="e-{field}"') :]
    assert words in slot[: slot.index("</p>")]
    assert counts() == before


def test_money_of_the_night_drop_counts_from_its_day(till: Client) -> None:
    sent = take(till, check1="20.00", no1="8", came_by="night_drop", came_on="2026-02-28")
    receipt = Receipt.objects.get(series__code="T1")
    assert (receipt.came_by, receipt.effective_on.isoformat()) == ("night_drop", "2026-02-28")
    assert "It came in the night drop, and counts from Sat 28 Feb 2026" in text(till.get(sent["Location"]))
    assert till.get("/payments/receipt/99999999/").status_code == 404


def test_only_a_supervisor_takes_a_payment_back(till: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    owed = ledger.get_balance(account(2).pk)
    take(till, check1="20.00", no1="77")
    document = Receipt.objects.get(series__code="T1").document_id
    address = f"/payments/receipt/{document}/reverse/"
    assert "Only for supervisor" in text(till.get(f"/payments/receipt/{document}/"))
    refused = till.post(address, {"key": "r-1", "why": "returned", "reason": "R01"})
    assert "may not do this" in text(refused)
    sue = sign_in("sue")
    page = text(sue.get(address))
    assert "Take back receipt T1-000001 of $20.00" in page
    assert "If the bank returned it, the fee of $25.00 is added" in page
    for entries, words in (({}, "Say why"), ({"reason": "x"}, "Choose what happened")):
        assert words in text(sue.post(address, {"key": "r-2", **entries}))
    done = sue.post(address, {"key": "r-3", "why": "returned", "reason": "R01 insufficient funds"})
    assert done.status_code == 302
    assert ledger.get_balance(account(2).pk) == owed + 2500  # as before, with the example's fee
    assert "VOID" in text(sue.get(f"/payments/receipt/{document}/"))
    assert "taken back already" in text(sue.get(address, follow=True))


@pytest.mark.parametrize("name", ["otto", "finn"])
def test_who_may_not_take_money_sees_why(sign_in, name: str) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(name)
    before = counts()
    page = client.get(f"/payments/take/{account(2).number}/")
    assert "Only for" in text(page)
    refused = client.post("/tills/open/", {"key": f"o-{name}", "till": "T1", "float": "1.00", "next": "/tills/"})
    assert refused.status_code == 422 and "may not do this" in text(refused)
    take(client, cash="10.00")
    assert counts() == before


def test_it_is_few_queries(till: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(14):
        till.post(f"/payments/take/{account(2).number}/", {"key": "q", "cash": "50.00", "checks": "1"}, **HTMX)
