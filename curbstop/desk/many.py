"""Changes of many accounts by a file: looked at row by row, then applied once."""

import base64
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import customers
from curbstop.office._once import Refused
from curbstop.office.customers import FILE_COLUMNS
from curbstop.rules.faults import BadValue

MOST_BYTES = 2_000_000


def changes(request: HttpRequest) -> HttpResponse:
    """The file, what it would change, and the button that applies it; the bytes travel with it."""
    entries, seen, body = Entries(request.POST), None, ""
    if request.method == "POST":
        sent: Any = request.FILES.get("file")
        if sent is not None and sent.size > MOST_BYTES:
            entries.errors["file"] = f"{sent.size:,} bytes are too many; send at most {MOST_BYTES:,}."
        else:
            body = base64.b64encode(sent.read()).decode() if sent is not None else entries.raw("body")
        try:
            if not body:
                entries.errors.setdefault("file", "Choose the file: CSV, with the columns above.")
            elif entries.raw("do") == "apply" and sent is None:
                return _applied(request, entries, body)
            else:
                seen = customers.look_at_file(body=body)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"key": "form", "account_id": "form"})
            seen = customers.look_at_file(body=body) if entries.raw("do") == "apply" else None
    chosen: Any = request.FILES.get("file")
    sent_name = chosen.name if chosen is not None else entries.raw("name")
    values = {
        "columns": FILE_COLUMNS,
        "seen": seen,
        "body": body,
        "name": sent_name,
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/people/many.html", values, status=422 if entries.errors else 200)


def _applied(request: HttpRequest, entries: Entries, body: str) -> HttpResponse:
    done = customers.change_many(
        key=entries.key, by=actor(request), at=clock.now(), name=entries.raw("name") or "changes.csv", body=body,
        authority=entries.raw("authority"), on=clock.today(),
    )  # fmt: skip
    messages.success(request, f"{done.changed} of {done.rows} accounts changed; each has it among its changes.")
    return redirect("customers-many")
