"""Holds: of one account with all that was promised, of the city by reason, owner and end, and of a street at once."""

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries, id_of
from curbstop.desk.frame import actor, new_key
from curbstop.office import delinquency, pages
from curbstop.office._once import Refused
from curbstop.office.pages import Header
from curbstop.rules.delinquency.bankruptcy import ASSURANCE, CHAPTERS
from curbstop.rules.delinquency.holds import REASONS
from curbstop.rules.faults import BadValue

BY_HAND = {code: reason for code, reason in REASONS.items() if not reason.by_act}
OUTCOMES = ("dismissed", "discharged")


def holds_page(request: HttpRequest) -> HttpResponse:
    """Every hold of the city that holds or will: those that end first on top; by reason, owner and end."""
    on, entries = clock.today(), Entries(request.POST)
    if request.method == "POST" and _taken_back(request, entries, on):
        return redirect("holds")
    reason = request.GET.get("reason", "") if request.GET.get("reason", "") in REASONS else ""
    owner = id_of(request.GET.get("owner", "")) or 0
    soon = request.GET.get("soon") == "1"
    before = on + timedelta(days=delinquency.get_comes_back_days(on)) if soon else None
    rows = delinquency.list_holds(on=on, reason=reason, owner_id=owner, before=before)
    values = {
        "rows": rows,
        "count_reason": sorted({row.says for row in rows}),
        "mine": delinquency.count_back(owner_id=request.user.pk or 0, on=on),
        "reasons": REASONS,
        "owners": delinquency.list_owners(),
        "reason": reason,
        "owner": owner,
        "soon": soon,
        "days": delinquency.get_comes_back_days(on),
        "key": new_key(),
        "errors": entries.errors,
        "sent": entries.sent,
    }
    return render(request, "desk/holds/holds.html", values, status=422 if entries.errors else 200)


def _taken_back(request: HttpRequest, entries: Entries, on: date) -> bool:
    """Release what one act placed together."""
    says = entries.text("says", says="Say why; it stands with each hold.")
    if not entries.errors:
        try:
            done = delinquency.release_holds_of(
                key=entries.key, by=actor(request), at=clock.now(), placed_by=id_of(entries.raw("placed_by")) or 0,
                on=on, says=says,
            )  # fmt: skip
            messages.success(request, f"{len(done.hold_ids)} holds released together.")
            return True
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"placed_by": "form", "on": "form"})
    return False


def area(request: HttpRequest) -> HttpResponse:
    """A street or a route at once: look who is there, then one button."""
    on = clock.today()
    entries = Entries(request.POST if request.method == "POST" else request.GET)
    street, route = entries.raw("street")[:80], entries.raw("route")[:20]
    found = delinquency.list_area(street=street, route=route, on=on)
    if request.method == "POST" and _placed_at(request, entries, street, route, on):
        return redirect("holds")
    values = {
        "street": street, "route": route, "found": found, "asked": bool(street or route), "reasons": BY_HAND,
        "owners": delinquency.list_owners(), "sent": entries.sent, "errors": entries.errors,
        "key": entries.key or new_key(), "on": on,
    }  # fmt: skip
    return render(request, "desk/holds/area.html", values, status=422 if entries.errors else 200)


def _placed_at(request: HttpRequest, entries: Entries, street: str, route: str, on: date) -> bool:
    reason, authority, until_on = _asked(entries)
    if entries.errors:
        return False
    try:
        done = delinquency.place_holds_at(
            key=entries.key, by=actor(request), at=clock.now(), street=street, route=route, reason=reason,
            authority=authority, from_on=on, until_on=until_on, accounts=entries.whole("accounts"),
            owner_id=id_of(entries.raw("owner")),
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"owner_id": "owner", "until_on": "last_on", "accounts": "form", "from_on": "form"})
        return False
    messages.success(request, f"{len(done.hold_ids)} holds placed at once. This list takes them back together.")
    return True


def _asked(entries: Entries) -> tuple[str, str, date | None]:
    """Reason, authority and the first day outside, from the last day that was typed."""
    reason = entries.choice("reason", tuple(BY_HAND), says="Choose why.")
    authority = entries.text("authority", says="Name the paper, the order or the law that asks for it.", longest=300)
    last_on = entries.day("last_on", required=False)
    return reason, authority, last_on + timedelta(days=1) if last_on else None


def account(request: HttpRequest, number: str) -> HttpResponse:
    """What leaves this account alone, what was promised, what each holds; and every way in and out."""
    on = clock.today()
    header = pages.get_header(number=number, on=on)
    entries = Entries(request.POST)
    if request.method == "POST" and _done(request, header, entries, on):
        return redirect("holds-account", number=header.number)
    rows = delinquency.list_holds(on=on, account_id=header.id)
    live = [row for row in rows if not row.released_on and (row.until_on is None or row.until_on > on)]
    values = {
        "header": header,
        "live": live,
        "past": [row for row in rows if row not in live],
        "extensions": delinquency.list_extensions(on=on, account_id=header.id),
        "arrangements": delinquency.list_arrangements(on=on, account_id=header.id),
        "petitions": delinquency.list_petitions(account_id=header.id),
        "reasons": BY_HAND,
        "owners": delinquency.list_owners(),
        "chapters": CHAPTERS,
        "assurance": ASSURANCE,
        "on": on,
        "key": entries.key or new_key(),
        "sent": entries.sent,
        "errors": entries.errors,
    }
    return render(request, "desk/holds/account.html", values, status=422 if entries.errors else 200)


