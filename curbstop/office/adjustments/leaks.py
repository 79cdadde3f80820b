"""The credit for a hidden leak, worked out by the city's formula from the account's own bills: nobody types it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from django.db import connection

from curbstop.office import policies, tariffs
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Owing, Step, Weighed, deductions, load_owing
from curbstop.office.bills import explaining, loading
from curbstop.rules import rating
from curbstop.rules.adjustments import credit_lines, give
from curbstop.rules.leaks import Leak, LeakRule, NoLeak, leak_credit, next_possible, read_rule, weigh_leak
from curbstop.rules.ledger import fund_of
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.rating import Status

REASONS = {
    "hidden_leak": "Hidden leak, repaired",
    "leak_in_wall": "Leak in a wall or under the slab, repaired",
    "service_line": "Leak of the customer's service line, repaired",
}


@dataclass(frozen=True)
class _City:
    """What the city decided about leaks, on a day."""

    rule: LeakRule
    share: Fraction
    months: int
    says: str


def weigh(asked: Asked) -> Weighed:
    """A leak credit on one bill: inputs ``account_id``, ``document_id`` (the bill), ``hidden`` and ``in_writing`` as
    the clerk saw the plumber's paper and the request. The figure comes from the formula.

    :raises Refused: the city has no such rule, the paper does not meet it, there was a credit within the months, or the
        use is not far enough above the usual
    """
    city = _load_city(asked.on)
    account_id = asked.number("account_id")
    owing = load_owing(account_id, asked.on)
    _check_paper(asked, city.rule)
    _check_once(asked, account_id, city.months)
    bill = loading.load_bills([asked.number("document_id")])[0]
    if bill.account_id != account_id:
        raise Refused(f"That bill is not account {owing.number}'s; choose one of its own.", field="document_id")
    water = _water_of(bill)
    sewer = next((s.average_gal for s in bill.services if s.service == "sewer"), -1)
    prior = _prior_gal(water, city.rule.prior_bills)
    try:
        leak = weigh_leak(city.rule, used_gal=water.gal, prior_gal=prior, sewer_gal=sewer)
    except NoLeak as not_one:
        raise Refused(f"{not_one.value or 'This bill'}: {not_one.why}. {city.says}", field="document_id") from not_one
    usual_cents = _rate(water, leak.baseline_gal)
    cents = leak_credit(water.cents, usual_cents, city.share)
    if not cents:
        raise Refused("The formula comes to nothing on this bill.", field="document_id")
    return _weighed(asked, owing, leak, city, cents, (water.cents, usual_cents))


def _load_city(on: date) -> _City:
    rules = policies.load("leak.rule", "leak.share", "leak.once")
    try:
        table = rules.table("leak.rule", on=on)
        says = rules.policy("leak.rule").says
        return _City(read_rule(table), rules.percent("leak.share", on=on), rules.whole("leak.once", on=on), says)
    except NotSet as missing:
        raise Refused(f"{missing}. {missing.says}", field=missing.policy) from missing


def _check_paper(asked: Asked, rule: LeakRule) -> None:
    if rule.hidden and asked.inputs.get("hidden") is not True:
        raise Refused("The rule is for a leak that could not be seen; say that the paper shows it.", field="hidden")
    if rule.in_writing and asked.inputs.get("in_writing") is not True:
        raise Refused("The rule asks for a written request; attach it, and say so.", field="in_writing")


def _check_once(asked: Asked, account_id: int, months: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            'select max(v."on") from ledger_request r join ledger_verdict v on v.approved_id = r.id'
            " where r.kind = 'leak' and r.account_ids @> %s::bigint[] and r.id <> %s",
            [[account_id], asked.request_id],
        )
        last = cursor.fetchone()[0]
    if last is not None and asked.on < next_possible(last, months):
        says = f"A leak was credited on {last.isoformat()}; the next is possible from"
        raise Refused(f"{says} {next_possible(last, months).isoformat()}.", field="document_id")


def _water_of(bill: loading.IssuedRow) -> loading.ServiceRow:
    found = [service for service in bill.services if service.service == "water"]
    if len(found) != 1:
        raise Refused(f"The bill has {len(found)} water services, and the formula is of one.", field="document_id")
    return found[0]


_PRIOR = """
select o.usage_gal from bills_outcome o where o.agreement_id = %(agreement)s and o.code = 'billed'
  and not exists (select from bills_cancelled z where z.bill_id = o.bill_id)
  and o.until_on <= %(from)s order by o.until_on desc limit %(count)s"""


def _prior_gal(water: loading.ServiceRow, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_PRIOR, {"agreement": water.agreement_id, "from": water.from_on, "count": count})
        return [row[0] for row in cursor.fetchall()]


def _rate(water: loading.ServiceRow, gal: int) -> int:
    """What the service would have come to with another use, by the tariff it was billed on."""
    tariff = tariffs.load_tariffs(codes=[water.tariff])[water.tariff]
    inputs = explaining._inputs(replace(water, gal=gal))
    charges = rating.charge(tariff, from_on=water.from_on, until_on=water.until_on, inputs=inputs)
    status = Status(int(charges.status[0]))
    if status is not Status.RATED:
        raise Refused(f"The usual use cannot be rated: {status.says}", field="document_id")
    return int(charges.total_cents[0])


def _weighed(asked: Asked, owing: Owing, leak: Leak, city: _City, cents: int, water: tuple[int, int]) -> Weighed:
    water_cents, usual_cents = water
    document = asked.number("document_id")
    targets = [t for t in owing.targets if t.document == document and t.service == "water"]
    applied, rest = credit_lines(cents, targets, on=asked.on)
    fund = fund_of(targets[0].gl) if targets else _water_fund(asked.on)
    legs = give(applied, deductions(asked.on), account_id=owing.id, rest=rest, rest_fund=fund)
    above = water_cents - usual_cents
    steps = [Step("Used", f"{leak.used_gal:,} gal")]
    if leak.prior_gal:
        steps.append(Step(f"Average of the {len(leak.prior_gal)} bills before", f"{leak.prior_average_gal:,} gal"))
    if leak.sewer_gal >= 0:
        steps.append(Step("Sewer average", f"{leak.sewer_gal:,} gal"))
    steps += [
        Step("Baseline, the higher", f"{leak.baseline_gal:,} gal"),
        Step(f"{city.rule.least_percent} percent of it", f"{leak.least_gal:,} gal"),
        Step("Water as billed", show(water_cents)),
        Step("Water at the baseline", show(usual_cents)),
        Step("Water above the baseline", show(above)),
        Step(f"{city.share} percent of that, rounded half up", show(cents)),
    ]
    if rest:
        steps.append(Step("Paid already: stays on the account as credit", show(rest)))
    facts: dict[str, Any] = {
        "used_gal": leak.used_gal, "baseline_gal": leak.baseline_gal, "above_cents": above, "share": str(city.share),
        "months": city.months, "policy": city.says,
    }  # fmt: skip
    says = f"Credit ${show(cents)} for a leak to {owing.name}, account {owing.number}."
    entries = (Entry("adjust", legs, asked.on),)
    return Weighed(cents, (owing.id,), says, tuple(steps), entries, held_cents=above, facts=facts)


def _water_fund(on: date) -> int:
    return next(fund for fund, kind in deductions(on).items() if kind == "adjustment.water")


def letter(asked: Asked, weighed: Weighed) -> tuple[str, ...]:
    """What the customer is told: the working, and the day from which another credit is possible."""
    facts = weighed.facts
    again = next_possible(asked.on, int(facts["months"]))
    return (
        f"We have credited ${show(weighed.cents)} to your account for the leak that you told us of.",
        f"You used {facts['used_gal']:,} gallons; your usual use is {facts['baseline_gal']:,}. The water above that"
        f" came to ${show(int(facts['above_cents']))}, and {facts['share']} percent of it is taken off.",
        str(facts["policy"]),
        f"The next credit is possible from {again.isoformat()}.",
    )
