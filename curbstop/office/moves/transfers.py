"""Transfer: an account moves from one premise to another in one act, and what it has goes with it.

Balance, deposit, autopay and programmes are the account's, and the account stays; its sewer average is carried to the
new place. One day ends the old responsibility and begins the new one: no day belongs to both or to neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office import deposits, ledger, policies, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.ledger.statements import array, ask
from curbstop.office.moves.following import send_field
from curbstop.office.moves.recording import agree, end, raise_fee, record, send_mail_to
from curbstop.office.moves.reverting import Reverted, let_go, lock_premise, revert
from curbstop.office.moves.stops import Held, final_reads, load_held, refuse_end
from curbstop.office.moves.weighing import (
    Occupant,
    Party,
    Place,
    ServiceChoice,
    fee_of,
    fit,
    is_metered,
    load_party,
    load_places,
)
from curbstop.office.reads.entry import ReadEntered, enter_moving
from curbstop.records.customers.models import Carried
from curbstop.rules.customers import BadEntry, check_mail_to
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.moves import Choice
from curbstop.rules.policies import NotSet

SEWER_CAP = "transfer.sewer_cap"
ONE_CAP = "one cap"
POLICIES = ("fee.transfer", SEWER_CAP)


@dataclass(frozen=True)
class CarriedOver:
    """What goes with the account. ``sewer_average_gal`` None: the tariff's own cap counts, here as there."""

    balance_cents: int
    deposit_cents: int
    deposit_asked_cents: int
    sewer_average_gal: int | None
    autopay: bool


@dataclass(frozen=True)
class TransferPreview:
    """What a transfer would do. ``refusals`` say what stands in its way; with any, it would be refused."""

    from_address: str
    address: str
    ending: tuple[str, ...]
    occupants: tuple[Occupant, ...]
    services: tuple[ServiceChoice, ...]
    carried: CarriedOver
    fee_cents: int
    fee_says: str
    fee_not_set: str
    refusals: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Transferred:
    """What a transfer did; ``unread`` names the meters, here and there, without a read of the day."""

    ended: tuple[int, ...]
    begun: tuple[int, ...]
    fee_cents: int
    carried: CarriedOver
    reads: tuple[ReadEntered, ...]
    unread: tuple[str, ...]
    reverted: Reverted | None
    move_id: int
    says: str
    order_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Weighed:
    """Both ends of a transfer."""

    from_address: str
    address: str
    held: tuple[Held, ...]
    places: tuple[Place, ...]
    choices: Mapping[str, Choice]
    fee_cents: int | None
    fee_says: str
    fee_authority: str
    fee_not_set: str
    one_cap: bool
    refusals: tuple[Refused | BadValue, ...]


def get_transfer_preview(
    *,
    account_id: int,
    from_premise_id: int,
    premise_id: int,
    on: date,
    services: tuple[str, ...] | None = None,
    tariffs: Mapping[str, str] | None = None,
) -> TransferPreview:
    """What :func:`transfer` would do, and what stands in its way.

    :raises Refused: there is no such account or premise, or the account holds nothing at the first one
    """
    party = load_party(account_id, lock=False)
    weighed = _weigh(party, from_premise_id, premise_id, on, services, tariffs or {}, lock=False)
    return TransferPreview(
        from_address=weighed.from_address,
        address=weighed.address,
        ending=tuple(held.service for held in weighed.held),
        occupants=tuple(place.occupant for place in weighed.places if place.occupant is not None),
        services=tuple(
            ServiceChoice(
                place.service, place.id, weighed.choices[place.service].code, weighed.choices[place.service].reason,
                place.meter, place.last_register, place.last_on,
            )
            for place in weighed.places
            if place.service in weighed.choices
        ),
        carried=_carried(account_id, weighed.held, on),
        fee_cents=weighed.fee_cents or 0,
        fee_says=weighed.fee_says,
        fee_not_set=weighed.fee_not_set,
        refusals=tuple(str(refusal) for refusal in weighed.refusals),
        says=_sentence(weighed),
    )  # fmt: skip


