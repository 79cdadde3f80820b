"""Rates at the desk: trying a draft, drafts and their approval, the calculator, what changed, what disagrees."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

import curbstop
from curbstop.office._events import Key
from tests.conftest import NOW
from tests.desk.houses import account, key_of, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]

WATER = Path(curbstop.__file__).parent / "cities" / "moore_ok" / "tariffs" / "water.yaml"
DAYS = {"from_on": "2025-01-01", "until_on": "2026-03-02"}


def dearer() -> str:
    return WATER.read_text().split("\n---")[0].replace('rate: "5.02"', 'rate: "6.02"').split("    examples:")[0]


def test_a_draft_tried(cleo: Client) -> None:
    assert "Attach the draft" in text(cleo.post("/tariffs/try/", {**DAYS, "text": ""}))
    answer = cleo.post("/tariffs/try/", {**DAYS, "text": dearer()})
    said, html = text(answer), answer.content.decode()
    for words in ("What it would have brought", "Who would pay most more", "1 Sage Wren Dr", "Households"):
        assert words in said, words
    assert html.count('role="img"') == 2 and html.count("<desc") == 2
    assert "Nobody would pay less" in said


def test_the_same_as_csv(cleo: Client) -> None:
    answer = cleo.post("/tariffs/try/", {**DAYS, "text": dearer(), "do": "csv"})
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/csv") and lines[0] == "account,address,class,now,would be,change"
    row = next(line for line in lines if "1 Sage Wren Dr" in line).split(",")
    assert row[0] == account(1).number and row[-1] == "8.50" and len(lines) > 4


def test_a_file_attached_and_its_faults_by_line(cleo: Client) -> None:
    wrong = SimpleUploadedFile("w.yaml", dearer().replace('"6.02"', '"6.x"').encode())
    said = text(cleo.post("/tariffs/try/", {**DAYS, "text": "", "file": wrong}))
    assert "1 to correct" in said and "6.x" in said and "What it would have brought" not in said
    bad = SimpleUploadedFile("w.yaml", b"code: \xff")
    assert "is not UTF-8" in text(cleo.post("/tariffs/try/", {**DAYS, "file": bad}))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"from_on": "x"}, "is not a day"),
        ({"from_on": "2026-03-02"}, "ends"),
        ({"from_on": "2001-01-01", "until_on": "2002-01-01"}, "No bill was issued"),
    ],
)
def test_days_that_cannot_be(cleo: Client, days: dict[str, str], said: str) -> None:
    assert said in text(cleo.post("/tariffs/try/", {**DAYS, "text": dearer(), **days}))


def draft_of(client: Client, body: str) -> int:
    page = client.get("/tariffs/drafts/")
    answer = client.post("/tariffs/drafts/", {"key": key_of(page), "says": "A dollar more", "text": body})
    assert answer.status_code == 302, text(answer)
    return int(answer["Location"].rstrip("/").rsplit("/", 1)[1])


NEW = """
code: W-NEW
service: water
class: residential
name: New water
authority: Resolution 7(26)
versions:
  - from: 2026-07-01
    lines:
      - {name: base, kind: water.base, says: Base, flat: "12.00"}
    examples:
      - {usage: 0 gal, total: "12.00"}
