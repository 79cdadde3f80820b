"""Drafts and prenotes written as a NACHA file."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from curbstop.formats.layouts import Value, built_in, write_line
from curbstop.rules.autopay import SEC_CLASSES, check_account, check_routing
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show

LENGTH, BLOCK = 94, 10
MOST_ENTRY_CENTS = 9_999_999_999
SAME_DAY_MOST_CENTS = 100_000_000
"""A same-day payment is at most 1,000,000.00 (Nacha, since March 2022)."""

RETRY = "RETRY PYMT"
"""Company entry description that the rules ask for when a returned draft is presented again."""

DEBITS = {"checking": "27", "savings": "37"}
PRENOTES = {"checking": "28", "savings": "38"}
CREDITS = {"checking": "22", "savings": "32"}


class BadDraft(BadValue):
    """A draft that cannot go into a file."""


# --- what is written --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Originator:
    """Who sends the file and where to: the numbers that the bank gave the city with its ACH agreement.

    :ivar destination: routing number of the bank that takes the file; :ivar origin: ten characters that name the sender
    :ivar odfi: routing number of the bank that originates; its first eight digits begin every trace number
    """

    destination: str
    destination_name: str
    origin: str
    origin_name: str
    company_name: str
    company_id: str
    odfi: str
    company_data: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One debit, or a prenote of zero cents. `individual_id` is our number of the payer: the utility account."""

    routing: str
    account: str
    account_type: str
    cents: int
    name: str
    individual_id: str
    prenote: bool = False
    recurring: bool = True


@dataclass(frozen=True, slots=True)
class DraftBatch:
    """Entries of one class, description and effective date. `same_day` marks the batch for same-day settlement."""

    sec: str
    description: str
    effective_on: date
    drafts: tuple[Draft, ...]
    same_day: bool = False


@dataclass(frozen=True, slots=True)
class Offset:
    """The city's own account: some banks want each batch balanced by one credit to it."""

    routing: str
    account: str
    account_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What the bank's agreement allows: the most of one entry and of a file."""

    entry_cents: int = MOST_ENTRY_CENTS
    file_cents: int = 99_999_999_999_9


@dataclass(frozen=True, slots=True)
class AchWritten:
    """A file as written, and the trace number of each draft, batch by batch, in the order given."""

    data: bytes
    traces: tuple[tuple[str, ...], ...]
    entries: int
    debit_cents: int
    credit_cents: int
    entry_hash: int


@dataclass(slots=True)
class Totals:
    """Entries, their hash and their sums, of a batch or a file."""

    entries: int = 0
    hash: int = 0
    debit_cents: int = 0
    credit_cents: int = 0

    def add(self, other: Totals) -> None:
        """Add another's."""
        self.entries += other.entries
        self.hash += other.hash
        self.debit_cents += other.debit_cents
        self.credit_cents += other.credit_cents


