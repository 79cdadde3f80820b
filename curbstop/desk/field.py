"""The field page: a person's orders of the day on a telephone, in route order, with or without signal.

The page is whole when it is loaded: the service worker keeps it, and what is done is kept on the telephone and sent
when there is signal, each thing once by its key. ``send`` answers in JSON what became of it, so that the page says so.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from curbstop.desk import clock
from curbstop.desk.forms import id_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import delinquency, orders
from curbstop.office._events import Key
from curbstop.office._once import NotPermitted, Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.orders import FAILS

MOST = 60
MOST_SENT = 20_000_000
"""Bytes of one thing that is sent: its words, and pictures made small on the telephone."""
SHELL = ("public-sans/PublicSans[wght].ttf", "desk/desk.css", "desk/field.css", "desk/field.js", "desk/mark.svg")
DOES = ("complete", "fail", "warning", "hazard", "ask")


@ensure_csrf_cookie
@require_GET
def field_page(request: HttpRequest) -> HttpResponse:
    """The orders that the signed-in person has today, done and to do, with a form for each."""
    by, now = actor(request), timezone.localtime(clock.now())
    mine = orders.list_open(now=now, user_id=by.id, on=now.date())
    done = orders.list_ended(now=now, on=now.date(), user_id=by.id)
    found = orders.get_orders(order_ids=[row.order_id for row in mine[:MOST]], now=now) if mine else ()
    stops = sorted(found, key=lambda page: (page.row.priority > 1, page.row.route, page.row.sequence))
    values = {
        "today": now.date(),
        "by": by,
        "cookie": settings.CSRF_COOKIE_NAME,
        "stops": [(page, new_key(), by.id in page.confirmed or not page.row.hazards) for page in stops],
        "done": done,
        "total": len(mine) + len(done),
        "fails": FAILS,
        "key": new_key(),
    }
    answer = render(request, "desk/orders/field.html", values)
    answer["Cache-Control"] = "no-cache"  # the worker keeps it for when there is no signal
    return answer


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """One thing that was done in the field: sent by its key, it is done once, however often it arrives.

    Answers ``{"done": true, "says": [...]}``, or ``{"done": false, "why": ..., "field": ..., "ended": ...}``.
    """
    body = request.read(MOST_SENT + 1)  # not .body, whose limit is that of forms
    if len(body) > MOST_SENT:
        return JsonResponse({"done": False, "why": "The pictures are too large; take fewer.", "field": ""}, status=413)
    try:
        sent = json.loads(body)
        do, key = str(sent["do"]), Key(str(sent["key"]))
        if do not in DOES:
            raise ValueError(do)
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"done": False, "why": "This is not something a telephone sends.", "field": ""}, status=400)
    try:
        return JsonResponse({"done": True, "says": _do(request, do, key, sent)})
    except orders.Ended as ended:
        return JsonResponse({"done": False, "why": str(ended), "field": "", "ended": True}, status=409)
    except NotPermitted as refused:
        return JsonResponse({"done": False, "why": str(refused), "field": ""}, status=403)
    except (Refused, BadValue) as bad:
        why = sentence(bad)
        if isinstance(bad, Refused) and do == "complete" and sent.get("later"):
            _ask_office(request, key, sent, why)
        return JsonResponse({"done": False, "why": why, "field": getattr(bad, "field", "") or ""}, status=409)


def _do(request: HttpRequest, do: str, key: Key, sent: Mapping[str, Any]) -> list[str]:
    act: dict[str, Any] = {"key": key, "by": actor(request), "at": clock.now()}
    if do == "hazard":
        orders.report_hazard(
            **act, premise_id=_whole(sent, "premise"), says=str(sent.get("says", "")), taken=_taken(sent)
        )
        return ["Reported; it goes with every order of this place."]
    act["order_id"] = _whole(sent, "order")
    if do == "ask":  # at the meter, before the valve; an order that no longer stands is closed by it
        return [delinquency.check_at_meter(**act).says]
    if do == "warning":
        orders.confirm_warning(**act)
        return []
    at: dict[str, Any] = {
        "done_at": _instant(sent.get("done_at")),
        "words": str(sent.get("words", "")),
        "taken": _taken(sent),
        "latitude": str(sent.get("latitude") or ""),
        "longitude": str(sent.get("longitude") or ""),
    }
    if do == "fail":
        orders.cannot_complete(**act, code=str(sent.get("code", "")), **at)
        return ["Given back; the office decides what follows."]
    fields = sent.get("fields")
    done = orders.complete(**act, fields=fields if isinstance(fields, dict) else {}, **at)
    return list(done.says)


def _whole(sent: Mapping[str, Any], name: str) -> int:
    found = id_of(str(sent.get(name, "")))
    if found is None:
        raise Refused(f"It names no {name}; load the page again.", field="form")
    return found


def _instant(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        raise Refused("The telephone sent no time that can be read; set its clock.", field="form") from None


def _taken(sent: Mapping[str, Any]) -> tuple[orders.Taken, ...]:
    """Pictures and signatures as the page sends them: kind, name, and the bytes in base64."""
    found = sent.get("taken")
    rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return tuple(
        orders.Taken(str(one.get("kind", "")), str(one.get("name", "")), str(one.get("body", ""))) for one in rows
    )


def _ask_office(request: HttpRequest, key: Key, sent: Mapping[str, Any], why: str) -> None:
    """The crew has gone on: what was refused stands on the open order as a question."""
    try:
        orders.change(
            key=Key(f"{key}:asks"[:200]),
            by=actor(request),
            at=clock.now(),
            order_id=_whole(sent, "order"),
            words=f"Sent from the field and refused: {why}"[:500],
            kind="question",
        )
    except (Refused, BadValue):
        return  # the order has ended meanwhile; the refusal itself is an event on it


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of the field page, beside it so that its reach is the page and no more."""
    body = render(request, "desk/orders/worker.js", {"shell": json.dumps([static(name) for name in SHELL])})
    body["Content-Type"] = "text/javascript; charset=utf-8"
    body["Cache-Control"] = "no-cache"
    return body
