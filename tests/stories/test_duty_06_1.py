"""Stories 06-1 and 06-2: a returned check puts every line back, and the second one in twelve months means cash only."""

from datetime import date, timedelta

import pytest

from curbstop.office import ledger, payments, tills
from curbstop.office._once import Refused
from curbstop.office.payments import Paying, Tender
from curbstop.records.base.models import Event
from curbstop.records.payments.received import Letter, Returned
from curbstop.rules.ledger import credit, debit
from tests.books import account, at_on, key, open_books, person, posting, set_policy

BILLED, PAID, RETURNED, MADE_GOOD = date(2026, 4, 1), date(2026, 4, 10), date(2026, 4, 17), date(2026, 4, 20)
DUE = date(2026, 4, 21)
LINES = [
    ("water.base", "51-1210", "51-4010", 950),
    ("water.volume", "51-1210", "51-4020", 3835),
    ("sewer.volume", "52-1210", "52-4020", 2070),
    ("sewer.surcharge", "52-1210", "52-4010", 1775),
    ("sanitation.cart", "53-1210", "53-4010", 1150),
]


@pytest.fixture
def town(db):
    april = (BILLED, PAID, RETURNED, MADE_GOOD, date(2026, 4, 22))
    days = (*april, date(2026, 6, 5), date(2026, 6, 11), date(2026, 6, 12), date(2027, 6, 11))
    open_books(*days)
    set_policy("payments.application", "oldest_first")
    set_policy("calendar.holidays", ["US"])
    set_policy("fee.returned_payment", 2500)  # nsf.fee (Tahlequah PWA)
    set_policy("returned.make_good", ["cash", "cashier's check", "money order"])
    set_policy("returned.notice", {"document": "hanger", "working_days": 3})  # set for this story
    set_policy("returned.count", {"times": 2, "months": 12, "mark_months": 12})
    set_policy("returned.counts", ["check", "ach"])  # paper check and bank draft alike
    set_policy("returned.represent", 0)  # presented once
    set_policy("office.hours", "Monday to Friday, 8 to 5")
    set_policy("office.phone", "405-555-0100")
    for name in ("cashier", "finance", "supervisor"):
        person(name, name)
    tills.install(key=key(), by=person("clock"), at=at_on(BILLED), code="T1", name="Till 1")
    return account(name="A1")


def bill(of, lines, on, due_on):
    (document,) = ledger.reserve_documents(1)
    legs = [
        debit(gl, cents, kind, account_id=of.id, document=document, line=n, due_on=due_on)
        for n, (kind, gl, _, cents) in enumerate(lines, 1)
    ]
    posting("bill", [*legs, *(credit(earned, cents, kind) for kind, _, earned, cents in lines)], on=on)
    return document


def open_till(on):
    drawer = tills.get_drawer("T1")
    if drawer.session_id:
        told = tills.count(key=key(), by=person("cashier"), at=at_on(on, 13), till="T1", counted=tills_counted(drawer))
        tills.close(key=key(), by=person("supervisor"), at=at_on(on, 13), till="T1", count_id=told.count_id, reason="")
    tills.open(key=key(), by=person("cashier"), at=at_on(on, 14), till="T1", on=on, float_cents=20000)


def tills_counted(drawer):
    from curbstop.records.payments.models import TillSession
    from curbstop.rules.tills import Counted

    document = TillSession.objects.get(id=drawer.session_id).document_id
    sums = tills._received(document)
    return Counted((), coin_cents=20000 + sums.get("cash", 0), check_cents=sums.get("check", 0))


def take(of, cents, type, on, reference=""):
    open_till(on)
    return payments.take(
        key=key(), by=person("cashier"), at=at_on(on, 15), till="T1", on=on, accounts=(Paying(of.id, cents),),
        tenders=(Tender(type, cents, reference),),
    )  # fmt: skip


def bank_returns(receipt, on):
    return payments.reverse(
        key=key(), by=person("finance"), at=at_on(on), series=receipt.series, no=receipt.no, why="returned",
        reason="insufficient funds", on=on,
    )  # fmt: skip


def open_lines(of):
    return {(i.document, i.line): (i.open_cents, i.due_on) for i in ledger.get_open_items(of.id)}


