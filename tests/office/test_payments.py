"""Payments at a till, taken back, applied later: what the books say after each."""

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.office import _statements, ledger, payments, tills
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.payments import BadPayment, PayFirst, Paying, Tender
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Posting, Transaction
from curbstop.records.payments.models import DepositDemand, Receipt
from curbstop.rules.ledger import credit, debit
from curbstop.rules.policies import NotSet
from tests.books import DAY, account, approval, at_on, key, person, posting, set_policy
from tests.office.payment_town import AFTER, BILL, apply_credit, bill, check, items, raise_town, reverse, take, ties


@pytest.fixture
def town(db):
    raise_town()


class TestTake:
    def test_a_bill_is_paid_line_by_line_and_the_rest_is_credit(self, town):
        of = account()
        document = bill(of)
        receipt = take(of, 10000, Tender("check", 10000, "12"))
        (paid,) = receipt.accounts
        assert [(item.document_id, item.line, item.cents, item.open_after_cents) for item in paid.items] == [
            (document, n, cents, 0) for n, (_, _, _, cents) in enumerate(BILL, 1)
        ]
        assert (paid.credit_cents, paid.owed_before_cents, paid.owed_after_cents) == (541, 9459, -541)
        assert ledger.get_balance(of.id) == -541
        (left,) = ledger.get_open_items(of.id)
        assert (left.gl, left.document, left.open_cents, left.owed_to) == ("10-2310", receipt.document_id, 541, True)
        sums = ties()
        assert sums[10, 1020] == 10000 and sums[51, 1010] == 4464 and sums[52, 1010] == 3845

    def test_numbers_go_on_without_a_gap_and_a_refused_payment_takes_none(self, town):
        of = account()
        assert take(of, 100).no == 1
        with pytest.raises(BadPayment):
            take(of, 100, Tender("cash", 50))
        assert take(of, 100).no == 2
        assert list(Receipt.objects.order_by("no").values_list("no", flat=True)) == [1, 2]

    def test_the_payer_may_say_what_is_paid(self, town):
        of = account()
        bill(of, due=1)
        newer = bill(of, due=29)
        receipt = take(of, 9459, first=PayFirst(document_id=newer))
        assert {item.document_id for item in receipt.accounts[0].items} == {newer}
        assert payments.get_receipt("T1", receipt.no).instruction == f"document {newer}"
        receipt = take(of, 2070, first=PayFirst(words=("sewer",)))
        assert [item.kind for item in receipt.accounts[0].items] == ["sewer.volume"]

    def test_a_deposit_asked_for_is_paid_first_where_the_city_says_so_and_is_no_part_of_what_is_owed(self, town):
        set_policy("deposit.paid_first", True)
        of = account()
        bill(of)
        asked = DepositDemand.objects.create(account=of, cents=5000, due_on=AFTER, authority="guideline", event_id=1)
        receipt = take(of, 6000)
        paid = sorted((item.gl, item.cents) for item in receipt.accounts[0].items)
        assert paid == [("51-1210", 50), ("51-1210", 950), ("59-2210", 5000)]
        assert receipt.accounts[0].owed_after_cents == ledger.get_balance(of.id) == 8459
        assert ties()[59, 2210] == -5000
        receipt = take(of, 8459)
        assert asked.document_id not in {item.document_id for item in receipt.accounts[0].items}
        assert ledger.get_balance(of.id) == 0

    def test_a_demand_reopens_when_its_payment_is_returned(self, town):
        of = account()
        asked = DepositDemand.objects.create(account=of, cents=5000, due_on=AFTER, authority="guideline", event_id=1)
        paid = take(of, 5000, Tender("check", 5000, "9"))
        assert paid.accounts[0].items[0].document_id == asked.document_id
        reverse(paid)
        again = take(of, 5000)
        assert again.accounts[0].items[0].document_id == asked.document_id and again.accounts[0].credit_cents == 0

    def test_credit_held_is_never_used_silently(self, town):
        of = account()
        take(of, 500)
        bill(of)
        take(of, 1000)
        assert {(item.gl, item.open_cents) for item in ledger.get_open_items(of.id) if item.owed_to} == {
            ("10-2310", 500)
        }

    def test_the_preview_is_what_the_act_does(self, town):
        of, other = account(), account(1_000_002, name="B. Tran")
        bill(of)
        bill(other)
        paying, tenders = (
            (Paying(of.id, 5000), Paying(other.id, 10000)),
            (Tender("check", 9459, "8"), Tender("cash", 6000)),
        )
        shown = payments.get_payment_preview(accounts=paying, tenders=tenders, on=DAY)
        says = f"Take 94.59 check and 55.41 cash from R. Ortiz: 50.00 on {of.number}, 100.00 on {other.number}"
        assert shown.says == f"{says}; change 4.59."
        done = take(of, 0, accounts=paying, tenders=tenders)
        assert (shown.accounts, shown.tenders, shown.change_cents) == (done.accounts, done.tenders, done.change_cents)

    def test_without_a_policy_nothing_is_applied_on_a_guess(self, town):
        from curbstop.records.decisions.models import PolicyValue

        PolicyValue.objects.all().delete()
        of = account()
        with pytest.raises(NotSet):
            take(of, 100)
        assert not Transaction.objects.exists()

    def test_it_takes_few_round_trips(self, town, monkeypatch):
        of = account()
        bill(of)
        take(of, 100)
        trips, trip = [], _statements._trip

        def counted(link, asked, prepared):
            trips.append([statement.split()[1] for statement, _ in asked])
            return trip(link, asked, prepared)

        monkeypatch.setattr(_statements, "_trip", counted)
        by, k = person("cashier"), key()
        with CaptureQueriesContext(connection) as others:
            payments.take(
                key=k, by=by, at=at_on(DAY), till="T1", on=DAY, accounts=(Paying(of.id, 5000),),
                tenders=(Tender("cash", 5000),),
            )  # fmt: skip
        assert [len(asked) for asked in trips] == [4, 2, 1]  # key, first outcome, hold, load; post, number; event
        assert len(others) == 2  # begin and commit, as savepoints here


