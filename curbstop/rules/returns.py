"""What follows when a bank does not pay: what the code means, the fee, the count, the mark, presenting it again.

Groups and limits are Nacha's, as processors' documentation repeats them: unauthorised returns below 0.5 %,
administrative below 3 %, all below 15 % of debits over two months; a draft returned for want of funds may be presented
again at most twice, within 180 days, with the description RETRY PYMT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from curbstop.rules.autopay import BadBankAccount, check_account, check_routing

UNAUTHORISED = frozenset({"R05", "R07", "R10", "R11", "R29", "R51"})
ADMINISTRATIVE = frozenset({"R02", "R03", "R04"})
FUNDS = frozenset({"R01", "R09"})
"""Want of funds: the only returns that may be presented again as they are."""

STOPS = UNAUTHORISED | ADMINISTRATIVE | {"R08", "R14", "R15", "R16", "R20"}
"""After one of these nothing more is drafted from the account until the customer authorises or corrects it."""

MOST_AGAIN = 2
AGAIN_DAYS = 180

RATES = (("unauthorised", 50), ("administrative", 300), ("all", 1500))
"""Groups of returns, and below which rate in hundredths of a percent each must stay."""

RATE_DAYS = 60


def why_not_again(code: str, *, first_settled_on: date, on: date, times: int, most: int) -> str:
    """Why a returned draft is not presented again; empty when it may be.

    :param times: how often it was presented again already
    :param most: the city's own number, 0 to 2
    """
    if code not in FUNDS:
        return f"{code} is not for want of funds, and only that is presented again"
    if times >= min(most, MOST_AGAIN):
        return f"it was presented again {times} times, and at most {min(most, MOST_AGAIN)} are allowed"
    if on > first_settled_on + timedelta(AGAIN_DAYS):
        return f"{AGAIN_DAYS} days have passed since {first_settled_on.isoformat()}"
    return ""


# --- the count and the mark -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountRule:
    """So many returned payments in so many months, and then for how many months nothing that can come back is taken."""

    times: int
    months: int
    mark_months: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Cash, cashier's check or money order only, during [from_on, until_on)."""

    from_on: date
    until_on: date
    count: int
    reason: str


def count_in(returned_on: Iterable[date], *, months: int, on: date) -> int:
    """How many came back in the months up to and with the day."""
    first = on - relativedelta(months=months)
    return sum(first < day <= on for day in returned_on)


def mark(returned_on: Sequence[date], rule: CountRule, *, on: date) -> Mark | None:
    """The mark that a payment returned on the day brings; none while there were fewer than the rule says.

    :param returned_on: the days of all returned payments that count, this one too
    """
    count = count_in(returned_on, months=rule.months, on=on)
    if count < rule.times:
        return None
    until_on = on + relativedelta(months=rule.mark_months)
    return Mark(on, until_on, count, f"{count} returned in {rule.months} months")


# --- a bank's correction ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BankNumbers:
    """Where a draft goes."""

    routing: str
    account: str
    account_type: str


_OF_CODE = {"27": "checking", "22": "checking", "37": "savings", "32": "savings", "28": "checking", "38": "savings"}
_PLACES = {
    "C01": {"account": (0, 17)},
    "C02": {"routing": (0, 9)},
    "C03": {"routing": (0, 9), "account": (12, 29)},
    "C05": {"code": (0, 2)},
    "C06": {"account": (0, 17), "code": (20, 22)},
    "C07": {"routing": (0, 9), "account": (9, 26), "code": (26, 28)},
}
"""Where the corrected data of an addenda 98 (29 places) hold which number (NACHA Operating Rules, appendix on NOC)."""


def corrected(numbers: BankNumbers, code: str, data: str) -> BankNumbers:
    """The numbers as the bank corrects them.

    :param data: the 29 places of corrected data, as they came
    :raises BadBankAccount: a code that corrects no number, or data that are none
    """
    places = _PLACES.get(code)
    if places is None:
        remedy = "look at what the bank says, and change the enrolment by hand"
        raise BadBankAccount(field="code", value=code, why="corrects no bank number", remedy=remedy)
    data = data.ljust(29)
    for name, (start, end) in places.items():
        value = data[start:end].strip()
        if name == "routing":
            numbers = replace(numbers, routing=check_routing(value))
        elif name == "account":
            numbers = replace(numbers, account=check_account(value))
        elif value in _OF_CODE:
            numbers = replace(numbers, account_type=_OF_CODE[value])
        else:
            remedy = "ask the bank which type of account it is"
            raise BadBankAccount(
                field="code", value=value, why="no code of a checking or savings account", remedy=remedy
            )
    return numbers


# --- the rates that Nacha watches -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """Returns of a group among the debits that settled: in hundredths of a percent, and the limit it must be below."""

    group: str
    returns: int
    debits: int
    hundredths: int
    limit_hundredths: int

    @property
    def is_over(self) -> bool:
        """At the limit or above it."""
        return self.debits > 0 and self.returns * 10_000 >= self.limit_hundredths * self.debits


def rates(codes: Sequence[str], debits: int) -> tuple[Rate, ...]:
    """The three rates, from the codes of what came back and the number of debits that settled."""
    groups = {
        "unauthorised": sum(code in UNAUTHORISED for code in codes),
        "administrative": sum(code in ADMINISTRATIVE for code in codes),
        "all": len(codes),
    }
    return tuple(
        Rate(name, groups[name], debits, groups[name] * 10_000 // debits if debits else 0, limit)
        for name, limit in RATES
    )
