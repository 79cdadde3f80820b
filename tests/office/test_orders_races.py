"""Completed from two telephones, sent twice, and cancelled, all at once: an order ends once."""

import pytest

from curbstop.office import orders
from curbstop.office.closing import get_proof
from curbstop.records.base.models import Event
from curbstop.records.meters.models import Read
from curbstop.records.orders.models import End
from tests.office.scene import TODAY, at_on, by, key, move_in, premise
from tests.office.test_payments_asking_races import at_once
from tests.office.unpaid import unpaid


@pytest.mark.django_db(transaction=True)
def test_an_order_ends_once(city: None) -> None:
    on = at_on(TODAY, 20)
    unpaid(move_in(1, TODAY, register=1000), on=TODAY)
    of = {"by": by("cleo"), "at": at_on(TODAY), "type": "shut_off", "premise_id": premise(1)}
    id = orders.write(key=key(), **of).order_id
    done = {"by": by("finn"), "at": on, "order_id": id, "fields": {"serial": "40000001", "locked": "yes"}}
    same, other = key(), key()
    found = at_once(
        lambda: orders.complete(key=same, **done),
        lambda: orders.complete(key=same, **done),
        lambda: orders.complete(key=other, **done),
        lambda: orders.cancel(key=key(), by=by("cleo"), at=on, order_id=id, reason="paid meanwhile"),
    )
    assert End.objects.count() == 1
    refused = [one for one in found if isinstance(one, orders.Ended)]
    assert len(refused) == (3 if isinstance(found[0], orders.Ended) else 2)  # the same key twice gives one outcome
    acts = Event.objects.filter(act__in=["orders.complete", "orders.cancel"], denied=False)
    assert acts.count() == 1 and Read.objects.filter(kind="check").count() == 0
    assert get_proof(on=TODAY, only={"41", "42"}).holds
