"""Moves of what two people decide, and of what follows: requests of every kind, deposits, refunds, old debts."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from curbstop.office.adjustments import KINDS, File
from curbstop.office.refunds import get_refund, list_refunds
from tests.office.machine.counter import RECEIPTS
from tests.office.machine.world import Call, World, move

PDF = File("paper.pdf", base64.b64encode(b"%PDF-1.7\n% a paper\n").decode())
DOCUMENTS = """
select document_id, line_no, sum(debit_cents - credit_cents)::bigint, max(debit_cents) from ledger_posting
where account_id = %s and sub = 2 group by document_id, line_no order by document_id desc, line_no limit 12"""
CREDITS = """
select account_id, sum(p.credit_cents - p.debit_cents)::bigint from ledger_posting p join ledger_gl g on g.id = p.gl_id
where g.object = 2310 and p.account_id is not null
group by 1 having sum(p.credit_cents - p.debit_cents) > 0 order by 1"""

HOLD_DEPOSITS = """
select p.account_id from ledger_posting p join ledger_gl g on g.id = p.gl_id where g.object = 2210
group by 1 having sum(p.credit_cents - p.debit_cents) > 0 order by 1"""

Inputs = dict[str, Any]


# --- asking -----------------------------------------------------------------------------------------------------------


def _line(w: World, account_id: int) -> tuple[Any, ...] | None:
    lines = w.rows(DOCUMENTS, account_id)
    return w.one(lines) if lines else None


def _adjust(w: World) -> Inputs | None:
    id = w.account()
    if w.rarely(5):
        return {"account_id": id, "direction": "charge", "service": "sewer", "cents": w.luck.number(1, 3_000)}
    line = _line(w, id)
    if line is None:
        return None
    inputs = {"account_id": id, "direction": "credit", "cents": w.cents(line[3] or line[2])}
    where = w.luck.number(0, 3)
    if where == 3:
        return {**inputs, "service": w.one(["water", "sewer", "sanitation"])}
    return {**inputs, "document_id": line[0], **({"line": line[1]} if where else {})}


def _waive(w: World) -> Inputs | None:
    query = """select p.account_id, p.document_id, p.line_no
      from ledger_posting p join ledger_kind k on k.id = p.kind_id
      where p.sub = 2 and p.due_on is not null and split_part(k.code, '.', 1) in ('fee', 'late', 'misc', 'returned')
      order by 2 desc, 3 limit 10"""
    found = w.rows(query)
    return dict(zip(("account_id", "document_id", "line"), w.one(found), strict=True)) if found else None


def _leak(w: World) -> Inputs | None:
    bills = w.rows("select account_id, id from bills_bill order by id desc limit 12")
    if not bills:
        return None
    account, bill = w.one(bills)
    return {"account_id": account, "document_id": bill, "hidden": True, "in_writing": True}


def _transfer(w: World) -> Inputs | None:
    source, target = w.account(), w.account()
    line, credits = _line(w, source), w.rows(CREDITS)
    if credits and w.rarely(2):
        source, cents = w.one(credits)
        return {"from_account_id": source, "to_account_id": target, "cents": w.cents(cents)}
    if line is None:
        return None
    whole = {"from_account_id": source, "to_account_id": target, "document_id": line[0]}
    return {**whole, **({"line": line[1]} if w.rarely(2) else {})}


def _services(w: World) -> Inputs | None:
    id = w.account()
    lines = w.rows(DOCUMENTS, id)
    paid, owing = [row for row in lines if row[2] < row[3]], [row for row in lines if row[2] > 0]
    if not paid or not owing:
        return None
    source, target = w.one(paid), w.one(owing)
    return {"account_id": id, "from_document_id": source[0], "from_line": source[1], "to_document_id": target[0],
            "to_line": target[1], "cents": w.luck.number(1, 900)}  # fmt: skip


def _void(w: World) -> Inputs | None:
    open_drawers = """select s.code, r.no from payments_receipt r join payments_series s on s.id = r.series_id
      join payments_till t on t.series_id = s.id join payments_tillsession i on i.till_id = t.id
      join payments_tender x on (x.series_id, x.no, x.batch_document_id) = (r.series_id, r.no, i.document_id)
      where not exists (select from payments_tillcount c where c.session_id = i.id)
        and not exists (select from payments_reversal v where (v.series_id, v.no) = (r.series_id, r.no))
      group by 1, 2, r.document_id order by r.document_id desc limit 3"""
    found = w.rows(RECEIPTS) if w.rarely() else w.rows(open_drawers)
    return dict(zip(("series", "no"), w.one(found), strict=True)) if found else None


def _move_payment(w: World) -> Inputs | None:
    query = """select s.code, r.no, p.account_id from payments_receipt r join payments_series s on s.id = r.series_id
      join ledger_posting p on p.txn_id = r.txn_id where p.account_id is not null
      group by 1, 2, 3, r.document_id order by r.document_id desc limit 12"""
    found = w.rows(query)
    if not found:
        return None
    series, no, source = w.one(found)
    inputs = {"series": series, "no": no, "from_account_id": source, "to_account_id": w.account()}
    return {**inputs, **({"cents": w.luck.number(1, 2_000)} if w.rarely(3) else {})}


def _refund(w: World) -> Inputs | None:
    credits = [row for row in w.rows(CREDITS) if not w.balance(row[0]) or w.rarely()]
    if credits and w.rarely(2):
        account, cents = w.one(credits)
        return {"account_id": account, "source": "credit", **({"cents": w.cents(cents)} if w.rarely(2) else {})}
    held = w.column(HOLD_DEPOSITS) or w.accounts()
    return {"account_id": w.one(held), "source": "deposit"}


def _write_off(w: World) -> Inputs | None:
    query = """select account_id from ledger_posting where sub = 2 group by 1
      having sum(debit_cents - credit_cents) > 0 and max(due_on) < %s order by 1"""
    owing = w.column(query, w.today - timedelta(30)) or [w.account()]
    return {"account_ids": [w.one(owing)], "days_after_due": 30, "least_cents": 1}


def _rebill(w: World) -> Inputs | None:
    query = """select r.id, r.register from meters_read r join bills_outcome o on r.id in (o.from_read_id, o.to_read_id)
      where o.code = 'billed' and r.kind = 'regular' group by 1, 2 order by 1"""
    read, register = w.one(w.rows(query))
    return {"reads": [{"read_id": read, "register": register + w.one([-100, 100, 350])}]}


def _deposit_exception(w: World) -> Inputs | None:
    found = w.rows("select account_id, cents from payments_depositdemand order by id")
    if not found:
        return None
    account, cents = w.one(found)
    return {"account_id": account, **({"cents": w.cents(cents)} if w.rarely(2) else {})}


def _set_off(w: World) -> Inputs | None:
    petitions = w.column("select id from delinquency_petition order by id")
    return {"petition_id": w.one(petitions)} if petitions else None


def _back_bill(w: World) -> Inputs | None:
    return {"account_id": w.account(), "premise_id": w.one(w.column("select id from customers_premise order by id"))}


def _extension(w: World) -> Inputs | None:
    return {"account_id": w.account(), "pay_by_on": (w.today + timedelta(w.one([3, 10, 40]))).isoformat()}


def _programme(w: World) -> Inputs | None:
    return {"account_id": w.account(), "programme": w.one(["senior", "none"]), "born_on": "1950-05-05"}


ASKING: dict[str, Callable[[World], Inputs | None]] = {
    "adjust": _adjust, "waive": _waive, "leak": _leak, "transfer": _transfer, "services": _services, "void": _void,
    "move_payment": _move_payment, "refund": _refund, "write_off": _write_off,
    "deposit_exception": _deposit_exception, "rebill": _rebill, "set_off": _set_off, "back_bill": _back_bill,
    "extension_exception": _extension, "programme": _programme,
}  # fmt: skip
"""Kind of request -> what is asked. A test says that no kind is missing."""


def request_of(kind: str) -> Callable[[World], Call | None]:
    """A request of this kind."""

    def try_it(w: World) -> Call | None:
        inputs = ASKING[kind](w)
        if inputs is None:
            return None
        of = KINDS[kind]
        evidence = (PDF,) if of.evidence and not w.rarely(12) else ()
        asks = {"write_off": ("fay", "sue")}.get(kind, ("cleo", "sue", "cass"))
        told = {"kind": kind, "inputs": inputs, "reason": next(iter(of.reasons)), "on": w.today, "evidence": evidence}
        return Call("adjustments.request", w.who(*asks), told)

    return try_it


@move("adjustments.request refund deposit")
def refund_deposit(w: World) -> Call | None:
    held = [id for id in w.column(HOLD_DEPOSITS) if not w.balance(id)]
    inputs = {"account_id": held[-1], "source": "deposit"} if held else {}
    told = {"kind": "refund", "inputs": inputs, "reason": "closed", "on": w.today}
    return Call("adjustments.request", w.who("cleo", "sue"), told) if held else None


for _kind in ASKING:
    move(f"adjustments.request {_kind}")(request_of(_kind))


REQUESTS = """
select r.id from ledger_request r left join ledger_verdict v on v.request_id = r.id where %s or v.step is null
order by r.id desc limit 8"""


def _a_request(w: World) -> Inputs | None:
    found = w.column(REQUESTS, w.rarely())
    return {"request_id": w.one(found), "on": w.today} if found else None


@move("adjustments.approve")
def approve(w: World) -> Call | None:
    inputs = _a_request(w)
    return Call("adjustments.approve", w.who("sue", "sam", "dora", "dora"), inputs) if inputs else None


@move("adjustments.refuse")
def refuse(w: World) -> Call | None:
    inputs = _a_request(w) if w.rarely(2) else None
    return Call("adjustments.refuse", w.who("sue", "sam"), {**inputs, "reason": "no evidence"}) if inputs else None


@move("adjustments.withdraw")
def withdraw(w: World) -> Call | None:
    inputs = _a_request(w) if w.rarely(2) else None
    return Call("adjustments.withdraw", w.who("cleo", "sue", "cass"), inputs) if inputs else None


# --- charges and deposits ---------------------------------------------------------------------------------------------


@move("ledger.charge")
def charge(w: World) -> Call | None:
    kind, cents = w.one([("fee.returned", None), ("fee.reread", None), ("misc.cart", 6_500), ("misc.cart", 1)])
    kinds = w.column("select code from ledger_kind where code like 'misc.%%' order by id")
    inputs = {"account_id": w.account(), "kind": kind if cents is None else w.one(kinds), "on": w.today,
              "reason": "a damaged cart", "cents": cents, "with_bill": w.rarely(5)}  # fmt: skip
    return Call("ledger.charge", w.who("cleo", "fay", "sue"), inputs)


@move("ledger.recover")
def recover(w: World) -> Call | None:
    query = """select account_id, sum(debit_cents - credit_cents)::bigint from ledger_posting where sub = 4
      group by 1 having sum(debit_cents - credit_cents) > 0 order by 1"""
    found = w.rows(query)
    if not found:
        return None
    account, cents = w.one(found)
    inputs = {"account_id": account, "on": w.today, "cents": w.cents(cents) if w.rarely(2) else None}
    return Call("ledger.recover", w.who("cleo", "fay"), inputs)


@move("deposits.decide")
def decide(w: World) -> Call | None:
    newest = w.accounts()[-1] if w.sober else w.account()
    inputs = {"account_id": newest, "on": w.today, "instalments": w.one([1, 2]), "no_ssn": w.rarely(2)}
    return Call("deposits.decide", w.who("cleo"), inputs)


@move("deposits.increase")
def increase(w: World) -> Call | None:
    inputs = {"account_id": w.account(), "on": w.today, "reason": "cut off for non-payment"}
    return Call("deposits.increase", w.who("cleo", "sue"), inputs)


@move("deposits.accrue")
def accrue(w: World) -> Call | None:
    inputs = {"until_on": w.today, "on": w.today, "account_ids": tuple(w.accounts())}
    return Call("deposits.accrue", w.who("clock", "fay"), inputs)


@move("deposits.apply")
def apply_deposit(w: World) -> Call | None:
    found = w.column(HOLD_DEPOSITS) or [w.account()]
    inputs = {"account_id": w.one(found), "on": w.today, "why": w.one(["final", "good_history"])}
    return Call("deposits.apply", w.who("sue", "clock"), inputs)


@move("deposits.fund")
def fund(w: World) -> Call | None:
    query = """select coalesce(sum(debit_cents - credit_cents), 0)::bigint from ledger_posting p
      join ledger_gl g on g.id = p.gl_id where g.fund = 59 and g.object = any(%s)"""
    ((there,),), ((elsewhere,),) = w.rows(query, [1110]), w.rows(query, [1010])
    cents = -w.cents(there) if there and w.rarely(2) else w.cents(elsewhere)
    return Call("deposits.fund", w.who("fay"), {"cents": cents, "on": w.today, "reference": "wire 7"})


# --- refunds ----------------------------------------------------------------------------------------------------------


def _a_refund(w: World, *states: str) -> int | None:
    """One in the state that the act is for, or now and then any."""
    rows = [row for row in list_refunds(on=w.today) if row.state in states or w.rarely()]
    return w.one(rows).id if rows else None


@move("refunds.send")
def send(w: World) -> Call | None:
    found = _a_refund(w, "waiting")
    return Call("refunds.send", w.who("fay", "finn2"), {"refund_ids": (found,), "on": w.today}) if found else None


@move("refunds.record_check")
def record_check(w: World) -> Call | None:
    found = _a_refund(w, "sent")
    inputs = {"refund_id": found, "number": f"4{w.luck.number(1, 99)}", "dated_on": w.today, "on": w.today}
    return Call("refunds.record_check", w.who("fay", "finn2"), inputs) if found else None


@move("refunds.record_cashed")
def record_cashed(w: World) -> Call | None:
    found = _a_refund(w, "cut", "noticed")
    inputs = {"refund_id": found, "cashed_on": w.today, "on": w.today}
    return Call("refunds.record_cashed", w.who("fay", "finn2"), inputs) if found else None


@move("refunds.stop")
def stop(w: World) -> Call | None:
    found = _a_refund(w, "sent", "cut")
    inputs = {"refund_id": found, "stopped_on": w.today, "reason": "not delivered", "on": w.today}
    return Call("refunds.stop", w.who("fay", "finn2"), inputs) if found else None


@move("refunds.load_register")
def load_register(w: World) -> Call | None:
    found = _a_refund(w, "sent", "cut")
    if found is None:
        return None
    row = get_refund(found, on=w.today)
    status = w.one(["issued", "cashed", "void"])
    text = "Reference,Check,Check date,Amount,Status,Status date\r\n"
    amount = f"{row.cents // 100}.{row.cents % 100:02}"
    text += f"{row.reference},5{w.luck.number(1, 99)},{w.today},{amount},{status},{w.today}\r\n"
    return Call("refunds.load_register", w.who("fay", "finn2"), {"name": "r.csv", "text": text, "on": w.today})


@move("refunds.notify")
def notify(w: World) -> Call | None:
    found = _a_refund(w, "cut")
    return Call("refunds.notify", w.who("clock", "fay"), {"refund_id": found, "on": w.today}) if found else None


@move("refunds.cancel_unclaimed")
def cancel_unclaimed(w: World) -> Call | None:
    found = _a_refund(w, "cut", "noticed")
    inputs = {"refund_id": found, "on": w.today}
    return Call("refunds.cancel_unclaimed", w.who("clock", "fay"), inputs) if found else None


# --- old debts --------------------------------------------------------------------------------------------------------

WRITTEN_OFF = "select distinct account_id from ledger_posting where sub = 4 order by 1"


@move("writeoffs.provide")
def provide(w: World) -> Call | None:
    return Call("writeoffs.provide", w.who("fay"), {"on": w.today})


@move("writeoffs.place")
def place(w: World) -> Call | None:
    found = w.column(WRITTEN_OFF)
    inputs = {"agency": "plains", "account_ids": (w.one(found),), "on": w.today} if found else {}
    return Call("writeoffs.place", w.who("fay"), inputs) if found else None


@move("writeoffs.recall")
def recall(w: World) -> Call | None:
    found = w.column("select distinct account_id from payments_placement order by 1")
    inputs = {"account_ids": (w.one(found),), "reason": "paid here", "on": w.today} if found else {}
    return Call("writeoffs.recall", w.who("fay"), inputs) if found else None


@move("writeoffs.receive_remittance")
def receive_remittance(w: World) -> Call | None:
    found = w.column(
        "select a.number from customers_account a where a.id in (select account_id from payments_placement) order by 1"
    )
    if not found:
        return None
    cents = w.luck.number(100, 2_500)
    text = f"Account,Collected,Commission\r\n{w.one(found)},{cents // 100}.{cents % 100:02},\r\n"
    inputs = {"agency": "plains", "name": "plains.csv", "text": text, "on": w.today}
    return Call("writeoffs.receive_remittance", w.who("fay"), inputs)
