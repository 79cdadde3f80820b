"""Drafts of rates: kept, looked at, approved by a second person with the resolution, withdrawn; and the calculator."""

import base64
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.desk.trials import draft_text, result_pictures
from curbstop.office import bills, drafts, pages, tariffs
from curbstop.office._once import Refused
from curbstop.rules.explaining import LineExplained, explain
from curbstop.rules.faults import BadValue
from curbstop.rules.rating import MOST_COUNT, MOST_GAL, Inputs, Status, charge
from curbstop.rules.tariffs import TariffErrors
from curbstop.rules.traces import Trace

STATES = {"open": "Waits for approval", "approved": "Approved", "withdrawn": "Withdrawn"}


def drafts_page(request: HttpRequest) -> HttpResponse:
    """The drafts with their state, and a form for a new one."""
    values: dict[str, Any] = {
        "rows": drafts.list_drafts(),
        "states": STATES,
        "key": new_key(),
        "sent": {},
        "errors": {},
    }
    if request.method != "POST":
        return render(request, "desk/tariffs/drafts.html", values)
    entries = Entries(request.POST)
    says = entries.text("says", says="Say in a sentence what it changes; the approver reads it first.")
    text, file = draft_text(request, entries)
    values |= {"sent": {**request.POST.dict(), "text": text}, "errors": entries.errors, "key": entries.key}
    if not entries.errors:
        try:
            number = drafts.draft(key=entries.key, by=actor(request), at=clock.now(), file=file, text=text, says=says)
            messages.success(request, f"Draft {number} is kept. A second person approves it.")
            return redirect("tariffs-draft", id=number)
        except TariffErrors as wrong:
            entries.errors["text"] = f"{len(wrong.faults)} to correct, listed below by line. Nothing was kept."
            values["faults"] = wrong.faults
        except (BadValue, Refused) as bad:
            entries.blame(bad)
    return render(request, "desk/tariffs/drafts.html", values)


def draft_page(request: HttpRequest, id: int) -> HttpResponse:
    """One draft: its versions, what is in the way, who decided."""
    return _draft_page(request, id, {}, {})


def _draft_page(request: HttpRequest, id: int, sent: dict[str, Any], errors: dict[str, str]) -> HttpResponse:
    row = drafts.get_draft(draft=id)
    if row is None:
        raise pages.NotThere(f"There is no draft {id}. Rates lists the drafts.")
    why = "You drafted this; a second person approves it." if row.drafted_by_id == actor(request).id else ""
    why = why or (f"Not yet: {row.in_the_way[0]}" if row.in_the_way else "")
    today = clock.today()
    values = {"row": row, "why": why, "states": STATES, "key": new_key(), "key_try": new_key(), "sent": sent,
              "errors": errors, "today": today, "since": date(today.year - 1, 1, 1)}  # fmt: skip
    return render(request, "desk/tariffs/draft.html", values)


@require_POST
def try_on(request: HttpRequest, id: int) -> HttpResponse:
    """Try a draft on the bills of some days, and keep what came of it."""
    entries = Entries(request.POST)
    from_on, until_on = entries.day("from_on"), entries.day("until_on")
    if from_on is not None and until_on is not None:
        days = {"from_on": from_on, "until_on": until_on}
        try:
            trial = drafts.try_on(key=entries.key, by=actor(request), at=clock.now(), draft=id, **days)
            return redirect("tariffs-trial", id=id, trial=trial)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"until": "until_on", "form": "from_on"})
    return _draft_page(request, id, request.POST.dict(), entries.errors)


def trial_page(request: HttpRequest, id: int, trial: int) -> HttpResponse:
    """A trial of a draft, as it was kept."""
    row, found = drafts.get_draft(draft=id), drafts.get_trial(draft=id, trial=trial)
    if row is None or found is None:
        raise pages.NotThere(f"Draft {id} has no trial {trial}. The draft lists its trials.")
    tried, kept = found
    values = {"row": row, "tried": tried, "found": kept, **result_pictures(kept)}
    return render(request, "desk/tariffs/trial.html", values)


@require_POST
def approve(request: HttpRequest, id: int) -> HttpResponse:
    """Approve a draft with the resolution and its file."""
    entries = Entries(request.POST)
    resolution = entries.text("resolution", says="Write its number as the council has it.")
    section = entries.text("section", says="Write which section says so.")
    resolution_on = entries.day("resolution_on")
    attached: Any = request.FILES.get("body")
    if attached is None:
        entries.errors["body"] = "Attach the resolution, for example as a PDF."
    elif attached.size > drafts.MOST_BYTES:
        entries.errors["body"] = f"{attached.size:,} bytes are too many; at most {drafts.MOST_BYTES:,}."
    if not entries.errors and resolution_on is not None:
        try:
            adopted = drafts.approve(
                key=entries.key,
                by=actor(request),
                at=clock.now(),
                draft=id,
                resolution=resolution,
                resolution_on=resolution_on,
                section=section,
                file=attached.name,
                body=base64.b64encode(attached.read()).decode(),
            )
            messages.success(request, f"Approved: {', '.join(adopted.new)}.")
            return redirect("tariffs-draft", id=id)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"text": "form", "file": "body"})
    return _draft_page(request, id, request.POST.dict(), entries.errors)


