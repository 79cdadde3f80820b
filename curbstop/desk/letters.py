"""Letters: what waits for the printer, batches, wordings and their approval, what was sent, returned mail."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock, papers
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import letters, pages
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.letters import LANGUAGES, RETURNED

STATES = {
    "waits": "waits for the printer", "printed": "printed", "mailed": "went out", "returned": "came back",
    "settled": "came back, settled",
}  # fmt: skip
CHANNELS = {"mail": "By mail", "hanger": "For the door"}


def list_page(request: HttpRequest) -> HttpResponse:
    """What waits, the batches, and every letter that the office can send."""
    return _list(request, {})


def _list(request: HttpRequest, errors: dict[str, str]) -> HttpResponse:
    values = {
        "waiting": letters.list_waiting(),
        "batches": letters.list_batches(),
        "templates": letters.list_templates(on=clock.today()),
        "channels": CHANNELS,
        "errors": errors,
        "key": new_key(),
    }
    return render(request, "desk/letters/letters.html", values, status=422 if errors else 200)


def _try(entries: Entries, do: Callable[[], object]) -> bool:
    """Whether it was done; what was refused stands beside its field."""
    if not entries.errors:
        try:
            do()
        except Faults as faults:
            entries.errors["body"] = "; ".join(str(fault) for fault in faults.faults[:5])
        except (BadValue, Refused) as bad:
            entries.blame(bad)
    return not entries.errors


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Freeze what waits of one letter into a batch."""
    entries = Entries(request.POST)
    made: list[letters.BatchMade] = []
    done = _try(entries, lambda: made.append(letters.make_batch(
        key=entries.key, by=actor(request), at=clock.now(), code=entries.raw("code"), channel=entries.raw("channel"),
        on=clock.today(),
    )))  # fmt: skip
    if not done:
        return _list(request, {"form": " ".join(entries.errors.values())})
    messages.success(request, f"{made[0].letters} letters are in batch {made[0].batch_id}, in the order of the post.")
    return redirect("letters-batch", id=made[0].batch_id)


def batch(request: HttpRequest, id: int) -> HttpResponse:
    """A batch: its parts for the printer, its list, and the day it went out."""
    entries = Entries(request.POST)
    on = entries.day("on") if request.method == "POST" else None
    if request.method == "POST" and on is not None and _mailed(request, entries, id, on):
        messages.success(request, "The day is kept on every letter of the batch.")
        return redirect("letters-batch", id=id)
    row = _there(lambda: letters.get_batch(id))
    values = {
        "batch": row,
        "parts": range(1, (row.letters + letters.PART - 1) // letters.PART + 1),
        "part_size": letters.PART,
        "channels": CHANNELS,
        "today": clock.today(),
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/letters/batch.html", values, status=422 if entries.errors else 200)


def _mailed(request: HttpRequest, entries: Entries, id: int, on: date) -> bool:
    return _try(entries, lambda: letters.mark_mailed(
        key=entries.key, by=actor(request), at=clock.now(), batch_id=id, on=on
    ))  # fmt: skip


T = TypeVar("T")


def _there(read: Callable[[], T]) -> T:
    try:
        return read()
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused


def batch_pdf(request: HttpRequest, id: int, part: int) -> HttpResponse:
    """A part of a batch for the printer; once it went out, a copy that says that it is one."""
    row = _there(lambda: letters.get_batch(id))
    copy = row.mailed_on is not None
    if not 1 <= part <= (row.letters + letters.PART - 1) // letters.PART:
        raise pages.NotThere(f"Batch {id} has no part {part}.")
    if copy:
        letters.print_copy(key=new_key(), by=actor(request), at=clock.now(), batch_id=id)
    body = letters.batch_pdf(id, part=part, copy=copy)
    return papers.pdf(body, name=f"letters-{id}-{part}.pdf")


def manifest(request: HttpRequest, id: int) -> HttpResponse:
    """The pieces of a batch as CSV."""
    body = _there(lambda: letters.write_manifest(id))
    headers = {"Content-Disposition": f'attachment; filename="letters-{id}.csv"'}
    return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)


def letter(request: HttpRequest, id: int) -> HttpResponse:
    """A letter word for word as it was sent; the post brought it back."""
    entries = Entries(request.POST)
    if request.method == "POST":
        reason = entries.choice("reason", RETURNED, says="Choose what the post wrote on it.")
        done = _try(entries, lambda: messages.success(request, letters.record_returned(
            key=entries.key, by=actor(request), at=clock.now(), letter_id=id, reason=reason, on=clock.today(),
            says=entries.raw("says"),
        ).says))  # fmt: skip
        if done:
            return redirect("letters-letter", id=id)
    row = _there(lambda: letters.get_letter(id))
    values = {
        "letter": row,
        "told": [(LANGUAGES[one], one, row.words[one]) for one in row.languages],
        "header": pages.get_header(account_id=row.account_id, on=clock.today()) if row.account_id else None,
        "states": STATES,
        "channels": CHANNELS,
        "reasons": RETURNED,
        "came_back": RETURNED.get(row.returned_why, ""),
        "sent": request.POST,
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/letters/letter.html", values, status=422 if entries.errors else 200)


def letter_pdf(request: HttpRequest, id: int) -> HttpResponse:
    """The letter on paper, marked as a copy."""
    _there(lambda: letters.get_letter(id))
    return papers.pdf(letters.letter_pdf_of(id), name=f"letter-{id}.pdf")


def account(request: HttpRequest, number: str) -> HttpResponse:
    """What was written to an account."""
    header = pages.get_header(number=number, on=clock.today())
    values = {
        "header": header,
        "rows": letters.list_letters(account_id=header.id),
        "states": STATES,
        "channels": CHANNELS,
    }
    return render(request, "desk/letters/account.html", values)


def wordings(request: HttpRequest, code: str) -> HttpResponse:
    """The versions of a letter; a new wording, which waits for somebody else's approval."""
    entries = Entries(request.POST)
    if request.method == "POST" and _try(entries, lambda: _decide(request, entries, code)):
        return redirect("letters-wordings", code=code)
    rows = letters.list_wordings(code)
    row = next((one for one in letters.list_templates(on=clock.today()) if one.code == code), None)
    if row is None:
        raise pages.NotThere(f"There is no letter {code}.")
    draft = next((one for one in rows if one.state == "draft"), None)
    in_force = next((one for one in rows if one.state == "approved"), None)
    values = {
        "row": row,
        "rows": rows,
        "draft": draft,
        "body": entries.raw("body") or (in_force.body if in_force else letters.get_body(code)),
        "own": draft is not None and draft.by_id == actor(request).id,
        "missing": letters.get_missing(draft.wording_id) if draft else (),
        "today": clock.today(),
        "languages": LANGUAGES,
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/letters/wordings.html", values, status=422 if entries.errors else 200)


def _decide(request: HttpRequest, entries: Entries, code: str) -> None:
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now()}
    what = entries.raw("do")
    if what == "draft":
        body = str(request.POST.get("body", "")).replace("\r\n", "\n")
        letters.draft(**given, code=code, body=body, on=clock.today())
        messages.success(request, "Kept as a draft. Somebody else approves it before it is sent.")
    elif what == "approve":
        letters.approve(**given, wording_id=entries.whole("wording"), from_on=entries.day("from_on") or clock.today())
        messages.success(request, "Approved; the version before it is kept.")
    else:
        letters.drop(**given, wording_id=entries.whole("wording"), reason=entries.raw("reason"))
        messages.success(request, "Dropped; it is kept with the reason.")
