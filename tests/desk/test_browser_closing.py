"""Drawers, the bank and closing in a real browser: at three widths, light and dark; axe finds nothing; by keyboard."""

from datetime import date

import pytest
from playwright.sync_api import expect

from curbstop.office import banking, closing, ledger, payments, tills
from curbstop.office.payments import FileRow
from tests.books import at_on, key
from tests.desk.browser import Open, keys, look_at, shot
from tests.desk.houses import account
from tests.formats.statements import bai2
from tests.office.scene import by

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]
DAY = date(2026, 3, 2)


def live() -> dict[str, tuple[str, str]]:
    """A morning's work, and every screen of it: who looks, and where."""
    fay, sue = by("fay"), by("sue")
    at = at_on(DAY)
    tills.open(key=key(), by=by("cleo"), at=at, till="T1", on=DAY, float_cents=20000)
    for cents, tender in ((2000, payments.Tender("cash", 2000)), (3000, payments.Tender("check", 3000, "1188"))):
        payments.take(
            key=key(), by=by("cleo"), at=at, till="T1", on=DAY, accounts=(payments.Paying(account(2).pk, cents),),
            tenders=(tender,),
        )  # fmt: skip
    told = tills.count(
        key=key(), by=by("cleo"), at=at, till="T1", counted=tills.Counted((tills.Piece(10000, 2),), 1800, 3000)
    )
    (waiting,) = tills.list_sessions_to_deposit()
    slip = tills.deposit(key=key(), by=fay, at=at, session_ids=(waiting.session_id,), on=DAY)
    rows = [FileRow(account(2).number, 4221, "r")]
    payments.record_batch(key=key(), by=fay, at=at, channel="online_card", name="stripe 0301", rows=rows, on=DAY)
    payments.record_batch(key=key(), by=fay, at=at, channel="lockbox", name="lb 0302", rows=rows[:1], on=DAY)
    banking.open_account(key=key(), by=fay, at=at, number="0040112233", name="Operating account")
    lines = [("175", slip.total_cents, f"DEPOSIT {slip.slip_id}"), ("142", 4082, "STRIPE TRANSFER"),
             ("175", 77700, "COURT FINES"), ("555", 1250, "RETURNED ITEM")]  # fmt: skip
    banking.load(key=key(), by=fay, at=at, name="20260302.bai", body=bai2(DAY, lines).decode())
    banking.match_all(key=key(), by=fay, at=at, on=DAY)
    first, second, *_ = ledger.get_open_days()
    ready = closing.prepare_day(key=key(), by=fay, at=at, on=first)
    closing.close_day(key=key(), by=sue, at=at, on=first, prepared_id=ready.prepared_id)
    closing.prepare_day(key=key(), by=sue, at=at, on=second)
    closing.export_days(key=key(), by=fay, at=at, through=first)
    session = f"/tills/session/{told.session_id}/"
    return {
        "tills": ("fay", "/tills/"),
        "my-till": ("cleo", session),
        "sign-till": ("sue", session),
        "slip": ("fay", f"/tills/slip/{slip.slip_id}/"),
        "closing": ("fay", "/closing/"),
        "closing-day": ("fay", f"/closing/day/{DAY}/"),
        "closing-ready": ("fay", f"/closing/day/{second}/"),
        "closing-closed": ("otto", f"/closing/day/{first}/"),
        "month": ("fay", "/closing/month/2026-02/"),
        "month-accounts": ("fay", "/closing/month/2026-02/accounts/?fund=51&object=1210&service=water&column=billed"),
        "ageing": ("fay", "/closing/ageing/"),
        "statement": ("cleo", f"/customers/{account(2).number}/statement/"),
        "bank": ("fay", "/banking/"),
    }


def test_every_screen_is_accessible_and_as_wide_as_the_window(open_as: Open) -> None:
    assert look_at(open_as, live()) == []


def test_a_drawer_is_opened_counted_and_sent_by_keyboard(open_as: Open) -> None:
    page = open_as("cleo")
    page.goto("/tills/")
    page.locator("#till").focus()
    keys(page, "Tab", '"200.00"', "Control+Enter")
    expect(page.locator("h1")).to_contain_text("Drawers")
    keys(page, "m")
    expect(page.locator("#n10000")).to_be_focused()
    keys(page, '"2"')
    expect(page.locator("#sum")).to_contain_text("$200.00")
    shot(page, "count-typing-1440")
    page.locator("#orders").focus()
    page.get_by_role("button", name="Send the count").focus()
    keys(page, "Enter")
    expect(page.locator("#di-h")).to_contain_text("What was counted")
