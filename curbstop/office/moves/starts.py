"""Start: an account becomes responsible for the services of a premise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office import deposits, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.moves.weighing import (
    StartPreview,
    Weighed,
    is_metered,
    load_party,
    load_places,
    preview,
    sentence,
    weigh,
)
from curbstop.office.reads.entry import ReadEntered, enter_moving
from curbstop.rules.customers import BadEntry
from curbstop.rules.deposits import Deposit
from curbstop.rules.money import show


@dataclass(frozen=True)
class StartedService:
    """A service that started: its agreement, its tariff, and why that one."""

    agreement_id: int
    service: str
    tariff: str
    reason: str


@dataclass(frozen=True)
class Start:
    """What a start did. ``unread`` names the meters without a read of the day: what they counted since their last read
    would fall on the new customer, so an opening read must follow. ``not_set`` says what was left undone because the
    city has no value for it."""

    agreements: tuple[StartedService, ...]
    fee_cents: int
    deposit_cents: int
    instalments_cents: tuple[int, ...]
    says: str
    not_set: tuple[str, ...]
    reads: tuple[ReadEntered, ...]
    unread: tuple[str, ...]


def get_start_preview(
    *,
    premise_id: int,
    on: date,
    account_id: int | None = None,
    customer_class: str = "residential",
    tenure: str = "renter",
    services: tuple[str, ...] | None = None,
    tariffs: Mapping[str, str] | None = None,
    instalments: int = 1,
    grades: tuple[int, ...] = (),
) -> StartPreview:
    """What :func:`start` would do, and what stands in its way; for an account, or for somebody who has none yet.

    :raises Refused: there is no such premise or account
    """
    party = load_party(account_id, lock=False) if account_id is not None else None
    address, places = load_places(premise_id, on=on, lock=False)
    return preview(
        weigh(
            party,
            address,
            places,
            customer_class=party.customer_class if party else customer_class,
            tenure=party.tenure if party else tenure,
            on=on,
            services=services,
            wanted=tariffs or {},
            instalments=instalments,
            grades=grades,
        )
    )


@act("moves.start")
def start(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    premise_id: int,
    on: date,
    services: tuple[str, ...] | None = None,
    tariffs: Mapping[str, str] | None = None,
    items: Mapping[str, int] | None = None,
    registers: Mapping[str, int] | None = None,
    instalments: int = 1,
    grades: tuple[int, ...] = (),
) -> Start:
    """Start service: the account is responsible for the premise's services from the day on.

    Writes an agreement a service, the opening reads, the new-service fee as a charge that waits for the first bill, and
    the deposit as a demand in instalments (none when the account was asked before).

    :param on: the first day; it may be to come, then without reads
    :param services: which of the premise's; None: all
    :param tariffs: service to rate code, where not the one of its class
    :param items: service to how many of what its tariff counts (carts); 1 when not named
    :param registers: service to what its meter shows on the day
    :param instalments: in how many parts the deposit is paid
    :param grades: the credit grade of each adult checked, for a home owner
    :raises Refused: somebody else is responsible there, named with since when; an old debt; no tariff holds on the day
    :raises rules.faults.BadValue: a register, a number of items or of instalments that cannot be
    """
    event.about(f"account:{account_id}", f"premise:{premise_id}")
    refuse_own(by, [account_id])
    party = load_party(account_id, lock=True)
    address, places = load_places(premise_id, on=on, lock=True)
    weighed = weigh(
        party,
        address,
        places,
        customer_class=party.customer_class,
        tenure=party.tenure,
        on=on,
        services=services,
        wanted=tariffs or {},
        instalments=instalments,
        grades=grades,
    )
    if weighed.refusals:
        raise weighed.refusals[0]
    counts = _counts(weighed, items or {})
    reads = _opening_reads(weighed, registers or {}, on, at, event)
    ids = _agree(weighed, account_id, on, counts, event)
    _charge_fee(weighed, account_id, on, event)
    _ask_deposit(weighed, account_id, on, event)
    search.refresh([account_id])
    done = _done(weighed, ids, reads, on)
    event.about(says=_told(weighed, party.number, on, done.unread))
    return done


def _done(weighed: Weighed, ids: Mapping[int, int], reads: tuple[ReadEntered, ...], on: date) -> Start:
    read = {read.meter for read in reads}
    deposit = weighed.deposit if isinstance(weighed.deposit, Deposit) else None
    return Start(
        agreements=tuple(
            StartedService(
                agreement_id=ids[place.id],
                service=place.service,
                tariff=weighed.choices[place.service].code,
                reason=weighed.choices[place.service].reason,
            )
            for place in weighed.places
        ),
        fee_cents=weighed.fee_cents or 0,
        deposit_cents=deposit.amount_cents if deposit else 0,
        instalments_cents=deposit.instalments_cents if deposit else (),
        says=sentence(weighed),
        not_set=_not_set(weighed),
        reads=reads,
        unread=tuple(
            place.meter
            for place in weighed.places
            if place.installation_id is not None and place.meter not in read and place.last_on != on
        ),
    )


def _counts(weighed: Weighed, items: Mapping[str, int]) -> list[int]:
    """How many items each agreement has, in the order of the places."""
    started = {place.service for place in weighed.places}
    for service, count in items.items():
        if service not in started:
            why = "does not start here"
            raise BadEntry(field="items", value=service, why=why, remedy=f"it is one of {', '.join(sorted(started))}")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 999:
            raise BadEntry(field="items", value=count, why="not a number of items", remedy="write 0 to 999")
    return [items.get(place.service, 1) for place in weighed.places]


def _opening_reads(
    weighed: Weighed, registers: Mapping[str, int], on: date, at: datetime, event: Acting
) -> tuple[ReadEntered, ...]:
    points = {place.service: place.id for place in weighed.places if is_metered(place)}
    for service in registers:
        if service not in points:
            why = "has no meter that starts here"
            remedy = f"name {' or '.join(sorted(points)) or 'no register'}"
            raise BadEntry(field="registers", value=service, why=why, remedy=remedy)
    if not registers:
        return ()
    by_point = {points[service]: register for service, register in registers.items()}
    return enter_moving(by_point, on=on, at=at, kind="opening", event_id=event.id)


def _agree(weighed: Weighed, account_id: int, on: date, counts: list[int], event: Acting) -> dict[int, int]:
    """One agreement a service point; ids by service point."""
    columns: list[Any] = [
        [place.id for place in weighed.places],
        [weighed.choices[place.service].code for place in weighed.places],
        counts,
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into customers_agreement (account_id, service_point_id, tariff_id, during, items, attributes,"
            " event_id) select %s, n.point, n.tariff, daterange(%s, null), n.items, '{}', %s"
            " from unnest(%s::bigint[], %s::text[], %s::smallint[]) as n (point, tariff, items)"
            " returning service_point_id, id",
            [account_id, on, event.id, *columns],
        )
        return dict(cursor.fetchall())


def _charge_fee(weighed: Weighed, account_id: int, on: date, event: Acting) -> None:
    """The fee waits for the first bill."""
    if not weighed.fee_cents:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into bills_charge (account_id, kind_id, cents, "on", says, authority, event_id)'
            " select %s, k.id, %s, %s, k.says, %s, %s from ledger_kind k where k.code = 'fee.new_service'"
            " and k.valid_from <= %s order by k.valid_from desc limit 1 returning id",
            [account_id, weighed.fee_cents, on, weighed.fee_authority, event.id, on],
        )
        if cursor.fetchone() is None:
            raise Refused(
                f"The chart of accounts has no kind fee.new_service on {on.isoformat()}, so the fee has nowhere to go."
                " Adopt the chart first (ledger.adopt_chart).",
                field="on",
            )


def _ask_deposit(weighed: Weighed, account_id: int, on: date, event: Acting) -> None:
    """A demand an instalment: so many days apart, or with the first bills where the city has not said."""
    if isinstance(weighed.deposit, Deposit):
        deposits.ask_parts(event, account_id, weighed.deposit, on)


def _not_set(weighed: Weighed) -> tuple[str, ...]:
    found = [weighed.fee_not_set] if weighed.fee_not_set else []
    if weighed.deposit is not None and not isinstance(weighed.deposit, Deposit):
        found.append(f"{weighed.deposit.says} {weighed.deposit.why}".strip())
    return tuple(found)


def _told(weighed: Weighed, number: str, on: date, unread: tuple[str, ...]) -> str:
    services = ", ".join(f"{place.service} by {weighed.choices[place.service].code}" for place in weighed.places)
    told = f"Account {number} starts at {weighed.address} on {on.isoformat()}: {services}."
    if weighed.fee_cents:
        told += f" New-service fee {show(weighed.fee_cents)}."
    if isinstance(weighed.deposit, Deposit) and weighed.deposit.amount_cents:
        parts = " + ".join(show(cents) for cents in weighed.deposit.instalments_cents)
        told += f" Deposit {parts}."
    if unread:
        told += f" No opening read yet of meter {', '.join(unread)}."
    return told
