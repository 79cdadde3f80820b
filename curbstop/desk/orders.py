"""Orders: the board by crew and day, a new one, and one order whole with everything that can be done to it."""

import base64
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from curbstop.desk import clock, order_papers, papers
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries, day_of, id_of, ids_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import orders, pages
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.orders import OrderRow
from curbstop.rules.adjustments import MOST_BYTES
from curbstop.rules.faults import BadValue
from curbstop.rules.orders import FAILS, PRIORITIES

URGENT = {str(number): name for name, number in PRIORITIES.items()}
FIELDS = {"order_id": "form", "premise_id": "form", "service_point_id": "form", "user_ids": "crew", "order_ids": "form"}


@dataclass(frozen=True)
class Board:
    """The orders of one crew on the board; of nobody: those that are to be handed out."""

    name: str
    user_id: int | None
    rows: tuple[OrderRow, ...]


@dataclass(frozen=True)
class Dot:
    """An order on the map, in the picture's own units."""

    x: int
    y: int
    no: int
    row: OrderRow


def orders_page(request: HttpRequest) -> HttpResponse:
    """What is open, by crew; what came back undone; hazards that wait."""
    on = day_of(request.GET.get("on", "")) or clock.today()
    every = request.GET.get("all") == "1"
    rows = orders.list_open(now=_now(), on=None if every else on)
    dots = _dots(rows)
    values = {
        "on": on,
        "today": clock.today(),
        "every": every,
        "boards": _boards(rows),
        "count": len(rows),
        "late": sum(row.late for row in rows),
        "back": orders.list_given_back(now=_now()),
        "ended": orders.list_ended(now=_now(), on=on),
        "hazards": orders.list_hazards_to_see(on=clock.today()),
        "crew": orders.list_crew(),
        "dots": dots,
        "unmapped": len(rows) - len(dots),
        "key": new_key(),
    }
    return render(request, "desk/orders/orders.html", values)


def _now() -> Any:
    return timezone.localtime(clock.now())


def _boards(rows: tuple[OrderRow, ...]) -> tuple[Board, ...]:
    """A board for nobody, then one a person; an order of two people stands with both."""
    names = {id: name for row in rows for id, name in zip(row.crew_ids, row.crew, strict=True)}
    found = [Board("Nobody has it yet", None, tuple(row for row in rows if not row.crew_ids))]
    for id, name in sorted(names.items(), key=lambda pair: pair[1]):
        found.append(Board(name, id, tuple(row for row in rows if id in row.crew_ids)))
    return tuple(board for board in found if board.rows)


WIDE, HIGH, EDGE = 640, 320, 24


def _dots(rows: tuple[OrderRow, ...]) -> tuple[Dot, ...]:
    """Orders where a telephone was before, as points; no tiles of anybody's."""
    known = orders.list_points(premise_ids=sorted({row.premise_id for row in rows}))
    placed = [
        (row, Decimal(known[row.premise_id][0]), Decimal(known[row.premise_id][1]))
        for row in rows
        if row.premise_id in known
    ]
    if not placed:
        return ()
    norths, easts = [one[1] for one in placed], [one[2] for one in placed]
    top, left = max(norths), min(easts)
    tall, wide = max(norths) - min(norths), max(easts) - min(easts)
    return tuple(
        Dot(
            _along(east - left, wide, WIDE),
            _along(top - north, tall, HIGH),
            no,
            row,
        )
        for no, (row, north, east) in enumerate(placed, start=1)
    )


def _along(part: Decimal, whole: Decimal, length: int) -> int:
    """Where a point lies on a side of the picture; in the middle where all are at one place."""
    return EDGE + int(part * (length - 2 * EDGE) / whole) if whole else length // 2


