"""Legs of a transaction: one amount in one column of one account, and the function that keeps funds apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

POOL = 10
"""The fund that holds everybody's cash: balance-sheet accounts only."""

CLAIM = 1010
"""Object of a fund's claim on pooled cash; its partner in the pool is 28FF."""

CREDIT = "10-2310"
"""Unapplied customer credit."""

RECEIVABLES = frozenset({1210, 1220, 1230, 1240, 1250, 1260, 1270})
"""Objects of what customers owe, by type; see the chart."""

PAYMENT = "payment"
"""Kind of the rows that carry cash between accounts, rather than reduce an item."""


class Unbalanced(ValueError):
    """Debits and credits of a transaction differ, in total or in a fund."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One row of a transaction.

    :ivar gl: the account, ``FF-OOOO``
    :ivar kind: code of what the row is; a row that reduces an item carries the item's kind
    :ivar account_id: the customer account whose item it moves, where the account is a control account
    :ivar document: the item's document (or the batch: till session, slip, file), with its ``line``
    :ivar due_on: on the row that creates a charge; rows that reduce or restore it have none
    """

    gl: str
    debit_cents: int
    credit_cents: int
    kind: str
    account_id: int | None = None
    document: int | None = None
    line: int | None = None
    due_on: date | None = None

    @property
    def net_cents(self) -> int:
        """Debit less credit."""
        return self.debit_cents - self.credit_cents


def debit(
    gl: str,
    cents: int,
    kind: str,
    *,
    account_id: int | None = None,
    document: int | None = None,
    line: int | None = None,
    due_on: date | None = None,
) -> Leg:
    """A leg in the debit column. :raises ValueError: nothing, or less, to post"""
    return Leg(gl, _above_zero(gl, cents), 0, kind, account_id, document, line, due_on)


def credit(
    gl: str,
    cents: int,
    kind: str,
    *,
    account_id: int | None = None,
    document: int | None = None,
    line: int | None = None,
    due_on: date | None = None,
) -> Leg:
    """A leg in the credit column. :raises ValueError: nothing, or less, to post"""
    return Leg(gl, 0, _above_zero(gl, cents), kind, account_id, document, line, due_on)


def _above_zero(gl: str, cents: int) -> int:
    if cents <= 0:
        raise ValueError(f"{cents} cents on {gl}: a leg is above zero; a reduction is the other column")
    return cents


@cache
def gl(fund: int, object: int) -> str:
    """The account string of a fund and an object: ``51-1210``."""
    return f"{fund:02d}-{object:04d}"


@cache  # a chart has hundreds of accounts, a file a million legs
def fund_of(account: str) -> int:
    """The fund of an account string."""
    return int(account[:2])


@cache
def object_of(account: str) -> int:
    """The object of an account string."""
    return int(account[3:])


def partner(fund: int) -> str:
    """The pool's account that owes a fund: 51 is owed on ``10-2851``."""
    return gl(POOL, 2800 + fund)


def reverse(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The mirror of a stored transaction: columns swapped, rows in the same order, nothing computed again.

    A restored charge keeps its due date on the row that created it, so the mirror's rows carry none.
    """
    return tuple(replace(leg, debit_cents=leg.credit_cents, credit_cents=leg.debit_cents, due_on=None) for leg in legs)


def interfund(legs: Sequence[Leg], *, kind: str = PAYMENT) -> tuple[Leg, ...]:
    """The legs with what the pool and the funds owe each other through them, netted for each fund.

    Cash that goes to fund 51 is a credit on ``10-2851`` and a debit on ``51-1010``; cash that leaves it is the reverse.
    So every fund balances by itself, and the pool owes each fund exactly what the fund claims. Where all funds balance
    already (a bill, a transfer inside a fund, a city with one fund) nothing is added.

    :raises Unbalanced: debits and credits differ in total
    """
    nets: dict[int, int] = {}
    for leg in legs:
        fund = fund_of(leg.gl)
        nets[fund] = nets.get(fund, 0) + leg.net_cents
    if sum(nets.values()) != 0:
        raise Unbalanced(f"debits and credits differ by {sum(nets.values())} cents; the transaction cannot be posted")
    pairs: list[Leg] = []
    for fund, net in sorted(nets.items()):
        if fund == POOL or net == 0:
            continue
        if net < 0:  # the fund's items were paid: cash goes to it
            pairs += [credit(partner(fund), -net, kind), debit(gl(fund, CLAIM), -net, kind)]
        else:
            pairs += [debit(partner(fund), net, kind), credit(gl(fund, CLAIM), net, kind)]
    return (*legs, *pairs)


def check_balance(legs: Iterable[Leg]) -> None:
    """Refuse legs that do not balance in every fund. :raises Unbalanced: naming the fund"""
    nets: dict[int, int] = {}
    for leg in legs:
        fund = fund_of(leg.gl)
        nets[fund] = nets.get(fund, 0) + leg.net_cents
    for fund, net in sorted(nets.items()):
        if net:
            raise Unbalanced(f"fund {fund} does not balance: debits less credits are {net} cents")
