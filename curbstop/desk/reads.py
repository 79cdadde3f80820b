"""Reads: the edit list, the routes of the day and a route's sheet, files of handhelds, what is missing.

While a number is typed the screen says what it would find; Enter keeps the read and goes to the next meter. A row of
the edit list is decided where it stands: the row comes back as it is now, and the next one has the cursor.
"""

import base64
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from curbstop.desk import clock, pictures
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries, day_of, id_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, reads
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

ROWS = 60
SHOWN = 100
HOLD_DAYS = 7
DOS = ("accept", "reject", "correct", "reread", "estimate", "hold")


def reads_page(request: HttpRequest) -> HttpResponse:
    """The edit list, and the routes whose day has come."""
    asked = {name: request.GET.get(name, "") for name in ("cycle", "route", "finding")}
    waiting, count = reads.list_edit(cycle=asked["cycle"], route=asked["route"], finding=asked["finding"], most=SHOWN)
    today = clock.today()
    values = {
        "waiting": [(row, _picture(row)) for row in waiting],
        "count": count,
        "asked": asked,
        "filtered": any(asked.values()),
        "routes": pages.get_routes(on=today),
        "found": reads.count_found(on=today),
        "rereads": reads.list_rereads(),
        "unused": reads.list_unused(on=today),
        "until": today + timedelta(days=HOLD_DAYS),
        "today": today,
        "key": new_key(),
    }
    return render(request, "desk/reads/reads.html", values)


def _picture(row: reads.EditRow) -> str:
    read = row.read
    now = None if "below_last" in read.findings else (f"{read.read_on:%-d %b %Y}", read.usage_gal)
    past = [(f"{use.read_on:%-d %b %Y}", use.gal, use.estimated) for use in row.uses]
    return pictures.uses(ids=f"u{read.read_id}", past=past, now=now)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Accept or reject a read that waits, say what the register showed, have it read again, estimate it, or hold it."""
    entries = Entries(request.POST)
    read_id = entries.whole("read_id", least=1)
    do = entries.choice("do", DOS)
    reason = entries.text("reason", says="Say why in a few words; it stays with the read.")
    done = ""
    if not entries.errors:
        try:
            done = _decided(request, do, read_id, reason, entries)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"outcome": "form", "read_id": "form"})
    error = " ".join(entries.errors.values())
    if wants_part(request):
        rows, _ = reads.list_edit(read_id=read_id)
        row = rows[0] if rows and (error or do in ("reread", "hold")) else None
        values = {
            "row": row, "picture": _picture(row) if row else "", "done": done, "error": error, "reason": reason,
            "read_id": read_id, "key": new_key(), "until": clock.today() + timedelta(days=HOLD_DAYS),
        }  # fmt: skip
        return render(request, "desk/reads/case.html", values)
    if error:
        messages.error(request, error)
        return redirect(f"{reverse('reads')}#read-{read_id}")
    messages.success(request, done)
    return redirect("reads")


def _decided(request: HttpRequest, do: str, read_id: int, reason: str, entries: Entries) -> str:
    by, at, key = actor(request), clock.now(), Key(f"{entries.key}:{read_id}:{do}")
    if do == "correct":
        register = reads.parse_register(entries.raw("register"))
        over = entries.raw("rolled_over") == "yes"
        kept = reads.correct(key=key, by=by, at=at, read_id=read_id, register=register, reason=reason, rolled_over=over)
        return f"Corrected: meter {kept.meter} showed {kept.register:,}, {kept.usage_gal:,} gal."
    if do == "reread":
        asked = "customer" if entries.raw("asked_by") == "customer" else "office"
        made = reads.reread(
            key=key, by=by, at=at, read_id=read_id, asked_by=asked, on=clock.today(), note=reason
        )  # fmt: skip
        return f"Meter {made.meter} is read again, order {made.order_id}. {made.told}".strip()
    if do in ("estimate", "hold"):
        rows, _ = reads.list_edit(read_id=read_id)
        if not rows:
            raise Refused("This read does not wait any more; look at the list again.", field="read_id")
        point, on = rows[0].service_point_id, rows[0].read.read_on
        if do == "estimate":
            made_up = reads.estimate(key=key, by=by, at=at, service_point_id=point, read_on=on, reason=reason)
            return made_up.says
        until = entries.day("until") or clock.today() + timedelta(days=HOLD_DAYS)
        reads.hold(key=key, by=by, at=at, service_point_id=point, read_on=on, reason=reason, until_on=until)
        return f"Held by you until {until:%-d %b %Y}; its bill waits."
    reads.decide(key=key, by=by, at=at, read_id=read_id, outcome=do, reason=reason)
    return "Accepted; it counts from now on." if do == "accept" else "Rejected; the meter has no read of that day."


# --- what is missing --------------------------------------------------------------------------------------------------


def open_reads(request: HttpRequest, cycle: str) -> HttpResponse:
    """What is missing or undecided in a cycle's day: each estimated, held by name, or read again."""
    on = day_of(request.GET.get("on", "")) or clock.today()
    rows = reads.list_open(cycle=cycle, read_on=on)
    values = {
        "cycle": cycle, "on": on, "rows": [(row, new_key()) for row in rows[:SHOWN]], "count": len(rows),
        "free": sum(row.owner_id is None for row in rows), "until": clock.today() + timedelta(days=HOLD_DAYS),
    }  # fmt: skip
    return render(request, "desk/reads/open.html", values)


