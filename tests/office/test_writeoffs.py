"""Old debts: an approved list, the memo line by line, recovery, the provision, the agency's net and gross."""

from datetime import timedelta

import pytest
from django.db import connection

from curbstop.formats.agency import RemittanceErrors
from curbstop.office import adjustments, ledger, moves, writeoffs
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.moves.weighing import load_party
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.models import DepositDemand
from curbstop.rules.writeoffs import Criteria
from tests.books import DAY, at_on, key, person, set_policy
from tests.office.closed import closed_account, serve
from tests.office.payment_town import bill, raise_town, take, ties

pytestmark = pytest.mark.django_db
ENDED = DAY - timedelta(120)
CRITERIA = {"days_after_due": 60, "least_cents": 1}
TERMS = [{"agency": "plains", "name": "Plains Collection", "percent": "25", "remits": "net"},
         {"agency": "mesa", "name": "Mesa Recovery", "percent": "25", "remits": "gross"}]  # fmt: skip
SHORT = [("sewer.volume", "52-1210", "52-4020", 1000), ("sanitation.cart", "53-1210", "53-4010", 1150)]


@pytest.fixture(autouse=True)
def town(db):
    raise_town()
    set_policy("writeoff.limits", [{"role": "finance_director"}])
    set_policy("agency.terms", TERMS)
    for name in ("finance", "supervisor", "csr"):
        person(name, name)
    person("director", "finance_director")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body)"
            " values (1, 'town', 'Town', 'America/Chicago', '{}')"
        )


def debtor(sequence=1_000_001, lines=SHORT, *, due=-100) -> Account:
    """A closed account with a bill long past due."""
    of = closed_account(sequence, ENDED)
    bill(of, lines, due=due)
    return of


def ask(*of, who="finance", **more):
    inputs = {"account_ids": [one.id for one in of], **CRITERIA, **more}
    return adjustments.request(
        key=key(), by=person(who), at=at_on(DAY), kind="write_off", reason="uncollectible", on=DAY, inputs=inputs
    )


def approve(request, who="director"):
    return adjustments.approve(key=key(), by=person(who), at=at_on(DAY), request_id=request.request_id, on=DAY)


def written_off(*of):
    return approve(ask(*of))


def recover(of, who="csr", **more):
    return writeoffs.recover(key=key(), by=person(who), at=at_on(DAY), account_id=of.id, on=DAY, **more)


def candidates(**more):
    given = {"criteria": Criteria(60), "on": DAY}
    return {row.number: row.why_not for row in writeoffs.list_candidates(**{**given, **more})}


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_why_an_account_cannot_be_on_it() -> None:
    good, young = debtor(), debtor(1_000_002, due=-59)
    running = closed_account(1_000_003, ENDED)
    bill(running, SHORT, due=-100)
    serve_again = closed_account(1_000_004, ENDED)
    bill(serve_again, SHORT, due=-100)
    take(serve_again, 100_00)
    found = candidates()
    assert found[good.number] == ""
    assert "not 60 days past due" in found[young.number]
    assert serve_again.number not in found
    assert "is under" in candidates(criteria=Criteria(60, 5000))[good.number]
    assert "is over" in candidates(criteria=Criteria(60, 1, 2149))[good.number]


def test_a_deposit_or_a_credit_comes_first_and_running_service_never() -> None:
    of = debtor()
    DepositDemand.objects.create(account=of, cents=5000, due_on=DAY, authority="test", event_id=1)
    from curbstop.office.payments import PayFirst

    take(of, 5000, first=PayFirst(words=("deposit",)))
    assert "A deposit of 50.00 is held" in candidates()[of.number]
    from tests.books import account

    goes_on = account(1_000_007)
    serve(goes_on, ENDED)
    bill(goes_on, SHORT, due=-100)
    assert goes_on.number not in candidates()
    with pytest.raises(Refused, match="Its service goes on"):
        ask(goes_on)


# --- E64: written off, and kept ---------------------------------------------------------------------------------------


