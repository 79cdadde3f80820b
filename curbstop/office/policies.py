"""The city, what it decided beside its rates, and its calendar.

A policy's values are dated rows that are never edited: a new value ends the one before. What is not set is a row too,
and says why; whoever needs it gets :class:`NotSet` with those words.
"""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Any

import holidays
import yaml
from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._statements import ask
from curbstop.rules.cities import read_city
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.periods import Period, cycle_dates, roll_day
from curbstop.rules.policies import NotSet, Plain, Policies, Policy, PolicyValue, read_policies

__all__ = [
    "CalendarPlanned", "CityInstalled", "CityPack", "CityRow", "CycleDateRow", "CycleName", "NotSet", "PackFile",
    "PolicyRow", "get_city", "get_cycle_dates", "get_holidays", "get_policy", "install_city", "list_cycles",
    "list_policies", "load", "plan_calendar", "read_pack", "set",
]  # fmt: skip


@dataclass(frozen=True)
class PackFile:
    """A file of a city's pack."""

    name: str
    text: str


@dataclass(frozen=True)
class CityPack:
    """A city's folder: ``city.yaml`` (none in an overlay), its policy files, and tariff files for ``tariffs.adopt``."""

    code: str
    city: PackFile | None
    policies: tuple[PackFile, ...]
    tariffs: tuple[PackFile, ...]


@dataclass(frozen=True)
class CityInstalled:
    """A city installed: how many policies came with it, and how many of them say that they are not set."""

    code: str
    name: str
    policies: int
    not_set: int


@dataclass(frozen=True)
class CityRow:
    """The city whose schema this is. ``body`` has what its pack gives beside the name: address, telephone, hours."""

    code: str
    name: str
    time_zone: str
    body: dict[str, Any]


@dataclass(frozen=True)
class PolicyRow:
    """A policy on a day. ``value`` None: not set, and ``not_set`` says why."""

    policy: str
    says: str
    value: Any
    not_set: str
    authority: str
    source: str
    confidence: str
    from_on: date
    until_on: date | None


def read_pack(code: str) -> CityPack:
    """The files of a city's pack as it comes with the programs.

    :raises Refused: there is no pack of this name
    """
    folder = resources.files("curbstop") / "cities" / code
    if not code.isidentifier() or not folder.is_dir():
        raise Refused(f"There is no city pack {code!r}; the folders in curbstop/cities have the names.", field="city")
    city = folder / "city.yaml"
    own = [name for name in ("calendar.yaml", "policies.yaml") if (folder / name).is_file()]
    return CityPack(
        code=code,
        city=PackFile(f"{code}/city.yaml", city.read_text("utf-8")) if city.is_file() else None,
        policies=(
            *_files(folder / "policies", f"{code}/policies"),
            *(PackFile(f"{code}/{name}", (folder / name).read_text("utf-8")) for name in own),
        ),
        tariffs=_files(folder / "tariffs", f"{code}/tariffs"),
    )


def _files(folder: Any, path: str) -> tuple[PackFile, ...]:
    if not folder.is_dir():
        return ()
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return tuple(PackFile(f"{path}/{file.name}", file.read_text("utf-8")) for file in found)


# --- acts -------------------------------------------------------------------------------------------------------------


@act("policies.install_city")
def install_city(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    pack: CityPack,
    overlays: tuple[CityPack, ...] = (),
) -> CityInstalled:
    """Install a city: its row and all its policies. Values of an overlay take the place of the pack's and keep their
    own authority.

    :param pack: the files, for example ``read_pack("moore_ok")``
    :param overlays: packs laid over it, in order, for example ``read_pack("example")``
    :raises rules.faults.Faults: everything wrong with a file
    :raises Refused: a city is installed here already, or the pack has no ``city.yaml``
    """
    if pack.city is None:
        raise Refused(f"The pack {pack.code} has no city.yaml; it can only be laid over another.", field="pack")
    city = read_city(pack.city.text, file=pack.city.name)
    if city.time_zone not in zoneinfo.available_timezones():
        why, remedy = "no clock of this name", "write one of the time-zone database, for example America/Chicago"
        raise BadEntry(field="time_zone", value=city.time_zone, why=why, remedy=remedy)
    policies = Policies()
    for layer in (pack, *overlays):
        policies = policies.overlay(_read_all(layer.policies))
    with connection.cursor() as cursor:
        cursor.execute("lock table decisions_city in share row exclusive mode")
        cursor.execute("select name from decisions_city")
        if (there := cursor.fetchone()) is not None:
            raise Refused(
                f"{there[0]} is installed here; its policies are set one by one (policies.set).", field="pack"
            )
        cursor.execute(
            "insert into decisions_city (id, code, name, time_zone, body) values (1, %s, %s, %s, %s)",
            [city.code, city.name, city.time_zone, json.dumps(dict(city.body))],
        )
    _insert(policies.by_id.values(), event.id)
    not_set = sum(policy.values[-1].value is None for policy in policies.by_id.values() if policy.values)
    event.about(says=f"{city.name} installed with {len(policies.by_id)} policies, {not_set} of them not set.")
    return CityInstalled(code=city.code, name=city.name, policies=len(policies.by_id), not_set=not_set)


