"""The two corpora that programs import: NIEPS, 36,380 bills; OWRS, 483 files read, 12 refused, 261 bills."""

from __future__ import annotations

import pytest

from curbstop.cli.tariff import nieps_bills
from curbstop.formats.nieps import BadSchedule, read_schedules
from curbstop.formats.owrs import OwrsErrors, import_owrs
from curbstop.rules.rating import Inputs, charge
from curbstop.rules.tariffs import read_tariffs
from tests.corpus.folders import RATES, WANTED, owrs_bill, published, specifications


@WANTED
def test_every_nieps_bill_comes_out_to_the_cent() -> None:
    schedules = list(read_schedules((RATES / "bulk-nieps-2021.jsonl").read_text(encoding="utf-8")))
    wrong = [one.id for one in schedules if nieps_bills(one) != [cents for _, cents in one.bills]]
    assert wrong == []
    assert len(schedules) == 2140
    assert sum(len(one.bills) for one in schedules) == 36_380


@WANTED
def test_owrs_files_load_or_are_refused_with_their_line_and_their_bills_come_out_to_the_cent() -> None:
    loaded, refused, bills = 0, 0, 0
    for one in specifications():
        assert (one.imported is not None) == one.parses, (one.file, one.fault)
        loaded += one.imported is not None
        refused += one.imported is None
        assert one.imported is not None or f"{one.file}:" in one.fault
        for bill in one.bills:
            assert owrs_bill(one.tariffs, bill) == published(bill), one.file
            bills += 1
    assert (loaded, refused, bills) == (483, 12, 261)


OWRS = """
metadata: {effective_date: 07/01/2017, utility_name: A town, bill_frequency: Monthly, bill_unit: kgal}
rate_structure:
  RESIDENTIAL_SINGLE:
    service_charge:
      depends_on: [meter_size, city_limits]
      values: {'5/8"|inside_city': 10.00, '1|1/2"|inside_city': 20.00}
    commodity_charge: Budget
    budget_commodity: indoor+outdoor
    indoor_commodity: 5 * hhsize
    outdoor_commodity: 2.4
    tier_starts_commodity: [0, indoor, 150%]
    tier_prices_commodity: [1.00, 2.00, 3.00]
    WRAM-charge: 0.10*usage_ccf
    bill: 1.02*(service_charge+commodity_charge+WRAM-charge)
"""


def test_budgets_joined_keys_and_a_factor_on_the_bill() -> None:
    found = import_owrs(OWRS, file="town.owrs")
    (tariff,) = read_tariffs(found.text, file="town.yaml")
    facts = {"meter_size": ['1|1/2"'], "city_limits": ["inside_city"], "hhsize": ["2"]}
    first = tariff.versions[0].period.from_on
    inputs = Inputs.of(gal=[20_000], facts=facts)
    charges = charge(tariff, from_on=first, until_on=first.replace(day=31), inputs=inputs)
    # 10 at 1.00, to round(1.5 x 12) = 18 at 2.00, 2 at 3.00; 1.02 x (20 + 32 + 2) = 55.08
    assert charges.of(0)["commodity_charge"] == 3200
    assert charges.total_cents.tolist() == [5508]
    assert found.unsaid == ()


def test_what_owrs_says_otherwise_is_an_entry_and_not_a_guess() -> None:
    found = import_owrs(OWRS.replace("commodity_charge: Budget", "commodity_charge: see the ordinance"), file="t.owrs")
    (tariff,) = read_tariffs(found.text, file="town.yaml")
    assert "residential_single.commodity_charge" in found.unsaid[0]
    line = tariff.versions[0].line("commodity_charge")
    assert line is not None and "see the ordinance" in line.construct.price.why_not_set  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "line"), [("metadata:\n  a: b: c\n", 2), ("metadata: {}\n", 1), ("- a\n", 1), ("rate_structure: {}\n", 1)]
)
def test_a_specification_that_cannot_be_read_names_its_line(text: str, line: int) -> None:
    with pytest.raises(OwrsErrors) as error:
        import_owrs(text, file="t.owrs")
    assert error.value.faults[0].line == line
    assert error.value.faults[0].remedy


def test_a_schedule_that_cannot_be_read_names_its_line() -> None:
    with pytest.raises(BadSchedule, match="line 2"):
        list(read_schedules('\n{"id": "x"}\n'))
