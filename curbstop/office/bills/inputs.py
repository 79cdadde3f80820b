"""What a chunk is rated from, as arrays: agreements, periods, usage by the reads that count, averages, items.

A handful of queries a chunk, whatever its size. Nothing is decided here that a rule decides; an agreement that
cannot be rated gets its outcome code instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office._averages import make_averages
from curbstop.office._facts import Words, load_facts
from curbstop.office.bills import outcomes
from curbstop.office.bills.values import Turn
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules.plans import USAGE, Need, PastUse, Tariff, Volume
from curbstop.rules.tariffs import looks_at_average, uses
from curbstop.rules.units import Quantity

GRACE_DAYS = 3
"""A read that counts may be this many days older than the end of the period: a route is not read in one hour."""

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class MadeFrom:
    """What an average by a tariff's own rule was made from; no uses: there were too few. It holds from ``from_on``."""

    from_on: date
    uses: tuple[PastUse, ...]


@dataclass
class Work:
    """The agreements of a chunk in bill order; every array has one element an agreement.

    ``place`` is the account's position in ``accounts``; ``tariff`` the position in ``tariffs``; ``code`` the position
    in ``outcomes.CODES``; ``from_read`` and ``to_read`` are 0 where there is none; ``usual`` is what was billed the
    last times. ``facts`` are what the tariffs ask for by name, empty where it is unknown or not asked for;
    ``made_from`` by position what averages were made from that a tariff makes itself.
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
    facts: dict[str, Words] = field(default_factory=dict)
    made_from: dict[int, MadeFrom] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.agreement)

    def hold(self, where: NDArray[np.bool_], code: str) -> None:
        """Give these agreements an outcome, where they have none yet."""
        self.code[where & (self.code == 0)] = outcomes.place(code)


# Each query asks one table for a list of ids, so that its plan is an index walk whatever the size of the city and of
# the
# chunk; what belongs together is put together in numpy.
_AGREEMENTS = """
select id, account_id account, hashtextextended(tariff_id, 0) tariff, items, service_point_id point,
       upper(during) ends_on
from customers_agreement where id = any(%(agreements)s) order by id
"""
_AGREEMENT_KINDS = {
    "id": "bigint", "account": "bigint", "tariff": "bigint", "items": "smallint", "point": "bigint",
    "ends_on": "date?",
}  # fmt: skip
_BILLED_SINCE = """
select agreement_id agreement, max(until_on) until_on from bills_outcome
where agreement_id = any(%(agreements)s) and code = 'billed' and from_on >= %(since)s group by agreement_id
"""
_MEASURED_BY = """
select id, measured_by_id by from customers_servicepoint
where id = any(%(points)s) and measured_by_id is not null order by id
"""
_AVERAGES = """
select agreement_id agreement, gal, lower(during) from_on, upper(during) until_on from meters_average
where agreement_id = any(%(agreements)s) and during && daterange(%(first)s, %(last)s, '[]')
"""
# a read that another replaces is out; one with findings counts when somebody accepted it, and waits while nobody
# decided
_READS = """
select r.id, r.service_point_id point, coalesce(r.previous_id, 0) previous, r.read_on, r.usage_gal,
       r.findings = '{}' plain
