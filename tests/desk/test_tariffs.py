"""Rates at the desk: trying a draft, drafts and their approval, the calculator, what changed, what disagrees."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import curbstop
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