def _read_all(files: Sequence[PackFile]) -> list[Policy]:
    """The policies of one layer; one id in two files is a fault."""
    found: dict[str, str] = {}
    policies: list[Policy] = []
    for file in files:
        for policy in read_policies(file.text, file=file.name):
            if policy.id in found:
                raise Refused(f"{policy.id} is in {found[policy.id]} and in {file.name}; keep one.", field="pack")
            found[policy.id] = file.name
            policies.append(policy)
    return policies


def _insert(policies: Iterable[Policy], event_id: int) -> None:
    rows = [(policy, value) for policy in policies for value in policy.values]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into decisions_policyvalue (policy, valid, value, not_set, says, authority, source, confidence,"
            " event_id) values (%s, daterange(%s, %s), %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    policy.id,
                    value.period.from_on,
                    value.period.until_on,
                    None if value.value is None else json.dumps(value.value),
                    value.not_set,
                    policy.says,
                    value.authority,
                    policy.source,
                    policy.confidence,
                    event_id,
                )
                for policy, value in rows
            ],
        )


@act("policies.set")
def set(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    policy: str,
    from_on: date,
    value: Any,
    authority: str,
    says: str,
    not_set: str = "",
    source: str = "",
    confidence: str = "UNVERIFIED",
) -> None:
    """Set a policy from a day on. The value before it ends on that day.

    :param value: as a policy file writes it: ``"25.00"``, ``20``, ``{"amount": "100.00", "instalments": 2}``; None with
        ``not_set``, the reason
    :param authority: the ordinance or resolution, with section and date
    :param says: the sentence a clerk reads aloud
    :raises rules.policies.PolicyErrors: a value that does not have the policy's shape, or a missing authority
    :raises Refused: a value from that day or a later one is on file
    """
    held: dict[str, Any] = {"from": from_on.isoformat()}
    held |= {"not_set": check_text(not_set, field="not_set", required=True)} if value is None else {"value": value}
    document = {"id": policy, "says": says, "authority": authority, "confidence": confidence, "values": [held]}
    document |= {"source": source} if source else {}
    text = yaml.safe_dump(_as_written(document), allow_unicode=True, sort_keys=False)
    checked = read_policies(text, file=f"policies.set {policy}")[0]
    event.about(f"policy:{policy}", says=f"{policy} set from {from_on.isoformat()}: {says}")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 2))", [policy])
        cursor.execute(
            "select min(lower(valid)) from decisions_policyvalue where policy = %s and lower(valid) >= %s",
            [policy, from_on],
        )
        later = cursor.fetchone()[0]
        if later is not None:
            raise Refused(
                f"{policy} has a value from {later.isoformat()} on file, and values are not edited. Set it from a later"
                " day.",
                field="from_on",
            )
        cursor.execute(
            "update decisions_policyvalue set valid = daterange(lower(valid), %s) where policy = %s and valid @> %s",
            [from_on, policy, from_on],
        )
    _insert([checked], event.id)


def _as_written(value: Any) -> Any:
    """Values as a file has them: yes and no for true and false."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return {key: _as_written(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_written(inner) for inner in value]
    return value


@dataclass(frozen=True)
class CalendarPlanned:
    """Turns of cycles that are new, and those without a due date because the city's due days are not set."""

    dates: int
    without_due_on: int


