"""The port: what Curbstop asks of a card gateway, in seven calls, and what it may hear.

Every call goes over a network and may end in :class:`GatewaySilent`: then nobody knows whether the gateway did it. The
caller asks again under the same reference, which every gateway takes as the same request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from curbstop.rules.cards import Method, Report


class GatewaySilent(Exception):
    """No answer: a time-out, a broken line, the gateway's own trouble. Whether it did it is unknown."""


class GatewayRefused(Exception):
    """The gateway said no, and did nothing. The message is its own, fit to show."""


class BadSignature(Exception):
    """A message that the gateway did not sign, or signed too long ago to be believed."""


@dataclass(frozen=True, slots=True)
class Collecting:
    """What is to be collected.

    :ivar reference: ours; the gateway keeps it, and takes a second call with it as the same
    :ivar says: what the payer reads ("Moore utilities, account 1000001-7")
    :ivar channel: ``terminal`` starts the reader; anything else makes a page
    :ivar asked_at: when it was asked for, the same in every call
    :ivar until: when the page closes, as near as the gateway can
    :ivar back_url: where the payer's browser goes afterwards
    """

    reference: str
    cents: int
    says: str
    channel: str
    asked_at: datetime
    until: datetime
    back_url: str = ""
    reader: str = ""


class Asked(Protocol):
    """What the office tells of an ask, however it does."""

    @property
    def reference(self) -> str: ...
    @property
    def cents(self) -> int: ...
    @property
    def says(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def asked_at(self) -> datetime: ...
    @property
    def until(self) -> datetime: ...
    @property
    def reader(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Started:
    """The gateway is ready: its own name for it, and the page to pay on (none for a terminal)."""

    gateway_ref: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Refunded:
    """Money sent back to a card."""

    refund_ref: str
    cents: int
    done: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a processor paid out to the bank on a day: gross less fee is what the bank statement shows."""

    settlement_ref: str
    on: date
    gross_cents: int
    fee_cents: int
    payment_refs: tuple[str, ...]

    @property
    def net_cents(self) -> int:
        """What the bank statement shows."""
        return self.gross_cents - self.fee_cents


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the gateway, verified: its own name for it, and its kind. What it tells is :meth:`Gateway.read`."""

    event: str
    kind: str


class Gateway(Protocol):
    """A card gateway."""

    @property
    def name(self) -> str:
        """As asks and batches name it."""

    def start(self, collecting: Collecting) -> Started:
        """Make the page, or start the terminal; again with the same reference is the same.

        :raises GatewaySilent, GatewayRefused:
        """

    def ask(self, collecting: Collecting, gateway_ref: str = "", *, at: datetime) -> Report:
        """What became of it until now. Without ``gateway_ref`` (its answer was lost) it is found by our reference.

        :param at: now; no port reads a clock
        :raises GatewaySilent:
        """

    def void(self, collecting: Collecting, gateway_ref: str = "", *, at: datetime) -> Report:
        """Close it: nothing can be paid on it any more. What had been paid already is reported as paid.

        :raises GatewaySilent, GatewayRefused:
        """

    def refund(self, payment_ref: str, cents: int, *, reference: str) -> Refunded:
        """Send money back to the card; again with the same reference is the same refund.

        :raises GatewaySilent, GatewayRefused:
        """

    def method(self, payment_ref: str) -> Method:
        """What may be kept of the card that paid. :raises GatewaySilent, GatewayRefused:"""

    def settlements(self, on: date) -> tuple[Settlement, ...]:
        """What the processor paid out on a day. :raises GatewaySilent:"""

    def hear(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> Heard:
        """A message that came to our web hook, its signature and age verified, without a call anywhere.

        :raises BadSignature: it is not the gateway's, or older than it may be
        """

    def read(self, body: bytes) -> Report | None:
        """What a verified message tells of something that was asked for; None: nothing. The gateway may be asked more.

        :raises GatewaySilent:
        """
