"""A case opened inside another act, and the cases of an account: what a call, a ladder or a finding leaves to somebody.

It stands beneath the nouns and imports none of them.
"""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

from django.db import connection

from curbstop.office import _contacts, policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._orders import city_time
from curbstop.records.cases.models import Case, CaseStep
from curbstop.rules.cases import (
    MOST_WORDS,
    Category,
    Standing,
    Step,
    check_answers,
    count_days_late,
    get_due,
    get_standing,
    read_categories,
    read_clock,
)
from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.policies import NotSet

PROMISE, CLOSES, REFERRAL = "case.promise", "office.closes", "case.referral.answer"
OPEN = (
    "not exists (select from cases_casestep s where s.case_id = c.id and s.step in ('closed', 'merged') and not exists"
    " (select from cases_casestep r where r.case_id = c.id and r.step = 'reopened' and r.no > s.no))"
)
"""Of ``cases_case c``: somebody still waits."""


@dataclass(frozen=True)
class CaseThere:
    """A case as lists show it. ``says`` is empty where whoever looks may not see it (:func:`hide`)."""

    case_id: int
    category: str
    title: str
    kind: str
    account_id: int | None
    number: str
    premise_id: int | None
    address: str
    says: str
    opened_at: datetime
    promised_at: datetime | None
    bill_id: int | None
    cents: int
    hold_id: int | None
    order_id: int | None
    opened_by: int
    standing: Standing


# --- categories and clocks --------------------------------------------------------------------------------------------


def load_categories() -> Mapping[str, Category]:
    """The categories of the trade, with the city's own in the place of those of the same name."""
    return _categories(policies.get_city().code)


@functools.cache
def _categories(city: str) -> Mapping[str, Category]:
    folder = resources.files("curbstop") / "cities"
    found = {one.code: one for one in read_categories((folder / "cases.yaml").read_text("utf-8"), file="cases.yaml")}
    own = folder / city / "cases.yaml"
    if own.is_file():
        found |= {one.code: one for one in read_categories(own.read_text("utf-8"), file=f"{city}/cases.yaml")}
    return found


def get_category(code: str) -> Category:
    """The category. :raises BadEntry: there is none of this name"""
    kept = load_categories()
    if code not in kept:
        remedy = f"use one of {', '.join(kept)}"
        raise BadEntry(field="category", value=code, why="not a category of cases", remedy=remedy)
    return kept[code]


def get_promise(code: str, at: datetime) -> datetime | None:
    """Until when the city promises an answer in this category; None where it has promised nothing (case.promise)."""
    known = policies.load(PROMISE, CLOSES, "calendar.holidays")
    here = city_time(at)
    try:
        rows = known.rows(PROMISE, on=here.date())
    except NotSet:
        return None
    days = {str(row["category"]): int(str(row["days"])) for row in rows if isinstance(row, dict)}
    chosen = days.get(code, days.get("any"))
    return None if chosen is None else end_of(here, chosen)


def end_of(here: datetime, days: int) -> datetime:
    """The end of so many working days from an instant of the city's clock: when the office closes, where it says."""
    known = policies.load(CLOSES, "calendar.holidays")
    try:
        closes = read_clock(known.text(CLOSES, on=here.date()))
    except NotSet:
        closes = None
    due = get_due(here.date(), days, closes=closes, holidays=policies.get_holidays(from_on=here.date(), known=known))
    assert here.tzinfo is not None
    return due.replace(tzinfo=here.tzinfo)


def show_by(due_at: datetime) -> str:
    """A promise as it is read aloud: ``Monday, April 13``; with the hour where it is not the end of a day."""
    return f"{due_at:%A, %B} {due_at.day}"


# --- writing ----------------------------------------------------------------------------------------------------------


def open_case(
    event: Acting,
    *,
    category: str,
    account_id: int | None = None,
    premise_id: int | None = None,
    owner_id: int | None = None,
    says: str,
    due_at: datetime | None = None,
    about: Iterable[str] = (),
    answers: Mapping[str, str] | None = None,
    asked: bool = False,
    **more: Any,
) -> int:
    """Open a case as part of the act under way; returns its id.

    :param owner_id: who answers for it; None: whoever opens it, or nobody yet where that is the clock or the category
        is the supervisor's, whose queue shows it
    :param due_at: until when somebody was promised an answer; None: what the city promises in this category
    :param about: subjects that it is about, ``"bill:12"``
    :param answers: the answers to its script
    :param asked: somebody asked the questions of the script, so those that must be answered are
    :param more: columns of ``records.cases.Case`` (``bill_id``, ``cents``, ``hold_id``, ``order_id``, ``token``)
    :raises BadEntry: a category, an answer or words that cannot be
    """
    kind = get_category(category)
    told = check_answers(kind.questions, answers or {}) if asked or answers else {}
    case = Case.objects.create(
        category=category,
        account_id=account_id,
        premise_id=premise_id,
        contact_id=more.pop("contact_id", None) or (account_id and _contacts.get_under_way(event, account_id)),
        says=check_text(says, field="says", longest=MOST_WORDS, required=True),
        fields=told,
        channel=more.pop("channel", ""),
        priority=more.pop("priority", None) or kind.priority,
        promised_at=due_at or get_promise(category, event.at),
        on=city_time(event.at).date(),
        at=event.at,
        by_id=event.by.id,
        event_id=event.id,
        about=list(about),
        **more,
    )
    person = event.by.roles - {"system", "robot"}
    owner = owner_id or (event.by.id if person and kind.owner == "opener" else None)
    event.about(f"case:{case.pk}", *about)
    if kind.restricted:
        add_step(event, case.pk, "restricted")
    else:
        event.about(*([f"account:{account_id}"] if account_id else []))
        event.about(*([f"premise:{premise_id}"] if premise_id else []))
    if owner:
        add_step(event, case.pk, "assigned", owner_id=owner)
    return case.pk


