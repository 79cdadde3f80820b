"""Personal averages by a tariff's own rule (rules.winter), from the reads as they count now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from curbstop.office._counting import COUNTS
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules.plans import AverageFrom, PastUse
from curbstop.rules.winter import MISSING, averages, reset_on

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]

# As in reads.averages: a use ends with a read of the route, and what was read in between belongs to it. The first is
# left out, since it began before the agreement.
_USES = f"""
with held as (
  select g.id, coalesce(s.measured_by_id, s.id) as point, lower(g.during) as began
  from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  where g.id = any(%(agreements)s)),
counted as (
  select h.id, r.read_on, r.usage_gal, count(*) filter (where r.kind in ('regular', 'estimated')) over (
      partition by h.id order by r.read_on desc, r.id desc) as use
  from held h join meters_read r on r.service_point_id = h.point
  where r.read_on > h.began and r.read_on >= %(first)s::date - 62 and r.read_on < %(reset)s and {COUNTS}),
used as (
  select id, max(read_on) as read_on, sum(usage_gal)::bigint as gal,
    lag(max(read_on)) over (partition by id order by use desc) as began
  from counted where use > 0 group by id, use)
select id, began, read_on, gal from used where began is not null and read_on >= %(first)s order by id, read_on"""
_KINDS = {"id": "bigint", "began": "date", "read_on": "date", "gal": "bigint"}


@dataclass
class MadeAverages:
    """``gal``: each row's average, -1 for none; ``uses`` of a row: what it was made from; ``from_on``: since when."""

    gal: Ints
    uses: dict[int, tuple[PastUse, ...]]
    from_on: dict[int, date]


def make_averages(
    agreements: Ints, *, on: Days, rule: AverageFrom, full_days: int | None, uses: bool = True
) -> MadeAverages:
    """The average in force on the day beside each agreement. Two queries for each reset day that is met."""
    made = MadeAverages(np.full(len(agreements), MISSING, dtype=np.int64), {}, {})
    days, which = np.unique(on.astype("datetime64[D]"), return_inverse=True)
    resets = np.array([reset_on(rule, day) for day in days.tolist()], dtype="datetime64[D]")[which]
    for reset in np.unique(resets).tolist():
        rows = np.flatnonzero(resets == np.datetime64(reset))
        distinct, back = np.unique(agreements[rows], return_inverse=True)
        found = fetch(
            _USES,
            {"agreements": Many(distinct), "first": date(reset.year - 1, reset.month, reset.day), "reset": reset},
            _KINDS,
        )
        gal, began, read = _table(distinct, found)
        result = averages(rule, gal=gal, began=began, read=read, reset=reset, full_days=full_days)
        made.gal[rows] = result.gal[back]
        for row, place in zip(rows.tolist(), back.tolist(), strict=True) if uses else ():
            kept = np.flatnonzero(result.kept[place])
            made.from_on[row] = reset
            made.uses[row] = tuple(
                PastUse(began[place, use].item(), read[place, use].item(), int(gal[place, use])) for use in kept
            )
    return made


def _table(distinct: Ints, found: dict[str, NDArray[np.generic]]) -> tuple[Ints, Days, Days]:
    """The uses as rows of equal length, in time order; -1 gallons where there is none."""
    place = np.searchsorted(distinct, found["id"])
    count = np.bincount(place, minlength=len(distinct))
    within = np.arange(len(place)) - (np.cumsum(count) - count)[place]
    shape = (len(distinct), int(count.max()) if len(place) else 0)
    gal = np.full(shape, MISSING, dtype=np.int64)
    began, read = (np.full(shape, np.datetime64("2000-01-01"), dtype="datetime64[D]") for _ in range(2))
    gal[place, within], began[place, within], read[place, within] = found["gal"], found["began"], found["read_on"]
    return gal, began, read
