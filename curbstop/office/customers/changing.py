"""Master changes: name, mailing address, telephone, e-mail, language; and the holder, after a death or a divorce."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from curbstop.office import _masks, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office._sealing import seal
from curbstop.office.customers.asking import Asked, Asking, admit
from curbstop.office.customers.papers import PaperFile, keep
from curbstop.office.customers.postal import postal_form
from curbstop.office.payments.returning import queue_letter
from curbstop.records.customers.models import Account, Customer
from curbstop.records.customers.people import Change, Deceased, Person
from curbstop.rules.customers import BadEntry, check_choice, check_email, check_mail_to, check_name, check_phone
from curbstop.rules.people import FIELDS, NEEDS_PAPER, REASONS

LANGUAGES = ("en", "es")
SORRY = "I am sorry for your loss. Nothing needs to be turned off or paid for this change."


@dataclass(frozen=True)
class Changed:
    """What was changed. ``postal``: the new address in the form of the post, empty where it has none."""

    change_ids: tuple[int, ...]
    postal: str
    letters: int
    says: str


@act("customers.change", secret=("changes", "paper"))
def change(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    asked: Asking,
    changes: Mapping[str, Any],
    reason: str,
    paper: PaperFile | None = None,
    paper_says: str = "",
) -> Changed:
    """Change master data of an account on the word of somebody named on it; before and after are kept.

    The service address is where the meter is, and is changed by no customer.

    :param on: the day from which it holds: today or before
    :param changes: ``name``, ``mail_to`` (lines; none: the service address), ``phone``, ``email``, ``language``
    :raises Refused: who asks is not named, a proof is missing (not which), a paper is needed, nothing would change
    :raises BadEntry: a value that cannot be taken
    """
    event.about(f"account:{account_id}")
    account = _account(account_id)
    refuse_own(by, [account_id])
    _check_reason(reason, paper, on, at)
    who = admit(asked, account, right="change", on=on, paper=paper is not None)
    lock_accounts([account_id])
    truth = _masks.load_truth(account.customer_id)
    told = told_of(changes, truth, account)
    if not told:
        raise Refused("Nothing would change: the account says so already.", field="changes")
    marked = _masks.load_marked([account_id]).get(account_id)
    if "mail_to" in told and marked is not None and marked.kind == "acp":
        _masks.write_mail_to(event, account_id, told["mail_to"][1])  # refuses, and says why
    paper_id = _keep_paper(event, account_id, paper, paper_says or REASONS[reason], on)
    postal = postal_form(told["mail_to"][1]) if "mail_to" in told else ""
    made = write_rows(event, account, told, who, asked.channel, reason, on, paper_id, postal)
    apply(event, account, truth, {what: after for what, (_, after) in told.items()})
    letters = _letters(event, account, told, marked is not None, on)
    says = ", ".join(FIELDS[what] for what in told)
    event.about(f"customer:{account.customer_id}")
    event.about(says=f"Changed from {on.isoformat()}: {says}; asked {_how(who, asked.channel)}.")
    return Changed(made, "" if marked else postal, letters, says)


def _account(account_id: int) -> Account:
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise Refused(f"There is no account {account_id}; search for it.", field="account_id")
    return account


def _check_reason(reason: str, paper: PaperFile | None, on: date, at: datetime) -> None:
    check_choice(reason, tuple(REASONS), field="reason")
    if reason in NEEDS_PAPER and paper is None:
        raise Refused(f"{REASONS[reason]}: attach the paper that shows it.", field="paper")
    if on > at.date():
        remedy = "enter it on that day; a forwarding address goes with the stop of service"
        raise BadEntry(field="on", value=on.isoformat(), why="is still to come", remedy=remedy)


def told_of(changes: Mapping[str, Any], truth: _masks.Truth, account: Account) -> dict[str, tuple[Any, Any]]:
    """What changes, from and to, checked; what stays as it is is left out."""
    found: dict[str, tuple[Any, Any]] = {}
    for what, value in changes.items():
        before: Any
        after: Any
        if what == "mail_to":
            before, after = list(truth.mail_to.get(account.pk, ())), list(check_mail_to(value))
        elif what == "language":
            before = Customer.objects.get(pk=account.customer_id).language
            after = check_choice(value, LANGUAGES, field="language")
        elif what in _CHECKS:
            before, after = getattr(truth, what), _CHECKS[what](value)
        else:
            remedy = f"change one of {', '.join(FIELDS)}"
            raise BadEntry(field="changes", value=what, why="nothing that a customer changes", remedy=remedy)
        if before != after:
            found[what] = (before, after)
    return found


_CHECKS = {"name": check_name, "phone": check_phone, "email": check_email}


def _keep_paper(event: Acting, account_id: int, paper: PaperFile | None, says: str, on: date) -> int | None:
    return None if paper is None else keep(event, account_id=account_id, kind="change", says=says, file=paper, on=on)


def write_rows(
    event: Acting,
    account: Account,
    told: Mapping[str, tuple[Any, Any]],
    who: Asked,
    channel: str,
    reason: str,
    on: date,
    paper_id: int | None,
    postal: str,
) -> tuple[int, ...]:
    """One row of each change; sealed where the account is confidential."""
    sealed = _masks.is_sealed(account.customer_id)
    ids = []
    for what, (before, after) in told.items():
        box = b""
        if sealed:
            box = seal(json.dumps([before, after, postal]), about=f"change:{account.pk}:{what}")
        row = Change.objects.create(
            account=account, customer_id=account.customer_id, what=what, before="" if sealed else before,
            after="" if sealed else after, box=box, postal=postal if what == "mail_to" and not sealed else "",
            on=on, reason=reason, asked_by="" if sealed else who.name, capacity=who.capacity, channel=channel,
            proofs=list(who.proofs), paper_id=paper_id, event_id=event.id,
        )  # fmt: skip
        ids.append(int(row.pk))
    return tuple(ids)


def apply(event: Acting, account: Account, truth: _masks.Truth, after: Mapping[str, Any]) -> None:
    """Write what changed where everybody reads it, or into the box of a confidential account; search finds it anew."""
    told = {name: after[name] for name in ("name", "phone", "email") if name in after}
    if "mail_to" in after:
        told["mail_to"] = {**truth.mail_to, account.pk: tuple(after["mail_to"])}
    if told:
        sealed = _masks.is_sealed(account.customer_id)
        _masks.write_truth(event, account.customer_id, replace(truth, **told), sealed=sealed)
    if "language" in after:
        Customer.objects.filter(pk=account.customer_id).update(language=after["language"])
    search.refresh(Account.objects.filter(customer_id=account.customer_id).values_list("id", flat=True))


def _how(who: Asked, channel: str) -> str:
    return f"{channel.replace('phone', 'by telephone')} by the {who.capacity.replace('_', '-')}"


def _letters(event: Acting, account: Account, told: Mapping[str, tuple[Any, Any]], confidential: bool, on: date) -> int:
    """A letter that names what changed; of a new address to the old one too, where a thief would not have it sent."""
    what = " and ".join(FIELDS[name] for name in told)
    says = f"The {what} of your account changed on {on.isoformat()}. If you did not ask for this, call us at once."
    places: list[list[str] | None] = [None]
    if "mail_to" in told and not confidential:
        home = list(_masks.get_home(account.pk))
        places = [list(told["mail_to"][0]) or home, list(told["mail_to"][1]) or home]
    for place in places:
        facts = {"mail_to": place} if place else {}
        queue_letter(event, account_id=account.pk, kind="master_change", says=says, facts=facts, on=on)
    return len(places)


# --- the holder -------------------------------------------------------------------------------------------------------


@act("customers.change_holder", secret=("paper",))
def change_holder(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    asked: Asking,
    reason: str,
    paper: PaperFile | None = None,
    paper_says: str = "",
) -> Changed:
    """Make the co-holder who asks the holder: the other died, or they parted.

    The account goes on with its balance, deposit, history and water: nothing is ordered, charged or asked anew. After
    a death the former holder is marked, and no letter is addressed to him again.

    :raises Refused: who asks is no co-holder, a proof or the paper is missing
    """
    event.about(f"account:{account_id}")
    account = _account(account_id)
    refuse_own(by, [account_id])
    _check_reason(reason, paper, on, at)
    if _masks.is_sealed(account.customer_id):
        raise Refused("The account is confidential; a supervisor ends the mark, and marks the new holder.")
    who = admit(asked, account, right="change", on=on, paper=paper is not None)
    if who.capacity != "co_holder":
        raise Refused("Only a co-holder becomes the holder; anybody else starts service on an account of his own.")
    lock_accounts([account_id])
    former = account.customer_id
    paper_id = _keep_paper(event, account_id, paper, paper_says or REASONS[reason], on)
    names = [_masks.load_truth(id).name for id in (former, who.customer_id)]
    told = {"holder": ({"id": former, "name": names[0]}, {"id": who.customer_id, "name": names[1]})}
    made = write_rows(event, account, told, who, asked.channel, reason, on, paper_id, "")
    Account.objects.filter(pk=account_id).update(customer_id=who.customer_id)
    _end_role(account_id, who.customer_id, on)
    if reason == "death" and not Deceased.objects.filter(customer_id=former).exists():
        Deceased.objects.create(customer_id=former, on=on, paper_id=paper_id, event_id=event.id)
    search.refresh([account_id])
    words = (
        f"You hold this account from {on.isoformat()}, in the place of {names[0]}. Its balance and its deposit stay."
    )
    queue_letter(event, account_id=account_id, kind="master_change", says=words, facts={}, on=on)
    event.about(f"customer:{former}", f"customer:{who.customer_id}")
    event.about(
        says=f"Holder from {on.isoformat()}: {names[1]}, in the place of {names[0]}; {REASONS[reason].lower()}."
    )
    return Changed(made, "", 1, SORRY if reason == "death" else "holder")


def _end_role(account_id: int, customer_id: int, on: date) -> None:
    """Who holds the account is no co-holder of it any more; a role that began this day never was."""
    for person in Person.objects.filter(account_id=account_id, customer_id=customer_id, role="co_holder"):
        if person.during.upper is None and person.during.lower < on:
            Person.objects.filter(pk=person.pk).update(during=(person.during.lower, on))
