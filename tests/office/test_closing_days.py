"""Days and months: prepared by one, closed by another, hashed in a chain; what does not balance stays open."""

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from curbstop.formats import gl
from curbstop.office import closing, ledger, tills
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.closing.hashing import ROWS, find_tampered, read_day
from curbstop.records.decisions.models import City
from curbstop.records.ledger.models import Close, Export
from curbstop.rules.ledger import credit, debit
from tests.books import DAY, account, at_on, key, person, posting
from tests.office.payment_town import AFTER, BILL, apply_credit, check, raise_town, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    raise_town()
    for name in ("fay", "finn"):
        person(name, "finance")
    City.objects.create(code="moore_ok", name="Moore", time_zone="America/Chicago", body={})
    return account()


def bill(of, on=DAY):
    """The lines of a bill as charges of their own: no bill run made them."""
    (document,) = ledger.reserve_documents(1)
    legs = [
        debit(gl_, cents, kind, account_id=of.id, document=document, line=n, due_on=on + timedelta(20))
        for n, (kind, gl_, _, cents) in enumerate(BILL, 1)
    ]
    posting("charge", [*legs, *(credit(earned, cents, kind) for kind, _, earned, cents in BILL)], on=on)


def prepare(on=DAY, by="fay"):
    return closing.prepare_day(key=key(), by=person(by), at=at_on(on), on=on)


def close(prepared, on=DAY, by="finn"):
    return closing.close_day(key=key(), by=person(by), at=at_on(on, 20), on=on, prepared_id=prepared.prepared_id)


def sign_drawer():
    told = tills.count(
        key=key(), by=person("cashier"), at=at_on(DAY), till="T1",
        counted=tills.Counted((), coin_cents=20000 + received()),
    )  # fmt: skip
    return tills.close(key=key(), by=person("supervisor"), at=at_on(DAY), till="T1", count_id=told.count_id)


def received():
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(sum(cents), 0)::bigint from payments_tender where type = 'cash'")
        return cursor.fetchone()[0]


def close_day(on=DAY):
    return close(prepare(on), on)


def shut(of):
    """A bill, a payment, the drawer signed, the day closed."""
    bill(of)
    take(of, 5000)
    sign_drawer()
    return close_day()


