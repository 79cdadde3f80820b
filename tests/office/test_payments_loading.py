"""Files of the bank through one door: kept, posted once, bad rows in quarantine until somebody settles them."""

import pytest
from django.db import connection

from curbstop.formats import scanline
from curbstop.office import ledger, payments
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.payments import BadPayment
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.models import Receipt
from curbstop.records.payments.received import BankFile
from tests.books import DAY, account, accounts, at_on, key, person
from tests.formats.test_bai2_payments import lockbox
from tests.office.payment_town import AFTER, bill, raise_town, ties

HEAD = "Account,Amount,Date,Reference,Payer\r\n"


@pytest.fixture
def town(db):
    raise_town()


def load(text, *, layout="bank_csv", name="box.csv", k=None, by="finance", **more):
    data = text if isinstance(text, bytes) else (HEAD + text).encode()
    return payments.load_file(
        key=k or key(), by=person(by), at=at_on(DAY), name=name, layout=layout, data=data, on=DAY, **more
    )


def settle(row, how="posted", reason="the bank said so", **more):
    return payments.settle_quarantined(
        key=key(), by=person("finance"), at=at_on(DAY), row_id=row.id, how=how, reason=reason, on=DAY, **more
    )


def test_good_rows_are_payments_and_bad_ones_wait(town):
    of, other = accounts(2)
    for one in (of, other):
        bill(one)
    done = load(
        f'{of.number[:-1]}-{of.number[-1]},"94.59",03/02/2026,A1,R Ortiz\r\n'
        f"{other.number},ninety,03/02/2026,A2,\r\n"
        f"00000000,5.00,03/02/2026,A3,\r\n"
    )
    assert (done.rows, done.unidentified, done.quarantined, done.cents) == (2, 1, 1, 9959)
    assert (ledger.get_balance(of.id), ledger.get_balance(other.id)) == (0, 9459)
    sums = ties()
    assert (sums[10, 1060], sums[10, 2340]) == (9959, -500)
    (row,) = payments.list_quarantined()
    assert (row.line, row.owner, row.text) == (3, "Finance", f"{other.number},ninety,03/02/2026,A2,")
    assert "not an amount" in row.why
    (waits,) = payments.list_unidentified()
    assert (waits.cents, waits.owner, waits.receipt) == (500, "Finance", "LOCKBOX-000002")
    shown = payments.list_bank_files()[0]
    assert (shown.rows, shown.posted, shown.unidentified, shown.quarantined, shown.waiting) == (2, 2, 1, 1, 1)


def test_the_same_bytes_post_once_and_are_kept_as_they_came(town):
    of = account()
    text = f"{of.number},5.00,03/02/2026,A1,\r\n"
    first = load(text)
    second = load(text, name="sent again.csv")
    assert (first.already, second.already) == (False, True) and second.file_id == first.file_id
    assert ledger.get_balance(of.id) == -500 and Transaction.objects.count() == 1
    assert payments.get_original(first.file_id) == (HEAD + text).encode()
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(f::text, '') from payments_bankfile f")
        assert of.number not in cursor.fetchone()[0]  # sealed: not readable beside the database
    # the same payments of another day are other bytes, and other money
    load(f"{of.number},5.00,03/03/2026,A1,\r\n")
    assert ledger.get_balance(of.id) == -1000


def test_totals_that_are_not_met_refuse_the_file_whole(town):
    of = account()
    with pytest.raises(payments.FileRefused, match="nothing of it is posted") as caught:
        load(f"{of.number},5.00,,A,\r\nTOTAL,6.00,,1,\r\n", layout="remittance_csv")
    assert caught.value.faults[0].line == 3 and "file comes to 5.00" in str(caught.value)
    assert not BankFile.objects.exists() and not Transaction.objects.exists()
    assert Event.objects.filter(act="payments.load_file", denied=True).exists()


def test_a_file_of_another_layout_or_of_none(town):
    with pytest.raises(Refused, match="There is no layout 'x'; there are bai2_lockbox, bank_csv"):
        load("", layout="x")
    with pytest.raises(Refused, match="not one of payments"):
        load("", layout="nacha")
    with pytest.raises(payments.FileRefused, match="none of its 1 rows can be used"):
        load("10000017,?,,A,\r\n")
    with pytest.raises(NotPermitted):
        load("10000017,1.00,,A,\r\n", by="cashier")


