"""Files of refunds: written as a layout says, the same bytes for the same rows; registers read whole or not at all."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.agency import Placed, RemittanceErrors, read_remittance, write_placement
from curbstop.formats.layouts import BadField, built_in
from curbstop.formats.payables import (
    CheckIssued,
    Payable,
    RegisterErrors,
    read_register,
    write_payables,
    write_positive_pay,
)

ON = date(2026, 7, 15)
ROW = Payable("R-12", "10000017", "Rosa Ortiz", ("PO Box 9", "Norman, OK 73069"), 5148, "Refund", ON, "10-1003")
CHECK = CheckIssued("4471", "Rosa Ortiz", 5148, date(2026, 7, 22), False)
HEAD = b"Reference,Check,Check date,Amount,Status,Status date\r\n"


def payables(*rows: Payable) -> bytes:
    return write_payables(built_in("payables_csv"), rows, file_id="town-AP-1", made_on=ON)


def test_a_refund_is_a_line_under_the_heading() -> None:
    heading, line, *rest = payables(ROW).decode().split("\r\n")
    assert heading.startswith("File,Reference,Account,Payee") and rest == [""]
    assert line == ('town-AP-1,R-12,10000017,Rosa Ortiz,PO Box 9,"Norman, OK 73069",,,51.48,Refund,2026-07-15,10-1003')


def test_more_address_lines_than_the_file_has_are_joined_not_cut() -> None:
    long = Payable(**{**{f: getattr(ROW, f) for f in ROW.__slots__}, "mail_to": ("a", "b", "c", "d", "e")})
    assert ',a,b,c,"d, e",' in payables(long).decode()


def test_a_name_a_spreadsheet_would_run_is_kept_as_text() -> None:
    sly = Payable(**{**{f: getattr(ROW, f) for f in ROW.__slots__}, "payee": "=cmd|' /C calc'!A0"})
    assert ",'=cmd" in payables(sly).decode()


def test_the_banks_list_in_two_layouts() -> None:
    given_ = {"bank_account": "12345678", "file_id": "f", "made_on": ON}
    assert (
        write_positive_pay(built_in("positive_pay_csv"), [CHECK], **given_)
        == b"I,12345678,4471,072226,51.48,Rosa Ortiz\r\n"
    )
    fixed = write_positive_pay(built_in("positive_pay_fixed"), [CHECK], **given_).decode().split("\r\n")
    assert [len(line) for line in fixed] == [80, 80, 0]
    assert fixed[0][:33] == "I00000012345678000000447120260722" and fixed[1].startswith("T00000001" + "00000000005148")


def test_a_payee_too_long_for_the_bank_is_refused_and_not_cut() -> None:
    long = CheckIssued("4471", "R" * 41, 5148, ON, False)
    with pytest.raises(BadField, match="longer than 40"):
        write_positive_pay(built_in("positive_pay_csv"), [long], bank_account="1", file_id="f", made_on=ON)


@pytest.mark.parametrize(
    ("status", "outcome"), [("", "issued"), ("Outstanding", "issued"), ("CLEARED", "cashed"), ("void", "stopped")]
)
def test_a_registers_words(status: str, outcome: str) -> None:
    body = HEAD + f"r-12,4471,07/22/2026,51.48,{status},2026-07-30\r\n".encode()
    (row,) = read_register(built_in("checks_csv"), body, file="r.csv")
    assert (row.outcome, row.on, row.dated_on, row.cents) == (outcome, date(2026, 7, 30), date(2026, 7, 22), 5148)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_register_are_refused_in_words(data: bytes) -> None:
    with pytest.raises((RegisterErrors, BadField)):
        read_register(built_in("checks_csv"), data, file="r.csv")


@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(1, 10**8), st.dates(date(2020, 1, 1), date(2039, 1, 1))),
        min_size=1, max_size=20, unique_by=lambda row: row[0],
    )
)  # fmt: skip
def test_what_is_written_is_read_back(rows: list[tuple[int, int, date]]) -> None:
    lines = "".join(f"R-{n},{n},{on},{cents // 100}.{cents % 100:02d},cashed,{on}\r\n" for n, cents, on in rows)
    found = read_register(built_in("checks_csv"), HEAD + lines.encode(), file="r.csv")
    assert [(int(row.number), row.cents, row.on) for row in found] == rows


def test_a_debt_is_told_to_the_agency_without_its_use() -> None:
    debts = [Placed("10000017", "Rosa Ortiz", "1 Sage Wren Dr", "+14055550142", date(2023, 10, 3), None, 14327)]
    body = write_placement(built_in("agency_csv"), debts, file_id="f", kind="placement", made_on=ON).decode()
    assert body.splitlines()[1] == "f,placement,10000017,Rosa Ortiz,1 Sage Wren Dr,14055550142,2023-10-03,,143.27"


@pytest.mark.parametrize("line", ["10000017,0.00,", "10000017,-1.00,", "10000017,1.00,2.00", "x,1.00,", ""])
def test_a_remittance_that_cannot_be(line: str) -> None:
    body = b"Account,Collected,Commission\r\n" + line.encode() + b"\r\n"
    with pytest.raises(RemittanceErrors):
        read_remittance(built_in("agency_remittance_csv"), body, file="a.csv")
