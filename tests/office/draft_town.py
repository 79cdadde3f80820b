"""A city that drafts: bills that are bills, an originator, people; and a bank that answers our files."""

from datetime import date, timedelta

from curbstop.formats.layouts import built_in, write_line
from curbstop.formats.nacha import read_file
from curbstop.office import autopay, ledger
from curbstop.records.bills.models import Bill, Run
from curbstop.records.decisions.models import Cycle
from curbstop.rules.autopay import Terms
from curbstop.rules.ledger import credit, debit
from tests.books import at_on, key, open_books, person, posting, set_policy
from tests.office.payment_town import BILL

BILLED, DUE = date(2026, 4, 1), date(2026, 4, 21)
"""A Wednesday and a Tuesday: the bill's date and its due date."""

ORIGINATOR = {
    "destination": "231380104", "destination_name": "First Example Bank", "origin": "1736005555",
    "origin_name": "City of Example", "company_name": "EXAMPLE UTILITY", "company_id": "1736005555",
    "odfi": "231380104", "description": "UTIL PYMT",
}  # fmt: skip
ROUTING, BANK = "121042882", "123456789"


def raise_town(*, prenote=False, again=0, days=60):
    open_books(*(BILLED + timedelta(n) for n in range(days)))
    set_policy("payments.application", "oldest_first")
    set_policy("autopay.originator", ORIGINATOR)
    set_policy("autopay.prenote", prenote)
    set_policy("returned.represent", again)
    for name, role in (("csr", "csr"), ("finance", "finance"), ("supervisor", "supervisor"), ("cashier", "cashier")):
        person(name, role)
    Cycle.objects.get_or_create(code="1", defaults={"name": "Cycle 1", "every_days": 28})


def bill(of, lines=BILL, *, on=BILLED, due_on=DUE):
    """A bill with its row, its run and its lines in the books."""
    (document,) = ledger.reserve_documents(1)
    legs = [
        debit(gl, cents, kind, account_id=of.id, document=document, line=n, due_on=due_on)
        for n, (kind, gl, _, cents) in enumerate(lines, 1)
    ]
    txn = posting("bill", [*legs, *(credit(earned, cents, kind) for kind, _, earned, cents in lines)], on=on)
    run, _ = Run.objects.get_or_create(
        cycle_id="1", bill_on=on,
        defaults={"read_on": on, "due_on": due_on, "at": at_on(on), "by_id": person("clock").id, "event_id": 1,
                  "finish_event_id": 1},
    )  # fmt: skip
    Bill.objects.create(
        id=document, account=of, txn_id=txn, run=run, total_cents=sum(line[3] for line in lines), previous_cents=0,
        chunk_no=1, from_on=on - timedelta(28), until_on=on, due_on=due_on,
    )  # fmt: skip
    return document


def enrol(of, *, limit=None, day=None, sec="PPD", bank=BANK, routing=ROUTING, kind="checking", on=BILLED, k=None):
    return autopay.enrol(
        key=k or key(), by=person("csr"), at=at_on(on), account_id=of.id, holder="R. Ortiz", routing=routing,
        bank_account=bank, terms=Terms(kind, sec, limit, day), authorised_on=on, evidence="form of 1 April", from_on=on,
    )  # fmt: skip


def draft(on, *, through=None, post_on=None):
    """Plan, make the file, and post it on the day it settles; returns the plan and the file's bytes."""
    finance = person("finance")
    planned = autopay.plan(key=key(), by=finance, at=at_on(on), through_on=through or on, on=on)
    autopay.make_file(key=key(), by=finance, at=at_on(on, 16), run=planned.run, on=on)
    handed = autopay.take_file(key=key(), by=finance, at=at_on(on, 17), run=planned.run)
    day = post_on or planned.effective_on
    autopay.post(key=key(), by=finance, at=at_on(day), run=planned.run, on=day)
    return planned, handed.data


def returns_file(data: bytes, **codes: str) -> bytes:
    """What the bank sends back for entries of our file: trace (last digits) -> return code, without any header."""
    layout = built_in("nacha")
    lines = []
    for entry in read_file(data).entries:
        code = codes.get(f"t{int(entry.trace[-7:])}")
        if code is None:
            continue
        change, _, value = code.partition(":")
        back = {"27": "26", "37": "36", "28": "26", "38": "36"}[entry.code]
        lines.append(write_line(layout, "entry", {
            "code": back if change[0] == "R" else "21", "rdfi": entry.routing[:8], "check_digit": entry.routing[8],
            "account": entry.account, "cents": entry.cents if change[0] == "R" else 0,
            "individual_id": entry.individual_id, "name": entry.name, "discretionary": "", "has_addenda": "1",
            "trace": f"12104288{int(entry.trace[-7:]):07d}",
        }))  # fmt: skip
        record = "returned" if change[0] == "R" else "change"
        more = {"died_on": "", "information": ""} if record == "returned" else {"reserved": "", "corrected": value}
        lines.append(write_line(layout, record, {
            "code": change, "original_trace": entry.trace, "original_rdfi": entry.routing[:8],
            "trace": f"12104288{int(entry.trace[-7:]):07d}", **more,
        }))  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


def answer(data: bytes, on: date, *, k=None, name="returns.ach"):
    return autopay.apply_answers(key=k or key(), by=person("finance"), at=at_on(on), name=name, data=data, on=on)
