"""Giving money away takes two people: who may approve how much, what evidence is, and the legs that give.

Limits are data of the city (policy ``approval.limits``): a row says up to how much a role approves, of one request, or
summed over an account in a window of days. Whoever asked never approves; above one's limit a request goes up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from curbstop.rules.faults import BadValue
from curbstop.rules.ledger import Application, Leg, credit, debit, fund_of, gl, interfund, object_of
from curbstop.rules.ledger.legs import CREDIT
from curbstop.rules.money import show
from curbstop.rules.payments import Policy, Step, Target, apply

MOST_FILES = 8
MOST_BYTES = 5_000_000
"""Of one file: a scan of a page, a photograph of a telephone."""

MEDIA: Mapping[bytes, str] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""Files that can be evidence, by how their bytes begin; the name is not believed."""

DEDUCTION = 4310
NEW = 0
"""The document of a leg whose document is made when it is posted."""


class BadEvidence(BadValue):
    """A file that cannot be kept as evidence."""


class BadLimits(BadValue):
    """A policy of limits that cannot be followed."""


def media_of(name: str, body: bytes) -> str:
    """What a file is, by its bytes.

    :raises BadEvidence: empty, too large, or neither a PDF nor a picture
    """
    if not body:
        raise BadEvidence(field="evidence", value=name, why="the file is empty", remedy="choose the file again")
    if len(body) > MOST_BYTES:
        remedy = f"send at most {MOST_BYTES:,} bytes: a smaller picture, or fewer pages"
        raise BadEvidence(field="evidence", value=name, why=f"{len(body):,} bytes are too many", remedy=remedy)
    for begins, media in MEDIA.items():
        if body.startswith(begins):
            return media
    remedy = "scan or save it as a PDF, PNG or JPEG"
    raise BadEvidence(field="evidence", value=name, why="neither a PDF nor a picture", remedy=remedy)


# --- limits -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """Up to how much a role approves: of one request (``days`` 0), or of all on an account in so many days.

    ``up_to_cents`` None: any amount.
    """

    role: str
    up_to_cents: int | None
    days: int


@dataclass(frozen=True, slots=True)
class Given:
    """What was approved before: how much on an account, and when."""

    account_id: int
    cents: int
    on: date


@dataclass(frozen=True, slots=True)
class Level:
    """Whether somebody may approve: ``role`` is as what, empty where he may not, and ``why`` then says so.

    ``goes_to`` is the role whose limit it is within, empty where nobody's is.
    """

    role: str
    why: str
    goes_to: str


def read_limits(value: object, *, policy: str) -> tuple[Limit, ...]:
    """The limits in a policy's value, in its order: the lowest role first.

    :raises BadLimits: naming what is not understood
    """
    if not isinstance(value, list) or not value:
        remedy = "write a row for each role: {role: supervisor, up_to: '250.00', days: 30, per: account}"
        raise BadLimits(field=policy, value=value, why="no limits", remedy=remedy)
    return tuple(_read_limit(row, policy) for row in value)


def _read_limit(row: Any, policy: str) -> Limit:
    per, days, most = row.get("per", "request"), row.get("days", 0), row.get("up_to_cents")
    if per not in ("request", "account") or (per == "account") != bool(days):
        remedy = "write per: account with days: 30, or per: request without days"
        raise BadLimits(field=policy, value=row, why="a window is of an account and of days", remedy=remedy)
    return Limit(row["role"], most, days)


def level_of(
    *,
    roles: Iterable[str],
    limits: Sequence[Limit],
    cents: int,
    account_ids: Sequence[int],
    given: Iterable[Given],
    on: date,
) -> Level:
    """Whether somebody with these roles may approve an amount on these accounts today, and else who may.

    :param given: what was approved on the accounts before; what lies outside a limit's window does not count
    """
    before = tuple(given)
    over = {role: _over(role, limits, cents, account_ids, before, on) for role in dict.fromkeys(x.role for x in limits)}
    goes_to = next((role for role, why in over.items() if not why), "")
    mine = [role for role in over if role in set(roles)]
    may = next((role for role in mine if not over[role]), "")
    if may:
        return Level(may, "", goes_to)
    if not mine:
        return Level("", f"your role approves nothing; {_to(goes_to)}", goes_to)
    return Level("", f"{over[mine[-1]]}; {_to(goes_to)}", goes_to)


def _to(role: str) -> str:
    return f"it goes to the {say_role(role)}" if role else "nobody's limit reaches so far, so the city has to raise one"


def say_role(role: str) -> str:
    """``finance_director`` as people say it."""
    return role.replace("_", " ")


def _over(
    role: str, limits: Sequence[Limit], cents: int, account_ids: Sequence[int], given: Sequence[Given], on: date
) -> str:
    """Why an amount is above a role's limits; empty where it is within all of them."""
    for limit in (one for one in limits if one.role == role and one.up_to_cents is not None):
        most = limit.up_to_cents or 0
        for account_id in account_ids if limit.days else (0,):
            since = on - timedelta(days=limit.days)
            before = [one.cents for one in given if limit.days and one.account_id == account_id and since < one.on]
            if sum(before) + cents > most:
                sums = " + ".join(show(part) for part in (*before, cents))
                says = f"{sums} = {show(sum(before) + cents)}" if before else show(cents)
                window = f" in {limit.days} days" if limit.days and before else ""
                return f"{says}{window} is above your {show(most)}"
    return ""


