"""Today: what waits, what was done, what comes next. And the keys."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def today(request: HttpRequest) -> HttpResponse:
    """The first screen of the day."""
    return render(request, "desk/today.html")


def keys(request: HttpRequest) -> HttpResponse:
    """The keys, as a page or for the dialog."""
    return render(request, "desk/parts/keys_dialog.html" if request.htmx else "desk/keys.html")  # type: ignore[attr-defined]
