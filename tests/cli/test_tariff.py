"""`curbstop tariff`: explain and check, with what people may type."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import curbstop, said_here

ROOT = Path(__file__).resolve().parent.parent.parent
WATER = ROOT / "curbstop" / "cities" / "moore_ok" / "tariffs" / "water.yaml"
PERIOD = ("--from", "2026-02-03", "--until", "2026-03-03")


def test_a_bill_explained(tmp_path: Path) -> None:
    done = curbstop("tariff", "explain", str(WATER), "--code", "w-res", "--usage", "12,000", *PERIOD, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "10 kgal × $5.02  = 50.20" in done.stdout and "2 kgal × $9.19  = 18.38" in done.stdout
    assert done.stdout.split("Total")[1].split()[0] == "78.08"
    assert list(tmp_path.iterdir()) == [], "no database is needed"


def test_the_same_as_json() -> None:
    done = said_here("tariff", "explain", str(WATER), "--code", "W-RES", "--usage", "12 kgal", *PERIOD, "--json")
    told = json.loads(done.stdout)
    assert (told["outcome"], told["usage_gal"], told["total_cents"]) == ("rated", 12000, 7808)
    assert [line["cents"] for line in told["lines"]] == [950, 6858]


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        ("NaN", "--usage 'NaN': not a volume"),
        ("-5", "not a volume"),
        ("1e9", "not a volume"),
        ("", "not a volume"),
        ("8.5", "a part of a gallon"),
        ("99999999999999999999", "more than a billion gallons"),
        ("7 acre", "unit 'acre' is not known"),
    ],
)
def test_a_use_that_cannot_be(usage: str, said: str) -> None:
    done = said_here("tariff", "explain", str(WATER), "--code", "W-RES", f"--usage={usage}")
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr and "Traceback" not in done.stderr


def test_which_tariff_must_be_said_and_known() -> None:
    for more, said in (((), "holds 5 tariffs"), (("--code", "W-XX"), "no tariff W-XX")):
        done = said_here("tariff", "explain", str(WATER), "--usage", "1", *more)
        assert done.returncode == 2 and said in done.stderr and "W-RES" in done.stderr


def test_a_period_before_the_tariff() -> None:
    words = ("--code", "W-RES", "--usage", "1", "--from", "2019-01-01", "--until", "2019-02-01")
    done = said_here("tariff", "explain", str(WATER), *words)
    assert done.returncode == 1 and "no version of the tariff is in force" in done.stderr
    assert json.loads(said_here("tariff", "explain", str(WATER), *words, "--json").stdout)["outcome"] == ("no_version")


def test_our_cities_files_hold() -> None:
    files = [str(path) for path in (ROOT / "curbstop" / "cities").glob("*/tariffs/*.yaml")]
    done = said_here("tariff", "check", *files, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert told["faults"] == [] and {row["tariff"] for row in told["tariffs"]} >= {"W-RES", "S-RES", "SAN-RES"}


def test_a_wrong_file_tells_every_fault_at_once(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = WATER.read_text().replace('rate: "5.02"', 'rate: "5.02x"', 1).replace("by_day", "by_moon", 1)
    wrong.write_text(text.replace("authority:", "authorty:", 1))
    done = said_here("tariff", "check", str(wrong))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    for said in ("wrong.yaml:", "5.02x", "by_moon", "authorty"):
        assert said in done.stderr


def test_an_example_that_does_not_hold_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WATER.read_text().replace('rate: "5.02"', 'rate: "5.03"'))
    done = said_here("tariff", "check", str(wrong))
    assert done.returncode == 1 and "W-RES: example:" in done.stderr and "expected" in done.stderr


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"code: \xff")
    done = said_here("tariff", "check", str(tmp_path / "x.yaml"))
    assert done.returncode == 1 and "not UTF-8" in done.stderr


NIEPS = {
    "id": "OK1/water/inside", "pwsid": "OK1", "state": "OK", "utility": "A town", "city": "A town", "service": "water",
    "location": "inside", "effective_year": "2021", "source": "https://example.gov", "bill_frequency": "monthly",
    "base": "10.00", "volume_unit": "gallons", "price_per": "1000",
    "tiers": [["0", "5000", "2.00"], ["5001", None, "3.00"]], "volumes_gal": "0,1000,...,16000",
    "totals": [f"{10 + 2 * min(k, 5) + 3 * max(k - 5, 0)}.00" for k in range(17)],
}  # fmt: skip


def test_import_nieps_writes_tariffs_that_check_and_names_the_bill_that_is_wrong(tmp_path: Path) -> None:
    data = tmp_path / "nieps.jsonl"
    data.write_text(json.dumps(NIEPS) + "\n")
    done = said_here("tariff", "import-nieps", str(data), "--into", str(tmp_path / "into"))
    assert done.returncode == 0 and "1 schedules, 17 of 17 bills exact" in done.stdout
    checked = said_here("tariff", "check", str(tmp_path / "into" / "ok.yaml"))
    assert checked.returncode == 0, checked.stderr
    data.write_text(json.dumps({**NIEPS, "totals": ["11.00", *NIEPS["totals"][1:]]}) + "\n")  # type: ignore[misc]
    done = said_here("tariff", "import-nieps", str(data))
    assert done.returncode == 1 and "16 of 17 bills exact" in done.stdout and "OK1/water/inside" in done.stderr


OWRS = """
metadata: {effective_date: 07/01/2017, utility_name: A town, bill_frequency: Monthly, bill_unit: kgal}
rate_structure:
  RESIDENTIAL_SINGLE:
    service_charge: 10.00
    tier_starts: [0, 5]
    tier_prices: [1.00, 2.00]
    commodity_charge: Tiered
    bill: service_charge+commodity_charge
"""


def test_import_owrs_loads_what_can_be_read_and_refuses_the_rest_by_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "a town" / "07-01-2017.owrs", tmp_path / "bad.owrs"
    good.parent.mkdir()
    good.write_text(OWRS)
    bad.write_text("metadata:\n  a: b: c\n")
    done = said_here("tariff", "import-owrs", str(good), str(bad), "--into", str(tmp_path / "into"))
    assert done.returncode == 1 and "1 file(s) loaded, 1 refused" in done.stdout
    assert "bad.owrs:2" in done.stderr and "Traceback" not in done.stderr
    checked = said_here("tariff", "check", str(tmp_path / "into" / "a_town-07-01-2017.yaml"))
    assert checked.returncode == 0, checked.stderr
    told = tmp_path / "into" / "a_town-07-01-2017.yaml"
    done = said_here("tariff", "explain", str(told), "--usage", "8 kgal", "--until", "2018-01-01", "--json")
    assert json.loads(done.stdout)["total_cents"] == 2200, done.stderr  # a tier starts with its unit: 10 + 4 + 8
