"""Why an account is left alone for a while, and what that leaves alone: the closed list of reasons.

What a hold of each reason holds (late charge, notice, cut-off) is the city's policy ``hold.<reason>``. Where a city has
not said, all three wait: nothing is charged, sent or turned off on a blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet, Policies


@dataclass(frozen=True)
class Reason:
    """A reason for a hold. ``says``: as people call it; ``means``: what has happened; ``by_act``: an act of its own
    places and ends it, so nobody places one by hand."""

    code: str
    says: str
    means: str
    by_act: bool = False


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        reason.code: reason
        for reason in (
            Reason("extension", "Extension", "a later day was promised", by_act=True),
            Reason("arrangement", "Arrangement", "the debt is paid in instalments", by_act=True),
            Reason("dispute", "Dispute", "the customer says that the bill is wrong", by_act=True),
            Reason("medical", "Medical", "a physician's certificate is on file"),
            Reason("bankruptcy", "Bankruptcy", "a petition was filed (11 U.S.C. 362 and 366)", by_act=True),
            Reason("pledge", "Agency pledge", "an agency said that it pays"),
            Reason("weather", "Weather", "heat or cold by the city's rule"),
            Reason("government", "Government", "a government pays by its own calendar (62 O.S. 305.1)"),
            Reason("life_support", "Life support", "somebody at the place depends on it"),
            Reason("disaster", "Disaster area", "the place was struck"),
            Reason("pending_payment", "Payment on its way", "money was sent and has not arrived"),
            Reason("returned_mail", "Returned mail", "a letter came back, so nobody was told"),
        )
    }
)
"""Every reason by its code."""


class BadReason(BadValue):
    """Not a reason for a hold."""


def reason_of(code: str) -> Reason:
    """The reason. :raises BadReason: there is none of this code"""
    found = REASONS.get(code)
    if found is None:
        raise BadReason(field="reason", value=code, why="not a reason for a hold", remedy=f"use one of {_codes()}")
    return found


def _codes() -> str:
    return ", ".join(REASONS)


@dataclass(frozen=True)
class Held:
    """What a hold of some reason holds: the late charge, the notice, the cut-off. ``authority`` empty: the city has not
    said, and all three wait."""

    late: bool = True
    notice: bool = True
    cutoff: bool = True
    authority: str = ""

    @property
    def says(self) -> str:
        """In words: ``late charge, notice and cut-off wait``."""
        told = [
            word
            for word, held in (("late charge", self.late), ("notice", self.notice), ("cut-off", self.cutoff))
            if held
        ]
        if not told:
            return "nothing waits"
        listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
        return f"{listed} {'waits' if len(told) == 1 else 'wait'}"


EVERYTHING = Held()


def held_by(rules: Policies, reason: str, on: date) -> Held:
    """What a hold of this reason holds on the day, by the city's policy ``hold.<reason>``.

    :raises BadReason: no such reason
    """
    id = f"hold.{reason_of(reason).code}"
    try:
        table = rules.table(id, on=on)
    except NotSet:
        return EVERYTHING
    value = rules.policy(id).on(on)
    return Held(
        late=bool(table["late"]),
        notice=bool(table["notice"]),
        cutoff=bool(table["cutoff"]),
        authority=value.authority if value else "",
    )


def policies_of_holds() -> tuple[str, ...]:
    """The names of the policies that :func:`held_by` reads."""
    return tuple(f"hold.{code}" for code in REASONS)
