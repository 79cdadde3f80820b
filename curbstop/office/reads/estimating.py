"""A read that could not be had is estimated, by the city's rule and never more often in a row than it allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies
from curbstop.office._counting import COUNTS
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own_place
from curbstop.office.reads._standing import NOT_REJECTED, Standing, lock_installations, stand
from curbstop.office.reads.entry import check_day
from curbstop.rules.customers import check_text
from curbstop.rules.policies import NotSet
from curbstop.rules.reads import EstimateRule, estimate_gal


@dataclass(frozen=True)
class Estimated:
    """A read as estimated: what it comes to, what it is made from, and its place in a row of estimates."""

    read_id: int
    meter: str
    read_on: date
    register: int
    usage_gal: int
    made_from: tuple[int, ...]
    in_row: int
    says: str


@act("reads.estimate")
def estimate(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, service_point_id: int, read_on: date, reason: str
) -> Estimated:
    """Estimate the read of a meter that could not be read. It counts, is marked as an estimate, and its row is counted.

    A read of that day that waits for a decision is put aside by it.

    :param reason: why the meter could not be read; it stays with the estimate
    :raises NoEstimate: too few uses on file to go by
    :raises Refused: the city has no rule, or allows no more in a row; no meter hangs there
    """
    why = check_text(reason, field="reason", longest=300, required=True)
    rule = load_rule(read_on)
    locked = lock_installations(service_point_ids=[service_point_id], on=read_on)
    if not locked:
        raise Refused(f"No meter hangs at service point {service_point_id} then.", field="service_point_id")
    waiting = _waiting(locked[-1][0], read_on)
    standing = stand([locked[-1][0]], on=read_on, at=at, without=waiting)[0]
    refuse_own_place(by, standing.premise_id, read_on)
    event.about(f"service_point:{service_point_id}", f"premise:{standing.premise_id}")
    if standing.previous_on is None or standing.previous_register is None:
        raise Refused(f"Meter {standing.serial} has no read to go on from; it must be read.", field="read_on")
    check_day(standing, read_on)
    before = count_in_row(standing.installation_id, read_on)
    if rule.most_in_a_row is not None and before >= rule.most_in_a_row:
        raise _too_many(standing, rule.most_in_a_row)
    days = (read_on - standing.previous_on).days
    gal, places = estimate_gal(rule, gal=standing.history_gal, days=standing.history_days, for_days=days)
    units = gal // standing.gal_per_unit
    register = (standing.previous_register + units) % 10**standing.dials
    usage = units * standing.gal_per_unit
    made_from = _reads_of(standing, read_on, places)
    read_id = _write(standing, read_on, register, usage, waiting, made_from, rule.method, before + 1, why, event.id)
    says = f"Meter {standing.serial} estimated on {read_on.isoformat()}: {usage:,} gal in {days} days"
    says += f", {_th(before + 1)} in a row"
    event.about(f"read:{read_id}", says=f"{says}. {why}")
    return Estimated(read_id, standing.serial, read_on, register, usage, made_from, before + 1, f"{says}.")


def load_rule(on: date) -> EstimateRule:
    """The city's rule. :raises Refused: it has none"""
    known = policies.load("reads.estimate", "reads.estimates_in_a_row")
    try:
        row = known.table("reads.estimate", on=on)
    except NotSet as missing:
        raise Refused(
            f"{missing.says or missing}. Nothing is estimated on a guess.", field="reads.estimate"
        ) from missing
    try:
        most: int | None = known.whole("reads.estimates_in_a_row", on=on)
    except NotSet:
        most = None
    return EstimateRule(str(row["method"]), int(str(row["uses"])), most)


def _too_many(standing: Standing, most: int) -> Refused:
    number = {1: "one estimate", 2: "two estimates", 3: "three estimates"}.get(most, f"{most} estimates")
    return Refused(
        f"{number} in a row {'is' if most == 1 else 'are'} the most; meter {standing.serial} is held until a true read."
        " Have it read, and hold it with an owner until then.",
        field="read_on",
    )


def count_in_row(installation_id: int, before: date) -> int:
    """How many estimates count since the last true read of a meter."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select count(*) from meters_read r where r.installation_id = %s and r.read_on < %s and {COUNTS}"
            " and r.kind = 'estimated' and r.read_on > coalesce((select max(t.read_on) from meters_read t"
            "   where t.installation_id = r.installation_id and t.read_on < %s and t.kind <> 'estimated'"
            f"  and {COUNTS.replace('r.', 't.')}), '-infinity')",
            [installation_id, before, before],
        )
        return int(cursor.fetchone()[0])


def _waiting(installation_id: int, on: date) -> int:
    """The read of that day that nobody decided yet, 0 for none."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select r.id from meters_read r where r.installation_id = %s and r.read_on = %s and {NOT_REJECTED}"
            " and r.findings <> '{}' and not exists (select from meters_readdecision d where d.read_id = r.id)",
            [installation_id, on],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _reads_of(standing: Standing, on: date, places: Sequence[int]) -> tuple[int, ...]:
    """The reads that ended the uses at these places, as ``stand`` lists them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select r.id from meters_read r where r.service_point_id = %s and r.read_on < %s and {COUNTS}"
            " and r.read_on > %s order by r.read_on desc, r.id desc limit %s",
            [standing.service_point_id, on, standing.used_from or standing.hung_from, max(places, default=0) + 1],
        )
        ids = [int(row[0]) for row in cursor.fetchall()]
    return tuple(ids[place] for place in places if place < len(ids))


def _write(
    standing: Standing, on: date, register: int, usage: int, waiting: int, made_from: Sequence[int], method: str,
    in_row: int, why: str, event_id: int,
) -> int:  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
            " previous_id, usage_gal, findings, replaces_id, event_id)"
            " values (%s, %s, %s, %s, 'estimated', 'system', '', %s, %s, '{}', %s, %s) returning id",
            [standing.installation_id, standing.service_point_id, on, register, standing.previous_id, usage,
             waiting or standing.rejected_id, event_id],
        )  # fmt: skip
        read_id = int(cursor.fetchone()[0])
        cursor.execute(
            "insert into meters_estimate (read_id, method, made_from, in_row, reason) values (%s, %s, %s, %s, %s)",
            [read_id, method, list(made_from), in_row, why],
        )
    return read_id


def _th(number: int) -> str:
    return {1: "the first", 2: "the second", 3: "the third"}.get(number, f"the {number}th")
