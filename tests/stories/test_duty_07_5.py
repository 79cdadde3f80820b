"""Stories 07-5, 02-5 and 21-1: a landlord between tenants; two people and one tap; the waiver by law.

``moves.revert`` is spelled as the tenant's ``moves.stop``, whose event names the landlord's account too: the two are
one commit, so that no day is nobody's. ``orders.complete`` brings the reads.
"""

from datetime import date

import pytest
from django.db import connection

from curbstop.office import adjustments, deposits, ledger, moves
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Account, Agreement, Waiver
from curbstop.records.decisions.models import PolicyValue
from curbstop.records.orders.models import Order
from curbstop.records.payments.models import DepositDemand
from curbstop.records.payments.received import Letter
from curbstop.records.payments.refunds import DepositDecision
from tests.office.conftest import city as city
from tests.office.payment_town import bill
from tests.office.requests import file
from tests.office.scene import at_on, by, key, move_in, open_account, point, premise, read
from tests.stories.test_duty_02_1 import complete, local, run
from tests.stories.test_duty_21_2 import set_policy

pytestmark = pytest.mark.django_db
ENDS, BACK = date(2026, 4, 14), date(2026, 4, 27)


def start(account_id: int, house: int, on: date, **more: object) -> moves.Start:
    given = {"key": key(), "by": by("cleo"), "at": local(on, 10), "account_id": account_id}
    return moves.start(**{**given, "premise_id": premise(house), "on": on, **more})  # type: ignore[arg-type]


def held(house: int) -> list[tuple[int, date, date | None]]:
    rows = Agreement.objects.filter(service_point=point(house)).order_by("during")
    return [(row.account_id, row.during.lower, row.during.upper) for row in rows]


def parts(bill_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.debit_cents::int from bills_bill b join ledger_posting p on p.txn_id = b.txn_id and p.sub = 2"
            " and p.document_id = b.id where b.id = %s order by p.line_no",
            [bill_id],
        )
        return [row[0] for row in cursor.fetchall()]


def test_a_landlord_holds_the_tap_between_tenants_and_never_the_tenants_debt(city: None) -> None:
    set_policy("bill.due_days", 20)
    PolicyValue.objects.filter(policy__in=["fee.new_service", "deposit.renter.residential"]).delete()
    a41 = open_account("O. Lane", on=date(2025, 9, 2), tenure="owner").account_id
    moves.agree_reversion(
        key=key(), by=by("cleo"), at=at_on(date(2025, 9, 2)), account_id=a41, premise_id=premise(9),
        signed_on=date(2025, 9, 2), from_on=date(2025, 9, 2),
    )  # fmt: skip
    a40 = move_in(9, date(2026, 3, 31), register=61_200, name="R. Four")
    ledger.open_day(key=key(), by=by("ada"), at=at_on(date(2026, 4, 1)), on=date(2026, 4, 1))
    bill(Account.objects.get(pk=a40), [("water.volume", "51-1210", "51-4020", 7730)], on=date(2026, 4, 1))

    # 2026-04-13 R4 stops for the 14th: the landlord's agreement takes over, one read for both
    asked = date(2026, 4, 13)
    done = moves.stop(
        key=key(), by=by("cleo"), at=local(asked, 10), account_id=a40, premise_id=premise(9), on=ENDS
    )  # fmt: skip
    order = Order.objects.get(pk=done.order_id)
    assert (order.type, order.plans.get().on) == ("transfer_read", ENDS)
    complete(9, ENDS, "63,900", "transfer_read")
    assert held(9) == [(a40, date(2026, 3, 31), ENDS), (a41, ENDS, None)]
    letter = Letter.objects.get(account_id=a41, kind="landlord_reverted")
    assert letter.says == (
        "By your agreement of September 2, 2025 the service is yours from April 14 until the next tenant."
        " What the tenant owes stays with the tenant."
    )
    assert set(Event.objects.get(act="moves.stop").subjects) >= {f"account:{a40}", f"account:{a41}"}
    run(date(2026, 4, 15), finals=True)
    final = Bill.objects.get(account_id=a40, run__bill_on=date(2026, 4, 15))
    assert parts(final.pk) == [475, 1355, 932, 888, 575] and final.total_cents == 4225
    assert final.due_on == date(2026, 5, 5) and ledger.get_balance(a40) == 11_955

    # 2026-04-24 R7 starts for the 27th
    a42 = open_account("R. Seven", on=date(2026, 4, 24)).account_id
    begun = start(a42, 9, BACK, at=local(date(2026, 4, 24), 10))
    assert Order.objects.get(pk=begun.order_id).type == "transfer_read"
    complete(9, BACK, "64,300", "transfer_read")
    assert held(9) == [(a40, date(2026, 3, 31), ENDS), (a41, ENDS, BACK), (a42, BACK, None)]
    run(date(2026, 4, 28), finals=True)
    theirs = Bill.objects.get(account_id=a41)
    assert parts(theirs.pk) == [441, 201, 138, 824, 534] and theirs.total_cents == 2138 == ledger.get_balance(a41)
    assert theirs.due_on == date(2026, 5, 18) and 2_700 + 400 == 3_100 == 64_300 - 61_200

    # 2026-05-20 the tenant's bill cannot be moved to the owner
    with pytest.raises(
        Refused, match=r"The debt of R\. Four stays with R\. Four; an owner is billed only for the days"
    ):
        adjustments.request(
            key=key(), by=by("cleo"), at=at_on(date(2026, 5, 20)), kind="transfer", reason="wrong_customer",
            on=date(2026, 5, 20), evidence=(file(),),
            inputs={"from_account_id": a40, "to_account_id": a41, "document_id": final.pk},
        )  # fmt: skip
    assert ledger.get_balance(a40) == 11_955
    assert Event.objects.filter(act="adjustments.request", denied=True).exists()


