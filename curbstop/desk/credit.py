"""The credit check of the start screen: one adult at a time, who agreed to it.

The number goes to the bureau and nowhere else: it is in no row, no event, no page and no log. The answer travels in the
form signed, so that nobody types a grade.
"""

import re
from datetime import date

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from curbstop.desk import clock
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import deposits, pages
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.deposits import Checked
from curbstop.outside import credit

SALT, DAY = "credit-check", 24 * 60 * 60


@sensitive_post_parameters("check_ssn")
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Ask the bureau about one adult; the part of the start screen that holds the answers."""
    entries = Entries(request.POST)
    name = entries.text("check_name", says="Type the adult's name as the bureau knows it.", longest=120)
    born_on = entries.day("check_born")
    number = re.sub(r"[ -]", "", entries.raw("check_ssn"))
    if not re.fullmatch(r"[0-9]{9}", number):
        entries.errors["check_ssn"] = "Nine digits are needed for a check. Without one, tick that none is given."
    if not entries.raw("check_agreed"):
        entries.errors["check_agreed"] = "The adult agrees to the check first."
    checks = read_checks(request.POST.getlist("check"))
    if not entries.errors and born_on:
        found = _asked(request, entries, name, born_on, number)
        checks = (*checks, found) if found else checks
    values = {"checks": signed(checks), "errors": entries.errors, "sent": {"check_name": name}, "key": new_key()}
    return render(request, "desk/moves/checks.html", values)


def _asked(request: HttpRequest, entries: Entries, name: str, born_on: date, number: str) -> Checked | None:
    """Outside, then the office: that somebody asked, and what grade came back, is an event."""
    try:
        bureau = credit.chosen(example=pages.get_frame(user_id=None).example)
        answer = bureau.check(credit.Adult(name, born_on, number), on=clock.today())
    except (credit.NoBureau, credit.BureauSilent, credit.NoFile) as silent:
        entries.errors["check_name"] = f"{silent} The guideline has a way without a check."
        return None
    found = Checked(
        name, answer.grade, answer.score, answer.bureau, clock.today(), answer.least, answer.most, answer.factors
    )
    try:
        deposits.record_check(
            key=Key(f"{entries.raw('check_key') or new_key()}"), by=actor(request), at=clock.now(), name=name,
            grade=found.grade, bureau=found.bureau,
        )  # fmt: skip
    except Refused as refused:
        entries.errors["check_name"] = str(refused)
        return None
    return found


def signed(checks: tuple[Checked, ...]) -> list[tuple[Checked, str]]:
    """Each answer with the text that the form carries for it."""
    return [
        (one, signing.dumps({**one.__dict__, "checked_on": one.checked_on.isoformat()}, salt=SALT)) for one in checks
    ]


def read_checks(texts: list[str]) -> tuple[Checked, ...]:
    """The answers that a form carries; what is not signed by us, or is a day old, is none."""
    found = []
    for text in texts[:6]:
        try:
            told = signing.loads(text, salt=SALT, max_age=DAY)
        except signing.BadSignature:
            continue
        told["checked_on"], told["factors"] = date.fromisoformat(told["checked_on"]), tuple(told["factors"])
        found.append(Checked(**told))
    return tuple(found)
