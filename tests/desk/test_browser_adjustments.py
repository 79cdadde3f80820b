"""Approvals in a real browser: asked and approved by keyboard alone, at three widths; axe finds nothing."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import expect

from curbstop.office import adjustments, ledger, links
from curbstop.office.adjustments import File
from curbstop.records.ledger.models import Request
from tests.conftest import NOW
from tests.desk.browser import Open, keys, look_at
from tests.desk.houses import account, bill
from tests.office.scene import TODAY, by, key

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]

# a picture of one grey pixel, as small as a PNG can be
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")


def ask(house: int = 1, **more: object) -> adjustments.Requested:
    picture = File("two carts.png", base64.b64encode(PIXEL).decode())
    inputs = {"account_id": account(house).pk, "direction": "credit", "cents": 1150, "service": "sanitation", **more}
    return adjustments.request(
        key=key(), by=by("cleo"), at=NOW, kind="adjust", inputs=inputs, reason="wrong_service", on=TODAY,
        words="Two carts were billed; the crew's picture shows one.", evidence=(picture,),
    )  # fmt: skip


def test_asked_and_approved_by_keyboard_alone(open_as: Open, tmp_path: Path) -> None:
    ledger.open_day(key=key(), by=by("clock"), at=NOW, on=TODAY)
    before = ledger.get_balance(account(1).pk)
    page = open_as("cleo")
    page.goto(f"/customers/{account(1).number}/")
    keys(page, "k")
    page.wait_for_url("**/adjustments/ask/**")
    page.locator("#place").focus()
    keys(page, '"Sanitation"')
    page.locator("#cents").focus()
    keys(page, '"11.50"')
    expect(page.locator("#sure")).to_contain_text("Credit $11.50 to Rosa M. Ortiz")
    page.locator("#reason").focus()
    keys(page, '"Billed for a service"')
    page.locator("#evidence").set_input_files({"name": "carts.png", "mimeType": "image/png", "buffer": PIXEL})
    keys(page, "Control+Enter")
    page.wait_for_url("**/adjustments/*/")
    expect(page.locator("main")).to_contain_text("nothing is posted yet")
    assert ledger.get_balance(account(1).pk) == before

    page = open_as("sue")
    keys(page, "g", "v")
    page.wait_for_url("**/adjustments/")
    keys(page, "1")
    page.wait_for_url("**/adjustments/*/")
    expect(page.locator("#sure")).to_contain_text("Credit $11.50")
    keys(page, "Control+Enter")
    expect(page.locator("main")).to_contain_text("Approved by Sue Test as supervisor")
    assert ledger.get_balance(account(1).pk) == before - 1150


def test_the_screens_are_accessible_and_as_wide_as_the_window(open_as: Open) -> None:
    ledger.open_day(key=key(), by=by("clock"), at=NOW, on=TODAY)
    waiting, large = ask(), ask(2, cents=30000)
    refused = ask(4)
    adjustments.refuse(
        key=key(), by=by("sue"), at=NOW, request_id=refused.request_id, reason="The picture shows two carts.", on=TODAY
    )
    done = ask(1, cents=500)
    adjustments.approve(key=key(), by=by("sue"), at=NOW, request_id=done.request_id, on=TODAY)
    links.link(key=key(), by=by("sue"), at=NOW, account_id=account(2).pk, username="cass", on=TODAY)
    number = account(1).number
    screens = {
        "approvals": ("sue", "/adjustments/"),
        "approval": ("sue", f"/adjustments/{waiting.request_id}/"),
        "approval-above": ("sue", f"/adjustments/{large.request_id}/"),
        "approval-refused": ("sue", f"/adjustments/{refused.request_id}/"),
        "approval-done": ("sue", f"/adjustments/{done.request_id}/"),
        "approval-own": ("cleo", f"/adjustments/{waiting.request_id}/"),
        "ask-credit": ("cleo", f"/adjustments/ask/{number}/?kind=adjust&place={bill(1).pk}&cents=5.00"),
        "ask-leak": ("cleo", f"/adjustments/ask/{number}/?kind=leak"),
        "ask-waive": ("cleo", f"/adjustments/ask/{number}/?kind=waive"),
        "ask-services": ("cleo", f"/adjustments/ask/{number}/?kind=services"),
        "marked": ("sue", "/adjustments/accounts/"),
    }
    assert look_at(open_as, screens) == []
    assert Request.objects.count() == 4