def _done(request: HttpRequest, header: Header, entries: Entries, on: date) -> bool:
    """Do what the pressed button says; False when it was refused, with the reason among the errors."""
    acts = {
        "place": _place, "release": _release, "lengthen": _lengthen, "take": _take, "decline": _decline,
        "withdraw": _withdraw, "withdraw_plan": _withdraw_plan, "petition": _petition, "assure": _assure, "end": _end,
    }  # fmt: skip
    do = acts.get(entries.raw("do"))
    if do is None:
        entries.errors["form"] = "This button is none of this page; press one of those below."
        return False
    try:
        do(request, header, entries, on)
    except (BadValue, Refused) as bad:
        names = {"account_id": "form", "on": "form", "hold_id": "form", "owner_id": "owner", "from_on": "form"}
        by_do = {"until_on": "last_on" if entries.raw("do") == "place" else "new_last_on"}
        entries.blame(bad, {**names, **by_do, "petition_id": "form", "arrangement_id": "form"})
    return not entries.errors


def _place(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    reason, authority, until_on = _asked(entries)
    cents = entries.cents("amount", required=False)
    if not entries.errors:
        delinquency.place_hold(
            key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, reason=reason,
            authority=authority, from_on=on, until_on=until_on, owner_id=id_of(entries.raw("owner")), cents=cents,
        )  # fmt: skip
        messages.success(request, f"Hold placed: {REASONS[reason].says.lower()}.")


def _row(entries: Entries) -> int:
    return id_of(entries.raw("row")) or 0


def _release(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    says = entries.text("says", says="Say why it is released; it stays with the hold.", longest=300)
    if not entries.errors:
        delinquency.release_hold(
            key=entries.key, by=actor(request), at=clock.now(), hold_id=_row(entries), on=on, says=says
        )
        messages.success(request, "Hold released. The usual steps go on.")


def _lengthen(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    says = entries.text("says", says="Say why it goes on; it stays with the hold.", longest=300)
    last_on = entries.day("new_last_on")
    if not entries.errors and last_on is not None:
        delinquency.lengthen_hold(
            key=entries.key, by=actor(request), at=clock.now(), hold_id=_row(entries), on=on,
            until_on=last_on + timedelta(days=1), says=says,
        )  # fmt: skip
        messages.success(request, f"The hold goes on through {last_on.isoformat()}.")


def _take(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    done = delinquency.take_offer(
        key=entries.key, by=actor(request), at=clock.now(), arrangement_id=_row(entries), on=on
    )
    messages.success(request, f"Agreed: {len(done.parts)} parts. {_letter_says(done.no_letter)}")


def _letter_says(no_letter: str) -> str:
    return f"No letter: {no_letter}" if no_letter else "The letter is queued."


def _decline(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    says = entries.text("says", says="Say what the customer said.", longest=300)
    if not entries.errors:
        delinquency.decline_offer(
            key=entries.key, by=actor(request), at=clock.now(), arrangement_id=_row(entries), on=on, says=says
        )
        messages.success(request, "Kept that the offer was declined.")


def _withdraw(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    says = entries.text("says", says="Say what was wrong with it.", longest=300)
    if not entries.errors:
        delinquency.withdraw_extension(
            key=entries.key, by=actor(request), at=clock.now(), extension_id=_row(entries), on=on, reason=says
        )
        messages.success(request, "Extension withdrawn; it counts for nothing.")


def _withdraw_plan(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    says = entries.text("says", says="Say what was wrong with it.", longest=300)
    if not entries.errors:
        delinquency.withdraw_arrangement(
            key=entries.key, by=actor(request), at=clock.now(), arrangement_id=_row(entries), on=on, reason=says
        )
        messages.success(request, "Arrangement withdrawn; it counts for nothing.")


def _petition(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    chapter = entries.choice("chapter", tuple(map(str, CHAPTERS)), says="Choose the chapter.")
    court = entries.text("court", says="Name the court, as the notice has it.", longest=200)
    case_no = entries.text("case_no", says="The number of the case, as the notice has it.", longest=60)
    filed_on = entries.day("filed_on")
    if not entries.errors and filed_on is not None:
        done = delinquency.file_petition(
            key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, chapter=int(chapter),
            court=court, case_no=case_no, filed_on=filed_on, on=on,
        )  # fmt: skip
        messages.success(
            request,
            f"Account split at {filed_on.isoformat()}: what was owed before stands on {done.old_number} and is fenced."
            f" Assurance is due by {done.assure_by_on.isoformat()}.",
        )


def _assure(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    form = entries.choice("form_of", tuple(ASSURANCE), says="Choose what was given.")
    cents = entries.cents("assured", required=False)
    if not entries.errors:
        delinquency.record_assurance(
            key=entries.key, by=actor(request), at=clock.now(), petition_id=_row(entries), form=form,
            cents=cents or 0, on=on,
        )  # fmt: skip
        messages.success(request, "Assurance kept; the clock has stopped.")


def _end(request: HttpRequest, header: Header, entries: Entries, on: date) -> None:
    outcome = entries.choice("outcome", OUTCOMES, says="Choose how the case ended.")
    says = entries.text("says", says="Name the order and its day.", longest=300)
    if not entries.errors:
        delinquency.end_petition(
            key=entries.key, by=actor(request), at=clock.now(), petition_id=_row(entries), outcome=outcome, on=on,
            says=says,
        )  # fmt: skip
        messages.success(request, f"Kept that the case was {outcome}.")
