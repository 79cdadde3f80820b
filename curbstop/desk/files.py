"""Files of the bank: loaded, what went into quarantine, money that nobody is known for, payments that came back."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock, papers
from curbstop.desk.autopay import MOST_BYTES, ask_for
from curbstop.desk.forms import Entries, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import customers, ledger, pages, payments, staff
from curbstop.office._once import NotPermitted, Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet

AT_ONCE = 500
"""Payments of a file that are posted while somebody waits; more are posted by the queue's worker."""


def files_page(request: HttpRequest) -> HttpResponse:
    """Files received, what waits in quarantine, and money without an owner."""
    waiting, unidentified = payments.list_quarantined(limit=50), payments.list_unidentified(limit=50)
    values = {
        "files": payments.list_bank_files(limit=50), "waiting": waiting, "unidentified": unidentified,
        "unidentified_cents": sum(row.cents for row in unidentified), "layouts": payments.payment_layouts(),
        "days": ledger.get_open_days()[::-1][:10], "on": clock.today(), "key": new_key(),
    }  # fmt: skip
    return render(request, "desk/files/files.html", values)


@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """Load a file of payments."""
    entries = Entries(request.POST)
    sent = request.FILES.get("file")
    if sent is None:
        messages.error(request, "Choose the file that the bank sent.")
        return redirect("files")
    if (sent.size or 0) > MOST_BYTES:
        messages.error(request, f"{sent.name} is larger than 20 MB. Split it, or load it with `curbstop files load`.")
        return redirect("files")
    on = entries.day("on") or clock.today()
    data, name, layout = sent.read(), str(sent.name)[:100], entries.raw("layout")
    given: dict[str, Any] = {"by": actor(request), "at": clock.now(), "name": name, "layout": layout, "on": on}
    try:
        kept = payments.keep_file(key=entries.key, content=data.decode("latin-1"), **given)
        if kept.rows <= AT_ONCE:
            kept = payments.load_file(key=entries.key, data=data, **given)
        else:
            ask_for("payments.post_file", f"bank_file:{kept.file_id}", file=kept.file_id)
    except payments.FileRefused as refused:
        values = {"name": name, "faults": refused.faults[:100], "count": len(refused.faults)}
        return render(request, "desk/autopay/refused.html", values, status=422)
    except (BadValue, Refused, NotSet) as bad:
        messages.error(request, sentence(bad))
        return redirect("files")
    if kept.already:
        messages.success(request, f"{name} was loaded before; nothing is posted twice.")
    return redirect("files-file", id=kept.file_id)


def file(request: HttpRequest, id: int) -> HttpResponse:
    """One file: how much of it is posted, and its rows in quarantine."""
    row = payments.get_bank_file(id)
    values = {"row": row, "waiting": payments.list_quarantined(file_id=id), "key": new_key()}
    return render(request, "desk/files/file.html", values)


def progress(request: HttpRequest, id: int) -> HttpResponse:
    """How many payments of a file are posted, asked for every second."""
    row = payments.get_bank_file(id)
    if row.posted >= row.rows:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "desk/files/progress.html", {"row": row})


@require_POST
def go_on(request: HttpRequest, id: int) -> HttpResponse:
    """Ask for the rest of a file to be posted."""
    by = actor(request)
    if not staff.may(by, "payments.record_batch"):
        raise NotPermitted(f"{by.name} may not do this: it needs the role {staff.roles_for('payments.record_batch')}.")
    ask_for("payments.post_file", f"bank_file:{id}", file=id)
    return redirect("files-file", id=id)


def quarantined(request: HttpRequest, id: int) -> HttpResponse:
    """One row in quarantine: as it came, why it waits, and the form that settles it."""
    found = next((row for row in payments.list_quarantined(limit=100_000) if row.id == id), None)
    if found is None:
        raise Refused("This row is settled already, or never was in quarantine. Look at its file.", field="row")
    entries = Entries(request.POST)
    if entries.raw("do") == "own":
        by = actor(request)
        payments.own_money(key=entries.key, by=by, at=clock.now(), owner_id=by.id, row_id=found.id)
        messages.success(request, f"Line {found.line} of {found.file} is yours to settle.")
        return redirect("files")
    if request.method == "POST" and _settled(request, found, entries):
        return redirect("files-file", id=found.file_id)
    amount = "" if found.cents is None else f"{found.cents // 100}.{found.cents % 100:02d}"
    typed = entries.sent if request.method == "POST" else {"account": found.account_number, "amount": amount}
    values = {
        "row": found, "errors": entries.errors, "typed": typed, "key": entries.key or new_key(),
    }  # fmt: skip
    return render(request, "desk/files/quarantined.html", values, status=422 if entries.errors else 200)


