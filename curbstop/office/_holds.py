"""Holds, written and asked for inside other acts: what leaves an account alone, and which of its steps wait.

It stands beneath the nouns that place holds (cases, letters, delinquency) and imports none of them. A hold holds from
its first day until its last day is over or somebody released it; the ladder, the late charge and the order to shut off
ask :func:`list_at`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from curbstop.office import policies
from curbstop.office._events import Acting
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused
from curbstop.office._statements import array, ask
from curbstop.records.delinquency.holds import Hold, HoldRelease
from curbstop.rules.customers import check_text
from curbstop.rules.delinquency.holds import REASONS, Held, held_by, policies_of_holds, reason_of
from curbstop.rules.money import show

LIVE = (
    "h.from_on <= {on} and (h.until_on is null or h.until_on > {on})"
    " and not exists (select from delinquency_holdrelease hr where hr.hold_id = h.id and hr.on <= {on})"
)
"""Of ``delinquency_hold h``: it holds on the day ``{on}`` (an SQL expression of a date), for reads of many accounts."""


@dataclass(frozen=True)
class HoldThere:
    """A hold of an account on a day, and what it holds by the city's policy.

    ``documents``: the bills and charges that it reaches, none for everything; ``cents``: how much of it, None for the
    whole. ``until_on`` is the first day outside; None: until it is released.
    """

    hold_id: int
    account_id: int
    premise_id: int | None
    reason: str
    authority: str
    documents: tuple[int, ...]
    cents: int | None
    from_on: date
    until_on: date | None
    owner_id: int
    owner: str
    held: Held

    @property
    def says(self) -> str:
        """In words, for lists: ``Dispute on 120.00 since 2026-04-27``."""
        part = f" on {show(self.cents)}" if self.cents is not None else ""
        until = f" until {self.until_on.isoformat()}" if self.until_on is not None else ""
        return f"{REASONS[self.reason].says}{part} since {self.from_on.isoformat()}{until}"

    def reaches(self, document: int) -> bool:
        """Whether it reaches the bill or charge of this document."""
        return not self.documents or document in self.documents


def place(
    event: Acting,
    *,
    account_id: int,
    reason: str,
    authority: str,
    from_on: date,
    until_on: date | None,
    owner_id: int,
    cents: int | None = None,
    bill_id: int | None = None,
    premise_id: int | None = None,
    documents: Iterable[int] = (),
    follows_id: int | None = None,
) -> int:
    """Place a hold as part of the act under way; its id.

    :param reason: a code of ``rules.delinquency.holds.REASONS``
    :param authority: the law, the policy or the paper that asks for it
    :param until_on: the first day it no longer holds; None: until somebody releases it
    :param owner_id: whom it comes back to before it ends
    :param cents: so much of what it reaches; None: all of it
    :param bill_id: the bill that it reaches; with ``documents``, these too; neither: everything the account owes
    :param follows_id: the hold that this one carries on
    :raises BadReason, BadEntry: a reason that is none, no authority
    :raises Refused: days or an amount that cannot be, no such account
    """
    says = check_text(authority, field="authority", longest=300, required=True)
    words = reason_of(reason).says.lower()
    if until_on is not None and until_on <= from_on:
        told = f"A hold from {from_on.isoformat()} cannot end on {until_on.isoformat()}. Choose a later last day."
        raise Refused(told, field="until_on")
    if cents is not None and cents <= 0:
        raise Refused(f"A hold on {show(cents)} holds nothing. Say how much, or leave it for all.", field="cents")
    try:
        lock_accounts([account_id])
    except LookupError:
        raise Refused(f"There is no account {account_id}. Look it up first.", field="account_id") from None
    reached = sorted({*documents, *([bill_id] if bill_id is not None else [])})
    hold = Hold.objects.create(
        account_id=account_id,
        premise_id=premise_id,
        reason=reason,
        authority=says,
        documents=reached,
        cents=cents,
        from_on=from_on,
        until_on=until_on,
        owner_id=owner_id,
        follows_id=follows_id,
        at=event.at,
        event_id=event.id,
    )
    event.about(f"account:{account_id}", f"hold:{hold.pk}")
    if not event.says:
        until = f"until {until_on.isoformat()}" if until_on is not None else "until it is released"
        event.about(says=f"Hold placed: {words}, {until}.")
    return hold.pk


def release(event: Acting, *, hold_id: int, on: date, says: str) -> None:
    """End a hold as part of the act under way: from ``on`` it holds nothing.

    :param says: why, kept with the hold
    :raises BadEntry: no reason
    :raises Refused: no such hold, or it has ended
    """
    why = check_text(says, field="says", longest=500, required=True)
    hold = Hold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise Refused(f"There is no hold {hold_id}; the account's page lists those that there are.", field="hold_id")
    lock_accounts([hold.account_id])
    words = REASONS[hold.reason].says.lower()
    before = HoldRelease.objects.filter(pk=hold_id).select_related("by").first()
    if before is not None:
        told = f"This hold ({words}) was released on {before.on.isoformat()} by {before.by}: {before.says}"
        raise Refused(f"{told} It ends once.", field="hold_id")
    if hold.until_on is not None and hold.until_on <= on:
        told = f"This hold ({words}) ended on {hold.until_on.isoformat()} by its own date; there is nothing to release."
        raise Refused(told, field="hold_id")
    if on < hold.from_on:
        raise Refused(f"This hold begins on {hold.from_on.isoformat()}; release it from that day.", field="on")
    HoldRelease.objects.create(hold=hold, on=on, says=why, by_id=event.by.id, event_id=event.id)
    event.about(f"account:{hold.account_id}", f"hold:{hold_id}")
    if not event.says:
        event.about(says=f"Hold released ({words}): {why}")


_AT = f"""
select h.id, h.account_id, h.premise_id, h.reason, h.authority, h.documents, h.cents, h.from_on, h.until_on,
  h.owner_id, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username)
from delinquency_hold h join base_user u on u.id = h.owner_id
where h.account_id = any(%(accounts)s::bigint[]) and {LIVE.format(on="%(on)s::date")}
order by h.account_id, h.from_on, h.id"""


def list_at(account_ids: Iterable[int], on: date) -> Mapping[int, tuple[HoldThere, ...]]:
    """The holds of these accounts that hold on the day, by account; accounts without any are left out."""
    wanted = sorted(set(account_ids))
    rows = ask(_AT, {"accounts": array(wanted), "on": on}) if wanted else []
    if not rows:
        return {}
    held = load_held(on)
    found: dict[int, list[HoldThere]] = {}
    for id, account, premise, reason, authority, documents, cents, from_on, until_on, owner_id, owner in rows:
        there = HoldThere(
            id, account, premise, reason, authority, tuple(documents), cents, from_on, until_on, owner_id, owner,
            held[reason],
        )  # fmt: skip
        found.setdefault(account, []).append(there)
    return {account: tuple(holds) for account, holds in found.items()}


def load_held(on: date) -> Mapping[str, Held]:
    """What a hold of each reason holds on the day, by the city's policies."""
    rules = policies.load(*policies_of_holds())
    return {code: held_by(rules, code, on) for code in REASONS}
