"""Programmes of an account: apply with the proofs, see what runs, end one."""

import base64
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import adjustments, pages, policies, programmes
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet
from curbstop.rules.programmes import CODES

REASONS = {"application": "Application", "renewal": "Renewal of the one that ends"}


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The programmes of an account with the city's rule of each, and the application."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST":
        try:
            made = _end(request, entries) if entries.raw("do") == "end" else _ask(request, header.id, entries)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"account_id": "form", "key": "form", "kind": "form", "on": "form"})
            made = 0
        if made > 0:
            messages.success(request, "Asked. The rate does not change before a second person approves it.")
            return redirect("adjustments-request", id=made)
        if made < 0:
            messages.success(request, "Ended from today; bills of periods that began before keep it.")
            return redirect("customers-programmes", number=header.number)
    values = {
        "header": header,
        "rows": programmes.list_of(account_id=header.id),
        "rules": _rules(),
        "reasons": REASONS,
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
        "today": clock.today(),
    }
    return render(request, "desk/people/programmes.html", values, status=422 if entries.errors else 200)


def _rules() -> list[tuple[str, str, str, str]]:
    """Each programme: its code, its name, the city's sentence, and why it cannot be asked for."""
    known = policies.load(*(f"programme.{code}" for code in CODES))
    found = []
    for code, says in CODES.items():
        try:
            known.table(f"programme.{code}", on=clock.today())
            found.append((code, says.capitalize(), known.policy(f"programme.{code}").says, ""))
        except NotSet as missing:
            found.append((code, says.capitalize(), missing.says, missing.why))
    return found


def _ask(request: HttpRequest, account_id: int, entries: Entries) -> int:
    code = entries.choice("programme", CODES, says="Choose the programme.")
    income = entries.cents("income", required=False, zero=True)
    if entries.errors:
        return 0
    inputs: dict[str, Any] = {"account_id": account_id, "programme": code}
    inputs |= {name: entries.raw(name) for name in ("born_on", "from_on") if entries.raw(name)}
    if income is not None:
        inputs["income_cents"] = income
    sent: list[Any] = request.FILES.getlist("evidence")
    asked = adjustments.request(
        key=entries.key, by=actor(request), at=clock.now(), kind="programme", inputs=inputs,
        reason=entries.raw("reason") or "application", on=clock.today(), words=entries.raw("words"),
        evidence=tuple(adjustments.File(one.name, base64.b64encode(one.read()).decode()) for one in sent),
    )  # fmt: skip
    return asked.request_id


def _end(request: HttpRequest, entries: Entries) -> int:
    programme = entries.whole("programme_id")
    if entries.errors:
        return 0
    programmes.end(
        key=entries.key, by=actor(request), at=clock.now(), programme_id=programme, on=clock.today(),
        reason=entries.raw("why"),
    )  # fmt: skip
    return -1
