"""Who asks for a change, and whether he may: named on the account, and proved as the city's rule says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curbstop.office import _masks, policies
from curbstop.office._once import Refused
from curbstop.office.customers.proving import Proof, all_proved
from curbstop.records.customers.models import Account
from curbstop.records.customers.people import Person
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.people import CALLER, CHANNELS, same_name
from curbstop.rules.policies import NotSet

BY_PHONE = "change.by_phone"
MISSING = "One proof is missing or does not agree. Please come in with photo identification."


@dataclass(frozen=True)
class Asking:
    """Who asks, as told, and how it was proved: ``proofs`` by telephone, the ``document`` seen at the counter."""

    channel: str
    who: str
    proofs: tuple[Proof, ...] = ()
    document: str = ""


@dataclass(frozen=True)
class Asked:
    """Somebody who may ask: his customer row, in which capacity, and the kinds of proof."""

    customer_id: int
    name: str
    capacity: str
    proofs: tuple[str, ...]


def admit(asking: Asking, account: Account, *, right: str, on: date, paper: bool) -> Asked:
    """Who asks, once he is named on the account with the right and has proved himself.

    :param paper: whether a paper came with it: a letter is its own proof
    :raises Refused: not named; a proof is missing (not which); the city's rule for the telephone is not set
    """
    check_choice(asking.channel, tuple(CHANNELS), field="channel")
    who = check_text(asking.who, field="who", longest=100, required=True)
    holder = _masks.load_truth(account.customer_id)
    if same_name(who, holder.name):
        customer_id, capacity = account.customer_id, "holder"
    else:
        customer_id, capacity = _named(account, who, right, on)
    return Asked(customer_id, who, capacity, _proofs(asking, customer_id, on, paper))


def _named(account: Account, who: str, right: str, on: date) -> tuple[int, str]:
    for person in Person.objects.filter(account=account, during__contains=on).order_by("id"):
        if right in person.may and same_name(who, _masks.load_truth(person.customer_id).name):
            return person.customer_id, person.role
    raise Refused(
        f"Only the holder or a person named on the account with that right may change it. {CALLER}", field="who"
    )


def _proofs(asking: Asking, customer_id: int, on: date, paper: bool) -> tuple[str, ...]:
    if asking.channel == "phone":
        try:
            wanted = [str(kind) for kind in policies.load(BY_PHONE).rows(BY_PHONE, on=on)]
        except NotSet as missing:
            says = "Nothing is changed by telephone: what proves a caller is not set for this city"
            raise Refused(f"{says} ({missing}). Ask for a visit with photo identification.", field="channel") from None
        if not all_proved(customer_id, asking.proofs, wanted):
            raise Refused(MISSING, field="proofs")
        return tuple(wanted)
    if asking.channel == "counter":
        return (check_text(asking.document, field="document", longest=60, required=True),)
    if asking.channel == "letter" and not paper:
        raise Refused("Attach the signed letter.", field="paper")
    return (asking.channel,)
