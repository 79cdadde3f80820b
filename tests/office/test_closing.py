"""The proof of the books: it holds over a town that lived, and each invariant is seen to break.

The breaks go behind the office's back, with the triggers and foreign keys switched off, as somebody with the database's
password would: what the database refuses is proved elsewhere (tests/records).
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from curbstop.office import staff
from curbstop.office._events import Key
from curbstop.office.closing import BooksProof, get_last_proof, get_proof, prove_night, read_proofs

TODAY = date(2026, 3, 2)

pytestmark = pytest.mark.django_db


@pytest.fixture
def behind(small_town: None, db: None):  # type: ignore[no-untyped-def]
    """Change rows without the database's leave."""

    def do(sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute(sql)
            changed = cursor.rowcount
            cursor.execute("set local session_replication_role = origin")
        assert changed, f"nothing was changed, so nothing can be seen: {sql}"
        return changed

    return do


def broken(proof: BooksProof) -> set[str]:
    return {one.no for one in proof.proved if not one.holds}


def test_every_invariant_is_read_from_the_file() -> None:
    numbers = [proof.no for proof in read_proofs()]
    assert len(numbers) == len(set(numbers)) >= 18


def test_an_empty_city_holds() -> None:
    assert broken(get_proof(on=TODAY)) == set()


def test_a_town_that_lived_holds_and_was_looked_at(small_town: None) -> None:
    proof = get_proof(on=TODAY)
    assert [(one.no, one.faults) for one in proof.proved if not one.holds] == []
    looked = {one.no: one.looked_at for one in proof.proved}
    assert all(looked[no] for no in ("1", "3", "4", "7", "8", "9", "10", "11", "12", "12b", "13", "14", "20", "36"))


def test_a_night_is_proved_and_recorded(small_town: None) -> None:
    assert get_last_proof() is None
    clock = staff.get_actor(username="system")
    at = datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
    night = prove_night(key=Key("night"), by=clock, at=at, on=TODAY)
    assert night.holds and night.held >= 20
    assert get_last_proof() == replace(night, at=at)


OPEN = "posted_on > (select coalesce(max(posted_on), '-infinity') from ledger_transaction where closes)"
A_BILL = "(select id from bills_bill order by id limit 1)"
A_CHUNK = (
    "(select c.txn_id from bills_chunk c join bills_chunkdone d on (d.run_id, d.chunk_no) = (c.run_id, c.no) limit 1)"
)
A_TAKE = "(select id from ledger_transaction where act = 'take' order by id limit 1)"
A_BILLED = (
    "(select run_id, agreement_id from bills_outcome where code = 'billed' and usage_gal > 0 order by 1, 2 limit 1)"
)

A_DEPOSITED = (
    "(select min(s.id) from payments_tillsession s join ledger_posting p on p.document_id = s.document_id and p.sub = 1"
    " join ledger_transaction t on t.id = p.txn_id where t.act = 'bank_deposit')"
)

BREAKS = {
    "a leg is gone": (
        f"delete from ledger_posting where (txn_id, leg_no) = (select txn_id, max(leg_no) from ledger_posting"
        f" where txn_id = {A_TAKE} group by txn_id)",
        {"1"},
    ),
    "a leg of a fund's claim moved to another fund": (
        "update ledger_posting p set gl_id = o.id from ledger_gl g, ledger_gl o where g.id = p.gl_id"
        f" and g.object = 2851 and o.object = 2852 and o.fund = g.fund and p.txn_id = {A_TAKE}",
        {"2"},
    ),
    "a kind that is not in the chart": (
        f"update ledger_posting set kind_id = 32000 where leg_no = 1 and txn_id = {A_TAKE}",
        {"3"},
    ),
    "a bill of no run": (f"update bills_bill set run_id = -1 where id = {A_BILL}", {"3b", "9"}),
    "a line paid twice over": (
        "update ledger_posting set credit_cents = credit_cents + 100000000 where sub = 2 and credit_cents > 0"
        f" and txn_id = {A_TAKE}",
        {"1", "4"},
    ),
    "sewer revenue booked as water": (
        f"update ledger_posting set kind_id = (select id from ledger_kind where code = 'water.base')"
        f" where txn_id = {A_CHUNK} and sub = 0 and kind_id = (select id from ledger_kind where code = 'sewer.volume')",
        {"5"},
    ),
    "income in the pool": ("update ledger_gl set class = 'R' where fund = 10 and object = 1020", {"6"}),
    "a control row on nobody's account": (
        f"update ledger_posting set account_id = -5 where txn_id = {A_CHUNK} and leg_no = 1",
        {"7", "3", "8"},
    ),
    "a bill's total changed by a cent": (
        f"update bills_bill set total_cents = total_cents + 1 where id = {A_BILL}",
        {"8", "9"},
    ),
    "an agreement nobody billed": (
        "delete from bills_outcome where (run_id, agreement_id) in (select max(run_id), agreement_id from bills_outcome"
        " where code = 'billed' group by agreement_id order by agreement_id limit 1)",
        {"9", "10"},
    ),
    "a day billed twice": (
        f"update bills_outcome set from_on = from_on - 1 where (run_id, agreement_id) = {A_BILLED}",
        {"12"},
    ),
    "gallons billed that no read says": (
        f"update bills_outcome set usage_gal = usage_gal + 1000000 where (run_id, agreement_id) = {A_BILLED}",
        {"12b", "11"},
    ),
    "a receipt is gone": (
        "delete from payments_receipt where (series_id, no) = (select series_id, no from payments_receipt limit 1)",
        {"13"},
    ),
    "a tender is less than was taken": (
        "update payments_tender set cents = cents - 1 where cents > 1 and (series_id, no, line) ="
        " (select series_id, no, line from payments_tender where cents > 1 limit 1)",
        {"14"},
    ),
    "a drawer that never went to the bank": (
        f"with gone as (delete from payments_slipsession where session_id = {A_DEPOSITED} returning session_id)"
        " delete from ledger_posting p using payments_tillsession s, gone, ledger_transaction t where t.id = p.txn_id"
        " and t.act = 'bank_deposit' and s.id = gone.session_id and p.document_id = s.document_id and p.sub = 1",
        {"15"},
    ),
    "a tender in a batch that nobody knows": (
        "update payments_tender set batch_document_id = -1 where (series_id, no, line) ="
        " (select series_id, no, line from payments_tender limit 1)",
        {"15"},
    ),
    "cash for checks on a deposit slip": (
        "update payments_slip set cash_cents = cash_cents - 100, check_cents = check_cents + 100"
        " where id = (select min(id) from payments_slip)",
        {"16"},
    ),
    "a count that was made to fit": (
        f"update payments_tillcount set cash_cents = cash_cents - 100 where id ="
        f" (select count_id from payments_tillclose where session_id = {A_DEPOSITED})",
        {"18"},
    ),
    "a shortage that was signed away": (
        "update payments_tillclose set short_cents = short_cents + 100, reason = 'x',"
        f" txn_id = coalesce(txn_id, {A_TAKE}) where session_id = {A_DEPOSITED}",
        {"18"},
    ),
    "a day closed without its hash": (
        "insert into ledger_transaction (id, posted_at, event_id, posted_on, effective_on, act, by, closes)"
        " select -1, posted_at, event_id, posted_on, posted_on, 'close', by, true from ledger_transaction"
        f" where {OPEN} order by posted_on limit 1",
        {"34"},
    ),
    "a credit without a tender": (f"update ledger_transaction set act = 'charge' where id = {A_TAKE}", {"20"}),
    "a reversal that mirrors nothing": (
        f"update ledger_transaction set reverses_id = {A_TAKE} where id = (select max(id) from ledger_transaction"
        " where act = 'take')",
        {"22"},
    ),
    "an act without its event": (
        f"delete from base_event where id = (select event_id from ledger_transaction where id = {A_TAKE})",
        {"36"},
    ),
    "a posting behind a close": (
        "insert into ledger_transaction (id, posted_at, event_id, posted_on, effective_on, act, by, closes)"
        " select -1, posted_at, event_id, posted_on, posted_on, 'close', by, true from ledger_transaction"
        f" where {OPEN} order by id limit 1",
        {"37"},
    ),
    "an act that no column of the roll-forward knows": (
        f"update ledger_transaction set act = 'gift' where id = {A_TAKE}",
        {"40"},
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_is_caught_and_named(what: str, behind) -> None:  # type: ignore[no-untyped-def]
    sql, expected = BREAKS[what]
    behind(sql)
    proof = get_proof(on=TODAY)
    assert expected <= broken(proof)
    assert all(one.faults and one.at_fault for one in proof.proved if not one.holds)


CHUNK = (
    "(select run_id, no, txn_id from bills_chunk where run_id = (select max(run_id) from bills_chunkdone)"
    " order by no limit 1)"
)
OF_CHUNK = f"(run_id, chunk_no) = (select run_id, no from {CHUNK} c)"
LOSSES = (
    f"delete from bills_outcome where {OF_CHUNK}",
    f"delete from bills_bill where {OF_CHUNK}",
    f"delete from bills_chunkdone where {OF_CHUNK}",
    f"delete from bills_chunk where (run_id, no) = (select run_id, no from {CHUNK} c)",
)
"""What is lost besides the postings, each deeper than the last."""


@pytest.mark.parametrize(
    ("deep", "expected"),
    [(0, {"8", "9"}), (2, {"9", "10"}), (3, {"9", "10"}), (4, {"10"})],
    ids=["postings", "bills too", "the mark too", "the plan too"],
)
def test_a_whole_missing_chunk_is_caught_however_deep_it_is_lost(behind, deep: int, expected: set[str]) -> None:  # type: ignore[no-untyped-def]
    # what the chunk's bills were paid with goes too, or payments of nothing would tell
    behind(
        "delete from ledger_posting where txn_id in (select txn_id from ledger_posting where document_id in"
        f" (select id from bills_bill where {OF_CHUNK}))"
    )
    for sql in LOSSES[:deep]:
        behind(sql)
    assert expected <= broken(get_proof(on=TODAY))
