"""What the database itself refuses about money: each wrong act is tried, past the office, and seen refused."""

import threading
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from curbstop.records.ledger.models import Close, Day, Export, Gl, Kind, Posting, Transaction
from curbstop.rules.ledger import Leg, credit, debit
from tests.books import AT, DAY, account, approval, clock, open_books, person, posting


@contextmanager
def refused(words):
    """The database refuses what is inside, at the latest when it is checked as at commit."""
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield
        check()


def check():
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


@pytest.fixture
def town(db):
    open_books(DAY)
    return account()


def header(act="charge", *, on=DAY, effective_on=None, **more):
    from curbstop.records.base.models import Event

    event = Event.objects.create(act="test", by_id=clock().id, at=AT, inputs={})
    return Transaction.objects.create(
        posted_at=AT, event=event, day_id=on, effective_on=effective_on or on, act=act, by_id=clock().id, **more
    )


def rows(txn, *legs, first=1):
    """Rows written past the office."""
    kind = Kind.objects.get(code="water.volume")
    made = []
    for no, leg in enumerate(legs, first):
        gl = Gl.objects.get(fund=int(leg.gl[:2]), object=int(leg.gl[3:]))
        made.append(
            Posting(
                txn=txn, leg_no=no, gl=gl, kind=kind, fund_id=gl.fund_id, sub=gl.sub, account_id=leg.account_id,
                document_id=leg.document, line_no=leg.line, debit_cents=leg.debit_cents, credit_cents=leg.credit_cents,
                due_on=leg.due_on,
            )
        )  # fmt: skip
    Posting.objects.bulk_create(made)
    return made


def owes(town, cents=1000, document=500, line=1):
    return debit(
        "51-1210", cents, "water.volume", account_id=town.id, document=document, line=line, due_on=DAY + timedelta(20)
    )


def pays(town, cents=1000, document=500, line=1):
    return credit("51-1210", cents, "water.volume", account_id=town.id, document=document, line=line)


EARNS = credit("51-4020", 1000, "water.volume")


@pytest.fixture
def billed(town):
    """An account that owes 10.00."""
    posting("charge", [owes(town), EARNS])
    check()
    return town


class TestBalance:
    def test_one_sided(self, town):
        with refused("does not balance in fund 51"):
            rows(header(), owes(town))

    def test_one_sided_on_the_other_side(self, town):
        with refused("does not balance in fund 51"):
            rows(header(), EARNS)

    def test_balanced_but_not_by_fund(self, town):
        with refused("does not balance in fund 51"):
            rows(header(), owes(town), credit("52-4020", 1000, "sewer.volume"))

    def test_a_payment_without_the_legs_between_funds(self, billed):
        with refused("does not balance in fund (10|51)"):
            rows(header("take"), debit("10-1020", 1000, "payment", document=9, line=1), pays(billed))

    def test_a_bill_run_one_cent_short(self, town):
        with refused("debits 1000000, credits 999999"):
            rows(
                header("bill"),
                *(owes(town, document=1000 + n) for n in range(1000)),
                credit("51-4020", 999_999, "water.volume"),
            )

    def test_a_leg_added_to_a_committed_transaction(self, billed):
        txn = Transaction.objects.get()
        with refused("does not balance in fund 51"):
            rows(txn, credit("51-4020", 1, "water.volume"), first=3)

    def test_rows_added_after_an_early_check_are_checked_again(self, town):
        with refused("does not balance in fund 51"):
            txn = header()
            rows(txn, owes(town), EARNS)
            check()
            rows(txn, credit("51-4020", 5, "water.volume"), first=3)

    def test_a_rolled_back_savepoint_takes_its_rows_and_its_check_along(self, town):
        txn = header()
        with pytest.raises(KeyError), transaction.atomic():
            rows(txn, owes(town))
            raise KeyError
        rows(txn, owes(town), EARNS)
        check()
        other = header()
        rows(other, owes(town, document=501), EARNS)
        with pytest.raises(KeyError), transaction.atomic():
            check()  # checked, but the note that it was goes with the savepoint
            raise KeyError
        rows(header(), owes(town, document=502), EARNS)
        check()
        with refused("does not balance in fund 51"), transaction.atomic():
            rows(other, credit("51-4020", 5, "water.volume"), first=3)
            rows(header(), owes(town, document=503), EARNS)

    def test_rows_that_come_one_by_one_are_added_up_at_the_commit(self, town):
        txn = header()
        rows(txn, owes(town))
        rows(txn, EARNS, first=2)
        check()
        with refused("does not balance in fund 51"):
            other = header()
            rows(other, owes(town, document=501))
            rows(other, credit("51-4020", 999, "water.volume"), first=2)

    def test_two_transactions_in_one_commit_are_both_checked(self, town):
        with refused("does not balance in fund 51"):
            rows(header(), owes(town), EARNS)
            rows(header(), owes(town, document=501), credit("51-4020", 999, "water.volume"))


