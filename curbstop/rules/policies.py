"""Policies: what the city decided beside its rates, as dated values, each with the sentence a clerk reads aloud.

A value that the city has not published is not set, and says why. Whoever needs it gets `NotSet` with those words:
nothing is charged or done on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TypeVar

from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.periods import Period, overlaps
from curbstop.rules.policy_shapes import SCALARS, SHAPES, Shape
from curbstop.rules.sheets import Block, Page, closest
from curbstop.rules.units import parse_number

__all__ = ["NotSet", "Policies", "Policy", "PolicyErrors", "PolicyValue", "read_policies", "value_on"]

CONFIDENCES = ("HIGH", "MED", "LOW", "UNVERIFIED")

Kind = TypeVar("Kind")
Plain = int | str | bool | list["Plain"] | dict[str, "Plain"]

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class PolicyErrors(Faults):
    """Everything wrong with a policy file."""

    what = "policy file"


class NotSet(Exception):
    """The city has no value for the policy on the day. `why` says what is known; `says` is the policy's sentence."""

    def __init__(self, *, policy: str, says: str, why: str) -> None:
        self.policy = policy
        self.says = says
        self.why = why
        super().__init__(f"{policy} is not set for this city: {why}")


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A value from one day until another; `value` None is not set, and `not_set` says why."""

    period: Period
    value: Plain | None
    not_set: str
    authority: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: its sentence, where it comes from, and its values in time order."""

    id: str
    says: str
    authority: str
    source: str
    confidence: str
    readings: tuple[str, ...]
    values: tuple[PolicyValue, ...]

    def on(self, on: date) -> PolicyValue | None:
        """The value in force on the day."""
        return next((value for value in self.values if value.period.holds(on)), None)


@dataclass(frozen=True, slots=True)
class Policies:
    """A city's policies by id."""

    by_id: Mapping[str, Policy] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> Policies:
        """A collection; of two with one id, the later."""
        return cls({policy.id: policy for policy in policies})

    def overlay(self, policies: Iterable[Policy]) -> Policies:
        """These, with others in the place of those of the same id: an example town's own values."""
        return Policies({**self.by_id, **{policy.id: policy for policy in policies}})

    def policy(self, id: str) -> Policy:
        """The policy. :raises NotSet: none of this id is on file"""
        found = self.by_id.get(id)
        if found is None:
            raise NotSet(policy=id, says="", why="no policy of this name is on file; a supervisor enters it")
        return found

    def value(self, id: str, *, on: date) -> Plain:
        """The value in force. :raises NotSet: none is"""
        return value_on(self.policy(id), on)

    def cents(self, id: str, *, on: date) -> int:
        """The value as whole cents. :raises NotSet: none is set"""
        return _as(int, id, self.value(id, on=on))

    def whole(self, id: str, *, on: date) -> int:
        """The value as a whole number (days, counts). :raises NotSet: none is set"""
        return _as(int, id, self.value(id, on=on))

    def percent(self, id: str, *, on: date) -> Fraction:
        """The value as an exact percentage: 2 for two percent. :raises NotSet: none is set"""
        return Fraction(_as(str, id, self.value(id, on=on)))

    def text(self, id: str, *, on: date) -> str:
        """The value as text. :raises NotSet: none is set"""
        return _as(str, id, self.value(id, on=on))

    def yes(self, id: str, *, on: date) -> bool:
        """The value as yes or no. :raises NotSet: none is set"""
        return _as(bool, id, self.value(id, on=on))

    def table(self, id: str, *, on: date) -> dict[str, Plain]:
        """The value as a table. :raises NotSet: none is set"""
        return _as(dict, id, self.value(id, on=on))

    def rows(self, id: str, *, on: date) -> list[Plain]:
        """The value as a list. :raises NotSet: none is set"""
        return _as(list, id, self.value(id, on=on))


def _as(kind: type[Kind], id: str, value: Plain) -> Kind:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        remedy = "read it with the function for its shape (rules/policy_shapes.py)"
        raise BadValue(field=id, value=value, why=f"not {kind.__name__}", remedy=remedy)
    return value


def value_on(policy: Policy, on: date) -> Plain:
    """The policy's value on the day.

    :raises NotSet: the value is not set, or no value holds on the day
    """
    found = policy.on(on)
    if found is None:
        raise NotSet(policy=policy.id, says=policy.says, why=f"no value holds on {on.isoformat()}")
    if found.value is None:
        raise NotSet(policy=policy.id, says=policy.says, why=found.not_set)
    return found.value


def read_policies(text: str, *, file: str) -> tuple[Policy, ...]:
    """The policies of a file, in its order.

    :param text: YAML, one policy a document
    :raises PolicyErrors: every fault found, each with file, line, field, value, why and remedy
    """
    page = Page(file)
    policies: list[Policy] = []
    for block in page.blocks(text):
        policy = _policy(block)
        if any(policy.id == other.id for other in policies):
            block.fault("id", value=policy.id, why="used by an earlier policy of this file", remedy="keep one of them")
        policies.append(policy)
    if page.faults:
        raise PolicyErrors(page.faults)
    return tuple(policies)


