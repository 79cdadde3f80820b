"""Stories 17-4 and 17-5: maker, checker and limits that adding up cannot pass; not on one's own account."""

from datetime import date

import pytest

from curbstop.office import adjustments, bills, delinquency, ledger, links
from curbstop.office._once import NotPermitted, Refused
from curbstop.office._own import OwnAccount
from curbstop.records.base.models import Event
from tests.books import account, at_on, key, open_books, person, set_policy
from tests.office.requests import LIMITS, approve, ask, people, refuse
from tests.stories.openings import check, opening, posted_run

BILLED, DUE = date(2026, 4, 1), date(2026, 4, 21)
DAYS = [date(2026, 4, day) for day in (6, 7, 13, 14, 15, 16, 22)]


@pytest.fixture
def town(db):
    open_books(BILLED, *DAYS)
    people()
    set_policy("approval.limits", LIMITS)


def events_of(of):
    found = Event.objects.filter(subjects__contains=[f"account:{of.id}"]).order_by("id")
    return [(e.act, e.by.username, e.denied) for e in found if e.act.startswith("adjustments")]


def test_maker_checker_and_the_limits_that_adding_up_cannot_pass(town):
    a4 = account(1_000_004, name="A4")
    opening(a4, 61230, posted_run(BILLED, DUE))
    april = lambda day: date(2026, 4, day)  # noqa: E731

    # 2026-04-06 the clerk asks a credit of 180.00, reason "billing error", bill attached
    first = ask(account_id=a4.id, cents=18000, on=april(6))
    assert ledger.get_balance(a4.id) == 61230
    # 2026-04-07 the clerk approves it: refused, who asked cannot approve; and a clerk approves nothing
    with pytest.raises(NotPermitted, match="adjustments.approve needs the role supervisor or finance_director"):
        approve(first, "clerk", on=april(7))
    approve(first, on=april(7))
    check()
    assert ledger.get_balance(a4.id) == 43230

    # 2026-04-13 the clerk asks another 90.00; 2026-04-14 the supervisor approves: refused
    second = ask(account_id=a4.id, cents=9000, on=april(13))
    assert 18000 + 9000 == 27000 and 27000 - 25000 == 2000
    says = r"180\.00 \+ 90\.00 = 270\.00 in 30 days is above your 250\.00; it goes to the finance director"
    with pytest.raises(Refused, match=says):
        approve(second, on=april(14))
    assert ledger.get_balance(a4.id) == 43230
    # 2026-04-15 the finance director refuses: "no evidence"
    refuse(second, "director", "no evidence", on=april(15))
    assert ledger.get_balance(a4.id) == 43230
    row = adjustments.get_request(second.request_id, on=april(15)).row
    assert (row.state, row.decided_reason, row.decided_by) == ("refused", "no evidence", "Director")

    # 2026-04-15 the clerk asks a credit of 40.00 without reason or paper
    with pytest.raises(Refused, match="A reason code and evidence are needed"):
        ask(account_id=a4.id, cents=4000, reason="", evidence=(), on=april(15))
    assert events_of(a4) == [
        ("adjustments.request", "clerk", False),
        ("adjustments.approve", "clerk", True),
        ("adjustments.approve", "supervisor", False),
        ("adjustments.request", "clerk", False),
        ("adjustments.approve", "supervisor", True),
        ("adjustments.refuse", "director", False),
        ("adjustments.request", "clerk", True),
    ]


def test_not_on_your_own_account_nor_your_households(town):
    """The office has no act of extension yet: the same refusal is seen on a hold, which helps service as well."""
    for policy, value in (("late.day", 1), ("late.percent", "2"), ("bill.due_days", 20)):
        set_policy(policy, value)
    own, household = account(1_000_090, name="A90"), account(1_000_091, name="A91")
    clerk = person("clerk-2", "csr")
    for of, kind in ((own, "own"), (household, "household")):
        links.link(
            key=key(), by=person("supervisor"), at=at_on(BILLED), account_id=of.id, username="clerk-2", on=BILLED,
            kind=kind,
        )  # fmt: skip
    assert {(row.number, row.mark) for row in links.list_links()} == {
        (own.number, "employee"), (household.number, "employee"),
    }  # fmt: skip
    run = posted_run(BILLED, DUE)
    document = opening(own, 8800, run)

    # 2026-04-16 clerk-2 asks a waiver of 1.76 on A90
    on = date(2026, 4, 16)
    with pytest.raises(OwnAccount, match="is your own account; ask a colleague, as any customer would. Nobody acts on"):
        ask("clerk-2", kind="waive", reason="hardship", on=on, account_id=own.id, document_id=document)
    assert ledger.get_balance(own.id) == 8800
    refused = Event.objects.latest("id")
    assert refused.denied and refused.by_id == clerk.id and f"account:{own.id}" in refused.subjects
    # 2026-04-16 clerk-2 helps A91
    with pytest.raises(OwnAccount, match="belongs to your household"):
        ask("clerk-2", on=on, account_id=household.id, cents=100)
    with pytest.raises(Refused):  # a run that is posted takes no hold from anybody
        bills.hold(key=key(), by=clerk, at=at_on(on), run=run, account_id=household.id, reason="away")

    # 2026-04-22 late fees
    day = date(2026, 4, 22)
    late = delinquency.assess_late(key=key(), by=person("clock"), at=at_on(day), run=run, on=day)
    check()
    assert late.cents == 176 and ledger.get_balance(own.id) == 8976
    # employees' and officials' accounts: A90 overdue with its late fee, A91 none
    listed = {row.link.number: row for row in links.list_marked(on=day)}
    assert (listed[own.number].past_due_cents, listed[own.number].late_charges) == (8800, 1)
    assert (listed[household.number].past_due_cents, listed[household.number].late_charges) == (0, 0)
    assert [row.late_skipped for row in listed.values()] == [0, 0]
    assert (listed[own.number].attempts, listed[household.number].attempts) == (1, 1)


def test_a_late_fee_that_was_skipped_is_flagged(town):
    from curbstop.records.delinquency.models import LateRun

    own = account(1_000_090, name="A90")
    run = posted_run(BILLED, DUE)
    opening(own, 8800, run)
    links.link(
        key=key(), by=person("supervisor"), at=at_on(BILLED), account_id=own.id, username="clerk", on=BILLED
    )  # fmt: skip
    LateRun.objects.create(run_id=run, on=date(2026, 4, 22), bills=0, cents=0, event_id=1)
    (row,) = links.list_marked(on=date(2026, 4, 22))
    assert (row.late_skipped, row.late_charges) == (1, 0)