@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Hand the ticked orders to the ticked people; nobody ticked takes them back."""
    entries = Entries(request.POST)
    chosen = ids_of(request.POST.getlist("order"))
    crew = ids_of(request.POST.getlist("crew"))
    on = day_of(entries.raw("on"))
    try:
        done = orders.assign(key=entries.key, by=actor(request), at=clock.now(), order_ids=chosen, user_ids=crew, on=on)
        who = " and ".join(done.names) or "nobody"
        messages.success(request, f"{done.orders} {'order' if done.orders == 1 else 'orders'} assigned to {who}.")
    except (BadValue, Refused) as bad:
        messages.error(request, sentence(bad))
    return redirect(_back(entries, f"{reverse('orders')}?on={on or ''}"))


def _back(entries: Entries, otherwise: str) -> str:
    back = entries.raw("back")
    return back if back.startswith("/orders/") else otherwise


# --- a new order ------------------------------------------------------------------------------------------------------


def find(request: HttpRequest) -> HttpResponse:
    """The first screen of a new order: the place."""
    text = request.GET.get("at", "").strip()
    found = pages.find_premises(text, on=clock.today()) if text else ()
    part = wants_part(request)
    name = "desk/orders/places.html" if part else "desk/orders/find.html"
    return render(request, name, {"at": text, "found": found})


def write(request: HttpRequest, premise: int) -> HttpResponse:
    """The second: what, when, why. An order open for the same trouble is shown before a second is written."""
    place = orders.load_place(premise, on=clock.today())
    entries = Entries(request.POST if request.method == "POST" else {"on": "", "type": request.GET.get("type", "")})
    types = orders.load_types()
    if entries.raw("do") == "write":
        made = _written(request, premise, entries)
        if made is not None:
            messages.success(request, f"Order {made.order_id} is written.")
            return redirect("orders-order", id=made.order_id)
    chosen = types.get(entries.raw("type"))
    on = day_of(entries.raw("on"))
    values = {
        "place": place,
        "types": types,
        "chosen": chosen,
        "windows": orders.list_windows(type=chosen.code, on=on) if chosen and on else (),
        "windows_say": orders.get_windows(chosen, on or clock.today())[1] if chosen else "",
        "open": orders.list_open(now=_now(), premise_id=premise),
        "urgent": URGENT,
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
        "today": clock.today(),
    }
    part = wants_part(request) and entries.raw("do") != "write"
    return render(request, "desk/orders/form.html" if part else "desk/orders/write.html", values)


def _written(request: HttpRequest, premise: int, entries: Entries) -> orders.Raised | None:
    on = entries.day("on", required=False)
    about = entries.text("about", required=False)
    if entries.errors:
        return None
    urgent = entries.raw("priority")
    point = entries.raw("point")
    try:
        return orders.write(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            type=entries.raw("type"),
            premise_id=premise,
            service_point_id=id_of(point),
            on=on,
            window=entries.raw("window"),
            about=about,
            priority=int(urgent) if urgent in URGENT else None,
            second=entries.raw("second"),
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, FIELDS)
        return None


# --- one order --------------------------------------------------------------------------------------------------------


def order(request: HttpRequest, id: int) -> HttpResponse:
    """An order whole; each form of the page does one act."""
    entries = Entries(request.POST)
    if request.method == "POST":
        said = _done(request, id, entries)
        if said:
            messages.success(request, said)
            return redirect("orders-order", id=id)
    page = orders.get_order(order_id=id, now=_now())
    kind = orders.load_types().get(page.row.type)
    on = day_of(entries.raw("on")) or page.row.on
    values = {
        "page": page,
        "row": page.row,
        "hazards": page.row.hazards,
        "crew": orders.list_crew(),
        "windows": orders.list_windows(type=page.row.type, on=on) if kind and on and kind.windows else (),
        "windows_say": orders.get_windows(kind, on or clock.today())[1] if kind else "",
        "urgent": URGENT,
        "fails": FAILS,
        "sent": entries.sent,
        "errors": entries.errors,
        "do": entries.raw("do"),
        "key": new_key(),
        "today": clock.today(),
    }
    return render(request, "desk/orders/order.html", values, status=422 if entries.errors else 200)


def _done(request: HttpRequest, id: int, entries: Entries) -> str:
    """Do what the button says; empty, with the reason beside its field, when the office refuses."""
    do = entries.choice("do", tuple(DOES), says="Choose what to do.")
    if entries.errors:
        return ""
    act = {"key": Key(f"{entries.key}:{do}"), "by": actor(request), "at": clock.now(), "order_id": id}
    try:
        return DOES[do](request, act, entries)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {**FIELDS, "order_id": "form"} if do != "complete" else {"order_id": "form"})
        return ""


def _change(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    urgent, kind = entries.raw("priority"), entries.raw("kind") or "report"
    orders.change(**act, words=entries.raw("words"), priority=int(urgent) if urgent in URGENT else None, kind=kind)
    return "Added; every report is kept." if kind == "report" else "Answered."


def _reschedule(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    on = entries.day("on", required=False)
    if entries.errors:
        raise Refused("Write the day as 2026-11-23.", field="on")
    made = orders.reschedule(**act, on=on, window=entries.raw("window"), words=entries.raw("words"))
    when = f"for {made.on.isoformat()} {made.window}".strip() if made.on else "for when a crew is near"
    return f"Order {made.order_id} is {when}."


def _assign(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    crew = ids_of(request.POST.getlist("crew"))
    given = {**act, "order_ids": (act["order_id"],), "user_ids": crew}
    del given["order_id"]
    done = orders.assign(**given)
    return f"Assigned to {' and '.join(done.names) or 'nobody'}."


def _own(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    orders.own(**act)
    return "You answer for this order."


def _cancel(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    orders.cancel(**act, reason=entries.raw("reason"))
    return "Cancelled."


def _complete(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    names = [one.name for one in orders.get_order(order_id=act["order_id"], now=_now()).fields]
    fields = {name: entries.raw(f"f.{name}") for name in names if entries.raw(f"f.{name}")}
    done = orders.complete(**act, fields=fields, words=entries.raw("words"), taken=taken_from(request))
    return " ".join(("Done.", *done.says, *(f"Left: {one}" for one in done.not_set)))


def _fail(request: HttpRequest, act: dict[str, Any], entries: Entries) -> str:
    orders.cannot_complete(**act, code=entries.raw("code"), words=entries.raw("words"), taken=taken_from(request))
    return "Given back; it stands on the board until somebody decides what follows."


DOES = {
    "change": _change, "reschedule": _reschedule, "assign": _assign, "own": _own, "cancel": _cancel,
    "complete": _complete, "fail": _fail,
}  # fmt: skip


def taken_from(request: HttpRequest) -> tuple[orders.Taken, ...]:
    """Pictures and signatures as a form sends them; one that is too large is cut, and the office says that it is."""
    found = []
    for kind in ("picture", "signature"):
        sent: list[Any] = request.FILES.getlist(kind)
        found += [orders.Taken(kind, file.name, base64.b64encode(file.read(MOST_BYTES + 1)).decode()) for file in sent]
    return tuple(found)


def attachment(request: HttpRequest, id: int) -> HttpResponse:
    """A picture or a signature, as it came."""
    name, media, body = orders.get_attachment(id=id)
    safe = "".join(letter for letter in name if letter.isalnum() or letter in " .-_")
    return HttpResponse(body, content_type=media, headers={"Content-Disposition": f'inline; filename="{safe}"'})


def order_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The order on paper, to take along."""
    pages_of = orders.get_orders(order_ids=[id], now=_now())
    return papers.pdf(order_papers.orders_of(pages_of, at=clock.now()), name=f"order-{id}.pdf")


