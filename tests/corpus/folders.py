"""Where the rate corpora lie that are kept out of this tree: `CURBSTOP_RATES`, else `shared/rates` beside it."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from curbstop.formats.owrs import Imported, OwrsErrors, import_owrs
from curbstop.rules.rating import Inputs, Status, charge
from curbstop.rules.tariffs import Tariff, read_tariffs
from curbstop.rules.units import GAL_PER

RATES = Path(os.environ.get("CURBSTOP_RATES") or Path(__file__).parents[3] / "shared" / "rates")
WANTED = pytest.mark.skipif(not RATES.is_dir(), reason=f"no rate corpora in {RATES}; set CURBSTOP_RATES")

# What the published bills take where the file asks for more than the sheet of bills gives.
FACTS = {"city_limits": "inside_city", "pressure_zone": "1", "season": "Summer"}


@dataclass(frozen=True)
class Specification:
    """A file of the corpus: what came of it, and its published bills (file, line, meter, use, amounts)."""

    file: str
    parses: bool
    fault: str
    imported: Imported | None
    tariffs: tuple[Tariff, ...]
    bills: tuple[dict[str, str], ...]


def specifications() -> Iterator[Specification]:
    """Every file of the OWRS corpus, imported."""
    with (RATES / "owrs" / "EXPECTED-SFR.csv").open(encoding="utf-8") as sheet:
        bills = list(csv.DictReader(sheet))
    with (RATES / "owrs" / "INDEX.csv").open(encoding="utf-8") as sheet:
        index = list(csv.DictReader(sheet))
    for row in index:
        file = row["file"]
        text = (RATES / "owrs" / file).read_bytes().decode("utf-8", errors="replace")
        own = tuple(bill for bill in bills if bill["file"] == file)
        try:
            found = import_owrs(text, file=file)
        except OwrsErrors as errors:
            yield Specification(file, row["parses"] == "yes", str(errors), None, (), own)
        else:
            yield Specification(file, row["parses"] == "yes", "", found, read_tariffs(found.text, file=file), own)


def owrs_bill(tariffs: tuple[Tariff, ...], bill: dict[str, str]) -> tuple[int, int, int]:
    """Service charge, commodity charge and bill in cents."""
    tariff = next(one for one in tariffs if one.customer_class == bill["class"].lower())
    facts = {**FACTS, "meter_size": bill["meter_size"], "hhsize": bill["hhsize"], "et_amount": bill["et_amount"]}
    inputs = Inputs.of(
        gal=[Fraction(bill["usage"]) * GAL_PER[bill["bill_unit"]]],
        facts={name: [word] for name, word in facts.items()},
    )
    start = tariff.versions[0].period.from_on
    charges = charge(tariff, from_on=start, until_on=start + timedelta(days=30), inputs=inputs)
    assert charges.status[0] == Status.RATED, bill["file"]
    lines = charges.of(0)
    return lines["service_charge"], lines["commodity_charge"], int(charges.total_cents[0])


def published(bill: dict[str, str]) -> tuple[int, int, int]:
    """The same as it was published."""
    service, commodity, total = (
        int(Fraction(bill[name]) * 100) for name in ("service_charge", "commodity_charge", "bill")
    )
    return service, commodity, total
