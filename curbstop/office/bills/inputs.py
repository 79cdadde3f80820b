"""What a chunk is rated from, as arrays: agreements, periods, usage by the reads that count, averages, items.

Two queries a chunk, whatever its size. Nothing is decided here that a rule decides; an agreement that cannot be rated
gets its outcome code instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curbstop.office.bills import outcomes
from curbstop.office.bills.values import Turn
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules.plans import Tariff, Volume

GRACE_DAYS = 3
"""A read that counts may be this many days older than the end of the period: a route is not read in one hour."""

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass
class Work:
    """The agreements of a chunk in bill order; every array has one element an agreement.

    ``place`` is the account's position in ``accounts``; ``tariff`` the position in ``tariffs``; ``code`` the position
    in ``outcomes.CODES``; ``from_read`` and ``to_read`` are 0 where there is none; ``usual`` is what was billed the
    last times.
    """

    accounts: Ints
    tariffs: Sequence[Tariff | None]
    agreement: Ints
    place: NDArray[np.intp]
    tariff: Ints
    from_on: Days
    until_on: Days
    ends: NDArray[np.bool_]
    items: Ints
    gal: Ints
    average_gal: Ints
    from_read: Ints
    to_read: Ints
    prorate_days: Ints
    measured: NDArray[np.bool_]
    code: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.agreement)

    def hold(self, where: NDArray[np.bool_], code: str) -> None:
        """Give these agreements an outcome, where they have none yet."""
        self.code[where & (self.code == 0)] = outcomes.place(code)


_AGREEMENTS = """
select g.account_id account, coalesce(t.no, 0) tariff, g.items,
       greatest(a.from_on, coalesce(b.until_on, a.from_on)) from_on,
       least(%(read_on)s, coalesce(upper(g.during), 'infinity')) until_on,
       coalesce(upper(g.during) <= %(read_on)s, false) ends,
       coalesce(s.measured_by_id, s.id) point, coalesce(v.gal, -1) average
from unnest(%(agreements)s, %(from_ons)s) with ordinality a (id, from_on, n)
join customers_agreement g on g.id = a.id
join customers_servicepoint s on s.id = g.service_point_id
left join (select code, row_number() over (order by code) no from decisions_tariff) t on t.code = g.tariff_id
left join meters_average v on v.agreement_id = g.id
  and v.during @> least(%(read_on)s, coalesce(upper(g.during), 'infinity'))
left join lateral (
  select o.until_on from bills_outcome o where o.agreement_id = g.id and o.code = 'billed' order by o.from_on desc
  limit 1 ) b on true
order by a.n
"""
_AGREEMENT_KINDS = {
    "account": "bigint", "tariff": "bigint", "items": "smallint", "from_on": "date", "until_on": "date", "ends":
    "boolean", "point": "bigint", "average": "bigint",
}  # fmt: skip

# a read that another replaces is out; one with findings counts when somebody accepted it, and waits while nobody
# decided
_READS = """
select k.n - 1 n, r.id, coalesce(r.previous_id, 0) previous, r.read_on, r.usage_gal,
       case when r.findings = '{}' or d.outcome = 'accept' then 0 when d.outcome is null then 1 else 2 end state
