"""Deposits: what is asked of an applicant and why; what it earns, when more is asked, when it goes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from curbstop.rules.faults import BadValue
from curbstop.rules.money import half_up, show
from curbstop.rules.policies import NotSet, Plain, Policies, Policy

CLASSES = ("residential", "commercial")
CREDIT_TENURES = ("own",)
"""Who is asked by credit grade where a city has the grades and does not say whom it checks."""
TENURES = ("rent", "own", "")
PAPERS = ("", "protective_order", "certification_letter")


@dataclass(frozen=True, slots=True)
class Applicant:
    """The facts a deposit depends on.

    tenure: rent, own, or empty for a business; grades: the credit grade of each adult checked, empty for none;
    paper and paper_on: a protective order or certification letter and its date; owed_cents: left owing on
    earlier accounts; instalments: in how many parts the applicant wants to pay; no_ssn: the applicant gives no
    number, so that no credit check can be made (Privacy Act, section 7: service is not refused for it); left_owing: an
    earlier account was once written off, whatever was paid since; letter_months: months paid on time by the letter of
    another utility; late: bills late here over the months that `deposit.standing` looks at, None for somebody who was
    never billed here; largest_cents and average_cents: of the bills at the place, over the months that the guideline
    looks at, None where there were none; estimate_cents: a month's bill as somebody estimates it.
    """

    customer_class: str
    tenure: str = ""
    grades: tuple[int, ...] = ()
    paper: str = ""
    paper_on: date | None = None
    owed_cents: int = 0
    instalments: int = 1
    no_ssn: bool = False
    left_owing: bool = False
    letter_months: int = 0
    late: int | None = None
    largest_cents: int | None = None
    average_cents: int | None = None
    estimate_cents: int | None = None

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
    did not decide. `confidential` marks a waiver whose reason nobody may be shown;
    `most_parts` in how many parts it may be paid.
    """

    amount_cents: int
    instalments_cents: tuple[int, ...]
    policy: str
    says: str
    authority: str
    debt_first_cents: int = 0
    confidential: bool = False
    notes: tuple[str, ...] = ()
    most_parts: int = 1


@dataclass(frozen=True, slots=True)
class DepositNotSet:
    """The city has no figure for this applicant: a person decides, with these words on the screen."""

    policy: str
    says: str
    why: str
    notes: tuple[str, ...] = ()


Decided = Deposit | DepositNotSet


def work_out(policies: Policies, applicant: Applicant, *, on: date) -> Decided:
    """The deposit asked of an applicant on a day, by the city's written guideline.

    In this order: a waiver by law; an old debt; a business; the letter of another utility; good standing here; credit
    grades, where the city has them for this tenure; else tenure. What no policy sets is a `DepositNotSet`, never a
    guess.

    :raises BadValue: more instalments than the policy allows
    """
    notes: list[str] = []
    for look in (_waived, _prior_debt):
        found = look(policies, applicant, on, notes)
        if found is not None:
            return found
    if applicant.customer_class == "commercial":
        return _from_table(policies, "deposit.commercial", applicant, on, notes)
    for look in (_by_letter, _by_standing):
        found = look(policies, applicant, on, notes)
        if found is not None:
            return found
    own = "deposit.owner.residential" if applicant.tenure == "own" else "deposit.renter.residential"
    if applicant.tenure not in _credit_tenures(policies, on) or (
        not is_set(policies, "deposit.owner.by_credit", on) and is_set(policies, own, on)
    ):
        return _from_table(policies, own, applicant, on, notes)
    if applicant.no_ssn and not applicant.grades:
        return _from_table(policies, "deposit.no_ssn", applicant, on, notes)
    return _by_credit(policies, applicant, on, notes)


def is_set(policies: Policies, id: str, on: date) -> bool:
    """Whether the city has a value for the policy on the day."""
    try:
        policies.value(id, on=on)
    except NotSet:
        return False
    return True


def _credit_tenures(policies: Policies, on: date) -> Sequence[str]:
    try:
        return [str(row) for row in policies.rows("deposit.credit.tenures", on=on)]
    except NotSet:
        return CREDIT_TENURES


