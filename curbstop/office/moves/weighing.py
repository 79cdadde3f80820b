"""What a start comes to, before it is done: tariffs, fee, deposit, and what stands in its way.

The preview and the act ask here alike, so that the act does what the clerk was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from curbstop.office import policies, tariffs
from curbstop.office._once import Refused
from curbstop.office.deposits.deciding import PARTS_DAYS, days_apart, decide_by
from curbstop.office.deposits.facts import GUIDELINE, Told, applicant_of
from curbstop.office.ledger.statements import array, ask
from curbstop.office.writeoffs import list_written_off
from curbstop.rules.customers import METERED, SERVICES
from curbstop.rules.deposits import Decided, Deposit
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.moves import Choice, choose_tariff
from curbstop.rules.policies import NotSet, Policies

IDENTITY = "identity.start"
POLICIES = ("fee.new_service", IDENTITY, *GUIDELINE)


@dataclass(frozen=True)
class Occupant:
    """Who is responsible for a service, and since when. ``until_on`` None: no notice was given.

    ``lets_go``: a landlord between tenants by his standing agreement, who ends when the next one starts.
    """

    service: str
    account_id: int
    account: str
    name: str
    from_on: date
    until_on: date | None
    lets_go: bool = False


@dataclass(frozen=True)
class ServiceChoice:
    """A service that would start: its tariff and why that one; the meter that measures it, empty when there is none."""

    service: str
    service_point_id: int
    tariff: str
    reason: str
    meter: str
    last_register: int | None
    last_on: date | None


@dataclass(frozen=True)
class OldDebt:
    """A bill or charge that an earlier account of the customer left owing; ``written_off_on`` None: it still stands."""

    account_id: int
    account: str
    document_id: int
    says: str
    billed_on: date | None
    written_off_on: date | None
    cents: int


@dataclass(frozen=True)
class StartPreview:
    """What a start would do. ``refusals`` say what stands in its way; with any, it would be refused.

    ``says`` is the sentence for the customer. ``deposit_not_set`` says why there is no figure for a deposit: a person
    decides.
    """

    address: str
    occupants: tuple[Occupant, ...]
    services: tuple[ServiceChoice, ...]
    fee_cents: int
    fee_says: str
    fee_not_set: str
    deposit_cents: int
    instalments_cents: tuple[int, ...]
    deposit_says: str
    deposit_authority: str
    deposit_not_set: str
    notes: tuple[str, ...]
    debt_cents: int
    old_debts: tuple[OldDebt, ...]
    refusals: tuple[str, ...]
    says: str
    parts_days: int | None = None
    identity: tuple[str, ...] = ()
    identity_says: str = ""


@dataclass(frozen=True)
class Place:
    """One service point of the premise, as the start finds it."""

    id: int
    service: str
    installation_id: int | None
    meter: str
    last_register: int | None
    last_on: date | None
    occupant: Occupant | None


@dataclass(frozen=True)
class Party:
    """The account that starts."""

    id: int
    number: str
    name: str
    customer_class: str
    tenure: str
    customer_id: int
    deposit_asked: bool
    earlier: tuple[int, ...]  # the customer's other accounts that nothing runs on

    @property
    def others(self) -> tuple[int, ...]:
        """The accounts whose history is this customer's."""
        return (self.id, *self.earlier)


@dataclass(frozen=True)
class Weighed:
    """Everything a start needs to know."""

    address: str
    places: tuple[Place, ...]
    choices: Mapping[str, Choice]
    fee_cents: int | None
    fee_says: str
    fee_authority: str
    fee_not_set: str
    deposit: Decided | None
    debt_cents: int
    old_debts: tuple[OldDebt, ...]
    refusals: tuple[Refused | BadValue, ...]
    others: Sequence[Occupant] = field(default=())
    identity: tuple[str, ...] = ()
    identity_says: str = ""


def load_party(account_id: int, *, lock: bool) -> Party:
    """The account, held when it is about to be written.

    :raises Refused: there is no such account
    """
    rows = ask(_PARTY + (" for no key update of a" if lock else ""), {"id": account_id})
    if not rows:
        raise Refused(f"There is no account {account_id}; open one first.", field="account_id")
    return Party(*[*rows[0][:7], tuple(rows[0][7])])


_PARTY = """
select a.id, a.number, c.name, a.customer_class, a.tenure, c.id,
  exists (select 1 from payments_depositdemand d where d.account_id = a.id and not exists
    (select 1 from payments_depositwaived w where w.demand_id = d.id and w.request_id is null)),
  array(select o.id from customers_account o where o.customer_id = c.id and o.id <> a.id and not exists
    (select 1 from customers_agreement g where g.account_id = o.id and upper_inf(g.during)) order by o.id)
from customers_account a join customers_customer c on c.id = a.customer_id where a.id = %(id)s::bigint"""

