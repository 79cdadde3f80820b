"""A bill cancelled and another made in its place: what should have been billed, less what was.

A bill once issued is never edited. Its lines are mirrored (what was paid of them is released to the account first), a
bill of the same services and days is rated from what counts now, and the released money pays it. Both stay readable.
It is part of an approved request (``office.adjustments``), never an act alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db import connection

from curbstop.office import _events, ledger, policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.bills import inputs, outcomes, posting, rates, runs
from curbstop.office.bills.numbers import bill_number
from curbstop.office.bills.rates import Rated
from curbstop.office.bills.runs import RunRow
from curbstop.rules.delinquency import late_charge
from curbstop.rules.ledger import Leg, credit, debit, fund_of, interfund
from curbstop.rules.ledger import charge as charge_legs
from curbstop.rules.ledger.legs import CREDIT
from curbstop.rules.ledger.recipes import Application, Unapplied, apply_credit
from curbstop.rules.policies import NotSet, Policies

KEEPS_LOWER = "first_when_lower"
AGAIN = "again"
_UNTOUCHED = (
    "bill", "late_charge", "take", "identify", "apply_credit", "apply_deposit", "return", "mispost", "unapply", "void",
    "agency", "release",
)  # fmt: skip
"""Acts that leave a line as it was charged; what another act did to it is taken back first."""


@dataclass(frozen=True)
class OldLine:
    """A line as it was charged, what is paid of it, and the account that it was earned on."""

    no: int
    gl: str
    kind: str
    contra: str
    cents: int
    open_cents: int


@dataclass(frozen=True)
class NewLine:
    """A line of the bill in its place."""

    kind: str
    says: str
    cents: int


@dataclass(frozen=True)
class Late:
    """A late charge on the cancelled bill, and that on the right one by kind (empty: none)."""

    document_id: int
    cents: int
    lines: tuple[OldLine, ...]
    posted_on: date
    again: Mapping[str, int]


@dataclass(frozen=True)
class Rebill:
    """A bill as issued beside the bill in its place. ``gal`` of the measured services by agreement."""

    bill_id: int
    first_id: int
    account_id: int
    from_on: date
    until_on: date
    posted_on: date
    due_on: date
    new_due_on: date
    lines: tuple[OldLine, ...]
    new_lines: tuple[NewLine, ...]
    gal: Mapping[int, int]
    new_gal: Mapping[int, int]
    late: Late | None
    had_late: bool
    row: RunRow
    rated: Rated

    @property
    def number(self) -> str:
        """The number of the cancelled bill, as printed."""
        return bill_number(self.bill_id)

    @property
    def cents(self) -> int:
        """What was billed."""
        return sum(line.cents for line in self.lines)

    @property
    def new_cents(self) -> int:
        """What should have been."""
        return sum(line.cents for line in self.new_lines)

    @property
    def change_cents(self) -> int:
        """What the account owes more (below zero: less), late charges included."""
        late = sum(self.late.again.values()) - self.late.cents if self.late else 0
        return self.new_cents - self.cents + late


# --- what is made again -----------------------------------------------------------------------------------------------


def find_bills(read: Iterable[tuple[int, date]]) -> list[int]:
    """The bills in force that count a read of these service points on these days, in order."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for point, day in set(read):
            cursor.execute(
                "select o.bill_id from bills_outcome o join customers_agreement g on g.id = o.agreement_id"
                " join customers_servicepoint s on s.id = g.service_point_id"
                " where coalesce(s.measured_by_id, s.id) = %s and o.code = 'billed' and o.from_on < %s"
                " and o.until_on >= %s and not exists (select from bills_cancelled z where z.bill_id = o.bill_id)",
                [point, day, day],
            )
            found.update(row[0] for row in cursor.fetchall())
    return sorted(found)


