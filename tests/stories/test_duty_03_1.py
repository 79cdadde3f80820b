"""Stories 03-1 and 03-2: a payment of two tenders for two accounts, and drawers that are short and over."""

from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.office import banking, closing, ledger, payments, tills
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office.payments import Paying, Tender
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.models import Receipt
from curbstop.rules.ledger import credit, debit
from curbstop.rules.payments import attribute
from curbstop.rules.tills import Counted, Piece
from tests.books import account, at_on, key, open_books, person, posting, set_policy
from tests.formats.statements import bai2

DAY = date(2026, 4, 14)
ORDER = {
    "steps": [{"take": "all", "order": ["due_on", "service_priority"], "within": "in_order"}],
    "service_priority": ["sanitation", "sewer", "water"],
}


def opening(of, *lines):
    """A bill that stands as the opening balance: (kind, account, revenue, cents)."""
    (document,) = ledger.reserve_documents(1)
    due = DAY + timedelta(5)
    legs = [
        debit(gl, cents, kind, account_id=of.id, document=document, line=n, due_on=due)
        for n, (kind, gl, _, cents) in enumerate(lines, 1)
    ]
    posting("bill", [*legs, *(credit(earned, cents, kind) for kind, _, earned, cents in lines)], on=DAY)


WATER, SEWER, CART = ("water.volume", "51-1210", "51-4020"), ("sewer.volume", "52-1210", "52-4020"), (
    "sanitation.cart", "53-1210", "53-4010"
)  # fmt: skip


@pytest.fixture
def town(db):
    open_books(DAY, DAY + timedelta(1))
    set_policy("payments.application", ORDER)
    person("cashier", "cashier")
    person("cashier-2", "cashier")
    person("supervisor", "supervisor")
    person("finance", "finance")
    for code in ("T1", "T2"):
        tills.install(key=key(), by=person("clock"), at=at_on(DAY, 12), code=code, name=f"Till {code[1]}")


def act_of(event_name):
    return Event.objects.filter(act=event_name).order_by("-id").first()


def check():
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def test_one_payment_two_tenders_two_accounts_change(town):
    a1, a2 = account(1_000_001, name="A1"), account(1_000_002, name="A2")
    opening(a1, (*WATER, 4464), (*SEWER, 3845), (*CART, 1150))
    opening(a2, (*WATER, 4635))
    assert (ledger.get_balance(a1.id), ledger.get_balance(a2.id)) == (9459, 4635)
    cashier = person("cashier")
    tills.open(key=key(), by=cashier, at=at_on(DAY, 13), till="T1", on=DAY, float_cents=20000)

    form = {
        "key": key("form"),
        "by": cashier,
        "at": at_on(DAY, 15, 12),
        "till": "T1",
        "on": DAY,
        "accounts": (Paying(a1.id, 9459), Paying(a2.id, 4635)),
        "tenders": (Tender("check", 10000, "2187"), Tender("cash", 6000)),
    }
    before = payments.get_payment_preview(accounts=form["accounts"], tenders=form["tenders"], on=DAY)
    receipt = payments.take(**form)
    check()

    assert 9459 + 4635 == 14094 and 10000 + 6000 == 16000 and 16000 - 14094 == 1906
    assert receipt.change_cents == before.change_cents == 1906
    assert receipt.accounts == before.accounts
    assert attribute(receipt.tenders, [9459, 4635]) == ((("check", 9459),), (("check", 541), ("cash", 4094)))
    assert (ledger.get_balance(a1.id), ledger.get_balance(a2.id)) == (0, 0)
    # one receipt, next number in the sequence without a gap, both accounts, both tenders, change 19.06
    assert (receipt.series, receipt.no, receipt.number) == ("T1", 1, "T1-000001")
    assert [one.account_id for one in receipt.accounts] == [a1.id, a2.id]
    assert [(t.type, t.cents, t.change_cents) for t in receipt.tenders] == [("check", 10000, 0), ("cash", 4094, 1906)]
    # drawer expects check 100.00 and cash 40.94 more than before
    assert tills._received(session_document("T1")) == {"cash": 4094, "check": 10000}
    event = act_of("payments.take")
    assert event.by_id == cashier.id and {f"account:{a1.id}", f"account:{a2.id}"} <= set(event.subjects)

    # the same form is sent a second time by a double click
    events, transactions = Event.objects.count(), Transaction.objects.count()
    again = payments.take(**{**form, "at": at_on(DAY, 15, 13)})
    assert again == receipt
    assert (Event.objects.count(), Transaction.objects.count(), Receipt.objects.count()) == (events, transactions, 1)
    assert (ledger.get_balance(a1.id), ledger.get_balance(a2.id)) == (0, 0)
    with pytest.raises(KeyReused, match="already used for something else"):
        payments.take(**{**form, "tenders": (Tender("cash", 14094),)})


