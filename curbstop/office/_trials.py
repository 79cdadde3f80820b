"""The dry run: the city's issued bills rated again under a draft, as sets. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office._averages import make_averages
from curbstop.office._facts import load_facts
from curbstop.office._once import Refused, plain, read_back
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules import rating
from curbstop.rules.periods import Period
from curbstop.rules.plans import Tariff
from curbstop.rules.rating import Inputs, Status
from curbstop.rules.tariffs import read_tariffs

LONGEST = 20
"""Accounts in each of the lists of those that gain and those that lose most."""
MOST_BINS = 8
"""Bins on either side of no change; the outermost ones have no end."""
_STEPS = tuple(base * 10**power for power in range(9) for base in (1, 2, 5))

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ServiceChange:
    """Revenue of a service and class over the range: as billed, and as it would be. ``bills`` counts services billed;
    those that the draft cannot rate are in ``unrated`` and in neither sum."""

    service: str
    customer_class: str
    in_draft: bool
    bills: int
    now_cents: int
    would_cents: int
    unrated: int

    @property
    def change_cents(self) -> int:
        """What would come in more; below zero: less."""
        return self.would_cents - self.now_cents


@dataclass(frozen=True)
class Bin:
    """Households whose bills of the whole range change by ``from_cents`` to ``until_cents``, both counted in; None: no
    end."""

    from_cents: int | None
    until_cents: int | None
    households: int


@dataclass(frozen=True)
class AccountChange:
    """An account's bills of the range: as they were, and as they would be."""

    account_id: int
    number: str
    address: str
    customer_class: str
    now_cents: int
    would_cents: int

    @property
    def change_cents(self) -> int:
        """What it would pay more; below zero: less."""
        return self.would_cents - self.now_cents


@dataclass(frozen=True)
class Unrated:
    """Services billed that the draft gives no bill for, by what is in the way, and what they brought in."""

    status: str
    says: str
    bills: int
    now_cents: int


@dataclass(frozen=True)
class DraftVersion:
    """A version of the draft that was tried, and whether its worked examples come out (``wrong``: which do not)."""

    code: str
    name: str
    from_on: date
    authority: str
    known: bool  # there is a tariff of this code, so that there may be history
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class DryRun:
    """What the draft would have brought on the bills issued in [from, until).

    ``households`` are the accounts of the residential class; one with a service that the draft cannot rate is left out
    of ``bins`` and of the lists, and counted in ``left_out``. Sums are whole cents, and what is not in the draft is
    carried over as it was billed.
    """

    from_on: date
    until_on: date
    versions: tuple[DraftVersion, ...]
    services: tuple[ServiceChange, ...]
    unrated: tuple[Unrated, ...]
    accounts: int
    households: int
    left_out: int
    bins: tuple[Bin, ...]
    most_more: tuple[AccountChange, ...]
    most_less: tuple[AccountChange, ...]
    notes: tuple[str, ...]
    _changes: _Changes | None = field(default=None, repr=False, compare=False)

    @property
    def now_cents(self) -> int:
        """What was billed, of everything that could be rated."""
        return sum(row.now_cents for row in self.services)

    @property
    def would_cents(self) -> int:
        """What would have been billed."""
        return sum(row.would_cents for row in self.services)

    @property
    def change_cents(self) -> int:
        """The difference that the draft makes."""
        return self.would_cents - self.now_cents


@dataclass(frozen=True)
class _Changes:
    """By account, ascending ids."""

    account: Ints
    now: Ints
    would: Ints
    left_out: NDArray[np.bool_]


def try_draft(*, text: str, file: str, from_on: date, until_on: date) -> DryRun:
    """Rate the bills issued in [from, until) again, each service by the draft's tariff of the same code.

    Of a draft tariff with several versions the last one counts, as if it had held all the time. Everything that a bill
    was rated from comes from the bill itself; what the draft asks for (its ``inputs``) is as it was on the last day of
    each bill's period.

    :raises rules.tariffs.TariffErrors: everything wrong with the draft
    :raises rules.periods.BadPeriod: the range does not end after it begins
    :raises Refused: nothing was billed in the range, though bills were issued
    """
    Period(from_on, until_on)
    written = read_tariffs(text, file=file)
    drafts = {tariff.code: _whole(tariff) for tariff in written}
    tariffs = _tariffs()
    codes = [code for code, _, _ in tariffs]
    runs = _runs(from_on, until_on)
    rows = _drafted(runs, codes, drafts)
    rest = _rest(runs, codes, drafts)
    if not len(rows["cents"]) and not len(rest["cents"]) and not nothing_issued():
        raise Refused(
            f"No bill was issued from {from_on.isoformat()} to {until_on.isoformat()}; choose days with bills.",
            field="from_on",
        )
    would, status = rows["cents"].copy(), np.zeros(len(rows["cents"]), dtype=np.int16)
    for place, code in enumerate(codes):
        here = np.flatnonzero(rows["tariff"] == place + 1)
        if len(here):
            would[here], status[here] = _rate(drafts[code], rows, here)
    changes = _changes(rows, rest, would, status)
    counted = ~changes.left_out
    home = _households(changes.account)
    difference = changes.would - changes.now
    most_more, most_less = _extremes(changes, difference, counted)
    return DryRun(
        from_on=from_on,
        until_on=until_on,
        versions=tuple(_version(tariff, set(codes)) for tariff in written),
        services=_services(tariffs, drafts, rows, rest, would, status),
        unrated=_unrated(rows["cents"], status),
        accounts=len(changes.account),
        households=int(home.sum()),
        left_out=int(changes.left_out.sum()),
        bins=_bins(difference[counted & home]),
        most_more=most_more,
        most_less=most_less,
        notes=_notes(drafts, codes, rows),
        _changes=changes,
    )


