"""Posting recipes: which accounts an act debits and credits, as data; and the functions that make their legs.

An act's transaction may touch the objects of its recipe and no other, so a credit without a tender, an approved
adjustment or a refund cannot be posted under the name of something else. The legs between funds are added by
:func:`~curbstop.rules.ledger.legs.interfund` and are part of every recipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curbstop.rules.ledger.legs import (
    CLAIM,
    CREDIT,
    PAYMENT,
    POOL,
    RECEIVABLES,
    Leg,
    credit,
    debit,
    fund_of,
    gl,
    interfund,
    object_of,
    reverse,
)

BANK = "10-1001"
DRAWERS = "10-1020"
TO_BANK = "10-1030"
UNIDENTIFIED = "10-2340"
SHORT, OVER = 5110, 4220

COLUMNS = (
    "billed",
    "cancelled",
    "paid",
    "returned",
    "adjusted",
    "moved",
    "written_off",
    "recovered",
)
"""Columns of the roll-forward. ``none`` is the column of acts that touch no receivable."""

_OWED = tuple(sorted(RECEIVABLES))
_TENDER = (1020, 1040, 1050, 1060, 1070)
_REVENUE = (4010, 4020, 4110, 4120)
_FOR_OTHERS = (2120, 2130)


class RecipeBroken(ValueError):
    """Legs that the act's recipe does not have."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an act may post: objects it debits, objects it credits, its column of the roll-forward.

    :ivar gives: the act gives money away, and its transaction names an approval
    """

    act: str
    says: str
    column: str
    debits: frozenset[int]
    credits: frozenset[int]
    gives: bool = False


def _recipe(
    act: str, says: str, column: str, debits: Iterable[int], credits: Iterable[int], *, gives: bool = False
) -> Recipe:
    return Recipe(act, says, column, frozenset(debits), frozenset(credits), gives)


RECIPES: Mapping[str, Recipe] = {
    recipe.act: recipe
    for recipe in (
        _recipe("convert", "Balance brought over", "moved", (*_OWED, 3010), (*_OWED, 2310, 2210, 3010)),
        _recipe("bill", "Bill", "billed", (*_OWED, 4320), (*_OWED, *_REVENUE, *_FOR_OTHERS)),
        _recipe("charge", "Charge", "billed", _OWED, (*_REVENUE, *_FOR_OTHERS)),
        _recipe("late_charge", "Late charge", "billed", (1220,), (4110,)),
        _recipe("take", "Payment", "paid", _TENDER, (*_OWED, 2210, 2310, 2340)),
        _recipe("identify", "Payment identified", "paid", (2340,), (*_OWED, 2210, 2310)),
        _recipe("pledge_paid", "Pledge paid", "none", (1020, 1040, 1050, 1060), (1070,)),
        _recipe("apply_credit", "Credit applied", "paid", (2310,), (*_OWED, 2210, 2310)),
        _recipe(
            "return",
            "Payment returned",
            "returned",
            (*_OWED, 2210, 2310, 2340),
            (1030, 1040, 1050, 1060, 1070, 2310, 2340),
        ),
        _recipe("mispost", "Payment taken back", "returned", (*_OWED, 2210, 2310, 2340), (2340,)),
        _recipe("unapply", "Credit taken back", "returned", (*_OWED, 2210, 2310), (2310, 2340)),
        _recipe("void", "Payment voided", "returned", (*_OWED, 2210, 2310), (1020,), gives=True),
        _recipe("move", "Moved", "moved", (*_OWED, 2310), (*_OWED, 2310), gives=True),
        _recipe("over_short", "Drawer over or short", "none", (1020, SHORT), (1020, OVER)),
        _recipe("bank_deposit", "Deposit made up", "none", (1030,), (1020,)),
        _recipe("bank_confirmed", "Deposit at the bank", "none", (1001,), (1030,)),
        _recipe("settle", "Settled by the bank", "none", (1001, 5120, 1040, 1050, 1060), (1040, 1050, 1060)),
        _recipe("bank_debited", "Taken by the bank", "none", (1030, 1040, 1050, 1060, 5120), (1001,)),
        _recipe(
            "unmatch",
            "Match with the bank undone",
            "none",
            (1001, 1030, 1040, 1050, 1060, 5120),
            (1001, 1030, 1040, 1050, 1060, 5120),
        ),
        _recipe("change_fund", "Change fund", "none", (1015, 1001, 1020), (1015, 1001)),
        _recipe("fund_deposits", "Deposits moved to their bank account", "none", (1110, 1001), (1110, 1001)),
        _recipe("interest", "Interest on a deposit", "none", (5140,), (2220,)),
        _recipe("apply_deposit", "Deposit applied", "paid", (2210, 2220), (*_OWED, 2100, 2310)),
        _recipe("refund", "Refund approved", "none", (2310, 2210, 2220), (2100,), gives=True),
        _recipe("refund_sent", "Refund sent to accounts payable", "none", (2100,), (1003,)),
        _recipe("refund_paid", "Refund cashed", "none", (1003, 2100, 2110), (1001,)),
        _recipe("refund_stopped", "Refund stopped", "none", (1003, 2110), (2100,)),
        _recipe("unclaimed", "Held as unclaimed", "none", (1003,), (2110,)),
        _recipe("forfeit", "Forfeited", "none", (2110,), (4210,)),
        _recipe("adjust", "Adjustment", "adjusted", (4310, *_OWED), (4310, *_OWED, 2310), gives=True),
        _recipe("waive", "Waived", "adjusted", (4310,), (*_OWED, 2310), gives=True),
        _recipe("discount", "Discount", "adjusted", (4320,), _OWED),
        _recipe("release", "Payment released", "returned", _OWED, (2310,)),
        _recipe("cancel", "Bill cancelled", "cancelled", (*_REVENUE, *_FOR_OTHERS), _OWED),
        _recipe("provide", "Provision", "none", (4390,), (1290,)),
        _recipe("write_off", "Written off", "written_off", (1290, 1295), (*_OWED, 1296), gives=True),
        _recipe("recover", "Recovered", "recovered", (*_OWED, 1296), (1290, 1295)),
        _recipe("agency", "Paid to the agency", "paid", (1060, 5130), _OWED),
        _recipe("agency_invoice", "Agency invoice", "none", (5130,), (2140,)),
        _recipe("petition", "Moved before the petition", "moved", (1270,), _OWED),
        _recipe("level", "Levelised plan", "moved", (*_OWED, 2320), (*_OWED, 2320)),
        _recipe("remit", "Remitted", "none", (2120, 2130, 2140), (1003,)),
        _recipe("accrue", "Unbilled service", "none", (1280, 4020), (1280, 4020)),
        _recipe("close", "Day closed", "none", (), ()),
        _recipe("close_month", "Month closed", "none", (), ()),
    )
}
"""Every act that posts, by its name. An act is in exactly one column of the roll-forward."""


def check_recipe(act: str, legs: Iterable[Leg]) -> None:
    """Refuse legs that the act does not post.

    :raises RecipeBroken: an unknown act, or an account that is not in its recipe
    """
    recipe = RECIPES.get(act)
    if recipe is None:
        raise RecipeBroken(f"there is no posting recipe {act!r}; add it to rules.ledger.recipes with its column")
    for leg in legs:
        if _is_interfund(leg.gl):
            continue
        allowed, column = (recipe.debits, "debits") if leg.debit_cents else (recipe.credits, "credits")
        if object_of(leg.gl) not in allowed:
            raise RecipeBroken(f"{act} {column} {leg.gl}, which its recipe does not; use the act that does")


def _is_interfund(account: str) -> bool:
    fund, object = fund_of(account), object_of(account)
    return 2851 <= object <= 2859 if fund == POOL else object == CLAIM


@dataclass(frozen=True, slots=True)
class Application:
    """Money that goes to an item: a charge, or a deposit asked for."""

    account_id: int
    gl: str
    document: int
    line: int
    kind: str
    cents: int


@dataclass(frozen=True, slots=True)
class Tendered:
    """Money as it arrived: the account and batch item where it waits, the line by type of tender."""

    gl: str
    document: int
    line: int
    cents: int


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A credit that waits on an account: item (document, line) on 10-2310."""

    account_id: int
    document: int
    line: int
    cents: int


