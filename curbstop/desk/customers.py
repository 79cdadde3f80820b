"""Accounts: the page that a person with a caller on the line works from, and its long lists."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.formats.usage_chart import usage_chart_svg, usage_unit
from curbstop.office import customers as customers_office
from curbstop.office import pages
from curbstop.office._once import Refused
from curbstop.rules.accounts import BadAccountNumber, check_account_number
from curbstop.rules.faults import BadValue

LISTS = {"bills": "Bills", "payments": "Payments", "reads": "Reads", "events": "Timeline"}


def customers(request: HttpRequest) -> HttpResponse:
    """Where to begin: a search, a new service, the accounts that were worked on last."""
    return render(request, "desk/customers/customers.html", {"recent": pages.get_recent(by=actor(request).id)})


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The account page."""
    if (tidy := _tidied(number)) != number:
        return redirect("customers-account", number=tidy)
    looker = pages.Looker(actor(request), clock.now())
    page = pages.get_account_page(number=number, on=clock.today(), looker=looker)
    if page.header.confidential:
        customers_office.view(key=new_key(), by=looker.by, at=looker.at, account_id=page.header.id)
    chart = usage_chart_svg(page.usage) if page.usage else ""
    return render(
        request,
        "desk/customers/account.html",
        {"page": page, "header": page.header, "chart": chart, "unit": usage_unit(page.usage)},
    )


def history(request: HttpRequest, number: str, what: str) -> HttpResponse:
    """All bills, payments, reads or events of an account."""
    if what not in LISTS:
        raise Http404(f"An account has no list {what!r}; it has {', '.join(LISTS)}.")
    header = pages.get_header(number=number, on=clock.today())
    rows = pages.get_list(what, account_id=header.id, on=clock.today())
    return render(
        request,
        f"desk/customers/{what}.html",
        {"header": header, "rows": rows, "what": what, "title": LISTS[what]},
    )


def _tidied(number: str) -> str:
    """The number without the spaces and hyphens somebody may have typed; as it is when it is none."""
    try:
        return check_account_number(number)
    except BadAccountNumber:
        return number


def note(request: HttpRequest, number: str) -> HttpResponse:
    """Write a note on the account's timeline."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST":
        text = entries.text("text", says="Type what is worth remembering.", longest=2000)
        if not entries.errors:
            try:
                customers_office.note(
                    key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, text=text
                )
                return redirect(f"{reverse('customers-account', args=[header.number])}#timeline")
            except (BadValue, Refused) as bad:
                entries.blame(bad)
    values = {"header": header, "errors": entries.errors, "sent": entries.sent, "key": entries.key or new_key()}
    return render(request, "desk/customers/note.html", values)
