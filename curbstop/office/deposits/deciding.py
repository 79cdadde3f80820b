"""Asking for a deposit: by the written guideline at the start, and more of it after a cut-off, up to the ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office._sealing import seal
from curbstop.office.deposits.facts import Checked, Told, applicant_of
from curbstop.office.deposits.standing import asked_cents, held_cents
from curbstop.office.writeoffs import list_written_off
from curbstop.records.customers.models import Waiver
from curbstop.records.payments.models import DepositDemand
from curbstop.records.payments.refunds import DepositDecision
from curbstop.rules.deposits import Applicant, Decided, Deposit, Increase, increase, work_out
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.periods import BadPeriod
from curbstop.rules.policies import NotSet, Policies

PARTS_DAYS = "deposit.instalments.days"


@dataclass(frozen=True)
class AskedPart:
    """A part of a deposit that was asked for; ``due_on`` None: with the next bill that has none before it."""

    document_id: int
    cents: int
    due_on: date | None


@dataclass(frozen=True)
class DepositDecided:
    """A deposit decided by the guideline: its parts, the sentence that decided, and who is owed a notice of the check.

    ``adverse`` names the adults whose own grade asked for more than the best grade does: the notice with the score, its
    range, factors, day and bureau goes to each of them (FCRA section 615).
    """

    account_id: int
    cents: int
    parts: tuple[AskedPart, ...]
    policy: str
    says: str
    authority: str
    notes: tuple[str, ...]
    adverse: tuple[str, ...]


@dataclass(frozen=True)
class DepositIncreased:
    """More deposit asked for after a cut-off, with the working of the ceiling."""

    account_id: int
    cents: int
    held_cents: int
    ceiling_cents: int | None
    part: AskedPart | None
    says: str
    authority: str
    working: tuple[str, ...]


@act("deposits.decide", secret=("paper", "paper_on"))
def decide(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    checks: tuple[Checked, ...] = (),
    no_ssn: bool = False,
    paper: str = "",
    paper_on: date | None = None,
    instalments: int = 1,
    letter_months: int = 0,
    estimate_cents: int | None = None,
) -> DepositDecided:
    """Work out an account's deposit by the city's guideline and ask for it, in parts.

    The first part is due today and the others so many days apart (``deposit.instalments.days``); where that is not set,
    they are asked for with the first bills.

    :param checks: the credit check of each adult, who agreed to it; the grade that asks for most decides
    :param no_ssn: no number was given, so that no check was made; service is not refused for it
    :param paper: a protective order or certification letter, with its date; what it says is kept nowhere here
    :param letter_months: months paid on time by the letter of another utility
    :param estimate_cents: a month's bill as somebody estimates it, where the guideline counts bills and there are none
    :raises Refused: the city has set no deposit for this case, or one was asked for already
    :raises rules.faults.BadValue: more parts than the guideline allows
    """
    event.about(f"account:{account_id}")
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    _refuse_twice(account_id)
    rules = policies.load()
    told = Told(
        instalments=instalments, checks=checks, no_ssn=no_ssn, letter_months=letter_months,
        estimate_cents=estimate_cents, paper=paper, paper_on=paper_on,
    )  # fmt: skip
    decided = _decided(decide_by(rules, _applicant(account_id, told, rules, on), on=on))
    adverse = adverse_of(rules, checks, on) if decided.policy == "deposit.owner.by_credit" else ()
    parts = ask_parts(event, account_id, decided, on, checks=checks, adverse=adverse)
    if decided.confidential:
        keep_waiver(event, account_id, paper, paper_on, on)
    asked = " + ".join(show(part.cents) for part in parts) or "none"
    event.about(says=f"Deposit of {show(decided.amount_cents)} decided ({asked}): {decided.says}")
    return DepositDecided(
        account_id,
        decided.amount_cents,
        parts,
        decided.policy,
        decided.says,
        decided.authority,
        decided.notes,
        adverse,
    )


@act("deposits.record_check")
def record_check(event: Acting, /, *, key: Key, by: Actor, at: datetime, name: str, grade: int, bureau: str) -> None:
    """Keep that a bureau was asked about an adult who agreed to it, and the grade it answered; no number, no report.

    :raises Refused: no name
    """
    if not name.strip():
        raise Refused("Say whom the check was about.", field="name")
    event.about(says=f"{bureau} was asked about {name.strip()}: grade {grade}.")


def _refuse_twice(account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum(cents)::bigint from payments_depositdemand where account_id = %s"
            " union all select cents from payments_depositdecision where account_id = %s and why = 'start'",
            [account_id, account_id],
        )
        asked = [cents for (cents,) in cursor.fetchall() if cents is not None]
    if asked:
        raise Refused(
            f"A deposit of {show(asked[0])} was decided for this account. More is asked for after a cut-off"
            " (deposits.increase), less by an approved exception.",
            field="account_id",
        )


def _applicant(account_id: int, told: Told, rules: Policies, on: date) -> Applicant:
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.customer_class, a.tenure, array(select o.id from customers_account o"
            " where o.customer_id = a.customer_id and o.id <> a.id), (select s.premise_id from customers_agreement g"
            " join customers_servicepoint s on s.id = g.service_point_id where g.account_id = a.id"
            " order by lower(g.during) desc, s.id limit 1) from customers_account a where a.id = %s",
            [account_id],
        )
        customer_class, tenure, others, premise_id = cursor.fetchone()
    return applicant_of(
        told,
        rules,
        customer_class=customer_class,
        tenure=tenure,
        owed_cents=0,
        left_owing=bool(others) and bool(list_written_off(account_ids=others, everything=True)),
        earlier=others,
        premise_id=premise_id,
        on=on,
    )


def decide_by(rules: Policies, applicant: Applicant, *, on: date) -> Decided:
    """The guideline's decision; a paper that waives nothing is refused in words, and never with its kind.

    :raises Refused: the paper's days are over, or the city has no such waiver
    :raises rules.faults.BadValue: more instalments than are allowed, a paper of a day to come
    """
    found = work_out(rules, applicant, on=on)
    if applicant.paper and not (isinstance(found, Deposit) and found.confidential):
        asked = ""
        if isinstance(found, Deposit) and found.amount_cents:
            parts = f" in up to {found.most_parts} instalments" if found.most_parts > 1 else ""
            asked = f" of {show(found.amount_cents)}{parts}"
        why = next((note for note in found.notes if note), "It does not count in this city.")
        raise Refused(why.replace("or the deposit.", f"or the deposit{asked}."), field="paper_on")
    return found


def keep_waiver(event: Acting, account_id: int, paper: str, paper_on: date | None, on: date) -> None:
    """Record which paper waived, its date and who saw it; sealed, since no screen shows it (11 O.S. 35-107)."""
    if paper_on is None:
        raise BadValue(field="paper_on", value=None, why="a paper has a date", remedy="give the paper and its date")
    Waiver.objects.create(
        account_id=account_id,
        paper=seal(f"{paper} {paper_on.isoformat()}", about=f"waiver:{account_id}"),
        seen_by_id=event.by.id,
        seen_on=on,
        event_id=event.id,
    )


def _decided(found: Decided) -> Deposit:
    if isinstance(found, Deposit):
        return found
    what = found.policy.replace("deposit.owner.by_credit", "deposit by credit grade").replace(".", " ")
    raise Refused(
        f"The {what} is not set for this city: {found.why} Nothing is charged on a guess; the office sets"
        f" {found.policy} with its resolution.",
        field=found.policy,
    )


def days_apart(rules: Policies, on: date) -> int | None:
    """The days between the parts of a deposit; None: they come with the first bills."""
    try:
        return rules.whole(PARTS_DAYS, on=on)
    except NotSet:
        return None


def adverse_of(rules: Policies, checks: Sequence[Checked], on: date) -> tuple[str, ...]:
    """Whoever's grade asks for more than the best one of the table does."""
    if not checks:
        return ()
    try:
        rows = rules.rows("deposit.owner.by_credit", on=on)
    except NotSet:
        return ()
    amounts = {row["grade"]: row["amount_cents"] for row in rows if isinstance(row, dict)}
    least = min(int(str(cents)) for cents in amounts.values())
    return tuple(check.name for check in checks if int(str(amounts.get(check.grade, 0))) > least)


