"""Tariffs adopted: each version once, with the text it was adopted by."""

from datetime import date

import pytest
from django.db import connection

from curbstop.office import tariffs
from curbstop.office._once import Refused
from curbstop.records.decisions.models import TariffVersion
from curbstop.rules.rating import Inputs, charge
from curbstop.rules.tariffs import TariffErrors
from tests.office.scene import AT, TODAY, by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

FILE = """
code: W-TEST
service: water
class: residential
name: Test water
authority: Resolution 1(26)
per_days: 28
versions:
  - from: {from_on}
    lines:
      - {{name: base, kind: water.base, says: Base, flat: "{flat}", prorate: by_day}}
    examples:
      - {{usage: 0 gal, total: "{total}"}}
"""


def adopt(from_on="2026-01-01", flat="10.00", total=None, text=None):
    text = text or FILE.format(from_on=from_on, flat=flat, total=total or flat)
    return tariffs.adopt(key=key(), by=by("ada"), at=AT, file="test.yaml", text=text)


def base(on: date) -> int:
    found = tariffs.load_tariff(code="W-TEST")
    return charge(found, from_on=on, until_on=date.fromordinal(on.toordinal() + 28), inputs=Inputs.of(gal=[0])).of(0)[
        "base"
    ]


def test_a_new_version_ends_the_one_before_it():
    assert adopt().new == ("W-TEST from 2026-01-01",)
    assert adopt("2026-07-01", "12.00").new == ("W-TEST from 2026-07-01",)
    assert (base(date(2026, 6, 2)), base(date(2026, 7, 1))) == (1000, 1200)
    versions = tariffs.load_tariff(code="W-TEST").versions
    assert [version.period.until_on for version in versions] == [date(2026, 7, 1), None]


def test_the_same_file_again_adds_nothing():
    adopt()
    assert adopt() == tariffs.Adopted(new=(), unchanged=1)
    assert TariffVersion.objects.filter(tariff="W-TEST").count() == 1


def test_a_file_with_the_old_and_the_new_version_adds_the_new_one():
    adopt()
    text = FILE.format(from_on="2026-01-01", flat="10.00", total="10.00") + (
        '  - from: 2026-07-01\n    lines:\n      - {name: base, kind: water.base, says: Base, flat: "12.00"}\n'
    )
    assert adopt(text=text) == tariffs.Adopted(new=("W-TEST from 2026-07-01",), unchanged=1)


@pytest.mark.parametrize("from_on", ["2026-01-01", "2025-06-01"])
def test_an_adopted_version_is_not_edited(from_on):
    adopt()
    with pytest.raises(Refused, match="overlaps the version adopted from 2026-01-01.*not edited"):
        adopt(from_on, "11.00")
    assert base(date(2026, 1, 1)) == 1000


def test_a_worked_example_must_come_out_to_the_cent():
    with pytest.raises(Refused, match=r"W-TEST \(line 13\): total 1000 cents, expected 1001"):
        adopt(total="10.01")
    assert not TariffVersion.objects.filter(tariff="W-TEST").exists()


def test_every_fault_of_a_file_is_named_in_one_go():
    text = FILE.replace("authority: Resolution 1(26)\n", "").replace("service: water", "servise: water")
    with pytest.raises(TariffErrors) as faults:
        adopt(text=text.format(from_on="2026-01-01", flat="9.5.0", total="10.00"))
    assert {fault.field.split(".")[-1] for fault in faults.value.faults} >= {"authority", "service", "servise", "flat"}
    assert all(fault.file == "test.yaml" and fault.remedy for fault in faults.value.faults)


def test_a_code_stays_of_its_service_and_class():
    adopt()
    with pytest.raises(Refused, match="W-TEST is water for residential; this file says sewer"):
        adopt(
            text=FILE.replace("service: water", "service: sewer").format(
                from_on="2027-01-01", flat="1.00", total="1.00"
            )
        )


def test_moores_tariffs_are_listed_with_what_is_not_in_use():
    rows = {row.code: row for row in tariffs.list_tariffs(on=TODAY)}
    assert rows["W-RES"].from_on == date(2025, 7, 1) and rows["W-RES"].in_use
    assert not rows["W-HEADING-LOST"].in_use and rows["W-HEADING-LOST"].why_not_in_use
    assert tariffs.list_tariffs(on=date(2020, 1, 1))[0].from_on is None


def test_the_stored_text_rates_as_the_file_did():
    found = tariffs.load_tariffs(codes=["W-RES", "S-RES"])
    water = charge(found["W-RES"], from_on=date(2026, 1, 6), until_on=date(2026, 2, 3), inputs=Inputs.of(gal=[7000]))
    assert sum(water.of(0).values()) == 4464  # section 1.3 of the facts, reading A
    assert list(found) == ["S-RES", "W-RES"]


def test_a_stored_text_that_was_changed_is_noticed(monkeypatch):
    monkeypatch.setattr(tariffs, "_AS_READ", {})  # as in a process that starts
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        TariffVersion.objects.filter(tariff="W-RES").update(document="code: W-RES # changed")
        cursor.execute("set session_replication_role = origin")
    with pytest.raises(ValueError, match="not the one that was adopted"):
        tariffs.load_tariff(code="W-RES")


def test_a_tariff_that_there_is_not():
    with pytest.raises(Refused, match="No tariff X was adopted"):
        tariffs.load_tariff(code="X")