class TestTillClosed:
    def test_a_till_that_is_not_there_not_open_or_somebody_elses(self, town):
        of = account()
        with pytest.raises(payments.TillClosed, match="no till 'T9'"):
            take(of, 100, till="T9")
        tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T2", name="Till 2")
        with pytest.raises(payments.TillClosed, match="Till T2 is not open"):
            take(of, 100, till="T2")
        with pytest.raises(payments.TillClosed, match="is open to Cashier; a drawer has one cashier"):
            take(of, 100, by=person("other", "cashier"))
        with pytest.raises(payments.TillClosed, match="Count and close it"):
            take(of, 100, on=AFTER)
        assert not Transaction.objects.exists() and Event.objects.filter(act="payments.take", denied=True).count() == 4

    def test_an_auditor_takes_no_money(self, town):
        with pytest.raises(NotPermitted, match="payments.take needs the role"):
            take(account(), 100, by=person("auditor", "auditor"))


class TestAmounts:
    @pytest.mark.parametrize(
        ("cents", "said"),
        [(0, "zero"), (-100, "below zero"), (1_000_000_000, "more than 9,999,999.99")],
    )
    def test_amounts_that_cannot_be(self, town, cents, said):
        of = account()
        with pytest.raises(BadPayment, match=said) as caught:
            take(of, cents, Tender("cash", 100))
        assert caught.value.field == "accounts[1].cents"

    def test_the_largest_amount_can_be_taken(self, town):
        of = account()
        assert take(of, 999_999_999).cents == 999_999_999
        ties()

    def test_an_account_is_named_once(self, town):
        of = account()
        with pytest.raises(Refused, match="named twice"):
            take(of, 0, accounts=(Paying(of.id, 50), Paying(of.id, 50)), tenders=(Tender("cash", 100),))

    def test_an_account_that_is_not_there(self, town):
        with pytest.raises(LookupError):
            take(account(), 0, accounts=(Paying(999_999, 50),), tenders=(Tender("cash", 50),))