def _plain(check: Checked) -> dict[str, Any]:
    """Grade, score, day and bureau: the range and the factors are told in the notice and kept nowhere else."""
    kept = ("name", "grade", "score", "bureau")
    return {**{field: getattr(check, field) for field in kept}, "checked_on": check.checked_on.isoformat()}


def ask_parts(
    event: Acting,
    account_id: int,
    decided: Deposit,
    on: date,
    *,
    checks: Sequence[Checked] = (),
    adverse: Sequence[str] = (),
) -> tuple[AskedPart, ...]:
    """Ask for a deposit as decided, in its parts, and keep why: a part of acts that start an account.

    Of a waiver by law nothing but the amount, the policy and its sentence is kept.
    """
    days = days_apart(policies.load(PARTS_DAYS), on)
    dues = [None if days is None else on + timedelta(days=days * n) for n in range(len(decided.instalments_cents))]
    parts = _ask(event, account_id, decided.instalments_cents, dues, decided.authority)
    working: dict[str, Any] = {"notes": list(decided.notes), "adverse": list(adverse)}
    if not decided.confidential:
        working["checks"] = [_plain(check) for check in checks]
    DepositDecision.objects.create(
        account_id=account_id,
        decided_on=on,
        why="start",
        cents=decided.amount_cents,
        policy=decided.policy,
        says=decided.says,
        authority=decided.authority,
        working=working,
        by_id=event.by.id,
        event_id=event.id,
    )
    return parts


