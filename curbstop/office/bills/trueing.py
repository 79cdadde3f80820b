"""The true read after estimates, billed fairly: its use is spread over the periods that were estimated, each is priced
in its own tiers, and what was billed is taken off. Nobody pays a higher step because a meter could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies
from curbstop.office._counting import COUNTS
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.bills import rebilling
from curbstop.office.bills.rebilling import Rebill
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.reads import spread_gal

SPREAD = "spread"


@dataclass(frozen=True)
class TruedUp:
    """What estimates came short by: bills, gallons, cents that wait for the next bill, and the letter's paragraphs."""

    bills: int
    gal: int
    cents: int
    charge_ids: tuple[int, ...]
    letter: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    id: int
    installation_id: int
    service_point_id: int
    read_on: date
    register: int
    kind: str
    previous_id: int | None
    usage_gal: int
    serial: str
    dials: int
    gal_per_unit: int


@act("bills.true_up")
def true_up(event: Acting, /, *, key: Key, by: Actor, at: datetime, read_id: int, on: date) -> TruedUp:
    """Spread a true read over the estimates before it; the difference is a line of the account's next bill.

    :param on: the day from which the charge waits
    :raises Refused: no estimates before this read, the city has no rule, or they were too high (then bills are
        cancelled and made again, by request)
    """
    _check_rule(on)
    rows = _since_true(read_id)
    true, estimates = rows[-1], rows[1:-1]
    event.about(f"service_point:{true.service_point_id}", f"read:{read_id}")
    bills = rebilling.find_bills((row.service_point_id, row.read_on) for row in estimates)
    accounts = sorted(set(_accounts(bills)))
    refuse_own(by, accounts)
    lock_accounts(accounts)
    _spread(rows, event.id)
    again = rebilling.rate_again(bills, on=on)
    more = Counter[tuple[int, str]]()
    for one in again:
        for line in one.new_lines:
            more[one.account_id, line.kind] += line.cents
        for old in one.lines:
            more[one.account_id, old.kind] -= old.cents
    if any(cents < 0 for cents in more.values()):
        less = -sum(cents for cents in more.values() if cents < 0)
        raise Refused(
            f"The estimates were too high by {show(less)}. A credit takes two people: ask for it as an adjustment, with"
            " this read as the reason.",
            field="read_id",
        )
    charges = tuple(
        _charge(event, account, kind, cents, len(estimates), on) for (account, kind), cents in more.items() if cents
    )
    gal = _keep(again, true, event.id)
    total = sum(more.values())
    event.about(*(f"account:{account}" for account in accounts))
    event.about(says=f"{len(estimates)} estimates of meter {true.serial} trued up: {gal:,} gal, {show(total)}.")
    return TruedUp(len(again), gal, total, charges, _letter(rows, again, total))


def _check_rule(on: date) -> None:
    try:
        rule = policies.load("reads.true_up").text("reads.true_up", on=on)
    except NotSet as missing:
        raise Refused(
            f"{missing.says or missing} The true read is billed as it stands.", field="reads.true_up"
        ) from None
    if rule != SPREAD:
        raise Refused(f"reads.true_up is {rule!r}, which the office cannot follow; the rule is {SPREAD!r}.")


_ROWS = f"""
select r.id, r.installation_id, r.service_point_id, r.read_on, r.register, r.kind, r.previous_id, r.usage_gal, m.serial,
  m.dials, m.gal_per_unit
from meters_read r join meters_installation i on i.id = r.installation_id join meters_meter m on m.id = i.meter_id
where r.installation_id = (select installation_id from meters_read where id = %(read)s)
  and (r.id = %(read)s or ({COUNTS} and r.read_on < (select read_on from meters_read where id = %(read)s)))
order by r.read_on desc, r.id desc for no key update of i"""