from unnest(%(points)s, %(from_ons)s, %(until_ons)s) with ordinality k (point, from_on, until_on, n)
join meters_read r on r.service_point_id = k.point and r.read_on > k.from_on and r.read_on <= k.until_on
left join meters_readdecision d on d.read_id = r.id
where not exists (select from meters_read c where c.replaces_id = r.id)
order by k.n, r.read_on, r.id
"""
_READ_KINDS = {
    "n": "bigint", "id": "bigint", "previous": "bigint", "read_on": "date", "usage_gal": "bigint", "state": "integer",
}  # fmt: skip


def load(turn: Turn, tariffs: Mapping[str, Tariff], accounts: Ints, agreements: Ints, from_ons: Days) -> Work:
    """The inputs of these agreements, which are of these accounts (ascending) and not billed before ``from_ons``.

    ``tariffs`` by code are all that were adopted.
    """
    values = {"read_on": turn.read_on, "agreements": Many(agreements), "from_ons": Many(from_ons)}
    rows = fetch(_AGREEMENTS, values, _AGREEMENT_KINDS)
    if len(rows["account"]) != len(agreements):
        raise LookupError("an agreement of the plan is gone; agreements are never deleted")
    known: list[Tariff | None] = [None, *(tariffs.get(code) for code in _codes())]
    needs_read = np.array([tariff is not None and needs_usage(tariff) for tariff in known])
    zeros = np.zeros(len(agreements), dtype=np.int64)
    work = Work(
        accounts=accounts,
        tariffs=known,
        agreement=agreements,
        place=np.searchsorted(accounts, rows["account"]),
        tariff=rows["tariff"],
        from_on=rows["from_on"],
        until_on=rows["until_on"],
        ends=rows["ends"],
        items=rows["items"].astype(np.int64),
        gal=zeros.copy(),
        average_gal=rows["average"],
        from_read=zeros.copy(),
        to_read=zeros.copy(),
        prorate_days=zeros - 1,
        measured=needs_read[rows["tariff"]],
        code=np.zeros(len(agreements), dtype=np.int8),
    )
    work.hold(work.from_on >= work.until_on, "already_billed")
    work.hold(np.array([tariff is None for tariff in known])[work.tariff], "held_not_set")
    _add_usage(work, rows["point"])
    _add_days(work, turn)
    return work


def _codes() -> list[str]:
    return [
        str(code) for code in fetch("select code from decisions_tariff order by code", {}, {"code": "text"})["code"]
    ]


def needs_usage(tariff: Tariff) -> bool:
    """Whether the tariff charges by volume, so that a period cannot be billed without a read."""
    return any(isinstance(line.construct, Volume) for version in tariff.versions for line in version.lines)


def _add_usage(work: Work, point: Ints) -> None:
    """Usage, and the reads that the period begins and ends with. Water and the sewer it measures share them."""
    asks = np.flatnonzero(work.measured & (work.code == 0))
    if not len(asks):
        return
    period = np.unique(spans(work)[asks], return_inverse=True)[1]
    _, first_of, which = np.unique(
        point[asks] * (int(period.max()) + 1) + period, return_index=True, return_inverse=True
    )
    wanted = asks[first_of]
    until_on = work.until_on[wanted]
    values = {"points": Many(point[wanted]), "from_ons": Many(work.from_on[wanted]), "until_ons": Many(until_on)}
    reads = fetch(_READS, values, _READ_KINDS)
    gal, first, last, waits = _sum_up(reads, len(wanted))
    never = np.datetime64("NaT")
    ended = np.where(last >= 0, reads["read_on"][last] if len(reads["id"]) else never, never)
    read = (last >= 0) & (ended > until_on - np.timedelta64(GRACE_DAYS + 1, "D"))
    work.gal[asks] = gal[which]
    if len(reads["id"]):
        work.from_read[asks] = np.where(first >= 0, reads["previous"][first], 0)[which]
        work.to_read[asks] = np.where(last >= 0, reads["id"][last], 0)[which]
    held = np.zeros(len(work), dtype=np.bool_)
    held[asks] = waits[which]
    work.hold(held, "held_undecided_read")
    held[asks] = ~read[which]
    work.hold(held, "held_no_read")


def _sum_up(
    reads: Mapping[str, NDArray[Any]], n: int
) -> tuple[Ints, NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Of each wanted period: gallons, the position of its first and its last read that counts (-1: none), and whether a
    read waits for a decision."""
    counts = np.flatnonzero(reads["state"] == 0)
    key = reads["n"][counts]
    gal = np.zeros(n, dtype=np.int64)
    np.add.at(gal, key, reads["usage_gal"][counts])
    first, last = np.full(n, -1, dtype=np.intp), np.full(n, -1, dtype=np.intp)
    last[key] = counts  # in the order of the days, so that the last one stays
    first[key[::-1]] = counts[::-1]
    waits = np.zeros(n, dtype=np.bool_)
    waits[reads["n"][reads["state"] == 1]] = True
    return gal, first, last, waits


def _add_days(work: Work, turn: Turn) -> None:
    distinct, first_of, which = np.unique(work.tariff << 48 | spans(work), return_index=True, return_inverse=True)
    days = np.empty(len(distinct), dtype=np.int64)
    for place, row in enumerate(first_of.tolist()):
        tariff = work.tariffs[int(work.tariff[row])]
        per_days = tariff.per_days if tariff is not None and tariff.per_days else turn.every_days
        from_on, until_on = work.from_on[row].item(), work.until_on[row].item()
        days[place] = prorate_days(from_on, until_on, turn.turns, per_days)
    work.prorate_days[:] = days[which]


def spans(work: Work) -> Ints:
    """Each agreement's period as one number of 48 bits."""
    return (work.from_on.astype(np.int64) + 1_000_000) << 24 | work.until_on.astype(np.int64) + 1_000_000


def prorate_days(from_on: date, until_on: date, turns: Sequence[date], per_days: int) -> int:
    """The days to bill of the tariff's ``per_days``; -1 for exactly one whole turn of the cycle, however long that was.

    Whole turns count ``per_days`` each (a service that was held for one turn pays its fixed charges twice), days
    outside of them one each.
    """
    whole = [
        (start, stop) for start, stop in zip(turns, turns[1:], strict=False) if from_on <= start and stop <= until_on
    ]
    if whole == [(from_on, until_on)]:
        return -1
    left = (until_on - from_on).days - sum((stop - start).days for start, stop in whole)
    return len(whole) * per_days + left
