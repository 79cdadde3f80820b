"""Policies: dated values with their sentences; what is not set says so; faults with their lines."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from curbstop.rules.faults import BadValue, Fault
from curbstop.rules.policies import NotSet, Policies, PolicyErrors, read_policies, value_on
from curbstop.rules.policy_shapes import SHAPES
from tests.rules.cities import CITIES, policies

ON = date(2026, 4, 1)
GOOD = """\
id: fee.new_service
says: A new service is $25.00.
authority: Resolution 105(25)
values:
  - {from: 2025-07-01, value: "25.00"}
  - {from: 2026-07-01, value: "27.50", authority: Resolution 12(26)}
---
id: late.day
says: The day is not set for this city.
authority: rates page
values: [{from: 2025-07-01, not_set: The page gives the percentage only.}]
---
id: deposit.renter.residential
says: Residential renters pay a $100 deposit, which may be split over two months.
authority: Utility Customer Service FAQ
values: [{from: 2024-01-01, value: {amount: "100.00", instalments: 2}}]
"""


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(PolicyErrors) as refused:
        read_policies(text, file="p.yaml")
    return refused.value.faults


def test_values_by_date() -> None:
    found = Policies.of(read_policies(GOOD, file="p.yaml"))
    assert found.cents("fee.new_service", on=ON) == 2500
    assert found.cents("fee.new_service", on=date(2026, 7, 1)) == 2750
    value = found.policy("fee.new_service").on(date(2026, 7, 1))
    assert value is not None and value.authority == "Resolution 12(26)"
    assert found.table("deposit.renter.residential", on=ON) == {"amount_cents": 10000, "instalments": 2}


def test_not_set_says_what_is_known() -> None:
    found = Policies.of(read_policies(GOOD, file="p.yaml"))
    for id, on in (("late.day", ON), ("fee.new_service", date(2025, 6, 30)), ("till.float", ON)):
        with pytest.raises(NotSet) as missing:
            found.value(id, on=on)
        assert missing.value.policy == id and missing.value.why
    with pytest.raises(NotSet, match="late.day is not set for this city: The page gives the percentage only"):
        value_on(found.policy("late.day"), ON)


def test_a_value_is_read_by_its_own_shape() -> None:
    found = Policies.of(read_policies(GOOD, file="p.yaml"))
    with pytest.raises(BadValue):
        found.text("fee.new_service", on=ON)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "why"),
    [
        ("id: fee.new_service", "id: fee.new_servise", 1, "id", "no program reads"),
        ("authority: Resolution 105(25)\n", "", 1, "authority", "missing"),
        ("says: A new service is $25.00.\n", "", 1, "says", "missing"),
        ('value: "25.00"', 'value: "25.005"', 5, "values[1].value", "3 decimals"),
        ('value: "25.00"', 'value: "NaN"', 5, "values[1].value", "not an amount"),
        ('value: "25.00"', "not_set: ''", 5, "values[1].not_set", "empty"),
        ('value: "25.00"', 'value: "25.00", not_set: both', 5, "values[1].value", "both"),
        ('{from: 2025-07-01, value: "25.00"}', "{from: 2025-07-01}", 5, "values[1].value", "missing"),
        ("2026-07-01, value", "2025-07-01, value", 4, "values", "two values"),
        (
            '{from: 2025-07-01, value: "25',
            '{from: 2025-07-01, until: 2027-01-01, value: "25',
            4,
            "values",
            "two values",
        ),
        ("instalments: 2", "instalment: 2", 16, "values[1].value.instalment", "not known"),
        ("instalments: 2", "instalments: 2.5", 16, "values[1].value.instalments", "whole number"),
        ("id: late.day", "id: fee.new_service", 8, "id", "earlier policy"),
    ],
)
def test_a_fault_names_its_line_and_a_remedy(old: str, new: str, line: int, field: str, why: str) -> None:
    assert GOOD.count(old) == 1
    found = faults(GOOD.replace(old, new))
    assert any(f.line == line and f.field == field and why in f.why and f.remedy for f in found), found


def test_a_citys_own_policy_says_its_shape() -> None:
    own = GOOD.replace("id: late.day", "id: lawn.sprinkling.days\nis: words").replace(
        "not_set: The page gives the percentage only.", "value: [Monday, Thursday]"
    )
    found = Policies.of(read_policies(own, file="p.yaml"))
    assert found.rows("lawn.sprinkling.days", on=ON) == ["Monday", "Thursday"]


def test_what_comes_out_is_plain_data() -> None:
    for policy in policies(example=True).by_id.values():
        for value in policy.values:
            assert json.loads(json.dumps(value.value)) == value.value


FILES = sorted(CITIES.glob("*/policies/*.yaml")) + [CITIES / "moore_ok" / "calendar.yaml"]


@pytest.mark.parametrize("path", [*FILES, CITIES / "example" / "policies.yaml"], ids=lambda path: path.stem)
def test_every_policy_file_of_ours_is_sound(path: Path) -> None:
    for policy in read_policies(path.read_text(), file=path.name):
        assert policy.says.endswith(".") and policy.authority


def test_moores_facts() -> None:
    found = policies()
    assert found.cents("fee.new_service", on=ON) == 2500
    assert found.cents("fee.transfer", on=ON) == 2500
    assert found.percent("late.percent", on=ON) == 2
    assert found.whole("calendar.every_days", on=ON) == 28
    assert found.whole("deposit.refund.days", on=ON) == 30


NOT_PUBLISHED = (
    "senior.rule deposit.commercial deposit.owner.by_credit fee.cutoff fee.reconnect fee.after_hours "
    "fee.returned_payment fee.tampering delinquency.hanger.hours_before_cutoff fee.door_hanger extension.rule "
    "bill.due_days delinquency.cutoff.days_after_bill calendar.cycles dumpster.call fee.stormwater fee.ambulance "
    "fee.capital leak.rule arrangement.rule delinquency.weather"
).split()


@pytest.mark.parametrize("id", NOT_PUBLISHED)
def test_what_moore_has_not_published_is_not_set_and_says_so(id: str) -> None:
    """Facts, section 1.7."""
    with pytest.raises(NotSet) as missing:
        policies().value(id, on=ON)
    assert missing.value.why and missing.value.says


def test_the_example_town_fills_only_what_moore_left_open() -> None:
    moore, town = policies(), policies(example=True)
    for id, policy in town.by_id.items():
        if policy == moore.by_id.get(id):
            continue
        assert policy.authority.startswith("Example town; not a Moore value"), id
        with pytest.raises(NotSet):
            moore.value(id, on=ON)
    assert town.whole("bill.due_days", on=ON) == 20
    assert town.cents("till.float", on=ON) == 20000
    assert town.text("payments.application", on=ON) == "oldest_first"
    assert len(town.rows("calendar.cycles", on=ON)) == 4
    assert town.percent("late.percent", on=ON) == Fraction(2)


def test_the_policies_that_the_first_town_reads_are_known() -> None:
    needed = "fee.new_service fee.transfer late.percent deposit.renter.residential deposit.paid_first bill.due_days"
    needed += " payments.application sewer.average reads.bands till.float"
    assert set(needed.split()) <= SHAPES.keys()
    for id in needed.split():
        assert policies(example=True).value(id, on=ON) is not None
