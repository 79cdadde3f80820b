"""Start: an account becomes responsible for the services of a premise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from curbstop.office import deposits, policies, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import act
from curbstop.office._own import refuse_own
from curbstop.office.deposits import AskedPart, Checked, Told
from curbstop.office.moves.following import queue_adverse, queue_welcome, send_field
from curbstop.office.moves.recording import agree, raise_fee, record
from curbstop.office.moves.reverting import let_go
from curbstop.office.moves.weighing import (
    Party,
    StartPreview,
    Weighed,
    is_metered,
    load_customer,
    load_party,
    load_places,
    preview,
    refuse_unseen,
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
    city has no value for it. ``adverse`` are the adults who are owed the notice of what their credit check said;
    ``order_id`` is the field's order, None where it has nothing to do."""

    agreements: tuple[StartedService, ...]
    fee_cents: int
    deposit_cents: int
    instalments_cents: tuple[int, ...]
    says: str
    not_set: tuple[str, ...]
    reads: tuple[ReadEntered, ...]
    unread: tuple[str, ...]
    move_id: int = 0
    adverse: tuple[str, ...] = ()
    order_id: int | None = None


def get_start_preview(
    *,
    premise_id: int,
    on: date,
    account_id: int | None = None,
    customer_id: int | None = None,
    customer_class: str = "residential",
    tenure: str = "renter",
    services: tuple[str, ...] | None = None,
    tariffs: Mapping[str, str] | None = None,
    told: Told | None = None,
    instalments: int = 1,
    grades: tuple[int, ...] = (),
) -> StartPreview:
    """What :func:`start` would do, and what stands in its way; for an account, or for somebody who has none yet.

    :param customer_id: a customer there is, who gets a further account: what the earlier ones left owing is looked at
    :raises Refused: there is no such premise, account or customer
    """
    party = load_party(account_id, lock=False) if account_id is not None else None
    known = load_customer(customer_id) if party is None and customer_id is not None else None
    address, places = load_places(premise_id, on=on, lock=False)
    return preview(
        weigh(
            party or known,
            address,
            places,
            premise_id=premise_id,
            customer_class=party.customer_class if party else customer_class,
            tenure=party.tenure if party else tenure,
            on=on,
            services=services,
            wanted=tariffs or {},
            told=told or Told(instalments=instalments, grades=grades),
        ),
        on,
    )


@act("moves.start", secret=("paper", "paper_on"))
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
    checks: tuple[Checked, ...] = (),
    no_ssn: bool = False,
    letter_months: int = 0,
    estimate_cents: int | None = None,
    paper: str = "",
    paper_on: date | None = None,
    window: str = "",
    welcome: bool = False,
    seen: tuple[str, ...] = (),
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
    :param grades: the credit grade of each adult checked, where nothing else of a check is known
    :param checks: what a credit check answered for each adult; who is asked for more by it is owed the notice of it
    :param no_ssn: no Social Security number is given, so that no check is made; service is not refused for it
    :param letter_months: months paid on time, by the letter of another utility
    :param estimate_cents: a month's bill as somebody estimates it, where the guideline counts bills and there are none
    :param paper: a protective order or certification letter, and its date; kept sealed, and shown nowhere
    :param window: of the day, when somebody is home to sign; one of the city's
    :param welcome: queue the letter that tells what was agreed
    :param seen: what the applicant showed, of what the city wants shown (``identity.start``)
    :raises Refused: somebody else is responsible there, named with since when; an old debt; no tariff holds on the day;
        a paper whose days are over
    :raises rules.faults.BadValue: a register, a number of items or of instalments that cannot be
    """
    event.about(f"account:{account_id}", f"premise:{premise_id}")
    refuse_own(by, [account_id])
    party = load_party(account_id, lock=True)
    address, places = load_places(premise_id, on=on, lock=True)
    told = Told(
        instalments=instalments, grades=grades, checks=checks, no_ssn=no_ssn, letter_months=letter_months,
        estimate_cents=estimate_cents, paper=paper, paper_on=paper_on,
    )  # fmt: skip
    weighed = weigh(
        party,
        address,
        places,
        premise_id=premise_id,
        customer_class=party.customer_class,
        tenure=party.tenure,
        on=on,
        services=services,
        wanted=tariffs or {},
        told=told,
    )
    if weighed.refusals:
        raise weighed.refusals[0]
    refuse_unseen(weighed, seen)
    counts = _counts(weighed, items or {})
    points = [place.id for place in weighed.places]
    ended: list[int] = []
    if any(place.occupant is not None for place in weighed.places):
        ended, _ = let_go(event, account_id=account_id, service_points=points, on=on)
    reads = _opening_reads(weighed, registers or {}, on, at, event)
    rows = [(p.id, weighed.choices[p.service].code, count) for p, count in zip(weighed.places, counts, strict=True)]
    ids = agree(event, account_id, rows, on=on, until={})
    done = _done(weighed, ids, reads, on)
    return _follow(event, weighed, done, party, premise_id, told, on=on, ended=ended, window=window, welcome=welcome)


def _follow(
    event: Acting,
    weighed: Weighed,
    done: Start,
    party: Party,
    premise_id: int,
    told: Told,
    *,
    on: date,
    ended: list[int],
    window: str,
    welcome: bool,
) -> Start:
    """What a start brings with it: the fee, the deposit, its row, the order, the letters, the sentence."""
    charges = raise_fee(event, party.id, "fee.new_service", weighed.fee_cents, weighed.fee_authority, on)
    parts, adverse = _ask_deposit(weighed, party.id, told, on, event)
    begun = sorted(row.agreement_id for row in done.agreements)
    move_id = record(
        event, kind="start", account_id=party.id, premise_id=premise_id, on=on, begun=begun, ended=ended,
        charges=charges,
    )  # fmt: skip
    search.refresh([party.id])
    event.about(says=_told(weighed, party.number, on, done.unread))
    order_id = send_field(
        event, kind="connect", premise_id=premise_id, account_id=party.id, on=on, unread=done.unread, agreements=begun,
        window=window,
    )  # fmt: skip
    if welcome:
        queue_welcome(
            event, account_id=party.id, address=weighed.address, on=on, fee_cents=done.fee_cents,
            parts=[(part.cents, part.due_on) for part in parts], services=[row.service for row in done.agreements],
        )  # fmt: skip
    if adverse:
        queue_adverse(event, account_id=party.id, checks=told.checks, adverse=adverse, says=done.says, on=on)
    return replace(done, move_id=move_id, adverse=adverse, order_id=order_id)


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


def _ask_deposit(
    weighed: Weighed, account_id: int, told: Told, on: date, event: Acting
) -> tuple[tuple[AskedPart, ...], tuple[str, ...]]:
    """A demand an instalment: so many days apart, or with the first bills where the city has not said. The parts, and
    who of the adults checked is owed a notice."""
    decided = weighed.deposit
    if not isinstance(decided, Deposit):
        return (), ()
    by_credit = told.checks and decided.policy == "deposit.owner.by_credit"
    adverse = deposits.adverse_of(policies.load(decided.policy), told.checks, on) if by_credit else ()
    parts = deposits.ask_parts(event, account_id, decided, on, checks=told.checks, adverse=adverse)
    if decided.confidential:
        deposits.keep_waiver(event, account_id, told.paper, told.paper_on, on)
    return parts, adverse


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
