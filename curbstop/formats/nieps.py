"""Rate schedules of the Nicholas Institute's water affordability data, as tariffs of ours: text in, text out.

One line of JSON is one schedule: a base, and blocks with a start, an end and a price per quantity. As the data's
own bills have it, every block is rounded to the cent by itself, a block that starts one unit after the last one
ended starts where that one ended, and a cubic foot is 7.48052 gallons.

Source: Patterson, Doyle, McLaughlin and Bryson, Water Affordability Data Repository, doi 10.5281/zenodo.5156654.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from curbstop.rules.faults import BadValue

GAL_PER_UNIT = {"gallons": Decimal(1), "cubic feet": Decimal("7.48052")}
AUTHORITY = "Nicholas Institute, Water Affordability Data Repository, doi 10.5281/zenodo.5156654"


class BadSchedule(BadValue):
    """A schedule that cannot be read. Its field names the line of the file."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A schedule as a tariff: its id in the data, the tariff's code and text, and its known bills in cents by
    gallons."""

    id: str
    code: str
    text: str
    bills: tuple[tuple[int, int], ...]


def read_schedules(text: str) -> Iterator[Imported]:
    """Every schedule of a file of JSON lines.

    :raises BadSchedule: a line that is not one, with its number
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield _schedule(line, f"line {number}")


def _schedule(line: str, field: str) -> Imported:
    try:
        given = json.loads(line, parse_float=str, parse_int=str)
        blocks = [
            (Decimal(start), None if end is None else Decimal(end), Decimal(price))
            for start, end, price in given["tiers"]
        ]
        unit, per = GAL_PER_UNIT[given["volume_unit"]], Decimal(given["price_per"])
        code = _code(given)
        text = _tariff(given, code, unit * per, _joined(blocks), per)
        bills = tuple((index * 1000, _cents(total)) for index, total in enumerate(given["totals"]))
        return Imported(given["id"], code, text, bills)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        why = f"not a schedule: {type(error).__name__} {error}"
        raise BadSchedule(field=field, value=line, why=why, remedy="correct the line or take it out") from error


def _code(given: dict[str, Any]) -> str:
    return re.sub(r"[^A-Z0-9]+", "-", given["id"].upper()).strip("-")[:40]


def _cents(amount: str) -> int:
    return int(Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) * 100)


Block = tuple[Decimal, Decimal | None, Decimal]


def _joined(blocks: list[Block]) -> list[Block]:
    """Blocks with one that starts a unit after the last one's end drawn back to that end."""
    found: list[Block] = []
    for start, end, price in blocks:
        last = found[-1][1] if found else None
        found.append((last if last is not None and start - last == 1 else start, end, price))
    return found


def _runs(blocks: list[Block]) -> list[list[Block]]:
    """Blocks in runs that rise without overlap; each run is one line of tiers. A gap costs nothing."""
    runs: list[list[Block]] = []
    for start, end, price in blocks:
        last = runs[-1][-1][1] if runs else None
        if end is not None and end <= start:
            continue
        if runs and last is not None and start >= last:
            if start > last:
                runs[-1].append((last, start, Decimal(0)))
            runs[-1].append((start, end, price))
        else:
            runs.append([(start, end, price)])
    return runs


def _tariff(given: dict[str, Any], code: str, per_gal: Decimal, blocks: list[Block], per: Decimal) -> str:
    base = Decimal(_cents(given["base"])) / 100
    lines = [f'      - {{name: base, flat: "{base}"}}'] if base or not blocks else []
    for place, run in enumerate(_runs(blocks), start=1):
        tiers = [_tier(end, price, per) for _, end, price in run]
        if run[-1][1] is not None:
            tiers.append('{rate: "0.00"}')
        name = given["service"] if place == 1 else f"{given['service']}_{place}"
        start = run[0][0] / per
        low = f'{{to: "{_plain(start)}", rate: "0.00"}}, ' if start else ""
        listed = low + ", ".join(tiers)
        lines.append(f"      - {{name: {name}, per: {_plain(per_gal)} gal, tiers: [{listed}], round: half_up_tier}}")
    fields = [
        f"code: {code}",
        f"service: {given['service']}",
        f"name: {_quoted(given['utility'])}",
        f"authority: {_quoted(AUTHORITY)}",
        f"source: {_quoted(given['source'] or AUTHORITY)}",
        "confidence: LOW",
        "versions:",
        f"  - from: {given['effective_year']}-01-01",
        "    lines:",
        *lines,
    ]
    return "\n".join(fields) + "\n"


def _tier(end: Decimal | None, price: Decimal, per: Decimal) -> str:
    rate = f'rate: "{_plain(price)}"'
    return f"{{{rate}}}" if end is None else f'{{to: "{_plain(end / per)}", {rate}}}'


def _plain(number: Decimal) -> str:
    """A decimal without an exponent or idle zeros."""
    fraction = Fraction(number)
    if 10**18 % fraction.denominator:
        raise ValueError(f"{number} has more than eighteen decimals")
    text = format(number.normalize(), "f")
    return text


def _quoted(text: str) -> str:
    return json.dumps(" ".join(str(text).split()), ensure_ascii=True)
