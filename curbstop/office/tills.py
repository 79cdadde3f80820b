"""Drawers: installed, opened with a float, counted blind, signed by a second person, taken to the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.records.payments.models import (
    Series,
    Slip,
    SlipConfirmed,
    SlipSession,
    Till,
    TillClose,
    TillCount,
    TillSession,
)
from curbstop.rules.ledger import Leg, Tendered, bank_confirmed, bank_deposit, fund_of
from curbstop.rules.ledger import over as over_legs
from curbstop.rules.ledger import short as short_legs
from curbstop.rules.ledger.recipes import DRAWERS
from curbstop.rules.money import show
from curbstop.rules.payments import LINES
from curbstop.rules.tills import Counted, Difference, Piece, check_counted, compare, over_and_short

__all__ = [
    "Counted", "CountTold", "Difference", "Drawer", "Piece", "SessionClosed", "SessionOpened", "SlipMade",
    "SlipReceipt", "SlipRow", "TillInstalled", "close", "confirm", "count", "deposit", "get_drawer", "get_slip",
    "install", "list_sessions_to_deposit", "list_slips", "list_tills", "open",
]  # fmt: skip


@dataclass(frozen=True)
class TillInstalled:
    """A drawer and the series of its receipts."""

    till_id: int
    code: str
    series: str


@dataclass(frozen=True)
class SessionOpened:
    """A drawer is open to its cashier."""

    session_id: int
    till: str
    opened_on: date
    float_cents: int


@dataclass(frozen=True)
class CountTold:
    """What is told after a blind count, and not before: each type of tender against the receipts."""

    session_id: int
    count_id: int
    differences: tuple[Difference, ...]
    over_cents: int
    short_cents: int


@dataclass(frozen=True)
class SessionClosed:
    """A drawer signed by a second person. ``cash_cents`` and the others are what goes to the bank, float taken off."""

    session_id: int
    till: str
    over_cents: int
    short_cents: int
    txn_id: int | None
    cash_cents: int
    check_cents: int
    money_order_cents: int


@dataclass(frozen=True)
class SlipReceipt:
    """A receipt whose tenders are in a deposit."""

    number: str
    payer: str
    cash_cents: int
    check_cents: int
    money_order_cents: int
    references: tuple[str, ...]


@dataclass(frozen=True)
class SlipMade:
    """A bank deposit: its total by type of tender, the drawers in it, every receipt of theirs."""

    slip_id: int
    made_on: date
    cash_cents: int
    check_cents: int
    money_order_cents: int
    tills: tuple[str, ...]
    receipts: tuple[SlipReceipt, ...]
    confirmed_on: date | None

    @property
    def total_cents(self) -> int:
        """What the bank should show."""
        return self.cash_cents + self.check_cents + self.money_order_cents


@act("tills.install")
def install(event: Acting, /, *, key: Key, by: Actor, at: datetime, code: str, name: str) -> TillInstalled:
    """Install a drawer with a series of receipts of its own.

    :raises Refused: no code or name, or a code that is taken
    """
    code, name = code.strip(), name.strip()
    if not code or not name:
        field = "code" if not code else "name"
        raise Refused("A till needs a short code (it begins its receipts' numbers) and a name.", field=field)
    if Series.objects.filter(code=code).exists():
        raise Refused(f"The code {code!r} is taken by another till or channel; choose another.", field="code")
    series = Series.objects.create(code=code)
    till = Till.objects.create(code=code, name=name, series=series, event_id=event.id)
    event.about(f"till:{till.pk}", says=f"Till {code} ({name}) installed.")
    return TillInstalled(till.pk, code, code)


@act("tills.open")
def open(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, till: str, on: date, float_cents: int
) -> SessionOpened:
    """Open a drawer to oneself, with the float as counted. Its money is posted on ``on``.

    :raises Refused: no such till, it is open already, the float is below zero
    :raises DayNotOpen: the accounting day is not open
    """
    drawer = _lock(till)
    session = _open_session(drawer.pk)
    if session is not None:
        raise Refused(
            f"Till {till} is open to {session.cashier} since {session.opened_on.isoformat()}. It is counted and signed"
            " first.",
            field="till",
        )
    if float_cents < 0:
        raise Refused(f"A float of {show(float_cents)} cannot be; count what is in the drawer.", field="float_cents")
    if on not in ledger.get_open_days():
        raise ledger.DayNotOpen(f"The accounting day {on.isoformat()} is not open; finance opens it.", field="on")
    last = TillClose.objects.filter(session__till=drawer).order_by("-session_id").first()
    made = TillSession.objects.create(
        till=drawer,
        cashier_id=by.id,
        opened_on=on,
        opened_at=at,
        float_cents=float_cents,
        follows=last,
        event_id=event.id,
    )
    event.about(f"till:{drawer.pk}", says=f"Till {till} opened by {by.name} with a float of {show(float_cents)}.")
    return SessionOpened(made.pk, till, on, float_cents)


@act("tills.count")
def count(event: Acting, /, *, key: Key, by: Actor, at: datetime, till: str, counted: Counted) -> CountTold:
    """Count a drawer, float included, without being shown what should be in it. From then on it takes no money.

    A recount is another count; the last one is signed. The drawer's cashier counts; whoever may sign may recount.

    :raises BadCount: a count that cannot be
    :raises Refused: the drawer is not open, or it is somebody else's
    """
    check_counted(counted)
    drawer = _lock(till)
    session = _session_to_close(drawer)
    if session.cashier_id != by.id and not session.counted:
        says = f"Till {till} is {session.cashier}'s and not counted yet."
        raise Refused(f"{says} Its cashier counts first; then another person may count again.", field="till")
    row = TillCount.objects.create(
        session_id=session.id,
        by_id=by.id,
        at=at,
        denominations={"pieces": {p.cents: p.count for p in counted.pieces}, "coin_cents": counted.coin_cents},
        cash_cents=counted.cash_cents,
        check_cents=counted.check_cents,
        money_order_cents=counted.money_order_cents,
        event_id=event.id,
    )
    differences = compare(counted, _received(session.document_id), session.float_cents)
    over, short = over_and_short(differences)
    says = f"Till {till} counted by {by.name}: cash {show(counted.cash_cents)}, checks {show(counted.check_cents)}"
    event.about(f"till:{drawer.pk}", says=f"{says}; over {show(over)}, short {show(short)}.")
    return CountTold(session.id, row.pk, differences, over, short)


@act("tills.close")
def close(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, till: str, count_id: int, reason: str = ""
) -> SessionClosed:
    """Sign a counted drawer as the second person. What is over and what is short is posted, each for itself.

    :param count_id: the count that is signed, as the signer saw it; it must be the last
    :param reason: why the drawer is over or short; asked for with every difference
    :raises Refused: it is one's own drawer, there is no count, a later one was made, or the reason is missing
    """
    drawer = _lock(till)
    session = _session_to_close(drawer)
    if session.cashier_id == by.id:
        raise Refused(f"Till {till} is your own; another person signs it.", field="by")
    last = TillCount.objects.filter(session_id=session.id).order_by("-id").first()
    if last is None:
        raise Refused(f"Till {till} is not counted. Its cashier counts it first.", field="till")
    if last.pk != count_id:
        raise Refused(f"Till {till} was counted again since; look at the last count and sign that.", field="count_id")
    seen = Counted((Piece(1, last.cash_cents),), 0, last.check_cents, last.money_order_cents)
    differences = compare(seen, _received(session.document_id), session.float_cents)
    over, short = over_and_short(differences)
    if (over or short) and not reason.strip():
        says = f"Till {till} is over {show(over)} and short {show(short)}."
        raise Refused(f"{says} Every difference needs its reason, even if it is: unknown.", field="reason")
    txn_id = _post_differences(event, session, differences)
    TillClose.objects.create(
        session_id=session.id,
        count=last,
        cashier_id=session.cashier_id,
        signed_by_id=by.id,
        signed_at=at,
        short_cents=short,
        over_cents=over,
        txn_id=txn_id,
        reason=reason.strip(),
        event_id=event.id,
    )
    event.about(f"till:{drawer.pk}", says=f"Till {till} signed by {by.name}: over {show(over)}, short {show(short)}.")
    cash = last.cash_cents - session.float_cents
    return SessionClosed(session.id, till, over, short, txn_id, cash, last.check_cents, last.money_order_cents)


def _post_differences(event: Acting, session: _Session, differences: Sequence[Difference]) -> int | None:
    """What is over and short, in one transaction and never set off against each other; None where there is nothing."""
    if not any(d.over_cents or d.short_cents for d in differences):
        return None
    funds = {kind.code: kind.contra for kind in ledger.list_kinds(on=session.opened_on)}
    for code in ("cash_short", "cash_over"):
        if funds.get(code) is None:
            raise ledger.ChartLacks(f"The chart does not say on which fund {code} falls; add the kind with its contra.")
    legs: list[Leg] = []
    for d in differences:
        if d.short_cents:
            legs += short_legs(session.document_id, d.line, d.short_cents, fund_of(str(funds["cash_short"])))
        if d.over_cents:
            legs += over_legs(session.document_id, d.line, d.over_cents, fund_of(str(funds["cash_over"])))
    on = session.opened_on
    return ledger._post(event, act="over_short", posted_on=on, effective_on=on, legs=legs)


@act("tills.deposit")
def deposit(event: Acting, /, *, key: Key, by: Actor, at: datetime, session_ids: tuple[int, ...], on: date) -> SlipMade:
    """Make up a bank deposit from signed drawers; everything in them but the float goes into it.

    :raises Refused: a drawer that is not signed, is in another deposit, or holds nothing
    :raises DayNotOpen, DayClosed: the accounting day takes nothing
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.id from payments_till t where t.id in"
            " (select s.till_id from payments_tillsession s where s.id = any(%s)) order by t.id for no key update",
            [list(session_ids)],
        )
    waiting = {row.session_id: row for row in list_sessions_to_deposit()}
    missing = [id for id in session_ids if id not in waiting]
    if missing or not session_ids:
        raise Refused(
            f"These drawers are not signed, or are in a deposit already: {missing}. Choose among those that wait.",
            field="session_ids",
        )
    chosen = [waiting[id] for id in dict.fromkeys(session_ids)]
    lines = [
        Tendered(DRAWERS, row.document_id, LINES[type], cents)
        for row in chosen
        for type, cents in (
            ("cash", row.cash_cents),
            ("check", row.check_cents),
            ("money_order", row.money_order_cents),
        )
    ]
    if not any(line.cents for line in lines):
        raise Refused("There is nothing in these drawers to take to the bank.", field="session_ids")
    (slip_id,) = ledger.reserve_documents(1)
    txn_id = ledger._post(event, act="bank_deposit", posted_on=on, effective_on=on, legs=bank_deposit(slip_id, lines))
    slip = Slip.objects.create(
        id=slip_id,
        txn_id=txn_id,
        made_on=on,
        cash_cents=sum(row.cash_cents for row in chosen),
        check_cents=sum(row.check_cents for row in chosen),
        money_order_cents=sum(row.money_order_cents for row in chosen),
        by_id=by.id,
        event_id=event.id,
    )
    SlipSession.objects.bulk_create(SlipSession(session_id=row.session_id, slip=slip) for row in chosen)
    made = get_slip(slip_id)
    event.about(f"slip:{slip_id}", says=f"Bank deposit of {show(made.total_cents)} from till {', '.join(made.tills)}.")
    return made


