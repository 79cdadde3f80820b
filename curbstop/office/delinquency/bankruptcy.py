"""Bankruptcy: what was owed before the petition is moved to an account of its own and fenced; the other goes on.

Nothing is collected on the old side: no payment goes there unless the payer names it, no late charge, no letter, no
cut-off (11 U.S.C. 362). A utility may ask for adequate assurance of what follows, and until that day may not turn off
(11 U.S.C. 366). A deposit is set off by approval only (366(c)(4)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from curbstop.office import _holds, ledger, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office._statements import array, ask
from curbstop.office.delinquency import arranging, extending
from curbstop.records.delinquency.promises import Petition, PetitionStep
from curbstop.rules.accounts import account_number
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.delinquency.bankruptcy import ASSURANCE, assure_by, before_petition
from curbstop.rules.ledger import Leg, credit, debit, fund_of, gl
from curbstop.rules.ledger.items import OpenItem as Item
from curbstop.rules.money import show
from curbstop.rules.periods import show_on

STAYED = 1270
ENDS = ("dismissed", "discharged")


@dataclass(frozen=True)
class Filed:
    """A petition as kept: the account of what was owed before it, how much that is, and the day of assurance."""

    petition_id: int
    old_account_id: int
    old_number: str
    cents: int
    txn_id: int | None
    assure_by_on: date


@dataclass(frozen=True)
class PetitionRow:
    """A petition as lists have it. ``fenced_cents``: what is open on the old side; ``assured``: a step says so."""

    id: int
    account_id: int
    number: str
    name: str
    old_account_id: int
    old_number: str
    chapter: int
    court: str
    case_no: str
    filed_on: date
    assure_by_on: date
    assured: str
    ended: str
    fenced_cents: int


@act("delinquency.file_petition")
def file_petition(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    chapter: int,
    court: str,
    case_no: str,
    filed_on: date,
    on: date,
) -> Filed:
    """Split an account at the day of a petition: the day itself is the first of what comes after.

    A bill that straddles it is split by days, each line with its tax. Promises that run end, since the debt that they
    were about is stayed.

    :param on: the accounting day of the move
    :raises BadPetition: a chapter that there is not
    :raises Refused: a day to come, the case is on file for this account, or the account is itself an old side
    """
    event.about(f"account:{account_id}")
    assure_by_on = assure_by(chapter, filed_on)
    court = check_text(court, field="court", longest=200, required=True)
    case_no = check_text(case_no, field="case_no", longest=60, required=True)
    refuse_own(by, [account_id])
    lock_accounts([account_id])
    _check_new(account_id, case_no, filed_on, on)
    items = [item for item in ledger.get_open_items(account_id) if not item.owed_to and item.gl[3:] != str(STAYED)]
    old_id, old_number = _open_old(event, account_id, on)
    _end_promises(event, account_id, on)
    parts = _before(items, filed_on)
    txn = _move(event, account_id, old_id, parts, on)
    cents = sum(part for _, part in parts)
    event.about(f"account:{old_id}")
    event.about(
        says=f"Petition of {show_on(filed_on)}, chapter {chapter}, {case_no}: {show(cents)} fenced on {old_number}."
    )
    law = f"11 U.S.C. 362, case {case_no}"
    hold = _holds.place(
        event, account_id=old_id, reason="bankruptcy", authority=law, from_on=filed_on, until_on=None,
        owner_id=event.by.id,
    )  # fmt: skip
    waits = _holds.place(
        event, account_id=account_id, reason="bankruptcy", authority=f"11 U.S.C. 366, case {case_no}",
        from_on=filed_on, until_on=assure_by_on + timedelta(days=1), owner_id=event.by.id,
    )  # fmt: skip
    row = Petition.objects.create(
        account_id=account_id,
        old_account_id=old_id,
        hold_id=hold,
        assurance_hold_id=waits,
        chapter=chapter,
        court=court,
        case_no=case_no,
        filed_on=filed_on,
        told_on=on,
        assure_by_on=assure_by_on,
        txn_id=txn,
        cents=cents,
        by_id=by.id,
        at=at,
        event_id=event.id,
    )
    _keep_fenced(event, row, items, on)
    return Filed(row.pk, old_id, old_number, cents, txn, assure_by_on)


def _check_new(account_id: int, case_no: str, filed_on: date, on: date) -> None:
    if filed_on > on:
        raise Refused("A petition is entered when it is filed, not before.", field="filed_on")
    if Petition.objects.filter(account_id=account_id, case_no=case_no).exists():
        raise Refused(f"Case {case_no} is on file for this account already.", field="case_no")
    if Petition.objects.filter(old_account_id=account_id).exists():
        raise Refused("This account holds what was owed before a petition. Enter it on the one that goes on.")


_OLD = """
insert into customers_account (number, customer_id, customer_class, tenure, mail_to, opened_on, event_id)
select %(number)s::text, customer_id, customer_class, tenure, mail_to, %(on)s::date, %(event)s::bigint
from customers_account where id = %(account)s::bigint returning id"""
_WHO = """
select nextval('customers_account_number_seq'), c.name, c.phone from customers_account a
join customers_customer c on c.id = a.customer_id where a.id = %(account)s::bigint"""


def _open_old(event: Acting, account_id: int, on: date) -> tuple[int, str]:
    """An account of the same customer for what was owed before; nothing is served on it."""
    sequence, name, phone = ask(_WHO, {"account": account_id})[0]
    number = account_number(sequence)
    opened = {"number": number, "on": on, "event": event.id, "account": account_id}
    old_id = int(ask(_OLD, opened)[0][0])
    search.enter(old_id, number=number, name=name, phone=phone)
    return old_id, number


def _end_promises(event: Acting, account_id: int, on: date) -> None:
    says = "A petition in bankruptcy stays the debt that it was about."
    extending.end_for(event, account_id, on, says)
    arranging.end_for(event, account_id, on, says)


_BILLS = """
select b.id, b.from_on, b.until_on from bills_bill b where b.id = any(%(documents)s::bigint[])"""
_MADE = """
select p.document_id, min(t.effective_on) from ledger_posting p join ledger_transaction t on t.id = p.txn_id
where p.document_id = any(%(documents)s::bigint[]) and p.sub = 2 group by p.document_id"""


def _before(items: Sequence[Item], filed_on: date) -> list[tuple[Item, int]]:
    """What of each open item is for days before the petition: a bill by its days, a charge by its day."""
    documents = array({item.document for item in items})
    bills = {id: (from_on, until_on) for id, from_on, until_on in ask(_BILLS, {"documents": documents})}
    made: Mapping[int, date] = dict(ask(_MADE, {"documents": documents}))
    found = []
    for item in items:
        if item.document in bills:
            from_on, until_on = bills[item.document]
            (part,) = before_petition([item.open_cents], from_on=from_on, until_on=until_on, filed_on=filed_on)
        else:
            part = item.open_cents if made[item.document] < filed_on else 0
        if part:
            found.append((item, part))
    return found


def _move(event: Acting, account_id: int, old_id: int, parts: Sequence[tuple[Item, int]], on: date) -> int | None:
    """The books: each item keeps its document, line and kind, on the old account's stayed receivable."""
    legs: list[Leg] = []
    for item, cents in parts:
        of, no = item.document, item.line
        stayed = gl(fund_of(item.gl), STAYED)
        legs.append(debit(stayed, cents, item.kind, account_id=old_id, document=of, line=no, due_on=item.due_on))
        legs.append(credit(item.gl, cents, item.kind, account_id=account_id, document=of, line=no))
    if not legs:
        return None
    return ledger._post(event, act="petition", posted_on=on, effective_on=on, legs=legs)


