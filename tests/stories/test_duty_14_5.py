"""Story 14-5: a disconnect at a wrong door is stopped at the door. Events are spelled ``orders.complete`` here."""

import base64
from datetime import UTC, date, datetime

import pytest

from curbstop.office import ledger, orders
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account
from curbstop.rules.ledger import credit, debit
from tests.books import posting
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, move_in, point, premise
from tests.office.unpaid import noticed

DAY = date(2026, 5, 4)
PICTURE = base64.b64encode(b"\xff\xd8\xff" + b"lock" * 20).decode()


@pytest.mark.django_db
def test_a_disconnect_at_a_wrong_door(city: None) -> None:
    begun = date(2026, 4, 1)
    a70 = move_in(4, begun, name="A. Seventy", at=at_on(begun))
    a71 = move_in(5, begun, name="B. Seventyone", at=at_on(begun))
    ledger.open_day(key=key(), by=by("ada"), at=at_on(DAY), on=DAY)
    (document,) = ledger.reserve_documents(1)
    owed = {"account_id": a70, "document": document, "line": 1, "due_on": begun}
    posting("bill", [debit("51-1210", 13310, "water.volume", **owed), credit("51-4020", 13310, "water.volume")], on=DAY)
    assert (ledger.get_balance(a70), ledger.get_balance(a71)) == (13310, 0)
    noticed(a70, document, on=date(2026, 4, 22), cutoff_on=date(2026, 5, 1), cents=13310)
    order = orders.write(
        key=key(), by=by("cleo"), at=datetime(2026, 5, 4, 13, tzinfo=UTC), type="shut_off", premise_id=premise(4),
        account_id=a70, on=DAY,
    ).order_id  # fmt: skip

    # 09:05 the crew stands at the neighbour's and scans his meter
    with pytest.raises(Refused) as refused:
        orders.complete(
            key=key(), by=by("finn"), at=datetime(2026, 5, 4, 14, 5, tzinfo=UTC), order_id=order,
            fields={"serial": "40000005", "locked": "yes"},
        )  # fmt: skip
    number = Account.objects.get(pk=a71).number
    assert str(refused.value) == (
        f"40000005 is at 5 Sage Wren Dr, {number}, which owes nothing; the order is for 40000004 at 4 Sage Wren Dr."
    )
    denied = Event.objects.filter(act="orders.complete", denied=True).latest("id")
    assert denied.by_id == by("finn").id and f"premise:{premise(4)}" in denied.subjects
    assert orders.get_valves([point(4), point(5)]) == {}
    assert (ledger.get_balance(a70), ledger.get_balance(a71)) == (13310, 0)

    # 09:12 the right meter: valve off, lock, picture, and the fee
    done = orders.complete(
        key=key(), by=by("finn"), at=datetime(2026, 5, 4, 14, 12, tzinfo=UTC), order_id=order,
        fields={"serial": "40000004", "locked": "yes"}, taken=(orders.Taken("picture", "lock.jpg", PICTURE),),
    )  # fmt: skip
    assert any("25.00" in one for one in done.says)
    assert (ledger.get_balance(a70), ledger.get_balance(a71)) == (15810, 0) and 13310 + 2500 == 15810
    assert orders.get_valves([point(4), point(5)]) == {point(4): "locked"}
