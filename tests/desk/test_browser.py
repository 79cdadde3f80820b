"""The desk in a real browser: by keyboard alone, without script, at three widths, light and dark; axe finds nothing.

Pictures of every screen are written to the folder that CURBSTOP_SHOTS names.
"""

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from curbstop.records.payments.models import Receipt
from tests.desk.browser import WIDTHS, Open, keys, look_at, shot, violations
from tests.desk.houses import account, bill

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]


def screens() -> dict[str, tuple[str, str]]:
    """Every screen: who looks, and where."""
    two = account(2).number
    return {
        "today": ("cleo", "/"),
        "customers": ("cleo", "/customers/"),
        "search": ("cleo", "/search/?q=sage"),
        "nobody": ("cleo", "/search/?q=zzzzz"),
        "account": ("cleo", f"/customers/{two}/"),
        "account-credit": ("otto", f"/customers/{account(4).number}/"),
        "account-list": ("cleo", f"/customers/{two}/events/"),
        "bill": ("cleo", f"/bills/{bill(1).pk}/"),
        "no-drawer": ("cleo", f"/payments/take/{two}/"),
        "payments": ("cleo", "/payments/"),
        "deposits": ("cleo", "/deposits/"),
        "deposit": ("cleo", f"/deposits/{two}/"),
        "refunds": ("cleo", "/refunds/"),
        "refund-asked": ("cleo", f"/refunds/ask/{account(4).number}/"),
        "old-debts": ("sue", "/writeoffs/"),
        "agency": ("cleo", "/writeoffs/agency/"),
        "drawers": ("cleo", "/tills/"),
        "charge": ("cleo", f"/customers/{two}/charge/"),
        "pledge": ("sue", f"/payments/pledges/{two}/"),
        "links": ("sue", f"/customers/{two}/whose/"),
        "receipt": ("sue", f"/payments/receipt/{Receipt.objects.order_by('document_id')[0].document_id}/"),
        "take-back": ("sue", f"/payments/receipt/{Receipt.objects.order_by('document_id')[0].document_id}/reverse/"),
        "start": ("cleo", "/moves/start/?at=sage"),
        "start-who": ("cleo", "/moves/start/8/"),
        "start-taken": ("cleo", "/moves/start/2/"),
        "started": ("cleo", f"/moves/started/{account(1).number}/"),
        "moves": ("cleo", f"/moves/{two}/"),
        "stop": ("cleo", f"/moves/{two}/stop/"),
        "transfer": ("cleo", f"/moves/{two}/transfer/"),
        "reads": ("cleo", "/reads/"),
        "sheet": ("cleo", "/reads/sheet/1/01/?on=2026-02-03"),
        "billing": ("cleo", "/bills/"),
        "run": ("sue", "/bills/runs/3/"),
        "run-posted": ("otto", "/bills/runs/2/"),
        "rates": ("cleo", "/tariffs/"),
        "rate": ("cleo", "/tariffs/W-RES/"),
        "note": ("cleo", f"/customers/{two}/note/"),
        "keys": ("cleo", "/keys/"),
        "not-there": ("cleo", "/customers/12345678/"),
    }


def test_every_screen_is_accessible_and_as_wide_as_the_window(open_as: Open) -> None:
    assert look_at(open_as, screens()) == []


def test_the_sign_in_page(browser: Browser, live_server) -> None:  # type: ignore[no-untyped-def]
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(f"{live_server.url}/accounts/login/")
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        shot(page, f"sign-in-{width}")
        page.locator("#u").fill("cleo")
        page.locator("#p").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#p-e")).to_contain_text("does not match")
        if width == WIDTHS[0]:
            assert violations(page) == []
        shot(page, f"sign-in-refused-{width}")
        page.close()


def test_from_search_to_receipt_by_keyboard_alone(open_as: Open) -> None:
    page = open_as()
    keys(page, "/", '"whitf"')
    expect(page.locator("[data-hit]")).to_have_count(1)
    shot(page, "search-typing-1440")
    assert violations(page) == []
    keys(page, "Enter")
    expect(page.locator("h1")).to_contain_text("Leon Whitfield")
    keys(page, "p")
    page.wait_for_selector("#float")
    keys(page, '"150.00"', "Control+Enter")
    expect(page.locator("#tender-h")).to_be_visible()
    keys(page, '"12.345"')
    expect(page.locator("#e-cash")).to_contain_text("3 decimals")
    expect(page.locator("#cash")).to_have_attribute("aria-invalid", "true")
    keys(page, "Control+Enter")  # closed: nothing happens
    keys(page, "Control+a", '"60.00"', "Enter", '"40.00"', "Enter", '"1188"')
    expect(page.locator("#sure")).to_contain_text("Take $100.00 from Leon Whitfield")
    expect(page.locator("#cash")).not_to_have_attribute("aria-invalid", "true")
    shot(page, "take-1440")
    assert violations(page) == []
    keys(page, "Control+Enter")
    expect(page.locator("h2.title")).to_contain_text("Receipt T1-000001, $100.00")
    assert violations(page) == []
    shot(page, "receipt-new-1440")
    keys(page, "a")
    expect(page.locator("#payments")).to_contain_text("T1-000001")
    receipt = Receipt.objects.get(series__code="T1")
    assert receipt.cents == 10_000


def test_what_was_typed_before_the_script_came_is_told_too(open_as: Open) -> None:
    page = open_as()
    page.goto(f"/payments/take/{account(5).number}/")
    keys(page, '"0.00"', "Control+Enter")
    page.wait_for_selector("#cash")
    held: list[Route] = []
    page.route("**/*.js", lambda route: held.append(route))  # a slow line: the form is there, the script is not
    page.reload(wait_until="commit")
    page.wait_for_selector("#cash")
    page.locator("#cash").press_sequentially("12.345")
    for route in held:
        route.continue_()
    expect(page.locator("#e-cash")).to_contain_text("3 decimals")