class TestItems:
    def test_over_application(self, billed):
        with refused("over-applied by 1 cents"):
            rows(header("adjust", approval_id=approval()), debit("51-4310", 1001, "water.volume"), pays(billed, 1001))

    def test_a_credit_where_nothing_is_owed(self, town):
        with refused("over-applied by 5 cents"):
            rows(header("adjust", approval_id=approval()), debit("51-4310", 5, "water.volume"), pays(town, 5))

    def test_the_same_document_of_another_account_is_another_item(self, billed):
        other = account(1_000_002)
        with refused("over-applied by 1000 cents"):
            rows(header("adjust", approval_id=approval()), debit("51-4310", 1000, "water.volume"), pays(other))

    def credit_held(self, town, gl="10-2310"):
        cash = debit("10-1020", 500, "payment", document=8, line=1)
        held = credit(gl, 500, "credit", account_id=town.id, document=600, line=1)
        if gl.startswith("59"):
            funds = [credit("10-2859", 500, "payment"), debit("59-1010", 500, "payment")]
            return posting("take", [cash, held, *funds])
        return posting("take", [cash, held])

    def test_a_refund_above_the_credit(self, town):
        self.credit_held(town)
        given = debit("10-2310", 501, "credit", account_id=town.id, document=600, line=1)
        with refused("over-applied by 1 cents"):
            payable = credit("10-2100", 501, "refund", account_id=town.id, document=700, line=1)
            rows(header("refund", approval_id=approval()), given, payable)

    def test_a_deposit_refunded_twice(self, town):
        self.credit_held(town, "59-2210")
        legs = [
            debit("59-2210", 500, "deposit", account_id=town.id, document=600, line=1),
            credit("59-1010", 500, "payment"),
            debit("10-2859", 500, "payment"),
        ]
        for refund in (700, 701):
            payable = credit("10-2100", 500, "refund", account_id=town.id, document=refund, line=1)
            if refund == 700:
                rows(header("refund", approval_id=approval()), *legs, payable)
                check()
            else:
                with refused("over-applied by 500 cents"):
                    rows(header("refund", approval_id=approval()), *legs, payable)


class TestRows:
    def test_a_control_row_without_its_customer(self, town):
        with refused("ledger_posting_names_account"):
            rows(header(), debit("51-1210", 1000, "water.volume", document=500, line=1), EARNS)

    def test_a_revenue_row_with_a_customer(self, town):
        with refused("ledger_posting_names_account"):
            rows(header(), owes(town), credit("51-4020", 1000, "water.volume", account_id=town.id))

    def test_a_batch_row_without_its_batch(self, town):
        with refused("ledger_posting_names_item"):
            rows(header("take"), debit("10-1020", 1000, "payment"))

    def test_both_columns(self, town):
        with refused("ledger_posting_one_column"):
            rows(header(), Leg("51-4020", 5, 5, "water.volume"))

    def test_neither_column(self, town):
        with refused("ledger_posting_one_column"):
            rows(header(), Leg("51-4020", 0, 0, "water.volume"))

    def test_negative(self, town):
        with refused("ledger_posting_one_column"):
            rows(header(), Leg("51-4020", -5, 0, "water.volume"))


class TestHeaders:
    def test_effective_after_posted(self, town):
        with refused("ledger_transaction_not_ahead"):
            header(effective_on=DAY + timedelta(1))

    def test_a_day_that_nobody_opened(self, town):
        with refused("ledger_day"):
            header(on=DAY + timedelta(1))

    def test_money_given_away_without_an_approval(self, town):
        for act in ("adjust", "waive", "write_off", "refund", "void", "move"):
            with refused("ledger_transaction_approved"):
                header(act)

    def test_money_given_away_before_it_is_approved(self, town):
        for step in ("", "refused", "withdrawn"):
            with refused("ledger_transaction_approved_by_verdict"):
                header("adjust", approval_id=approval(step=step))
        header("adjust", approval_id=approval())
        check()

    def test_a_second_reversal(self, billed):
        first = Transaction.objects.get()
        header("return", reverses=first)
        with refused("reverses_id"):
            header("return", reverses=first)

    def test_a_transaction_does_not_reverse_itself(self, town):
        with refused("ledger_transaction_not_itself"):
            header("return", id=77, reverses_id=77)

    def test_an_event_that_is_not_there(self, town):
        with refused("event_id"):
            Transaction.objects.create(
                posted_at=AT, event_id=999_999, day_id=DAY, effective_on=DAY, act="charge", by_id=clock().id
            )


class TestDays:
    def test_a_closed_day_takes_nothing(self, town):
        header("close", closes=True)
        with refused("the day 2026-03-02 is closed"):
            header()

    def test_a_day_before_a_closed_one_takes_nothing(self, town):
        before = DAY - timedelta(1)
        Day.objects.create(posted_on=before, opened_by_id=clock().id, opened_at=AT)
        header("close", closes=True)
        with refused("the day 2026-03-01 is closed"):
            header(on=before)

    def test_a_day_closes_once(self, town):
        header("close", closes=True)
        with refused("is closed"):
            header("close", closes=True)

    def test_preparer_and_approver_of_a_close_are_two(self, town):
        close = {"period": "day", "rows": 0, "debit_cents": 0, "sha256": b"", "previous_sha256": b"", "checks": {}}
        one, other = person("one"), person("other")
        txn = header("close", closes=True)
        with refused("ledger_close_two_people"):
            Close.objects.create(txn=txn, prepared_by_id=one.id, approved_by_id=one.id, **close)
        Close.objects.create(txn=txn, prepared_by_id=one.id, approved_by_id=other.id, **close)


