"""Tariffs as adopted: each version of each rate code is a row with the text that was adopted, never edited."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import yaml
from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._statements import ask
from curbstop.office._trials import AccountChange, Bin, DryRun, list_changes, try_draft
from curbstop.rules.periods import Period
from curbstop.rules.plans import Tariff, Terms, Version
from curbstop.rules.rating import check_examples
from curbstop.rules.tariffs import read_tariffs

__all__ = [
    "AccountChange",
    "Adopted",
    "Bin",
    "DryRun",
    "TariffRow",
    "adopt",
    "list_changes",
    "list_tariffs",
    "load_tariff",
]
__all__ += ["load_tariffs", "put_in_force", "refuse_wrong_examples", "try_draft"]


@dataclass(frozen=True)
class Adopted:
    """What an adoption came to: versions that are new, and how many were there already, word for word."""

    new: tuple[str, ...]  # "W-RES from 2025-07-01"
    unchanged: int


@dataclass(frozen=True)
class TariffRow:
    """A tariff on a day, for a list. ``from_on`` None: no version holds on the day."""

    code: str
    name: str
    service: str
    customer_class: str
    in_use: bool
    why_not_in_use: str
    from_on: date | None
    until_on: date | None
    authority: str


@dataclass(frozen=True)
class _Stored:
    """A version as a row has it."""

    valid: Period
    document: str
    sha256: bytes


@act("tariffs.adopt")
def adopt(event: Acting, /, *, key: Key, by: Actor, at: datetime, file: str, text: str) -> Adopted:
    """Adopt the tariffs of a file: every version that is not there yet. One before it that has no end, ends.

    :param file: the file's name, for messages
    :param text: the file's text (docs/reference/tariffs.md)
    :raises rules.tariffs.TariffErrors: everything wrong with the file
    :raises Refused: a worked example that does not come out, a version that overlaps an adopted one, or one that begins
        on a day that is billed already
    """
    return put_in_force(event, file=file, text=text)


def put_in_force(event: Acting, *, file: str, text: str) -> Adopted:
    """What the acts that adopt have in common: read, work the examples, add every version that is not there yet.

    :raises: as ``adopt``
    """
    tariffs = read_tariffs(text, file=file)
    documents = _documents(text)
    refuse_wrong_examples(tariffs)
    new: list[str] = []
    unchanged = 0
    for tariff in tariffs:
        stored = _enter(tariff)
        for version in tariff.versions:
            document = documents[tariff.code][version.period.from_on.isoformat()]
            if any(old.document == document and old.valid.from_on == version.period.from_on for old in stored):
                unchanged += 1
                continue
            _refuse_billed(tariff, version)
            stored = _add(tariff, version, document, stored, event.id)
            new.append(f"{tariff.code} from {version.period.from_on.isoformat()}")
    event.about(*(f"tariff:{tariff.code}" for tariff in tariffs), says=f"Adopted {', '.join(new) or 'nothing new'}.")
    return Adopted(new=tuple(new), unchanged=unchanged)


def _documents(text: str) -> dict[str, dict[str, str]]:
    """The text of each version alone, by code and first day. Scalars stay text: a price is never made a float."""
    found: dict[str, dict[str, str]] = {}
    for page in yaml.load_all(text, Loader=yaml.BaseLoader):  # makes text, lists and tables only
        found[page["code"]] = {
            version["from"]: yaml.safe_dump({**page, "versions": [version]}, sort_keys=False, allow_unicode=True)
            for version in page["versions"]
        }
    return found


def refuse_wrong_examples(tariffs: Sequence[Tariff]) -> None:
    """:raises Refused: a worked example does not come out to the cent"""
    wrong = [
        f"{tariff.code} (line {outcome.example.file_line}): {'; '.join(outcome.differences)}"
        for tariff in tariffs
        for outcome in check_examples(tariff)
        if not outcome.holds
    ]
    if wrong:
        raise Refused(
            "A tariff is adopted when its own examples come out to the cent; these do not: "
            f"{'. '.join(wrong)}. Correct the lines or the examples.",
            field="text",
        )


def _enter(tariff: Tariff) -> tuple[_Stored, ...]:
    """The tariff's row, made or found; its versions, locked so that two adoptions take turns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_tariff (code, service, customer_class, name) values (%s, %s, %s, %s)"
            " on conflict (code) do update set name = excluded.name returning service, customer_class",
            [tariff.code, tariff.service, tariff.customer_class, tariff.name],
        )
        service, customer_class = cursor.fetchone()
        if (service, customer_class) != (tariff.service, tariff.customer_class):
            raise Refused(
                f"{tariff.code} is {service} for {customer_class}; this file says {tariff.service} for"
                f" {tariff.customer_class}. Agreements refer to the code: give the other a code of its own.",
                field="text",
            )
        cursor.execute(
            "select lower(valid), upper(valid), document, sha256 from decisions_tariffversion where tariff_id = %s"
            " order by valid",
            [tariff.code],
        )
        return tuple(_Stored(Period(row[0], row[1]), row[2], bytes(row[3])) for row in cursor.fetchall())


