"""A lockbox in BAI2: items as payments, the stub's line read, totals met, what cannot be posted set apart."""

from datetime import date

import pytest

from curbstop.formats import scanline
from curbstop.formats.bai2_payments import read_bai2_payments
from curbstop.formats.layouts import built_in
from curbstop.formats.lockbox import PaymentFileErrors
from tests.formats.statements import bai2

ON = date(2026, 3, 3)
LAYOUT = built_in("bai2_lockbox")
LINE = scanline.write(account_no="10140870", amount_due_cents=9459)


def lockbox(*items, deposit=None, more=(), **given):
    """A file whose details are items (cents, bank reference, customer reference, text) and the deposit they come to."""
    told = sum(item[0] for item in items) if deposit is None else deposit
    lines = [("115", told, "LOCKBOX 881"), *(("116", cents, text) for cents, _, _, text in items), *more]
    body = bai2(ON, lines, **given).decode()
    for cents, bank, customer, text in items:
        body = body.replace(f"16,116,{cents},0,,,{text}", f"16,116,{cents},0,{bank},{customer},{text}", 1)
    return body.encode()


def read(data):
    return read_bai2_payments(LAYOUT, data, name="box.bai")


def test_items_are_payments_by_number_or_by_the_stubs_line():
    found = read(
        lockbox((9459, "B1", LINE, "R ORTIZ"), (4000, "B2", "1-000001-6", "T LEE"), more=[("175", 77, "COURT")])
    )
    assert [(row.account_number, row.cents, row.reference, row.payer, row.paid_on) for row in found.rows] == [
        ("10140870", 9459, "B1", "R ORTIZ", ON),
        ("1-000001-6", 4000, "B2", "T LEE", ON),
    ]
    assert not found.bad and found.cents == 13459


def test_what_cannot_be_posted_is_set_apart_with_its_reason():
    wrong = LINE[:-1] + str((int(LINE[-1]) + 1) % 10)
    found = read(lockbox((9459, "B1", wrong, "A"), (4000, "B2", "", "B"), (100, "B3", "10000016", "C")))
    assert [row.cents for row in found.rows] == [100]
    misread, nobody = found.bad
    assert "the check digit" in misread.why and misread.cents == 9459 and misread.account_number == wrong
    assert nobody.why == "no account number and no scan line" and nobody.text == "16,116,4000,,B2,,B"


def test_a_deposit_without_its_items_waits():
    (deposit,) = read(bai2(ON, [("115", 13459, "LOCKBOX")])).bad
    assert deposit.cents == 13459 and "without its items" in deposit.why


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lockbox((9459, "B1", "10000016", "A"), deposit=9460), "the items of 2026-03-03 come to 94.59"),
        (lockbox((9459, "B1", "10000016", "A")).replace(b"16,116,9459", b"16,116,9458"), "account control total"),
        (bai2(ON, [("175", 100, "COURT")]), "no detail has one of the codes 116, 115"),
        (b"Account,Amount\n1,2\n", "begins with a record 01"),
    ],
)
def test_a_file_whose_totals_are_not_met_is_refused_whole(data, says):
    with pytest.raises(PaymentFileErrors, match=says):
        read(data)
