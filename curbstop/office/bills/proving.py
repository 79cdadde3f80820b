"""Rating every issued bill again, as sets: the proof that no rate, read or line was changed under a bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office import tariffs
from curbstop.office._facts import Words
from curbstop.office.bills import rates
from curbstop.office.bills.inputs import Ints
from curbstop.office.bills.numbers import bill_number
from curbstop.records.bulk.arrays import fetch
from curbstop.rules import rating
from curbstop.rules.money import show
from curbstop.rules.plans import Tariff
from curbstop.rules.rating import Inputs, Status

SHOWN = 20
"""Faults that are told in words; all are counted."""

_OUTCOMES = """
select o.agreement_id agreement, o.bill_id bill,
  coalesce(array_position(%(codes)s::text[], g.tariff_id), 0) tariff, o.from_on, o.until_on,
  o.usage_gal gal, o.average_gal average, o.items, o.prorate_days days, o.cents
from bills_outcome o join customers_agreement g on g.id = o.agreement_id
where o.run_id = %(run)s and o.code = 'billed' and o.bill_id %% %(every)s = 0 order by o.bill_id, o.agreement_id
"""
_OUTCOME_KINDS = {
    "agreement": "bigint", "bill": "bigint", "tariff": "integer", "from_on": "date", "until_on": "date",
    "gal": "bigint", "average": "bigint", "items": "smallint", "days": "smallint", "cents": "bigint",
}  # fmt: skip
# by transaction, and not bill by bill: a chunk's rows lie together. That each is of its bill's account is proof 8's.
_POSTED = """
select p.document_id bill, p.kind_id kind, p.debit_cents cents from ledger_posting p
where p.txn_id = any(array(select distinct txn_id from bills_bill where run_id = %(run)s)) and p.sub = 2
  and p.document_id in (select id from bills_bill where run_id = %(run)s and id %% %(every)s = 0)
"""
_CHARGED = """
select b.id bill, c.kind_id kind, sum(c.cents)::bigint cents
from bills_bill b left join bills_cancelled z on z.replaced_by_id = b.id
join bills_chargebilled x on x.bill_id = coalesce(z.first_id, b.id) join bills_charge c on c.id = x.charge_id
where b.run_id = %(run)s and b.id %% %(every)s = 0 group by b.id, c.kind_id
"""
_SUM_KINDS = {"bill": "bigint", "kind": "smallint", "cents": "bigint"}
MOST_KINDS = 1 << 15


@dataclass(frozen=True)
class Rerated:
    """What rating the issued bills again found: how many bills, how many faults, the first of them in words."""

    bills: int
    at_fault: int
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every bill comes to its lines to the cent."""
        return self.at_fault == 0


def rerate_all(*, every: int = 1) -> Rerated:
    """Rate every issued bill again from what was stored with it (or each ``every``-th, by document), and compare
    services and lines with what was posted, to the cent."""
    with connection.cursor() as cursor:
        cursor.execute("select id, bill_on from bills_run order by id")
        runs = cursor.fetchall()
    known = tariffs.load_tariffs()
    bills, found = 0, []
    for run, bill_on in runs:
        looked_at, faults = _rerate(run, bill_on, known, every)
        bills += looked_at
        found += faults
    return Rerated(bills, len(found), tuple(found[:SHOWN]))