@act("moves.transfer")
def transfer(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    from_premise_id: int,
    premise_id: int,
    on: date,
    services: tuple[str, ...] | None = None,
    tariffs: Mapping[str, str] | None = None,
    items: Mapping[str, int] | None = None,
    final_registers: Mapping[str, int] | None = None,
    registers: Mapping[str, int] | None = None,
    mail_to: tuple[str, ...] = (),
    window: str = "",
) -> Transferred:
    """Transfer service: the account is responsible at the first premise until the day, and at the second from it.

    The transfer fee waits for the next bill. There is no second deposit, and the first is not given back. Both parts of
    the cycle come on one paper; where ``transfer.sewer_cap`` says one cap, what the first part left of it is the
    second's.

    :param on: the day; it may be to come, then without reads
    :param services: which of the second premise's; None: those that end, as far as they are there
    :param items: service to how many (carts); as before when not named
    :param final_registers: service to what its meter shows at the first premise on the day
    :param registers: the same at the second
    :param mail_to: where bills go from now on; none: as before
    :param window: of the day, when somebody is home at the second premise to sign
    :raises Refused: the account holds nothing at the first premise, or cannot end there on the day; somebody else is
        responsible at the second; no tariff holds
    :raises rules.faults.BadValue: a register or a number of items that cannot be
    """
    lines = check_mail_to(mail_to)
    event.about(f"account:{account_id}", f"premise:{from_premise_id}", f"premise:{premise_id}")
    refuse_own(by, [account_id])
    party = load_party(account_id, lock=True)
    for premise in sorted({from_premise_id, premise_id}):
        lock_premise(premise)
    weighed = _weigh(party, from_premise_id, premise_id, on, services, tariffs or {}, lock=True)
    if weighed.refusals:
        raise weighed.refusals[0]
    carried = _carried(account_id, weighed.held, on)
    gone, _ = let_go(event, account_id=account_id, service_points=[place.id for place in weighed.places], on=on)
    reads = final_reads(list(weighed.held), final_registers or {}, on, at, event)
    reads += _opening(weighed, registers or {}, on, at, event)
    ended = [held.agreement_id for held in weighed.held]
    end(event, ended, on)
    begun = agree(event, account_id, _rows(weighed, items or {}), on=on, until={})
    _carry(event, weighed, begun, on)
    reverted = revert(event, account_id=account_id, premise_id=from_premise_id, ended=ended, on=on)
    charges = raise_fee(event, account_id, "fee.transfer", weighed.fee_cents, weighed.fee_authority, on)
    send_mail_to(event, account_id, lines)
    move_id = record(
        event, kind="transfer", account_id=account_id, premise_id=premise_id, from_premise_id=from_premise_id, on=on,
        begun=[*sorted(begun.values()), *(reverted.agreement_ids if reverted else ())], ended=[*ended, *gone],
        charges=charges,
    )  # fmt: skip
    search.refresh([account_id])
    unread = _unread(weighed, reads, on)
    event.about(says=_told(weighed, party.number, on, unread))
    orders = _send(
        event, account_id, weighed, (from_premise_id, premise_id), on, unread, sorted(begun.values()), window
    )
    return Transferred(
        tuple(ended), tuple(sorted(begun.values())), weighed.fee_cents or 0, carried, reads, unread, reverted, move_id,
        _sentence(weighed), orders,
    )  # fmt: skip


def _send(
    event: Acting,
    account_id: int,
    weighed: _Weighed,
    premises: tuple[int, int],
    on: date,
    unread: tuple[str, ...],
    begun: list[int],
    window: str,
) -> tuple[int, ...]:
    """A read where they leave, water where they come."""
    left = {held.meter for held in weighed.held}
    here = send_field(
        event, kind="transfer_read", premise_id=premises[0], account_id=account_id, on=on,
        unread=[meter for meter in unread if meter in left],
    )  # fmt: skip
    there = send_field(
        event, kind="connect", premise_id=premises[1], account_id=account_id, on=on, agreements=begun, window=window,
        unread=[meter for meter in unread if meter not in left],
    )  # fmt: skip
    return tuple(order for order in (here, there) if order is not None)


def _weigh(
    party: Party,
    from_premise_id: int,
    premise_id: int,
    on: date,
    services: tuple[str, ...] | None,
    wanted: Mapping[str, str],
    *,
    lock: bool,
) -> _Weighed:
    refusals: list[Refused | BadValue] = []
    if from_premise_id == premise_id:
        refusals.append(Refused("It is the same place; choose where they move to.", field="premise_id"))
    held = tuple(load_held(party.id, from_premise_id, on))
    for agreement in held:
        try:
            refuse_end(agreement, on)
        except Refused as fault:
            refusals.append(fault)
            break
    from_address, _ = load_places(from_premise_id, on=on, lock=False)
    address, places = load_places(premise_id, on=on, lock=lock)
    there = {place.service for place in places}
    if services is None:
        services = tuple(held_one.service for held_one in held if held_one.service in there)
    taken, choices = fit(
        places, address, party.customer_class, on=on, services=services, wanted=wanted, refusals=refusals
    )
    rules = policies.load(*POLICIES)
    fee, fee_says, fee_authority, fee_not_set = fee_of(rules, "fee.transfer", on)
    try:
        one_cap = rules.text(SEWER_CAP, on=on) == ONE_CAP
    except NotSet:
        one_cap = False
    return _Weighed(
        from_address, address, held, tuple(taken), choices, fee, fee_says, fee_authority, fee_not_set, one_cap,
        tuple(refusals),
    )  # fmt: skip