def looks_back(policies: Policies, *, on: date) -> dict[str, int]:
    """Over how many months the guideline looks: at the bills of the place (``bills``), at the applicant (``late``)."""
    months = {"bills": 0, "late": 0}
    for id, key in (
        ("deposit.commercial", "bills"),
        ("deposit.renter.residential", "bills"),
        ("deposit.owner.residential", "bills"),
        ("deposit.standing", "late"),
    ):
        try:
            table = policies.table(id, on=on)
        except NotSet:
            continue
        over = table.get("over_months", 0)
        assert isinstance(over, int)
        months[key] = max(months[key], over)
        if table.get("when") == "not_good_standing":
            months["late"] = max(months["late"], over)
    return months


def _by_letter(policies: Policies, applicant: Applicant, on: date, notes: list[str]) -> Deposit | None:
    """Another utility writes that its customer paid on time."""
    if not applicant.letter_months:
        return None
    id = "deposit.letter_of_credit"
    try:
        table = policies.table(id, on=on)
    except NotSet as error:
        notes.append(f"A letter of another utility counts for nothing yet: {error.why}")
        return None
    needed = table["months"]
    assert isinstance(needed, int)
    if applicant.letter_months < needed:
        notes.append(f"The letter is of {applicant.letter_months} months on time; {needed} are needed.")
        return None
    notes.append(f"The letter of another utility is of {applicant.letter_months} months on time.")
    found = _from_table(policies, id, applicant, on, notes)
    assert isinstance(found, Deposit)
    return found


def _by_standing(policies: Policies, applicant: Applicant, on: date, notes: list[str]) -> Deposit | None:
    """Somebody who was billed here before, and how he paid."""
    id = "deposit.standing"
    if applicant.late is None or not is_set(policies, id, on):
        return None
    table = policies.table(id, on=on)
    most, over = table["late_most"], table["over_months"]
    assert isinstance(most, int) and isinstance(over, int)
    told = f"{applicant.late} bills late in {over} months; at most {most} are good standing."
    notes.append(told)
    if applicant.late > most:
        return None
    found = _from_table(policies, id, applicant, on, notes)
    assert isinstance(found, Deposit)
    return found


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
    if not applicant.owed_cents and not applicant.left_owing:
        return None
    owed = show(applicant.owed_cents)
    told = f"{owed} is left owing" if applicant.owed_cents else "Something was left owing and written off"
    found = _from_table(policies, "deposit.prior_debt", applicant, on, notes)
    if isinstance(found, DepositNotSet):
        notes.append(f"{told} on an earlier account; no rule for that is set for this city.")
        return None
    return Deposit(
        found.amount_cents,
        found.instalments_cents,
        found.policy,
        found.says,
        found.authority,
        debt_first_cents=applicant.owed_cents,
        notes=(*notes, f"{owed} is left owing and is paid first." if applicant.owed_cents else f"{told} before."),
        most_parts=found.most_parts,
    )


def _from_table(policies: Policies, id: str, applicant: Applicant, on: date, notes: list[str]) -> Decided:
    try:
        table = policies.table(id, on=on)
    except NotSet as error:
        return DepositNotSet(id, error.says, error.why, tuple(notes))
    policy = policies.policy(id)
    amount, most = _amount_and_parts(table)
    if "times" in table:
        by_bills = _by_bills(table, amount, applicant, notes)
        if by_bills is None:
            why = "there is no bill at this place to count from; estimate a month's bill of one like it"
            return DepositNotSet(id, policy.says, why, tuple(notes))
        amount = by_bills
    parts = _parts(amount, applicant.instalments, most)
    return Deposit(amount, parts, id, policy.says, policy.authority, notes=tuple(notes), most_parts=most)