def test_a_list_is_written_off_by_the_second_person_and_kept_line_by_line() -> None:
    one, two = debtor(), debtor(1_000_002)
    waiting = ask(one, two)
    assert waiting.cents == 4300 and ledger.get_balance(one.id) == 2150
    with pytest.raises(Refused, match="finance director"):
        approve(waiting, who="supervisor")
    approve(waiting)
    assert (ledger.get_balance(one.id), ledger.get_balance(two.id)) == (0, 0)
    sums = ties()
    assert (sums[52, 1210], sums[52, 1290], sums[52, 1295], sums[52, 1296]) == (0, 2000, 2000, -2000)
    (document, _) = writeoffs.list_written_off()
    assert [(line.gl, line.left_cents, line.kind) for line in document.lines] == [
        ("52-1210", 1000, "sewer.volume"), ("53-1210", 1150, "sanitation.cart"),
    ]  # fmt: skip
    assert document.request_id == waiting.request_id and document.written_off_on == DAY
    assert Transaction.objects.filter(act="write_off", approval_id=waiting.request_id).count() == 2


def test_amounts_are_weighed_again_at_approval() -> None:
    of = debtor()
    waiting = ask(of)
    take(of, 500)
    with pytest.raises(Refused, match=r"It was asked as 21.50, and comes to 16.50 now"):
        approve(waiting)
    take(of, 1650)
    with pytest.raises(Refused, match="owes nothing"):
        approve(waiting)
    assert not writeoffs.list_written_off()


@pytest.mark.parametrize("who", ["csr", "cashier", "auditor"])
def test_who_may_not_make_a_list(who: str) -> None:
    of = debtor()
    person(who, who)
    with pytest.raises(Refused):
        ask(of, who=who)


# --- E65: it comes back -----------------------------------------------------------------------------------------------


def test_written_off_debt_is_owed_again_as_it_was_and_then_paid() -> None:
    of = debtor()
    written_off(of)
    back = recover(of)
    assert (back.cents, back.owes_cents) == (2150, 2150)
    assert [item.kind for item in ledger.get_open_items(of.id)] == ["sewer.volume", "sanitation.cart"]
    sums = ties()
    assert (sums[52, 1290], sums[52, 1295], sums[52, 1296]) == (0, 0, 0)
    take(of, 2150)
    assert ledger.get_balance(of.id) == 0 and not writeoffs.list_written_off()
    (kept,) = writeoffs.list_written_off(everything=True)
    assert (kept.written_cents, kept.left_cents) == (2150, 0)
    with pytest.raises(Refused, match="Nothing of this account is written off"):
        recover(of)


def test_a_part_comes_back_oldest_first() -> None:
    of = debtor()
    written_off(of)
    assert recover(of, cents=1200).owes_cents == 1200
    (left,) = writeoffs.list_written_off()
    assert left.left_cents == 950
    with pytest.raises(Refused, match=r"9.50 is written off; 9.51 cannot come back"):
        recover(of, cents=951)


def test_the_same_key_recovers_once() -> None:
    of = debtor()
    written_off(of)
    form = {"key": key("form"), "by": person("csr"), "at": at_on(DAY), "account_id": of.id, "on": DAY}
    assert writeoffs.recover(**form) == writeoffs.recover(**form)
    assert ledger.get_balance(of.id) == 2150


def test_the_debt_is_found_when_the_person_returns() -> None:
    old = debtor()
    written_off(old)
    new = Account.objects.create(
        number="90000001", customer_id=old.customer_id, customer_class="residential", tenure="renter", opened_on=DAY,
        event_id=1,
    )  # fmt: skip
    assert load_party(new.id, lock=False).earlier == (old.id,)
    found = moves.list_old_debts(account_ids=[old.id])
    assert [(debt.says, debt.cents, debt.written_off_on) for debt in found] == [("Bill", 2150, DAY)]


# --- E63: the provision -----------------------------------------------------------------------------------------------


def provide(**more):
    given = {"key": key(), "by": person("finance"), "at": at_on(DAY), "on": DAY}
    return writeoffs.provide(**{**given, **more})


def test_the_provision_is_a_share_of_old_debts_and_done_again_adds_nothing() -> None:
    set_policy("writeoff.provision", [{"bucket": "over 90", "percent": "50"}])
    debtor()
    done = provide()
    assert [(fund.fund, fund.add_cents) for fund in done.funds] == [(52, 500), (53, 575)]
    sums = ties()
    assert (sums[52, 4390], sums[52, 1290], sums[53, 1290]) == (500, -500, -575)
    assert provide().cents == 0 and provide().txn_id is None


def test_no_provision_on_a_guess() -> None:
    with pytest.raises(Refused, match=r"Finance sets writeoff\.provision"):
        provide()