@require_POST
def settle_open(request: HttpRequest) -> HttpResponse:
    """Estimate or hold one read that is missing; the row comes back as it is now."""
    entries = Entries(request.POST)
    point, on = entries.whole("point", least=1), entries.day("on")
    do, cycle = entries.choice("do", ("estimate", "hold", "order")), entries.raw("cycle")
    reason, until = entries.text("reason", says="Say why in a few words."), entries.day("until", required=False)
    done = ""
    if not entries.errors and on is not None:
        by, at, key = actor(request), clock.now(), entries.key
        try:
            if do == "estimate":
                done = reads.estimate(key=key, by=by, at=at, service_point_id=point, read_on=on, reason=reason).says
            else:
                held = reads.hold(
                    key=key, by=by, at=at, service_point_id=point, read_on=on, reason=reason, with_order=do == "order",
                    until_on=until or clock.today() + timedelta(days=HOLD_DAYS),
                )  # fmt: skip
                done = (
                    f"Held until {held.until_on:%-d %b %Y}"
                    + (f", order {held.order_id}" if held.order_id else "")
                    + "."
                )
        except (BadValue, Refused) as bad:
            entries.blame(bad)
    error = " ".join(entries.errors.values())
    if wants_part(request):
        rows = reads.list_open(cycle=cycle, read_on=on) if on else ()
        row = next((row for row in rows if row.service_point_id == point), None)
        values = {"row": row, "key": new_key(), "done": done, "error": error, "cycle": cycle, "on": on, "point": point}
        return render(request, "desk/reads/open_row.html", {**values, "until": until, "reason": reason})
    (messages.error if error else messages.success)(request, error or done)
    return redirect(f"{reverse('reads-open', args=[cycle or '1'])}?on={on or ''}")


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Say what the second look at a meter showed."""
    entries = Entries(request.POST)
    reread, seen_on = entries.whole("reread_id", least=1), entries.day("seen_on")
    if not entries.errors and seen_on is not None:
        try:
            done = reads.answer_reread(
                key=entries.key, by=actor(request), at=clock.now(), reread_id=reread, seen_on=seen_on,
                register=reads.parse_register(entries.raw("register")),
            )  # fmt: skip
            messages.success(request, done.says)
            return redirect("reads")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"reread_id": "form"})
    messages.error(request, " ".join(entries.errors.values()))
    return redirect("reads")


# --- files ------------------------------------------------------------------------------------------------------------


def files_page(request: HttpRequest) -> HttpResponse:
    """Files of handhelds and meter networks: load one, what became of the last, rows set apart."""
    values = {
        "layouts": reads.list_layouts(), "files": reads.list_files(), "apart": reads.list_quarantined(),
        "today": clock.today(), "key": new_key(),
    }  # fmt: skip
    return render(request, "desk/reads/files.html", values)


@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """Load a file of reads."""
    entries = Entries(request.POST)
    file, on = request.FILES.get("file"), entries.day("on")
    layout = entries.choice("layout", reads.list_layouts())
    if file is None:
        entries.errors["file"] = "Choose the file that the handheld or the network made."
    if not entries.errors and file is not None and on is not None:
        try:
            done = reads.load_file(
                key=entries.key, by=actor(request), at=clock.now(), name=file.name or "reads", layout=layout,
                content=file.read().decode("latin-1"), on=on, reader=entries.raw("reader"),
            )  # fmt: skip
            if done.already:
                messages.success(request, "This file was loaded before; nothing is taken twice.")
            else:
                told = f"{done.rows:,} rows: {done.accepted:,} accepted, {done.waiting:,} wait for a decision"
                messages.success(request, f"{told}, {done.duplicates:,} there already, {done.quarantined:,} set apart.")
            return redirect("reads-files")
        except (BadValue, Refused) as bad:
            entries.blame(bad)
    messages.error(request, " ".join(entries.errors.values()))
    return redirect("reads-files")


@require_POST
def settle_row(request: HttpRequest) -> HttpResponse:
    """Enter or drop a row that was set apart."""
    entries = Entries(request.POST)
    row, reason = entries.whole("row_id", least=1), entries.text("reason", says="Say what was done about it.")
    drop = entries.raw("do") == "drop"
    on = None if drop else entries.day("on")
    serial = "" if drop else entries.text("serial")
    if not entries.errors:
        try:
            register = None if drop else reads.parse_register(entries.raw("register"))
            done = reads.settle_row(
                key=entries.key, by=actor(request), at=clock.now(), row_id=row, reason=reason, serial=serial,
                register=register, read_on=on,
            )  # fmt: skip
            messages.success(request, "Entered as a read." if done.read_id else "Dropped, with the reason.")
            return redirect("reads-files")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"row_id": "form"})
    messages.error(request, " ".join(entries.errors.values()))
    return redirect("reads-files")


def route_file(request: HttpRequest, cycle: str, route: str) -> HttpResponse:
    """A route for a handheld."""
    on = day_of(request.GET.get("on", "")) or clock.today()
    try:
        body = reads.export_route(cycle=cycle, route=route, on=on)
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused
    response = HttpResponse(body, content_type="text/plain; charset=us-ascii")
    response["Content-Disposition"] = f'attachment; filename="route-{_safe(cycle)}-{_safe(route)}-{on:%Y%m%d}.txt"'
    return response


def _safe(text: str) -> str:
    """A name that can stand in a file's."""
    return "".join(letter for letter in text if letter.isalnum()) or base64.b32encode(text.encode()).decode()[:8]


