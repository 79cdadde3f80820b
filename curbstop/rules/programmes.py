"""Programmes: who qualifies, from when until when, and what is said. The figures of a rate are the tariff's.

A tariff asks for a programme as for any fact (``inputs: {senior: no}``, ``when: {senior: yes}``); whether an account
takes part on a day is a row. What a city wants of an applicant is its policy ``programme.CODE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.people import age_on

CODES: Mapping[str, str] = {
    "senior": "senior rate",
    "low_income": "low-income rate",
    "medical": "medical rate",
    "sewer_average": "own sewer average",
    "carry_out": "carry-out service",
}
"""Every programme there is: its code, which tariffs ask for, and what people call it."""

HOLDS_ON = ("first_day", "last_day")
PER = ("household", "account")


class DoesNotQualify(BadValue):
    """An applicant, or a household, that the rule of a programme leaves out."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A city's rule of a programme on a day. ``months`` None: until it is ended; ``back_days`` 0: never back-dated."""

    code: str
    least_age: int | None
    income_most_cents: int | None
    credit: str
    months: int | None
    per: str
    by_first_day: bool
    renewal_days: int | None
    back_days: int
    proofs: tuple[str, ...]
    renews_with: str


def read_terms(code: str, value: Mapping[str, Any]) -> Terms:
    """The terms out of the policy's value. :raises BadValue: a word that the programs do not know"""
    for field, known in (("holds_on", HOLDS_ON), ("per", PER)):
        if value[field] not in known:
            remedy = f"write one of {', '.join(known)} into programme.{code}"
            raise BadValue(field=field, value=value[field], why="not known", remedy=remedy)
    return Terms(
        code,
        value.get("least_age"),
        value.get("income_most_cents"),
        str(value["credit"]),
        value.get("months"),
        str(value["per"]),
        value["holds_on"] == "first_day",
        value.get("renewal_days"),
        int(value.get("back_days") or 0),
        tuple(str(one) for one in value["proofs"]),
        str(value["renews_with"]),
    )


def check_applicant(terms: Terms, *, born_on: date | None, income_cents: int | None, on: date) -> None:
    """Whether somebody qualifies on a day. :raises DoesNotQualify: with the figure and the limit"""
    if terms.least_age is not None:
        if born_on is None:
            remedy = "enter it from the proof of age"
            raise DoesNotQualify(field="born_on", value="", why="no date of birth is on file", remedy=remedy)
        if (age := age_on(born_on, on)) < terms.least_age:
            why = f"is {age} years old, and the {CODES[terms.code]} begins at {terms.least_age}"
            remedy = "apply again then"
            raise DoesNotQualify(field="born_on", value=born_on.isoformat(), why=why, remedy=remedy)
    if terms.income_most_cents is not None:
        if income_cents is None or income_cents < 0:
            remedy = "enter the household's yearly income from the proof"
            raise DoesNotQualify(field="income", value="", why="no income is given", remedy=remedy)
        if income_cents > terms.income_most_cents:
            over = show(income_cents - terms.income_most_cents)
            raise DoesNotQualify(
                field="income", value=show(income_cents),
                why=f"income {show(income_cents)} is above {show(terms.income_most_cents)}, by {over}",
                remedy="nothing can be granted by this rule",
            )  # fmt: skip


def ends_on(from_on: date, months: int | None) -> date | None:
    """The first day on which it does not hold any more; a day that the month lacks is the first of the next."""
    if months is None:
        return None
    year, month = divmod(from_on.year * 12 + from_on.month - 1 + months, 12)
    try:
        return date(year, month + 1, from_on.day)
    except ValueError:
        year, month = divmod(year * 12 + month + 1, 12)
        return date(year, month + 1, 1)


def remind_on(until_on: date | None, renewal_days: int | None) -> date | None:
    """The day of the renewal letter; None: there is none."""
    if until_on is None or renewal_days is None:
        return None
    return until_on - timedelta(days=renewal_days)


def said_after_end(code: str, until_on: date, renews_with: str) -> str:
    """What the first bill after the end says."""
    return f"{CODES[code]} ended {until_on.isoformat()}; renew with {renews_with}"


def is_first_after(until_on: date, from_on: date, period_until_on: date) -> bool:
    """Whether a billed period is the first that began on the day of the end or after it."""
    return until_on <= from_on and (from_on - until_on) < (period_until_on - from_on)
