"""Reads: what waits for a decision, the routes of the day, and a route's sheet to type into.

While a number is typed the screen says what it would find; Enter keeps the read and goes to the next meter.
"""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries, day_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, reads
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

ROWS = 60
SHOWN = 100


def reads_page(request: HttpRequest) -> HttpResponse:
    """The edit list, and the routes whose day has come."""
    waiting = reads.list_undecided()
    values = {"waiting": waiting[:SHOWN], "count": len(waiting), "routes": pages.get_routes(on=clock.today())}
    return render(request, "desk/reads/reads.html", {**values, "key": new_key()})


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Accept or reject a read that waits, or say what the register really showed."""
    entries = Entries(request.POST)
    read_id = entries.whole("read_id", least=1)
    do = entries.choice("do", ("accept", "reject", "correct"))
    reason = entries.text("reason", says="Say why in a few words; it stays with the read.")
    if not entries.errors:
        try:
            messages.success(request, _decided(request, do, read_id, reason, entries))
            return redirect("reads")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"outcome": "form", "read_id": "form"})
    messages.error(request, " ".join(entries.errors.values()))
    return redirect(f"{reverse('reads')}#read-{read_id}")


def _decided(request: HttpRequest, do: str, read_id: int, reason: str, entries: Entries) -> str:
    by, at, key = actor(request), clock.now(), Key(f"{entries.key}:{read_id}:{do}")
    if do == "correct":
        register = reads.parse_register(entries.raw("register"))
        over = entries.raw("rolled_over") == "yes"
        kept = reads.correct(key=key, by=by, at=at, read_id=read_id, register=register, reason=reason, rolled_over=over)
        return f"Corrected: meter {kept.meter} showed {kept.register:,}, {kept.usage_gal:,} gal."
    reads.decide(key=key, by=by, at=at, read_id=read_id, outcome=do, reason=reason)
    return "Accepted; it counts from now on." if do == "accept" else "Rejected; the meter has no read of that day."


def sheet(request: HttpRequest, cycle: str, route: str) -> HttpResponse:
    """A route's meters in walking order, with a field for each that is not read."""
    on = day_of(request.GET.get("on", "")) or clock.today()
    rows = reads.get_read_sheet(cycle=cycle, route=route, on=on)
    if not rows:
        raise pages.NotThere(f"Cycle {cycle} has no route {route} with meters on {on.isoformat()}. Reads lists them.")
    missing = request.GET.get("missing") == "1"
    shown = [row for row in rows if row.register is None] if missing else list(rows)
    start = request.GET.get("row", "0")
    first = max(0, min(int(start) if start.isdigit() else 0, max(len(shown) - 1, 0)))
    part = [(row, new_key()) for row in shown[first : first + ROWS]]
    values = {
        "cycle": cycle,
        "route": route,
        "on": on,
        "rows": part,
        "first": first,
        "until": first + len(part),
        "count": len(shown),
        "before": max(0, first - ROWS),
        "read": sum(row.register is not None for row in rows),
        "meters": len(rows),
        "missing": missing,
    }
    return render(request, "desk/reads/sheet.html", values)


def preview(request: HttpRequest) -> HttpResponse:
    """What a number that is being typed would find."""
    point, on = request.GET.get("point", ""), day_of(request.GET.get("on", ""))
    register = request.GET.get("register", "").strip()
    if not point.isdigit() or on is None or not register:
        return HttpResponse("")
    found = reads.preview_read(service_point_id=int(point), read_on=on, register=register, at=clock.now())
    return render(request, "desk/reads/preview.html", {"found": found})


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Keep one read; the row comes back as it is now."""
    entries = Entries(request.POST)
    point, on = entries.whole("point", least=1), entries.day("on")
    kept, error = None, ""
    if not entries.errors and on is not None:
        try:
            kept = reads.enter(
                key=entries.key,
                by=actor(request),
                at=clock.now(),
                service_point_id=point,
                read_on=on,
                register=reads.parse_register(entries.raw("register")),
            )
        except (BadValue, Refused) as bad:
            error = sentence(bad)
    error = error or " ".join(entries.errors.values())
    if request.htmx:  # type: ignore[attr-defined]
        row = _row(entries.raw("cycle"), entries.raw("route"), on, point)
        values = {"row": row, "kept": kept, "error": error, "typed": entries.raw("register"), "key": new_key()}
        where = {"cycle": entries.raw("cycle"), "route": entries.raw("route"), "on": on}
        return render(request, "desk/reads/row.html", {**values, **where})
    if error:
        messages.error(request, error)
    back = entries.raw("back")
    return redirect(back if back.startswith("/reads/") else "reads")


def _row(cycle: str, route: str, on: date | None, point: int) -> reads.SheetRow | None:
    if on is None:
        return None
    rows = reads.get_read_sheet(cycle=cycle, route=route, on=on)
    return next((row for row in rows if row.service_point_id == point), None)
