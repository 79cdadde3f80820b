"""Cases: the queues, a new one with its script, one whole, the calls of an account, and a bill that is not believed."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from curbstop.desk import clock
from curbstop.desk.forms import Entries, id_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import bills, cases, delinquency, orders, pages, roster
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.rules.cases import CHANNELS, PROOFS
from curbstop.rules.faults import BadValue


def _now() -> Any:
    return timezone.localtime(clock.now())


def _end_of(day: date | None) -> datetime | None:
    """The end of a day that was typed, by the city's clock."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time())) if day else None


def board(request: HttpRequest) -> HttpResponse:
    """Open cases, the most urgent promise first: those of who looks, with what is covered for others, or all."""
    by, every = actor(request), request.GET.get("all") == "1"
    rows = cases.list_queue(by=by, at=_now(), owner_id=None if every else by.id)
    values = {"rows": rows, "every": every, "now": _now(), "late": sum(row.case.standing.overdue for row in rows)}
    return render(request, "desk/cases/board.html", values)


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The calls and cases of an account; a call is opened and ended here."""
    header = pages.get_header(number=number, on=clock.today())
    by, entries = actor(request), Entries(request.POST)
    if request.method == "POST" and _talked(request, entries, header.id):
        return redirect("cases-account", number=number)
    contacts = cases.list_contacts(header.id)
    seen = cases.list_of_account(header.id, by=by, at=_now())
    for row in seen:
        if row.hidden:
            _try_view(request, row.case.case_id)
    values = {
        "header": header,
        "contacts": contacts,
        "calling": next((one for one in contacts if one.ended_at is None and one.by_id == by.id), None),
        "rows": [row for row in seen if not row.hidden],
        "hidden": sum(row.hidden for row in seen),
        "channels": CHANNELS,
        "proofs": PROOFS,
        "sent": entries.sent,
        "proved": request.POST.getlist("proof"),
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/cases/account.html", values)


def _try_view(request: HttpRequest, case_id: int) -> bool:
    """Ask to see a restricted case, once a day for each who asks: the office keeps who did."""
    by = actor(request)
    try:
        key = Key(f"cases.view:{case_id}:{by.id}:{clock.today().isoformat()}")
        cases.view(key=key, by=by, at=clock.now(), case_id=case_id)
    except Refused:
        return False
    return True


def _talked(request: HttpRequest, entries: Entries, account_id: int) -> bool:
    said = entries.text("said", required=False, longest=4000)
    act: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now()}
    try:
        if entries.raw("do") == "end":
            cases.end_contact(**act, contact_id=id_of(entries.raw("contact")) or 0, said=said)
            messages.success(request, "The call is over and stands in the log.")
            return True
        who = entries.text("who", says="Write who speaks: the holder, his daughter Ann, a neighbour.", longest=200)
        if entries.errors:
            return False
        proofs = ",".join(request.POST.getlist("proof"))
        channel = entries.raw("channel")
        cases.open_contact(**act, account_id=account_id, channel=channel, who=who, verified=proofs, said=said)
        messages.success(request, "The call is open. What you do on this account stands under it until you end it.")
    except (BadValue, Refused) as bad:
        entries.blame(bad)
        return False
    return True


def new(request: HttpRequest, number: str) -> HttpResponse:
    """A new case: its category, then the script and what policy answers before anybody promises anything."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    kinds = cases.load_categories()
    kind = kinds.get(request.GET.get("category", ""))
    if request.method == "POST" and kind is not None:
        made = _opened(request, entries, kind.code, header.id)
        if made is not None:
            return redirect("cases-case", id=made)
    values = {
        "header": header,
        "groups": _groups(kinds.values()),
        "kind": kind,
        "policies": cases.tell_policies(kind, _now()) if kind else (),
        "channels": CHANNELS,
        "people": delinquency.list_owners(),
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/cases/new.html", values)


def _groups(kinds: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for kind in kinds:
        if kind.kind != "dispute":
            found.setdefault(kind.group, []).append(kind)
    return found


def _opened(request: HttpRequest, entries: Entries, category: str, account_id: int) -> int | None:
    says = entries.text("says", says="Write what the caller said, in his words.", longest=4000)
    if entries.errors:
        return None
    kind = cases.get_category(category)
    answers = {question.name: entries.raw(f"q-{question.name}") for question in kind.questions}
    act: dict[str, Any] = {
        "key": entries.key,
        "by": actor(request),
        "at": clock.now(),
        "channel": entries.raw("channel"),
    }
    try:
        if kind.restricted:
            owner = id_of(entries.raw("owner")) or 0
            made = cases.escalate(**act, account_id=account_id, owner_id=owner, says=says)
            messages.success(request, "The supervisor has it. Only its owner and a supervisor see it.")
            return made if _try_view(request, made) else None
        due = entries.day("due", required=False)
        if entries.errors:
            return None
        refer = kind.department if entries.raw("refer") else ""
        made = cases.open(
            **act, category=category, account_id=account_id, says=says, due_at=_end_of(due), department=refer,
            answers={name: answer for name, answer in answers.items() if answer},
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {question.name: f"q-{question.name}" for question in kind.questions})
        return None
    page = cases.get_case_page(made, by=act["by"], at=_now())
    messages.success(request, f"Case {made} is open. {cases.tell_promise(page.seen.case)}".strip())
    return made


def case(request: HttpRequest, id: int) -> HttpResponse:
    """A case whole; each form of the page does one act."""
    entries = Entries(request.POST)
    try:
        page = cases.get_case_page(id, by=actor(request), at=_now())
    except cases.Restricted as hidden:
        _try_view(request, id)
        return render(request, "desk/cases/restricted.html", {"says": str(hidden)}, status=403)
    if page.seen.case.standing.restricted:
        _try_view(request, id)
    if request.method == "POST":
        said = _done(request, id, entries)
        if said:
            messages.success(request, said)
            return redirect("cases-case", id=id)
    values = {
        "page": page,
        "row": page.seen.case,
        "promise": cases.tell_promise(page.seen.case),
        "people": delinquency.list_owners(),
        "results": {"bill_right": "The bill is right", "corrected": "Corrected", "withdrawn": "Withdrawn"},
        "sent": entries.sent,
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/cases/case.html", values)


def _done(request: HttpRequest, id: int, entries: Entries) -> str:
    act: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "case_id": id}
    do, says = entries.raw("do"), entries.text("says", required=False, longest=4000)
    if entries.errors:
        return ""
    try:
        if do == "close":
            late = cases.close(**act, code=entries.raw("code"), told=says)
            return f"Case {id} is closed{f', {late} working days late' if late else ', in time'}."
        if do == "decide":
            found = cases.decide(**act, result=entries.raw("result"), says=says)
            return f"The finding is written; the hold is over. What is left is due {found.due_on:%B %-d}."
        if do == "assign":
            cases.assign(**act, owner_id=id_of(entries.raw("owner")) or 0)
            return "It has another owner."
        if do == "refer":
            due = entries.day("due", required=False)
            if entries.errors:
                return ""
            cases.refer(**act, department=entries.raw("department"), says=says, due_at=_end_of(due))
            return "Referred; the case stays with its owner."
        if do == "rate":
            cases.rate(**act, score=entries.whole("score", least=0, most=5), says=says)
            return "Kept."
        simple = {"say": cases.say, "answer": cases.answer, "reopen": cases.reopen}
        if do in simple:
            simple[do](**act, says=says)
            return "Kept."
    except (BadValue, Refused) as bad:
        entries.blame(bad)
        entries.errors["of"] = do
        if "form" not in entries.errors:
            entries.errors["form"] = sentence(bad)
    return ""


def dispute(request: HttpRequest, bill: int) -> HttpResponse:
    """A bill that is not believed: why it differs, how to find a leak, and the dispute that makes its part wait."""
    preview = cases.get_dispute_preview(bill, on=clock.today())
    told = bills.explain(bill)
    entries = Entries(request.POST)
    if request.method == "POST":
        why = entries.text("why", says="Write what is wrong, in the customer's words.", longest=1000)
        if not entries.errors:
            try:
                made = cases.dispute(
                    key=entries.key, by=actor(request), at=clock.now(), bill_id=bill, why=why,
                    leak=entries.raw("leak"), channel=entries.raw("channel"),
                )  # fmt: skip
                messages.success(request, f"The dispute is open and its part waits. {preview.says}")
                return redirect("cases-case", id=made.case_id)
            except (BadValue, Refused) as bad:
                entries.blame(bad, {"bill_id": "form", "form": "form"})
    header = pages.get_header(number=told.account_number, on=clock.today())
    values = {
        "header": header,
        "preview": preview,
        "why": bills.why_different(bill),
        "bill": told,
        "policies": cases.tell_policies(cases.get_category("high_bill"), _now()),
        "open_orders": orders.list_open(now=_now(), premise_id=header.premise_id) if header.premise_id else (),
        "channels": CHANNELS,
        "sent": entries.sent,
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/cases/dispute.html", values)


def roster_page(request: HttpRequest) -> HttpResponse:
    """Who is here, who has whose work until when; promises that nobody has claimed."""
    entries = Entries(request.POST)
    if request.method == "POST" and _rostered(request, entries):
        return redirect("cases-roster")
    values = {
        "rows": roster.list_roster(at=clock.now()),
        "unclaimed": roster.list_unclaimed(),
        "today": clock.today(),
        "sent": entries.sent,
        "errors": entries.errors,
        "key": new_key(),
    }
    return render(request, "desk/cases/roster.html", values)


def _rostered(request: HttpRequest, entries: Entries) -> bool:
    act: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now()}
    user = id_of(entries.raw("user")) or 0
    try:
        if entries.raw("do") == "back":
            found = roster.end_absence(**act, user_id=user)
            messages.success(
                request, f"{found.name} is back: {len(found.items)} returned, {found.done} done meanwhile."
            )
            return True
        from_on, back_on = entries.day("from_on"), entries.day("until_on")
        if from_on is None or back_on is None:
            return False
        done = roster.mark_absent(
            **act, user_id=user, cover_id=id_of(entries.raw("cover")) or 0, from_on=from_on, until_on=back_on,
            reason=entries.raw("reason"),
        )  # fmt: skip
        messages.success(request, f"{done.cover} has the work: {len(done.items)} pieces, their promises as they were.")
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"user_id": "user", "cover_id": "cover"})
        return False
    return True