def _by_bills(table: dict[str, Plain], least_cents: int, applicant: Applicant, notes: list[str]) -> int | None:
    """A multiple of the bills at the place: never less than the least, or only for want of good standing.

    :return: None where there is nothing to multiply
    """
    over, of = table.get("over_months"), table["of"]
    assert isinstance(over, int)
    if table.get("when") == "not_good_standing" and applicant.late is not None and applicant.letter_months == 0:
        most = table.get("late_most", 0)
        assert isinstance(most, int)
        if applicant.late <= most:
            notes.append(f"Good standing: {applicant.late} bills late in {over} months; at most {most} are.")
            return least_cents
    if table.get("when") == "not_good_standing" and applicant.letter_months:
        notes.append(f"Good standing by the letter of another utility, {applicant.letter_months} months on time.")
        return least_cents
    base = applicant.largest_cents if of == "largest" else applicant.average_cents
    words = f"the {of} bill here in {over} months"
    if base is None:
        base, words = applicant.estimate_cents, "a month's bill as estimated"
    if base is None:
        return None
    times = Fraction(str(table["times"]))
    product = times * base
    cents = half_up(product.numerator, product.denominator)
    told = f"{table['times']} x {show(base)}, {words}, is {show(cents)}"
    if table.get("when") == "not_good_standing":
        notes.append(f"{told}.")
        return cents
    notes.append(f"{told}; the least is {show(least_cents)}.")
    return max(cents, least_cents)


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
    return Deposit(amount, parts, id, policy.says, policy.authority, notes=(*notes, decided), most_parts=most)


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


# --- interest ---------------------------------------------------------------------------------------------------------