def day_pdf(request: HttpRequest) -> HttpResponse:
    """The orders of a person's day on paper, in the order of the board."""
    on = day_of(request.GET.get("on", "")) or clock.today()
    crew = request.GET.get("crew", "")
    rows = orders.list_open(now=_now(), on=on, user_id=id_of(crew))
    if not rows:
        raise pages.NotThere("There is no order to print; hand some out on the board first.")
    found = orders.get_orders(order_ids=[row.order_id for row in rows], now=_now())
    return papers.pdf(order_papers.orders_of(found, at=clock.now()), name=f"orders-{on.isoformat()}.pdf")


# --- hazards ----------------------------------------------------------------------------------------------------------


def hazards(request: HttpRequest, premise: int) -> HttpResponse:
    """The hazards of a place: report, confirm, end."""
    entries = Entries(request.POST)
    if request.method == "POST":
        try:
            messages.success(request, _hazard(request, premise, entries))
            return redirect("orders-hazards", premise=premise)
        except (BadValue, Refused) as bad:
            entries.blame(bad, FIELDS)
    values = {
        "place": orders.load_place(premise, on=clock.today()),
        "rows": orders.list_at(premise_id=premise, now=_now()),
        "sent": entries.sent,
        "errors": entries.errors,
        "key": new_key(),
        "today": clock.today(),
    }
    return render(request, "desk/orders/hazards.html", values, status=422 if entries.errors else 200)


def _hazard(request: HttpRequest, premise: int, entries: Entries) -> str:
    do = entries.raw("do")
    act: dict[str, Any] = {"key": Key(f"{entries.key}:{do}"), "by": actor(request), "at": clock.now()}
    persons = entries.raw("persons")
    if do == "report":
        two = id_of(persons) or 1
        orders.report_hazard(
            **act, premise_id=premise, says=entries.raw("says"), persons=two, taken=taken_from(request)
        )
        return "Reported; it goes with every order of this place."
    hazard = entries.whole("hazard_id", least=1)
    if do == "confirm":
        two_or_none = id_of(persons)
        orders.confirm_hazard(**act, hazard_id=hazard, reason=entries.raw("reason"), persons=two_or_none)
        return "Confirmed."
    orders.end_hazard(**act, hazard_id=hazard, reason=entries.raw("reason"))
    return "Ended; it stays on file."
