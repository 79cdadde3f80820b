"""Starting a service: two screens, nothing written before the button, everything in its way said in words."""

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account, Agreement, Customer, Premise
from curbstop.records.decisions.models import PolicyValue
from curbstop.records.payments.received import Letter
from tests.books import set_policy
from tests.desk.conftest import HTMX
from tests.desk.houses import account, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def place(house: int) -> int:
    return Premise.objects.get(address=f"{house} Sage Wren Dr").pk


def entries(**more: str) -> dict[str, str]:
    given = {
        "key": "m-1", "on": "2026-03-02", "name": "Nora Keene", "phone": "405-555-0177", "email": "", "account": "",
        "tenure": "renter", "customer_class": "residential", "kind": "person", "language": "en", "mail_to": "",
        "instalments": "2", "do_water": "1", "do_sewer": "1", "do_sanitation": "1", "items_sanitation": "1",
    }  # fmt: skip
    return {**given, **more}


def apply(client: Client, house: int = 8, do: str = "start", **more: str):
    return client.post(f"/moves/start/{place(house)}/", {**entries(**more), "do": do})


def counts() -> tuple[int, int, int]:
    return Customer.objects.count(), Account.objects.count(), Agreement.objects.count()


def test_the_place_is_found_with_who_is_there(cleo: Client) -> None:
    page = text(cleo.get("/moves/start/", {"at": "sage wren"}))
    assert "Leon Whitfield" in page and "Nobody" in page and "water, sewer, sanitation" in page
    part = cleo.get("/moves/start/", {"at": "8 sage"}, **HTMX).content.decode()
    assert "<html" not in part and "8 Sage Wren Dr" in part and "2 Sage Wren Dr" not in part
    assert "No premise has" in text(cleo.get("/moves/start/", {"at": "zzz"}))


def test_the_screen_says_fee_and_deposit_before_anything_is_done(cleo: Client) -> None:
    before = counts()
    page = text(apply(cleo, do="look"))
    assert "Residential renters pay a $100 deposit" in page and "50.00 and 50.00" in page
    assert "Start water, sewer, sanitation at 8 Sage Wren Dr for Nora Keene" in page
    assert counts() == before


def test_it_starts_and_says_what_is_left_to_do(cleo: Client) -> None:
    sent = apply(cleo)
    assert sent.status_code == 302
    made = Account.objects.get(customer__name="Nora Keene")
    assert sent["Location"] == f"/moves/started/{made.number}/"
    done = text(cleo.get(sent["Location"]))
    assert "Started" in done and "has no read of" in done and "instalment 2" in done and "25.00" in done
    assert made.agreements.count() == 3


def test_with_the_meter_read_nothing_is_left(cleo: Client) -> None:
    sent = apply(cleo, register_water="8,120")
    assert "has no read of" not in text(cleo.get(sent["Location"]))


def test_the_same_form_sent_twice_starts_once(cleo: Client) -> None:
    first, again = apply(cleo), apply(cleo)
    assert first["Location"] == again["Location"]
    assert Customer.objects.filter(name="Nora Keene").count() == 1


def test_a_likely_twin_must_be_told_apart(cleo: Client) -> None:
    Customer.objects.filter(name="Leon Whitfield").update(phone="+14055550142")
    before = counts()
    page = apply(cleo, name="Leon Whitfeld", phone="4055550142")
    assert page.status_code == 200 and "Is it one of these?" in text(page) and counts() == before
    assert "Opens when you say whether it is one of the customers shown" in text(page)
    same = apply(cleo, name="Leon Whitfeld", phone="4055550142", customer=str(account(2).customer_id))
    assert same.status_code == 302
    assert Account.objects.filter(customer=account(2).customer_id).count() == 2
    other = apply(cleo, house=9, key="m-2", name="Leon Whitfeld", phone="4055550142", customer="new")
    assert other.status_code == 302 and Customer.objects.filter(name="Leon Whitfeld").count() == 1


def test_an_account_there_is_can_start_at_another_place(cleo: Client) -> None:
    sent = apply(cleo, name="", phone="", account="1000001-6")
    assert sent.status_code == 302 and sent["Location"] == f"/moves/started/{account(1).number}/"


