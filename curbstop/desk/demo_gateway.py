"""The demonstration gateway's own pages, as a payer of an example town sees them. No card number can be typed here.

A real gateway's pages are on its own servers; these stand in for them, and are there only where ``demo`` is in use.
"""

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from procrastinate import exceptions
from procrastinate.contrib.django import app

from curbstop.desk import clock
from curbstop.office import pages
from curbstop.outside import cards
from curbstop.outside.cards.demo import DemoGateway

CARDS = {"4242": "A card ending 4242", "0005": "A card ending 0005"}


@login_not_required
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The hosted page: pay with a card of no money, be declined, or leave."""
    gateway = _gateway()
    found = gateway.get_page(token)
    if found is None:
        raise Http404("There is no such page to pay on; the link may be cut short.")
    state = found.state
    if request.method == "POST" and state == "open":
        if (ending := request.POST.get("card", "")) in CARDS:
            state = gateway.pay(token, last_four=ending, at=clock.now())
        else:
            gateway.decline(token, at=clock.now())
        _deliver()
        if state == "paid":
            return redirect("paid")
        found = gateway.get_page(token)
        state = "declined" if found is not None and found.state == "open" else "failed"
    if state == "open" and found is not None and clock.now() >= found.until:
        state = "closed"
    return render(request, "desk/cards/demo_page.html", {"page": found, "state": state, "cards": CARDS})


@login_not_required
def paid(request: HttpRequest) -> HttpResponse:
    """Where a payer's browser goes after the gateway's page."""
    return render(request, "desk/cards/paid.html")


def _gateway() -> DemoGateway:
    try:
        gateway = cards.chosen(example=pages.get_frame(user_id=None).example)
    except cards.NoGateway as missing:
        raise Http404(str(missing)) from None
    if not isinstance(gateway, DemoGateway):
        raise Http404("This office has a real gateway; its pages are there.")
    return gateway


def _deliver() -> None:
    """Let the gateway's own worker bring its message to our web hook."""
    try:
        with transaction.atomic():
            task = app.configure_task(
                name="cards.deliver_demo", lock="cards.deliver_demo", queueing_lock="cards.deliver_demo"
            )
            task.defer()
    except exceptions.AlreadyEnqueued:
        pass