"""


def test_drafted_by_one_approved_by_another(sign_in) -> None:  # type: ignore[no-untyped-def]
    fay, sue, otto = sign_in("fay"), sign_in("sue"), sign_in("otto")
    number = draft_of(fay, NEW)
    assert "You drafted this" in text(fay.get(f"/tariffs/drafts/{number}/"))
    seen = text(otto.get(f"/tariffs/drafts/{number}/"))
    assert "Only for supervisor or finance or administrator" in seen and "1 example, to the cent" in seen
    assert "Not yet: It was not tried yet" in text(sue.get(f"/tariffs/drafts/{number}/"))
    tried = try_it(fay, number)
    assert "Draft" in text(tried) and "changes no figure" in text(tried) and "SHA-256" in text(tried)
    page = sue.get(f"/tariffs/drafts/{number}/")
    assert "Not yet" not in text(page) and "Fay" in text(page)
    form = {"key": key_of(page), "resolution": "Resolution 7(26)", "resolution_on": "2026-02-02", "section": "2"}
    at = f"/tariffs/drafts/{number}/approve/"
    assert "Attach the resolution" in text(sue.post(at, form))
    paper = SimpleUploadedFile("r 7.pdf", b"%PDF-1.7")
    assert sue.post(at, {**form, "body": paper}).status_code == 302
    assert "Approved" in text(otto.get(f"/tariffs/drafts/{number}/"))
    kept = otto.get(f"/tariffs/drafts/{number}/resolution/")
    assert kept.content == b"%PDF-1.7" and "r_7.pdf" in kept["Content-Disposition"]
    assert "Resolution 7(26)" in text(otto.get("/tariffs/W-NEW/"))


def try_it(client: Client, number: int, **days: str) -> HttpResponse:
    page = client.get(f"/tariffs/drafts/{number}/")
    form = {"key": key_of(page), **DAYS, **days}
    return client.post(f"/tariffs/drafts/{number}/try/", form, follow=True)


def test_a_trial_is_kept_and_shown_as_it_was(sign_in) -> None:  # type: ignore[no-untyped-def]
    fay = sign_in("fay")
    number = draft_of(fay, dearer())
    page = try_it(fay, number)
    said, html = text(page), page.content.decode()
    for words in ("What it would have brought", "Who would pay most more", "1 Sage Wren Dr", "as it would be now"):
        assert words in said, words
    assert html.count('role="img"') == 2
    kept = text(fay.get(f"/tariffs/drafts/{number}/"))
    assert "Trials of this text" in kept and "+" in kept
    assert "No bill was issued" in text(try_it(fay, number, from_on="2001-01-01", until_on="2002-01-01"))
    assert "ends" in text(try_it(fay, number, until_on="2025-01-01"))
    assert fay.get(f"/tariffs/drafts/{number}/tries/999/").status_code == 404
    assert "may not do this" in text(sign_in("cleo").post(f"/tariffs/drafts/{number}/try/", {"key": "k", **DAYS}))


def asking(client: Client) -> None:
    """A draft that asks, so that its facts can be entered before it holds."""
    draft_of(client, NEW.replace("authority: R", "inputs: {drought_stage: 0, people: 3}\nauthority: R"))


def test_facts_of_the_city(sign_in) -> None:  # type: ignore[no-untyped-def]
    sue = sign_in("sue")
    assert "No rate asks for anything" in text(sue.get("/tariffs/facts/"))
    asking(sue)
    page = sue.get("/tariffs/facts/")
    form = {"key": key_of(page), "name": "drought_stage", "value": "2", "from_on": "2026-03-01"}
    said = text(sue.post("/tariffs/facts/", form, follow=True))
    assert "Drought stage is set for the whole city" in said and "Sue" in said
    assert "is not a day" in text(sue.post("/tariffs/facts/", {**form, "from_on": "x"}))
    assert "Choose what" in text(sue.post("/tariffs/facts/", {**form, "name": "x"}))


def test_facts_of_an_account(cleo: Client) -> None:
    at = f"/customers/{account(1).number}/facts/"
    assert "ask for nothing beside usage" in text(cleo.get(at))
    text_of = (
        WATER.read_text().split("\n---")[0].replace("per_days: 28", "per_days: 28\ninputs: {people: 3, meter: 5/8}")
    )
    text_of = text_of.replace("from: 2025-07-01", "from: 2026-03-10")
    from curbstop.office import staff, tariffs

    ada = staff.get_actor(username="adam")
    tariffs.adopt(key=Key("asks"), by=ada, at=NOW, file="w", text=text_of)
    page = cleo.get(at)
    assert "People" in text(page) and "3 is taken" in text(page) and "as the account or the meter says" in text(page)
    form = {"key": key_of(page), "name": "people", "value": "5", "of": "account", "from_on": "2026-03-01"}
    said = text(cleo.post(at, form, follow=True))
    assert "People: 5, from" in said and "Nothing was entered" not in said
    assert "Choose" in text(cleo.post(at, {**form, "key": "k2", "of": "street"}))


def test_a_draft_withdrawn_and_one_that_cannot_be_read(sign_in) -> None:  # type: ignore[no-untyped-def]
    sue = sign_in("sue")
    assert "No drafts yet" in text(sue.get("/tariffs/drafts/"))
    number = draft_of(sue, NEW)
    form = {"key": key_of(sue.get(f"/tariffs/drafts/{number}/")), "reason": ""}
    assert "Say why" in text(sue.post(f"/tariffs/drafts/{number}/withdraw/", form))
    sue.post(f"/tariffs/drafts/{number}/withdraw/", {**form, "reason": "Sent back"})
    assert "Sent back" in text(sue.get(f"/tariffs/drafts/{number}/"))
    wrong = sue.post("/tariffs/drafts/", {"key": "k1", "says": "x", "text": NEW.replace("12.00", "1x")})
    assert "to correct" in text(wrong)
    assert sue.get("/tariffs/drafts/999/").status_code == 404


def test_the_calculator(cleo: Client) -> None:
    assert "Work it out" in text(cleo.get("/tariffs/calculator/"))
    said = text(cleo.get("/tariffs/calculator/?code=W-RES&usage=9,000"))
    assert "54.68" in said and "9 kgal" in said  # 9.50 + 9 x 5.02
    both = text(cleo.get("/tariffs/calculator/?code=W-RES&code=SAN-RES&usage=9000&count=2"))
    assert "$73.18 in all" in both
    assert "is not a whole number" in text(cleo.get("/tariffs/calculator/?code=W-RES&usage=x"))
    assert "Choose one" in text(cleo.get("/tariffs/calculator/?usage=1"))


def test_the_fee_schedule_stands_on_the_page_until_it_is_resolved(cleo: Client) -> None:
    said = text(cleo.get("/tariffs/"))
    assert "Against the fee schedule" in said and "The schedule names no resolution for it." in said
    assert "W-RES base" in said and "fee.new_service" in said and "I-RES base" in said
    assert "Differs" not in said and "2,500.00" not in said
    assert "Not charged" not in said


def test_what_a_version_changed() -> None:
    from curbstop.desk.tariffs import differences
    from curbstop.rules.tariffs import read_tariffs

    draft = read_tariffs(dearer(), file="x")[0].versions[0]
    now = read_tariffs(WATER.read_text(), file="x")[0].versions[0]
    assert [(one.says, one.before, one.after) for one in differences(now, draft)] == [
        ("To 10,000 gal", "5.02 per 1,000 gal", "6.02 per 1,000 gal")
    ]


def test_tables_as_a_citizen_reads_them(cleo: Client) -> None:
    """A table by a word is a row for each word, a tier by formula says what is above it, conditions are said."""
    from curbstop.desk.tariffs import _shown
    from curbstop.rules.tariffs import read_tariffs

    (tariff,) = read_tariffs(
        """
