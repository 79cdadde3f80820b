"""The cities' own files, as the tests of the rules use them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from curbstop.rules.plans import Tariff
from curbstop.rules.policies import Policies, read_policies
from curbstop.rules.tariffs import read_tariffs

CITIES = Path(__file__).parents[2] / "curbstop" / "cities"


@cache
def tariffs(city: str = "moore_ok") -> dict[str, Tariff]:
    """A city's tariffs by code."""
    paths = sorted((CITIES / city / "tariffs").glob("*.yaml"))
    return {tariff.code: tariff for path in paths for tariff in read_tariffs(path.read_text(), file=path.name)}


@cache
def policies(*, example: bool = False) -> Policies:
    """Moore's policies, with the example town's laid over them when asked."""
    paths = [*sorted((CITIES / "moore_ok" / "policies").glob("*.yaml")), CITIES / "moore_ok" / "calendar.yaml"]
    found = Policies.of(policy for path in paths for policy in read_policies(path.read_text(), file=path.name))
    if example:
        path = CITIES / "example" / "policies.yaml"
        return found.overlay(read_policies(path.read_text(), file=path.name))
    return found


@cache
def policies_under(pack: str) -> Policies:
    """Moore's policies with another city's guideline laid over them."""
    path = CITIES / pack / "policies" / "deposits.yaml"
    return policies().overlay(read_policies(path.read_text(), file=path.name))