_AVERAGE = """
select v.gal from meters_average v join customers_agreement g on g.id = v.agreement_id
join customers_servicepoint s on s.id = g.service_point_id
where v.agreement_id = any(%(ids)s::bigint[]) and s.service = 'sewer' and v.during @> %(on)s::date"""


def _carried(account_id: int, held: tuple[Held, ...], on: date) -> CarriedOver:
    average = ask(_AVERAGE, {"ids": array([one.agreement_id for one in held]), "on": on})
    autopay = ask(
        "select exists (select 1 from payments_enrolment e where e.account_id = %(id)s::bigint"
        " and not exists (select 1 from payments_enrolment n where n.follows_id = e.id)"
        " and not exists (select 1 from payments_enrolmentend d where d.enrolment_id = e.id"
        "   and d.until_on <= %(on)s::date))",
        {"id": account_id, "on": on},
    )[0][0]
    return CarriedOver(
        balance_cents=ledger.get_balance(account_id),
        deposit_cents=deposits.held_cents(account_id),
        deposit_asked_cents=deposits.asked_cents(account_id),
        sewer_average_gal=average[0][0] if average else None,
        autopay=bool(autopay),
    )


def _rows(weighed: _Weighed, items: Mapping[str, int]) -> list[tuple[int, str, int]]:
    before = {held.service: held.items for held in weighed.held}
    starting = {place.service for place in weighed.places}
    for service, count in items.items():
        if service not in starting:
            why = "does not start here"
            raise BadEntry(field="items", value=service, why=why, remedy=f"it is one of {', '.join(sorted(starting))}")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 999:
            raise BadEntry(field="items", value=count, why="not a number of items", remedy="write 0 to 999")
    return [
        (place.id, weighed.choices[place.service].code, items.get(place.service, before.get(place.service, 1)))
        for place in weighed.places
    ]


def _opening(
    weighed: _Weighed, registers: Mapping[str, int], on: date, at: datetime, event: Acting
) -> tuple[ReadEntered, ...]:
    points = {place.service: place.id for place in weighed.places if is_metered(place)}
    for service in registers:
        if service not in points:
            remedy = f"name {' or '.join(sorted(points)) or 'no register'}"
            raise BadEntry(field="registers", value=service, why="has no meter that starts here", remedy=remedy)
    if not registers:
        return ()
    by_point = {points[service]: register for service, register in registers.items()}
    return enter_moving(by_point, on=on, at=at, kind="opening", event_id=event.id)


def _carry(event: Acting, weighed: _Weighed, begun: Mapping[int, int], on: date) -> None:
    """The personal average goes along, and a row says which agreement carries on which."""
    before = {held.service: held.agreement_id for held in weighed.held}
    rows = [
        Carried(
            agreement_id=begun[place.id], from_agreement_id=before[place.service], on=on, event_id=event.id,
            one_cap=weighed.one_cap and place.service == "sewer",
        )
        for place in weighed.places
        if place.service in before
    ]  # fmt: skip
    Carried.objects.bulk_create(rows)
    for row in rows:
        ask(
            "insert into meters_average (agreement_id, during, gal, reads, event_id)"
            " select %(new)s::bigint, v.during * daterange(%(on)s::date, null), v.gal, v.reads, %(event)s::bigint"
            " from meters_average v where v.agreement_id = %(old)s::bigint"
            " and v.during && daterange(%(on)s::date, null) returning id",
            {"new": row.agreement_id, "old": row.from_agreement_id, "on": on, "event": event.id},
        )


def _unread(weighed: _Weighed, reads: tuple[ReadEntered, ...], on: date) -> tuple[str, ...]:
    read = {one.meter for one in reads}
    metered = [(held.meter, held.last_on) for held in weighed.held]
    metered += [(place.meter, place.last_on) for place in weighed.places if place.installation_id is not None]
    return tuple(meter for meter, last_on in metered if meter and meter not in read and last_on != on)


def _told(weighed: _Weighed, number: str, on: date, unread: tuple[str, ...]) -> str:
    waits = f" No read of the day yet of meter {', '.join(unread)}." if unread else ""
    fee = f" Transfer fee {show(weighed.fee_cents)}." if weighed.fee_cents else ""
    return f"Account {number} moves from {weighed.from_address} to {weighed.address} on {on.isoformat()}.{fee}{waits}"


def _sentence(weighed: _Weighed) -> str:
    said = "Your deposit and your sewer average move with you."
    if weighed.fee_cents:
        return f"{said} A transfer is ${show(weighed.fee_cents)}, on the next bill."
    return f"{said} {weighed.fee_not_set}".strip()
