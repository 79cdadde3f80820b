"""Billing: cycles and runs; one run from its plan over review and approval to its last posted chunk.

The work itself is done by the queue's worker, named here by its task: a request only asks for it and shows how far
it is.
"""

import time
from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from procrastinate import exceptions
from procrastinate.contrib.django import app

from curbstop.desk import clock, pictures
from curbstop.desk.forms import Entries, day_of, ids_of
from curbstop.desk.frame import actor, new_key
from curbstop.office import bills, pages, staff
from curbstop.office._events import Key
from curbstop.office._once import NotPermitted, Refused

SHEET = 100
"""Bills in one file: what a printer takes in one go, and somebody can wait for."""


def runs(request: HttpRequest) -> HttpResponse:
    """The cycles with what they bill next, and the latest runs."""
    on = clock.today()
    return render(
        request,
        "desk/bills/runs.html",
        {"cycles": pages.get_cycles(on=on), "runs": pages.get_runs(), "on": on, "key": new_key()},
    )


@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """Plan a run of a cycle on its bill date, or of what ended since, and ask for its calculation."""
    form = Entries(request.POST)
    cycle, bill_on = form.text("cycle"), form.day("bill_on")
    if form.errors:
        raise Refused("; ".join(form.errors.values()), field="bill_on")
    assert bill_on is not None
    finals = bool(form.raw("finals"))
    planned = bills.plan(
        key=form.key, by=actor(request), at=clock.now(), cycle=cycle, bill_on=bill_on, finals=finals
    )  # fmt: skip
    _ask_for("bills.calculate", planned.run)
    return redirect("bills-run", id=planned.run)


def run(request: HttpRequest, id: int) -> HttpResponse:
    """One run: how far it is, what fell out and why, what would be billed, and the approval."""
    page = pages.get_run(run=id, on=clock.today(), finding=request.GET.get("finding", ""))
    working = page.row.state != "posted" and _is_asked_for(id)
    funnel = ""
    if page.figures and page.row.state != "planned":
        outs = [(pages.code_says(code), count) for code, count in page.figures.held.items()]
        funnel = pictures.funnel(
            total=page.figures.agreements, ready=page.ready, outs=outs, done=page.row.state == "posted"
        )
    values = {"page": page, "row": page.row, "funnel": funnel, "working": working, "why": _why_closed(page)}
    bills_in = page.steps["posted"].bills if "posted" in page.steps else 0
    files = [(first, min(first + SHEET, bills_in)) for first in range(0, bills_in, SHEET)]
    finding = request.GET.get("finding", "")
    return render(request, "desk/bills/run.html", {**values, "key": new_key(), "finding": finding, "files": files})


def progress(request: HttpRequest, id: int) -> HttpResponse:
    """How far the run is, asked for every second; when a step is over, the whole page is loaded again."""
    state, working = pages.get_state(run=id), _is_asked_for(id)
    if state != request.GET.get("state") or not working:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(
        request,
        "desk/bills/progress.html",
        {"at": pages.get_progress(run=id), "state": state, "id": id, **_rate(request, id)},
    )


def _rate(request: HttpRequest, id: int) -> dict[str, float | int | str]:
    """Bills a second since the page first asked, and the seconds left: both only once they mean something."""
    now = time.time()
    try:
        since, first = float(request.GET["since"]), int(request.GET["first"])
    except (KeyError, ValueError):
        since, first = now, -1
    at = pages.get_progress(run=id)
    first = at.bills_posted if first < 0 else first
    rate = (at.bills_posted - first) / (now - since) if now - since > 1 else 0
    left = (at.accounts - at.bills_posted) / rate if rate else 0
    return {"since": f"{since:.2f}", "first": first, "rate": int(rate), "left": int(left)}


@require_POST
def calculate(request: HttpRequest, id: int) -> HttpResponse:
    """Ask for the calculation again: reads were decided, prices set."""
    _refuse_others(request, "bills.calculate")
    _ask_for("bills.calculate", id)
    return redirect("bills-run", id=id)