class TestReverse:
    def test_a_returned_payment_restores_every_line_as_it_was(self, town):
        of = account()
        bill(of)
        before = items(of)
        receipt = take(of, 9459, Tender("check", 9459, "12"))
        assert not items(of)
        undone = reverse(receipt, on=AFTER)
        assert items(of) == before and (undone.cents, undone.undone, undone.owed_again_cents) == (9459, (), 0)
        txn = Transaction.objects.get(id=undone.txn_id)
        assert (txn.reverses_id, txn.act, txn.day_id) == (receipt.txn_id, "return", AFTER)
        sums = ties()
        assert (sums[10, 1020], sums[10, 1030], sums[51, 1210]) == (9459, -9459, 4464)
        read = payments.get_receipt("T1", receipt.no)
        assert (read.reversed_on, read.reversed_why) == (AFTER, "returned: R01 insufficient funds")

    def test_what_was_used_of_its_remainder_is_undone_first(self, town):
        of = account()
        receipt = take(of, 6000, Tender("check", 6000, "12"))
        document = bill(of)
        apply_credit(of)
        assert ledger.get_balance(of.id) == 3459
        undone = reverse(receipt)
        assert len(undone.undone) == 1 and undone.owed_again_cents == 0
        assert sum(cents for cents, _ in items(of).values()) == 9459 and {k[1] for k in items(of)} == {document}
        ties()

    def test_other_credit_used_beside_it_goes_back_to_work(self, town):
        of = account()
        first = take(of, 6000, Tender("check", 6000, "12"))
        take(of, 1000)
        bill(of)
        apply_credit(of)
        assert ledger.get_balance(of.id) == 2459
        reverse(first)
        assert ledger.get_balance(of.id) == 8459
        assert not [item for item in ledger.get_open_items(of.id) if item.owed_to]
        ties()

    def test_what_was_refunded_meanwhile_is_owed_again(self, town):
        of = account()
        bill(of, BILL[:1])
        receipt = take(of, 2377, Tender("check", 2377, "12"))
        posting(
            "refund",
            [
                debit("10-2310", 1427, "credit", account_id=of.id, document=receipt.document_id, line=1),
                credit("10-2100", 1427, "refund", account_id=of.id, document=ledger.reserve_documents(1)[0], line=1),
            ],
            approval=approval(),
        )
        undone = reverse(receipt)
        assert undone.owed_again_cents == 1427
        owed = {(i.gl, i.open_cents, i.due_on is not None) for i in ledger.get_open_items(of.id) if not i.owed_to}
        assert owed == {("51-1210", 950, True), ("51-1260", 1427, True)}
        ties()

    def test_cash_beside_a_returned_check_stays_and_pays_again(self, town):
        of = account()
        bill(of)
        receipt = take(of, 9459, Tender("check", 5000, "12"), Tender("cash", 4459))
        reverse(receipt)
        assert ledger.get_balance(of.id) == 5000
        sums = ties()
        assert (sums[10, 1030], sums[10, 1020], sums.get((10, 2310), 0)) == (-5000, 9459, 0)

    def test_money_of_somebody_else_waits_until_it_is_known_whose(self, town):
        wrong, right = account(), account(1_000_002)
        bill(wrong, BILL[:1])
        bill(right)
        receipt = take(wrong, 9459)
        undone = reverse(receipt, "misposted", "was for the neighbour", on=AFTER)
        assert ledger.get_balance(wrong.id) == 950 and ties()[10, 2340] == -9459
        found = payments.identify(
            key=key(), by=person("supervisor"), at=at_on(AFTER), document_id=undone.waiting_document_id,
            account_id=right.id, on=DAY, posted_on=AFTER,
        )  # fmt: skip
        assert ledger.get_balance(right.id) == 0 and found.account.cents == 9459
        txn = Transaction.objects.get(id=found.txn_id)
        assert (txn.day_id, txn.effective_on) == (
            AFTER,
            DAY,
        )  # the closed day is unchanged; the money was here that day
        sums = ties()
        assert (sums[10, 1020], sums[10, 2340]) == (9459, 0)
        with pytest.raises(Refused, match="No money waits"):
            payments.identify(
                key=key(), by=person("supervisor"), at=at_on(AFTER), document_id=undone.waiting_document_id,
                account_id=right.id, on=AFTER,
            )  # fmt: skip

    def test_once_with_a_reason_and_not_cash_from_a_bank(self, town):
        of = account()
        receipt = take(of, 100, Tender("check", 100, "1"))
        with pytest.raises(Refused, match="return code") as caught:
            reverse(receipt, reason=" ")
        assert caught.value.field == "reason"
        with pytest.raises(Refused, match="Cash is not returned by a bank"):
            reverse(take(of, 100))
        with pytest.raises(Refused, match="returned .* or misposted"):
            reverse(receipt, why="void")
        reverse(receipt)
        with pytest.raises(Refused, match="was taken back on 2026-03-02: R01"):
            reverse(receipt)
        with pytest.raises(NotPermitted):
            payments.reverse(
                key=key(), by=person("cashier"), at=at_on(DAY), series="T1", no=1, why="returned", reason="x", on=DAY
            )
        with pytest.raises(Refused, match="no receipt T1-000099"):
            payments.reverse(
                key=key(),
                by=person("supervisor"),
                at=at_on(DAY),
                series="T1",
                no=99,
                why="returned",
                reason="x",
                on=DAY,
            )

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(1, 12_000), min_size=1, max_size=4), st.data())
    def test_taking_and_taking_back_in_any_order_leaves_every_item_as_before(self, town, amounts, data):
        of = account(1_000_001 + next(COUNTER))
        bill(of)
        bill(of, due=48)
        before = items(of)
        receipts = [take(of, cents, Tender("check", cents, "1")) for cents in amounts]
        apply_credit(of)
        for receipt in data.draw(st.permutations(receipts)):
            reverse(receipt)
        check()
        assert items(of) == before


