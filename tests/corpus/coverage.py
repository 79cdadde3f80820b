"""Write docs/reference/coverage.md: what of the rate corpora our language says, counted by this run.

make coverage        (or: python -m tests.corpus.coverage)
"""

from __future__ import annotations

import sys
from pathlib import Path

from curbstop.cli.tariff import nieps_bills
from curbstop.formats.nieps import read_schedules
from tests.corpus.ask import HERE, ask, load, utilities
from tests.corpus.folders import RATES, owrs_bill, published, specifications

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coverage.md"
CONSTRUCTS = (
    ("prices, limits and tiers keyed by attributes", "`by`, `values`, `otherwise`"),
    ("whole-volume thresholds, classes by area", "`up_to`"),
    ("tiers scaled by dwelling units, both ways", "`scale`"),
    ("winter averages: as volume, cap, limit; clamped", "`volume`, `tiers: [{to: average}]`, formulas"),
    (
        "how the average is made: months or reads, drop the highest, lowest n of m, by day, reset, until there is one",
        "the section `average`",
    ),
    ("budgets by people, area and weather", "`inputs`, `values`, formulas"),
    ("drought prices, and a charge beyond an allotment", "`tiers: {by}`, `included`"),
    ("outside the city: factor, rounded derived price, separate table", "`times`, `round()`, `by`"),
    ("stormwater units: nearest, ceiling, fractional, capped, credits", "`amount`"),
    ("items, pulls, yards x pickups, fire lines, two registers", "`each`, `amount`, `volume: {formula}`"),
    ("taxes and fees on some lines, or on all above", "`percent`, `of: all`"),
    ("riders for seniors and low income", "`when`"),
    ("pass-through factors by date, seasons, rate changes", "`from`, `months`, `versions`, `change`"),
    ("proration: by days started or stopped, by the period, of tiers, by formula", "`prorate`, `prorate_tiers`"),
    ("rounding: of counted volume, per tier, per line, per bill", "`quantity`, `round`, `round_bill`"),
)
OPEN = (
    "The average of a former occupant, of a neighbourhood or of a class is not carried over to a new account: the"
    " section `average` says a quantity or the use until there is one.",
    "A fact that changes inside a period counts from the next one; it is not weighted by days as a rate change is.",
    "The prices of the made-up RateParser city and the increases of Broken Arrow are printed in their cases only; the"
    " tariffs take them from there.",
    "Late fees, leak credits, payment plans and budget billing are written as tariffs here to check the arithmetic; the"
    " office does them as policies and acts.",
)


def worked() -> tuple[list[str], bool]:
    """The table of the utilities, and whether all scored cases are exact."""
    rows, good = (
        ["| utility | tariffs | bills | exact | flagged, by the rules | not scored |", "|---|---|---|---|---|---|"],
        True,
    )
    for utility in utilities():
        asked = ask(utility)
        scored = [one for one in asked if one.verdict != "ambiguous"]
        exact = [one for one in scored if one.given == one.expected]
        flagged = [one for one in exact if one.verdict == "flagged"]
        name = load(HERE / "cases" / f"{utility}.yaml")["utility"]
        tariffs = (HERE / "utilities" / f"{utility}.yaml").read_text(encoding="utf-8").count("code: ")
        rows.append(
            f"| {name} | {tariffs} | {len(asked)} | {len(exact)} of {len(scored)} | {len(flagged) or ''} | "
            f"{len(asked) - len(scored) or ''} |"
        )
        good = good and len(exact) == len(scored)
    return rows, good


def imported() -> tuple[list[str], list[str], bool]:
    """The lines on the two corpora, what could not be said, and whether all known bills are exact."""
    schedules = list(read_schedules((RATES / "bulk-nieps-2021.jsonl").read_text(encoding="utf-8")))
    pairs = [(cents, known) for one in schedules for cents, (_, known) in zip(nieps_bills(one), one.bills, strict=True)]
    exact = sum(cents == known for cents, known in pairs)
    files = list(specifications())
    bills = [owrs_bill(one.tariffs, bill) == published(bill) for one in files for bill in one.bills]
    loaded = [one for one in files if one.imported is not None]
    lines = [
        f"- **NIEPS 2021**, water and sewer of 1,250 systems: {len(schedules):,} schedules,"
        f" {exact:,} of {len(pairs):,} bills exact.",
        f"- **OWRS**, California and others: {len(loaded)} of {len(files)} files load,"
        f" {len(files) - len(loaded)} are refused with the line at fault, {sum(bills)} of {len(bills)} bills exact.",
    ]
    unsaid = [
        f"- {Path(one.file).parent.name}, {Path(one.file).name}: `{words.replace('`', '')[:110]}`"
        for one in loaded
        if one.imported is not None
        for words in one.imported.unsaid
    ]
    refused = [
        f"- {one.fault.splitlines()[-1].replace('full_utility_rates/', '')}" for one in files if one.imported is None
    ]
    return (
        [*lines, "", "Refused:", "", *refused, "", "Loaded with a line that is not set:", "", *unsaid],
        unsaid,
        exact == len(pairs) and all(bills),
    )


def main() -> None:
    """Write the page; exit code 1 when a known bill does not come out."""
    rows, good = worked()
    others, _, also_good = imported()
    constructs = [f"| {what} | {word} |" for what, word in CONSTRUCTS]
    page = [
        "# What the tariff language covers",
        "",
        "Made by `make coverage` from real published rates; nobody chose the answers. Not edited by hand.",
        "",
        "## Constructs",
        "",
        "| what cities do | how it is said |",
        "|---|---|",
        *constructs,
        "",
        "## Worked bills",
        "",
        "Each utility's published rules as tariffs of ours (`tests/corpus/utilities/`): its bills in lines and total.",
        "",
        *rows,
        "",
        "## Imported by program",
        "",
        *others,
        "",
        "## What cannot be said, or is said elsewhere",
        "",
        *(f"- {entry}" for entry in OPEN),
        "",
    ]
    PAGE.write_text("\n".join(page), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(PAGE.parents[2])} written\n")
    raise SystemExit(0 if good and also_good else 1)


if __name__ == "__main__":
    main()