def _refuse_billed(tariff: Tariff, version: Version) -> None:
    """Issued bills must rate to the same cents for ever, so their days take no new version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select max(o.until_on) from bills_outcome o join customers_agreement g on g.id = o.agreement_id"
            " where g.tariff_id = %s and o.code = 'billed' and o.until_on > %s",
            [tariff.code, version.period.from_on],
        )
        through = cursor.fetchone()[0]
    if through is not None:
        raise Refused(
            f"{tariff.code} is billed through {through.isoformat()} by what held then; a version from"
            f" {version.period.from_on.isoformat()} would change issued bills. Let it begin on"
            f" {through.isoformat()}, or later.",
            field="text",
        )


def _add(
    tariff: Tariff, version: Version, document: str, stored: tuple[_Stored, ...], event_id: int
) -> tuple[_Stored, ...]:
    from_on, valid = version.period.from_on, version.period
    for old in stored:
        meets = old.valid.meet(valid)
        if meets is None:
            continue
        if old.valid.until_on is not None or old.valid.from_on >= from_on:
            raise Refused(
                f"{tariff.code} from {from_on.isoformat()} overlaps the version adopted from"
                f" {old.valid.from_on.isoformat()}"
                + (f" until {old.valid.until_on.isoformat()}" if old.valid.until_on else "")
                + ". An adopted version is not edited: begin after it, or end this one before it.",
                field="text",
            )
    row = _Stored(valid, document, hashlib.sha256(document.encode()).digest())
    with connection.cursor() as cursor:
        cursor.execute(
            "update decisions_tariffversion set valid = daterange(lower(valid), %s) where tariff_id = %s"
            " and upper_inf(valid) and lower(valid) < %s",
            [from_on, tariff.code, from_on],
        )
        cursor.execute(
            "insert into decisions_tariffversion (tariff_id, valid, authority, document, sha256, event_id)"
            " values (%s, daterange(%s, %s), %s, %s, %s, %s)",
            [tariff.code, from_on, valid.until_on, version.authority, document, row.sha256, event_id],
        )
    closed = tuple(
        replace(old, valid=Period(old.valid.from_on, from_on))
        if old.valid.until_on is None and old.valid.from_on < from_on
        else old
        for old in stored
    )
    return (*closed, row)


# --- reads ------------------------------------------------------------------------------------------------------------


def load_tariff(*, code: str) -> Tariff:
    """The tariff with all its versions, in time order.

    :raises Refused: no tariff of this code was adopted
    """
    found = _load([code]).get(code)
    if found is None:
        raise Refused(f"No tariff {code} was adopted; the list of tariffs has the codes.", field="tariff")
    return found


def load_tariffs(*, codes: Sequence[str] | None = None) -> dict[str, Tariff]:
    """Tariffs by code, each with all its versions: those named, or all."""
    return _load(codes)


_VERSIONS = """
select t.code, lower(v.valid), upper(v.valid), v.sha256 from decisions_tariff t
join decisions_tariffversion v on v.tariff_id = t.code
where %(everything)s::boolean or t.code = any(%(codes)s::text[]) order by t.code, v.valid"""


def _load(codes: Sequence[str] | None) -> dict[str, Tariff]:
    rows: dict[str, list[tuple[date, date | None, bytes]]] = {}
    for code, from_on, until_on, sha256 in ask(_VERSIONS, {"everything": codes is None, "codes": list(codes or ())}):
        rows.setdefault(code, []).append((from_on, until_on, bytes(sha256)))
    _read({sha256 for versions in rows.values() for _, _, sha256 in versions} - _AS_READ.keys())
    return {code: _whole(tuple(versions)) for code, versions in rows.items()}


_AS_READ: dict[bytes, Tariff] = {}
"""Adopted documents as read, by their digest: a document never changes, so neither does what it says."""


def _read(digests: Collection[bytes]) -> None:
    """Read the documents of these digests, each once in the life of the process."""
    if not digests:
        return
    with connection.cursor() as cursor:
        cursor.execute("select sha256, document from decisions_tariffversion where sha256 = any(%s)", [list(digests)])
        for sha256, document in cursor.fetchall():
            if hashlib.sha256(document.encode()).digest() != bytes(sha256):
                raise ValueError("a stored tariff document is not the one that was adopted: its digest differs")
            _AS_READ[bytes(sha256)] = read_tariffs(document, file="adopted tariff")[0]


@functools.lru_cache(maxsize=256)
def _whole(versions: tuple[tuple[date, date | None, bytes], ...]) -> Tariff:
    """The tariff of its stored versions; the newest says what it is called and how it is read."""
    newest = _AS_READ[versions[-1][2]]
    found = tuple(
        replace(_AS_READ[sha].versions[0], period=Period(begins, ends), terms=_terms(_AS_READ[sha], newest))
        for begins, ends, sha in versions
    )
    return replace(newest, versions=found)


def _terms(adopted: Tariff, newest: Tariff) -> Terms | None:
    """What a version was adopted with, where the newest one has it otherwise: it holds for the version's bills."""
    own, other = (Terms(one.per_days, one.change, one.why_not_in_use, one.needs) for one in (adopted, newest))
    return None if own == other else own


def list_tariffs(*, on: date) -> tuple[TariffRow, ...]:
    """Every tariff with the version that holds on the day, by code."""
    found: list[TariffRow] = []
    for code, tariff in load_tariffs().items():
        version = tariff.version_on(on)
        found.append(
            TariffRow(
                code=code,
                name=tariff.name,
                service=tariff.service,
                customer_class=tariff.customer_class,
                in_use=tariff.in_use,
                why_not_in_use=tariff.why_not_in_use,
                from_on=version.period.from_on if version else None,
                until_on=version.period.until_on if version else None,
                authority=version.authority if version else tariff.authority,
            )
        )
    return tuple(found)
