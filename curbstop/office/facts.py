"""Facts that rates ask for: household, area, pressure zone, programme, a drought's stage, each from a day on.

Rows are never changed: a new value is a row from its day, a correction another row from the same day. A bill keeps
the facts that it was rated from, so what is entered later changes none that was issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import connection

from curbstop.office import tariffs
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._facts import KNOWN, METER, load_facts
from curbstop.office._once import Refused, act
from curbstop.records.decisions.models import Draft
from curbstop.rules.customers import BadEntry, check_choice, check_text
from curbstop.rules.plans import Tariff
from curbstop.rules.programmes import CODES
from curbstop.rules.sheets import closest
from curbstop.rules.tariffs import read_tariffs
from curbstop.rules.working import is_number

OF: Mapping[str, str] = {
    "account": "select number, id from customers_account where number = any(%s)",
    "premise": "select id::text, id from customers_premise where id::text = any(%s)",
    "service_point": "select id::text, id from customers_servicepoint where id::text = any(%s)",
    "meter": "select serial, id from meters_meter where serial = any(%s)",
}
"""Whose a fact may be, and how what was written finds it."""
FIXED = ("class", "tenure", "zip", *CODES)
"""What the account, the premise and approved programmes say themselves; it is changed there."""
MOST = 100_000
LONGEST = 100


@dataclass(frozen=True, slots=True)
class FactEntry:
    """A fact as entered. ``of``: account, premise, service_point or meter; ``which``: the account's number, the
    premise's or the service point's id, the meter's serial. An empty ``value``: not known from then on."""

    of: str
    which: str
    name: str
    value: str
    from_on: date


@dataclass(frozen=True)
class Asked:
    """Something that an account's rates ask for, on a day. ``value`` is empty where nothing is known; ``default``
    None: then it is not billed. ``tariffs`` are the rates that ask."""

    name: str
    value: str
    default: str | None
    tariffs: tuple[str, ...]
    number: bool
    fixed: bool


@dataclass(frozen=True)
class FactRow:
    """A dated fact as entered. ``of``: city, account, premise, service_point, meter; ``which``: its number."""

    of: str
    which: str
    name: str
    value: str
    from_on: date
    by: str
    at: datetime | None


# --- acts -------------------------------------------------------------------------------------------------------------


@act("tariffs.set_facts")
def set_many(event: Acting, /, *, key: Key, by: Actor, at: datetime, facts: tuple[FactEntry, ...]) -> int:
    """Set facts of accounts, premises, service points and meters, all or none; returns how many.

    :raises BadEntry: a value that cannot be, with the row it is in
    :raises Refused: nothing of that number, or a name that no rate asks for
    """
    if not 0 < len(facts) <= MOST:
        raise BadEntry(field="facts", value=len(facts), why="not from 1 to 100,000", remedy="give as many as there are")
    names = _names_asked()
    rows = []
    for no, fact in enumerate(facts, start=1):
        where = f"facts[{no}]." if len(facts) > 1 else ""
        check_choice(fact.of, tuple(OF), field=f"{where}of")
        rows.append((fact.of, fact.which.strip(), *_checked(fact.name, fact.value, where, names), fact.from_on))
    ids = {of: _ids(of, sorted({row[1] for row in rows if row[0] == of})) for of in OF}
    for place, row in enumerate(rows, start=1):
        if row[1] not in ids[row[0]]:
            noun = row[0].replace("_", " ")
            raise Refused(
                f"Row {place}: there is no {noun} {row[1]!r}. Nothing was set; correct the number.", field="which"
            )
    _add([(row[0], ids[row[0]][row[1]], *row[2:]) for row in rows], event.id)
    subjects = [f"{of}:{ids[of][which]}" for of, which, *_ in rows if of in ("account", "premise", "meter")]
    first = rows[0]
    says = f"{first[2]} of {first[0].replace('_', ' ')} {first[1]} is {first[3] or 'not known'} from {first[4]}."
    event.about(*subjects[:MOST_SUBJECTS], says=says if len(rows) == 1 else f"Set {len(rows):,} facts for the rates.")
    return len(rows)


@act("tariffs.set_city_fact")
def set_city(event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, value: str, from_on: date) -> None:
    """Set a fact of the whole city from a day on: the stage of a drought, a month's evapotranspiration.

    :raises BadEntry: a value that cannot be; :raises Refused: a name that no rate asks for
    """
    name, value = _checked(name, value, "", _names_asked())
    _add([("city", 0, name, value, from_on)], event.id)
    event.about(f"fact:{name}", says=f"{name} of the whole city is {value or 'not known'} from {from_on.isoformat()}.")


MOST_SUBJECTS = 500


