"""Whose account this is: colleagues', officials' and their households', marked so that nobody helps himself.

A link is a row with its days and who made it; it ends, and is never deleted.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import links, pages
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

MARKS = {"employee": "A colleague, who signs in here", "official": "An official of the city, who does not"}
KINDS = {"own": "Their own account", "household": "An account of their household"}


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The links of an account, those that ended too; and the forms that make and end one."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST":
        says = _ended(request, entries) if entries.raw("do") == "end" else _made(request, header.id, entries)
        if says:
            messages.success(request, says)
            return redirect("customers-links", number=header.number)
    rows = links.list_links(account_id=header.id)
    values = {
        "header": header,
        "rows": rows,
        "colleagues": links.list_colleagues(),
        "marks": MARKS,
        "kinds": KINDS,
        "by": actor(request),
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/customers/links.html", values, status=422 if entries.errors else 200)


def _made(request: HttpRequest, account_id: int, entries: Entries) -> str:
    mark = entries.choice("mark", MARKS, says="Choose who it is.")
    kind = entries.choice("kind", KINDS, says="Choose whose account it is.")
    username = entries.raw("username") if mark == "employee" else ""
    who = entries.text("who", required=False, longest=100) if mark == "official" else ""
    if mark == "employee" and not username:
        entries.errors["username"] = "Choose the colleague."
    if mark == "official" and not who:
        entries.errors["who"] = "Write the official's name and office."
    if entries.errors:
        return ""
    try:
        links.link(
            key=entries.key, by=actor(request), at=clock.now(), account_id=account_id, on=clock.today(),
            username=username, who=who, kind=kind, mark=mark,
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_id": "form"} | ({"who": "username"} if mark == "employee" else {}))
        return ""
    return "Marked. From now on they can do nothing about money or service here, and it is listed for the auditor."


def _ended(request: HttpRequest, entries: Entries) -> str:
    link_id = entries.whole("link")
    field = f"reason-{link_id}"
    reason = entries.text(field, says="Say why it is no longer theirs: moved out, left the city's service.")
    if entries.errors:
        return ""
    try:
        links.unlink(
            key=entries.key, by=actor(request), at=clock.now(), link_id=link_id, on=clock.today(), reason=reason
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, dict.fromkeys(("reason", "by", "on", "link_id", "form"), field))
        return ""
    return "It is no longer theirs from today; the link stays in the history."
