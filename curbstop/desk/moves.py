"""Start a service, on two screens: the place, then who moves in. Nothing is written before the strip's button.

The second screen asks the office at each change what the start would do: who is there now, who may be the same, the
tariffs and why, the fee, the deposit in the policy's own sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from curbstop.desk import clock, papers
from curbstop.desk.answers import wants_part
from curbstop.desk.credit import read_checks, signed
from curbstop.desk.forms import Entries, id_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.office import customers, moves, pages, payments, reads
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.office.customers import Likeness
from curbstop.office.deposits import Checked, Told
from curbstop.rules.faults import BadValue
from curbstop.rules.red_flags import Other, red_flags

CLASSES = {"residential": "Residential", "commercial": "Commercial"}
TENURES = {"owner": "Owner", "renter": "Renter", "business": "Business"}
KINDS = {"person": "Person", "organization": "Organization"}
LANGUAGES = {"en": "English", "es": "Spanish"}
COUNTED = {"sanitation": "Carts"}
PAPERS = {"": "none", "protective_order": "Protective order", "certification_letter": "Certification letter"}
MOST_PARTS = 6


@dataclass(frozen=True)
class Application:
    """The second screen as it stands: what was typed, what it would do, and why it cannot be done yet."""

    entries: Entries
    on: date | None
    account: pages.Header | None
    alike: tuple[Likeness, ...]
    same: int | None  # the customer chosen among those alike
    owing: tuple[moves.Owing, ...]
    preview: moves.StartPreview | None
    services: tuple[str, ...]
    registers: dict[str, int]
    items: dict[str, int]
    told: Told
    seen: tuple[str, ...]
    flags: tuple[str, ...]
    why: str

    @property
    def name(self) -> str:
        """Who starts, as the strip says it."""
        if self.account:
            return self.account.name
        chosen = next((one.name for one in self.alike if one.customer_id == self.same), "")
        return chosen or self.entries.raw("name")


def start(request: HttpRequest) -> HttpResponse:
    """The first screen: find the place."""
    text = request.GET.get("at", "").strip()
    found = pages.find_premises(text, on=clock.today()) if text else ()
    values = {"at": text, "found": found, "account": request.GET.get("account", "")}
    part = wants_part(request)
    return render(request, "desk/moves/places.html" if part else "desk/moves/start.html", values)


def apply(request: HttpRequest, premise: int) -> HttpResponse:
    """The second screen: who, from when, what; and the start itself."""
    place = pages.get_premise(premise_id=premise, on=clock.today())
    entries = Entries(request.POST if request.method == "POST" else _blank(request, place))
    if entries.raw("do") == "start" and (done := pages.get_account_of(key=f"{entries.key}:start")):
        return redirect("moves-started", number=done)  # the button was pressed twice
    checks = read_checks(request.POST.getlist("check"))
    form = _weighed(place, entries, checks)
    if entries.raw("do") == "start" and form.preview and not form.why:
        number = _started(request, place, form)
        if number:
            return redirect("moves-started", number=number)
        form = Application(**{**form.__dict__, "why": "Opens when what is marked red is put right."})
    values = {
        "place": place,
        "form": form,
        "errors": entries.errors,
        "sent": entries.sent,
        "key": entries.key or new_key(),
        "classes": CLASSES,
        "tenures": TENURES,
        "kinds": KINDS,
        "languages": LANGUAGES,
        "counted": COUNTED,
        "papers": PAPERS,
        "checks": signed(checks),
        "check_key": new_key(),
        "windows": moves.get_windows(on=form.on or clock.today()),
    }
    part = wants_part(request)
    return render(request, "desk/moves/weighed.html" if part else "desk/moves/apply.html", values)


def _blank(request: HttpRequest, place: pages.PremiseHit) -> dict[str, str]:
    commercial = place.kind == "commercial"
    return {
        "on": clock.today().isoformat(),
        "account": request.GET.get("account", ""),
        "customer_class": place.kind,
        "tenure": "business" if commercial else "renter",
        "kind": "organization" if commercial else "person",
        "language": "en",
        "all": "1",
    }


def _weighed(place: pages.PremiseHit, entries: Entries, checks: tuple[Checked, ...]) -> Application:
    """Parse the form and ask what the start would do."""
    on = entries.day("on")
    account = _account(entries)
    alike: tuple[Likeness, ...] = ()
    same: int | None = None
    if account is None and "account" not in entries.errors:
        alike = customers.find_duplicates(
            name=entries.raw("name"),
            phone=entries.raw("phone"),
            email=entries.raw("email"),
            premise_id=place.id,
        )
        chosen = entries.raw("customer")
        same = next((one.customer_id for one in alike if one.customer_id == id_of(chosen)), None)
    services = place.services if entries.raw("all") else tuple(s for s in place.services if entries.raw(f"do_{s}"))
    registers = _numbers(entries, services, "register")
    items = _numbers(entries, services, "items")
    told = _told(entries, checks)
    preview = _preview(place, entries, on, account, services, told, same) if on else None
    owing = moves.list_owing(customer_ids=[one.customer_id for one in alike])
    seen = tuple(one for n, one in enumerate(preview.identity if preview else ()) if entries.raw(f"seen_{n}"))
    why = _why(entries, preview, account, alike, same)
    if not why and preview and len(seen) < len(preview.identity):
        why = "Opens when all that is shown to open an account was seen."
    flags = _flags(entries, alike, same, owing, preview)
    return Application(
        entries, on, account, alike, same, owing, preview, services, registers, items, told, seen, flags, why
    )  # fmt: skip


def _flags(
    entries: Entries,
    alike: Sequence[Likeness],
    same: int | None,
    owing: Sequence[moves.Owing],
    preview: moves.StartPreview | None,
) -> tuple[str, ...]:
    """What wants a second look before an account is opened."""
    here = [one.name for one in preview.occupants if one.until_on is None and not one.lets_go] if preview else []
    return red_flags(
        [] if same else [Other(one.name, one.alike) for one in alike if len(one.alike) > 1 or "name" not in one.alike],
        owes_cents=sum(one.cents for one in owing),
        mail_to=bool(entries.raw("mail_to")),
        owns=entries.raw("tenure") == "owner",
        here=here[0] if here else "",
    )


def _told(entries: Entries, checks: tuple[Checked, ...]) -> Told:
    """What a deposit is worked out from, as far as it was typed."""
    paper = entries.choice("paper", PAPERS) if entries.raw("paper") else ""
    paper_on = entries.day("paper_on", required=bool(paper))
    return Told(
        instalments=entries.whole("instalments", least=1, most=MOST_PARTS) if entries.raw("instalments") else 1,
        checks=checks,
        no_ssn=bool(entries.raw("no_ssn")),
        letter_months=entries.whole("letter_months", most=600) if entries.raw("letter_months") else 0,
        estimate_cents=entries.cents("estimate", required=False),
        paper=paper if paper_on else "",
        paper_on=paper_on if paper else None,
    )


def _account(entries: Entries) -> pages.Header | None:
    typed = entries.raw("account")
    if not typed:
        return None
    try:
        number = customers.find_account(number=typed).number
        return pages.get_header(number=number, on=clock.today())
    except (BadValue, Refused) as bad:
        entries.errors["account"] = sentence(bad)
        return None


def _numbers(entries: Entries, services: Sequence[str], what: str) -> dict[str, int]:
    """Registers or numbers of items that were typed, by service."""
    found = {}
    for service in services:
        name = f"{what}_{service}"
        if not entries.raw(name):
            continue
        try:
            found[service] = reads.parse_register(entries.raw(name), field=name)
        except BadValue as bad:
            entries.errors[name] = sentence(bad)
    return found


def _preview(
    place: pages.PremiseHit,
    entries: Entries,
    on: date,
    account: pages.Header | None,
    services: tuple[str, ...],
    told: Told,
    same: int | None,
) -> moves.StartPreview | None:
    try:
        return moves.get_start_preview(
            premise_id=place.id,
            on=on,
            account_id=account.id if account else None,
            customer_id=same,
            customer_class=entries.choice("customer_class", CLASSES) or "residential",
            tenure=entries.choice("tenure", TENURES) or "renter",
            services=services,
            told=told,
        )
    except (BadValue, Refused, KeyError) as bad:
        entries.errors["form"] = sentence(bad)
        return None


def _why(
    entries: Entries,
    preview: moves.StartPreview | None,
    account: pages.Header | None,
    alike: Sequence[Likeness],
    same: int | None,
) -> str:
    """Why it cannot be started yet; empty when it can."""
    if entries.errors:
        return "Opens when what is marked red is put right."
    if preview and preview.refusals:
        return "Opens when what stands in its way is cleared."
    if account is None and same is None:
        if not entries.raw("name"):
            return "Opens when a name is typed, or an account."
        if any(len(one.alike) > 1 for one in alike) and entries.raw("customer") != "new":
            return "Opens when you say whether it is one of the customers shown."
    return ""


def _started(request: HttpRequest, place: pages.PremiseHit, form: Application) -> str:
    """Open the account if there is none, then start; the account's number. Empty when the office refuses."""
    entries, by, at = form.entries, actor(request), clock.now()
    assert form.on is not None
    try:
        if form.account:
            account_id, number = form.account.id, form.account.number
        else:
            new = {} if form.same else {name: entries.raw(name) for name in ("name", "phone", "email")}
            opened = customers.open(
                key=Key(f"{entries.key}:open"),
                by=by,
                at=at,
                on=form.on,
                customer_class=entries.raw("customer_class"),
                tenure=entries.raw("tenure"),
                kind=entries.choice("kind", KINDS) or "person",
                language=entries.raw("language") or "en",
                customer_id=form.same,
                mail_to=tuple(line.strip() for line in entries.raw("mail_to").splitlines() if line.strip()),
                not_the_same_as=tuple(one.customer_id for one in form.alike) if form.same is None else (),
                **new,
            )
            account_id, number = opened.account_id, opened.number
        moves.start(
            key=Key(f"{entries.key}:start"),
            by=by,
            at=at,
            account_id=account_id,
            premise_id=place.id,
            on=form.on,
            services=form.services,
            items=form.items or None,
            registers=form.registers or None,
            instalments=form.told.instalments,
            checks=form.told.checks,
            no_ssn=form.told.no_ssn,
            letter_months=form.told.letter_months,
            estimate_cents=form.told.estimate_cents,
            paper=form.told.paper,
            paper_on=form.told.paper_on,
            window=entries.raw("window"),
            welcome=True,
            seen=form.seen,
        )
        return number
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"registers": "register_water", "items": "items_sanitation", "premise_id": "form"})
        return ""


def started(request: HttpRequest, number: str) -> HttpResponse:
    """Done: what was started, what is asked for, what is left to do."""
    page = pages.get_account_page(number=number, on=clock.today())
    unread = [row for row in page.agreements if row.serial and not row.until_on and not _read_since(page, row)]
    (move, *_) = (*moves.list_moves(account_id=page.header.id), None)
    values = {
        "page": page,
        "header": page.header,
        "unread": unread,
        "sheet": reverse("reads"),
        "orders": moves.list_orders_of(move_id=move.id) if move else (),
        "letters": [row for row in payments.list_letters() if row.account_id == page.header.id],
    }
    return render(request, "desk/moves/started.html", values)


def application(request: HttpRequest, number: str) -> HttpResponse:
    """The application for service as PDF, for signature."""
    page = pages.get_account_page(number=number, on=clock.today())
    body = papers.application(page, on=clock.today())
    return papers.pdf(body, name=f"application-{page.header.number}.pdf")


def _read_since(page: pages.AccountPage, row: pages.AgreementRow) -> bool:
    return any(read.serial == row.serial and read.read_on >= row.from_on for read in page.reads)
