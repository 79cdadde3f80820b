"""Old debts: the list that is asked for approval, what is written off and comes back, the collection agency."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries, ids_of
from curbstop.desk.frame import actor, new_key
from curbstop.formats.agency import RemittanceErrors
from curbstop.office import adjustments, ledger, pages, writeoffs
from curbstop.office._once import Refused
from curbstop.office.adjustments import writing_off
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.writeoffs import Criteria

FORM = {"account_ids": "form", "account_id": "form", "on": "form", "kind": "form", "cents": "form", "agency": "agency"}
MOST_BYTES = 2_000_000


def writeoffs_page(request: HttpRequest) -> HttpResponse:
    """Debts that could be written off by the criteria, and those that are."""
    entries = Entries(request.GET if request.method == "GET" else request.POST)
    criteria, says = _criteria(entries)
    on = clock.today()
    rows = writeoffs.list_candidates(criteria=criteria, on=on) if criteria else ()
    good = [row for row in rows if not row.why_not]
    if request.method == "POST" and criteria and not entries.errors:
        done = _asked(request, entries, criteria)
        if done is not None:
            return done
    written = writeoffs.list_written_off()
    values = {
        "criteria": criteria,
        "criteria_says": says,
        "good": good,
        "good_cents": sum(row.open_cents for row in good),
        "others": [row for row in rows if row.why_not],
        "asked": [row for row in adjustments.list_waiting(on=on) if row.kind == "write_off"],
        "written": _by_account(written),
        "written_cents": sum(one.left_cents for one in written),
        "provision": _provision(),
        "reasons": writing_off.REASONS,
        "key": new_key(),
        "sent": entries.sent,
        "errors": entries.errors,
    }
    return render(request, "desk/writeoffs/list.html", values, status=422 if entries.errors else 200)


def _criteria(entries: Entries) -> tuple[Criteria | None, str]:
    """What was typed, or what the city has set; and the sentence where it has set nothing."""
    says, set_ = "", None
    try:
        set_ = writeoffs.get_criteria(on=clock.today())
    except NotSet as missing:
        says = missing.says or missing.why
    if not entries.raw("days"):
        return set_, says
    days = entries.whole("days", most=3650)
    least = entries.cents("least", required=False, zero=True)
    most = entries.cents("most", required=False)
    if entries.errors:
        return None, says
    try:
        return Criteria(days, least or 1, most), says
    except BadValue as bad:
        entries.blame(bad, {"least_cents": "least", "days_after_due": "days"})
        return None, says


def _by_account(written: tuple[writeoffs.WrittenDocument, ...]) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for one in written:
        row = found.setdefault(
            one.account_id,
            {"number": one.number, "name": one.name, "off_on": one.written_off_on, "cents": 0, "bills": 0},
        )
        row["cents"] += one.left_cents
        row["bills"] += 1
    return list(found.values())


def _provision() -> list[tuple[str, Any]] | None:
    """Each fund by its name; None where the city has not said."""
    try:
        names = {fund.id: fund.name for fund in ledger.list_funds()}
        return [(names.get(one.fund, str(one.fund)), one) for one in writeoffs.get_provision(on=clock.today())]
    except NotSet:
        return None


def _asked(request: HttpRequest, entries: Entries, criteria: Criteria) -> HttpResponse | None:
    ids = list(ids_of(request.POST.getlist("account")))
    reason = entries.choice("reason", writing_off.REASONS, says="Choose why they are written off.")
    if entries.errors:
        return None
    inputs: dict[str, object] = {
        "account_ids": ids,
        "days_after_due": criteria.days_after_due,
        "least_cents": criteria.least_cents,
        "most_cents": criteria.most_cents,
    }
    try:
        done = adjustments.request(
            key=entries.key, by=actor(request), at=clock.now(), kind="write_off", inputs=inputs, reason=reason,
            on=clock.today(), words=entries.text("words", required=False),
        )  # fmt: skip
        messages.success(request, f"Asked for approval: {done.says}")
        return redirect("adjustments-request", id=done.request_id)
    except (BadValue, Refused) as bad:
        entries.blame(bad, FORM)
    return None


@require_POST
def provide(request: HttpRequest) -> HttpResponse:
    """Bring the allowance of each fund up to the city's share of old debts."""
    entries = Entries(request.POST)
    try:
        done = writeoffs.provide(key=entries.key, by=actor(request), at=clock.now(), on=clock.today())
        messages.success(request, f"Provision: {show(done.cents)} added.")
    except (BadValue, Refused) as bad:
        messages.error(request, str(bad))
    return redirect("writeoffs")