def _since_true(read_id: int) -> list[_Row]:
    """The last true read, the estimates since, and this one, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"read": read_id})
        rows = [_Row(*row) for row in cursor.fetchall()]
    found = rows[:1]
    for row in rows[1:]:
        found.append(row)
        if row.kind != "estimated":
            break
    if len(found) < 3 or found[0].kind == "estimated" or found[-1].kind == "estimated":
        raise Refused("There are no estimates between this read and the true one before it.", field="read_id")
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from meters_read x where x.replaces_id = %s or x.previous_id = %s)",
            [read_id, read_id],
        )
        if cursor.fetchone()[0]:
            raise Refused("This read was replaced, or another was counted from it.", field="read_id")
    return found[::-1]


def _spread(rows: Sequence[_Row], event_id: int) -> None:
    """Put each estimate, and the true read, in the place of itself with its even share of the use."""
    first, true = rows[0], rows[-1]
    units = true.register - first.register
    if units < 0:
        raise Refused(
            f"{true.register:,} is below the last true read, {first.register:,}. Correct the read, with 'turned"
            " over' if it did.",
            field="read_id",
        )
    days = [(row.read_on - before.read_on).days for before, row in zip(rows, rows[1:], strict=False)]
    parts = spread_gal(units, days)
    register, previous = first.register, first.id
    for row, part in zip(rows[1:], parts, strict=True):
        register += part
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
                " previous_id, usage_gal, findings, replaces_id, event_id)"
                " values (%s, %s, %s, %s, %s, 'system', '', %s, %s, '{}', %s, %s) returning id",
                [row.installation_id, row.service_point_id, row.read_on, register, row.kind, previous,
                 part * row.gal_per_unit, row.id, event_id],
            )  # fmt: skip
            previous = int(cursor.fetchone()[0])


def _accounts(bills: Sequence[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select account_id from bills_bill where id = any(%s)", [list(bills)])
        return [row[0] for row in cursor.fetchall()]


def _charge(event: Acting, account: int, kind: str, cents: int, estimates: int, on: date) -> int:
    many = "estimate" if estimates == 1 else "estimates"
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into bills_charge (account_id, kind_id, cents, "on", says, authority, event_id)'
            " select %s, k.id, %s, %s, k.says || %s, %s, %s from ledger_kind k where k.code = %s and k.valid_from <= %s"
            " order by k.valid_from desc limit 1 returning id",
            [account, cents, on, f", true-up of {estimates} {many}", "the tariff of each period, by reads.true_up",
             event.id, kind, on],
        )  # fmt: skip
        return int(cursor.fetchone()[0])


def _keep(again: Sequence[Rebill], true: _Row, event_id: int) -> int:
    """Which bill came short by how much: the gallons of the services that a meter of their own measures."""
    total = 0
    for one in again:
        with connection.cursor() as cursor:
            cursor.execute(
                "select o.agreement_id from bills_outcome o join customers_agreement g on g.id = o.agreement_id"
                " join customers_servicepoint s on s.id = g.service_point_id"
                " where o.bill_id = %s and s.id = %s",
                [one.bill_id, true.service_point_id],
            )
            measured = {row[0] for row in cursor.fetchall()}
            gal = sum(one.new_gal[agreement] - one.gal[agreement] for agreement in measured)
            cursor.execute(
                "insert into bills_trueup (bill_id, read_id, gal, cents, event_id) values (%s, %s, %s, %s, %s)",
                [one.bill_id, true.id, gal, one.new_cents - one.cents, event_id],
            )
        total += gal
    return total


def _letter(rows: Sequence[_Row], again: Sequence[Rebill], total: int) -> tuple[str, ...]:
    estimates = len(rows) - 2
    says = {1: "One bill was an estimate", 2: "Two bills were estimates", 3: "Three bills were estimates"}
    first = says.get(estimates, f"{estimates} bills were estimates")
    periods = {2: "two", 3: "three", 4: "four"}.get(estimates + 1, str(estimates + 1))
    told = [
        f"{first}. We spread your real use over the {periods} periods, so that no part of it is charged at a"
        " higher step than it should."
    ]
    told += [
        f"Bill {one.number} was ${show(one.cents)}; with its share of the true use it is ${show(one.new_cents)}."
        for one in again
    ]
    if total and again:
        told.append(
            f"You may pay the difference of ${show(total)} on {len(again)} bills,"
            f" ${show(-(-total // len(again)))} on each."
        )
    return tuple(told)
