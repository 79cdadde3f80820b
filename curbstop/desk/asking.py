"""Ask for a credit, a waiver, a leak credit, a transfer, a void, a moved payment: the form, and what it would do.

The office works the figure out as the form is filled (``adjustments.get_preview``, the same rule as the act); the strip
says it in one sentence before it is asked. Nothing is posted here: a second person approves it.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from curbstop.desk import clock
from curbstop.desk.answers import wants_part
from curbstop.desk.forms import Entries, id_of, ids_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.formats.paper import words
from curbstop.office import adjustments, ledger, pages, reads
from curbstop.office._once import Refused
from curbstop.office.adjustments import KINDS, File
from curbstop.office.pages import Header
from curbstop.rules.adjustments import MOST_BYTES, MOST_FILES
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show

ON_ACCOUNTS = {
    "adjust": "Credit or charge",
    "waive": "Waive a fee or late charge",
    "leak": "Leak credit",
    "transfer": "Move to another account",
    "services": "Move between services",
    "rebill": "Cancel and rebill",
}
ON_RECEIPTS = {"void": "Void the receipt", "move_payment": "Move to the right account"}
FIELDS = {
    "document_id": "place", "line": "place", "service": "place", "from_line": "from_place", "to_line": "to_place",
    "from_document_id": "from_place", "to_document_id": "to_place", "to_account_id": "to_number", "cents": "cents",
    "account_id": "form", "from_account_id": "form", "no": "form", "series": "form", "kind": "form",
    "void.when": "form", "evidence": "evidence", "read_id": "place", "bill": "place", "bills": "place",
    "swap": "to_number", "register": "register", "current": "register", "from_on": "from_on",
}  # fmt: skip
"""Names of the office's inputs, and the field of the form that each stands under."""


@dataclass(frozen=True)
class Form:
    """A form as it stands: what it would ask for, or why it cannot yet."""

    kind: str
    inputs: Mapping[str, Any]
    preview: adjustments.Preview | None
    why: str


def ask(request: HttpRequest, number: str) -> HttpResponse:
    """The form on an account; ``kind`` chooses which, ``place`` the bill, charge or line that it begins with."""
    header = pages.get_header(number=number, on=clock.today())
    kind = str(request.POST.get("kind") or request.GET.get("kind") or "adjust")
    kind = kind if kind in ON_ACCOUNTS else "adjust"
    return _form(request, header, kind, ON_ACCOUNTS, None)


def ask_on_receipt(request: HttpRequest, id: int) -> HttpResponse:
    """The form on a receipt: void it, or move its money to the right account."""
    receipt = pages.get_receipt(document_id=id)
    number = request.POST.get("number") or request.GET.get("number") or receipt.accounts[0].read.number
    header = pages.get_header(number=str(number), on=clock.today())
    kind = str(request.POST.get("kind") or request.GET.get("kind") or "void")
    kind = kind if kind in ON_RECEIPTS else "void"
    return _form(request, header, kind, ON_RECEIPTS, receipt)


def _form(
    request: HttpRequest, header: Header, kind: str, kinds: Mapping[str, str], receipt: pages.Receipt | None
) -> HttpResponse:
    entries = Entries(request.POST if request.method == "POST" else request.GET)
    asking = request.method == "POST" and request.POST.get("do") == "ask"
    inputs = _inputs(entries, header, kind, receipt)
    if asking and not entries.errors:
        made = _asked(request, kind, inputs, entries)
        if made is not None:
            waits_for = f"the {made.goes_to.replace('_', ' ')}" if made.goes_to else "a second person"
            messages.success(request, f"Asked. It waits for {waits_for}; nothing is posted yet.")
            return redirect("adjustments-request", id=made.request_id)
    form = _weighed(request, kind, inputs, entries)
    values = {
        "header": header,
        "form": form,
        "kind": kind,
        "kinds": kinds,
        "of": KINDS[kind],
        "receipt": receipt,
        "pickers": _pickers(kind, header, entries) if receipt is None else (),
        "fields": dict.fromkeys(FIELDS.values()),
        "sent": entries.sent,
        "errors": entries.errors if asking else {n: e for n, e in entries.errors.items() if entries.raw(n)},
        "key": entries.key or new_key(),
        "most_files": MOST_FILES,
        "most_mb": MOST_BYTES // 1_000_000,
    }
    part = wants_part(request) and not asking
    name = "desk/adjustments/strip.html" if part else "desk/adjustments/ask.html"
    return render(request, name, {**values, "oob": part}, status=422 if asking else 200)


