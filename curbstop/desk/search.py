"""The one search box: what it finds while somebody types, and the page of all results."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from curbstop.desk import clock, stubs
from curbstop.desk.answers import wants_part
from curbstop.desk.frame import actor, new_key
from curbstop.office import customers, pages, payments
from curbstop.office import search as office

TYPED, PAGE = 8, 60


def search(request: HttpRequest) -> HttpResponse:
    """Results for the box (htmx) or as a page; when only one account is meant, Enter opens it."""
    text = request.GET.get("q", "").strip()
    part = wants_part(request)
    if stubs.is_line(text):
        return _stub(request, text, part)
    if not part and (number := stubs.receipt_of(text)):
        try:
            return redirect("payments-receipt", id=payments.get_receipt(*number).document_id)
        except payments.NoReceipt:
            pass  # it may be an address: A-1
    found = office.find(text, TYPED if part else PAGE)
    if marked := tuple(hit.account_id for hit in found.hits if hit.confidential):
        customers.log_search(key=new_key(), by=actor(request), at=clock.now(), account_ids=marked)
    if part:
        return render(request, "desk/search/found.html", {"found": found})
    if len(found.hits) == 1 and not found.meant and "stay" not in request.GET:
        return redirect("customers-account", number=found.hits[0].number)
    return render(request, "desk/search/page.html", {"found": found, "q": text})


def _stub(request: HttpRequest, text: str, part: bool) -> HttpResponse:
    """The line of a stub, scanned or typed: the payment of its account with the amount filled in."""
    header, why, read = None, "", None
    try:
        read = stubs.read(text)
        header = pages.get_header(number=read.account, on=clock.today())
    except (stubs.NoStub, pages.NotThere) as none:
        why = str(none)
    values = {"header": header, "stub": read, "line": "".join(text.split()), "q": text, "why": why}
    if part:
        return render(request, "desk/search/stub.html", values)
    if header is not None:
        return redirect(f"{reverse('payments-take', args=[header.number])}?{urlencode({'stub': values['line']})}")
    return render(request, "desk/search/page.html", {**values, "found": office.Found(text, (), False, False)})
