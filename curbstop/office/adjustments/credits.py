"""Adjustments by decision: a credit or a charge on an account, a service or a line; fees and late charges waived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Owing, Step, Weighed, deductions, load_owing, number_of
from curbstop.rules.adjustments import charge_back, credit_lines, give
from curbstop.rules.ledger import fund_of, gl
from curbstop.rules.money import show
from curbstop.rules.payments import Target, check_cents
from curbstop.rules.policies import NotSet

REASONS = {
    "billing_error": "Billing error",
    "misread": "The meter was misread",
    "wrong_rate": "Billed at the wrong rate",
    "wrong_service": "Billed for a service that was not there",
    "damage_by_city": "Caused by the city's own work",
    "courtesy": "Courtesy by the city's rule",
    "undercharge": "Charged too little before",
    "court_order": "Court order or settlement",
}

WAIVE_REASONS = {
    "our_error": "The office's or the bank's error",
    "mail": "The bill did not arrive in time",
    "first_time": "First time, by the city's rule",
    "hardship": "Hardship, by the city's rule",
    "law": "A law does not allow the charge",
    "money_was_here": "The money was here in time",
}


@dataclass(frozen=True)
class Line:
    """A line of a document as it was charged, and what is still open of it."""

    account_id: int
    document_id: int
    line: int
    gl: str
    kind: str
    says: str
    charged_cents: int
    open_cents: int
    due_on: date | None

    @property
    def waivable(self) -> bool:
        """Whether it is a fee or a late charge, which are waived whole."""
        return self.kind.partition(".")[0] in WAIVABLE


_LINES = """
select p.account_id, p.document_id, p.line_no, g.fund, g.object, (array_agg(k.code order by p.txn_id, p.leg_no))[1],
  (array_agg(k.says order by p.txn_id, p.leg_no))[1], max(p.debit_cents) filter (where p.due_on is not null),
  sum(p.debit_cents - p.credit_cents)::bigint, max(p.due_on)
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
where p.account_id = %(account)s and p.document_id = %(document)s and p.sub = 2
group by p.account_id, p.document_id, p.line_no, g.fund, g.object order by p.line_no, g.fund"""


def get_lines(*, account_id: int, document_id: int, line: int = 0) -> tuple[Line, ...]:
    """The lines of a bill or charge on an account, or one of them.

    :raises Refused: the account has no such document or line
    """
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"account": account_id, "document": document_id})
        found = tuple(
            Line(row[0], row[1], row[2], gl(row[3], row[4]), row[5], row[6], row[7] or 0, row[8], row[9])
            for row in cursor.fetchall()
            if not line or row[2] == line
        )
    if not found:
        line_says = f"line {line} on" if line else "charge with"
        says = f"Account {number_of(account_id)} has no {line_says} document {document_id}."
        raise Refused(f"{says} Choose a line of its bills or charges.", field="document_id")
    return found


@dataclass(frozen=True)
class Document:
    """A bill or charge on an account with its lines, for choosing what is corrected. ``billed_on`` None: no bill."""

    document_id: int
    billed_on: date | None
    says: str
    lines: tuple[Line, ...]

    @property
    def charged_cents(self) -> int:
        """What it charged."""
        return sum(line.charged_cents for line in self.lines)

    @property
    def open_cents(self) -> int:
        """What is still open of it."""
        return sum(line.open_cents for line in self.lines)

    @property
    def waivable(self) -> bool:
        """Whether a fee or late charge is on it."""
        return any(line.waivable and line.charged_cents for line in self.lines)


_RECENT = """
select p.document_id, r.bill_on from ledger_posting p left join bills_bill b on b.id = p.document_id
left join bills_run r on r.id = b.run_id
where p.account_id = %s and p.sub = 2 and p.due_on is not null group by 1, 2 order by 1 desc limit %s"""


def document_says(document_id: int) -> str:
    """A document in a sentence: a bill by its date, a charge by its number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.bill_on from bills_bill b join bills_run r on r.id = b.run_id where b.id = %s", [document_id]
        )
        row = cursor.fetchone()
    return f"the bill of {row[0].isoformat()}" if row else f"charge {document_id}"


