"""Agencies' pledges: recorded on an account, awaited, paid at a till, or taken back when they are not kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import pages, payments, policies, tills
from curbstop.office._once import Refused
from curbstop.office.payments import Paying
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.payments import Tender
from curbstop.rules.policies import NotSet

TYPES = {"check": "Check", "money_order": "Money order", "cash": "Cash"}


def pledges(request: HttpRequest, errors: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """The pledges whose money is awaited, the oldest first; what came is taken here."""
    by = actor(request)
    rows = payments.list_pledges()
    values = {
        "rows": rows,
        "awaited": sum(row.awaited_cents for row in rows),
        "mine": next((one for one in tills.list_tills() if one.cashier_id == by.id and not one.counted), None),
        "types": TYPES,
        "on": clock.today(),
        "key": new_key(),
        "errors": errors or {},
        "sent": request.POST,
        "policy": _policy(),
    }
    return render(request, "desk/pledges/list.html", values, status=status)


def _policy() -> str:
    """Why a pledge pays nothing in this city; empty where it counts as a payment."""
    try:
        counts = policies.get_policy("pledge.accepted", clock.today())
        policies.get_policy("pledge.days", clock.today())
    except NotSet as missing:
        return missing.says or str(missing)
    return "" if counts is True else "In this city a pledge pays nothing until the money comes."


def accept(request: HttpRequest, number: str) -> HttpResponse:
    """Record an agency's pledge on an account: as a payment where the city counts it so."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    cents = entries.cents("amount", required=request.method == "POST")
    if request.method == "POST" and not wants_part(request):
        agency = entries.text("agency", says="Write the agency's name.", longest=100)
        reference = entries.text("reference", says="Write the agency's number of the pledge.", longest=60)
        if not entries.errors and cents is not None:
            try:
                done = payments.accept_pledge(
                    key=entries.key,
                    by=actor(request),
                    at=clock.now(),
                    account_id=header.id,
                    agency=agency,
                    reference=reference,
                    cents=cents,
                    on=clock.today(),
                )
                says = f"{agency} pledged {show(done.cents)}, receipt {done.number}. Its money is awaited until"
                messages.success(request, f"{says} {done.due_on.isoformat()}.")
                return redirect("payments-pledges")
            except NotSet as missing:
                entries.errors["form"] = str(missing)
            except (BadValue, Refused) as bad:
                entries.blame(bad, {"cents": "amount", "account_id": "form", "on": "form"})
    values = {
        "header": header,
        "preview": _would(header.id, cents),
        "owed": max(header.balance_cents, 0),
        "policy": _policy(),
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    if wants_part(request):
        return render(request, "desk/pledges/strip.html", {**values, "oob": True})
    return render(request, "desk/pledges/accept.html", values, status=422 if entries.errors else 200)


def _would(account_id: int, cents: int | None) -> payments.PaymentPreview | None:
    """What a payment of that amount would do; a pledge that counts does the same."""
    if not cents:
        return None
    try:
        given = [Tender("money_order", cents)]
        return payments.get_payment_preview(accounts=[Paying(account_id, cents)], tenders=given, on=clock.today())
    except (BadValue, Refused, NotSet):
        return None


@require_POST
def paid(request: HttpRequest, id: int) -> HttpResponse:
    """Take the agency's money at one's own till."""
    by = actor(request)
    mine = next((one for one in tills.list_tills() if one.cashier_id == by.id and not one.counted), None)
    entries = Entries(request.POST)
    cents = entries.cents("cents")
    type = entries.choice("type", TYPES)
    if mine is None:
        entries.errors["form"] = "No drawer is open to you. Open one, and take the money then."
    if not entries.errors and cents is not None and mine is not None:
        try:
            done = payments.pledge_paid(
                key=entries.key,
                by=by,
                at=clock.now(),
                pledge_id=id,
                till=mine.code,
                type=type,
                cents=cents,
                reference=entries.raw("reference"),
                on=clock.today(),
            )
            rest = f" {show(done.awaited_cents)} is still awaited." if done.awaited_cents else ""
            messages.success(request, f"Taken, receipt {done.number}.{rest}")
            return redirect("payments-receipt", id=done.document_id)
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"pledge_id": "form", "till": "form"})
    return pledges(request, {f"{name}-{id}": says for name, says in entries.errors.items()}, 422)
