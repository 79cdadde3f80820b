"""Letters that people send: to one account or to a list, seen first as they will be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office import _letters
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._letters import ToQueue
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.rules.letters import Value
from curbstop.rules.money import parse_amount

OWN_WAY = frozenset({"cut_off", "unclaimed_refund"})
"""Letters that the law ties to a step: the act of that step writes them, and nobody sends one by hand."""


@dataclass(frozen=True)
class Sent:
    """Letters that were written, by account in the order given."""

    letter_ids: tuple[int, ...]


@dataclass(frozen=True)
class Preview:
    """A letter as it would be sent to an account: nothing is kept of it."""

    title: str
    paragraphs: tuple[str, ...]
    closing: tuple[str, ...]
    language: str


@act("letters.send")
def send(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    template: str,
    account_ids: tuple[int, ...],
    fields: dict[str, str],
    on: date,
    wording_id: int | None = None,
) -> Sent:
    """Write a letter to each of these accounts, with the same fields; they wait to be printed.

    :param fields: what fills the letter, as text; days as year-month-day
    :param wording_id: the version that the writer looked at; None: the one in force
    :raises Refused: no account, one's own, a draft, a letter that another act writes, or a field is not right
    """  # fmt: skip
    event.about(*(f"account:{id}" for id in account_ids[:500]))
    if not account_ids:
        raise Refused("Choose at least one account.", field="account_ids")
    refuse_own(by, account_ids)
    found = _letters.get_in_force(event, template, on=on)
    if wording_id is not None and wording_id != found.wording_id:
        told = "This wording is a draft; the supervisor approves a new wording before it is sent."
        raise Refused(told, field="wording_id")
    if found.template.law in OWN_WAY:
        told = f"{found.template.says} is written by the step that it belongs to, on the account's page."
        raise Refused(told, field="template")
    values = read_fields(found, fields)
    ids = _letters.queue_many(
        event, template=template, letters=[ToQueue(values, account_id=id) for id in account_ids], on=on
    )
    event.about(*(f"letter:{id}" for id in ids[:500]), says=f"{found.template.says}: {len(ids)} written.")
    return Sent(ids)


def read_fields(found: _letters.InForce, fields: Mapping[str, str]) -> dict[str, Value]:
    """What somebody typed, as values of the template's fields.

    :raises Refused: an amount, day or number that is none
    """
    values: dict[str, Value] = {}
    for name, text in fields.items():
        field = found.template.fields.get(name)
        typed = text.strip()
        if field is None or not typed:
            continue
        try:
            if field.kind == "date":
                values[name] = date.fromisoformat(typed)
            elif field.kind == "cents":
                values[name] = parse_amount(typed, field=name)
            else:
                values[name] = int(typed) if field.kind == "whole" else typed
        except ValueError as bad:
            raise Refused(f"{field.says}: {typed!r} is not right; {bad}", field=name) from bad
    return values


def preview(
    *, wording_id: int, account_id: int, values: Mapping[str, str], on: date, languages: Sequence[str] = ()
) -> tuple[Preview, ...]:
    """A version of a template, drafts too, as it would be sent to an account, in the languages that are printed.

    :raises Refused: a field is missing or not right, or nobody knows where to send it
    """
    words, printed = _letters.try_wording(
        wording_id=wording_id, account_id=account_id, read=read_fields, values=values, on=on
    )
    return tuple(
        Preview(words[one].title, words[one].paragraphs, words[one].closing, one) for one in (languages or printed)
    )
