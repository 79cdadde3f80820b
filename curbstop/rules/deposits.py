"""Deposits: what is asked of an applicant, in how many parts, and the sentence that decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet, Plain, Policies

CLASSES = ("residential", "commercial")
TENURES = ("rent", "own", "")
PAPERS = ("", "protective_order", "certification_letter")


@dataclass(frozen=True, slots=True)
class Applicant:
    """The facts a deposit depends on.

    tenure: rent, own, or empty for a business; grades: the credit grade of each adult checked, empty for none;
    paper and paper_on: a protective order or certification letter and its date; owed_cents: left owing on
    earlier accounts; instalments: in how many parts the applicant wants to pay.
    """

    customer_class: str
    tenure: str = ""
    grades: tuple[int, ...] = ()
    paper: str = ""
    paper_on: date | None = None
    owed_cents: int = 0
    instalments: int = 1

    def __post_init__(self) -> None:
        _one_of("class", self.customer_class, CLASSES)
        _one_of("tenure", self.tenure, TENURES)
        _one_of("paper", self.paper, PAPERS)
        if self.customer_class == "residential" and not self.tenure:
            raise BadValue(field="tenure", value="", why="missing", remedy="say whether the applicant rents or owns")
        if bool(self.paper) != (self.paper_on is not None):
            remedy = "give the paper and its date together"
            raise BadValue(field="paper_on", value=self.paper_on, why="a paper has a date", remedy=remedy)
        if self.owed_cents < 0:
            raise BadValue(field="owed", value=show(self.owed_cents), why="below zero", remedy="write what is owed")
        if self.instalments < 1:
            raise BadValue(field="instalments", value=self.instalments, why="below 1", remedy="1 is paid in one part")


def _one_of(field: str, value: str, options: Sequence[str]) -> None:
    if value not in options:
        remedy = f"use one of {', '.join(option or '(empty)' for option in options)}"
        raise BadValue(field=field, value=value, why="not known", remedy=remedy)


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is asked: the parts in cents (empty when none), the policy that decided, and its sentence.

    `debt_first_cents` is the old debt to be paid before the account opens; `notes` say what was looked at and
    did not decide. `confidential` marks a waiver whose reason nobody may be shown.
    """

    amount_cents: int
    instalments_cents: tuple[int, ...]
    policy: str
    says: str
    authority: str
    debt_first_cents: int = 0
    confidential: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DepositNotSet:
    """The city has no figure for this applicant: a person decides, with these words on the screen."""

    policy: str
    says: str
    why: str
    notes: tuple[str, ...] = ()


Decided = Deposit | DepositNotSet


def work_out(policies: Policies, applicant: Applicant, *, on: date) -> Decided:
    """The deposit asked of an applicant on a day.

    In this order: a waiver by law; an old debt; else tenure and class. What no policy sets is a `DepositNotSet`,
    never a guess.

    :raises BadValue: more instalments than the policy allows
    """
    notes: list[str] = []
    waived = _waived(policies, applicant, on, notes)
    if waived is not None:
        return waived
    if applicant.owed_cents:
        owing = _prior_debt(policies, applicant, on, notes)
        if owing is not None:
            return owing
    if applicant.customer_class == "commercial":
        return _from_table(policies, "deposit.commercial", applicant, on, notes)
    if applicant.tenure == "rent":
        return _from_table(policies, "deposit.renter.residential", applicant, on, notes)
    return _by_credit(policies, applicant, on, notes)


def _waived(policies: Policies, applicant: Applicant, on: date, notes: list[str]) -> Deposit | None:
    """11 O.S. 35-107: no credit check and no deposit on a protective order or a certification letter in date."""
    if not applicant.paper or applicant.paper_on is None:
        return None
    try:
        days = policies.table("deposit.waiver", on=on)["days"]
    except NotSet as error:
        notes.append(error.why)
        return None
    assert isinstance(days, int)
    age = (on - applicant.paper_on).days
    if age < 0:
        remedy = "check the date on the paper"
        raise BadValue(field="paper_on", value=applicant.paper_on.isoformat(), why="after today", remedy=remedy)
    if applicant.paper == "certification_letter" and age > days:
        last = date.fromordinal(applicant.paper_on.toordinal() + days)
        notes.append(f"The letter ended on {last.isoformat()}; ask for a new one, or the deposit.")
        return None
    policy = policies.policy("deposit.waiver")
    return Deposit(0, (), policy.id, policy.says, policy.authority, confidential=True)


def _prior_debt(policies: Policies, applicant: Applicant, on: date, notes: list[str]) -> Deposit | None:
    owed = show(applicant.owed_cents)
    found = _from_table(policies, "deposit.prior_debt", applicant, on, notes)
    if isinstance(found, DepositNotSet):
        notes.append(f"{owed} is left owing on an earlier account; no rule for that is set for this city.")
        return None
    return Deposit(
        found.amount_cents,
        found.instalments_cents,
        found.policy,
        found.says,
        found.authority,
        debt_first_cents=applicant.owed_cents,
        notes=(*notes, f"{owed} is left owing and is paid first."),
    )


def _from_table(policies: Policies, id: str, applicant: Applicant, on: date, notes: list[str]) -> Decided:
    try:
        table = policies.table(id, on=on)
    except NotSet as error:
        return DepositNotSet(id, error.says, error.why, tuple(notes))
    amount, most = _amount_and_parts(table)
    policy = policies.policy(id)
    parts = _parts(amount, applicant.instalments, most)
    return Deposit(amount, parts, id, policy.says, policy.authority, notes=tuple(notes))


def _by_credit(policies: Policies, applicant: Applicant, on: date, notes: list[str]) -> Decided:
    """A home owner's deposit by the worst grade of the adults checked; a credit decision under FCRA section 615."""
    id = "deposit.owner.by_credit"
    try:
        rows = policies.rows(id, on=on)
    except NotSet as error:
        return DepositNotSet(id, error.says, error.why, tuple(notes))
    policy = policies.policy(id)
    if not applicant.grades:
        why = "no credit check is on file for an adult of the household"
        return DepositNotSet(id, policy.says, why, tuple(notes))
    by_grade = {row["grade"]: row for row in rows if isinstance(row, dict)}
    unknown = [grade for grade in applicant.grades if grade not in by_grade]
    if unknown:
        why = f"grade {unknown[0]} has no amount; grades are {', '.join(map(str, by_grade))}"
        return DepositNotSet(id, policy.says, why, tuple(notes))
    asked = {grade: _amount_and_parts(by_grade[grade]) for grade in applicant.grades}
    grade = max(applicant.grades, key=lambda grade: asked[grade])
    amount, most = asked[grade]
    decided = f"Grade {grade} decides; the notice of what the check said must be sent."
    parts = _parts(amount, applicant.instalments, most)
    return Deposit(amount, parts, id, policy.says, policy.authority, notes=(*notes, decided))


def _amount_and_parts(table: dict[str, Plain]) -> tuple[int, int]:
    amount, most = table["amount_cents"], table["instalments"]
    assert isinstance(amount, int) and isinstance(most, int)
    return amount, most


def _parts(amount_cents: int, wanted: int, most: int) -> tuple[int, ...]:
    """Equal parts in whole cents, the odd cents on the first ones."""
    if wanted > most:
        remedy = f"choose {most} or fewer" if most > 1 else "it is paid in one part"
        raise BadValue(field="instalments", value=wanted, why=f"at most {most} are allowed", remedy=remedy)
    each, odd = divmod(amount_cents, wanted)
    return tuple(each + (index < odd) for index in range(wanted)) if amount_cents else ()
