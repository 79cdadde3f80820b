"""Meters: what is in stock and what is to be done with it; a service point's meters, and what is done there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import meters, pages, reads
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

SHOWN = 200


def meters_page(request: HttpRequest) -> HttpResponse:
    """The stock, by size and serial."""
    q = request.GET.get("q", "").strip()
    stock = [row for row in meters.list_stock() if not q or q.lower() in row.serial.lower()]
    values = {
        "stock": stock[:SHOWN], "count": len(stock), "q": q, "states": meters.STATES, "key": new_key(),
        "today": clock.today(),
    }  # fmt: skip
    return render(request, "desk/meters/meters.html", values)


@require_POST
def set_state(request: HttpRequest) -> HttpResponse:
    """Say what is to be done with a meter of the stock."""
    entries = Entries(request.POST)
    serial, state = entries.text("serial"), entries.choice("state", meters.STATES)
    reason = entries.text("reason", says="Say why; it stays with the meter.")
    if not entries.errors:
        try:
            meters.set_state(
                key=entries.key, by=actor(request), at=clock.now(), serial=serial, state=state, on=clock.today(),
                reason=reason,
            )  # fmt: skip
            messages.success(request, f"Meter {serial}: {meters.STATES[state].lower()}.")
        except (BadValue, Refused) as bad:
            entries.blame(bad)
    if entries.errors:
        messages.error(request, " ".join(entries.errors.values()))
    return redirect("meters")


def point(request: HttpRequest, id: int) -> HttpResponse:
    """The meters of a service point, each with its reads; and forms to exchange or take down the one that hangs."""
    place = meters.get_place(service_point_id=id)
    if place is None:
        raise pages.NotThere(f"There is no service point {id}. Search for the address or the meter.")
    hung = meters.get_meter_history(service_point_id=id)
    values = {
        "place": place, "hung": hung, "now": [one for one in hung if one.until_on is None], "key": new_key(),
        "today": clock.today(), "states": meters.STATES, "sent": {}, "errors": {},
    }  # fmt: skip
    if request.method == "POST":
        entries = Entries(request.POST)
        said = _change(request, id, entries)
        if said:
            messages.success(request, said)
            return redirect("meters-point", id=id)
        values |= {"sent": request.POST, "errors": entries.errors}
    return render(request, "desk/meters/point.html", values)


def _change(request: HttpRequest, id: int, entries: Entries) -> str:
    """Install, exchange or remove; the sentence, or nothing where an entry is wrong."""
    do, on = entries.choice("do", ("install", "exchange", "remove")), entries.day("on")
    reason = entries.text("reason", says="Say why; it stays with the meter.")
    if entries.errors or on is None:
        return ""
    by, at, key = actor(request), clock.now(), entries.key
    try:
        if do == "install":
            register, serial = reads.parse_register(entries.raw("register")), entries.raw("serial")
            meters.install(
                key=key, by=by, at=at, service_point_id=id, serial=serial, on=on, register=register,
                part=2 if entries.raw("part") == "2" else 1,
            )  # fmt: skip
            return f"Meter {serial} hangs since {on:%-d %b %Y} at {register:,}."
        removed = reads.parse_register(entries.raw("removed_register"), field="removed_register")
        if do == "exchange":
            register, serial = reads.parse_register(entries.raw("register")), entries.raw("serial")
            done = meters.exchange(
                key=key, by=by, at=at, service_point_id=id, on=on, removed_register=removed, serial=serial,
                register=register, reason=reason,
            )  # fmt: skip
            kept = f"{done.removed.usage_gal:,} gal kept for the next bill"
            return f"Meter {done.removed.meter} taken down, {kept}; {serial} hangs."
        gone = meters.remove(
            key=key, by=by, at=at, service_point_id=id, on=on, register=removed, reason=reason,
            serial=entries.raw("gone"), state=entries.raw("state") or "in_stock",
        )  # fmt: skip
        return f"Meter {gone.meter} taken down; {gone.usage_gal:,} gal are kept for the next bill."
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"service_point_id": "serial"})
    return ""
