"""An extension that the city's criteria do not allow: asked with its reason, granted when another person approves."""

from __future__ import annotations

from datetime import date

from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Step, Weighed
from curbstop.office.delinquency import extending
from curbstop.office.delinquency._asking import load_owed
from curbstop.rules.money import show

REASONS = {
    "hardship": "Hardship, by the customer's words",
    "medical": "Illness in the household",
    "our_error": "The office's error",
    "agency": "An agency is about to pay",
    "discretion": "Discretion of the supervisor, with the reason",
}


def weigh_extension(asked: Asked) -> Weighed:
    """Grant a later day in spite of the criteria: inputs ``account_id``, ``pay_by_on``, ``asks``, ``channel``.

    :raises Refused: nothing is owed, the day cannot be, or every criterion is met and no exception is needed
    """
    account_id, day = asked.number("account_id"), _day(asked)
    owed = load_owed(account_id)
    if not owed.cents:
        raise Refused(f"Account {owed.number} owes nothing, so there is nothing to extend.", field="account_id")
    extending.check_day(day, asked.on, None)
    asks, channel = asked.text("asks", "holder"), asked.text("channel", "counter")
    may = extending.get_may_extend(account_id=account_id, asks=asks, channel=channel, on=asked.on)
    late = may.answer.latest_on is not None and day > may.answer.latest_on
    if may.answer.may and not late:
        raise Refused("Every criterion is met: promise it, no exception is needed.", field="account_id")
    working = [Step(reason, "not met") for reason in may.answer.reasons]
    if late:
        working.append(Step(may.answer.latest_says, f"asked {day.isoformat()}"))
    says = f"Extension of {show(owed.cents)} for {owed.name}, account {owed.number}, until {day.isoformat()}"
    return Weighed(owed.cents, (account_id,), f"{says}, as an exception.", tuple(working))


def _day(asked: Asked) -> date:
    try:
        return date.fromisoformat(asked.text("pay_by_on"))
    except ValueError:
        raise Refused("The last day to pay is needed, as a date.", field="pay_by_on") from None


def post_extension(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Grant it, in the act that approves; nothing is posted, since a later day is no money."""
    account_id = asked.number("account_id")
    asks, channel = asked.text("asks", "holder"), asked.text("channel", "counter")
    may = extending.get_may_extend(account_id=account_id, asks=asks, channel=channel, on=asked.on)
    extending.grant(
        event, load_owed(account_id), account_id, _day(asked), asks, channel, asked.on, may.answer,
        request_id=asked.request_id,
    )  # fmt: skip
    return ()
