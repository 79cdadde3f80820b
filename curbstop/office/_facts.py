"""What tariffs ask of city, premise, account, service point and meter beside usage, as it held on a day, as text.

The nearest thing that says something is heard: the agreement's own attributes, then dated facts of the service point,
the meter, the account and the premise, then what the office knows by itself, then the whole city. What is known
nowhere is empty, and a tariff that asks for it without a default does not charge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules.programmes import CODES

METER = "meter"
"""The size of the meter that hangs (``5/8``); where none hangs, a fact of this name."""

KNOWN: Mapping[str, str] = {
    "class": "a.customer_class",
    "tenure": "a.tenure",
    "location": "case when p.inside_city then 'inside' else 'outside' end",
    "units": "p.dwelling_units::text",
    "zip": "p.zip",
}
"""Names a tariff may ask for without anybody filling them in, each as SQL over account and premise: ``location`` is
``inside`` or ``outside``, ``units`` dwelling units."""

LEVELS = ("service_point", "meter", "account", "premise")
"""Whose a dated fact may be, the nearest first; the whole city comes last."""

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
Words = NDArray[np.str_]


def load_facts(agreements: Ints, names: Sequence[str], *, on: Days, begins: Days | None = None) -> dict[str, Words]:
    """What held under these names on the day beside each agreement; empty where nothing is known.

    A programme of the account (``rules.programmes.CODES``) is ``yes``; by its terms it may count for a period by the
    day on which that ``begins``, and not by its last one.

    A handful of queries, however many agreements and days; an array each in the order of ``agreements``.
    """
    if not names or not len(agreements):
        return {name: np.zeros(len(agreements), dtype="U1") for name in names}
    distinct, which = np.unique(agreements, return_inverse=True)
    rows = _rows(distinct, names)
    hung, size = _hung(rows["measuring"], which, on)
    subject = {
        "service_point": rows["point"][which], "meter": hung, "account": rows["account"][which],
        "premise": rows["premise"][which],
    }  # fmt: skip
    history = _history(names, subject)
    granted = _programmes(names, subject["account"], on, on if begins is None else begins)
    found: dict[str, Words] = {}
    for place, name in enumerate(names):
        words = rows[f"own{place}"][which]
        if name == METER:
            words = _filled(words, size)
        for level in LEVELS:
            words = _filled(words, _as_of(history[level], place, subject[level], on))
        words = _filled(words, granted.get(name))
        if name in KNOWN:
            words = _filled(words, rows[f"known{place}"][which])
        found[name] = _filled(words, _as_of(history["city"], place, np.zeros_like(hung), on))
    return found


def _programmes(names: Sequence[str], account: Ints, on: Days, begins: Days) -> dict[str, Words]:
    """``yes`` where the account takes part in the programme of the name."""
    if not (asked := [name for name in names if name in CODES]):
        return {}
    rows = fetch(
        """select account_id account, array_position(%(names)s::text[], code) name, lower(during) from_on,
             coalesce(upper(during), '9999-01-01') until_on, by_first_day
           from customers_programme where code = any(%(names)s) and account_id = any(%(accounts)s)""",
        {"names": asked, "accounts": Many(np.unique(account))},
        {"account": "bigint", "name": "integer", "from_on": "date", "until_on": "date", "by_first_day": "boolean"},
    )
    found: dict[str, Words] = {name: np.zeros(len(account), dtype="U3") for name in asked}
    order = np.argsort(account, kind="stable")
    starts = np.searchsorted(account, rows["account"], side="left", sorter=order)
    ends = np.searchsorted(account, rows["account"], side="right", sorter=order)
    for row in range(len(starts)):
        at = order[starts[row] : ends[row]]
        day = (begins if rows["by_first_day"][row] else on)[at]
        holds = (rows["from_on"][row] <= day) & (day < rows["until_on"][row])
        found[asked[int(rows["name"][row]) - 1]][at[holds]] = "yes"
    return found


def _filled(words: Words, more: Words | None) -> Words:
    return words if more is None else np.where(words == "", more, words)


def _rows(distinct: Ints, names: Sequence[str]) -> dict[str, Any]:
    """Of each agreement, ascending: its account, place and point, its own attributes, and what the office knows."""
    params: dict[str, Any] = {"agreements": Many(distinct)}
    kinds = {"id": "bigint", "account": "bigint", "point": "bigint", "measuring": "bigint", "premise": "bigint"}
    asked = []
    for place, name in enumerate(names):
        params[f"name{place}"] = name
        asked.append(f"coalesce(g.attributes ->> %(name{place})s::text, '') own{place}")
        kinds[f"own{place}"] = "text"
        if name in KNOWN:
            asked.append(f"coalesce({KNOWN[name]}, '') known{place}")
            kinds[f"known{place}"] = "text"
    rows: dict[str, Any] = fetch(
        f"""select g.id, g.account_id account, s.id point, coalesce(s.measured_by_id, s.id) measuring, p.id premise,
              {", ".join(asked)}
            from customers_agreement g join customers_account a on a.id = g.account_id
            join customers_servicepoint s on s.id = g.service_point_id join customers_premise p on p.id = s.premise_id
            where g.id = any(%(agreements)s) order by g.id""",
        params,
        kinds,
    )
    return rows


def _hung(points: Ints, which: NDArray[np.intp], on: Days) -> tuple[Ints, Words]:
    """The meter that hung there on the day, or last before it (0: none), and its size."""
    rows = fetch(
        """select i.service_point_id subject, i.meter_id meter, m.size, lower(i.during) from_on
           from meters_installation i join meters_meter m on m.id = i.meter_id
           where i.service_point_id = any(%(points)s) order by i.service_point_id, lower(i.during)""",
        {"points": Many(np.unique(points))},
        {"subject": "bigint", "meter": "bigint", "size": "text", "from_on": "date"},
    )
    at = _latest(rows["subject"], rows["from_on"], points[which], on)
    none = at < 0
    if not len(rows["meter"]):
        return np.zeros(len(on), dtype=np.int64), np.zeros(len(on), dtype="U1")
    return np.where(none, 0, rows["meter"][at]), np.where(none, "", rows["size"][at])


_HISTORY = " union all ".join(
    f"""select {place} level, {level}_id subject, array_position(%(names)s::text[], name) name, from_on, value, id
        from bills_fact where {level}_id = any(%({level})s) and name = any(%(names)s)"""
    for place, level in enumerate(LEVELS)
)
_CITY = f"""select {len(LEVELS)} level, 0::bigint subject, array_position(%(names)s::text[], name) name, from_on,
  value, id from bills_fact where name = any(%(names)s) and {" and ".join(f"{level}_id is null" for level in LEVELS)}"""


def _history(names: Sequence[str], subject: Mapping[str, Ints]) -> dict[str, dict[int, dict[str, Any]]]:
    """The dated facts by level and by the place of their name, in the order in which they were to hold."""
    params: dict[str, Any] = {level: Many(np.unique(ids)) for level, ids in subject.items()}
    rows = fetch(
        f"select level, subject, name, from_on, value from ({_HISTORY} union all {_CITY}) told"
        " order by level, name, subject, from_on, id",
        {**params, "names": list(names)},
        {"level": "integer", "subject": "bigint", "name": "integer", "from_on": "date", "value": "text"},
    )
    key = rows["level"].astype(np.int64) * (len(names) + 1) + rows["name"]
    found: dict[str, dict[int, dict[str, Any]]] = {level: {} for level in (*LEVELS, "city")}
    for code in np.unique(key).tolist():
        level, name = divmod(code, len(names) + 1)
        here = key == code
        found[(*LEVELS, "city")[level]][name - 1] = {column: rows[column][here] for column in rows}
    return found


def _as_of(history: Mapping[int, Mapping[str, Any]], place: int, subject: Ints, on: Days) -> Words | None:
    rows = history.get(place)
    if rows is None:
        return None
    at = _latest(rows["subject"], rows["from_on"], subject, on)
    return np.where(at < 0, "", rows["value"][at])


def _latest(subjects: Ints, from_ons: Days, subject: Ints, on: Days) -> NDArray[np.intp]:
    """The place of the last row of the subject that began on the day or before; -1: none. Rows are in order."""
    if not len(subjects):
        return np.full(len(subject), -1, dtype=np.intp)
    at = np.searchsorted(_keys(subjects, from_ons), _keys(subject, on), side="right") - 1
    return np.where((at >= 0) & (subjects[at] == subject), at, -1)


def _keys(subject: Ints, on: Days) -> Ints:
    keys: Ints = subject.astype(np.int64) << 24 | on.astype("datetime64[D]").astype(np.int64) + 1_000_000
    return keys
