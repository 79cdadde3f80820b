"""Approvals: what waits and how old it is, one request with its figures and papers, and its end by a second person."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import adjustments, links, pages
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

STATES = {"waiting": "Waits", "approved": "Approved", "refused": "Refused", "withdrawn": "Withdrawn"}
SHOWN_INLINE = ("image/png", "image/jpeg")
PDF = "application/pdf"
PICTURE_RULES = "default-src 'none'; frame-ancestors 'self'; sandbox"
PDF_RULES = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""Browsers show a PDF by an element and a style of their own, and not in a sandbox; no script may run in either."""


def queue(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first; and what was decided last."""
    on = clock.today()
    waiting = adjustments.list_waiting(on=on)
    values = {
        "waiting": waiting,
        "mine": sum(row.asked_by_id == actor(request).id for row in waiting),
        "decided": adjustments.list_decided(on=on, limit=15),
        "states": STATES,
    }
    return render(request, "desk/adjustments/queue.html", values)


def page(request: HttpRequest, id: int) -> HttpResponse:
    """One request: figures, papers, what it would post now, and what happened to it."""
    return _page(request, id, {}, {})


def _page(request: HttpRequest, id: int, sent: dict[str, Any], errors: dict[str, str]) -> HttpResponse:
    by = actor(request)
    try:
        found = adjustments.get_request(id, on=clock.today(), by=by)
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused
    entries = found.now.entries if found.now else ()
    values = {
        "found": found,
        "row": found.row,
        "header": pages.get_header(account_id=found.row.account_ids[0], on=clock.today()),
        "entries": entries,
        "states": STATES,
        "own": found.row.asked_by_id == by.id,
        "shown_inline": SHOWN_INLINE,
        "key": new_key(),
        "sent": sent,
        "errors": errors,
        "next": _next(id),
    }
    return render(request, "desk/adjustments/request.html", values, status=422 if errors else 200)


def _next(id: int) -> int | None:
    """The request that waits next after this one, for who works the queue down."""
    waiting = [row.id for row in adjustments.list_waiting(on=clock.today())]
    later = [other for other in waiting if other != id]
    return later[0] if later else None


@require_POST
def approve(request: HttpRequest, id: int) -> HttpResponse:
    """Approve and post; the strip said what."""
    entries = Entries(request.POST)
    try:
        done = adjustments.approve(key=entries.key, by=actor(request), at=clock.now(), request_id=id, on=clock.today())
        messages.success(request, f"Approved and posted: {done.says}")
        return redirect("adjustments-request", id=id)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"request_id": "form", "cents": "form", "on": "form", "account_id": "form"})
    return _page(request, id, request.POST.dict(), entries.errors)


@require_POST
def refuse(request: HttpRequest, id: int) -> HttpResponse:
    """Refuse, with the reason that the asker reads."""
    entries = Entries(request.POST)
    reason = entries.text("reason", says="Say why; the asker reads it, and it stays on the account.")
    if not entries.errors:
        try:
            adjustments.refuse(
                key=entries.key, by=actor(request), at=clock.now(), request_id=id, reason=reason, on=clock.today()
            )
            messages.success(request, f"Request {id} is refused; nothing was posted.")
            return redirect("adjustments-request", id=id)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"request_id": "form", "account_id": "form"})
    return _page(request, id, request.POST.dict(), entries.errors)


@require_POST
def withdraw(request: HttpRequest, id: int) -> HttpResponse:
    """Take back one's own request."""
    entries = Entries(request.POST)
    try:
        adjustments.withdraw(key=entries.key, by=actor(request), at=clock.now(), request_id=id, on=clock.today())
        messages.success(request, f"Request {id} is withdrawn.")
        return redirect("adjustments-request", id=id)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"request_id": "form"})
    return _page(request, id, request.POST.dict(), entries.errors)


@xframe_options_sameorigin
def evidence(request: HttpRequest, id: int) -> HttpResponse:
    """A file of a request, as it came: a picture or a PDF to look at, anything else to save.

    Only pages of the office may show it within them.
    """
    try:
        found, body = adjustments.get_evidence(id)
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused
    answer = HttpResponse(body, content_type=found.media)
    how = "inline" if found.media in (*SHOWN_INLINE, PDF) else "attachment"
    name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in ".-_") else "_" for letter in found.name
    )
    answer["Content-Disposition"] = f"{how}; filename*=UTF-8''{name}"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = PDF_RULES if found.media == PDF else PICTURE_RULES
    return answer


def marked(request: HttpRequest) -> HttpResponse:
    """Employees' and officials' accounts, with what a friend might have spared them."""
    return render(request, "desk/adjustments/marked.html", {"rows": links.list_marked(on=clock.today())})
