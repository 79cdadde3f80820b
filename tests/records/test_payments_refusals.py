"""What the database itself refuses about money received; drawers and their counts are tried in tests/office."""

from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from curbstop.records.payments.models import (
    Batch,
    BatchRow,
    BatchRowDone,
    DepositDemand,
    Receipt,
    Reversal,
    Series,
    Tender,
    Till,
)
from curbstop.rules.ledger import credit, debit, interfund
from tests.books import DAY, account, open_books, posting


@contextmanager
def refused(words):
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute("set constraints all deferred")


@pytest.fixture
def paid(db):
    """A series, and a transaction that took 10.00."""
    open_books()
    of = account()
    legs = [
        debit("10-1020", 1000, "payment", document=5, line=1),
        credit("10-2310", 1000, "credit", account_id=of.id, document=6, line=1),
    ]
    txn = posting("take", interfund(legs))
    return {"series": Series.objects.create(code="S"), "txn_id": txn, "of": of}


def receipt(paid, no=1, document=6, **more):
    given = {"cents": 1000, "payer": "R. Ortiz", "effective_on": DAY, "account": paid["of"]}
    return Receipt.objects.create(
        series=paid["series"], txn_id=paid["txn_id"], no=no, document_id=document, **{**given, **more}
    )


def tender(paid, no=1, **more):
    given = {"line": 1, "type": "cash", "cents": 1000, "batch_document_id": 5}
    return Tender.objects.create(series=paid["series"], no=no, **{**given, **more})


class TestReceipts:
    @pytest.mark.parametrize("no", [0, 2, -1])
    def test_the_first_number_is_one(self, paid, no):
        with refused("without a gap"):
            receipt(paid, no)

    def test_a_gap_a_repeat_and_a_block_with_a_hole(self, paid):
        receipt(paid, 1)
        with refused("must go on at 2"):
            receipt(paid, 3, 7)
        with refused("payments_receipt_pkey"):
            receipt(paid, 1, 7)
        given = {"series": paid["series"], "txn_id": paid["txn_id"], "cents": 1, "payer": "x", "effective_on": DAY}
        hole = [Receipt(no=no, document_id=no + 50, **given) for no in (2, 4)]
        with refused("got 2 to 4, 2 of them"):
            Receipt.objects.bulk_create(hole)
        receipt(paid, 2, 8)

    def test_every_series_counts_for_itself(self, paid):
        receipt(paid, 1)
        other = {**paid, "series": Series.objects.create(code="T")}
        receipt(other, 1, 7)

    def test_a_receipt_for_nothing_and_a_document_twice(self, paid):
        with refused("payments_receipt_positive"):
            receipt(paid, cents=0)
        receipt(paid)
        with refused("document_id"):
            receipt(paid, 2)

    def test_a_receipt_of_a_transaction_that_is_not_there(self, paid):
        with refused("foreign key"):
            receipt({**paid, "txn_id": 424242})


class TestTenders:
    def test_a_tender_without_its_receipt(self, paid):
        with refused("payments_tender_receipt"):
            tender(paid, no=9)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"cents": 0}, "payments_tender_positive"),
            ({"type": "check"}, "payments_tender_check_no"),
            ({"type": "check", "reference": "7", "change_cents": 5}, "payments_tender_change"),
            ({"change_cents": -5}, "payments_tender_change"),
        ],
    )
    def test_tenders_that_cannot_be(self, paid, given, words):
        receipt(paid)
        with refused(words):
            tender(paid, **given)

    def test_one_that_can_be(self, paid):
        receipt(paid)
        tender(paid, type="check", reference="2187")


class TestReversals:
    def test_once_with_a_reason_of_a_receipt_that_is_there(self, paid):
        given = {"series": paid["series"], "no": 1, "why": "returned", "reason": "R01", "event_id": 1}
        with refused("payments_reversal_receipt"):
            Reversal.objects.create(txn_id=paid["txn_id"], **given)
        receipt(paid)
        with refused("payments_reversal_reason"):
            Reversal.objects.create(txn_id=paid["txn_id"], **{**given, "reason": ""})
        with refused("payments_reversal_why"):
            Reversal.objects.create(txn_id=paid["txn_id"], **{**given, "why": "void"})
        Reversal.objects.create(txn_id=paid["txn_id"], **given)
        with refused("payments_reversal_once|txn_id"):
            Reversal.objects.create(txn_id=paid["txn_id"], **given)


class TestFiles:
    def test_the_same_bytes_of_a_channel_once(self, paid):
        given = {"series": paid["series"], "name": "a", "sha256": b"x", "received_on": DAY, "rows": 1, "event_id": 1}
        Batch.objects.create(id=20, channel="lockbox", cents=5, **given)
        with refused("payments_batch_once"):
            Batch.objects.create(id=21, channel="lockbox", cents=5, **given)
        with refused("payments_batch_not_empty"):
            Batch.objects.create(id=21, channel="mail", cents=0, **given)
        row = {"batch_id": 20, "block_no": 0, "account_number": "1", "reference": "a"}
        with refused("payments_batchrow_positive"):
            BatchRow.objects.create(row_no=1, cents=0, **row)
        BatchRow.objects.create(row_no=1, cents=5, **row)
        with refused("payments_batchrowdone_row"):
            BatchRowDone.objects.create(batch_id=20, row_no=2, receipt_no=1, identified=False)
        BatchRowDone.objects.create(batch_id=20, row_no=1, receipt_no=1, identified=False)
        with refused("payments_batchrowdone_pkey"):
            BatchRowDone.objects.create(batch_id=20, row_no=1, receipt_no=2, identified=False)


class TestDemandsAndTills:
    def test_a_deposit_asked_for_has_an_amount_and_an_authority_and_a_document_of_its_own(self, paid):
        given = {"account": paid["of"], "cents": 5000, "authority": "guideline", "event_id": 1}
        first, second = DepositDemand.objects.create(**given), DepositDemand.objects.create(instalment=2, **given)
        assert second.document_id > first.document_id
        with refused("payments_depositdemand_positive"):
            DepositDemand.objects.create(**{**given, "cents": 0})
        with refused("payments_depositdemand_authority"):
            DepositDemand.objects.create(**{**given, "authority": ""})

    def test_a_till_and_a_series_have_a_code(self, paid):
        with refused("payments_till_named"):
            Till.objects.create(code="", name="x", series=paid["series"], event_id=1)
        with refused("payments_series_code"):
            Series.objects.create(code="")
        with refused("payments_series_code"):
            Series.objects.create(code="Z", next_no=0)
