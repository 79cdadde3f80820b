"""Files of payments: every row a receipt, posted once, in blocks that go on where they stopped."""

import threading

import pytest
from django.db import connections

from curbstop.office import _rows, ledger, payments
from curbstop.office._once import Refused
from curbstop.office.payments import BadPayment, FileRow
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.models import Receipt
from tests.books import DAY, account, accounts, at_on, key, person
from tests.office.payment_town import AFTER, bill, raise_town, ties


@pytest.fixture
def town(db):
    raise_town()


class TestFiles:
    def record(self, rows, name="lockbox-0302", channel="lockbox", k=None, on=DAY):
        return payments.record_batch(
            key=k or key(), by=person("finance"), at=at_on(on), channel=channel, name=name, rows=rows, on=on
        )

    def test_every_row_is_a_receipt_applied_by_policy(self, town):
        many = accounts(7)
        for of in many:
            bill(of)
        rows = [FileRow(of.number, 9459 + n * 100, f"L{n}") for n, of in enumerate(many)]
        rows.append(FileRow(many[2].number, 300, "again"))
        done = self.record(rows)
        assert (done.rows, done.cents, done.unidentified) == (8, sum(row.cents for row in rows), 0)
        assert [ledger.get_balance(of.id) for of in many] == [-100 * n - (300 if n == 2 else 0) for n in range(7)]
        sums = ties()
        assert sums[10, 1060] == done.cents and sums[10, 2310] == -(sum(100 * n for n in range(7)) + 300)
        numbers = Receipt.objects.filter(series__code="LOCKBOX").order_by("no")
        assert [receipt.no for receipt in numbers] == list(range(1, 9))
        assert payments.list_payments(many[0].id)[0].types == ("lockbox",)
        assert payments.get_receipt("LOCKBOX", 1).tenders[0].reference == "L0"
        assert Event.objects.filter(act="payments.record_batch", subjects__contains=[f"account:{many[0].id}"]).exists()

    @pytest.mark.parametrize("few", [0, 100])
    def test_few_rows_and_many_are_written_alike(self, town, monkeypatch, few):
        monkeypatch.setattr(_rows, "FEW", few)
        of = account()
        bill(of)
        said = ['a "quoted" \\ word', "{NULL,}", "", "NULL", "ñandú 水"]
        rows = [FileRow(of.number, 900 + n, text) for n, text in enumerate(said)]
        done = self.record([*rows, FileRow("nobody's", 77, "lost")])
        assert (done.rows, done.unidentified, done.unidentified_cents) == (6, 1, 77)
        assert ties()[10, 2340] == -77
        kept = [payments.get_receipt("LOCKBOX", no) for no in range(1, 7)]
        assert [receipt.tenders[0].reference for receipt in kept] == [*said, "lost"]
        assert [receipt.cents for receipt in kept] == [900, 901, 902, 903, 904, 77]
        assert kept[5].payer == "account nobody's as given"
        assert self.record([*rows, FileRow("nobody's", 77, "lost")], k=key()).already

    def test_money_without_a_known_account_is_kept_and_found_later(self, town):
        of = account()
        bill(of)
        done = self.record([FileRow("00000000", 9459, "?"), FileRow(of.number, 100, "a")])
        assert (done.rows, done.unidentified, done.unidentified_cents) == (2, 1, 9459)
        assert ties()[10, 2340] == -9459
        receipt = payments.get_receipt("LOCKBOX", 2)
        assert (receipt.payer, receipt.accounts) == ("account 00000000 as given", ())
        payments.identify(
            key=key(), by=person("finance"), at=at_on(AFTER), document_id=receipt.document_id, account_id=of.id, on=DAY,
            posted_on=AFTER,
        )  # fmt: skip
        assert ledger.get_balance(of.id) == -100
        # and when the bank returns it after that, both are undone
        undone = payments.reverse(
            key=key(), by=person("supervisor"), at=at_on(AFTER), series="LOCKBOX", no=2, why="returned", reason="NSF",
            on=AFTER,
        )  # fmt: skip
        assert len(undone.undone) == 1 and ledger.get_balance(of.id) == 9359
        sums = ties()
        assert (sums[10, 2340], sums[10, 1060]) == (0, 100)

    def test_the_same_file_twice_posts_once(self, town):
        of = account()
        rows = [FileRow(of.number, 500, "a")]
        first = self.record(rows)
        second = self.record(rows, name="sent again")
        assert (first.already, second.already) == (False, True) and second.batch_id == first.batch_id
        assert Transaction.objects.count() == 1 and ledger.get_balance(of.id) == -500
        other = self.record(rows, channel="autopay")
        assert not other.already and ties()[10, 1050] == 500

    def test_an_interrupted_file_goes_on_where_it_stopped(self, town, monkeypatch):
        from curbstop.office.payments import files

        monkeypatch.setattr(files, "BLOCK", 2)
        many = accounts(5)
        rows = [FileRow(of.number, 100, f"{n}") for n, of in enumerate(many)]
        k, real, calls = key(), files._write_receipts, []

        def stops(*a, **k):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*a, **k)

        monkeypatch.setattr(files, "_write_receipts", stops)
        with pytest.raises(KeyboardInterrupt):
            self.record(rows, k=k)
        assert Receipt.objects.count() == 2
        done = self.record(rows, k=k)
        assert (done.rows, Receipt.objects.count(), Transaction.objects.count()) == (5, 5, 5)
        assert all(ledger.get_balance(of.id) == -100 for of in many)
        ties()

    @pytest.mark.parametrize(
        ("rows", "said", "field"),
        [
            ([], "is no payment", "rows[1]"),
            ([FileRow("1", 0, "a")], "zero", "rows[1].cents"),
            ([FileRow("1", 5, "a"), FileRow("1", -5, "a")], "below zero", "rows[2].cents"),
        ],
    )
    def test_a_file_that_cannot_be_is_refused_whole(self, town, rows, said, field):
        with pytest.raises((Refused, BadPayment), match=said) as caught:
            self.record(rows)
        assert caught.value.field == field and not Transaction.objects.exists()

    def test_a_channel_that_is_not_known(self, town):
        with pytest.raises(Refused, match="no channel 'pigeon'; the channels are online_card"):
            self.record([FileRow("1", 5, "a")], channel="pigeon")


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_two_name_the_owner_of_the_same_money_and_one_comes_too_late(self):
        raise_town()
        one, other = account(), account(1_000_002)
        payments.record_batch(
            key=key(),
            by=person("finance"),
            at=at_on(DAY),
            channel="mail",
            name="m",
            rows=[FileRow("?", 500, "a")],
            on=DAY,
        )
        document = Receipt.objects.get().document_id
        supervisor = person("supervisor")
        start, said = threading.Barrier(2), []

        def name(of):
            try:
                start.wait()
                payments.identify(
                    key=key(), by=supervisor, at=at_on(DAY), document_id=document, account_id=of.id, on=DAY
                )
            except Refused as refused:
                said.append(str(refused))
            finally:
                connections.close_all()

        both = [threading.Thread(target=name, args=(of,)) for of in (one, other)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(20)
        assert len(said) == 1 and "No money waits" in said[0]
        assert sorted([ledger.get_balance(one.id), ledger.get_balance(other.id)]) == [-500, 0]
