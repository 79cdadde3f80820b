"""Autopay: who is on it, draft runs from plan to payment, and what the banks answer.

The bank account is shown by its last four digits. Making the file, handing it out and posting it are three acts, each
by its own button; posting is done by the queue's worker.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from procrastinate import exceptions
from procrastinate.contrib.django import app

from curbstop.desk import clock
from curbstop.desk.forms import Entries, id_of
from curbstop.desk.frame import actor, new_key
from curbstop.formats.nacha import AchErrors
from curbstop.office import autopay, pages, staff
from curbstop.office._once import NotPermitted, Refused
from curbstop.rules.autopay import ACCOUNT_TYPES, OUTCOMES, SEC_CLASSES, Terms
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet

MOST_BYTES = 20_000_000
RATES = {
    "unauthorised": "Not authorised (R05 R07 R10 R11 R29 R51)",
    "administrative": "Wrong or closed account (R02 R03 R04)",
    "all": "All returns",
}


def autopay_page(request: HttpRequest) -> HttpResponse:
    """The runs, the rates that are watched, and the form that plans the next run."""
    on = clock.today()
    rates = [(RATES[rate.group], rate) for rate in autopay.get_return_rates(on=on)]
    values = {
        "runs": autopay.list_runs(), "rates": rates, "enrolled": autopay.count_enrolled(), "on": on,
        "accounts": autopay.list_enrolled(),
        "through": on + timedelta(2), "key": new_key(),
    }  # fmt: skip
    return render(request, "desk/autopay/autopay.html", values)


def plan(request: HttpRequest) -> HttpResponse:
    """What a run would do, account by account; and the plan itself when the strip's button was pressed."""
    entries = Entries(request.POST or request.GET)
    through = entries.day("through")
    preview, why = None, ""
    if through is not None:
        try:
            preview = autopay.preview_run(through_on=through, on=clock.today())
        except (BadValue, Refused, NotSet) as bad:
            why = str(bad)
    if request.method == "POST" and through is not None and not entries.errors:
        try:
            made = autopay.plan(
                key=entries.key, by=actor(request), at=clock.now(), through_on=through, on=clock.today()
            )
            return redirect("autopay-run", id=made.run)
        except (BadValue, Refused, NotSet) as bad:
            why = str(bad)
    code = request.GET.get("outcome", "")
    rows = [row for row in preview.rows if not code or row.code == code] if preview else []
    values = {
        "preview": preview, "rows": rows[:500], "counts": _counts(preview.by_code) if preview else (), "code": code,
        "tries": preview.by_code.get("prenote", 0) if preview else 0, "why": why, "entries": entries,
        "through": through, "key": entries.key or new_key(), "says": OUTCOMES,
    }  # fmt: skip
    return render(request, "desk/autopay/plan.html", values)


