"""Every way money comes: money order, mail, night drop, drive-up, lockbox, bank bill-pay, an agency's pledge."""

from datetime import timedelta

import pytest

from curbstop.office import ledger, payments, tills
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.payments import FileRow, Tender
from curbstop.records.payments.models import Receipt
from curbstop.rules.policies import NotSet
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.payment_town import AFTER, bill, items, raise_town, take, ties


@pytest.fixture
def town(db):
    raise_town()


def session_document():
    from curbstop.records.payments.models import TillSession

    return TillSession.objects.latest("id").document_id


class TestAtTheTill:
    def test_a_money_order_waits_on_its_own_line_of_the_drawer(self, town):
        of = account()
        bill(of)
        take(of, 9459, Tender("money_order", 9459, "MO-77"))
        assert tills._received(session_document()) == {"money_order": 9459} and ledger.get_balance(of.id) == 0

    @pytest.mark.parametrize("came_by", ["mail", "night_drop", "drive_up"])
    def test_money_that_nobody_hands_over_says_how_it_came(self, town, came_by):
        of = account()
        receipt = take(of, 500, Tender("check", 500, "12"), came_by=came_by)
        assert Receipt.objects.get(series__code="T1", no=receipt.no).came_by == came_by

    def test_the_night_drop_of_a_weekend_counts_from_the_day_it_fell_in(self, town):
        of = account()
        bill(of, due=-3)
        fell_in = DAY - timedelta(3)
        take(of, 9459, came_by="night_drop", on=fell_in)
        payment = payments.list_payments(of.id)[0]
        assert (payment.effective_on, payment.posted_on) == (fell_in, DAY)

    def test_a_way_that_is_none(self, town):
        with pytest.raises(Refused, match="counter, mail, night_drop, drive_up") as caught:
            take(account(), 500, came_by="pigeon")
        assert caught.value.field == "came_by"


@pytest.mark.parametrize(("channel", "gl", "type"), [
    ("mail", (10, 1060), "mail"), ("lockbox", (10, 1060), "lockbox"), ("bill_pay", (10, 1060), "bill_pay"),
    ("autopay", (10, 1050), "ach"), ("online_card", (10, 1040), "card"),
])  # fmt: skip
def test_every_channel_waits_for_the_bank_on_its_own_account(town, channel, gl, type):
    of = account()
    bill(of)
    payments.record_batch(
        key=key(), by=person("finance"), at=at_on(DAY), channel=channel, name=channel, on=DAY,
        rows=[FileRow(of.number, 9459, "x")],
    )  # fmt: skip
    assert ties()[gl] == 9459 and payments.list_payments(of.id)[0].types == (type,)


def accept(of, cents=5000, **more):
    values = {"agency": "Helping Hands", "reference": "HH-12", "cents": cents, "on": DAY, "by": person("supervisor")}
    return payments.accept_pledge(key=key(), at=at_on(DAY), account_id=of.id, **{**values, **more})


class TestPledges:
    @pytest.fixture
    def city(self, town):
        set_policy("pledge.accepted", True)
        set_policy("pledge.days", 30)

    def test_accepted_it_pays_and_the_money_closes_it(self, city):
        of = account()
        bill(of)
        done = accept(of)  # E17
        assert done.number == "PLEDGE-000001" and done.due_on == DAY + timedelta(30)
        assert ledger.get_balance(of.id) == 4459 and ties()[10, 1070] == 5000
        (waits,) = payments.list_pledges()
        assert (waits.agency, waits.awaited_cents) == ("Helping Hands", 5000)
        paid = payments.pledge_paid(  # E18
            key=key(), by=person("cashier"), at=at_on(DAY), pledge_id=done.document_id, till="T1", type="check",
            cents=5000, reference="881", on=DAY,
        )  # fmt: skip
        sums = ties()
        assert (sums[10, 1070], sums[10, 1020], paid.awaited_cents) == (0, 5000, 0)
        assert ledger.get_balance(of.id) == 4459 and not payments.list_pledges()
        assert tills._received(session_document()) == {"check": 5000}
        with pytest.raises(Refused, match=r"0\.00 of this pledge is awaited"):
            payments.pledge_paid(
                key=key(), by=person("cashier"), at=at_on(DAY), pledge_id=done.document_id, till="T1", type="cash",
                cents=1, reference="", on=DAY,
            )  # fmt: skip

    def test_one_that_is_not_kept_puts_every_line_back_and_closes_its_item(self, city):
        of = account()
        bill(of)
        before = items(of)
        accept(of)
        payments.reverse(
            key=key(), by=person("supervisor"), at=at_on(AFTER), series="PLEDGE", no=1, why="returned",
            reason="the agency withdrew it", on=AFTER,
        )  # fmt: skip
        assert items(of) == before and ties()[10, 1070] == 0 and not payments.list_pledges()

    def test_the_same_key_twice_is_one_pledge(self, city):
        of = account()
        k = key()
        given = {"key": k, "by": person("supervisor"), "at": at_on(DAY), "account_id": of.id, "agency": "H",
                 "reference": "1", "cents": 100, "on": DAY}  # fmt: skip
        assert payments.accept_pledge(**given) == payments.accept_pledge(**given)
        assert ledger.get_balance(of.id) == -100

    def test_where_the_city_has_not_said_so_a_pledge_pays_nothing(self, town):
        with pytest.raises(NotSet):
            accept(account())
        set_policy("pledge.accepted", False)
        with pytest.raises(Refused, match="pays nothing until the money comes"):
            accept(account(1_000_002))

    def test_a_cashier_may_not_accept_one(self, city):
        with pytest.raises(NotPermitted):
            accept(account(), by=person("cashier"))
