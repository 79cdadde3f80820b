"""The late charge that the bill announced, assessed once for each run after its due date.

A payment on its way when a run is looked at (a card asked, a draft, a row of a file) makes its late charge wait
(``late.pending_waits``), and so does a hold whose reason holds the late charge (``hold.<reason>``), for the part that
it reaches; when the money has come or come to nothing, or the hold has ended, ``settle_late`` spares or charges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from django.db import connection

from curbstop.office import _holds, ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.records.delinquency.models import LateCharge, LateHeld, LateRun, LateSettled
from curbstop.rules.delinquency import late_charge
from curbstop.rules.ledger import Leg, credit, debit, gl
from curbstop.rules.policies import NotSet, Policies

LATE_RECEIVABLE, LATE_REVENUE = 1220, 4110
HELD_PAYMENT_PENDING = "held_payment_pending"
"""The outcome of a late bill while a payment of its account is on its way."""
HELD_DISPUTE = "held_dispute"
"""The outcome of a late bill of which no more is open than is under dispute."""
AFTER_FINDING = "dispute.after_finding"


@dataclass(frozen=True)
class LateAssessed:
    """What came of looking at a run's bills after their due date. ``held``: late, with a payment on its way or open
    only for what is under dispute."""

    run: int
    bills: int
    cents: int
    due_on: date
    held: int = 0


@dataclass(frozen=True)
class LateSettling:
    """What came of late charges that had waited for a payment on its way."""

    spared: int
    charged: int
    cents: int


@dataclass(frozen=True)
class LateDue:
    """A run whose bills are past due and were not looked at yet."""

    run: int
    cycle: str
    bill_on: date
    due_on: date


@dataclass(frozen=True)
class _LateBill:
    bill_id: int
    account_id: int
    billed_cents: dict[str, int]  # by the kind of late charge of each fund that billed it, less approved credits
    open_cents: int


def get_late_day(on: date) -> int:
    """Days after the due date on which a late charge is added. :raises NotSet: the city has not said"""
    return policies.load("late.day").whole("late.day", on=on)


def list_late_due(*, on: date) -> tuple[LateDue, ...]:
    """Posted runs whose late day has come by ``on`` and which nobody assessed, oldest first.

    :raises NotSet: the city has not said when a late charge is added
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """select r.id, c.code, r.bill_on, r.due_on from bills_run r join decisions_cycle c on c.code = r.cycle_id
               where r.due_on + %s <= %s
                 and exists (select from bills_runstep s where s.run_id = r.id and s.step = 'posted')
                 and not exists (select from delinquency_laterun l where l.run_id = r.id) order by r.due_on, r.id""",
            [get_late_day(on), on],
        )
        return tuple(LateDue(*row) for row in cursor.fetchall())


LATE = "delinquency.late"
"""What whoever assesses late charges takes a turn at: two at once would both find the same bills late."""


@act("delinquency.assess_late")
def assess_late(event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, on: date) -> LateAssessed:
    """Add the city's late charge to the bills of a run that were not paid by their due date.

    A bill is late when any of its lines was still open counting the money that came in effect before the late day, so a
    payment that was on time and posted later spares the charge. The charge is a percent of the bill's total
    (``late.percent``), less what was credited on it and what is under dispute, split over the funds that billed it,
    and due with the account's next bill.

    :raises NotSet: the city has not published the percent or the day
    :raises Refused: no such posted run, too early, or already assessed
    """
    rules = policies.load("late.percent", "late.day", "bill.due_days", "late.pending_waits")
    take_turn(LATE)
    due = _due_run(run, on, rules.whole("late.day", on=on))
    lock_accounts(_open_accounts(run))
    funds = _late_kinds(on)
    late = _late_bills(run, funds, before=due.due_on + timedelta(days=rules.whole("late.day", on=on)))
    percent = rules.percent("late.percent", on=on)
    charge_due_on = _next_due(due.cycle, on) or on + timedelta(days=rules.whole("bill.due_days", on=on))
    waits = _load_waits(late, on)
    codes = _codes(late, on, waits, pending_waits=_pending_waits(rules, on))
    charged = _charges([bill for bill in late if bill.bill_id not in codes], percent, waits)
    held = [bill for bill in late if bill.bill_id in codes and late_charge(bill.billed_cents, percent)]
    documents = ledger.reserve_documents(len(charged))
    txn = None
    if charged:
        legs = _legs(charged, documents, charge_due_on, funds)
        txn = ledger._post(event, act="late_charge", posted_on=on, effective_on=on, legs=legs)
    total = sum(sum(parts.values()) for _, parts in charged)
    LateRun.objects.create(run_id=run, txn_id=txn, on=on, bills=len(charged), cents=total, event_id=event.id)
    LateCharge.objects.bulk_create(
        LateCharge(bill_id=bill.bill_id, run_id=run, document_id=document, cents=sum(parts.values()))
        for (bill, parts), document in zip(charged, documents, strict=True)
    )
    LateHeld.objects.bulk_create(
        LateHeld(bill_id=bill.bill_id, run_id=run, code=codes[bill.bill_id], event_id=event.id) for bill in held
    )
    event.about(f"run:{run}", *(f"account:{bill.account_id}" for bill, _ in charged))
    event.about(says=f"Late charge on the bills due {due.due_on:%a %-d %b %Y}.")
    return LateAssessed(run=run, bills=len(charged), cents=total, due_on=charge_due_on, held=len(held))


