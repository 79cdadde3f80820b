"""What the database itself refuses about orders, hazards and valves, past the office."""

from hashlib import sha256

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from curbstop.records.customers.models import Premise, ServicePoint
from curbstop.records.decisions.models import Cycle
from curbstop.records.orders.models import (
    Attachment,
    End,
    Hazard,
    HazardStep,
    Order,
    Plan,
    Valve,
    Word,
)
from tests.books import AT, DAY, person

pytestmark = pytest.mark.django_db


def place() -> Premise:
    cycle, _ = Cycle.objects.get_or_create(code="1", defaults={"name": "One", "every_days": 28})
    found, _ = Premise.objects.get_or_create(
        address="1 Sage Wren Dr", zip="73160",
        defaults={"city": "Moore", "state": "OK", "kind": "residential", "cycle": cycle, "route": "01", "sequence": 1,
                  "event_id": 1},
    )  # fmt: skip
    return found


def order(**more: object) -> Order:
    given = {
        "type": "reread", "premise": place(), "about": "read", "snapshot": {}, "written_on": DAY, "at": AT,
        "by_id": person("cleo", "csr").id, "event_id": 1,
    }  # fmt: skip
    return Order.objects.create(**{**given, **more})


def plan(**more: object) -> Plan:
    return Plan.objects.create(**{"order": order(), "no": 1, "priority": 3, "event_id": 1, **more})


def end(**more: object) -> End:
    given = {
        "order": more.pop("order", None) or order(), "outcome": "done", "done_on": DAY, "done_at": AT,
        "by_id": person("finn", "field").id, "at": AT, "event_id": 1,
    }  # fmt: skip
    return End.objects.create(**{**given, **more})


def twice() -> None:
    of = order()
    end(order=of)
    end(order=of)


def attachment(**more: object) -> Attachment:
    body = b"\xff\xd8\xff"
    given = {"order": order(), "kind": "picture", "name": "a.jpg", "media": "image/jpeg", "body": body}
    return Attachment.objects.create(**{**given, "sha256": sha256(body).digest(), "event_id": 1, **more})


def hazard(**more: object) -> Hazard:
    given = {"premise": place(), "says": "DOG", "from_on": DAY, "by_id": person("finn", "field").id, "at": AT}
    return Hazard.objects.create(**{**given, "event_id": 1, **more})


def step(**more: object) -> HazardStep:
    given = {"hazard": hazard(), "no": 1, "step": "ended", "reason": "gone", "by_id": person("sue").id, "at": AT}
    return HazardStep.objects.create(**{**given, "event_id": 1, **more})


def word(**more: object) -> Word:
    given = {"order": order(), "kind": "report", "words": "w", "by_id": person("cleo").id, "at": AT, "event_id": 1}
    return Word.objects.create(**{**given, **more})


def valve(**more: object) -> Valve:
    point, _ = ServicePoint.objects.get_or_create(premise=place(), service="water", defaults={"event_id": 1})
    return Valve.objects.create(**{"service_point": point, "state": "on", "on": DAY, "at": AT, "event_id": 1, **more})


WRONG = {
    "orders_order_typed": lambda: order(type=""),
    "orders_order_chain": lambda: order(first=order()),
    "orders_plan_known": lambda: plan(priority=5),
    "orders_plan_window_of_day": lambda: plan(window="08:00-10:00"),
    "orders_plan_once": lambda: plan(order=plan().order),
    "orders_end_pkey": twice,
    "orders_end_says_why": lambda: end(outcome="failed"),
    "orders_end_place": lambda: end(latitude=35),
    "orders_word_said": lambda: word(words=""),
    "orders_hazard_said": lambda: hazard(persons=0),
    "orders_hazardstep_said": lambda: step(reason=""),
    "orders_attachment_sha256": lambda: attachment(body=b"other"),
    "orders_attachment_of_one": lambda: attachment(order=None),
    "orders_attachment_named": lambda: attachment(name=""),
    "orders_valve_state": lambda: valve(state="ajar"),
}


def test_each_is_refused_by_its_name() -> None:
    for name, wrong in WRONG.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            wrong()


def test_what_followed_an_order_follows_it_alone() -> None:
    first = order()
    order(follows=first, first=first)
    with pytest.raises(IntegrityError, match="follows_id"), transaction.atomic():
        order(follows=first, first=first)


def test_none_of_the_rows_changes() -> None:
    rows = (order(), plan(), end(), word(), hazard(), step(), attachment(), valve())
    for row in rows:
        table = row._meta.db_table
        with pytest.raises(IntegrityError, match="never_changes|never changed"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"update {table} set event_id = 2")
