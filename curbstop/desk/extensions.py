"""A later day, or instalments: the criteria answered before anything is promised, then the promise and its letter."""

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import adjustments, delinquency, pages
from curbstop.office._once import Refused
from curbstop.office.adjustments.extension_exceptions import REASONS
from curbstop.office.delinquency import Builder
from curbstop.office.pages import Header
from curbstop.rules.delinquency.arrangements import EVERY, ROUNDINGS
from curbstop.rules.delinquency.extensions import CHANNELS, WHO
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show

CRITERION = "criterion_"
"""Fields of this name would answer a criterion in the form; the office refuses them."""


def extension(request: HttpRequest, number: str) -> HttpResponse:
    """Every criterion with its answer, what may be promised, and the promise; or the supervisor's exception."""
    on = clock.today()
    header = pages.get_header(number=number, on=on)
    posted = request.method == "POST"
    entries = Entries(request.POST if posted else request.GET)
    asks, channel = _who(entries)
    if posted and entries.raw("do") == "extend" and _extended(request, header, entries, asks, channel, on):
        return redirect("holds-account", number=header.number)
    if posted and entries.raw("do") == "ask" and _asked(request, header, entries, asks, channel, on):
        return redirect("holds-account", number=header.number)
    values = {
        "header": header,
        "may": delinquency.get_may_extend(account_id=header.id, asks=asks, channel=channel, on=on),
        "before": delinquency.list_extensions(on=on, account_id=header.id),
        "who": WHO, "channels": CHANNELS, "asks": asks, "channel": channel, "reasons": REASONS, "on": on,
        "sent": entries.sent, "errors": entries.errors, "key": (entries.key if posted else "") or new_key(),
    }  # fmt: skip
    return render(request, "desk/extensions/extension.html", values, status=422 if entries.errors else 200)


def _who(entries: Entries) -> tuple[str, str]:
    asks, channel = entries.raw("asks"), entries.raw("channel")
    return (asks if asks in WHO else "holder"), (channel if channel in CHANNELS else "telephone")


def _extended(request: HttpRequest, header: Header, entries: Entries, asks: str, channel: str, on: date) -> bool:
    pay_by_on = entries.day("pay_by_on")
    if pay_by_on is None:
        return False
    overrides = {name: str(value) for name, value in entries.sent.items() if name.startswith(CRITERION)}
    try:
        done = delinquency.extend(
            key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, pay_by_on=pay_by_on, asks=asks,
            channel=channel, on=on, overrides=overrides,
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_id": "form"})
        return False
    letter = f"No letter: {done.no_letter}" if done.no_letter else "The letter is queued."
    messages.success(request, f"{show(done.cents)} may be paid until {done.pay_by_on.isoformat()}. {letter}")
    return True


def _asked(request: HttpRequest, header: Header, entries: Entries, asks: str, channel: str, on: date) -> bool:
    """Ask the supervisor for an exception: nothing is promised before it is approved."""
    pay_by_on = entries.day("pay_by_on")
    reason = entries.choice("reason", REASONS, says="Choose why an exception is asked for.")
    words = entries.text("words", says="Write the reason in a sentence; the supervisor reads it.")
    if entries.errors or pay_by_on is None:
        return False
    inputs = {"account_id": header.id, "pay_by_on": pay_by_on.isoformat(), "asks": asks, "channel": channel}
    try:
        done = adjustments.request(
            key=entries.key, by=actor(request), at=clock.now(), kind="extension_exception", inputs=inputs,
            reason=reason, on=on, words=words,
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_id": "form", "kind": "form"})
        return False
    messages.success(request, f"Asked for approval: {done.says} Promise nothing before it is approved.")
    return True


def arrangement(request: HttpRequest, number: str) -> HttpResponse:
    """Instalments talked over: the schedule changes with every entry; one button agrees to it."""
    on = clock.today()
    header = pages.get_header(number=number, on=on)
    posted = request.method == "POST"
    entries = Entries(request.POST if posted else request.GET)
    asks, channel = _who(entries)
    terms = delinquency.load_terms(on)
    every = entries.raw("every") if entries.raw("every") in EVERY else terms.every
    built = _build(entries, header, asks, channel, every, on)
    if posted and built is not None and _agreed(request, header, entries, built, asks, channel, every, on):
        return redirect("holds-account", number=header.number)
    values = {
        "header": header, "built": built, "terms": terms, "who": WHO, "channels": CHANNELS, "asks": asks,
        "channel": channel, "every": EVERY, "chosen": every, "rounding": ROUNDINGS[terms.rounding], "on": on,
        "count": entries.raw("count") or "3", "first_on": entries.raw("first_on") or _next_month(on).isoformat(),
        "sent": entries.sent, "errors": entries.errors, "key": (entries.key if posted else "") or new_key(),
    }  # fmt: skip
    return render(request, "desk/extensions/arrangement.html", values, status=422 if posted else 200)


def _next_month(on: date) -> date:
    return (on.replace(day=1) + timedelta(days=32)).replace(day=1)


def _build(entries: Entries, header: Header, asks: str, channel: str, every: str, on: date) -> Builder | None:
    """The schedule of what is typed; None when it cannot be, with the reason beside its field."""
    count = entries.whole("count", least=1, most=60) if entries.raw("count") else 3
    first_on = entries.day("first_on") if entries.raw("first_on") else _next_month(on)
    down = entries.cents("down", required=False, zero=True)
    if entries.errors or first_on is None:
        return None
    try:
        return delinquency.get_builder(
            account_id=header.id, count=count, first_on=first_on, every=every, down=down, asks=asks, channel=channel,
            on=on,
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_id": "form", "cents": "form", "rounding": "form"})
        return None


def _agreed(
    request: HttpRequest, header: Header, entries: Entries, built: Builder, asks: str, channel: str, every: str,
    on: date,
) -> bool:  # fmt: skip
    after = [part for part in built.parts if part.no]
    try:
        done = delinquency.agree_arrangement(
            key=entries.key, by=actor(request), at=clock.now(), account_id=header.id, count=max(len(after), 1),
            first_on=after[0].due_on if after else on, every=every, asks=asks, channel=channel, on=on,
            down=sum(part.cents for part in built.parts if not part.no),
            cents=entries.whole("debt") if entries.raw("debt") else None,
        )  # fmt: skip
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"account_id": "form", "cents": "form"})
        return False
    letter = f"No letter: {done.no_letter}" if done.no_letter else "The letter is queued."
    messages.success(request, f"Agreed: {show(done.cents)} in {len(done.parts)} parts. {letter}")
    return True