def _policy(block: Block) -> Policy:
    id = block.text("id", required="write the policy's name, for example fee.new_service") or "?"
    shape = _shape(block, id)
    says = block.text("says", required="write the sentence that a clerk reads aloud") or ""
    authority = block.text("authority", required="name the ordinance, resolution or page, with its date") or ""
    parts = block.blocks("values", required="write `values: [{from: 2026-01-01, value: ...}]`")
    found = [_value(part, shape, authority) for part in parts]
    values = sorted((value for value in found if value is not None), key=lambda value: value.period.from_on)
    policy = Policy(
        id=id,
        says=says,
        authority=authority,
        source=block.text("source") or "",
        confidence=block.choice("confidence", CONFIDENCES, default="UNVERIFIED"),
        readings=block.words("reading"),
        values=_in_time(block, values),
    )
    block.done()
    return policy


def _shape(block: Block, id: str) -> Shape:
    known = SHAPES.get(id)
    own = block.text("is")
    if known is not None or id == "?":
        if own is not None and own != known:
            block.fault("is", value=own, why="the programs know another shape for this policy", remedy="take it out")
        return known or "text"
    if not _ID.fullmatch(id):
        block.fault("id", value=id, why="not a policy's name", remedy="write words joined by dots: fee.new_service")
        return "text"
    if own is None:
        remedy = closest(id, SHAPES) if closest(id, SHAPES).startswith("did") else "say its shape"
        why = "no program reads a policy of this name"
        block.fault(
            "id", value=id, why=why, remedy=f"{remedy}; for the city's own, add `is: amount` (or another shape)"
        )
        return "text"
    if own not in SCALARS:
        block.fault("is", value=own, why="not a shape", remedy=closest(own, SCALARS))
        return "text"
    return own


def _value(block: Block, shape: Shape, authority: str) -> PolicyValue | None:
    from_on = block.on("from", required="write the first day it holds, for example 2026-01-01")
    until_on = block.on("until")
    own = block.text("authority") or authority
    not_set = block.text("not_set")
    value: Plain | None = None
    if not_set is None and not block.has("value"):
        block.fault("value", why="missing", remedy="write `value: ...`, or `not_set:` with the reason")
    elif not_set is not None and block.has("value"):
        block.fault("value", why="`value` and `not_set` are both written", remedy="keep one of the two")
        block.take("value")
    elif not_set is None:
        value = plain(block, "value", shape)
    block.done()
    if from_on is None or (value is None and not_set is None):
        return None
    try:
        return PolicyValue(Period(from_on, until_on), value, not_set or "", own)
    except BadValue as error:
        block.fault("until", value=error.value, why=error.why, remedy=error.remedy)
        return None


def plain(block: Block, key: str, shape: Shape) -> Plain | None:
    """A field's value by its shape, as plain data that JSON keeps; faults are kept by the block."""
    if isinstance(shape, str):
        return _scalar(block, key, shape)
    if isinstance(shape, list):
        rows = [_table(row, shape[0]) for row in block.blocks(key, required="write at least one row")]
        return list(rows)
    part = block.block(key)
    return None if part is None else _table(part, shape)


def _table(block: Block, shape: Shape) -> dict[str, Plain]:
    assert isinstance(shape, dict)
    found: dict[str, Plain] = {}
    for written, inner in shape.items():
        name = written.removesuffix("?")
        if not block.has(name):
            block.take(name)
            if not written.endswith("?"):
                block.fault(name, why="missing", remedy=f"write `{name}: ...`")
            continue
        value = plain(block, name, inner)
        if value is not None:
            found[f"{name}_cents" if inner == "amount" else name] = value
    block.done()
    return found


def _scalar(block: Block, key: str, shape: str) -> Plain | None:
    if shape == "amount":
        return block.cents(key)
    if shape in ("whole", "days"):
        return block.whole(key)
    if shape == "words":
        return list(block.words(key))
    if shape == "on":
        on = block.on(key)
        return None if on is None else on.isoformat()
    value = block.text(key)
    if value is None or shape == "text":
        return value
    if shape == "yes_no":
        if value not in ("yes", "no"):
            block.fault(key, value=value, why="not yes or no", remedy="write yes or no")
            return None
        return value == "yes"
    try:
        parse_number(value, field=key)
    except BadValue as error:
        block.fault(key, value=value, why=error.why, remedy=error.remedy)
        return None
    return value.replace(",", "")


def _in_time(block: Block, values: list[PolicyValue]) -> tuple[PolicyValue, ...]:
    """Values in time order; one without an end ends where the next begins."""
    found: list[PolicyValue] = []
    for value, following in zip(values, [*values[1:], None], strict=False):
        period = value.period
        if following is not None and period.until_on is None and period.from_on < following.period.from_on:
            period = Period(period.from_on, following.period.from_on)
        found.append(PolicyValue(period, value.value, value.not_set, value.authority))
    for first, second in overlaps([value.period for value in found]):
        why = f"two values hold from {found[second].period.from_on}: {found[first].period.from_on} has not ended"
        block.fault("values", why=why, remedy="end the earlier one with `until`, or begin the later one later")
    return tuple(found)
