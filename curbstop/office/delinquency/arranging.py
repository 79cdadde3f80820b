"""Arrangements: a debt in instalments by the city's terms, the agreement, and whether it is kept.

A schedule adds up to the debt to the cent. What was paid on it is asked of the books: the plan is behind when more of
the debt is open than it leaves for later, and, where the city asks for it, when a bill of later is past due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from curbstop.office import _holds, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act, plain
from curbstop.office._own import refuse_own
from curbstop.office._statements import array, ask
from curbstop.office.delinquency import letters
from curbstop.office.delinquency._asking import Owed, get_answer, load_owed, open_of
from curbstop.records.delinquency.promises import Arrangement, ArrangementStep, Instalment, InstalmentReminded
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.delinquency.arrangements import (
    EVERY,
    Part,
    Stands,
    check_terms,
    down_cents,
    split,
    stand,
)
from curbstop.rules.delinquency.extensions import CHANNELS, WHO, Answer
from curbstop.rules.money import show
from curbstop.rules.periods import show_on
from curbstop.rules.policies import NotSet, Plain, Policies

LETTER, REMINDER = "arrangement_letter", "instalment_reminder"
TERMS = ("most_instalments", "most_days", "every", "down_percent", "down_least", "rounding", "current_bills",
         "grace_days", "remind_days")  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """The city's terms on a day; None: the city has not said. ``every`` and ``rounding`` have their usual values."""

    most: int | None
    most_days: int | None
    every: str
    down_percent: str
    down_least_cents: int | None
    rounding: str
    current_bills: bool
    grace_days: int
    remind_days: int | None

    def down(self, debt_cents: int) -> int:
        """The least down payment on a debt."""
        percent = Fraction(self.down_percent) if self.down_percent else None
        return down_cents(debt_cents, percent, self.down_least_cents)