# --- a route's sheet --------------------------------------------------------------------------------------------------


def sheet(request: HttpRequest, cycle: str, route: str) -> HttpResponse:
    """A route's meters in walking order, with a field for each that is not read; ``print=1`` for paper."""
    on = day_of(request.GET.get("on", "")) or clock.today()
    rows = reads.get_read_sheet(cycle=cycle, route=route, on=on)
    if not rows:
        raise pages.NotThere(f"Cycle {cycle} has no route {route} with meters on {on.isoformat()}. Reads lists them.")
    if request.GET.get("print") == "1":
        values = {"cycle": cycle, "route": route, "on": on, "rows": rows}
        return render(request, "desk/reads/paper.html", values)
    missing = request.GET.get("missing") == "1"
    shown = [row for row in rows if row.register is None] if missing else list(rows)
    start = request.GET.get("row", "0")
    first = max(0, min(id_of(start) or 0, max(len(shown) - 1, 0)))
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
    if id_of(point) is None or on is None or not register:
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
                serial=entries.raw("serial"),
            )
        except (BadValue, Refused) as bad:
            error = sentence(bad)
    error = error or " ".join(entries.errors.values())
    if wants_part(request):
        row = _row(entries.raw("cycle"), entries.raw("route"), on, point, entries.raw("serial"))
        values = {"row": row, "kept": kept, "error": error, "typed": entries.raw("register"), "key": new_key()}
        where = {"cycle": entries.raw("cycle"), "route": entries.raw("route"), "on": on}
        return render(request, "desk/reads/row.html", {**values, **where})
    if error:
        messages.error(request, error)
    back = entries.raw("back")
    return redirect(back if back.startswith("/reads/") else "reads")


def _row(cycle: str, route: str, on: date | None, point: int, serial: str) -> reads.SheetRow | None:
    if on is None:
        return None
    rows = reads.get_read_sheet(cycle=cycle, route=route, on=on)
    return next((row for row in rows if row.service_point_id == point and serial in ("", row.meter)), None)
