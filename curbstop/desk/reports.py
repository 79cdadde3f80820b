"""Reports: the list by heading, one report with what it asks, a question of one's own, what was handed out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from curbstop.desk import clock, pictures
from curbstop.desk.forms import Entries
from curbstop.desk.frame import actor, new_key
from curbstop.office import reports
from curbstop.office._once import Refused
from curbstop.rules import money
from curbstop.rules.faults import BadValue
from curbstop.rules.reports import ASKS, TESTS, Cell, Column, Condition, Question, Report, Table

MOST_SHOWN = 300
"""Rows on the screen; the files have all of them."""
MOST_BARS = 14
DAYS = ("on", "known", "from", "through")
NUMBERS = ("money", "gallons", "whole", "share")
SHORT = ("day", "at", "account", "bill", "order", "request", "run", "case")
HOWS = {
    "is": "is", "is_not": "is not", "from": "is at least", "below": "is below", "has": "contains", "empty": "is empty",
}  # fmt: skip
TESTS_SHOWN = 4


@dataclass(frozen=True)
class Shown:
    """A cell as it stands on the screen: its words, where they lead, whether it is a number, or stays on one line."""

    words: str
    href: str
    number: bool
    short: bool = False


def list_page(request: HttpRequest) -> HttpResponse:
    """Every report by heading, the saved ones, and what was handed out last."""
    groups: dict[str, list[Report]] = {}
    for report in reports.list_reports():
        groups.setdefault(report.group, []).append(report)
    values = {
        "groups": sorted(groups.items()),
        "views": reports.list_views(),
        "saved": reports.list_saved(),
        "made": reports.list_made(limit=12),
        "key": new_key(),
    }
    return render(request, "desk/reports/reports.html", values)


def report(request: HttpRequest, code: str) -> HttpResponse:
    """A report with what it asks, its rows, its picture."""
    found = reports.get_report(code)
    entries = Entries(request.GET)
    asked = {name: entries.raw(name) for name in found.asks}
    table = None
    try:
        table = reports.run(code=code, asked=asked, today=clock.today())
    except (BadValue, Refused) as bad:
        entries.blame(bad)
    values = {
        "report": found,
        "asks": _asks(found, asked, table),
        "errors": entries.errors,
        "picture": _picture(found, table) if table else None,
        **_shown(table, found),
        "asked": urlencode({name: value for name, value in asked.items() if value}),
        "key": new_key(),
    }
    return render(request, "desk/reports/report.html", values, status=422 if entries.errors else 200)


def ask(request: HttpRequest, view: str) -> HttpResponse:
    """A question of one's own over a view: columns, conditions, sums."""
    found = reports.get_view(view)
    entries = Entries(request.GET)
    question = _question(found, request)
    table = None
    try:
        if request.GET:  # nothing is asked before somebody asks: a view may be the whole journal
            table = reports.run_question(question=question)
    except (BadValue, Refused) as bad:
        entries.blame(bad)
    values = {
        "view": found,
        "views": reports.list_views(),
        "question": question,
        "tests": [*question.tests, *[None] * (TESTS_SHOWN - len(question.tests))],
        "hows": HOWS,
        "errors": entries.errors,
        **_shown(table, found),
        "asked": request.GET.urlencode(),
        "key": new_key(),
    }
    return render(request, "desk/reports/ask.html", values, status=422 if entries.errors else 200)


@require_POST
def make(request: HttpRequest, code: str) -> HttpResponse:
    """Hand a report out as a file, or save it by a name."""
    entries = Entries(request.POST)
    view = next((one for one in reports.list_views() if one.code == code and "ask" in request.POST), None)
    asked_for = Entries(_query(entries.raw("asked")))
    question = asdict(_question(view, request, entries.raw("asked"))) if view else None
    asked = {} if view else {name: asked_for.raw(name) for name in reports.get_report(code).asks}
    asked = {name: value for name, value in asked.items() if value}
    place = f"{reverse('reports-ask' if view else 'reports-report', args=[code])}?{entries.raw('asked')}"
    act: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now()}
    try:
        if entries.raw("do") == "save":
            reports.save(**act, name=entries.raw("name"), code=code, asked=asked, question=question)
            messages.success(request, f"Saved as “{entries.raw('name')}”; it stands on the list of reports.")
            return redirect(f"{reverse('reports')}#saved")
        media = entries.raw("media")
        made = reports.make(**act, code=code, asked=asked, media=media, on=clock.today(), question=question)
        return redirect("reports-made", id=made.made_id)
    except (BadValue, Refused) as bad:
        entries.blame(bad)
        messages.error(request, next(iter(entries.errors.values())))
        return redirect(place)


@require_POST
def keep(request: HttpRequest, id: int) -> HttpResponse:
    """A saved report: put on a timetable, taken off it, taken away."""
    entries = Entries(request.POST)
    act: dict[str, Any] = {"key": entries.key, "by": actor(request), "at": clock.now()}
    try:
        if entries.raw("do") == "schedule":
            reports.schedule(
                **act, saved_id=id, every=entries.raw("every"), media=entries.raw("media"), to=entries.raw("to"),
                on=clock.today(),
            )  # fmt: skip
            messages.success(request, "It will be made by itself, and the mail says where it lies.")
        elif entries.raw("do") == "unschedule":
            reports.end_schedule(**act, schedule_id=entries.whole("schedule", least=1))
            messages.success(request, "It is no longer made by itself.")
        else:
            reports.end_saved(**act, saved_id=id)
            messages.success(request, "Taken away. What was handed out stays.")
    except (BadValue, Refused) as bad:
        entries.blame(bad)
        messages.error(request, next(iter(entries.errors.values())))
    return redirect(f"{reverse('reports')}#saved")


