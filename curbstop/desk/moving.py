"""Stop, transfer, undo, and landlords' standing agreements: one screen each, nothing written before its button."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries, id_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import moves, pages, reads
from curbstop.office._once import Refused
from curbstop.office.moves import HeldPlace
from curbstop.rules.faults import BadValue


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The moves of an account, those undone, and what it holds as a landlord."""
    return _account(request, number, Entries({}))


def _account(request: HttpRequest, number: str, entries: Entries, asked: int | None = None) -> HttpResponse:
    header = pages.get_header(number=number, on=clock.today())
    values = {
        "header": header,
        "rows": moves.list_moves(account_id=header.id),
        "voided": moves.list_voided(account_id=header.id),
        "standing": moves.list_reversions(account_id=header.id),
        "reasons": moves.REASONS,
        "errors": entries.errors,
        "sent": entries.sent,
        "asked": asked,
        "key": new_key(),
    }
    return render(request, "desk/moves/account.html", values)


def stop(request: HttpRequest, number: str) -> HttpResponse:
    """Stop a service: where, from which day, the forwarding address; what follows stands beside it."""
    header = pages.get_header(number=number, on=clock.today())
    sent = request.POST if request.method == "POST" else {"on": (clock.today() + timedelta(days=1)).isoformat()}
    entries = Entries(sent)
    places = moves.list_held_places(account_id=header.id, on=clock.today())
    chosen = _chosen(places, entries)
    on = entries.day("on")
    if entries.raw("do") == "stop" and chosen and on:
        registers = _registers(chosen, entries, "register")
        if not entries.errors and _stopped(request, header, chosen, on, registers, entries):
            return redirect("moves-account", number=header.number)
    refund = moves.get_refund_clock(on=on or clock.today())
    values = {
        "header": header,
        "places": places,
        "chosen": chosen,
        "refund_by": refund.by_on,
        "refund_days": refund.days,
        "refund_says": refund.says,
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/moves/stop.html", values)


def _chosen(places: Sequence[HeldPlace], entries: Entries) -> HeldPlace | None:
    """The place ticked, or the first one."""
    ticked = [place for place in places if str(place.premise_id) == entries.raw("premise")]
    return next(iter([*ticked, *places]), None)


def _registers(place: HeldPlace, entries: Entries, what: str) -> dict[str, int]:
    found = {}
    for service, _ in place.metered:
        name = f"{what}_{service}"
        if not entries.raw(name):
            continue
        try:
            found[service] = reads.parse_register(entries.raw(name), field=name)
        except BadValue as bad:
            entries.errors[name] = sentence(bad)
    return found


def _lines(entries: Entries) -> tuple[str, ...]:
    return tuple(line.strip() for line in entries.raw("mail_to").splitlines() if line.strip())


def _stopped(
    request: HttpRequest, header: Any, place: HeldPlace, on: date, registers: Mapping[str, int], entries: Entries
) -> bool:
    try:
        done = moves.stop(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            account_id=header.id,
            premise_id=place.premise_id,
            on=on,
            registers=registers or None,
            mail_to=_lines(entries),
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"registers": "register_water", "premise_id": "form"})
        return False
    told = f"Service at {place.address} ends on {on.isoformat()}."
    if done.order_id:
        told += f" Order {done.order_id} is written for the field."
    if done.unread:
        told += f" The final bill waits for the read of meter {', '.join(done.unread)}."
    if done.reverted:
        told += f" {done.reverted.name} is responsible from then, and is told by letter."
    messages.success(request, told)
    return True


