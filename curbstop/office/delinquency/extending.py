"""Extensions: who may have a later day by the city's criteria, the promise, and whether it was kept.

The criteria are policy and no fields of a form: who does not meet them is refused with every reason at once, and a
supervisor may make an exception by the approval mechanism (the request ``extension_exception``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from curbstop.office import _holds
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act, plain
from curbstop.office._own import refuse_own
from curbstop.office._statements import ask
from curbstop.office.delinquency import letters
from curbstop.office.delinquency._asking import Owed, get_answer, load_owed, open_of
from curbstop.records.delinquency.promises import Extension, ExtensionEnd
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.delinquency.extensions import CHANNELS, WHO, Answer, kept
from curbstop.rules.money import show
from curbstop.rules.periods import show_on

LETTER = "extension_letter"


@dataclass(frozen=True)
class Extended:
    """A promise: its hold is ``[from, pay_by_on + 1)``. ``letter_id`` None: no letter, and why stands in ``no_letter``.

    ``this_year``: how many the account has had in the calendar year, this one too.
    """

    extension_id: int
    hold_id: int
    cents: int
    pay_by_on: date
    letter_id: int | None
    no_letter: str
    this_year: int


@dataclass(frozen=True)
class MayExtend:
    """What the screen shows before anything is promised: what is owed, the criteria answered, the last day."""

    account_id: int
    number: str
    name: str
    cents: int
    answer: Answer


@dataclass(frozen=True)
class ExtensionRow:
    """An extension as lists have it. ``state``: ``open``, ``kept``, ``broken``, ``withdrawn``."""

    id: int
    account_id: int
    number: str
    name: str
    asked_on: date
    pay_by_on: date
    cents: int
    left_cents: int
    state: str
    ended_on: date | None
    by: str
    request_id: int | None
    letter_id: int | None


def get_may_extend(*, account_id: int, asks: str, channel: str, on: date) -> MayExtend:
    """What may be promised to the account now, with every criterion answered. :raises Refused: no such account"""
    owed = load_owed(account_id)
    answer = get_answer(account_id, asks=asks, channel=channel, on=on, prefix="extension")
    return MayExtend(account_id, owed.number, owed.name, owed.cents, answer)


@act("delinquency.extend")
def extend(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    pay_by_on: date,
    asks: str,
    channel: str,
    on: date,
    overrides: Mapping[str, str] | None = None,
) -> Extended:
    """Promise a later day for all that the account owes now; what is billed afterwards is due as ever.

    :param asks: who asks, a code of ``rules.delinquency.extensions.WHO``; ``channel``: one of its ``CHANNELS``
    :param overrides: criteria that a form claims to answer itself; any is refused
    :raises Refused: a criterion is not met (every one is named), nothing is owed, or a day that cannot be
    """
    event.about(f"account:{account_id}")
    if overrides:
        raise Refused("The criteria are policy, not fields of the form. A supervisor may make an exception.")
    check_choice(asks, tuple(WHO), field="asks")
    check_choice(channel, tuple(CHANNELS), field="channel")
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    owed = load_owed(account_id)
    answer = get_answer(account_id, asks=asks, channel=channel, on=on, prefix="extension")
    if not answer.may:
        reasons = " Also: ".join(f"{reason}." for reason in answer.reasons)
        raise Refused(f"No extension on account {owed.number}: {reasons} Ask the supervisor for an exception.")
    check_day(pay_by_on, on, answer)
    return grant(event, owed, account_id, pay_by_on, asks, channel, on, answer)


def check_day(pay_by_on: date, on: date, answer: Answer | None) -> None:
    """Refuse a day that cannot be promised. :raises Refused: in the past, or past the city's limit"""
    if pay_by_on <= on:
        raise Refused(f"{show_on(pay_by_on)} is not later than today; choose a day to come.", field="pay_by_on")
    if answer is not None and answer.latest_on is not None and pay_by_on > answer.latest_on:
        says = f"{show_on(pay_by_on)} is too late: {answer.latest_says} (extension.until)"
        raise Refused(f"{says}. Choose {show_on(answer.latest_on)} or sooner.", field="pay_by_on")


def grant(
    event: Acting,
    owed: Owed,
    account_id: int,
    pay_by_on: date,
    asks: str,
    channel: str,
    on: date,
    answer: Answer,
    *,
    request_id: int | None = None,
) -> Extended:
    """Write the promise inside the act under way: its hold, its row and its letter.

    :raises Refused: nothing is owed
    """
    if not owed.cents:
        raise Refused(f"Account {owed.number} owes nothing, so there is nothing to extend.", field="account_id")
    authority = f"approved exception, request {request_id}" if request_id else answer.authority
    event.about(says=f"Extension of {show(owed.cents)} until {show_on(pay_by_on)}.")
    hold = _holds.place(
        event, account_id=account_id, reason="extension", authority=f"extension.rule: {authority}"[:300], from_on=on,
        until_on=pay_by_on + timedelta(days=1), owner_id=event.by.id, cents=owed.cents, documents=owed.ids,
    )  # fmt: skip
    letter_id, no_letter = _letter(event, account_id, owed.cents, pay_by_on, on)
    row = Extension.objects.create(
        account_id=account_id,
        hold_id=hold,
        asked_on=on,
        pay_by_on=pay_by_on,
        cents=owed.cents,
        asks=asks,
        channel=channel,
        criteria=plain(answer),
        request_id=request_id,
        letter_id=letter_id,
        by_id=event.by.id,
        at=event.at,
        event_id=event.id,
    )
    this_year = Extension.objects.filter(account_id=account_id, asked_on__year=on.year)
    count = this_year.exclude(end__outcome="withdrawn").count()
    return Extended(row.pk, hold, owed.cents, pay_by_on, letter_id, no_letter, count)