def to_keep(dry_run: DryRun) -> dict[str, Any]:
    """The dry run as JSON values, without the accounts one by one."""
    return {one.name: plain(getattr(dry_run, one.name)) for one in fields(dry_run) if one.name != "_changes"}


def as_kept(told: Mapping[str, Any]) -> DryRun:
    """The inverse of :func:`to_keep`."""
    found: DryRun = read_back({**told, "_changes": None}, DryRun)
    return found


def nothing_issued() -> bool:
    """Whether the city has issued no bill at all: its first rates have no history to be tried on."""
    with connection.cursor() as cursor:
        cursor.execute("select not exists (select from bills_bill)")
        return bool(cursor.fetchone()[0])


def _whole(tariff: Tariff) -> Tariff:
    """The tariff with its last version alone, in force on every day."""
    return replace(tariff, versions=(replace(tariff.versions[-1], period=Period(date(1900, 1, 1), None)),))


def _tariffs() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("select code, service, customer_class from decisions_tariff order by code")
        return [(code, service, customer_class) for code, service, customer_class in cursor.fetchall()]


# what the draft is not about is only summed; the agreement's tariff is put beside each other row in numpy
_OUTCOMES = """
select o.agreement_id agreement, o.account_id account, o.from_on, o.until_on, o.usage_gal gal, o.average_gal average,
  o.items, o.prorate_days days, o.cents
from bills_outcome o join customers_agreement g on g.id = o.agreement_id
where o.run_id = any(%(runs)s) and o.code = 'billed' and g.tariff_id = any(%(drafted)s)
"""
_OUTCOME_KINDS = {
    "agreement": "bigint", "account": "bigint", "gal": "bigint", "average": "bigint", "items": "smallint",
    "days": "smallint", "cents": "bigint",
}  # fmt: skip
_DATES = {"from_on": "date", "until_on": "date"}
_REST = """
select account, coalesce(array_position(%(codes)s::text[], tariff_id), 0) tariff, bills, cents from (
  select o.account_id account, g.tariff_id, count(*) bills, sum(o.cents)::bigint cents
  from bills_outcome o join customers_agreement g on g.id = o.agreement_id
  where o.run_id = any(%(runs)s) and o.code = 'billed' and not g.tariff_id = any(%(drafted)s)
  group by o.account_id, g.tariff_id) summed
"""
_REST_KINDS = {"account": "bigint", "tariff": "integer", "bills": "bigint", "cents": "bigint"}


def _runs(from_on: date, until_on: date) -> Many:
    with connection.cursor() as cursor:
        cursor.execute("select id from bills_run where bill_on >= %s and bill_on < %s", [from_on, until_on])
        return Many(np.array([row[0] for row in cursor.fetchall()], dtype=np.int64))


def _drafted(runs: Many, codes: Sequence[str], drafts: Mapping[str, Tariff]) -> dict[str, NDArray[Any]]:
    """Every service billed by a tariff of the draft; ``tariff`` is the place in ``codes`` and one."""
    drafted = list(drafts)
    kinds = {**_OUTCOME_KINDS, **_DATES}
    rows: dict[str, NDArray[Any]] = fetch(_OUTCOMES, {"runs": runs, "drafted": drafted}, kinds)
    agreements = fetch(
        "select id, coalesce(array_position(%(codes)s::text[], tariff_id), 0) tariff from customers_agreement"
        " where tariff_id = any(%(drafted)s) order by id",
        {"codes": list(codes), "drafted": drafted},
        {"id": "bigint", "tariff": "integer"},
    )
    rows["tariff"] = agreements["tariff"][np.searchsorted(agreements["id"], rows["agreement"])]
    rows["cents"] = rows["cents"].astype(np.int64)
    return rows


