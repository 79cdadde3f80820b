"""The mark of an account whose payments came back: no checks until a day, and how a supervisor lifts it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, payments
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue


def cash_only(request: HttpRequest, number: str) -> HttpResponse:
    """The mark, what came back and brought it, and the form that lifts it."""
    header = pages.get_header(number=number, on=clock.today())
    mark = payments.get_cash_only(account_ids=[header.id], on=clock.today()).get(header.id)
    entries = Entries(request.POST)
    if request.method == "POST" and mark is not None:
        reason = entries.text("reason", says="Say why checks are taken again; the sentence stays in the timeline.")
        if not entries.errors:
            try:
                payments.lift_cash_only(
                    key=entries.key, by=actor(request), at=clock.now(), mark_id=mark.id, reason=reason,
                    on=clock.today(),
                )  # fmt: skip
                messages.success(request, "Checks are taken again from this account.")
                return redirect("customers-account", number=header.number)
            except (BadValue, Refused) as bad:
                entries.blame(bad, {"mark_id": "form", "on": "form"})
    values = {
        "header": header,
        "mark": mark,
        "rows": payments.list_returned(account_id=header.id),
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/customers/cash_only.html", values, status=422 if entries.errors else 200)