def _keep_fenced(event: Acting, row: Petition, items: Sequence[Item], on: date) -> None:
    """Bills that are there already are split now, and the night leaves them alone."""
    for id, _, _ in ask(_BILLS, {"documents": array({item.document for item in items})}):
        PetitionStep.objects.create(
            petition=row, step="fenced", on=on, says="On the account when the petition was entered.", bill_id=id,
            txn_id=row.txn_id, event_id=event.id,
        )  # fmt: skip


@act("delinquency.record_assurance")
def record_assurance(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, petition_id: int, form: str, cents: int, on: date
) -> None:
    """Keep that adequate assurance was given: the clock stops, and the account goes on like any other.

    :param form: a code of ``rules.delinquency.bankruptcy.ASSURANCE``
    :raises Refused: no such petition, or assurance was given before
    """
    row = _find(petition_id)
    event.about(f"account:{row.account_id}")
    check_choice(form, tuple(ASSURANCE), field="form")
    refuse_own(by, [row.account_id])
    lock_accounts([row.account_id])
    if PetitionStep.objects.filter(petition=row, step="assured").exists():
        raise Refused("Assurance was given already; the petition's steps say when.", field="petition_id")
    says = f"Adequate assurance: {ASSURANCE[form]}{f', {show(cents)}' if cents else ''}."
    PetitionStep.objects.create(petition=row, step="assured", on=on, says=says, cents=cents or None, event_id=event.id)
    event.about(says=says)
    if row.assurance_hold.until_on is not None and row.assurance_hold.until_on > on:
        _holds.release(event, hold_id=row.assurance_hold_id, on=max(on, row.filed_on), says=says)


