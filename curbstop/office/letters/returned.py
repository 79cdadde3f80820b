"""The post brings a letter back: recorded, and where the law ties a step to it, held until somebody was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office import _holds, _letters
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.records.cases import letters as cases
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.letters import RETURNED

STOPS = "Your notice came back to us. Nothing is turned off until you have had it."


@dataclass(frozen=True)
class Returned:
    """A letter that came back. ``hold_id``: the hold on the account, where it was a notice that the law wants."""

    letter_id: int
    account_id: int | None
    hold_id: int | None
    says: str


@act("letters.record_returned")
def record_returned(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, letter_id: int, reason: str, on: date, says: str = ""
) -> Returned:
    """Say that the post brought a letter back. A notice of a cut-off then stops the cut-off: a hold is placed.

    :param reason: a code of ``rules.letters.RETURNED``, the endorsement on the envelope
    :raises Refused: there is no such letter, it was not mailed on paper, or it is recorded already
    """
    check_choice(reason, tuple(RETURNED), field="reason")
    letter = cases.Letter.objects.filter(pk=letter_id).select_related("wording").first()
    if letter is None or letter.channel != "mail":
        raise Refused("No letter of this number went by mail; find it on the account's page.", field="letter_id")
    if letter.account_id is not None:
        event.about(f"account:{letter.account_id}")
        lock_accounts([letter.account_id])
    if cases.Returned.objects.filter(pk=letter_id).exists():
        raise Refused("This letter is recorded as returned already.", field="letter_id")
    template = _letters.parse(letter.wording.body)
    hold = None
    if template.law and letter.account_id is not None:
        hold = _holds.place(
            event, account_id=letter.account_id, reason="returned_mail",
            authority=f"{template.says} of {letter.on.isoformat()} came back: {RETURNED[reason]}",
            from_on=on, until_on=None, owner_id=by.id,
        )  # fmt: skip
    cases.Returned.objects.create(
        letter=letter, on=on, reason=reason, says=check_text(says, field="says", longest=500), by_id=by.id,
        hold_id=hold, event_id=event.id,
    )  # fmt: skip
    told = f"{template.says} of {letter.on.isoformat()} came back: {RETURNED[reason].lower()}."
    event.about(f"letter:{letter_id}", says=f"{told} {STOPS}" if hold else told)
    return Returned(letter_id, letter.account_id, hold, STOPS if hold else told)


@act("letters.settle_returned")
def settle_returned(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    letter_id: int,
    says: str,
    on: date,
    again_id: int | None = None,
) -> None:
    """Say how the right address was found; the hold ends when the letter is out again.

    :param says: how it was found, kept with the letter
    :param again_id: the letter that went to the right address; a notice that the law wants needs one
    :raises Refused: it did not come back, is settled, or a notice is not written again yet
    """  # fmt: skip
    row = cases.Returned.objects.filter(pk=letter_id).select_related("letter__wording").first()
    if row is None:
        raise Refused("This letter is not recorded as returned.", field="letter_id")
    account = row.letter.account_id
    if account is not None:
        refuse_own(by, [account])
        event.about(f"account:{account}")
        lock_accounts([account])
    if cases.ReturnedSettled.objects.filter(pk=letter_id).exists():
        raise Refused("This returned letter is settled already.", field="letter_id")
    again = cases.Letter.objects.filter(
        pk=again_id or 0, account=row.letter.account, code=row.letter.code, pk__gt=letter_id, on__gte=row.on
    ).first()  # fmt: skip
    if (again_id is not None or row.hold_id is not None) and again is None:
        told = "The notice is not written again yet: nobody was told. Write it to the right address, then settle this."
        raise Refused(told, field="again_id")
    why = check_text(says, field="says", longest=500, required=True)
    cases.ReturnedSettled.objects.create(returned=row, on=on, says=why, again=again, event_id=event.id)
    if row.hold_id is not None:
        _holds.release(event, hold_id=row.hold_id, on=on, says=why)
    event.about(f"letter:{letter_id}", says=f"Returned letter settled: {why}")
