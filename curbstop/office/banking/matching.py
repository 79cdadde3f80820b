"""What a line of the bank shows: matched by amount and date, or by hand with a reason; and posted in the same act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.banking.reads import ON_THE_WAY, LineRow, list_lines, list_waiting
from curbstop.records.ledger.models import Gl
from curbstop.records.payments.banking import BankMatch, BankMatchLine, BankSettled
from curbstop.records.payments.models import Slip, SlipConfirmed
from curbstop.rules.banking import Sent, Shown, pair
from curbstop.rules.ledger import (
    Leg,
    bank_charged,
    bank_confirmed,
    bank_settled,
    fund_of,
    object_of,
)
from curbstop.rules.money import show

CARDS, DEPOSITS = "10-1040", "10-1030"


@dataclass(frozen=True, slots=True)
class Item:
    """Something of ours that waits for the bank: an account and the document on it."""

    gl: str
    document_id: int


@dataclass(frozen=True)
class Matched:
    """Lines and items that are one thing; ``txn_ids`` is what was posted of it."""

    match_id: int
    cents: int
    fee_cents: int
    items: int
    txn_ids: tuple[int, ...]


@dataclass(frozen=True)
class MatchedAll:
    """What amount and date alone could match, and what is left on either side."""

    matched: int
    cents: int
    lines_left: int
    items_left: int


@dataclass(frozen=True)
class Settled:
    """A batch that the bank showed on paper: gross, fee, what was posted."""

    gl: str
    document_id: int
    cents: int
    fee_cents: int
    txn_id: int


@act("banking.match")
def match(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    line_ids: tuple[int, ...],
    items: tuple[Item, ...],
    on: date,
    fee_cents: int = 0,
    reason: str = "",
) -> Matched:
    """Match lines of the bank by hand, and post what they show on the accounting day ``on``.

    Lines less the processor's fee must come to the items. Lines without items are none of the office's (another
    department's deposit), or a fee that the bank took by itself (``fee_cents``); either needs its reason.

    :raises Refused: a line that is matched, an item that does not wait, sums that differ, no reason where one is needed
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    _hold()
    lines = _lines(line_ids)
    waiting = _waiting(items)
    comes = sum(line.cents for line in lines)
    goes = sum(sum(one.values()) for one in waiting.values())
    if fee_cents < 0:
        raise Refused("A fee is 0.00 or more; what comes back of it is another line.", field="fee_cents")
    if items or fee_cents:
        _check_sums(comes, goes, fee_cents)
    plain = len(lines) == len(items) == 1 and not fee_cents
    if not plain and not reason.strip():
        raise Refused(
            "Say why these belong together; only one line of one deposit's amount needs no words.", field="reason"
        )
    if fee_cents and items and any(item.gl != CARDS for item in items):
        raise Refused(
            "Only card batches are settled less a fee; match the others at their full amount.", field="fee_cents"
        )
    return _match(event, by, at, lines, waiting, on, fee_cents, reason.strip())


def _check_sums(comes: int, goes: int, fee_cents: int) -> None:
    if comes + fee_cents != goes:
        apart = comes + fee_cents - goes
        fee = f" and a fee of {show(fee_cents)}" if fee_cents else ""
        says = f"The bank shows {show(comes)}{fee}, the books {show(goes)}: {show(apart)} apart"
        raise Refused(f"{says}. Choose the lines and the deposits that are the same money.", field="items")


def _match(
    event: Acting,
    by: Actor,
    at: datetime,
    lines: Sequence[LineRow],
    waiting: dict[Item, dict[int, int]],
    on: date,
    fee_cents: int,
    reason: str,
) -> Matched:
    row = BankMatch.objects.create(on=on, fee_cents=fee_cents, reason=reason, by_id=by.id, at=at, event_id=event.id)
    after = _lines_before([line.line_id for line in lines])
    BankMatchLine.objects.bulk_create(
        BankMatchLine(line_id=line.line_id, match=row, after_id=after.get(line.line_id)) for line in lines
    )
    shown_on = min(max(line.on for line in lines), on)
    reference = "; ".join(line.says for line in lines if line.says)[:200]
    txn_ids = []
    left = fee_cents
    for item, parts in waiting.items():
        fee, left = left, 0  # of several card batches in one line, the fee stands on the first
        txn_ids.append(_post_shown(event, by, item, parts, on, shown_on, fee, reference, row.pk))
    if not waiting and fee_cents:
        legs = bank_charged(fee_cents, _fee_on(on))
        txn_ids.append(ledger._post(event, act="bank_debited", posted_on=on, effective_on=shown_on, legs=legs))
    cents = sum(line.cents for line in lines)
    says = f"The bank's {show(cents)} of {shown_on.isoformat()}"
    what = ", ".join(f"{item.gl} {item.document_id}" for item in waiting) or "none of the office's deposits"
    event.about(
        *(f"line:{line.line_id}" for line in lines),
        *(f"document:{item.document_id}" for item in waiting),
        says=f"{says} is {what}{f': {reason}' if reason else ''}.",
    )
    return Matched(row.pk, cents, fee_cents, len(waiting), tuple(txn_ids))


@act("banking.match_all")
def match_all(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> MatchedAll:
    """Match every line of the bank that amount and date leave no doubt about, and post what they show on ``on``.

    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    _hold()
    lines = {line.line_id: line for line in list_lines(until=on)}
    sent = [Sent(row.gl, row.document_id, row.on, row.cents) for row in list_waiting(known_on=on)]
    shown = [Shown(line.line_id, line.on, line.cents, line.says) for line in lines.values()]
    pairs = pair(shown, sent)
    cents = sum(lines[one.line_id].cents for one in pairs)
    _match_each(event, by, at, [(lines[one.line_id], Item(one.gl, one.document_id)) for one in pairs], on)
    event.says = f"{len(pairs)} lines of the bank matched by amount and date, {show(cents)}."
    return MatchedAll(len(pairs), cents, len(lines) - len(pairs), len(sent) - len(pairs))


def _match_each(event: Acting, by: Actor, at: datetime, pairs: Sequence[tuple[LineRow, Item]], on: date) -> None:
    """A match for each line and its item, posted as a block: a month of statements is as many statements as a day."""
    if not pairs:
        return
    waiting = _waiting([item for _, item in pairs])
    slips = {slip.pk: slip for slip in Slip.objects.filter(id__in=[item.document_id for _, item in pairs])}
    matches = BankMatch.objects.bulk_create(
        BankMatch(on=on, fee_cents=0, reason="", by_id=by.id, at=at, event_id=event.id) for _ in pairs
    )
    after = _lines_before([line.line_id for line, _ in pairs])
    shown_before = _slips_before(slips)
    BankMatchLine.objects.bulk_create(
        BankMatchLine(line_id=line.line_id, match=row, after_id=after.get(line.line_id))
        for (line, _), row in zip(pairs, matches, strict=True)
    )
    postings = []
    for line, item in pairs:
        act_name, legs = _shown_legs(item, waiting[item], item.document_id in slips, 0, "")
        postings.append(ledger.Posting(act_name, min(line.on, on), legs))
    txn_ids = ledger._post_many(event, posted_on=on, postings=postings)
    chart = {(row.fund_id, row.object): row for row in Gl.objects.filter(object__in=ON_THE_WAY)}
    settled, confirmed = [], []
    for (line, item), row, posting, txn_id in zip(pairs, matches, postings, txn_ids, strict=True):
        reference, shown_on = line.says[:200], min(line.on, on)
        if posting.act == "bank_confirmed":
            confirmed.append(
                SlipConfirmed(
                    slip=slips[item.document_id], after_id=shown_before.get(item.document_id), txn_id=txn_id,
                    confirmed_on=shown_on, reference=reference, by_id=by.id, event_id=event.id,
                )
            )  # fmt: skip
        settled.append(
            BankSettled(
                document_id=item.document_id, gl=chart[fund_of(item.gl), object_of(item.gl)], match=row, txn_id=txn_id,
                cents=sum(waiting[item].values()), fee_cents=0, on=on, reference=reference, event_id=event.id,
            )
        )  # fmt: skip
        event.about(f"line:{line.line_id}", f"document:{item.document_id}")
    SlipConfirmed.objects.bulk_create(confirmed)
    BankSettled.objects.bulk_create(settled)


def _lines_before(line_ids: Iterable[int]) -> dict[int, int]:
    """Of lines that were matched before, and are not now: the match that was undone last."""
    found = BankMatchLine.objects.filter(line_id__in=list(line_ids)).order_by("match_id")
    return dict(found.values_list("line_id", "match_id"))


def _slips_before(slip_ids: Iterable[int]) -> dict[int, int]:
    """Of deposits that the bank had shown: the match that had, and was undone last."""
    shown = SlipConfirmed.objects.filter(slip_id__in=list(slip_ids)).values_list("txn_id", flat=True)
    found = BankSettled.objects.filter(txn_id__in=list(shown), match__undone__isnull=False).order_by("match_id")
    return dict(found.values_list("document_id", "match_id"))


def _shown_legs(
    item: Item, parts: dict[int, int], is_slip: bool, fee_cents: int, fee_on: str
) -> tuple[str, tuple[Leg, ...]]:
    """The act and the legs of what the bank showed of an item."""
    if item.gl == DEPOSITS and is_slip and sum(parts.values()) > 0:
        return "bank_confirmed", bank_confirmed(item.document_id, parts)
    act_name = "settle" if sum(parts.values()) > 0 else "bank_debited"
    return act_name, bank_settled(item.gl, item.document_id, parts, fee_cents=fee_cents, fee_on=fee_on)


@act("banking.settle")
def settle(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    gl: str,
    document_id: int,
    cents: int,
    fee_cents: int,
    on: date,
    shown_on: date,
    reference: str,
) -> Settled:
    """The bank's statement on paper, or the processor's report, shows a batch: what was on the way is at the bank.

    :param cents: what reached the bank, the fee taken off; below zero: it took a return back
    :param shown_on: the day of the statement; posted on the accounting day ``on``
    :raises Refused: nothing waits there, the amounts differ, or no reference to the statement
    """
    _hold()
    if not reference.strip():
        raise Refused("Name the statement or report that shows it; an auditor looks it up.", field="reference")
    item = Item(gl, document_id)
    if fee_cents and gl != CARDS:
        raise Refused("Only card batches are settled less a fee.", field="fee_cents")
    waiting = _waiting((item,))
    goes = sum(waiting[item].values())
    _check_sums(cents, goes, fee_cents)
    txn_id = _post_shown(event, by, item, waiting[item], on, min(shown_on, on), fee_cents, reference.strip(), None)
    event.about(f"document:{document_id}", says=f"The bank shows {show(cents)} of {gl} {document_id}: {reference}.")
    return Settled(gl, document_id, goes, fee_cents, txn_id)


def _hold() -> None:
    """One at a time: matching is quick, and two people may choose the same line."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(current_schema() || ':banking', 3))")


def _lines(line_ids: Sequence[int]) -> list[LineRow]:
    known = {line.line_id: line for line in list_lines(until=date.max)}
    missing = [id for id in line_ids if id not in known]
    if missing or not line_ids:
        says = f"These lines of the bank are matched, or are not there: {missing}" if missing else "No line was chosen"
        raise Refused(f"{says}. Choose among those that are not matched.", field="line_ids")
    found = [known[id] for id in dict.fromkeys(line_ids)]
    if len({line.account_id for line in found}) > 1:
        raise Refused("These lines are of different bank accounts; match each account by itself.", field="line_ids")
    return found


_OPEN = """
select i.fund, i.object, i.document_id, p.line_no, sum(p.debit_cents - p.credit_cents)::bigint
from unnest(%s::int[], %s::int[], %s::bigint[]) i (fund, object, document_id)
join ledger_gl g on (g.fund, g.object) = (i.fund, i.object)
join ledger_posting p on p.document_id = i.document_id and p.gl_id = g.id and p.sub = 1
group by 1, 2, 3, 4 having sum(p.debit_cents - p.credit_cents) <> 0"""


def _waiting(items: Sequence[Item]) -> dict[Item, dict[int, int]]:
    """Open cents by line of each item. :raises Refused: one that does not wait for the bank"""
    found: dict[Item, dict[int, int]] = {item: {} for item in items}
    for item in found:
        if fund_of(item.gl) != 10 or object_of(item.gl) not in ON_THE_WAY:
            raise Refused(f"{item.gl} is not an account where money waits for the bank.", field="items")
    named = {(fund_of(item.gl), object_of(item.gl), item.document_id): item for item in found}
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [list(places) for places in zip(*named, strict=True)] if named else [[], [], []])
        for fund, object_, document_id, line_no, cents in cursor.fetchall():
            found[named[fund, object_, document_id]][line_no] = cents
    for item, parts in found.items():
        if not sum(parts.values()):
            raise Refused(f"{item.gl} {item.document_id} does not wait for the bank: it is settled.", field="items")
    return found


