"""The end of days and months: a checklist with the rows that do not balance, two people, and the ledger's files."""

import re
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of
from django.views.decorators.http import require_POST

from curbstop.desk import clock, papers
from curbstop.desk.forms import Entries, day_of, sentence
from curbstop.desk.frame import actor, new_key
from curbstop.formats import gl
from curbstop.office import closing as books
from curbstop.office import ledger, pages
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.ledger import BUCKETS
from curbstop.rules.money import show


def closing_page(request: HttpRequest, errors: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """The days, the months, the files for the general ledger, and the last proof."""
    today = clock.today()
    days = books.list_days(through=today)
    files = books.list_exports(limit=12)
    closed = [row for row in days if row.state == "closed"]
    over = [row for row in days if row.state != "closed" and row.on < today]
    values = {
        "days": days,
        "next": next((row for row in reversed(days) if row.state != "closed"), None),
        "through": over[0] if len(over) > 1 else None,
        "over": len(over),
        "months": books.list_months(limit=6),
        "files": files,
        "to_send": next((row.on for row in closed if not row.file_id), None),
        "proof": books.get_last_proof(),
        "today": today,
        "key": new_key(),
        "errors": errors or {},
        "sent": request.POST,
    }
    return render(request, "desk/closing/closing.html", values, status=status)


def day(request: HttpRequest, day: str, error: str = "", status: int = 200) -> HttpResponse:
    """One accounting day: its checklist, or what it was closed with. With open days before it, they go together."""
    on = _day(day)
    closed = books.list_closes(period=on.isoformat())
    days = _through(on)
    ready = [books.get_prepared(one.isoformat()) for one in days]
    prepared = ready[-1] if ready and all(ready) else None
    checklist = books.get_through_checklist(on) if days else None
    values = {
        "on": on,
        "first": days[0] if days else on,
        "many": len(days),
        "closed": closed[0] if closed else None,
        "open": bool(days),
        "checklist": checklist,
        "lines": _lines(checklist.lines) if checklist else _kept(closed[0].checks["lines"]) if closed else [],
        "prepared": prepared,
        "rows": sum(one.rows for one in ready if one),
        "debit_cents": sum(one.debit_cents for one in ready if one),
        "own": any(one is not None and one.by_id == actor(request).id for one in ready),
        "error": error,
        "key": new_key(),
    }
    return render(request, "desk/closing/day.html", values, status=status)


def _through(on: date) -> list[date]:
    """The open days through one, oldest first; none where that one is not open."""
    days = ledger.get_open_days()
    return [one for one in days if one <= on] if on in days else []


def _day(text: str) -> date:
    found = day_of(text)
    if found is None:
        raise pages.NotThere(f"“{text[:30]}” is no day; write 2026-11-23.")
    return found


def _lines(lines: tuple[books.Checked, ...]) -> list[dict[str, Any]]:
    """Lines of a checklist with the address that each fault leads to."""
    return [
        {
            "says": line.says,
            "level": line.level,
            "count": line.count,
            "faults": [{"says": f.says, "href": _href(f.about, f.says), "cents": f.cents} for f in line.faults],
        }
        for line in lines
    ]


def _kept(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "faults": [{**f, "href": _href(f["about"], f["says"])} for f in line["faults"]]} for line in lines]


_ACCOUNT = re.compile(r"\baccount (\d{8,})\b")


def _href(about: str, says: str) -> str:
    """Where a row of a checklist is looked at: what it is about, or the account that its words name."""
    kind, _, id = about.partition(":")
    named = _ACCOUNT.search(says)
    if named:
        return address_of("customers-account", args=[named[1]])
    if kind == "day":
        return address_of("closing-day", args=[id])
    places = {"till": "tills", "batch": "payments", "bank": "banking"}
    return address_of(places[kind]) if kind in places else ""


