"""Payments: what is handed over, what it pays, the strip that says it, the receipt; and taking one back.

Nothing is taken by pressing Enter in a field: only the strip's own button sends ``do=take``. The form carries the act's
key, so that a second press, a reload or a lost answer takes the money once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of

from curbstop.desk import clock, papers
from curbstop.desk.forms import Entries, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, payments, tills
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.pages import Header
from curbstop.office.payments import Paying, PaymentPreview
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.payments import Tender
from curbstop.rules.policies import NotSet

COINS = (10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1)
MOST_CHECKS = 6


@dataclass(frozen=True)
class Row:
    """One row of tender as typed: the names of its fields, its words, what was typed."""

    n: int
    type: str
    says: str
    amount: str
    reference: str
    typed_amount: str
    typed_reference: str
    error: str
    reference_error: str


@dataclass(frozen=True)
class Paid:
    """What a payment would pay of one document: a bill, a charge, a deposit."""

    billed_on: date | None
    due_on: date | None
    says: str
    open_cents: int
    cents: int
    items: tuple[payments.PaidItem, ...]


@dataclass(frozen=True)
class Counter:
    """The form of a payment as it stands: rows, the amount wanted, what it would do, and why it cannot yet."""

    rows: tuple[Row, ...]
    typed_amount: str
    preview: PaymentPreview | None
    tenders: tuple[Tender, ...]
    cents: int
    why: str
    errors: dict[str, str]
    checks: int
    lines: tuple[Paid, ...] = ()

    @property
    def pieces(self) -> list[tuple[str, int]]:
        """The change in notes and coins, the largest first."""
        return pieces(self.preview.change_cents) if self.preview else []

    @property
    def handed_cents(self) -> int:
        """All that was handed over."""
        return sum(tender.cents for tender in self.tenders)


def pieces(cents: int) -> list[tuple[str, int]]:
    """An amount in notes and coins: `[("$5", 1), ("25¢", 2)]`."""
    found = []
    for piece in COINS:
        count, cents = divmod(cents, piece)
        if count:
            found.append((f"${piece // 100}" if piece >= 100 else f"{piece}¢", count))
    return found


def payments_page(request: HttpRequest) -> HttpResponse:
    """Where money work begins: the drawers, and the latest receipts."""
    by = actor(request)
    drawers = tills.list_tills()
    return render(
        request,
        "desk/payments/payments.html",
        {"drawers": drawers, "mine": _mine(drawers, by.id), "receipts": pages.get_latest_receipts(limit=25)},
    )


def take(request: HttpRequest, number: str) -> HttpResponse:
    """The form of a payment, and the payment itself when the strip's button was pressed."""
    header = pages.get_header(number=number, on=clock.today())
    drawers = tills.list_tills()
    drawer = _mine(drawers, actor(request).id)
    if drawer is None:
        free = [one for one in drawers if one.session_id is None]
        values = {"header": header, "drawers": drawers, "free": free, "next": request.path, "key": new_key()}
        return render(request, "desk/payments/no_drawer.html", values)
    entries = Entries(request.POST)
    owed = pages.get_owed(account_id=header.id, on=clock.today())
    asked = pages.get_asked(account_id=header.id)
    counter = _counted(header, entries, owed, asked)
    if request.POST.get("do") == "take" and counter.preview and not counter.why:
        receipt = _taken(request, header, drawer.code, counter, entries)
        if receipt is not None:
            return redirect(f"{address_of('payments-receipt', args=[receipt])}?new")
        counter = _with_errors(counter, entries)
    values = {
        "header": header,
        "drawer": drawer,
        "counter": counter,
        "owed": owed,
        "asked_cents": asked,
        "asked": max(header.balance_cents, 0) + asked,
        "key": entries.key or new_key(),
        "at": clock.now(),
        "on": clock.today(),
        "quick": _quick(max(header.balance_cents, 0) + asked),
    }
    part = request.htmx  # type: ignore[attr-defined]
    return render(request, "desk/payments/preview.html" if part else "desk/payments/take.html", values)


