"""What the council decided: no two versions on one day, none without its authority."""

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from django.db import connection

from curbstop.records.base.models import User
from curbstop.records.decisions.models import (
    City,
    Cycle,
    CycleDate,
    Draft,
    DraftApproval,
    DraftTrial,
    DraftWithdrawal,
    PolicyValue,
    Tariff,
    TariffVersion,
)
from tests.records.violations import all_constraints, refused

pytestmark = pytest.mark.django_db

SPRING, SUMMER, AUTUMN = date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1)


def city(**more) -> City:
    return City.objects.create(**{"code": "x", "name": "X", "time_zone": "UTC", "body": {}, **more})


def version(**more) -> TariffVersion:
    tariff, _ = Tariff.objects.get_or_create(code="W", service="water", customer_class="residential", name="Water")
    given = {"valid": (SPRING, None), "authority": "R 1", "document": "x", "sha256": b"", "event_id": 1}
    return TariffVersion.objects.create(tariff=tariff, **{**given, **more})


def value(**more) -> PolicyValue:
    given = {"policy": "p.q", "valid": (SPRING, None), "value": 1, "says": "s", "authority": "R 1", "event_id": 1}
    return PolicyValue.objects.create(**{**given, **more})


def turn(**more) -> CycleDate:
    cycle, _ = Cycle.objects.get_or_create(code="1", name="Cycle 1", every_days=28)
    given = {"read_on": SPRING, "bill_on": date(2026, 3, 2), "due_on": date(2026, 3, 22)}
    return CycleDate.objects.create(cycle=cycle, **{**given, **more})


AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def person(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


def draft(**more) -> Draft:
    given = {"file": "f", "text": "t", "sha256": sha256(b"t").digest(), "says": "s", "drafted_by": person("ann")}
    return Draft.objects.create(**{**given, "at": AT, "event_id": 1, **more})


def trial(**more) -> DraftTrial:
    given = {
        "sha256": sha256(b"t").digest(), "from_on": SPRING, "until_on": SUMMER, "accounts": 0, "unrated": 0,
        "now_cents": 0, "would_cents": 0, "result": {}, "by": person("ann"), "at": AT, "event_id": 1,
        "draft": more.pop("draft", None) or draft(),
    }  # fmt: skip
    return DraftTrial.objects.create(**{**given, **more})


def approval(**more) -> DraftApproval:
    tried = trial()
    given = {
        "draft": tried.draft, "trial": tried, "drafted_by": person("ann"), "approved_by": person("bob"),
        "resolution": "R 1", "resolution_on": SPRING, "section": "2", "file": "r.pdf", "body": b"p",
        "sha256": sha256(b"p").digest(), "at": AT, "event_id": 1,
    }  # fmt: skip
    return DraftApproval.objects.create(**{**given, **more})


def withdrawal(**more) -> DraftWithdrawal:
    given = {"draft": draft(), "by": person("ann"), "reason": "r", "at": AT, "event_id": 1}
    return DraftWithdrawal.objects.create(**{**given, **more})


VIOLATIONS = {
    "decisions_city_one": lambda: city(id=2),
    "decisions_city_code_key": lambda: (city(), city(id=2)),
    "decisions_tariffversion_no_overlap": lambda: (version(), version(valid=(SUMMER, AUTUMN))),
    "decisions_tariffversion_authority": lambda: version(authority=""),
    "decisions_tariffversion_days": lambda: version(valid=(SPRING, SPRING)),
    "decisions_tariffversion_never_changes": lambda: TariffVersion.objects.filter(pk=version().pk).update(document="y"),
    "decisions_policyvalue_no_overlap": lambda: (value(), value(valid=(SUMMER, AUTUMN))),
    "decisions_policyvalue_authority": lambda: value(authority=""),
    "decisions_policyvalue_says_why": lambda: value(value=None),
    "decisions_policyvalue_days": lambda: value(valid=(None, SPRING)),
    "decisions_cycledate_once": lambda: (turn(), turn(due_on=None)),
    "decisions_cycledate_order": lambda: turn(bill_on=date(2026, 2, 28), due_on=None),
    "decisions_draft_author": lambda: _same_number_twice(),
    "decisions_draft_says": lambda: draft(says=""),
    "decisions_draft_sha256": lambda: draft(sha256=sha256(b"u").digest()),
    "decisions_draft_never_changes": lambda: Draft.objects.filter(id=draft().id).update(says="x"),
    "decisions_draftapproval_second_person": lambda: approval(approved_by=person("ann")),
    "decisions_draftapproval_resolution": lambda: approval(section=""),
    "decisions_draftapproval_sha256": lambda: approval(body=b"q"),
    "decisions_draftapproval_tried": lambda: approval(trial=None),
    "decisions_draft_text": lambda: _same_number_twice(),
    "decisions_drafttrial_of": lambda: (lambda one: trial(id=one.id, draft=one.draft))(trial()),
    "decisions_drafttrial_days": lambda: trial(until_on=SPRING),
    "decisions_drafttrial_never_changes": lambda: DraftTrial.objects.filter(pk=trial().pk).update(accounts=1),
    "decisions_draftapproval_event_id_key": lambda: (approval(), approval()),
    "decisions_draftapproval_never_changes": lambda: DraftApproval.objects.filter(pk=approval().pk).delete(),
    "decisions_draftwithdrawal_reason": lambda: withdrawal(reason=""),
    "decisions_draftwithdrawal_never_changes": lambda: DraftWithdrawal.objects.filter(pk=withdrawal().pk).delete(),
}
HIDDEN = {  # behind a primary key, which refuses first
    "decisions_city_code_key", "decisions_draft_author", "decisions_draft_text", "decisions_drafttrial_of",
}  # fmt: skip


def _same_number_twice() -> None:
    one = draft()
    draft(id=one.id)


@pytest.mark.parametrize("name", [name for name in VIOLATIONS if name not in HIDDEN])
def test_each_constraint_refuses(name):
    refused(name, VIOLATIONS[name])


def test_no_constraint_without_its_violation():
    assert all_constraints("decisions") == set(VIOLATIONS)


def test_a_second_city_is_refused_by_one_constraint_or_the_other():
    """One row with id 1 and one code: whichever is asked first."""
    with pytest.raises(AssertionError, match="decisions_city_one"):
        refused("decisions_city_code_key", VIOLATIONS["decisions_city_code_key"])


def test_a_due_date_is_after_the_bill_and_may_be_missing():
    refused("decisions_cycledate_order", lambda: turn(due_on=date(2026, 3, 2)))
    assert turn(due_on=None).due_on is None


def test_versions_may_follow_each_other_without_a_gap():
    version(valid=(SPRING, SUMMER))
    version(valid=(SUMMER, None))
    value(value=0)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")


def test_an_adopted_version_gets_its_end_once_and_is_never_taken_back():
    one = version()
    rows = TariffVersion.objects.filter(pk=one.pk)
    rows.update(valid=(SPRING, SUMMER))
    for change in (
        lambda: rows.update(valid=(SPRING, AUTUMN)),
        lambda: rows.update(valid=(SUMMER, None)),
        lambda: rows.update(authority="R 2"),
        rows.delete,
    ):
        refused("decisions_tariffversion_never_changes", change)


def test_an_approval_names_the_drafts_own_author():
    refused("decisions_draftapproval_author", lambda: approval(drafted_by=person("eve")))
    assert approval().pk


def test_a_trial_is_of_its_drafts_very_text_and_an_approval_of_its_drafts_trial():
    refused("decisions_drafttrial_text", lambda: trial(sha256=sha256(b"u").digest()))
    refused("decisions_draftapproval_trial", lambda: approval(trial=trial()))


def test_a_resolution_without_bytes_is_none():
    refused("decisions_draftapproval_sha256", lambda: approval(body=b"", sha256=sha256(b"").digest()))
