"""The bill's page: what ``bills.explain`` and ``bills.why_different`` tell, line by line as the screen shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from curbstop.office import bills
from curbstop.office._once import Refused
from curbstop.office.bills import BillDiffers, BillExplained, ChargeExplained, ServiceExplained, WhyDifferent
from curbstop.office.pages.found import NotThere
from curbstop.office.pages.header import Header, get_header
from curbstop.office.pages.rows import ask, ask_one
from curbstop.rules.explaining import LineExplained, StepExplained


@dataclass(frozen=True)
class BillHead:
    """A bill as issued, and what of it is open now."""

    id: int
    account_id: int
    run: int
    issued_on: date
    from_on: date
    until_on: date
    due_on: date
    total_cents: int
    previous_cents: int
    open_cents: int
    replaced_by: int | None
    replaces: int | None

    @property
    def number(self) -> str:
        """As it is printed."""
        return bills.bill_number(self.id)

    @property
    def days(self) -> int:
        """The days of the longest period on it."""
        return (self.until_on - self.from_on).days


@dataclass(frozen=True)
class BillPart:
    """A line of the explanation: what belongs together on the bill. ``anchor`` is where a figure leads to, ``spoken``
    the paragraph to read aloud."""

    anchor: str
    says: str
    cents: int
    from_on: date | None
    steps: tuple[StepExplained, ...]
    authority: str
    spoken: str = ""


@dataclass(frozen=True)
class BillPage:
    """All of the bill's page. ``differs`` says that it does not come to its posted lines; then there are no parts.
    ``why`` has no difference where there is no bill to compare with, or ``why_not`` says why there cannot be one."""

    header: Header
    head: BillHead
    parts: tuple[BillPart, ...]
    differs: str
    why: WhyDifferent | None
    why_not: str

    @property
    def not_on_file(self) -> tuple[str, ...]:
        """The parts whose authority is not on file."""
        return tuple(part.says for part in self.parts if "not on file" in part.authority)


_HEAD = """
select b.id, b.account_id, b.run_id, r.bill_on, b.from_on, b.until_on, b.due_on, b.total_cents, b.previous_cents,
  coalesce((select sum(p.debit_cents - p.credit_cents) from ledger_posting p
    where p.account_id = b.account_id and p.document_id = b.id and p.sub = 2), 0)::bigint,
  (select z.replaced_by_id from bills_cancelled z where z.bill_id = b.id),
  (select z.bill_id from bills_cancelled z where z.replaced_by_id = b.id)
from bills_bill b join bills_run r on r.id = b.run_id where b.id = %(bill)s"""


def get_bill(*, bill_id: int, on: date, year_before: bool = False) -> BillPage:
    """All of a bill's page, compared with the last bill or with that of a year before.

    :raises NotThere: no such bill
    """
    head = ask_one(BillHead, _HEAD, {"bill": bill_id})
    if head is None:
        raise NotThere(f"There is no bill {bill_id}. The account's bills lead to each of them.")
    parts: tuple[BillPart, ...] = ()
    differs, why, why_not = "", None, ""
    try:
        parts = _parts(bills.explain(bill_id))
        why = bills.why_different(bill_id, year_before=year_before)
    except BillDiffers as found:
        differs = str(found)
    except Refused as refused:
        why_not = str(refused)
    return BillPage(get_header(account_id=head.account_id, on=on), head, parts, differs, why, why_not)


def _parts(told: BillExplained) -> tuple[BillPart, ...]:
    found: list[BillPart] = []
    for service in told.services:
        groups: dict[str, list[LineExplained]] = {}
        for line in service.lines:
            groups.setdefault(anchor_of(line.kind), []).append(line)
        for anchor, lines in groups.items():
            if sum(line.cents for line in lines) or anchor == service.service:
                found.append(_part(anchor, lines, service))
    return (*found, *(_charge(charge) for charge in told.charges))


def anchor_of(kind: str) -> str:
    """Where on the page a kind of charge is explained: base and volume of a service are one part."""
    service, _, what = kind.partition(".")
    return service if what in ("base", "volume") else kind.replace(".", "-")


_MEASURED = ("read", "usage", "average", "average_of", "cap")
_FOOT = ("rate", "rounding")


def _part(anchor: str, lines: Sequence[LineExplained], service: ServiceExplained) -> BillPart:
    """Lines of one service as one part: reads and usage once, then what each line adds, then rate and rounding."""
    steps: dict[tuple[str, str, str], StepExplained] = {}
    for line in lines:
        for step in line.steps:
            told = replace(step, label=_label(step, line, len(lines)))
            steps.setdefault((told.what, told.label, told.how), told)
    measured = [step for step in steps.values() if step.what in _MEASURED]
    rest = [step for step in steps.values() if step.what not in (*_MEASURED, *_FOOT)]
    rates = [step for step in steps.values() if step.what == "rate"]
    roundings = [step for step in steps.values() if step.what == "rounding"]
    rounded = [step for step in roundings if not step.how.startswith("None")] or roundings[:1]
    return BillPart(
        anchor=anchor,
        says=service.service.capitalize() if anchor == service.service else lines[0].says,
        cents=sum(line.cents for line in lines),
        from_on=service.from_on,
        steps=(*measured, *rest, *rates, *rounded),
        authority="; ".join(dict.fromkeys(line.authority for line in lines if line.authority)),
        spoken=" ".join(line.spoken for line in lines if line.cents),
    )


def _label(step: StepExplained, line: LineExplained, lines: int) -> str:
    """A flat amount among other lines is called by the last word of its line: "Water, base" is "Base"."""
    if lines > 1 and step.what in ("flat", "items"):
        return line.says.rpartition(", ")[2].capitalize()
    return step.label


def _charge(charge: ChargeExplained) -> BillPart:
    since = StepExplained("why", "Why", f"{charge.says}, since {charge.on.isoformat()}")
    rate = StepExplained("rate", "Rate", charge.authority)
    return BillPart(
        anchor_of(charge.kind), charge.says, charge.cents, None, (since, rate), charge.authority, charge.spoken
    )


@dataclass(frozen=True)
class _Id:
    id: int


def get_bill_ids(*, run: int, first: int, limit: int) -> tuple[int, ...]:
    """Bills of a run in the order of the paper: ``limit`` of them from place ``first`` on."""
    sql = "select id from bills_bill where run_id = %(run)s order by id offset %(first)s limit %(limit)s"
    return tuple(row.id for row in ask(_Id, sql, {"run": run, "first": first, "limit": limit}))
