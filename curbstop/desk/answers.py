"""What a screen answers when the office says no: nothing there (404), not permitted (403), refused (409)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from curbstop.office._once import NotPermitted, Refused
from curbstop.office.pages import NotThere
from curbstop.rules.faults import BadValue


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page and not the whole of it; its middleware marks every request."""
    return bool(request.htmx)  # type: ignore[attr-defined]


_SAID = {404: "Not there", 403: "Not permitted", 409: "Refused"}


class OfficeSaysNo:
    """Middleware: turn the office's refusals that no form caught into a page that says what, why and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for a refusal; None for anything else, which is a fault of ours."""
        for kind, status in ((NotThere, 404), (NotPermitted, 403), (Refused, 409), (BadValue, 409)):
            if isinstance(error, kind):
                values = {"why": str(error.args[0] if error.args else error), "title": _SAID[status]}
                return render(request, "desk/no.html", values, status=status)
        return None