from meters_read r
where r.service_point_id = any(%(points)s) and r.read_on > %(first)s and r.read_on <= %(last)s
order by r.service_point_id, r.read_on, r.id
"""
_READ_KINDS = {
    "id": "bigint", "point": "bigint", "previous": "bigint", "read_on": "date", "usage_gal": "bigint",
    "plain": "boolean",
}  # fmt: skip
COUNTS, WAITS, OUT = 0, 1, 2


def load(
    turn: Turn, tariffs: Mapping[str, Tariff], accounts: Ints, agreements: Ints, from_ons: Days, *, again: bool = False
) -> Work:
    """The inputs of these agreements, which are of these accounts (ascending) and not billed before ``from_ons``.

    ``tariffs`` by code are all that were adopted. ``again``: they are billed for these days already, and rated once
    more.
    """
    codes = sorted(tariffs)
    rows = fetch(_AGREEMENTS, {"agreements": Many(agreements)}, _AGREEMENT_KINDS)
    rows["tariff"] = _places(rows["tariff"], codes)
    at = np.searchsorted(rows["id"], agreements)
    if len(rows["id"]) != len(agreements):
        raise LookupError("an agreement of the plan is gone; agreements are never deleted")
    known: list[Tariff | None] = [None, *(tariffs[code] for code in codes)]
    read_on = np.datetime64(turn.read_on, "D")
    ends_on = np.where(rows["ends_on"].null, np.datetime64("9999-12-31"), rows["ends_on"].values)[at]
    zeros = np.zeros(len(agreements), dtype=np.int64)
    work = Work(
        accounts=accounts,
        tariffs=known,
        agreement=agreements,
        place=np.searchsorted(accounts, rows["account"][at]),
        tariff=rows["tariff"][at],
        from_on=from_ons if again else _not_billed_since(agreements, from_ons),
        until_on=np.minimum(ends_on, read_on),
        ends=ends_on <= read_on,
        items=rows["items"].astype(np.int64)[at],
        gal=zeros.copy(),
        average_gal=zeros - 1,
        from_read=zeros.copy(),
        to_read=zeros.copy(),
        prorate_days=zeros - 1,
        measured=np.array([tariff is not None and needs_usage(tariff) for tariff in known])[rows["tariff"][at]],
        code=np.zeros(len(agreements), dtype=np.int8),
    )
    work.hold(work.from_on >= work.until_on, "already_billed")
    work.hold(work.tariff == 0, "held_not_set")
    _add_usage(work, rows["point"][at])
    _add_averages(work)
    _share_caps(work)
    _add_days(work, turn)
    _add_facts(work)
    return work


def _places(hashes: Ints, codes: Sequence[str]) -> Ints:
    """Each tariff's place among ``codes``, counted from 1; 0 for one that is not there. Codes travel as their
    hashes, which is a tenth of the cost of looking each up."""
    known = fetch(
        "select hashtextextended(code, 0) hash from unnest(%(codes)s::text[]) with ordinality c (code, n) order by n",
        {"codes": list(codes)},
        {"hash": "bigint"},
    )["hash"]
    if len(np.unique(known)) < len(known):
        raise ValueError("two tariff codes have one hash; rename one of them")
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known, hashes, sorter=order), len(known) - 1)
    return np.where(known[order[at]] == hashes, order[at] + 1, 0)


def _not_billed_since(agreements: Ints, from_ons: Days) -> Days:
    """The planned first days, later where another run billed the agreement since the plan."""
    values = {"agreements": Many(agreements), "since": from_ons.min().item()}
    rows = fetch(_BILLED_SINCE, values, {"agreement": "bigint", "until_on": "date"})
    if not len(rows["agreement"]):
        return from_ons
    order = np.argsort(agreements)
    at = order[np.searchsorted(agreements, rows["agreement"], sorter=order)]
    since = from_ons.copy()
    since[at] = np.maximum(since[at], rows["until_on"])
    return since


def _add_averages(work: Work) -> None:
    """The average in force on the day that the period ends, by the tariff's own rule where it has one, else as it
    was set."""
    asks = np.flatnonzero(np.array([t is not None and needs_average(t) for t in work.tariffs])[work.tariff])
    if not len(asks):
        return
    until_on = work.until_on[asks]
    values = {
        "agreements": Many(work.agreement[asks]), "first": until_on.min().item(), "last": until_on.max().item(),
    }  # fmt: skip
    kinds = {"agreement": "bigint", "gal": "bigint", "from_on": "date", "until_on": "date?"}
    rows = fetch(_AVERAGES, values, kinds)
    order = np.argsort(work.agreement[asks])
    at = asks[order[np.searchsorted(work.agreement[asks], rows["agreement"], sorter=order)]]
    ends = rows["until_on"]
    holds = (rows["from_on"] <= work.until_on[at]) & (ends.null | (ends.values > work.until_on[at]))
    work.average_gal[at[holds]] = rows["gal"][holds]
    _add_own_averages(work)


_CARRIED = """
select agreement_id agreement, from_agreement_id before, "on" from customers_carried
where agreement_id = any(%(agreements)s) and one_cap
"""
_BILLED_BEFORE = """
select usage_gal, average_gal, tariff_id from bills_outcome o join customers_agreement g on g.id = o.agreement_id
where o.agreement_id = %s and o.until_on = %s and o.code = 'billed' order by o.id desc limit 1
"""


def _share_caps(work: Work) -> None:
    """One sewer cap for somebody who moved inside the cycle: what the first place left of it is the second's.

    Only the period that begins on the day of the move is meant. Where the first place is not billed and not in this
    turn, nobody knows yet what it used, and the second waits.
    """
    rows = fetch(
        _CARRIED, {"agreements": Many(work.agreement)}, {"agreement": "bigint", "before": "bigint", "on": "date"}
    )
    places = {int(agreement): place for place, agreement in enumerate(work.agreement)}
    for agreement, before, on in zip(rows["agreement"], rows["before"], rows["on"], strict=True):
        place = places[int(agreement)]
        cap = _cap(work, place)
        if work.from_on[place] != on or work.code[place] != 0 or cap is None:
            continue
        used = _used_before(work, places.get(int(before)), int(before), on)
        if used is None:
            work.code[place] = outcomes.place("held_no_read")
        else:
            work.average_gal[place] = max(cap - used, 0)


def _used_before(work: Work, place: int | None, agreement: int, on: Any) -> int | None:
    """What the first place had of the cap: of this turn, or as it was billed."""
    if place is not None and work.code[place] == 0:
        cap = _cap(work, place)
        return int(work.gal[place]) if cap is None else min(int(work.gal[place]), cap)
    with connection.cursor() as cursor:
        cursor.execute(_BILLED_BEFORE, [agreement, on.item()])
        row = cursor.fetchone()
    if row is None:
        return None
    gal, average, code = row
    tariff = next((one for one in work.tariffs if one is not None and one.code == code), None)
    cap = average if average >= 0 else _default_cap(tariff, on)
    return int(gal) if cap is None else min(int(gal), cap)


def _cap(work: Work, place: int) -> int | None:
    """The personal average, or what the tariff takes without one; None where nothing caps."""
    if work.average_gal[place] >= 0:
        return int(work.average_gal[place])
    return _default_cap(work.tariffs[int(work.tariff[place])], work.until_on[place] - np.timedelta64(1, "D"))


def _default_cap(tariff: Tariff | None, on: Any) -> int | None:
    version = tariff.version_on(on.item()) if tariff is not None else None
    for line in version.lines if version is not None else ():
        if isinstance(line.construct, Volume) and isinstance(line.construct.without_average, Quantity):
            return int(line.construct.without_average.gal)
    return None


def _add_own_averages(work: Work) -> None:
    """Averages by tariffs that say how theirs is made."""
    last_on = work.until_on - np.timedelta64(1, "D")
    for place, tariff in enumerate(work.tariffs):
        for version in tariff.versions if tariff is not None else ():
            if tariff is None or version.average is None:
                continue
            here = (work.tariff == place) & (work.code == 0) & (last_on >= np.datetime64(version.period.from_on))
            if version.period.until_on is not None:
                here &= last_on < np.datetime64(version.period.until_on)
            rows = np.flatnonzero(here)
            if len(rows):
                full_days = tariff.terms_of(version).per_days
                on = work.until_on[rows]
                made = make_averages(work.agreement[rows], on=on, rule=version.average, full_days=full_days)
                work.average_gal[rows] = made.gal
                for row, uses in made.uses.items():
                    work.made_from[int(rows[row])] = MadeFrom(made.from_on[row], uses)


def _add_facts(work: Work) -> None:
    """What the tariffs ask for, as it held on the last day of each period; what counts without it where nothing is
    known. A fact that changes inside a period counts from the next one."""
    asking = [place for place, tariff in enumerate(work.tariffs) if tariff is not None and tariff.asks]
    rows = np.flatnonzero(np.isin(work.tariff, asking) & (work.code == 0))
    if not len(rows):
        return
    names = sorted({name for place in asking for name in _asks(work.tariffs[place])})
    last_on = work.until_on[rows] - np.timedelta64(1, "D")
    known = load_facts(work.agreement[rows], names, on=last_on, begins=work.from_on[rows])
    longest = max((len(need.default or "") for place in asking for need in _needs(work.tariffs[place])), default=0)
    for name, words in known.items():
        work.facts[name] = np.zeros(len(work), dtype=f"U{max(words.dtype.itemsize // 4, longest, 1)}")
    for place in asking:
        tariff, of = work.tariffs[place], work.tariff[rows] == place
        assert tariff is not None
        for version in tariff.versions:
            ends = version.period.until_on
            here = of & (last_on >= np.datetime64(version.period.from_on))
            here &= True if ends is None else last_on < np.datetime64(ends)
            defaults = {need.name: need.default or "" for need in tariff.terms_of(version).needs}
            for name in tariff.asks if here.any() else ():
                words = known[name][here]
                work.facts[name][rows[here]] = np.where(words == "", defaults.get(name, ""), words)


def _asks(tariff: Tariff | None) -> tuple[str, ...]:
    return () if tariff is None else tariff.asks


def _needs(tariff: Tariff | None) -> list[Need]:
    """What every version asks for."""
    return [need for version in tariff.versions for need in tariff.terms_of(version).needs] if tariff else []


def needs_usage(tariff: Tariff) -> bool:
    """Whether the tariff charges by volume, so that a period cannot be billed without a read."""
    volumes = any(isinstance(line.construct, Volume) for version in tariff.versions for line in version.lines)
    return volumes or uses(tariff, USAGE)


def needs_average(tariff: Tariff) -> bool:
    """Whether the tariff looks at the personal average."""
    return any(looks_at_average(version.lines, version.values) for version in tariff.versions)


def _add_usage(work: Work, point: Ints) -> None:
    """Usage, and the reads that the period begins and ends with. Water and the sewer it measures share them."""
    asks = np.flatnonzero(work.measured & (work.code == 0))
    if not len(asks):
        return
    point = _measuring(point[asks])
    period = np.unique(spans(work)[asks], return_inverse=True)[1]
    key = point * (int(period.max()) + 1) + period
    _, first_of, which = np.unique(key, return_index=True, return_inverse=True)
    wanted = asks[first_of]
    reads = _reads_of(point[first_of], work.from_on[wanted], work.until_on[wanted])
    gal, first, last, waits = _sum_up(reads, len(wanted))
    never = np.datetime64("NaT")
    ended = np.where(last >= 0, reads["read_on"][last] if len(reads["id"]) else never, never)
    read = (last >= 0) & (ended > work.until_on[wanted] - np.timedelta64(GRACE_DAYS + 1, "D"))
    work.gal[asks] = gal[which]
    if len(reads["id"]):
        work.from_read[asks] = np.where(first >= 0, reads["previous"][first], 0)[which]
        work.to_read[asks] = np.where(last >= 0, reads["id"][last], 0)[which]
    held = np.zeros(len(work), dtype=np.bool_)
    held[asks] = waits[which]
    work.hold(held, "held_undecided_read")
    held[asks] = ~read[which]
    work.hold(held, "held_no_read")


def _measuring(point: Ints) -> Ints:
    """The service point whose meter measures each: its own, or the one that it is measured by."""
    rows = fetch(_MEASURED_BY, {"points": Many(point)}, {"id": "bigint", "by": "bigint"})
    if not len(rows["id"]):
        return point
    at = np.minimum(np.searchsorted(rows["id"], point), len(rows["id"]) - 1)
    return np.where(rows["id"][at] == point, rows["by"][at], point)


def _reads_of(point: Ints, from_on: Days, until_on: Days) -> dict[str, NDArray[Any]]:
    """The reads inside each wanted period (``n`` is its position, points ascending) with what they count for, by
    day."""
    values = {"points": Many(np.unique(point)), "first": from_on.min().item(), "last": until_on.max().item()}
    reads = fetch(_READS, values, _READ_KINDS)
    reads["state"] = _states(reads)
    low, high = np.searchsorted(point, reads["point"], "left"), np.searchsorted(point, reads["point"], "right")
    found = []
    for step in range(int((high - low).max()) if len(low) else 0):  # periods that share a point, of which there are few
        n = np.minimum(low + step, len(point) - 1)
        inside = (low + step < high) & (reads["read_on"] > from_on[n]) & (reads["read_on"] <= until_on[n])
        found.append({**{name: column[inside] for name, column in reads.items()}, "n": n[inside]})
    if not found:
        return {**reads, "n": np.empty(0, dtype=np.int64)}
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _states(reads: Mapping[str, NDArray[Any]]) -> NDArray[np.int8]:
    """What each read is: it counts, it waits for a decision, or it is out (rejected, or replaced by another)."""
    state = np.where(reads["plain"], COUNTS, WAITS).astype(np.int8)
    replaced = fetch(
        "select replaces_id id from meters_read where replaces_id = any(%(ids)s)",
        {"ids": Many(reads["id"])},
        {"id": "bigint"},
    )
    decided = fetch(
        "select read_id id, outcome = 'accept' accepted from meters_readdecision where read_id = any(%(ids)s)",
        {"ids": Many(reads["id"][~reads["plain"]])},
        {"id": "bigint", "accepted": "boolean"},
    )
    state[np.isin(reads["id"], decided["id"][decided["accepted"]])] = COUNTS
    state[np.isin(reads["id"], decided["id"][~decided["accepted"]])] = OUT
    state[np.isin(reads["id"], replaced["id"])] = OUT
    return state


def _sum_up(
    reads: Mapping[str, NDArray[Any]], n: int
) -> tuple[Ints, NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Of each wanted period: gallons, the position of its first and its last read that counts (-1: none), and whether a
    read waits for a decision."""
    counts = np.flatnonzero(reads["state"] == COUNTS)
    key = reads["n"][counts]
    gal = np.zeros(n, dtype=np.int64)
    np.add.at(gal, key, reads["usage_gal"][counts])
    first, last = np.full(n, -1, dtype=np.intp), np.full(n, -1, dtype=np.intp)
    last[key] = counts  # in the order of the days, so that the last one stays
    first[key[::-1]] = counts[::-1]
    waits = np.zeros(n, dtype=np.bool_)
    waits[reads["n"][reads["state"] == WAITS]] = True
    return gal, first, last, waits


def _add_days(work: Work, turn: Turn) -> None:
    distinct, first_of, which = np.unique(work.tariff << 48 | spans(work), return_index=True, return_inverse=True)
    days = np.empty(len(distinct), dtype=np.int64)
    for place, row in enumerate(first_of.tolist()):
        tariff = work.tariffs[int(work.tariff[row])]
        from_on, until_on = work.from_on[row].item(), work.until_on[row].item()
        terms = tariff and tariff.terms_of(tariff.version_on(until_on - timedelta(days=1)))
        per_days = terms.per_days if terms and terms.per_days else turn.every_days
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
