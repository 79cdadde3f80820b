"""The account audit: what should be billed and is not, and the reverse, for one account or the whole city.

Each check is one statement over the rows as they stand on a day. Nothing is changed by looking; a finding that was
looked at and is right stays out of the list until a day, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.refuse import list_standing, list_without
from curbstop.records.orders.investigations import AuditLook
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.policies import NotSet

MOST_GAL = "audit.residential_most_gal"
MOST = 500
"""Findings of a check that are listed; ``Check.count`` has them all."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit. ``correct`` is the way to put it right: ``back_bill``, ``start``, ``order``,
    ``meter``, ``deposit``, ``account``; ``figure`` says what stands against what."""

    code: str
    premise_id: int | None
    address: str
    account_id: int | None
    number: str
    name: str
    since_on: date | None
    figure: str
    correct: str


@dataclass(frozen=True)
class Check:
    """A check and what it found. ``not_set``: it could not be made, since the city has not said something."""

    code: str
    says: str
    under: bool
    findings: tuple[Finding, ...]
    looked: int
    not_set: str = ""


@dataclass(frozen=True)
class _Way:
    says: str
    correct: str
    sql: str
    under: bool = True


_WATER = """
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id and s.service = 'water'
join customers_premise p on p.id = s.premise_id join customers_account a on a.id = g.account_id
join customers_customer c on c.id = a.customer_id
where g.during @> %(on)s::date and (%(account)s::bigint is null or a.id = %(account)s)"""

_HEAD = "select p.id, p.address, a.id, a.number, c.name, "


def _lacks(service: str) -> str:
    return (
        f"not exists (select from customers_agreement h join customers_servicepoint t on t.id = h.service_point_id"
        f" where t.premise_id = p.id and t.service = '{service}' and h.during @> %(on)s::date)"
    )


_GROUND = """
join lateral (select x."left", x."on" from orders_cartchange x where x.premise_id = p.id and x."on" <= %(on)s
  order by x."on" desc, x.id desc limit 1) x on true"""

_CARTS = f"""
{_HEAD} x."on", 'carts on the ground ' || x."left" || ', carts billed ' || g.items
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id and s.service = 'sanitation'
join customers_premise p on p.id = s.premise_id join customers_account a on a.id = g.account_id
join customers_customer c on c.id = a.customer_id {_GROUND}
where g.during @> %(on)s::date and (%(account)s::bigint is null or a.id = %(account)s) and x."left" """

_WAYS: Mapping[str, _Way] = {
    "water_no_sewer": _Way(
        "Water without sewer, where a sewer is",
        "start",
        f"{_HEAD} lower(g.during), 'water since ' || lower(g.during) || ', no sewer' {_WATER} and {_lacks('sewer')}"
        " and exists (select from customers_servicepoint t where t.premise_id = p.id and t.service = 'sewer')",
    ),
    "sewer_no_refuse": _Way(
        "Sewer without refuse, residential",
        "start",
        f"{_HEAD} lower(g.during), 'sewer billed, no refuse' {_WATER} and a.customer_class = 'residential'"
        f" and not {_lacks('sewer')} and {_lacks('sanitation')}"
        " and exists (select from customers_servicepoint t where t.premise_id = p.id and t.service = 'sanitation')",
    ),
    "carts_more": _Way("More carts on the ground than on the bill", "back_bill", f"{_CARTS} > g.items"),
    "carts_fewer": _Way("Fewer carts on the ground than on the bill", "account", f"{_CARTS} < g.items", under=False),
    "class": _Way(
        "The class of the account against the place",
        "account",
        f"{_HEAD} lower(g.during), 'account ' || a.customer_class || ', place ' || p.kind"
        f" {_WATER} and a.customer_class <> p.kind",
    ),
    "class_use": _Way(
        "Residential by name, a business by its use",
        "account",
        _HEAD
        + "lower(g.during), 'uses ' || u.gal || ' gal on a bill on average'"
        + _WATER.replace(
            "where g.during",
            "join lateral (select avg(o.usage_gal)::bigint gal from bills_outcome o where o.agreement_id = g.id"
            " and o.code = 'billed' and o.until_on > %(on)s::date - 365) u on true where g.during",
        )
        + " and a.customer_class = 'residential' and u.gal > %(most_gal)s",
    ),
    "meter_size": _Way(
        "The meter's size against what is billed",
        "meter",
        _HEAD
        + "lower(i.during), 'meter ' || m.size || ', billed as ' || coalesce(g.attributes ->> 'meter', f.value)"
        + _WATER.replace(
            "where g.during",
            "join meters_installation i on i.service_point_id = s.id and i.during @> %(on)s::date"
            " join meters_meter m on m.id = i.meter_id left join lateral (select b.value from bills_fact b"
            " where b.service_point_id = s.id and b.name = 'meter' and b.from_on <= %(on)s"
            " order by b.from_on desc, b.id desc limit 1) f on true where g.during",
        )
        + " and coalesce(g.attributes ->> 'meter', nullif(f.value, '')) <> m.size",
    ),
    "inactive_used": _Way(
        "Usage where nobody is responsible",
        "order",
        """select p.id, p.address, null::bigint, '', '', min(r.read_on),
             sum(r.usage_gal) || ' gal since ' || min(r.read_on)
        from meters_read r join customers_servicepoint s on s.id = r.service_point_id
        join customers_premise p on p.id = s.premise_id
        where r.usage_gal > 0 and r.read_on > %(on)s::date - 365 and r.read_on <= %(on)s
          and %(account)s::bigint is null and r.previous_id is not null
          and not exists (select from meters_read y where y.replaces_id = r.id)
          and not exists (select from customers_agreement g where g.service_point_id = s.id
            and g.during && daterange((select v.read_on from meters_read v where v.id = r.previous_id),
              r.read_on, '[]'))
        group by p.id, p.address""",
    ),
    "active_no_meter": _Way(
        "Active without a meter",
        "meter",
        f"{_HEAD} lower(g.during), 'no meter hangs' {_WATER} and not exists (select from meters_installation i"
        " where i.service_point_id = s.id and i.during @> %(on)s::date)",
    ),
    "deposit_missing": _Way(
        "A renter without a deposit",
        "deposit",
        f"{_HEAD} lower(g.during), 'renter, no deposit asked for' {_WATER} and a.tenure = 'renter'"
        " and a.customer_class = 'residential'"
        " and not exists (select from payments_depositdemand d where d.account_id = a.id)"
        " and not exists (select from customers_waiver w where w.account_id = a.id)",
    ),
}


def audit(*, on: date, account_id: int | None = None) -> tuple[Check, ...]:
    """What does not fit on a day, check by check.

    :param account_id: None: the whole city
    """
    looked = _looked(on)
    found = [_check(code, way, on, account_id, looked) for code, way in _WAYS.items()]
    return (*found, _haulers(on, account_id, looked), _hauled(on, account_id, looked))


def _looked(on: date) -> set[tuple[str, int | None, int | None]]:
    rows = AuditLook.objects.filter(until_on__gt=on).values_list("code", "premise_id", "account_id")
    return set(rows)


def _check(
    code: str, way: _Way, on: date, account_id: int | None, looked: set[tuple[str, int | None, int | None]]
) -> Check:
    values: dict[str, Any] = {"on": on, "account": account_id}
    if code == "class_use":
        try:
            values["most_gal"] = policies.load(MOST_GAL).whole(MOST_GAL, on=on)
        except NotSet as missing:
            return Check(code, way.says, way.under, (), 0, missing.says or missing.why)
    with connection.cursor() as cursor:
        cursor.execute(f"{way.sql} order by 2 limit {MOST}", values)
        rows = [Finding(*[code, *row, way.correct]) for row in cursor.fetchall()]
    return _kept(Check(code, way.says, way.under, tuple(rows), 0), looked)


def _kept(check: Check, looked: set[tuple[str, int | None, int | None]]) -> Check:
    left = tuple(row for row in check.findings if (row.code, row.premise_id, row.account_id) not in looked)
    return Check(check.code, check.says, check.under, left, len(check.findings) - len(left), check.not_set)


def _haulers(on: date, account_id: int | None, looked: set[tuple[str, int | None, int | None]]) -> Check:
    rows = tuple(
        Finding(
            "business_no_refuse", one.premise_id, one.address, one.account_id, one.number, one.name, one.since_on,
            "water, no refuse, no private hauler authorised", "hauler",
        )
        for one in list_without(on=on)
        if account_id in (None, one.account_id)
    )  # fmt: skip
    return _kept(
        Check("business_no_refuse", "Businesses with water, no refuse and no authorisation", True, rows, 0), looked
    )


def _hauled(on: date, account_id: int | None, looked: set[tuple[str, int | None, int | None]]) -> Check:
    active = {row.premise_id: row for row in list_standing(on=on) if row.active}
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.premise_id, lower(g.during) from customers_agreement g join customers_servicepoint s"
            " on s.id = g.service_point_id where s.premise_id = any(%s) and s.service = 'sanitation'"
            " and g.during @> %s::date",
            [list(active), on],
        )
        billed = dict(cursor.fetchall())
    rows = tuple(
        Finding(
            "refuse_hauled", row.premise_id, row.address, row.account_id, row.number, row.name, billed[row.premise_id],
            f"refuse billed, hauled by {row.hauler} until {row.until_on}", "hauler",
        )
        for row in active.values()
        if row.premise_id in billed and account_id in (None, row.account_id)
    )  # fmt: skip
    return _kept(Check("refuse_hauled", "Refuse billed where a private hauler is authorised", False, rows, 0), looked)


@act("auditing.look")
def look(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    code: str,
    words: str,
    on: date,
    until_on: date,
    premise_id: int | None = None,
    account_id: int | None = None,
) -> int:
    """Let a finding stand until a day, with the reason: a house with a septic tank, a deposit waived by the council.

    It is listed again from that day on. Returns the row's id.

    :raises Refused: no such check, neither place nor account, or one's own account
    :raises BadEntry: no words, or a day that is not to come
    """
    if code not in (*_WAYS, "business_no_refuse", "refuse_hauled"):
        raise Refused(f"There is no check {code!r}; the audit lists them.", field="code")
    if premise_id is None and account_id is None:
        raise Refused("Say which place or account it is about.", field="account_id")
    if account_id is not None:
        refuse_own(by, [account_id])
        event.about(f"account:{account_id}")
    if premise_id is not None:
        event.about(f"premise:{premise_id}")
    if until_on <= on:
        raise BadEntry(field="until_on", value=until_on.isoformat(), why="not to come", remedy="choose a later day")
    why = check_text(words, field="words", longest=500, required=True)
    made = AuditLook.objects.create(
        code=code, premise_id=premise_id, account_id=account_id, words=why, until_on=until_on, by_id=by.id, at=at,
        event_id=event.id,
    )  # fmt: skip
    event.about(says=f"Finding of the audit let stand until {until_on.isoformat()}: {why}.")
    return made.pk