def _pending_waits(rules: Policies, on: date) -> bool:
    """Whether a payment on its way makes the late charge wait; it does where the city has not said otherwise."""
    try:
        return rules.yes("late.pending_waits", on=on)
    except NotSet:
        return True


@dataclass(frozen=True)
class _Waits:
    """What of a bill a late charge leaves alone: why (a code), and how much of it, None for all."""

    code: str
    cents: int | None


def _load_waits(late: Sequence[_LateBill], on: date) -> dict[int, _Waits]:
    """What holds and disputes reach of these bills, by bill; one that nothing reaches is left out."""
    accounts = [bill.account_id for bill in late]
    disputed, holds = _disputed(accounts), _holds.list_at(accounts, on)
    found = {}
    for bill in late:
        waits = _wait(bill.bill_id, holds.get(bill.account_id, ()), disputed.get(bill.account_id, 0))
        if waits is not None:
            found[bill.bill_id] = waits
    return found


def _wait(bill_id: int, holds: Sequence[_holds.HoldThere], disputed_cents: int) -> _Waits | None:
    """A request and a hold may be one dispute: what the holds of disputes reach is not counted twice."""
    reaching = [hold for hold in holds if hold.held.late and hold.reaches(bill_id)]
    by_hold = sum(hold.cents or 0 for hold in holds if hold.reason == "dispute")
    asked = max(disputed_cents - by_hold, 0)
    if not reaching and not asked:
        return None
    first = min(reaching, key=lambda hold: hold.reason != "dispute", default=None)
    code = HELD_DISPUTE if first is None else f"held_{first.reason}"
    if any(hold.cents is None for hold in reaching):
        return _Waits(code, None)
    return _Waits(code, asked + sum(hold.cents or 0 for hold in reaching))


def _codes(late: Sequence[_LateBill], on: date, waits: Mapping[int, _Waits], *, pending_waits: bool) -> dict[int, str]:
    """Why late bills wait, by bill: a payment is on its way, or all that is open is held or under dispute."""
    pending = _pending([bill.account_id for bill in late], on) if pending_waits else set()
    found = {}
    for bill in late:
        held = waits.get(bill.bill_id)
        if bill.account_id in pending:
            found[bill.bill_id] = HELD_PAYMENT_PENDING
        elif held is not None and (held.cents is None or bill.open_cents <= held.cents):
            found[bill.bill_id] = held.code
    return found


def _charges(
    late: Iterable[_LateBill], percent: Fraction, waits: Mapping[int, _Waits]
) -> list[tuple[_LateBill, dict[str, int]]]:
    """The bills that are charged, each with its charge by kind."""
    found = []
    for bill in late:
        held = waits.get(bill.bill_id)
        parts = late_charge(bill.billed_cents, percent, disputed_cents=(held.cents or 0) if held else 0)
        found += [(bill, parts)] if parts else []
    return found


_PENDING = """
select a.account_id from payments_ask a where a.account_id = any(%(accounts)s)
  and not exists (select from payments_askended e where e.ask_id = a.id)
  and not exists (select from payments_cardpayment p where p.ask_id = a.id)
union select d.account_id from payments_draftplan d
where d.account_id = any(%(accounts)s) and d.code in ('draft', 'again')
  and not exists (select from payments_draftposted p where p.run_id = d.run_id)
union select r.account_id from payments_batch b join payments_batchrow r on r.batch_id = b.id
where b.received_on > %(on)s - 30 and r.account_id = any(%(accounts)s)
  and not exists (select from payments_batchrowdone d where (d.batch_id, d.row_no) = (r.batch_id, r.row_no))"""


def _pending(account_ids: list[int], on: date) -> set[int]:
    """Those of the accounts with money on its way: asked for by card, planned or sent as a draft, or in a file of
    payments of the last 30 days that is not posted whole."""
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, {"accounts": account_ids, "on": on})
        return {row[0] for row in cursor.fetchall()}


_DISPUTED = """
select a.id, sum(r.held_cents)::bigint from unnest(%s::bigint[]) a (id)
join ledger_request r on r.account_ids @> array[a.id] and r.held_cents > 0
where not exists (select from ledger_verdict v where v.request_id = r.id) group by a.id"""