def _counts(by_code: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Outcomes in the order of their table: code, words, how many."""
    return [(code, says, by_code[code]) for code, says in OUTCOMES.items() if code in by_code]


def run(request: HttpRequest, id: int) -> HttpResponse:
    """One run: how far it is, what it does with each account, and what the banks said."""
    row = autopay.get_run(id)
    code = request.GET.get("outcome", "")
    done, whole = autopay.get_posting_progress(run=id)
    values = {
        "row": row, "lines": autopay.list_run_lines(run=id, code=code), "code": code,
        "counts": _counts(autopay.count_by_code(run=id)), "says": OUTCOMES, "key": new_key(), "on": clock.today(),
        "working": row.state == "filed" and _is_asked_for(f"draft_run:{id}"), "done": done, "whole": whole,
    }  # fmt: skip
    return render(request, "desk/autopay/run.html", values)


def progress(request: HttpRequest, id: int) -> HttpResponse:
    """How many drafts are posted, asked for every second; when it is over, the whole page is loaded again."""
    if autopay.get_run(id).state == "posted" or not _is_asked_for(f"draft_run:{id}"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    done, whole = autopay.get_posting_progress(run=id)
    return render(request, "desk/autopay/progress.html", {"id": id, "done": done, "whole": whole})


@require_POST
def make_file(request: HttpRequest, id: int) -> HttpResponse:
    """Make the run's NACHA file."""
    try:
        made = autopay.make_file(
            key=Entries(request.POST).key, by=actor(request), at=clock.now(), run=id, on=clock.today()
        )
        messages.success(request, f"{made.name} is made: {made.entries:,} entries. Hand it to the bank.")
    except (BadValue, Refused, NotSet) as bad:
        messages.error(request, str(bad))
    return redirect("autopay-run", id=id)


@require_POST
def take_file(request: HttpRequest, id: int) -> HttpResponse:
    """The file itself, to be sent to the bank; who took it is written down."""
    handed = autopay.take_file(key=Entries(request.POST).key, by=actor(request), at=clock.now(), run=id)
    return HttpResponse(
        handed.data,
        content_type="text/plain; charset=us-ascii",
        headers={"Content-Disposition": f'attachment; filename="{handed.name}"', "Cache-Control": "no-store"},
    )


@require_POST
def post(request: HttpRequest, id: int) -> HttpResponse:
    """Ask for the drafts to be posted as payments."""
    _refuse_others(request, "autopay.post")
    row = autopay.get_run(id)
    if clock.today() < row.effective_on:
        messages.error(request, f"The drafts settle on {row.effective_on.isoformat()}; they are payments from then on.")
    else:
        ask_for("autopay.post", f"draft_run:{id}", run=id)
    return redirect("autopay-run", id=id)


@require_POST
def answers(request: HttpRequest) -> HttpResponse:
    """Apply a bank's file of returns and corrections."""
    sent = request.FILES.get("file")
    if sent is None:
        messages.error(request, "Choose the file that the bank sent.")
        return redirect("autopay")
    if (sent.size or 0) > MOST_BYTES:
        messages.error(request, f"{sent.name} is larger than 20 MB; that is no file of returns.")
        return redirect("autopay")
    try:
        done = autopay.apply_answers(
            key=Entries(request.POST).key, by=actor(request), at=clock.now(), name=str(sent.name)[:100],
            data=sent.read(), on=clock.today(),
        )  # fmt: skip
    except AchErrors as errors:
        values = {"name": sent.name, "faults": errors.faults[:100], "count": len(errors.faults)}
        return render(request, "desk/autopay/refused.html", values, status=422)
    except (BadValue, Refused, NotSet) as bad:
        messages.error(request, str(bad))
        return redirect("autopay")
    said = ", ".join(f"{count} {autopay.ANSWERS[code].lower()}" for code, count in done.by_outcome.items())
    before = "These answers were taken before; nothing was changed. " if done.already else ""
    messages.success(request, f"{before}{sent.name}: {said or 'no answers in it'}.")
    return redirect("files-returned")


# --- one account ------------------------------------------------------------------------------------------------------


def account(request: HttpRequest, number: str) -> HttpResponse:
    """Autopay of one account: what was agreed, the form that enrols or changes it, and its history."""
    header = pages.get_header(number=number, on=clock.today())
    read = autopay.get_enrolment(account_id=header.id)
    entries = Entries(request.POST)
    if request.method == "POST":
        done = _do(request, header, read, entries)
        if done:
            messages.success(request, done)
            return redirect("autopay-account", number=number)
    current = read.current
    typed: dict[str, Any] = {name: entries.raw(name) for name in FIELDS} if request.method == "POST" else {}
    if not typed:
        typed = _known(current, header.name)
    values = {
        "header": header, "read": read, "current": current, "typed": typed, "errors": entries.errors,
        "key": entries.key or new_key(), "sec": SEC_CLASSES, "types": ACCOUNT_TYPES, "days": range(1, 29),
        "do": entries.raw("do"), "today": clock.today(),
    }  # fmt: skip
    return render(request, "desk/autopay/account.html", values, status=422 if entries.errors else 200)


FIELDS = ("holder", "routing", "bank_account", "account_type", "sec", "limit", "draft_day", "authorised", "evidence")


def _known(current: autopay.EnrolmentRow | None, name: str) -> dict[str, Any]:
    if current is None:
        return {"holder": name, "account_type": "checking", "sec": "PPD", "authorised": clock.today().isoformat()}
    limit = "" if current.limit_cents is None else f"{current.limit_cents // 100}.{current.limit_cents % 100:02d}"
    return {
        "holder": current.holder, "account_type": current.account_type, "sec": current.sec, "limit": limit,
        "draft_day": current.draft_day or "", "authorised": clock.today().isoformat(),
    }  # fmt: skip


def _do(request: HttpRequest, header: pages.Header, read: autopay.EnrolmentRead, entries: Entries) -> str:
    """Do what the form asks; the sentence that says it is done, empty when it cannot be."""
    made: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "account_id": header.id}
    try:
        if entries.raw("do") == "end":
            reason = entries.text("reason", says="Say why autopay ends: asked by the customer, the account is closed.")
            if entries.errors:
                return ""
            autopay.end(**made, until_on=clock.today(), reason=reason)
            return "Autopay has ended. The next bill is paid by the customer."
        if entries.raw("do") == "allow":
            return _allow(made, entries)
        return _agree(made, read, entries)
    except (BadValue, Refused) as bad:
        names = {"limit_cents": "limit", "authorised_on": "authorised", "account_id": "form", "cents": "allow"}
        entries.blame(bad, names)
        return ""


