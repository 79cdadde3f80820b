"""The ladder at the desk: how many stand where, what tonight would do, cut-off lists with their skips, water off."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from curbstop.desk import clock
from curbstop.desk.forms import Entries, id_of
from curbstop.desk.frame import actor, new_key
from curbstop.office import delinquency, pages
from curbstop.office._once import Refused
from curbstop.rules.delinquency.ladder import CODES
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show


def ladder_page(request: HttpRequest) -> HttpResponse:
    """How many stand on which rung since the last night, the lists, and whose water is off."""
    on = clock.today()
    entries = Entries(request.POST)
    if request.method == "POST" and _list_done(request, entries):
        return redirect("delinquency")
    last = delinquency.get_last_night()
    night = delinquency.get_night(last[0]) if last else None
    values: dict[str, Any] = {
        "night": night,
        "outcomes": [(CODES[code], count) for code, count in night.counts.items()] if night else [],
        "preview": _preview(on) if "preview" in request.GET else None,
        "lists": delinquency.list_lists(most=4),
        "off": delinquency.list_off_rows(on=on),
        "today": on,
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/delinquency/ladder.html", values, status=422 if entries.errors else 200)


def _preview(on: Any) -> list[dict[str, Any]]:
    found = delinquency.get_preview(on=on, most=8)
    return [
        {"says": CODES[code], "count": count, "cents": found.cents[code], "rows": found.rows.get(code, ())}
        for code, count in found.counts.items()
    ]


def _list_done(request: HttpRequest, entries: Entries) -> bool:
    """Freeze or sign; False when it was refused."""
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "on": clock.today()}
    try:
        if entries.raw("do") == "sign":
            done = delinquency.sign(**given, list_id=id_of(entries.raw("list")) or 0)
            fell = f" {done.fallen} fell away since." if done.fallen else ""
            messages.success(request, f"Signed: {len(done.order_ids)} shut-off orders, in route order.{fell}")
            return True
        day = entries.day("cutoff_on")
        if day is not None:
            made = delinquency.freeze(**given, cutoff_on=day)
            told = f"{made.listed} listed, {show(made.cents)}; {made.skipped} skipped"
            messages.success(request, f"List frozen: {told}.")
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"list_id": "form"})
    return not entries.errors


def account(request: HttpRequest, number: str) -> HttpResponse:
    """Where an account stands and what comes next, when, by which line of policy; calls, and water back."""
    now = clock.now()
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST" and _account_done(request, entries, header.id):
        return redirect("delinquency-account", number=header.number)
    try:
        back, back_why = delinquency.get_to_restore(account_id=header.id, at=now), ""
    except Refused as refused:
        back, back_why = None, str(refused)
    values = {
        "header": header,
        "stands": delinquency.get_account_ladder(account_id=header.id, on=clock.today()),
        "told": delinquency.list_told(header.id),
        "back": back,
        "back_why": back_why,
        "now": timezone.localtime(now),
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/delinquency/account.html", values, status=422 if entries.errors else 200)


def _account_done(request: HttpRequest, entries: Entries, account_id: int) -> bool:
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "account_id": account_id}
    do = entries.raw("do")
    try:
        if do == "call":
            who = entries.text("who", says="Say who was reached, or that word was left.")
            said = entries.text("said", says="Say what was said.")
            if not entries.errors:
                delinquency.call(**given, on=clock.today(), who=who, said=said)
                messages.success(request, "The call is in the log.")
        elif do == "ask":
            asked = delinquency.ask_to_restore(**given, on=clock.today())
            messages.success(request, f"{show(asked.left_cents)} is to be paid. Take the payment now.")
        elif do == "restore":
            made = delinquency.restore(**given, window=entries.raw("window"))
            messages.success(request, f"Restore order {made.order_id} is written.")
        else:
            entries.errors["form"] = "Choose what to do."
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_id": "form"})
    return not entries.errors
