"""Charge a fee of the city's schedule, or what something cost: now, or with the next bill."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import ledger, pages, policies
from curbstop.office._once import Refused
from curbstop.office.ledger import ChargeKind
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet

WHEN = {"bill": "With the next bill", "now": "Now, as a charge of its own"}


@dataclass(frozen=True)
class Form:
    """The form as typed, what it would charge and when that is due, or why it cannot yet."""

    kind: ChargeKind | None
    cents: int | None
    when: str
    due_on: date | None
    why: str


def charge(request: HttpRequest, number: str) -> HttpResponse:
    """The form of a charge, and the charge itself when the strip's button was pressed."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    kinds = ledger.list_charge_kinds(on=clock.today())
    doing = request.POST.get("do") == "charge"
    form = _read(entries, kinds, doing)
    if doing and not form.why and not entries.errors and _charged(request, header.id, form, entries):
        return redirect("customers-account", number=header.number)
    values = {
        "header": header,
        "set": [kind for kind in kinds if not kind.not_set],
        "not_set": [kind for kind in kinds if kind.not_set],
        "form": form,
        "when": WHEN,
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    part = wants_part(request) and not doing
    name = "desk/charges/strip.html" if part else "desk/charges/charge.html"
    return render(request, name, {**values, "oob": part}, status=422 if doing else 200)


def _read(entries: Entries, kinds: tuple[ChargeKind, ...], doing: bool) -> Form:
    kind = next((one for one in kinds if one.code == entries.raw("kind") and not one.not_set), None)
    when = entries.raw("when") if entries.raw("when") in WHEN else "bill"
    due_on = entries.day("due_on", required=False) if when == "now" else None
    if when == "now" and due_on is None and "due_on" not in entries.errors:
        due_on = _due_on()
        if due_on is None:
            entries.errors["due_on"] = "How many days a bill has is not set for this city: say when this is due."
    cents = kind.cents if kind else None
    if kind and kind.cents is None:
        cents = entries.cents("amount", required=doing)
    if doing:
        entries.text("reason", says="Say what it is for; it stands on the account and the customer may ask.")
        if kind is None:
            entries.errors["kind"] = "Choose what is charged."
    why = ""
    if kind is None:
        why = "Opens when it is chosen what is charged."
    elif cents is None:
        why = "Opens when an amount is typed."
    elif not entries.raw("reason"):
        why = "Opens when it is said what it is for."
    elif entries.errors:
        why = "Opens when what is marked red above is put right."
    return Form(kind, cents, when, due_on, why)


def _due_on() -> date | None:
    try:
        days = policies.load("bill.due_days").whole("bill.due_days", on=clock.today())
    except NotSet:
        return None
    return clock.today() + timedelta(days)


def _charged(request: HttpRequest, account_id: int, form: Form, entries: Entries) -> bool:
    assert form.kind is not None
    try:
        done = ledger.charge(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            account_id=account_id,
            kind=form.kind.code,
            on=clock.today(),
            reason=entries.raw("reason"),
            cents=form.cents,
            due_on=form.due_on,
            with_bill=form.when == "bill",
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"cents": "amount", "with_bill": "when", "account_id": "form", "on": "form"})
        return False
    due = f", due {done.due_on.isoformat()}" if done.due_on else " with the next bill"
    messages.success(request, f"{done.says}: {show(done.cents)} is charged{due}.")
    return True