def accounts_at(points: Iterable[int], from_on: date) -> list[int]:
    """The accounts that had a service measured at these places on the day or since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct g.account_id from customers_agreement g join customers_servicepoint s"
            " on s.id = g.service_point_id where coalesce(s.measured_by_id, s.id) = any(%s)"
            " and g.during && daterange(%s, null, '[]') order by 1",
            [list(points), from_on],
        )
        return [row[0] for row in cursor.fetchall()]


def rate_again(bill_ids: Sequence[int], *, on: date) -> list[Rebill]:
    """Each bill beside what it should have been, from the reads, tariffs and averages that count now.

    :param on: the day that the bills in their place are dated
    :raises Refused: a bill is cancelled already, was adjusted since, or cannot be rated any more
    """
    return [_again(bill, on) for bill in bill_ids]


_BILL = """
select b.account_id, b.run_id, b.txn_id, t.posted_on, b.due_on, b.from_on, b.until_on, coalesce(z.first_id, b.id),
  exists (select from bills_cancelled c where c.bill_id = b.id),
  exists (select from delinquency_latecharge l where l.bill_id = b.id)
from bills_bill b join ledger_transaction t on t.id = b.txn_id
left join bills_cancelled z on z.replaced_by_id = b.id where b.id = %s"""


def _again(bill_id: int, on: date) -> Rebill:
    with connection.cursor() as cursor:
        cursor.execute(_BILL, [bill_id])
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no bill with document {bill_id}.", field="bill")
    account, run_id, txn, posted_on, due_on, from_on, until_on, first, cancelled, had_late = row
    number = bill_number(bill_id)
    if cancelled:
        raise Refused(f"Bill {number} is cancelled already; look at the bill in its place.", field="bill")
    _refuse_touched(account, bill_id, f"bill {number}")
    lines = _lines(txn, account, bill_id)
    run = runs.load_run(run_id)
    rated, gal = _rate(bill_id, account, run, number)
    new_lines = (*_new_lines(rated, run), *_carried(first))
    total, new_total = sum(line.cents for line in lines), sum(line.cents for line in new_lines)
    rules = policies.load("rebill.due", "rebill.late", "bill.due_days", "late.percent")
    return Rebill(
        bill_id=bill_id, first_id=first, account_id=account, from_on=from_on, until_on=until_on, posted_on=posted_on,
        due_on=due_on, new_due_on=_due(rules, on, due_on, new_total < total), lines=lines,
        new_lines=new_lines, gal=gal,
        new_gal=dict(zip(rated.work.agreement.tolist(), rated.work.gal.tolist(), strict=True)),
        late=_late(bill_id, account, rules, on, new_lines) if had_late else None, had_late=had_late, row=run,
        rated=rated,
    )  # fmt: skip


_OLD_LINES = """
select p.line_no, to_char(g.fund, 'FM00') || '-' || to_char(g.object, 'FM0000'), k.code,
  to_char(c.fund, 'FM00') || '-' || to_char(c.object, 'FM0000'), p.debit_cents,
  (select sum(x.debit_cents - x.credit_cents) from ledger_posting x where x.account_id = p.account_id
     and x.document_id = p.document_id and x.line_no = p.line_no and x.gl_id = p.gl_id)::bigint