@dataclass(frozen=True)
class Group:
    """Choices that belong together: a bill and its lines, the services."""

    says: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picker:
    """A field that chooses a place: its name, its words, what was chosen, what can be."""

    name: str
    says: str
    chosen: str
    groups: tuple[Group, ...]


def _pickers(kind: str, header: Header, entries: Entries) -> tuple[Picker, ...]:
    """The choices of a form: services, bills, charges and their lines, as the kind needs them."""
    documents = adjustments.list_documents(header.id)
    if kind == "services":
        groups = tuple(_group(document, whole=False) for document in documents)
        ends = (("from_place", "Paid on"), ("to_place", "Meant for"))
        return tuple(Picker(name, says, entries.raw(name), groups) for name, says in ends)
    if kind == "leak":
        bills = tuple((str(d.document_id), _named(d)) for d in documents if d.billed_on)
        return (Picker("place", "The bill with the leak", entries.raw("place"), (Group("Bills", bills),)),)
    if kind == "waive":
        groups = tuple(_waivable(document) for document in documents if document.waivable)
        return (Picker("place", "The fee or late charge", entries.raw("place"), groups),)
    if kind == "rebill":
        return (Picker("place", "What was wrong", entries.raw("place"), _wrong(header.id, documents)),)
    first = Group("Anything", (("", "What is owed, the oldest first"),))
    if kind == "transfer":
        first = Group("Credit", (("", "Credit held on the account"),))
    groups = tuple(_group(document, whole=True) for document in documents)
    if kind == "adjust":
        groups = (Group("A service", tuple(_services())), *groups)
    says = "What is moved" if kind == "transfer" else "On what"
    return (Picker("place", says, entries.raw("place"), (first, *groups)),)


def _wrong(account_id: int, documents: Sequence[adjustments.Document]) -> tuple[Group, ...]:
    """The reads and the bills of an account that can be put right, and its meter as another's."""
    found = reads.list_billed(account_id=account_id)
    read = tuple(
        (f"read.{one.read_id}", f"Meter {one.meter}, {one.register:,} on {words.day(one.read_on)}") for one in found
    )
    bills = tuple((str(d.document_id), f"{_named(d)}: rate, class or items") for d in documents if d.billed_on)
    swap = (("swap", "The meter is at another account's house"),)
    return Group("A read", read), Group("A bill", bills), Group("Two meters", swap)


def _named(document: adjustments.Document) -> str:
    on = f" of {words.day(document.billed_on)}" if document.billed_on else ""
    return f"{document.says}{on}, {show(document.charged_cents)}"


def _group(document: adjustments.Document, *, whole: bool) -> Group:
    lines = [
        (
            f"{document.document_id}.{line.line}",
            f"{line.says}, {show(line.charged_cents)}, {show(line.open_cents)} open",
        )
        for line in document.lines
    ]
    if whole:
        lines.insert(0, (str(document.document_id), f"All of it, {show(document.open_cents)} open"))
    return Group(_named(document), tuple(lines))


def _waivable(document: adjustments.Document) -> Group:
    """A late charge is waived whole, over its funds; a fee that stands on a bill by its line."""
    if document.billed_on is None:
        return Group(_named(document), ((str(document.document_id), _named(document)),))
    lines = [line for line in document.lines if line.waivable and line.charged_cents]
    options = ((f"{document.document_id}.{line.line}", f"{line.says}, {show(line.charged_cents)}") for line in lines)
    return Group(_named(document), tuple(options))


def _services() -> list[tuple[str, str]]:
    """The services that the chart adjusts, as the form names them."""
    kinds = ledger.list_kinds(on=clock.today())
    codes = [kind.code.partition(".")[2] for kind in kinds if kind.code.startswith("adjustment.")]
    return [(code, code.title()) for code in codes]


