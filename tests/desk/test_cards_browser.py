"""Card by phone in a real browser: by keyboard, live, at two widths; axe finds nothing.

Pictures are written to the folder that CURBSTOP_SHOTS names.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.books import person, set_policy
from tests.desk.browser import Open, shot, violations
from tests.desk.houses import account

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("street")]


@pytest.fixture(autouse=True)
def example(transactional_db, live_server, settings, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    settings.HOME = tmp_path
    monkeypatch.setenv("CURBSTOP_PUBLIC_URL", live_server.url)
    person("system", "system")
    set_policy("town.seed", 7)


def look(page: Page, name: str) -> None:
    """Check the page with axe, and keep a picture of it."""
    assert violations(page) == []
    shot(page, f"{name}-{(page.viewport_size or {})['width']}")


@pytest.mark.parametrize("width", [1440, 390])
def test_from_the_account_to_the_receipt(open_as: Open, width: int) -> None:
    page = open_as("cleo", width)
    number = account(2).number
    page.goto(f"/customers/{number}/")
    page.keyboard.press("c")
    expect(page.locator("#amount")).to_be_focused()
    look(page, "card")
    page.locator("#amount").fill("20.00")
    page.locator("#phone").fill("405 793 5032")
    expect(page.locator("#strip")).to_contain_text("Send Leon Whitfield a link to pay $20.00")
    look(page, "card-typed")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#asked")).to_contain_text("On its way")
    look(page, "asked-open")
    with page.context.expect_page() as opened:
        page.get_by_text("The payer's page (demonstration)").click()
    payer = opened.value
    look(payer, "payer")
    payer.get_by_role("button", name="A card that is declined").click()
    expect(payer.get_by_role("alert")).to_contain_text("declined")
    payer.get_by_role("button", name="Pay with a card ending 4242").click()
    expect(payer.locator("h1")).to_have_text("Thank you")
    look(payer, "payer-paid")
    expect(page.locator("#asked")).to_contain_text("Visa ending 4242", timeout=40_000)
    expect(page.locator(".acct")).not_to_contain_text("on its way")
    look(page, "asked-paid")
    page.keyboard.press("r")
    expect(page.locator("h2.title")).to_contain_text("Receipt PHONE-000001, $20.00")
    look(page, "receipt-phone")


def test_unknown_cancelled_and_asked_twice(open_as: Open, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from curbstop.outside import cards
    from curbstop.outside.cards import demo

    def dead(self, *given, **named):  # type: ignore[no-untyped-def]
        raise cards.GatewaySilent("the line is dead")

    page = open_as("cleo", 1440)
    number = account(2).number
    with monkeypatch.context() as line:
        line.setattr(demo.DemoGateway, "start", dead)
        line.setattr(demo.DemoGateway, "ask", dead)
        page.goto(f"/payments/card/{number}/")
        page.get_by_label("Card terminal").check()
        expect(page.locator("#strip")).to_contain_text("Start the terminal for")
        look(page, "card-terminal")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#asked")).to_contain_text("Do not charge again")
        look(page, "asked-unknown")
        page.goto(f"/payments/card/{number}/")
        look(page, "card-twice")
        page.goto(f"/customers/{number}/")
        look(page, "account-pending")
        page.locator(".alerts a", has_text="on its way").click()
        page.get_by_text("Cancel it").click()
        look(page, "asked-cancel")
        page.get_by_role("button", name="Close the page and cancel").click()
        expect(page.locator("#asked")).to_contain_text("Nothing was charged")
    look(page, "asked-cancelled")
