"""A change of rates: drafted, approved by a second person with the resolution, in force from its date."""

import base64
import hashlib
from datetime import date

import pytest
from django.db import IntegrityError, connection

from curbstop.office import drafts, tariffs
from curbstop.office._once import NotPermitted, Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.tariffs import TariffErrors
from tests.office.scene import AT, by, key
from tests.office.test_tariffs import FILE, adopt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

PAPER = b"%PDF-1.7 a resolution"
ROLES = {"cleo": False, "sue": True, "finn": False, "cass": False, "otto": False, "fay": True, "clock": False,
         "adam": True}  # fmt: skip


def text(from_on="2026-07-01", flat="12.00", total=None):
    return FILE.format(from_on=from_on, flat=flat, total=total or flat)


def draft(author="fay", what=None, k=None):
    return drafts.draft(
        key=k or key(), by=by(author), at=AT, file="water.yaml", text=what or text(), says="Two dollars more"
    )


def try_on(number, author="fay", k=None):
    days = {"from_on": date(2025, 1, 1), "until_on": date(2026, 3, 2)}
    return drafts.try_on(key=k or key(), by=by(author), at=AT, draft=number, **days)


def approve(number, author="sue", k=None, tried=True, **more):
    if tried and drafts.get_draft(draft=number) and drafts.get_draft(draft=number).state == "open":
        try_on(number)
    given = {"resolution": "Resolution 7(26)", "resolution_on": date(2026, 2, 2), "section": "section 2",
             "file": "r7.pdf", "body": base64.b64encode(PAPER).decode()}  # fmt: skip
    return drafts.approve(key=k or key(), by=by(author), at=AT, draft=number, **{**given, **more})


def test_from_draft_to_in_force():
    adopt()
    number = draft()
    row = drafts.get_draft(draft=number)
    assert (row.state, row.drafted_by) == ("open", "Fay Test") and "not tried yet" in row.in_the_way[0]
    try_on(number)
    assert drafts.get_draft(draft=number).in_the_way == ()
    assert approve(number).new == ("W-TEST from 2026-07-01",)
    row = drafts.get_draft(draft=number)
    assert row.state == "approved" and row.resolution.approved_by == "Sue Test" and row.resolution.bytes == len(PAPER)
    assert drafts.get_paper(draft=number) == ("r7.pdf", PAPER)
    versions = tariffs.load_tariff(code="W-TEST").versions
    assert [version.period.until_on for version in versions] == [date(2026, 7, 1), None]
    newest, first = drafts.get_history(code="W-TEST")
    assert (newest.draft, newest.drafted_by, newest.resolution.section) == (number, "Fay Test", "section 2")
    assert first.resolution is None and first.adopted_by == "Ada Min"


@pytest.mark.parametrize(("name", "may"), ROLES.items())
def test_who_may(name, may):
    number = draft("adam" if name != "adam" else "sue")
    for do in (
        lambda: draft(name),
        lambda: drafts.withdraw(key=key(), by=by(name), at=AT, draft=draft("fay"), reason="No"),
        lambda: try_on(draft("fay"), name),
        lambda: approve(number, name),
    ):
        if may:
            do()
        else:
            with pytest.raises(NotPermitted):
                do()


def test_the_same_key_does_it_once():
    k, k2 = key(), key()
    number = draft(k=k)
    assert draft(k=k) == number and len(drafts.list_drafts()) == 1
    assert approve(number, k=k2) == approve(number, k=k2)


def test_nothing_is_approved_that_was_not_tried():
    number = draft()
    with pytest.raises(Refused, match="was not tried"):
        approve(number, tried=False)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="decisions_draftapproval_tried"):
        cursor.execute(
            "insert into decisions_draftapproval (draft_id, drafted_by_id, approved_by_id, resolution, resolution_on,"
            " section, file, body, sha256, at, event_id) select id, drafted_by_id, drafted_by_id + 1, 'R',"
            " '2026-01-01', 's', 'f', 'x', sha256('x'), now(), 1 from decisions_draft where id = %s",
            [number],
        )


