"""Receipts put right by two people: voids on the same day out of the same drawer, payments moved to their account;
charges, credits and money carried to where they belong."""

from datetime import timedelta

import pytest

from curbstop.office import adjustments, ledger, payments, tills
from curbstop.office._once import Refused
from curbstop.office.payments import Tender
from curbstop.office.payments.moving import list_moved
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.models import Reversal
from curbstop.rules.tills import Counted, Piece
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.payment_town import AFTER, BILL, apply_credit, bill, items, raise_town, reverse, take, ties
from tests.office.requests import approve, ask, people, refuse, set_limits


@pytest.fixture
def town(db):
    raise_town()
    people()
    set_limits()
    set_policy("void.when", "same day, drawer still open")


def void(receipt, by="cashier", *, on=DAY, reason="wrong_amount", **more):
    return ask(by, kind="void", reason=reason, evidence=(), on=on, series=receipt.series, no=receipt.no, **more)


def move(receipt, source, target, by="clerk", *, on=DAY, **more):
    return ask(
        by, kind="move_payment", reason="wrong_account", on=on, series=receipt.series, no=receipt.no,
        from_account_id=source.id, to_account_id=target.id, **more,
    )  # fmt: skip


class TestVoid:
    def test_the_mirror_is_exact_and_the_receipt_keeps_its_number(self, town):
        of = account()
        bill(of)
        before = items(of)
        receipt = take(of, 5000)
        asked = void(receipt, words="a hundred was handed over")
        assert ledger.get_balance(of.id) == 9459 - 5000, "nothing happens before the second person"
        done = approve(asked)
        ties()
        assert items(of) == before
        (txn,) = done.txn_ids
        taken, voided = ledger.get_legs(receipt.txn_id), ledger.get_legs(txn)
        assert [(leg.gl, leg.debit_cents, leg.credit_cents) for leg in voided] == [
            (leg.gl, leg.credit_cents, leg.debit_cents) for leg in taken
        ]
        assert Transaction.objects.get(id=txn).reverses_id == receipt.txn_id
        read = payments.get_receipt(receipt.series, receipt.no)
        assert read.reversed_on == DAY and read.reversed_why.startswith(
            "voided: Taken with the wrong amount: a hundred"
        )
        assert take(of, 9459).no == receipt.no + 1
        assert Reversal.objects.get().why == "voided"

    def test_what_it_left_was_moved_since(self, town):
        of, other = account(), account(1_000_002)
        receipt = take(of, 5000)
        asked = void(receipt)
        moved = ask("clerk", kind="transfer", reason="paid_for_another", from_account_id=of.id,
                    to_account_id=other.id, cents=2000)  # fmt: skip
        approve(moved)
        with pytest.raises(Refused, match=r"20.00 that receipt T1-000001 left as deposit or credit was given back"):
            approve(asked)
        ties()
        assert (ledger.get_balance(of.id), ledger.get_balance(other.id)) == (-3000, -2000)

    def test_who_took_the_payment_is_no_second_person(self, town):
        of = account()
        bill(of)
        tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T2", name="Till 2")
        tills.open(key=key(), by=person("supervisor"), at=at_on(DAY), till="T2", on=DAY, float_cents=0)
        receipt = take(of, 5000, by=person("supervisor"), till="T2")
        asked = void(receipt, "clerk")
        with pytest.raises(Refused, match="Supervisor took this payment; a void needs a second person"):
            approve(asked)
        approve(asked, "director")

    def test_what_its_remainder_was_used_for_is_undone_first(self, town):
        of = account()
        bill(of, BILL[:1])
        receipt = take(of, 3000)
        bill(of, BILL[1:2])
        before = items(of)
        apply_credit(of)
        approve(void(receipt))
        ties()
        assert ledger.get_balance(of.id) == 950 + 3514 and sum(cents for cents, _ in items(of).values()) == 950 + 3514
        assert before != items(of)

    @pytest.mark.parametrize("state", ["counted", "closed", "deposited"])
    def test_a_drawer_that_is_counted_or_closed_is_not_opened_again(self, town, state):
        of = account()
        bill(of)
        receipt = take(of, 5000)
        asked = void(receipt)
        counted = Counted((Piece(5000, 5),), 0)
        told = tills.count(key=key(), by=person("cashier"), at=at_on(DAY), till="T1", counted=counted)
        says = "in a drawer that is counted"
        if state != "counted":
            by = person("supervisor")
            closed = tills.close(key=key(), by=by, at=at_on(DAY), till="T1", count_id=told.count_id, reason="")
            says = "in a closed drawer;"
        if state == "deposited":
            by = person("finance")
            tills.deposit(key=key(), by=by, at=at_on(DAY), session_ids=(closed.session_id,), on=DAY)
            says = "in a closed drawer and in a bank deposit;"
        with pytest.raises(Refused, match=says):
            void(receipt)
        with pytest.raises(Refused, match=f"It cannot be done any more: .*{says}"):
            approve(asked)
        assert ledger.get_balance(of.id) == 9459 - 5000

    def test_another_day_a_channel_or_a_second_time_is_no_void(self, town):
        of = account()
        bill(of)
        receipt = take(of, 5000)
        with pytest.raises(Refused, match="Receipts of 2026-03-02 are in an old drawer"):
            void(receipt, on=AFTER)
        approve(void(receipt))
        with pytest.raises(Refused, match="taken back already"):
            void(receipt)
        payments.record_batch(
            key=key(), by=person("finance"), at=at_on(DAY), channel="lockbox", name="box", on=DAY,
            rows=[payments.FileRow(of.number, 100, "1")],
        )  # fmt: skip
        with pytest.raises(Refused, match="was not taken at a till"):
            ask("clerk", kind="void", reason="wrong_amount", series="LOCKBOX", no=1)

    def test_without_the_citys_rule_there_are_no_voids(self, db):
        raise_town()
        people()
        of = account()
        bill(of)
        with pytest.raises(Refused, match="void.when is not set for this city"):
            void(take(of, 5000))

    def test_refused_it_stands(self, town):
        of = account()
        bill(of)
        receipt = take(of, 5000)
        refuse(void(receipt), reason="customer left with the receipt")
        assert payments.get_receipt(receipt.series, receipt.no).reversed_on is None
        assert ledger.get_balance(of.id) == 9459 - 5000


