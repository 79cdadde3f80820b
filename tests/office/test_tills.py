"""Drawers: one cashier, a blind count, a second person, one deposit; what must not happen is refused twice."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from curbstop.office import ledger, payments, tills
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.payments import Paying, Tender
from curbstop.records.base.models import User
from curbstop.records.payments.models import SlipSession, Till, TillClose, TillCount, TillSession
from curbstop.rules.tills import BadCount, Counted, Piece
from tests.books import DAY, account, at_on, key, open_books, person, set_policy

AFTER = DAY + timedelta(1)


def counted(cash, checks=0, orders=0):
    return Counted((), coin_cents=cash, check_cents=checks, money_order_cents=orders)


@pytest.fixture
def town(db):
    open_books(DAY, AFTER)
    set_policy("payments.application", "oldest_first")
    for name, role in (
        ("cashier", "cashier"),
        ("second", "cashier"),
        ("supervisor", "supervisor"),
        ("finance", "finance"),
    ):
        person(name, role)
    tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T1", name="Till 1")


def open_till(by="cashier", *, till="T1", on=DAY, float_cents=20000):
    return tills.open(key=key(), by=person(by), at=at_on(on), till=till, on=on, float_cents=float_cents)


def count(cash, checks=0, orders=0, *, by="cashier", till="T1"):
    return tills.count(key=key(), by=person(by), at=at_on(DAY), till=till, counted=counted(cash, checks, orders))


def close(told, *, by="supervisor", reason="", till="T1"):
    return tills.close(key=key(), by=person(by), at=at_on(DAY), till=till, count_id=told.count_id, reason=reason)


def take(of, *tenders, till="T1", by="cashier"):
    cents = sum(tender.cents for tender in tenders)
    return payments.take(
        key=key(), by=person(by), at=at_on(DAY), till=till, on=DAY, accounts=(Paying(of.id, cents),), tenders=tenders
    )


def deposit(*sessions, on=DAY):
    ids = tuple(session.session_id for session in sessions)
    return tills.deposit(key=key(), by=person("finance"), at=at_on(on), session_ids=ids, on=on)


def check():
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


class TestOpening:
    def test_a_drawer_and_its_series(self, town):
        with pytest.raises(Refused, match="'T1' is taken") as caught:
            tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T1", name="Another")
        assert caught.value.field == "code"
        with pytest.raises(Refused, match="short code"):
            tills.install(key=key(), by=person("clock"), at=at_on(DAY), code=" ", name="Another")
        with pytest.raises(NotPermitted):
            tills.install(key=key(), by=person("supervisor"), at=at_on(DAY), code="T9", name="Nine")

    def test_it_is_open_to_one(self, town):
        open_till()
        with pytest.raises(Refused, match="open to Cashier since 2026-03-02"):
            open_till("second")
        drawer = tills.get_drawer("T1")
        assert (drawer.cashier, drawer.float_cents, drawer.receipts, drawer.counted) == ("Cashier", 20000, 0, False)
        assert not any("expected" in field for field in drawer.__dataclass_fields__)

    def test_the_database_refuses_a_second_open_session(self, town):
        open_till()
        till, user = Till.objects.get(), User.objects.get(username="second")
        given = {"till": till, "cashier": user, "opened_on": DAY, "opened_at": at_on(DAY), "event_id": 1}
        with pytest.raises(DatabaseError, match="one_first"), transaction.atomic():
            TillSession.objects.create(float_cents=0, **given)
        close(count(20000))
        last = TillClose.objects.get()
        TillSession.objects.create(float_cents=0, follows=last, **given)
        with pytest.raises(DatabaseError, match="follows"), transaction.atomic():
            TillSession.objects.create(float_cents=0, follows=last, **given)

    def test_a_day_that_is_not_open_a_till_that_is_not_there_and_a_float_below_zero(self, town):
        with pytest.raises(ledger.DayNotOpen, match="2026-03-04 is not open"):
            open_till(on=DAY + timedelta(2))
        with pytest.raises(Refused, match="no till 'T7'"):
            open_till(till="T7")
        with pytest.raises(Refused, match="cannot be") as caught:
            open_till(float_cents=-1)
        assert caught.value.field == "float_cents"

    def test_the_next_day_it_opens_again(self, town):
        first = open_till()
        close(count(20000))
        again = open_till("second", on=AFTER)
        assert again.session_id != first.session_id
        assert [drawer.cashier for drawer in tills.list_tills()] == ["Second"]


class TestCounting:
    def test_the_count_tells_what_should_be_there_by_type_of_tender(self, town):
        of = account()
        open_till()
        take(of, Tender("cash", 5000), Tender("check", 3000, "1"))
        take(of, Tender("money_order", 2500))
        told = count(25000, 3000, 2500)
        assert (told.over_cents, told.short_cents) == (0, 0)
        assert [(d.type, d.expected_cents) for d in told.differences] == [
            ("cash", 25000), ("check", 3000), ("money_order", 2500),
        ]  # fmt: skip

    def test_somebody_else_counts_only_after_its_cashier(self, town):
        open_till()
        with pytest.raises(Refused, match="Its cashier counts first"):
            count(20000, by="supervisor")
        count(19000)
        again = count(20000, by="supervisor")
        assert close(again).short_cents == 0

    def test_a_count_that_cannot_be(self, town):
        open_till()
        with pytest.raises(BadCount, match="no such note or coin"):
            tills.count(key=key(), by=person("cashier"), at=at_on(DAY), till="T1", counted=Counted((Piece(300, 1),)))
        with pytest.raises(Refused, match="is not open"):
            close(count(20000)) and count(1)


class TestSigning:
    def test_nobody_signs_his_own(self, town):
        person("chief", "cashier", "supervisor")
        open_till("chief")
        told = count(20000, by="chief")
        with pytest.raises(Refused, match="is your own; another person signs it"):
            close(told, by="chief")
        session = TillSession.objects.get()
        with pytest.raises(DatabaseError, match="two_people"), transaction.atomic():
            TillClose.objects.create(
                session=session, count_id=told.count_id, cashier=session.cashier, signed_by=session.cashier,
                signed_at=at_on(DAY), short_cents=0, over_cents=0, event_id=1,
            )  # fmt: skip
        close(told)

    def test_a_count_that_is_not_the_last_is_not_signed(self, town):
        open_till()
        first = count(19000)
        count(20000)
        with pytest.raises(Refused, match="counted again since"):
            close(first)

    def test_cash_short_and_checks_over_are_posted_side_by_side(self, town):
        of = account()
        open_till()
        take(of, Tender("cash", 10000), Tender("check", 10000, "1"))
        told = count(20000 + 9800, 10200)
        with pytest.raises(Refused, match="needs its reason"):
            close(told)
        closed = close(told, reason="unknown")
        check()
        assert (closed.over_cents, closed.short_cents) == (200, 200)
        trial = {line.gl: (line.debit_cents, line.credit_cents) for line in ledger.get_trial_balance(DAY)}
        assert (trial["51-5110"], trial["51-4220"]) == ((200, 0), (0, 200))
        (waiting,) = tills.list_sessions_to_deposit()
        assert (waiting.cash_cents, waiting.check_cents) == (9800, 10200)

    def test_a_difference_without_its_posting_is_refused_by_the_database(self, town):
        open_till()
        told = count(19000)
        session = TillSession.objects.get()
        with pytest.raises(DatabaseError, match="explained"), transaction.atomic():
            TillClose.objects.create(
                session=session, count_id=told.count_id, cashier=session.cashier, signed_by_id=person("supervisor").id,
                signed_at=at_on(DAY), short_cents=1000, over_cents=0, event_id=1,
            )  # fmt: skip

    def test_without_a_count_there_is_nothing_to_sign(self, town):
        open_till()
        with pytest.raises(Refused, match="is not counted"):
            tills.close(key=key(), by=person("supervisor"), at=at_on(DAY), till="T1", count_id=1)


class TestToTheBank:
    def test_several_drawers_in_one_deposit_each_in_exactly_one(self, town):
        of = account()
        tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T2", name="Till 2")
        open_till()
        open_till("second", till="T2", float_cents=0)
        numbers = [
            take(of, Tender("cash", 5000)).number,
            take(of, Tender("check", 3000, "17"), till="T2", by="second").number,
        ]
        first, second = close(count(25000)), close(count(0, 3000, till="T2", by="second"), till="T2")
        with pytest.raises(Refused, match="not signed, or are in a deposit already"):
            tills.deposit(key=key(), by=person("finance"), at=at_on(DAY), session_ids=(99,), on=DAY)
        slip = deposit(first, second)
        check()
        assert (slip.tills, slip.cash_cents, slip.check_cents, slip.total_cents) == (("T1", "T2"), 5000, 3000, 8000)
        assert [receipt.number for receipt in slip.receipts] == numbers
        assert slip.receipts[1].references == ("17",)
        with pytest.raises(DatabaseError), transaction.atomic():
            SlipSession.objects.create(session_id=first.session_id, slip_id=slip.slip_id)
        assert tills.list_slips(unconfirmed_only=True) == (slip,)
        done = tills.confirm(
            key=key(), by=person("finance"), at=at_on(AFTER), slip_id=slip.slip_id, on=AFTER, cents=8000, reference="a"
        )
        assert done.confirmed_on == AFTER
        with pytest.raises(Refused, match="was confirmed on 2026-03-03"):
            tills.confirm(key=key(), by=person("finance"), at=at_on(AFTER), slip_id=slip.slip_id, on=AFTER, cents=8000)

    def test_an_empty_drawer_needs_no_deposit(self, town):
        open_till()
        with pytest.raises(Refused, match="nothing in these drawers"):
            deposit(close(count(20000)))

    def test_a_deposit_that_is_not_there(self, town):
        with pytest.raises(Refused, match="no bank deposit 12345"):
            tills.get_slip(12345)

    def test_a_returned_check_of_yesterdays_deposit_waits_for_the_banks_debit(self, town):
        of = account()
        open_till()
        receipt = take(of, Tender("check", 3000, "17"))
        slip = deposit(close(count(20000, 3000)))
        tills.confirm(key=key(), by=person("finance"), at=at_on(AFTER), slip_id=slip.slip_id, on=AFTER, cents=3000)
        payments.reverse(
            key=key(), by=person("supervisor"), at=at_on(AFTER), series="T1", no=receipt.no, why="returned",
            reason="NSF", on=AFTER,
        )  # fmt: skip
        check()
        trial = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(AFTER)}
        assert (trial["10-1001"], trial["10-1030"], trial["10-1020"]) == (3000, -3000, 0)


class TestFloats:
    def fund(self, cents, on=DAY):
        return tills.set_change_fund(key=key(), by=person("finance"), at=at_on(on), cents=cents, on=on)

    def test_the_change_fund_comes_from_the_bank_and_floats_from_the_safe(self, town):
        made = self.fund(40000)
        assert (made.cents, made.change_cents) == (40000, 40000)
        trial = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(DAY)}
        assert (trial["10-1015"], trial["10-1001"]) == (40000, -40000)
        with pytest.raises(Refused, match="The safe holds 400.00 of the change fund, not 400.01"):
            open_till(float_cents=40001)
        open_till(float_cents=25000)
        assert tills.get_change_fund() == (40000, 25000)
        with pytest.raises(Refused, match="Floats of 250.00 are in drawers"):
            self.fund(24999)
        with pytest.raises(Refused, match="is 400.00 already"):
            self.fund(40000)
        close(count(25000))  # the float goes back to the safe
        assert tills.get_change_fund() == (40000, 0)
        assert self.fund(30000).change_cents == -10000

    def test_a_drawer_that_lost_some_of_its_float_says_what_to_do_and_is_made_up(self, town):
        self.fund(40000)
        open_till()
        closed = close(count(19000), reason="unknown")
        with pytest.raises(Refused, match="Till T1 of 2026-03-02 holds 10.00 less cash than its float") as caught:
            deposit(closed)
        assert caught.value.field == "session_ids" and "tills.restore_float" in str(caught.value)
        made = tills.restore_float(key=key(), by=person("finance"), at=at_on(DAY), session_id=closed.session_id, on=DAY)
        check()
        assert made.cents == 1000 and tills.get_change_fund() == (39000, 0)
        trial = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(DAY)}
        assert (trial["10-1020"], trial["51-5110"], trial["10-1015"]) == (0, 1000, 39000)
        with pytest.raises(Refused, match="lacks nothing of its float"):
            tills.restore_float(key=key(), by=person("finance"), at=at_on(DAY), session_id=closed.session_id, on=DAY)
        with pytest.raises(Refused, match="nothing in these drawers"):
            deposit(closed)

    def test_without_a_change_fund_there_is_nothing_to_make_it_up_from(self, town):
        open_till()
        closed = close(count(19000), reason="unknown")
        with pytest.raises(Refused, match="The safe holds 0.00 of the change fund, and 10.00 are missing"):
            tills.restore_float(key=key(), by=person("finance"), at=at_on(DAY), session_id=closed.session_id, on=DAY)


class TestHandOver:
    def hand_over(self, told, by="second"):
        return tills.hand_over(key=key(), by=person(by), at=at_on(DAY), till="T1", count_id=told.count_id, on=DAY)

    def test_the_next_cashier_goes_on_with_the_float_and_the_money_goes_to_the_bank(self, town):
        of = account()
        first = open_till()
        take(of, Tender("cash", 5000))
        told = count(25000)
        with pytest.raises(Refused, match="is your own; whoever takes it over"):
            self.hand_over(told, by="cashier")
        done = self.hand_over(told)
        assert (done.before_id, done.float_cents) == (first.session_id, 20000)
        drawer = tills.get_drawer("T1")
        assert (drawer.cashier, drawer.session_id, drawer.counted) == ("Second", done.after_id, False)
        take(of, Tender("cash", 700), by="second")
        (waiting,) = [row for row in tills.list_sessions_to_deposit() if row.cash_cents]
        assert (waiting.session_id, waiting.cash_cents) == (first.session_id, 5000)
        again = close(count(20700, by="second"))
        slip = deposit(again, done_session(done))
        check()
        assert slip.cash_cents == 5700

    def test_a_difference_is_for_a_supervisor(self, town):
        open_till()
        told = count(19000)
        with pytest.raises(Refused, match="short 10.00. A supervisor signs a difference"):
            self.hand_over(told)
        again = count(20000, by="supervisor")
        with pytest.raises(Refused, match="was counted again since"):
            self.hand_over(told)
        self.hand_over(again)

    def test_a_drawer_that_is_not_counted_is_not_handed_over(self, town):
        open_till()
        with pytest.raises(Refused, match="is not counted; its cashier counts it first"):
            tills.hand_over(key=key(), by=person("second"), at=at_on(DAY), till="T1", count_id=1, on=DAY)
        with pytest.raises(NotPermitted):
            tills.hand_over(key=key(), by=person("finance"), at=at_on(DAY), till="T1", count_id=1, on=DAY)


def done_session(done):
    from types import SimpleNamespace

    return SimpleNamespace(session_id=done.before_id)


class TestReportingUp:
    @pytest.mark.parametrize(("cents", "reported"), [(10000, 10000), (9999, 0)])
    def test_what_reaches_the_policy_goes_to_the_finance_director(self, town, cents, reported):
        set_policy("till.report_up", 10000)
        open_till()
        closed = close(count(20000 - cents), reason="unknown")
        check()
        assert closed.reported_cents == reported
        assert [row.short_cents for row in tills.list_reports()] == [cents] * bool(reported)

    def test_over_and_short_are_not_added_up_or_set_off(self, town):
        set_policy("till.report_up", 10000)
        of = account()
        open_till()
        take(of, Tender("check", 30000, "1"))
        closed = close(count(20000 - 9000, 30000 + 9000), reason="unknown")
        assert (closed.over_cents, closed.short_cents, closed.reported_cents) == (9000, 9000, 0)

    def test_it_is_looked_at_once_with_words_by_another(self, town):
        set_policy("till.report_up", 10000)
        person("director", "finance_director")
        open_till()
        closed = close(count(0), reason="unknown")
        given = {"at": at_on(DAY), "session_id": closed.session_id}
        with pytest.raises(NotPermitted):
            tills.see_report(key=key(), by=person("supervisor"), words="x", **given)
        with pytest.raises(Refused, match="what follows"):
            tills.see_report(key=key(), by=person("director"), words=" ", **given)
        tills.see_report(key=key(), by=person("director"), words="police report 12", **given)
        assert not tills.list_reports(unseen_only=True)
        with pytest.raises(Refused, match="looked at already"):
            tills.see_report(key=key(), by=person("director"), words="again", **given)

    def test_where_the_policy_is_not_set_nothing_is_reported(self, town):
        open_till()
        assert close(count(0), reason="unknown").reported_cents == 0


class TestPages:
    def test_a_session_tells_what_should_be_there_only_when_it_is_counted(self, town):
        of = account()
        opened = open_till()
        receipt = take(of, Tender("cash", 5000), Tender("check", 3000, "17"))
        before = tills.get_session(opened.session_id)
        assert before.differences == () and [line.number for line in before.receipts] == [receipt.number]
        assert before.receipts[0].how == "cash, check 17"
        count(24000, 3000)
        counted_ = tills.get_session(opened.session_id)
        assert [d.expected_cents for d in counted_.differences] == [25000, 3000, 0]
        close(count(24000, 3000), reason="unknown")
        after = tills.get_session(opened.session_id)
        assert after.differences == counted_.differences and after.signed_by == "Supervisor"
        (row,) = tills.list_signed(from_on=DAY, until_on=AFTER)
        assert (row.short_cents, row.over_cents, row.reason) == (1000, 0, "unknown")
        with pytest.raises(Refused, match="no drawer session 99"):
            tills.get_session(99)


def test_counts_are_kept_by_denomination(town):
    open_till()
    pieces = Counted((Piece(10000, 1), Piece(25, 3)), coin_cents=7)
    tills.count(key=key(), by=person("cashier"), at=at_on(DAY), till="T1", counted=pieces)
    kept = TillCount.objects.get()
    assert kept.denominations == {"pieces": {"10000": 1, "25": 3}, "coin_cents": 7} and kept.cash_cents == 10082