def _ask(
    event: Acting, account_id: int, cents: Sequence[int], dues: Sequence[date | None], authority: str
) -> tuple[AskedPart, ...]:
    made = [
        DepositDemand(
            account_id=account_id,
            cents=part,
            instalment=n,
            due_on=due_on,
            authority=authority,
            event_id=event.id,
        )
        for n, (part, due_on) in enumerate(zip(cents, dues, strict=True), 1)
    ]
    rows = DepositDemand.objects.bulk_create(made)
    return tuple(AskedPart(row.document_id, row.cents, row.due_on) for row in rows)


@act("deposits.increase")
def increase_deposit(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, on: date, reason: str
) -> DepositIncreased:
    """Ask for more deposit after a cut-off, by the city's rule and never above its ceiling. It is due today.

    :param reason: which cut-off, in a sentence
    :raises Refused: the city has set nothing that is added, or no reason
    """
    event.about(f"account:{account_id}")
    refuse_own(by, [account_id])
    found = raise_for(event, account_id=account_id, on=on, reason=reason)
    event.about(says=f"{show(found.cents)} more deposit asked for: {reason.strip()} {found.says}")
    return found


def raise_for(event: Acting, *, account_id: int, on: date, reason: str) -> DepositIncreased:
    """What :func:`increase_deposit` does, as part of another act: a customer who asks for water after a cut-off.

    :raises Refused: as :func:`increase_deposit`
    """
    if not reason.strip():
        raise Refused("Say which cut-off it follows, in a sentence.", field="reason")
    lock_accounts([account_id])
    found = get_increase(account_id=account_id, on=on)
    parts = _ask(event, account_id, [found.cents], [on], found.authority) if found.cents else ()
    held = held_cents(account_id)
    DepositDecision.objects.create(
        account_id=account_id,
        decided_on=on,
        why="increase",
        cents=found.cents,
        policy=found.policy,
        says=found.says,
        authority=found.authority,
        working={"steps": list(found.working), "reason": reason.strip()},
        by_id=event.by.id,
        event_id=event.id,
    )
    return DepositIncreased(
        account_id,
        found.cents,
        held,
        found.ceiling_cents,
        parts[0] if parts else None,
        found.says,
        found.authority,
        found.working,
    )


_BILLED = """
select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint from ledger_posting p
join ledger_transaction t on t.id = p.txn_id
where p.account_id = %s and p.sub = 2 and t.act in ('bill', 'cancel') and t.effective_on between %s and %s"""


def get_increase(*, account_id: int, on: date) -> Increase:
    """What :func:`increase_deposit` would ask for on the day; nothing is written.

    :raises Refused: the city has set nothing that is added
    """
    rules = policies.load("deposit.increment", "deposit.ceiling")
    try:
        over = int(str(rules.table("deposit.ceiling", on=on)["over_months"]))
    except NotSet:
        over = 0
    with connection.cursor() as cursor:
        cursor.execute(_BILLED, [account_id, _months_before(on, over), on])
        (billed,) = cursor.fetchone()
    held, asked = held_cents(account_id), asked_cents(account_id)
    try:
        return increase(rules, held_cents=held, asked_cents=asked, billed_cents=billed, on=on)
    except NotSet as missing:
        raise Refused(
            f"{missing.says or missing.why} Nothing is added on a guess; the office sets deposit.increment.",
            field="deposit.increment",
        ) from missing


def _months_before(on: date, months: int) -> date:
    """The day after which so many months lie until ``on``."""
    if months < 0:
        raise BadPeriod(field="over_months", value=months, why="below zero", remedy="write the months looked back")
    place = on.year * 12 + on.month - 1 - months
    year, month = divmod(place, 12)
    for day in (on.day, 30, 29, 28):
        try:
            return date(year, month + 1, day) + timedelta(days=1 if months else 0)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")
