"""The whole journal as text that programs of others read: beancount, hledger, CSV, JSON.

Their own checkers then add the books up again: every transaction must balance, and after every day each account must
stand where our own sums say (balance assertions). A line at a time, so that a journal of millions needs no memory.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.rules.money import show

ROOTS = {"A": "Assets", "L": "Liabilities", "E": "Equity", "R": "Income", "X": "Expenses", "M": "Equity:Memo"}
"""Class of an account to the five roots; memo accounts come to nothing and stand apart in equity."""


@dataclass(frozen=True, slots=True)
class JournalAccount:
    """An account of the chart: ``51-1210``, its name, its class."""

    gl: str
    name: str
    klass: str


@dataclass(frozen=True, slots=True)
class JournalLeg:
    """One row. ``item`` is the document and line that it moves, ``account`` the customer's account number."""

    gl: str
    kind: str
    debit_cents: int
    credit_cents: int
    account: str
    item: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One transaction. ``on`` is the accounting day, ``effective_on`` when it happened."""

    txn_id: int
    on: date
    effective_on: date
    act: str
    says: str
    reverses: int | None
    legs: tuple[JournalLeg, ...]


@dataclass(frozen=True, slots=True)
class DayEnds:
    """Where accounts stand after a day: account to debit less credit, for those that moved."""

    on: date
    cents: Mapping[str, int]


Journal = Iterable[JournalEntry | DayEnds]


def _amount(cents: int) -> str:
    return show(cents).replace(",", "")


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def beancount(title: str, accounts: Iterable[JournalAccount], journal: Journal, *, since: date) -> Iterator[str]:
    """The journal in beancount's language; ``bean-check`` says nothing when it agrees."""
    names = {a.gl: f"{ROOTS[a.klass]}:F{a.gl[:2]}:A{a.gl[3:]}-{_plain(a.name)}" for a in accounts}
    yield f'option "title" "{title}"\noption "operating_currency" "USD"\n\n'
    for name in names.values():
        yield f"{since.isoformat()} open {name} USD\n"
    for one in journal:
        if isinstance(one, DayEnds):
            after = (one.on + timedelta(days=1)).isoformat()  # a balance holds at the beginning of its day
            yield "".join(f"{after} balance {names[gl]} {_amount(cents)} USD\n" for gl, cents in one.cents.items())
            continue
        reverses = f"\n  reverses: {one.reverses}" if one.reverses else ""
        yield (
            f'\n{one.on.isoformat()} * "{one.says}"\n  txn: {one.txn_id}\n  effective: {one.effective_on.isoformat()}'
            f"{reverses}\n"
        )
        for leg in one.legs:
            yield f"  {names[leg.gl]} {_amount(leg.debit_cents - leg.credit_cents)} USD\n"
            for key, value in (("kind", leg.kind), ("account", leg.account), ("item", leg.item)):
                if value:
                    yield f'    {key}: "{value}"\n'


def hledger(title: str, accounts: Iterable[JournalAccount], journal: Journal, *, since: date) -> Iterator[str]:
    """The journal in hledger's language; ``hledger check`` says nothing when it agrees."""
    names = {a.gl: f"{ROOTS[a.klass]}:{a.gl} {_plain(a.name).replace('-', ' ')}" for a in accounts}
    yield f"; {title}, since {since.isoformat()}\ncommodity 1000.00 USD\n\n"
    for name in names.values():
        yield f"account {name}\n"
    for one in journal:
        if isinstance(one, DayEnds):
            yield f"\n{one.on.isoformat()} * Where accounts stand after the day\n"
            yield "".join(f"    {names[gl]}  0.00 USD = {_amount(cents)} USD\n" for gl, cents in one.cents.items())
            continue
        reverses = f", reverses:{one.reverses}" if one.reverses else ""
        told = f"effective:{one.effective_on.isoformat()}{reverses}"
        yield f"\n{one.on.isoformat()} * ({one.txn_id}) {one.says}  ; {told}\n"
        for leg in one.legs:
            tags = [f"{key}:{value}" for key, value in _tags(leg) if value]
            yield f"    {names[leg.gl]}  {_amount(leg.debit_cents - leg.credit_cents)} USD  ; {', '.join(tags)}\n"


def _tags(leg: JournalLeg) -> tuple[tuple[str, str], ...]:
    return ("kind", leg.kind), ("account", leg.account), ("item", leg.item)


COLUMNS = (
    "transaction", "day", "effective", "act", "reverses", "gl", "name", "kind", "debit", "credit", "account", "item",
)  # fmt: skip


def as_csv(title: str, accounts: Iterable[JournalAccount], journal: Journal, *, since: date) -> Iterator[str]:
    """A row a leg, with a heading."""
    names = {a.gl: a.name for a in accounts}
    yield _csv(COLUMNS)
    for one in journal:
        if isinstance(one, DayEnds):
            continue
        for leg in one.legs:
            yield _csv(
                (
                    one.txn_id, one.on.isoformat(), one.effective_on.isoformat(), one.act, one.reverses or "", leg.gl,
                    names[leg.gl], leg.kind, _amount(leg.debit_cents), _amount(leg.credit_cents), leg.account, leg.item,
                )
            )  # fmt: skip


def _csv(row: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue()


def as_json(title: str, accounts: Iterable[JournalAccount], journal: Journal, *, since: date) -> Iterator[str]:
    """One object: the accounts, then the transactions, each on a line of its own."""
    listed = [{"gl": a.gl, "name": a.name, "class": a.klass} for a in accounts]
    head = json.dumps({"title": title, "since": since.isoformat(), "accounts": listed}, ensure_ascii=False)
    yield head[:-1] + ', "transactions": ['
    before = "\n"
    for one in journal:
        if isinstance(one, DayEnds):
            continue
        entry = {
            "id": one.txn_id, "day": one.on.isoformat(), "effective": one.effective_on.isoformat(), "act": one.act,
            "reverses": one.reverses,
            "legs": [
                {
                    "gl": leg.gl, "kind": leg.kind, "debit_cents": leg.debit_cents, "credit_cents": leg.credit_cents,
                    "account": leg.account or None, "item": leg.item or None,
                }
                for leg in one.legs
            ],
        }  # fmt: skip
        yield before + json.dumps(entry, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


FORMATS: Mapping[str, Callable[..., Iterator[str]]] = {
    "beancount": beancount,
    "hledger": hledger,
    "csv": as_csv,
    "json": as_json,
}