def saved(request: HttpRequest, id: int) -> HttpResponse:
    """A saved report, opened with what is asked of it."""
    one = reports.get_saved(id)
    if one.question is None:
        return redirect(f"{reverse('reports-report', args=[one.code])}?{urlencode(one.asked)}")
    return redirect(f"{reverse('reports-ask', args=[one.code])}?{_asked_of(one.question)}")


def made(request: HttpRequest, id: int) -> HttpResponse:
    """A file as it was handed out."""
    name, media, body = reports.get_made(id)
    answer = HttpResponse(body, content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


# --- what is shown ----------------------------------------------------------------------------------------------------


def _asks(report: Report, asked: Mapping[str, str], table: Table | None) -> list[dict[str, object]]:
    """The fields of a report's form; what was left empty shows the value that was used."""
    chosen = reports.choices(report)
    used = dict(table.asked) if table else {}
    fields: list[dict[str, object]] = []
    for name in report.asks:
        value = asked[name] or (used.get(ASKS[name], "") if name not in chosen else "")
        fields.append(
            {
                "name": name, "says": ASKS[name], "value": "" if value == "all" else value,
                "choices": chosen.get(name), "day": name in DAYS, "number": name in ("days", "least"),
            }
        )  # fmt: skip
    return fields


def _shown(table: Table | None, report: Report) -> dict[str, object]:
    if table is None:
        return {"table": None}
    rows = [
        [_cell(column, cell, row, table) for column, cell in zip(table.columns, row, strict=True)]
        for row in table.rows[:MOST_SHOWN]
    ]
    sums = [Shown("" if value is None else _words(column, value), "", True) for column, value in
            zip(table.columns, table.sums, strict=True)]  # fmt: skip
    return {
        "table": table,
        "columns": [(column, column.kind in NUMBERS) for column in table.columns],
        "rows": rows,
        "sums": sums if any(value is not None for value in table.sums) else None,
        "left": max(len(table.rows) - MOST_SHOWN, 0),
    }


def _cell(column: Column, cell: Cell, row: Sequence[Cell], table: Table) -> Shown:
    return Shown(_words(column, cell), _href(column, cell, row, table), column.kind in NUMBERS, column.kind in SHORT)


def _words(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{timezone.localtime(cell):%-d %b %Y, %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%-d %b %Y}"
    if isinstance(cell, int):
        if column.kind == "money":
            return f"{money.show(-cell)} CR" if cell < 0 else money.show(cell)
        if column.kind == "share":
            return f"{cell // 100}.{cell % 100:02} %"
        return f"{cell:,}" if column.kind in ("gallons", "whole") else str(cell)
    if column.kind == "account" and len(cell) >= 8 and cell.isdigit():
        return f"{cell[:-1]}-{cell[-1]}"
    return cell


_PLACES = {
    "account": "customers-account", "bill": "bills-number", "order": "orders-order", "request": "adjustments-request",
    "run": "bills-run", "case": "cases-case",
}  # fmt: skip


def _href(column: Column, cell: Cell, row: Sequence[Cell], table: Table) -> str:
    if cell is None:
        return ""
    if column.opens:
        places = {one.name: place for place, one in enumerate(table.columns)}
        given = {name: row[places[of]] for name, of in column.given if of in places}
        return f"{reverse('reports-report', args=[column.opens])}?{urlencode(given)}"
    if column.kind in _PLACES:
        return reverse(_PLACES[column.kind], args=[cell])
    return ""


def _picture(report: Report, table: Table) -> str | None:
    """What a report draws: the column summed by its names, the largest first where they have no order of their own."""
    if report.bars is None:
        return None
    names = {column.name: place for place, column in enumerate(table.columns)}
    drawn, named = (names[name] for name in report.bars)
    sums: dict[str, int] = {}
    for row in table.rows:
        value = row[drawn]
        words = _words(table.columns[named], row[named])
        sums[words] = sums.get(words, 0) + (value if isinstance(value, int) else 0)
    bars = list(sums.items())
    if len(bars) > MOST_BARS:
        bars = (
            bars[-MOST_BARS:]
            if table.columns[named].kind == "day"
            else sorted(bars, key=lambda one: -one[1])[:MOST_BARS]
        )
    column = table.columns[drawn]
    return pictures.bars(
        rows=[(words, value, _words(column, value)) for words, value in bars],
        title=f"{column.says} by {table.columns[named].says.lower()}",
    )


def _question(view: Report, request: HttpRequest, asked: str | None = None) -> Question:
    """The question as the form or its address says it; nothing chosen yet: every column."""
    sent = _query(asked) if asked is not None else request.GET
    tests = tuple(
        Condition(column, how if how in TESTS else "is", value)
        for column, how, value in zip(sent.getlist("column"), sent.getlist("how"), sent.getlist("value"), strict=False)
        if column and (value or how == "empty")
    )
    by = tuple(sent.getlist("by"))
    columns = tuple(sent.getlist("show")) or tuple(one.name for one in view.columns if not by or one.added)
    return Question(view.code, columns, tests, by, sent.get("sort", ""), sent.get("falling", "") == "yes")


def _query(asked: str) -> QueryDict:
    return QueryDict(asked)


def _asked_of(question: Question) -> str:
    pairs = [("show", name) for name in question.columns] + [("by", name) for name in question.by]
    for test in question.tests:
        pairs += [("column", test.column), ("how", test.how), ("value", test.value)]
    pairs += [("sort", question.sort), *([("falling", "yes")] if question.falling else [])]
    return urlencode(pairs)
