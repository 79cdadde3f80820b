"""Drawers: opened with a float, their running list, the blind count, the second person, the deposit, the change fund.

The count's form never shows what should be there, and its running sum adds up only what was typed.
"""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of
from django.views.decorators.http import require_POST

from curbstop.desk import clock, papers
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries, ids_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import policies, tills
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.tills import PIECES, Counted, Piece

SHOWN_DAYS = timedelta(days=14)
"""How far back signed drawers are listed."""


def tills_page(request: HttpRequest, errors: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """The drawers: who has which; those that wait to be signed, for the bank, for somebody above; the change fund."""
    drawers = tills.list_tills()
    by, today = actor(request), clock.today()
    fund, out = tills.get_change_fund()
    values = {
        "drawers": drawers,
        "mine": next((one for one in drawers if one.cashier_id == by.id), None),
        "free": [one for one in drawers if one.session_id is None],
        "waiting": [row for row in tills.list_sessions_to_deposit() if _cents(row)],
        "slips": tills.list_slips()[:8],
        "signed": tills.list_signed(from_on=today - SHOWN_DAYS, until_on=today + timedelta(days=1)),
        "reports": tills.list_reports(unseen_only=True),
        "fund": fund,
        "out": out,
        "safe": fund - out,
        "next": address_of("tills"),
        "key": new_key(),
        "errors": errors or {},
        "sent": request.POST,
    }
    return render(request, "desk/tills/tills.html", values, status=status)


def _cents(row: tills.SlipRow) -> int:
    return row.cash_cents or row.check_cents or row.money_order_cents


def open_till(request: HttpRequest) -> HttpResponse:
    """Open a drawer to oneself with the float as counted, and go back to what was waiting for it."""
    entries = Entries(request.POST)
    till = entries.text("till", says="Choose a drawer.")
    cents = entries.cents("float", zero=True)
    back = entries.raw("next")
    back = back if back.startswith("/") and not back.startswith("//") else address_of("tills")
    if not entries.errors and cents is not None:
        try:
            tills.open(
                key=entries.key, by=actor(request), at=clock.now(), till=till, on=clock.today(), float_cents=cents
            )
            return redirect(back)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"float_cents": "float"})
    drawers = tills.list_tills()
    values = {"drawers": drawers, "free": [d for d in drawers if d.session_id is None], "next": back}
    return render(
        request,
        "desk/tills/open.html",
        {**values, "errors": entries.errors, "sent": entries.sent, "key": entries.key or new_key()},
        status=422,
    )


def session(request: HttpRequest, id: int, entries: Entries | None = None, status: int = 200) -> HttpResponse:
    """One session of a drawer: its running list, its count, and what the second person signs."""
    page = tills.get_session(id)
    by = actor(request)
    sent, errors = (entries.sent, entries.errors) if entries else ({}, {})
    pieces = [
        (cents, _named(cents), sent.get(f"n{cents}", ""), errors.get(f"n{cents}", ""))
        for cents in PIECES
        if cents != 200  # there is a note of two dollars, and it is counted with the loose coin
    ]
    values = {
        "page": page,
        "own": page.cashier_id == by.id,
        "may_count": page.closed_at is None and (page.cashier_id == by.id or page.count_id is not None),
        "pieces": pieces,
        "agrees": not any(d.over_cents or d.short_cents for d in page.differences),
        "over": sum(d.over_cents for d in page.differences),
        "short": sum(d.short_cents for d in page.differences),
        "taken": sum(line.cents for line in page.receipts if not line.reversed),
        "report_up": _report_up(page),
        "errors": errors,
        "sent": sent,
        "key": new_key(),
        "sign_key": new_key(),
        "over_key": new_key(),
    }
    return render(request, "desk/tills/session.html", values, status=status)


def _named(cents: int) -> str:
    return f"${cents // 100}" if cents >= 100 else f"{cents}¢"


def _report_up(page: tills.SessionPage) -> str:
    """What the policy says of differences, in a sentence."""
    try:
        limit = policies.load("till.report_up").cents("till.report_up", on=page.opened_on)
    except NotSet as missing:
        return missing.says or str(missing)
    return f"A difference of {show(limit)} or more goes to the finance director."


def _counted(entries: Entries) -> Counted:
    """The count as typed; what cannot be is among the errors."""
    pieces = tuple(
        Piece(cents, entries.whole(f"n{cents}", most=100_000))
        for cents in PIECES
        if cents != 200 and entries.raw(f"n{cents}")
    )
    return Counted(
        pieces,
        coin_cents=entries.cents("coin", required=False, zero=True) or 0,
        check_cents=entries.cents("checks", required=False, zero=True) or 0,
        money_order_cents=entries.cents("orders", required=False, zero=True) or 0,
    )