def _names_asked() -> dict[str, bool]:
    """What adopted rates and open drafts ask for, and whether it must be a number."""
    found: dict[str, bool] = {}
    drafted = Draft.objects.filter(approval=None, withdrawal=None)
    known: list[Tariff] = list(tariffs.load_tariffs().values())
    known += [tariff for draft in drafted for tariff in read_tariffs(draft.text, file=draft.file)]
    for tariff in known:
        numbers = tariff.asks_numbers
        for name in tariff.asks:
            found[name] = found.get(name, False) or name in numbers
    return found


def _checked(name: str, value: str, where: str, names: Mapping[str, bool]) -> tuple[str, str]:
    name = name.strip()
    if name in FIXED:
        remedy = "change it there"
        raise BadEntry(field=f"{where}name", value=name, why="the account or the premise says it", remedy=remedy)
    if name not in names:
        raise Refused(
            f"No rate and no open draft asks for {name!r}, so it would change nothing: "
            + (closest(name, names) if names else "none asks for anything."),
            field=f"{where}name",
        )
    value = check_text(value, field=f"{where}value", longest=LONGEST)
    if value and names[name] and not is_number(value):
        remedy = "write plain digits, for example 4 or 1250.5"
        raise BadEntry(field=f"{where}value", value=value, why=f"{name} is reckoned with", remedy=remedy)
    return name, value


def _ids(of: str, numbers: Sequence[str]) -> dict[str, int]:
    """The id of each number that is there."""
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(OF[of], [list(numbers)])
        return {str(number): int(id) for number, id in cursor.fetchall()}


def _add(rows: Sequence[tuple[str, int, str, str, date]], event_id: int) -> None:
    columns = {of: [row[1] if row[0] == of else None for row in rows] for of in OF}
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_fact (account_id, premise_id, service_point_id, meter_id, name, value, from_on,"
            " event_id) select *, %s from unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],"
            " %s::text[], %s::date[])",
            [event_id, *columns.values(), *([row[place] for row in rows] for place in (2, 3, 4))],
        )


# --- reads ------------------------------------------------------------------------------------------------------------


def list_asked(*, account_id: int, on: date) -> tuple[Asked, ...]:
    """What the rates of an account's services ask for, with what is known on the day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, tariff_id from customers_agreement where account_id = %s and during @> %s order by id",
            [account_id, on],
        )
        rows = cursor.fetchall()
    known = tariffs.load_tariffs(codes=sorted({code for _, code in rows}))
    found: dict[str, Asked] = {}
    for agreement, code in rows:
        tariff = known[code]
        asking = (*tariff.versions, tariff.version_on(on))  # what holds on the day is told last
        defaults = {need.name: need.default for version in asking for need in tariff.terms_of(version).needs}
        words = load_facts(np.array([agreement]), tariff.asks, on=np.array([on], dtype="datetime64[D]"))
        for name in tariff.asks:
            before = found.get(name)
            codes = (*before.tariffs, code) if before else (code,)
            number = name in tariff.asks_numbers or bool(before and before.number)
            value = str(words[name][0]) or (before.value if before else "")
            found[name] = Asked(name, value, defaults.get(name), codes, number, name in (*FIXED, METER))
    return tuple(found.values())


_ROWS = """
select case when f.account_id is not null then 'account' when f.premise_id is not null then 'premise'
    when f.service_point_id is not null then 'service_point' when f.meter_id is not null then 'meter' else 'city' end,
  coalesce(a.number, p.address, s.service || ' ' || s.id, m.serial, ''), f.name, f.value, f.from_on,
  concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')), e.at
from bills_fact f left join customers_account a on a.id = f.account_id
left join customers_premise p on p.id = f.premise_id left join customers_servicepoint s on s.id = f.service_point_id
left join meters_meter m on m.id = f.meter_id left join base_event e on e.id = f.event_id
left join base_user u on u.id = e.by_id where {where} order by f.from_on desc, f.id desc limit 500"""


_POINTS = "(select service_point_id from customers_agreement where account_id = %(account)s)"
_OF_ACCOUNT = f"""f.account_id = %(account)s or f.service_point_id in {_POINTS}
  or f.premise_id in (select premise_id from customers_servicepoint where id in {_POINTS})
  or f.meter_id in (select meter_id from meters_installation where service_point_id in {_POINTS})"""


def list_history(*, account_id: int) -> tuple[FactRow, ...]:
    """Every fact that was entered of the account, of its places and points and of the meters there, the latest
    first."""
    return _list(_OF_ACCOUNT, {"account": account_id})


def list_city() -> tuple[FactRow, ...]:
    """Every fact that was entered of the whole city, the latest first."""
    return _list("num_nonnulls(f.account_id, f.premise_id, f.service_point_id, f.meter_id) = 0", {})


def list_city_names() -> tuple[str, ...]:
    """What rates ask for that a whole city may have: everything but what places and accounts say themselves."""
    return tuple(sorted(name for name in _names_asked() if name not in KNOWN and name != METER))


def _list(where: str, values: Mapping[str, int]) -> tuple[FactRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(where=where), values)
        return tuple(FactRow(*row) for row in cursor.fetchall())
