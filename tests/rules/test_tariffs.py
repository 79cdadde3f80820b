"""Tariff files: what is read, and what is refused, all at once, each fault with its line and a remedy."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from curbstop.rules.faults import Fault
from curbstop.rules.plans import Volume
from curbstop.rules.rating import check_examples
from curbstop.rules.tariffs import TariffErrors, read_tariffs

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "curbstop" / "cities").glob("*/tariffs/*.yaml"))
GOOD = """\
code: W-RES
service: water
authority: Resolution 104(25)
per_days: 28
versions:
  - from: 2026-01-01
    lines:
      - {name: base, flat: "9.50", prorate: by_day}
      - {name: water, per: 1000 gal, tiers: [{to: 10, rate: 5.02}, {to: 20, rate: 9.19}, {rate: 9.68}], round: half_up_line}
      - {name: tax, percent: 4.5, of: [base, water]}
"""  # noqa: E501


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(TariffErrors) as refused:
        read_tariffs(text, file="t.yaml")
    return refused.value.faults


def only(text: str) -> Fault:
    (fault,) = faults(text)
    assert fault.file == "t.yaml" and fault.why and fault.remedy
    return fault


def test_the_houses_own_example() -> None:
    (tariff,) = read_tariffs(GOOD, file="t.yaml")
    assert (tariff.code, tariff.name, tariff.confidence) == ("W-RES", "W-RES", "UNVERIFIED")
    base, water, tax = tariff.versions[0].lines
    assert (base.kind, water.kind, tax.kind) == ("water.base", "water.water", "water.tax")
    assert isinstance(water.construct, Volume)
    assert [tier.to_gal for tier in water.construct.tiers] == [10_000, 20_000, None]
    assert [tier.price.cents for tier in water.construct.tiers] == [502, 919, 968]


def test_an_unquoted_figure_is_no_float() -> None:
    text = GOOD.replace("rate: 5.02", "rate: 5.02000001")
    construct = read_tariffs(text, file="t.yaml")[0].versions[0].lines[1].construct
    assert isinstance(construct, Volume)
    assert construct.tiers[0].price.cents == Fraction(502_000_001, 1_000_000)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "why"),
    [
        ("authority: Resolution 104(25)\n", "", 1, "authority", "missing"),
        ("authority: Resolution 104(25)", "authority: ''", 3, "authority", "empty"),
        ("service: water", "servise: water\nservice: water", 2, "servise", "not known"),
        ("code: W-RES", "code: w res", 1, "code", "right shape"),
        ("per_days: 28\n", "", 7, "versions[1].lines[1].prorate", "of how many days"),
        ("per_days: 28", "per_days: none", 4, "per_days", "not a whole number"),
        ('flat: "9.50"', 'flat: "9.505"', 8, "versions[1].lines[1].flat", "part of a cent"),
        ('flat: "9.50"', "flat: NaN", 8, "versions[1].lines[1].flat", "not a price"),
        ('flat: "9.50"', "flat: not set", 8, "versions[1].lines[1].why_not_set", "missing"),
        ("rate: 5.02", "rate: 5,02", 9, "versions[1].lines[2].tiers[1].02", "not known"),
        ("to: 20", "to: 5", 9, "versions[1].lines[2].tiers[2].to", "do not rise"),
        ("to: 20", "from: 12, to: 20", 9, "versions[1].lines[2].tiers[2].from", "a gap"),
        ("to: 20", "from: 8, to: 20", 9, "versions[1].lines[2].tiers[2].from", "overlap"),
        ("{rate: 9.68}", "{to: 30, rate: 9.68}", 9, "versions[1].lines[2].tiers[3].to", "no price"),
        ("{to: 20, rate", "{rate", 9, "versions[1].lines[2].tiers[2].to", "no tier after"),
        ("per: 1000 gal", "per: 1000 litres", 9, "versions[1].lines[2].per", "not known"),
        ("per: 1000 gal", "per: 0 gal", 9, "versions[1].lines[2].per", "per nothing"),
        ("of: [base, water]", "of: [base, watre]", 10, "of", "no line"),
        ("of: [base, water]", "of: [tax]", 10, "of", "from itself"),
        ("name: tax", "name: water", 10, "name", "a line of this name"),
        ("percent: 4.5", "percent: 4.5, flat: 1.00", 10, "versions[1].lines[3]", "a line is one of them"),
        ("percent: 4.5, of", "from", 10, "versions[1].lines[3]", "does not say what"),
        ("round: half_up_line", "round: half_down", 9, "versions[1].lines[2].round", "not known"),
        ("from: 2026-01-01", "from: 2026-02-30", 6, "versions[1].from", "not a date"),
        ("from: 2026-01-01", "from: 2026-01-01\n    until: 2025-01-01", 7, "versions[1].until", "not after"),
        ("prorate: by_day", "prorate: by_day, prorate: none", 8, "versions[1].lines[1].prorate", "written twice"),
    ],
)
def test_a_fault_names_its_line_and_a_remedy(old: str, new: str, line: int, field: str, why: str) -> None:
    assert GOOD.count(old) == 1
    found = faults(GOOD.replace(old, new))
    assert any(f.line == line and f.field == field and why in f.why and f.remedy for f in found), found


def test_did_you_mean() -> None:
    fault = only(GOOD.replace("of: [base, water]", "of: [base, watre]"))
    assert fault.remedy == "did you mean 'water'?"
    fault = only(GOOD.replace("round: half_up_line", "rounding: half_up_line"))
    assert fault.remedy == "did you mean 'round'?"


def test_all_faults_in_one_go() -> None:
    text = (
        GOOD.replace("authority: Resolution 104(25)\n", "")
        .replace("to: 20", "to: 5")
        .replace('flat: "9.50"', 'flat: "9.505"')
        .replace("percent: 4.5", "percent: half")
    )
    found = faults(text)
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    assert len(found) == 4
    message = str(TariffErrors(found))
    assert message.startswith("tariff file: 4 faults") and "t.yaml:7:" in message


def test_versions_overlap() -> None:
    second = '  - from: 2026-06-01\n    lines: [{name: base, flat: "1.00"}]\n'
    first, *_ = read_tariffs(GOOD + second, file="t.yaml")
    assert first.versions[0].period.until_on == date(2026, 6, 1)
    fault = only(GOOD.replace("from: 2026-01-01", "from: 2026-01-01\n    until: 2026-07-01") + second)
    assert "overlaps the version from 2026-01-01" in fault.why and fault.line == 12
    fault = only(GOOD + second.replace("06-01", "01-01"))
    assert "overlaps" in fault.why


def test_empty_versions_and_lines() -> None:
    head = GOOD[: GOOD.index("versions:")]
    assert only(head).field == "versions"
    assert only(head + "versions: []\n").why == "empty"
    assert only(head + "versions: [{from: 2026-01-01, lines: []}]\n").field == "versions[1].lines"
    assert only("").why == "empty"
    assert only("- a\n- b\n").field == "document"


def test_a_code_is_used_once() -> None:
    assert "earlier tariff" in only(GOOD + "---\n" + GOOD).why


def test_percents_in_a_ring() -> None:
    ring = "{name: tax, percent: 1, of: fee}\n      - {name: fee, percent: 1, of: [tax]}"
    found = faults(GOOD.replace("{name: tax, percent: 4.5, of: [base, water]}", ring))
    assert [fault.value for fault in found] == ["tax", "fee"]


@pytest.mark.parametrize("text", ["a: [1", "a: &x 1\nb: *x\n", "\t- a", "a: b: c", "\x00", "code: 'x"])
def test_what_is_no_yaml_has_its_line_too(text: str) -> None:
    fault = only(text)
    assert fault.field == "file" and "Traceback" not in fault.why


def test_not_in_use_says_why() -> None:
    assert only("in_use: no\n" + GOOD).field == "in_use"
    (tariff,) = read_tariffs("in_use: no\nwhy_not_in_use: heading lost\n" + GOOD, file="t.yaml")
    assert not tariff.in_use


def test_an_example_that_does_not_come_out_is_seen() -> None:
    text = GOOD + "    examples: [{usage: 7000 gal, lines: {base: 9.50, water: 35.15}, total: 46.66}]\n"
    (tariff,) = read_tariffs(text, file="t.yaml")
    (outcome,) = check_examples(tariff)
    assert not outcome.holds
    assert outcome.differences == ("water 3514 cents, expected 3515", "total 4665 cents, expected 4666")


def test_an_example_names_lines_that_exist() -> None:
    text = GOOD + "    examples: [{usage: 7000 gal, lines: {bases: 9.50}, total: 9.50}]\n"
    assert only(text).remedy == "did you mean 'base'?"


@pytest.mark.parametrize("path", [*FILES, Path(__file__).with_name("moore-2014.yaml")], ids=lambda path: path.stem)
def test_every_tariff_of_ours_is_sound_and_its_examples_come_out(path: Path) -> None:
    tariffs = read_tariffs(path.read_text(), file=path.name)
    assert tariffs
    for tariff in tariffs:
        assert tariff.authority and tariff.source and tariff.confidence != "UNVERIFIED"
        outcomes = check_examples(tariff)
        assert [outcome for outcome in outcomes if not outcome.holds] == []
        assert outcomes or not tariff.in_use


def test_the_cities_are_both_there() -> None:
    assert {path.parts[-3] for path in FILES} == {"moore_ok", "norman_ok"}
