"""Refunds as screens and lists show them: waiting, sent, cut, cashed, stopped, noticed, unclaimed; and their clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import connection

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.rules.policies import NotSet
from curbstop.rules.unclaimed import Step, next_step, read_statute

STATES = {
    "waiting": "Approved, to be sent to accounts payable",
    "sent": "Sent to accounts payable, no check yet",
    "cut": "Check cut, not cashed",
    "noticed": "Not cashed in a year, notice mailed",
    "cashed": "Cashed",
    "unclaimed": "Cancelled, unclaimed",
}
OLD_DAYS = 30
"""A refund on its way for longer stands on the list of old ones, whatever it is a refund of."""


def reference_of(refund_id: int) -> str:
    """The reference that accounts payable gives back with the check: ``R-1042``."""
    return f"R-{refund_id}"


def refund_of(reference: str) -> int:
    """The refund that a reference names, 0 for none."""
    number = reference.strip().upper().removeprefix("R-")
    return int(number) if number.isascii() and number.isdigit() else 0


@dataclass(frozen=True)
class RefundRow:
    """A refund and where it stands. ``sent_id`` is the last time it was sent (0: never), ``due_on`` the law's last day.

    ``step`` is where the clock of an uncashed deposit check stands; None where no clock runs.
    """

    id: int
    account_id: int
    number: str
    payee: str
    mail_to: tuple[str, ...]
    cents: int
    source: str
    approved_on: date
    asked_by: str
    approved_by: str
    asked_by_id: int
    approved_by_id: int
    request_id: int
    ended_on: date | None
    due_on: date | None
    sent_id: int
    file_id: str
    batch_id: int
    line: int
    sent_txn_id: int
    sent_on: date | None
    check: str
    dated_on: date | None
    outcome: str
    outcome_on: date | None
    reason: str
    noticed_on: date | None
    ends_on: date | None
    state: str
    step: Step | None = None

    @property
    def reference(self) -> str:
        """As accounts payable knows it."""
        return reference_of(self.id)

    @property
    def says(self) -> str:
        """Its state in words."""
        return STATES[self.state]

    def is_late(self, on: date) -> bool:
        """Whether the law's day for the check has passed and none was cut."""
        return self.due_on is not None and self.due_on < on and self.state in ("waiting", "sent")

    def is_old(self, on: date) -> bool:
        """Whether it is on its way for more than thirty days."""
        return self.state in ("waiting", "sent", "cut") and self.approved_on + timedelta(days=OLD_DAYS) < on


_REFUNDS = """
select r.id, r.account_id, a.number, r.payee, r.mail_to, r.cents, r.source, r.approved_on,
  coalesce(nullif(trim(q.first_name || ' ' || q.last_name), ''), q.username),
  coalesce(nullif(trim(v.first_name || ' ' || v.last_name), ''), v.username), q.id, v.id,
  r.request_id, r.ended_on, r.due_on, coalesce(s.id, 0), coalesce(f.file_id, ''), coalesce(f.id, 0),
  coalesce(s.line, 0), coalesce(s.txn_id, 0), f.made_on, coalesce(c.number, ''), c.dated_on, coalesce(o.outcome, ''),
  o."on", coalesce(o.reason, ''), n.mailed_on, n.ends_on,
  case when s.id is null or o.outcome = 'stopped' then 'waiting' when o.outcome is not null then o.outcome
    when n.sent_id is not null then 'noticed' when c.sent_id is not null then 'cut' else 'sent' end state
from payments_refund r join customers_account a on a.id = r.account_id
join ledger_request k on k.id = r.request_id join base_user q on q.id = k.asked_by_id
join ledger_verdict d on d.request_id = r.request_id join base_user v on v.id = d.by_id
left join lateral (select * from payments_refundsent x where x.refund_id = r.id order by x.id desc limit 1) s on true
left join payments_payablesfile f on f.id = s.file_id left join payments_refundcheck c on c.sent_id = s.id
left join payments_refundoutcome o on o.sent_id = s.id left join payments_refundnotice n on n.sent_id = s.id"""


def list_refunds(
    *, on: date, account_id: int | None = None, states: Iterable[str] = (), ids: Iterable[int] | None = None
) -> tuple[RefundRow, ...]:
    """Refunds and where each stands, the oldest first: of an account, in some states, or these."""
    where, values = ["true"], {}
    if account_id is not None:
        where.append("r.account_id = %(account)s")
    if ids is not None:
        where.append("r.id = any(%(ids)s)")
    values = {"account": account_id, "ids": sorted(ids) if ids is not None else [], "states": list(states)}
    asked = f"{_REFUNDS} where {' and '.join(where)}"
    if values["states"]:
        asked = f"select * from ({asked}) one where state = any(%(states)s)"
    with connection.cursor() as cursor:
        cursor.execute(f"{asked} order by 1", values)
        rows = [list(row) for row in cursor.fetchall()]
    for row in rows:
        row[4] = tuple(row[4])
    return tuple(_with_clock(RefundRow(*row), on) for row in rows)


def _with_clock(row: RefundRow, on: date) -> RefundRow:
    """The clock of 11 O.S. 35-107 runs on the check of a deposit that was cut and not cashed."""
    if row.source != "deposit" or row.state not in ("cut", "noticed") or row.dated_on is None:
        return row
    try:
        statute = read_statute(policies.load("deposit.unclaimed"), on=on)
    except NotSet:
        return row
    step = next_step(cents=row.cents, dated_on=row.dated_on, noticed_on=row.noticed_on, statute=statute, on=on)
    return replace(row, step=step)


def get_refund(refund_id: int, *, on: date) -> RefundRow:
    """A refund and where it stands. :raises Refused: there is none"""
    found = list_refunds(on=on, ids=[refund_id])
    if not found:
        raise Refused(f"There is no refund {reference_of(refund_id)}.", field="refund_id")
    return found[0]


@dataclass(frozen=True)
class PayablesFileRow:
    """A file sent to accounts payable. ``open_cents`` is what of it is neither cashed, stopped nor unclaimed."""

    id: int
    file_id: str
    made_on: date
    rows: int
    cents: int
    sha256: str
    by: str
    open_cents: int


_FILES = """
select f.id, f.file_id, f.made_on, f.rows, f.cents, encode(f.sha256, 'hex'),
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
  coalesce((select sum(p.credit_cents - p.debit_cents) from ledger_posting p where p.document_id = f.id and p.sub = 1),
    0)::bigint
from payments_payablesfile f join base_user u on u.id = f.by_id order by f.id desc limit %s"""


def list_files(*, limit: int = 50) -> tuple[PayablesFileRow, ...]:
    """The latest files to accounts payable, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_FILES, [limit])
        return tuple(PayablesFileRow(*row) for row in cursor.fetchall())


def get_file(file_id: str) -> bytes:
    """The bytes of a file as it was sent. :raises Refused: there is none"""
    with connection.cursor() as cursor:
        cursor.execute("select body from payments_payablesfile where file_id = %s", [file_id])
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no file {file_id}.", field="file_id")
    return bytes(row[0])
