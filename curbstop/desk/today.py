"""Today: what waits, what was done, what comes next. And the keys."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.formats.paper import words
from curbstop.office import (
    adjustments,
    cases,
    closing,
    delinquency,
    ledger,
    orders,
    pages,
    payments,
    roster,
    staff,
    tills,
)
from curbstop.office._once import Refused


@dataclass(frozen=True)
class Waits:
    """One thing that waits for somebody, and where to do it."""

    href: str
    says: str
    more: str


def today(request: HttpRequest) -> HttpResponse:
    """The first screen of the day."""
    on = clock.today()
    found = pages.get_today(on=on)
    values = {
        "on": on,
        "today": found,
        "waits": [
            *_reads(found, on),
            *_field(request, on),
            *_holds(request, on),
            *_cases(request),
            *_runs(),
            *_requests(request),
            *_drawers(request),
            *_papers(request, on),
            *_days(request, on),
        ],
        "receipts": pages.get_latest_receipts(limit=8),
        "proof": closing.get_last_proof(),
        "key": new_key(),
    }
    return render(request, "desk/today.html", values)


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _reads(found: pages.Today, on: object) -> list[Waits]:
    waits = []
    if found.undecided:
        since = words.day(found.oldest_undecided_on) if found.oldest_undecided_on else ""
        says = _many(found.undecided, "read waits for a decision", "reads wait for a decision")
        waits.append(Waits(reverse("reads"), says, f"the oldest of {since}"))
    missing: dict[tuple[str, str], int] = {}
    for route in pages.get_routes(on=clock.today()):
        place = (route.cycle, words.day(route.read_on))
        missing[place] = missing.get(place, 0) + route.missing
    for (cycle, day), count in missing.items():
        if count:
            says = f"{_many(count, 'meter', 'meters')} of cycle {cycle} not read"
            waits.append(Waits(reverse("reads"), says, f"read day {day}"))
    return waits


def _field(request: HttpRequest, on: date) -> list[Waits]:
    """Orders of who looks, for the field; what of orders waits for the office, for who may write them."""
    by = actor(request)
    found = orders.get_waiting(on=on, user_id=by.id)
    waits = []
    if found.mine:
        says = _many(found.mine, "order is yours", "orders are yours")
        waits.append(Waits(reverse("field"), says, "on the field page"))
    if not staff.may(by, "orders.assign"):
        return waits
    for count, one, more, where in (
        (found.undone, "order came back undone", "orders came back undone", "give each a new day"),
        (found.questions, "order asks the office", "orders ask the office", "answer on the order"),
        (found.late, "order is past its day", "orders are past their day", "hand out, move or cancel"),
        (found.hazards, "hazard waits for a supervisor", "hazards wait for a supervisor", "reported as unsafe"),
    ):
        if count:
            waits.append(Waits(reverse("orders"), _many(count, one, more), where))
    return waits


def _holds(request: HttpRequest, on: date) -> list[Waits]:
    """Holds of who looks that end soon."""
    by = actor(request)
    count = delinquency.count_back(owner_id=by.id, on=on)
    if not count:
        return []
    says = _many(count, "hold of yours ends soon", "holds of yours end soon")
    return [Waits(f"{reverse('holds')}?owner={by.id}&soon=1", says, "let it lapse, or let it go on with a reason")]


def _cases(request: HttpRequest) -> list[Waits]:
    """Cases and promised calls of who looks, his own and those he covers; the supervisor's unclaimed promises."""
    by, now = actor(request), timezone.localtime(clock.now())
    rows = [row.case for row in cases.list_queue(by=by, at=now, owner_id=by.id)]
    waits = []
    late, first = sum(row.standing.overdue for row in rows), next((r.promised_at for r in rows if r.promised_at), None)
    if rows:
        says = _many(len(rows), "case or call is yours", "cases and calls are yours")
        more = (
            f"{late} overdue" if late else f"the first promised by {words.day(first.date())}" if first else "no promise"
        )
        waits.append(Waits(reverse("cases"), says, more))
    unclaimed = roster.list_unclaimed() if staff.may(by, "staff.roster") else ()
    waits += [Waits(reverse("cases-case", args=[id]), says, "give it to somebody") for id, says in unclaimed]
    return waits