class TestDays:
    def test_a_day_is_closed_with_the_hash_of_its_rows(self, town):
        closed = shut(town)
        rows, digest = read_day(DAY, previous=bytes(32))
        assert (closed.rows, closed.sha256, closed.previous_sha256) == (rows, digest.hex(), bytes(32).hex())
        assert rows > 10 and find_tampered() == (1, [])
        row = Close.objects.get()
        assert (row.prepared_by.username, row.approved_by.username) == ("fay", "finn")
        trial = {line.gl: [line.debit_cents, line.credit_cents] for line in ledger.get_trial_balance(DAY)}
        assert row.checks["totals"] == trial

    def test_the_hash_is_what_postgresql_prints(self, town):
        closed = shut(town)
        with connection.cursor() as cursor:
            cursor.execute(ROWS.format(day=DAY.isoformat()))
            lines = ["\t".join("\\N" if value is None else str(value) for value in row) for row in cursor.fetchall()]
        body = "".join(f"{line}\n" for line in lines)
        assert hashlib.sha256(bytes(32) + body.encode()).hexdigest() == closed.sha256

    def test_nothing_posts_into_it_and_what_is_late_stands_on_the_next_day(self, town):
        shut(town)
        with pytest.raises(ledger.DayClosed), transaction.atomic():
            bill(town)
        assert ledger.get_open_days() == (AFTER,)
        posting("change_fund", change_fund(), on=AFTER, effective_on=DAY)
        late = next(line for line in closing.get_day_checklist(AFTER).lines if line.code == "late")
        assert (late.level, late.count, late.faults[0].says) == ("look", 1, "change_fund of 2026-03-02")
        assert prepare(AFTER).late == 1

    def test_nobody_closes_what_he_made_ready(self, town):
        sign_drawer()
        prepared = prepare()
        with pytest.raises(Refused, match="made 2026-03-02 ready yourself"):
            close(prepared, by="fay")
        with pytest.raises(NotPermitted):
            close(prepared, by="cashier")
        close(prepared)

    def test_the_database_wants_two_people_too(self, town):
        shut(town)
        row = Close.objects.get()
        with pytest.raises(DatabaseError, match="two_people"), transaction.atomic():
            Close.objects.create(
                txn_id=row.txn_id, period="x", rows=0, debit_cents=0, sha256=b"", previous_sha256=b"", checks={},
                prepared_by=row.prepared_by, approved_by=row.prepared_by,
            )  # fmt: skip

    def test_a_drawer_that_is_not_signed_keeps_it_open(self, town):
        with pytest.raises(Refused, match="Drawers are not signed: till T1 of Cashier, not counted"):
            prepare()
        sign_drawer()
        prepare()

    def test_a_proof_that_fails_keeps_it_open_and_names_the_rows(self, town):
        bill(town)
        sign_drawer()
        prepared = prepare()
        check()
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute("update ledger_posting set debit_cents = debit_cents + 1 where leg_no = 1")
            cursor.execute("set local session_replication_role = origin")
        with pytest.raises(Refused, match=r"Proof 1 fails.*debits and credits differ"):
            prepare()
        with pytest.raises(Refused, match="since Fay made it ready"):
            close(prepared)

    def test_what_is_posted_meanwhile_asks_for_another_look(self, town):
        sign_drawer()
        first = prepare()
        bill(town)
        with pytest.raises(Refused, match="10 rows were posted on 2026-03-02 since Fay made it ready"):
            close(first)
        second = prepare()
        with pytest.raises(Refused, match="was made ready again since"):
            close(first)
        close(second)

    def test_days_close_in_order_and_once(self, town):
        sign_drawer()
        with pytest.raises(Refused, match="Days before it are open: 2026-03-02 is open"):
            prepare(AFTER)
        close_day()
        with pytest.raises(Refused, match="is not open"):
            prepare()
        close_day(AFTER)
        first, second = Close.objects.order_by("txn_id")
        assert bytes(second.previous_sha256) == bytes(first.sha256)

    def test_many_days_close_together_in_one_chain(self, town):
        def through(act, by, **more):
            return act(key=key(), by=person(by), at=at_on(AFTER), on=AFTER, **more)

        with pytest.raises(Refused, match="Drawers are not signed"):
            through(closing.prepare_through, "fay")
        sign_drawer()
        ready = through(closing.prepare_through, "fay")
        assert (ready.from_on, ready.through, ready.days) == (DAY, AFTER, 2)
        given = {"prepared_id": ready.prepared_id}
        with pytest.raises(Refused, match="made 2026-03-03 ready yourself"):
            through(closing.close_through, "fay", **given)
        bill(town)
        with pytest.raises(Refused, match="Rows were posted on 2026-03-02 since Fay"):
            through(closing.close_through, "finn", **given)
        assert not Close.objects.exists()
        ready = through(closing.prepare_through, "fay")
        done = through(closing.close_through, "finn", prepared_id=ready.prepared_id)
        first, second = Close.objects.order_by("txn_id")
        assert (done.days, done.rows) == (2, ready.rows) and done.sha256 == bytes(second.sha256).hex()
        assert bytes(second.previous_sha256) == bytes(first.sha256) and find_tampered() == (2, [])
        assert ledger.get_open_days() == ()

    def test_a_file_that_is_half_posted_keeps_it_open(self, town):
        from curbstop.office import payments

        sign_drawer()
        payments.receive_file(
            key=key(), by=person("finance"), at=at_on(DAY), channel="lockbox", name="lb", on=DAY,
            content=f"{town.number}\t4000\tx",
        )  # fmt: skip
        with pytest.raises(Refused, match="lockbox file lb: 1 of 1 payments are not posted"):
            prepare()

    def test_the_same_key_closes_once(self, town):
        sign_drawer()
        prepared, once = prepare(), key()
        given = {"key": once, "by": person("finn"), "at": at_on(DAY), "on": DAY, "prepared_id": prepared.prepared_id}
        assert closing.close_day(**given) == closing.close_day(**given)
        assert Close.objects.count() == 1

    def test_a_row_changed_under_the_triggers_is_found(self, town):
        shut(town)
        for sql, says in (
            ("update ledger_posting set line_no = 9 where leg_no = 1 and sub = 2", "rows of the day 2026-03-02 were"),
            ("delete from ledger_posting where leg_no = 2", "was closed with"),
            ("update ledger_close set previous_sha256 = sha256('x')", "the chain is broken"),
            ("delete from ledger_close", "has no hash"),
        ):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("set local session_replication_role = replica")
                cursor.execute(sql)
                assert cursor.rowcount
                cursor.execute("set local session_replication_role = origin")
                assert any(says in fault for fault in find_tampered()[1])
                transaction.set_rollback(True)

    def test_the_list_of_days(self, town):
        shut(town)
        after, day = closing.list_days(through=AFTER)
        assert (day.on, day.state, day.prepared_by, day.closed_by) == (DAY, "closed", "Fay", "Finn")
        assert (after.state, after.transactions, day.transactions) == ("open", 0, 2)
        (close_,) = closing.list_closes(period=DAY.isoformat())
        assert close_.checks["lines"][0]["says"] == "Days before it are closed"