def _rest(runs: Many, codes: Sequence[str], drafts: Mapping[str, Tariff]) -> dict[str, NDArray[Any]]:
    """What was billed by other tariffs, summed by account and tariff."""
    rows: dict[str, NDArray[Any]] = fetch(
        _REST, {"runs": runs, "codes": list(codes), "drafted": list(drafts)}, _REST_KINDS
    )
    return rows


def _rate(draft: Tariff, rows: Mapping[str, NDArray[Any]], here: NDArray[np.intp]) -> tuple[Ints, NDArray[np.int16]]:
    """Cents and status of these rows under the draft."""
    last_on = (rows["until_on"][here] - np.timedelta64(1, "D")).astype("datetime64[D]")
    begins = rows["from_on"][here].astype("datetime64[D]")
    facts = load_facts(rows["agreement"][here].astype(np.int64), draft.asks, on=last_on, begins=begins)
    cents, status = np.zeros(len(here), dtype=np.int64), np.zeros(len(here), dtype=np.int16)
    average, rule = rows["average"][here].astype(np.int64), draft.versions[0].average
    if rule is not None:  # the draft makes the average otherwise, so it is made again
        agreements, on = rows["agreement"][here].astype(np.int64), rows["until_on"][here]
        average = make_averages(agreements, on=on, rule=rule, full_days=draft.per_days, uses=False).gal
    for part in _spans(rows, here) if draft.versions[0].dated else [np.arange(len(here))]:
        at = here[part]
        charges = rating.charge(
            draft,
            from_on=rows["from_on"][at[0]].item(),
            until_on=rows["until_on"][at[0]].item(),
            inputs=Inputs.of(
                gal=rows["gal"][at].astype(np.int64),
                average_gal=average[part],
                count=rows["items"][at].astype(np.int64),
                prorate_days=rows["days"][at].astype(np.int64),
                facts={name: words[part] for name, words in facts.items()},
            ),
        )
        cents[part], status[part] = charges.total_cents, charges.status
    return cents, status


