"""What a calculation finds worth a look: what is held, no use at all, more than usual, first bills, final bills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from curbstop.office import policies
from curbstop.office.bills import outcomes
from curbstop.office.bills.inputs import Ints, Work
from curbstop.office.bills.rates import Rated
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules.policies import NotSet, Plain
from curbstop.rules.reads import bands_for

USUAL_DAYS = 2 * 28 + 364
"""How far back "usual" looks: the bills of a year, the last of which began up to two periods ago."""
ENOUGH = 3
"""Bills that there must be before use without a band can be called high."""


@dataclass
class Findings:
    """Findings of a chunk, one an account and finding: positions of accounts and of the agreements they are about."""

    words: list[str] = field(default_factory=list)
    place: list[NDArray[np.intp]] = field(default_factory=list)
    agreement: list[NDArray[np.intp]] = field(default_factory=list)
    code: list[NDArray[np.intp]] = field(default_factory=list)
    usual_from: dict[int, int] = field(default_factory=dict)  # by agreement
    usual_until: dict[int, int] = field(default_factory=dict)

    def add(self, word: str, place: NDArray[np.intp], agreement: NDArray[np.intp]) -> None:
        """Add a finding; an account has it once, about the first agreement given."""
        places, first = np.unique(place, return_index=True)
        if len(places):
            self.words.append(word)
            self.place.append(places)
            self.agreement.append(agreement[first])
            self.code.append(np.full(len(places), len(self.words) - 1, dtype=np.intp))


def look(rated: Rated, bands: list[Plain] | None) -> Findings:
    """Everything about a chunk that somebody should look at before it is posted; ``bands`` is the policy
    ``reads.bands``."""
    work, found = rated.work, Findings()
    for code in range(2, len(outcomes.CODES)):
        if outcomes.CODES[code] not in ("held_by_review", "held_with_account"):
            held = np.flatnonzero(work.code == code)
            found.add(outcomes.CODES[code], work.place[held], held)
    billed = np.flatnonzero(work.code == 0)
    water = billed[_services(work)[work.tariff[billed]] == "water"]
    zero = water[work.gal[water] == 0]
    found.add("zero", work.place[zero], zero)
    metered = billed[np.isin(_services(work)[work.tariff[billed]], ("water", "irrigation")) & work.measured[billed]]
    _add_high(found, work, metered, bands)
    first = _first(work)
    found.add("first", first, np.searchsorted(work.place, first))
    goes_on = np.zeros(len(work.accounts), dtype=np.bool_)
    goes_on[work.place[~work.ends]] = True
    final = np.flatnonzero(rated.billed & ~goes_on)
    found.add("final", final, np.searchsorted(work.place, final))
    return found


def _services(work: Work) -> NDArray[np.str_]:
    return np.array([tariff.service if tariff is not None else "" for tariff in work.tariffs])


def _first(work: Work) -> NDArray[np.intp]:
    """Places of the accounts that never had a bill."""
    rows = fetch(
        """select a.n - 1 place from unnest(%(accounts)s) with ordinality a (id, n)
           where not exists (select from bills_bill b where b.account_id = a.id)""",
        {"accounts": Many(work.accounts)},
        {"place": "bigint"},
    )
    billed = np.unique(work.place[work.code == 0])
    return billed[np.isin(billed, rows["place"])]


def _add_high(found: Findings, work: Work, rows: NDArray[np.intp], bands: list[Plain] | None) -> None:
    """More than the policy's band; where the city has set none, more than twice the most of the last year."""
    past = fetch(
        """select agreement_id agreement, count(*) bills, sum(usage_gal)::bigint gal, min(usage_gal) least,
                  max(usage_gal) most
           from bills_outcome where agreement_id = any(%(agreements)s) and code = 'billed' and from_on >= %(since)s
             and not exists (select from bills_cancelled z where z.bill_id = bills_outcome.bill_id)
           group by agreement_id""",
        {"agreements": Many(work.agreement[rows]), "since": work.until_on.min().item() - timedelta(days=USUAL_DAYS)},
        {"agreement": "bigint", "bills": "bigint", "gal": "bigint", "least": "bigint", "most": "bigint"},
    )
    order = np.argsort(work.agreement[rows])
    here = rows[order[np.searchsorted(work.agreement[rows], past["agreement"], sorter=order)]]
    usage = work.gal[here]
    if bands is None:
        high = (past["bills"] >= ENOUGH) & (usage > 2 * past["most"])
    else:
        percent, least = _bands_by_tariff(work, bands)
        of = work.tariff[here]
        high = (usage > least[of]) & (usage * past["bills"] * 100 > percent[of] * past["gal"])
    found.add("high", work.place[here[high]], here[high])
    for row, least_gal, most_gal in zip(here.tolist(), past["least"].tolist(), past["most"].tolist(), strict=True):
        found.usual_from[row], found.usual_until[row] = least_gal, most_gal


def _bands_by_tariff(work: Work, bands: list[Plain]) -> tuple[Ints, Ints]:
    limits = [
        bands_for(bands, tariff.customer_class if tariff is not None else "residential") for tariff in work.tariffs
    ]
    return np.array([band.high_percent for band in limits]), np.array([band.least_gal for band in limits])


def load_bands(on: date) -> list[Plain] | None:
    """The policy ``reads.bands``, None where the city has set none."""
    try:
        return policies.load("reads.bands").rows("reads.bands", on=on)
    except NotSet:
        return None
