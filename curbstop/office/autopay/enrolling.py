"""Who is on autopay: enrolled, changed, ended, allowed more once. Bank numbers are sealed before any act sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._sealing import blind, seal, unseal
from curbstop.records.payments.autopay import DraftAllowed, Enrolment, EnrolmentEnd
from curbstop.rules.autopay import Terms, check_account, check_routing, check_terms
from curbstop.rules.money import show
from curbstop.rules.payments import check_cents
from curbstop.rules.returns import BankNumbers


@dataclass(frozen=True)
class EnrolmentMade:
    """An enrolment as it holds now; the bank account by its last four."""

    enrolment_id: int
    account_id: int
    last_four: str
    from_on: date
    prenote: bool


@dataclass(frozen=True)
class Sealed:
    """Bank numbers as an act may see them: nothing in it opens without the office's key."""

    routing: str
    account_box: str
    account_blind: str
    last_four: str
    account_type: str


def about(account_id: int) -> str:
    """What a sealed bank account number belongs to."""
    return f"bank account of account {account_id}"


def sealed(account_id: int, numbers: BankNumbers) -> Sealed:
    """The numbers checked and sealed.

    :raises BadBankAccount: naming the field
    """
    routing, account = check_routing(numbers.routing), check_account(numbers.account)
    return Sealed(
        routing, seal(account, about=about(account_id)).hex(), blind(f"{routing} {account}").hex(), account[-4:],
        numbers.account_type,
    )  # fmt: skip


def opened(enrolment: Enrolment) -> BankNumbers:
    """The numbers of an enrolment, for a file to the bank."""
    account = unseal(bytes(enrolment.account_box), about=about(enrolment.account_id))
    return BankNumbers(enrolment.routing, account, enrolment.account_type)


def enrol(
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    holder: str,
    routing: str,
    bank_account: str,
    terms: Terms,
    authorised_on: date,
    evidence: str,
    from_on: date,
) -> EnrolmentMade:
    """Put an account on autopay, as its customer authorised it.

    :param holder: the name on the bank account
    :param evidence: where the authorisation is kept: the signed form, the recording, the portal's session
    :raises BadBankAccount: bank numbers or terms that no draft can use, naming the field
    :raises Refused: the account is on autopay already; change it instead
    """
    check_terms(terms)
    numbers = sealed(account_id, BankNumbers(routing, bank_account, terms.account_type))
    return _enrol(
        key=key, by=by, at=at, account_id=account_id, holder=holder, numbers=numbers, terms=terms,
        authorised_on=authorised_on, evidence=evidence, from_on=from_on,
    )  # fmt: skip


@act("autopay.enrol")
def _enrol(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    holder: str,
    numbers: Sealed,
    terms: Terms,
    authorised_on: date,
    evidence: str,
    from_on: date,
) -> EnrolmentMade:
    """See :func:`enrol`."""
    lock_accounts([account_id])
    last = last_of(account_id)
    if last is not None and not hasattr(last, "end"):
        since = last.from_on.isoformat()
        says = f"This account is on autopay since {since}, from the bank account ending {last.last_four}."
        raise Refused(f"{says} Change it instead.", field="account_id")
    made = _write(
        event, account_id, last, holder=holder, numbers=numbers, terms=terms, authorised_on=authorised_on,
        evidence=evidence, from_on=from_on, why="enrolled", prenote=True,
    )  # fmt: skip
    event.about(f"account:{account_id}", says=f"Autopay from the bank account ending {numbers.last_four}.")
    return made


def change(
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    terms: Terms,
    holder: str,
    authorised_on: date,
    evidence: str,
    from_on: date,
    routing: str = "",
    bank_account: str = "",
) -> EnrolmentMade:
    """Change an autopay: its limit, its day, the bank account. What was agreed before stays in the line of rows.

    :param routing: with ``bank_account``, the new bank account; both empty: the same as before
    :raises BadBankAccount: naming the field
    :raises Refused: the account is not on autopay
    """
    check_terms(terms)
    numbers = None
    if routing.strip() or bank_account.strip():
        numbers = sealed(account_id, BankNumbers(routing, bank_account, terms.account_type))
    return _change(
        key=key, by=by, at=at, account_id=account_id, numbers=numbers, terms=terms, holder=holder,
        authorised_on=authorised_on, evidence=evidence, from_on=from_on,
    )  # fmt: skip


@act("autopay.change")
def _change(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    numbers: Sealed | None,
    terms: Terms,
    holder: str,
    authorised_on: date,
    evidence: str,
    from_on: date,
) -> EnrolmentMade:
    """See :func:`change`."""
    lock_accounts([account_id])
    last = _active(account_id)
    kept = numbers or Sealed(
        last.routing, bytes(last.account_box).hex(), bytes(last.account_blind).hex(), last.last_four, terms.account_type
    )
    other = bytes.fromhex(kept.account_blind) != bytes(last.account_blind) or terms.account_type != last.account_type
    made = _write(
        event, account_id, last, holder=holder, numbers=kept, terms=terms, authorised_on=authorised_on,
        evidence=evidence, from_on=from_on, why="changed by the customer", prenote=other or last.prenote,
    )  # fmt: skip
    bank = f"; drafts now come from the bank account ending {kept.last_four}" if other else ""
    event.about(f"account:{account_id}", says=f"Autopay changed{bank}.")
    return made