def add_step(event: Acting, case_id: int, step: str, **columns: Any) -> None:
    """Write the next step of a case; the database refuses a second one of the same number."""
    last = CaseStep.objects.filter(case_id=case_id).order_by("-no").values_list("no", flat=True).first() or 0
    CaseStep.objects.create(
        case_id=case_id, no=last + 1, step=step, at=event.at, by_id=event.by.id, event_id=event.id, **columns
    )


# --- reading ----------------------------------------------------------------------------------------------------------

_CASES = """
select c.id, c.category, c.account_id, coalesce(a.number, ''), coalesce(c.premise_id, w.premise_id),
  coalesce(p.address, w.address, ''), c.says, c.at, c.promised_at, c.bill_id, c.cents, c.hold_id, c.order_id, c.by_id,
  c.priority
from cases_case c
left join customers_account a on a.id = c.account_id
left join customers_premise p on p.id = c.premise_id
left join lateral (
  select q.id premise_id, q.address from customers_agreement g
  join customers_servicepoint s on s.id = g.service_point_id join customers_premise q on q.id = s.premise_id
  where c.premise_id is null and g.account_id = c.account_id order by lower(g.during) desc limit 1) w on true
where """

_STEPS = """
select case_id, no, step, at, by_id, words, owner_id, for_user_id, department, due_at, code, told, other_id, score
from cases_casestep where case_id = any(%s) order by case_id, no"""


def load_cases(where: str, values: Sequence[Any]) -> tuple[CaseThere, ...]:
    """The cases of a condition on ``cases_case c``, the most urgent promise first."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_CASES}{where} order by c.promised_at nulls last, c.id", values)
        rows = cursor.fetchall()
    if not rows:
        return ()
    steps = load_steps([row[0] for row in rows])
    known = load_categories()
    zone = _zone()
    found = []
    for id, code, account, number, premise, address, says, at, promised, bill, cents, hold, order, by, rank in rows:
        kind = known.get(code)
        title, sort = (kind.says, kind.kind) if kind else (code, "inquiry")
        promised_at = promised.astimezone(zone) if promised else None
        standing = get_standing(steps[id], priority=rank)
        place = (account, number, premise, address)
        times = (at.astimezone(zone), promised_at)
        told = (bill, cents, hold, order, by)
        found.append(CaseThere(id, code, title, sort, *place, says, *times, *told, standing))
    return tuple(found)


def _zone() -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(policies.get_city().time_zone)


def load_steps(case_ids: Sequence[int]) -> Mapping[int, tuple[Step, ...]]:
    """The steps of these cases, by case, in their order and by the city's clock."""
    found: dict[int, list[Step]] = {id: [] for id in case_ids}
    zone = _zone()
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [list(case_ids)])
        for id, no, step, at, by, words, owner, for_id, department, due, code, told, other, score in cursor.fetchall():
            due_at = due.astimezone(zone) if due else None
            local = at.astimezone(zone)
            found[id].append(
                Step(no, step, local, by, words, owner, for_id, department, due_at, code, told, other, score)
            )
    return {id: tuple(rows) for id, rows in found.items()}


def list_open(account_id: int) -> tuple[CaseThere, ...]:
    """The open cases of the account, the most urgent promise first, restricted ones among them."""
    return load_cases(f"c.account_id = %s and {OPEN}", [account_id])


def get_case(case_id: int) -> CaseThere:
    """One case. :raises Refused: there is none"""
    for case in load_cases("c.id = %s", [case_id]):
        return case
    raise Refused(f"There is no case {case_id}; the queues list the open ones.", field="case_id")


def list_disputes(account_ids: Sequence[int], on: date) -> Mapping[int, tuple[CaseThere, ...]]:
    """The disputes of these accounts that nobody decided by the day, by account."""
    waits = "not exists (select from cases_casestep s where s.case_id = c.id and s.step = 'decided')"
    found: dict[int, list[CaseThere]] = {id: [] for id in account_ids}
    where = f'c.account_id = any(%s) and c.cents > 0 and c."on" <= %s and {waits} and {OPEN}'
    for case in load_cases(where, [list(account_ids), on]):
        if case.account_id is not None:
            found[case.account_id].append(case)
    return {id: tuple(rows) for id, rows in found.items()}


def get_days_late(case: CaseThere, on: date) -> int:
    """The working days between the promise of a case and the day; 0: in time, or nothing was promised."""
    if case.promised_at is None:
        return 0
    promised = case.promised_at.date()
    holidays = policies.get_holidays(from_on=promised, known=policies.load("calendar.holidays"))
    return count_days_late(promised, on, holidays=holidays)