YEARS = ("365", "360", "actual")
"""Days of the year that interest counts by: a fixed number, or those of the calendar year."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money of a deposit: received (above zero) or used (below), and the day."""

    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Percent a year that holds over half-open days."""

    from_on: date
    until_on: date | None
    percent: Fraction


@dataclass(frozen=True, slots=True)
class InterestStep:
    """A span of days at one balance and one rate: ``exact`` cents are held x percent x days of the year."""

    from_on: date
    until_on: date
    held_cents: int
    percent: Fraction
    exact: Fraction

    @property
    def days(self) -> int:
        """Days of the span; the first counts, the last does not."""
        return (self.until_on - self.from_on).days


def read_rates(policy: Policy) -> tuple[Rate, ...]:
    """The dated rates of ``deposit.interest``; a span that is not set earns nothing, and is none of them."""
    return tuple(
        Rate(value.period.from_on, value.period.until_on, Fraction(str(value.value)))
        for value in policy.values
        if value.value is not None
    )


def interest(
    movements: Iterable[Movement], rates: Sequence[Rate], *, until_on: date, year: str
) -> tuple[int, tuple[InterestStep, ...]]:
    """Simple interest that a deposit has earned from its first day until a day, in whole cents, and its steps.

    A deposit earns from the day it was received, and on the day that it is used no more. It is always reckoned from
    the beginning and rounded once (half up): what an accrual posts is this less what was posted before, so that any
    number of accruals comes to the same as one.

    :param year: one of :data:`YEARS`
    :raises BadValue: another year than these
    """
    if year not in YEARS:
        remedy = f"write one of {', '.join(YEARS)}"
        raise BadValue(field="deposit.interest.year", value=year, why="not a year to count by", remedy=remedy)
    moved: dict[date, int] = {}
    for movement in movements:
        moved[movement.on] = moved.get(movement.on, 0) + movement.cents
    turns = {*moved, *(rate.from_on for rate in rates), *(rate.until_on for rate in rates if rate.until_on), until_on}
    if year == "actual" and moved:
        turns |= {date(one, 1, 1) for one in range(min(moved).year + 1, until_on.year + 1)}
    days = sorted(day for day in turns if day <= until_on)
    steps, held = [], 0
    for first, after in zip(days, days[1:], strict=False):
        held += moved.get(first, 0)
        percent = next((rate.percent for rate in rates if _holds(rate, first)), None)
        if held > 0 and percent:
            exact = held * percent * (after - first).days * Fraction(1, 100 * _year_days(year, first))
            steps.append(InterestStep(first, after, held, percent, exact))
    total = sum((step.exact for step in steps), Fraction(0))
    return half_up(total.numerator, total.denominator), tuple(steps)


def _holds(rate: Rate, on: date) -> bool:
    return rate.from_on <= on and (rate.until_on is None or on < rate.until_on)


def _year_days(year: str, on: date) -> int:
    if year == "actual":
        return (date(on.year + 1, 1, 1) - date(on.year, 1, 1)).days
    return int(year)


# --- more deposit after a cut-off -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Increase:
    """More deposit, up to the ceiling: ``cents`` is what is asked, ``wanted_cents`` what the rule adds by itself.

    ``ceiling_cents`` is None where the city has set none. ``says`` and ``authority`` are of the policy that decided,
    ``working`` the steps in words.
    """

    cents: int
    wanted_cents: int
    ceiling_cents: int | None
    policy: str
    says: str
    authority: str
    working: tuple[str, ...]


def increase(policies: Policies, *, held_cents: int, asked_cents: int, billed_cents: int, on: date) -> Increase:
    """What is added to a deposit after a cut-off, by ``deposit.increment`` and ``deposit.ceiling``.

    :param held_cents: the deposit held
    :param asked_cents: what is asked for and not received yet; it counts towards the ceiling
    :param billed_cents: what was billed over the months that the ceiling looks at
    :raises NotSet: the city adds nothing that anybody knows of
    """
    wanted = policies.table("deposit.increment", on=on)["amount_cents"]
    assert isinstance(wanted, int)
    policy = policies.policy("deposit.increment")
    working: tuple[str, ...]
    try:
        table = policies.table("deposit.ceiling", on=on)
    except NotSet as missing:
        working = (f"{show(wanted)} is added; {missing.says or missing.why}",)
        return Increase(wanted, wanted, None, policy.id, policy.says, policy.authority, working)
    months, over = table["months"], table["over_months"]
    assert isinstance(months, int) and isinstance(over, int)
    most = half_up(billed_cents * months, over)
    room = max(most - held_cents - asked_cents, 0)
    cents = min(wanted, room)
    working = (
        f"{show(billed_cents)} billed / {over} months x {months} = {show(most)}, the most that may be held",
        f"{show(most)} - {show(held_cents)} held" + (f" - {show(asked_cents)} asked" if asked_cents else "")
        + f" = {show(room)}" + ("" if most >= held_cents + asked_cents else " (nothing more)"),
        f"the smaller of {show(wanted)} and {show(room)} is {show(cents)}",
    )  # fmt: skip
    ceiling = policies.policy("deposit.ceiling")
    decided = ceiling if cents < wanted else policy
    return Increase(cents, wanted, most, decided.id, decided.says, decided.authority, working)


# --- review after good history ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """How an account has paid since its deposit was whole: what the books and the counter know, nothing guessed."""

    whole_since: date | None
    late: int
    returned: int
    cutoffs: int
    overdue_cents: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """``good`` (the deposit goes back, ``then`` says how: refund or apply), or why not yet."""

    outcome: str
    then: str
    says: str
    months: int


def review(policies: Policies, history: History, *, on: date) -> Reviewed:
    """Whether a deposit goes back before the account closes, by ``deposit.review``.

    :raises NotSet: the city holds deposits until the account closes, or has not said
    """
    table = policies.table("deposit.review", on=on)
    months, then = table["after_months"], str(table["then"])
    assert isinstance(months, int)
    if history.whole_since is None:
        return Reviewed("not_whole", then, "The deposit is not paid in full.", 0)
    been = (on.year - history.whole_since.year) * 12 + on.month - history.whole_since.month
    been -= on.day < history.whole_since.day
    if been < months:
        return Reviewed("too_soon", then, f"Held {been} of {months} months.", been)
    if history.overdue_cents:
        return Reviewed("owes", then, f"{show(history.overdue_cents)} is past due.", been)
    counted = (
        ("late", "late_most", history.late, "late"),
        ("returned", "returned_most", history.returned, "returned"),
        ("cut_off", "cutoffs_most", history.cutoffs, "cut off"),
    )
    for outcome, limit, found, words in counted:
        most = table.get(limit)
        if isinstance(most, int) and found > most:
            return Reviewed(outcome, then, f"{found} times {words} in {months} months; at most {most} are good.", been)
    return Reviewed("good", then, f"Good history over {months} months.", been)