def test_a_returned_check_puts_every_line_back_where_it_was(town):
    a1 = town
    assert 950 + 3835 + 2070 + 1775 + 1150 == 9780
    b1 = bill(a1, LINES, BILLED, DUE)
    before = open_lines(a1)
    receipt = take(a1, 9780, "check", PAID, "2187")
    assert ledger.get_balance(a1.id) == 0

    done = bank_returns(receipt, RETURNED)
    after = open_lines(a1)
    # each line owed again as before the payment, due date still 2026-04-21
    assert {item: value for item, value in after.items() if item[0] == b1} == before
    assert [before[b1, n] for n in range(1, 6)] == [(cents, DUE) for *_, cents in LINES]
    assert ledger.get_balance(a1.id) == 9780 + 2500 == 12280
    (followed,) = done.followed
    assert (followed.fee_cents, followed.make_good_on, followed.returns_in_months) == (2500, date(2026, 4, 22), 1)
    assert (RETURNED.strftime("%A"), followed.make_good_on.strftime("%A")) == ("Friday", "Wednesday")
    assert followed.cash_only_until_on is None  # checks still accepted for other bills
    (hanger,) = Letter.objects.all()
    assert hanger.kind == "returned_hanger" and hanger.says == (
        "A check is presented once. Please bring $122.80 in cash, a cashier's check or a money order by April 22."
    )
    assert hanger.facts["amount_cents"] == 12280 and hanger.facts["reason"] == "insufficient funds"
    assert (hanger.facts["make_good_on"], hanger.facts["hours"], hanger.facts["phone"]) == (
        "2026-04-22", "Monday to Friday, 8 to 5", "405-555-0100",
    )  # fmt: skip
    assert hanger.facts["tenders"] == ["cash", "cashier's check", "money order"] and hanger.facts["dispute"]
    event = Event.objects.filter(act="payments.reverse").latest("id")  # payments.return in the story
    assert event.by_id == person("finance").id and f"account:{a1.id}" in event.subjects

    take(a1, 12280, "cash", MADE_GOOD)
    assert ledger.get_balance(a1.id) == 0
    (item,) = payments.list_returned(account_id=a1.id)
    assert item.made_good  # hanger step closed; no late fee on 2026-04-22: nothing is owed
    assert not payments.list_returned(open_only=True)


def test_the_second_returned_check_in_twelve_months_is_cash_only(town):
    a1 = town
    bill(a1, LINES, BILLED, DUE)
    bank_returns(take(a1, 9780, "check", PAID, "2187"), RETURNED)
    take(a1, 12280, "cash", MADE_GOOD)

    bill(a1, [("water.volume", "51-1210", "51-4020", 8112)], date(2026, 6, 5), date(2026, 6, 25))
    done = bank_returns(take(a1, 8112, "check", date(2026, 6, 5), "2201"), date(2026, 6, 11))
    assert ledger.get_balance(a1.id) == 8112 + 2500 == 10612
    assert done.followed[0].returns_in_months == 2
    mark = payments.get_cash_only(account_ids=[a1.id], on=date(2026, 6, 11))[a1.id]
    assert (mark.from_on, mark.until_on, mark.reason) == (
        date(2026, 6, 11), date(2027, 6, 11), "2 returned in 12 months",
    )  # fmt: skip
    letter = Letter.objects.get(kind="cash_only")
    assert letter.says == (
        "Two checks came back within twelve months, so we cannot take checks until June 11, 2027. "
        "Cash, a cashier's check or a money order is fine today."
    )
    assert letter.facts["until_on"] == "2027-06-11" and letter.facts["object"]

    with pytest.raises(Refused, match="cash, cashier's check or money order until 2027-06-11") as caught:
        take(a1, 10612, "check", date(2026, 6, 12), "2202")
    assert "Two checks came back within twelve months" in str(caught.value)
    assert ledger.get_balance(a1.id) == 10612
    refused = Event.objects.filter(act="payments.take").latest("id")
    assert refused.denied and refused.by_id == person("cashier").id

    # the mark has ended by its own date; the check is taken
    assert payments.get_cash_only(account_ids=[a1.id], on=date(2027, 6, 11)) == {}
    take(a1, 10612, "check", date(2027, 6, 11), "2301")
    assert ledger.get_balance(a1.id) == 0


def test_returns_a_year_apart_bring_no_mark(town):
    a1 = town
    bank_returns(take(a1, 5000, "check", PAID, "1"), RETURNED)
    assert RETURNED + timedelta(366) < date(2027, 6, 11)
    done = bank_returns(take(a1, 5000, "check", date(2027, 6, 11), "2"), date(2027, 6, 11))
    assert done.followed[0].returns_in_months == 1 and not payments.get_cash_only(
        account_ids=[a1.id], on=date(2027, 6, 11)
    )


def test_what_is_not_set_does_not_happen_and_is_said(db):
    open_books(PAID, RETURNED)
    set_policy("payments.application", "oldest_first")
    for name in ("cashier", "finance", "supervisor"):
        person(name, name)
    tills.install(key=key(), by=person("clock"), at=at_on(PAID), code="T1", name="Till 1")
    a1 = account()
    done = bank_returns(take(a1, 5000, "check", PAID, "1"), RETURNED)
    (followed,) = done.followed
    assert (followed.fee_cents, followed.make_good_on, followed.cash_only_until_on) == (0, None, None)
    assert set(followed.not_set) == {"fee.returned_payment", "returned.notice", "returned.count"}
    assert ledger.get_balance(a1.id) == 0 and Returned.objects.get().cents == 5000
    assert followed.letters == ("returned_letter",)