def _letter(event: Acting, account_id: int, cents: int, pay_by_on: date, on: date) -> tuple[int | None, str]:
    """The letter, or why there is none: the promise holds without it, and the screen says so."""
    fields: dict[str, str | int | date] = {"amount": cents, "pay_by_on": pay_by_on}
    try:
        return letters.write(event, template=LETTER, account_id=account_id, on=on, fields=fields), ""
    except Refused as refused:
        return None, str(refused)


@act("delinquency.withdraw_extension")
def withdraw_extension(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, extension_id: int, on: date, reason: str
) -> None:
    """Take back a promise that was made in error: its hold is released, and it counts for nothing.

    :raises Refused: no such extension, or it has ended
    """
    why = check_text(reason, field="reason", longest=300, required=True)
    row = Extension.objects.filter(pk=extension_id).select_related("hold").first()
    if row is None:
        raise Refused(f"There is no extension {extension_id}.", field="extension_id")
    refuse_own(by, [row.account_id])
    lock_accounts([row.account_id])
    if ExtensionEnd.objects.filter(pk=extension_id).exists():
        raise Refused("This extension has ended; its row says how.", field="extension_id")
    event.about(f"account:{row.account_id}", says=f"Extension withdrawn: {why}")
    if row.hold.until_on is None or row.hold.until_on > on:
        _holds.release(event, hold_id=row.hold_id, on=max(on, row.hold.from_on), says=why)
    ExtensionEnd.objects.create(extension=row, outcome="withdrawn", on=on, says=why, event_id=event.id)


def end_for(event: Acting, account_id: int, on: date, says: str) -> None:
    """End what runs on an account inside the act under way, as withdrawn: it counts for nothing."""
    for row in Extension.objects.filter(account_id=account_id, end__isnull=True).select_related("hold"):
        if row.hold.until_on is None or row.hold.until_on > on:
            _holds.release(event, hold_id=row.hold_id, on=max(on, row.hold.from_on), says=says)
        ExtensionEnd.objects.create(extension=row, outcome="withdrawn", on=on, says=says, event_id=event.id)


def settle(event: Acting, on: date) -> tuple[int, int]:
    """End every extension that was kept or broken by the day, inside the act under way; how many of each."""
    counts = {"kept": 0, "broken": 0}
    rows = Extension.objects.filter(end__isnull=True).select_related("hold").order_by("account_id", "id")
    for row in rows:
        found = kept(
            left_cents=max(open_of(row.account_id, tuple(row.hold.documents)), 0), pay_by_on=row.pay_by_on, on=on
        )
        if found.state == "open":
            continue
        counts[found.state] += 1
        words = "paid" if found.state == "kept" else f"{show(found.left_cents)} was not paid by {row.pay_by_on}"
        if found.state == "kept" and row.hold.until_on is not None and row.hold.until_on > on >= row.hold.from_on:
            _holds.release(event, hold_id=row.hold_id, on=on, says="The extension was kept: all of it is paid.")
        ExtensionEnd.objects.create(extension=row, outcome=found.state, on=on, says=words, event_id=event.id)
        event.about(f"account:{row.account_id}")
    return counts["kept"], counts["broken"]


_ROWS = """
select x.id, x.account_id, a.number, c.name, x.asked_on, x.pay_by_on, x.cents, coalesce(p.cents, 0)::bigint,
  coalesce(e.outcome, ''), e."on", coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
  x.request_id, x.letter_id
from delinquency_extension x join customers_account a on a.id = x.account_id
join customers_customer c on c.id = a.customer_id join base_user u on u.id = x.by_id
join delinquency_hold h on h.id = x.hold_id
left join delinquency_extensionend e on e.extension_id = x.id
left join lateral (select sum(p.debit_cents - p.credit_cents) cents from ledger_posting p
  where p.account_id = x.account_id and p.sub = 2 and p.document_id = any(h.documents)) p on true
where %(account)s::bigint is null and (e.extension_id is null or e."on" > %(on)s::date - 60)
  or x.account_id = %(account)s::bigint
order by e.extension_id is not null, x.pay_by_on, x.id limit 500"""


def list_extensions(*, on: date, account_id: int | None = None) -> tuple[ExtensionRow, ...]:
    """Extensions, those that run first: of one account all, of the city those of the last 60 days.

    One that is paid is ``kept`` and one whose day is over ``broken`` before the night has written it.
    """
    found = []
    for row in ask(_ROWS, {"account": account_id, "on": on}):
        id, account, number, name, asked_on, pay_by_on, cents, left, outcome, ended_on, by, request, letter = row
        state = outcome or kept(left_cents=max(left, 0), pay_by_on=pay_by_on, on=on).state
        found.append(
            ExtensionRow(
                id, account, number, name, asked_on, pay_by_on, cents, left, state, ended_on, by, request, letter
            )
        )
    return tuple(found)
