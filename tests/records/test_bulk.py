"""Arrays in and out of the database: what goes in by binary COPY comes out the same."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from django.db import connection, models
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.records.bulk.arrays import Many, fetch
from curbstop.records.bulk.columns import Coded, Column
from curbstop.records.bulk.copy import copy_in, encode

KINDS = {
    "n": "bigint",
    "small": "smallint",
    "middle": "integer",
    "big": "bigint",
    "yes": "boolean",
    "on": "date",
    "at": "timestamp with time zone",
    "words": "text",
}
INT64 = np.iinfo(np.int64)


class Row(models.Model):
    """A table of every type that bulk knows."""

    n = models.BigIntegerField(primary_key=True)
    small = models.SmallIntegerField(null=True)
    middle = models.IntegerField(null=True)
    big = models.BigIntegerField(null=True)
    yes = models.BooleanField(null=True)
    on = models.DateField(null=True)
    at = models.DateTimeField(null=True)
    words = models.TextField(null=True)

    class Meta:
        app_label = "bulk_test"
        managed = False
        db_table = "bulk_test_row"


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in KINDS.items())
        cursor.execute(f"create temp table bulk_test_row ({columns}) on commit drop")


def read_back(kinds=None):
    asked = kinds or {name: kind if name == "n" else f"{kind}?" for name, kind in KINDS.items()}
    return fetch("select * from bulk_test_row order by n", {}, asked)


def values_of(column):
    if isinstance(column, np.ndarray):
        return column.tolist()
    return [None if null else value for value, null in zip(column.values.tolist(), column.null.tolist(), strict=True)]


def test_extremes_come_back(table):
    copy_in(
        Row,
        {
            "n": np.arange(3),
            "small": np.array([-(2**15), 0, 2**15 - 1]),
            "middle": np.array([-(2**31), 0, 2**31 - 1]),
            "big": np.array([INT64.min, 0, INT64.max]),
            "yes": np.array([True, False, True]),
            "on": np.array(["0001-01-01", "2000-01-01", "9999-12-31"], dtype="datetime64[D]"),
            "at": np.array(["1969-12-31T23:59:59.999999", "2000-01-01", "2262-01-01"], dtype="datetime64[us]"),
            "words": np.array(["", "señal ☂ 水", "a" * 3000]),
        },
    )
    with connection.cursor() as cursor:
        cursor.execute('select big, "on", "at" at time zone \'UTC\', words from bulk_test_row order by n')
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == [INT64.min, 0, INT64.max]
    assert [row[1] for row in rows] == [date(1, 1, 1), date(2000, 1, 1), date(9999, 12, 31)]
    assert rows[0][2] == datetime(1969, 12, 31, 23, 59, 59, 999999)
    assert [row[3] for row in rows] == ["", "señal ☂ 水", "a" * 3000]
    back = read_back(KINDS)
    assert back["big"].tolist() == [INT64.min, 0, INT64.max]
    assert back["on"].tolist() == [date(1, 1, 1), date(2000, 1, 1), date(9999, 12, 31)]
    assert back["words"].tolist() == ["", "señal ☂ 水", "a" * 3000]


def test_one_value_stands_for_every_row(table):
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    copied = copy_in(
        Row, {"n": np.arange(5), "big": 7, "on": date(2026, 3, 2), "at": at, "words": "billed", "small": None}
    )
    assert copied == 5
    with connection.cursor() as cursor:
        cursor.execute('select distinct big, "on", "at", words, small from bulk_test_row')
        assert cursor.fetchall() == [(7, date(2026, 3, 2), at, "billed", None)]


def test_no_rows(table):
    assert copy_in(Row, {"n": np.empty(0, np.int64), "words": np.empty(0, "U3")}) == 0
    assert [len(column) for column in read_back().values()] == [0] * len(KINDS)


def test_coded_words(table):
    copy_in(Row, {"n": np.arange(4), "words": Coded(np.array([1, 0, 1, 2]), ["held_no_read", "billed", "é"])})
    assert values_of(read_back()["words"]) == ["billed", "held_no_read", "billed", "é"]


INT = {"small": 2**15, "middle": 2**31, "big": 2**63}
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            **{name: st.none() | st.integers(-most, most - 1) for name, most in INT.items()},
            "yes": st.none() | st.booleans(),
            "on": st.none() | st.dates(),
            "words": st.none()
            | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
        }
    ),
    max_size=40,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(rows=ROWS, times=st.sampled_from([1, 1, 7]))
def test_whatever_goes_in_comes_out(rows, times):
    """Alike rows go as blocks, unlike ones are scattered: repeated rows make the first, lone ones the second."""
    rows = [row for row in rows for _ in range(times * 10 if times > 1 else 1)]
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in KINDS.items())
        cursor.execute(f"drop table if exists bulk_test_row; create temp table bulk_test_row ({columns})")
    given_columns = {"n": np.arange(len(rows))}
    for name, kind in KINDS.items():
        if name in ("n", "at"):
            continue
        column = [row[name] for row in rows]
        null = np.array([value is None for value in column], dtype=np.bool_)
        if kind == "text":
            given_columns[name] = np.array(column, dtype=object)
        elif kind == "date":
            given_columns[name] = np.array(column, dtype="datetime64[D]")
        else:
            dtype = np.bool_ if kind == "boolean" else np.int64
            given_columns[name] = Column(np.array([value or 0 for value in column], dtype=dtype), null)
    assert copy_in(Row, given_columns) == len(rows)
    back = read_back()
    for name in ("small", "middle", "big", "yes", "on", "words"):
        expected = [row[name] for row in rows]
        if name == "words":  # numpy drops what PostgreSQL cannot hold anyway
            assert values_of(back[name]) == expected
        else:
            assert values_of(back[name]) == expected, name


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"n": np.arange(2), "small": np.array([1, 40_000])}, "column small is smallint: 40000 does not fit"),
        ({"n": np.arange(2), "middle": np.array([-(2**31) - 1, 0])}, "column middle is integer: -2147483649 does not"),
        ({"n": np.arange(2), "big": np.array([1.5, 2.0])}, "whole numbers are expected, not float64"),
        ({"n": np.arange(2), "big": np.arange(3)}, "different lengths"),
        ({"n": np.arange(2), "colour": np.arange(2)}, "no column colour"),
        ({"n": 1}, "how many rows"),
        ({"n": np.arange(2), "words": np.arange(2)}, "column words is text"),
    ],
)
def test_what_does_not_fit_is_refused(table, columns, says):
    with pytest.raises(ValueError, match=says):
        copy_in(Row, columns)


def test_a_null_that_was_not_asked_for_is_said(table):
    copy_in(Row, {"n": np.arange(2), "big": Column(np.array([1, 2]), np.array([False, True]))})
    with pytest.raises(ValueError, match="ask for it as bigint?"):
        read_back({"n": "bigint", "big": "bigint"})


def test_arrays_as_parameters(db):
    days = np.array(["2026-03-02", "0001-01-01"], dtype="datetime64[D]")
    asked = {"ids": Many(np.array([INT64.min, 5])), "days": Many(days), "none": Many(np.empty(0, np.int64))}
    back = fetch(
        "select * from unnest(%(ids)s, %(days)s) with ordinality r(id, day, n) where id <> all(%(none)s) order by n",
        asked,
        {"id": "bigint", "day": "date"},
    )
    assert back["id"].tolist() == [INT64.min, 5]
    assert back["day"].tolist() == days.tolist()


def test_both_ways_of_writing_give_the_same_rows():
    """1,000 unlike rows are scattered; the same rows sorted are blocks; both are the same rows."""
    words = np.array(["a" * (n % 7) for n in range(1000)])
    big = np.arange(1000)
    order = np.argsort(np.char.str_len(words), kind="stable")
    scattered = bytes(encode({"big": ("bigint", big), "words": ("text", words)}))
    blocks = bytes(encode({"big": ("bigint", big[order]), "words": ("text", words[order])}))
    assert sorted(_tuples(scattered)) == sorted(_tuples(blocks))
    assert len(_tuples(scattered)) == 1000


def _tuples(stream):
    """The plain, slow reading of the format."""
    place, found = 19, []
    while True:
        fields = int.from_bytes(stream[place : place + 2], "big", signed=True)
        place += 2
        if fields == -1:
            assert place == len(stream)
            return found
        row = []
        for _ in range(fields):
            size = int.from_bytes(stream[place : place + 4], "big", signed=True)
            row.append(stream[place + 4 : place + 4 + size])
            place += 4 + size
        found.append(tuple(row))
