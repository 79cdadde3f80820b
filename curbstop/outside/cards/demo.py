"""The gateway of example towns: a page of ours that takes no card number, and a memory of its own.

It behaves as real ones do: it keeps what was started under our reference, pays once, signs its messages
(``t=unix,v1=hmac-sha256`` over ``t.body``, five minutes), and remembers in a file apart from the books, so that it can
say "paid" of something whose answer never arrived. The hosted page is served by the desk under ``/demo-gateway/``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from curbstop.outside.cards.port import (
    BadSignature,
    Collecting,
    GatewayRefused,
    Heard,
    Refunded,
    Settlement,
    Started,
)
from curbstop.rules.cards import Method, Report

TOLERANCE = timedelta(minutes=5)
FEE_PERMILLE, FEE_CENTS = 29, 30
"""What the demonstration processor keeps of a payment: 2.9 percent, half up, and 30 cents."""

_TABLES = """
create table if not exists page (reference text primary key, token text unique not null, cents integer not null,
  says text not null, channel text not null, until text not null, back_url text not null, state text not null,
  payment text unique, paid_at text, last_four text, reason text not null default '');
create table if not exists refund (reference text primary key, payment text not null, cents integer not null);
create table if not exists message (id text primary key, body text not null, delivered text);
create table if not exists secret (only_one integer primary key check (only_one = 1), value text not null);
"""


@dataclass(frozen=True)
class DemoPage:
    """A hosted page as its payer sees it. ``state`` is ``open paid failed closed``."""

    reference: str
    token: str
    cents: int
    says: str
    channel: str
    until: datetime
    back_url: str
    state: str


class DemoGateway:
    """A gateway that pays with no money."""

    name = "demo"

    def __init__(self, path: Path, *, public_url: str) -> None:
        self._path = path
        self._public_url = public_url

    @contextmanager
    def _memory(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        memory = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        memory.row_factory = sqlite3.Row
        try:
            memory.executescript(_TABLES)
            memory.execute("begin immediate")
            yield memory
            memory.execute("commit")
        finally:
            memory.close()

    # --- the seven calls ----------------------------------------------------------------------------------------------

    def start(self, collecting: Collecting) -> Started:
        """Make the page; a terminal is a page too, for want of one."""
        if collecting.cents <= 0:
            raise GatewayRefused("The amount must be above zero.")
        with self._memory() as memory:
            memory.execute(
                "insert or ignore into page (reference, token, cents, says, channel, until, back_url, state)"
                " values (?, ?, ?, ?, ?, ?, ?, 'open')",
                (
                    collecting.reference,
                    _letters(30),
                    collecting.cents,
                    collecting.says,
                    collecting.channel,
                    collecting.until.isoformat(),
                    collecting.back_url,
                ),
            )
            row = memory.execute("select * from page where reference = ?", (collecting.reference,)).fetchone()
        if row["cents"] != collecting.cents:
            raise GatewayRefused("This reference was used for another amount.")
        return Started(f"demo_{row['token'][:8]}", f"{self._public_url}/demo-gateway/{row['token']}/")

    def ask(self, collecting: Collecting, gateway_ref: str = "", *, at: datetime) -> Report:
        """What became of it; a reference that never arrived here failed."""
        with self._memory() as memory:
            row = memory.execute("select * from page where reference = ?", (collecting.reference,)).fetchone()
        if row is None:
            return Report("failed", collecting.reference, reason="the gateway never heard of it; nothing was charged")
        return _report(row, at)

    def void(self, collecting: Collecting, gateway_ref: str = "", *, at: datetime) -> Report:
        """Close the page, unless it is paid; one that never arrived can never be paid any more."""
        with self._memory() as memory:
            memory.execute(
                "insert or ignore into page (reference, token, cents, says, channel, until, back_url, state)"
                " values (?, ?, ?, '', '', ?, '', 'closed')",
                (collecting.reference, _letters(30), collecting.cents, collecting.until.isoformat()),
            )
            memory.execute(
                "update page set state = 'closed', reason = 'closed by the office' where reference = ?"
                " and state = 'open'",
                (collecting.reference,),
            )
            row = memory.execute("select * from page where reference = ?", (collecting.reference,)).fetchone()
        return _report(row, at)

    def refund(self, payment_ref: str, cents: int, *, reference: str) -> Refunded:
        """Send money back, never more than came."""
        with self._memory() as memory:
            row = memory.execute("select cents from page where payment = ?", (payment_ref,)).fetchone()
            if row is None:
                raise GatewayRefused(f"There is no payment {payment_ref}.")
            before = memory.execute("select cents from refund where reference = ?", (reference,)).fetchone()
            if before is None:
                gone = memory.execute(
                    "select coalesce(sum(cents), 0) from refund where payment = ?", (payment_ref,)
                ).fetchone()[0]
                if gone + cents > row["cents"]:
                    raise GatewayRefused("More than is left of the payment cannot be refunded.")
                memory.execute("insert into refund values (?, ?, ?)", (reference, payment_ref, cents))
        return Refunded(f"demo_re_{reference[-12:]}", before["cents"] if before else cents, done=True)

    def method(self, payment_ref: str) -> Method:
        """The card that paid."""
        with self._memory() as memory:
            row = memory.execute("select * from page where payment = ?", (payment_ref,)).fetchone()
        if row is None:
            raise GatewayRefused(f"There is no payment {payment_ref}.")
        return _method(row)

    def settlements(self, on: date) -> tuple[Settlement, ...]:
        """What was paid the day before is paid out today, by UTC, less the fee."""
        with self._memory() as memory:
            rows = memory.execute(
                "select payment, cents from page where state = 'paid' and substr(paid_at, 1, 10) = ? order by payment",
                ((on - timedelta(days=1)).isoformat(),),
            ).fetchall()
        if not rows:
            return ()
        fee = sum((row["cents"] * FEE_PERMILLE + 500) // 1000 + FEE_CENTS for row in rows)
        payments = tuple(row["payment"] for row in rows)
        return (Settlement(f"demo_po_{on:%Y%m%d}", on, sum(row["cents"] for row in rows), fee, payments),)

    def hear(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> Heard:
        """Verify a message that came to the web hook."""
        parts = dict(part.partition("=")[::2] for part in headers.get("Demo-Signature", "").split(","))
        signed = parts.get("t", "")
        if not signed.isdigit() or not hmac.compare_digest(self._sign(signed, body), parts.get("v1", "")):
            raise BadSignature("The message is not signed by the demonstration gateway.")
        if abs(at - datetime.fromtimestamp(int(signed), UTC)) > TOLERANCE:
            raise BadSignature("The message was signed more than five minutes ago; it is not taken.")
        told = json.loads(body)
        return Heard(told["id"], told["kind"])

    def read(self, body: bytes) -> Report | None:
        """What a message tells; all of it stands in the message."""
        told = json.loads(body)
        return _report(told["page"], datetime.fromisoformat(told["at"]))

    # --- what its payers do on the page -------------------------------------------------------------------------------

    def get_page(self, token: str) -> DemoPage | None:
        """The page of a token; None: there is none."""
        with self._memory() as memory:
            row = memory.execute("select * from page where token = ?", (token,)).fetchone()
        if row is None:
            return None
        until = datetime.fromisoformat(row["until"])
        return DemoPage(
            reference=row["reference"],
            token=row["token"],
            cents=row["cents"],
            says=row["says"],
            channel=row["channel"],
            until=until,
            back_url=row["back_url"],
            state=row["state"],
        )

    def pay(self, token: str, *, last_four: str, at: datetime) -> str:
        """Pay on the page with a card of no money; returns the state. A page that is paid or closed stays so."""
        return self._finish(token, "paid", last_four, at, "")

    def decline(self, token: str, *, at: datetime) -> str:
        """The card is declined. At a terminal that ends it; on a page another card may be tried."""
        page = self.get_page(token)
        final = page is not None and page.channel == "terminal"
        return self._finish(token, "failed" if final else "open", "", at, "the card was declined")

    def _finish(self, token: str, state: str, last_four: str, at: datetime, reason: str) -> str:
        with self._memory() as memory:
            row = memory.execute("select * from page where token = ?", (token,)).fetchone()
            if row is None or row["state"] != "open":
                return row["state"] if row is not None else "closed"
            if at >= datetime.fromisoformat(row["until"]):
                memory.execute("update page set state = 'closed', reason = 'its time was up' where token = ?", (token,))
                return "closed"
            payment = f"demo_pay_{_letters(16)}" if state == "paid" else None
            memory.execute(
                "update page set state = ?, payment = ?, paid_at = ?, last_four = ?, reason = ? where token = ?",
                (state, payment, at.isoformat() if payment else None, last_four, reason, token),
            )
            row = memory.execute("select * from page where token = ?", (token,)).fetchone()
            kind = {"paid": "payment.paid", "failed": "payment.failed", "open": "payment.declined"}[state]
            told = {"id": f"demo_evt_{_letters(16)}", "kind": kind, "at": at.isoformat(), "page": dict(row)}
            memory.execute("insert into message (id, body) values (?, ?)", (told["id"], json.dumps(told)))
        return state

    # --- how its messages reach us ------------------------------------------------------------------------------------

    def messages(self) -> list[tuple[str, bytes]]:
        """Messages that were not delivered yet, in order."""
        with self._memory() as memory:
            rows = memory.execute("select id, body from message where delivered is null order by rowid").fetchall()
        return [(row["id"], row["body"].encode()) for row in rows]

    def signed(self, body: bytes, *, at: datetime) -> dict[str, str]:
        """The header that a message is delivered with."""
        stamp = str(int(at.timestamp()))
        return {"Demo-Signature": f"t={stamp},v1={self._sign(stamp, body)}"}

    def delivered(self, id: str, *, at: datetime) -> None:
        """A message reached us."""
        with self._memory() as memory:
            memory.execute("update message set delivered = ? where id = ?", (at.isoformat(), id))

    def _sign(self, stamp: str, body: bytes) -> str:
        with self._memory() as memory:
            memory.execute("insert or ignore into secret values (1, ?)", (secrets.token_hex(32),))
            key = memory.execute("select value from secret").fetchone()["value"]
        return hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _report(row: Any, at: datetime) -> Report:
    """A page as a report: closed or out of time is expired."""
    reference, gateway_ref = row["reference"], f"demo_{row['token'][:8]}"
    if row["state"] == "paid":
        paid_at = datetime.fromisoformat(row["paid_at"])
        return Report("paid", reference, gateway_ref, row["payment"], row["cents"], paid_at, _method(row))
    if row["state"] == "failed":
        return Report("failed", reference, gateway_ref, reason=row["reason"])
    if row["state"] == "closed" or at >= datetime.fromisoformat(row["until"]):
        return Report("expired", reference, gateway_ref, reason=row["reason"] or "its time was up")
    return Report("open", reference, gateway_ref, reason=row["reason"])


def _method(row: Any) -> Method:
    return Method(token=f"demo_pm_{row['payment'][-8:]}", brand="visa", last_four=row["last_four"], expires="2030-12")


def _letters(count: int) -> str:
    """A name that nobody guesses, without digits: sixteen of them might look like a card's number."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(count))
