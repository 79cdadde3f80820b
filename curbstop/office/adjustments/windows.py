"""Who may approve a request today: the city's limits over what was approved on its accounts before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import policies
from curbstop.office._rights import RIGHTS
from curbstop.office.adjustments.kinds import Kind
from curbstop.office.adjustments.weighing import Weighed
from curbstop.rules.adjustments import Given, Level, level_of, read_limits
from curbstop.rules.policies import NotSet

APPROVES = "adjustments.approve"

_GIVEN = """
select a.id, r.cents, v."on" from ledger_request r join ledger_verdict v on v.approved_id = r.id
join unnest(%(accounts)s::bigint[]) a(id) on r.account_ids @> array[a.id]
where r.account_ids && %(accounts)s::bigint[] and r.limits = %(limits)s and r.id <> %(request)s order by v."on", r.id"""


def level_for(kind: Kind, roles: Iterable[str], weighed: Weighed, on: date, request_id: int) -> Level:
    """Whether somebody with these roles may approve it on the day, and whose limit it is within.

    A policy that is not set lets nobody approve, and says so.
    """
    held = sorted(set(roles))
    if not kind.limits:
        mine = next((role for role in held if APPROVES in RIGHTS.get(role, ())), "")
        return Level(mine, "" if mine else "your role approves nothing", "supervisor")
    try:
        value = policies.load(kind.limits).rows(kind.limits, on=on)
    except NotSet as missing:
        says = missing.says or "How much a role may approve is not set for this city."
        return Level("", f"nobody may approve it yet: {kind.limits} is not set. {says}", "")
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"accounts": list(weighed.account_ids), "limits": kind.limits, "request": request_id}
        cursor.execute(_GIVEN, values)
        given = [Given(*row) for row in cursor.fetchall()]
    limits = read_limits(value, policy=kind.limits)
    return level_of(roles=held, limits=limits, cents=weighed.cents, account_ids=weighed.account_ids, given=given, on=on)
