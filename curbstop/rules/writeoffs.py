"""Debt that is written off and not forgotten: which accounts, the provision, the memo, recovery, the agency's share.

A written-off line leaves the receivables and stands as memo under its own document and line (`1295`, against `1296`),
so that the same bill lines come back when the customer does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from curbstop.rules.faults import BadValue
from curbstop.rules.ledger import Leg, credit, debit, fund_of, gl, interfund, object_of
from curbstop.rules.money import half_up, show
from curbstop.rules.policies import Plain

ALLOWANCE, MEMO, MEMO_CONTRA, UNCOLLECTIBLE = 1290, 1295, 1296, 4390
COMMISSION, COMMISSION_DUE = 5130, 2140
IN_TRANSIT = "10-1060"
STAYED = 1270
PROVISION_KIND, COMMISSION_KIND = "provision", "agency_commission"


@dataclass(frozen=True, slots=True)
class Item:
    """An open line that a customer owes, or one that was written off: ``gl`` is its receivable in both cases."""

    account_id: int
    gl: str
    document: int
    line: int
    kind: str
    cents: int


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a list of write-offs takes: accounts closed so long, their last due date so long past, amounts between."""

    days_after_due: int
    least_cents: int = 1
    most_cents: int | None = None

    def __post_init__(self) -> None:
        if self.days_after_due < 0:
            why, remedy = "below zero", "write the days since the last due date, for example 60"
            raise BadValue(field="days_after_due", value=self.days_after_due, why=why, remedy=remedy)
        if self.least_cents < 1 or (self.most_cents is not None and self.most_cents < self.least_cents):
            why, remedy = "no amount lies between", "write the smaller amount first"
            raise BadValue(field="least_cents", value=show(self.least_cents), why=why, remedy=remedy)

    @property
    def says(self) -> str:
        """The criteria as one sentence, for the list and its paper."""
        amounts = f"of at least {show(self.least_cents)}" if self.least_cents > 1 else "of any amount"
        if self.most_cents is not None:
            amounts += f" and at most {show(self.most_cents)}"
        return f"Closed accounts whose last bill is {self.days_after_due} days or more past due, debts {amounts}."


@dataclass(frozen=True, slots=True)
class Debt:
    """What stands on an account that somebody would write off."""

    account_id: int
    closed_on: date | None
    last_due_on: date | None
    open_cents: int
    deposit_cents: int
    credit_cents: int
    stayed_cents: int


def why_not(debt: Debt, criteria: Criteria, *, on: date) -> str:
    """Why an account cannot be on the list; empty when it can. A blank date is a reason against, never for."""
    if debt.closed_on is None or debt.closed_on > on:
        return "Its service goes on; collect it there."
    if debt.open_cents <= 0:
        return "It owes nothing."
    if debt.stayed_cents:
        return f"{show(debt.stayed_cents)} of it is stayed by a bankruptcy; the court decides."
    if debt.deposit_cents:
        return f"A deposit of {show(debt.deposit_cents)} is held; it is applied first."
    if debt.credit_cents:
        return f"A credit of {show(debt.credit_cents)} is unapplied; it is applied first."
    if debt.last_due_on is None or debt.last_due_on + timedelta(days=criteria.days_after_due) > on:
        return f"Its last bill is not {criteria.days_after_due} days past due."
    if debt.open_cents < criteria.least_cents:
        return f"{show(debt.open_cents)} is under {show(criteria.least_cents)}."
    if criteria.most_cents is not None and debt.open_cents > criteria.most_cents:
        return f"{show(debt.open_cents)} is over {show(criteria.most_cents)}."
    return ""


# --- legs -------------------------------------------------------------------------------------------------------------


def write_off(items: Iterable[Item]) -> tuple[Leg, ...]:
    """The lines leave the receivables for the allowance, and stand as memo, item by item (E64)."""
    legs: list[Leg] = []
    for item in items:
        fund = fund_of(item.gl)
        legs += [
            debit(gl(fund, ALLOWANCE), item.cents, item.kind),
            _on(credit, item.gl, item),
            _on(debit, gl(fund, MEMO), item),
            credit(gl(fund, MEMO_CONTRA), item.cents, item.kind),
        ]
    return tuple(legs)


def recover(items: Iterable[Item]) -> tuple[Leg, ...]:
    """The lines live again as they were, and leave the memo (E65)."""
    legs: list[Leg] = []
    for item in items:
        fund = fund_of(item.gl)
        legs += [
            _on(debit, item.gl, item),
            credit(gl(fund, ALLOWANCE), item.cents, item.kind),
            _on(credit, gl(fund, MEMO), item),
            debit(gl(fund, MEMO_CONTRA), item.cents, item.kind),
        ]
    return tuple(legs)


