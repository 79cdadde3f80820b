"""Confidential accounts: mark one, open one for some minutes, and the list of who looked."""

import base64
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from curbstop.desk import clock
from curbstop.desk.forms import Entries, day_of
from curbstop.desk.frame import actor, new_key
from curbstop.office import customers, pages
from curbstop.office._once import Refused
from curbstop.office.customers import PaperFile
from curbstop.rules.faults import BadValue

KINDS = {
    "confidential": "On a written request, seen by a supervisor",
    "acp": "The Address Confidentiality Program's card was shown",
}


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The marks of an account, and the forms that mark it, end the mark, and break the glass."""
    looker = pages.Looker(actor(request), clock.now())
    header = pages.get_header(number=number, on=clock.today(), looker=looker)
    entries = Entries(request.POST)
    if request.method == "POST":
        do = {"mark": _marked, "end": _ended}.get(entries.raw("do"), _opened)
        try:
            says = do(request, header.id, entries)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"account_id": "form", "key": "form", "mark_id": "form", "on": "form"})
            says = ""
        if says:
            messages.success(request, says)
            back = "customers-account" if do is _opened else "customers-confidential"
            return redirect(back, number=header.number)
    values = {
        "header": header,
        "marks": customers.list_marks(account_id=header.id, by=actor(request)),
        "kinds": KINDS,
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
        "supervisor": "supervisor" in actor(request).roles,
    }
    return render(request, "desk/people/confidential.html", values, status=422 if entries.errors else 200)


def _opened(request: HttpRequest, account_id: int, entries: Entries) -> str:
    done = customers.unmask(
        key=entries.key, by=actor(request), at=clock.now(), account_id=account_id, reason=entries.raw("reason")
    )
    return f"Open to you until {timezone.localtime(done.until):%H:%M}. The supervisor is told, and it is listed."


def _marked(request: HttpRequest, account_id: int, entries: Entries) -> str:
    sent: Any = request.FILES.get("paper")
    kind = entries.choice("kind", KINDS, says="Choose on what it is done.")
    authority = entries.text("authority", says="Write on what it is done: whose request, of which day.", longest=300)
    if entries.errors:
        return ""
    customers.mark(
        key=entries.key, by=actor(request), at=clock.now(), account_id=account_id, on=clock.today(), kind=kind,
        authority=authority, paper=PaperFile(sent.name, base64.b64encode(sent.read()).decode()) if sent else None,
        substitute=tuple(line for line in entries.raw("substitute").splitlines() if line.strip()),
        certified_on=day_of(entries.raw("certified_on")),
    )  # fmt: skip
    return "Marked. Name, telephone, e-mail and addresses are masked everywhere from now on."


def _ended(request: HttpRequest, account_id: int, entries: Entries) -> str:
    mark = entries.whole("mark")
    if entries.errors:
        return ""
    customers.end_mark(
        key=entries.key, by=actor(request), at=clock.now(), mark_id=mark, on=clock.today(), reason=entries.raw("why")
    )
    return "The mark ended today; the account reads as any other."


def looks(request: HttpRequest) -> HttpResponse:
    """Who looked at, searched, opened or exported marked accounts in a month; and which are marked now."""
    today = clock.today()
    month = day_of(f"{request.GET.get('month', '')}-01") or today.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    zone = timezone.get_current_timezone()
    begins, ends = (datetime(day.year, day.month, 1, tzinfo=zone) for day in (month, after))
    rows = customers.list_looks(from_on=begins, until=ends)
    values = {
        "rows": rows,
        "month": month,
        "before": (month - timedelta(days=1)).replace(day=1),
        "after": after if after <= today else None,
        "marks": customers.list_marks(by=actor(request)),
    }
    return render(request, "desk/people/looks.html", values)


def export(request: HttpRequest) -> HttpResponse:
    """Accounts as a file, redacted; for the auditor, or for a records request."""
    entries = Entries(request.POST)
    if request.method == "POST":
        numbers = tuple(part for part in entries.raw("numbers").replace("-", "").replace(",", " ").split() if part)
        try:
            customers.export(
                key=entries.key, by=actor(request), at=clock.now(), purpose=entries.raw("purpose") or "audit",
                words=entries.raw("words"), numbers=numbers,
            )  # fmt: skip
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"purpose": "form", "key": "form"})
        else:
            answer = HttpResponse(customers.build_export(numbers=numbers)[0], content_type="text/csv; charset=utf-8")
            answer["Content-Disposition"] = 'attachment; filename="accounts.csv"'
            return answer
    values = {"sent": entries.sent, "errors": entries.errors, "key": new_key()}
    return render(request, "desk/people/export.html", values, status=422 if entries.errors else 200)