@require_POST
def review(request: HttpRequest, id: int) -> HttpResponse:
    """Assign, hold or release the accounts that are ticked."""
    form = Entries(request.POST)
    accounts = list(ids_of(request.POST.getlist("account")))
    do, reason = form.text("do"), form.text("reason", required=False)
    by, at = actor(request), clock.now()
    try:
        if not accounts:
            raise Refused("Nothing is ticked. Tick the accounts first, then choose what to do with them.")
        said = _reviewed(do, id, accounts, reason, int(form.text("owner", required=False) or by.id), form.key, by, at)
        messages.success(request, said)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(f"{request.path.rsplit('/', 2)[0]}/#exceptions")


def _reviewed(do, run, accounts: Sequence[int], reason, owner, key, by, at) -> str:  # type: ignore[no-untyped-def]
    """Do one thing to each account; each is an act of its own, with a key of its own."""
    count = f"{len(accounts):,} account{'s' if len(accounts) > 1 else ''}"
    if do == "own":
        bills.own(key=key, by=by, at=at, run=run, account_ids=tuple(accounts), owner_id=owner)
        return f"{count} assigned."
    for account in accounts:
        each = {"key": Key(f"{key}:{account}"), "by": by, "at": at, "run": run, "account_id": account}
        if do == "hold":
            bills.hold(**each, reason=reason, owner_id=owner)
        else:
            bills.release(**each, reason=reason)
    return f"{count} held out of the run." if do == "hold" else f"{count} released into the run."


@require_POST
def approve(request: HttpRequest, id: int) -> HttpResponse:
    """Approve the run with the figures that were on the screen, and ask for its posting."""
    form = Entries(request.POST)
    on = day_of(request.POST.get("on", ""))
    try:
        if on is None:
            raise Refused("Choose the accounting day that the bills are posted on.", field="on")
        bills.approve(
            key=form.key,
            by=actor(request),
            at=clock.now(),
            run=id,
            bills=form.whole("bills"),
            cents=form.whole("cents"),
            on=on,
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("bills-run", id=id)
    _ask_for("bills.post", id)
    return redirect("bills-run", id=id)


@require_POST
def post(request: HttpRequest, id: int) -> HttpResponse:
    """Ask for the posting again: it goes on where it stopped, and posts each bill once."""
    _refuse_others(request, "bills.approve")
    _ask_for("bills.post", id)
    return redirect("bills-run", id=id)


def _why_closed(page: pages.RunPage) -> str:
    """Why the approval is closed whoever asks; empty when it is open."""
    if page.figures is None:
        return "Opens when the run is calculated."
    if page.without_owner:
        one = page.without_owner == 1
        return f"Opens when {page.without_owner:,} held account{' has' if one else 's have'} an owner: tick and assign."
    if not page.open_days:
        return "Opens when an accounting day from the bill date on is open; finance opens it under Today."
    if not page.figures.bills:
        return "There is nothing to bill: every service is held."
    return ""


def _ask_for(task: str, run: int) -> None:
    """Put a job for the run into the queue; it is there once, however often it is asked for."""
    try:
        with transaction.atomic():
            app.configure_task(name=task, lock=f"run:{run}", queueing_lock=f"{task}:{run}").defer(run=run)
    except exceptions.AlreadyEnqueued:
        pass


def _refuse_others(request: HttpRequest, act: str) -> None:
    """The clock does the work, so the desk asks here whether who asks for it may.

    :raises NotPermitted: the roles of who is signed in do not include the act
    """
    by = actor(request)
    if not staff.may(by, act):
        raise NotPermitted(f"{by.name} may not do this: it needs the role {staff.roles_for(act)}.")


def _is_asked_for(run: int) -> bool:
    """Whether a job of the run waits or works."""
    jobs = app.job_manager.list_jobs(lock=f"run:{run}")
    return any(job.status in ("todo", "doing") for job in jobs)