def write_file(
    originator: Originator,
    batches: Sequence[DraftBatch],
    *,
    created_at: datetime,
    modifier: str = "A",
    reference: str = "",
    limits: Limits | None = None,
    offset: Offset | None = None,
    first_trace: int = 1,
) -> AchWritten:
    """The bytes of a file of debits and prenotes: records of 94, blocks of ten, filled with nines.

    :param modifier: a letter or digit that tells apart the files of one day
    :param first_trace: where the seven-digit sequence of trace numbers begins
    :raises BadDraft, BadBankAccount: naming the batch and the entry; nothing is written
    """
    _check_originator(originator, modifier)
    _check_batches(batches, limits or Limits())
    layout = built_in("nacha")
    head = _header(originator, created_at, modifier, reference)
    lines = [write_line(layout, "file_header", head)]
    whole, traces, sequence = Totals(), [], first_trace
    for number, batch in enumerate(batches, 1):
        written, found, totals = _batch_lines(originator, batch, number, sequence, offset)
        lines += written
        traces.append(found)
        sequence += len(batch.drafts) + (offset is not None)
        whole.add(totals)
    blocks = -(-(len(lines) + 1) // BLOCK)
    control = {
        "batches": len(batches), "blocks": blocks, "entries": whole.entries, "hash": whole.hash % 10**10,
        "debit_cents": whole.debit_cents, "credit_cents": whole.credit_cents,
    }  # fmt: skip
    lines.append(write_line(layout, "file_control", control))
    lines += ["9" * LENGTH] * (blocks * BLOCK - len(lines))
    data = ("\n".join(lines) + "\n").encode("ascii")
    return AchWritten(data, tuple(traces), whole.entries, whole.debit_cents, whole.credit_cents, whole.hash % 10**10)


def _header(originator: Originator, created_at: datetime, modifier: str, reference: str) -> dict[str, Value]:
    return {
        "priority": "01",
        "destination": f" {originator.destination}",
        "origin": originator.origin.rjust(10),
        "created_on": f"{created_at:%y%m%d}",
        "created_at": f"{created_at:%H%M}",
        "modifier": modifier,
        "blocking": "10",
        "format": "1",
        "destination_name": plain(originator.destination_name, 23),
        "origin_name": plain(originator.origin_name, 23),
        "reference": plain(reference, 8),
    }


def _batch_lines(
    originator: Originator, batch: DraftBatch, number: int, sequence: int, offset: Offset | None
) -> tuple[list[str], tuple[str, ...], Totals]:
    layout, totals, odfi = built_in("nacha"), Totals(), originator.odfi[:8]
    service = "200" if offset else "225"
    head: dict[str, Value] = {
        "service_class": service,
        "company_name": plain(originator.company_name, 16),
        "company_data": plain(originator.company_data, 20),
        "company_id": originator.company_id,
        "sec": batch.sec,
        "description": plain(batch.description, 10),
        "descriptive_on": "SD1300" if batch.same_day else f"{batch.effective_on:%y%m%d}",
        "effective_on": f"{batch.effective_on:%y%m%d}",
        "settled": "",
        "originator_status": "1",
        "odfi": odfi,
        "batch_no": str(number),
    }
    lines, traces = [write_line(layout, "batch_header", head)], []
    for place, draft in enumerate(batch.drafts):
        traces.append(f"{odfi}{sequence + place:07d}")
        code = (PRENOTES if draft.prenote else DEBITS)[draft.account_type]
        lines.append(_entry_line(draft, code, traces[-1], batch.sec))
        totals.add(Totals(1, int(draft.routing[:8]), draft.cents, 0))
    if offset:
        trace = f"{odfi}{sequence + len(batch.drafts):07d}"
        own = Draft(offset.routing, offset.account, offset.account_type, totals.debit_cents, offset.name, "OFFSET")
        lines.append(_entry_line(own, CREDITS[offset.account_type], trace, batch.sec))
        totals.add(Totals(1, int(offset.routing[:8]), 0, own.cents))
    control: dict[str, Value] = {
        "service_class": service, "entries": totals.entries, "hash": totals.hash % 10**10,
        "debit_cents": totals.debit_cents, "credit_cents": totals.credit_cents, "company_id": originator.company_id,
        "authentication": "", "odfi": odfi, "batch_no": str(number),
    }  # fmt: skip
    lines.append(write_line(layout, "batch_control", control))
    return lines, tuple(traces), totals


def _entry_line(draft: Draft, code: str, trace: str, sec: str) -> str:
    kind = ("R" if draft.recurring else "S") if sec in ("WEB", "TEL") else ""
    return write_line(
        built_in("nacha"),
        "entry",
        {
            "code": code, "rdfi": draft.routing[:8], "check_digit": draft.routing[8], "account": draft.account,
            "cents": draft.cents, "individual_id": plain(draft.individual_id, 15), "name": plain(draft.name, 22),
            "discretionary": kind, "has_addenda": "0", "trace": trace,
        },
    )  # fmt: skip


def plain(text: str, longest: int) -> str:
    """The text in letters that a NACHA file has, cut to its field: `José Ñúñez` as `Jose Nunez`."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in bare).split())[:longest].rstrip()


def _check_originator(originator: Originator, modifier: str) -> None:
    check_routing(originator.destination)
    check_routing(originator.odfi)
    for name, longest in (("origin", 10), ("company_id", 10), ("company_name", 16)):
        value = str(getattr(originator, name))
        if not value.strip() or len(value) > longest or not value.isascii():
            why = f"not 1 to {longest} plain characters"
            raise BadDraft(field=f"originator.{name}", value=value, why=why, remedy="enter it as the bank gave it")
    if len(modifier) != 1 or not (modifier.isascii() and modifier.isalnum()) or modifier != modifier.upper():
        raise BadDraft(field="modifier", value=modifier, why="not A to Z or 0 to 9", remedy="use the next letter")


def _check_batches(batches: Sequence[DraftBatch], limits: Limits) -> None:
    if not batches or not all(batch.drafts for batch in batches):
        raise BadDraft(field="batches", value="", why="nothing is in it", remedy="draft something, or send no file")
    total = 0
    for number, batch in enumerate(batches, 1):
        if batch.sec not in SEC_CLASSES:
            remedy = f"use {', '.join(SEC_CLASSES)}"
            raise BadDraft(field=f"batches[{number}].sec", value=batch.sec, why="not drafted here", remedy=remedy)
        for place, draft in enumerate(batch.drafts, 1):
            _check_draft(draft, f"batches[{number}].drafts[{place}]", batch.same_day, limits)
            total += draft.cents
    if total > limits.file_cents:
        why = f"above the {show(limits.file_cents)} that the bank takes in a file"
        raise BadDraft(field="file", value=show(total), why=why, remedy="send it as two, or ask the bank")


def _check_draft(draft: Draft, field: str, same_day: bool, limits: Limits) -> None:
    check_routing(draft.routing)
    check_account(draft.account)
    most = min(limits.entry_cents, SAME_DAY_MOST_CENTS if same_day else MOST_ENTRY_CENTS)
    if draft.account_type not in DEBITS:
        remedy = "use checking or savings"
        raise BadDraft(field=f"{field}.account_type", value=draft.account_type, why="not known", remedy=remedy)
    if draft.prenote != (draft.cents == 0) or draft.cents < 0:
        remedy = "a prenote is of 0.00, a draft of more"
        raise BadDraft(field=f"{field}.cents", value=show(draft.cents), why="not its amount", remedy=remedy)
    if draft.cents > most:
        remedy = "split it, or collect it otherwise"
        raise BadDraft(field=f"{field}.cents", value=show(draft.cents), why=f"above {show(most)}", remedy=remedy)
    if not plain(draft.name, 22):
        raise BadDraft(field=f"{field}.name", value=draft.name, why="empty", remedy="enter the account holder's name")
