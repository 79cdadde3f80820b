"""Two at once: the hook and the clock report the same money, two clerks ask for it, a report meets a cancellation."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from curbstop.office import ledger, payments
from curbstop.office._once import Refused
from curbstop.office._own import OwnAccount
from curbstop.office.closing import get_proof
from curbstop.records.base.models import Event
from curbstop.records.payments.models import Ask, CardPayment, Receipt
from tests.books import DAY, account, at_on, key, person
from tests.office.payment_town import bill, raise_town
from tests.office.test_payments_asking import ask, paid, report, settle


def at_once(*todo: Callable[[], object]) -> list[object]:
    """What each of these gave or raised, all begun together."""
    start, found = threading.Barrier(len(todo)), [None] * len(todo)

    def run(place: int, do: Callable[[], object]) -> None:
        try:
            start.wait()
            found[place] = do()
        except Refused as refusal:
            found[place] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n, do)) for n, do in enumerate(todo)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def town(self):
        raise_town()
        person("system", "system")
        of = account()
        bill(of)
        return of

    def test_the_same_money_reported_four_times_at_once_is_one_payment(self):
        of = self.town()
        word = report(ask(of))
        found = at_once(*[lambda: settle(word).outcome] * 4)
        assert sorted(found) == ["already", "already", "already", "paid"]
        assert Receipt.objects.count() == 1 and ledger.get_balance(of.id) == 0

    def test_two_payments_for_one_ask_at_once(self):
        of = self.town()
        made = ask(of)
        found = at_once(*[lambda n=n: settle(report(made, payment_ref=f"p{n}")).outcome for n in range(2)])
        assert sorted(found) == ["paid", "unidentified"]
        assert ledger.get_balance(of.id) == 0 and CardPayment.objects.count() == 2

    def test_two_clerks_ask_at_once(self):
        of = self.town()
        found = at_once(*[lambda: ask(of)] * 3)
        assert sum(isinstance(one, Refused) for one in found) == 2 and Ask.objects.count() == 1

    def test_a_report_meets_a_cancellation(self):
        of = self.town()
        made, clerk = ask(of), person("cashier")
        at_once(
            lambda: settle(report(made)),
            lambda: payments.cancel_ask(key=key(), by=clerk, at=at_on(DAY), ask_id=made.ask_id, reason="gave up"),
        )
        assert payments.get_ask(made.ask_id).state == "paid" and ledger.get_balance(of.id) == 0


@pytest.mark.django_db
class TestOwn:
    def test_nobody_asks_on_his_own_account(self):
        raise_town()
        of, cashier = account(), person("cashier")
        with connection.cursor() as cursor:
            cursor.execute(
                "update customers_customer set staff_user_id = %s where id = %s", [cashier.id, of.customer_id]
            )
        with pytest.raises(OwnAccount):
            ask(of)
        assert Event.objects.get(act="payments.ask").denied


@pytest.mark.django_db
class TestProof:
    @pytest.mark.parametrize(
        ("sql", "says"),
        [
            ("update payments_cardpayment set cents = cents + 1", "is not its receipt's amount"),
            ("update payments_cardpayment set gateway = 'other'", "waits in no batch"),
            ("update payments_receipt set account_id = account_id + 1", "another account than it was asked for"),
            ("delete from payments_cardpayment", "waits with 9459, its payments are 0"),
        ],
    )
    def test_what_was_reported_and_what_is_in_the_books_agree(self, sql, says):
        raise_town()
        person("system", "system")
        of, other = account(), account(1_000_002)
        bill(of)
        paid(ask(of))
        assert other.pk == of.pk + 1 and self.faults() == ()
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("set local session_replication_role = origin")
        assert any(says in str(fault) for fault in self.faults())

    def faults(self):
        (proved,) = [one for one in get_proof(on=DAY).proved if one.no == "16b"]
        return proved.faults
