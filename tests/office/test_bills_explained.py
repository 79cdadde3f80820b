"""Bills explained, compared, printed and rated again."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection

from curbstop.formats import scanline
from curbstop.formats.paper.bill import faults
from curbstop.office import bills, delinquency
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.records.bills.models import Bill, Charge
from curbstop.records.ledger.models import Kind
from curbstop.records.payments.models import DepositDemand
from tests.databases import TestDatabases
from tests.office import bill_town as town
from tests.office.bill_town import FEB, MARCH

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def billed_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """The town with its February and March bills. Account 3 had a fee in February and a deposit in two instalments;
    account 20 paid ahead; account 33 paid its February bill between that bill and the next; February's bills were
    late."""
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_billed", live)
        test_databases.use("template_billed")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def live() -> None:
    town.build()
    fee = Kind.objects.get(code="fee.new_service")
    Charge.objects.create(
        account_id=3, kind=fee, cents=2500, on=date(2026, 1, 20), says="New-service fee", authority="FAQ", event_id=1
    )
    for part in (1, 2):
        DepositDemand.objects.create(account_id=3, cents=5000, instalment=part, authority="FAQ", event_id=7)
    town.overpay(20, 3000)
    town.run_bills(FEB)
    town.pay(33, bill_of(33, FEB).total_cents, FEB)
    delinquency.assess_late(key=Key("late"), by=town.system(), at=town.at_on(MARCH, 9), run=1, on=MARCH)
    town.run_bills(MARCH)


def bill_of(account: int, bill_on: date) -> Bill:
    return Bill.objects.get(account_id=account, run__bill_on=bill_on)


def doctor(statement: str, **values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("set session_replication_role = origin")


# --- explain ----------------------------------------------------------------------------------------------------------


def test_every_bill_explains_itself_to_the_cent() -> None:
    for bill in Bill.objects.all():
        told = bills.explain(bill.pk)
        lines = [line for service in told.services for line in service.lines]
        assert sum(line.cents for line in lines) + sum(c.cents for c in told.charges) == bill.total_cents
        assert all(line.authority for line in lines)


def test_what_a_line_says() -> None:
    told = bills.explain(bill_of(3, MARCH).pk)
    assert [service.service for service in told.services] == ["water", "irrigation", "sewer", "sanitation"]
    water, sprinkler, sewer, _ = told.services
    assert (water.gal, water.cents, water.tariff) == (6580, 950 + 3303, "W-RES")
    (read,) = water.reads
    assert (read.gal, 10 * (read.until_reading - read.from_reading)) == (6580, 6580)
    by_gallon = "6.58 kgal × $5.02"
    assert [step.how for step in water.lines[1].steps if step.what == "tier"][0] == by_gallon
    assert any(step.how.startswith("33.0316 to the nearest cent") for step in water.lines[1].steps)
    assert [step.how for step in sewer.lines[0].steps if step.what == "cap"] == ["the lower one, 4,500 gal"]
    assert sprinkler.lines[0].cents == 2000
    fee = bills.explain(bill_of(3, FEB).pk).charges
    assert [(c.says, c.cents, c.authority) for c in fee] == [("New-service fee", 2500, "FAQ")]


def test_a_bill_that_was_changed_does_not_explain_itself() -> None:
    bill = bill_of(5, MARCH)
    doctor(
        "update ledger_posting set debit_cents = debit_cents + 1 where document_id = %(bill)s and line_no = 2",
        bill=bill.pk,
    )
    with pytest.raises(bills.BillDiffers, match=f"bill {bills.bill_number(bill.pk)}: line 2 is posted as water.volume"):
        bills.explain(bill.pk)


@pytest.mark.parametrize("year_before", [False, True])
def test_why_a_bill_is_different(year_before: bool) -> None:
    for account in (1, 3, 7, 20):
        why = bills.why_different(bill_of(account, MARCH).pk, year_before=year_before)
        if year_before:
            assert (why.against, why.difference) == (None, None)
            continue
        assert why.against == bill_of(account, FEB).pk
        assert why.difference is not None
        change = bill_of(account, MARCH).total_cents - bill_of(account, FEB).total_cents
        assert sum(part.cents for part in why.difference.parts) == change
    fee = bills.why_different(bill_of(3, MARCH).pk).difference
    assert fee is not None
    assert fee.part("one_time") == -2500


def test_a_first_bill_has_none_to_compare_with() -> None:
    assert bills.why_different(bill_of(41, MARCH).pk).difference is None


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_bill_numbers() -> None:
    bill = bill_of(1, FEB)
    number = bills.bill_number(bill.pk)
    assert bills.find_bill(f" {number[:2]}-{number[2:]} ") == bill.pk
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with pytest.raises(Refused, match="one of them is mistyped"):
        bills.find_bill(wrong)
    with pytest.raises(Refused, match="digits only"):
        bills.find_bill("B-12")
    with pytest.raises(Refused, match="There is no bill"):
        bills.find_bill(bills.bill_number(999_999))


# --- rated again ------------------------------------------------------------------------------------------------------


def test_every_bill_rates_again_to_the_cent() -> None:
    assert bills.rerate_all() == bills.Rerated(119, 0, ())
    assert 0 < bills.rerate_all(every=10).bills < 20


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        ("update bills_outcome set usage_gal = usage_gal + 10 where agreement_id = 4 and run_id = 1", "was billed"),
        ("update bills_outcome set cents = cents + 1 where agreement_id = 6 and run_id = 1", "and rates to 11.50"),
        (
            "update ledger_posting set debit_cents = debit_cents - 1 where document_id = %(bill)s and line_no = 3",
            "0.01 more than they rate to|0.01 less than they rate to",
        ),
        ("update bills_charge set cents = 2600", "25.00|1.00 less"),
        ("update customers_agreement set tariff_id = 'W-TEMP-10' where id = 4", "cannot be rated any more|was billed"),
    ],
)
def test_what_was_changed_under_a_bill_is_found(break_it: str, says: str) -> None:
    doctor(break_it, bill=bill_of(1, FEB).pk)
    found = bills.rerate_all()
    assert not found.holds
    import re

    assert any(re.search(says, fault) for fault in found.faults), found.faults


# --- on paper ---------------------------------------------------------------------------------------------------------


def test_every_paper_adds_up() -> None:
    papers = bills.get_statements([bill.pk for bill in Bill.objects.all()])
    assert [fault for paper in papers for fault in faults(paper)] == []


def test_what_happened_since_the_last_bill() -> None:
    paid = bills.get_statement(bill_of(33, MARCH).pk)
    before = bill_of(33, FEB).total_cents
    assert paid.previous_balance_cents == before
    assert [(line.on, line.words, line.amount_cents) for line in paid.payments] == [(FEB, "Payment, cash", before)]
    assert paid.adjustments == ()
    assert paid.amount_due_cents == bill_of(33, MARCH).total_cents
    late = bills.get_statement(bill_of(5, MARCH).pk)
    assert late.payments == ()
    assert [(line.words, line.on) for line in late.adjustments] == [("Late charge", MARCH)]
    ahead = bills.get_statement(bill_of(20, FEB).pk)
    assert ahead.previous_balance_cents == 0
    assert [line.amount_cents for line in ahead.payments] == [3000]
    assert ahead.amount_due_cents == bill_of(20, FEB).total_cents - 3000


def test_the_deposit_is_asked_for_and_no_charge() -> None:
    first, second = (bills.get_statement(bill_of(3, on).pk) for on in (FEB, MARCH))
    assert first.deposit_instalment is not None
    assert (first.deposit_instalment.words, first.deposit_instalment.amount_cents) == (
        "Deposit, instalment 1 of 2", 5000,
    )  # fmt: skip
    assert first.amount_due_cents == first.current_charges_cents + 5000
    assert second.deposit_instalment is not None
    assert second.deposit_instalment.amount_cents == 10_000


def test_the_late_amount_is_on_this_bill_alone() -> None:
    paper = bills.get_statement(bill_of(5, MARCH).pk)
    late = (paper.current_charges_cents * 2 + 50) // 100
    assert paper.amount_after_due_cents == paper.amount_due_cents + late
    read = scanline.parse(paper.scan_line)
    assert (read.amount_due_cents, read.amount_after_due_cents) == (
        paper.amount_due_cents,
        paper.amount_after_due_cents,
    )


def test_the_paper_of_an_old_bill_stays_what_it_was() -> None:
    bill = bill_of(5, FEB)
    before = bills.get_statement(bill.pk)
    town.pay(5, 1234, MARCH)
    doctor("update customers_premise set hazard = 'dog'")
    assert bills.get_statement(bill.pk) == before
    assert before.adjustments == () and before.previous_balance_cents == 0
    assert len(before.usage) == 1
    assert len(bills.get_statement(bill_of(5, MARCH).pk).usage) == 2


def test_a_payment_between_approval_and_posting_is_on_the_paper_of_the_bill_that_counted_it() -> None:
    doctor(  # as if account 33 had paid an hour after the March bills were approved, and before they were posted
        "update ledger_transaction set posted_at = '2026-03-04 18:00Z' where id ="
        " (select txn_id from payments_receipt where account_id = 33)"
    )
    paid = bills.get_statement(bill_of(33, MARCH).pk)
    assert [line.amount_cents for line in paid.payments] == [bill_of(33, FEB).total_cents]
    assert faults(paid) == []


def test_a_short_period_says_so() -> None:
    paper = bills.get_statement(bill_of(41, MARCH).pk)
    assert paper.messages == ("This bill is for 27 days, from Wed 4 Feb 2026; fixed charges are for those days only.",)
    assert paper.charges[0].charges[0].reckoning == "27 of 28 days"


def test_one_file_of_many_bills_is_the_same_every_time() -> None:
    from io import BytesIO

    import pypdf

    several = [bill_of(account, MARCH).pk for account in (3, 20, 41)]
    made = bills.statement_pdf(several)
    assert made == bills.statement_pdf(several)
    pages = pypdf.PdfReader(BytesIO(made)).pages
    assert len(pages) == 3
    assert bills.bill_number(several[0]) in pages[0].extract_text()
