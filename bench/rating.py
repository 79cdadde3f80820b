"""Rating: the general engine on Moore's full residential bill against hand-written integer Python and the oracle.

    python bench/rating.py [--accounts 1000000] [--json]

Three questions, answered in one run: how many accounts a second, against integers written by hand for this one tariff
(at least 0.5 of it); cents apart from a `Decimal` oracle over random accounts (none); one traced bill (under 1 ms).
The oracle here is Moore's bill alone, written from the rates page in Decimal dollars; `tests/rules/oracle.py` is the
one for every construct.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.explaining import explain
from curbstop.rules.plans import Tariff
from curbstop.rules.rating import Inputs, charge
from curbstop.rules.tariffs import read_tariffs
from curbstop.rules.traces import Trace

FROM, UNTIL = date(2026, 1, 6), date(2026, 2, 3)
CODES = ("W-RES", "S-RES", "SAN-RES")
SEED = 104
LEAST = 0.5
MOST_MS = 1.0
Array = NDArray[np.int64]


def moore() -> list[Tariff]:
    """The tariffs of a full residential bill."""
    folder = resources.files("curbstop") / "cities" / "moore_ok" / "tariffs"
    files = ("water.yaml", "sewer.yaml", "sanitation.yaml")
    found = {
        tariff.code: tariff for name in files for tariff in read_tariffs((folder / name).read_text("utf-8"), file=name)
    }
    return [found[code] for code in CODES]


def accounts(count: int) -> tuple[Array, Array, Array]:
    """Random usages, averages (a tenth have none) and carts; the same count gives the same accounts."""
    chance = np.random.default_rng(SEED)
    gal = np.where(chance.random(count) < 0.02, chance.integers(0, 200_000, count), chance.integers(0, 30_000, count))
    average = np.where(chance.random(count) < 0.1, -1, chance.integers(0, 15_000, count))
    return gal.astype(np.int64), average.astype(np.int64), chance.integers(1, 5, count).astype(np.int64)


def engine(tariffs: list[Tariff], gal: Array, average: Array, carts: Array) -> Array:
    """Totals in cents by the general engine."""
    inputs = Inputs.of(gal=gal, average_gal=average, count=carts)
    total = np.zeros(len(gal), dtype=np.int64)
    for tariff in tariffs:
        charges = charge(tariff, from_on=FROM, until_on=UNTIL, inputs=inputs)
        assert not charges.status.any()
        total += charges.total_cents
    return total


def by_hand(gal: int, average: int, carts: int) -> int:
    """Moore's residential bill in integers: thousandths of a cent, each line rounded half up."""
    low = gal if gal < 10_000 else 10_000
    middle = 0 if gal <= 10_000 else (gal if gal < 20_000 else 20_000) - 10_000
    high = gal - 20_000 if gal > 20_000 else 0
    water = (low * 502 + middle * 919 + high * 968 + 500) // 1000
    cap = average if average >= 0 else 6_000
    sewer = ((gal if gal < cap else cap) * 345 + 500) // 1000
    cart = 1150 if carts == 1 else 1850 if carts == 2 else 1850 + (carts - 2) * 1075
    return 950 + water + sewer + 1775 + cart


def by_oracle(gal: int, average: int, carts: int) -> int:
    """The same from the rates page, in Decimal dollars."""
    cent, used = Decimal("0.01"), Decimal(gal) / 1000
    tiers = ((Decimal(0), Decimal(10), "5.02"), (Decimal(10), Decimal(20), "9.19"), (Decimal(20), None, "9.68"))
    water = Decimal(0)
    for start, end, rate in tiers:
        inside = max(Decimal(0), (used if end is None else min(used, end)) - start)
        water += inside * Decimal(rate)
    cap = Decimal(6) if average < 0 else Decimal(average) / 1000
    sewer = min(used, cap) * Decimal("3.45")
    cart = {1: Decimal("11.50"), 2: Decimal("18.50"), 3: Decimal("29.25"), 4: Decimal("40.00")}[carts]
    lines = (Decimal("9.50"), water, sewer, Decimal("17.75"), cart)
    return int(sum(line.quantize(cent, rounding=ROUND_HALF_UP) for line in lines) * 100)


def best_of(times: int, work: Callable[[], object]) -> float:
    """Seconds of the fastest run."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def traced(tariff: Tariff) -> int:
    """One bill with its steps, explained; the number of lines."""
    trace = Trace()
    charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[12_000], average_gal=[5_000]), trace=trace)
    return len(trace.lines)


def explained(tariff: Tariff) -> int:
    """The same with its words."""
    trace = Trace()
    charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[12_000], average_gal=[5_000]), trace=trace)
    return len(explain(trace))


def measure(count: int) -> dict[str, float | int | str]:
    """Everything measured, in one run."""
    tariffs = moore()
    gal, average, carts = accounts(count)
    rows = list(zip(gal.tolist(), average.tolist(), carts.tolist(), strict=True))
    totals = engine(tariffs, gal, average, carts)
    hand = [by_hand(*row) for row in rows]
    apart = int(np.abs(totals - np.array(hand, dtype=np.int64)).sum())
    oracle_apart = sum(abs(int(total) - by_oracle(*row)) for total, row in zip(totals.tolist(), rows, strict=True))
    engine_s = best_of(3, lambda: engine(tariffs, gal, average, carts))
    hand_s = best_of(3, lambda: [by_hand(*row) for row in rows])
    return {
        "accounts": count,
        "cents_apart_from_the_oracle": oracle_apart,
        "cents_apart_from_integers_by_hand": apart,
        "engine_accounts_a_second": round(count / engine_s),
        "by_hand_accounts_a_second": round(count / hand_s),
        "engine_over_by_hand": round(hand_s / engine_s, 2),
        "traced_bill_ms": round(best_of(200, lambda: [traced(tariff) for tariff in tariffs]) * 1000, 3),
        "explained_bill_ms": round(best_of(200, lambda: [explained(tariff) for tariff in tariffs]) * 1000, 3),
    }


def main() -> None:
    """Print the figures; exit code 1 when one is not what was promised."""
    words = argparse.ArgumentParser(description="Rating against integers by hand and the oracle.")
    words.add_argument("--accounts", type=int, default=1_000_000)
    words.add_argument("--json", action="store_true")
    chosen = words.parse_args()
    found = measure(chosen.accounts)
    if chosen.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):<36} {value:>14,}")
    kept = (
        found["cents_apart_from_the_oracle"] == 0
        and found["engine_over_by_hand"] >= LEAST  # type: ignore[operator]
        and found["traced_bill_ms"] < MOST_MS  # type: ignore[operator]
    )
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