def list_documents(account_id: int, *, limit: int = 8) -> tuple[Document, ...]:
    """The account's last bills and charges with their lines, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, [account_id, limit])
        recent = cursor.fetchall()
    found = []
    for document_id, billed_on in recent:
        lines = get_lines(account_id=account_id, document_id=document_id)
        says = "Bill" if billed_on else "Late charge" if lines[0].kind.startswith("late") else lines[0].says
        found.append(Document(document_id, billed_on, says, lines))
    return tuple(found)


# --- adjust -----------------------------------------------------------------------------------------------------------


def weigh_adjust(asked: Asked) -> Weighed:
    """A credit or a charge of so many cents: inputs ``account_id``, ``direction`` (credit, charge), ``cents``, and
    where it goes: ``document_id`` with ``line``, ``document_id`` alone, ``service``, or nothing (the oldest that is
    owed).

    :raises Refused: no such place, or more than it was charged
    """
    cents, account_id = asked.number("cents"), asked.number("account_id")
    check_cents(cents, field="cents")
    if asked.text("direction") == "charge":
        return _weigh_charge(asked, account_id, cents)
    if asked.text("direction", "credit") != "credit":
        raise Refused("Say whether it is a credit or a charge.", field="direction")
    return _weigh_credit(asked, account_id, cents)


def _weigh_credit(asked: Asked, account_id: int, cents: int) -> Weighed:
    owing = load_owing(account_id, asked.on)
    targets, where, fund = _targets(asked, owing, cents)
    applied, rest = credit_lines(cents, targets, on=asked.on)
    if rest and not fund:
        owed = cents - rest
        says = f"Account {owing.number} owes {show(owed)}, which is less than {show(cents)}."
        raise Refused(f"{says} Choose the service or the line that was paid too much.", field="service")
    legs = give(applied, deductions(asked.on), account_id=account_id, rest=rest, rest_fund=fund)
    says = f"Credit ${show(cents)} to {owing.name}, account {owing.number}, on {where}."
    working = [Step(f"{owing.says.get(a.kind, a.kind)}, open {show(_open(targets, a.document, a.line))}",
                    f"-{show(a.cents)}") for a in applied]  # fmt: skip
    if rest:
        working.append(Step("Paid already: stays on the account as credit", show(rest)))
    return Weighed(cents, (account_id,), says, tuple(working), (Entry("adjust", legs, asked.on),), held_cents=cents)


def _open(targets: Sequence[Target], document: int, line: int) -> int:
    return next(t.open_cents for t in targets if (t.document, t.line) == (document, line))


def _targets(asked: Asked, owing: Owing, cents: int) -> tuple[list[Target], str, int]:
    """Open items that the credit goes to, the place in words, the fund that bears what was paid already (0: none)."""
    service = asked.text("service")
    if asked.inputs.get("document_id"):
        document, line = asked.number("document_id"), int(asked.inputs.get("line") or 0)
        lines = get_lines(account_id=owing.id, document_id=document, line=line)
        _check_not_twice(asked, lines, document, line, cents)
        targets = [t for t in owing.targets if t.document == document and (not line or t.line == line)]
        where = f"{lines[0].says} of {document_says(document)}" if line else document_says(document)
        return targets, where, fund_of(lines[0].gl)
    if service:
        funds = {code: fund for fund, code in deductions(asked.on).items()}
        fund = funds.get(f"adjustment.{service}", 0)
        if not fund:
            known = ", ".join(code.partition(".")[2] for code in funds)
            raise Refused(f"The chart adjusts no service {service!r}; it adjusts {known}.", field="service")
        return [t for t in owing.targets if t.service == service], service, fund
    return list(owing.targets), "what is owed, oldest first", 0


_GIVEN_ON = """
select coalesce(sum(r.cents), 0)::bigint from ledger_request r join ledger_verdict v on v.approved_id = r.id
where r.account_ids @> %(accounts)s::bigint[] and r.id <> %(request)s
  and r.inputs->>'direction' is distinct from 'charge'
  and (r.inputs->>'document_id')::bigint = %(document)s and coalesce((r.inputs->>'line')::int, 0) in (0, %(line)s)"""


def _check_not_twice(asked: Asked, lines: Sequence[Line], document: int, line: int, cents: int) -> None:
    """A line is never credited with more than it was charged, whoever asks how often."""
    charged = sum(one.charged_cents for one in lines)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "accounts": [lines[0].account_id],
            "request": asked.request_id,
            "document": document,
            "line": line,
        }
        cursor.execute(_GIVEN_ON, values)
        before = int(cursor.fetchone()[0])
    if before + cents > charged:
        says = f"{lines[0].says if line else 'The document'} was charged with {show(charged)}"
        says += f", of which {show(before)} was credited already" if before else ""
        raise Refused(f"{says}; {show(cents)} is more than is left to credit.", field="cents")


def _weigh_charge(asked: Asked, account_id: int, cents: int) -> Weighed:
    service = asked.text("service")
    kind = next((k for k in ledger.list_kinds(on=asked.on) if k.code == f"adjustment.{service}"), None)
    if kind is None or kind.control is None:
        raise Refused("Choose the service that was charged too little.", field="service")
    owing = load_owing(account_id, asked.on)
    due_on = asked.on + timedelta(days=_due_days(asked.on))
    legs = charge_back(kind.control, cents, kind.code, account_id=account_id, due_on=due_on, deduction=kind.code)
    says = f"Charge ${show(cents)} to {owing.name}, account {owing.number}, for {service}, due {due_on.isoformat()}."
    working = (Step(kind.says, show(cents)),)
    return Weighed(cents, (account_id,), says, working, (Entry("adjust", legs, asked.on),))


def _due_days(on: date) -> int:
    try:
        return policies.load("bill.due_days").whole("bill.due_days", on=on)
    except NotSet as missing:
        raise Refused(f"{missing}. Without it a charge has no due date.", field="bill.due_days") from missing


# --- waive ------------------------------------------------------------------------------------------------------------


def weigh_waive(asked: Asked) -> Weighed:
    """A fee or a late charge, whole: inputs ``account_id`` and ``document_id`` of the charge, ``line`` for a fee that
    stands on a bill. What was paid of it stays as credit.

    :raises Refused: no fee or late charge there, or it was waived already
    """
    account_id, document = asked.number("account_id"), asked.number("document_id")
    line = int(asked.inputs.get("line") or 0)
    lines = [one for one in get_lines(account_id=account_id, document_id=document, line=line) if one.waivable]
    if not lines:
        says = "There is no fee and no late charge here to waive."
        raise Refused(f"{says} A part of a bill itself is adjusted instead.", field="document_id")
    cents = sum(one.charged_cents for one in lines)
    _check_not_twice(asked, lines, document, line, cents)
    owing = load_owing(account_id, asked.on)
    places = {(one.document_id, one.line) for one in lines}
    targets = [t for t in owing.targets if (t.document, t.line) in places]
    entries, rests = _waived(asked, lines, targets, account_id)
    what = "late charge" if lines[0].kind.startswith("late") else lines[0].says
    says = f"Waive the {what} of ${show(cents)} for {owing.name}, account {owing.number}."
    working = [Step(one.says, f"-{show(one.charged_cents)}") for one in lines]
    if rests:
        working.append(Step("Paid already: stays on the account as credit", show(rests)))
    return Weighed(cents, (account_id,), says, tuple(working), entries, held_cents=cents)


WAIVABLE = frozenset({"fee", "late", "misc", "returned"})
"""Families of kinds that are waived whole; the rest is adjusted."""


def _waived(
    asked: Asked, lines: Sequence[Line], targets: Sequence[Target], account_id: int
) -> tuple[tuple[Entry, ...], int]:
    """One entry a fund, so that what was paid of a line stays as credit that the same fund bears."""
    rests = 0
    by_fund: dict[int, list[Line]] = {}
    for one in lines:
        by_fund.setdefault(fund_of(one.gl), []).append(one)
    entries = []
    for fund, of in sorted(by_fund.items()):
        cents = sum(one.charged_cents for one in of)
        places = {(one.document_id, one.line) for one in of}
        applied, rest = credit_lines(cents, [t for t in targets if (t.document, t.line) in places], on=asked.on)
        legs = give(applied, deductions(asked.on), account_id=account_id, rest=rest, rest_fund=fund)
        entries.append(Entry("waive", legs, asked.on))
        rests += rest
    return tuple(entries), rests