# --- the agency -------------------------------------------------------------------------------------------------------


def place(*of, agency="plains", **more):
    given = {"key": key(), "by": person("finance"), "at": at_on(DAY), "agency": agency, "on": DAY}
    return writeoffs.place(**{**given, "account_ids": tuple(one.id for one in of), **more})


def recall(*of, reason="paid here"):
    return writeoffs.recall(
        key=key(), by=person("finance"), at=at_on(DAY), account_ids=tuple(one.id for one in of), reason=reason, on=DAY
    )


def remit(text, agency="plains", **more):
    given = {"key": key(), "by": person("finance"), "at": at_on(DAY), "agency": agency, "name": "june.csv", "on": DAY}
    return writeoffs.receive_remittance(**{**given, "text": "Account,Collected,Commission\r\n" + text, **more})


def test_a_debt_is_placed_recalled_and_placed_again_and_nothing_is_posted() -> None:
    of = debtor()
    written_off(of)
    posted = Transaction.objects.count()
    made = place(of)
    assert made.rows == 1 and of.number in writeoffs.get_agency_file(made.file_id).decode()
    with pytest.raises(Refused, match=r"is with plains since 2026-03-02. Recall it first"):
        place(of)
    recall(of)
    with pytest.raises(Refused, match="is with no agency"):
        recall(of)
    place(of, agency="mesa")
    assert [(row.agency, row.recalled_on) for row in writeoffs.list_placements(everything=True)] == [
        ("plains", DAY), ("mesa", None),
    ]  # fmt: skip
    assert Transaction.objects.count() == posted
    with pytest.raises(Refused, match="has no written-off debt"):
        place(debtor(1_000_005))
    with pytest.raises(Refused, match="no collection agency of this city"):
        place(of, agency="nobody")


def test_an_agency_remits_net_and_keeps_its_commission() -> None:
    of = debtor()
    written_off(of)
    place(of)
    done = remit(f"{of.number},10.00,2.50\r\n")
    assert (done.cents, done.commission_cents, done.net_cents) == (1000, 250, 750)
    sums = ties()
    assert (sums[10, 1060], sums[52, 5130], sums[52, 1210], sums[52, 1295]) == (750, 250, 0, 0)
    assert ledger.get_balance(of.id) == 0
    (row,) = writeoffs.list_placements()
    assert (row.collected_cents, row.left_cents) == (1000, 1150)
    # the commission is the agency's share where the file does not say
    assert remit(f"{of.number},11.50,\r\n").commission_cents == 288


def test_an_agency_remits_gross_and_invoices() -> None:
    of = debtor()
    written_off(of)
    place(of, agency="mesa")
    done = remit(f"{of.number},21.50,5.38\r\n", agency="mesa")
    assert (done.net_cents, done.commission_cents) == (2150, 538) and done.invoice_txn_id
    sums = ties()
    assert sums[10, 1060] == 2150
    assert sums[52, 5130] + sums[53, 5130] == 538 == -(sums[52, 2140] + sums[53, 2140])


def test_a_remittance_is_taken_once_and_whole() -> None:
    of, other = debtor(), debtor(1_000_002)
    written_off(of, other)
    place(of)
    text = f"{of.number},10.00,2.50\r\n"
    remit(text)
    with pytest.raises(Refused, match="This file was taken"):
        remit(text)
    posted = Transaction.objects.count()
    for bad, says in (
        (f"{of.number},1.00,\r\n{other.number},1.00,\r\n", "was never placed with plains"),
        (f"{of.number},11.51,\r\n", r"owes 11.50 in all, and 11.51 was collected"),
        (f"{of.number},1.00,\r\n{of.number},1.00,\r\n", "stands twice"),
        (f"{of.number},1.00,2.00\r\n", "commission is more"),
        (f"{of.number},x,\r\n", "not an amount"),
    ):
        with pytest.raises((Refused, RemittanceErrors), match=says):
            remit(bad)
    assert Transaction.objects.count() == posted


@pytest.mark.parametrize("who", ["csr", "supervisor", "cashier", "auditor"])
def test_only_finance_deals_with_the_agency(who: str) -> None:
    of = debtor()
    by = person(f"{who}-2", who)
    with pytest.raises(NotPermitted):
        place(of, by=by)
    with pytest.raises(NotPermitted):
        provide(by=by)
    assert Event.objects.filter(denied=True, by_id=by.id).count() == 2