def account(request: HttpRequest, number: str) -> HttpResponse:
    """Written-off debt of an account, bill by bill; and bringing it back."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    found = writeoffs.list_written_off(account_ids=[header.id], everything=True)
    left = sum(one.left_cents for one in found)
    if request.method == "POST":
        cents = entries.cents("amount", required=False)
        if not entries.errors:
            try:
                done = writeoffs.recover(
                    key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, on=clock.today(),
                    cents=cents, reason=entries.text("reason", required=False),
                )  # fmt: skip
                messages.success(request, f"{show(done.cents)} is owed again; take the payment now.")
                return redirect("payments-take", number=header.number)
            except (BadValue, Refused) as bad:
                entries.blame(bad, {"cents": "amount", "account_id": "form"})
    values = {
        "header": header, "found": found, "left": left, "key": entries.key or new_key(),
        "placed": [row for row in writeoffs.list_placements() if row.account_id == header.id],
        "sent": request.POST.dict(), "errors": entries.errors,
    }  # fmt: skip
    return render(request, "desk/writeoffs/account.html", values, status=422 if entries.errors else 200)


def agency(request: HttpRequest) -> HttpResponse:
    """What is with the agency, what could be, what it sent, and the files."""
    entries = Entries(request.POST)
    faults: object = ()
    if request.method == "POST":
        try:
            if _agency_done(request, entries):
                return redirect("writeoffs-agency")
        except RemittanceErrors as bad:
            faults = bad.faults
    return _agency_page(request, entries, faults)


def _agency_page(request: HttpRequest, entries: Entries, faults: object) -> HttpResponse:
    on = clock.today()
    try:
        terms, says = writeoffs.list_terms(on=on), ""
    except Refused as refused:
        terms, says = (), str(refused)
    placed = writeoffs.list_placements()
    there = {row.account_id for row in placed}
    free: dict[int, dict[str, Any]] = {}
    for one in writeoffs.list_written_off():
        if one.account_id not in there:
            row = free.setdefault(
                one.account_id, {"id": one.account_id, "number": one.number, "name": one.name, "cents": 0}
            )
            row["cents"] += one.left_cents
    values = {
        "terms": terms,
        "terms_says": says,
        "placed": placed,
        "placed_cents": sum(row.left_cents for row in placed),
        "free": list(free.values()),
        "free_cents": sum(row["cents"] for row in free.values()),
        "files": writeoffs.list_agency_files(limit=12),
        "key": entries.key or new_key(),
        "sent": request.POST.dict(),
        "errors": entries.errors,
        "faults": faults,
    }
    return render(request, "desk/writeoffs/agency.html", values, status=422 if entries.errors or faults else 200)


def _agency_done(request: HttpRequest, entries: Entries) -> bool:
    """Place, recall or take a remittance in; False when it was refused."""
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "on": clock.today()}
    ids = ids_of(request.POST.getlist("account"))
    do, which = entries.raw("do"), entries.raw("agency")
    try:
        if do == "place":
            made = writeoffs.place(**given, agency=which, account_ids=ids)
            messages.success(request, f"{made.rows} accounts placed, {show(made.cents)}: file {made.file_id}.")
        elif do == "recall":
            reason = entries.text("reason", says="Say why they are recalled; the agency reads it.")
            if not entries.errors:
                made = writeoffs.recall(**given, account_ids=ids, reason=reason)
                messages.success(request, f"{made.rows} accounts recalled: file {made.file_id}.")
        elif do == "remit":
            _remitted(request, entries, which, given)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {**FORM, "text": "file"})
    return not entries.errors


def _remitted(request: HttpRequest, entries: Entries, which: str, given: dict[str, Any]) -> None:
    upload = request.FILES.get("file")
    if upload is None or upload.size is None or upload.size > MOST_BYTES:
        entries.errors["file"] = "Choose the agency's file, of at most two million bytes."
        return
    try:
        text = upload.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        entries.errors["file"] = "The file is no text in UTF-8; ask the agency to send it as CSV in UTF-8."
        return
    done = writeoffs.receive_remittance(**given, agency=which, name=upload.name or "remittance", text=text)
    told = f"{done.rows} accounts, {show(done.cents)} collected, commission {show(done.commission_cents)}"
    messages.success(request, f"Remittance taken: {told}. The bank should show {show(done.net_cents)}.")


def agency_file(request: HttpRequest, file_id: str) -> HttpResponse:
    """A file to or from an agency, byte for byte."""
    try:
        body = writeoffs.get_agency_file(file_id)
    except Refused as refused:
        raise pages.NotThere(str(refused)) from refused
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file_id}.csv"'
    return answer