code: W-ALL
service: water
authority: Ordinance 12
per_days: 30
inputs: {meter: required, units: 1, programme: none, season: dry}
versions:
  - from: 2026-01-01
    values: {budget: "4 * units"}
    lines:
      - {name: base, flat: {by: meter, values: {5/8: "9.50", 1: "14"}, otherwise: not set}, prorate: by_day}
      - name: water
        per: 100 cf
        volume: {lower_of: [usage, average]}
        without_average: 6000 gal
        quantity: {down: 100 cf}
        tiers: [{to: budget, rate: "2.1255"}, {rate: {from: {2026-01-01: "3.10", 2026-06-01: "3.20"}}}]
        scale: {by: units, how: limits}
        months: [12, 1]
      - {name: excess, per: 1 ccf, rate: "0.3 * units", when: {programme: [senior, none]}, times: 1.5, maximum: "20.00"}
""",
        file="w.yaml",
    )
    base, water, excess = (_shown(line) for line in tariff.versions[0].lines)
    assert [(row.says, row.price, bool(row.not_set)) for row in base.prices] == [
        ("Each bill, meter 5/8", "9.50", False), ("Each bill, meter 1", "14.00", False),
        ("Each bill, otherwise", "", True),
    ]  # fmt: skip
    assert [(row.says, row.price, row.per) for row in water.prices] == [
        ("Up to budget, in cf times 100", "2.1255", "per 100 cf"),
        ("Above that, from 2026-01-01", "3.10", "per 100 cf"), ("Above that, from 2026-06-01", "3.20", "per 100 cf"),
    ]  # fmt: skip
    assert water.notes == (
        "the lower of the use and the personal average counts", "without an average 6,000 gal",
        "whole steps of 100 cf only", "tiers are for each of units", "in January, December",
    )  # fmt: skip
    assert excess.notes == ("times 1.5", "where programme is senior or none", "at most 20.00")
    assert excess.prices[0].formula and excess.prices[0].price == "0.3 * units"
    assert "the lower of the use and the personal average counts" in text(cleo.get("/tariffs/S-RES/"))
