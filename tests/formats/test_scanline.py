"""The scan line against a processor's published samples, and its one promise: no single wrong digit gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats import scanline
from curbstop.formats.scanline import ScanLayout, ScanLineError

# Whole printed lines, check digit last. Published by Creditron: the first on https://www.creditron.com/ ("Sample Check
# Digit"), the second on https://www.creditron.com/resources/sample-checkdigit/.
CREDITRON = [
    "003456789011102960000000000100000000010008",
    "1203547437000006715000017150000201611200000300000001",
]
# From an older page of theirs, which printed it with a digit wrong: it must not check.
CREDITRON_WRONG = "003456789011101960000000000100000000010008"

LINES = st.builds(
    lambda account, due, late: scanline.write(
        account_no=str(account), amount_due_cents=due, amount_after_due_cents=due + late
    ),
    st.integers(1, 9_999_999_999),
    st.integers(0, 99_999_999),
    st.integers(0, 9_999_999),
)


@pytest.mark.parametrize("line", CREDITRON)
def test_published_lines_check(line: str) -> None:
    assert scanline.check_digit(line[:-1]) == line[-1]


def test_a_line_misprinted_by_its_publisher_does_not_check() -> None:
    assert scanline.check_digit(CREDITRON_WRONG[:-1]) != CREDITRON_WRONG[-1]


def test_from_the_right_is_another_rule_when_the_length_is_even() -> None:
    body = CREDITRON[0][:-1] + "7"
    assert len(body) % 2 == 0
    assert scanline.check_digit(body) != scanline.check_digit(body, ScanLayout(from_left=False))


def test_luhn_is_a_setting() -> None:
    # The worked example of ISO/IEC 7812-1: 7992739871 has the check digit 3.
    assert scanline.check_digit("7992739871", ScanLayout(from_left=False)) == "3"


def test_the_bill_of_the_reference_pages() -> None:
    line = scanline.write(account_no="1-014-0870", amount_due_cents=12992, amount_after_due_cents=13252)
    assert line == "0010140870" + "000012992" + "000013252" + "1"  # 21 + 26 + 12 = 59, and 1 to sixty
    assert scanline.parse(line) == scanline.ScanLine("10140870", 12992, 13252)


def test_a_credit_asks_for_nothing_and_no_late_rule_repeats_the_amount() -> None:
    assert scanline.parse(scanline.write(account_no="7", amount_due_cents=-650)).amount_due_cents == 0
    line = scanline.parse(scanline.write(account_no="7", amount_due_cents=650))
    assert (line.amount_due_cents, line.amount_after_due_cents) == (650, 650)


@given(LINES)
def test_what_is_written_reads_back(line: str) -> None:
    read = scanline.parse(line)
    assert (
        scanline.write(
            account_no=read.account,
            amount_due_cents=read.amount_due_cents,
            amount_after_due_cents=read.amount_after_due_cents,
        )
        == line
    )


@given(LINES, st.data())
def test_every_single_wrong_digit_is_found(line: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(line) - 1))
    for wrong in "0123456789".replace(line[place], ""):
        with pytest.raises(ScanLineError, match="check digit"):
            scanline.parse(line[:place] + wrong + line[place + 1 :])


@given(LINES, st.data())
def test_every_swap_of_neighbours_is_found_except_0_and_9(line: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(line) - 3))  # the check digit itself has no weight to differ by
    one, two = line[place], line[place + 1]
    swapped = line[:place] + two + one + line[place + 2 :]
    if one == two or {one, two} == {"0", "9"}:
        scanline.parse(swapped)
    else:
        with pytest.raises(ScanLineError, match="check digit"):
            scanline.parse(swapped)


@pytest.mark.parametrize(
    ("account_no", "cents", "words"),
    [
        ("A-17", 100, "holds digits only"),
        ("", 100, "holds digits only"),
        ("١٢٣", 100, "holds digits only"),
        ("0-123", 100, "begins with a zero"),
        ("12345678901", 100, "has 11 digits, the layout holds 10"),
        ("1", 1_000_000_000, "has 10 digits, the layout holds 9"),
    ],
)
def test_what_the_line_has_no_room_for_is_refused(account_no: str, cents: int, words: str) -> None:
    with pytest.raises(ScanLineError, match=words):
        scanline.write(account_no=account_no, amount_due_cents=cents)


def test_a_bad_line_says_what_is_wrong() -> None:
    line = scanline.write(account_no="1-014-0870", amount_due_cents=12992)
    with pytest.raises(ScanLineError, match="of 28 digits, 29 expected"):
        scanline.parse(line[1:])
    with pytest.raises(ScanLineError, match="'O' at place 3"):
        scanline.parse(line[:2] + "O" + line[3:])
    ours, theirs = ScanLayout(prefix="6400"), ScanLayout(prefix="6500")
    with pytest.raises(ScanLineError, match="begins 6500, not 6400"):
        scanline.parse(scanline.write(account_no="1", amount_due_cents=1, layout=theirs), ours)


def test_spaces_that_a_scanner_adds_are_left_out() -> None:
    line = scanline.write(account_no="1-014-0870", amount_due_cents=12992)
    assert scanline.parse(f" {line[:10]} {line[10:]}\n").amount_due_cents == 12992
