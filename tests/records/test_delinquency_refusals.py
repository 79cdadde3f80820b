"""What the database itself refuses of holds, promises and petitions, past the office."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from curbstop.records.delinquency.holds import Hold, HoldComesBack, HoldRelease
from curbstop.records.delinquency.promises import (
    Arrangement,
    ArrangementStep,
    Extension,
    ExtensionEnd,
    Instalment,
    Petition,
    PetitionStep,
)
from tests.books import AT, DAY, account, person
from tests.records.violations import Violations, refused

pytestmark = pytest.mark.django_db
LATER = DAY + timedelta(30)
NUMBERS = iter(range(1_000_001, 1_100_000))


def owner():
    return person("cleo", "csr").id


def hold(**more):
    given = {
        "account_id": account(next(NUMBERS)).pk, "reason": "medical", "authority": "a paper", "from_on": DAY,
        "until_on": LATER, "owner_id": owner(), "at": AT, "event_id": 1,
    }  # fmt: skip
    return Hold.objects.create(**{**given, **more})


def extension(**more):
    held = hold(reason="extension")
    given = {
        "account_id": held.account_id, "hold": held, "asked_on": DAY, "pay_by_on": LATER, "cents": 1, "asks": "holder",
        "channel": "counter", "criteria": {}, "by_id": owner(), "at": AT, "event_id": 1,
    }  # fmt: skip
    return Extension.objects.create(**{**given, **more})


def plan(**more):
    given = {
        "account_id": account(next(NUMBERS)).pk, "why": "asked", "cents": 1, "documents": [1], "offered_on": DAY,
        "terms": {}, "by_id": owner(), "at": AT, "event_id": 1,
    }  # fmt: skip
    return Arrangement.objects.create(**{**given, **more})


def step(name="kept", **more):
    of = more.pop("arrangement", None) or plan()
    return ArrangementStep.objects.create(
        **{"arrangement": of, "step": name, "on": DAY, "says": "", "event_id": 1, **more}
    )


def petition(**more):
    given = {
        "account_id": account(next(NUMBERS)).pk, "old_account_id": account(next(NUMBERS)).pk,
        "hold": hold(reason="bankruptcy"), "assurance_hold": hold(reason="bankruptcy"), "chapter": 7, "court": "W.D.",
        "case_no": "26-1", "filed_on": DAY, "told_on": DAY, "assure_by_on": LATER, "cents": 0, "by_id": owner(),
        "at": AT, "event_id": 1,
    }  # fmt: skip
    return Petition.objects.create(**{**given, **more})


def said(name="assured", **more):
    of = more.pop("petition", None) or petition()
    return PetitionStep.objects.create(**{"petition": of, "step": name, "on": DAY, "says": "x", "event_id": 1, **more})


def twice(make, **same):
    make(**same)
    make(**same)


VIOLATIONS: Violations = {
    "delinquency_hold_reason": lambda: hold(reason="kindness"),
    "delinquency_hold_authority": lambda: hold(authority=""),
    "delinquency_hold_days": lambda: hold(until_on=DAY),
    "delinquency_hold_cents": lambda: hold(cents=0),
    "delinquency_holdrelease_why": lambda: HoldRelease.objects.create(
        hold=hold(), on=DAY, says="", by_id=owner(), event_id=1
    ),
    "delinquency_extension_days": lambda: extension(pay_by_on=date(2026, 1, 1)),
    "delinquency_extension_cents": lambda: extension(cents=0),
    "delinquency_extensionend_known": lambda: ExtensionEnd.objects.create(
        extension=extension(), outcome="lost", on=DAY, says="", event_id=1
    ),
    "delinquency_arrangement_cents": lambda: plan(cents=0),
    "delinquency_arrangement_why": lambda: plan(why="kindness", catches_up=1),
    "delinquency_arrangement_of": lambda: plan(catches_up=1),
    "delinquency_arrangement_offered_once": lambda: twice(
        plan, account_id=hold().account_id, why="rebill", catches_up=1
    ),
    "delinquency_instalment_cents": lambda: Instalment.objects.create(arrangement=plan(), no=1, due_on=DAY, cents=0),
    "delinquency_arrangementstep_once": lambda: twice(step, arrangement=plan()),
    "delinquency_arrangementstep_known": lambda: step("lost"),
    "delinquency_arrangementstep_holds": lambda: step("agreed"),
    "delinquency_petition_chapter": lambda: petition(chapter=8),
    "delinquency_petition_case": lambda: petition(case_no=""),
    "delinquency_petition_days": lambda: petition(assure_by_on=DAY),
    "delinquency_petition_once": lambda: twice(petition, account_id=hold().account_id),
    "delinquency_petitionstep_known": lambda: said(says=""),
    "delinquency_petitionstep_bill": lambda: said("fenced"),
    "delinquency_petitionstep_bill_once": lambda: twice(said, name="fenced", petition=petition(), bill_id=1),
}


def test_each_constraint_refuses_what_violates_it():
    for name, violate in VIOLATIONS.items():
        with transaction.atomic():
            refused(name, violate)


def test_no_row_of_them_changes():
    one, made, of = hold(), extension(), plan()
    HoldComesBack.objects.create(hold=one, on=DAY, event_id=1)
    HoldRelease.objects.create(hold=one, on=DAY, says="x", by_id=owner(), event_id=1)
    Instalment.objects.create(arrangement=of, no=1, due_on=DAY, cents=1)
    step(arrangement=of), said()
    ExtensionEnd.objects.create(extension=made, outcome="kept", on=DAY, says="", event_id=1)
    for table in (
        "hold", "holdrelease", "holdcomesback", "extension", "extensionend", "arrangement", "instalment",
        "arrangementstep", "petition", "petitionstep",
    ):  # fmt: skip
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"delete from delinquency_{table}")
