"""The bank: its lines and our deposits, two lists side by side; what is plain is matched at once, the rest by hand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries, id_of, ids_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import banking
from curbstop.office._once import Refused
from curbstop.office.banking import Item
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show


def banking_page(request: HttpRequest, errors: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """Both lists, how each account stands, the statements and the matches made last."""
    today = clock.today()
    lines, waiting = banking.list_lines(until=today), banking.list_waiting(known_on=today)
    accounts = banking.list_bank_accounts()
    values = {
        "lines": lines,
        "waiting": waiting,
        "lines_cents": sum(line.cents for line in lines),
        "waiting_cents": sum(row.cents for row in waiting),
        "accounts": [banking.get_reconciliation(one.id, on=today) for one in accounts],
        "files": banking.list_statement_files(limit=10),
        "matches": banking.list_matches(limit=12),
        "chosen_lines": request.POST.getlist("line"),
        "chosen_items": request.POST.getlist("item"),
        "errors": errors or {},
        "sent": request.POST,
        "key": new_key(),
        "load_key": new_key(),
        "all_key": new_key(),
    }
    return render(request, "desk/banking/banking.html", values, status=status)


@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """Take a statement file."""
    entries = Entries(request.POST)
    sent = request.FILES.get("file")
    if sent is None:
        return banking_page(request, {"file": "Choose the file that the bank sent."}, 422)
    try:
        loaded = banking.load(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            name=str(sent.name or "statement"),
            body=sent.read().decode("latin-1"),
        )
    except (BadValue, Refused) as bad:
        return banking_page(request, {"file": sentence(bad)}, 422)
    if loaded.already:
        messages.success(request, f"{loaded.name} was taken before; nothing is there twice.")
    elif loaded.fault:
        messages.error(
            request, f"{loaded.name} is kept and could not be read: {loaded.fault}. Ask the bank for it again."
        )
    else:
        left = f" Left out: {'; '.join(loaded.skipped)}." if loaded.skipped else ""
        messages.success(request, f"{loaded.name}: {_many(loaded.days, 'day')}, {_many(loaded.lines, 'line')}.{left}")
    return redirect("banking")


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


@require_POST
def match_all(request: HttpRequest) -> HttpResponse:
    """Match what amount and date leave no doubt about."""
    try:
        done = banking.match_all(key=Entries(request.POST).key, by=actor(request), at=clock.now(), on=clock.today())
    except (BadValue, Refused) as bad:
        return banking_page(request, {"all": sentence(bad)}, 422)
    left = f"{_many(done.lines_left, 'line')} and {_many(done.items_left, 'deposit')} are left to look at."
    messages.success(request, f"{done.matched} matched, {show(done.cents)}. {left}")
    return redirect("banking")


@require_POST
def match(request: HttpRequest) -> HttpResponse:
    """Match the lines and the deposits that were chosen."""
    entries = Entries(request.POST)
    fee = entries.cents("fee", required=False, zero=True) or 0
    lines = ids_of(request.POST.getlist("line"))
    items = tuple(
        Item(gl, int(document))
        for gl, _, document in (one.partition("@") for one in request.POST.getlist("item"))
        if id_of(document) is not None
    )
    if not entries.errors:
        try:
            done = banking.match(
                key=entries.key,
                by=actor(request),
                at=clock.now(),
                line_ids=lines,
                items=items,
                on=clock.today(),
                fee_cents=fee,
                reason=entries.text("reason", required=False, longest=300),
            )
            messages.success(request, f"Matched: {show(done.cents)} at the bank.")
            return redirect("banking")
        except (BadValue, Refused) as bad:
            entries.blame(
                bad, {"fee_cents": "fee", "line_ids": "match", "items": "match", "on": "match", "form": "match"}
            )
    return banking_page(request, entries.errors, 422)


@require_POST
def undo(request: HttpRequest, id: int) -> HttpResponse:
    """Undo a match that was wrong."""
    entries = Entries(request.POST)
    reason = entries.text("undo_reason", says="Say what was wrong with it: whose money it is.", longest=300)
    if not entries.errors:
        try:
            done = banking.undo_match(
                key=entries.key, by=actor(request), at=clock.now(), match_id=id, reason=reason, on=clock.today()
            )
            told = f"{_many(done.lines, 'line')} and {_many(done.items, 'item')} wait again"
            messages.success(request, f"The match is undone; {told}.")
            return redirect(f"{address_of('banking')}#matches")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"reason": "undo_reason", "match_id": "undo_reason", "on": "undo_reason"})
    return banking_page(request, {**entries.errors, "undo": str(id)}, 422)


@require_POST
def open_account(request: HttpRequest) -> HttpResponse:
    """Name an account that the city has at a bank."""
    entries = Entries(request.POST)
    number = entries.text("number", says="Type the number as statements print it.", longest=40)
    name = entries.text("name", says="Type what the office calls it.", longest=80)
    if not entries.errors:
        try:
            banking.open_account(key=entries.key, by=actor(request), at=clock.now(), number=number, name=name)
            messages.success(request, f"{name} is on file.")
            return redirect(f"{address_of('banking')}#accounts")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"gl": "number", "form": "number"})
    return banking_page(request, entries.errors, 422)


def statement(request: HttpRequest, id: int) -> HttpResponse:
    """A statement file as it came, byte for byte."""
    name, body = banking.get_statement_file(id)
    safe = "".join(c for c in name if c.isalnum() or c in "._-") or "statement"
    return HttpResponse(
        body,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{safe}"'},
    )