def change_fund():
    return debit("10-1015", 40000, "change_fund"), credit("10-1001", 40000, "change_fund")


class TestExport:
    def send(self, through=DAY, **more):
        return closing.export_days(
            **{"key": key(), "by": person("fay"), "at": at_on(AFTER), "through": through, **more}
        )

    def test_a_file_balances_and_is_sent_again_byte_for_byte(self, town):
        shut(town)
        made = self.send()
        body = closing.get_export(made.file_id)
        assert made.file_id == "moore_ok-20260302-1" and hashlib.sha256(body).hexdigest() == made.sha256
        file = gl.read_csv(body)
        assert file.debit_cents == file.credit_cents == made.debit_cents > 0
        rows = list(csv.reader(io.StringIO(body.decode())))
        assert (rows[0][0], rows[-1][0], len(rows) - 2) == ("H", "T", made.lines)
        listed = {row.gl: (row.debit_cents, row.credit_cents) for row in file.rows}
        assert listed["51-1210"] == (4464, 4464) and "51-1295" not in listed
        assert closing.get_export(made.file_id) == body
        told = json.loads(gl.write_json(file))
        assert (told["sha256"], told["debit_cents"]) == (file.sha256, file.debit_cents)

    def test_a_day_is_in_exactly_one_file_and_each_follows_the_last(self, town):
        shut(town)
        with pytest.raises(Refused, match="2026-03-03 is not closed: the books are closed through 2026-03-02"):
            self.send(AFTER)
        first = self.send()
        with pytest.raises(Refused, match="is in the file moore_ok-20260302-1 already"):
            self.send()
        apply_credit(town, on=AFTER)
        close_day(AFTER)
        second = self.send(AFTER)
        assert (second.previous_file_id, second.from_on) == (first.file_id, AFTER)
        row = Export.objects.get(file_id=first.file_id)
        row.file_id, row.previous_id = "again", second.file_id
        with pytest.raises(DatabaseError, match="one_file_a_day"), transaction.atomic():
            row.save(force_insert=True)

    def test_the_ledgers_answer_is_a_row(self, town):
        shut(town)
        made = self.send()
        given = {"by": person("fay"), "at": at_on(AFTER), "file_id": made.file_id}
        with pytest.raises(Refused, match="why the ledger refused it"):
            closing.acknowledge(key=key(), taken=False, reference=" ", **given)
        closing.acknowledge(key=key(), taken=False, reference="unknown account", **given)
        (row,) = closing.list_exports()
        assert (row.taken, row.answer, row.through) == (False, "unknown account", DAY)
        closing.acknowledge(key=key(), taken=True, reference="JE 2211", **given)
        with pytest.raises(Refused, match="taken by the general ledger before"):
            closing.acknowledge(key=key(), taken=True, reference="JE 2212", **given)
        (row,) = closing.list_exports()
        assert (row.taken, row.answer) == (True, "JE 2211")

    def test_a_cashier_sends_nothing(self, town):
        with pytest.raises(NotPermitted):
            self.send(by=person("cashier"))


