"""A Stripe to test against: localstripe (a program of its own) for money, and what it lacks in front of it.

The front speaks Stripe's documented JSON for Checkout Sessions, Payment Links, terminal readers and payouts, keeps
idempotency keys as Stripe does (the same key and parameters give the first answer, other parameters an
``idempotency_error``), and can let a request through and drop the answer. A payment itself is made at localstripe.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

KEY = "sk_test_curbstop"
_OPEN = build_opener(ProxyHandler({}))
DECLINED, VISA = "4000000000000341", "4242424242424242"


class StripeServer:
    """The front, listening on a loopback port; ``backend`` is localstripe's address."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.pages: dict[str, dict[str, Any]] = {}
        self.links: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}  # of terminals: ours, until a card is held to the reader
        self.readers: dict[str, str | None] = {"tmr_1": None}
        self.payouts: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.drop = 0
        self.drop_at = ""  # let a request to such a path through, and drop its answer, once
        front = self

        class Door(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                front.answer(self, "GET")

            def do_POST(self) -> None:
                front.answer(self, "POST")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- the door -----------------------------------------------------------------------------------------------------

    def answer(self, door: BaseHTTPRequestHandler, method: str) -> None:
        url = urlsplit(door.path)
        body = door.rfile.read(int(door.headers.get("Content-Length") or 0)).decode()
        given = nested(parse_qsl(body if method == "POST" else url.query))
        self.asked.append(f"{method} {url.path}")
        key = door.headers.get("Idempotency-Key", "") if method == "POST" else ""
        status, told = self._once(key, f"{url.path}?{body}", method, url.path, given)
        if self.drop_at and self.drop_at in url.path:
            self.drop, self.drop_at = 1, ""
        if self.drop:
            self.drop -= 1
            door.connection.close()  # it was done, and nobody hears of it
            return
        text = json.dumps(told).encode()
        door.send_response(status)
        door.send_header("Content-Type", "application/json")
        door.send_header("Content-Length", str(len(text)))
        door.end_headers()
        door.wfile.write(text)

    def _once(self, key: str, asked: str, method: str, path: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if key in self.answers:
            first, status, told = self.answers[key]
            return (status, told) if first == asked else failed(400, "idempotency_error", "Keys may be used once.")
        status, told = self._do(method, path, given)
        if key and status < 500:
            self.answers[key] = (asked, status, told)
        return status, told

    def _do(self, method: str, path: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        for verb, pattern, do in (
            ("POST", r"/v1/checkout/sessions", self._make_page),
            ("GET", r"/v1/checkout/sessions", self._list_pages),
            ("GET", r"/v1/checkout/sessions/(\w+)", self._get_page),
            ("POST", r"/v1/checkout/sessions/(\w+)/expire", self._expire_page),
            ("POST", r"/v1/payment_links", self._make_link),
            ("POST", r"/v1/payment_links/(\w+)", self._change_link),
            ("POST", r"/v1/payment_intents", self._make_intent),
            ("GET", r"/v1/payment_intents/(\w+)", self._get_intent),
            ("POST", r"/v1/payment_intents/(\w+)/cancel", self._cancel_intent),
            ("POST", r"/v1/terminal/readers/(\w+)/process_payment_intent", self._process),
            ("POST", r"/v1/terminal/readers/(\w+)/cancel_action", self._cancel_action),
            ("POST", r"/v1/refunds", self._refund),
            ("GET", r"/v1/payouts", self._list_payouts),
            ("GET", r"/v1/balance_transactions", self._list_transactions),
        ):
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return do(*found.groups(), given)  # type: ignore[operator]
        return failed(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")

    # --- pages and links ----------------------------------------------------------------------------------------------

    def _make_page(self, given: dict[str, Any], link: str | None = None) -> tuple[int, dict[str, Any]]:
        id = f"cs_test_{secrets.token_hex(8)}"
        item = given["line_items"]["0"]["price_data"]
        self.pages[id] = {
            "id": id,
            "object": "checkout.session",
            "created": int(time.time()),
            "client_reference_id": given.get("client_reference_id"),
            "metadata": given.get("metadata", {}),
            "amount_total": int(item["unit_amount"]),
            "currency": item["currency"],
            "expires_at": int(given.get("expires_at", time.time() + 86400)),
            "mode": "payment",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "payment_link": link,
            "url": f"https://checkout.stripe.test/c/pay/{id}",
        }
        return 200, self.pages[id]

    def _get_page(self, id: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        page = self.pages.get(id)
        if page is None:
            return failed(404, "invalid_request_error", f"No such checkout.session: {id}")
        return 200, {
            **page,
            "payment_intent": self._whole(page["payment_intent"]) if given.get("expand") else page["payment_intent"],
        }

    def _list_pages(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        of = [id for id, page in self.pages.items() if page["payment_link"] == given.get("payment_link")]
        return 200, listed([self._get_page(id, {"expand": True})[1] for id in of])

    def _expire_page(self, id: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        page = self.pages[id]
        if page["status"] != "open":
            return failed(400, "invalid_request_error", f"Only Checkout Sessions that are open can be expired: {id}")
        page.update(status="expired", url=None)
        return 200, page

    def _make_link(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        id = f"plink_{secrets.token_hex(8)}"
        self.links[id] = {
            "id": id,
            "object": "payment_link",
            "active": True,
            "url": f"https://buy.stripe.test/{id}",
            "given": given,
        }
        return 200, {name: value for name, value in self.links[id].items() if name != "given"}

    def _change_link(self, id: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.links[id]["active"] = given.get("active") != "false"
        return 200, {name: value for name, value in self.links[id].items() if name != "given"}

    def pay(self, id: str, card: str = VISA) -> str:
        """The payer pays on the page or by the link; the payment intent's id."""
        if id.startswith("plink_"):
            assert self.links[id]["active"]
            id = self._make_page(self.links[id]["given"], link=id)[1]["id"]
        page = self.pages[id]
        assert page["status"] == "open", page["status"]
        intent = self._charge(page["amount_total"], page["metadata"], card)
        if intent["status"] == "succeeded":
            page.update(status="complete", payment_status="paid", payment_intent=intent["id"], url=None)
        return str(intent["id"])

    # --- terminals ----------------------------------------------------------------------------------------------------

    def _make_intent(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        id = f"pi_front_{secrets.token_hex(8)}"
        self.intents[id] = {
            "id": id,
            "object": "payment_intent",
            "amount": int(given["amount"]),
            "created": int(time.time()),
            "metadata": given.get("metadata", {}),
            "payment_method_types": list(given["payment_method_types"].values()),
            "status": "requires_payment_method",
            "last_payment_error": None,
            "latest_charge": None,
        }
        return 200, self.intents[id]

    def _get_intent(self, id: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, self._whole(id)

    def _cancel_intent(self, id: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        mine = self.intents[id]
        if mine["status"] not in ("requires_payment_method", "requires_confirmation"):
            return failed(400, "invalid_request_error", f"This PaymentIntent could not be canceled: {mine['status']}.")
        mine["status"] = "canceled"
        return 200, mine

    def _process(self, reader: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if reader not in self.readers:
            return failed(404, "invalid_request_error", f"No such terminal.reader: {reader}")
        self.readers[reader] = given["payment_intent"]
        return 200, {"id": reader, "object": "terminal.reader", "action": {"status": "in_progress"}}

    def _cancel_action(self, reader: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.readers[reader] = None
        return 200, {"id": reader, "object": "terminal.reader", "action": None}

    def tap(self, reader: str = "tmr_1", card: str = VISA) -> str:
        """A card is held to the reader; the payment intent's id."""
        id = self.readers[reader]
        assert id is not None, "the reader waits for nothing"
        mine = self.intents[id]
        made = self._charge(mine["amount"], mine["metadata"], card)
        mine.update(status=made["status"], backend=made["id"], last_payment_error=made["last_payment_error"])
        return id

    # --- money, at localstripe ----------------------------------------------------------------------------------------

    def _charge(self, cents: int, metadata: dict[str, Any], card: str) -> dict[str, Any]:
        exp = {"card[number]": card, "card[exp_month]": 12, "card[exp_year]": 2030, "card[cvc]": "123"}
        method = self._backend("POST", "/v1/payment_methods", {"type": "card", **exp})
        given = {"amount": cents, "currency": "usd", "payment_method": method["id"], "confirm": "true"}
        tags = {f"metadata[{name}]": value for name, value in metadata.items()}
        try:
            return self._backend("POST", "/v1/payment_intents", {**given, **tags})
        except HTTPError as error:
            told = json.loads(error.read())["error"]
            return {"id": "pi_declined", "status": "requires_payment_method", "last_payment_error": told}

    def _whole(self, id: str | None) -> Any:
        """A payment intent with its charge and what is known of the card."""
        if id is None:
            return None
        mine = self.intents.get(id)
        backend = mine.get("backend") if mine else id
        if backend is None or backend == "pi_declined":
            return mine
        intent = self._backend("GET", f"/v1/payment_intents/{backend}", {})
        charge = intent["latest_charge"]
        charge = self._backend("GET", f"/v1/charges/{charge}", {}) if isinstance(charge, str) else charge
        if charge:
            method = self._backend("GET", f"/v1/payment_methods/{charge['payment_method']}", {})
            charge["payment_method_details"] = {"card": method["card"]}
            charge["created"] = int(time.time())  # by the test's clock, which stands in March; localstripe's does not
        found = {**intent, "latest_charge": charge, "amount_received": intent["amount"]}
        return {**found, "id": id} if mine else found

    def _refund(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        intent = self.intents.get(given["payment_intent"], {}).get("backend", given["payment_intent"])
        try:
            return 200, self._backend("POST", "/v1/refunds", {"payment_intent": intent, "amount": given["amount"]})
        except HTTPError as error:
            return error.code, json.loads(error.read())

    def _backend(self, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
        data = urlencode(given).encode() if method == "POST" else None
        token = base64.b64encode(f"{KEY}:".encode()).decode()
        request = Request(self.backend + path, data, {"Authorization": f"Basic {token}"}, method=method)
        with _OPEN.open(request, timeout=20) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    # --- settlement ---------------------------------------------------------------------------------------------------

    def pay_out(self, id: str, arrival: int, rows: list[dict[str, Any]]) -> None:
        """A payout of these balance transactions."""
        self.payouts[id] = {"id": id, "object": "payout", "arrival_date": arrival, "rows": rows}

    def _list_payouts(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        day = given["arrival_date"]
        found = [p for p in self.payouts.values() if int(day["gte"]) <= p["arrival_date"] < int(day["lt"])]
        return 200, listed([{"id": p["id"], "object": "payout"} for p in found])

    def _list_transactions(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        rows = self.payouts[given["payout"]]["rows"]
        ids = [row["id"] for row in rows]
        start = ids.index(given["starting_after"]) + 1 if "starting_after" in given else 0
        page = rows[start : start + 2]  # two a page, so that there is more than one
        return 200, {**listed(page), "has_more": start + 2 < len(rows)}


def listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": rows, "has_more": False, "url": "/v1"}


def failed(status: int, type: str, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"type": type, "message": message}}


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """``a[b][0]=c`` as ``{"a": {"b": {"0": "c"}}}``."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+", name)
        at = found
        for part, after in zip([first, *rest], rest, strict=False):
            at = at.setdefault(part, {})
            del after
        at[[first, *rest][-1]] = value
    return found