def charge(lines: Sequence[Leg], contra: Mapping[str, str]) -> tuple[Leg, ...]:
    """The legs of a bill or a charge: its lines, then one leg for each fund, account and kind they earn on.

    :param lines: debits on receivable accounts, one a line of the document
    :param contra: the account that each kind posts to
    :raises KeyError: a kind without a contra account
    """
    earned: dict[tuple[str, str], int] = {}
    for leg in lines:
        key = (contra[leg.kind], leg.kind)
        earned[key] = earned.get(key, 0) + leg.net_cents
    return (*lines, *(credit(account, cents, kind) for (account, kind), cents in earned.items()))


def take(
    tenders: Iterable[Tendered],
    applications: Iterable[Application],
    rests: Iterable[Unapplied],
    *,
    unidentified: Tendered | None = None,
) -> tuple[Leg, ...]:
    """The legs of a payment: what came in, what it paid, what is left as credit; and the cash between the funds.

    :param unidentified: the item on 10-2340 that holds money whose payer nobody knows yet
    :raises Unbalanced: the parts are not what came in
    """
    legs = [debit(t.gl, t.cents, PAYMENT, document=t.document, line=t.line) for t in tenders]
    legs += [*_paid(applications), *_kept(rests)]
    if unidentified is not None:
        held = unidentified
        legs.append(credit(held.gl, held.cents, PAYMENT, document=held.document, line=held.line))
    return interfund(legs)


def _paid(applications: Iterable[Application]) -> list[Leg]:
    return [
        credit(a.gl, a.cents, a.kind, account_id=a.account_id, document=a.document, line=a.line) for a in applications
    ]