def session_document(till):
    from curbstop.records.payments.models import TillSession

    return TillSession.objects.filter(till__code=till).latest("id").document_id


def take(by, till, of, cents, type, reference=""):
    return payments.take(
        key=key(), by=by, at=at_on(DAY, 16), till=till, on=DAY, accounts=(Paying(of.id, cents),),
        tenders=(Tender(type, cents, reference),),
    )  # fmt: skip


@pytest.fixture
def drawers(town):
    """T1 with 412.35 in cash and 880.10 in checks, T2 with 500.00 and 96.48; the receipts' numbers of T1."""
    a1 = account()
    opening(a1, (*WATER, 300_000))
    tills.open(key=key(), by=person("cashier"), at=at_on(DAY, 13), till="T1", on=DAY, float_cents=20000)
    assert act_of("tills.open").by_id == person("cashier").id
    tills.open(key=key(), by=person("cashier-2"), at=at_on(DAY, 14), till="T2", on=DAY, float_cents=20000)
    take(person("cashier-2"), "T2", a1, 50000, "cash")
    take(person("cashier-2"), "T2", a1, 9648, "check", "77")
    return [
        take(person("cashier"), "T1", a1, 41235, "cash").number,
        take(person("cashier"), "T1", a1, 50000, "check", "101").number,
        take(person("cashier"), "T1", a1, 38010, "check", "102").number,
    ]


T1_COUNTED = Counted((Piece(10000, 4), Piece(2000, 8), Piece(1000, 3), Piece(500, 4)), coin_cents=35, check_cents=88010)
T2_COUNTED = Counted((Piece(10000, 7),), coin_cents=500, check_cents=9648)


def count_and_sign(till, cashier, counted, reason):
    told = tills.count(key=key(), by=person(cashier), at=at_on(DAY, 22), till=till, counted=counted)
    return tills.close(
        key=key(), by=person("supervisor"), at=at_on(DAY, 23), till=till, count_id=told.count_id, reason=reason
    )


def test_the_drawer_is_counted_blind_and_recounted_and_signed_by_another(drawers):
    # 17:00 counts without seeing what is expected
    assert not hasattr(tills.get_drawer("T1"), "expected_cents")
    assert T1_COUNTED.cash_cents == 61035
    told = tills.count(key=key(), by=person("cashier"), at=at_on(DAY, 22), till="T1", counted=T1_COUNTED)
    cash, checks, _ = told.differences
    assert (cash.expected_cents, cash.counted_cents, cash.short_cents) == (20000 + 41235, 61035, 200)
    assert (checks.expected_cents, checks.counted_cents) == (88010, 88010)
    assert (told.short_cents, told.over_cents) == (200, 0)
    assert act_of("tills.count").by_id == person("cashier").id
    with pytest.raises(payments.TillClosed, match="counted and waits to be signed"):
        take(person("cashier"), "T1", account(1_000_009), 100, "cash")

    # 17:10 the supervisor recounts 610.35 and signs; the cashier of T1 may not sign as second person
    again = tills.count(key=key(), by=person("supervisor"), at=at_on(DAY, 22, 5), till="T1", counted=T1_COUNTED)
    signs = {"till": "T1", "at": at_on(DAY, 22, 10), "count_id": again.count_id}
    with pytest.raises(NotPermitted):
        tills.close(key=key(), by=person("cashier"), reason="unknown", **signs)
    with pytest.raises(Refused, match="Every difference needs its reason"):
        tills.close(key=key(), by=person("supervisor"), **signs)
    reason = "miscounted change, receipt unknown"
    closed = tills.close(key=key(), by=person("supervisor"), reason=reason, **signs)
    check()
    assert (closed.short_cents, closed.over_cents) == (200, 0)
    assert (closed.cash_cents, closed.check_cents) == (41035, 88010)


