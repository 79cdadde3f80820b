"""Payments taken back whose money went on since: to a bill cancelled, to a payer found, to a refund."""

import pytest
from django.db import transaction

from curbstop.office import closing, ledger, payments
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._own import OwnAccount
from curbstop.office.ledger import DayClosed
from curbstop.office.payments import FileRow, Tender
from curbstop.records.base.models import Event
from curbstop.rules.ledger import credit, debit, interfund
from tests.books import DAY, account, approval, at_on, clock, key, person, posting, set_policy
from tests.office.payment_town import AFTER, BILL, apply_credit, bill, items, raise_town, reverse, take, ties
from tests.office.requests import ask, people, set_limits

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    raise_town()


def cancel(of, document, lines=BILL):
    """A paid bill is cancelled: what was paid of it is released to the account (E59, E60); returns that credit's."""
    (released,) = ledger.reserve_documents(1)
    paid = [debit(gl, cents, kind, account_id=of.id, document=document, line=n)
            for n, (kind, gl, _, cents) in enumerate(lines, 1)]  # fmt: skip
    total = sum(leg.debit_cents for leg in paid)
    kept = credit("10-2310", total, "credit", account_id=of.id, document=released, line=1)
    posting("release", interfund([*paid, kept]))
    mirrored = [credit(leg.gl, leg.debit_cents, leg.kind, account_id=of.id, document=document, line=leg.line)
                for leg in paid]  # fmt: skip
    posting("cancel", [*(debit(earned, cents, kind) for kind, _, earned, cents in lines), *mirrored])
    return released


def proved():
    proof = closing.get_proof(on=AFTER, only={"1", "2", "4", "7", "22"})
    assert proof.holds, [one for one in proof.proved if not one.holds]
    return ties()


def test_a_payment_returned_after_its_bill_was_cancelled_comes_off_the_bill_in_its_place(town):
    of = account()
    first = bill(of)
    receipt = take(of, 9459, Tender("check", 9459, "12"))
    cancel(of, first)
    second = bill(of, BILL[:3])  # 65.34: what should have been billed
    apply_credit(of)
    assert ledger.get_balance(of.id) == 6534 - 9459
    undone = reverse(receipt, on=AFTER)
    assert ledger.get_balance(of.id) == 6534 and {place[1] for place in items(of)} == {second}
    assert len(undone.undone) == 1 and undone.owed_again_cents == 0
    sums = proved()
    assert (sums[10, 1030], sums.get((10, 2310), 0)) == (-9459, 0)


def test_credit_that_paid_a_bill_cancelled_since_comes_back_whole(town):
    """Bill by bill: the money paid one, was released, paid the next, and was released again."""
    of = account()
    receipt = take(of, 9459, Tender("check", 9459, "12"))
    first = bill(of)
    apply_credit(of)
    cancel(of, first)
    second = bill(of)
    apply_credit(of)
    cancel(of, second)
    third = bill(of, BILL[:1])
    apply_credit(of)
    reverse(receipt, on=AFTER)
    assert ledger.get_balance(of.id) == 950 and {place[1] for place in items(of)} == {third}
    assert proved().get((10, 2310), 0) == 0


def test_a_receipt_of_a_cancelled_bill_is_not_voided(town):
    people()
    set_limits()
    set_policy("void.when", "same day, drawer still open")
    of = account()
    first = bill(of)
    receipt = take(of, 9459)
    cancel(of, first)
    with pytest.raises(Refused, match="was cancelled since"):
        ask(kind="void", reason="wrong_amount", series=receipt.series, no=receipt.no)


def test_money_whose_payer_was_found_comes_back_from_him_even_when_it_was_refunded(town):
    """E13, E15, E44, E48."""
    of = account()
    bill(of, BILL[:1])
    found = unidentified(of)
    assert ledger.get_balance(of.id) == 950 - 3000
    (waiting,) = ledger.reserve_documents(1)
    posting("refund", [
        debit("10-2310", 2050, "credit", account_id=of.id, document=rest_of(of), line=1),
        credit("10-2100", 2050, "refund", account_id=of.id, document=waiting, line=1),
    ], approval=approval())  # fmt: skip
    undone = give_back(found)
    assert undone.account_ids == (of.id,) and undone.owed_again_cents == 2050
    assert [one.account_id for one in undone.followed] == [of.id]
    owed = {(i.gl, i.open_cents) for i in ledger.get_open_items(of.id) if not i.owed_to}
    assert owed == {("51-1210", 950), ("51-1260", 2050)}
    assert proved()[10, 2340] == 0


def unidentified(of):
    """A payment of a lockbox file whose account nobody knew, found to be this one's; the number of its receipt."""
    payments.record_batch(key=key(), by=person("finance"), at=at_on(DAY), channel="lockbox", name="box", on=DAY,
                          rows=[FileRow("9999999", 3000, "r")])  # fmt: skip
    (row,) = payments.list_unidentified()
    payments.identify(key=key(), by=person("supervisor"), at=at_on(DAY), document_id=row.document_id,
                      account_id=of.id, on=DAY)  # fmt: skip
    return 1


def give_back(no):
    return payments.reverse(key=key(), by=person("supervisor"), at=at_on(AFTER), series="LOCKBOX", no=no,
                            why="returned", reason="R01 insufficient funds", on=AFTER)  # fmt: skip


def rest_of(of):
    return next(i.document for i in ledger.get_open_items(of.id) if i.owed_to)


def test_nobody_takes_back_money_that_was_found_to_be_his_own(town):
    from curbstop.office import links

    of = account()
    found = unidentified(of)
    ada = person("ada", "administrator")
    links.link(key=key(), by=ada, at=at_on(DAY), account_id=of.id, username="supervisor", on=DAY)
    with pytest.raises(OwnAccount):
        give_back(found)


def test_a_block_on_a_closed_day_is_refused_in_words_however_large_it_is(town):
    """Large blocks go by COPY, beneath Django's cursors."""
    of = account()
    earned = [credit("51-4120", 100, "fee.new_service")]
    postings = [
        ledger.Posting("charge", DAY, [owed(of, document), *earned]) for document in ledger.reserve_documents(60)
    ]
    by = clock()
    row = Event.objects.create(act="test", key=None, by_id=by.id, at=at_on(DAY), inputs={}, says="")
    event = Acting(id=row.pk, act="test", by=by, at=at_on(DAY))
    ledger._post_close(event, act="close", posted_on=DAY, effective_on=DAY)
    with pytest.raises(DayClosed, match="closed for"), transaction.atomic():
        ledger._post_many(event, posted_on=DAY, postings=postings)


def owed(of, document):
    return debit("51-1230", 100, "fee.new_service", account_id=of.id, document=document, line=1, due_on=AFTER)