from ledger_posting p join ledger_gl g on g.id = p.gl_id join ledger_kind k on k.id = p.kind_id
join ledger_gl c on c.id = k.contra_gl
where p.txn_id = %s and p.account_id = %s and p.document_id = %s and p.sub = 2 and p.debit_cents > 0
order by p.line_no"""


def _lines(txn: int, account: int, document: int) -> tuple[OldLine, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_LINES, [txn, account, document])
        return tuple(OldLine(*row) for row in cursor.fetchall())


def _refuse_touched(account: int, document: int, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct t.act from ledger_posting p join ledger_transaction t on t.id = p.txn_id"
            " where p.document_id = %s and p.sub = 2 and (p.account_id <> %s or t.act <> all(%s))",
            [document, account, list(_UNTOUCHED)],
        )
        touched = [row[0] for row in cursor.fetchall()]
    if touched:
        raise Refused(
            f"The {what} was changed since by {', '.join(touched)}. Take that back first, then cancel and bill again.",
            field="bill",
        )


_AGREEMENTS = """
select o.agreement_id, o.from_on, o.until_on, o.usage_gal from bills_outcome o
join customers_agreement g on g.id = o.agreement_id join customers_servicepoint s on s.id = g.service_point_id
where o.bill_id = %s
order by array_position(array['water', 'irrigation', 'sewer', 'sanitation', 'stormwater'], s.service), s.number,
  o.from_on, g.id"""


def _rate(bill_id: int, account: int, run: RunRow, number: str) -> tuple[Rated, dict[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_AGREEMENTS, [bill_id])
        rows = cursor.fetchall()
    work = inputs.load(
        run.turn, run.tariffs, np.array([account]), np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows], dtype="datetime64[D]"), again=True,
    )  # fmt: skip
    if work.until_on.tolist() != [row[2] for row in rows]:
        raise Refused(
            f"Bill {number} is for other days than its services have now: somebody moved meanwhile. Correct the move"
            " first.",
            field="bill",
        )
    rated = rates.rate(work, run.kinds, run.turn.bill_on, waiting=False)
    held = [int(code) for code in work.code if code]
    if held:
        says = outcomes.SAYS[outcomes.CODES[held[0]]]
        raise Refused(f"Bill {number} cannot be made again: {says[0].lower()}{says[1:]}.", field="bill")
    return rated, {row[0]: row[3] for row in rows}


def _new_lines(rated: Rated, run: RunRow) -> list[NewLine]:
    kinds = run.kinds.by_id
    return [
        NewLine(kinds[kind].code, kinds[kind].says, cents)
        for kind, cents in zip(rated.lines.kind.tolist(), rated.lines.cents.tolist(), strict=True)
    ]


def _carried(first_id: int) -> list[NewLine]:
    """The waiting charges that the first bill of the chain carries: they stay on the paper."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select k.code, c.says, c.cents from bills_chargebilled x join bills_charge c on c.id = x.charge_id"
            " join ledger_kind k on k.id = c.kind_id where x.bill_id = %s order by x.line_no",
            [first_id],
        )
        return [NewLine(*row) for row in cursor.fetchall()]


def _due(rules: Policies, on: date, first_due: date, lower: bool) -> date:
    """When the bill in its place is due: by ``rebill.due`` as the first was, when it is lower; else as a new bill."""
    try:
        if lower and rules.text("rebill.due", on=on) == KEEPS_LOWER:
            return first_due
    except NotSet:
        pass
    return _usual_due(rules, on)


def _usual_due(rules: Policies, on: date) -> date:
    try:
        return on + timedelta(days=rules.whole("bill.due_days", on=on))
    except NotSet as missing:
        raise Refused(f"{missing}. Without it the bill has no due date.", field="bill.due_days") from missing


def _late(bill_id: int, account: int, rules: Policies, on: date, lines: Sequence[NewLine]) -> Late | None:
    """The late charge worked out on the right bill, where ``rebill.late`` says so; None: it stays as it was."""
    try:
        if rules.text("rebill.late", on=on) != AGAIN:
            return None
    except NotSet:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.document_id, l.cents, t.id, t.posted_on from delinquency_latecharge l"
            " join ledger_posting p on p.document_id = l.document_id and p.account_id = %s and p.due_on is not null"
            " join ledger_transaction t on t.id = p.txn_id where l.bill_id = %s limit 1",
            [account, bill_id],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    document, cents, txn, posted_on = row
    _refuse_touched(account, document, "late charge")
    late_kinds = {
        fund_of(k.control): k.code for k in ledger.list_kinds(on=on) if k.control and k.code.startswith("late.")
    }
    control = {k.code: k.control for k in ledger.list_kinds(on=on)}
    billed: dict[str, int] = {}
    for line in lines:
        kind = late_kinds[fund_of(control[line.kind] or "")]
        billed[kind] = billed.get(kind, 0) + line.cents
    again = late_charge(billed, rules.percent("late.percent", on=on))
    return Late(document, cents, _lines(txn, account, document), posted_on, again)


# --- what is posted ---------------------------------------------------------------------------------------------------


