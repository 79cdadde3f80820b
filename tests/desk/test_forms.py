"""What a form's entries are taken for."""

import pytest

from curbstop.desk.forms import Entries, id_of, ids_of


@pytest.mark.parametrize(("typed", "meant"), [("0", 0), ("12000", 12000), ("12,000", 12000), ("1,234,567", 1234567)])
def test_a_whole_number_may_have_commas_between_thousands(typed: str, meant: int) -> None:
    entries = Entries({"register": typed})
    assert entries.whole("register") == meant and not entries.errors


@pytest.mark.parametrize("typed", [",000", "1,2", "12,00", "12,", "1,,000", "", "-1", "1.5", "nan", "１２"])
def test_what_lost_a_digit_is_asked_for_again(typed: str) -> None:
    entries = Entries({"register": typed})
    entries.whole("register")
    assert "is not a whole number" in entries.errors["register"]


def test_what_no_page_of_ours_has_written_is_no_row() -> None:
    assert id_of("12") == 12
    assert [id_of(text) for text in ("", "²", "٣", "1 ", "-1", "1e3", "9" * 30)] == [None] * 7
    assert ids_of(["3", "²", "1"]) == (3, 1)
