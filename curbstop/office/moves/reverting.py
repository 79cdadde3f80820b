"""Landlords between tenants: a standing agreement for a premise, by which it is his from the day a tenant ends.

What a tenant owes never moves to the landlord: debt follows whoever holds the agreement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies, search, tariffs
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.ledger.statements import array, ask
from curbstop.office.moves.recording import agree, end, raise_fee, void
from curbstop.office.payments.returning import queue_letter
from curbstop.records.customers.models import Reversion
from curbstop.rules.customers import BadEntry
from curbstop.rules.moves import choose_tariff
from curbstop.rules.policies import NotSet

POLICY = "landlord.reversion"


@dataclass(frozen=True)
class StandingAgreement:
    """A landlord's standing agreement for a premise. ``until_on`` None: it holds until somebody ends it."""

    id: int
    premise_id: int
    address: str
    account_id: int
    account: str
    name: str
    signed_on: date
    from_on: date
    until_on: date | None


@dataclass(frozen=True)
class Reverted:
    """The premise is the landlord's from the day on: his account, what began, and what he is told."""

    account_id: int
    account: str
    name: str
    signed_on: date
    agreement_ids: tuple[int, ...]
    says: str


@act("moves.agree_reversion")
def agree_reversion(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    premise_id: int,
    signed_on: date,
    from_on: date,
) -> int:
    """Keep a landlord's signed agreement: between tenants the premise is on his account. The id of it.

    :param signed_on: the day on the paper
    :param from_on: the first day it holds
    :raises Refused: the premise has one already, or there is no such premise
    :raises BadEntry: it would hold before it was signed
    """
    event.about(f"account:{account_id}", f"premise:{premise_id}")
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    if from_on < signed_on:
        remedy = "begin it on the day it was signed, or later"
        raise BadEntry(field="from_on", value=from_on.isoformat(), why="before it was signed", remedy=remedy)
    address = lock_premise(premise_id)
    for there in list_reversions(premise_id=premise_id):
        if there.until_on is None or there.until_on > from_on:
            raise Refused(
                f"{address} is {there.name}'s (account {there.account}) between tenants already, by the agreement of"
                f" {there.signed_on.isoformat()}. End that one first.",
                field="premise_id",
            )
    row = Reversion.objects.create(
        premise_id=premise_id, account_id=account_id, signed_on=signed_on, during=(from_on, None), event_id=event.id
    )
    event.about(says=f"Between tenants {address} is on this account, by the agreement of {signed_on.isoformat()}.")
    return int(row.pk)


@act("moves.end_reversion")
def end_reversion(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, reversion_id: int, on: date, reason: str
) -> None:
    """End a landlord's standing agreement. Where he holds the premise now, he does until he stops or a tenant starts.

    :raises Refused: there is no such agreement, it is over, or no reason
    """
    found = Reversion.objects.select_for_update().filter(pk=reversion_id).first()
    if found is None or found.during.upper is not None:
        raise Refused("There is no such standing agreement that holds.", field="reversion_id")
    event.about(f"account:{found.account_id}", f"premise:{found.premise_id}")
    refuse_own(by, [found.account_id])
    if not reason.strip():
        raise Refused("Say why it ends: sold, or at whose word.", field="reason")
    if on <= found.during.lower:
        raise Refused(f"It begins on {found.during.lower.isoformat()}; end it on a later day.", field="on")
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_reversion set during = daterange(lower(during), %s) where id = %s", [on, reversion_id]
        )
    event.about(says=f"The standing agreement for the premise ends on {on.isoformat()}: {reason.strip()}")


_LIST = """
select v.id, v.premise_id, p.address, v.account_id, a.number, c.name, v.signed_on, lower(v.during), upper(v.during)
from customers_reversion v join customers_premise p on p.id = v.premise_id
join customers_account a on a.id = v.account_id join customers_customer c on c.id = a.customer_id
where (v.premise_id = %(premise)s::bigint or v.account_id = %(account)s::bigint) order by lower(v.during) desc, v.id"""


def list_reversions(*, premise_id: int | None = None, account_id: int | None = None) -> tuple[StandingAgreement, ...]:
    """The standing agreements of a premise or of an account, the newest first."""
    return tuple(StandingAgreement(*row) for row in ask(_LIST, {"premise": premise_id, "account": account_id}))


def lock_premise(premise_id: int) -> str:
    """Hold the premise, so that two moves at one place take turns; its address.

    :raises Refused: there is no such premise
    """
    rows = ask("select address from customers_premise where id = %(id)s::bigint for no key update", {"id": premise_id})
    if not rows:
        raise Refused(f"There is no premise {premise_id}; search for the address.", field="premise_id")
    return str(rows[0][0])