def _disputed(account_ids: list[int]) -> dict[int, int]:
    """What is under dispute on each account, by the requests that nobody has decided."""
    with connection.cursor() as cursor:
        cursor.execute(_DISPUTED, [sorted(set(account_ids))])
        return dict(cursor.fetchall())


_FOUND = """
select a.id, max(v.on) from unnest(%s::bigint[]) a (id)
join ledger_request r on r.account_ids @> array[a.id] and r.held_cents > 0
join ledger_verdict v on v.request_id = r.id group by a.id
union all
select h.account_id, max(r.on) from delinquency_hold h join delinquency_holdrelease r on r.hold_id = h.id
where h.account_id = any(%s) and h.reason = 'dispute' group by h.account_id"""


def _still_to_pay(account_ids: list[int], rules: Policies, on: date) -> set[int]:
    """Accounts whose dispute was decided not long enough ago, or with a city that has not said how long that is."""
    with connection.cursor() as cursor:
        wanted = sorted(set(account_ids))
        cursor.execute(_FOUND, [wanted, wanted])
        found: dict[int, date] = {}
        for account, decided_on in cursor.fetchall():
            found[account] = max(decided_on, found.get(account, decided_on))
    try:
        days = timedelta(days=rules.whole(AFTER_FINDING, on=on))
    except NotSet:
        return set(found)
    return {account for account, decided_on in found.items() if on <= decided_on + days}


_HELD = """
select h.run_id, h.bill_id, b.account_id, h.code from delinquency_lateheld h join bills_bill b on b.id = h.bill_id
where not exists (select from delinquency_latesettled s where s.held_id = h.bill_id) order by h.run_id, h.bill_id"""


