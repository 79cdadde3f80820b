"""Stripe: a hosted Checkout page, a payment link where the page must live longer than a day, a terminal reader.

Every request that makes something carries an idempotency key made of our reference, so that one whose answer was lost
is asked again and is the same. What is kept of a card is what Stripe tells of it; its number never comes this way.
Tested against localstripe and a loopback server that speaks Stripe's documented JSON (tests/outside).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import stripe

from curbstop.outside.cards.port import (
    BadSignature,
    Collecting,
    GatewayRefused,
    GatewaySilent,
    Heard,
    Refunded,
    Settlement,
    Started,
)
from curbstop.rules.cards import Method, Report

T = TypeVar("T")

TIMEOUT_SECONDS = 12
"""A clerk with a caller on the line waits no longer; what comes later is asked for."""
TOLERANCE = timedelta(minutes=5)
LONGEST_PAGE = timedelta(hours=23, minutes=50)
"""Stripe closes a Checkout page after a day at the latest; a payment link lives until it is closed."""
SHORTEST_PAGE = timedelta(minutes=31)

_SILENT = (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError)


class StripeGateway:
    """Stripe, by its own library. ``address`` is for a test server; empty is Stripe itself."""

    name = "stripe"

    def __init__(self, *, key: str, webhook_secret: str, address: str = "", timeout: int = TIMEOUT_SECONDS) -> None:
        self._secret = webhook_secret
        client = stripe.StripeClient(
            key,
            http_client=stripe.RequestsClient(timeout=timeout),
            max_network_retries=0,  # a repeated call is ours to decide; the reference makes it the same one
            base_addresses={"api": address} if address else None,
        )
        self._api = client.v1

    # --- the seven calls ----------------------------------------------------------------------------------------------

    def start(self, collecting: Collecting) -> Started:
        """A Checkout page, a payment link when it must live longer, or the reader for a terminal."""
        if collecting.channel == "terminal":
            intent = self._terminal_intent(collecting)
            _call(
                lambda: self._api.terminal.readers.process_payment_intent(
                    collecting.reader,
                    {"payment_intent": intent["id"]},
                    {"idempotency_key": f"{collecting.reference}:process"},
                )
            )
            return Started(intent["id"])
        if _is_long(collecting):
            link = self._link(collecting)
            return Started(link["id"], link["url"])
        page = self._page(collecting)
        return Started(page["id"], page.get("url") or "")

    def ask(self, collecting: Collecting, gateway_ref: str = "", *, at: datetime) -> Report:
        """What became of it; without ``gateway_ref`` by making it again, which gives what there is."""
        if collecting.channel == "terminal":
            ref = gateway_ref or self._terminal_intent(collecting)["id"]
            return _intent_report(self._intent(ref), collecting.reference)
        if gateway_ref.startswith("plink_") or (not gateway_ref and _is_long(collecting)):
            return self._ask_link(gateway_ref or self._link(collecting)["id"], collecting.reference)
        ref = gateway_ref or self._page(collecting)["id"]
        page = _call(lambda: self._api.checkout.sessions.retrieve(ref, {"expand": _CHARGE_OF_PAGE}))
        return _page_report(page, collecting.reference)

    def void(self, collecting: Collecting, gateway_ref: str = "", *, at: datetime) -> Report:
        """Close the page, the link or the reader; what was paid already is reported as paid."""
        found = self.ask(collecting, gateway_ref, at=at)
        if found.state in ("paid", "expired"):
            return found
        ref = gateway_ref or found.gateway_ref
        try:
            if collecting.channel == "terminal":
                self._stop_reader(collecting.reader)
                _call(lambda: self._api.payment_intents.cancel(ref))
            elif ref.startswith("plink_"):
                _call(lambda: self._api.payment_links.update(ref, {"active": False}))
            else:
                _call(lambda: self._api.checkout.sessions.expire(ref))
        except GatewayRefused:
            pass  # paid or closed in between: the answer below says which
        again = self.ask(collecting, ref, at=at)
        if again.state == "open" and ref.startswith("plink_"):
            return Report("expired", collecting.reference, ref, reason="the link was closed")
        return again

    def refund(self, payment_ref: str, cents: int, *, reference: str) -> Refunded:
        """Send money back to the card."""
        made = _call(
            lambda: self._api.refunds.create(
                {"payment_intent": payment_ref, "amount": cents, "metadata": {"reference": reference}},
                {"idempotency_key": f"{reference}:refund"},
            )
        )
        return Refunded(made["id"], made["amount"], made["status"] == "succeeded")

    def method(self, payment_ref: str) -> Method:
        """What may be kept of the card that paid."""
        return _method(self._intent(payment_ref).get("latest_charge"))

    def settlements(self, on: date) -> tuple[Settlement, ...]:
        """Payouts that reach the bank on a day, with what they are made of."""
        first = datetime(on.year, on.month, on.day, tzinfo=UTC)
        day: Any = {"gte": int(first.timestamp()), "lt": int((first + timedelta(days=1)).timestamp())}
        payouts = _call(lambda: self._api.payouts.list({"arrival_date": day, "limit": 100}))
        return tuple(self._settlement(payout, on) for payout in payouts["data"])

    def hear(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> Heard:
        """Verify ``Stripe-Signature`` over the bytes as they came, and its age by our clock."""
        header = headers.get("Stripe-Signature", "")
        try:
            stripe.WebhookSignature.verify_header(body, header, self._secret, None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise BadSignature("The message is not signed by Stripe with this office's secret.") from error
        stamps = [part[2:] for part in header.split(",") if part.startswith("t=")]
        signed = datetime.fromtimestamp(int(stamps[0]), UTC)
        if abs(at - signed) > TOLERANCE:
            raise BadSignature("The message was signed more than five minutes ago; it is not taken.")
        told = json.loads(body)
        return Heard(told["id"], told["type"])

    def read(self, body: bytes) -> Report | None:
        """What a message tells. A payment is asked of Stripe again, whole: the message has not all of it."""
        told = json.loads(body)
        thing, kind = told["data"]["object"], told["type"]
        if kind.startswith("checkout.session."):
            return self._report_of_page(thing, kind)
        return self._report_of_intent(thing, kind) if kind.startswith("payment_intent.") else None

    # --- how it is said in Stripe's words -----------------------------------------------------------------------------

    def _page(self, collecting: Collecting) -> dict[str, Any]:
        params: Any = {
            "mode": "payment",
            "client_reference_id": collecting.reference,
            "line_items": _line_items(collecting),
            "metadata": {"reference": collecting.reference},
            "payment_intent_data": {
                "metadata": {"reference": collecting.reference},
                "description": collecting.says,
            },
            "expires_at": int(max(collecting.until, collecting.asked_at + SHORTEST_PAGE).timestamp()),
            "success_url": collecting.back_url,
            "cancel_url": collecting.back_url,
        }
        options: Any = {"idempotency_key": f"{collecting.reference}:page"}
        return _call(lambda: self._api.checkout.sessions.create(params, options))

    def _link(self, collecting: Collecting) -> dict[str, Any]:
        params: Any = {
            "line_items": _line_items(collecting),
            "metadata": {"reference": collecting.reference},
            "payment_intent_data": {
                "metadata": {"reference": collecting.reference},
                "description": collecting.says,
            },
            "restrictions": {"completed_sessions": {"limit": 1}},
            "after_completion": {"type": "redirect", "redirect": {"url": collecting.back_url}},
        }
        options: Any = {"idempotency_key": f"{collecting.reference}:link"}
        return _call(lambda: self._api.payment_links.create(params, options))

    def _ask_link(self, ref: str, reference: str) -> Report:
        pages = _call(
            lambda: self._api.checkout.sessions.list(
                {"payment_link": ref, "expand": [f"data.{path}" for path in _CHARGE_OF_PAGE], "limit": 10}
            )
        )
        found = [_page_report(page, reference, gateway_ref=ref) for page in pages["data"]]
        paid = [report for report in found if report.state == "paid"]
        return paid[0] if paid else Report("open", reference, ref)

    def _terminal_intent(self, collecting: Collecting) -> dict[str, Any]:
        params: Any = {
            "amount": collecting.cents,
            "currency": "usd",
            "payment_method_types": ["card_present"],
            "description": collecting.says,
            "metadata": {"reference": collecting.reference},
        }
        options: Any = {"idempotency_key": f"{collecting.reference}:intent"}
        return _call(lambda: self._api.payment_intents.create(params, options))

    def _intent(self, ref: str) -> dict[str, Any]:
        return _call(lambda: self._api.payment_intents.retrieve(ref, {"expand": ["latest_charge"]}))

    def _stop_reader(self, reader: str) -> None:
        try:
            _call(lambda: self._api.terminal.readers.cancel_action(reader))
        except GatewayRefused:
            pass  # it has nothing to stop any more

    def _report_of_page(self, page: dict[str, Any], kind: str) -> Report | None:
        reference = (page.get("metadata") or {}).get("reference") or page.get("client_reference_id") or ""
        if page.get("payment_status") == "paid":
            whole = _call(lambda: self._api.checkout.sessions.retrieve(page["id"], {"expand": _CHARGE_OF_PAGE}))
            return _page_report(whole, reference)
        if kind == "checkout.session.expired" and reference:
            return Report("expired", reference, page["id"], reason="the page's time was up")
        return Report("open", reference, page["id"], reason=f"Stripe says {kind}") if reference else None

    def _report_of_intent(self, intent: dict[str, Any], kind: str) -> Report | None:
        reference = (intent.get("metadata") or {}).get("reference", "")
        if kind == "payment_intent.succeeded":
            whole = self._intent(intent["id"])
            return _intent_report(whole, reference or (whole.get("metadata") or {}).get("reference", ""))
        if not reference:
            return None
        if kind == "payment_intent.payment_failed" and intent.get("payment_method_types") == ["card_present"]:
            return Report("failed", reference, intent["id"], reason=_why(intent))
        # a card declined on the page is not the end: the payer tries another there
        return Report("open", reference, intent["id"], reason=_why(intent) or f"Stripe says {kind}")

    def _settlement(self, payout: dict[str, Any], on: date) -> Settlement:
        gross = fee = 0
        payments: list[str] = []
        after: dict[str, str] = {}
        while True:
            query: Any = {"payout": payout["id"], "limit": 100, "expand": ["data.source"], **after}
            rows = _call(lambda query=query: self._api.balance_transactions.list(query))  # type: ignore[misc]
            for row in rows["data"]:
                if row["type"] == "payout":
                    continue
                gross, fee = gross + row["amount"], fee + row["fee"]
                source = row.get("source")
                if row["type"] in ("charge", "payment") and isinstance(source, dict):
                    payments.append(source.get("payment_intent") or source["id"])
            if not rows.get("has_more"):
                return Settlement(payout["id"], on, gross, fee, tuple(payments))
            after = {"starting_after": rows["data"][-1]["id"]}


_CHARGE_OF_PAGE = ["payment_intent.latest_charge"]


def _line_items(collecting: Collecting) -> list[dict[str, Any]]:
    price = {"currency": "usd", "unit_amount": collecting.cents, "product_data": {"name": collecting.says}}
    return [{"quantity": 1, "price_data": price}]


def _is_long(collecting: Collecting) -> bool:
    return collecting.until - collecting.asked_at > LONGEST_PAGE


def _call(do: Callable[[], Any]) -> dict[str, Any]:
    """One request, its answer as plain values; what went wrong in the words of the port."""
    try:
        answer = do()
    except _SILENT as error:
        raise GatewaySilent(str(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise GatewayRefused("Stripe does not know this office's key; look at CURBSTOP_STRIPE_KEY.") from error
    except stripe.StripeError as error:
        raise GatewayRefused(error.user_message or str(error)) from error
    told: dict[str, Any] = answer.to_dict()
    return told


def _page_report(page: dict[str, Any], reference: str, *, gateway_ref: str = "") -> Report:
    ref = gateway_ref or page["id"]
    if page.get("payment_status") == "paid":
        intent = page.get("payment_intent")
        if isinstance(intent, dict):
            return _paid(intent, reference, ref)
        at = datetime.fromtimestamp(page["created"], UTC)
        return Report("paid", reference, ref, str(intent), page["amount_total"], at)
    if page.get("status") == "expired":
        return Report("expired", reference, ref, reason="the page's time was up, or it was closed")
    return Report("open", reference, ref)


def _intent_report(intent: dict[str, Any], reference: str) -> Report:
    ref = intent["id"]
    if intent["status"] == "succeeded":
        return _paid(intent, reference, ref)
    if intent["status"] == "canceled":
        return Report("expired", reference, ref, reason="cancelled at Stripe")
    if intent["status"] == "requires_payment_method" and intent.get("last_payment_error"):
        return Report("failed", reference, ref, reason=_why(intent))
    return Report("open", reference, ref)


def _paid(intent: dict[str, Any], reference: str, gateway_ref: str) -> Report:
    charge = intent.get("latest_charge")
    created = charge["created"] if isinstance(charge, dict) else intent["created"]
    cents = intent.get("amount_received") or intent["amount"]
    at = datetime.fromtimestamp(created, UTC)
    return Report("paid", reference, gateway_ref, intent["id"], cents, at, _method(charge))


def _method(charge: Any) -> Method:
    if not isinstance(charge, dict):
        return Method()
    details = charge.get("payment_method_details") or {}
    card = details.get("card") or details.get("card_present") or {}
    expires = f"{card['exp_year']:04}-{card['exp_month']:02}" if card.get("exp_year") and card.get("exp_month") else ""
    return Method(str(charge.get("payment_method") or ""), card.get("brand") or "", card.get("last4") or "", expires)


def _why(intent: dict[str, Any]) -> str:
    error = intent.get("last_payment_error") or {}
    return str(error.get("message") or error.get("decline_code") or error.get("code") or "")