@act("tills.confirm")
def confirm(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, slip_id: int, on: date, cents: int, reference: str = ""
) -> SlipMade:
    """The bank statement shows a deposit: what was on the way is in the bank.

    :param cents: what the statement shows; it must be the slip's total
    :raises Refused: no such deposit, it is confirmed already, or the bank shows another amount
    """
    slip = get_slip(slip_id)
    if slip.confirmed_on is not None:
        says = f"This deposit was confirmed on {slip.confirmed_on.isoformat()}"
        raise Refused(f"{says}; look for another deposit of the same amount.", field="slip_id")
    if cents != slip.total_cents:
        says = (
            f"The slip says {show(slip.total_cents)}, the bank {show(cents)}: {show(cents - slip.total_cents)} apart."
        )
        raise Refused(f"{says} Ask the bank for its advice before anything is posted.", field="cents")
    lines = {1: slip.cash_cents, 2: slip.check_cents, 3: slip.money_order_cents}
    txn_id = ledger._post(
        event, act="bank_confirmed", posted_on=on, effective_on=on, legs=bank_confirmed(slip_id, lines)
    )
    SlipConfirmed.objects.create(
        slip_id=slip_id, txn_id=txn_id, confirmed_on=on, reference=reference, by_id=by.id, event_id=event.id
    )
    event.about(f"slip:{slip_id}", says=f"The bank shows the deposit of {show(cents)}.")
    return get_slip(slip_id)