def test_two_people_cannot_be_responsible_for_one_tap(city: None) -> None:
    today, on = date(2026, 4, 8), date(2026, 4, 10)
    a5 = move_in(5, date(2026, 1, 6), register=5_000, name="Ann Five")
    read(5, date(2026, 3, 31), 9_000)
    a6 = open_account("R. Two", on=today).account_id
    with pytest.raises(Refused) as refused:
        start(a6, 5, on, at=local(today, 10))
    assert "has given no notice" in str(refused.value) and "stop their service with their word" in str(refused.value)
    assert not Agreement.objects.filter(account_id=a6).exists() and not Order.objects.exists()
    assert not DepositDemand.objects.filter(account_id=a6).exists()
    assert Event.objects.get(act="moves.start", denied=True).by_id == by("cleo").id

    # 15:00 A5 stops for the 10th, and R2's start is completed: one read for both
    moves.stop(key=key(), by=by("cleo"), at=local(today, 15), account_id=a5, premise_id=premise(5), on=on)
    begun = start(a6, 5, on, at=local(today, 15))
    assert held(5) == [(a5, date(2026, 1, 6), on), (a6, on, None)]
    still_open = Order.objects.filter(premise_id=premise(5), end__isnull=True)
    assert [(order.pk, order.type) for order in still_open] == [(begun.order_id, "transfer_read")]


def test_the_waiver_by_law(city: None) -> None:
    today, letter = date(2026, 4, 14), date(2026, 3, 20)
    assert (today - letter).days == 25 and (date(2026, 6, 18) - letter).days == 90
    paper = {"paper": "certification_letter", "paper_on": letter}
    a51 = open_account("R. Nine", on=today).account_id
    done = start(a51, 7, today, welcome=True, **paper)
    assert (done.deposit_cents, done.fee_cents) == (0, 2_500) and "No deposit is needed for this account." in done.says
    assert not DepositDemand.objects.filter(account_id=a51).exists() and deposits.asked_cents(a51) == 0
    kept = Waiver.objects.get(account_id=a51)
    assert kept.seen_by_id == by("cleo").id and b"certification" not in bytes(kept.paper)
    decision = DepositDecision.objects.get(account_id=a51)
    assert (decision.cents, decision.policy, decision.working) == (0, "deposit.waiver", {"notes": [], "adverse": []})
    welcome = Letter.objects.get(account_id=a51)
    told = Event.objects.get(act="moves.start", denied=False)
    for text in (welcome.says, str(welcome.facts), told.says, str(told.inputs)):
        assert "certification" not in text and "2026-03-20" not in text and "waive" not in text

    late = date(2026, 6, 22)
    a52 = open_account("R. Ten", on=late).account_id
    with pytest.raises(
        Refused, match=r"The letter ended on 2026-06-18; ask for a new one, or the deposit of 100\.00 in"
    ):
        start(a52, 8, late, **paper)
    assert Event.objects.get(act="moves.start", denied=True).by_id == by("cleo").id
