"""Files of reads: loaded twice taken once, bad rows set apart and settled, a route out to a handheld and back."""

from datetime import date

import pytest

from curbstop.formats import ami
from curbstop.office import reads
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.meters.models import Read, ReadQuarantineSettled
from tests.office.scene import AT, TODAY, by, key, move_in, point

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

CSV = """Meter,Date,Read,Code,Reader
40000001,2026-03-02,1500,,R. Iley
40000002,03/02/2026,2900,DOG,R. Iley
99999999,2026-03-02,5,,
40000003,2026-03-02,12.5,,
40000004,2027-03-02,4500,,
40000005,2026-03-02,99999999,,
"""


def load(text=CSV, layout="reads_csv", who="cleo", **more):
    given = {"key": key(), "by": by(who), "at": AT, "name": "march.csv", "layout": layout, "content": text, "on": TODAY}
    return reads.load_file(**{**given, **more})


def test_a_file_is_taken_once_and_its_bad_rows_set_apart():
    loaded = load()
    assert (loaded.rows, loaded.accepted, loaded.waiting, loaded.quarantined, loaded.already) == (6, 2, 0, 4, False)
    row = Read.objects.get(service_point=point(2), read_on=TODAY)
    assert (row.register, row.reader, row.codes, row.source) == (2_900, "R. Iley", "DOG", "route_file")
    why = {one.line: one.why for one in reads.list_quarantined()}
    assert sorted(why) == [4, 5, 6, 7]
    assert "hangs anywhere" in why[4] and "not a number" in why[5] and "future" in why[6] and "6 dials" in why[7]
    before = Read.objects.count()
    again = load(name="again.csv")
    assert again.already and again.file_id == loaded.file_id and Read.objects.count() == before
    # the same reads in another file add nothing either
    assert load(CSV + "\n", name="other.csv").duplicates == 2 and Read.objects.count() == before


def test_a_row_set_apart_is_entered_or_dropped_once():
    load()
    rows = {one.line: one.row_id for one in reads.list_quarantined()}
    given = {"by": by("cleo"), "at": AT}
    done = reads.settle_row(
        key=key(),
        row_id=rows[4],
        reason="digits changed places",
        serial="40000006",
        register=6_400,
        read_on=TODAY,
        **given,
    )
    assert Read.objects.get(pk=done.read_id).usage_gal == 400
    reads.settle_row(key=key(), row_id=rows[5], reason="read again tomorrow", **given)
    with pytest.raises(Refused, match="settled already"):
        reads.settle_row(key=key(), row_id=rows[5], reason="again", **given)
    with pytest.raises(Refused, match="No meter 1 hangs"):
        reads.settle_row(key=key(), row_id=rows[6], reason="x", serial="1", register=1, read_on=TODAY, **given)
    assert [one.line for one in reads.list_quarantined()] == [6, 7] and ReadQuarantineSettled.objects.count() == 2
    assert reads.list_files()[0].unsettled == 2


def test_a_route_goes_out_and_comes_back():
    move_in(1, date(2026, 1, 6), register=1_000)
    out = reads.export_route(cycle="1", route="01", on=TODAY)
    lines = out.split("\r\n")
    assert lines[0].startswith("H1   01    20260302") and lines[11].startswith("T00000010") and len(lines[1]) == 140
    assert lines[1][7:27].strip() == "40000001" and lines[1][29:39] == "0000001000"
    back = ami.write_reads(
        cycle="1",
        route="01",
        read_on=TODAY,
        reader="R. Iley",
        reads=[("40000001", 6_000, ""), ("40000002", 2_100, "LK")],
    )
    loaded = load(back, layout="reads_fixed", name="back.txt")
    assert (loaded.rows, loaded.accepted + loaded.waiting, loaded.quarantined) == (2, 2, 0)
    assert Read.objects.get(service_point=point(1), read_on=TODAY).reader == "R. Iley"


@pytest.mark.parametrize(
    ("text", "layout", "says"),
    [
        ("Serial,Value\n1,2\n", "reads_csv", "the heading has no Meter"),
        ("R40000001\r\nT00000009\r\n", "reads_fixed", "the trailer says 9 rows"),
        ("", "reads_csv", "has no reads"),
        (CSV, "nacha", "no layout 'nacha' of reads"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(text, layout, says):
    with pytest.raises(Refused, match=says):
        load(text, layout)
    assert not reads.list_files()


def test_who_may_load():
    with pytest.raises(NotPermitted):
        load(who="otto")