def correct(event: Acting, *, last: Enrolment, numbers: BankNumbers, code: str, on: date) -> EnrolmentMade:
    """Put a bank's correction (a notification of change) in force, for the act under way."""
    found = sealed(last.account_id, numbers)
    terms = Terms(numbers.account_type, last.sec, last.limit_cents, last.draft_day)
    return _write(
        event, last.account_id, last, holder=last.holder, numbers=found, terms=terms, authorised_on=last.authorised_on,
        evidence=last.evidence, from_on=on, why=f"NOC {code}", prenote=False,
    )  # fmt: skip


@act("autopay.end")
def end(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, until_on: date, reason: str) -> None:
    """End an autopay: nothing is drafted from ``until_on`` on.

    :raises Refused: the account is not on autopay, or no reason was given
    """
    if not reason.strip():
        raise Refused("Say why autopay ends: asked by the customer, the bank returned it.", field="reason")
    lock_accounts([account_id])
    last = _active(account_id)
    EnrolmentEnd.objects.create(enrolment=last, until_on=until_on, reason=reason.strip(), event_id=event.id)
    event.about(f"account:{account_id}", says=f"Autopay ended: {reason.strip()}.")


@act("autopay.allow")
def allow(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, cents: int, until_on: date, how: str
) -> None:
    """Write down that the customer was asked, and allows one draft above his limit.

    :param cents: at most this much
    :param until_on: the answer holds before this day
    :param how: by telephone, in writing; who said it
    :raises Refused: the account is not on autopay, or it is not said how
    """
    check_cents(cents, field="cents")
    if not how.strip():
        raise Refused("Say how the customer allowed it, and who said so.", field="how")
    lock_accounts([account_id])
    _active(account_id)
    DraftAllowed.objects.create(
        account_id=account_id, cents=cents, until_on=until_on, how=how.strip(), event_id=event.id
    )
    event.about(f"account:{account_id}", says=f"A draft of up to {show(cents)} is allowed once: {how.strip()}.")


def last_of(account_id: int) -> Enrolment | None:
    """The account's latest enrolment, ended or not."""
    return Enrolment.objects.select_related("end").filter(account_id=account_id, followed_by__isnull=True).first()


def _active(account_id: int) -> Enrolment:
    last = last_of(account_id)
    if last is None or hasattr(last, "end"):
        raise Refused("This account is not on autopay. Enrol it first.", field="account_id")
    return last


def _write(
    event: Acting,
    account_id: int,
    last: Enrolment | None,
    *,
    holder: str,
    numbers: Sealed,
    terms: Terms,
    authorised_on: date,
    evidence: str,
    from_on: date,
    why: str,
    prenote: bool,
) -> EnrolmentMade:
    for field, value in (("holder", holder), ("evidence", evidence)):
        if not value.strip():
            says = "the name on the bank account" if field == "holder" else "where the authorisation is kept"
            raise Refused(f"Write {says}.", field=field)
    row = Enrolment.objects.create(
        account_id=account_id, follows=last, from_on=from_on, holder=holder.strip(), routing=numbers.routing,
        account_box=bytes.fromhex(numbers.account_box), account_blind=bytes.fromhex(numbers.account_blind),
        last_four=numbers.last_four, account_type=terms.account_type, sec=terms.sec, limit_cents=terms.limit_cents,
        draft_day=terms.draft_day, authorised_on=authorised_on, evidence=evidence.strip(), why=why, prenote=prenote,
        event_id=event.id,
    )  # fmt: skip
    return EnrolmentMade(row.pk, account_id, row.last_four, from_on, prenote)


# --- reads ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EnrolmentRow:
    """One row of an account's line: what was agreed, from when, why it changed."""

    id: int
    from_on: date
    holder: str
    bank: str
    account_type: str
    sec: str
    limit_cents: int | None
    draft_day: int | None
    authorised_on: date
    evidence: str
    why: str
    by: str
    at: datetime


@dataclass(frozen=True)
class EnrolmentRead:
    """An account's autopay: the enrolment in force (none: not on autopay), its end, and all rows, the newest first."""

    account_id: int
    current: EnrolmentRow | None
    ended_on: date | None
    ended_why: str
    rows: tuple[EnrolmentRow, ...]


_LINE = """
select e.id, e.from_on, e.holder, e.routing, e.last_four, e.account_type, e.sec, e.limit_cents, e.draft_day,
  e.authorised_on, e.evidence, e.why, trim(u.first_name || ' ' || u.last_name), v.at, x.until_on, coalesce(x.reason, '')
from payments_enrolment e join base_event v on v.id = e.event_id join base_user u on u.id = v.by_id
left join payments_enrolmentend x on x.enrolment_id = e.id
where e.account_id = %s order by e.id desc"""


def get_enrolment(*, account_id: int) -> EnrolmentRead:
    """What an account agreed to about drafts, its bank account masked."""
    with connection.cursor() as cursor:
        cursor.execute(_LINE, [account_id])
        found = cursor.fetchall()
    rows = tuple(EnrolmentRow(*[*row[:3], masked(row[3], row[4]), *row[5:14]]) for row in found)
    ended_on, ended_why = (found[0][14], found[0][15]) if found else (None, "")
    current = rows[0] if rows and ended_on is None else None
    return EnrolmentRead(account_id, current, ended_on, ended_why, rows)


def masked(routing: str, last_four: str) -> str:
    """`routing 231380104, account ending 6789`: what may be shown and said."""
    return f"routing {routing}, account ending {last_four}"