_CUSTOMER = """
select 0, '', c.name, '', '', c.id, false,
  array(select o.id from customers_account o where o.customer_id = c.id and not exists
    (select 1 from customers_agreement g where g.account_id = o.id and upper_inf(g.during)) order by o.id)
from customers_customer c where c.id = %(id)s::bigint"""


def load_customer(customer_id: int) -> Party:
    """A customer who has no account for it yet, with the accounts that nothing runs on.

    :raises Refused: there is no such customer
    """
    rows = ask(_CUSTOMER, {"id": customer_id})
    if not rows:
        raise Refused(f"There is no customer {customer_id}; search for the name.", field="customer_id")
    return Party(*[*rows[0][:7], tuple(rows[0][7])])


@dataclass(frozen=True)
class Owing:
    """What a customer's accounts without service left owing, written off or not."""

    customer_id: int
    cents: int


def list_owing(*, customer_ids: Sequence[int]) -> tuple[Owing, ...]:
    """Old debt of customers who look like an applicant; those who left none are not listed."""
    found = []
    for customer_id in customer_ids:
        cents = sum(old.cents for old in list_old_debts(account_ids=load_customer(customer_id).earlier))
        if cents:
            found.append(Owing(customer_id, cents))
    return tuple(found)


_PLACES = """
select p.address, s.id, s.service, i.id, coalesce(m.serial, ''), r.register, r.read_on,
  o.account_id, o.number, o.name, lower(o.during), upper(o.during), o.lets_go
from customers_premise p left join customers_servicepoint s on s.premise_id = p.id
-- at most one hangs there on a day; said, so that not all meters of that day are looked at
left join lateral (select i.id, i.meter_id from meters_installation i
  where i.service_point_id = s.id and i.during @> %(on)s::date limit 1) i on true
left join meters_meter m on m.id = i.meter_id
left join lateral (select r.register, r.read_on from meters_read r where r.installation_id = i.id
  and not exists (select 1 from meters_read x where x.replaces_id = r.id)
  order by r.read_on desc, r.id desc limit 1) r on true
left join lateral (select g.account_id, a.number, c.name, g.during, exists (select 1 from customers_reversion v
    where v.premise_id = p.id and v.account_id = g.account_id and v.during @> lower(g.during)) lets_go
  from customers_agreement g
  join customers_account a on a.id = g.account_id join customers_customer c on c.id = a.customer_id
  where g.service_point_id = s.id and g.during && daterange(%(on)s::date, null)
  order by lets_go, g.during limit 1) o on true
where p.id = %(premise)s::bigint order by array_position(%(order)s::text[], s.service), s.number"""


def load_places(premise_id: int, *, on: date, lock: bool) -> tuple[str, tuple[Place, ...]]:
    """The address and the service points of a premise, with who holds them from the day on.

    :raises Refused: there is no such premise
    """
    if lock:  # two starts at one premise take turns, and the second is told of the first
        ask("select 1 from customers_premise where id = %(id)s::bigint for no key update", {"id": premise_id})
    rows = ask(_PLACES, {"on": on, "premise": premise_id, "order": list(SERVICES)})
    if not rows:
        raise Refused(f"There is no premise {premise_id}; search for the address.", field="premise_id")
    return rows[0][0], tuple(_place(row) for row in rows if row[1] is not None)


def _place(row: Any) -> Place:
    occupant = None if row[7] is None else Occupant(row[2], *row[7:])
    return Place(*[*row[1:7], occupant])


def fit(
    places: Sequence[Place],
    address: str,
    customer_class: str,
    *,
    on: date,
    services: Sequence[str] | None,
    wanted: Mapping[str, str],
    refusals: list[Refused | BadValue],
) -> tuple[list[Place], dict[str, Choice]]:
    """The service points that would start and their tariffs; what stands in the way is added to ``refusals``."""
    taken = _taken(places, services, address, refusals)
    in_way = [place.occupant for place in taken if place.occupant is not None and not place.occupant.lets_go]
    refusals += [_occupied(occupant, address, on) for occupant in in_way[:1]]
    return taken, _choices(taken, customer_class, on, wanted, refusals)


