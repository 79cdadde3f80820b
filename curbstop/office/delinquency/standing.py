"""Where one account stands on the ladder, and what comes next: rung by rung, with the line of policy that decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curbstop.office.delinquency.facts import look
from curbstop.office.delinquency.lawful import say_hold
from curbstop.records.delinquency.ladder import Night, Step
from curbstop.rules.delinquency.ladder import CODES, RUNG_OF, RUNGS, Line, day_of


@dataclass(frozen=True)
class RungOf:
    """A rung as an account stands to it. ``done_on``: climbed; ``here``: it comes next."""

    code: str
    says: str
    done_on: date | None
    cents: int
    here: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class AccountLadder:
    """Where an account stands: the outcome as a code and in words, when something comes next, and the rungs."""

    account_id: int
    code: str
    says: str
    owed_cents: int
    next_on: date | None
    cutoff_on: date | None
    holds: tuple[str, ...]
    rungs: tuple[RungOf, ...]


_SHOWN = ("reminder", "notice", "call", "hanger", "list", "off_check", "close", "final", "collections")


def get_account_ladder(*, account_id: int, on: date) -> AccountLadder:
    """Where the account stands on the day. :raises LookupError: there is none"""
    found = look([account_id], on=on)
    if not len(found.account_ids):
        raise LookupError(f"there is no account {account_id}")
    code, ladder, anchor = found.code(0), found.ladder(0), int(found.anchors[0])
    done = {step.rung: step for step in Step.objects.filter(account_id=account_id, anchor=anchor).order_by("on", "id")}
    here = RUNG_OF.get(code, "")
    rungs = tuple(
        RungOf(
            rung,
            RUNGS[rung],
            done[rung].on if rung in done else None,
            done[rung].cents if rung in done else 0,
            rung == here,
            ladder.lines.get(rung, ()),
        )
        for rung in _SHOWN
    )
    holds = tuple(say_hold(hold) for hold in found.holds.get(account_id, ()))
    owed = max(int(found.facts.owed_cents[0]), 0)
    next_on, cutoff_on = day_of(int(found.climbed.next_on[0])), day_of(int(found.climbed.cutoff_on[0]))
    says = CODES[code]
    if code == "not_set" and ladder.stops is not None:
        says = f"{says}: {ladder.stops.says}"
    return AccountLadder(account_id, code, says, owed, next_on, cutoff_on if owed else None, holds, rungs)


def get_last_night() -> tuple[int, date] | None:
    """The night that was planned last, and its day."""
    night = Night.objects.order_by("-on").first()
    return (night.pk, night.on) if night else None
