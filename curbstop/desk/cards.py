"""Card by phone: a link sent while the caller holds, or a terminal; then the answer, live, and what to do meanwhile.

No field here takes a card number: the payer types it on the gateway's page, or holds the card to its terminal. The
screen asks the office first, then the gateway outside any transaction, then records the gateway's answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from procrastinate import exceptions
from procrastinate.contrib.django import app

from curbstop.desk import clock
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, payments, policies, staff
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.pages import Header
from curbstop.office.payments import AskMade, AskRead
from curbstop.outside import cards
from curbstop.rules.customers import check_email, check_phone
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import Policy

CLOCK = "system"
LINK = timedelta(minutes=60)
TERMINAL = timedelta(minutes=10)
LOOK_SECONDS = 5
"""How often the screen that waits asks the gateway itself; its message mostly comes first."""

WHY = {
    "pays": "The caller pays another way",
    "amount": "The amount was wrong",
    "gave_up": "The caller gave up",
}


@dataclass(frozen=True)
class Form:
    """The form as typed, what it would do, and why it cannot yet."""

    cents: int | None
    how: str
    to: str
    why: str


def card(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a payment by card: how much, by text, by e-mail or at the terminal; and the asking itself."""
    header = pages.get_header(number=number, on=clock.today())
    asked = pages.get_asked(account_id=header.id)
    entries = Entries(request.POST)
    form = _read(entries, header, asked)
    if request.POST.get("do") == "ask" and not form.why:
        if (ask_id := _asked(request, header, form, entries)) is not None:
            return redirect("payments-asked", id=ask_id)
    values = {
        "header": header,
        "form": form,
        "errors": entries.errors,
        "sent": entries,
        "owed_cents": max(header.balance_cents, 0) + asked,
        "asked_cents": asked,
        "how": _ways(header),
        "readers": cards.readers(),
        "fee": _fee_policy(),
        "key": entries.key or new_key(),
    }
    part = wants_part(request)
    return render(request, "desk/cards/strip.html" if part else "desk/cards/card.html", {**values, "oob": part})


def _ways(header: Header) -> list[tuple[str, str, str]]:
    """The ways to ask: value, words, and what is on file for it."""
    phone = header.phone[2:] if header.phone.startswith("+1") else header.phone
    written = f"{phone[:3]}-{phone[3:6]}-{phone[6:]}" if len(phone) == 10 else phone
    return [
        ("sms", "Text a link", written),
        ("email", "E-mail a link", header.email),
        ("terminal", "Card terminal", ""),
    ]


def _read(entries: Entries, header: Header, asked: int) -> Form:
    """What is typed; the first look has all that is owed, to the telephone on file."""
    sent = bool(entries.sent)
    owed = max(header.balance_cents, 0) + asked
    how = entries.raw("how") or ("sms" if header.phone or not header.email else "email")
    cents = (entries.cents("amount") if sent else owed) or None
    to = ""
    try:
        if how == "sms":
            to = check_phone(entries.raw("phone") if sent else header.phone, field="phone")
        elif how == "email":
            to = check_email(entries.raw("email") if sent else header.email, field="email")
    except BadValue as bad:
        entries.errors[bad.field] = sentence(bad)
    why = ""
    if header.pending_cents:
        why = "Opens when the payment that is on its way has come, or is cancelled."
    elif entries.errors:
        why = "Opens when what is marked red above is put right."
    elif not cents:
        why = "Opens when an amount is typed."
    elif how != "terminal" and not to:
        why = "Opens when a telephone number is typed." if how == "sms" else "Opens when an e-mail address is typed."
    elif how == "terminal" and len(cards.readers()) > 1 and not entries.raw("reader"):
        why = "Opens when a terminal is chosen."
    return Form(cents, how, to, why)


def _fee_policy() -> Policy | None:
    """What the city says of a card fee; the processor adds none through this screen."""
    return policies.load("fee.card").by_id.get("fee.card")


def _asked(request: HttpRequest, header: Header, form: Form, entries: Entries) -> int | None:
    """Ask the office, then the gateway, then record its answer; the ask's id. None: refused, said among the errors."""
    at = clock.now()
    terminal = form.how == "terminal"
    known = cards.readers()
    reader = (entries.raw("reader") or (known[0][0] if known else "demo-reader")) if terminal else ""
    try:
        gateway = cards.chosen(example=pages.get_frame(user_id=None).example)
        made = payments.ask(
            key=entries.key,
            by=actor(request),
            at=at,
            account_id=header.id,
            cents=form.cents or 0,
            channel="terminal" if terminal else "phone",
            gateway=gateway.name,
            until=at.replace(microsecond=0) + (TERMINAL if terminal else LINK),
            send_by="" if terminal else form.how,
            send_to=form.to,
            reader=reader,
        )
    except cards.NoGateway as missing:
        entries.errors["form"] = str(missing)
        return None
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"cents": "form", "send_to": "phone" if form.how == "sms" else "email", "until": "form"})
        return None
    return _start(request, made, entries)


