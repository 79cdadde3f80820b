"""What was asked for, as screens show it: open, unknown, paid with its receipt, or over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from curbstop.office._once import Refused
from curbstop.office.payments.taking import receipt_number


@dataclass(frozen=True)
class AskRead:
    """An ask as it stands.

    :ivar state: ``unknown`` (the gateway never answered), ``open`` (it can be paid), ``paid``, ``failed``, ``expired``,
        ``cancelled``
    :ivar receipt_id: the document id of the receipt, once it is paid
    :ivar message: what came of the text or e-mail with the link: ``waits sent failed given_up``, or empty
    """

    id: int
    account_id: int
    number: str
    cents: int
    channel: str
    gateway: str
    reference: str
    gateway_ref: str
    url: str
    send_by: str
    send_to: str
    asked_at: datetime
    asked_by: str
    until: datetime
    state: str
    over_at: datetime | None
    reason: str
    receipt_id: int | None
    receipt: str
    paid_cents: int
    brand: str
    last_four: str
    message: str
    message_at: datetime | None
    message_words: str

    @property
    def is_open(self) -> bool:
        """Whether money may still come: nobody charges again."""
        return self.state in ("open", "unknown")


_ASK = """
select a.id, a.account_id, n.number, a.cents, a.channel, a.gateway, a.reference, coalesce(s.gateway_ref, ''),
  coalesce(s.url, ''), a.send_by, a.send_to, a.asked_at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), a.until,
  case when p.id is not null then 'paid' when e.ask_id is not null then e.outcome when s.ask_id is null then 'unknown'
    else 'open' end,
  coalesce(t.posted_at, e.at), coalesce(e.reason, ''), r.document_id, x.code, r.no, coalesce(p.cents, 0)::bigint,
  coalesce(p.brand, ''), coalesce(p.last_four, ''),
  case when m.id is null then '' else coalesce(d.outcome, 'waits') end, d.at, coalesce(d.words, '')
from payments_ask a join customers_account n on n.id = a.account_id join base_user u on u.id = a.asked_by_id
left join payments_askstarted s on s.ask_id = a.id left join payments_askended e on e.ask_id = a.id
left join payments_cardpayment p on p.ask_id = a.id
left join payments_receipt r on (r.series_id, r.no) = (p.series_id, p.no)
left join payments_series x on x.id = r.series_id left join ledger_transaction t on t.id = r.txn_id
left join lateral (select o.id from base_outbox o where o.event_id = s.event_id order by o.id limit 1) m on true
left join lateral (select y.outcome, y.at, y.words from base_outboxdone y where y.message_id = m.id
  order by y.id desc limit 1) d on true
where {which} order by a.id desc limit %(limit)s"""


def _read(*row: Any) -> AskRead:
    values = list(row)
    series, no = values.pop(18), values.pop(18)
    values.insert(18, receipt_number(series, no) if series else "")
    return AskRead(*values)


def get_ask(ask_id: int) -> AskRead:
    """An ask as it stands now. :raises Refused: there is none"""
    with connection.cursor() as cursor:
        cursor.execute(_ASK.format(which="a.id = %(id)s"), {"id": ask_id, "limit": 1})
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no ask {ask_id}. The account's page lists what was asked for.", field="ask_id")
    return _read(*row)


def list_asks(account_id: int, *, limit: int = 5) -> tuple[AskRead, ...]:
    """What was asked for on an account, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK.format(which="a.account_id = %(id)s"), {"id": account_id, "limit": limit})
        return tuple(_read(*row) for row in cursor.fetchall())


_LAST_BILL = """
select b.total_cents from bills_bill b join customers_account a on a.id = b.account_id
where a.number = %s order by b.id desc limit 1"""


def knows_last_bill(number: str, cents: int) -> bool:
    """Whether an account of this number had a last bill of this amount: by that a telephone robot knows its caller."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_BILL, [number])
        row = cursor.fetchone()
    return row is not None and row[0] == cents