@act("delinquency.end_petition")
def end_petition(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, petition_id: int, outcome: str, on: date, says: str
) -> None:
    """Keep how the case ended. Dismissed: the stay is over and the hold on the old side is released. Discharged: the
    hold stays, and the debt leaves the books by the write-off list.

    :raises Refused: no such petition, or it has ended
    """
    row, why = _find(petition_id), check_text(says, field="says", longest=300, required=True)
    event.about(f"account:{row.account_id}", f"account:{row.old_account_id}")
    check_choice(outcome, ENDS, field="outcome")
    refuse_own(by, [row.account_id, row.old_account_id])
    lock_accounts([row.account_id, row.old_account_id])
    if PetitionStep.objects.filter(petition=row, step__in=ENDS).exists():
        raise Refused("This case has ended already; the petition's steps say how.", field="petition_id")
    PetitionStep.objects.create(petition=row, step=outcome, on=on, says=why, event_id=event.id)
    event.about(says=f"Case {row.case_no} {outcome}: {why}")
    if outcome == "dismissed":
        _holds.release(event, hold_id=row.hold_id, on=max(on, row.filed_on), says=f"Case dismissed: {why}")


def _find(petition_id: int) -> Petition:
    row = Petition.objects.filter(pk=petition_id).select_related("hold", "assurance_hold").first()
    if row is None:
        raise Refused(f"There is no petition {petition_id}; the account's holds list it.", field="petition_id")
    return row


_STRADDLE = """
select q.id, b.id from delinquency_petition q join bills_bill b on b.account_id = q.account_id
where b.from_on < q.filed_on
  and not exists (select from delinquency_petitionstep s where s.petition_id = q.id and s.bill_id = b.id)
  and not exists (select from delinquency_petitionstep s where s.petition_id = q.id and s.step in ('dismissed'))
  and exists (select from ledger_posting p where p.account_id = b.account_id and p.document_id = b.id and p.sub = 2
    group by p.document_id having sum(p.debit_cents - p.credit_cents) > 0)
order by q.account_id, b.id"""


@act("delinquency.follow_petitions")
def follow_petitions(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> int:
    """Fence what was used before a petition and billed since, and keep who gave no assurance in time; bills fenced."""
    rows = ask(_STRADDLE, {})
    found = Petition.objects.in_bulk({petition for petition, _ in rows})
    late = Petition.objects.filter(assure_by_on__lt=on).exclude(steps__step__in=("assured", "not_assured", *ENDS))
    lock_accounts({id for row in found.values() for id in (row.account_id, row.old_account_id)})
    for petition_id, bill_id in rows:
        row = found[petition_id]
        items = [one for one in ledger.get_open_items(row.account_id) if one.document == bill_id and not one.owed_to]
        parts = _before(items, row.filed_on)
        txn = _move(event, row.account_id, row.old_account_id, parts, on)
        cents = sum(part for _, part in parts)
        PetitionStep.objects.create(
            petition=row, step="fenced", on=on, says=f"{show(cents)} of the bill is for days before the petition.",
            cents=cents or None, bill_id=bill_id, txn_id=txn, event_id=event.id,
        )  # fmt: skip
        event.about(f"account:{row.account_id}", f"account:{row.old_account_id}")
    for row in late:
        says = f"No adequate assurance by {row.assure_by_on.isoformat()} (11 U.S.C. 366)."
        PetitionStep.objects.create(petition=row, step="not_assured", on=on, says=says, event_id=event.id)
        event.about(f"account:{row.account_id}")
    if rows:
        event.about(says=f"{len(rows)} bills split at the day of a petition.")
    return len(rows)


_ROWS = """
select q.id, q.account_id, a.number, c.name, q.old_account_id, o.number, q.chapter, q.court, q.case_no, q.filed_on,
  q.assure_by_on,
  coalesce((select s.says from delinquency_petitionstep s where s.petition_id = q.id
    and s.step in ('assured', 'not_assured') order by s.step limit 1), ''),
  coalesce((select s.step from delinquency_petitionstep s where s.petition_id = q.id
    and s.step in ('dismissed', 'discharged') limit 1), ''),
  coalesce((select sum(p.debit_cents - p.credit_cents) from ledger_posting p join ledger_gl g on g.id = p.gl_id
    where p.account_id = q.old_account_id and p.sub = 2 and g.object = 1270), 0)::bigint
from delinquency_petition q join customers_account a on a.id = q.account_id
join customers_account o on o.id = q.old_account_id join customers_customer c on c.id = a.customer_id
where %(account)s::bigint is null or %(account)s::bigint in (q.account_id, q.old_account_id)
order by q.filed_on desc, q.id desc"""


def list_petitions(*, account_id: int | None = None) -> tuple[PetitionRow, ...]:
    """Petitions, the latest first: of one account (either side of it) or of the city."""
    return tuple(PetitionRow(*row) for row in ask(_ROWS, {"account": account_id}))