@require_POST
def prepare(request: HttpRequest, day: str) -> HttpResponse:
    """Make a day ready to close."""
    on = _day(day)
    try:
        many = len(_through(on)) > 1
        prepare_them = books.prepare_through if many else books.prepare_day
        prepare_them(key=Entries(request.POST).key, by=actor(request), at=clock.now(), on=on)
    except (BadValue, Refused) as bad:
        return _day_again(request, on, sentence(bad))
    what = "The days are ready. Another person closes them." if many else "The day is ready. Another person closes it."
    messages.success(request, what)
    return redirect("closing-day", day=on.isoformat())


@require_POST
def close(request: HttpRequest, day: str) -> HttpResponse:
    """Close a day that somebody else made ready."""
    on, entries = _day(day), Entries(request.POST)
    given: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now(), "on": on}
    try:
        prepared_id = entries.whole("prepared")
        if len(_through(on)) > 1:
            all_of_them = books.close_through(prepared_id=prepared_id, **given)
            says = f"{all_of_them.days} days are closed through {on.isoformat()}: {all_of_them.rows:,} rows."
        else:
            done = books.close_day(prepared_id=prepared_id, **given)
            says = f"{done.period} is closed: {done.rows:,} rows, {show(done.debit_cents)} each side."
    except (BadValue, Refused) as bad:
        return _day_again(request, on, sentence(bad))
    messages.success(request, says)
    return redirect("closing")


def _day_again(request: HttpRequest, on: date, error: str) -> HttpResponse:
    return _view_day(request, on.isoformat(), error, 422)


_view_day = day


def month(request: HttpRequest, month: str, error: str = "", status: int = 200) -> HttpResponse:
    """A month: its roll-forward by fund, type and service, and whether it ties."""
    on = _day(f"{month}-01")
    figures = books.get_month_figures(on)
    closed = books.list_closes(period=f"{on:%Y-%m}")
    prepared = books.get_prepared(f"{on:%Y-%m}")
    checklist = books.get_month_checklist(
        figures.from_on, figures.until_on, figures.accounts_cents, figures.control_cents
    )
    shown = [name for name, cents in figures.columns if cents] or ["billed", "paid"]
    values = {
        "on": on,
        "month": f"{on:%Y-%m}",
        "name": f"{on:%B %Y}",
        "figures": figures,
        "columns": [name.replace("_", " ").capitalize() for name in shown],
        "rows": [(line, [(name, dict(line.columns)[name]) for name in shown]) for line in figures.lines],
        "sums": [dict(figures.columns)[name] for name in shown],
        "closed": closed[0] if closed else None,
        "checklist": checklist,
        "lines": _lines(checklist.lines),
        "prepared": prepared if not closed else None,
        "own": prepared is not None and prepared.by_id == actor(request).id,
        "error": error,
        "key": new_key(),
    }
    return render(request, "desk/closing/month.html", values, status=status)


_view_month = month


@require_POST
def prepare_month(request: HttpRequest, month: str) -> HttpResponse:
    """Make a month ready to close."""
    on = _day(f"{month}-01")
    try:
        books.prepare_month(key=Entries(request.POST).key, by=actor(request), at=clock.now(), on=on)
    except (BadValue, Refused) as bad:
        return _view_month(request, month, sentence(bad), 422)
    messages.success(request, "The month is ready. Another person closes it.")
    return redirect("closing-month", month=month)


@require_POST
def close_month(request: HttpRequest, month: str) -> HttpResponse:
    """Close a month that somebody else made ready; the closing stands on today's accounting day."""
    on, entries = _day(f"{month}-01"), Entries(request.POST)
    try:
        books.close_month(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            on=on,
            prepared_id=entries.whole("prepared"),
            posted_on=clock.today(),
        )
    except (BadValue, Refused) as bad:
        return _view_month(request, month, sentence(bad), 422)
    messages.success(request, f"{on:%B %Y} is closed. Difference 0.00.")
    return redirect("closing-month", month=month)


