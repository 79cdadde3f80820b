"""A programme is applied for like anything that gives money away: entered by one, with proofs, approved by another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._sealing import unseal
from curbstop.office.adjustments.weighing import Asked, Step, Weighed, names_of
from curbstop.records.customers.people import Identity
from curbstop.records.customers.programmes import Programme
from curbstop.rules.money import show
from curbstop.rules.people import age_on
from curbstop.rules.policies import NotSet
from curbstop.rules.programmes import CODES, DoesNotQualify, Terms, check_applicant, ends_on, read_terms, remind_on

REASONS = {"application": "Application", "renewal": "Renewal"}


def load_terms(code: str, on: date) -> tuple[Terms, str]:
    """The city's rule of a programme and its sentence.

    :raises Refused: no such programme, or the city has not set its rule
    """
    if code not in CODES:
        raise Refused(f"There is no programme {code!r}; there are {', '.join(CODES)}.", field="programme")
    policy = f"programme.{code}"
    rules = policies.load(policy)
    try:
        return read_terms(code, rules.table(policy, on=on)), rules.policy(policy).says
    except NotSet as missing:
        says = f"The {CODES[code]} cannot be granted: {missing}."
        raise Refused(f"{says} A supervisor enters the city's rule with its authority.", field="programme") from None


def weigh_programme(asked: Asked) -> Weighed:
    """A programme for an account: inputs ``account_id``, ``programme`` (its code), ``income_cents`` of the household in
    a year, ``born_on`` where no date of birth is on file, ``from_on`` where it is back-dated.

    :raises Refused: the rule is not set; too young or too much income; the household has it already; no service
    """
    account_id, code = asked.number("account_id"), asked.text("programme")
    terms, says = load_terms(code, asked.on)
    ((_, number, name),) = names_of([account_id])
    premise = _premise(account_id, asked.on)
    born_on = _born_on(asked, account_id)
    income = asked.inputs.get("income_cents")
    try:
        check_applicant(terms, born_on=born_on, income_cents=income, on=asked.on)
    except DoesNotQualify as fault:
        raise Refused(f"{fault.why[:1].upper()}{fault.why[1:]}; {fault.remedy}. {says}", field=fault.field) from None
    from_on = _begins(asked, terms, account_id)
    until_on = ends_on(from_on, terms.months)
    _refuse_second(terms, account_id, premise, from_on, until_on)
    working = [Step("Rule", says)]
    if born_on is not None and terms.least_age is not None:
        working.append(Step("Age on the day", f"{age_on(born_on, asked.on)}, {terms.least_age} is asked"))
    if terms.income_most_cents is not None:
        working.append(Step("Income", f"{show(int(income or 0))}, at most {show(terms.income_most_cents)}"))
    ends = until_on.isoformat() if until_on else "it is ended"
    told = f"{CODES[code].capitalize()} for {name}, account {number}, from {from_on.isoformat()} until {ends}."
    facts = {
        "code": code, "premise": premise, "from_on": from_on.isoformat(), "credit": terms.credit,
        "until_on": until_on.isoformat() if until_on else None, "by_first_day": terms.by_first_day,
        "renewal_days": terms.renewal_days, "renews_with": terms.renews_with, "policy": says,
    }  # fmt: skip
    return Weighed(0, (account_id,), told, tuple(working), facts=facts)


_PREMISE = """
select s.premise_id from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
where g.account_id = %s and (upper_inf(g.during) or upper(g.during) > %s) order by lower(g.during) desc limit 1"""


def _premise(account_id: int, on: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_PREMISE, [account_id, on])
        row = cursor.fetchone()
    if row is None:
        raise Refused("Nothing is served on this account; a programme begins with the service.", field="account_id")
    return int(row[0])


def _born_on(asked: Asked, account_id: int) -> date | None:
    """The holder's date of birth: as entered with the application, else as it is on file."""
    if told := asked.text("born_on"):
        try:
            return date.fromisoformat(told)
        except ValueError:
            raise Refused(f"{told} is not a date; write it as 1960-02-10.", field="born_on") from None
    row = Identity.objects.filter(customer__accounts=account_id, kind="born_on").order_by("-id").first()
    return date.fromisoformat(unseal(bytes(row.box), about="identity:born_on")) if row else None


def _begins(asked: Asked, terms: Terms, account_id: int) -> date:
    """The first day: that of the approval; of a renewal where the last one ends; or as far back as the rule allows."""
    running = Programme.objects.filter(account_id=account_id, code=terms.code, during__contains=asked.on).first()
    if running is not None and running.during.upper is not None and asked.reason == "renewal":
        last: date = running.during.upper
        return last
    if not (told := asked.text("from_on")):
        return asked.on
    try:
        from_on = date.fromisoformat(told)
    except ValueError:
        raise Refused(f"{told} is not a date; write it as 2026-04-16.", field="from_on") from None
    # it was weighed when it was asked; that the approval took its time is not the customer's fault
    if not asked.request_id and (asked.on - from_on).days > terms.back_days:
        says = f"{terms.back_days} days" if terms.back_days else "no day"
        raise Refused(f"The rule lets it begin {says} before it is asked for; choose a later day.", field="from_on")
    return from_on


def _refuse_second(terms: Terms, account_id: int, premise: int, from_on: date, until_on: date | None) -> None:
    rows = Programme.objects.filter(code=terms.code, during__overlap=(from_on, until_on)).select_related("account")
    row = rows.filter(account_id=account_id).first() or rows.filter(premise_id=premise).first()
    if row is not None:
        raise Refused(
            f"{row.premise.address}'s household already has the {CODES[terms.code]} on {row.account.number}, until"
            f" {row.during.upper.isoformat() if row.during.upper else 'it is ended'}. Renew that one.",
            field="programme",
        )


def post_programme(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Write the programme's row by the terms of the day; nothing is posted, the tariff reads the row."""
    facts: Mapping[str, Any] = json.loads(json.dumps(dict(weighed.facts)))
    from_on = date.fromisoformat(facts["from_on"])
    until_on = date.fromisoformat(facts["until_on"]) if facts["until_on"] else None
    Programme.objects.create(
        account_id=weighed.account_ids[0],
        premise_id=facts["premise"],
        code=facts["code"],
        during=(from_on, until_on),
        by_first_day=facts["by_first_day"],
        remind_on=remind_on(until_on, facts["renewal_days"]),
        proof=facts["renews_with"],
        request_id=asked.request_id,
        event_id=event.id,
    )
    return ()


def letter(asked: Asked, weighed: Weighed) -> tuple[str, ...]:
    """The letter after approval: the credit, the end, and how to renew."""
    facts = weighed.facts
    lasts = f"until {facts['until_on']}" if facts["until_on"] else "until it is ended"
    says = f"Your {CODES[facts['code']]} is approved from {facts['from_on']} {lasts}: {facts['credit']}."
    renew = f"To renew it, bring {facts['renews_with']} before {facts['until_on']}." if facts["until_on"] else ""
    return (says, *([renew] if renew else []))
