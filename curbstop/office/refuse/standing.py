"""Where private hauling stands: each request with its steps, certificates and letters; businesses without either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from curbstop.office._once import Refused
from curbstop.records.orders.refuse import HaulerCertificate, HaulerNotice, HaulerStep
from curbstop.rules.refuse import Cover, authorise, find_gaps


@dataclass(frozen=True)
class StepRow:
    """A step of a request: what, in whose words, when."""

    step: str
    words: str
    on: date
    from_on: date | None
    by: str


@dataclass(frozen=True)
class CertificateRow:
    """A certificate of insurance on file, and the letters that went out before its end (-1: its lapse)."""

    id: int
    from_on: date
    ends_on: date
    insurer: str
    filed_on: date
    notices: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """A request for a private hauler as it stands on a day.

    :ivar state: ``asked``, ``recommended``, ``approved`` (a certificate is missing), ``active``, ``lapsed``,
        ``can_serve``, ``refused``, ``ended``
    :ivar until_on: the first day that the hauler may not come, where he may
    :ivar lapsed_on: since when no certificate is in force
    :ivar gaps: the days without one between certificates
    """

    request_id: int
    account_id: int
    number: str
    name: str
    premise_id: int
    address: str
    reason: str
    hauler: str
    asked_on: date
    owner: str
    owner_id: int
    state: str
    approved_from: date | None
    ended_on: date | None
    until_on: date | None
    lapsed_on: date | None
    gaps: tuple[tuple[date, date], ...]
    steps: tuple[StepRow, ...]
    certificates: tuple[CertificateRow, ...]

    @property
    def active(self) -> bool:
        """Whether the hauler may come."""
        return self.state == "active"

    def covers(self, on: date) -> bool:
        """Whether the hauler may come on another day."""
        return authorise(self.approved_from, self.ended_on, _covers(self.certificates), on).active


def _covers(certificates: Sequence[CertificateRow]) -> list[Cover]:
    return [Cover(one.from_on, one.ends_on + timedelta(days=1)) for one in certificates]


def get_standing(*, request_id: int, on: date) -> Standing:
    """A request as it stands on a day. :raises Refused: there is none of this number"""
    found = _list("r.id = %(id)s", {"id": request_id}, on)
    if not found:
        raise Refused(f"There is no request {request_id}; the list of haulers has them.", field="request_id")
    return found[0]


def list_standing(*, on: date, ended: bool = False) -> tuple[Standing, ...]:
    """The monitor list: every request that is not over, those that end soonest first.

    :param ended: those that are over too
    """
    over = ("can_serve", "refused", "ended")
    rows = [row for row in _list("true", {}, on) if ended or row.state not in over]
    return tuple(sorted(rows, key=lambda row: (row.state == "active", row.until_on or date.min, row.request_id)))


_ROWS = """
select r.id, r.account_id, a.number, c.name, r.premise_id, p.address, r.reason, r.hauler, r.asked_on,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), r.owner_id
from orders_haulerrequest r join customers_account a on a.id = r.account_id
join customers_customer c on c.id = a.customer_id join customers_premise p on p.id = r.premise_id
join base_user u on u.id = r.owner_id where {where} order by r.id limit 1000"""


def _list(where: str, values: dict[str, int], on: date) -> list[Standing]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(where=where), values)
        rows = cursor.fetchall()
    ids = [row[0] for row in rows]
    steps: dict[int, list[HaulerStep]] = {id: [] for id in ids}
    for step in HaulerStep.objects.filter(request_id__in=ids, on__lte=on).select_related("by").order_by("id"):
        steps[step.request_id].append(step)
    notices: dict[int, list[int]] = {}
    for notice in HaulerNotice.objects.filter(certificate__request_id__in=ids, on__lte=on):
        notices.setdefault(notice.certificate_id, []).append(notice.days)
    certificates: dict[int, list[CertificateRow]] = {id: [] for id in ids}
    for one in HaulerCertificate.objects.filter(request_id__in=ids, filed_on__lte=on).order_by("from_on", "id"):
        sent = tuple(sorted(notices.get(one.pk, ()), reverse=True))
        row = CertificateRow(one.pk, one.from_on, one.ends_on, one.insurer, one.filed_on, sent)
        certificates[one.request_id].append(row)
    return [_standing(row, steps[row[0]], tuple(certificates[row[0]]), on) for row in rows]


def _standing(row: Sequence[Any], steps: Sequence[HaulerStep], kept: tuple[CertificateRow, ...], on: date) -> Standing:
    named = {step.step: step for step in steps}
    approved = named["approved"].from_on if "approved" in named else None
    ended = named["ended"].on if "ended" in named else None
    there = authorise(approved, ended, _covers(kept), on)
    last = steps[-1].step if steps else "asked"
    state = last
    if last == "approved":
        state = "active" if there.active else "lapsed" if there.lapsed_on else "approved"
    gaps = find_gaps(approved, _covers(kept), on) if approved is not None and not ended else ()
    told = tuple(StepRow(step.step, step.words, step.on, step.from_on, str(step.by)) for step in steps)
    then = (state, approved, ended, there.until_on, there.lapsed_on, gaps, told, kept)
    return Standing(*[*row, *then])


@dataclass(frozen=True)
class Without:
    """A business with water, no city refuse and nobody authorised to haul: somebody must look."""

    account_id: int
    number: str
    name: str
    premise_id: int
    address: str
    since_on: date
    request_id: int | None


_WITHOUT = """
select a.id, a.number, c.name, p.id, p.address, lower(g.during),
  (select max(r.id) from orders_haulerrequest r where r.premise_id = p.id and r.account_id = a.id)
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id and s.service = 'water'
join customers_premise p on p.id = s.premise_id join customers_account a on a.id = g.account_id
join customers_customer c on c.id = a.customer_id
where g.during @> %(on)s::date and a.customer_class = 'commercial' and not exists (
  select from customers_agreement h join customers_servicepoint t on t.id = h.service_point_id
  where t.premise_id = p.id and t.service = 'sanitation' and h.during @> %(on)s::date)
and not exists (select from (select distinct on (d.premise_id) d.kind from orders_dumpsterchange d
  where d.premise_id = p.id and d."on" <= %(on)s order by d.premise_id, d."on" desc, d.id desc) x
  where x.kind = 'delivered')
order by p.address limit 1000"""


def list_without(*, on: date) -> tuple[Without, ...]:
    """Businesses with water, without city refuse or a dumpster, and without a private hauler authorised on the day."""
    active = {row.premise_id for row in list_standing(on=on) if row.active}
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT, {"on": on})
        return tuple(Without(*row) for row in cursor.fetchall() if row[3] not in active)
