"""The personal sewer averages, set once a year for everybody from the reads of the year before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection

from curbstop.office import policies, tariffs
from curbstop.office._counting import COUNTS
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.rules.reads import MISSING, Array, AverageRule, average_period, averages


@dataclass(frozen=True)
class AveragesSet:
    """Averages set for ``[from_on, until_on)``. ``too_few``: agreements without reads enough, which keep the tariff's
    own limit; ``there``: those that had an average already."""

    from_on: date
    until_on: date
    set: int
    too_few: int
    there: int


@act("reads.set_averages")
def set_averages(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> AveragesSet:
    """Set the average of every residential sewer agreement for the year that ``on`` is in, by policy ``sewer.average``.

    A *use* is what was used between two reads of the route while the agreement held, an exchange's two parts as one.
    The part before the first such read is not a whole period and makes no average. A tariff that says how its
    average is made is left out: bill runs make its averages by that rule.

    :raises Refused: the policy is not set
    """
    try:
        table = policies.load("sewer.average").table("sewer.average", on=on)
    except policies.NotSet as missing:
        raise Refused(f"{missing} {missing.says}", field="sewer.average") from missing
    rule = AverageRule(**{name: int(str(value)) for name, value in table.items()})
    from_on, until_on = average_period(rule, on)
    first = date(from_on.year - 1, from_on.month, 1)
    with connection.cursor() as cursor:
        cursor.execute("lock table meters_average in share row exclusive mode")
        own = _by_tariff(on)
        cursor.execute(_USES, {"from": from_on, "until": until_on, "first": first, "own": own})
        rows = cursor.fetchall()
    there = sum(row[1] for row in rows)
    rows = [row for row in rows if not row[1]]
    gal = averages(_uses(rows), rule=rule)
    made = [(row[0], int(gal[place]), _made_from(row, rule)) for place, row in enumerate(rows) if gal[place] >= 0]
    _write(made, from_on, until_on, event.id)
    event.about(
        says=f"Sewer averages from {from_on.isoformat()}: {len(made):,} set, {len(rows) - len(made):,} too few reads."
    )
    return AveragesSet(from_on=from_on, until_on=until_on, set=len(made), too_few=len(rows) - len(made), there=there)


# A use ends with a read of the route; what was read in between (a meter taken down) belongs to it: all have the same
# number of route reads after them, which numbers the uses. The first is left out: it began before the agreement.
_USES = f"""
with held as (
  select g.id, s.measured_by_id as point, lower(g.during) as began,
    exists (select 1 from meters_average v where v.agreement_id = g.id
            and v.during && daterange(%(from)s, %(until)s)) as there
  from customers_agreement g
  join customers_account a on a.id = g.account_id
  join customers_servicepoint s on s.id = g.service_point_id
  where s.service = 'sewer' and s.measured_by_id is not null and a.customer_class = 'residential'
    and not g.tariff_id = any(%(own)s) and g.during && daterange(%(from)s, %(until)s)),
counted as (
  select h.id, r.id as read, r.read_on, r.usage_gal, r.kind,
    count(*) filter (where r.kind in ('regular', 'estimated')) over (
      partition by h.id order by r.read_on desc, r.id desc) as use
  from held h join meters_read r on r.service_point_id = h.point
  where r.read_on > h.began and r.read_on >= %(first)s - 62 and r.read_on < %(from)s and not h.there and {COUNTS}),
used as (
  select id, use, max(read_on) as read_on, sum(usage_gal)::bigint as gal, array_agg(read order by read) as reads,
    row_number() over (partition by id order by use desc) as place
  from counted where use > 0 group by id, use)
select h.id, h.there, coalesce(u.gal, '{{}}'), coalesce(u.reads, '{{}}')
from held h left join (
  select id, array_agg(gal order by read_on) as gal, array_agg(array_to_string(reads, ' ') order by read_on) as reads
  from used where place > 1 and read_on >= %(first)s group by id) u on u.id = h.id
order by h.id"""


def _by_tariff(on: date) -> list[str]:
    """The tariffs that say themselves, on the day, how their average is made."""
    versions = ((tariff.code, tariff.version_on(on)) for tariff in tariffs.load_tariffs().values())
    return [code for code, version in versions if version is not None and version.average is not None]


def _uses(rows: list[Any]) -> Array:
    width = max((len(row[2]) for row in rows), default=0)
    found = np.full((len(rows), width), MISSING, dtype=np.int64)
    for place, row in enumerate(rows):
        found[place, : len(row[2])] = row[2]
    return found


def _made_from(row: Any, rule: AverageRule) -> list[int]:
    """The reads of the uses that the average is made from, oldest first."""
    lowest = sorted(range(len(row[2])), key=lambda use: (row[2][use], use))[: rule.take]
    return [int(read) for use in sorted(lowest) for read in row[3][use].split()]


def _write(made: list[tuple[int, int, list[int]]], from_on: date, until_on: date, event_id: int) -> None:
    columns: list[Any] = [
        [row[0] for row in made],
        [row[1] for row in made],
        [" ".join(map(str, row[2])) for row in made],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_average (agreement_id, during, gal, reads, event_id)"
            " select m.agreement, daterange(%s, %s), m.gal, string_to_array(m.reads, ' ')::bigint[], %s"
            " from unnest(%s::bigint[], %s::bigint[], %s::text[]) as m (agreement, gal, reads)",
            [from_on, until_on, event_id, *columns],
        )
