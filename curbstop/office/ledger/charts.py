"""The chart of a city: adopted from its file, added to later, never taken away from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.records.ledger.models import Fund, Gl, Kind
from curbstop.rules.ledger import Chart, ChartAccount, read_chart


@dataclass(frozen=True)
class ChartAdopted:
    """How many funds, accounts and kinds were new, and how many accounts got other words or another GL string."""

    city: str
    funds: int
    accounts: int
    kinds: int
    reworded: int


@dataclass(frozen=True)
class FundRow:
    """A fund of the chart."""

    id: int
    name: str
    pooled_in: int | None
    reports_in: str


@dataclass(frozen=True)
class KindRow:
    """A kind as it holds on a day: its id in the postings, and the accounts it posts to."""

    id: int
    code: str
    says: str
    control: str | None
    contra: str | None


@act("ledger.adopt_chart")
def adopt_chart(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, text: str, file: str = "chart.yaml"
) -> ChartAdopted:
    """Adopt a chart, or what is new in it. What postings repeat of an account never changes; a kind that posts
    elsewhere comes with a date of its own.

    :raises ChartSheet: the file has faults, each with its line
    :raises Refused: it changes what postings already rely on
    """
    chart = read_chart(text, file=file)
    funds = _adopt_funds(chart)
    accounts, reworded = _adopt_accounts(chart)
    kinds = _adopt_kinds(chart)
    event.about(says=f"Chart adopted: {funds} funds, {accounts} accounts and {kinds} kinds are new.")
    return ChartAdopted(chart.city, funds, accounts, kinds, reworded)


def _adopt_funds(chart: Chart) -> int:
    known = {fund.id: fund for fund in Fund.objects.all()}
    new = []
    for fund in sorted(chart.funds, key=lambda fund: fund.pooled_in is not None):
        before = known.get(fund.id)
        if before is None:
            new.append(Fund(id=fund.id, name=fund.name, pooled_in_id=fund.pooled_in, reports_in=fund.reports_in))
        elif before.pooled_in_id != fund.pooled_in:
            raise _changed(f"fund {fund.id}", "pooled_in", before.pooled_in_id, fund.pooled_in)
        elif (before.name, before.reports_in) != (fund.name, fund.reports_in):
            Fund.objects.filter(id=fund.id).update(name=fund.name, reports_in=fund.reports_in)
    Fund.objects.bulk_create(new)
    return len(new)


def _adopt_accounts(chart: Chart) -> tuple[int, int]:
    known = {(gl.fund_id, gl.object): gl for gl in Gl.objects.all()}
    next_id = max((gl.id for gl in known.values()), default=0) + 1
    new: list[Gl] = []
    reworded = 0
    for account in chart.accounts:
        before = known.get((account.fund, account.object))
        if before is None:
            new.append(
                Gl(
                    id=next_id + len(new),
                    fund_id=account.fund,
                    object=account.object,
                    name=account.name,
                    gl_string=account.gl_string,
                    gl_class=account.klass,
                    normal=account.normal,
                    sub=account.sub,
                    partner_id=account.partner,
                    valid_from=account.valid_from,
                    authority=account.authority,
                )
            )
            continue
        _check_same(before, account)
        words = {"name": account.name, "gl_string": account.gl_string, "authority": account.authority}
        if any(getattr(before, name) != value for name, value in words.items()):
            Gl.objects.filter(id=before.id).update(**words)
            reworded += 1
    Gl.objects.bulk_create(new)
    return len(new), reworded


def _check_same(before: Gl, account: ChartAccount) -> None:
    for name, then, now in (
        ("class", before.gl_class, account.klass),
        ("normal", before.normal, account.normal),
        ("sub", before.sub, account.sub),
        ("partner", before.partner_id, account.partner),
    ):
        if then != now:
            raise _changed(f"account {account.gl}", name, then, now)


def _adopt_kinds(chart: Chart) -> int:
    gl_ids = {f"{fund:02d}-{object:04d}": id for id, fund, object in Gl.objects.values_list("id", "fund_id", "object")}
    known = {(kind.code, kind.valid_from): kind for kind in Kind.objects.all()}
    next_id = max((kind.id for kind in known.values()), default=0) + 1
    new: list[Kind] = []
    for kind in chart.kinds:
        control = gl_ids[kind.control] if kind.control else None
        contra = gl_ids[kind.contra] if kind.contra else None
        before = known.get((kind.code, kind.valid_from))
        if before is None:
            new.append(
                Kind(
                    id=next_id + len(new),
                    code=kind.code,
                    valid_from=kind.valid_from,
                    control_gl_id=control,
                    contra_gl_id=contra,
                    says=kind.says,
                )
            )
        elif (before.control_gl_id, before.contra_gl_id, before.says) != (control, contra, kind.says):
            raise Refused(
                f"Kind {kind.code} of {kind.valid_from.isoformat()} is on file with other accounts or words, and old"
                " postings are recomputed from it. Add the changed kind to the file, with `from:` its first day.",
                field="text",
            )
    Kind.objects.bulk_create(new)
    return len(new)


def _changed(what: str, name: str, then: object, now: object) -> Refused:
    return Refused(
        f"The chart on file has {what} with {name} {then!r}, the new one {now!r}. Postings rely on it; add another"
        " account and a kind that posts to it from a date.",
        field="text",
    )


def list_funds() -> tuple[FundRow, ...]:
    """The funds, by number."""
    rows = Fund.objects.order_by("id").values_list("id", "name", "pooled_in_id", "reports_in")
    return tuple(FundRow(*row) for row in rows)


def list_kinds(*, on: date) -> tuple[KindRow, ...]:
    """Every kind as it holds on the day, by code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (k.code) k.id, k.code, k.says,"
            " to_char(c.fund, 'FM00') || '-' || to_char(c.object, 'FM0000'),"
            " to_char(r.fund, 'FM00') || '-' || to_char(r.object, 'FM0000')"
            " from ledger_kind k left join ledger_gl c on c.id = k.control_gl"
            " left join ledger_gl r on r.id = k.contra_gl"
            " where k.valid_from <= %s order by k.code, k.valid_from desc",
            [on],
        )
        return tuple(KindRow(*row) for row in cursor.fetchall())
