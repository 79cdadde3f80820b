"""How money, dates and people's text are written on paper."""

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.paper import words


@pytest.mark.parametrize(
    ("cents", "shown"),
    [(0, "0.00"), (5, "0.05"), (12992, "129.92"), (-650, "6.50 CR"), (123456789, "1,234,567.89")],
)
def test_amounts(cents: int, shown: str) -> None:
    assert words.amount(cents) == shown


def test_dates() -> None:
    assert words.day(date(2026, 11, 3)) == "Tue 3 Nov 2026"
    assert words.short_day(date(2026, 11, 3)) == "3 Nov 2026"
    assert words.moment(datetime(2026, 11, 23, 9, 5)) == "Mon 23 Nov 2026, 09:05"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Zoë O’Brien-Łukasiewicz", "Zoë O’Brien-Łukasiewicz"),
        ("Nguyễn Thị Hồng", "Nguyễn Thị Hồng"),
        (unicodedata.normalize("NFD", "Nguyễn"), "Nguyễn"),
        ("🦆 Ducky 👩‍👩‍👧 Smith ❤️", "Ducky Smith"),
        ("Жанна", "?????"),
        ("１２３ Ａve", "123 Ave"),
        ("ev\u202eil\u200b", "evil"),
        ("a\nb\tc\x00\x07", "a b c"),
        ("🦆", "?"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_printable(typed: str, shown: str) -> None:
    assert words.printable(typed) == shown


@given(st.text())
def test_printable_is_settled_and_inside_the_face(text: str) -> None:
    once = words.printable(text)
    assert words.printable(once) == once
    assert all(ord(character) in words.covered() for character in once)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("Zoë D’Angelo-Łuk", "Zoe D'Angelo-Luk"), ("2 × $3 · “x”", '2 x $3 - "x"'), ("Đỗ Straße", "Do Strasse")],
)
def test_plain(typed: str, shown: str) -> None:
    assert words.plain(typed) == shown


@given(st.text())
def test_plain_is_ascii(text: str) -> None:
    assert words.plain(text).isascii()


def test_what_is_no_face_is_refused() -> None:
    with pytest.raises(ValueError, match="no cmap"):
        words.characters_of(b"\0" * 64)