@act("policies.plan_calendar")
def plan_calendar(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, from_on: date, until_on: date
) -> CalendarPlanned:
    """Plan the turns of every cycle whose read date, before it is moved off a holiday, is in ``[from_on, until_on)``.

    A turn that is there (planned before, or moved by people) is left alone. Reads ``calendar.cycles``,
    ``calendar.every_days``, ``calendar.bill_days_after_read``, ``calendar.roll``, ``calendar.holidays``, and
    ``bill.due_days``, without which a turn has no due date.

    :raises Refused: a calendar policy that is not set, with its sentence
    """
    span = Period(from_on, until_on)
    policies = load(*_CALENDAR, "bill.due_days")
    try:
        cycles = [_cycle(row, policies, from_on) for row in policies.rows("calendar.cycles", on=from_on)]
        planned = [turn for cycle in cycles for turn in _turns(cycle, span, policies)]
    except NotSet as missing:
        raise Refused(f"{missing}. {missing.says} Set it first (policies.set).", field=missing.policy) from missing
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_cycle (code, name, every_days) select * from unnest(%s::text[], %s::text[],"
            " %s::smallint[]) on conflict (code) do update set name = excluded.name, every_days = excluded.every_days",
            [[c.code for c in cycles], [c.name for c in cycles], [c.every_days for c in cycles]],
        )
        columns: list[list[Any]] = [
            [turn.cycle for turn in planned],
            [turn.read_on for turn in planned],
            [turn.bill_on for turn in planned],
            [turn.due_on for turn in planned],
        ]
        cursor.execute(
            # a turn that people moved is still that turn: nothing is planned within half a turn of one
            "insert into decisions_cycledate (cycle_id, read_on, bill_on, due_on) select n.* from"
            " unnest(%s::text[], %s::date[], %s::date[], %s::date[]) as n (cycle, read_on, bill_on, due_on)"
            " join decisions_cycle c on c.code = n.cycle where not exists (select 1 from decisions_cycledate d"
            " where d.cycle_id = n.cycle and 2 * abs(d.read_on - n.read_on) < c.every_days)"
            " returning due_on is null",
            columns,
        )
        new = [row[0] for row in cursor.fetchall()]
    event.about(says=f"Calendar planned from {from_on.isoformat()} until {until_on.isoformat()}: {len(new)} turns.")
    return CalendarPlanned(dates=len(new), without_due_on=sum(new))


_CALENDAR = (
    "calendar.cycles",
    "calendar.every_days",
    "calendar.bill_days_after_read",
    "calendar.roll",
    "calendar.holidays",
)


@dataclass(frozen=True)
class _Cycle:
    """A cycle. ``anchor_on`` is one of its read dates; the others are every so many days before and after it."""

    code: str
    name: str
    every_days: int
    anchor_on: date


@dataclass(frozen=True)
class CycleName:
    """A cycle as it is listed."""

    code: str
    name: str
    every_days: int


@dataclass(frozen=True)
class CycleDateRow:
    """One turn of a cycle. ``due_on`` None: the city's due days are not set."""

    cycle: str
    read_on: date
    bill_on: date
    due_on: date | None


def _cycle(row: Plain, policies: Policies, on: date) -> _Cycle:
    assert isinstance(row, dict)
    return _Cycle(
        code=str(row["code"]),
        name=str(row["name"]),
        every_days=policies.whole("calendar.every_days", on=on),
        anchor_on=date.fromisoformat(str(row["read_on"])),
    )


