"""Where a meter stands: the read that counts last, what was used before; and a read judged against it.

A read *counts* when no other replaces it and nothing was found against it, or somebody accepted it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import numpy as np
from django.db import connection

from curbstop.office import policies
from curbstop.office._counting import COUNTS, STANDS
from curbstop.office.ledger.statements import ask
from curbstop.rules.reads import BLOCKING, MISSING, Array, Bands, Finding, bands_for, judge

HISTORY = 13
"""Earlier uses that a read is judged against: a year of 28-day cycles."""

NOT_REJECTED = (
    f"{STANDS} and not exists (select 1 from meters_readdecision d where d.read_id = r.id and d.outcome = 'reject')"
)
WAITS = f"r.findings <> '{{}}' and {STANDS} and not exists (select 1 from meters_readdecision d where d.read_id = r.id)"

# What is looked at when the read is not one of a whole period on the route.
_LOOKED_AT = {
    "removed": Finding.BELOW_LAST | Finding.BEYOND_DIALS | Finding.HIGH,
}


_UNCOMPARED = ("initial", "opening")  # what ran while nobody was responsible is compared with nobody's use
_NO_BANDS = Bands(high_percent=0, low_percent=0, least_gal=0, zero_above_gal=0, same_in_a_row=0)


@dataclass(frozen=True)
class Standing:
    """A meter where it hangs, on a day. ``previous``: its last read that counts, None when it has none; ``latest``: the
    last that was not rejected; ``rejected_id``: the day's read that was, whose place another may take; ``used_from``:
    from when somebody is responsible for what it measures."""

    installation_id: int
    service_point_id: int
    premise_id: int
    serial: str
    dials: int
    gal_per_unit: int
    hung_from: date
    hung_until: date | None
    previous_id: int | None
    previous_on: date | None
    previous_register: int | None
    latest_id: int | None
    latest_on: date | None
    latest_register: int | None
    rejected_id: int | None
    used_from: date | None
    customer_class: str
    today: date
    history_gal: tuple[int, ...]
    history_days: tuple[int, ...]


def _standing(*, meters: str, used: str, history: str, joins: str) -> str:
    return f"""
select i.id, i.service_point_id, s.premise_id, m.serial, m.dials, m.gal_per_unit, lower(i.during), upper(i.during),
  p.id, p.read_on, p.register, l.id, l.read_on, l.register,
  (select r.id from meters_read r where r.installation_id = i.id and r.read_on = %(on)s::date
     and r.id <> %(without)s::bigint and r.id is distinct from l.id and {STANDS}), {used},
  (%(at)s::timestamptz at time zone coalesce((select time_zone from decisions_city), 'UTC'))::date, {history}
from {meters}
join meters_installation i on i.id = w.id
join meters_meter m on m.id = i.meter_id
join customers_servicepoint s on s.id = i.service_point_id
left join lateral (
  select r.id, r.read_on, r.register from meters_read r
  where r.installation_id = i.id and r.read_on <= %(on)s::date and r.id <> %(without)s::bigint and {COUNTS}
  order by r.read_on desc, r.id desc limit 1) p on true