def transfer(request: HttpRequest, number: str) -> HttpResponse:
    """Transfer to another place: find it, see what goes along, do it."""
    header = pages.get_header(number=number, on=clock.today())
    sent = request.POST if request.method == "POST" else {"on": (clock.today() + timedelta(days=1)).isoformat()}
    entries = Entries(sent)
    places = moves.list_held_places(account_id=header.id, on=clock.today())
    chosen = _chosen(places, entries)
    on = entries.day("on")
    found = pages.find_premises(entries.raw("to"), on=clock.today()) if entries.raw("to") else ()
    if entries.raw("to") and not found:
        entries.errors["to"] = "No premise has that in its address. Try the house number and the first letters."
    place = entries.raw("place")
    target = id_of(place) or (found[0].id if len(found) == 1 else None)
    preview = _previewed(header.id, chosen, target, on, entries)
    if entries.raw("do") == "transfer" and preview and chosen and on and not entries.errors and not preview.refusals:
        assert target is not None
        if _transferred(request, header, chosen, target, on, entries):
            return redirect("moves-account", number=header.number)
    values = {
        "header": header,
        "places": places,
        "chosen": chosen,
        "found": found,
        "target": target,
        "preview": preview,
        "on": on,
        "windows": moves.get_windows(on=on or clock.today())[0],
        "why": _why(preview, entries),
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
    }
    return render(request, "desk/moves/transfer.html", values)


def _previewed(
    account_id: int, chosen: HeldPlace | None, target: int | None, on: date | None, entries: Entries
) -> moves.TransferPreview | None:
    if chosen is None or target is None or on is None:
        return None
    try:
        return moves.get_transfer_preview(
            account_id=account_id, from_premise_id=chosen.premise_id, premise_id=target, on=on
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"premise_id": "to"})
        return None


def _why(preview: moves.TransferPreview | None, entries: Entries) -> str:
    if entries.errors:
        return "Opens when what is marked red is put right."
    if preview is None:
        return "Opens when the place is found and the day is typed."
    return "Opens when what stands in its way is cleared." if preview.refusals else ""


def _transferred(request: HttpRequest, header: Any, chosen: HeldPlace, target: int, on: date, entries: Entries) -> bool:
    finals = _registers(chosen, entries, "final")
    if entries.errors:
        return False
    try:
        done = moves.transfer(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            account_id=header.id,
            from_premise_id=chosen.premise_id,
            premise_id=target,
            on=on,
            final_registers=finals or None,
            mail_to=_lines(entries),
            window=entries.raw("window"),
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"final_registers": "final_water", "registers": "final_water", "premise_id": "to"})
        return False
    told = f"Transferred from {on.isoformat()}."
    if done.order_ids:
        told += f" Orders {', '.join(str(id) for id in done.order_ids)} are written for the field."
    messages.success(request, f"{told} {done.says}")
    return True


@require_POST
def undo(request: HttpRequest, move: int) -> HttpResponse:
    """Undo a move."""
    entries = Entries(request.POST)
    try:
        done = moves.undo(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            move_id=move,
            on=clock.today(),
            reason=entries.raw("reason"),
            words=entries.raw("words"),
        )
    except (BadValue, Refused) as bad:
        entries.errors["form"] = sentence(bad)
        return _account(request, entries.raw("account"), entries, move)
    messages.success(request, done.says)
    return redirect("moves-account", number=entries.raw("account"))


@require_POST
def reversion(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a landlord's signed agreement for a place, or end one."""
    header = pages.get_header(number=number, on=clock.today())
    entries = Entries(request.POST)
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now()}
    try:
        if id_of(entries.raw("end")) is not None:
            moves.end_reversion(
                **given, reversion_id=int(entries.raw("end")), on=clock.today(), reason=entries.raw("reason")
            )
            messages.success(request, "The standing agreement ends today.")
            return redirect("moves-account", number=header.number)
        signed = entries.day("signed_on")
        found = pages.find_premises(entries.raw("at"), on=clock.today())
        if len(found) != 1:
            entries.errors["at"] = (
                f"{len(found) or 'No'} places have that in their address; type enough of it to mean one."
            )
        if signed and not entries.errors:
            moves.agree_reversion(
                **given, account_id=header.id, premise_id=found[0].id, signed_on=signed,
                from_on=max(signed, clock.today()),
            )  # fmt: skip
            messages.success(request, f"Between tenants {found[0].address} is on this account.")
            return redirect("moves-account", number=header.number)
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"premise_id": "at", "from_on": "signed_on", "reason": "form", "reversion_id": "form"})
    return _account(request, header.number, entries)
