"""Reports as data: a heading that says what is asked and what the columns are, above one query.

A report is a file ``office/reports/queries/<code>.sql``: a comment in YAML, then SQL. What it asks for is a name of
:data:`ASKS`; what a column holds is a name of :data:`AS`, which says how it is shown, written and added up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.money import parse_amount
from curbstop.rules.sheets import Block, Page

AS = (
    "text", "day", "at", "money", "gallons", "whole", "share", "account", "bill", "order", "request", "run", "case",
)  # fmt: skip
"""What a column holds: ``money`` in cents, ``share`` in hundredths of a percent; the last ones are numbers that lead
to a page."""
ADDED = ("money", "gallons", "whole")

ASKS: Mapping[str, str] = {
    "on": "As of",
    "known": "As known on",
    "from": "From",
    "through": "Through",
    "cycle": "Cycle",
    "route": "Route",
    "class": "Class",
    "cashier": "Cashier",
    "account": "Account",
    "days": "Days",
    "least": "At least",
}
"""What a report may ask for. Days are days of the city; ``through`` is the last day that counts."""

_HEAD = re.compile(r"\s*/\*(?P<head>.*?)\*/(?P<sql>.*)", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class ReportErrors(Faults):
    """A report's file that cannot be taken, with every fault and its line."""

    what = "report"


class BadAsk(BadValue):
    """Something asked of a report that cannot be."""


@dataclass(frozen=True)
class Column:
    """A column: its name in the query, its heading, what it holds, whether it is added up.

    ``opens`` is another report, with the columns that it is given as what it asks for.
    """

    name: str
    says: str
    kind: str
    added: bool
    opens: str = ""
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Report:
    """A report: its query, what it asks, what it shows.

    ``bars``: a column drawn, named by another. ``buckets``: its query takes the city's ages, which its headings name.
    """

    code: str
    title: str
    group: str
    says: str
    asks: tuple[str, ...]
    columns: tuple[Column, ...]
    sql: str
    bars: tuple[str, str] | None = None
    buckets: bool = False


Cell = str | int | date | None


@dataclass(frozen=True)
class Table:
    """What a report came to: its columns, rows and sums, and what was asked, in words."""

    title: str
    says: str
    asked: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sums: tuple[int | None, ...]


def read_report(code: str, text: str, *, file: str) -> Report:
    """The report of a file.

    :raises ReportErrors: everything wrong with its heading
    """
    page = Page(file)
    found = _HEAD.fullmatch(text)
    if found is None:
        page.fault(line=1, field="file", value="", why="has no heading", remedy="begin with /* title: ... */")
        raise ReportErrors(page.faults)
    reports = [_report(code, block, found["sql"].strip()) for block in page.blocks(found["head"])[:1]]
    if page.faults or not reports:
        raise ReportErrors(page.faults)
    return reports[0]


def _report(code: str, block: Block, sql: str) -> Report:
    asks = block.words("asks")
    for name in asks:
        if name not in ASKS:
            block.fault("asks", value=name, why="not something to ask for", remedy=f"ask for {', '.join(ASKS)}")
    columns = tuple(_column(part) for part in block.blocks("columns", required="list the columns"))
    names = [one.name for one in columns]
    drawn = block.words("bars")
    if drawn and (len(drawn) != 2 or any(name not in names for name in drawn)):
        block.fault("bars", why="not two columns of this report", remedy="write [the column drawn, its names]")
    report = Report(
        code=code,
        title=block.text("title", required="name the report") or "",
        group=block.text("group", required="write the heading it stands under") or "",
        says=block.text("says", required="say in a sentence what it shows") or "",
        asks=asks,
        columns=columns,
        sql=sql,
        bars=(drawn[0], drawn[1]) if len(drawn) == 2 else None,
        buckets=block.choice("buckets", ("yes", "no"), default="no") == "yes",
    )
    block.done()
    return report