TABLES = [
    "ledger_transaction", "ledger_posting", "ledger_kind", "ledger_day", "ledger_close", "ledger_export",
    "ledger_request", "ledger_evidence", "ledger_verdict",
    "payments_receipt", "payments_tender", "payments_reversal", "payments_tillsession", "payments_tillcount",
    "payments_tillclose", "payments_slip", "payments_slipsession", "payments_slipconfirmed", "payments_batch",
    "payments_batchrow", "payments_batchrowdone", "payments_depositdemand",
]  # fmt: skip


class TestNeverChanged:
    @pytest.mark.parametrize("table", TABLES)
    def test_the_trigger_refuses_truncate_and_is_there_for_every_row(self, db, table):
        with refused("are never changed"), connection.cursor() as cursor:
            cursor.execute(f"truncate {table} cascade")
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_trigger where tgrelid = %s::regclass and tgname = 'never_changes'"
                " and (tgtype & 1) = 1 and (tgtype & 24) = 24",  # for each row, on update and delete
                [table],
            )
            assert cursor.fetchone() == (1,)

    @pytest.mark.parametrize("act", ["update", "delete"])
    @pytest.mark.parametrize("table", ["ledger_transaction", "ledger_posting", "ledger_kind", "ledger_day"])
    def test_update_and_delete(self, billed, table, act):
        column = {"ledger_transaction": "act", "ledger_posting": "kind_id", "ledger_kind": "says"}.get(
            table, "posted_on"
        )
        with refused("are never changed"), connection.cursor() as cursor:
            cursor.execute(f"update {table} set {column} = {column}" if act == "update" else f"delete from {table}")

    def test_an_export_is_never_changed_and_balances(self, db):
        file = {"from_on": DAY, "until_on": DAY + timedelta(1), "lines": 2, "sha256": b"x", "body": b"x"}
        file |= {"at": AT, "by_id": clock().id, "event_id": 1}
        with refused("ledger_export_balances"):
            Export.objects.create(file_id="a", debit_cents=5, credit_cents=4, **file)
        Export.objects.create(file_id="a", debit_cents=5, credit_cents=5, **file)
        with refused("are never changed"):
            Export.objects.update(body=b"y")

    def test_what_postings_rely_on_in_the_chart_is_never_changed_and_its_words_may_be(self, town):
        for change in ("fund = 52", "sub = 0", "class = 'L'", "normal = 'C'", "object = 1219", "partner = 51"):
            with refused("are never changed"), connection.cursor() as cursor:
                cursor.execute(f"update ledger_gl set {change} where object = 1210 and fund = 51")
        with refused("are never changed"), connection.cursor() as cursor:
            cursor.execute("delete from ledger_gl where object = 1280 and fund = 51")
        assert Gl.objects.filter(object=1210).update(gl_string="40-000-1210") == 4


@pytest.mark.django_db(transaction=True)
class TestClosingAndPostingAtOnce:
    """Two connections: whoever posts holds the day shared, whoever closes holds it alone."""

    def apart(self, do):
        failed = []

        def run():
            try:
                do()
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        return thread, failed

    def waits(self, what):
        with connection.cursor() as cursor:
            for _ in range(200):
                cursor.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted")
                if cursor.fetchone()[0]:
                    return
                cursor.execute("select pg_sleep(0.01)")
        pytest.fail(f"{what} did not wait")

    def test_a_close_waits_for_a_posting_in_flight_and_then_holds(self):
        open_books(DAY)
        town = account()
        with transaction.atomic():
            rows(header(), owes(town), EARNS)
            thread, failed = self.apart(lambda: header("close", closes=True))
            self.waits("the close")
        thread.join(10)
        assert not failed and Transaction.objects.filter(closes=True).count() == 1
        with refused("is closed"):
            header()

    def test_a_posting_that_waited_for_a_close_is_refused(self):
        open_books(DAY)
        clock()
        with transaction.atomic():
            header("close", closes=True)
            thread, failed = self.apart(lambda: header("charge"))
            self.waits("the posting")
        thread.join(10)
        assert len(failed) == 1 and isinstance(failed[0], IntegrityError) and "is closed" in str(failed[0])


def test_the_second_day_is_not_confused_with_the_first(town):
    """A close of one day leaves the next one open."""
    later = date(2026, 3, 3)
    Day.objects.create(posted_on=later, opened_by_id=clock().id, opened_at=AT)
    header("close", closes=True)
    rows(header(on=later), owes(town), EARNS)
    check()
