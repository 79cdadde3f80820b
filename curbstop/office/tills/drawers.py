"""Drawers: installed, opened with a float, counted blind, signed by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.records.payments.banking import TillReport
from curbstop.records.payments.models import (
    Series,
    Till,
    TillClose,
    TillCount,
    TillSession,
)
from curbstop.rules.ledger import Leg, fund_of
from curbstop.rules.ledger import over as over_legs
from curbstop.rules.ledger import short as short_legs
from curbstop.rules.money import show
from curbstop.rules.payments import LINES
from curbstop.rules.policies import NotSet
from curbstop.rules.tills import Counted, Difference, Piece, check_counted, compare, over_and_short


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
    """A drawer signed by a second person. ``cash_cents`` and the others are what goes to the bank, float taken off.

    ``reported_cents``: the limit of the policy ``till.report_up`` that it reached, 0 where it did not or none is set.
    """

    session_id: int
    till: str
    over_cents: int
    short_cents: int
    txn_id: int | None
    cash_cents: int
    check_cents: int
    money_order_cents: int
    reported_cents: int = 0


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
    _check_safe(float_cents)
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


CHANGE_FUND = "tills.change_fund"
"""What whoever moves floats or the fund takes a turn at, after the drawer."""


def get_change_fund() -> tuple[int, int]:
    """The change fund of the office, and what of it is in drawers as floats; the rest is in the safe.

    A float goes back to the safe when its drawer is signed. 0 and 0 where no change fund was set up.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            # no other act moves it (rules/ledger/recipes.py), so the rest of the ledger need not be read
            "select coalesce((select sum(p.debit_cents - p.credit_cents) from ledger_transaction t"
            " join ledger_posting p on p.txn_id = t.id join ledger_gl g on g.id = p.gl_id"
            " where t.act = 'change_fund' and g.fund = 10 and g.object = 1015), 0)::bigint,"
            " coalesce((select sum(s.float_cents) from payments_tillsession s where not exists"
            " (select from payments_tillclose x where x.session_id = s.id)), 0)::bigint"
        )
        fund, out = cursor.fetchone()
    return fund, out


def _check_safe(float_cents: int) -> None:
    """A float comes from the safe, where there is a change fund. :raises Refused: there is not so much in it"""
    take_turn(CHANGE_FUND)  # two drawers opened at once do not have the same money
    fund, out = get_change_fund()
    if fund and float_cents > fund - out:
        says = f"The safe holds {show(fund - out)} of the change fund, not {show(float_cents)}"
        raise Refused(f"{says}. Count the drawer again, or ask finance to raise the fund.", field="float_cents")


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
    return _sign(event, by, at, till, session, last, differences, reason.strip())


def _sign(
    event: Acting,
    by: Actor,
    at: datetime,
    till: str,
    session: _Session,
    last: TillCount,
    differences: Sequence[Difference],
    reason: str,
) -> SessionClosed:
    """Post what is over and short, write the close, and report up what the policy wants reported."""
    over, short = over_and_short(differences)
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
        reason=reason,
        event_id=event.id,
    )
    limit = _report_up(event, session, over, short)
    told = f", reported to the finance director ({show(limit)} or more)" if limit else ""
    says = f"Till {till} signed by {by.name}: over {show(over)}, short {show(short)}{told}."
    event.about(f"till:{session.till_id}", says=says)
    cash = last.cash_cents - session.float_cents
    return SessionClosed(session.id, till, over, short, txn_id, cash, last.check_cents, last.money_order_cents, limit)


def _report_up(event: Acting, session: _Session, over: int, short: int) -> int:
    """Report a difference that reaches the policy's limit; returns that limit, 0 where nothing is reported."""
    try:
        limit = policies.load("till.report_up").cents("till.report_up", on=session.opened_on)
    except NotSet:
        return 0  # the screen says so; every difference has its reason and its second person all the same
    if limit <= 0 or max(over, short) < limit:
        return 0
    TillReport.objects.create(
        session_id=session.id, over_cents=over, short_cents=short, limit_cents=limit, event_id=event.id
    )
    return limit


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


@dataclass(frozen=True)
class _Session:
    id: int
    till_id: int
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
            "select s.id, s.till_id, s.document_id, s.opened_on, s.cashier_id, trim(u.first_name || ' ' ||"
            " u.last_name), s.float_cents, exists (select from payments_tillcount c where c.session_id = s.id)"
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