def _column(block: Block) -> Column:
    kind = block.choice("as", AS, default="text")
    added = block.choice("sum", ("yes", "no"), default="no") == "yes"
    if added and kind not in ADDED:
        block.fault("sum", value=kind, why="cannot be added up", remedy=f"add up {', '.join(ADDED)} only")
    name = block.text("name", required="name the query's column") or ""
    if not _NAME.fullmatch(name):
        block.fault("name", value=name, why="not a name", remedy="use a to z, digits and _")
    given = tuple(
        (pair.partition("=")[0], pair.partition("=")[2] or pair.partition("=")[0]) for pair in block.words("given")
    )
    found = Column(
        name,
        block.text("says", required="write the heading of the column") or "",
        kind,
        added,
        block.text("opens") or "",
        given,
    )
    block.done()
    return found


@dataclass(frozen=True)
class Buckets:
    """The ages that a city tells apart: the last day of each, since a bill's date (``by`` is ``bill``) or its due date.

    Past the due date the first bucket is what is not yet due; since the bill's date there is no such one.
    """

    by: str
    days: tuple[int, int, int]

    @property
    def values(self) -> dict[str, str | int]:
        """The parameters of a query: at most ``age_0`` days old, then ``age_1``, ``age_2``, ``age_3``, and older."""
        first = -1 if self.by == "bill" else 0
        return {"age_by": self.by, "age_0": first, **{f"age_{n}": days for n, days in enumerate(self.days, 1)}}

    @property
    def names(self) -> dict[str, str]:
        """The headings, by the names that a report's columns have for them."""
        one, two, three = self.days
        start = 0 if self.by == "bill" else 1
        return {
            "age_0": "Not yet due", "age_1": f"{start} to {one}", "age_2": f"{one + 1} to {two}",
            "age_3": f"{two + 1} to {three}", "age_4": f"Over {three}",
        }  # fmt: skip


USUAL_BUCKETS = Buckets("due", (30, 60, 90))
"""Where a city has set none: days past due, as the books' own ageing (ledger.md, section 2)."""


def read_buckets(value: Mapping[str, object]) -> Buckets:
    """The policy ``ageing.buckets``.

    :raises BadAsk: not three rising numbers of days, or counted from neither
    """
    days = tuple(int(str(one)) for one in value.get("days", ()))  # type: ignore[attr-defined]
    by = str(value.get("by", ""))
    if by not in ("due", "bill") or len(days) != 3 or sorted(set(days)) != list(days):
        remedy = "write by: due or by: bill, and three rising days, as [30, 60, 90]"
        raise BadAsk(field="ageing.buckets", value=str(value), why="not ages", remedy=remedy)
    return Buckets(by, (days[0], days[1], days[2]))


def check_asked(report: Report, asked: Mapping[str, str], *, today: date) -> dict[str, str | int | date]:
    """What was asked, as the query's parameters; what was left empty has its usual value.

    Usual: as of today; the month that ended last; every cycle, route, class, cashier; 30 days; one account must be
    named. ``until_on`` is the day after ``through``.

    :raises BadAsk: a day that is none, a period that ends before it begins, a number that is none
    """
    last = today.replace(day=1)
    usual: dict[str, date] = {
        "on": today, "known": today, "from": (last - timedelta(1)).replace(day=1), "through": last - timedelta(1),
    }  # fmt: skip
    found: dict[str, str | int | date] = {}
    for name in report.asks:
        value = asked.get(name, "").strip()
        if name in usual:
            found[f"{name}_on"] = _day(name, value) if value else usual[name]
        elif name in ("days", "least"):
            found[name] = _whole(name, value) if value else {"days": 30, "least": 0}[name]
        elif name == "account" and not value:
            raise BadAsk(field=name, value="", why="no account", remedy="type its number")
        else:
            found[name] = value.replace("-", "") if name == "account" else value
    if "through_on" in found:
        through = found.pop("through_on")
        if isinstance(through, date) and isinstance(found["from_on"], date):
            if through < found["from_on"]:
                remedy = f"take {found['from_on'].isoformat()} or a later day"
                raise BadAsk(field="through", value=through.isoformat(), why="before the period begins", remedy=remedy)
            found["until_on"] = through + timedelta(1)
    return found


