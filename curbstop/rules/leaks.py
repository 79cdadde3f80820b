"""The credit for a hidden leak: the city's formula over the account's own history.

The formula is data (policies ``leak.rule``, ``leak.share``, ``leak.once``): a baseline of usual use, how far above it
the use must lie, and the share of the water above the baseline that is taken off. Tulsa's is the pattern: the baseline
is the higher of the sewer cap and the average of the prior bills, and the use at least twice that (City of Tulsa, Water
Leak Credit Program).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from curbstop.rules.faults import BadValue
from curbstop.rules.money import half_up

SEWER_CAP, PRIOR_BILLS = "sewer_cap", "prior_bills"


class NoLeak(BadValue):
    """A use that the city's rule does not take for a leak."""


@dataclass(frozen=True, slots=True)
class LeakRule:
    """A city's rule: what the baseline is the higher of, over how many prior bills, and from which percent of it on.

    ``hidden`` and ``in_writing``: only a leak that could not be seen, only on a written request.
    """

    baseline: tuple[str, ...]
    prior_bills: int
    least_percent: int
    hidden: bool
    in_writing: bool


@dataclass(frozen=True, slots=True)
class Leak:
    """A use held against the rule. ``prior_average_gal``, ``sewer_gal`` -1: not part of the baseline, or not known."""

    used_gal: int
    prior_gal: tuple[int, ...]
    prior_average_gal: int
    sewer_gal: int
    baseline_gal: int
    least_gal: int


def read_rule(value: Mapping[str, object]) -> LeakRule:
    """The rule in a policy value. :raises BadValue: naming what is not understood"""
    words = value.get("baseline")
    parts = tuple(str(word) for word in words) if isinstance(words, list) else ()
    if not parts or set(parts) - {SEWER_CAP, PRIOR_BILLS}:
        remedy = f"name {SEWER_CAP}, {PRIOR_BILLS} or both"
        raise BadValue(field="leak.rule.baseline", value=words, why="not a baseline", remedy=remedy)
    prior, least = int(str(value.get("prior_bills", 0))), int(str(value["least_percent"]))
    if PRIOR_BILLS in parts and prior < 1:
        raise BadValue(
            field="leak.rule.prior_bills",
            value=prior,
            why="no bills to average",
            remedy="write how many, for example 2",
        )
    return LeakRule(parts, prior, least, value.get("hidden") is True, value.get("in_writing") is True)


def weigh_leak(rule: LeakRule, *, used_gal: int, prior_gal: Sequence[int], sewer_gal: int) -> Leak:
    """A use held against the rule.

    :param prior_gal: what was used on the bills before, newest first
    :param sewer_gal: the use that sewer was capped at; -1: there is none
    :raises NoLeak: too few prior bills, no baseline, or a use that is not far enough above it

    >>> rule = LeakRule(("sewer_cap", "prior_bills"), 2, 200, True, True)
    >>> weigh_leak(rule, used_gal=31_000, prior_gal=[6_800, 6_200], sewer_gal=5_000).baseline_gal
    6500
    """
    prior = tuple(prior_gal[: rule.prior_bills]) if PRIOR_BILLS in rule.baseline else ()
    if PRIOR_BILLS in rule.baseline and len(prior) < rule.prior_bills:
        why = f"{len(prior)} bills before this one, where the rule averages {rule.prior_bills}"
        raise NoLeak(field="document_id", value="", why=why, remedy="adjust it by hand, with the reason")
    average = half_up(sum(prior), len(prior)) if prior else -1
    sewer = sewer_gal if SEWER_CAP in rule.baseline else -1
    baseline = max(average, sewer)
    if baseline < 0:
        why = "there is no usual use to compare with"
        raise NoLeak(field="document_id", value="", why=why, remedy="adjust it by hand, with the reason")
    least = -(-baseline * rule.least_percent // 100)
    if used_gal < least:
        why = f"the rule asks for at least {least:,} gallons, {rule.least_percent} percent of {baseline:,}"
        raise NoLeak(
            field="document_id",
            value=f"{used_gal:,} gallons",
            why=why,
            remedy="read the rule's sentence to the customer",
        )
    return Leak(used_gal, prior, average, sewer, baseline, least)


def leak_credit(water_cents: int, baseline_cents: int, share_percent: Fraction) -> int:
    """The share of the water above the baseline's, rounded half up once.

    >>> leak_credit(24858, 3263, Fraction(50))
    10798
    """
    share = Fraction(max(water_cents - baseline_cents, 0)) * share_percent
    return half_up(share.numerator, share.denominator * 100)


def next_possible(approved_on: date, months: int) -> date:
    """The first day on which another credit can be approved.

    >>> next_possible(date(2026, 5, 11), 12)
    datetime.date(2027, 5, 11)
    """
    return approved_on + relativedelta(months=months)
