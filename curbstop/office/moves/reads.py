"""What the screens of moves show before: what an account holds where, the refund clock, the appointment windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.office import _orders, policies
from curbstop.office.ledger.statements import ask
from curbstop.office.moves.reverting import StandingAgreement, list_reversions
from curbstop.rules.customers import METERED, SERVICES
from curbstop.rules.policies import NotSet

REFUND_DAYS = "deposit.refund.days"


@dataclass(frozen=True)
class LastRead:
    """A meter and what it showed last; ``on`` None: it was never read."""

    meter: str
    register: int | None
    on: date | None


@dataclass(frozen=True)
class HeldPlace:
    """A premise that an account holds and has given no notice for; ``landlord`` takes it when the account ends."""

    premise_id: int
    address: str
    services: tuple[str, ...]
    metered: tuple[tuple[str, LastRead], ...]
    landlord: StandingAgreement | None


@dataclass(frozen=True)
class RefundClock:
    """By when what is left of a deposit is mailed, with the sentence; None, and why, where the city has not said."""

    by_on: date | None
    days: int
    says: str


_HELD = """
select p.id, p.address, s.service, coalesce(m.serial, ''), r.register, r.read_on
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
join customers_premise p on p.id = s.premise_id
left join meters_installation i on i.service_point_id = s.id and i.during @> %(on)s::date
left join meters_meter m on m.id = i.meter_id
left join lateral (select r.register, r.read_on from meters_read r where r.installation_id = i.id
  and not exists (select 1 from meters_read x where x.replaces_id = r.id)
  order by r.read_on desc, r.id desc limit 1) r on true
where g.account_id = %(account)s::bigint and upper_inf(g.during)
order by p.id, array_position(%(order)s::text[], s.service), s.number"""


def list_held_places(*, account_id: int, on: date) -> tuple[HeldPlace, ...]:
    """The premises of the account that could stop or move."""
    rows = ask(_HELD, {"account": account_id, "on": on, "order": list(SERVICES)})
    found = []
    for premise_id in dict.fromkeys(row[0] for row in rows):
        here = [row for row in rows if row[0] == premise_id]
        standing = [
            one
            for one in list_reversions(premise_id=premise_id)
            if one.from_on <= on < (one.until_on or date.max) and one.account_id != account_id
        ]
        found.append(
            HeldPlace(
                premise_id,
                here[0][1],
                tuple(row[2] for row in here),
                tuple((row[2], LastRead(*row[3:])) for row in here if row[2] in METERED and row[3]),
                standing[0] if standing else None,
            )
        )
    return tuple(found)


def get_refund_clock(*, on: date) -> RefundClock:
    """By when a deposit goes back when service ends on the day (11 O.S. 35-107)."""
    rules = policies.load(REFUND_DAYS)
    try:
        days = rules.whole(REFUND_DAYS, on=on)
    except NotSet as missing:
        return RefundClock(None, 0, missing.says or missing.why)
    policy = rules.policy(REFUND_DAYS)
    return RefundClock(on + timedelta(days=days), days, f"{policy.says} {policy.authority}.")


def get_windows(*, on: date) -> tuple[tuple[str, ...], str]:
    """When somebody can be home for water to be turned on, and the city's sentence; none where it has not said."""
    windows, says = _orders.get_windows(_orders.get_type("connect"), on)
    return windows or (), says


@dataclass(frozen=True)
class MoveOrder:
    """An order that a move wrote, and how it stands: ``open``, ``done``, ``failed``, ``cancelled``."""

    id: int
    type: str
    premise_id: int
    address: str
    on: date | None
    window: str
    state: str


_ORDERS = """
select o.id, o.type, o.premise_id, p.address, n."on", coalesce(n."window", ''), coalesce(e.outcome, 'open')
from customers_move m join orders_order o on o.event_id = m.event_id join customers_premise p on p.id = o.premise_id
left join lateral (select x."on", x."window" from orders_plan x where x.order_id = o.id order by x.no desc limit 1) n
  on true
left join orders_end e on e.order_id = o.id where m.id = %(move)s::bigint order by o.id"""


def list_orders_of(*, move_id: int) -> tuple[MoveOrder, ...]:
    """The field's orders that a move wrote."""
    return tuple(MoveOrder(*row) for row in ask(_ORDERS, {"move": move_id}))