left join lateral (
  select r.id, r.read_on, r.register from meters_read r
  where r.installation_id = i.id and r.id <> %(without)s::bigint and {NOT_REJECTED}
  order by r.read_on desc, r.id desc limit 1) l on true
{joins}
order by w.n"""


_USED_BEFORE = f"""
left join customers_agreement g on g.service_point_id = i.service_point_id and g.during @> (%(on)s::date - 1)
left join customers_account a on a.id = g.account_id
left join lateral (
  select array_agg(u.usage_gal order by u.read_on desc, u.id desc) gal,
    array_agg(u.days order by u.read_on desc, u.id desc) days
  from (
    select r.id, r.read_on, r.usage_gal, r.read_on - lag(r.read_on) over (order by r.read_on, r.id) days
    from (
      select r.id, r.read_on, r.usage_gal from meters_read r
      where r.service_point_id = i.service_point_id and (i.part = 1 or r.installation_id = i.id)
        and r.read_on between lower(g.during) and %(on)s::date
        and r.id <> %(without)s::bigint and {COUNTS}
      order by r.read_on desc, r.id desc limit {HISTORY + 1}) r) u
  where u.days > 0) h on true"""

_COMPARED = {
    "used": "lower(g.during), coalesce(a.customer_class, '')",
    "history": "coalesce(h.gal, '{}'), coalesce(h.days, '{}')",
    "joins": _USED_BEFORE,
}
_ALONE = {"used": "null, ''", "history": "'{}'::bigint[], '{}'::int[]", "joins": ""}
_ONE = "(values (%(id)s::bigint, 1)) w (id, n)"  # a plan of its own would differ in nothing, so it is prepared once
_MANY = "unnest(%(ids)s::bigint[]) with ordinality w (id, n)"
_SQL = {
    (compared, meters): _standing(meters=meters, **(_COMPARED if compared else _ALONE))
    for compared in (True, False)
    for meters in (_ONE, _MANY)
}


def stand(
    installation_ids: Sequence[int], *, on: date, at: datetime, kind: str = "regular", without: int = 0
) -> tuple[Standing, ...]:
    """Where these meters stand on a day, in the order given.

    :param kind: of the read to come; one that is compared with nobody's use does not look it up
    :param without: a read to leave out, because it is about to be replaced
    """
    if not installation_ids:
        return ()
    given: dict[str, Any] = {"on": on, "at": at.isoformat(), "without": without}
    if len(installation_ids) == 1:
        rows = ask(_SQL[kind not in _UNCOMPARED, _ONE], {"id": installation_ids[0], **given})
    else:
        with connection.cursor() as cursor:
            given["ids"] = list(installation_ids)
            cursor.execute(_SQL[kind not in _UNCOMPARED, _MANY], given)
            rows = cursor.fetchall()
    return tuple(Standing(*[*row[:18], tuple(row[18]), tuple(row[19])]) for row in rows)


def lock_installations(*, service_point_ids: Sequence[int] = (), serials: Sequence[str] = (), on: date) -> list[Any]:
    """Hold the meters that hang there on the day, so that two reads of one meter take turns.

    :returns: rows of (installation id, service point id, serial), by installation id
    """
    if len(service_point_ids) == 1 and not serials:
        return ask(_hanging("i.service_point_id = %(point)s::bigint"), {"point": service_point_ids[0], "on": on})
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"points": list(service_point_ids), "serials": list(serials), "on": on}
        cursor.execute(_hanging(_AT_POINTS_OR_BY_SERIAL), given)
        return list(cursor.fetchall())


_AT_POINTS_OR_BY_SERIAL = """i.id in (
  select id from meters_installation where service_point_id = any(%(points)s::bigint[])
  union all
  select n.id from meters_installation n join meters_meter k on k.id = n.meter_id
  where k.serial = any(%(serials)s::text[]))"""


def _hanging(which: str) -> str:
    # the last day of a meter that was taken down is its removal read's
    return (
        "select i.id, i.service_point_id, m.serial from meters_installation i join meters_meter m on m.id = i.meter_id"
        f" where {which} and (i.during @> %(on)s::date or upper(i.during) = %(on)s::date)"
        " order by i.id for no key update of i"
    )


@dataclass(frozen=True)
class Judgement:
    """Reads judged: usage, what was found (a bit set of ``rules.reads.Finding``) and the usual use, row by row."""

    usage_gal: Array
    findings: Array
    average_gal: Array
    bands: dict[str, Bands]

    def waits(self, row: int) -> bool:
        """Whether somebody must look at the read before it counts."""
        return bool(int(self.findings[row]) & int(BLOCKING))

    def names(self, row: int) -> list[str]:
        """What was found, when it must be looked at; a register that turned over within the bands is no finding."""
        if not self.waits(row):
            return []
        return list(_names(int(self.findings[row])))


@cache
def _names(findings: int) -> tuple[str, ...]:
    return tuple(finding.name.lower() for finding in Finding if findings & finding and finding.name)


def judge_reads(standings: Sequence[Standing], registers: Sequence[int], *, on: date, kind: str) -> Judgement:
    """Judge the registers read on a day against where the meters stand.

    Where the city has set no ``reads.bands``, a register that ran backwards is all that is looked at.
    """
    looked_at = _LOOKED_AT.get(kind, ~Finding(0)) | Finding.ROLLED_OVER
    bands = _bands({standing.customer_class for standing in standings}, on) if kind not in _UNCOMPARED else None
    if bands is None:
        bands = {standing.customer_class: _NO_BANDS for standing in standings}
        looked_at &= Finding.BELOW_LAST | Finding.BEYOND_DIALS
    size = len(standings)
    usage, findings, average = (np.zeros(size, dtype=np.int64) for _ in range(3))
    for name, band in bands.items():
        places = np.array([row for row in range(size) if standings[row].customer_class == name], dtype=np.int64)
        judged = _judge([standings[row] for row in places], [registers[row] for row in places], band, on)
        usage[places], findings[places], average[places] = judged.usage_gal, judged.findings, judged.average_gal
    findings &= int(looked_at)
    first = np.array([standing.previous_register is None for standing in standings], dtype=np.bool_)
    usage[first], findings[first] = 0, findings[first] & int(Finding.BEYOND_DIALS)
    return Judgement(usage, findings, average, bands)


def _bands(classes: Iterable[str], on: date) -> dict[str, Bands] | None:
    """The bands of each class; None where the city has set none."""
    try:
        rows = policies.load("reads.bands").rows("reads.bands", on=on)
    except policies.NotSet:
        return None
    return {name: bands_for(rows, name) for name in classes}


def _judge(standings: Sequence[Standing], registers: Sequence[int], bands: Bands, on: date) -> Any:
    def column(values: Sequence[int]) -> Array:
        return np.array(values, dtype=np.int64)

    width = max((len(standing.history_gal) for standing in standings), default=0)
    gal = np.full((len(standings), width), MISSING, dtype=np.int64)
    days = np.zeros((len(standings), width), dtype=np.int64)
    for row, standing in enumerate(standings):
        gal[row, : len(standing.history_gal)] = standing.history_gal
        days[row, : len(standing.history_days)] = standing.history_days
    return judge(
        previous=column([standing.previous_register or 0 for standing in standings]),
        current=column(registers),
        dials=column([standing.dials for standing in standings]),
        unit_gal=column([standing.gal_per_unit for standing in standings]),
        history_gal=gal,
        bands=bands,
        days=column([(on - standing.previous_on).days if standing.previous_on else 1 for standing in standings]),
        history_days=days,
    )
