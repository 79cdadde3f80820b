"""What an account would pay for a use: its own services, rates, carts, average and facts, for one full bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db import connection

from curbstop.office import tariffs
from curbstop.office._averages import make_averages
from curbstop.office._facts import load_facts
from curbstop.office._once import Refused
from curbstop.office.bills.inputs import needs_average, needs_usage
from curbstop.rules.explaining import LineExplained, explain
from curbstop.rules.money import show
from curbstop.rules.plans import PastUse, Tariff
from curbstop.rules.rating import MOST_GAL, Inputs, Status, Trace, charge

IRRIGATION = "irrigation"


@dataclass(frozen=True)
class ServiceQuoted:
    """One service: what it would come to, line by line. Without lines, ``says`` tells what is in the way. ``gal`` is
    None where the service is not measured; ``average_gal`` -1: none."""

    service: str
    tariff: str
    tariff_name: str
    from_on: date
    until_on: date
    gal: int | None
    average_gal: int
    items: int
    facts: tuple[tuple[str, str], ...]
    cents: int
    lines: tuple[LineExplained, ...]
    says: str


@dataclass(frozen=True)
class Quote:
    """What the account would pay for one full bill at the rates of the day."""

    account_id: int
    number: str
    name: str
    on: date
    gal: int
    services: tuple[ServiceQuoted, ...]

    @property
    def total_cents(self) -> int:
        """All services that could be worked out."""
        return sum(service.cents for service in self.services)

    @property
    def whole(self) -> bool:
        """Whether every service could be worked out."""
        return all(not service.says for service in self.services)

    @property
    def spoken(self) -> str:
        """The paragraph to read aloud."""
        told = [f"{s.service} ${show(s.cents)}" for s in self.services if not s.says]
        if not told:
            return "Nothing can be worked out for this account."
        parts = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
        missing = [f"{s.service} is not in it: {s.says}" for s in self.services if s.says]
        paragraph = f"{self.gal:,} gallons on a full bill would be ${show(self.total_cents)}: {parts}."
        return " ".join([paragraph, *(f"{text[0].upper()}{text[1:]}." for text in missing)])


_AGREEMENTS = """
select g.id, s.service, g.tariff_id, g.items, coalesce(v.gal, -1)
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
left join meters_average v on v.agreement_id = g.id and v.during @> %(on)s
where g.account_id = %(account)s and g.during @> %(on)s
order by array_position(array['water', 'irrigation', 'sewer', 'sanitation', 'stormwater'], s.service), s.number, g.id"""


def quote(*, number: str, gal: int, on: date, irrigation_gal: int = 0) -> Quote:
    """Work out one full bill of the account for a use, at the rates, facts and averages of the day.

    :param gal: water used indoors and out; the sewer is measured by it
    :param irrigation_gal: what goes through a sprinkler meter of its own
    :raises Refused: no such account, nothing is served, or a use below zero or above a billion gallons
    """
    for field, value in (("usage", gal), ("irrigation", irrigation_gal)):
        if not 0 <= value <= MOST_GAL:
            raise Refused(f"{value:,} gallons are no use of one bill; write from 0 to {MOST_GAL:,}.", field=field)
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, c.name from customers_account a join customers_customer c on c.id = a.customer_id"
            " where a.number = %s",
            [number],
        )
        found = cursor.fetchone()
        if found is None:
            raise Refused(f"There is no account {number}. Search for the name or the address.", field="account")
        cursor.execute(_AGREEMENTS, {"account": found[0], "on": on})
        rows = cursor.fetchall()
    if not rows:
        raise Refused(f"Nothing is served on account {number} on {on.isoformat()}.", field="account")
    known = tariffs.load_tariffs(codes=sorted({row[2] for row in rows}))
    services = tuple(_service(row, known[row[2]], on, irrigation_gal if row[1] == IRRIGATION else gal) for row in rows)
    return Quote(found[0], number, found[1], on, gal, services)


def _service(row: tuple[int, str, str, int, int], tariff: Tariff, on: date, used: int) -> ServiceQuoted:
    agreement, service, code, items, average = row
    version = tariff.version_on(on)
    terms = tariff.terms_of(version)
    days = np.array([on], dtype="datetime64[D]")
    told = load_facts(np.array([agreement]), tariff.asks, on=days)
    defaults = {need.name: need.default or "" for need in terms.needs}
    facts = {name: str(words[0]) or defaults.get(name, "") for name, words in told.items()}
    uses: tuple[PastUse, ...] = ()
    if version is not None and version.average is not None:
        made = make_averages(np.array([agreement]), on=days, rule=version.average, full_days=terms.per_days)
        average, uses = int(made.gal[0]), made.uses.get(0, ())
    measured = needs_usage(tariff)
    until_on = on + timedelta(days=1)
    from_on = until_on - timedelta(days=terms.per_days or 28)
    if version is not None and from_on < version.period.from_on:  # rates of the day, however new
        from_on, until_on = on, on + timedelta(days=terms.per_days or 28)
    inputs = Inputs.of(
        gal=[used if measured else 0], average_gal=[average], count=[items],
        facts={name: [word] for name, word in facts.items()},
    )  # fmt: skip
    trace = Trace()
    charges = charge(tariff, from_on=from_on, until_on=until_on, inputs=inputs, trace=trace)
    status = Status(int(charges.status[0]))
    rated = status is Status.RATED
    return ServiceQuoted(
        service=service, tariff=code, tariff_name=tariff.name, from_on=from_on, until_on=until_on,
        gal=used if measured else None, average_gal=average if needs_average(tariff) else -1, items=items,
        facts=tuple((name, word) for name, word in facts.items() if word),
        cents=int(charges.total_cents[0]), lines=explain(trace, average_of=uses) if rated else (),
        says="" if rated else status.says,
    )  # fmt: skip