def count(request: HttpRequest, id: int) -> HttpResponse:
    """Send a blind count; while it is typed, the sum of what was typed."""
    entries = Entries(request.POST)
    counted = _counted(entries)
    if wants_part(request):
        return render(request, "desk/tills/sum.html", {"counted": counted, "errors": entries.errors})
    page = tills.get_session(id)
    if not entries.errors:
        try:
            tills.count(key=entries.key, by=actor(request), at=clock.now(), till=page.till, counted=counted)
            messages.success(request, f"{page.name} is counted. What should be there is shown now.")
            return redirect("tills-session", id=id)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"till": "form", "pieces": "form", "coin_cents": "coin", "check_cents": "checks"})
    return session(request, id, entries, 422)


@require_POST
def sign(request: HttpRequest, id: int) -> HttpResponse:
    """Sign a counted drawer as the second person."""
    entries = Entries(request.POST)
    page = tills.get_session(id)
    try:
        closed = tills.close(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            till=page.till,
            count_id=entries.whole("count_id"),
            reason=entries.text("reason", required=False, longest=300),
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"till": "sign", "count_id": "sign", "by": "sign", "form": "sign"})
        return session(request, id, entries, 422)
    up = " It goes to the finance director." if closed.reported_cents else ""
    goes = closed.cash_cents + closed.check_cents + closed.money_order_cents
    messages.success(request, f"{page.name} is signed; {show(goes)} waits for the bank.{up}")
    return redirect("tills")


@require_POST
def hand_over(request: HttpRequest, id: int) -> HttpResponse:
    """Take over a counted drawer that agrees."""
    entries = Entries(request.POST)
    page = tills.get_session(id)
    try:
        done = tills.hand_over(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            till=page.till,
            count_id=entries.whole("count_id"),
            on=clock.today(),
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, dict.fromkeys(("till", "count_id", "by", "on", "form"), "hand_over"))
        return session(request, id, entries, 422)
    messages.success(request, f"{page.name} is open to you, with its float of {show(done.float_cents)}.")
    return redirect("tills-session", id=done.after_id)


@require_POST
def deposit(request: HttpRequest) -> HttpResponse:
    """Make up a bank deposit from the drawers that were chosen."""
    entries = Entries(request.POST)
    chosen = ids_of(request.POST.getlist("session"))
    try:
        slip = tills.deposit(key=entries.key, by=actor(request), at=clock.now(), session_ids=chosen, on=clock.today())
    except (BadValue, Refused) as bad:
        return tills_page(request, {"deposit": sentence(bad)}, 422)
    return redirect("tills-slip", id=slip.slip_id)


def slip(request: HttpRequest, id: int) -> HttpResponse:
    """A bank deposit: its total by type of tender, every receipt in it, and whether the bank shows it."""
    return render(request, "desk/tills/slip.html", {"slip": tills.get_slip(id)})


def slip_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The deposit slip as PDF."""
    found = tills.get_slip(id)
    return papers.pdf(papers.slip(found, at=clock.now()), name=f"deposit-{found.slip_id}.pdf")


@require_POST
def fund(request: HttpRequest) -> HttpResponse:
    """Set the change fund of the office."""
    entries = Entries(request.POST)
    cents = entries.cents("fund", zero=True)
    if cents is not None:
        try:
            tills.set_change_fund(key=entries.key, by=actor(request), at=clock.now(), cents=cents, on=clock.today())
            messages.success(request, f"The change fund is {show(cents)}.")
            return redirect("tills")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"cents": "fund", "on": "fund", "form": "fund"})
    return tills_page(request, entries.errors, 422)


@require_POST
def restore(request: HttpRequest, id: int) -> HttpResponse:
    """Make up the float of a drawer that held less than it."""
    entries = Entries(request.POST)
    try:
        done = tills.restore_float(key=entries.key, by=actor(request), at=clock.now(), session_id=id, on=clock.today())
    except (BadValue, Refused) as bad:
        return tills_page(request, {"deposit": sentence(bad)}, 422)
    messages.success(request, f"{show(done.cents)} of the change fund made the float up.")
    return redirect("tills")


@require_POST
def see(request: HttpRequest, id: int) -> HttpResponse:
    """Say what follows from a difference that was reported up."""
    entries = Entries(request.POST)
    words = entries.text("words", says="Say what you found and what follows.")
    if not entries.errors:
        try:
            tills.see_report(key=entries.key, by=actor(request), at=clock.now(), session_id=id, words=words)
            messages.success(request, "Noted.")
            return redirect("tills")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"session_id": "words", "by": "words", "form": "words"})
    return tills_page(request, {f"words-{id}": entries.errors.get("words", "")}, 422)