def _quick(cents: int) -> list[tuple[int, str]]:
    """Amounts that people hand over: exactly what is owed, and the next notes above it."""
    if not cents:
        return []
    notes = [-(-cents // note) * note for note in (2_000, 10_000)]
    return [(amount, show(amount)) for amount in dict.fromkeys([cents, *notes])]


def _mine(drawers: tuple[tills.Drawer, ...], user_id: int) -> tills.Drawer | None:
    """The drawer that is open to this person and takes money."""
    return next((one for one in drawers if one.cashier_id == user_id and not one.counted), None)


def _counted(header: Header, entries: Entries, owed: Sequence[pages.OwedDocument], asked: int) -> Counter:
    """Parse the rows and ask what they would do."""
    checks = _checks(entries)
    names = [("cash", "Cash", "cash", "")]
    names += [("check", f"Check {n}" if checks > 1 else "Check", f"check{n}", f"no{n}") for n in range(1, checks + 1)]
    names += [("money_order", "Money order or cashier's check", "order", "order_no")]
    tenders: list[Tender] = []
    for type, _says, amount, reference in names:
        cents = entries.cents(amount, required=False)
        number = entries.text(reference, required=False, longest=30) if reference else ""
        if cents is None:
            if number and amount not in entries.errors:
                entries.errors[amount] = f"{number} has no amount. Type what it is made out for."
            continue
        if type == "check" and not number:
            entries.errors[reference] = "A check has a number: type the one at its top right."
            continue
        tenders.append(Tender(type, cents, number))
    wanted = entries.cents("amount", required=False)
    preview, why, cents = _would(header, tenders, wanted, asked, entries)
    rows = tuple(_row(n, name, entries) for n, name in enumerate(names, 1))
    lines = _lines(preview, owed) if preview else ()
    errors = dict(entries.errors)
    return Counter(rows, entries.raw("amount"), preview, tuple(tenders), cents, why, errors, checks, lines)


def _lines(preview: PaymentPreview, owed: Sequence[pages.OwedDocument]) -> tuple[Paid, ...]:
    """What would be paid, by document, in the order in which it is paid."""
    known = {document.document_id: document for document in owed}
    found: dict[int, list[payments.PaidItem]] = {}
    for item in preview.accounts[0].items:
        found.setdefault(item.document_id, []).append(item)
    return tuple(
        Paid(
            billed_on=known[document].billed_on if document in known else None,
            due_on=max((item.due_on for item in items if item.due_on), default=None),
            says=items[0].says,
            open_cents=known[document].open_cents if document in known else _open(items),
            cents=sum(item.cents for item in items),
            items=tuple(items),
        )
        for document, items in found.items()
    )


def _open(items: Sequence[payments.PaidItem]) -> int:
    return sum(item.cents + item.open_after_cents for item in items)


def _checks(entries: Entries) -> int:
    """How many rows for checks: as many as were asked for, and one more when the button for it was pressed."""
    asked = entries.raw("checks")
    count = int(asked) if asked.isdigit() else 1
    return max(1, min(count + (entries.raw("do") == "more"), MOST_CHECKS))


def _row(n: int, name: tuple[str, str, str, str], entries: Entries) -> Row:
    type, says, amount, reference = name
    typed = entries.raw(reference) if reference else ""
    errors = entries.errors
    return Row(
        n, type, says, amount, reference, entries.raw(amount), typed, errors.get(amount, ""), errors.get(reference, "")
    )


def _would(
    header: Header, tenders: list[Tender], wanted: int | None, asked: int, entries: Entries
) -> tuple[PaymentPreview | None, str, int]:
    """What taking these would do; or why it cannot be done yet."""
    if entries.errors:
        return None, "Opens when what is marked red above is put right.", 0
    if not tenders:
        return None, "Opens when an amount is typed above.", 0
    handed = sum(tender.cents for tender in tenders)
    owed = max(header.balance_cents, 0) + asked
    cents = min(wanted if wanted is not None else (owed or handed), handed)
    try:
        preview = payments.get_payment_preview(accounts=[Paying(header.id, cents)], tenders=tenders, on=clock.today())
        return preview, "", cents
    except NotSet as missing:
        return None, str(missing), cents
    except (BadValue, Refused) as bad:
        _blame(entries, bad, tenders)
        return None, "Opens when what is marked red above is put right.", cents


def _blame(entries: Entries, bad: Exception, tenders: list[Tender]) -> None:
    """Beside the last row that was typed: that is where the cashier looks."""
    last = tenders[-1].type if tenders else "cash"
    checks = _checks(entries)
    field = {"cash": "cash", "money_order": "order"}.get(last, f"check{checks}")
    says = sentence(bad)
    entries.errors[field] = says[:1].upper() + says[1:]


def _taken(request: HttpRequest, header: Header, till: str, counter: Counter, entries: Entries) -> int | None:
    """Take it; the receipt's document id. None when the office refuses, with the reason among the errors."""
    try:
        receipt = payments.take(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            till=till,
            on=clock.today(),
            accounts=(Paying(header.id, counter.cents),),
            tenders=counter.tenders,
            payer=entries.text("payer", required=False, longest=100),
        )
        return receipt.document_id
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"till": "form", "on": "form", "tenders": "cash", "accounts": "form", "payer": "form"})
        return None


def _with_errors(counter: Counter, entries: Entries) -> Counter:
    return Counter(**{**counter.__dict__, "errors": dict(entries.errors)})


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
        "accounts": found.accounts,
        "moved": found.moved,
        "header": header,
        "new": "new" in request.GET,
        "why": why,
        "key": new_key(),
    }
    return render(request, "desk/payments/receipt.html", values)


def receipt_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The slip as PDF."""
    found = pages.get_receipt(document_id=id)
    return papers.pdf(papers.receipt(found, copy="copy" in request.GET), name=f"receipt-{found.read.number}.pdf")


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
    after = header.balance_cents + sum(line.cents for line in found.accounts[0].lines if not line.deposit)
    values = {
        "receipt": found.read,
        "accounts": found.accounts,
        "header": header,
        "errors": entries.errors,
        "sent": entries,
        "why": WHY,
        "after": after,
        "fee": payments.get_returned_fee(on=clock.today()),
    }
    return render(request, "desk/payments/reverse.html", {**values, "key": entries.key or new_key()})


WHY = {
    "misposted": "It was taken on the wrong account, or for the wrong amount",
    "returned": "The bank returned it: insufficient funds, account closed, stop payment",
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
