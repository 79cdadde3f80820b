"""Reads of drawers for screens: the running list of an open one, what was signed, what was reported up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._once import Refused
from curbstop.office.tills.drawers import _received
from curbstop.rules.payments import LINES, TILL_TENDERS
from curbstop.rules.tills import Difference


@dataclass(frozen=True)
class ReceiptLine:
    """A receipt of a drawer, with what was handed over."""

    document_id: int
    number: str
    at: datetime
    payer: str
    cents: int
    how: str
    reversed: bool


@dataclass(frozen=True)
class SessionPage:
    """A session of a drawer. ``differences`` are told only when it was counted: a count is blind."""

    session_id: int
    till: str
    name: str
    cashier_id: int
    cashier: str
    opened_on: date
    opened_at: datetime
    float_cents: int
    count_id: int | None
    counted_by: str
    counted_at: datetime | None
    pieces: tuple[tuple[int, int], ...]
    coin_cents: int
    closed_at: datetime | None
    signed_by: str
    reason: str
    slip_id: int | None
    differences: tuple[Difference, ...]
    receipts: tuple[ReceiptLine, ...]


_SESSION = """
select s.id, t.code, t.name, s.cashier_id, trim(u.first_name || ' ' || u.last_name), s.opened_on, s.opened_at,
  s.float_cents, c.id, coalesce(trim(cu.first_name || ' ' || cu.last_name), ''), c.at, c.denominations::text,
  x.signed_at, coalesce(trim(xu.first_name || ' ' || xu.last_name), ''), coalesce(x.reason, ''), d.slip_id,
  s.document_id, c.cash_cents, c.check_cents, c.money_order_cents
from payments_tillsession s join payments_till t on t.id = s.till_id join base_user u on u.id = s.cashier_id
left join lateral (select * from payments_tillcount q where q.session_id = s.id order by q.id desc limit 1) c on true
left join base_user cu on cu.id = c.by_id left join payments_tillclose x on x.session_id = s.id
left join base_user xu on xu.id = x.signed_by_id left join payments_slipsession d on d.session_id = s.id
where s.id = %s"""

_RECEIPTS = """
select r.document_id, e.code || '-' || lpad(r.no::text, 6, '0'), t.posted_at, r.payer, r.cents,
  string_agg(trim(x.type || ' ' || x.reference), ', ' order by x.line),
  exists (select from payments_reversal v where (v.series_id, v.no) = (r.series_id, r.no))
from payments_receipt r join payments_series e on e.id = r.series_id join ledger_transaction t on t.id = r.txn_id
join payments_tender x on (x.series_id, x.no) = (r.series_id, r.no)
where x.batch_document_id = %s group by r.series_id, r.no, e.code, t.posted_at order by r.no desc"""


def get_session(session_id: int) -> SessionPage:
    """A session of a drawer with its receipts, the newest first. :raises Refused: there is none"""
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, [session_id])
        row = cursor.fetchone()
        if row is None:
            raise Refused(f"There is no drawer session {session_id}.", field="session_id")
        document_id, counted = row[16], row[17:]
        cursor.execute(_RECEIPTS, [document_id])
        receipts = tuple(ReceiptLine(*one) for one in cursor.fetchall())
    kept: dict[str, Any] = json.loads(row[11]) if row[11] else {"pieces": {}, "coin_cents": 0}
    pieces = tuple(sorted(((int(p), n) for p, n in kept["pieces"].items()), reverse=True))
    differences = _differences(document_id, row[7], counted, row[12] is not None) if row[8] is not None else ()
    values = [*row[:11], pieces, kept["coin_cents"], *row[12:16], differences, receipts]
    return SessionPage(*values)


def _differences(document_id: int, float_cents: int, counted: tuple[int, ...], closed: bool) -> tuple[Difference, ...]:
    """What was counted against what came in; a drawer that was signed or emptied since is read from its receipts."""
    if not closed:
        came = _received(document_id)
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                "select p.line_no, sum(p.debit_cents - p.credit_cents)::bigint from ledger_posting p"
                " join ledger_transaction t on t.id = p.txn_id where p.document_id = %s and p.sub = 1"
                " and t.act not in ('over_short', 'bank_deposit', 'change_fund') group by p.line_no",
                [document_id],
            )
            types = {line: type for type, line in LINES.items()}
            came = {types[line]: cents for line, cents in cursor.fetchall()}
    return tuple(
        Difference(type, LINES[type], came.get(type, 0) + (float_cents if type == "cash" else 0), cents)
        for type, cents in zip(TILL_TENDERS, counted, strict=True)
    )


@dataclass(frozen=True)
class SignedRow:
    """A drawer that was signed: over and short side by side, never their difference."""

    session_id: int
    till: str
    cashier: str
    signed_by: str
    opened_on: date
    over_cents: int
    short_cents: int
    reason: str
    slip_id: int | None


def list_signed(*, from_on: date, until_on: date) -> tuple[SignedRow, ...]:
    """Drawers signed of the days [from_on, until_on), newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, t.code, trim(u.first_name || ' ' || u.last_name), trim(g.first_name || ' ' || g.last_name),"
            " s.opened_on, x.over_cents, x.short_cents, x.reason, d.slip_id from payments_tillclose x"
            " join payments_tillsession s on s.id = x.session_id join payments_till t on t.id = s.till_id"
            " join base_user u on u.id = s.cashier_id join base_user g on g.id = x.signed_by_id"
            " left join payments_slipsession d on d.session_id = s.id"
            " where s.opened_on >= %s and s.opened_on < %s order by s.opened_on desc, s.id desc",
            [from_on, until_on],
        )
        return tuple(SignedRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class ReportRow:
    """A difference that the policy sent up. ``words`` empty: nobody looked at it yet."""

    session_id: int
    till: str
    cashier: str
    opened_on: date
    over_cents: int
    short_cents: int
    limit_cents: int
    reason: str
    words: str


def list_reports(*, unseen_only: bool = False) -> tuple[ReportRow, ...]:
    """Differences reported up, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, t.code, trim(u.first_name || ' ' || u.last_name), s.opened_on, r.over_cents, r.short_cents,"
            " r.limit_cents, x.reason, coalesce(n.words, '') from payments_tillreport r"
            " join payments_tillsession s on s.id = r.session_id join payments_till t on t.id = s.till_id"
            " join base_user u on u.id = s.cashier_id join payments_tillclose x on x.session_id = s.id"
            " left join payments_tillreportseen n on n.report_id = r.session_id"
            " where not %s or n.report_id is null order by s.id desc",
            [unseen_only],
        )
        return tuple(ReportRow(*row) for row in cursor.fetchall())
