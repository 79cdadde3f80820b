"""What proves a customer: kept as keyed digests, compared without anybody reading them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._sealing import blind, seal, unseal
from curbstop.records.customers.models import Customer
from curbstop.records.customers.people import Identity
from curbstop.rules.customers import check_choice
from curbstop.rules.people import PROOFS, tidy_proof


@dataclass(frozen=True)
class Proof:
    """A proof as it is handed to an act: its kind, and a digest that tells nothing without the office's key.

    ``box`` is the sealed date of birth, empty of anything else.
    """

    kind: str
    digest: str
    box: str = ""


def take_proof(kind: str, value: str) -> Proof:
    """A proof as typed, in the form in which acts take it, so that no event ever holds it.

    :raises BadEntry: it cannot be one; the fault does not repeat it
    """
    text = tidy_proof(kind, value)
    box = seal(text, about="identity:born_on").hex() if kind == "born_on" else ""
    return Proof(kind, blind(f"identity:{kind}:{text}").hex(), box)


@act("customers.prove")
def prove(event: Acting, /, *, key: Key, by: Actor, at: datetime, customer_id: int, proofs: tuple[Proof, ...]) -> int:
    """Keep what proves a customer from now on; the last of a kind counts. Returns how many.

    :raises Refused: there is no such customer, or nothing is given
    """
    if not proofs:
        raise Refused("Give at least one proof.", field="proofs")
    if not Customer.objects.filter(pk=customer_id).exists():
        raise Refused(f"There is no customer {customer_id}.", field="customer_id")
    for proof in proofs:
        check_choice(proof.kind, tuple(PROOFS), field="kind")
    Identity.objects.bulk_create(
        Identity(
            customer_id=customer_id, kind=one.kind, digest=bytes.fromhex(one.digest), box=bytes.fromhex(one.box),
            event_id=event.id,
        )
        for one in proofs
    )  # fmt: skip
    event.about(f"customer:{customer_id}", says=f"Kept to prove who calls: {', '.join(one.kind for one in proofs)}.")
    return len(proofs)


def known_proofs(customer_id: int) -> dict[str, bytes]:
    """The digest of each kind that is on file; the last counts."""
    rows = Identity.objects.filter(customer_id=customer_id).order_by("id").values_list("kind", "digest")
    return {kind: bytes(digest) for kind, digest in rows}


def all_proved(customer_id: int, given: Iterable[Proof], wanted: Iterable[str]) -> bool:
    """Whether every proof wanted was given and is right. It says nothing of which was not."""
    known, told = known_proofs(customer_id), {one.kind: bytes.fromhex(one.digest) for one in given}
    return all(kind in known and told.get(kind) == known[kind] for kind in wanted)


def get_born_on(customer_id: int) -> date | None:
    """The date of birth on file; None: none is."""
    row = Identity.objects.filter(customer_id=customer_id, kind="born_on").order_by("-id").first()
    return date.fromisoformat(unseal(bytes(row.box), about="identity:born_on")) if row else None


def same_people(proofs: Iterable[Proof]) -> tuple[int, ...]:
    """Customers who have a date of birth or a document of these on file: for the search for old debt."""
    found: set[int] = set()
    for one in proofs:
        if one.kind in ("born_on", "document"):
            rows = Identity.objects.filter(kind=one.kind, digest=bytes.fromhex(one.digest))
            found |= set(rows.values_list("customer_id", flat=True))
    return tuple(sorted(found))