def test_an_interrupted_file_goes_on_where_it_stopped(town, monkeypatch):
    from curbstop.office.payments import files

    monkeypatch.setattr(files, "BLOCK", 2)
    many = accounts(5)
    text = "".join(f"{of.number},1.00,,A{n},\r\n" for n, of in enumerate(many))
    real, calls = files._write_receipts, []

    def stops(*a, **k):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*a, **k)

    monkeypatch.setattr(files, "_write_receipts", stops)
    with pytest.raises(KeyboardInterrupt):
        load(text)
    assert payments.list_bank_files()[0].posted == 2
    load(text)
    assert Receipt.objects.count() == 5 and [ledger.get_balance(of.id) for of in many] == [-100] * 5


class TestQuarantine:
    @pytest.fixture
    def row(self, town):
        self.of = account()
        bill(self.of)
        load(f"{self.of.number},5.00,,A1,\r\n{self.of.number},9?59,,A2,\r\n")
        return payments.list_quarantined()[0]

    def test_a_row_is_posted_in_its_own_file_once(self, row):
        done = settle(row, account_number=self.of.number, cents=9459)
        assert (done.receipt, done.cents) == ("LOCKBOX-000002", 9459)
        assert ledger.get_balance(self.of.id) == -500 and ties()[10, 1060] == 9959
        assert not payments.list_quarantined()
        shown = payments.get_bank_file(row.file_id)
        assert shown.waiting == 0 and shown.quarantined == 1
        with pytest.raises(Refused, match="somebody may have settled it"):
            settle(row, account_number=self.of.number, cents=9459)

    def test_a_row_that_is_no_payment_is_dropped_with_a_reason(self, row):
        with pytest.raises(Refused, match="Say how you know"):
            settle(row, how="dropped", reason=" ")
        assert settle(row, how="dropped", reason="a test line of the bank").receipt == ""
        assert not payments.list_quarantined() and Receipt.objects.count() == 1

    def test_what_cannot_be_posted_is_named(self, row):
        with pytest.raises(Refused, match="no account '99'") as caught:
            settle(row, account_number="99", cents=1)
        assert caught.value.field == "account_number"
        with pytest.raises(BadPayment, match="zero"):
            settle(row, account_number=self.of.number, cents=0)

    def test_somebody_else_looks_after_it(self, row):
        supervisor = person("supervisor")
        payments.own_money(key=key(), by=person("finance"), at=at_on(DAY), owner_id=supervisor.id, row_id=row.id)
        assert payments.list_quarantined()[0].owner == "Supervisor"
        with pytest.raises(Refused, match="Name the row or the document"):
            payments.own_money(key=key(), by=person("finance"), at=at_on(DAY), owner_id=supervisor.id)
        with pytest.raises(Refused, match="nobody of this name"):
            payments.own_money(key=key(), by=person("finance"), at=at_on(DAY), owner_id=10**9, row_id=row.id)


def test_unidentified_money_leaves_the_list_when_its_owner_is_found(town):
    of = account()
    bill(of)
    load("00000000,30.00,,A1,\r\n")
    (waits,) = payments.list_unidentified()
    payments.own_money(
        key=key(), by=person("finance"), at=at_on(DAY), owner_id=person("supervisor").id,
        document_id=waits.document_id,
    )  # fmt: skip
    assert payments.list_unidentified()[0].owner == "Supervisor"
    payments.identify(
        key=key(), by=person("finance"), at=at_on(AFTER), document_id=waits.document_id, account_id=of.id, on=DAY,
        posted_on=AFTER,
    )  # fmt: skip
    assert payments.list_unidentified() == () and ledger.get_balance(of.id) == 6459


def test_the_items_of_a_lockbox_in_bai2_are_payments_once(town):
    """Two known, one nobody knows, one whose stub was misread: the file comes to what the bank deposited."""
    of, other = accounts(2)
    for one in (of, other):
        bill(one)
    stub = scanline.write(account_no=of.number, amount_due_cents=9459)
    misread = stub[:-1] + str((int(stub[-1]) + 1) % 10)
    items = [(9459, "B1", stub, "A"), (5000, "B2", other.number, "B"), (300, "B3", "99999999", "C"),
             (700, "B4", misread, "D")]  # fmt: skip
    data = lockbox(*items)
    done = load(data, layout="bai2_lockbox", name="box.bai")
    assert (done.rows, done.cents, done.unidentified, done.quarantined, done.quarantined_cents) == (3, 14759, 1, 1, 700)
    assert (ledger.get_balance(of.id), ledger.get_balance(other.id)) == (0, 4459)
    again = load(data, layout="bai2_lockbox", name="again.bai")
    assert again.already and Receipt.objects.count() == 3
    (row,) = payments.list_quarantined()
    assert "check digit" in row.why and row.cents == 700
    settle(row, account_number=of.number, cents=700)
    assert ties()[10, 1060] == 15459