def _rerate(run: int, bill_on: date, known: dict[str, Tariff], every: int) -> tuple[int, list[str]]:
    codes = sorted(known)
    values = {"run": run, "every": every}
    rows = fetch(_OUTCOMES, {**values, "codes": codes}, _OUTCOME_KINDS)
    facts = load_given(run, rows["agreement"])
    kinds = rates.load_kinds(bill_on)
    faults: list[str] = []
    cents = np.zeros(len(rows["bill"]), dtype=np.int64)
    bill_kinds, amounts = [], []
    key = rows["tariff"].astype(np.int64) << 48 | _day(rows["from_on"]) << 24 | _day(rows["until_on"])
    order = np.argsort(key, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
        if not len(group):
            continue
        if rows["tariff"][group[0]] == 0:
            faults += [f"bill {bill_number(bill)} was rated by a tariff that is gone" for bill in rows["bill"][group]]
            continue
        tariff = known[codes[int(rows["tariff"][group[0]]) - 1]]
        charges = _charge(tariff, rows, facts, group)
        faults += _not_rated(rows["bill"][group], charges.status)
        cents[group] = charges.total_cents
        for place, line in enumerate(charges.lines):
            kind = kinds.by_code.get(line.kind)
            bill_kinds.append(rows["bill"][group] * MOST_KINDS + (kind.id if kind else 0))
            amounts.append(charges.cents[place])
    differ = np.flatnonzero(cents != rows["cents"])
    faults += [
        f"bill {bill_number(int(rows['bill'][row]))}: a service was billed {show(int(rows['cents'][row]))} and rates to"
        f" {show(int(cents[row]))}"
        for row in differ.tolist()
    ]
    for query, sign in ((_CHARGED, 1), (_POSTED, -1)):
        sums = fetch(query, values, _SUM_KINDS)
        bill_kinds.append(sums["bill"] * MOST_KINDS + sums["kind"])
        amounts.append(sign * sums["cents"])
    faults += _lines_that_differ(np.concatenate(bill_kinds), np.concatenate(amounts))
    return len(np.unique(rows["bill"])), faults


def _day(days: NDArray[np.datetime64]) -> Ints:
    return days.astype(np.int64) + 1_000_000


def load_given(run: int, agreements: Ints) -> dict[str, Words]:
    """What was kept of the facts that the run's services were rated from, by name; empty where nothing was."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct jsonb_object_keys(facts) from bills_given where run_id = %s order by 1", [run])
        names = [name for (name,) in cursor.fetchall()]
    if not names:
        return {}
    asked = ", ".join(f"coalesce(facts ->> %(name{place})s::text, '') fact{place}" for place in range(len(names)))
    rows = fetch(
        f"select agreement_id agreement, {asked} from bills_given where run_id = %(run)s order by agreement_id",
        {"run": run, **{f"name{place}": name for place, name in enumerate(names)}},
        {"agreement": "bigint", **{f"fact{place}": "text" for place in range(len(names))}},
    )
    at = np.minimum(np.searchsorted(rows["agreement"], agreements), len(rows["agreement"]) - 1)
    there = rows["agreement"][at] == agreements
    return {name: np.where(there, rows[f"fact{place}"][at], "") for place, name in enumerate(names)}


def _charge(
    tariff: Tariff, rows: dict[str, NDArray[np.generic]], facts: dict[str, Words], group: NDArray[np.intp]
) -> rating.Charges:
    first = group[0]
    inputs = Inputs.of(
        gal=rows["gal"][group].astype(np.int64),
        average_gal=rows["average"][group].astype(np.int64),
        count=rows["items"][group].astype(np.int64),
        prorate_days=rows["days"][group].astype(np.int64),
        facts={name: words[group] for name, words in facts.items()} if tariff.asks else {},
    )
    from_on, until_on = rows["from_on"][first].item(), rows["until_on"][first].item()
    return rating.charge(tariff, from_on=from_on, until_on=until_on, inputs=inputs)


def _not_rated(bills: NDArray[np.generic], status: NDArray[np.int16]) -> list[str]:
    return [
        f"bill {bill_number(int(bills[row]))} cannot be rated any more: {Status(int(status[row])).says}"
        for row in np.flatnonzero(status).tolist()
    ]


def _lines_that_differ(keys: Ints, cents: Ints) -> list[str]:
    """What is rated and charged less what is posted, by bill and kind, where that is not nothing."""
    distinct, which = np.unique(keys, return_inverse=True)
    left = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(left, which, cents)
    faults = []
    for place in np.flatnonzero(left).tolist():
        bill, kind = divmod(int(distinct[place]), MOST_KINDS)
        word = "less" if left[place] > 0 else "more"
        amount = show(abs(int(left[place])))
        faults.append(f"bill {bill_number(bill)}: its lines of kind {kind} are {amount} {word} than they rate to")
    return faults
