"""Refunds: what waits to be sent, what is on its way and how old, one refund to its end, the files and registers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries, ids_of
from curbstop.desk.frame import actor, new_key
from curbstop.formats.payables import RegisterErrors
from curbstop.office import adjustments, pages, refunds
from curbstop.office._once import Refused
from curbstop.office.adjustments import refunding
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show

FORM = {"refund_id": "form", "refund_ids": "form", "on": "form", "layout": "form", "name": "text"}
MOST_BYTES = 2_000_000


def refunds_page(request: HttpRequest) -> HttpResponse:
    """All of them by where they stand."""
    return _page(request, {}, {})


def _page(request: HttpRequest, sent: dict[str, str], errors: dict[str, str], faults: object = ()) -> HttpResponse:
    on = clock.today()
    rows = refunds.list_refunds(on=on)
    open_ = [row for row in rows if row.state in ("sent", "cut", "noticed")]
    waiting = [row for row in rows if row.state == "waiting"]
    values = {
        "waiting": waiting,
        "waiting_cents": sum(row.cents for row in waiting),
        "asked": [row for row in adjustments.list_waiting(on=on) if row.kind == "refund"],
        "open": [(row, row.is_late(on), row.is_old(on)) for row in open_],
        "late": [row for row in rows if row.is_late(on) or row.is_old(on)],
        "ended": [row for row in rows if row.state in ("cashed", "unclaimed")][-15:][::-1],
        "files": refunds.list_files(limit=10),
        "registers": refunds.list_registers(limit=5),
        "on": on,
        "key": new_key(),
        "sent": sent,
        "errors": errors,
        "faults": faults,
    }
    return render(request, "desk/refunds/list.html", values, status=422 if errors or faults else 200)


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """One file of the refunds that were ticked."""
    entries = Entries(request.POST)
    ids = ids_of(request.POST.getlist("refund"))
    try:
        done = refunds.send(key=entries.key, by=actor(request), at=clock.now(), refund_ids=ids, on=clock.today())
        messages.success(request, f"File {done.file_id} made: {done.rows} refunds, {show(done.cents)}.")
        return redirect("refunds")
    except (BadValue, Refused) as bad:
        entries.blame(bad, FORM)
    return _page(request, request.POST.dict(), entries.errors)


def file(request: HttpRequest, file_id: str) -> HttpResponse:
    """The file as it was sent, byte for byte."""
    try:
        body = refunds.get_file(file_id)
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file_id}.csv"'
    return answer


@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """A register of checks, as accounts payable or the bank sent it."""
    entries = Entries(request.POST)
    upload = request.FILES.get("register")
    if upload is None or upload.size is None or upload.size > MOST_BYTES:
        entries.errors["text"] = "Choose the register's file, of at most two million bytes."
        return _page(request, {}, entries.errors)
    try:
        text = upload.read().decode("utf-8-sig")
        done = refunds.load_register(
            key=entries.key, by=actor(request), at=clock.now(), name=upload.name or "register", text=text,
            on=clock.today(),
        )  # fmt: skip
        told = (
            f"{done.numbered} checks numbered, {done.cashed} cashed, {done.stopped} stopped, {done.known} known before"
        )
        messages.success(request, f"Register taken: {told}.")
        return redirect("refunds")
    except RegisterErrors as bad:
        return _page(request, {}, {}, bad.faults)
    except UnicodeDecodeError:
        entries.errors["text"] = "The file is no text in UTF-8; save it again as CSV in UTF-8."
    except (BadValue, Refused) as bad:
        entries.blame(bad, {**FORM, "number": "text"})
    return _page(request, {}, entries.errors)


def refund(request: HttpRequest, id: int) -> HttpResponse:
    """One refund: whose, how much, which check, and what came of it."""
    entries = Entries(request.POST)
    try:
        row = refunds.get_refund(id, on=clock.today())
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused
    if request.method == "POST" and _done(request, row, entries):
        return redirect("refunds-refund", id=id)
    values = {
        "row": row,
        "header": pages.get_header(account_id=row.account_id, on=clock.today()),
        "late": row.is_late(clock.today()),
        "today": clock.today().isoformat(),
        "key": entries.key or new_key(),
        "sent": request.POST.dict(),
        "errors": entries.errors,
    }
    return render(request, "desk/refunds/refund.html", values, status=422 if entries.errors else 200)


def _done(request: HttpRequest, row: refunds.RefundRow, entries: Entries) -> bool:
    """Record what came back; False when it was refused."""
    given: dict[str, Any] = {
        "key": entries.key,
        "by": actor(request),
        "at": clock.now(),
        "refund_id": row.id,
        "on": clock.today(),
    }
    do = entries.raw("do")
    on = entries.day("on")
    try:
        if do == "check":
            number = entries.text("number", says="Type the check's number.", longest=20)
            if on and not entries.errors:
                refunds.record_check(**given, number=number, dated_on=on)
        elif do == "cashed" and on:
            refunds.record_cashed(**given, cashed_on=on)
        elif do == "stop":
            reason = entries.text("reason", says="Say why: lost, not delivered, a wrong address.")
            if on and not entries.errors:
                refunds.stop(**given, stopped_on=on, reason=reason)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"refund_id": "form", "dated_on": "on", "cashed_on": "on", "stopped_on": "on"})
    return not entries.errors


def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask that an account's credit go back: how much, why, and the sentence of what will happen."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    preview = None
    inputs: dict[str, object] = {"account_id": header.id, "source": "credit"}
    if request.method == "POST":
        cents = entries.cents("amount", required=False)
        inputs |= {"cents": cents} if cents else {}
    reason = entries.raw("reason")
    try:
        if not entries.errors:
            preview = adjustments.get_preview(
                kind="refund", inputs=inputs, reason=reason or "asked", by=actor(request), on=clock.today()
            )
            if entries.raw("do") == "ask":
                done = adjustments.request(
                    key=entries.key, by=actor(request), at=clock.now(), kind="refund", inputs=inputs, reason=reason,
                    on=clock.today(), words=entries.text("words", required=False),
                )  # fmt: skip
                messages.success(request, f"Asked for approval: {done.says}")
                return redirect("adjustments-request", id=done.request_id)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"cents": "amount", "account_id": "form", "kind": "form"})
    why_not = entries.errors.pop("form", "") if request.method == "GET" else ""
    reasons = {code: says for code, says in refunding.REASONS.items() if code in ("asked", "paid_twice", "closed")}
    values = {
        "header": header, "preview": preview, "reasons": reasons, "key": entries.key or new_key(),
        "sent": request.POST.dict(), "errors": entries.errors, "why_not": why_not,
    }  # fmt: skip
    return render(request, "desk/refunds/ask.html", values, status=422 if entries.errors else 200)
