"""What tariffs ask of account, premise, meter and agreement beside usage: `inputs` of the tariff language, as text.

An agreement's own attributes come first; then what the office knows by itself. What is known nowhere is empty, and a
tariff that asks for it without a default does not charge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curbstop.records.bulk.arrays import Many, fetch

KNOWN: Mapping[str, str] = {
    "meter": (
        "(select m.size from meters_installation i join meters_meter m on m.id = i.meter_id"
        " where i.service_point_id = coalesce(s.measured_by_id, s.id) order by lower(i.during) desc limit 1)"
    ),
    "class": "a.customer_class",
    "tenure": "a.tenure",
    "location": "case when p.inside_city then 'inside' else 'outside' end",
    "units": "p.dwelling_units::text",
    "zip": "p.zip",
}
"""Names a tariff may ask for without anybody filling them in, each as SQL over agreement, account and premise:
``meter`` is the size of the meter (``5/8``), ``location`` is ``inside`` or ``outside``, ``units`` dwelling units."""


def load_facts(agreements: NDArray[np.int64], names: Sequence[str]) -> dict[str, NDArray[np.str_]]:
    """What is known today under these names, an array each in the order of ``agreements``; empty where nothing is."""
    if not names:
        return {}
    distinct, which = np.unique(agreements, return_inverse=True)
    params: dict[str, Any] = {"agreements": Many(distinct)}
    asked = []
    for place, name in enumerate(names):
        params[f"name{place}"] = name
        asked.append(f"coalesce(g.attributes ->> %(name{place})s::text, {KNOWN.get(name, 'null')}, '') fact{place}")
    rows = fetch(
        f"""select {", ".join(asked)} from customers_agreement g join customers_account a on a.id = g.account_id
            join customers_servicepoint s on s.id = g.service_point_id join customers_premise p on p.id = s.premise_id
            where g.id = any(%(agreements)s) order by g.id""",
        params,
        {f"fact{place}": "text" for place in range(len(names))},
    )
    return {name: rows[f"fact{place}"][which] for place, name in enumerate(names)}