# --- legs -------------------------------------------------------------------------------------------------------------


def credit_lines(cents: int, targets: Iterable[Target], *, on: date) -> tuple[tuple[Application, ...], int]:
    """Where a credit goes, oldest due first and line by line, and what is left over. It never goes to a deposit."""
    return apply(cents, [target for target in targets if not target.is_demand], _OLDEST, on=on)


_OLDEST = Policy((Step(),))


def give(
    applications: Iterable[Application], deductions: Mapping[int, str], *, account_id: int, rest: int, rest_fund: int
) -> tuple[Leg, ...]:
    """The legs that take money off what a customer owes, as a deduction from revenue of each fund.

    :param deductions: the kind of the deduction (``adjustment.water``) by fund
    :param rest: what was paid already and stays as credit on the account, borne by ``rest_fund``
    """
    legs = [
        credit(a.gl, a.cents, a.kind, account_id=a.account_id, document=a.document, line=a.line) for a in applications
    ]
    borne: dict[int, int] = {}
    for leg in legs:
        borne[fund_of(leg.gl)] = borne.get(fund_of(leg.gl), 0) + leg.credit_cents
    if rest:
        legs.append(credit(CREDIT, rest, "credit", account_id=account_id, document=NEW, line=1))
        borne[rest_fund] = borne.get(rest_fund, 0) + rest
    return interfund(
        [*(debit(gl(fund, DEDUCTION), sum_, deductions[fund]) for fund, sum_ in sorted(borne.items())), *legs]
    )


def charge_back(
    receivable: str, cents: int, kind: str, *, account_id: int, due_on: date, deduction: str
) -> tuple[Leg, ...]:
    """The legs of a correction that the customer owes: a new item, earned back from the deduction."""
    return (
        debit(receivable, cents, kind, account_id=account_id, document=NEW, line=1, due_on=due_on),
        credit(gl(fund_of(receivable), DEDUCTION), cents, deduction),
    )


def with_document(legs: Iterable[Leg], document: int) -> tuple[Leg, ...]:
    """The legs with the document that was made for them."""
    return tuple(replace(leg, document=document) if leg.document == NEW else leg for leg in legs)


def net_on(legs: Iterable[Leg], account_id: int, in_balance: frozenset[int]) -> int:
    """What the legs do to what an account owes, in cents; below zero: it owes less."""
    return sum(leg.net_cents for leg in legs if leg.account_id == account_id and object_of(leg.gl) in in_balance)
