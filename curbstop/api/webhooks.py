"""Where gateways report. A message is verified, kept, and then dealt with; only what is kept is answered with 200.

What cannot be dealt with at once (the gateway is silent, no accounting day is open) waits in the inbox; the clock takes
it up again. So a gateway's message is lost at no point after it was answered.
"""

from __future__ import annotations

import logging
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from procrastinate import exceptions
from procrastinate.contrib.django import app

from curbstop.api.answers import Wrong, answered, said
from curbstop.office import payments, staff
from curbstop.office._events import Key
from curbstop.outside import cards

CLOCK = "system"

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
@answered
def hear(request: HttpRequest, gateway: str) -> HttpResponse:
    """A gateway's message: 200 when it is kept, 400 when the gateway did not sign it (just now), 404 for a stranger."""
    now = timezone.now()
    try:
        port = cards.named(gateway)
    except cards.NoGateway:
        raise Wrong(404, "No such gateway reports here.") from None
    try:
        heard = port.hear(request.body, request.headers, at=now)
    except (cards.BadSignature, ValueError, KeyError) as error:
        says = str(error) if isinstance(error, cards.BadSignature) else "The message cannot be read."
        logger.warning("A message for the gateway %s was not taken: %s", port.name, says)
        raise Wrong(400, says) from None
    clock = staff.get_actor(username=CLOCK)
    kept = payments.receive_report(
        key=Key(f"hear:{uuid4().hex}"),
        by=clock,
        at=now,
        gateway=port.name,
        gateway_event=heard.event,
        kind=heard.kind,
        body=request.body.decode(),
    )
    if kept.done:
        return said({"kept": True, "outcome": "already"})
    try:
        report = port.read(request.body)
    except cards.GatewaySilent as silent:
        logger.warning("Report %s waits: %s", kept.report_id, silent)
        return said({"kept": True, "outcome": "waits"})
    if report is None:
        key = Key(f"hear:{kept.report_id}:nothing")
        words = f"{heard.kind} asks for nothing here"
        payments.record_report(key=key, by=clock, at=now, report_id=kept.report_id, outcome="nothing", words=words)
        return said({"kept": True, "outcome": "nothing"})
    done = payments.settle(
        key=Key(f"hear:{uuid4().hex}"),
        by=clock,
        at=now,
        on=timezone.localdate(),
        gateway=port.name,
        report=report,
        report_id=kept.report_id,
    )
    if done.outcome == "paid":
        _send_soon()
    return said({"kept": True, "outcome": done.outcome})


def _send_soon() -> None:
    """Ask the worker to send what the outbox holds now: the payer waits for the receipt."""
    try:
        with transaction.atomic():
            app.configure_task(name="outbox.send", lock="outbox", queueing_lock="outbox.send").defer(timestamp=0)
    except exceptions.AlreadyEnqueued:
        pass