def test_a_trial_is_kept_with_the_very_text():
    number, k = draft(), key()
    trial = try_on(number, k=k)
    assert try_on(number, k=k) == trial and try_on(number) > trial
    row = drafts.get_draft(draft=number)
    assert [one.by for one in row.trials] == ["Fay Test", "Fay Test"] and row.trials[1].id == trial
    tried, kept = drafts.get_trial(draft=number, trial=trial)
    assert tried.sha256 == hashlib.sha256(row.text.encode()).hexdigest() and tried.accounts == 0
    assert kept == tariffs.try_draft(text=row.text, file=row.file, from_on=date(2025, 1, 1), until_on=date(2026, 3, 2))
    assert "No bill was ever issued" in kept.notes[0]
    assert drafts.get_trial(draft=draft(), trial=trial) is None
    approve(number, tried=False)
    with pytest.raises(Refused, match="approved already"):
        try_on(number)


def test_requester_is_never_approver():
    number = draft("sue")
    with pytest.raises(Refused, match="does not approve it"):
        approve(number, "sue")
    assert drafts.get_draft(draft=number).state == "open"


def test_examples_must_be_there_and_hold():
    wrong = draft(what=text(total="12.01"))
    assert "does not come out" in drafts.get_draft(draft=wrong).in_the_way[0]
    with pytest.raises(Refused, match="total 1200 cents, expected 1201"):
        approve(wrong)
    bare = draft(what=text().split("    examples:")[0])
    assert "no worked example" in drafts.get_draft(draft=bare).in_the_way[0]
    with pytest.raises(Refused, match="no worked example"):
        approve(bare)
    assert "W-TEST" not in tariffs.load_tariffs()


def test_what_is_decided_stays_decided():
    gone, done = draft(), draft()
    drafts.withdraw(key=key(), by=by("sue"), at=AT, draft=gone, reason="The council sent it back")
    assert drafts.get_draft(draft=gone).state == "withdrawn"
    with pytest.raises(Refused, match="was withdrawn: The council"):
        approve(gone)
    approve(done)
    for again in (lambda: approve(done, "adam"), lambda: drafts.withdraw(key=key(), by=by("sue"), at=AT, draft=done,
                                                                         reason="x")):  # fmt: skip
        with pytest.raises(Refused, match="approved already"):
            again()
    with pytest.raises(Refused, match="no draft 999"):
        approve(999)
    same = draft()
    assert "adopted already" in drafts.get_draft(draft=same).in_the_way[0]
    with pytest.raises(Refused, match="nothing to approve"):
        approve(same)


def test_a_version_in_force_is_not_edited():
    adopt("2026-07-01", "11.00")
    with pytest.raises(Refused, match="overlaps the version adopted from 2026-07-01"):
        approve(draft())


def test_days_that_are_billed_take_no_new_version(monkeypatch):
    adopt()
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            "insert into customers_agreement (id, account_id, service_point_id, tariff_id, during, items, attributes,"
            " event_id) values (99, 1, 99, 'W-TEST', '[2026-01-01,)', 1, '{}', 1)"
        )
        cursor.execute(
            "insert into bills_outcome (run_id, agreement_id, account_id, bill_id, usage_gal, average_gal, cents,"
            " from_on, until_on, chunk_no, items, prorate_days, code) values (1, 99, 1, 1, 0, -1, 0,"
            " '2026-06-10', '2026-07-08', 1, 1, -1, 'billed')"
        )
        cursor.execute("set session_replication_role = origin")
    with pytest.raises(Refused, match="billed through 2026-07-08"):
        approve(draft())
    assert approve(draft(what=text("2026-07-08"))).new == ("W-TEST from 2026-07-08",)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"resolution": " "}, "resolution"),
        ({"section": ""}, "section"),
        ({"resolution_on": date(2026, 3, 9)}, "resolution_on"),
        ({"body": ""}, "body"),
        ({"body": "no base64"}, "body"),
        ({"file": ""}, "body"),
    ],
)
def test_the_resolution_is_attached_whole(more, field):
    with pytest.raises((Refused, BadValue)) as refused:
        approve(draft(), **more)
    assert refused.value.field == field


def test_a_draft_that_cannot_be_read_is_told_by_line():
    with pytest.raises(TariffErrors) as faults:
        draft(what=text(flat="x"))
    assert faults.value.faults[0].line
    with pytest.raises(BadValue):
        drafts.draft(key=key(), by=by("fay"), at=AT, file="x", text=text(), says="")
