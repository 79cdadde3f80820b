"""Story 03-5: the month ties to 0.00 or does not close."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.office import closing, ledger
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Close, Request, Verdict
from curbstop.rules.ledger import credit, debit, interfund
from tests.books import account, at_on, key, open_books, person, posting

MARCH, APRIL, DAY, MAY = date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 15), date(2026, 5, 1)
OPENING, BILLED, LATE, PAID = 41_288_015, 120_456_640, 611_822, 119_800_477
RETURNED, CREDITED, WRITTEN_OFF, CLOSING = 121_055, 234_560, 89_010, 42_353_485


@pytest.fixture
def town(db):
    """Two accounts; what the story gives, posted by the recipes of the books."""
    open_books(MARCH, DAY, MAY)
    for name in ("finance", "finance-2"):
        person(name, "finance")
    a1, a2 = account(1_000_001, name="A1"), account(1_000_002, name="A2")
    before = charge(a1, "water.volume", "51-1210", "51-4020", OPENING, MARCH)
    charged = charge(a1, "water.volume", "51-1210", "51-4020", BILLED - 20_000_000, DAY)
    sewer = charge(a2, "sewer.volume", "52-1210", "52-4020", 20_000_000, DAY)
    late = charge(a1, "late.water", "51-1220", "51-4110", LATE, DAY, act="late_charge")
    pay(a1, before, OPENING)
    second = pay(a1, charged, PAID - OPENING)
    take_back(a1, charged, RETURNED, second)
    leg = {"account_id": a2.id, "document": sewer, "line": 1}
    given = [debit("52-4310", CREDITED, "adjustment.sewer"), credit("52-1210", CREDITED, "sewer.volume", **leg)]
    posting("adjust", given, on=DAY, approval=approved(a2, CREDITED))
    lost = {"account_id": a1.id, "document": late, "line": 1}
    provision = [debit("51-4390", WRITTEN_OFF, "provision"), credit("51-1290", WRITTEN_OFF, "provision")]
    posting("provide", provision, on=DAY)
    off = [
        debit("51-1290", WRITTEN_OFF, "late.water"), credit("51-1220", WRITTEN_OFF, "late.water", **lost),
        debit("51-1295", WRITTEN_OFF, "late.water", **lost), credit("51-1296", WRITTEN_OFF, "late.water"),
    ]  # fmt: skip
    posting("write_off", off, on=DAY, approval=approved(a1, WRITTEN_OFF))
    check()
    return a1


def charge(of, kind, on, earned, cents, day, act="charge"):
    (document,) = ledger.reserve_documents(1)
    due = day + timedelta(20)
    legs = [
        debit(on, cents, kind, account_id=of.id, document=document, line=1, due_on=due),
        credit(earned, cents, kind),
    ]
    posting(act, legs, on=day)
    return document


def pay(of, document, cents):
    """Money on one charge, as an agency of collectors remits it; returns the batch that waits for the bank."""
    (batch,) = ledger.reserve_documents(1)
    item = {"account_id": of.id, "document": document, "line": 1}
    legs = [
        debit("10-1060", cents, "payment", document=batch, line=1),
        credit("51-1210", cents, "water.volume", **item),
    ]
    posting("agency", interfund(legs), on=DAY)
    return batch


def take_back(of, document, cents, batch):
    item = {"account_id": of.id, "document": document, "line": 1}
    legs = [
        debit("51-1210", cents, "water.volume", **item),
        credit("10-1060", cents, "payment", document=batch, line=1),
    ]
    posting("return", interfund(legs), on=DAY)


def approved(of, cents):
    """A request that another person approved: what a giving transaction must name."""
    asks, says = person("clerk", "csr"), person("supervisor", "supervisor")
    row = Request.objects.create(
        kind="adjust", account_ids=[of.id], cents=cents, reason="story", words="of April", inputs={}, weighed={},
        needs_evidence=False, asked_by_id=asks.id, asked_on=DAY, at=at_on(DAY), event_id=1,
    )  # fmt: skip
    Verdict.objects.create(
        request=row, step="approved", level="supervisor", by_id=says.id, asked_by_id=asks.id, on=DAY, at=at_on(DAY),
        event_id=1,
    )  # fmt: skip
    return row.pk


def check():
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def close_day(on):
    prepared = closing.prepare_day(key=key(), by=person("finance-2"), at=at_on(on), on=on)
    closing.close_day(key=key(), by=person("finance"), at=at_on(on), on=on, prepared_id=prepared.prepared_id)


def prepare():
    return closing.prepare_month(key=key(), by=person("finance-2"), at=at_on(MAY), on=APRIL)


def close(prepared):
    return closing.close_month(
        key=key(), by=person("finance"), at=at_on(MAY), on=APRIL, prepared_id=prepared.prepared_id, posted_on=MAY
    )


def test_the_month_ties_and_closes(town):
    total = OPENING + BILLED + LATE - PAID + RETURNED - CREDITED - WRITTEN_OFF
    assert total == CLOSING
    with pytest.raises(Refused, match="Days are not closed: 2026-03-31 is open; 2026-04-15 is open"):
        prepare()
    close_day(MARCH)
    close_day(DAY)
    prepared = prepare()
    with pytest.raises(Refused, match="made 2026-04 ready yourself"):
        closing.close_month(
            key=key(), by=person("finance-2"), at=at_on(MAY), on=APRIL, prepared_id=prepared.prepared_id, posted_on=MAY
        )
    closed = close(prepared)
    check()
    figures = closing.get_month_figures(DAY)
    # sum of all account balances 423,534.85, control account 423,534.85, difference 0.00; April closes
    assert (figures.accounts_cents, figures.control_cents, figures.difference_cents) == (CLOSING, CLOSING, 0)
    assert (figures.opening_cents, figures.closing_cents) == (OPENING, CLOSING)
    assert {name: cents for name, cents in figures.columns if cents} == {
        "billed": BILLED + LATE, "paid": -PAID, "returned": RETURNED, "adjusted": -CREDITED,
        "written_off": -WRITTEN_OFF,
    }  # fmt: skip
    # roll-forward by service and by fund
    assert [(line.fund, line.object, line.service, line.closing_cents) for line in figures.lines] == [
        (51, 1210, "water", CLOSING - (LATE - WRITTEN_OFF) - (20_000_000 - CREDITED)),
        (51, 1220, "water", LATE - WRITTEN_OFF),
        (52, 1210, "sewer", 20_000_000 - CREDITED),
    ]
    behind = closing.list_month_accounts(DAY, fund=51, object=1210, service="water", column="returned")
    assert [(row.number, row.cents) for row in behind] == [(town.number, RETURNED)]
    event = Event.objects.get(act="closing.close_month", denied=False)
    assert event.by_id == person("finance").id and closed.period == "2026-04"
    row = Close.objects.get(period="2026-04")
    assert json.dumps(row.checks["control_cents"]) == str(CLOSING)
    with pytest.raises(Refused, match="April 2026 is closed"):
        prepare()
    assert closing.get_proof(on=MAY, only={"34", "40"}).holds


def test_a_cent_changed_behind_the_offices_back_keeps_it_open_and_names_the_account(town):
    close_day(MARCH)
    close_day(DAY)
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(
            "update ledger_posting set debit_cents = debit_cents + 1 where account_id = %s and debit_cents = %s",
            [town.id, BILLED - 20_000_000],
        )
        assert cursor.rowcount == 1
        cursor.execute("set local session_replication_role = origin")
    with pytest.raises(Refused) as caught:
        prepare()
    said = str(caught.value)
    assert said.startswith("April 2026 does not close.")
    assert "Accounts 423,534.86, control 423,534.85, difference 0.01" in said
    assert f"account {town.number}" in said and "rows of the day 2026-04-15 were changed" in said
    event = Event.objects.filter(act="closing.prepare_month").latest("id")
    assert event.denied and event.by_id == person("finance-2").id
