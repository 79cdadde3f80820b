"""People on an account: their roles, what each may do, and what proves that it is they who ask."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from curbstop.rules.customers import BadEntry, check_choice, check_text

ROLES: Mapping[str, str] = {
    "co_holder": "Co-holder",
    "guarantor": "Guarantor",
    "third_party": "Third party who has copies",
    "landlord": "Landlord",
    "agent": "Agent, by power of attorney or in writing",
}
MAY: Mapping[str, str] = {
    "talk": "hear about the account",
    "change": "change master data",
    "move": "start, stop and transfer",
    "copies": "have copies of bills and notices",
}
"""What somebody on an account may do; paying is anybody's. A holder may do all of it."""

USUAL: Mapping[str, tuple[str, ...]] = {
    "co_holder": ("talk", "change", "move"),
    "guarantor": ("talk",),
    "third_party": ("copies",),
    "landlord": (),
    "agent": ("talk",),
}
"""What a role may do unless it is said otherwise; an agent's paper says what he may."""

CHANNELS: Mapping[str, str] = {
    "counter": "at the counter",
    "phone": "by telephone",
    "letter": "by signed letter",
    "portal": "signed in to the portal",
}
PROOFS: Mapping[str, str] = {
    "ssn4": "the last four of the Social Security number",
    "born_on": "the date of birth",
    "password": "the account password",
    "document": "an identity document",
}
REASONS: Mapping[str, str] = {
    "moved": "Moved, or mail goes elsewhere",
    "marriage": "Marriage",
    "divorce": "Divorce",
    "death": "Death",
    "court": "Court order",
    "correction": "It was written down wrongly",
    "asked": "The customer asked",
}
NEEDS_PAPER = frozenset({"marriage", "divorce", "death", "court"})
"""Reasons for which a paper is seen and kept."""

FIELDS: Mapping[str, str] = {
    "name": "name",
    "mail_to": "mailing address",
    "phone": "telephone",
    "email": "e-mail",
    "language": "language",
    "holder": "holder",
}

CALLER = "I can only make that change for the people named on the account. They may call us or come in."


def tidy_proof(kind: str, value: str) -> str:
    """A proof in the one spelling in which it is compared.

    :raises BadEntry: it cannot be one
    """
    check_choice(kind, tuple(PROOFS), field="kind")
    given = check_text(value, field=kind, longest=100, required=True)
    if kind == "ssn4":
        digits = re.sub(r"\D", "", given)
        if len(digits) != 4:
            raise BadEntry(field=kind, value="", why="not four digits", remedy="write the last four digits only")
        return digits
    if kind == "born_on":
        try:
            return date.fromisoformat(given).isoformat()
        except ValueError:
            remedy = "write it as 1960-02-10"
            raise BadEntry(field=kind, value="", why="not a date", remedy=remedy) from None
    return given if kind == "password" else re.sub(r"[^0-9a-z]", "", given.casefold())


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: case, spaces and punctuation do not count."""
    return bool(_plain(one)) and _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", name.casefold().replace("'", "")).split())


def check_may(may: Sequence[str] | None, role: str) -> tuple[str, ...]:
    """What somebody of a role may do; None: what is usual. :raises BadEntry: something unknown"""
    if may is None:
        return USUAL[role]
    for one in may:
        check_choice(one, tuple(MAY), field="may")
    return tuple(dict.fromkeys(may))


def age_on(born_on: date, on: date) -> int:
    """Whole years on a day."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