@dataclass(frozen=True)
class _Session:
    id: int
    document_id: int
    opened_on: date
    cashier_id: int
    cashier: str
    float_cents: int
    counted: bool


def _lock(till: str) -> Till:
    found = Till.objects.select_for_update(no_key=True).filter(code=till).first()
    if found is None:
        raise Refused(f"There is no till {till!r}. Choose one of the office's tills.", field="till")
    return found


def _open_session(till_id: int) -> _Session | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, s.document_id, s.opened_on, s.cashier_id, trim(u.first_name || ' ' || u.last_name),"
            " s.float_cents, exists (select from payments_tillcount c where c.session_id = s.id)"
            " from payments_tillsession s join base_user u on u.id = s.cashier_id where s.till_id = %s"
            " and not exists (select from payments_tillclose x where x.session_id = s.id)",
            [till_id],
        )
        row = cursor.fetchone()
    return None if row is None else _Session(*row)


def _session_to_close(till: Till) -> _Session:
    session = _open_session(till.pk)
    if session is None:
        raise Refused(f"Till {till.code} is not open; there is nothing to count or sign.", field="till")
    return session


def _received(document_id: int) -> dict[str, int]:
    """What came into a drawer by type of tender, as the books have it: receipts, less what was voided."""
    types = {line: type for type, line in LINES.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "select line_no, sum(debit_cents - credit_cents)::bigint from ledger_posting"
            " where document_id = %s and sub = 1 group by line_no",
            [document_id],
        )
        return {types[line]: cents for line, cents in cursor.fetchall()}


