"""The field page without signal, in a real browser: kept, shown, sent once. And how the screens of orders look."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from curbstop.office import orders
from curbstop.records.orders.models import End
from tests.conftest import NOW
from tests.desk.browser import Open, look_at, shot
from tests.office.scene import TODAY, at_on, by, key, premise
from tests.office.unpaid import unpaid

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]


def written(type: str, house: int, **more: object) -> int:
    given = {"key": key(), "by": by("cleo"), "at": at_on(TODAY, 13), "type": type, "premise_id": premise(house)}
    if type == "shut_off":
        unpaid(orders.load_place(premise(house), on=TODAY).account_id or 0, on=TODAY)
    return orders.write(**{**given, **more}).order_id  # type: ignore[arg-type]


def hand_out() -> tuple[int, int]:
    """Finn has a re-read, and a connect at a house with a dog; a repair is nobody's yet, one came back."""
    orders.report_hazard(
        key=key(), by=by("sue"), at=at_on(TODAY, 13), premise_id=premise(2), says="DOG, back gate: call before entering"
    )
    reread = written("reread", 1, about="Read again: 31,000 gal does not fit this house")
    connect = written("connect", 2, on=TODAY, window="13:00-15:00", priority=2)
    written("repair", 3, about="Water at the meter box")
    gone = written("shut_off", 4, on=TODAY)
    orders.assign(key=key(), by=by("sue"), at=at_on(TODAY, 13), order_ids=(reread, connect), user_ids=(by("finn").id,))
    orders.cannot_complete(
        key=key(), by=by("finn"), at=at_on(TODAY, 14), order_id=gone, code="unsafe",
        words="threat: the occupant blocks the meter", latitude="35.3395", longitude="-97.4867",
    )  # fmt: skip
    return reread, connect


def test_done_without_signal_is_sent_once(open_as: Open) -> None:
    reread, _ = hand_out()
    page = open_as("finn", 390)
    page.clock.set_fixed_time(NOW)
    page.goto("/field/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # now the worker stands before the page, and keeps it
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function("caches.match('/field/').then((found) => !!found)")
    page.context.set_offline(True)
    page.reload()
    stop = page.locator(f"details[data-order='{reread}']").first
    stop.locator("summary").first.click()
    last = orders.get_order(order_id=reread, now=NOW).meters[0].register or 0
    stop.get_by_label("Register").first.fill(str(last + 400))
    shot(page, "field-open-390")
    stop.get_by_role("button", name="Re-read done").click()
    expect(page.locator("#signal")).to_contain_text("No signal. Keep working. 1 thing waits and is sent once")
    expect(stop.locator("[data-state]").first).to_have_text("To send")
    page.reload()  # it outlives the page
    expect(page.locator("#signal")).to_contain_text("1 thing waits")
    assert not End.objects.filter(pk=reread).exists()
    page.context.set_offline(False)
    expect(page.locator("#done-n")).to_have_text("2")
    expect(page.locator("#signal")).to_be_hidden()
    end = End.objects.get(pk=reread)
    assert (end.outcome, end.fields, end.done_at) == ("done", {"register": last + 400}, NOW)


def test_the_screens_of_orders(open_as: Open) -> None:
    reread, connect = hand_out()
    done = written("reread", 3)
    last = orders.get_order(order_id=done, now=NOW).meters[0].register or 0
    orders.complete(
        key=key(), by=by("finn"), at=at_on(TODAY, 14), done_at=at_on(TODAY, 14) - timedelta(minutes=20), order_id=done,
        fields={"register": last + 200}, latitude="35.3390", longitude="-97.4870",
    )  # fmt: skip
    screens = {
        "orders": ("sue", "/orders/"),
        "order": ("sue", f"/orders/{connect}/"),
        "order-done": ("sue", f"/orders/{done}/"),
        "order-find": ("sue", "/orders/write/?at=sage"),
        "order-write": ("sue", f"/orders/write/{premise(2)}/?type=connect"),
        "order-hazards": ("sue", f"/orders/hazards/{premise(4)}/"),
        "field": ("finn", "/field/"),
    }
    assert look_at(open_as, screens) == []
