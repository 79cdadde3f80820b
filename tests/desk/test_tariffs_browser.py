"""The screens of rates in a real browser: list, tables, calculator, differences, drafts, trials, facts; axe finds
nothing, none is wider than its window. Pictures go to the folder that CURBSTOP_SHOTS names."""

import base64
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

import curbstop
from curbstop.office import drafts, facts, tariffs
from tests.desk.browser import Open, look_at
from tests.desk.houses import account, bill
from tests.office.scene import AT, by, key

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]

WATER = Path(curbstop.__file__).parent / "cities" / "moore_ok" / "tariffs" / "water.yaml"
YEAR = {"from_on": date(2025, 1, 1), "until_on": date(2026, 3, 2)}
ASKS = """
code: W-RES
service: water
class: residential
name: Residential water
authority: Resolution 7(26), section 2
source: https://example.gov/rates
per_days: 28
inputs: {meter: required, people: 3, area_sqft: required, pressure_zone: low, drought_stage: 0}
versions:
  - from: 2026-03-10
    values:
      budget: "round(60 * people * days / 748) + round(area_sqft / 500)"
    lines:
      - name: base
        kind: water.base
        says: Water, base
        flat: {by: meter, values: {5/8: "10.50", 1: "21.00"}}
        prorate: by_day
      - name: water
        kind: water.volume
        says: Water
        per: 1 ccf
        tiers: [{to: budget, rate: "3.87"}, {rate: {by: drought_stage, values: {2: "9.40"}, otherwise: "6.44"}}]
      - name: pumping
        kind: water.volume
        says: Pumping
        per: 1 ccf
        rate: {by: pressure_zone, values: {low: "0.00", high: "0.40"}}
    examples:
      - {usage: 10 ccf, inputs: {meter: 5/8, area_sqft: 2000}, total: "49.20"}
"""


def draft(text: str, says: str, who: str = "fay") -> int:
    return drafts.draft(key=key(), by=by(who), at=AT, file="water.yaml", text=text, says=says)


def try_on(number: int) -> int:
    return drafts.try_on(key=key(), by=by("fay"), at=AT, draft=number, **YEAR)


def lived() -> dict[str, tuple[str, str]]:
    """Drafts open, tried, approved and withdrawn; facts entered; every screen with who looks."""
    sewer = WATER.parent.joinpath("sewer.yaml").read_text().split("\n---")[0]
    dearer = WATER.read_text().split("\n---")[0].replace('rate: "5.02"', 'rate: "6.02"')
    dearer = dearer.replace("from: 2025-07-01", "from: 2026-04-07").split("    examples:")[0]
    dearer += '    examples:\n      - {usage: 10000 gal, total: "69.70"}\n'
    winter = sewer.replace("from: 2025-07-01", "from: 2026-04-07").split("    examples:")[0].replace(
        "    lines:", "    average: {months: [12, 1, 2], needs: 3, without: 6000 gal, reset: 04-01}\n    lines:", 1
    )  # fmt: skip
    winter += '    examples:\n      - {usage: 7000 gal, total: "38.45"}\n'
    given = {"resolution": "Resolution 7(26)", "resolution_on": date(2026, 2, 2), "section": "section 2",
             "file": "r7.pdf", "body": base64.b64encode(b"%PDF-1.7").decode()}  # fmt: skip
    one, two, three = (
        draft(ASKS, "Budgets by household and lot"),
        draft(dearer, "A dollar more"),
        draft(winter, "Winter"),
    )
    waiting = draft(sewer.replace("17.75", "18.75"), "A dearer surcharge, not tried yet")
    trial = try_on(two)
    try_on(one)
    try_on(three)
    drafts.approve(key=key(), by=by("sue"), at=AT, draft=one, **given)
    drafts.approve(key=key(), by=by("sue"), at=AT, draft=three, **given)
    gone = draft(dearer.replace("6.02", "7.02"), "Two dollars more")
    drafts.withdraw(key=key(), by=by("sue"), at=AT, draft=gone, reason="The council sent it back")
    number = account(2).number
    entry = facts.FactEntry("account", number, "people", "5", date(2026, 3, 1))
    facts.set_many(key=key(), by=by("cleo"), at=AT, facts=(entry,))
    facts.set_city(key=key(), by=by("sue"), at=AT, name="drought_stage", value="2", from_on=date(2026, 3, 1))
    tariffs.load_tariffs()
    return {
        "rates": ("sue", "/tariffs/"),
        "rate-budget": ("sue", "/tariffs/W-RES/"),
        "rate-winter": ("sue", "/tariffs/S-RES/"),
        "calculator": ("cleo", "/tariffs/calculator/"),
        "calculator-rates": ("cleo", "/tariffs/calculator/?code=SAN-RES&code=W-COM&usage=9000&count=2"),
        "calculator-asks": ("cleo", "/tariffs/calculator/?code=W-RES&usage=9000"),
        "calculator-account": ("cleo", f"/tariffs/calculator/?account={number}&usage=9,000"),
        "calculator-wrong": ("cleo", "/tariffs/calculator/?account=12&usage=9,000"),
        "drafts": ("sue", "/tariffs/drafts/"),
        "draft-open": ("sue", f"/tariffs/drafts/{two}/"),
        "draft-untried": ("sue", f"/tariffs/drafts/{waiting}/"),
        "draft-approved": ("otto", f"/tariffs/drafts/{one}/"),
        "draft-withdrawn": ("otto", f"/tariffs/drafts/{gone}/"),
        "trial": ("sue", f"/tariffs/drafts/{two}/tries/{trial}/"),
        "try": ("sue", "/tariffs/try/"),
        "city-facts": ("sue", "/tariffs/facts/"),
        "account-facts": ("cleo", f"/customers/{number}/facts/"),
        "account-facts-none": ("cleo", f"/customers/{account(4).number}/facts/"),
        "bill-said": ("cleo", f"/bills/{bill(1).pk}/"),
    }


def test_every_screen_of_rates_is_accessible_and_as_wide_as_the_window(open_as: Open) -> None:
    assert look_at(open_as, lived()) == []


def test_from_a_caller_to_a_quote_by_keyboard(open_as: Open) -> None:
    page = open_as()
    page.goto(f"/tariffs/calculator/?account={account(2).number}")
    expect(page.locator("#a-usage")).to_be_focused()
    page.keyboard.type("9,000")
    page.keyboard.press("Enter")
    expect(page.locator(".say").first).to_contain_text("9,000 gallons on a full bill would be $")
    page.goto(f"/bills/{bill(1).pk}/")
    page.locator("summary", has_text="Show the words").first.press("Enter")
    expect(page.locator("#lines .say").first).to_be_visible()
