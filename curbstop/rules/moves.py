"""Who moves in: which tariff a service is billed by, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from curbstop.rules.faults import BadValue
from curbstop.rules.plans import Construct, Flat, Items, Price, Tariff, TopUp, Version, Volume


class NoTariff(BadValue):
    """No tariff, or more than one, fits a service."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The tariff of a service, and the reason in words."""

    code: str
    reason: str


def choose_tariff(
    tariffs: Iterable[Tariff], *, service: str, customer_class: str, on: date, wanted: str = ""
) -> Choice:
    """The tariff by which a service is billed to a customer of a class from a day on.

    The one of that service and class that is in use, holds on the day and has all its prices; else that for any class.
    ``wanted`` is what somebody chose instead: it must be of the service, be in use and hold on the day.

    :raises NoTariff: none fits, or several do and somebody must choose
    """
    known = [tariff for tariff in tariffs if tariff.service == service]
    held = [tariff for tariff in known if tariff.in_use and tariff.version_on(on) is not None]
    if wanted:
        if wanted not in {tariff.code for tariff in held}:
            why = f"not a {service} tariff that holds on {on.isoformat()}"
            raise NoTariff(field="tariffs", value=wanted, why=why, remedy=_instead(held))
        return Choice(wanted, "chosen by hand")
    for named in (customer_class, "any"):
        fitting = [tariff for tariff in held if tariff.customer_class == named]
        priced = [tariff for tariff in fitting if is_priced(tariff.version_on(on))]
        if len(priced) == 1:
            return Choice(priced[0].code, f"the {named} tariff for {service}")
        if len(priced) > 1:
            why = f"{len(priced)} tariffs fit {customer_class} {service}"
            raise NoTariff(field="tariffs", value=service, why=why, remedy=_instead(priced))
    begins = [version.period.from_on for tariff in known for version in tariff.versions]
    if begins and on < min(begins):
        why = f"no {service} tariff holds before {min(begins).isoformat()}"
        raise NoTariff(field="on", value=on.isoformat(), why=why, remedy="start on that day, or adopt what held before")
    why = f"no {customer_class} tariff for {service} is in use with all its prices on {on.isoformat()}"
    raise NoTariff(field="tariffs", value=service, why=why, remedy="adopt one, or leave the service out")


def _instead(tariffs: Iterable[Tariff]) -> str:
    codes = sorted(tariff.code for tariff in tariffs)
    return f"choose {' or '.join(codes)}" if codes else "adopt one first"


def is_priced(version: Version | None) -> bool:
    """Whether every price of the version is set: what is not cannot be billed, so it is not offered."""
    return version is not None and all(
        price.cents is not None or price.rule is not None for line in version.lines for price in _prices(line.construct)
    )


def _prices(construct: Construct) -> list[Price]:
    if isinstance(construct, Flat):
        return [construct.price]
    if isinstance(construct, Volume):
        return [tier.price for tier in construct.every_tier]
    if isinstance(construct, TopUp):
        return [construct.minimum]
    if isinstance(construct, Items):
        return [price for step in construct.steps for price in (step.total, step.each) if price is not None]
    return []