def weigh(
    party: Party | None,
    address: str,
    places: Sequence[Place],
    *,
    premise_id: int,
    customer_class: str,
    tenure: str,
    on: date,
    services: Sequence[str] | None,
    wanted: Mapping[str, str],
    told: Told,
) -> Weighed:
    """What a start comes to. Refusals are collected, not raised, so that a screen can show all of them."""
    refusals: list[Refused | BadValue] = []
    taken, choices = fit(places, address, customer_class, on=on, services=services, wanted=wanted, refusals=refusals)
    rules = policies.load(*POLICIES)
    identity = identity_of(rules, on)
    fee, fee_says, fee_authority, fee_not_set = fee_of(rules, "fee.new_service", on)
    old_debts = list_old_debts(account_ids=party.earlier) if party else ()
    debt = sum(old.cents for old in old_debts)
    left_owing = bool(party and party.earlier) and was_written_off(party.earlier if party else ())
    deposit: Decided | None = None
    if party is None or not party.deposit_asked:
        try:
            applicant = applicant_of(
                told,
                rules,
                customer_class=customer_class,
                tenure=tenure,
                owed_cents=debt,
                left_owing=left_owing,
                earlier=party.others if party else (),
                premise_id=premise_id,
                on=on,
            )
            deposit = decide_by(rules, applicant, on=on)
        except (BadValue, Refused) as fault:
            refusals.append(fault)
    if isinstance(deposit, Deposit) and deposit.debt_first_cents:
        refusals.append(_owes_first(deposit, old_debts))
    return Weighed(
        address=address,
        places=tuple(taken),
        choices=choices,
        fee_cents=fee,
        fee_says=fee_says,
        fee_authority=fee_authority,
        fee_not_set=fee_not_set,
        deposit=deposit,
        debt_cents=debt,
        old_debts=old_debts,
        refusals=tuple(refusals),
        others=tuple(place.occupant for place in places if place.occupant is not None),
        identity=identity[0],
        identity_says=identity[1],
    )


_OLD = """
select p.account_id, a.number, p.document_id,
  case when bool_or(t.act = 'bill') then 'Bill' else min(k.says) end,
  min(t.effective_on) filter (where p.debit_cents > 0), null::date, sum(p.debit_cents - p.credit_cents)::bigint
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_kind k on k.id = p.kind_id
join customers_account a on a.id = p.account_id
where p.account_id = any(%(accounts)s::bigint[]) and p.sub = 2
group by p.account_id, a.number, p.document_id having sum(p.debit_cents - p.credit_cents) > 0"""


def list_old_debts(*, account_ids: Sequence[int]) -> tuple[OldDebt, ...]:
    """What these accounts left owing, bill by bill, oldest first: what still stands and what was written off."""
    if not account_ids:
        return ()
    standing = [OldDebt(*row) for row in ask(_OLD, {"accounts": array(account_ids)})]
    written = [
        OldDebt(
            one.account_id, one.number, one.document_id, one.says, one.billed_on, one.written_off_on, one.left_cents
        )
        for one in list_written_off(account_ids=account_ids)
    ]
    return tuple(sorted((*standing, *written), key=lambda old: (old.billed_on or date.min, old.document_id)))


def was_written_off(account_ids: Sequence[int]) -> bool:
    """Whether a debt of these accounts was ever written off, whatever was paid since."""
    return bool(list_written_off(account_ids=account_ids, everything=True))


def _owes_first(deposit: Deposit, debts: Sequence[OldDebt]) -> Refused:
    """The old debt, bill by bill, and what is asked once it is paid."""
    told = []
    for debt in debts:
        one = f"{debt.says.lower()} of {debt.billed_on.isoformat()}" if debt.billed_on else debt.says.lower()
        off = f", written off {debt.written_off_on.isoformat()}" if debt.written_off_on else ""
        told.append(f"{one} {show(debt.cents)}{off}")
    accounts = " and ".join(dict.fromkeys(debt.account for debt in debts))
    return Refused(
        f"{show(deposit.debt_first_cents)} is left owing on account {accounts}: {'; '.join(told)}. Old debt is paid"
        f" first, then the deposit is {show(deposit.amount_cents)}. {deposit.says}",
        field="account_id",
    )


def _taken(
    places: Sequence[Place], services: Sequence[str] | None, address: str, refusals: list[Refused | BadValue]
) -> list[Place]:
    """The service points that would start: all, or those of the services named."""
    if services is None:
        taken = list(places)
    else:
        taken = [place for place in places if place.service in services]
        for service in services:
            if service not in {place.service for place in places}:
                there = ", ".join(place.service for place in places) or "nothing"
                refusals.append(
                    Refused(f"{address} has no {service or 'service of that name'}; it has {there}.", field="services")
                )
    if not taken and not refusals:
        refusals.append(Refused(f"Nothing would start at {address}; name at least one service.", field="services"))
    return taken