def _runs() -> list[Waits]:
    waits = []
    for run in pages.get_runs(limit=12):
        says = {
            "planned": "is planned and not calculated",
            "review": "waits for review and approval",
            "posting": "is approved and not all posted",
        }.get(run.state)
        if says:
            more = f"{run.bills:,} bills" if run.bills else "nothing calculated yet"
            waits.append(
                Waits(
                    reverse("bills-run", args=[run.id]), f"Cycle {run.cycle} of {words.day(run.bill_on)} {says}", more
                )
            )
    waits.reverse()
    for turn in pages.get_cycles(on=clock.today()):
        if turn.ready and turn.open_run is None and turn.accounts and turn.bill_on:
            says = f"{turn.name} can be billed: its bills are dated {words.day(turn.bill_on)}"
            waits.append(Waits(reverse("bills"), says, _many(turn.accounts, "premise", "premises")))
    return waits


def _requests(request: HttpRequest) -> list[Waits]:
    """Requests that this person may decide: those of others, for who has the right."""
    by = actor(request)
    if not staff.may(by, "adjustments.approve"):
        return []
    rows = [row for row in adjustments.list_waiting(on=clock.today()) if row.asked_by_id != by.id]
    if not rows:
        return []
    says = _many(len(rows), "request waits for approval", "requests wait for approval")
    return [Waits(reverse("adjustments"), says, f"the oldest of {words.day(rows[0].asked_on)}")]


def _drawers(request: HttpRequest) -> list[Waits]:
    waits = []
    by = actor(request)
    for drawer in tills.list_tills():
        if drawer.counted:
            says = f"{drawer.name} is counted and waits to be signed"
        elif drawer.cashier_id == by.id:
            says = f"{drawer.name} is open to you"
        elif drawer.session_id and drawer.opened_on and drawer.opened_on < clock.today():
            says = f"{drawer.name} of {drawer.cashier} was not counted"
        else:
            continue
        since = f"since {words.day(drawer.opened_on)}, " if drawer.opened_on else ""
        waits.append(Waits(reverse("tills"), says, f"{since}{_many(drawer.receipts, 'receipt', 'receipts')}"))
    return waits


def _papers(request: HttpRequest, on: date) -> list[Waits]:
    """Letters to be made, and agencies' money that is late, for who may deal with them."""
    waits, by = [], actor(request)
    letters = payments.list_letters() if staff.may(by, "payments.make_letter") else ()
    if letters:
        says = _many(len(letters), "letter or door hanger waits to be made", "letters and door hangers wait to be made")
        since = f"since {words.day(letters[0].queued_on)}"
        waits.append(Waits(f"{reverse('files-returned')}#letters", says, since))
    late = (
        [row for row in payments.list_pledges() if row.due_on < on] if staff.may(by, "payments.accept_pledge") else []
    )
    if late:
        says = _many(len(late), "agency's pledge was not paid in time", "agencies' pledges were not paid in time")
        waits.append(Waits(reverse("payments-pledges"), says, f"the oldest was due {words.day(late[0].due_on)}"))
    return waits


def _days(request: HttpRequest, on: date) -> list[Waits]:
    """The oldest day that is over and not closed, for who may close it."""
    if not staff.may(actor(request), "closing.close_day"):
        return []
    over = [day for day in ledger.get_open_days() if day < on]
    if not over:
        return []
    ready = closing.get_prepared(over[0].isoformat())
    does = f"made ready by {ready.by}, waits to be closed" if ready else "waits to be made ready and closed"
    more = _many(len(over) - 1, "day after it", "days after it") if len(over) > 1 else "the only one"
    return [Waits(reverse("closing-day", args=[over[0].isoformat()]), f"{words.day(over[0])} {does}", more)]


@require_POST
def open_day(request: HttpRequest) -> HttpResponse:
    """Open today as an accounting day."""
    try:
        ledger.open_day(key=Entries(request.POST).key, by=actor(request), at=clock.now(), on=clock.today())
        messages.success(request, "The accounting day is open.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("today")


def keys(request: HttpRequest) -> HttpResponse:
    """The keys, as a page or for the dialog."""
    return render(request, "desk/parts/keys_dialog.html" if wants_part(request) else "desk/keys.html")