def test_change_is_told_in_notes_and_coins(open_as: Open) -> None:
    page = open_as()
    page.goto(f"/payments/take/{account(5).number}/")
    keys(page, '"0.00"', "Control+Enter")
    page.wait_for_selector("#cash")
    page.locator("#cash").fill("200.00")
    expect(page.locator("#change .big")).to_be_visible()
    expect(page.locator("#change li").first).to_be_visible()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        shot(page, f"take-change-{width}")


def test_pressed_twice_it_is_taken_once(open_as: Open) -> None:
    page = open_as()
    page.goto(f"/payments/take/{account(2).number}/")
    keys(page, '"0.00"', "Control+Enter")
    page.wait_for_selector("#cash")
    page.locator("#cash").fill("10.00")
    expect(page.locator("#sure")).to_contain_text("Take $10.00")
    page.locator("[data-do]").dblclick()
    page.wait_for_url("**/payments/receipt/**")
    assert Receipt.objects.filter(series__code="T1").count() == 1


def test_a_service_is_started_by_keyboard_alone(open_as: Open) -> None:
    page = open_as()
    keys(page, "g", "c")
    page.wait_for_url("**/customers/")
    keys(page, "s")
    page.wait_for_selector("#at")
    keys(page, '"8 sage"')
    expect(page.locator("#places tbody tr")).to_have_count(1)
    keys(page, "Tab", "Tab", "Enter")
    page.wait_for_selector("#name")
    keys(page, '"Nora Keene"', "Enter", "Enter", '"4055550177"')
    expect(page.locator("#sure")).to_contain_text("for Nora Keene")
    expect(page.locator(".say")).to_contain_text("$100 deposit")
    shot(page, "start-weighed-1440")
    assert violations(page) == []
    keys(page, "Control+Enter")
    page.wait_for_url("**/moves/started/**")
    expect(page.locator("h2.title")).to_contain_text("Started")


def test_the_box_is_moved_through_by_arrows_and_left_by_escape(open_as: Open) -> None:
    page = open_as()
    keys(page, "/", '"sage"')
    expect(page.locator("[data-hit]")).to_have_count(6)
    keys(page, "ArrowDown", "ArrowDown", "ArrowUp")
    expect(page.locator("[data-hit].at")).to_have_attribute("id", "hit-2")
    expect(page.locator("#q")).to_have_attribute("aria-activedescendant", "hit-2")
    keys(page, "Escape")
    expect(page.locator("#found")).to_be_hidden()
    keys(page, "ArrowDown", "Enter")
    page.wait_for_url("**/customers/1*/")
    keys(page, "/", '"whitf"')
    expect(page.locator("[data-hit]")).to_have_count(1)
    keys(page, "Control+Enter")  # straight to the payment
    page.wait_for_url("**/payments/take/**")


def test_reads_are_typed_down_the_route(open_as: Open) -> None:
    page = open_as()
    page.goto("/reads/sheet/1/01/?on=2026-02-03&missing=1")
    page.locator("input[name=register]").first.focus()
    keys(page, '"16200"')
    expect(page.get_by_text("5,000 gal in 28 days")).to_be_visible()
    keys(page, "Enter")
    expect(page.get_by_text("Kept", exact=True)).to_have_count(1)
    expect(page.locator("input[name=register]").first).to_be_focused()
    keys(page, '"abc"', "Enter")
    expect(page.locator("[aria-invalid=true]")).to_be_focused()
    assert violations(page) == []


def test_the_keys_are_told_and_letters_can_be_switched_off(open_as: Open) -> None:
    page = open_as()
    page.goto(f"/customers/{account(2).number}/")
    keys(page, "?")
    expect(page.locator("dialog [data-here]")).to_contain_text("Take payment")
    assert violations(page) == []
    shot(page, "keys-dialog-1440")
    page.locator("dialog [data-letters]").uncheck()
    keys(page, "Escape", "p")
    expect(page).to_have_url(re.compile(r"/customers/\d+/$"))


def test_without_script_everything_works_by_forms(open_as: Open) -> None:
    page = open_as(java_script_enabled=False)
    page.locator("#q").fill("whitfield")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Leon Whitfield")
    page.get_by_role("link", name="Take payment").click()
    page.locator("#float").fill("100.00")
    page.get_by_role("button", name="Open the drawer").click()
    page.locator("#cash").fill("10.00")
    page.keyboard.press("Enter")
    expect(page.locator("#sure")).to_contain_text("Take $10.00")
    assert not Receipt.objects.filter(series__code="T1").exists()
    page.get_by_role("button", name="Take payment").click()
    expect(page.locator("h2.title")).to_contain_text("T1-000001")


def test_the_printer_gets_the_slip_alone(open_as: Open) -> None:
    page = open_as()
    page.goto(f"/payments/receipt/{Receipt.objects.order_by('document_id')[0].document_id}/")
    page.emulate_media(media="print")
    expect(page.locator("article.receipt")).to_be_visible()
    for gone in (".rail", ".bar", ".acct", ".stack > h2", ".btn"):
        expect(page.locator(gone).first).to_be_hidden()
    shot(page, "receipt-print")


def test_a_closed_button_says_why_and_does_nothing(open_as: Open) -> None:
    page = open_as("otto")
    address = f"/customers/{account(2).number}/"
    page.goto(address)
    closed = page.get_by_role("link", name="Take payment")
    expect(closed).to_have_attribute("aria-disabled", "true")
    closed.focus()
    expect(page.locator("#why-payments-take-p")).to_be_visible()
    keys(page, "Enter", "p")
    expect(page).to_have_url(re.compile(address + "$"))
