"""Accounts: the page that a person with a caller on the line works from, and its long lists."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.frame import actor
from curbstop.formats.usage_chart import usage_chart_svg, usage_unit
from curbstop.office import pages
from curbstop.rules.accounts import BadAccountNumber, check_account_number

LISTS = {"bills": "Bills", "payments": "Payments", "reads": "Reads", "events": "Timeline"}


def customers(request: HttpRequest) -> HttpResponse:
    """Where to begin: a search, a new service, the accounts that were worked on last."""
    return render(request, "desk/customers/customers.html", {"recent": pages.get_recent(by=actor(request).id)})


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The account page."""
    if (tidy := _tidied(number)) != number:
        return redirect("customers-account", number=tidy)
    page = pages.get_account_page(number=number, on=clock.today())
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
