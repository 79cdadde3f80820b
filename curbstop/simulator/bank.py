"""The town's bank: a statement each morning of what it saw the open day before, matched by finance during the day.

Everything that was sent to the bank is shown on its next open day. Now and then there is money of another department
in the same account, which nobody at the billing office knows anything of until finance asks.
"""

from __future__ import annotations

from datetime import date, timedelta

from curbstop.office import banking
from curbstop.simulator.chance import number
from curbstop.simulator.office import Office
from curbstop.simulator.workdays import is_workday

ACCOUNT, NAME = "4400017", "First Example Bank, operating"
_BANK, _CITY = "231380104", "EXAMPLECITY"
_OPENING_CENTS = 25_000_000
_CREDITS = {"10-1030": ("301", "DEPOSIT"), "10-1040": ("165", "CARD SETTLEMENT"), "10-1050": ("165", "ACH COLLECTION"),
            "10-1060": ("115", "LOCKBOX AND BILL PAY")}  # fmt: skip
_RETURNED = ("555", "RETURNED ITEM")
_OTHERS = "PARKS AND RECREATION DEPOSIT"
_ASKED_AFTER = timedelta(days=4)
"""Days until finance has heard whose money it is."""


def install(office: Office, on: date) -> None:
    """The office's account, on the town's first day."""
    office.must(banking.open_account, who="hector", at=office.at(on, 7, 5), number=ACCOUNT, name=NAME)


def show(office: Office, seed: int, day: date) -> None:
    """In the morning, the statement of the open day before."""
    before = day - timedelta(days=1)
    while not is_workday(before):
        before -= timedelta(days=1)
    lines = [
        (*(_CREDITS[row.gl] if row.cents > 0 else _RETURNED), row.document_id, row.cents)
        for row in banking.list_waiting(known_on=before)
        if row.on < before
    ]
    if number(seed, "pool", before, below=12) == 0:
        lines.append(("301", _OTHERS, 0, 10_000 + 25 * number(seed, "pool cents", before, below=1200)))
    if lines:
        text = statement(before, lines, opening_cents=_closing_cents(office, before))
        name = f"{before:%Y%m%d}.bai"
        office.do(banking.load, who="hector", at=office.at(day, 7, 20), name=name, body=text)


def _closing_cents(office: Office, before: date) -> int:
    account = next(iter(banking.list_bank_accounts()))
    days = banking.list_statements(account.id, until=before - timedelta(days=1))
    return (days[-1].closing_cents or 0) if days else _OPENING_CENTS


def match(office: Office, day: date) -> None:
    """Finance matches what is plain, and names what it has asked about."""
    lines = banking.list_lines(until=day)
    if any(not _others(line) for line in lines):
        office.do(banking.match_all, who="hector", at=office.at(day, 9, 10), on=day)
    for order, line in enumerate(one for one in lines if _others(one) and one.on + _ASKED_AFTER <= day):
        office.do(
            banking.match,
            line.line_id,
            who="hector",
            at=office.at(day, 9, 20, number=order),
            line_ids=(line.line_id,),
            items=(),
            reason="Parks and Recreation's deposit in the city's account; their slip seen",
            on=day,
        )


def _others(line: banking.LineRow) -> bool:
    return line.says.startswith(_OTHERS)


def statement(on: date, lines: list[tuple[str, str, int, int]], *, opening_cents: int) -> str:
    """A BAI2 file of one account on one day: lines are type code, words, our document, cents (below zero: went out)."""
    closing_cents = opening_cents + sum(cents for *_, cents in lines)
    records = [f"03,{ACCOUNT},USD,010,{opening_cents},,,015,{closing_cents},,/"]
    for code, words, document, cents in lines:
        records.append(f"16,{code},{abs(cents)},Z,{on:%y%m%d}{document:08d},,{words} {document or ''}".rstrip())
    total = opening_cents + closing_cents + sum(abs(cents) for *_, cents in lines)
    records.append(f"49,{total},{len(records) + 1}/")
    inside = [f"02,{_CITY},{_BANK},1,{on:%y%m%d},,USD,2/", *records]
    inside.append(f"98,{total},1,{len(inside) + 1}/")
    file = [f"01,{_BANK},{_CITY},{on:%y%m%d},0600,1,,,2/", *inside]
    return "\n".join([*file, f"99,{total},1,{len(file) + 1}/"]) + "\n"