@dataclass(frozen=True)
class Builder:
    """What the screen shows while instalments are talked over: the debt, the criteria, the schedule and its faults."""

    account_id: int
    number: str
    name: str
    cents: int
    answer: Answer
    terms: Terms
    down_least_cents: int
    parts: tuple[Part, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Agreed:
    """An arrangement as agreed; ``no_letter`` says why there is none."""

    arrangement_id: int
    hold_id: int
    cents: int
    parts: tuple[Part, ...]
    letter_id: int | None
    no_letter: str


@dataclass(frozen=True)
class ArrangementRow:
    """An arrangement as lists have it. ``state``: ``offered``, ``open``, ``kept``, ``broken``, ``declined``,
    ``withdrawn``; ``stands`` is what the books say now."""

    id: int
    account_id: int
    number: str
    name: str
    why: str
    offered_on: date
    agreed_on: date | None
    cents: int
    state: str
    stands: Stands
    by: str


def load_terms(on: date) -> Terms:
    """The city's terms of arrangements on the day."""
    rules = policies.load(*(f"arrangement.{name}" for name in TERMS))

    def known(name: str) -> Plain | None:
        return _or_none(rules, f"arrangement.{name}", on)

    def whole(name: str) -> int | None:
        value = known(name)
        return value if isinstance(value, int) else None

    return Terms(
        most=whole("most_instalments"),
        most_days=whole("most_days"),
        every=str(known("every") or "month"),
        down_percent=str(known("down_percent") or ""),
        down_least_cents=whole("down_least"),
        rounding=str(known("rounding") or "spread"),
        current_bills=bool(known("current_bills")),
        grace_days=whole("grace_days") or 0,
        remind_days=whole("remind_days"),
    )


def _or_none(rules: Policies, id: str, on: date) -> Plain | None:
    try:
        return rules.value(id, on=on)
    except NotSet:
        return None


def get_builder(
    *, account_id: int, count: int, first_on: date, every: str, down: int | None, asks: str, channel: str, on: date
) -> Builder:
    """A schedule for what the account owes now, with every criterion answered; nothing is written.

    :param down: the down payment in cents; None: the least that the city asks for
    :raises Refused: no such account, or nothing is owed
    :raises BadSchedule: instalments that cannot be
    """
    owed = load_owed(account_id)
    if not owed.cents:
        raise Refused(f"Account {owed.number} owes nothing, so there is nothing to arrange.", field="account_id")
    answer = get_answer(account_id, asks=asks, channel=channel, on=on, prefix="arrangement")
    terms = load_terms(on)
    least = terms.down(owed.cents)
    parts = split(
        owed.cents, count=count, first_on=first_on, every=every, on=on, down=least if down is None else down,
        rounding=terms.rounding,
    )  # fmt: skip
    found = list(check_terms(parts, most=terms.most, most_days=terms.most_days, on=on, latest_on=answer.latest_on))
    if down is not None and down < least:
        found.insert(0, f"a down payment of {show(down)}, and the city asks for {show(least)}")
    return Builder(account_id, owed.number, owed.name, owed.cents, answer, terms, least, parts, tuple(found))


@act("delinquency.agree_arrangement")
def agree_arrangement(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    count: int,
    first_on: date,
    every: str,
    asks: str,
    channel: str,
    on: date,
    down: int | None = None,
    cents: int | None = None,
) -> Agreed:
    """Agree with somebody that what the account owes now is paid in instalments; a hold stands while it is kept.

    :param cents: the debt as it was shown; if it is another by now, nothing is agreed
    :raises Refused: a criterion or a term is not met (every one is named), nothing is owed, or another debt by now
    :raises BadSchedule: instalments that cannot be
    """
    event.about(f"account:{account_id}")
    for value, options, field in ((asks, WHO, "asks"), (channel, CHANNELS, "channel"), (every, EVERY, "every")):
        check_choice(value, tuple(options), field=field)
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    shown = get_builder(
        account_id=account_id, count=count, first_on=first_on, every=every, down=down, asks=asks, channel=channel, on=on
    )
    if cents is not None and cents != shown.cents:
        says = f"The debt was shown as {show(cents)} and is {show(shown.cents)} now"
        raise Refused(f"{says}. Look at the schedule again.", field="cents")
    reasons = (*shown.answer.reasons, *shown.faults)
    if reasons:
        told = " Also: ".join(f"{reason}." for reason in reasons)
        raise Refused(f"No arrangement on account {shown.number}: {told} Change it, or ask the supervisor.")
    owed = load_owed(account_id)
    row = _write(event, owed, account_id, shown.parts, "asked", None, shown.cents, owed.ids, on, shown)
    return _agree(event, row, shown.parts, shown.terms, on)


def _write(
    event: Acting, owed: Owed, account_id: int, parts: Sequence[Part], why: str, catches_up: int | None, cents: int,
    documents: Sequence[int], on: date, terms: Any,
) -> Arrangement:  # fmt: skip
    row = Arrangement.objects.create(
        account_id=account_id,
        why=why,
        catches_up=catches_up,
        cents=cents,
        documents=list(documents),
        offered_on=on,
        terms=plain(terms),
        by_id=event.by.id,
        at=event.at,
        event_id=event.id,
    )
    Instalment.objects.bulk_create(
        Instalment(arrangement=row, no=part.no, due_on=part.due_on, cents=part.cents) for part in parts
    )
    event.about(f"account:{account_id}", f"arrangement:{row.pk}")
    return row


def _agree(event: Acting, row: Arrangement, parts: Sequence[Part], terms: Terms, on: date) -> Agreed:
    last_on = max(part.due_on for part in parts)
    schedule = "; ".join(f"{show(part.cents)} on {show_on(part.due_on)}" for part in parts)
    event.about(says=f"Arrangement over {show(row.cents)}: {schedule}.")
    hold = _holds.place(
        event, account_id=row.account_id, reason="arrangement", authority=f"arrangement {row.pk}, arrangement.rule",
        from_on=on, until_on=last_on + timedelta(days=terms.grace_days + 1), owner_id=event.by.id, cents=row.cents,
        documents=row.documents,
    )  # fmt: skip
    fields = {
        "debt": row.cents,
        "schedule": schedule,
        "last_on": last_on,
        "current": "yes" if terms.current_bills else "",
    }
    letter_id, no_letter = _letter(event, row.account_id, LETTER, fields, on)
    ArrangementStep.objects.create(
        arrangement=row, step="agreed", on=on, says=schedule, hold_id=hold, letter_id=letter_id, event_id=event.id
    )
    return Agreed(row.pk, hold, row.cents, tuple(parts), letter_id, no_letter)


def _letter(
    event: Acting, account_id: int, template: str, fields: Mapping[str, Any], on: date
) -> tuple[int | None, str]:
    try:
        return letters.write(event, template=template, account_id=account_id, on=on, fields=fields), ""
    except Refused as refused:
        return None, str(refused)


@act("delinquency.take_offer")
def take_offer(event: Acting, /, *, key: Key, by: Actor, at: datetime, arrangement_id: int, on: date) -> Agreed:
    """Agree to an offer as it stands. What was paid of it meanwhile counts.

    :raises Refused: no such offer, it was answered, or its first day is over
    """
    row = _lock_offer(event, by, arrangement_id)
    parts = load_parts([row.pk])[row.pk]
    if parts[0].due_on < on:
        told = f"The first part of this offer was due on {parts[0].due_on.isoformat()}. Make a new arrangement."
        raise Refused(told, field="arrangement_id")
    return _agree(event, row, parts, load_terms(on), on)


@act("delinquency.decline_offer")
def decline_offer(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, arrangement_id: int, on: date, says: str
) -> None:
    """Keep that the customer does not want an offer. :raises Refused: no such offer, or it was answered"""
    row, why = _lock_offer(event, by, arrangement_id), check_text(says, field="says", longest=300, required=True)
    ArrangementStep.objects.create(arrangement=row, step="declined", on=on, says=why, event_id=event.id)
    event.about(says=f"Offer of instalments declined: {why}")


def _lock_offer(event: Acting, by: Actor, arrangement_id: int) -> Arrangement:
    row = Arrangement.objects.filter(pk=arrangement_id).first()
    if row is None:
        raise Refused(f"There is no arrangement {arrangement_id}.", field="arrangement_id")
    refuse_own(by, [row.account_id])
    lock_accounts([row.account_id])
    event.about(f"account:{row.account_id}", f"arrangement:{row.pk}")
    step = ArrangementStep.objects.filter(arrangement=row).order_by("-id").first()
    if step is not None:
        told = f"This offer was answered on {step.on.isoformat()}: {step.step}."
        raise Refused(told, field="arrangement_id")
    return row


@act("delinquency.withdraw_arrangement")
def withdraw_arrangement(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, arrangement_id: int, on: date, reason: str
) -> None:
    """Take back an arrangement that was made in error: its hold is released and it counts for nothing.

    :raises Refused: it is not running
    """
    why = check_text(reason, field="reason", longest=300, required=True)
    step = ArrangementStep.objects.filter(arrangement_id=arrangement_id, step="agreed").select_related("hold").first()
    ended = ArrangementStep.objects.filter(arrangement_id=arrangement_id).exclude(step="agreed").exists()
    if step is None or step.hold is None or ended:
        raise Refused("This arrangement is not running; its row says how it stands.", field="arrangement_id")
    refuse_own(by, [step.hold.account_id])
    lock_accounts([step.hold.account_id])
    event.about(f"account:{step.hold.account_id}", says=f"Arrangement withdrawn: {why}")
    _end(event, step, "withdrawn", on, why)


def _end(event: Acting, agreed: ArrangementStep, step: str, on: date, says: str) -> None:
    """End a running arrangement: its hold is released, and the ladder goes on by what is owed."""
    hold = agreed.hold
    if hold is not None and (hold.until_on is None or hold.until_on > on) and not hasattr(hold, "release"):
        _holds.release(event, hold_id=hold.pk, on=max(on, hold.from_on), says=says)
    ArrangementStep.objects.create(arrangement_id=agreed.arrangement_id, step=step, on=on, says=says, event_id=event.id)


def end_for(event: Acting, account_id: int, on: date, says: str) -> None:
    """End what runs on an account inside the act under way, as withdrawn; an offer lapses."""
    for step in _running():
        if step.arrangement.account_id == account_id:
            _end(event, step, "withdrawn", on, says)
    for row in Arrangement.objects.filter(account_id=account_id, steps__isnull=True):
        ArrangementStep.objects.create(arrangement=row, step="lapsed", on=on, says=says, event_id=event.id)


def settle(event: Acting, on: date) -> tuple[int, int, int]:
    """End every arrangement that was kept or broken by the day and remind of the next part, inside the act under way:
    how many kept, broken, reminded."""
    counts = {"kept": 0, "broken": 0}
    reminded, terms = 0, load_terms(on)
    running = _running()
    parts = load_parts([step.arrangement_id for step in running])
    for step in running:
        row = step.arrangement
        stands = _stands(row, step.on, parts[row.pk], terms, on)
        if stands.state == "open":
            reminded += _remind(event, row, stands, terms, on)
            continue
        counts[stands.state] += 1
        says = "all of it is paid" if stands.state == "kept" else f"{show(stands.behind_cents)} behind"
        event.about(f"account:{row.account_id}")
        _end(event, step, stands.state, on, says)
    return counts["kept"], counts["broken"], reminded


def _running() -> list[ArrangementStep]:
    ended = ArrangementStep.objects.filter(step__in=("kept", "broken", "withdrawn"))
    rows = ArrangementStep.objects.filter(step="agreed").exclude(arrangement_id__in=ended.values("arrangement_id"))
    return list(rows.select_related("arrangement", "hold").order_by("arrangement__account_id", "id"))


def _remind(event: Acting, row: Arrangement, stands: Stands, terms: Terms, on: date) -> int:
    """One letter so many days before a part is due, where the city says how many."""
    if terms.remind_days is None or stands.next_on is None:
        return 0
    part = next(part for part in stands.parts if part.state != "paid")
    if not on <= part.due_on <= on + timedelta(days=terms.remind_days) or part.no == 0:
        return 0
    if InstalmentReminded.objects.filter(arrangement_id=row.pk, no=part.no).exists():
        return 0
    fields = {"amount": stands.next_cents, "due_on": part.due_on, "left": stands.left_cents}
    letter_id, _ = _letter(event, row.account_id, REMINDER, fields, on)
    InstalmentReminded.objects.create(arrangement=row, no=part.no, on=on, letter_id=letter_id, event_id=event.id)
    event.about(f"account:{row.account_id}")
    return 1


def _stands(row: Arrangement, agreed_on: date, parts: Sequence[Part], terms: Terms, on: date) -> Stands:
    open_cents = min(max(open_of(row.account_id, tuple(row.documents)), 0), row.cents)

    def later_due(limit: date) -> int:
        asked = {"account": row.account_id, "documents": array(row.documents), "from": agreed_on, "limit": limit}
        return int(ask(_LATER, asked)[0][0]) if terms.current_bills else 0

    return stand(parts, open_cents=open_cents, later_due=later_due, grace_days=terms.grace_days, on=on)


_LATER = """
select coalesce(sum(cents), 0)::bigint from (
  select sum(p.debit_cents - p.credit_cents) cents from ledger_posting p
  where p.account_id = %(account)s::bigint and p.sub = 2 and p.document_id <> all(%(documents)s::bigint[])
  group by p.document_id having max(p.due_on) >= %(from)s::date and max(p.due_on) < %(limit)s::date) later"""


def load_parts(arrangement_ids: Sequence[int]) -> dict[int, tuple[Part, ...]]:
    """The instalments of these arrangements, in order."""
    found: dict[int, tuple[Part, ...]] = {}
    for one in Instalment.objects.filter(arrangement_id__in=arrangement_ids).order_by("arrangement_id", "no"):
        found[one.arrangement_id] = (*found.get(one.arrangement_id, ()), Part(one.no, one.due_on, one.cents))
    return found


def list_arrangements(*, on: date, account_id: int | None = None) -> tuple[ArrangementRow, ...]:
    """Arrangements and offers, those that run first: of one account all, of the city those offered in two years."""
    rows = Arrangement.objects.select_related("account__customer", "by").prefetch_related("steps")
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    chosen = list(rows.filter(offered_on__gt=on - timedelta(days=730)).order_by("-id")[:500])
    parts, terms = load_parts([row.pk for row in chosen]), load_terms(on)
    found = [_row(row, parts[row.pk], terms, on) for row in chosen]
    return tuple(sorted(found, key=lambda one: (one.state not in ("offered", "open", "broken"), -one.id)))


def _row(row: Arrangement, parts: Sequence[Part], terms: Terms, on: date) -> ArrangementRow:
    steps = {step.step: step for step in row.steps.all()}
    agreed = steps.get("agreed")
    stands = _stands(row, agreed.on if agreed else row.offered_on, parts, terms, on)
    ended = next((name for name in steps if name != "agreed"), None)
    state = ended or (stands.state if agreed else "offered")
    return ArrangementRow(
        row.pk,
        row.account_id,
        row.account.number,
        row.account.customer.name,
        row.why,
        row.offered_on,
        agreed.on if agreed else None,
        row.cents,
        state,
        stands,
        str(row.by),
    )


# --- catch-up bills ---------------------------------------------------------------------------------------------------

OFFER = "catchup.offer"

_CATCH_UPS = """
select b.account_id, 'rebill' why, min(c.bill_id) catches_up, sum(b.total_cents - o.total_cents)::bigint cents,
  array_agg(b.id order by b.id) documents, count(*) bills, max(b.due_on) due_on
from bills_cancelled c join bills_bill b on b.id = c.replaced_by_id join bills_bill o on o.id = c.bill_id
where b.total_cents > o.total_cents and b.due_on >= %(on)s::date
  and not exists (select from bills_cancelled x where x.bill_id = b.id)
group by b.account_id, c.request_id
union all
select b.account_id, 'true_up', t.read_id, sum(t.cents)::bigint, array_agg(distinct n.id), count(distinct t.bill_id),
  max(n.due_on)
from bills_trueup t join bills_bill b on b.id = t.bill_id
join bills_charge w on w.event_id = t.event_id and w.account_id = b.account_id
join bills_chargebilled d on d.charge_id = w.id join bills_bill n on n.id = d.bill_id
where n.due_on >= %(on)s::date group by b.account_id, t.read_id"""
_OFFERED = """
select 1 from delinquency_arrangement
where account_id = %(account)s::bigint and why = %(why)s::text and catches_up = %(of)s::bigint"""


@act("delinquency.offer_catch_ups")
def offer_catch_ups(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> tuple[int, ...]:
    """Offer instalments for every bill that catches up on an error, over as many parts as bills were wrong.

    The first part is due with the bill; the offers' ids. Nothing is held before somebody takes the offer.

    :raises NotSet: the city has not said from which amount on (``catchup.offer``)
    """
    rule = policies.load(OFFER).table(OFFER, on=on)
    least, most = int(str(rule["least_cents"])), rule.get("most_instalments")
    terms, made = load_terms(on), []
    for account_id, why, catches_up, cents, documents, bills, due_on in ask(_CATCH_UPS, {"on": on}):
        count = min(int(bills), int(str(most)) if most else int(bills))
        if cents < least or ask(_OFFERED, {"account": account_id, "why": why, "of": catches_up}):
            continue
        lock_accounts([account_id])
        left = min(cents, max(open_of(account_id, tuple(documents)), 0))
        if left < least or count < 2:
            continue
        every = str(rule.get("every") or terms.every)
        parts = split(left, count=count, first_on=due_on, every=every, on=on, rounding=terms.rounding)
        told = {"authority": OFFER, "bills": int(bills), "every": every}
        made.append(
            _write(event, load_owed(account_id), account_id, parts, why, catches_up, left, documents, on, told).pk
        )
    if made:
        event.about(says=f"{len(made)} offers of instalments for bills that catch up.")
    return tuple(made)