def _spans(rows: Mapping[str, NDArray[Any]], here: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Positions in ``here`` of rows that share a period."""
    days = [(rows[name][here].astype(np.int64) + 1_000_000) for name in ("from_on", "until_on")]
    key = days[0] << 24 | days[1]
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)


def _changes(
    rows: Mapping[str, NDArray[Any]], rest: Mapping[str, NDArray[Any]], would: Ints, status: NDArray[np.int16]
) -> _Changes:
    account, which = np.unique(np.concatenate([rows["account"], rest["account"]]), return_inverse=True)
    now_of, would_of = np.zeros(len(account), dtype=np.int64), np.zeros(len(account), dtype=np.int64)
    np.add.at(now_of, which, np.concatenate([rows["cents"], rest["cents"]]))
    np.add.at(would_of, which, np.concatenate([would, rest["cents"]]))
    left_out = np.zeros(len(account), dtype=np.bool_)
    left_out[which[: len(status)][status != 0]] = True
    return _Changes(account.astype(np.int64), now_of, would_of, left_out)


def _households(accounts: Ints) -> NDArray[np.bool_]:
    homes = fetch(
        "select id from customers_account where customer_class = 'residential' order by id", {}, {"id": "bigint"}
    )["id"]
    return np.isin(accounts, homes, assume_unique=True)


def _services(
    tariffs: Sequence[tuple[str, str, str]],
    drafts: Mapping[str, Tariff],
    rows: Mapping[str, NDArray[Any]],
    rest: Mapping[str, NDArray[Any]],
    would: Ints,
    status: NDArray[np.int16],
) -> tuple[ServiceChange, ...]:
    named = sorted({(service, customer_class) for _, service, customer_class in tariffs})
    of_tariff = np.array([len(named), *(named.index(row[1:]) for row in tariffs)])
    good = status == 0
    which, other = of_tariff[rows["tariff"]], of_tariff[rest["tariff"]]
    sums = np.zeros((4, len(named) + 1), dtype=np.int64)  # bills, now, would, unrated
    np.add.at(sums[0], which[good], 1)
    np.add.at(sums[1], which[good], rows["cents"][good])
    np.add.at(sums[2], which[good], would[good])
    np.add.at(sums[3], which[~good], 1)
    for place, name in ((0, "bills"), (1, "cents"), (2, "cents")):
        np.add.at(sums[place], other, rest[name])
    drafted = {(service, customer_class) for code, service, customer_class in tariffs if code in drafts}
    return tuple(
        ServiceChange(*pair, pair in drafted, *(int(sums[part, place]) for part in range(4)))
        for place, pair in enumerate([*named, ("unknown", "unknown")])
        if sums[0, place] or sums[3, place]
    )


def _unrated(now: Ints, status: NDArray[np.int16]) -> tuple[Unrated, ...]:
    return tuple(
        Unrated(
            Status(code).name.lower(), Status(code).says, int((status == code).sum()), int(now[status == code].sum())
        )
        for code in np.unique(status).tolist()
        if code
    )


def _bins(change: Ints) -> tuple[Bin, ...]:
    """Bins of one width about zero, which is one of its own, so wide that all but the outermost hundredths fit."""
    if not len(change):
        return ()
    size = np.sort(np.abs(change))
    reach = int(size[(len(size) - 1) * 99 // 100])
    step = next((step for step in _STEPS if step * MOST_BINS >= reach), _STEPS[-1])
    # away from zero: 1 cent to a step is the first bin, so that up and down mirror each other
    place = np.sign(change) * np.minimum(-(-np.abs(change) // step), MOST_BINS + 1)
    low, high = int(place.min()), int(place.max())
    counts = np.bincount(place - low, minlength=high - low + 1)
    found = []
    for at, count in zip(range(low, high + 1), counts.tolist(), strict=True):
        near, far = (abs(at) - 1) * step + 1, abs(at) * step
        end = None if abs(at) > MOST_BINS else far
        if at == 0:
            found.append(Bin(0, 0, count))
        elif at > 0:
            found.append(Bin(near, end, count))
        else:
            found.append(Bin(None if end is None else -end, -near, count))
    return tuple(found)


def _extremes(
    changes: _Changes, difference: Ints, counted: NDArray[np.bool_]
) -> tuple[tuple[AccountChange, ...], tuple[AccountChange, ...]]:
    """The accounts that would pay most more, and those that would pay most less."""
    order = np.argsort(difference, kind="stable")
    order = order[counted[order]]
    less = order[:LONGEST][difference[order[:LONGEST]] < 0]
    more = order[::-1][:LONGEST]
    more = more[difference[more] > 0]
    rows = _told(changes, np.concatenate([more, less]))
    return rows[: len(more)], rows[len(more) :]


def _told(changes: _Changes, places: NDArray[np.intp]) -> tuple[AccountChange, ...]:
    if not len(places):
        return ()
    rows = fetch(
        """select a.id, a.number, a.customer_class class, coalesce((select p.address from customers_agreement g
             join customers_servicepoint s on s.id = g.service_point_id join customers_premise p on p.id = s.premise_id
             where g.account_id = a.id order by g.id limit 1), '') address
           from customers_account a where a.id = any(%(accounts)s) order by a.id""",
        {"accounts": Many(np.sort(changes.account[places]))},
        {"id": "bigint", "number": "text", "class": "text", "address": "text"},
    )
    known = {row[0]: row[1:] for row in zip(*(column.tolist() for column in rows.values()), strict=True)}
    return tuple(
        AccountChange(
            account_id=int(changes.account[place]),
            number=known[int(changes.account[place])][0],
            address=known[int(changes.account[place])][2],
            customer_class=known[int(changes.account[place])][1],
            now_cents=int(changes.now[place]),
            would_cents=int(changes.would[place]),
        )
        for place in places.tolist()
    )


def list_changes(dry_run: DryRun) -> tuple[AccountChange, ...]:
    """Every account of a dry run that could be rated, by its id: what a file to take away holds."""
    changes = dry_run._changes
    if changes is None:
        raise ValueError("a dry run as kept has no accounts one by one: try the draft again")
    return _told(changes, np.flatnonzero(~changes.left_out))


def _version(draft: Tariff, known: set[str]) -> DraftVersion:
    wrong = tuple(
        f"line {outcome.example.file_line}: {'; '.join(outcome.differences)}"
        for outcome in rating.check_examples(draft)
        if not outcome.holds
    )
    last = draft.versions[-1]
    return DraftVersion(draft.code, draft.name, last.period.from_on, last.authority, draft.code in known, wrong)


def _notes(drafts: Mapping[str, Tariff], codes: Sequence[str], rows: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
    """What a reader should know before trusting the sums."""
    notes = ["No bill was ever issued, so there is no history to try it on."] if nothing_issued() else []
    for code, draft in drafts.items():
        here = rows["tariff"] == (codes.index(code) + 1 if code in codes else -1)
        if not here.any():
            notes.append(f"{code}: nothing was billed by this tariff in these days, so it changes no figure.")
        elif draft.needs:
            names = ", ".join(need.name for need in draft.needs)
            notes.append(f"{code} asks for {names}; each bill gets what is known for the last day of its period.")
        parts = int((rows["days"][here] >= 0).sum())
        if parts:
            notes.append(
                f"{code}: {parts:,} bills of parts of a period keep their days to bill; the draft counts them of"
                f" {draft.per_days or 'no'} days."
            )
    return tuple(notes)
