"""What a deposit is worked out from: what the applicant told, how earlier accounts paid, the bills of the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.office.ledger.statements import array
from curbstop.rules.deposits import Applicant, looks_back
from curbstop.rules.policies import Policies

TENURES = {"owner": "own", "renter": "rent", "business": ""}
"""An account's tenure as the deposit rule has it."""

GUIDELINE = (
    "deposit.waiver",
    "deposit.prior_debt",
    "deposit.commercial",
    "deposit.letter_of_credit",
    "deposit.standing",
    "deposit.credit.tenures",
    "deposit.owner.by_credit",
    "deposit.owner.residential",
    "deposit.renter.residential",
    "deposit.no_ssn",
)
"""The policies of the written guideline."""


@dataclass(frozen=True)
class Checked:
    """What a credit check answered for one adult. Nothing else of the report is kept."""

    name: str
    grade: int
    score: int
    bureau: str
    checked_on: date
    least: int = 0
    most: int = 0
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """What an applicant told or handed in, beside the account.

    ``checks`` or bare ``grades``: the credit check of each adult; ``letter_months``: months paid on time by the letter
    of another utility; ``estimate_cents``: a month's bill as somebody estimates it; ``paper`` and ``paper_on``: a
    protective order or a certification letter.
    """

    instalments: int = 1
    grades: tuple[int, ...] = ()
    checks: tuple[Checked, ...] = ()
    no_ssn: bool = False
    letter_months: int = 0
    estimate_cents: int | None = None
    paper: str = ""
    paper_on: date | None = None


def applicant_of(
    told: Told,
    rules: Policies,
    *,
    customer_class: str,
    tenure: str,
    owed_cents: int,
    left_owing: bool,
    earlier: Sequence[int],
    premise_id: int | None,
    on: date,
) -> Applicant:
    """The applicant as the rule takes him. What no policy looks at is not asked of the database.

    :param earlier: the customer's other accounts
    :param premise_id: where service starts, None where that is not known
    """
    months = looks_back(rules, on=on)
    late = _late(earlier, months["late"], on) if months["late"] and earlier else None
    largest = average = None
    if months["bills"] and premise_id is not None:
        largest, average = _billed_at(premise_id, months["bills"], on)
    return Applicant(
        customer_class=customer_class,
        tenure=TENURES[tenure] if customer_class == "residential" else "",
        grades=told.grades or tuple(check.grade for check in told.checks),
        paper=told.paper,
        paper_on=told.paper_on,
        owed_cents=owed_cents,
        instalments=told.instalments,
        no_ssn=told.no_ssn,
        left_owing=left_owing,
        letter_months=told.letter_months,
        late=late,
        largest_cents=largest,
        average_cents=average,
        estimate_cents=told.estimate_cents,
    )


_LATE = """
select count(distinct b.id), count(distinct l.bill_id) from bills_bill b
left join delinquency_latecharge l on l.bill_id = b.id
where b.account_id = any(%(accounts)s::bigint[])
  and b.due_on >= %(on)s::date - make_interval(months => %(months)s) and b.due_on < %(on)s::date"""


def _late(accounts: Sequence[int], months: int, on: date) -> int | None:
    """Bills with a late charge, None where none was due in the time looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"accounts": array(accounts), "months": months, "on": on})
        bills, late = cursor.fetchone()
    return int(late) if bills else None


_BILLED_AT = """
select max(bill), round(avg(bill))::bigint from (
  select sum(o.cents)::bigint bill from customers_servicepoint s
  join customers_agreement g on g.service_point_id = s.id join bills_outcome o on o.agreement_id = g.id
  where s.premise_id = %(premise)s and o.code = 'billed'
    and o.until_on > %(on)s::date - make_interval(months => %(months)s) and o.until_on <= %(on)s::date
  group by o.bill_id) billed"""


def _billed_at(premise_id: int, months: int, on: date) -> tuple[int | None, int | None]:
    """The largest and the average bill of the place, whoever lived there."""
    with connection.cursor() as cursor:
        cursor.execute(_BILLED_AT, {"premise": premise_id, "months": months, "on": on})
        largest, average = cursor.fetchone()
    return (None, None) if largest is None else (int(largest), int(average))
