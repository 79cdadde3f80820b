"""What rates ask of an account and of the whole city: what is known today, since when, by whom; and entering more."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import facts, pages
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

OF = {"premise": "The place, whoever lives there", "account": "This account", "meter": "The meter"}


def account_page(request: HttpRequest, number: str) -> HttpResponse:
    """What an account's rates ask, what is known, and its history."""
    on = clock.today()
    header = pages.get_header(number=number, on=on)
    asked = facts.list_asked(account_id=header.id, on=on)
    which = {"account": header.number, "premise": str(header.premise_id or ""), "meter": _serial(header.number)}
    choices = {of: says for of, says in OF.items() if which[of]}
    entries = Entries(request.POST)
    if request.method == "POST":
        of = entries.choice("of", choices)
        name = entries.choice("name", tuple(row.name for row in asked), "Choose what the rates ask for.")
        from_on = entries.day("from_on")
        value = entries.text("value", required=False, longest=facts.LONGEST)
        if not entries.errors and from_on is not None:
            entry = facts.FactEntry(of, which[of], name, value, from_on)
            try:
                facts.set_many(key=entries.key, by=actor(request), at=clock.now(), facts=(entry,))
                said = name.replace("_", " ").capitalize()
                messages.success(request, f"{said}: {value or 'not known'}, from {from_on.isoformat()}.")
                return redirect("customers-facts", number=header.number)
            except (BadValue, Refused) as bad:
                entries.blame(bad, {"which": "of"})
    values = {"header": header, "asked": asked, "of": choices, "history": facts.list_history(account_id=header.id)}
    return render(request, "desk/customers/facts.html", {**values, **_form(request, entries)})


def _serial(number: str) -> str:
    """The meter that hangs at the account's water service."""
    page = pages.get_account_page(number=number, on=clock.today())
    hanging = (row.serial for row in page.agreements if row.serial and not row.until_on)
    return next(hanging, "")


def city_page(request: HttpRequest) -> HttpResponse:
    """Facts of the whole city: the stage of a drought, a month's weather."""
    names = facts.list_city_names()
    entries = Entries(request.POST)
    if request.method == "POST":
        name = entries.choice("name", names, "Choose what the rates ask for.")
        value = entries.text("value", required=False, longest=facts.LONGEST)
        from_on = entries.day("from_on")
        if not entries.errors and from_on is not None:
            by, at = actor(request), clock.now()
            try:
                facts.set_city(key=entries.key, by=by, at=at, name=name, value=value, from_on=from_on)
                messages.success(request, f"{name.replace('_', ' ').capitalize()} is set for the whole city.")
                return redirect("tariffs-facts")
            except (BadValue, Refused) as bad:
                entries.blame(bad)
    values = {"names": names, "history": facts.list_city()}
    return render(request, "desk/tariffs/facts.html", {**values, **_form(request, entries)})


def _form(request: HttpRequest, entries: Entries) -> dict[str, Any]:
    return {"errors": entries.errors, "sent": request.POST, "key": new_key(), "today": clock.today()}