@require_POST
def withdraw(request: HttpRequest, id: int) -> HttpResponse:
    """Withdraw a draft, with the reason."""
    entries = Entries(request.POST)
    reason = entries.text("reason", says="Say why; it stays with the draft.")
    if not entries.errors:
        try:
            drafts.withdraw(key=entries.key, by=actor(request), at=clock.now(), draft=id, reason=reason)
            messages.success(request, f"Draft {id} is withdrawn.")
            return redirect("tariffs-draft", id=id)
        except (BadValue, Refused) as bad:
            entries.blame(bad)
    return _draft_page(request, id, request.POST.dict(), entries.errors)


def paper(request: HttpRequest, id: int) -> HttpResponse:
    """The resolution that a draft was approved by, as it was attached."""
    found = drafts.get_paper(draft=id)
    if found is None:
        raise pages.NotThere(f"No resolution is kept for draft {id}; one comes with the approval.")
    name, body = found
    answer = HttpResponse(body, content_type="application/octet-stream")
    answer["Content-Disposition"] = "attachment; filename*=UTF-8''" + "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in ".-_") else "_" for letter in name
    )
    return answer


def _quoted(entries: Entries) -> dict[str, Any]:
    """What an account would pay; nothing yet while only the account is known."""
    number = entries.raw("account").replace("-", "").replace(" ", "")
    if not entries.raw("usage"):
        return {}
    gal = entries.whole("usage", most=MOST_GAL)
    irrigation = entries.whole("irrigation", most=MOST_GAL) if entries.raw("irrigation") else 0
    if entries.errors:
        return {}
    try:
        return {"quote": bills.quote(number=number, gal=gal, on=clock.today(), irrigation_gal=irrigation)}
    except Refused as bad:
        entries.blame(bad)
        return {}


@dataclass(frozen=True)
class Worked:
    """What a use would cost under one tariff; without lines, ``says`` tells why not."""

    code: str
    name: str
    total_cents: int
    lines: tuple[LineExplained, ...]
    says: str


def calculator(request: HttpRequest) -> HttpResponse:
    """What a use would cost today, line by line: of a tariff, a whole bill's tariffs of one class."""
    known, on = tariffs.load_tariffs(), clock.today()
    entries = Entries(request.GET)
    values: dict[str, Any] = {"tariffs": known.values(), "on": on, "sent": request.GET, "errors": entries.errors}
    if entries.raw("account"):
        return render(request, "desk/tariffs/calculator.html", {**values, **_quoted(entries)})
    if not request.GET:
        return render(request, "desk/tariffs/calculator.html", values)
    codes = [code for code in request.GET.getlist("code") if code in known]
    if not codes:
        entries.errors["code"] = "Choose one of the rates, or several for a whole bill."
    gal = entries.whole("usage", most=MOST_GAL)
    count = entries.whole("count", most=MOST_COUNT) if entries.raw("count") else 1
    average = entries.whole("average", most=MOST_GAL) if entries.raw("average") else -1
    facts = {name[5:]: [str(value).strip()] for name, value in request.GET.items() if name.startswith("fact-")}
    values["codes"] = codes
    values["needs"] = sorted({need.name for code in codes for need in known[code].needs})
    values["facts"] = {name: words[0] for name, words in facts.items()}
    if entries.errors:
        return render(request, "desk/tariffs/calculator.html", values)
    worked = []
    for code in codes:
        tariff, trace = known[code], Trace()
        inputs = Inputs.of(gal=[gal], average_gal=[average], count=[count], facts=facts)
        from_on = on - timedelta(days=tariff.per_days or 28)
        charges = charge(tariff, from_on=from_on, until_on=on, inputs=inputs, trace=trace)
        status = Status(int(charges.status[0]))
        lines = explain(trace) if status is Status.RATED else ()
        says = "" if lines else status.says
        worked.append(Worked(code, tariff.name, int(charges.total_cents[0]), tuple(lines), says))
    values |= {"worked": worked, "total_cents": sum(one.total_cents for one in worked), "gal": gal}
    return render(request, "desk/tariffs/calculator.html", values)
