"""Refuse: private haulers and who minds them, dumpsters on call, and the carts, pickups and vouchers of an account."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock, papers
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.formats.paper.letter import LetterPaper, letter_pdf
from curbstop.office import pages, refuse
from curbstop.office._once import Refused
from curbstop.office.bills.statements import account_no, letterhead
from curbstop.rules.faults import BadValue

KINDS = {"liability": "General liability", "workers": "Workers' compensation", "automobile": "Automobile"}
STATES = {
    "asked": ("waits for Public Works", "look"),
    "recommended": ("waits for the city manager", "look"),
    "approved": ("waits for the certificate", "look"),
    "active": ("authorised", "ok"),
    "lapsed": ("certificate ended", "bad"),
    "can_serve": ("refused: the city can serve", ""),
    "refused": ("refused", ""),
    "ended": ("ended", ""),
}
FIELDS = {"account_id": "form", "premise_id": "form", "request_id": "form", "by": "form", "type": "form"}


def refuse_page(request: HttpRequest) -> HttpResponse:
    """What is watched: haulers with their certificates, businesses without refuse, dumpsters and their calls."""
    on = clock.today()
    month = date(on.year, on.month, 1)
    after = date(on.year + on.month // 12, on.month % 12 + 1, 1)
    calls = refuse.list_calls(from_on=month, until_on=after)
    every = request.GET.get("all") == "1"
    values = {
        "on": on,
        "every": every,
        "haulers": [(row, *STATES[row.state]) for row in refuse.list_standing(on=on, ended=every)],
        "without": refuse.list_without(on=on),
        "dumpsters": refuse.list_dumpsters(on=on),
        "calls": calls,
        "charged": sum(row.cents for row in calls),
        "month": month,
        "rule": refuse.says_order(on),
    }
    return render(request, "desk/refuse/refuse.html", values)


# --- one private hauler -----------------------------------------------------------------------------------------------


def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Enter a business's request for a private hauler."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST":
        reason = entries.text("reason", says="Say why the city cannot serve the stop.", longest=500)
        hauler = entries.text("hauler", says="Write the hauler's name.", longest=100)
        lines = tuple(line.strip() for line in entries.raw("mail_to").splitlines() if line.strip())
        if not entries.errors:
            try:
                made = refuse.request_hauler(
                    key=entries.key, by=actor(request), at=clock.now(), account_id=header.id,
                    premise_id=header.premise_id or 0, reason=reason, hauler=hauler, hauler_mail_to=lines,
                    on=clock.today(),
                )  # fmt: skip
                messages.success(request, "The request is entered; Public Works answers it next.")
                return redirect("orders-hauler", id=made.request_id)
            except (BadValue, Refused) as bad:
                entries.blame(bad, {**FIELDS, "hauler_mail_to": "mail_to"})
    values = {
        "header": header, "rule": refuse.says_order(clock.today()), "errors": entries.errors, "sent": entries.sent,
        "key": entries.key or new_key(),
    }  # fmt: skip
    return render(request, "desk/refuse/ask.html", values, status=422 if entries.errors else 200)


def hauler(request: HttpRequest, id: int) -> HttpResponse:
    """One request whole: its steps, its certificates, and what is to be done next."""
    entries = Entries(request.POST)
    if request.method == "POST":
        said = _done(request, id, entries)
        if said:
            messages.success(request, said)
            return redirect("orders-hauler", id=id)
    row = refuse.get_standing(request_id=id, on=clock.today())
    values = {
        "row": row, "state": STATES[row.state][0], "look": STATES[row.state][1], "kinds": KINDS,
        "rule": refuse.says_order(clock.today()), "errors": entries.errors, "sent": entries.sent,
        "chosen": request.POST.getlist("kind"), "key": entries.key or new_key(), "on": clock.today(),
    }  # fmt: skip
    return render(request, "desk/refuse/hauler.html", values, status=422 if entries.errors else 200)


def _done(request: HttpRequest, id: int, entries: Entries) -> str:
    given: dict[str, Any] = {
        "key": entries.key, "by": actor(request), "at": clock.now(), "request_id": id, "on": clock.today(),
    }  # fmt: skip
    do, words = entries.raw("do"), entries.raw("words")
    try:
        if do in ("recommend", "can_serve"):
            refuse.recommend_hauler(**given, can_serve=do == "can_serve", words=words)
            return "Public Works' answer is kept."
        if do in ("approve", "refuse"):
            from_on = entries.day("from_on") if do == "approve" else None
            if entries.errors:
                return ""
            refuse.decide_hauler(**given, from_on=from_on, words=words)
            return "Decided."
        if do == "file":
            begins, ends = entries.day("begins"), entries.day("ends_on")
            if entries.errors or begins is None or ends is None:
                return ""
            kinds = tuple(one for one in request.POST.getlist("kind") if one in KINDS)
            insurer = entries.raw("insurer")
            return refuse.file_certificate(**given, from_on=begins, ends_on=ends, kinds=kinds, insurer=insurer).says
        if do == "end":
            refuse.end_hauler(**given, words=words)
            return "Private hauling here has ended."
    except (BadValue, Refused) as bad:
        entries.blame(bad, {**FIELDS, "kinds": "kind"})
    return ""


# --- one account ------------------------------------------------------------------------------------------------------


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The carts that stand there and those that are billed, the year's pickups and vouchers."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    on = clock.today()
    if request.method == "POST":
        said = _counted(request, header, entries)
        if said:
            messages.success(request, said)
            return redirect("customers-refuse", number=number)
    premise = header.premise_id
    values = {
        "header": header,
        "on": on,
        "carts": next(iter(refuse.list_carts([premise], on=on)), None) if premise else None,
        "changes": refuse.list_changes(premise_id=premise) if premise else (),
        "pickups": refuse.get_pickups(premise_id=premise, on=on) if premise else None,
        "vouchers": refuse.list_vouchers(account_id=header.id, on=on),
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/refuse/account.html", values, status=422 if entries.errors else 200)


def _counted(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "on": clock.today()}
    try:
        if entries.raw("do") == "voucher":
            made = refuse.hand_out_voucher(**given, account_id=header.id)
            return f"Voucher {made.number} is handed out; print it below."
        count = entries.whole("count", most=99)
        if entries.errors:
            return ""
        refuse.count_carts(**given, premise_id=header.premise_id or 0, count=count, words=entries.raw("words"))
        return f"{count} carts stand there."
    except (BadValue, Refused) as bad:
        entries.blame(bad, FIELDS)
    return ""


def voucher_pdf(request: HttpRequest, number: str, id: int) -> HttpResponse:
    """A landfill voucher on paper."""
    header = pages.get_header(number=number, on=clock.today())
    found = refuse.get_voucher(voucher_id=id)
    if found.account_id != header.id:
        raise Refused(f"Voucher {found.number} is not of this account.", field="voucher_id")
    postal = pages.get_postal(header)
    paper = LetterPaper(
        letterhead=letterhead(on=found.on),
        on=found.on,
        to_lines=tuple(line for line in (postal.name, *postal.lines) if line)[:5],
        account_no=account_no(header.number),
        service_address=postal.service_address,
        title=f"Landfill voucher {found.number}",
        paragraphs=(
            f"One load at the landfill for the customer named above, in {found.on.year}. Show this paper at the gate.",
            "It belongs to the customer, also after a move, and is not given twice in a calendar year.",
        ),
        closing=(f"Handed out by {found.by}.",),
    )
    return papers.pdf(letter_pdf([paper]), name=f"{found.number}.pdf")