def _post_shown(
    event: Acting,
    by: Actor,
    item: Item,
    parts: dict[int, int],
    on: date,
    shown_on: date,
    fee_cents: int,
    reference: str,
    match_id: int | None,
) -> int:
    cents = sum(parts.values())
    slip = Slip.objects.filter(id=item.document_id).first() if item.gl == DEPOSITS else None
    act_name, legs = _shown_legs(item, parts, slip is not None, fee_cents, _fee_on(on) if fee_cents else "")
    txn_id = ledger._post(event, act=act_name, posted_on=on, effective_on=shown_on, legs=legs)
    if slip is not None and act_name == "bank_confirmed":
        SlipConfirmed.objects.create(
            slip=slip, after_id=_slips_before([slip.pk]).get(slip.pk), txn_id=txn_id, confirmed_on=shown_on,
            reference=reference, by_id=by.id, event_id=event.id,
        )  # fmt: skip
    BankSettled.objects.create(
        document_id=item.document_id,
        gl=Gl.objects.get(fund_id=fund_of(item.gl), object=object_of(item.gl)),
        match_id=match_id,
        txn_id=txn_id,
        cents=cents,
        fee_cents=fee_cents,
        on=on,
        reference=reference,
        event_id=event.id,
    )
    return txn_id


def _fee_on(on: date) -> str:
    """The account that processors' fees fall on, by the chart. :raises ChartLacks: it does not say"""
    found = next((kind.contra for kind in ledger.list_kinds(on=on) if kind.code == "processor_fee"), None)
    if found is None:
        raise ledger.ChartLacks("The chart has no kind 'processor_fee' with its contra account; add it and adopt it.")
    return found