def _kept(rests: Iterable[Unapplied]) -> list[Leg]:
    return [credit(CREDIT, r.cents, "credit", account_id=r.account_id, document=r.document, line=r.line) for r in rests]


def identify(held: Tendered, applications: Iterable[Application], rests: Iterable[Unapplied]) -> tuple[Leg, ...]:
    """The legs that give unidentified money to the account that was found to have paid it."""
    waiting = debit(held.gl, held.cents, PAYMENT, document=held.document, line=held.line)
    return interfund([waiting, *_paid(applications), *_kept(rests)])


def apply_credit(sources: Iterable[Unapplied], applications: Iterable[Application]) -> tuple[Leg, ...]:
    """The legs that put unapplied credit on open items."""
    legs = [
        debit(CREDIT, s.cents, "credit", account_id=s.account_id, document=s.document, line=s.line) for s in sources
    ]
    return interfund([*legs, *_paid(applications)])


def returned(legs: Iterable[Leg], items: Iterable[Leg]) -> tuple[Leg, ...]:
    """The mirror of a payment with its cash rows replaced: items come back as they were, line by line.

    :param legs: the payment as stored
    :param items: the credits that stand for its cash rows now: the bank's return, or money that waits for its owner
    """
    mirror = [leg for leg in reverse(legs) if not _is_cash(leg.gl)]
    return (*mirror, *items)


def _is_cash(account: str) -> bool:
    return fund_of(account) == POOL and object_of(account) in _TENDER


def short(session: int, line: int, cents: int, fund: int) -> tuple[Leg, ...]:
    """A drawer that holds less than its receipts: an expense of the fund that the policy names."""
    expense = debit(gl(fund, SHORT), cents, "cash_short")
    return interfund([expense, credit(DRAWERS, cents, "cash_short", document=session, line=line)])


def over(session: int, line: int, cents: int, fund: int) -> tuple[Leg, ...]:
    """A drawer that holds more than its receipts: revenue, never set off against a shortage."""
    cash = debit(DRAWERS, cents, "cash_over", document=session, line=line)
    return interfund([cash, credit(gl(fund, OVER), cents, "cash_over")])


def bank_deposit(slip: int, sessions: Iterable[Tendered]) -> tuple[Leg, ...]:
    """Closed drawers made up into one deposit: each drawer's lines close, the slip's lines open."""
    closing = [credit(s.gl, s.cents, "bank_deposit", document=s.document, line=s.line) for s in sessions if s.cents]
    sums: dict[int, int] = {}
    for leg in closing:
        sums[leg.line or 0] = sums.get(leg.line or 0, 0) + leg.credit_cents
    opening = [debit(TO_BANK, cents, "bank_deposit", document=slip, line=line) for line, cents in sorted(sums.items())]
    return (*opening, *closing)


def bank_confirmed(slip: int, lines: Mapping[int, int]) -> tuple[Leg, ...]:
    """The bank shows the deposit: the slip's lines close."""
    total = sum(lines.values())
    closing = [
        credit(TO_BANK, cents, "bank_deposit", document=slip, line=line)
        for line, cents in sorted(lines.items())
        if cents
    ]
    return (debit(BANK, total, "bank_deposit"), *closing)


def bank_settled(
    account: str, document: int, lines: Mapping[int, int], *, fee_cents: int = 0, fee_on: str = ""
) -> tuple[Leg, ...]:
    """The bank shows a batch: its lines close, the bank has the money, the processor kept its fee.

    :param lines: open cents by line of the document, debit less credit; below zero: the bank takes a return back
    :param fee_on: the account that the fee falls on, where there is one
    """
    total = sum(lines.values())
    closing = [
        (credit if cents > 0 else debit)(account, abs(cents), PAYMENT, document=document, line=line)
        for line, cents in sorted(lines.items())
        if cents
    ]
    return interfund([*_at_bank(total - fee_cents), *_fee(fee_cents, fee_on), *closing])


def bank_charged(fee_cents: int, fee_on: str) -> tuple[Leg, ...]:
    """The bank takes a fee by itself."""
    return interfund([*_at_bank(-fee_cents), *_fee(fee_cents, fee_on)])


def _at_bank(cents: int) -> list[Leg]:
    return [(debit if cents > 0 else credit)(BANK, abs(cents), PAYMENT)] if cents else []


def _fee(cents: int, account: str) -> list[Leg]:
    return [debit(account, cents, "processor_fee")] if cents else []


def change_fund(cents: int) -> tuple[Leg, ...]:
    """The change fund is set up or raised from the bank; below zero: some of it goes back there."""
    more, less = ("10-1015", BANK) if cents > 0 else (BANK, "10-1015")
    return debit(more, abs(cents), "change_fund"), credit(less, abs(cents), "change_fund")


def float_made_up(session: int, cents: int) -> tuple[Leg, ...]:
    """A drawer that held less than its float: what is missing is taken off the change fund."""
    return debit(DRAWERS, cents, "change_fund", document=session, line=1), credit("10-1015", cents, "change_fund")