def _start(request: HttpRequest, made: AskMade, entries: Entries) -> int | None:
    """Call the gateway. Its silence is no failure: the page of the ask says that nobody knows yet."""
    by, at = actor(request), clock.now()
    try:
        started = cards.named(made.gateway).start(cards.collecting(made))
    except cards.GatewaySilent:
        return made.ask_id
    except cards.GatewayRefused as no:
        reason = f"the gateway refused it: {no}"[:300]
        payments.cancel_ask(key=Key(f"{entries.key}:no"), by=by, at=at, ask_id=made.ask_id, reason=reason)
        entries.errors["form"] = f"The gateway refused it, and charged nothing: {no}"
        return None
    payments.record_started(
        key=Key(f"{entries.key}:started"),
        by=by,
        at=at,
        ask_id=made.ask_id,
        gateway_ref=started.gateway_ref,
        url=started.url,
    )
    _soon("outbox.send", lock="outbox", timestamp=0)
    return made.ask_id


def _soon(task: str, *, lock: str, **given: int) -> None:
    """Ask the worker for something now; it is there once, however often it is asked for."""
    try:
        with transaction.atomic():
            app.configure_task(name=task, lock=lock, queueing_lock=task).defer(**given)
    except exceptions.AlreadyEnqueued:
        pass


def asked(request: HttpRequest, id: int) -> HttpResponse:
    """What became of an ask: waiting, unknown, paid with its receipt, or over."""
    return _show(request, payments.get_ask(id), part=False, waits=False)


def status(request: HttpRequest, id: int) -> HttpResponse:
    """The live part of the page; it asks the gateway itself every few seconds."""
    waits = False
    if payments.get_ask(id).is_open and cache.add(f"cards:looked:{id}", True, LOOK_SECONDS):
        waits = _look(id)
    return _show(request, payments.get_ask(id), part=True, waits=waits)


def _look(id: int) -> bool:
    """Ask the gateway and record its word; whether money waits there for an accounting day to be opened."""
    found = payments.list_open_asks(ask_id=id)
    if not found:
        return False
    at = clock.now()
    try:
        gateway = cards.named(found[0].gateway)
        report = gateway.ask(cards.collecting(found[0]), found[0].gateway_ref, at=at)
    except (cards.GatewaySilent, cards.GatewayRefused, cards.NoGateway):
        return False
    if report.state == "open" or (report.state == "expired" and at < found[0].until and not found[0].gateway_ref):
        return False
    done = payments.settle(
        key=Key(f"look:{uuid4().hex}"),
        by=staff.get_actor(username=CLOCK),
        at=at,
        on=clock.today(),
        gateway=gateway.name,
        report=report,
    )
    if done.outcome == "paid":
        _soon("outbox.send", lock="outbox", timestamp=0)
    return done.outcome == "waits"


def _show(request: HttpRequest, found: AskRead, *, part: bool, waits: bool) -> HttpResponse:
    header = pages.get_header(account_id=found.account_id, on=clock.today())
    values = {"ask": found, "header": header, "waits": waits, "why": WHY, "key": new_key()}
    answer = render(request, "desk/cards/status.html" if part else "desk/cards/asked.html", values)
    if part and not found.is_open:
        answer["HX-Refresh"] = "true"  # the balance above it is another now
    return answer


@require_POST
def cancel(request: HttpRequest, id: int) -> HttpResponse:
    """Close the page at the gateway, and cancel the ask when the gateway says that nothing was paid."""
    entries = Entries(request.POST)
    reason = WHY.get(entries.raw("why"), "")
    found = payments.list_open_asks(ask_id=id)
    if not found or not reason:
        messages.error(
            request, "Choose why it is cancelled." if found else "It is over already; nothing was cancelled."
        )
        return redirect("payments-asked", id=id)
    at = clock.now()
    try:
        gateway = cards.named(found[0].gateway)
        report = gateway.void(cards.collecting(found[0]), found[0].gateway_ref, at=at)
    except (cards.GatewaySilent, cards.NoGateway):
        says = "The gateway does not answer, so nobody knows yet. Do not charge again; try in a minute."
        messages.error(request, says)
        return redirect("payments-asked", id=id)
    if report.state in ("paid", "open"):
        key, by = Key(f"{entries.key}:paid"), staff.get_actor(username=CLOCK)
        payments.settle(key=key, by=by, at=at, on=clock.today(), gateway=gateway.name, report=report)
        says = "It was paid a moment ago" if report.state == "paid" else "The gateway could not close it"
        messages.error(request, f"{says}; it is not cancelled.")
    else:
        payments.cancel_ask(key=entries.key, by=actor(request), at=at, ask_id=id, reason=reason.lower())
    return redirect("payments-asked", id=id)
