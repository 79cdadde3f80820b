"""Holds and promises in a real browser: a schedule that changes while it is typed; axe finds nothing, at any width."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from curbstop.office import delinquency
from tests.conftest import NOW
from tests.desk.browser import Open, look_at
from tests.desk.houses import account
from tests.office.scene import TODAY, by, key
from tests.office.unpaid import bill
from tests.stories.test_duty_06_4 import set_value

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]


def promises() -> None:
    """House 2 has a plan and a hold near its end, house 1 may have an extension but for one criterion."""
    for id, value in {
        "extension.rule": "After three months of service, with no returned check in twelve.",
        "extension.who": ["holder", "family"],
        "extension.service_months": 3,
        "extension.no_returned_payment_months": 12,
        "extension.until": {"next_due": True},
        "arrangement.rule": "A debt may be paid in parts by whoever has kept the last one.",
        "arrangement.most_instalments": 6,
        "arrangement.current_bills": True,
        "hold.medical": {"late": False, "notice": True, "cutoff": True},
    }.items():
        set_value(id, value)
    for house in (1, 2):
        bill(account(house).pk, 9285, bill_on=TODAY - timedelta(30), due_on=TODAY - timedelta(10))
    given = {"by": by("cleo"), "at": NOW, "account_id": account(2).pk}
    delinquency.place_hold(
        key=key(), reason="medical", authority="Dr. Wray's certificate of 2 March", from_on=TODAY,
        until_on=TODAY + timedelta(2), **given,
    )  # fmt: skip
    delinquency.agree_arrangement(
        key=key(), count=3, first_on=date(2026, 4, 1), every="month", asks="holder", channel="counter", on=TODAY,
        down=2000, **given,
    )  # fmt: skip
    delinquency.give_back_holds(key=key(), by=by("clock"), at=NOW, on=TODAY)


def test_screens_and_a_live_schedule(open_as: Open) -> None:
    promises()
    one, two = account(1).number, account(2).number
    assert not look_at(
        open_as,
        {
            "extension": ("cleo", f"/customers/{one}/extension/"),
            "arrangement": ("cleo", f"/customers/{one}/arrangement/"),
            "holds-account": ("cleo", f"/customers/{two}/holds/"),
            "holds": ("cleo", "/holds/"),
            "holds-street": ("sue", "/holds/street/?street=Sage"),
        },
    )
    page = open_as("cleo")
    page.goto(f"/customers/{one}/arrangement/")
    expect(page.locator("#sure")).to_contain_text("3 parts")
    page.locator("#count").fill("4")
    expect(page.locator("#sure")).to_contain_text("4 parts")
    page.locator("#count").fill("9")
    expect(page.locator("#schedule")).to_contain_text("9 instalments, and the city allows 6")
    page.locator("#count").fill("2")
    expect(page.locator("#sure")).to_contain_text("2 parts")
    page.get_by_role("button", name="Agree to it").click()
    page.wait_for_url(f"**/customers/{one}/holds/")
    expect(page.locator("main")).to_contain_text("in 2 parts")