def _allow(made: dict[str, Any], entries: Entries) -> str:
    cents = entries.cents("allow")
    how = entries.text("how", says="Say who allowed it and how: R. Ortiz, by telephone.")
    if entries.errors or cents is None:
        return ""
    autopay.allow(**made, cents=cents, until_on=clock.today() + timedelta(31), how=how)
    return "One draft up to that amount is allowed within a month."


def _agree(made: dict[str, Any], read: autopay.EnrolmentRead, entries: Entries) -> str:
    limit = entries.cents("limit", required=False)
    day = entries.raw("draft_day")
    authorised = entries.day("authorised")
    holder = entries.text("holder", says="Write the name on the bank account.", longest=80)
    evidence = entries.text("evidence", says="Write where the authorisation is kept: the form, the recording.")
    if entries.errors or authorised is None:
        return ""
    terms = Terms(entries.raw("account_type"), entries.raw("sec"), limit, id_of(day))
    agreed: dict[str, Any] = {
        **made, "terms": terms, "holder": holder, "authorised_on": authorised, "evidence": evidence,
        "from_on": clock.today(), "routing": entries.raw("routing"), "bank_account": entries.raw("bank_account"),
    }  # fmt: skip
    if read.current is None:
        done = autopay.enrol(**agreed)
    else:
        done = autopay.change(**agreed)
    tried = " It is tried with 0.00 first." if done.prenote else ""
    return f"Autopay is agreed, from the bank account ending {done.last_four}.{tried}"


# --- the queue --------------------------------------------------------------------------------------------------------


def ask_for(task: str, lock: str, **values: int) -> None:
    """Put a job into the queue; it is there once, however often it is asked for."""
    try:
        with transaction.atomic():
            app.configure_task(name=task, lock=lock, queueing_lock=f"{task}:{lock}").defer(**values)
    except exceptions.AlreadyEnqueued:
        pass


def _is_asked_for(lock: str) -> bool:
    return any(job.status in ("todo", "doing") for job in app.job_manager.list_jobs(lock=lock))


def _refuse_others(request: HttpRequest, act: str) -> None:
    by = actor(request)
    if not staff.may(by, act):
        raise NotPermitted(f"{by.name} may not do this: it needs the role {staff.roles_for(act)}.")
