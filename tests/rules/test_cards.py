"""Card numbers are found wherever a person may write one, and nothing else is taken for one."""

from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from curbstop.formats import scanline
from curbstop.rules.accounts import account_number
from curbstop.rules.cards import (
    MASK,
    Report,
    fields_with_card_numbers,
    find_card_numbers,
    is_card_number,
    mask_card_numbers,
    passes_luhn,
)

# Test numbers that the networks publish; they belong to nobody.
NUMBERS = [
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6445644564456445",
    "3530111333300000",
    "30569309025904",
    "38520000023237",
    "6240008631401148",
]


@pytest.mark.parametrize("digits", NUMBERS)
def test_every_issuers_test_number_is_found_however_it_is_written(digits):
    grouped = " ".join(digits[n : n + 4] for n in range(0, len(digits), 4))
    written = [digits, f"card {digits}.", f"({digits})", f"no.{digits},", f"VISA{digits}exp"]
    if len(digits) > 13:
        written += [grouped, grouped.replace(" ", "-"), grouped.replace(" ", "  "), grouped.replace(" ", "\u00a0")]
        written += [f"acct 10000017 pays with {grouped} today"]
    for text in written:
        assert find_card_numbers(text), text
        assert digits[:6] not in mask_card_numbers(text).replace(" ", "") and MASK in mask_card_numbers(text)


def test_american_express_as_it_is_printed_and_with_expiry_and_code():
    assert mask_card_numbers("3782 822463 10005 12/28") == f"{MASK} 12/28"
    assert mask_card_numbers("41111111111111111228") == MASK
    assert mask_card_numbers("41111111111111111228123") == MASK
    assert mask_card_numbers("two: 4111111111111111 and 5555555555554444") == f"two: {MASK} and {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # fails the check
        "parcel 4111 1111 1111 1112 has two meters",
        "1234567812345670",  # passes the check, no issuer
        "call 405 793 5032, 405 793 5033 or 405-793-5034",
        "(405) 793-5032 (405) 793-5033",
        "+1 405 793 5032 +1 405 793 5033",
        "2026-11-23 2026-11-24 2026-12-01",
        "read 1,234,567 and 1,234,890",
        "10000017 10000025 10000033 10000041",
        "411111111111111",  # too short
        "00004111111111111111000000000004",  # inside a longer number
        "",
    ],
)
def test_what_is_no_card_number(text):
    assert find_card_numbers(text) == () and mask_card_numbers(text) == text


@given(account=st.integers(1_000_001, 9_999_999), due=st.integers(0, 999_999_999), after=st.integers(0, 999_999_999))
def test_no_scan_line_and_no_account_number_is_one(account, due, after):
    number = account_number(account)
    assert not find_card_numbers(number)
    line = scanline.write(account_no=number, amount_due_cents=due, amount_after_due_cents=after)
    assert not find_card_numbers(line)


@given(st.text(alphabet="0123456789", min_size=13, max_size=19))
def test_a_number_with_one_digit_changed_is_none(digits):
    if is_card_number(digits):
        wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        assert passes_luhn(digits) and not passes_luhn(wrong) and not find_card_numbers(wrong)


@given(st.text(max_size=60), st.sampled_from(NUMBERS), st.text(max_size=60))
def test_what_is_left_after_masking_holds_none(before, digits, after):
    left = mask_card_numbers(f"{before} {digits} {after}")
    assert not find_card_numbers(left)


def test_fields_are_looked_through_but_for_those_that_hold_numbers_of_their_own():
    number = NUMBERS[0]
    inputs = {
        "text": f"pays with {number}",
        "tenders": [{"type": "check", "reference": number}],
        "serial": number,
        "reads": [{"serial": number, "register": 4111111111111111}],
        "key": number,
        "on": "2026-04-15",
    }
    assert fields_with_card_numbers(inputs) == ("text", "tenders")


@pytest.mark.parametrize(
    "wrong", [{"state": "gone"}, {"state": "paid"}, {"state": "paid", "payment_ref": "p", "cents": 5}]
)
def test_a_report_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="report"):
        Report(reference="r", **wrong)


@example(bytes.fromhex("39622481299044c981fd8fc876540bb0"))
@given(st.binary(min_size=16, max_size=80))
def test_what_a_program_makes_by_chance_is_no_card(made):
    """An ask was refused, and an enrolment: a UUID and a sealed box in base sixteen held digits that pass the check."""
    assume(set(made.hex()) & set("abcdef"))
    assert find_card_numbers(f"ask-{made.hex()}") == ()
    assert find_card_numbers(str(UUID(bytes=made[:16]))) == () or not set(made[:16].hex()) & set("abcdef")


def test_a_card_beside_what_a_program_made_is_found():
    made = "39622481299044c981fd8fc876540bb0"
    for text in (
        f"{made} 4111111111111111",
        f"4111-1111-1111-1111 {made}",
        "visa4111111111111111",
        "4111111111111111f",
    ):
        assert find_card_numbers(text) != (), text
