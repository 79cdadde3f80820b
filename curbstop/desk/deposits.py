"""Deposits: of one account with their history and why, and all of them against the control account."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import adjustments, deposits, pages, refunds
from curbstop.office._once import Refused
from curbstop.office.adjustments import deposit_exceptions
from curbstop.office.pages import Header
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet

BY_FORM = {"account_id": "form", "on": "form", "kind": "form", "cents": "form", "why": "form"}


def deposits_page(request: HttpRequest) -> HttpResponse:
    """Every deposit held with the control total, the restricted bank, and the closed accounts that wait."""
    on = clock.today()
    return _list(request, {}, {}) if request.method != "POST" else _fund(request, on)


def _list(request: HttpRequest, sent: dict[str, str], errors: dict[str, str]) -> HttpResponse:
    on = clock.today()
    values = {
        "found": deposits.list_deposits(on=on),
        "settle": deposits.list_to_settle(on=on),
        **_good(on),
        "on": on,
        "key": new_key(),
        "sent": sent,
        "errors": errors,
    }
    return render(request, "desk/deposits/list.html", values, status=422 if errors else 200)


def _good(on: date) -> dict[str, object]:
    """Deposits that the city's review gives back; or why none is."""
    try:
        return {"good": deposits.list_good_history(on=on), "good_why": ""}
    except Refused as refused:
        return {"good": (), "good_why": str(refused)}


def _fund(request: HttpRequest, on: object) -> HttpResponse:
    """The transfer between the operating bank and the restricted one."""
    entries = Entries(request.POST)
    cents = entries.cents("amount")
    way = entries.choice("way", ("to", "from"), says="Say which way it went.")
    reference = entries.text("reference", says="Give the bank's reference of the transfer.")
    if not entries.errors and cents is not None:
        try:
            deposits.fund(
                key=entries.key,
                by=actor(request),
                at=clock.now(),
                cents=cents if way == "to" else -cents,
                on=clock.today(),
                reference=reference,
            )
            messages.success(request, f"{show(cents)} moved {way} the restricted account.")
            return redirect("deposits")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"cents": "amount", "on": "form"})
    return _list(request, request.POST.dict(), entries.errors)


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The deposits of an account, and what can be done with them now."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    if request.method == "POST":
        answer = _done(request, header, entries)
        if answer is not None:
            return answer
    found = deposits.get_deposits(account_id=header.id, on=clock.today())
    values = {
        "header": header,
        "found": found,
        "refunds": refunds.list_refunds(on=clock.today(), account_id=header.id),
        "waiting": _waiting(header.id),
        "applied_cents": min(found.held_cents, max(header.balance_cents, 0)),
        "over": deposits.get_ended(header.id).is_over(clock.today()),
        "reasons": deposit_exceptions.REASONS,
        "increase": _increase(header.id) if not found.ended_on else None,
        "key": entries.key or new_key(),
        "sent": request.POST.dict(),
        "errors": entries.errors,
    }
    return render(request, "desk/deposits/account.html", values, status=422 if entries.errors else 200)


def _waiting(account_id: int) -> list[adjustments.RequestRow]:
    """Requests about this account's deposit that nobody decided yet."""
    rows = adjustments.list_waiting(on=clock.today())
    return [row for row in rows if row.kind in ("refund", "deposit_exception") and account_id in row.account_ids]


def _increase(account_id: int) -> object:
    try:
        return deposits.get_increase(account_id=account_id, on=clock.today())
    except Refused:
        return None


def _done(request: HttpRequest, header: Header, entries: Entries) -> HttpResponse | None:
    """Do what the pressed button says; None when it was refused, with the reason among the errors."""
    do = entries.raw("do")
    acts = {"apply": _apply, "good": _give_back, "refund": _refund, "exception": _exception, "increase": _raise}
    if do not in acts:
        return None
    try:
        acts[do](request, header, entries)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {**BY_FORM, "reason": f"{do}_reason"})
    except NotSet as missing:
        entries.errors["form"] = str(missing)
    return None if entries.errors else redirect("deposits-account", number=header.number)


def _apply(request: HttpRequest, header: Header, entries: Entries) -> None:
    done = deposits.apply(key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, on=clock.today())
    messages.success(request, f"Deposit applied: {show(done.applied_cents)}; {show(done.held_cents)} is still held.")


def _give_back(request: HttpRequest, header: Header, entries: Entries) -> None:
    done = deposits.apply(
        key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, on=clock.today(), why="good_history"
    )
    messages.success(request, f"Deposit given back for good history: {show(done.applied_cents)} on what was owed.")


def _refund(request: HttpRequest, header: Header, entries: Entries) -> None:
    reason = "closed" if deposits.get_ended(header.id).is_over(clock.today()) else "good_history"
    _ask(request, entries, "refund", {"account_id": header.id, "source": "deposit"}, reason, "")


def _exception(request: HttpRequest, header: Header, entries: Entries) -> None:
    reason = entries.choice("exception_code", deposit_exceptions.REASONS, says="Choose why it is let go.")
    words = entries.text("exception_reason", says="Write the reason in a sentence; the supervisor reads it.")
    if not entries.errors:
        _ask(request, entries, "deposit_exception", {"account_id": header.id}, reason, words)


def _raise(request: HttpRequest, header: Header, entries: Entries) -> None:
    reason = entries.text("increase_reason", says="Say which cut-off it follows.")
    if not entries.errors:
        done = deposits.increase(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            account_id=header.id,
            on=clock.today(),
            reason=reason,
        )
        messages.success(request, f"{show(done.cents)} more deposit is asked for, due today.")


def _ask(request: HttpRequest, entries: Entries, kind: str, inputs: dict[str, object], reason: str, words: str) -> None:
    done = adjustments.request(
        key=entries.key,
        by=actor(request),
        at=clock.now(),
        kind=kind,
        inputs=inputs,
        reason=reason,
        on=clock.today(),
        words=words,
    )
    goes = (
        f" It goes to the {done.goes_to.replace('_', ' ')}." if done.goes_to else " Nobody's limit is set for it yet."
    )
    where = address_of("adjustments-request", args=[done.request_id])
    messages.success(request, f"Asked for approval: {done.says}{goes} See {where}")