def _on(column: Callable[..., Leg], account: str, item: Item) -> Leg:
    return column(account, item.cents, item.kind, account_id=item.account_id, document=item.document, line=item.line)


def agency_paid(items: Sequence[Item], *, batch: int, line: int, commission_cents: int) -> tuple[Leg, ...]:
    """What an agency collected pays the lines; its commission is an expense of the funds that were paid (E66).

    :param batch: the remittance's document, with the ``line`` where its money waits for the bank
    :param commission_cents: what it kept; 0 when it remits gross and sends an invoice
    :raises BadValue: the commission is more than was collected
    """
    gross = sum(item.cents for item in items)
    if not 0 <= commission_cents <= gross:
        why = f"more than the {show(gross)} collected" if commission_cents > 0 else "below zero"
        remedy = "look at the agency's statement; gross and commission may be in each other's column"
        raise BadValue(field="commission", value=show(commission_cents), why=why, remedy=remedy)
    legs = []
    if gross > commission_cents:
        legs.append(debit(IN_TRANSIT, gross - commission_cents, "payment", document=batch, line=line))
    for fund, cents in by_fund(items, commission_cents).items():
        legs.append(debit(gl(fund, COMMISSION), cents, COMMISSION_KIND))
    legs += [_on(credit, item.gl, item) for item in items]
    return interfund(legs)


def agency_invoice(items: Sequence[Item], commission_cents: int) -> tuple[Leg, ...]:
    """The commission of an agency that remits gross: an expense, and owed to it until it is remitted (E76)."""
    legs: list[Leg] = []
    for fund, cents in by_fund(items, commission_cents).items():
        legs += [
            debit(gl(fund, COMMISSION), cents, COMMISSION_KIND),
            credit(gl(fund, COMMISSION_DUE), cents, COMMISSION_KIND),
        ]
    return tuple(legs)


def by_fund(items: Iterable[Item], cents: int) -> dict[int, int]:
    """Cents split over the funds of the items in proportion; the odd cents go to the largest remainders."""
    sums: dict[int, int] = {}
    for item in items:
        sums[fund_of(item.gl)] = sums.get(fund_of(item.gl), 0) + item.cents
    total = sum(sums.values())
    if not cents or not total:
        return {}
    shares = {fund: cents * part // total for fund, part in sums.items()}
    left = cents - sum(shares.values())
    for fund in sorted(sums, key=lambda one: (-(cents * sums[one] % total), one))[:left]:
        shares[fund] += 1
    return {fund: share for fund, share in sorted(shares.items()) if share}


def take(items: Iterable[Item], cents: int) -> tuple[tuple[Item, ...], int]:
    """The items, in the order given, that an amount reaches, the last one in part; and what it leaves over."""
    found = []
    for item in items:
        part = min(item.cents, cents)
        if part:
            found.append(Item(item.account_id, item.gl, item.document, item.line, item.kind, part))
            cents -= part
    return tuple(found), cents


# --- provision --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Provision:
    """What a fund should hold for debts that will not be paid, what it holds, and what is added."""

    fund: int
    wanted_cents: int
    held_cents: int

    @property
    def add_cents(self) -> int:
        """Never below zero: an allowance that is too large is looked at by people, not taken back by a run."""
        return max(self.wanted_cents - self.held_cents, 0)


def provision(
    open_cents: Mapping[tuple[int, str], int], rows: Sequence[Plain], held: Mapping[int, int]
) -> tuple[Provision, ...]:
    """The provision of each fund by the age of what it is owed.

    :param open_cents: open receivables by fund and bucket (`over 90`)
    :param rows: policy `writeoff.provision`: a percent a bucket
    :param held: the allowance of each fund
    """
    percents = {str(row["bucket"]): Fraction(str(row["percent"])) for row in rows if isinstance(row, dict)}
    wanted: dict[int, Fraction] = {}
    for (fund, bucket), cents in open_cents.items():
        wanted[fund] = wanted.get(fund, Fraction(0)) + cents * percents.get(bucket, Fraction(0)) * Fraction(1, 100)
    return tuple(
        Provision(fund, half_up(exact.numerator, exact.denominator), held.get(fund, 0))
        for fund, exact in sorted(wanted.items())
    )


def provide(funds: Mapping[int, int]) -> tuple[Leg, ...]:
    """Uncollectible, a deduction from revenue, against the allowance (E63)."""
    legs: list[Leg] = []
    for fund, cents in sorted(funds.items()):
        if cents:
            legs += [
                debit(gl(fund, UNCOLLECTIBLE), cents, PROVISION_KIND),
                credit(gl(fund, ALLOWANCE), cents, PROVISION_KIND),
            ]
    return tuple(legs)


def is_stayed(account: str) -> bool:
    """Whether a receivable is pre-petition debt, which nobody collects or writes off without the court."""
    return object_of(account) == STAYED
