"""The reference is true: every example in it is read, and comes out."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from curbstop.rules.policies import read_policies
from curbstop.rules.rating import Inputs, charge, check_examples
from curbstop.rules.tariffs import read_tariffs

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def examples(name: str) -> list[str]:
    found = re.findall(r"```yaml\n(.*?)```", (REFERENCE / name).read_text(), flags=re.DOTALL)
    assert found
    return found


@pytest.mark.parametrize("text", examples("tariffs.md"), ids=lambda text: text.split("\n")[0])
def test_tariffs(text: str) -> None:
    for tariff in read_tariffs(text, file="tariffs.md"):
        outcomes = check_examples(tariff)
        assert outcomes and [outcome for outcome in outcomes if not outcome.holds] == []


def test_the_rate_change_of_the_page() -> None:
    (text,) = [text for text in examples("tariffs.md") if "W-CHANGE" in text]
    (tariff,) = read_tariffs(text, file="tariffs.md")
    inputs = Inputs.of(gal=[12_000])
    charges = charge(tariff, from_on=date(2026, 3, 31), until_on=date(2026, 4, 28), inputs=inputs)
    assert charges.total_cents.tolist() == [7608]


@pytest.mark.parametrize("text", examples("policies.md"), ids=lambda text: text.split("\n")[0])
def test_policies(text: str) -> None:
    assert read_policies(text, file="policies.md")
