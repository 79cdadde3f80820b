"""Payment files by layout: fixed columns and CSV, bad rows set apart, totals met or the whole file refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.layouts import BadField, LayoutErrors, built_in, names, read_layouts, read_line, write_line
from curbstop.formats.lockbox import PaymentFileErrors, read_payments

HEAD = "Account,Amount,Date,Reference,Payer\n"


def csv_file(*rows, layout="bank_csv", head=HEAD):
    return read_payments(built_in(layout), (head + "\n".join(rows)).encode())


class TestCsv:
    def test_a_spreadsheets_file_is_read_as_it_comes(self):
        data = (
            "\ufeffAccount,Amount,Date,Reference,Payer\r\n"
            '1000001-7,"1,234.50",04/21/2026,A1,"Ortiz, R."\r\n'
            "\r\n"
            " 10000025 ,$94.59,2026-04-21,A2,Núñez\r\n"
        ).encode("utf-8")
        found = read_payments(built_in("bank_csv"), data)
        assert [(r.account_number, r.cents, r.reference, r.payer) for r in found.rows] == [
            ("1000001-7", 123450, "A1", "Ortiz, R."), ("10000025", 9459, "A2", "Núñez"),
        ]  # fmt: skip
        assert found.rows[0].paid_on == found.rows[1].paid_on and not found.bad

    def test_windows_letters_and_columns_in_another_order(self):
        data = "AMOUNT,payer,account\n5.00,Nú,10000017\n".encode("cp1252")
        (row,) = read_payments(built_in("bank_csv"), data).rows
        assert (row.account_number, row.cents, row.payer, row.reference) == ("10000017", 500, "Nú", "")

    @pytest.mark.parametrize(
        ("amount", "why"),
        [("-5.00", "below zero"), ("(5.00)", "below zero"), ("5.005", "not an amount"), ("12,34", "not an amount"),
         ("", "empty"), ("0.00", "0.00 is no payment"), ("five", "not an amount")],
    )  # fmt: skip
    def test_a_bad_row_is_set_apart_and_the_rest_goes_on(self, amount, why):
        found = csv_file(f'10000017,"{amount}",,A1,', "10000025,5.00,,A2,")
        assert [row.reference for row in found.rows] == ["A2"]
        (bad,) = found.bad
        assert (bad.line, bad.reference or "A1") == (2, "A1") and why in bad.why and bad.text.startswith("10000017")

    def test_a_row_without_an_account_number(self):
        (bad,) = csv_file(",5.00,,A1,", "10000025,5.00,,A2,").bad
        assert bad.why == "no account number" and bad.cents == 500

    def test_a_heading_of_another_layout(self):
        with pytest.raises(PaymentFileErrors, match="the heading has no Account, Amount; it has Konto, Betrag"):
            csv_file("1,2", head="Konto,Betrag\n")

    def test_a_spreadsheet_is_no_text(self):
        with pytest.raises(PaymentFileErrors, match="it is no text"):
            read_payments(built_in("bank_csv"), b"PK\x03\x04\0")

    def test_an_empty_file(self):
        with pytest.raises(PaymentFileErrors, match="no payment is in it"):
            csv_file()


class TestTotals:
    def total(self, *rows):
        return csv_file(*rows, layout="remittance_csv")

    def test_they_are_met(self):
        found = self.total("10000017,5.00,,A,", "10000025,7.50,,B,", "TOTAL,12.50,,2,")
        assert (found.stated_rows, found.stated_cents, found.cents) == (2, 1250, 1250)

    @pytest.mark.parametrize("last", ["TOTAL,12.51,,2,", "TOTAL,12.50,,3,", "TOTAL,1.00,,2,"])
    def test_or_the_file_is_refused_whole_with_its_line(self, last):
        with pytest.raises(PaymentFileErrors, match="file:4: file (total|count)"):
            self.total("10000017,5.00,,A,", "10000025,7.50,,B,", last)

    def test_one_amount_that_cannot_be_read_is_what_the_total_lacks(self):
        found = self.total("10000017,5.00,,A,", "10000025,7?50,,B,", "TOTAL,12.50,,2,")
        (bad,) = found.bad
        assert bad.cents == 750 and "by the total of the file it is 7.50" in bad.why

    def test_two_of_them_are_too_many(self):
        with pytest.raises(PaymentFileErrors, match="file total"):
            self.total("10000017,5?00,,A,", "10000025,7?50,,B,", "TOTAL,12.50,,2,")


def item(n, cents, account, batch="001"):
    return ("payment", {"batch_no": batch, "item_no": str(n), "cents": cents, "account_number": account,
                        "reference": f"{n:09d}", "payer": "R ORTIZ"})  # fmt: skip


def part(n, cents, account, batch="001"):
    return ("part", {"batch_no": batch, "item_no": str(n), "cents": cents, "account_number": account})


def batch_total(rows, cents, batch="001"):
    return ("batch_total", {"batch_no": batch, "rows": rows, "cents": cents})


class TestLockbox:
    # a record whose mark is not in its fields begins with it: the writer leaves the place blank, so it is put there
    def read(self, *rows):
        layout = built_in("lockbox_bai")
        lines = []
        for record, values in rows:
            line = write_line(layout, record, values)
            lines.append(layout.record(record).begins + line[1:])
        return read_payments(layout, "\n".join(lines).encode())

    def test_batches_parts_and_totals(self):
        found = self.read(
            item(1, 9459, "10000017"),
            item(2, 10000, "10000025"), part(2, 4000, "10000025"), part(2, 6000, "10000033"),
            batch_total(2, 19459),
            item(1, 500, "10000041", "002"), batch_total(1, 500, "002"),
            ("total", {"rows": 3, "cents": 19959}),
        )  # fmt: skip
        assert [(row.account_number, row.cents) for row in found.rows] == [
            ("10000017", 9459), ("10000025", 4000), ("10000033", 6000), ("10000041", 500),
        ]  # fmt: skip
        assert found.rows[2].reference == "000000002"

    def test_parts_that_do_not_come_to_the_payment(self):
        rows = item(1, 1000, "10000017"), part(1, 400, "10000017"), item(2, 5, "10000025"), batch_total(2, 1005)
        found = self.read(*rows)
        assert [row.cents for row in found.rows] == [5]
        assert found.bad[0].why == "its parts come to 4.00, the payment to 10.00" and found.bad[0].cents == 1000

    def test_a_batch_that_is_a_cent_off_refuses_the_file(self):
        with pytest.raises(PaymentFileErrors, match="batch total '10.01': the batch comes to 10.00"):
            self.read(item(1, 1000, "10000017"), batch_total(1, 1001), item(1, 5, "10000025"), batch_total(1, 5))


class TestLayouts:
    def test_every_layout_that_comes_with_the_programs_is_sound(self):
        assert {"nacha", "bank_csv", "remittance_csv", "lockbox_bai", "billpay_fixed"} <= set(names())
        for name in names():
            layout = built_in(name)
            for record in layout.records if layout.kind == "fixed" else ():
                last = record.fields[-1]
                assert last.start + last.length - 1 <= layout.length, (name, record.name)
        with pytest.raises(KeyError, match="there is no layout 'x'"):
            built_in("x")

    @pytest.mark.parametrize(
        ("text", "line", "said"),
        [
            ("id: x\nsays: y\nkind: csv\n", 1, "records"),
            ("id: x\nsays: y\nkind: xml\nrecords: [{name: a, fields: [{name: b, at: 1, length: 1}]}]", 3, "not known"),
            (
                "id: x\nsays: y\nkind: fixed\nrecords:\n- name: a\n  fields:\n  - {name: b, at: 1, length: 5}\n"
                "  - {name: c, at: 3, length: 1}\n", 6, "inside the field before it",
            ),
            ("id: x\nsays: y\nkind: fixed\nrecords:\n- name: a\n  fields: [{name: b, at: 1}]\n", 6, "length"),
        ],
    )  # fmt: skip
    def test_a_faulty_layout_names_its_line(self, text, line, said):
        with pytest.raises(LayoutErrors) as caught:
            read_layouts(text, file="own.yaml")
        assert any(fault.line == line and said in str(fault) for fault in caught.value.faults), str(caught.value)

    @given(
        st.from_regex(r"[0-9A-Za-z]([0-9A-Za-z ]{0,18}[0-9A-Za-z])?", fullmatch=True),
        st.integers(0, 10**12 - 1), st.dates(), st.text("abc XYZ", max_size=18),
    )  # fmt: skip
    def test_parse_after_write_is_the_same(self, account, cents, on, payer):
        layout = built_in("billpay_fixed")
        values = {"account_number": account, "cents": cents, "paid_on": on, "reference": "r", "payer": payer.strip()}
        if on.year < 1000:
            return
        line = "D" + write_line(layout, "payment", values)[1:]
        read = read_line(layout, line)
        assert (read.record, read.faults, dict(read.values)) == ("payment", (), values)

    @pytest.mark.parametrize(
        ("more", "field"),
        [({"cents": -1}, "cents"), ({"cents": 10**12}, "cents"), ({"payer": "x" * 41}, "payer"),
         ({"reference": None}, "reference"), ({"payer": "naïve"}, "payer")],
    )  # fmt: skip
    def test_what_does_not_fit_is_never_cut(self, more, field):
        values = {"account_number": "1", "cents": 1, "paid_on": date(2026, 4, 1), "reference": "r", "payer": "p"}
        with pytest.raises(BadField) as caught:
            write_line(built_in("billpay_fixed"), "payment", {**values, **more})
        assert caught.value.field == field
