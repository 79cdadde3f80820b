"""The file for the general ledger: parse after write is the same, and whatever was changed on the way is found."""

import csv
import io
import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.gl import GlFault, GlFile, GlLine, read_csv, write_csv, write_json

DAY = date(2026, 4, 14)
ROWS = (
    GlLine(DAY, "10-1001", "Operating bank", 189_193, 0),
    GlLine(DAY, "51-1210", 'Receivable: "service", all', 1_204_566_40, 2_345_60),
    GlLine(DAY, "51-4020", "Revenue", 0, 1_206_223_00 + 1_02 - 1_09),
)
FILE = GlFile("moore_ok-20260414-1", "", DAY, DAY + timedelta(1), ROWS)


def test_the_layout_is_the_documented_one():
    rows = list(csv.reader(io.StringIO(write_csv(FILE).decode(), newline="")))
    assert rows[0][:7] == ["H", "curbstop-gl-1", "moore_ok-20260414-1", "", "2026-04-14", "2026-04-15", "3"]
    assert rows[2] == ["D", "2026-04-14", "51-1210", 'Receivable: "service", all', "1204566.40", "2345.60"]
    assert rows[-1][:3] == ["T", "moore_ok-20260414-1", "3"] and rows[-1][-1] == FILE.sha256
    assert write_csv(FILE).endswith(b"\r\n")
    told = json.loads(write_json(FILE))
    assert (told["lines"], told["rows"][0]["debit_cents"], told["sha256"]) == (3, 189_193, FILE.sha256)


def test_the_json_in_the_reference_is_what_is_written():
    """The example is read, written again from its own rows, and every field of it stands in the table above it."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "gl.md").read_text("utf-8")
    section = page.partition("### JSON")[2].partition("### The answer")[0]
    table, _, rest = section.partition("```json\n")
    example = rest.partition("```")[0]
    told = json.loads(example)
    rows = tuple(
        GlLine(date.fromisoformat(row["on"]), row["gl"], row["name"], row["debit_cents"], row["credit_cents"])
        for row in told["rows"]
    )
    file = GlFile(
        told["file_id"], told["previous_file_id"], date.fromisoformat(told["from_on"]),
        date.fromisoformat(told["until_on"]), rows,
    )  # fmt: skip
    assert write_json(file).decode() == example
    documented = set(re.findall(r"`(\w+)`", table))
    assert set(told) | set(told["rows"][0]) <= documented


LINES = st.builds(
    GlLine,
    st.dates(DAY, DAY + timedelta(9)),
    st.from_regex(r"[0-9A-Z-]{1,20}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)


@given(st.lists(LINES, max_size=9).map(tuple), st.sampled_from(["", "moore_ok-20260413-1"]))
def test_what_is_written_is_what_is_read(rows, previous):
    file = GlFile("moore_ok-20260414-2", previous, DAY, DAY + timedelta(10), rows)
    assert read_csv(write_csv(file)) == file
    assert write_csv(read_csv(write_csv(file))) == write_csv(file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"1891.93", b"1891.94", "the header says"),
        (b"Operating", b"Operatinq", "the header says"),  # a word: the hash finds it
        (b"D,2026-04-14,10-1001", b"X,2026-04-14,10-1001", "line 2 is no detail line"),
        (b"1891.93", b"1891.9", "line 2 is no detail line"),
        (b"T,moore_ok-20260414-1", b"T,moore_ok-20260414-9", "the trailer of moore_ok-20260414-9"),
        (b"H,curbstop-gl-1", b"H,other", "not the header"),
    ],
)
def test_what_was_changed_on_the_way_is_found(old, new, says):
    body = write_csv(FILE)
    assert old in body
    with pytest.raises(GlFault, match=says):
        read_csv(body.replace(old, new))


def test_a_line_lost_or_twice_is_found():
    lines = write_csv(FILE).splitlines(keepends=True)
    for changed in (lines[:1] + lines[2:], lines[:2] + lines[1:], lines[:-1], []):
        with pytest.raises(GlFault):
            read_csv(b"".join(changed))
