"""Contacts and cases: categories as data, clocks in the city's working days, and the state that steps come to.

A category says what is asked, what policy answers, whose it is and how it may end. Every number that a council chose
(days to an answer, the hour the office closes) is a policy that the category is looked up in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.faults import Faults
from curbstop.rules.orders import PRIORITIES
from curbstop.rules.periods import add_business_days, is_business_day
from curbstop.rules.sheets import Block, Page

CHANNELS: Mapping[str, str] = {
    "telephone": "Telephone",
    "counter": "Counter",
    "email": "E-mail",
    "text": "Text message",
    "letter": "Letter",
    "portal": "Portal",
    "field": "Field",
    "open311": "Open311",
    "other": "Other",
}
"""How somebody reached the office, or the office him."""

PROOFS: Mapping[str, str] = {
    "password": "Account password",
    "ssn4": "Last four of SSN",
    "birth": "Date of birth",
    "id": "Photo ID seen",
    "email": "Writes from the address on file",
    "portal": "Signed in",
    "known": "Known to the clerk",
}
"""How a caller was known."""

MOST_WORDS = 4000
KINDS = ("inquiry", "complaint", "dispute", "request", "records", "call")
OWNERS = ("opener", "supervisor")
_LABEL = re.compile(r"[a-z][a-z0-9_]*")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class CategoryErrors(Faults):
    """Everything wrong with a file of case categories."""

    what = "case categories"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a script. ``kind``: text, yes_no, choice, whole, date."""

    name: str
    says: str
    kind: str
    needed: bool
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """One way in which a case of the category ends."""

    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Category:
    """A category of cases. ``answers`` are policies whose sentences the clerk reads; ``owner`` who gets it;
    ``public``: citizens may ask for it by Open311."""

    code: str
    says: str
    about: str
    group: str
    kind: str
    priority: int
    owner: str
    department: str
    restricted: bool
    public: bool
    keywords: tuple[str, ...]
    answers: tuple[str, ...]
    questions: tuple[Question, ...]
    resolutions: tuple[Resolution, ...]

    def resolution(self, code: str) -> Resolution | None:
        """The resolution of that code."""
        return next((one for one in self.resolutions if one.code == code), None)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a case as it is kept; see ``records.cases.CaseStep``."""

    no: int
    step: str
    at: datetime
    by_id: int
    words: str = ""
    owner_id: int | None = None
    for_id: int | None = None
    department: str = ""
    due_at: datetime | None = None
    code: str = ""
    told: str = ""
    other_id: int | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the steps of a case come to.

    ``state``: open, referred, answered, decided, closed or merged. ``overdue`` is a step that the clock wrote and stays
    said until the case ends; ``for_id`` whose work the owner does.
    """

    state: str
    owner_id: int | None
    for_id: int | None
    overdue: bool
    unclaimed: bool
    restricted: bool
    priority: int
    department: str
    answer_due_at: datetime | None
    ended_at: datetime | None
    code: str
    told: str
    other_id: int | None
    score: int | None

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits."""
        return self.state not in ("closed", "merged")


# --- categories as data -----------------------------------------------------------------------------------------------


def read_categories(text: str, *, file: str) -> tuple[Category, ...]:
    """The categories of a file, one a document.

    :raises CategoryErrors: everything wrong with the file
    """
    page = Page(file)
    found: list[Category] = []
    for block in page.blocks(text):
        one = _category(block)
        if any(one.code == other.code for other in found):
            block.fault("code", value=one.code, why="used by an earlier category", remedy="keep one of them")
        found.append(one)
    if page.faults:
        raise CategoryErrors(page.faults)
    return tuple(found)


def _category(block: Block) -> Category:
    found = Category(
        code=_label(block, "code"),
        says=block.text("says", required="write what people call it") or "",
        about=block.text("about", required="write what it is for") or "",
        group=block.text("group", required="write the heading it stands under") or "",
        kind=block.choice("kind", KINDS, default="inquiry"),
        priority=PRIORITIES[block.choice("priority", PRIORITIES, default="normal")],
        owner=block.choice("owner", OWNERS, default="opener"),
        department=block.text("department") or "",
        restricted=block.choice("restricted", ("yes", "no"), default="no") == "yes",
        public=block.choice("public", ("yes", "no"), default="no") == "yes",
        keywords=block.words("keywords"),
        answers=block.words("answers"),
        questions=tuple(_question(part) for part in block.blocks("questions")),
        resolutions=tuple(
            _resolution(part) for part in block.blocks("resolutions", required="write how such a case may end")
        ),
    )
    block.done()
    return found


def _question(block: Block) -> Question:
    kind = block.choice("is", ("text", "yes_no", "choice", "whole", "date"), default="text")
    options = block.words("of")
    if (kind == "choice") != bool(options):
        block.fault("of", why="a choice has options, and nothing else has", remedy="write `is: choice, of: [a, b]`")
    found = Question(
        name=_label(block, "name"),
        says=block.text("says", required="write the question as it is read aloud") or "",
        kind=kind,
        needed=block.choice("needed", ("yes", "no"), default="no") == "yes",
        options=options,
    )
    block.done()
    return found


def _resolution(block: Block) -> Resolution:
    found = Resolution(_label(block, "code"), block.text("says", required="write what it means") or "")
    block.done()
    return found


def _label(block: Block, key: str) -> str:
    code = block.text(key, required="write a short name") or "?"
    if code != "?" and not _LABEL.fullmatch(code):
        block.fault(key, value=code, why="not a name", remedy="write small letters, digits and _")
    return code


# --- entries ----------------------------------------------------------------------------------------------------------


def check_proofs(given: str) -> tuple[str, ...]:
    """The proofs of a caller, codes apart by commas, each once. :raises BadEntry: one that is none"""
    codes = tuple(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))
    for code in codes:
        if code not in PROOFS:
            remedy = f"use {', '.join(PROOFS)}"
            raise BadEntry(field="verified", value=code, why="not a way to know a caller", remedy=remedy)
    return codes


def check_answers(questions: Sequence[Question], given: Mapping[str, str]) -> dict[str, str]:
    """The answers to a script, as they are kept: yes or no, a number, a date by ISO 8601, an option, or words.

    :raises BadEntry: a question that must be answered and is not, or an answer that cannot be
    """
    known = {question.name for question in questions}
    for name in given:
        if name not in known:
            remedy = f"the questions are {', '.join(sorted(known)) or 'none'}"
            raise BadEntry(field=name, value=name, why="not a question of this category", remedy=remedy)
    found = {}
    for question in questions:
        answer = check_text(given.get(question.name, ""), field=question.name, longest=1000)
        if not answer:
            if question.needed:
                raise BadEntry(field=question.name, value="", why="not answered", remedy=f"ask: {question.says}")
            continue
        found[question.name] = _answer(question, answer)
    return found


def _answer(question: Question, answer: str) -> str:
    options = ("yes", "no") if question.kind == "yes_no" else question.options
    if options and answer not in options:
        raise BadEntry(field=question.name, value=answer, why="not an answer", remedy=f"use {' or '.join(options)}")
    if question.kind == "whole" and not (answer.isascii() and answer.isdigit() and len(answer) < 10):
        raise BadEntry(field=question.name, value=answer, why="not a whole number", remedy="write digits alone")
    if question.kind == "date":
        try:
            return date.fromisoformat(answer).isoformat()
        except ValueError:
            remedy = "write year-month-day"
            raise BadEntry(field=question.name, value=answer, why="not a date", remedy=remedy) from None
    return answer


# --- clocks -----------------------------------------------------------------------------------------------------------


def read_clock(text: str) -> time:
    """An hour of the day, ``17:00``. :raises BadEntry: it is none"""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise BadEntry(field="office.closes", value=text, why="not an hour", remedy="write it as 17:00")
    return time(int(match[1]), int(match[2]))


def get_due(on: date, days: int, *, closes: time | None, holidays: Collection[date]) -> datetime:
    """The end of the ``days``-th working day after ``on``, by the city's clock, without a zone.

    It ends when the office closes; without that hour, at midnight.
    """
    last = add_business_days(on, days, holidays=holidays)
    return datetime.combine(last, closes) if closes else datetime.combine(last + timedelta(days=1), time())


def count_days_late(promised_on: date, done_on: date, *, holidays: Collection[date]) -> int:
    """Working days from the promise to the day it was kept; 0 when it was kept."""
    days = (promised_on + timedelta(days=more) for more in range(1, (done_on - promised_on).days + 1))
    return sum(is_business_day(day, holidays) for day in days)


# --- states -----------------------------------------------------------------------------------------------------------

_OPENED = Standing("open", None, None, False, False, False, 3, "", None, None, "", "", None, None)


def get_standing(steps: Iterable[Step], *, priority: int) -> Standing:
    """What the steps of a case, in their order, come to. ``priority`` is the one it was opened with."""
    now = replace(_OPENED, priority=priority)
    for step in steps:
        now = _after(now, step)
    return now


def _after(now: Standing, step: Step) -> Standing:
    """The standing after one more step."""
    if step.step == "assigned":
        return replace(now, owner_id=step.owner_id, for_id=step.for_id, unclaimed=False)
    if step.step == "referred":
        return replace(now, state="referred", department=step.department, answer_due_at=step.due_at)
    if step.step == "answered":
        return replace(now, state="answered", answer_due_at=None)
    if step.step == "decided":
        return replace(now, state="decided")
    if step.step in ("closed", "merged"):
        now = replace(now, state=step.step, unclaimed=False, answer_due_at=None, ended_at=step.at)
        return replace(now, code=step.code, told=step.told, other_id=step.other_id)
    if step.step == "reopened":
        return replace(now, state="open", overdue=False, ended_at=None, code="", told="", other_id=None)
    if step.step == "ranked":
        return replace(now, priority=step.score or now.priority)
    if step.step == "rated":
        return replace(now, score=step.score)
    return replace(
        now,
        overdue=now.overdue or step.step == "overdue",
        unclaimed=now.unclaimed or step.step == "unclaimed",
        restricted=now.restricted or step.step == "restricted",
    )


SEES_RESTRICTED = frozenset({"supervisor"})
"""Roles that see a restricted case beside its owner."""


def may_see(standing: Standing, *, user_id: int, roles: Collection[str]) -> bool:
    """Whether somebody may see a case: anybody, unless it is restricted; then its owner and a supervisor."""
    return not standing.restricted or user_id == standing.owner_id or bool(SEES_RESTRICTED & set(roles))


def disputed_part(*, billed_cents: int, at_average_cents: int) -> int:
    """The part of a bill above the same bill at average use (policy ``dispute.amount``); never below zero."""
    return max(billed_cents - at_average_cents, 0)
