"""BAI2: what is read is what the bank wrote, or the line is named at which it could not be."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.bai2 import Bai2Fault, read_bai2
from tests.formats.statements import bai2

VECTORS = Path(__file__).parent / "vectors" / "bai2"
DAY = date(2026, 4, 15)


def vector(name):
    return (VECTORS / name).read_bytes()


def test_a_file_is_read_with_its_lines_and_balances():
    days = read_bai2(vector("sample1.txt"))
    assert [(day.account, day.on, day.currency, len(day.lines)) for day in days] == [
        ("10200123456", date(2006, 3, 17), "CAD", 11), ("10200123456", date(2006, 3, 17), "CAD", 6),
    ]  # fmt: skip
    first = days[0].lines[0]
    assert (first.type_code, first.debit_cents, first.text) == ("409", 2500, "RETURNED CHEQUE")
    assert (days[0].opening_cents, days[0].closing_cents) == (0, 0)
    assert sum(line.credit_cents for line in days[0].lines) == 208500
    assert sum(line.debit_cents for line in days[0].lines) == 208500


@pytest.mark.parametrize(
    ("name", "line_no", "says"),
    [
        ("sample-parseError.txt", 1, "begins with a record 01"),
        ("sample2.txt", 7, "190500000"),  # the format overflows into the next field
        ("sample3.txt", 1, ""),  # several records on a line
    ],
)
def test_a_file_that_cannot_be_read_names_its_line(name, line_no, says):
    with pytest.raises(Bai2Fault) as caught:
        read_bai2(vector(name))
    assert says in str(caught.value)
    assert caught.value.line_no == line_no and caught.value.line in vector(name).decode()


@pytest.mark.parametrize("name", ["sample4-continuations-newline-delimited.txt", "sample5-issue113.txt"])
def test_totals_that_do_not_meet_are_refused_and_can_be_looked_at_all_the_same(name):
    with pytest.raises(Bai2Fault, match="Invalid"):
        read_bai2(vector(name))
    days = read_bai2(vector(name), check_totals=False)
    assert sum(len(day.lines) for day in days) > 5
    assert any("ACH Credit Payment" in line.text for day in days for line in day.lines)


def test_a_file_of_our_own():
    body = bai2(
        DAY, [("175", 129045, "DEPOSIT"), ("175", 60148, "DEPOSIT"), ("555", 3000, "RETURNED ITEM")], opening=500
    )
    (day,) = read_bai2(body)
    assert (day.on, day.opening_cents, day.closing_cents) == (DAY, 500, 500 + 129045 + 60148 - 3000)
    assert [(line.credit_cents, line.debit_cents) for line in day.lines] == [(129045, 0), (60148, 0), (0, 3000)]
    for broken, says in (
        (body.replace(b"175,129045", b"175,129046"), "Invalid account control total"),
        (body.replace(b"98,", b"97,"), "97"),
        (body.replace(b"175,129045", b"999x,129045"), "999x"),
        (body.replace(b"260415", b"269915"), "cannot be read"),
        (body + b"99,1,1,1/\n", "follow"),
        (b"", "empty"),
        (b"PK\x03\x04", "begins with a record 01"),
    ):
        with pytest.raises(Bai2Fault, match=says):
            read_bai2(broken)
    assert read_bai2(b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n")) == (day,)


LINES = st.lists(
    st.tuples(st.sampled_from(["142", "175", "455", "555"]), st.integers(1, 10**9), st.text("ABC 123", max_size=12)),
    max_size=8,
)


@given(LINES, st.integers(-(10**9), 10**9))
def test_what_is_written_is_what_is_read(lines, opening):
    (day,) = read_bai2(bai2(DAY, lines, opening=opening))
    assert [(line.type_code, line.credit_cents or line.debit_cents) for line in day.lines] == [
        (code, cents) for code, cents, _ in lines
    ]
    net = sum(line.credit_cents - line.debit_cents for line in day.lines)
    assert day.closing_cents == opening + net


@given(st.binary(max_size=200))
def test_anything_else_is_a_fault_and_nothing_worse(body):
    with pytest.raises(Bai2Fault):
        read_bai2(b"01," + body)
