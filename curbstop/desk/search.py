"""The one search box: what it finds while somebody types, and the page of all results."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.office import search as office

TYPED, PAGE = 8, 60


def search(request: HttpRequest) -> HttpResponse:
    """Results for the box (htmx) or as a page; when only one account is meant, Enter opens it."""
    text = request.GET.get("q", "").strip()
    part = bool(request.htmx)  # type: ignore[attr-defined]
    found = office.find(text, TYPED if part else PAGE)
    if part:
        return render(request, "desk/search/found.html", {"found": found})
    if len(found.hits) == 1 and not found.meant and "stay" not in request.GET:
        return redirect("customers-account", number=found.hits[0].number)
    return render(request, "desk/search/page.html", {"found": found, "q": text})