COUNTER = iter(range(10, 10_000))


class TestApplyCredit:
    def test_oldest_credit_first_on_what_is_owed_by_policy(self, town):
        of, other, none = account(), account(1_000_002), account(1_000_003)
        first, second = take(of, 500), take(of, 700)
        take(other, 20_000)
        document = bill(of, BILL[:1])
        bill(other)
        done = apply_credit(of, other, none)
        assert (done.accounts, done.cents) == (2, 950 + 9459)
        assert {(i.document, i.open_cents) for i in ledger.get_open_items(of.id)} == {(second.document_id, 250)}
        assert ledger.get_balance(other.id) == 9459 - 20_000
        legs = Posting.objects.filter(account_id=of.id, document_id=document, credit_cents__gt=0)
        assert legs.count() == 1 and first.document_id
        ties()
        assert apply_credit(of, other) == payments.CreditApplied(0, 0)


class TestReads:
    def test_a_receipt_reads_as_it_was_taken(self, town):
        of, other = account(), account(1_000_002, name="B. Tran")
        bill(of)
        taken = take(
            of, 0, accounts=(Paying(of.id, 9459), Paying(other.id, 1000)),
            tenders=(Tender("check", 9459, "2187"), Tender("cash", 2000)), payer="R. Ortiz' sister",
        )  # fmt: skip
        take(of, 700)
        read = payments.get_receipt("T1", taken.no)
        assert (read.number, read.cents, read.change_cents, read.payer) == (
            "T1-000001",
            10459,
            1000,
            "R. Ortiz' sister",
        )
        assert [(a.number, a.cents, a.owed_after_cents) for a in read.accounts] == [
            (of.number, 9459, 0), (other.number, 1000, -1000),
        ]  # fmt: skip
        assert [item.says for item in read.accounts[0].items][0] == "Water, base"
        assert [(t.type, t.cents, t.change_cents, t.reference) for t in read.tenders] == [
            ("check", 9459, 0, "2187"), ("cash", 1000, 1000, ""),
        ]  # fmt: skip
        assert [(p.no, p.cents, p.receipt_cents) for p in payments.list_payments(of.id)] == [
            (2, 700, 700),
            (1, 9459, 10459),
        ]
        with pytest.raises(payments.NoReceipt, match="no receipt T1-000099"):
            payments.get_receipt("T1", 99)


class TestNumbersWithoutAGap:
    @pytest.mark.parametrize("no", [1, 3, 0])
    def test_the_database_refuses_a_gap_and_a_repeat(self, town, no):
        of = account()
        receipt = take(of, 100)
        with pytest.raises(DatabaseError), transaction.atomic():
            Receipt.objects.create(
                series=Receipt.objects.get().series, no=no, txn_id=receipt.txn_id, document_id=99_999, cents=5,
                effective_on=DAY, payer="x",
            )  # fmt: skip
        assert take(of, 100).no == 2


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_two_tills_on_one_account_take_turns_and_the_rest_of_the_second_is_credit(self):
        raise_town()
        of = account()
        bill(of, [("water.base", "51-1210", "51-4010", 1000)])
        tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T2", name="Till 2")
        tills.open(key=key(), by=person("second", "cashier"), at=at_on(DAY), till="T2", on=DAY, float_cents=0)
        cashiers = {"T1": person("cashier"), "T2": person("second")}
        start, failed = threading.Barrier(2), []

        def pay(till):
            try:
                start.wait()
                take(of, 600, till=till, by=cashiers[till])
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        both = [threading.Thread(target=pay, args=(till,)) for till in cashiers]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(20)
        assert not failed
        assert ledger.get_balance(of.id) == -200
        assert [item.open_cents for item in ledger.get_open_items(of.id)] == [200]