_ENDING = """
select g.service_point_id, g.tariff_id, g.items, t.customer_class, a.customer_class, s.service,
  (select min(lower(o.during)) from customers_agreement o where o.service_point_id = g.service_point_id
   and upper(o.during) is distinct from %(on)s::date and (upper_inf(o.during) or upper(o.during) > %(on)s::date)
   and o.id <> g.id)
from customers_agreement g join customers_account t on t.id = g.account_id
join customers_servicepoint s on s.id = g.service_point_id
join customers_account a on a.id = %(owner)s::bigint where g.id = any(%(ids)s::bigint[]) order by s.id"""


def revert(event: Acting, *, account_id: int, premise_id: int, ended: Sequence[int], on: date) -> Reverted | None:
    """The landlord is responsible from the day a tenant ends, where he signed for it: a part of acts that end one.

    :param ended: the tenant's agreements, which end on the day
    :return: None where nobody signed, the landlord himself ends, or somebody else starts that day
    """
    holds = [r for r in list_reversions(premise_id=premise_id) if r.from_on <= on < (r.until_on or date.max)]
    if not holds or holds[0].account_id == account_id:
        return None
    owner = holds[0]
    rows, until = [], {}
    known = tariffs.load_tariffs().values()
    for point, tariff, items, class_was, class_is, service, next_on in ask(
        _ENDING, {"owner": owner.account_id, "ids": array(ended), "on": on}
    ):
        if next_on is not None and next_on <= on:
            continue
        if next_on is not None:
            until[point] = next_on
        if class_was != class_is:
            tariff = choose_tariff(known, service=service, customer_class=class_is, on=on).code
        rows.append((point, tariff, items))
    if not rows:
        return None
    begun = agree(event, owner.account_id, rows, on=on, until=until)
    _charge(event, owner.account_id, on)
    says = (
        f"By your agreement of {_day(owner.signed_on)}, {owner.signed_on.year} the service is yours from {_day(on)}"
        " until the next tenant. What the tenant owes stays with the tenant."
    )
    facts = {"from": on.isoformat(), "address": owner.address, "signed_on": owner.signed_on.isoformat()}
    queue_letter(event, account_id=owner.account_id, kind="landlord_reverted", says=says, facts=facts, on=on)
    search.refresh([owner.account_id])
    event.about(f"account:{owner.account_id}")
    return Reverted(
        owner.account_id, owner.account, owner.name, owner.signed_on, tuple(sorted(begun.values())), says
    )  # fmt: skip


def _day(on: date) -> str:
    return f"{on:%B} {on.day}"


def _charge(event: Acting, account_id: int, on: date) -> None:
    """A reversion's own fee, where the city has one."""
    rules = policies.load(POLICY)
    try:
        fee = rules.cents(POLICY, on=on)
    except NotSet:
        return
    raise_fee(event, account_id, "fee.transfer", fee, rules.policy(POLICY).authority, on)


_LETTING_GO = """
select g.id, g.account_id, lower(g.during), (select max(o.until_on) from bills_outcome o where o.agreement_id = g.id
  and o.code = 'billed') from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
where g.service_point_id = any(%(points)s::bigint[]) and (upper_inf(g.during) or upper(g.during) > %(on)s::date)
  and exists (select 1 from customers_reversion v where v.premise_id = s.premise_id and v.account_id = g.account_id
    and v.during @> lower(g.during)) and g.account_id <> %(account)s::bigint order by g.id"""


def let_go(event: Acting, *, account_id: int, service_points: Sequence[int], on: date) -> tuple[list[int], list[int]]:
    """A landlord between tenants ends where the next one starts: (agreements that end, those that never were).

    :raises Refused: the landlord is billed beyond the day
    """
    ends: list[int] = []
    never: list[int] = []
    owners: set[int] = set()
    values = {"points": array(service_points), "on": on, "account": account_id}
    for agreement, owner, from_on, billed_until in ask(_LETTING_GO, values):
        if billed_until is not None and billed_until > on:
            raise Refused(
                f"The landlord is billed through {billed_until.isoformat()} here; start on that day or later.",
                field="on",
            )
        owners.add(owner)
        (ends if from_on < on else never).append(agreement)
    if not owners:
        return [], []
    refuse_own(event.by, owners)
    end(event, ends, on)
    void(event, never, reason="replaced")
    search.refresh(sorted(owners))
    event.about(*(f"account:{owner}" for owner in sorted(owners)))
    return ends, never
