"""The bank's statement against the books: taken once, matched without doubt or by hand, posted, and both lists."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from curbstop.office import banking, closing, ledger, payments, tills
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.banking import Item
from curbstop.office.payments import FileRow, Tender
from curbstop.records.payments.banking import BankMatchLine, BankSettled, StatementFile
from tests.books import DAY, account, accounts, at_on, key, person
from tests.formats.statements import bai2
from tests.office.payment_town import AFTER, bill, check, raise_town, reverse, take, ties

pytestmark = pytest.mark.django_db
NUMBER = "0040112233"


@pytest.fixture
def town(db):
    raise_town()
    banking.open_account(key=key(), by=fay(), at=at_on(DAY), number=NUMBER, name="Operating account")
    return account()


def fay():
    return person("finance")


def load(lines, on=AFTER, name="stmt.bai", **more):
    body = bai2(on, lines, **more)
    return banking.load(key=key(), by=fay(), at=at_on(AFTER), name=name, body=body.decode("latin-1"))


def match_all(on=AFTER):
    done = banking.match_all(key=key(), by=fay(), at=at_on(on), on=on)
    check()
    return done


def match(lines, items, **more):
    given = {"key": key(), "by": fay(), "at": at_on(AFTER), "on": AFTER}
    done = banking.match(**{**given, "line_ids": tuple(lines), "items": tuple(items), **more})
    check()
    return done


def undo(match_id, **more):
    given = {"key": key(), "by": fay(), "at": at_on(AFTER), "on": AFTER, "reason": "it was the court's"}
    done = banking.undo_match(match_id=match_id, **{**given, **more})
    check()
    return done


def lines():
    return [line.line_id for line in banking.list_lines(until=AFTER)]


def waiting():
    return {(row.gl, row.cents): row for row in banking.list_waiting(known_on=AFTER)}


def deposited(of, *tenders):
    """A payment, its drawer counted and signed, and the deposit made up from it."""
    for tender in tenders:
        take(of, tender.cents, tender)
    sums = {type: sum(t.cents for t in tenders if t.type == type) for type in ("cash", "check")}
    counted = tills.Counted((), coin_cents=20000 + sums["cash"], check_cents=sums["check"])
    told = tills.count(key=key(), by=person("cashier"), at=at_on(DAY), till="T1", counted=counted)
    closed = tills.close(key=key(), by=person("supervisor"), at=at_on(DAY), till="T1", count_id=told.count_id)
    return tills.deposit(key=key(), by=fay(), at=at_on(DAY), session_ids=(closed.session_id,), on=DAY)


def record(channel, cents):
    (first,) = accounts(1, first=1_000_300 + cents + 100_000 * list(payments.CHANNELS).index(channel))
    return payments.record_batch(
        key=key(),
        by=fay(),
        at=at_on(DAY),
        channel=channel,
        name=channel,
        rows=[FileRow(first.number, cents, "r")],
        on=DAY,
    ).batch_id


class TestStatements:
    def test_the_same_bytes_are_taken_once(self, town):
        first = load([("175", 5000, "DEPOSIT")])
        again = load([("175", 5000, "DEPOSIT")], name="again.bai")
        assert (first.days, first.lines, first.already, first.fault) == (1, 1, False, "")
        assert (again.file_id, again.lines, again.already) == (first.file_id, 1, True)
        assert StatementFile.objects.count() == 1
        assert banking.get_statement_file(first.file_id) == ("stmt.bai", bai2(AFTER, [("175", 5000, "DEPOSIT")]))

    def test_a_file_that_cannot_be_read_is_kept_and_names_the_line(self, town):
        body = bai2(AFTER, [("175", 5000, "DEPOSIT")]).replace(b"175,5000", b"175,5001")
        loaded = banking.load(key=key(), by=fay(), at=at_on(AFTER), name="bad", body=body.decode("latin-1"))
        assert (loaded.days, loaded.lines) == (0, 0) and "Invalid account control total" in loaded.fault
        assert banking.get_statement_file(loaded.file_id)[1] == body
        (row,) = banking.list_statement_files()
        assert row.fault == loaded.fault

    def test_a_day_that_is_on_file_and_an_account_of_others_are_left_out_and_told(self, town):
        load([("175", 5000, "DEPOSIT")])
        again = load([("175", 5000, "DEPOSIT"), ("175", 1, "MORE")])
        assert again.lines == 0 and "the day is on file" in again.skipped[0]
        other = load([("175", 7, "DEPOSIT")], account="99887766")
        assert "account ending 7766 is not one of the office's" in other.skipped[0]

    def test_an_empty_file_and_a_cashier_are_refused(self, town):
        with pytest.raises(Refused, match="stmt is empty"):
            banking.load(key=key(), by=fay(), at=at_on(AFTER), name="stmt", body=" \n")
        with pytest.raises(NotPermitted):
            banking.load(key=key(), by=person("cashier"), at=at_on(AFTER), name="stmt", body="01,")

    def test_bank_accounts_are_named_once_and_stand_on_the_chart(self, town):
        given = {"by": fay(), "at": at_on(DAY), "name": "Second"}
        with pytest.raises(Refused, match="ending 2233 is on file already"):
            banking.open_account(key=key(), number=NUMBER, **given)
        with pytest.raises(Refused, match="no bank account 51-4010"):
            banking.open_account(key=key(), number="1", gl="51-4010", **given)
        with pytest.raises(Refused, match="needs its number") as caught:
            banking.open_account(key=key(), number=" ", **given)
        assert caught.value.field == "number"


class TestMatching:
    def test_a_deposit_and_a_file_are_found_by_amount_and_date(self, town):
        slip = deposited(town, Tender("cash", 5992), Tender("check", 15000, "7"))
        batch = record("lockbox", 13000)
        load([("175", 20992, "DEPOSIT"), ("115", 13000, "LOCKBOX"), ("175", 77700, "COURT FINES")])
        done = match_all()
        assert (done.matched, done.cents, done.lines_left, done.items_left) == (2, 33992, 1, 0)
        assert tills.get_slip(slip.slip_id).confirmed_on == AFTER
        sums = ties()
        assert (sums[10, 1001], sums[10, 1030], sums[10, 1060]) == (33992, 0, 0)
        assert set(BankSettled.objects.values_list("document_id", flat=True)) == {slip.slip_id, batch}
        assert match_all().matched == 0

    def test_a_card_batch_settles_less_its_fee(self, town):
        batch = record("online_card", 4221)
        load([("142", 4082, "CARD PROCESSOR")])
        assert match_all().matched == 0
        with pytest.raises(Refused, match=r"The bank shows 40.82, the books 42.21: -1.39 apart"):
            match(lines(), [Item("10-1040", batch)])
        with pytest.raises(Refused, match="Say why these belong together"):
            match(lines(), [Item("10-1040", batch)], fee_cents=139)
        match(lines(), [Item("10-1040", batch)], fee_cents=139, reason="3.3 % by the processor's report")
        sums = ties()
        assert (sums[10, 1001], sums[51, 5120], sums[10, 1040]) == (4082, 139, 0)

    def test_two_deposits_in_one_line_and_a_line_of_others_need_their_reason(self, town):
        one, two = record("lockbox", 3000), record("autopay", 9459)
        load([("175", 12459, "CREDITS"), ("175", 100, "POOL ADMISSIONS")])
        first, second = lines()
        items = [Item("10-1060", one), Item("10-1050", two)]
        with pytest.raises(Refused, match="Say why"):
            match([first], items)
        match([first], items, reason="the bank posts both in one")
        with pytest.raises(Refused, match="Say why"):
            match([second], [])
        match([second], [], reason="the parks department's")
        assert ties()[10, 1001] == 12459 and not lines() and not waiting()
        assert [row.reason for row in banking.list_matches()] == [
            "the parks department's",
            "the bank posts both in one",
        ]

    def test_a_return_is_matched_with_what_the_bank_took(self, town):
        bill(town)
        receipt = take(town, 3000, Tender("check", 3000, "17"))
        reverse(receipt)
        load([("555", 3000, "RETURNED ITEM")])
        assert [row.says for row in waiting().values()] == [f"Returned payment, receipt {receipt.number}"]
        assert match_all().matched == 1
        sums = ties()
        assert (sums[10, 1001], sums[10, 1030], sums[10, 1020]) == (-3000, 0, 3000)

    def test_a_fee_that_the_bank_takes_by_itself(self, town):
        load([("698", 2500, "ANALYSIS FEE")])
        with pytest.raises(Refused, match="apart"):
            match(lines(), [], fee_cents=2400, reason="bank fee")
        match(lines(), [], fee_cents=2500, reason="bank fee of March")
        assert ties()[51, 5120] == 2500

    def test_what_is_ambiguous_is_left_to_a_person(self, town):
        record("lockbox", 3000)
        record("bill_pay", 3000)
        load([("175", 3000, "DEPOSIT")])
        assert match_all().matched == 0
        load([("175", 3000, "DEPOSIT")], on=AFTER - timedelta(1))
        assert match_all().matched == 2

    def test_nothing_is_matched_twice(self, town):
        batch = record("lockbox", 3000)
        load([("175", 3000, "DEPOSIT"), ("175", 3000, "DEPOSIT AGAIN")])
        first, second = lines()
        once = key()
        given = {"key": once, "by": fay(), "at": at_on(AFTER), "on": AFTER}
        given |= {"line_ids": (first,), "items": (Item("10-1060", batch),)}
        assert banking.match(**given) == banking.match(**given)
        with pytest.raises(Refused, match=r"are matched, or are not there: \[\d+\]"):
            match([first], [], reason="x")
        with pytest.raises(Refused, match="does not wait for the bank: it is settled"):
            match([second], [Item("10-1060", batch)])
        with pytest.raises(DatabaseError), transaction.atomic():
            BankMatchLine.objects.create(line_id=first, match=BankMatchLine.objects.get().match)
        with pytest.raises(Refused, match="not an account where money waits"):
            match([second], [Item("10-1020", batch)])
        with pytest.raises(Refused, match="No line was chosen"):
            match([], [Item("10-1060", batch)])

    def test_a_wrong_match_is_undone_and_both_stay(self, town):
        """The bank shows two deposits of one amount; the first was matched with the wrong line."""
        slip = deposited(town, Tender("cash", 5992), Tender("check", 15000, "7"))
        load([("175", 20992, "DEPOSIT"), ("175", 20992, "COURT FINES")])
        first, second = lines()
        item = Item("10-1030", slip.slip_id)
        wrong = match([second], [item])
        with pytest.raises(Refused, match="Say what was wrong"):
            undo(wrong.match_id, reason=" ")
        with pytest.raises(Refused, match="on that day or later"):
            undo(wrong.match_id, on=DAY)
        with pytest.raises(NotPermitted):
            undo(wrong.match_id, by=person("cashier"))
        done = undo(wrong.match_id)
        assert (done.lines, done.items, done.cents) == (1, 1, 20992) and lines() == [first, second]
        assert tills.get_slip(slip.slip_id).confirmed_on is None and len(tills.list_slips(unconfirmed_only=True)) == 1
        sums = ties()
        assert (sums[10, 1001], sums[10, 1030]) == (0, 20992)
        with pytest.raises(Refused, match="This match was undone on 2026-03-03: it was the court's"):
            undo(wrong.match_id)
        match([first], [item])
        match([second], [], reason="the court's")
        assert tills.get_slip(slip.slip_id).confirmed_on == AFTER and ties()[10, 1001] == 20992
        assert [row.undone_reason for row in banking.list_matches()] == ["", "", "it was the court's"]
        (bank,) = banking.list_bank_accounts()
        assert banking.get_reconciliation(bank.id, on=AFTER).difference_cents == 0
        assert closing.get_proof(on=AFTER, only={"15", "15b", "22", "36"}).holds

    def test_a_fee_matched_by_mistake_is_undone(self, town):
        load([("698", 2500, "ANALYSIS FEE")])
        undo(match(lines(), [], fee_cents=2500, reason="bank fee of March").match_id)
        assert ties()[51, 5120] == 0 and len(lines()) == 1

    def test_one_match_of_a_line_stands_at_a_time(self, town):
        load([("175", 3000, "DEPOSIT"), ("175", 3000, "DEPOSIT AGAIN")])
        first, second = lines()
        one = match([first], [], reason="x").match_id
        undone = match([second], [], reason="y").match_id
        undo(undone)
        with pytest.raises(DatabaseError, match="one_at_a_time"), transaction.atomic():
            BankMatchLine.objects.create(line_id=first, match_id=undone)
        third = match([second], [], reason="z").match_id
        for after, says in ((undone, "same_line"), (one, "after_id_fk"), (third, "after_before")):
            with pytest.raises(DatabaseError, match=says), transaction.atomic():
                BankMatchLine.objects.create(line_id=first, match_id=third, after_id=after)
                check()

    def test_a_batch_is_settled_from_paper(self, town):
        batch = record("online_card", 4221)
        given = {"by": fay(), "at": at_on(AFTER), "gl": "10-1040", "document_id": batch, "on": AFTER, "shown_on": AFTER}
        with pytest.raises(Refused, match="Name the statement"):
            banking.settle(key=key(), cents=4082, fee_cents=139, reference=" ", **given)
        with pytest.raises(Refused, match="apart"):
            banking.settle(key=key(), cents=4082, fee_cents=138, reference="report 9", **given)
        done = banking.settle(key=key(), cents=4082, fee_cents=139, reference="report 9", **given)
        assert (done.cents, done.fee_cents) == (4221, 139) and ties()[51, 5120] == 139
        with pytest.raises(Refused, match="it is settled"):
            banking.settle(key=key(), cents=4082, fee_cents=139, reference="report 9", **given)

    def test_a_closed_day_takes_nothing(self, town):
        record("lockbox", 3000)
        load([("175", 3000, "DEPOSIT")])
        with pytest.raises(ledger.DayNotOpen):
            match_all(AFTER + timedelta(5))


class TestReconciliation:
    def test_both_lists_and_what_remains(self, town):
        deposited(town, Tender("cash", 5000))
        record("lockbox", 3000)
        load([("175", 5000, "DEPOSIT"), ("175", 77700, "COURT FINES")])
        match_all()
        (bank,) = banking.list_bank_accounts()
        found = banking.get_reconciliation(bank.id, on=AFTER)
        assert (found.bank_cents, found.unmatched_cents, found.booked_cents) == (82700, 77700, 5000)
        assert (found.way_cents, found.other_cents, found.difference_cents, found.faults) == (3000, 0, 0, ())
        match(lines(), (), reason="The court's fines in the city's account")
        found = banking.get_reconciliation(bank.id, on=AFTER)
        assert (found.unmatched_cents, found.others_cents, found.difference_cents) == (0, 77700, 0)
        confirmed = payments_without_a_line(found.account.id)
        assert confirmed.other_cents == -40000 + 0 and confirmed.difference_cents == 0

    def test_a_line_matched_in_the_next_month_was_not_matched_in_its_own(self, town):
        deposited(town, Tender("cash", 5000))
        load([("175", 5000, "DEPOSIT")], on=DAY)
        match_all(AFTER)
        (bank,) = banking.list_bank_accounts()
        before, after = (banking.get_reconciliation(bank.id, on=on) for on in (DAY, AFTER))
        assert (before.unmatched_cents, before.booked_cents, before.difference_cents) == (5000, 0, 0)
        assert (after.unmatched_cents, after.booked_cents, after.difference_cents) == (0, 5000, 0)

    def test_a_missing_statement_and_one_that_does_not_add_up_are_named(self, town):
        load([("175", 5000, "DEPOSIT")], on=DAY, opening=100)
        load([("175", 700, "DEPOSIT")], on=AFTER, opening=9999)
        (bank,) = banking.list_bank_accounts()
        found = banking.get_reconciliation(bank.id, on=AFTER)
        assert "a statement is missing" in found.faults[0] and found.opening_cents == 100
        assert found.difference_cents == 9999 - 5100  # what the missing statement would have shown
        lines_ = {line.code: line for line in closing.get_month_checklist(DAY, AFTER + timedelta(1), 0, 0).lines}
        assert lines_["bank"].level == "bad" and "48.99 apart" in lines_["bank"].faults[0].says
        with pytest.raises(Refused, match="no bank account 99"):
            banking.get_reconciliation(99, on=AFTER)


def payments_without_a_line(bank_id):
    """The change fund is drawn from the bank, and no line shows it yet."""
    from curbstop.rules.ledger import change_fund
    from tests.books import posting

    posting("change_fund", change_fund(40000), on=AFTER)
    return banking.get_reconciliation(bank_id, on=AFTER)


def test_every_line_of_the_bank_is_one_sided_and_in_one_day(town):
    load([("175", 5000, "DEPOSIT")])
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="one_column"), transaction.atomic():
        cursor.execute(
            "insert into payments_statementline (statement_id, line_no, type_code, debit_cents, credit_cents)"
            " select statement_id, 9, '175', 1, 1 from payments_statementline"
        )


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("update payments_statementline set credit_cents = credit_cents + 1", "lines, fee and items differ"),
        ("update payments_banksettled set cents = cents - 1", "is not what was posted"),
        ("update payments_bankmatch set fee_cents = 0", "lines, fee and items differ"),
    ],
)
def test_a_match_that_is_not_what_was_posted_is_found(town, sql, says):
    batch = record("online_card", 4221)
    load([("142", 4082, "CARD PROCESSOR")])
    match(lines(), [Item("10-1040", batch)], fee_cents=139, reason="by the report")
    assert closing.get_proof(on=AFTER, only={"15b"}).holds
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("set local session_replication_role = origin")
    (proved,) = closing.get_proof(on=AFTER, only={"15b"}).proved
    assert any(says in fault for fault in proved.faults)