def test_short_and_over_stand_side_by_side_and_every_receipt_is_in_one_deposit(drawers):
    first = count_and_sign("T1", "cashier", T1_COUNTED, "miscounted change, receipt unknown")
    second = count_and_sign("T2", "cashier-2", T2_COUNTED, "unknown")
    assert (second.over_cents, second.short_cents) == (500, 0)
    check()
    # 5.00 over posted for T2 beside 2.00 short for T1; the books show both and never the 3.00 between them
    trial = {line.gl: (line.debit_cents, line.credit_cents) for line in ledger.get_trial_balance(DAY)}
    assert trial["51-5110"] == (200, 0) and trial["51-4220"] == (0, 500)

    finance, after = person("finance"), DAY + timedelta(1)
    slips = [
        tills.deposit(key=key(), by=finance, at=at_on(DAY, 23), session_ids=(session.session_id,), on=DAY)
        for session in (first, second)
    ]
    sums = [(slip.cash_cents, slip.check_cents, slip.total_cents) for slip in slips]
    assert sums == [(41035, 88010, 129045), (50500, 9648, 60148)]
    assert [receipt.number for receipt in slips[0].receipts] == drawers
    with pytest.raises(Refused, match="in a deposit already"):
        tills.deposit(key=key(), by=finance, at=at_on(DAY, 23), session_ids=(first.session_id,), on=DAY)

    # 2026-04-15 the bank statement shows deposits of 1,290.45 and 601.48
    with pytest.raises(Refused, match="the bank 1,290.44"):
        tills.confirm(key=key(), by=finance, at=at_on(after), slip_id=slips[0].slip_id, on=after, cents=129044)
    banking.open_account(key=key(), by=finance, at=at_on(after), number="0040112233", name="Operating account")
    body = bai2(after, [("175", 129045, "DEPOSIT"), ("175", 60148, "DEPOSIT")]).decode("latin-1")
    banking.load(key=key(), by=finance, at=at_on(after), name="2026-04-15.bai", body=body)
    done = banking.match_all(key=key(), by=finance, at=at_on(after), on=after)  # tills.reconcile of the story
    assert (done.matched, done.cents, done.lines_left, done.items_left) == (2, 189193, 0, 0)
    assert act_of("banking.match_all").by_id == finance.id
    check()
    trial = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(after)}
    assert (trial["10-1020"], trial["10-1030"], trial["10-1001"]) == (0, 0, 129045 + 60148)
    # both deposits matched; every receipt of 2026-04-14 on T1 and T2 is in exactly one bank deposit
    confirmed = tills.list_slips()
    assert [slip.confirmed_on for slip in confirmed] == [after, after]
    numbers = [receipt.number for slip in confirmed for receipt in slip.receipts]
    assert sorted(numbers) == sorted(f"{r.series.code}-{r.no:06}" for r in Receipt.objects.select_related("series"))
    assert len(numbers) == len(set(numbers)) == 5
    proof = closing.get_proof(on=after, only={"15", "15b", "16", "18"})
    assert [one.faults for one in proof.proved if not one.holds] == []
    assert not tills.list_sessions_to_deposit() and not tills.list_slips(unconfirmed_only=True)
