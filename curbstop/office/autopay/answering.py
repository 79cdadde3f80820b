"""The bank's answers to our drafts: returns put the bill back, corrections change the enrolment before the next draft.

A file of answers is taken whole, once; then each line is an act of its own, so that a file that was interrupted goes on
where it stopped, and one bad line stops nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.formats.nacha import AchEntry, read_file
from curbstop.formats.nacha.codes import words_of
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.office._sealing import seal
from curbstop.office.autopay.enrolling import correct, last_of, opened
from curbstop.office.payments.returning import follow, queue_letter
from curbstop.office.payments.undoing import came_back, take_back
from curbstop.records.payments.autopay import DraftEntry, DraftPosted
from curbstop.records.payments.received import BankFile, Returned
from curbstop.rules.autopay import BadBankAccount
from curbstop.rules.money import show
from curbstop.rules.returns import STOPS, corrected

LAYOUT = "nacha"

OUTCOMES = {
    "returned": "Payment taken back",
    "prenote_refused": "Prenote refused",
    "corrected": "Bank numbers corrected",
    "already": "Taken back before",
    "unknown_trace": "No draft of ours",
    "amount_differs": "Another amount than was drafted",
    "not_posted": "The draft is not posted yet",
    "by_hand": "For a person to look at",
}


@dataclass(frozen=True)
class Answer:
    """One line of the bank's answers: a return (R..) or a correction (C..), and the draft it is about."""

    line: int
    code: str
    trace: str
    cents: int
    corrected: str = ""


@dataclass(frozen=True)
class AnswersReceived:
    """A file of answers as taken. `already`: the same bytes had been taken before."""

    file_id: int
    answers: int
    already: bool


@dataclass(frozen=True)
class Answered:
    """What a line came to."""

    line: int
    code: str
    outcome: str
    account_id: int | None
    cents: int
    fee_cents: int
    says: str


@dataclass(frozen=True)
class AnswersApplied:
    """A whole file of answers as applied, line by line."""

    file_id: int
    already: bool
    answers: tuple[Answered, ...]
    remarks: tuple[str, ...]

    @property
    def by_outcome(self) -> dict[str, int]:
        """How many lines have each outcome."""
        found: dict[str, int] = {}
        for one in self.answers:
            found[one.outcome] = found.get(one.outcome, 0) + 1
        return found


def apply_answers(
    *, key: Key, by: Actor, at: datetime, name: str, data: bytes, on: date, posted_on: date | None = None
) -> AnswersApplied:
    """Take a file of returns and corrections, and apply every line of it. Sent again, it changes nothing.

    :param on: the day the bank returned them; posted on ``posted_on``, by default the same day
    :raises AchErrors: a file that is not whole: nothing of it is used
    """
    found = read_file(data, name=name)
    answers = list(_answers(found.entries))
    body = data.decode("latin-1")
    received = receive_answers(
        key=key, by=by, at=at, name=name, content=body, answers=len(answers), cents=sum(a.cents for a in answers),
        on=on, remarks="; ".join(found.remarks),
    )  # fmt: skip
    done = tuple(
        answer(
            key=Key(f"autopay.answer:{received.file_id}:{one.line}"), by=by, at=at, file_id=received.file_id, said=one,
            on=on, posted_on=posted_on or on,
        )
        for one in answers
    )  # fmt: skip
    return AnswersApplied(received.file_id, received.already, done, found.remarks)


def _answers(entries: tuple[AchEntry, ...]) -> Iterator[Answer]:
    for entry in entries:
        for back in entry.returns:
            yield Answer(back.line, back.code, back.original_trace.strip(), entry.cents)
        for other in entry.changes:
            yield Answer(other.line, other.code, other.original_trace.strip(), entry.cents, other.corrected)


@act("autopay.receive_answers", secret=("content",))
def receive_answers(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, content: str, answers: int, cents: int, on: date,
    remarks: str = "",
) -> AnswersReceived:  # fmt: skip
    """Keep a file of answers as it came, sealed; nothing is applied yet.

    :param content: the file's bytes as Latin-1 text, one character a byte
    """
    data = content.encode("latin-1")
    sha256 = hashlib.sha256(data).digest()
    take_turn(f"bank_file:{sha256.hex()}")
    before = BankFile.objects.filter(layout=LAYOUT, sha256=sha256).first()
    if before is not None:
        event.about(f"bank_file:{before.pk}", says=f"{name}: these answers were taken before, as {before.name}.")
        return AnswersReceived(before.pk, before.rows, True)
    row = BankFile.objects.create(
        layout=LAYOUT, name=name, sha256=sha256, body_box=seal(content, about=f"bank file {sha256.hex()}"),
        received_on=on, rows=answers, cents=cents, quarantined=0, remarks=remarks, event_id=event.id,
    )  # fmt: skip
    event.about(f"bank_file:{row.pk}", says=f"Answers of the bank, {name}: {answers}, {show(cents)}.")
    return AnswersReceived(row.pk, answers, False)