class TestMovePayment:
    def test_the_money_was_here_on_its_own_day_and_nothing_else_changes(self, town):
        right, wrong = account(1_000_001, name="A1"), account(1_000_007, name="A7")
        bill(right, [("water.volume", "51-1210", "51-4020", 8840)])
        bill(wrong, [("sewer.volume", "52-1210", "52-4020", 6125)])
        receipt = take(wrong, 8840, Tender("check", 8840, "118"))
        assert ledger.get_balance(wrong.id) == -2715
        cash = ties()
        done = approve(move(receipt, wrong, right, on=AFTER), on=AFTER)
        after = ties()
        assert (ledger.get_balance(wrong.id), ledger.get_balance(right.id)) == (6125, 0)
        txn = Transaction.objects.get(id=done.txn_ids[-1])
        assert (txn.act, txn.day_id, txn.effective_on) == ("move", AFTER, DAY)
        assert {gl: cash[gl] for gl in cash if gl[0] == 10 and gl[1] < 2000} == {
            gl: after[gl] for gl in after if gl[0] == 10 and gl[1] < 2000
        }
        (moved,) = list_moved(*_place(receipt))
        assert (moved.from_account_id, moved.to_account_id, moved.cents) == (wrong.id, right.id, 8840)

    def test_a_part_is_moved_the_last_paid_first(self, town):
        right, wrong = account(1_000_001), account(1_000_002)
        bill(right)
        bill(wrong)
        receipt = take(wrong, 10000)
        approve(move(receipt, wrong, right, cents=1000))
        ties()
        assert ledger.get_balance(wrong.id) == 9459 - 9000 and ledger.get_balance(right.id) == 8459
        with pytest.raises(Refused, match="90.00 of the receipt is on account"):
            move(receipt, wrong, right, cents=9001)
        approve(move(receipt, wrong, right))
        ties()
        assert ledger.get_balance(wrong.id) == 9459 and ledger.get_balance(right.id) == 9459 - 10000

    def test_a_moved_payment_comes_back_from_where_its_money_is(self, town):
        right, wrong = account(1_000_001), account(1_000_002)
        bill(right)
        bill(wrong)
        owed = items(right), items(wrong)
        receipt = take(wrong, 10000, Tender("check", 10000, "5"))
        approve(move(receipt, wrong, right))
        reverse(receipt)
        ties()
        assert (items(right), items(wrong)) == owed

    def test_credit_used_since_is_undone_first(self, town):
        right, wrong = account(1_000_001), account(1_000_002)
        receipt = take(wrong, 5000)
        bill(wrong)
        apply_credit(wrong)
        bill(right)
        approve(move(receipt, wrong, right))
        ties()
        assert (ledger.get_balance(wrong.id), ledger.get_balance(right.id)) == (9459, 4459)

    def test_what_cannot_be_moved(self, town):
        right, wrong = account(1_000_001), account(1_000_002)
        bill(wrong)
        receipt = take(wrong, 5000, Tender("check", 5000, "5"))
        with pytest.raises(Refused, match="on this account already"):
            move(receipt, wrong, wrong)
        with pytest.raises(Refused, match="Nothing of receipt"):
            move(receipt, right, wrong)
        asked = move(receipt, wrong, right)
        reverse(receipt)
        with pytest.raises(Refused, match="is taken back; there is nothing to move"):
            approve(asked)

    def test_the_cashier_who_took_it_does_not_approve(self, town):
        right, wrong = account(1_000_001), account(1_000_002)
        bill(wrong)
        receipt = take(wrong, 5000)
        read = adjustments.get_request(move(receipt, wrong, right).request_id, on=DAY, by=person("cashier"))
        assert "Cashier took this payment" in read.why_not


