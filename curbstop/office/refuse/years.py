"""What a calendar year allows: big-trash pickups of a residence, landfill vouchers of a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._orders import city_time
from curbstop.office._own import refuse_own
from curbstop.records.orders.refuse import Voucher
from curbstop.rules.policies import NotSet, Policies
from curbstop.rules.refuse import Pickup, is_used, last_cancel, refuse_more

BIG_TRASH = "big_trash"
FREE, CANCEL_BY, VOUCHERS = "bigtrash.free_per_year", "bigtrash.cancel_by", "voucher.landfill"


@dataclass(frozen=True)
class PickupRow:
    """A pickup of the year: its order, its day, how it stands, and whether it counts as used."""

    order_id: int
    on: date
    state: str
    used: bool


@dataclass(frozen=True)
class Pickups:
    """The pickups of a residence in a calendar year. ``most`` None: not set for this city.

    ``cancel_says`` is the sentence about cancelling in time.
    """

    year: int
    most: int | None
    says: str
    cancel_says: str
    rows: tuple[PickupRow, ...]

    @property
    def used(self) -> int:
        """How many count as used."""
        return sum(row.used for row in self.rows)

    @property
    def booked(self) -> int:
        """How many are to come."""
        return sum(row.state == "open" for row in self.rows)

    @property
    def left(self) -> int | None:
        """How many are left beside those to come."""
        return None if self.most is None else max(self.most - self.used - self.booked, 0)


_PICKUPS = """
select o.id, n."on", coalesce(e.outcome, 'open'), e.at
from orders_order o
join lateral (select p."on" from orders_plan p where p.order_id = o.id order by p.no desc limit 1) n on true
left join orders_end e on e.order_id = o.id
where o.premise_id = %s and o.type = 'big_trash' and coalesce(n."on", o.written_on) >= %s
  and coalesce(n."on", o.written_on) < %s order by n."on", o.id"""


def get_pickups(*, premise_id: int, on: date) -> Pickups:
    """The big-trash pickups of a residence in the calendar year of a day: they belong to the place, whoever lives
    there."""
    known = policies.load(FREE, CANCEL_BY)
    with connection.cursor() as cursor:
        cursor.execute(_PICKUPS, [premise_id, date(on.year, 1, 1), date(on.year + 1, 1, 1)])
        rows = cursor.fetchall()
    found = []
    for order, day, state, ended in rows:
        pickup = Pickup(day or on, state, city_time(ended) if ended else None)
        found.append(PickupRow(order, day or on, state, is_used(pickup, _cancel_until(known, day))))
    try:
        most, says = known.whole(FREE, on=on), known.policy(FREE).says
    except NotSet as missing:
        most, says = None, missing.says or missing.why
    try:
        known.value(CANCEL_BY, on=on)
        cancel = known.policy(CANCEL_BY).says
    except NotSet as missing:
        cancel = missing.says
    return Pickups(on.year, most, says, cancel, tuple(found))


def _cancel_until(known: Policies, on: date | None) -> datetime | None:
    if on is None:
        return None
    try:
        rule = known.table(CANCEL_BY, on=on)
    except NotSet:
        return None
    return last_cancel(on, weekday=str(rule["weekday"]), hour=int(str(rule["hour"])))


def refuse_pickup(premise_id: int, on: date | None, today: date) -> None:
    """A pickup beyond the year's free ones is refused; where the city has set no number, it goes on.

    :raises Refused: none is left, or the order has no day
    """
    if on is None:
        raise Refused("A big-trash pickup is for a day; choose it, so that it can be cancelled in time.", field="on")
    found = get_pickups(premise_id=premise_id, on=on)
    if found.most is None or found.left:
        return
    days = [row.on for row in found.rows if row.used or row.state == "open"]
    raise Refused(
        f"{refuse_more('big-trash pickup', taken=days, most=found.most, on=on).capitalize()}. {found.says}", field="on"
    )


# --- vouchers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VoucherRow:
    """A landfill voucher as it was handed out."""

    id: int
    number: str
    account_id: int
    on: date
    by: str


@act("refuse.hand_out_voucher")
def hand_out_voucher(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, on: date) -> VoucherRow:
    """Hand a customer the landfill voucher of the calendar year; it belongs to the customer, wherever he moves.

    :raises Refused: the year's are handed out, it is not a residential account, or the city has set none
    """
    event.about(f"account:{account_id}")
    refuse_own(by, [account_id])
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.id, a.customer_class, a.number, c.name from customers_account a join customers_customer c"
            " on c.id = a.customer_id where a.id = %s for no key update of c",
            [account_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no account {account_id}; look it up first.", field="account_id")
    customer, customer_class, number, name = row
    if customer_class != "residential":
        raise Refused(f"Account {number} is {customer_class}; vouchers are for residential customers.")
    known = policies.load(VOUCHERS)
    try:
        most = known.whole(VOUCHERS, on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says or missing.why} None is handed out on a guess.", field=VOUCHERS) from None
    taken = list(Voucher.objects.filter(customer_id=customer, year=on.year).order_by("no").values_list("on", flat=True))
    if why := refuse_more("voucher", taken=taken, most=most, on=on):
        raise Refused(f"{why[0].upper()}{why[1:]}.", field="account_id")
    made = Voucher.objects.create(
        number=f"LV-{on.year}-{customer:06}-{len(taken) + 1}",
        customer_id=customer,
        account_id=account_id,
        year=on.year,
        no=len(taken) + 1,
        on=on,
        by_id=by.id,
        event_id=event.id,
    )
    event.about(says=f"Landfill voucher {made.number} of {on.year} handed to {name}.")
    return VoucherRow(made.pk, made.number, account_id, on, by.name)


def list_vouchers(*, account_id: int, on: date) -> tuple[VoucherRow, ...]:
    """The vouchers of an account's customer in the calendar year of a day."""
    rows = Voucher.objects.filter(customer__accounts__id=account_id, year=on.year).select_related("by").order_by("no")
    return tuple(VoucherRow(row.pk, row.number, row.account_id, row.on, str(row.by)) for row in rows)


def get_voucher(*, voucher_id: int) -> VoucherRow:
    """One voucher. :raises Refused: there is none of this number"""
    row = Voucher.objects.select_related("by").filter(pk=voucher_id).first()
    if row is None:
        raise Refused(f"There is no voucher {voucher_id}.", field="voucher_id")
    return VoucherRow(row.pk, row.number, row.account_id, row.on, str(row.by))
