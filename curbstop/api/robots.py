"""The door of kiosks and telephone robots: look an account up, post what was taken by card.

A robot is a user with the role ``robot``; its key is known here by its digest only (``CURBSTOP_ROBOTS``). Card numbers
do not pass: the robot's own processor takes the card, and this door refuses any field that it does not know.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from curbstop.api.answers import Wrong, answered, read, said
from curbstop.office import pages, payments, staff
from curbstop.office._events import Actor, Key
from curbstop.office._once import Refused
from curbstop.rules.accounts import BadAccountNumber, check_account_number
from curbstop.rules.cards import Method
from curbstop.rules.money import parse_amount, show

MOST_MISSES = 5
"""Wrong answers for one account within an hour; then it is closed to robots for the rest of it."""


def robot(request: HttpRequest) -> Actor:
    """Whose key the request carries.

    :raises Wrong: none, or one that nobody has
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(key.strip().encode()).hexdigest()
    for pair in os.environ.get("CURBSTOP_ROBOTS", "").split(","):
        name, _, known = pair.strip().partition("=")
        if name and scheme.lower() == "bearer" and hmac.compare_digest(known.strip().lower(), digest):
            try:
                return staff.get_actor(username=name)
            except Refused as refusal:
                raise Wrong(401, str(refusal)) from None
    raise Wrong(401, "This needs a robot's key: Authorization: Bearer KEY. The office's administrator gives one.")


@csrf_exempt
@login_not_required
@require_POST
@answered
def look_up(request: HttpRequest) -> HttpResponse:
    """An account for a caller who knows its number and the amount of its last bill: what is owed, by when.

    No name and no address is told. What does not match is told apart from nothing: 404, the same for both.
    """
    by = robot(request)
    if "robot" not in by.roles:
        raise Wrong(403, f"{by.name} is no robot.")
    told = read(request, {"account": str, "last_bill": str})
    misses = f"robots:misses:{told['account']}"
    if cache.get(misses, 0) >= MOST_MISSES:
        raise Wrong(429, "Too many wrong answers for this account; try again in an hour, or ask the office.", "account")
    cents = parse_amount(told["last_bill"], field="last_bill")
    try:
        number = check_account_number(told["account"])
        known = payments.knows_last_bill(number, cents)
    except BadAccountNumber:
        number, known = "", False
    if not known:
        cache.add(misses, 0, 3600)
        cache.incr(misses)
        raise Wrong(404, "The account number and the amount of its last bill do not belong together.", "account")
    header = pages.get_header(number=number, on=timezone.localdate())
    return said(
        {
            "account": number,
            "owed": show(header.balance_cents),
            "owed_cents": header.balance_cents,
            "due_on": header.due_on.isoformat() if header.due_on else None,
            "past_due_cents": header.past_due_cents,
            "pending_cents": payments.pending_cents(header.id),
        }
    )


@csrf_exempt
@login_not_required
@require_POST
@answered
def post_payment(request: HttpRequest) -> HttpResponse:
    """Post a payment that the robot's processor took by card; once for its key, and once for its reference."""
    by = robot(request)
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise Wrong(400, "Send an Idempotency-Key: the same for every attempt to post this payment.", "Idempotency-Key")
    fields = {"account": str, "amount": str, "reference": str, "paid_at": str, "channel": str, "card": dict}
    told = read(request, fields, optional=("card",))
    paid = payments.collect(
        key=Key(f"robot:{by.id}:{key}"),
        by=by,
        at=timezone.now(),
        account=_digits(told["account"]),
        cents=parse_amount(told["amount"], field="amount"),
        payment_ref=told["reference"],
        paid_at=_instant(told["paid_at"]),
        on=timezone.localdate(),
        channel=told["channel"],
        method=_card(told.get("card", {})),
    )
    values: dict[str, Any] = {"receipt": paid.number, "amount": show(paid.cents), "already": paid.already}
    values["posted_to"] = "account" if paid.account_id is not None else "unidentified"
    values["owed"] = None if paid.owed_after_cents is None else show(paid.owed_after_cents)
    return said(values, status=200 if paid.already else 201)


def _digits(account: str) -> str:
    """The number as the office writes it; one that is none goes as it is, to unidentified money: it was paid."""
    try:
        return check_account_number(account)
    except BadAccountNumber:
        return account.strip()[:40]


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Wrong(400, f"{text[:40]!r} is no instant; write 2026-04-15T10:04:00-05:00.", "paid_at")
    return found


def _card(told: dict[str, Any]) -> Method:
    for name, value in told.items():
        if name not in ("brand", "last_four") or not isinstance(value, str):
            raise Wrong(400, f"card.{name[:20]} is not taken: send brand and last_four, as text.", "card")
    last_four = told.get("last_four", "")
    if last_four and not (len(last_four) == 4 and last_four.isascii() and last_four.isdigit()):
        raise Wrong(400, "card.last_four is four digits; never send more of a card.", "card")
    return Method(brand=told.get("brand", "")[:20], last_four=last_four)