def _settled(request: HttpRequest, row: payments.QuarantinedRow, entries: Entries) -> bool:
    how = "dropped" if entries.raw("do") == "drop" else "posted"
    reason = entries.text("reason", says="Say how you know: what the bank or the payer said.")
    cents = entries.cents("amount") if how == "posted" else 0
    account = entries.text("account", says="Write the account that the payment is for.") if how == "posted" else ""
    if entries.errors or cents is None:
        return False
    try:
        done = payments.settle_quarantined(
            key=entries.key, by=actor(request), at=clock.now(), row_id=row.id, how=how, reason=reason,
            on=row.received_on, account_number=account, cents=cents, posted_on=clock.today(),
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_number": "account", "cents": "amount", "row_id": "form", "on": "form"})
        return False
    messages.success(request, f"Posted, receipt {done.receipt}." if done.receipt else "Dropped, with its reason.")
    return True


def unidentified(request: HttpRequest, document: int) -> HttpResponse:
    """Money without an owner: what is known of it, and the form that names whose it is."""
    found = next((row for row in payments.list_unidentified(limit=100_000) if row.document_id == document), None)
    if found is None:
        raise Refused("No money waits under this document; somebody may have named its owner.", field="document")
    entries = Entries(request.POST)
    if entries.raw("do") == "own":
        by = actor(request)
        payments.own_money(key=entries.key, by=by, at=clock.now(), owner_id=by.id, document_id=document)
        messages.success(request, "The money is yours to find the owner of.")
        return redirect("files")
    if request.method == "POST" and _identified(request, found, entries):
        return redirect("files")
    values = {"row": found, "errors": entries.errors, "typed": entries.sent, "key": entries.key or new_key()}
    return render(request, "desk/files/unidentified.html", values, status=422 if entries.errors else 200)


def _identified(request: HttpRequest, row: payments.UnidentifiedRow, entries: Entries) -> bool:
    number = entries.text("account", says="Write the account that the money is for.")
    if entries.errors:
        return False
    try:
        account = customers.find_account(number=number)
        done = payments.identify(
            key=entries.key, by=actor(request), at=clock.now(), document_id=row.document_id, account_id=account.id,
            on=row.came_on, posted_on=clock.today(),
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"document_id": "form", "number": "account", "on": "form"})
        return False
    messages.success(request, f"The money is {done.account.name}'s now, account {done.account.number}.")
    return True


def returned(request: HttpRequest) -> HttpResponse:
    """Payments that came back: what is open of them, and the letters and door hangers that wait to be made."""
    every = "all" in request.GET
    letters = payments.list_letters()
    values = {
        "rows": payments.list_returned(open_only=not every), "every": every, "letters": letters, "key": new_key(),
        "hangers": sum(papers.is_hanger(row) for row in letters),
        "mailed": sum(not papers.is_hanger(row) for row in letters),
    }  # fmt: skip
    return render(request, "desk/files/returned.html", values)


@require_POST
def letter(request: HttpRequest, id: int) -> HttpResponse:
    """Say that a letter or door hanger was made."""
    entries = Entries(request.POST)
    try:
        payments.make_letter(
            key=entries.key, by=actor(request), at=clock.now(), letter_id=id, how=entries.raw("how"), on=clock.today()
        )
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("files-returned")


def hanger(request: HttpRequest, id: int) -> HttpResponse:
    """A door hanger or letter, to be printed: the facts, how to make it good, how to object."""
    (found,) = _letters([id])
    header = pages.get_header(account_id=found.account_id, on=clock.today())
    return render(request, "desk/files/hanger.html", {"row": found, "header": header})


def letter_paper(request: HttpRequest, id: int) -> HttpResponse:
    """A letter or door hanger as PDF, one that was made already too."""
    found = _letters([id])
    return papers.pdf(papers.letters(found, on=clock.today()), name=f"letter-{id}.pdf")


def letters_paper(request: HttpRequest) -> HttpResponse:
    """All letters that wait, or all door hangers, in one PDF: they are printed on different paper."""
    hangers = "hangers" in request.GET
    found = [row for row in payments.list_letters() if papers.is_hanger(row) == hangers]
    if not found:
        messages.error(request, f"No {'door hanger' if hangers else 'letter'} waits.")
        return redirect("files-returned")
    name = "hangers" if hangers else "letters"
    return papers.pdf(papers.letters(found, on=clock.today()), name=f"{name}-{clock.today().isoformat()}.pdf")


def _letters(ids: Sequence[int]) -> list[payments.LetterRow]:
    found = [row for row in payments.list_letters(waiting_only=False, limit=100_000) if row.id in ids]
    if not found:
        raise Refused("There is no such letter. Those that wait stand under Returned payments.", field="letter")
    return found
