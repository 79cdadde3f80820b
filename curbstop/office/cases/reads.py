"""Cases as screens show them: the queues, one case whole, those of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from curbstop.office import _cases, policies
from curbstop.office._cases import CaseThere, get_case, load_cases, load_steps
from curbstop.office._events import Actor
from curbstop.office._orders import city_time
from curbstop.office.cases.working import refuse_restricted
from curbstop.records.base.models import User
from curbstop.records.cases.models import Case
from curbstop.rules.cases import Category, Step, may_see
from curbstop.rules.policies import NotSet


@dataclass(frozen=True)
class Seen:
    """A case in a list. ``hidden``: it is restricted, and whoever looks sees that it is there and nothing else."""

    case: CaseThere
    hidden: bool
    owner: str
    for_name: str
    by_cover: str


@dataclass(frozen=True)
class Told:
    """A step of a case with the names of its people."""

    step: Step
    by: str
    owner: str
    for_name: str


@dataclass(frozen=True)
class Answered:
    """What policy answers: the sentence that a clerk reads aloud. ``set`` False: the city has not said."""

    policy: str
    says: str
    set: bool


@dataclass(frozen=True)
class CasePage:
    """A case whole: its script and answers, what policy says, its steps in their order."""

    seen: Seen
    category: Category | None
    answers: tuple[tuple[str, str], ...]
    policies: tuple[Answered, ...]
    steps: tuple[Told, ...]
    opened_by: str


def list_queue(*, by: Actor, at: datetime, owner_id: int | None = None) -> tuple[Seen, ...]:
    """Open cases, the most urgent promise first: all, or those of somebody with what he covers for others."""
    covered = _covered(at)
    rows = _seen(load_cases(_cases.OPEN, []), by, covered)
    if owner_id is None:
        return rows
    return tuple(
        row
        for row in rows
        if row.case.standing.owner_id == owner_id or covered.get(row.case.standing.owner_id or 0) == owner_id
    )


def list_of_account(account_id: int, *, by: Actor, at: datetime) -> tuple[Seen, ...]:
    """Every case of an account, open or ended."""
    return _seen(load_cases("c.account_id = %s", [account_id]), by, _covered(at))


def get_case_page(case_id: int, *, by: Actor, at: datetime) -> CasePage:
    """A case whole.

    :raises Restricted: whoever asks may not see it; ``view`` keeps the attempt
    :raises Refused: there is none
    """
    case = get_case(case_id)
    refuse_restricted(by, case)
    steps = load_steps([case_id])[case_id]
    row = Case.objects.values("fields").get(pk=case_id)
    kind = _cases.load_categories().get(case.category)
    people = _names()
    told = tuple(
        Told(one, people[one.by_id], people.get(one.owner_id or 0, ""), people.get(one.for_id or 0, ""))
        for one in steps
    )
    questions = {question.name: question.says for question in kind.questions} if kind else {}
    answers = tuple((questions.get(name, name), str(value)) for name, value in row["fields"].items())
    seen = _seen((case,), by, _covered(at))[0]
    return CasePage(seen, kind, answers, tell_policies(kind, at) if kind else (), told, people[case.opened_by])


def tell_policies(kind: Category, at: datetime) -> tuple[Answered, ...]:
    """What policy answers in a category, on the day."""
    known = policies.load(*kind.answers) if kind.answers else None
    found = []
    for id in kind.answers:
        if known is None or id not in known.by_id:
            continue
        try:
            known.value(id, on=at.date())
            found.append(Answered(id, known.policy(id).says, True))
        except NotSet as missing:
            found.append(Answered(id, missing.says, False))
    return tuple(found)


def _seen(cases: tuple[CaseThere, ...], by: Actor, covered: dict[int, int]) -> tuple[Seen, ...]:
    people = _names() if cases else {}
    found = []
    for case in cases:
        now = case.standing
        hidden = not may_see(now, user_id=by.id, roles=by.roles)
        cover = people.get(covered.get(now.owner_id or 0, 0), "") if now.is_open else ""
        found.append(Seen(case, hidden, people.get(now.owner_id or 0, ""), people.get(now.for_id or 0, ""), cover))
    return tuple(found)


def _names() -> dict[int, str]:
    return {user.pk: str(user) for user in User.objects.all()}


def _covered(at: datetime) -> dict[int, int]:
    """Who covers whom today."""
    today = city_time(at).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.user_id, a.cover_id from cases_absence a where a.from_on <= %s and a.until_on > %s"
            " and a.cover_id is not null and not exists (select from cases_absenceend e where e.absence_id = a.id)",
            [today, today],
        )
        return dict(cursor.fetchall())
