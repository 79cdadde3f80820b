"""Payments: what is handed over, what it pays, the strip that says it, the receipt; and taking one back.

Nothing is taken by pressing Enter in a field: only the strip's own button sends ``do=take``. The form carries the act's
key, so that a second press, a reload or a lost answer takes the money once.
"""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of

from curbstop.desk import clock, counter, papers, stubs
from curbstop.desk.answers import wants_part
from curbstop.desk.counter import Counter
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, payments, tills
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.pages import Header
from curbstop.rules.faults import BadValue
from curbstop.rules.money import parse_amount, show


def payments_page(request: HttpRequest, stub: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """Where money work begins: the stub that is scanned, the drawers, and the latest receipts."""
    by = actor(request)
    drawers = tills.list_tills()
    values = {
        "drawers": drawers,
        "mine": _mine(drawers, by.id),
        "receipts": pages.get_latest_receipts(limit=25),
        "stub": stub or {},
    }
    return render(request, "desk/payments/payments.html", values, status=status)


def stub(request: HttpRequest) -> HttpResponse:
    """From the stub to the payment: what the scanner typed, or the number of the account, opens the form filled in.

    The number of a receipt leads to the receipt.
    """
    text = request.GET.get("line", "").strip()
    if not text:
        return redirect("payments")
    if (number := stubs.receipt_of(text)) and (found := _receipt_id(*number)):
        return redirect("payments-receipt", id=found)
    try:
        header = pages.get_header(number=stubs.read(text).account, on=clock.today())
    except (stubs.NoStub, pages.NotThere) as none:
        return payments_page(request, {"line": text[:60], "why": str(none)}, 422)
    return redirect(f"{address_of('payments-take', args=[header.number])}?{urlencode({'stub': text})}")


def _receipt_id(series: str, no: int) -> int | None:
    try:
        return payments.get_receipt(series, no).document_id
    except payments.NoReceipt:
        return None


def take(request: HttpRequest, number: str) -> HttpResponse:
    """The form of a payment, and the payment itself when the strip's button was pressed."""
    header = pages.get_header(number=number, on=clock.today())
    drawers = tills.list_tills()
    drawer = _mine(drawers, actor(request).id)
    if drawer is None:
        free = [one for one in drawers if one.session_id is None]
        values = {"header": header, "drawers": drawers, "free": free, "next": request.get_full_path(), "key": new_key()}
        return render(request, "desk/payments/no_drawer.html", values)
    owed = pages.get_owed(account_id=header.id, on=clock.today())
    asked = pages.get_asked(account_id=header.id)
    all_cents = max(header.balance_cents, 0) + asked
    scanned = _scanned(request, header)
    entries = Entries(request.POST or _from_stub(scanned, all_cents))
    form = counter.counted(header, entries, owed, asked)
    if request.POST.get("do") == "take" and form.preview and not form.why:
        receipt = _taken(request, drawer.code, form, entries)
        if receipt is not None:
            return redirect(f"{address_of('payments-receipt', args=[receipt])}?new")
        form = replace(form, errors=dict(entries.errors))
    values = {
        "header": header,
        "drawer": drawer,
        "counter": form,
        "came": counter.CAME,
        "owed": owed,
        "asked_cents": asked,
        "asked": all_cents,
        "scanned": scanned,
        "key": entries.key or new_key(),
        "at": clock.now(),
        "on": form.on,
        "today": clock.today(),
        "quick": _quick((_wanted(form) or all_cents) + sum(one.cents or 0 for one in form.others)),
    }
    part = wants_part(request)
    return render(request, "desk/payments/preview.html" if part else "desk/payments/take.html", values)


def _scanned(request: HttpRequest, header: Header) -> stubs.Stub | None:
    """What the stub of this account asks, where the form was opened from one."""
    try:
        read = stubs.read(request.GET.get("stub", ""))
    except stubs.NoStub:
        return None
    return read if read.account == header.number and read.due_cents is not None else None


def _from_stub(scanned: stubs.Stub | None, owed: int) -> dict[str, str]:
    """What the form begins with: the amount that the stub asks; the later one when just that is owed by now."""
    if scanned is None or not scanned.due_cents:
        return {}
    asks = scanned.after_due_cents if scanned.after_due_cents == owed else scanned.due_cents
    return {"amount": show(asks)} if asks and asks != owed else {}


def _wanted(form: Counter) -> int:
    """What is to be paid, where an amount was typed or the stub gave one."""
    try:
        return parse_amount(form.typed_amount, field="amount") if form.typed_amount else 0
    except BadValue:
        return 0


def _quick(cents: int) -> list[tuple[int, str]]:
    """Amounts that people hand over: exactly what is owed, and the next notes above it."""
    if not cents:
        return []
    notes = [-(-cents // note) * note for note in (2_000, 10_000)]
    return [(amount, show(amount)) for amount in dict.fromkeys([cents, *notes])]


def _mine(drawers: tuple[tills.Drawer, ...], user_id: int) -> tills.Drawer | None:
    """The drawer that is open to this person and takes money."""
    return next((one for one in drawers if one.cashier_id == user_id and not one.counted), None)


def _taken(request: HttpRequest, till: str, form: Counter, entries: Entries) -> int | None:
    """Take it; the receipt's document id. None when the office refuses, with the reason among the errors."""
    try:
        receipt = payments.take(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            till=till,
            on=form.on,
            accounts=form.accounts,
            tenders=form.tenders,
            payer=entries.text("payer", required=False, longest=100),
            came_by=form.came_by,
        )
        return receipt.document_id
    except (BadValue, Refused) as bad:
        at = {"on": "came_on", "tenders": "cash"}
        entries.blame(bad, {**dict.fromkeys(("till", "accounts", "payer"), "form"), **at})
        return None


FIRST_PRINT = timedelta(minutes=10)
"""How long the slip is printed as the original, by who took the payment; from then on it is a copy."""


def receipt(request: HttpRequest, id: int) -> HttpResponse:
    """A receipt, to look at and to print: the slip alone goes to the printer."""
    found = pages.get_receipt(document_id=id)
    header = (
        pages.get_header(account_id=found.accounts[0].read.account_id, on=clock.today()) if found.accounts else None
    )
    why = ""
    if found.read.reversed_on:
        why = "It is taken back already."
    values = {
        "receipt": found.read,
        "found": found,
        "accounts": found.accounts,
        "moved": found.moved,
        "header": header,
        "new": _is_first(request, found),
        "came": payments.CAME_BY.get(found.came_by, ""),
        "why": why,
        "key": new_key(),
    }
    return render(request, "desk/payments/receipt.html", values)


def _is_first(request: HttpRequest, found: pages.Receipt) -> bool:
    """Whether this is the print that goes with the payment: asked for at once, by who took it, and it still stands."""
    fresh = clock.now() - found.read.taken_at < FIRST_PRINT
    own = found.taken_by_id == actor(request).id
    return "new" in request.GET and fresh and own and found.taken_back is None


def receipt_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The slip as PDF; every print but the first is marked as a copy. ``given``: as it was before it was taken back."""
    found = pages.get_receipt(document_id=id)
    body = papers.receipt(found, copy=not _is_first(request, found), given="given" in request.GET)
    return papers.pdf(body, name=f"receipt-{found.read.number}.pdf")


def receipt_text(request: HttpRequest, id: int) -> HttpResponse:
    """The slip as text for a thermal printer, 42 columns; marked as the PDF is."""
    found = pages.get_receipt(document_id=id)
    body = papers.receipt_text(found, copy=not _is_first(request, found), given="given" in request.GET)
    return papers.text(body, name=f"receipt-{found.read.number}.txt")


def reverse(request: HttpRequest, id: int) -> HttpResponse:
    """Take a payment back: the reason, the sentence of what will happen, and the result."""
    found = pages.get_receipt(document_id=id)
    if found.read.reversed_on:
        messages.error(request, f"Receipt {found.read.number} is taken back already.")
        return redirect("payments-receipt", id=id)
    header = pages.get_header(account_id=found.accounts[0].read.account_id, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST":
        reason = entries.text("reason", says="Say why it is taken back; it is printed on the receipt and kept.")
        why = entries.choice("why", tuple(WHY), says="Choose what happened.")
        if not entries.errors and _reversed(request, found, why, reason, entries):
            return redirect("payments-receipt", id=id)
    pledged = any(tender.type == "pledge" for tender in found.read.tenders)
    after = header.balance_cents + sum(line.cents for line in found.accounts[0].lines if not line.deposit)
    values = {
        "receipt": found.read,
        "accounts": found.accounts,
        "header": header,
        "errors": entries.errors,
        "sent": entries,
        "why": PLEDGE_WHY if pledged else WHY,
        "after": after,
        "pledged": pledged,
        "fee": None if pledged else payments.get_returned_fee(on=clock.today()),
    }
    return render(request, "desk/payments/reverse.html", {**values, "key": entries.key or new_key()})


WHY = {
    "misposted": "It was taken on the wrong account, or for the wrong amount",
    "returned": "The bank returned it: insufficient funds, account closed, stop payment",
}
PLEDGE_WHY = {
    "returned": "The agency does not keep its pledge",
    "misposted": "It was taken on the wrong account, or for the wrong amount",
}


def _reversed(request: HttpRequest, found: pages.Receipt, why: str, reason: str, entries: Entries) -> bool:
    try:
        payments.reverse(
            key=Key(entries.key),
            by=actor(request),
            at=clock.now(),
            series=found.read.series,
            no=found.read.no,
            why=why,
            reason=reason,
            on=clock.today(),
        )
        return True
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"on": "form", "no": "form", "series": "form"})
        return False
