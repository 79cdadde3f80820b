"""The late charge that a bill announced."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from curbstop.rules.bills import late_cents


def late_charge(billed_cents: Mapping[str, int], percent: Fraction, *, disputed_cents: int = 0) -> dict[str, int]:
    """The late charge on a bill, split over its services in proportion to what each was billed.

    The charge is ``percent`` of the bill's total, rounded half up once; its cents go to the services by largest
    remainder, ties to the service that comes first, so the parts always add up to it. Services that come to nothing are
    left out.

    :param billed_cents: what the bill charged by service, each 0 or more
    :param disputed_cents: so much of it is under dispute, and no charge is put on that (Memphis Light v. Craft)
    :raises ValueError: a negative amount

    >>> late_charge({"water": 4464, "sewer": 3845, "sanitation": 1150}, Fraction(2))
    {'water': 89, 'sewer': 77, 'sanitation': 23}
    >>> late_charge({"water": 4464, "sewer": 3845, "sanitation": 1150}, Fraction(2), disputed_cents=4459)
    {'water': 47, 'sewer': 41, 'sanitation': 12}
    """
    if disputed_cents < 0 or any(cents < 0 for cents in billed_cents.values()):
        raise ValueError(f"a bill's services are 0 or more, not {dict(billed_cents)}, disputed {disputed_cents}")
    total = sum(billed_cents.values())
    charge = late_cents(max(total - disputed_cents, 0), percent)
    if not charge:
        return {}
    parts = {service: charge * cents // total for service, cents in billed_cents.items()}
    left = charge - sum(parts.values())
    by_remainder = sorted(billed_cents, key=lambda service: -(charge * billed_cents[service] % total))
    for service in by_remainder[:left]:
        parts[service] += 1
    return {service: cents for service, cents in parts.items() if cents}