def _occupied(occupant: Occupant, address: str, on: date) -> Refused:
    if occupant.from_on > on:
        told = f"and starts there on {occupant.from_on.isoformat()}"
    elif occupant.until_on is None:
        told = f"since {occupant.from_on.isoformat()} and has given no notice"
    else:
        told = f"since {occupant.from_on.isoformat()} and stops on {occupant.until_on.isoformat()} only"
    return Refused(
        f"{occupant.name} (account {occupant.account}) is responsible for {occupant.service} at {address} {told}."
        f" Two cannot be from {on.isoformat()}. Call them, stop their service with their word or the owner's, or let"
        " the new one start on the day they stop.",
        field="premise_id",
    )


def _choices(
    taken: Sequence[Place],
    customer_class: str,
    on: date,
    wanted: Mapping[str, str],
    refusals: list[Refused | BadValue],
) -> dict[str, Choice]:
    known = tariffs.load_tariffs().values()
    found: dict[str, Choice] = {}
    for place in taken:
        try:
            found[place.service] = choose_tariff(
                known,
                service=place.service,
                customer_class=customer_class,
                on=on,
                wanted=wanted.get(place.service, ""),
            )
        except BadValue as fault:
            refusals.append(fault)
    return found


def identity_of(rules: Policies, on: date) -> tuple[tuple[str, ...], str]:
    """What is shown to open an account, by the city's written programme, and its sentence; nothing listed where the
    city has not said."""
    try:
        return tuple(str(row) for row in rules.rows(IDENTITY, on=on)), rules.policy(IDENTITY).says
    except NotSet as missing:
        return (), missing.says


def refuse_unseen(weighed: Weighed, seen: Sequence[str]) -> None:
    """What the city wants shown was seen.

    :raises Refused: something was not
    """
    missing = [one for one in weighed.identity if one not in seen]
    if missing:
        raise Refused(f"Not seen yet: {', '.join(missing)}. {weighed.identity_says}", field="seen")


def fee_of(rules: Policies, id: str, on: date) -> tuple[int | None, str, str, str]:
    """A fee in cents with its sentence and authority; None, and why, where it is not set."""
    try:
        cents = rules.cents(id, on=on)
    except NotSet as missing:
        return None, "", "", missing.says or str(missing)
    policy = rules.policy(id)
    value = policy.on(on)
    return cents, policy.says, value.authority if value else policy.authority, ""


def preview(weighed: Weighed, on: date) -> StartPreview:
    """What was weighed, as a screen shows it."""
    deposit = weighed.deposit if isinstance(weighed.deposit, Deposit) else None
    open_question = weighed.deposit if weighed.deposit is not None and deposit is None else None
    return StartPreview(
        address=weighed.address,
        occupants=tuple(weighed.others),
        services=tuple(
            ServiceChoice(
                service=place.service,
                service_point_id=place.id,
                tariff=weighed.choices[place.service].code,
                reason=weighed.choices[place.service].reason,
                meter=place.meter,
                last_register=place.last_register,
                last_on=place.last_on,
            )
            for place in weighed.places
            if place.service in weighed.choices
        ),
        fee_cents=weighed.fee_cents or 0,
        fee_says=weighed.fee_says,
        fee_not_set=weighed.fee_not_set,
        deposit_cents=deposit.amount_cents if deposit else 0,
        instalments_cents=deposit.instalments_cents if deposit else (),
        deposit_says=weighed.deposit.says if weighed.deposit else "",
        deposit_authority=deposit.authority if deposit else "",
        deposit_not_set=getattr(open_question, "why", ""),
        notes=weighed.deposit.notes if weighed.deposit else (),
        debt_cents=weighed.debt_cents,
        old_debts=weighed.old_debts,
        refusals=tuple(str(refusal) for refusal in weighed.refusals),
        says=sentence(weighed),
        parts_days=days_apart(policies.load(PARTS_DAYS), on),
        identity=weighed.identity,
        identity_says=weighed.identity_says,
    )


def sentence(weighed: Weighed) -> str:
    """What is said to the customer: the deposit, the fee, and that nothing is due today."""
    parts = [weighed.deposit.says] if weighed.deposit is not None and weighed.deposit.says else []
    if weighed.fee_cents:
        parts.append(f"The ${show(weighed.fee_cents)} new-service fee comes on the first bill, nothing is due today.")
    elif weighed.fee_not_set:
        parts.append(weighed.fee_not_set)
    return " ".join(parts)


def is_metered(place: Place) -> bool:
    """Whether the service has a meter of its own to be read as somebody moves."""
    return place.service in METERED
