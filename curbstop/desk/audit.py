"""The account audit: what should be billed and is not, and the reverse; each finding one click from its correction."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from curbstop.desk import clock
from curbstop.desk.forms import Entries, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import adjustments, auditing, pages
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

STANDS_DAYS = 365


def city(request: HttpRequest) -> HttpResponse:
    """Every check over the whole city."""
    return _page(request, None)


def account(request: HttpRequest, number: str) -> HttpResponse:
    """Every check over one account."""
    return _page(request, pages.get_header(number=number, on=clock.today()))


def _page(request: HttpRequest, header: pages.Header | None) -> HttpResponse:
    entries = Entries(request.POST)
    if request.method == "POST":
        answer = _done(request, entries)
        if answer is not None:
            return answer
    on = clock.today()
    checks = auditing.audit(on=on, account_id=header.id if header else None)
    values = {
        "header": header,
        "on": on,
        "under": [check for check in checks if check.under],
        "over": [check for check in checks if not check.under],
        "count": sum(len(check.findings) for check in checks),
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/audit/audit.html", values, status=422 if entries.errors else 200)


def _done(request: HttpRequest, entries: Entries) -> HttpResponse | None:
    premise, of = entries.raw("premise"), entries.raw("account")
    on = clock.today()
    try:
        if entries.raw("do") == "back_bill":
            inputs = {"account_id": int(of or 0), "premise_id": int(premise or 0)}
            made = adjustments.request(
                key=entries.key, by=actor(request), at=clock.now(), kind="back_bill", inputs=inputs, reason="carts",
                on=on,
            )  # fmt: skip
            messages.success(request, f"{made.says} It waits for approval.")
            return redirect("adjustments-request", id=made.request_id)
        auditing.look(
            key=entries.key, by=actor(request), at=clock.now(), code=entries.raw("code"), words=entries.raw("words"),
            on=on, until_on=on + timedelta(days=STANDS_DAYS), premise_id=int(premise) if premise.isdigit() else None,
            account_id=int(of) if of.isdigit() else None,
        )  # fmt: skip
        messages.success(request, "It stands for a year, with the reason.")
        return redirect(request.path or reverse("adjustments-audit"))
    except (BadValue, Refused) as bad:
        entries.errors["form"] = sentence(bad)
        return None