@dataclass(frozen=True)
class Drawer:
    """A drawer now. What should be in it is not told here: a count is blind."""

    till_id: int
    code: str
    name: str
    session_id: int | None
    cashier_id: int | None
    cashier: str
    opened_on: date | None
    float_cents: int
    receipts: int
    counted: bool
    count_id: int | None


_DRAWERS = """
select t.id, t.code, t.name, s.id, s.cashier_id, coalesce(trim(u.first_name || ' ' || u.last_name), ''), s.opened_on,
  coalesce(s.float_cents, 0),
  (select count(distinct (x.series_id, x.no)) from payments_tender x where x.batch_document_id = s.document_id),
  c.id is not null, c.id
from payments_till t
left join payments_tillsession s on s.till_id = t.id
  and not exists (select from payments_tillclose x where x.session_id = s.id)
left join base_user u on u.id = s.cashier_id
left join lateral (select id from payments_tillcount c where c.session_id = s.id order by id desc limit 1) c on true
where %(code)s is null or t.code = %(code)s order by t.code"""


def list_tills() -> tuple[Drawer, ...]:
    """Every drawer as it is now, by code."""
    return _drawers(None)


def get_drawer(code: str) -> Drawer:
    """One drawer as it is now. :raises Refused: there is no such till"""
    found = _drawers(code)
    if not found:
        raise Refused(f"There is no till {code!r}. Choose one of the office's tills.", field="till")
    return found[0]