def undo_legs(
    lines: Sequence[OldLine], account: int, document: int, credit_document: int
) -> tuple[list[Leg], list[Leg]]:
    """Release what was paid of these lines to the account's credit; then mirror them (E59, E60)."""
    paid = [(line, line.cents - line.open_cents) for line in lines if line.cents > line.open_cents]
    release: list[Leg] = [
        debit(line.gl, cents, line.kind, account_id=account, document=document, line=line.no) for line, cents in paid
    ]
    if release:
        total = sum(cents for _, cents in paid)
        kept = credit(CREDIT, total, "credit", account_id=account, document=credit_document, line=1)
        release = list(interfund([*release, kept]))
    earned: dict[tuple[str, str], int] = {}
    for line in lines:
        earned[line.contra, line.kind] = earned.get((line.contra, line.kind), 0) + line.cents
    cancel = [debit(contra, cents, kind) for (contra, kind), cents in earned.items()]
    cancel += [credit(x.gl, x.cents, x.kind, account_id=account, document=document, line=x.no) for x in lines]
    return release, cancel


def bill_legs(rebill: Rebill, document: int, on: date) -> tuple[Leg, ...]:
    """The lines of the bill in its place, and what they earn."""
    kinds = {kind.code: kind for kind in ledger.list_kinds(on=on)}
    lines = [
        debit(kinds[line.kind].control or "", line.cents, line.kind, account_id=rebill.account_id, document=document,
              line=no, due_on=rebill.new_due_on)
        for no, line in enumerate(rebill.new_lines, 1)
    ]  # fmt: skip
    return charge_legs(lines, {line.kind: kinds[line.kind].contra or "" for line in rebill.new_lines})


def late_legs(rebill: Rebill, document: int, on: date) -> tuple[Leg, ...]:
    """The late charge on the right bill."""
    assert rebill.late is not None
    kinds = {kind.code: kind for kind in ledger.list_kinds(on=on)}
    due_on = _usual_due(policies.load("bill.due_days"), on)
    lines = [
        debit(kinds[kind].control or "", cents, kind, account_id=rebill.account_id, document=document, line=no,
              due_on=due_on)
        for no, (kind, cents) in enumerate(rebill.late.again.items(), 1)
    ]  # fmt: skip
    return charge_legs(lines, {kind: kinds[kind].contra or "" for kind in rebill.late.again})


def apply_released(
    rebill: Rebill, bill: Sequence[Leg], late: Sequence[Leg], documents: tuple[int, int]
) -> tuple[Leg, ...]:
    """What was paid of the cancelled bill and its late charge pays those in their place, line by line (E62).

    What is left stays as credit: a deposit that is asked for does not take it, since it was never meant for one.
    """
    groups = (rebill.lines, rebill.late.lines if rebill.late else ())
    sources = [
        Unapplied(rebill.account_id, document, 1, cents)
        for document, lines in zip(documents, groups, strict=True)
        if (cents := sum(line.cents - line.open_cents for line in lines))
    ]
    left = sum(source.cents for source in sources)
    applied: list[Application] = []
    for leg in (*bill, *late):
        cents = min(leg.debit_cents, left) if leg.account_id is not None else 0
        if cents:
            applied.append(Application(rebill.account_id, leg.gl, leg.document or 0, leg.line or 0, leg.kind, cents))
            left -= cents
    used, rest = [], sum(one.cents for one in applied)
    for source in sources:
        cents = min(source.cents, rest)
        rest -= cents
        if cents:
            used.append(dataclasses.replace(source, cents=cents))
    return apply_credit(used, applied) if used else ()