@act("autopay.answer")
def answer(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, file_id: int, said: Answer, on: date, posted_on: date
) -> Answered:
    """Apply one line of the bank's answers: take the payment back with all that follows, or correct the enrolment.

    :raises Refused: the line was applied before
    """
    take_turn(f"autopay.answers:{file_id}")
    if Returned.objects.filter(file_id=file_id, line=said.line).exists():
        raise Refused(f"Line {said.line} of this file was applied before; nothing is done twice.", field="said")
    entry = DraftEntry.objects.select_related("enrolment").filter(trace=said.trace).first()
    if entry is None:
        return _looked_at(event, file_id, said, None, "unknown_trace", "no draft of ours has this trace number", on)
    event.about(f"account:{entry.account_id}")
    if said.code.startswith("C"):
        return _correct(event, file_id, said, entry, on)
    if entry.kind == "prenote":
        _queue_stop(event, entry, said, on)
        return _looked_at(event, file_id, said, entry, "prenote_refused", words_of(said.code), on)
    if not said.code.startswith("R") or said.code > "R57":
        says = "it answers another bank's answer"
        return _looked_at(event, file_id, said, entry, "by_hand", says, on)
    if said.cents != entry.cents:
        says = f"{show(said.cents)} came back, {show(entry.cents)} was drafted"
        return _looked_at(event, file_id, said, entry, "amount_differs", says, on)
    return _take_back(event, file_id, said, entry, on, posted_on)


def _take_back(event: Acting, file_id: int, said: Answer, entry: DraftEntry, on: date, posted_on: date) -> Answered:
    receipt = _receipt(entry)
    if receipt is None:
        says = "post the run first, then load the answers again"
        return _looked_at(event, file_id, said, entry, "not_posted", says, on)
    series, no = receipt
    if Returned.objects.filter(trace=said.trace, outcome="returned").exists():
        return _looked_at(event, file_id, said, entry, "already", "taken back before", on)
    undone = take_back(event, series=series, no=no, why="returned", reason=words_of(said.code), on=on, day=posted_on)
    (followed,) = follow(
        event, came_back(undone), reason=words_of(said.code), on=on, day=posted_on, code=said.code, trace=said.trace,
        file_id=file_id, line=said.line,
    )  # fmt: skip
    if said.code in STOPS:
        _queue_stop(event, entry, said, on)
    says = f"Draft of {show(entry.cents)} returned: {words_of(said.code)}."
    event.about(says=says)
    return Answered(said.line, said.code, "returned", entry.account_id, entry.cents, followed.fee_cents, says)


def _receipt(entry: DraftEntry) -> tuple[str, int] | None:
    """The receipt that a draft became; none before its run is posted."""
    posted = DraftPosted.objects.filter(run_id=entry.run_id).first()
    if posted is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.code, x.no from payments_tender x join payments_series s on s.id = x.series_id"
            " where x.batch_document_id = %s and x.reference = %s",
            [posted.batch_id, entry.trace],
        )
        row = cursor.fetchone()
    return None if row is None else (row[0], row[1])


def _correct(event: Acting, file_id: int, said: Answer, entry: DraftEntry, on: date) -> Answered:
    """Put a correction in force, when the account still drafts from the numbers that were sent."""
    lock_accounts([entry.account_id])
    last = last_of(entry.account_id)
    if last is None or hasattr(last, "end") or bytes(last.account_blind) != bytes(entry.enrolment.account_blind):
        return _looked_at(event, file_id, said, entry, "by_hand", "the customer changed the bank account since", on)
    try:
        numbers = corrected(opened(last), said.code, said.corrected)
    except BadBankAccount as bad:
        return _looked_at(event, file_id, said, entry, "by_hand", f"{bad.why}; {bad.remedy}", on)
    made = correct(event, last=last, numbers=numbers, code=said.code, on=on)
    says = (
        f"The bank corrected the numbers ({words_of(said.code)}); drafts now go to the account ending {made.last_four}"
    )
    event.about(says=f"{says}.")
    return _looked_at(event, file_id, said, entry, "corrected", says, on)


def _queue_stop(event: Acting, entry: DraftEntry, said: Answer, on: date) -> None:
    says = (
        f"Your bank did not let us draft your bill: {words_of(said.code)}. Autopay waits until you tell us"
        " which account to use."
    )
    facts = {"code": said.code, "bank": f"account ending {entry.enrolment.last_four}"}
    queue_letter(event, account_id=entry.account_id, kind="autopay_stopped", says=says, facts=facts, on=on)


def _looked_at(
    event: Acting, file_id: int, said: Answer, entry: DraftEntry | None, outcome: str, says: str, on: date
) -> Answered:
    """Keep a line that took no payment back."""
    account_id = entry.account_id if entry else None
    Returned.objects.create(
        file_id=file_id, line=said.line, code=said.code, reason=says, trace=said.trace, outcome=outcome,
        account_id=account_id, cents=said.cents, tender="ach", returned_on=on, event_id=event.id,
    )  # fmt: skip
    if not event.says:
        event.about(says=f"{words_of(said.code)}: {OUTCOMES[outcome].lower()}.")
    return Answered(said.line, said.code, outcome, account_id, said.cents, 0, says)