BREAKS = {
    "a file's bytes": ("update ledger_export set body = body || 'x'", "its bytes were changed"),
    "a file's totals": (
        "update ledger_export set debit_cents = debit_cents + 1, credit_cents = credit_cents + 1",
        "its totals are not those of its days",
    ),
    "a day in no file": ("update ledger_export set from_on = from_on + 1, until_on = until_on + 1", "in 0 files"),
    "a day in two files": (
        "alter table ledger_export drop constraint ledger_export_one_file_a_day; insert into ledger_export"
        " select 'again', file_id, at, by, event_id, from_on, until_on, lines, debit_cents, credit_cents, sha256, body"
        " from (select * from ledger_export) e",
        "in 2 files",
    ),
    "a day opened again": ("update ledger_transaction set closes = false where closes", "is not closed"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_file_is_found(town, what):
    shut(town)
    TestExport().send()
    check()
    assert closing.get_proof(on=AFTER, only={"35"}).holds
    sql, says = BREAKS[what]
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(columns_of(sql))
        cursor.execute("set local session_replication_role = origin")
    (proved,) = closing.get_proof(on=AFTER, only={"35"}).proved
    assert any(says in fault for fault in proved.faults), proved.faults


def columns_of(sql):
    names = "(file_id, previous, at, by, event_id, from_on, until_on, lines, debit_cents, credit_cents, sha256, body)"
    return sql.replace("insert into ledger_export select", f"insert into ledger_export {names} select")


def test_what_is_on_its_way_too_long_is_found(town):
    from tests.books import set_policy

    take(town, 5000)
    assert closing.get_proof(on=AFTER + timedelta(9), only={"17"}).holds  # not set for this city: nothing is known
    set_policy("bank.clear_days", 5)
    assert closing.get_proof(on=AFTER, only={"17"}).holds
    (proved,) = closing.get_proof(on=AFTER + timedelta(9), only={"17"}).proved
    assert proved.faults == (f"Cash drawers, document {session()}: open since 2026-03-02 (cents 50.00)",)


def session():
    from curbstop.records.payments.models import TillSession

    return TillSession.objects.get().document_id


def test_the_statement_of_any_day_as_known_on_any_other(town):
    bill(town)
    take(town, 5000)
    # on the next day it is found that 20.00 more had come on the first
    take(town, 2000, on=DAY, at=at_on(DAY))
    sign_drawer()
    close_day()
    posting("apply_credit", credit_found(town), on=AFTER, effective_on=DAY)
    then = ledger.get_standing(town.id, as_of=DAY, known_on=DAY)
    now = ledger.get_standing(town.id, as_of=DAY, known_on=AFTER)
    assert then.closing_cents == 9459 - 7000 == sum(item.open_cents for item in then.items)
    assert now.closing_cents == then.closing_cents and (then.late, now.late) == (0, 1)
    assert then.opening_cents + then.charges_cents - then.credits_cents == then.closing_cents
    assert then.ageing == (2459, 0, 0, 0, 0)
    later = ledger.get_standing(town.id, as_of=DAY + timedelta(51), known_on=AFTER, from_on=AFTER)
    assert later.ageing == (0, 0, 2459, 0, 0) and (later.opening_cents, later.lines) == (2459, ())
    with pytest.raises(LookupError):
        ledger.get_standing(10**9, as_of=DAY, known_on=DAY)


def credit_found(of):
    """Moves that come to nothing for the account: a note."""
    (document,) = ledger.reserve_documents(1)
    given = {"account_id": of.id, "document": document, "line": 1}
    return debit("10-2310", 100, "credit", **given), credit("10-2310", 100, "credit", **given)
