"""People and addresses of an account: who is named on it, what is changed on whose word, how it stood on a day."""

import base64
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.forms import Entries, day_of
from curbstop.desk.frame import actor, new_key
from curbstop.office import customers, pages, policies
from curbstop.office._once import Refused
from curbstop.office.customers import Asking, PaperFile
from curbstop.rules.faults import BadValue
from curbstop.rules.people import CHANNELS, MAY, REASONS, ROLES
from curbstop.rules.policies import NotSet

HELD = {"phone": "by telephone", "counter": "at the counter", "letter": "by signed letter"}
AT_FORM = {"account_id": "form", "changes": "form", "on": "form", "key": "form", "authority": "form", "kind": "form"}
LANGUAGES = {"en": "English", "es": "Spanish"}
BY_PHONE = "change.by_phone"


def account(request: HttpRequest, number: str) -> HttpResponse:
    """The page with its forms: change, name somebody, end, make the co-holder the holder, keep proofs, attach."""
    looker = pages.Looker(actor(request), clock.now())
    header = pages.get_header(number=number, on=clock.today(), looker=looker)
    entries = Entries(request.POST)
    if request.method == "POST":
        do = {"name": _name, "end": _end, "holder": _holder, "prove": _prove, "attach": _attach}.get(
            entries.raw("do"), _change
        )
        try:
            says = do(request, header, entries)
        except (BadValue, Refused) as bad:
            entries.blame(bad, AT_FORM)
            says = ""
        if says:
            messages.success(request, says)
            return redirect("customers-people", number=header.number)
    hidden = bool(header.confidential) and header.opened_until is None
    as_of = day_of(str(request.GET.get("on", "")))
    values = {
        "header": header,
        "hidden": hidden,
        "people": customers.list_people(account_id=header.id, hidden=hidden),
        "changes": customers.list_changes(account_id=header.id, looker=looker),
        "papers": customers.list_papers(account_id=header.id),
        "as_of": as_of,
        "then": customers.get_master(account_id=header.id, on=as_of, looker=looker) if as_of else None,
        "channels": {code: says for code, says in CHANNELS.items() if code in HELD},
        "reasons": REASONS,
        "roles": ROLES,
        "may": MAY,
        "languages": LANGUAGES,
        "by_phone": _by_phone(),
        "sent": entries.sent,
        "errors": entries.errors,
        "key": entries.key or new_key(),
        "today": clock.today(),
    }
    if header.confidential or as_of:
        what = f"as it stood on {as_of.isoformat()}" if as_of else "people and addresses"
        customers.view(key=new_key(), by=actor(request), at=clock.now(), account_id=header.id, what=what)
    return render(request, "desk/people/account.html", values, status=422 if entries.errors else 200)


def _by_phone() -> tuple[str, str]:
    """The sentence that a caller is told, and why there is none."""
    rules = policies.load(BY_PHONE)
    try:
        rules.rows(BY_PHONE, on=clock.today())
    except NotSet as missing:
        return "", str(missing)
    return rules.policy(BY_PHONE).says, ""


def _asking(entries: Entries) -> Asking:
    channel = entries.raw("channel") or "counter"
    proofs: tuple[customers.Proof, ...] = ()
    if channel == "phone":
        told = {kind: entries.raw(kind) for kind in ("ssn4", "born_on", "password")}
        proofs = tuple(customers.take_proof(kind, value) for kind, value in told.items() if value)
    return Asking(channel, entries.raw("who"), proofs, entries.raw("document"))


def _paper(request: HttpRequest, name: str = "paper") -> PaperFile | None:
    sent: Any = request.FILES.get(name)
    return PaperFile(sent.name, base64.b64encode(sent.read()).decode()) if sent else None


def _given(request: HttpRequest, header: pages.Header, entries: Entries) -> dict[str, Any]:
    return {"key": entries.key, "by": actor(request), "at": clock.now(), "account_id": header.id, "on": clock.today()}


def _change(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    changes: dict[str, Any] = {
        name: entries.raw(name) for name in ("name", "phone", "email", "language") if entries.raw(name)
    }
    if lines := [line.strip() for line in entries.raw("mail_to").splitlines() if line.strip()]:
        changes["mail_to"] = lines
    elif entries.raw("mail_home"):
        changes["mail_to"] = []
    if not changes:
        entries.errors["form"] = "Nothing was typed that would change; fill what is to be different."
        return ""
    given = _given(request, header, entries)
    if day := day_of(entries.raw("from_on")):
        given["on"] = day
    done = customers.change(
        **given, asked=_asking(entries), changes=changes, reason=entries.raw("reason") or "asked",
        paper=_paper(request), paper_says=entries.raw("paper_says"),
    )  # fmt: skip
    postal = f" The post writes it {done.postal}." if done.postal else ""
    letters = "A letter goes" if done.letters == 1 else f"{done.letters} letters go"
    return f"Changed: {done.says}.{postal} {letters} to say so."


def _holder(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    done = customers.change_holder(
        **_given(request, header, entries), asked=_asking(entries), reason=entries.raw("reason") or "death",
        paper=_paper(request), paper_says=entries.raw("paper_says"),
    )  # fmt: skip
    return done.says if done.says != "holder" else "The co-holder is the holder from today. Nothing is owed for it."


def _name(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    role = entries.choice("role", ROLES, says="Choose the role.")
    name = entries.text("person", says="Write the name.", longest=200)
    if entries.errors:
        return ""
    customers.name_person(
        **_given(request, header, entries), asked=_asking(entries), role=role, name=name,
        phone=entries.raw("person_phone"), authority=entries.raw("authority"), paper=_paper(request),
        until_on=day_of(entries.raw("until_on")),
    )  # fmt: skip
    return f"{name} is named on the account."


def _end(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    given = _given(request, header, entries)
    del given["account_id"]
    person = entries.whole("person_id")
    if entries.errors:
        return ""
    customers.end_person(**given, person_id=person, reason=entries.raw("why"))
    return "Ended from today; it stays in the history."


def _prove(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    told = {kind: entries.raw(f"new_{kind}") for kind in ("ssn4", "born_on", "password", "document")}
    proofs = tuple(customers.take_proof(kind, value) for kind, value in told.items() if value)
    customers.prove(
        key=entries.key, by=actor(request), at=clock.now(), customer_id=header.customer_id, proofs=proofs
    )  # fmt: skip
    return "Kept. Nobody reads it; it is only compared when somebody calls."


def _attach(request: HttpRequest, header: pages.Header, entries: Entries) -> str:
    file = _paper(request)
    if file is None:
        entries.errors["paper"] = "Choose the file: PDF, PNG or JPEG."
        return ""
    customers.attach(**_given(request, header, entries), says=entries.raw("says") or "Signed application", file=file)
    return "Attached."


def paper(request: HttpRequest, id: int) -> HttpResponse:
    """A paper as it was handed in; the look is kept."""
    customers.see_paper(key=new_key(), by=actor(request), at=clock.now(), paper_id=id)
    row, body = customers.read_paper(paper_id=id, by=actor(request))
    answer = HttpResponse(body, content_type=row.media)
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
