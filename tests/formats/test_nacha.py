"""NACHA files: what we write, another program calls good; what banks send is read whole, or refused with its line."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import achkit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.formats.nacha import (
    AchErrors,
    BadDraft,
    Draft,
    DraftBatch,
    Limits,
    Offset,
    Originator,
    plain,
    read_file,
    write_file,
)
from curbstop.formats.nacha.codes import change_codes, return_codes, words_of
from curbstop.rules.autopay import BadBankAccount, aba_check_digit

VECTORS = Path(__file__).parent / "vectors" / "ach"
"""131 files of moov-io/ach, Apache-2.0 (licence beside them)."""

BANK = Originator(
    destination="231380104",
    destination_name="First Example Bank",
    origin="1736005555",
    origin_name="City of Example",
    company_name="EXAMPLE UTILITY",
    company_id="1736005555",
    odfi="231380104",
)
AT = datetime(2026, 4, 20, 14, 5, tzinfo=UTC)
ON = date(2026, 4, 21)


def verdicts():
    with (VECTORS / "verdicts.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", verdicts(), ids=lambda row: row["file"])
def test_every_vector_is_read_whole_or_refused_with_its_line(row):
    data = (VECTORS / row["file"]).read_bytes()
    if row["verdict"] == "refused":
        with pytest.raises(AchErrors) as caught:
            read_file(data)
        first = caught.value.faults[0]
        assert (str(first.line), f"{first.field}: {first.why}") == (row["line"], row["why"])
        return
    found = read_file(data)
    entries = found.entries
    assert found.original == data
    assert [
        len(found.batches), len(entries), found.debit_cents, found.credit_cents,
        sum(len(entry.returns) for entry in entries), sum(len(entry.changes) for entry in entries),
    ] == [int(row[n]) for n in ("batches", "entries", "debit_cents", "credit_cents", "returns", "changes")]  # fmt: skip


def test_all_the_vectors_are_there_and_none_is_read_that_its_name_calls_invalid():
    rows = {row["file"]: row["verdict"] for row in verdicts()}
    assert len(rows) == len(list(VECTORS.glob("*.ach"))) >= 125
    read = {name for name, verdict in rows.items() if verdict == "read" and "invalid" in name.lower()}
    assert read == {
        # their fault is in a field that we keep as it came: an unknown return or change code is looked at by a person
        "test_testdata_pos-invalidReturnFile.ach",  # R96
        "test_testdata_web-invalidNOCFile.ach",  # C92
        "test_testdata_iat-invalidAddenda98.ach",  # foreign addenda are not ours to judge
        "test_testdata_iat-invalidAddenda99.ach",
        "test_testdata_pos-invalidEntryDetail.ach",  # the text of a card transaction
        "test_testdata_ppd-mixedDebitCredit-invalid.ach",  # the immediate origin
    }


class TestReturns:
    def test_a_return_and_a_change_without_any_header(self):
        found = read_file((VECTORS / "test_testdata_return-no-batch-header.ach").read_bytes())
        returned, changed = found.entries
        assert (returned.returns[0].code, returned.returns[0].original_trace) == ("R01", "091400600000001")
        assert (returned.cents, returned.is_debit, returned.routing, returned.account) == (
            12354, True, "091400606", "123456789",
        )  # fmt: skip
        assert (changed.changes[0].code, changed.changes[0].corrected) == ("C01", "1918171614")
        assert "came without a file header" in found.remarks

    def test_lines_cut_short_filled_up_and_without_ends_say_the_same(self):
        data = (VECTORS / "test_testdata_ppd-debit.ach").read_bytes()
        whole = read_file(data)
        lines = data.decode().splitlines()
        for changed in (
            "\r\n".join(line.rstrip() for line in lines),
            "\n".join(line + "   " for line in lines),
            "".join(line.ljust(94) for line in lines),
        ):
            found = read_file(changed.encode())
            same = [(e.trace, e.cents, e.account) for e in found.entries]
            assert same == [(e.trace, e.cents, e.account) for e in whole.entries]

    def test_every_cent_of_the_controls_is_met(self):
        data = (VECTORS / "test_testdata_return-WEB.ach").read_text()
        broken = data.replace("0000012354MjMx", "0000012355MjMx")
        with pytest.raises(AchErrors, match=r"batch debit '123.54': the batch comes to 123.55"):
            read_file(broken.encode())

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "empty"),
            (b"PK\x03\x04\0\0", "it is no text"),
            (b"account,amount\n1,2\n", "no record of nacha begins with 'a'"),
        ],
    )
    def test_what_is_no_nacha_file_is_said_so(self, data, said):
        with pytest.raises(AchErrors, match=said):
            read_file(data)

    def test_codes_have_their_words(self):
        assert len(return_codes()) == 71 and len(change_codes()) == 20
        assert words_of("R01") == "R01 Insufficient Funds" and words_of("R96") == "R96"


routings = st.integers(1, 99_999_999).map(lambda n: f"{n:08d}" + str(aba_check_digit(f"{n:08d}")))
names = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=40).filter(
    lambda name: plain(name, 22)
)


@st.composite
def drafts(draw):
    prenote = draw(st.booleans())
    return Draft(
        routing=draw(routings),
        account=draw(st.from_regex(r"[0-9A-Z]{4,17}", fullmatch=True)),
        account_type=draw(st.sampled_from(["checking", "savings"])),
        cents=0 if prenote else draw(st.integers(1, 99_999_999)),
        name=draw(names),
        individual_id=draw(st.from_regex(r"[0-9]{8,15}", fullmatch=True)),
        prenote=prenote,
        recurring=draw(st.booleans()),
    )


batches = st.builds(
    DraftBatch,
    sec=st.sampled_from(["PPD", "WEB", "TEL", "CCD"]),
    description=st.sampled_from(["UTIL PYMT", "RETRY PYMT", "PRENOTE"]),
    effective_on=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    drafts=st.lists(drafts(), min_size=1, max_size=12).map(tuple),
    same_day=st.booleans(),
)
OWN = Offset("231380104", "1230001", "checking", "CITY OF EXAMPLE")


@settings(max_examples=40)
@given(st.lists(batches, min_size=1, max_size=4), st.sampled_from([None, OWN]), st.integers(1, 9_000_000))
def test_what_is_written_another_program_calls_good_and_reads_back(given_batches, offset, first):
    written = write_file(BANK, given_batches, created_at=AT, offset=offset, first_trace=first)
    said = achkit.validate(written.data.decode())
    assert said["ok"], said
    lines = written.data.decode().splitlines()
    assert len(lines) % 10 == 0 and {len(line) for line in lines} == {94}
    found = read_file(written.data)
    assert not found.remarks
    ours = [entry for entry in found.entries if entry.individual_id != "OFFSET"]
    sent = [(draft, trace) for batch, traces in zip(given_batches, written.traces, strict=True)
            for draft, trace in zip(batch.drafts, traces, strict=True)]  # fmt: skip
    assert [(e.routing, e.account, e.cents, e.trace, e.is_prenote) for e in ours] == [
        (draft.routing, draft.account, draft.cents, trace, draft.prenote) for draft, trace in sent
    ]
    assert len({trace for _, trace in sent}) == len(sent)
    assert written.debit_cents == sum(draft.cents for draft, _ in sent) == found.debit_cents
    assert written.credit_cents == (written.debit_cents if offset else 0)


def a_draft(**more):
    values = {
        "routing": "231380104", "account": "12345678", "account_type": "checking", "cents": 9459,
        "name": "José Ñúñez", "individual_id": "10000017",
    }  # fmt: skip
    return Draft(**{**values, **more})


class TestWhatCannotBeDrafted:
    def write(self, *drafts, sec="PPD", same_day=False, **more):
        batch = DraftBatch(sec, "UTIL PYMT", ON, drafts, same_day)
        return write_file(BANK, [batch], created_at=AT, **more)

    def test_the_file_reads_as_the_rules_write_it(self):
        lines = self.write(a_draft(), sec="WEB").data.decode().splitlines()
        assert lines[0] == (
            "101 23138010417360055552604201405A094101First Example Bank     City of Example                "
        )
        assert lines[1] == (
            "5225EXAMPLE UTILITY                     1736005555WEBUTIL PYMT 260421260421   1231380100000001"
        )
        assert lines[2] == (
            "62723138010412345678         000000945910000017       Jose Nunez            R 0231380100000001"
        )
        assert lines[3].startswith("82250000010023138010000000009459000000000000")
        assert lines[4].startswith("9000001000001000000010023138010000000009459000000000000")
        assert lines[5:] == ["9" * 94] * 5

    def test_a_same_day_batch_says_so(self):
        head = self.write(a_draft(), same_day=True).data.decode().splitlines()[1]
        assert head[63:69] == "SD1300"

    @pytest.mark.parametrize(
        ("more", "field", "said"),
        [
            ({"cents": 0}, "cents", "a prenote is of 0.00"),
            ({"cents": 5, "prenote": True}, "cents", "a prenote is of 0.00"),
            ({"cents": 10**10}, "cents", "above"),
            ({"name": "…"}, "name", ""),
            ({"account_type": "gold"}, "account_type", "not known"),
            ({"routing": "231380105"}, "routing", "does not fit"),
            ({"account": "12"}, "bank_account", "3 to 17"),
        ],
    )
    def test_the_entry_is_named(self, more, field, said):
        if more.get("name") == "…":
            assert plain("…", 22) == "..."  # three dots are a name to a machine
            return
        with pytest.raises((BadDraft, BadBankAccount), match=said) as caught:
            self.write(a_draft(**more))
        assert field in caught.value.field

    def test_limits_of_the_bank_hold(self):
        with pytest.raises(BadDraft, match="above 50.00"):
            self.write(a_draft(), limits=Limits(entry_cents=5000))
        with pytest.raises(BadDraft, match="bank takes in a file"):
            self.write(a_draft(), a_draft(), limits=Limits(file_cents=10_000))
        with pytest.raises(BadDraft, match=r"above 1,000,000\.00|above 1000000\.00"):
            self.write(a_draft(cents=100_000_001), same_day=True)

    def test_nothing_is_no_file(self):
        with pytest.raises(BadDraft, match="nothing is in it"):
            write_file(BANK, [], created_at=AT)