def _day(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadAsk(field=name, value=value[:30], why="not a day", remedy="write 2026-11-23") from None


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise BadAsk(field=name, value=value[:30], why="not a whole number", remedy="write digits only")
    return int(value)


def as_table(
    report: Report, asked: Sequence[tuple[str, str]], rows: Sequence[tuple[Cell, ...]]
) -> Table:  # fmt: skip
    """A report's rows with the sums of the columns that are added up."""
    sums = tuple(
        sum(cell for row in rows if isinstance(cell := row[place], int)) if column.added else None
        for place, column in enumerate(report.columns)
    )
    return Table(report.title, report.says, tuple(asked), report.columns, tuple(rows), sums)


# --- a question of one's own over a view ------------------------------------------------------------------------------

TESTS: Mapping[str, str] = {
    "is": "=",
    "is_not": "<>",
    "from": ">=",
    "below": "<",
    "has": "ilike",
    "empty": "is null",
}
"""How a column is held against a value: ``has`` looks inside a text, ``empty`` asks for rows without one."""
MOST_TESTS = 8


@dataclass(frozen=True)
class Condition:
    """A column, how it is held against a value, and the value as typed."""

    column: str
    how: str
    value: str


@dataclass(frozen=True)
class Question:
    """A question over a view: its columns; or, with ``by``, how many there are and what they come to for each."""

    view: str
    columns: tuple[str, ...]
    tests: tuple[Condition, ...] = ()
    by: tuple[str, ...] = ()
    sort: str = ""
    falling: bool = False


def ask_view(view: Report, question: Question) -> tuple[Report, dict[str, str | int | date]]:
    """The question as a report of its own, with its query and parameters. Names come from the view, never from people.

    :raises BadAsk: a column that the view does not have, a value that its column cannot hold
    """
    known = {one.name: one for one in view.columns}
    for name in (*question.columns, *question.by, *(one.column for one in question.tests), question.sort or None):
        if name is not None and name not in known:
            remedy = f"choose from {', '.join(known)}"
            raise BadAsk(field="columns", value=name, why=f"no column of {view.code}", remedy=remedy)
    if len(question.tests) > MOST_TESTS:
        remedy = f"use at most {MOST_TESTS}"
        raise BadAsk(field="tests", value=str(len(question.tests)), why="too many conditions", remedy=remedy)
    if question.by:
        added = [known[name] for name in question.columns if known[name].added and name not in question.by]
        shown = (*(known[name] for name in question.by), Column("rows", "Rows", "whole", True), *added)
        chosen = [*question.by, 'count(*) as "rows"', *(f"sum({one.name})::bigint as {one.name}" for one in added)]
    else:
        shown = tuple(known[name] for name in question.columns or tuple(known))
        chosen = [one.name for one in shown]
    values: dict[str, str | int | date] = {}
    tests = [_test(known[one.column], one, place, values) for place, one in enumerate(question.tests)]
    sort = question.sort if question.sort in {one.name for one in shown} else ""
    sql = " ".join(
        part
        for part in (
            f"select {', '.join(chosen)} from ({view.sql}) as view",
            f"where {' and '.join(tests)}" if tests else "",
            f"group by {', '.join(question.by)}" if question.by else "",
            f"order by {sort}{' desc' if question.falling else ''}" if sort else "order by 1",
        )
        if part
    )
    report = Report(view.code, view.title, view.group, view.says, (), tuple(shown), sql)
    return report, values


def _test(column: Column, test: Condition, place: int, values: dict[str, str | int | date]) -> str:
    if test.how not in TESTS:
        raise BadAsk(field="tests", value=test.how, why="not a way to compare", remedy=f"use {', '.join(TESTS)}")
    if test.how == "empty":
        return f"{column.name} is null"
    name = f"test_{place}"
    if test.how == "has":
        literal = test.value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values[name] = f"%{literal}%"
        return f"{column.name}::text ilike %({name})s"
    values[name] = _value(column, test.value.strip())
    return f"{column.name} {TESTS[test.how]} %({name})s"


def _value(column: Column, value: str) -> str | int | date:
    if column.kind in ("day", "at"):
        return _day(column.name, value)
    if column.kind == "money":
        return parse_amount(value, field=column.name, allow_negative=True)
    if column.kind in ("gallons", "whole", "share"):
        return _whole(column.name, value.replace(",", ""))
    return value
