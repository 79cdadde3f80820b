"""Cases: opened, handed on, referred, answered, ended, merged, opened again. A state is a row; nothing is edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from curbstop.office import _cases, policies
from curbstop.office._cases import CaseThere, add_step, get_case, get_category
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office._orders import city_time
from curbstop.office._own import refuse_own
from curbstop.records.base.models import User
from curbstop.records.cases.models import Absence, AbsenceEnd
from curbstop.rules.cases import MOST_WORDS, may_see
from curbstop.rules.customers import BadEntry, check_choice, check_text
from curbstop.rules.policies import NotSet

CLOSING = "A case is closed with a resolution code and the words told to the customer."


class Restricted(Refused):
    """Whoever asks may not see the case: neither its title, nor its words, nor who wrote it."""


def lock_case(event: Acting, case_id: int, *, ended: bool = False) -> CaseThere:
    """The case, held until the act is over.

    :raises Restricted: the actor may not see it
    :raises Refused: there is none, or it has ended and ``ended`` does not allow that
    """
    take_turn(f"case:{case_id}")
    case = get_case(case_id)
    refuse_restricted(event.by, case)
    event.about(f"case:{case_id}")
    if case.account_id is not None and not case.standing.restricted:
        event.about(f"account:{case.account_id}")
    if not case.standing.is_open and not ended:
        raise Refused(f"Case {case_id} is {case.standing.state}. Open it again to work on it.", field="case_id")
    return case


def refuse_restricted(by: Actor, case: CaseThere) -> None:
    """Refuse whoever may not see it. :raises Restricted: in words that tell nothing of it"""
    if not may_see(case.standing, user_id=by.id, roles=by.roles):
        says = "One case on this account is restricted. Its owner and a supervisor see it; ask them."
        raise Restricted(says, field="case_id", about=[f"case:{case.case_id}"])


@act("cases.view")
def view(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int) -> None:
    """Look at a restricted case: who did is kept, and so is who was refused.

    :raises Restricted: whoever asks may not see it
    """
    refuse_restricted(by, get_case(case_id))
    event.about(f"case:{case_id}", says="A restricted case was looked at.")


@act("cases.open", secret=("says", "answers"))
def open(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    category: str,
    account_id: int | None = None,
    premise_id: int | None = None,
    owner_id: int | None = None,
    channel: str = "",
    says: str,
    answers: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    department: str = "",
) -> int:
    """Open a case of a category, and refer it where a department is named; returns its id.

    :param owner_id: who answers for it; None: whoever opens it, or the supervisor's queue by its category
    :param answers: of its script
    :param due_at: by when somebody was promised an answer; None: what the city promises (``case.promise``)
    :param department: to whom it is referred at once; empty: to nobody
    :raises BadEntry: a category, an answer or words that cannot be
    :raises Refused: no such owner
    """
    owner = get_user(owner_id).pk if owner_id is not None else None
    kind = get_category(category)
    if kind.kind == "dispute":
        raise BadEntry(field="category", value=category, why="is opened on its bill", remedy="open it from the bill")
    case = _cases.open_case(
        event, category=category, account_id=account_id, premise_id=premise_id, owner_id=owner, says=says,
        due_at=due_at, answers=answers, asked=True, channel=channel,
    )  # fmt: skip
    if department:
        _refer(event, case, department, says="", due_at=None)
    if kind.restricted:
        event.about(says="A restricted case was opened.")
    else:
        to = f", referred to {department}" if department else ""
        event.about(says=f"Case {case} opened: {kind.says}{to}.")
    return case


def get_user(user_id: int) -> User:
    """Somebody of the office. :raises Refused: there is no such active user"""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise Refused("There is no such active user; choose one of the list.", field="owner_id")
    return user


@act("cases.refer")
def refer(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    case_id: int,
    department: str,
    says: str = "",
    due_at: datetime | None = None,
) -> None:
    """Ask another department; the case stays with its owner, who waits for the answer.

    :param due_at: by when it answers; None: ``case.referral.answer`` working days
    :raises Refused: no such open case, or neither a day nor a policy says by when
    """
    lock_case(event, case_id)
    _refer(event, case_id, department, says=says, due_at=due_at)
    event.about(says=f"Case {case_id} referred to {department}.")


def _refer(event: Acting, case_id: int, department: str, *, says: str, due_at: datetime | None) -> None:
    name = check_text(department, field="department", longest=100, required=True)
    here = city_time(event.at)
    if due_at is None:
        known = policies.load(_cases.REFERRAL)
        try:
            due_at = _cases.end_of(here, known.whole(_cases.REFERRAL, on=here.date()))
        except NotSet as missing:
            raise Refused(f"{missing}. {missing.says} Say by when {name} answers.", field="due_at") from missing
    words = check_text(says, field="says", longest=MOST_WORDS)
    add_step(event, case_id, "referred", department=name, words=words, due_at=due_at)


@act("cases.answer", secret=("says",))
def answer(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, says: str) -> None:
    """Write what the department answered; the case is back in its owner's queue.

    :raises Refused: no such open case, or it is referred to nobody
    """
    case = lock_case(event, case_id)
    if case.standing.state != "referred":
        raise Refused(f"Case {case_id} is not referred to anybody; add words to it instead.", field="case_id")
    words = check_text(says, field="says", longest=MOST_WORDS, required=True)
    add_step(event, case_id, "answered", words=words, department=case.standing.department)
    event.about(says=f"{case.standing.department} answered case {case_id}.")


@act("cases.say", secret=("says",))
def say(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, says: str) -> None:
    """Add words to a case. :raises Refused: no such open case"""
    lock_case(event, case_id)
    add_step(event, case_id, "said", words=check_text(says, field="says", longest=MOST_WORDS, required=True))


@act("cases.assign")
def assign(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, owner_id: int) -> None:
    """Give a case to somebody; where its owner is away or not here, it stays his work: "X for Y".

    :raises Refused: no such open case or user
    """
    case, owner = lock_case(event, case_id), get_user(owner_id)
    if case.standing.owner_id == owner.pk:
        raise Refused(f"{owner} has it already.", field="owner_id")
    before = case.standing.for_id or case.standing.owner_id
    stands_in = before is not None and before != owner.pk and (case.standing.unclaimed or _is_away(before, at))
    add_step(event, case_id, "assigned", owner_id=owner.pk, for_user_id=before if stands_in else None)
    event.about(f"user:{owner.pk}", says=f"Case {case_id} given to {owner}.")


def _is_away(user_id: int, at: datetime) -> bool:
    return get_absence(user_id, at) is not None


def get_absence(user_id: int, at: datetime) -> Absence | None:
    """The absence that somebody is marked with now, if there is one."""
    today = city_time(at).date()
    ended = AbsenceEnd.objects.values("absence_id")
    rows = Absence.objects.filter(user_id=user_id, from_on__lte=today, until_on__gt=today).exclude(pk__in=ended)
    return rows.order_by("-id").first()


def find_principal(by: Actor, case: CaseThere, at: datetime) -> int | None:
    """For whom the actor works on a case: its owner where he covers him today, or whoever it was given up by."""
    owner = case.standing.owner_id
    if owner is None:
        return None
    if owner == by.id:
        return case.standing.for_id
    away = get_absence(owner, at)
    return owner if away is not None and away.cover_id == by.id else None


@act("cases.close", secret=("told",))
def close(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, code: str, told: str) -> int:
    """Close a case with its resolution and the words told to the customer; returns the working days it was late.

    :raises Refused: without a code or words; a dispute without its finding; the actor's own account
    :raises BadEntry: a code that the category does not have
    """
    case = lock_case(event, case_id)
    if not code.strip() or not told.strip():
        raise Refused(CLOSING, field="told" if code.strip() else "code")
    kind = get_category(case.category)
    check_choice(code, tuple(one.code for one in kind.resolutions), field="code")
    if case.account_id is not None:
        refuse_own(by, [case.account_id])
    if case.kind == "dispute" and case.standing.state != "decided":
        says = "A dispute is closed when somebody with power to correct the bill has written the finding."
        raise Refused(says, field="case_id")
    for_id = find_principal(by, case, at)
    words = check_text(told, field="told", longest=MOST_WORDS, required=True)
    add_step(event, case_id, "closed", code=code, told=words, for_user_id=for_id)
    late = _cases.get_days_late(case, city_time(at).date())
    stood_in = f" for {User.objects.get(pk=for_id)}" if for_id else ""
    days = f", {late} working day{'s' if late != 1 else ''} late" if late else ""
    event.about(says=f"Case {case_id} closed{stood_in}: {code.replace('_', ' ')}{days}.")
    return late


@act("cases.merge")
def merge(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, into_id: int) -> None:
    """Let one case go on in another about the same thing; both keep their words.

    :raises Refused: the same case, one that has ended, another account's, or a dispute
    """
    case, into = lock_case(event, case_id), lock_case(event, into_id)
    if case_id == into_id or case.account_id != into.account_id:
        raise Refused("A case goes on in another open case of the same account.", field="into_id")
    if case.kind == "dispute":
        raise Refused("A dispute ends with its finding and is not merged.", field="case_id")
    if case.standing.restricted != into.standing.restricted:
        raise Refused("A restricted case is merged with none that others may see.", field="into_id")
    add_step(event, case_id, "merged", other_id=into_id)
    add_step(event, into_id, "said", words=f"Case {case_id} goes on here: {case.says}")
    event.about(says=f"Case {case_id} goes on in case {into_id}.")


@act("cases.reopen", secret=("says",))
def reopen(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, says: str) -> None:
    """Open a case again, with the reason; whoever had it has it still.

    :raises Refused: it is open, or a dispute, whose finding stands until another one is opened
    """
    case = lock_case(event, case_id, ended=True)
    if case.standing.is_open:
        raise Refused(f"Case {case_id} is open.", field="case_id")
    if case.kind == "dispute":
        raise Refused("A finding stands. Open a new dispute on the bill.", field="case_id")
    add_step(event, case_id, "reopened", words=check_text(says, field="says", longest=MOST_WORDS, required=True))
    event.about(says=f"Case {case_id} opened again.")


@act("cases.rate", secret=("says",))
def rate(event: Acting, /, *, key: Key, by: Actor, at: datetime, case_id: int, score: int, says: str = "") -> None:
    """Write how satisfied the customer was, 1 (not at all) to 5. :raises Refused: an open case, or another number"""
    case = lock_case(event, case_id, ended=True)
    if case.standing.is_open:
        raise Refused("The customer is asked when the case is closed.", field="case_id")
    if not 1 <= score <= 5:
        raise Refused("Write 1 (not at all satisfied) to 5.", field="score")
    add_step(event, case_id, "rated", score=score, words=check_text(says, field="says", longest=MOST_WORDS))


@act("cases.escalate", secret=("says",))
def escalate(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int | None,
    owner_id: int,
    says: str,
    channel: str = "",
    due_at: datetime | None = None,
) -> int:
    """Give a complaint about a member of staff to a supervisor, who alone sees it; returns the case.

    :raises Refused: the owner is no supervisor
    """
    owner = get_user(owner_id)
    if "supervisor" not in owner.roles:
        raise Refused("A complaint about staff goes to a supervisor; choose one.", field="owner_id")
    case = _cases.open_case(
        event, category="staff_complaint", account_id=account_id, owner_id=owner.pk, says=says, due_at=due_at,
        channel=channel,
    )  # fmt: skip
    event.about(says="A restricted case was opened.")
    return case


@act("cases.mark_overdue")
def mark_overdue(event: Acting, /, *, key: Key, by: Actor, at: datetime) -> tuple[int, ...]:
    """Mark what was promised or referred and not kept by now; it stays with its owner. The cases marked now."""
    take_turn("cases.overdue")
    found = list_overdue(at)
    for case in found:
        add_step(event, case.case_id, "overdue")
        if not case.standing.restricted and case.account_id:
            event.about(f"account:{case.account_id}")
    event.about(*(f"case:{case.case_id}" for case in found))
    if found:
        event.about(says=f"{len(found)} case{'s are' if len(found) > 1 else ' is'} overdue.")
    return tuple(case.case_id for case in found)


def list_overdue(at: datetime) -> tuple[CaseThere, ...]:
    """Open cases of which a promise or an answer has run out, and that are not marked yet."""
    where = f"{_cases.OPEN} and (c.promised_at <= %s or exists (select from cases_casestep d where d.case_id = c.id"
    where += " and d.due_at <= %s))"
    return tuple(
        case
        for case in _cases.load_cases(where, [at, at])
        if not case.standing.overdue and (_passed(case.promised_at, at) or _passed(case.standing.answer_due_at, at))
    )


def _passed(due: datetime | None, at: datetime) -> bool:
    return due is not None and due <= at


def tell_promise(case: CaseThere) -> str:
    """What the clerk says to the caller: by when somebody calls back, and who has the report."""
    told: list[str] = []
    if case.promised_at is not None:
        told.append(f"We will call you back by {_cases.show_by(case.promised_at)}.")
    if case.standing.department and case.standing.state == "referred":
        told.append(f"{case.standing.department} has your report.")
    return " ".join(told)