def replace(event: Acting, rebill: Rebill, *, on: date, approval: int, reason: str) -> tuple[int, tuple[int, ...]]:
    """Cancel the bill and issue the other; the accounts are locked. Returns the new bill and the transactions."""
    account, done = rebill.account_id, list[int]()

    def post(act: str, legs: Sequence[Leg], kinds_on: date | None = None) -> int:
        txn = ledger._post(
            event, act=act, posted_on=on, effective_on=on, legs=legs, approval=approval, kinds_on=kinds_on
        )
        done.append(txn)
        return txn

    bill_id, held, late_held, late_document = ledger.reserve_documents(4)
    release, cancel = undo_legs(rebill.lines, account, rebill.bill_id, held)
    if release:
        post("release", release, rebill.posted_on)
    cancelled = post("cancel", cancel, rebill.posted_on)
    before = ledger.get_balance(account)
    issued = post("bill", bill_legs(rebill, bill_id, on))
    run = _write(event, rebill, bill_id, issued, before, on)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_cancelled (bill_id, replaced_by_id, first_id, request_id, txn_id, reason, event_id)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [rebill.bill_id, bill_id, rebill.first_id, approval, cancelled, reason, event.id],
        )
    if rebill.late is not None:
        release, cancel = undo_legs(rebill.late.lines, account, rebill.late.document_id, late_held)
        if release:
            post("release", release, rebill.late.posted_on)
        post("cancel", cancel, rebill.late.posted_on)
    late = late_legs(rebill, late_document, on) if rebill.late and rebill.late.again else ()
    charged = post("late_charge", late) if late else None
    if paid := apply_released(rebill, bill_legs(rebill, bill_id, on), late, (held, late_held)):
        post("apply_credit", paid)
    if rebill.had_late:
        _write_late(event, rebill, bill_id, run, charged, late_document, on)
    event.about(f"bill:{rebill.bill_id}", f"bill:{bill_id}", f"account:{account}")
    return bill_id, tuple(done)


def _write(event: Acting, rebill: Rebill, bill_id: int, txn: int, before: int, on: date) -> int:
    """The run of this one bill, the bill and its outcomes; returns the run."""
    turn = rebill.row.turn
    (finish,) = _events.reserve_ids(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_run (cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id, rebills)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
            [turn.cycle, turn.read_on, on, _usual_due(policies.load("bill.due_days"), on), event.at, event.by.id,
             event.id, finish, rebill.bill_id],
        )  # fmt: skip
        run = int(cursor.fetchone()[0])
        cursor.execute(
            "insert into bills_runstep (run_id, step, bills, cents, by_id, at, event_id)"
            " values (%s, 'posted', 1, %s, %s, %s, %s)",
            [run, rebill.new_cents, event.by.id, event.at, finish],
        )
        cursor.execute(
            "insert into bills_bill (id, account_id, txn_id, run_id, total_cents, previous_cents, chunk_no, from_on,"
            " until_on, due_on) values (%s, %s, %s, %s, %s, %s, 1, %s, %s, %s)",
            [bill_id, rebill.account_id, txn, run, rebill.new_cents, before, rebill.from_on, rebill.until_on,
             rebill.new_due_on],
        )  # fmt: skip
        work, cents = rebill.rated.work, rebill.rated.cents
        for row in range(len(work)):
            cursor.execute(
                "insert into bills_outcome (run_id, agreement_id, account_id, bill_id, from_read_id, to_read_id,"
                " usage_gal, average_gal, cents, from_on, until_on, chunk_no, items, prorate_days, code, rebills)"
                " values (%s, %s, %s, %s, nullif(%s::bigint, 0), nullif(%s::bigint, 0), %s, %s, %s, %s, %s, 1, %s, %s,"
                " 'billed', %s)",
                [run, int(work.agreement[row]), rebill.account_id, bill_id, int(work.from_read[row]),
                 int(work.to_read[row]), int(work.gal[row]), int(work.average_gal[row]), int(cents[row]),
                 work.from_on[row].item(), work.until_on[row].item(), int(work.items[row]), int(work.prorate_days[row]),
                 rebill.bill_id],
            )  # fmt: skip
    posting._keep_given(dataclasses.replace(rebill.row, id=run), rebill.rated)
    return run


def _write_late(
    event: Acting, rebill: Rebill, bill_id: int, run: int, txn: int | None, document: int, on: date
) -> None:
    """The bill in its place was looked at for lateness with the first one, and is not looked at again."""
    cents = sum(rebill.late.again.values()) if rebill.late else 0
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into delinquency_laterun (run_id, txn_id, "on", bills, cents, event_id)'
            " values (%s, %s, %s, %s, %s, %s)",
            [run, txn, on, 1 if cents else 0, cents, event.id],
        )
        if cents:
            cursor.execute(
                "insert into delinquency_latecharge (bill_id, run_id, document_id, cents) values (%s, %s, %s, %s)",
                [bill_id, run, document, cents],
            )