def _drawers(code: str | None) -> tuple[Drawer, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_DRAWERS, {"code": code})
        return tuple(Drawer(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class SlipRow:
    """A signed drawer that waits for the bank: what it holds beside the float."""

    session_id: int
    document_id: int
    till: str
    cashier: str
    opened_on: date
    cash_cents: int
    check_cents: int
    money_order_cents: int


_TO_DEPOSIT = """
select s.id, s.document_id, t.code, trim(u.first_name || ' ' || u.last_name), s.opened_on,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where p.line_no = 1), 0)::bigint,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where p.line_no = 2), 0)::bigint,
  coalesce(sum(p.debit_cents - p.credit_cents) filter (where p.line_no = 3), 0)::bigint
from payments_tillclose x join payments_tillsession s on s.id = x.session_id
join payments_till t on t.id = s.till_id join base_user u on u.id = s.cashier_id
left join ledger_posting p on p.document_id = s.document_id and p.sub = 1
where not exists (select from payments_slipsession d where d.session_id = s.id)
group by s.id, t.code, u.id order by s.opened_on, t.code"""


def list_sessions_to_deposit() -> tuple[SlipRow, ...]:
    """Signed drawers that are in no bank deposit yet, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_DEPOSIT)
        return tuple(SlipRow(*row) for row in cursor.fetchall())


_SLIP_RECEIPTS = """
select e.code || '-' || lpad(r.no::text, 6, '0'), r.payer,
  coalesce(sum(x.cents) filter (where x.type = 'cash'), 0)::bigint,
  coalesce(sum(x.cents) filter (where x.type = 'check'), 0)::bigint,
  coalesce(sum(x.cents) filter (where x.type = 'money_order'), 0)::bigint,
  array_remove(array_agg(x.reference order by x.line), '')
from payments_slipsession d join payments_tillsession s on s.id = d.session_id
join payments_tender x on x.batch_document_id = s.document_id
join payments_receipt r on (r.series_id, r.no) = (x.series_id, x.no) join payments_series e on e.id = r.series_id
where d.slip_id = %s group by e.code, r.no, r.payer order by e.code, r.no"""


def get_slip(slip_id: int) -> SlipMade:
    """A bank deposit with every receipt in it. :raises Refused: there is no such deposit"""
    slip = Slip.objects.filter(id=slip_id).select_related("confirmed").first()
    if slip is None:
        raise Refused(f"There is no bank deposit {slip_id}.", field="slip_id")
    tills = (
        SlipSession.objects.filter(slip=slip)
        .order_by("session_id")
        .values_list("session__session__till__code", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(_SLIP_RECEIPTS, [slip_id])
        receipts = tuple(
            SlipReceipt(row[0], row[1], row[2], row[3], row[4], tuple(row[5])) for row in cursor.fetchall()
        )
    confirmed = getattr(slip, "confirmed", None)
    return SlipMade(
        slip.id,
        slip.made_on,
        slip.cash_cents,
        slip.check_cents,
        slip.money_order_cents,
        tuple(tills),
        receipts,
        confirmed.confirmed_on if confirmed else None,
    )


def list_slips(*, unconfirmed_only: bool = False) -> tuple[SlipMade, ...]:
    """Bank deposits, newest first."""
    slips = Slip.objects.order_by("-id")
    if unconfirmed_only:
        slips = slips.filter(confirmed__isnull=True)
    return tuple(get_slip(id) for id in slips.values_list("id", flat=True))