def _turns(cycle: _Cycle, span: Period, policies: Policies) -> list[CycleDateRow]:
    """The turns of one cycle with their dates rolled off holidays."""
    assert span.until_on is not None
    first = span.from_on + timedelta(days=(cycle.anchor_on - span.from_on).days % cycle.every_days)
    count = -(-(span.until_on - first).days // cycle.every_days)
    if count < 1:
        return []
    days_off = _holidays(policies, span)
    roll = policies.text("calendar.roll", on=span.from_on)
    bill_days = timedelta(days=policies.whole("calendar.bill_days_after_read", on=span.from_on))
    found = []
    for read_on in cycle_dates(first, every_days=cycle.every_days, n=count, holidays=days_off, roll=roll):
        bill_on = roll_day(read_on + bill_days, holidays=days_off, roll=roll)
        try:
            due_on = bill_on + timedelta(days=policies.whole("bill.due_days", on=bill_on))
        except NotSet:
            due_on = None
        found.append(CycleDateRow(cycle.code, read_on, bill_on, due_on))
    return found


def _holidays(policies: Policies, span: Period) -> frozenset[date]:
    """The city's holidays: names of the ``holidays`` library (``US``, ``US-OK``) and single dates."""
    assert span.until_on is not None
    years = range(span.from_on.year, span.until_on.year + 2)
    found: dict[date, None] = {}
    for word in policies.rows("calendar.holidays", on=span.from_on):
        name = str(word)
        try:
            if name[:1].isdigit():
                found[date.fromisoformat(name)] = None
            else:
                country, _, region = name.partition("-")
                found |= dict.fromkeys(holidays.country_holidays(country, subdiv=region or None, years=years))
        except (NotImplementedError, ValueError) as error:
            remedy = "write a country (US), a country and state (US-OK), or a date (2026-11-27)"
            why = "neither a calendar of holidays nor a date"
            raise BadEntry(field="calendar.holidays", value=name, why=why, remedy=remedy) from error
    return frozenset(found)


# --- reads ------------------------------------------------------------------------------------------------------------


def load(*ids: str) -> Policies:
    """The policies named, or all, with all their values; ask them with ``.cents(id, on=...)`` and its like."""
    found: dict[str, Policy] = {}
    for row in ask(_LOAD, {"everything": not ids, "ids": list(ids)}):
        id, from_on, until_on, value, not_set, authority, says, source, confidence = row
        dated = PolicyValue(Period(from_on, until_on), None if value is None else json.loads(value), not_set, authority)
        before = found[id].values if id in found else ()
        found[id] = Policy(id, says, authority, source, confidence, (), (*before, dated))
    return Policies(found)


_LOAD = """
select policy, lower(valid), upper(valid), value::text, not_set, authority, says, source, confidence
from decisions_policyvalue where %(everything)s::boolean or policy = any(%(ids)s::text[]) order by policy, valid"""


def get_holidays(*, from_on: date, known: Policies) -> frozenset[date]:
    """The city's holidays of the year and the next; none where the calendar is not set."""
    try:
        return _holidays(known, Period(from_on, date(from_on.year + 1, 12, 31)))
    except NotSet:
        return frozenset()


def get_policy(policy: str, on: date) -> Plain:
    """The policy's value on the day.

    :raises NotSet: it has none, with the sentence that says so
    """
    return load(policy).value(policy, on=on)


def list_policies(*, on: date) -> tuple[PolicyRow, ...]:
    """Every policy with its value on the day, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select policy, says, value::text, not_set, authority, source, confidence, lower(valid), upper(valid)"
            " from decisions_policyvalue where valid @> %s order by policy",
            [on],
        )
        return tuple(
            PolicyRow(row[0], row[1], None if row[2] is None else json.loads(row[2]), *row[3:])
            for row in cursor.fetchall()
        )


def get_city() -> CityRow:
    """The city whose schema this is.

    :raises Refused: none is installed yet
    """
    with connection.cursor() as cursor:
        cursor.execute("select code, name, time_zone, body::text from decisions_city")
        found = cursor.fetchone()
    if found is None:
        raise Refused("No city is installed here yet; install one first (policies.install_city).")
    return CityRow(found[0], found[1], found[2], json.loads(found[3]))


def is_installed() -> bool:
    """Whether this schema has a city yet; the clock has nothing to do before."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 from decisions_city")
        return cursor.fetchone() is not None


def list_cycles() -> tuple[CycleName, ...]:
    """The cycles, by code."""
    with connection.cursor() as cursor:
        cursor.execute("select code, name, every_days from decisions_cycle order by length(code), code")
        return tuple(CycleName(*row) for row in cursor.fetchall())


def get_cycle_dates(*, from_on: date, until_on: date, cycle: str | None = None) -> tuple[CycleDateRow, ...]:
    """The turns of a cycle, or of all, whose bill date is in ``[from_on, until_on)``, by date."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select cycle_id, read_on, bill_on, due_on from decisions_cycledate"
            " where bill_on >= %s and bill_on < %s and (%s::text is null or cycle_id = %s) order by bill_on, cycle_id",
            [from_on, until_on, cycle, cycle],
        )
        return tuple(CycleDateRow(*row) for row in cursor.fetchall())
