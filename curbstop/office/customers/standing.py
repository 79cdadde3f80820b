"""An account as it stood on a day: what is true now, and every change since taken back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from curbstop.office import _masks
from curbstop.office._once import Refused
from curbstop.office._sealing import unseal
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account
from curbstop.records.customers.people import Change, Deceased
from curbstop.rules.people import CHANNELS, FIELDS, REASONS


@dataclass(frozen=True)
class Master:
    """Master data of an account on a day. ``deceased``: former holders who died, by name."""

    account_id: int
    number: str
    on: date
    name: str
    phone: str
    email: str
    language: str
    mail_to: tuple[str, ...]
    deceased: tuple[str, ...]


@dataclass(frozen=True)
class ChangeRow:
    """A change with its words. ``before`` and ``after`` are texts; lines of an address are parted by commas."""

    id: int
    on: date
    what: str
    before: str
    after: str
    postal: str
    reason: str
    asked_by: str
    capacity: str
    channel: str
    proofs: tuple[str, ...]
    paper_id: int | None
    by: str


def get_master(*, account_id: int, on: date, looker: _masks.Looker | None = None) -> Master:
    """An account as it stood on a day. A confidential one is masked, unless it is open to who looks.

    :raises Refused: there is no such account
    """
    account = Account.objects.filter(pk=account_id).select_related("customer").first()
    if account is None:
        raise Refused(f"There is no account {account_id}; search for it.", field="account_id")
    holder = _holder_on(account, on)
    truth = _masks.load_truth(holder)
    told: dict[str, Any] = {
        "name": truth.name, "phone": truth.phone, "email": truth.email, "language": account.customer.language,
        "mail_to": list(_masks.load_truth(account.customer_id).mail_to.get(account_id, ())),
    }  # fmt: skip
    for row in _later(account_id, holder, on):
        told[row.what] = _values(row)[0]
    if _hidden(account, looker):
        told = {"name": _masks.NAME, "phone": "", "email": "", "language": told["language"], "mail_to": []}
    dead = Deceased.objects.filter(customer__changes__account=account, on__lte=on).order_by("on").distinct()
    names = tuple(row.customer.name for row in dead.select_related("customer"))
    return Master(
        account_id, account.number, on, told["name"], told["phone"], told["email"], told["language"],
        tuple(told["mail_to"]), names,
    )  # fmt: skip


def _hidden(account: Account, looker: _masks.Looker | None) -> bool:
    return bool(_masks.load_marked([account.pk])) and _masks.open_until(account.pk, looker) is None


def _holder_on(account: Account, on: date) -> int:
    """Whose the account was: the holder before the first change of holder after the day."""
    later = Change.objects.filter(account=account, what="holder", on__gt=on).order_by("on", "id").first()
    return int(later.before["id"]) if later is not None else int(account.customer_id)


def _later(account_id: int, holder: int, on: date) -> list[Change]:
    """Changes after the day, the latest first, so that the earliest is taken back last."""
    of = Q(account_id=account_id, what="mail_to") | Q(customer_id=holder, what__in=("name", "phone", "email"))
    of |= Q(customer_id=holder, what="language")
    return list(Change.objects.filter(of, on__gt=on).order_by("-on", "-id"))


def _values(row: Change) -> tuple[Any, Any, str]:
    if bytes(row.box):
        before, after, postal = json.loads(unseal(bytes(row.box), about=f"change:{row.account_id}:{row.what}"))
        return before, after, postal
    return row.before, row.after, row.postal


def list_changes(*, account_id: int, looker: _masks.Looker | None = None) -> tuple[ChangeRow, ...]:
    """Every master change of an account, the newest first; masked where the account is and is not open to who looks."""
    account = Account.objects.get(pk=account_id)
    hidden = _hidden(account, looker)
    rows = list(Change.objects.filter(account_id=account_id).order_by("-on", "-id"))
    events = Event.objects.filter(id__in=[row.event_id for row in rows]).select_related("by")
    by = {event.pk: str(event.by) for event in events}
    found = []
    for row in rows:
        before, after, postal = (_masks.HIDDEN, _masks.HIDDEN, "") if hidden else _values(row)
        found.append(
            ChangeRow(
                row.pk, row.on, FIELDS[row.what], _text(before), _text(after), postal,
                REASONS.get(row.reason, row.reason),
                _masks.HIDDEN if hidden else row.asked_by or row.capacity, row.capacity.replace("_", "-"),
                CHANNELS.get(row.channel, f"by {row.channel}"),
                tuple(row.proofs), row.paper_id, by.get(row.event_id, ""),
            )
        )  # fmt: skip
    return tuple(found)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", ""))
    return ", ".join(value) if isinstance(value, list) else str(value or "")
