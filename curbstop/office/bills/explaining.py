"""A bill explained: rated again from what was stored with it, step by step, and shown to come to the cents that
were posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from curbstop.office import policies, tariffs
from curbstop.office._once import Refused
from curbstop.office.bills import loading
from curbstop.office.bills.loading import IssuedRow, LineRow, ServiceRow
from curbstop.office.bills.numbers import bill_number
from curbstop.rules import bills as rules
from curbstop.rules import rating
from curbstop.rules.bills import Billed, Difference, OneTime, Rated
from curbstop.rules.explaining import LineExplained, MeterReads
from curbstop.rules.explaining import explain as explain_trace
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.netting import take_off
from curbstop.rules.plans import Tariff
from curbstop.rules.policies import NotSet
from curbstop.rules.rating import Inputs, Status, Trace


class BillDiffers(Exception):
    """A bill that does not come to its posted lines when it is rated again: books or tariffs were changed under it."""


@dataclass(frozen=True)
class ServiceExplained:
    """One service of a bill, every line from read to amount. ``prorate_days`` -1: a full period; ``average_gal``
    -1: none; ``facts``: what the tariff asked for and was told."""

    service: str
    tariff: str
    tariff_name: str
    from_on: date
    until_on: date
    gal: int
    average_gal: int
    items: int
    prorate_days: int
    cents: int
    reads: tuple[MeterReads, ...]
    lines: tuple[LineExplained, ...]
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ChargeExplained:
    """A charge that waited for this bill: what for, since when, by what authority."""

    line_no: int
    kind: str
    says: str
    cents: int
    on: date
    authority: str

    @property
    def spoken(self) -> str:
        """The sentence to read aloud."""
        return f"{self.says} is ${show(self.cents)}."


@dataclass(frozen=True)
class BillExplained:
    """A bill and why each of its lines is what it is. The services' lines and the charges are its posted lines, to
    the cent."""

    bill_id: int
    number: str
    account_id: int
    account_number: str
    customer_name: str
    address: str
    run: int
    bill_on: date
    from_on: date
    until_on: date
    due_on: date
    previous_cents: int
    total_cents: int
    services: tuple[ServiceExplained, ...]
    charges: tuple[ChargeExplained, ...]

    @property
    def spoken(self) -> tuple[str, ...]:
        """The paragraphs to read aloud, line by line."""
        found = [line.spoken for service in self.services for line in service.lines if line.cents]
        return (*found, *(charge.spoken for charge in self.charges))


def explain(bill_id: int) -> BillExplained:
    """Every line of a bill, read -> usage -> tier -> rate -> authority -> rounding.

    :raises Refused: no such bill
    :raises BillDiffers: what is rated now is not what was posted
    """
    return explain_row(loading.load_bills([bill_id])[0])


def explain_row(row: IssuedRow, known: Mapping[str, Tariff] | None = None) -> BillExplained:
    """As :func:`explain`, of a bill that is loaded. :raises BillDiffers: as there"""
    if known is None:
        known = tariffs.load_tariffs(codes=sorted({service.tariff for service in row.services}))
    services = tuple(_service(row, service, known[service.tariff]) for service in row.services)
    charges = tuple(ChargeExplained(c.line_no, c.kind, c.says, c.cents, c.on, c.authority) for c in row.charges)
    _compare(row, services, charges)
    return BillExplained(
        bill_id=row.id, number=bill_number(row.id), account_id=row.account_id, account_number=row.account_number,
        customer_name=row.customer_name, address=f"{row.address}, {row.place}", run=row.run, bill_on=row.bill_on,
        from_on=row.from_on, until_on=row.until_on, due_on=row.due_on, previous_cents=row.previous_cents,
        total_cents=row.total_cents, services=services, charges=charges,
    )  # fmt: skip


def _service(row: IssuedRow, service: ServiceRow, tariff: Tariff) -> ServiceExplained:
    trace = Trace()
    charges = rating.charge(
        tariff, from_on=service.from_on, until_on=service.until_on, inputs=_inputs(service), trace=trace
    )
    status = Status(int(charges.status[0]))
    if status is not Status.RATED:
        raise BillDiffers(f"bill {bill_number(row.id)}, {service.service}: {status.says}")
    reads = tuple(
        MeterReads(r.serial, r.previous_on, r.previous_register, r.read_on, r.register, r.gal)
        for r in row.reads
        if r.agreement_id == service.agreement_id and r.previous_on is not None and r.previous_register is not None
    )
    return ServiceExplained(
        service=service.service, tariff=tariff.code, tariff_name=tariff.name, from_on=service.from_on,
        until_on=service.until_on, gal=service.gal, average_gal=service.average_gal, items=service.items,
        prorate_days=service.prorate_days, cents=int(charges.total_cents[0]), reads=reads,
        lines=explain_trace(trace, reads=reads, average_of=service.made_from.uses if service.made_from else ()),
        facts=service.facts,
    )  # fmt: skip


def _inputs(service: ServiceRow) -> Inputs:
    return Inputs.of(
        gal=[service.gal],
        average_gal=[service.average_gal],
        count=[service.items],
        prorate_days=[service.prorate_days],
        facts={name: [word] for name, word in service.facts},
    )


def _compare(row: IssuedRow, services: Sequence[ServiceExplained], charges: Sequence[ChargeExplained]) -> None:
    """:raises BillDiffers: the lines as rated are not the lines as posted, in their order"""
    rated = [line for service in services for line in _posted(service) if line[1]]
    rated += [(charge.kind, charge.cents) for charge in charges]
    posted = [(line.kind, line.cents) for line in row.lines]
    if rated != posted or sum(cents for _, cents in posted) != row.total_cents:
        raise BillDiffers(f"bill {bill_number(row.id)}: {_first_difference(rated, row.lines, row.total_cents)}")


def _posted(service: ServiceExplained) -> list[tuple[str, int]]:
    """The lines as the books have them: what a programme takes off is taken off the line it is of."""
    kinds = [line.kind for line in service.lines]
    net = take_off([np.array([line.cents], dtype=np.int64) for line in service.lines], kinds)
    return [(kind, int(cents[0])) for kind, cents in zip(kinds, net, strict=True)]


def _first_difference(rated: Sequence[tuple[str, int]], posted: Sequence[LineRow], total_cents: int) -> str:
    for place, (kind, cents) in enumerate(rated):
        if place >= len(posted):
            return f"{kind} {show(cents)} is rated and not posted"
        line = posted[place]
        if (line.kind, line.cents) != (kind, cents):
            return f"line {line.line_no} is posted as {line.kind} {show(line.cents)} and rated as {kind} {show(cents)}"
    if len(posted) > len(rated):
        return f"line {posted[len(rated)].line_no}, {posted[len(rated)].kind}, is posted and not rated"
    return f"its lines come to {show(sum(line.cents for line in posted))}, the bill says {show(total_cents)}"


# --- why another bill was different -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class WhyDifferent:
    """Why a bill is not what another was; the parts add up to the difference exactly. Without ``against`` there is
    none to compare with."""

    bill_id: int
    number: str
    against: int | None
    against_number: str
    against_on: date | None
    difference: Difference | None


def why_different(bill_id: int, *, year_before: bool = False) -> WhyDifferent:
    """Compare a bill with the account's one before, or with that of the same days a year before.

    :raises Refused: no such bill, or one of the two cannot be charged again
    """
    row = loading.load_bills([bill_id])[0]
    other = loading.find_year_before(row) if year_before else loading.find_last(row)
    if other is None:
        return WhyDifferent(bill_id, bill_number(bill_id), None, "", None, None)
    last = loading.load_bills([other])[0]
    codes = sorted({service.tariff for service in (*row.services, *last.services)})
    against = rules.YEAR if year_before else rules.LAST
    known = tariffs.load_tariffs(codes=codes)
    try:
        difference = rules.why_different(
            _billed(row, known), _billed(last, known), order=_order(row.bill_on), against=against
        )
    except BadValue as bad:
        raise Refused(f"These bills cannot be compared: {bad}", field="bill") from bad
    return WhyDifferent(bill_id, bill_number(bill_id), other, bill_number(other), last.bill_on, difference)


def _order(on: date) -> tuple[str, ...]:
    """In which order the causes are told, by the city's policy; where it has none, days, usage, rates."""
    try:
        return tuple(str(code) for code in policies.load("explain.order").rows("explain.order", on=on))
    except NotSet:
        return rules.DEFAULT_ORDER


def _billed(row: IssuedRow, known: Mapping[str, Tariff]) -> Billed:
    services = tuple(
        Rated(
            service=s.service, tariff=known[s.tariff], from_on=s.from_on, until_on=s.until_on, gal=s.gal,
            average_gal=s.average_gal, count=s.items, prorate_days=s.prorate_days, billed_cents=s.cents,
            facts=s.facts,
        )
        for s in row.services
    )  # fmt: skip
    one_time = tuple(OneTime(charge.says, charge.cents) for charge in row.charges)
    return Billed(dated_on=row.bill_on, services=services, one_time=one_time, total_cents=row.total_cents)