@act("delinquency.settle_late")
def settle_late(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> LateSettling:
    """Look again at late bills whose charge waited: paid by now is spared, unpaid is charged.

    One that still waits (for a payment on its way, a hold, a decision on a dispute, or the days to pay after it, policy
    ``dispute.after_finding``) is left alone. A bill is spared when nothing of it is open any more, whatever the day of
    the payment: it was on its way when the charge was due.

    :raises NotSet: the city has not published the percent
    """
    rules = policies.load("late.percent", "bill.due_days", AFTER_FINDING)
    take_turn(LATE)
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        rows = cursor.fetchall()
    accounts = [account for _, _, account, _ in rows]
    lock_accounts(accounts)
    waiting, holds = _pending(accounts, on) | set(_disputed(accounts)), _holds.list_at(accounts, on)
    to_pay = _still_to_pay([account for _, _, account, code in rows if code == HELD_DISPUTE], rules, on)
    ready: dict[int, list[int]] = {}
    for run, bill, account, code in rows:
        held = any(hold.held.late and hold.reaches(bill) for hold in holds.get(account, ()))
        if account not in waiting and not held and not (code == HELD_DISPUTE and account in to_pay):
            ready.setdefault(run, []).append(bill)
    spared = charged = cents = 0
    for run, bills in ready.items():
        done = _settle_run(event, run, bills, rules, on)
        spared, charged, cents = spared + done.spared, charged + done.charged, cents + done.cents
    if spared or charged:
        event.about(says=f"Late charges that waited: {spared} spared, {charged} charged.")
    return LateSettling(spared, charged, cents)


def _settle_run(event: Acting, run: int, bills: list[int], rules: Policies, on: date) -> LateSettling:
    funds, percent = _late_kinds(on), rules.percent("late.percent", on=on)
    late = {bill.bill_id: bill for bill in _late_bills(run, funds, before=on + timedelta(days=1))}
    charged = [
        (late[bill], parts)
        for bill in bills
        if bill in late and (parts := late_charge(late[bill].billed_cents, percent))
    ]
    documents, txn = ledger.reserve_documents(len(charged)), None
    if charged:
        due_on = _next_due(_cycle_of(run), on) or on + timedelta(days=rules.whole("bill.due_days", on=on))
        legs = _legs(charged, documents, due_on, funds)
        txn = ledger._post(event, act="late_charge", posted_on=on, effective_on=on, legs=legs)
        event.about(f"run:{run}", *(f"account:{bill.account_id}" for bill, _ in charged))
    ids = {bill.bill_id for bill, _ in charged}
    LateCharge.objects.bulk_create(
        LateCharge(bill_id=bill.bill_id, run_id=run, document_id=document, cents=sum(parts.values()))
        for (bill, parts), document in zip(charged, documents, strict=True)
    )
    LateSettled.objects.bulk_create(
        LateSettled(
            held_id=bill,
            outcome="charged" if bill in ids else "spared",
            on=on,
            txn_id=txn if bill in ids else None,
            event_id=event.id,
        )
        for bill in bills
    )
    cents = sum(sum(parts.values()) for _, parts in charged)
    return LateSettling(len(bills) - len(ids), len(ids), cents)


def _cycle_of(run: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select cycle_id from bills_run where id = %s", [run])
        return str(cursor.fetchone()[0])


def _due_run(run: int, on: date, late_day: int) -> LateDue:
    with connection.cursor() as cursor:
        # an advisory lock: the office may not change bills_run, so it may not lock its rows either
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('delinquency.run:' || %s, 2))", [run])
        cursor.execute(
            """select r.id, r.cycle_id, r.bill_on, r.due_on,
                 exists (select from bills_runstep s where s.run_id = r.id and s.step = 'posted'),
                 (select l.on from delinquency_laterun l where l.run_id = r.id)
               from bills_run r where r.id = %s""",
            [run],
        )
        found = cursor.fetchone()
    if found is None or not found[4]:
        raise Refused(f"Run {run} is not posted, so none of its bills can be late. Post it first.", field="run")
    if found[5] is not None:
        raise Refused(f"The bills of run {run} were looked at on {found[5]}; a bill is charged once.", field="run")
    due = LateDue(*found[:4])
    if on < due.due_on + timedelta(days=late_day):
        first = due.due_on + timedelta(days=late_day)
        raise Refused(f"Bills due {due.due_on} are late from {first}; come back then.", field="on")
    return due


def _open_accounts(run: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """select distinct p.account_id from bills_bill b
               join ledger_posting p on p.account_id = b.account_id and p.document_id = b.id and p.sub = 2
               where b.run_id = %s group by p.account_id, p.document_id, p.line_no, p.gl_id
               having sum(p.debit_cents - p.credit_cents) > 0""",
            [run],
        )
        return [row[0] for row in cursor.fetchall()]


# what is open counts what came in effect before the day; what an approval took off the bill was not billed
_LATE = """
with item as (
  select b.id, b.account_id, p.fund,
    coalesce(sum(p.debit_cents - p.credit_cents)
      filter (where t.effective_on < %(before)s or p.debit_cents > 0), 0) open,
    coalesce(sum(p.debit_cents) filter (where p.txn_id = b.txn_id), 0)
      - coalesce(sum(p.credit_cents) filter (where t.act = 'adjust'), 0) billed
  from bills_bill b
  join ledger_posting p on p.account_id = b.account_id and p.document_id = b.id and p.sub = 2
  join ledger_transaction t on t.id = p.txn_id
  where b.run_id = %(run)s group by b.id, p.fund, p.line_no, p.gl_id),
of_bill as (select item.*, max(open) over (partition by id) most from item)
select i.id, i.account_id, i.fund, sum(i.billed)::bigint, sum(greatest(i.open, 0))::bigint
from of_bill i join customers_account a on a.id = i.account_id
where i.most > 0
group by i.id, i.account_id, a.number, i.fund order by a.number, i.id, i.fund"""


def _late_bills(run: int, funds: dict[int, str], *, before: date) -> list[_LateBill]:
    found: dict[int, _LateBill] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"run": run, "before": before})
        for bill_id, account_id, fund, cents, open_cents in cursor.fetchall():
            bill = found.get(bill_id, _LateBill(bill_id, account_id, {}, 0))
            billed = bill.billed_cents | ({funds[fund]: cents} if cents > 0 else {})
            found[bill_id] = replace(bill, billed_cents=billed, open_cents=bill.open_cents + open_cents)
    return list(found.values())


def _late_kinds(on: date) -> dict[int, str]:
    """The kind of late charge of each fund, by the chart in force."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select distinct on (k.code) g.fund, k.code from ledger_kind k join ledger_gl g on g.id = k.control_gl
               where k.code like 'late.%%' and k.valid_from <= %s order by k.code, k.valid_from desc""",
            [on],
        )
        return dict(cursor.fetchall())


def _legs(
    charged: Iterable[tuple[_LateBill, dict[str, int]]], documents: list[int], due_on: date, kinds: dict[int, str]
) -> list[Leg]:
    funds = {kind: fund for fund, kind in kinds.items()}
    legs, revenue = [], dict.fromkeys(funds, 0)
    for (bill, parts), document in zip(charged, documents, strict=True):
        for line, (kind, cents) in enumerate(parts.items(), start=1):
            receivable = gl(funds[kind], LATE_RECEIVABLE)
            legs.append(
                debit(receivable, cents, kind, account_id=bill.account_id, document=document, line=line, due_on=due_on)
            )
            revenue[kind] += cents
    return legs + [credit(gl(funds[kind], LATE_REVENUE), cents, kind) for kind, cents in revenue.items() if cents]


def _next_due(cycle: str, on: date) -> date | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(due_on) from decisions_cycledate where cycle_id = %s and due_on > %s and bill_on > %s",
            [cycle, on, on],
        )
        found: date | None = cursor.fetchone()[0]
    return found