def _inputs(entries: Entries, header: Header, kind: str, receipt: pages.Receipt | None) -> dict[str, Any]:
    """The inputs of the kind, as the office takes them; what is wrong is kept beside its field."""
    if receipt is not None:
        inputs: dict[str, Any] = {"series": receipt.read.series, "no": receipt.read.no}
        if kind == "move_payment":
            inputs |= {"from_account_id": header.id, "to_account_id": _account(entries)}
            cents = entries.cents("cents", required=False)
            inputs |= {"cents": cents} if cents else {}
        return inputs
    if kind == "rebill":
        return _rebill(entries, header)
    if kind == "adjust":
        direction = "charge" if entries.raw("direction") == "charge" else "credit"
        cents = entries.cents("cents")
        return {"account_id": header.id, "direction": direction, "cents": cents, **_place(entries.raw("place"))}
    if kind == "transfer":
        inputs = {"from_account_id": header.id, "to_account_id": _account(entries), **_place(entries.raw("place"))}
        return inputs if "document_id" in inputs else {**inputs, "cents": entries.cents("cents")}
    if kind == "services":
        ends = {f"from_{k}": v for k, v in _place(entries.raw("from_place")).items()}
        ends |= {f"to_{k}": v for k, v in _place(entries.raw("to_place")).items()}
        return {"account_id": header.id, "cents": entries.cents("cents"), **ends}
    inputs = {"account_id": header.id, **_place(entries.raw("place"))}
    if kind == "leak":
        inputs |= {name: bool(entries.raw(name)) for name in ("hidden", "in_writing")}
    return inputs


def _rebill(entries: Entries, header: Header) -> dict[str, Any]:
    """What is cancelled and billed again: a read with what the register showed, a bill, or two swapped meters."""
    place = entries.raw("place")
    what, _, id = place.partition(".")
    if what == "read" and id_of(id) is not None:
        register = entries.whole("register")
        one = {"read_id": int(id), "register": register, "rolled_over": bool(entries.raw("rolled_over"))}
        return {"account_id": header.id, "reads": [one]}
    if place == "swap":
        other, from_on = _account(entries), entries.day("from_on")
        points = [_point(id) for id in (header.id, other) if id]
        days = from_on.isoformat() if from_on else ""
        return {"account_id": header.id, "swap": {"service_point_ids": [p for p in points if p], "from_on": days}}
    return {"account_id": header.id, "bills": list(ids_of([place]))}


def _point(account_id: int) -> int | None:
    """Where an account's water is measured, by its last billed read."""
    found = reads.list_billed(account_id=account_id, most=1)
    return found[0].service_point_id if found else None


def _place(value: str) -> dict[str, Any]:
    """A choice of the form: ``1234`` a document, ``1234.2`` a line of it, ``water`` a service, nothing the oldest."""
    document, _, line = value.partition(".")
    if id_of(document) is not None:
        return {"document_id": int(document), **({"line": int(line)} if id_of(line) is not None else {})}
    return {"service": value} if value else {}


def _account(entries: Entries) -> int | None:
    """The other account, by the number that was typed."""
    number = "".join(entries.raw("to_number").split()).replace("-", "")
    if not number:
        entries.errors["to_number"] = "Type the number of the other account; the search finds it by name."
        return None
    try:
        return pages.get_header(number=number, on=clock.today()).id
    except pages.NotThere as missing:
        entries.errors["to_number"] = str(missing)
        return None


def _weighed(request: HttpRequest, kind: str, inputs: Mapping[str, Any], entries: Entries) -> Form:
    if entries.errors:
        return Form(kind, inputs, None, "Opens when the form is filled in.")
    try:
        by, on = actor(request), clock.today()
        preview = adjustments.get_preview(kind=kind, inputs=inputs, reason=entries.raw("reason"), by=by, on=on)
        return Form(kind, inputs, preview, "")
    except (BadValue, Refused) as bad:
        entries.blame(bad, FIELDS)
        return Form(kind, inputs, None, sentence(bad))


def _asked(
    request: HttpRequest, kind: str, inputs: Mapping[str, Any], entries: Entries
) -> adjustments.Requested | None:
    """Ask; None when the office refuses, with the reason beside its field."""
    reason = entries.raw("reason")
    try:
        return adjustments.request(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            kind=kind,
            inputs=inputs,
            reason=reason,
            on=clock.today(),
            words=entries.text("words", required=False, longest=1000),
            evidence=_files(request),
        )
    except (BadValue, Refused) as bad:
        entries.blame(bad, {**FIELDS, "words": "words"})
        return None


def _files(request: HttpRequest) -> tuple[File, ...]:
    """The files sent; one that is too large is cut there, and the office says that it is."""
    sent: list[Any] = request.FILES.getlist("evidence")
    return tuple(File(file.name, base64.b64encode(file.read(MOST_BYTES + 1)).decode()) for file in sent)
