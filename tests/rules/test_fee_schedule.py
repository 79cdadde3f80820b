"""The fee schedule against what is charged: each kind of disagreement, and none where they agree."""

from datetime import date

import pytest

from curbstop.rules.fee_schedule import ScheduleErrors, check_schedule, read_schedule
from curbstop.rules.tariffs import read_tariffs

ON = date(2026, 3, 2)
TARIFF = """
code: W
service: water
authority: Resolution 1, section 1
versions:
  - from: 2026-01-01
    lines:
      - {name: base, flat: "9.50"}
      - {name: water, per: 1000 gal, tiers: [{to: 10, rate: "5.02"}, {rate: "9.19"}]}
"""
GOOD = """
items:
  - {item: Base, amount: "9.50", resolution: R 1, section: "1", from: 2026-01-01, tariff: W, line: base}
  - {item: Tier 1, amount: "5.02", resolution: R 1, section: "2", from: 2026-01-01, tariff: W, line: water}
  - {item: Tier 2, amount: "9.19", resolution: R 1, section: "2", from: 2026-01-01, tariff: W, line: water, price: 2}
  - {item: New, amount: "25.00", resolution: R 2, section: "1", from: 2026-01-01, policy: fee.new}
  - {item: Deposit, amount: "100", resolution: R 2, section: "2", from: 2026-01-01, policy: dep, key: amount}
"""


def kinds(schedule: str = GOOD, tariff: str = TARIFF, **policies) -> list[tuple[str, str]]:
    found = check_schedule(
        read_schedule(schedule, file="f"),
        tariffs={one.code: one for one in read_tariffs(tariff, file="t")},
        policies={"fee.new": "25.00", "dep": {"amount": "100.00"}, **policies},
        on=ON,
    )
    assert all(one.says and one.remedy for one in found)
    return [(one.kind, one.governs) for one in found]


def test_what_agrees_is_silent():
    assert kinds() == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"9.50"', '"9.51"', ("differs", "W base")),
        ('"9.19"', '"9.195"', ("differs", "W water, price 2")),
        ('"100"', '"101"', ("differs", "dep.amount")),
        ("resolution: R 2, section: \"1\", ", "", ("missing_authority", "fee.new")),
        ("2026-01-01, policy: fee.new", "2026-01-01, until: 2026-04-01, policy: fee.new", ("expiring", "fee.new")),
        ("2026-01-01, policy: fee.new", "2025-01-01, until: 2026-02-01, policy: fee.new", ("expired", "fee.new")),
        ("policy: fee.new", "policy: fee.old", ("not_charged", "fee.old")),
        ("line: water, price: 2", "line: water, price: 3", ("not_charged", "W water, price 3")),
    ],
)  # fmt: skip
def test_each_disagreement(old, new, expected):
    assert old in GOOD
    assert expected in kinds(GOOD.replace(old, new, 1))


def test_overlaps_and_what_no_item_governs():
    again = (
        GOOD + '  - {item: B2, amount: "9.50", resolution: R, section: "1", from: 2026-02-01, tariff: W, line: base}\n'
    )
    assert kinds(again) == [("overlaps", "W base")]
    without = "\n".join(line for line in GOOD.splitlines() if "Tier 2" not in line)
    assert kinds(without) == [("not_in_schedule", "W water, price 2")]
    assert ("missing_authority", "W") in kinds(tariff=TARIFF.replace("section 1", "number not on file"))
    assert kinds(**{"fee.new": None}) == [("not_charged", "fee.new")]


def test_every_fault_of_a_schedule_in_one_go():
    with pytest.raises(ScheduleErrors) as wrong:
        read_schedule('items:\n  - {item: x, amount: "9.x", from: 2026-13-01, tariff: W}\n', file="f")
    assert len(wrong.value.faults) == 3 and all(fault.line == 2 for fault in wrong.value.faults)


def test_an_amount_of_a_policy_is_whole_cents_as_the_office_keeps_it() -> None:
    assert kinds(**{"fee.new": 2500}) == []
    assert kinds(**{"fee.new": 2501}) == [("differs", "fee.new")]