def test_where_somebody_is_nobody_else_starts(cleo: Client) -> None:
    before = counts()
    page = apply(cleo, house=2)
    assert page.status_code == 200 and "Leon Whitfield" in text(page) and "In its way" in text(page)
    assert counts() == before


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"on": "tomorrow"}, "on"),
        ({"on": "2026-02-30"}, "on"),
        ({"phone": "12"}, "phone"),
        ({"email": "no at sign"}, "email"),
        ({"register_water": "12.5"}, "register_water"),
        ({"register_water": "-3"}, "register_water"),
        ({"register_water": "99999999999"}, "register_water"),
        ({"account": "12345678"}, "account"),
        ({"name": "Nora\u202eKeene"}, "name"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_starts(cleo: Client, more: dict[str, str], field: str) -> None:
    agreements = Agreement.objects.count()
    page = apply(cleo, **more)
    assert page.status_code == 200
    html = page.content.decode()
    slot = html[html.index(f'id="e-{field}"') :]
    assert len(slot[slot.index(">") + 1 : slot.index("</p>")]) > 8, field
    assert Agreement.objects.count() == agreements


def test_nothing_ticked_and_no_name_are_closed_with_the_reason(cleo: Client) -> None:
    nothing = {"do_water": "", "do_sewer": "", "do_sanitation": ""}
    assert "Nothing would start" in text(apply(cleo, **nothing))
    assert "Opens when a name is typed" in text(apply(cleo, name=""))


@pytest.mark.parametrize("name", ["otto", "cass"])
def test_who_may_not_start_sees_why(sign_in, name: str) -> None:  # type: ignore[no-untyped-def]
    client, before = sign_in(name), counts()
    assert "Only for" in text(client.get(f"/moves/start/{place(8)}/"))
    apply(client)
    assert counts() == before


# --- the deposit's facts on screen ------------------------------------------------------------------------------------


@pytest.fixture
def example(db) -> None:  # type: ignore[no-untyped-def]
    """The street as an example town, which has the demonstration bureau."""
    set_policy("town.seed", 7)


def ask_bureau(client: Client, ssn: str, **more: str):
    sent = {"check_name": "Nora Keene", "check_born": "1980-01-01", "check_ssn": ssn, "check_agreed": "1"}
    return client.post("/moves/credit/", {**sent, **more}, **HTMX)


@pytest.mark.usefixtures("example")
def test_a_credit_check_is_asked_and_its_number_kept_nowhere(cleo: Client) -> None:
    part = ask_bureau(cleo, "123-45-6788").content.decode()
    assert "Grade 2" in part and "score 604" in part and "6788" not in part
    assert "Voluntary, used for the credit check" in part
    asked = Event.objects.get(act="deposits.record_check")
    assert asked.inputs == {"name": "Nora Keene", "grade": 2, "bureau": "Demonstration bureau"}
    token = part.split('name="check" value="')[1].split('"')[0]
    page = text(apply(cleo, do="look", tenure="owner", instalments="2", check=token))
    assert "by credit check on each adult in the house" in page and "150.00 and 150.00" in page
    sent = apply(cleo, tenure="owner", instalments="2", check=token)
    assert sent.status_code == 302
    letter = Letter.objects.get(kind="adverse_action")
    assert (letter.facts["score"], letter.facts["least"], letter.facts["most"]) == (604, 300, 850)
    assert len(letter.facts["factors"]) == 4 and "Your score of" in letter.says and "604" in letter.says
    assert Letter.objects.filter(kind="welcome").count() == 1


@pytest.mark.usefixtures("example")
def test_a_check_that_cannot_be_made_says_how_to_go_on(cleo: Client) -> None:
    assert "Nine digits are needed" in ask_bureau(cleo, "12").content.decode()
    assert "does not answer" in ask_bureau(cleo, "999-12-3456").content.decode()
    assert "has no file" in ask_bureau(cleo, "111-11-1111").content.decode()
    assert "agrees to the check first" in ask_bureau(cleo, "123-45-6788", check_agreed="").content.decode()
    forged = text(apply(cleo, do="look", tenure="owner", check="grade-1-please"))
    assert "no credit check is on file" in forged


def test_a_waiver_by_law_leaves_no_trace_on_screen(cleo: Client) -> None:
    waived = {"paper": "certification_letter", "paper_on": "2026-02-20"}
    page = text(apply(cleo, do="look", **waived))
    assert "No deposit is needed for this account." in page
    sent = apply(cleo, **waived)
    done = text(cleo.get(sent["Location"])).lower()
    paper = cleo.get(f"{sent['Location']}application.pdf")
    assert paper.status_code == 200 and paper.content.startswith(b"%PDF")
    assert "certification" not in done and "letter of" not in done and "protective" not in done
    told = Event.objects.filter(act="moves.start", denied=False).latest("id")
    assert "certification" not in f"{told.says} {told.inputs}" and "2026-02-20" not in str(told.inputs)
    late = text(apply(cleo, house=9, do="look", key="m-2", paper="certification_letter", paper_on="2025-11-01"))
    assert "ended on" in late and "ask for a new one, or the deposit of 100.00 in up to 2 instalments" in late


def test_a_returning_customers_old_debt_is_found_before_an_account_is_opened(cleo: Client) -> None:
    """The same telephone, a name with a typo: the customer there is, the old debt bill by bill, and the refusal."""
    left = account(2)
    Agreement.objects.filter(account=left).update(during=DateRange(date(2025, 12, 4), date(2026, 2, 20)))
    Customer.objects.filter(pk=left.customer_id).update(phone="+14055550188")
    before = counts()
    typed = {"key": "m-9", "name": f"{left.customer.name[:-1]}e", "phone": "405-555-0188"}
    page = text(apply(cleo, do="look", **typed))
    assert left.customer.name in page and "owing" in page
    chosen = text(apply(cleo, do="start", **typed, customer=str(left.customer_id)))
    assert "Old debt is paid first" in chosen and "Left owing" in chosen
    assert counts() == before


def test_what_the_city_wants_shown_is_ticked_first_and_flags_stand_beside(cleo: Client) -> None:
    PolicyValue.objects.filter(policy="identity.start").delete()
    set_policy("identity.start", ["photo identification", "lease or deed"])
    two = Customer.objects.get(pk=account(2).customer_id)
    Customer.objects.filter(pk=two.pk).update(phone="+14055550188")
    page = text(apply(cleo, do="look", key="m-5", phone="405-555-0188"))
    assert "photo identification" in page and "Look twice" in page and f"The phone is {two.name}'s" in page
    refused = apply(cleo, key="m-5")
    assert refused.status_code == 200 and "Opens when all that is shown to open an account was seen" in text(refused)
    assert apply(cleo, key="m-6", seen_0="1", seen_1="1").status_code == 302
    assert Event.objects.filter(act="moves.start", denied=False).latest("id").inputs["seen"] == [
        "photo identification", "lease or deed",
    ]  # fmt: skip