def _place(receipt):
    from curbstop.records.payments.models import Receipt

    row = Receipt.objects.get(document_id=receipt.document_id)
    return row.series_id, row.no


class TestTransfers:
    def test_a_charge_keeps_its_document_its_line_and_its_age(self, town):
        old, new = account(1_000_001), account(1_000_002)
        document = bill(old)
        due = {line: due for (_, _, line), (_, due) in items(old).items()}
        approve(
            ask(
                kind="transfer", reason="moved_house", from_account_id=old.id, to_account_id=new.id,
                document_id=document, line=4,
            )
        )  # fmt: skip
        ties()
        assert items(new) == {("52-1210", document, 4): (1775, due[4])}
        assert ledger.get_balance(old.id) == 9459 - 1775

    def test_a_credit_goes_to_another_account(self, town):
        one, other = account(1_000_001), account(1_000_002)
        take(one, 3000)
        given = {"kind": "transfer", "reason": "same_customer", "from_account_id": one.id, "to_account_id": other.id}
        with pytest.raises(Refused, match="holds 30.00 of credit, which is less than 30.01"):
            ask(**given, cents=3001)
        approve(ask(**given, cents=1200))
        ties()
        assert (ledger.get_balance(one.id), ledger.get_balance(other.id)) == (-1800, -1200)

    def test_money_goes_from_one_service_to_another(self, town):
        of = account()
        document = bill(of)
        take(of, 4464)
        given = {
            "kind": "services", "reason": "wrong_service", "account_id": of.id, "from_document_id": document,
            "from_line": 2, "to_document_id": document, "to_line": 3,
        }  # fmt: skip
        with pytest.raises(Refused, match="35.14 was paid, which is less than 35.15"):
            ask(**given, cents=3515)
        with pytest.raises(Refused, match="20.70 is open, less than 20.71"):
            ask(**given, cents=2071)
        approve(ask(**given, cents=500))
        ties()
        assert items(of)["51-1210", document, 2][0] == 500 and items(of)["52-1210", document, 3][0] == 1570
        assert ledger.get_balance(of.id) == 9459 - 4464


class TestWaive:
    def test_a_fee_is_waived_whole_and_what_was_paid_of_it_stays_as_credit(self, town):
        of = account()
        document = bill(of, [("fee.new_service", "51-1230", "51-4120", 2500), *BILL[:1]])
        with pytest.raises(Refused, match="no fee and no late charge here"):
            ask(kind="waive", reason="our_error", account_id=of.id, document_id=document, line=2)
        take(of, 1000)
        asked = ask(kind="waive", reason="our_error", account_id=of.id, document_id=document, line=1, evidence=())
        assert asked.cents == 2500
        approve(asked)
        ties()
        assert ledger.get_balance(of.id) == 950 - 1000
        with pytest.raises(Refused, match="25.00 was credited already"):
            ask(kind="waive", reason="our_error", account_id=of.id, document_id=document, line=1)

    def test_a_late_charge_over_three_funds(self, town):
        of = account()
        late = [("late.water", "51-1220", "51-4110", 89), ("late.sewer", "52-1220", "52-4110", 77),
                ("late.sanitation", "53-1220", "53-4110", 23)]  # fmt: skip
        document = bill(of, late, due=-10, on=DAY + timedelta(0))
        done = approve(ask(kind="waive", reason="mail", account_id=of.id, document_id=document, evidence=()))
        sums = ties()
        assert done.cents == 189 and ledger.get_balance(of.id) == 0
        assert [sums[fund, 4310] for fund in (51, 52, 53)] == [89, 77, 23]
        assert [sums[fund, 4110] for fund in (51, 52, 53)] == [-89, -77, -23], "assessed stays assessed"