def accounts(request: HttpRequest, month: str) -> HttpResponse:
    """The accounts behind one figure of a month's roll-forward."""
    on, entries = _day(f"{month}-01"), Entries(request.GET)
    column, service = entries.raw("column"), entries.raw("service")
    rows = books.list_month_accounts(
        on,
        fund=entries.whole("fund", most=99),
        object=entries.whole("object", most=9999),
        service=service,
        column=column,
    )
    values = {
        "name": f"{on:%B %Y}",
        "month": month,
        "rows": rows,
        "column": column.replace("_", " "),
        "service": service,
        "account": f"{entries.raw('fund')}-{entries.raw('object')}",
        "sum": sum(row.cents for row in rows),
    }
    return render(request, "desk/closing/accounts.html", values)


def ageing(request: HttpRequest) -> HttpResponse:
    """Receivables by age as of any day, as they were known on any other."""
    entries, today = Entries(request.GET), clock.today()
    as_of = entries.day("as_of", required=False) or today
    known = entries.day("known", required=False) or today
    lines = ledger.get_ageing(as_of, known)
    values = {
        "as_of": as_of,
        "known": known,
        "buckets": BUCKETS,
        "lines": lines,
        "sums": [sum(line.cents[n] for line in lines) for n in range(len(BUCKETS))],
        "total": sum(line.total_cents for line in lines),
        "errors": entries.errors,
        "sent": request.GET,
    }
    return render(request, "desk/closing/ageing.html", values)


def statement(request: HttpRequest, number: str) -> HttpResponse:
    """The statement of an account as of any day, as it was known on any other."""
    header, found, entries = _statement(request, number)
    values = {
        "header": header,
        "found": found,
        "ageing": list(zip(BUCKETS, found.ageing, strict=True)),
        "asked": request.GET.urlencode(),
        "errors": entries.errors,
        "sent": request.GET,
    }
    return render(request, "desk/closing/statement.html", values)


def statement_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The same statement as PDF."""
    header, found, _ = _statement(request, number)
    return papers.pdf(papers.statement(found, header, at=clock.now()), name=f"statement-{number}-{found.as_of}.pdf")


def _statement(request: HttpRequest, number: str) -> tuple[pages.Header, ledger.Standing, Entries]:
    today = clock.today()
    header = pages.get_header(number=number, on=today)
    entries = Entries(request.GET)
    as_of = entries.day("as_of", required=False) or today
    known = entries.day("known", required=False) or today
    from_on = entries.day("from", required=False)
    return header, ledger.get_standing(header.id, as_of=as_of, known_on=known, from_on=from_on), entries


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Make the general ledger's file of every closed day that is in none yet."""
    entries = Entries(request.POST)
    through = entries.day("through")
    if through is not None:
        try:
            made = books.export_days(key=entries.key, by=actor(request), at=clock.now(), through=through)
            messages.success(request, f"{made.file_id}: {made.lines:,} lines, {show(made.debit_cents)} each side.")
            return redirect(f"{address_of('closing')}#files")
        except (BadValue, Refused) as bad:
            entries.blame(bad, {"form": "through"})
    return closing_page(request, {"through": entries.errors.get("through", "")}, 422)


@require_POST
def answer(request: HttpRequest, file_id: str) -> HttpResponse:
    """Write down what the general ledger said of a file."""
    entries = Entries(request.POST)
    taken = entries.raw("do") != "refused"
    try:
        books.acknowledge(
            key=entries.key,
            by=actor(request),
            at=clock.now(),
            file_id=file_id,
            taken=taken,
            reference=entries.text("reference", required=False, longest=200),
        )
    except (BadValue, Refused) as bad:
        return closing_page(request, {f"answer-{file_id}": sentence(bad)}, 422)
    messages.success(request, f"{file_id}: noted.")
    return redirect(f"{address_of('closing')}#files")


def file_csv(request: HttpRequest, file_id: str) -> HttpResponse:
    """A file as it was sent, byte for byte."""
    return _file(books.get_export(file_id), "text/csv; charset=utf-8", f"{file_id}.csv")


def file_json(request: HttpRequest, file_id: str) -> HttpResponse:
    """The same file as JSON."""
    return _file(gl.write_json(gl.read_csv(books.get_export(file_id))), "application/json", f"{file_id}.json")


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
