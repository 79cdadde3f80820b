"""What the database refuses about runs and bills: one test a constraint, that violates it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from tests import books

pytestmark = pytest.mark.django_db

DAY, DUE = date(2026, 3, 2), date(2026, 3, 22)


@contextmanager
def refused(constraint: str) -> Iterator[None]:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        yield


def execute(statement: str, **values: object) -> int:
    """Run a statement that returns an id."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0]) if cursor.description else 0


@pytest.fixture
def rows() -> dict[str, int]:
    """A run with a chunk, a transaction and two accounts, the first with a bill and an outcome."""
    books.open_books(DAY)
    person = books.person("sue", "supervisor").id
    accounts = [books.account(1_000_001).pk, books.account(1_000_002, name="B. Ortiz").pk]
    execute("insert into decisions_cycle values ('1', 'Cycle 1', 28) on conflict do nothing")
    run = _run(person)
    chunk = _chunk(run, 1, 900_001, accounts)
    txn = execute(
        "insert into ledger_transaction (posted_at, event_id, posted_on, effective_on, act, by, closes)"
        " select now(), min(e.id), %(day)s, %(day)s, 'bill', %(person)s, false from base_event e returning id",
        day=DAY, person=person,
    )  # fmt: skip
    made = {"run": run, "chunk": chunk, "txn": txn, "person": person, "one": accounts[0], "two": accounts[1]}
    bill(made, 501, made["one"])
    outcome(made, 7)
    return made


def _run(person: int, bill_on: date = DAY, read_on: date = date(2026, 3, 1), due_on: date = DUE) -> int:
    return execute(
        "insert into bills_run (cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id)"
        " values ('1', %(read)s, %(bill)s, %(due)s, now(), %(person)s, 1, 2) returning id",
        read=read_on, bill=bill_on, due=due_on, person=person,
    )  # fmt: skip


def _chunk(run: int, no: int, txn: int, accounts: list[int]) -> int:
    return execute(
        "insert into bills_chunk (run_id, no, account_ids, agreement_ids, from_ons, first_document_id, txn_id,"
        " chunk_event_id) values (%(run)s, %(no)s, %(accounts)s, '{7}', '{2026-02-03}', 501, %(txn)s, 3) returning id",
        run=run, no=no, accounts=accounts, txn=txn,
    )  # fmt: skip


def bill(rows: dict[str, int], id: int, account: int, cents: int = 100) -> None:
    execute(
        "insert into bills_bill (id, account_id, txn_id, run_id, total_cents, previous_cents, chunk_no, from_on,"
        " until_on, due_on) values"
        " (%(id)s, %(account)s, %(txn)s, %(run)s, %(cents)s, 0, 1, '2026-02-03', '2026-03-01', %(due)s)",
        id=id, account=account, txn=rows["txn"], run=rows["run"], cents=cents, due=DUE,
    )  # fmt: skip


def outcome(rows: dict[str, int], agreement: int, **more: object) -> None:
    values = {
        "run": rows["run"], "agreement": agreement, "account": rows["one"], "code": "billed", "bill": 501,
        "owner": None, "from_on": date(2026, 2, 3), "until_on": date(2026, 3, 1), **more,
    }  # fmt: skip
    execute(
        "insert into bills_outcome (run_id, agreement_id, account_id, code, bill_id, owner_id, from_on, until_on,"
        " usage_gal, average_gal, cents, chunk_no, items, prorate_days) values"
        " (%(run)s, %(agreement)s, %(account)s, %(code)s,"
        " %(bill)s, %(owner)s, %(from_on)s, %(until_on)s, 0, -1, 0, 1, 1, -1)",
        **values,
    )


def step(rows: dict[str, int], event: int, name: str, on: date | None = None) -> None:
    execute(
        'insert into bills_runstep (event_id, run_id, step, bills, cents, "on", by_id, at)'
        " values (%(event)s, %(run)s, %(name)s, 1, 1, %(on)s, %(person)s, now())",
        event=event, run=rows["run"], name=name, on=on, person=rows["person"],
    )  # fmt: skip


def review(rows: dict[str, int], *, held: bool, reason: str = "", owner: int | None = None) -> None:
    execute(
        "insert into bills_review (run_id, account_id, finding, cents, held, reason, owner_id)"
        " values (%(run)s, %(account)s, 'zero', 0, %(held)s, %(reason)s, %(owner)s)",
        run=rows["run"], account=rows["one"], held=held, reason=reason, owner=owner,
    )  # fmt: skip


def charge(rows: dict[str, int], cents: int = 100, says: str = "Fee", authority: str = "FAQ") -> int:
    return execute(
        'insert into bills_charge (account_id, kind_id, cents, "on", says, authority, event_id)'
        " select %(account)s, min(id), %(cents)s, %(day)s, %(says)s, %(authority)s, 1 from ledger_kind returning id",
        account=rows["one"], cents=cents, day=DAY, says=says, authority=authority,
    )  # fmt: skip


def test_a_cycle_is_billed_once_a_day(rows: dict[str, int]) -> None:
    with refused("bills_run_once"):
        _run(rows["person"])


@pytest.mark.parametrize(("read_on", "due_on"), [(date(2026, 3, 5), DUE), (date(2026, 3, 1), DAY)])
def test_a_run_reads_then_bills_then_is_due(rows: dict[str, int], read_on: date, due_on: date) -> None:
    with refused("bills_run_order"):
        _run(rows["person"], bill_on=date(2026, 3, 4) if due_on == DUE else DAY, read_on=read_on, due_on=due_on)


def test_the_steps_of_a_run(rows: dict[str, int]) -> None:
    step(rows, 11, "calculated")
    step(rows, 12, "calculated")  # as often as needed
    step(rows, 13, "approved", DAY)
    with refused("bills_runstep_once"):
        step(rows, 14, "approved", DAY)
    with refused("bills_runstep_day"):
        step(rows, 15, "approved")
    with refused("bills_runstep_step"):
        step(rows, 16, "imagined")
    with refused("bills_runstep_pkey"):
        step(rows, 13, "posted")


def test_a_chunk_is_planned_once_with_ids_of_its_own(rows: dict[str, int]) -> None:
    with refused("bills_chunk_once"):
        _chunk(rows["run"], 1, 900_002, [rows["two"]])
    with refused("bills_chunk_txn"):
        _chunk(rows["run"], 2, 900_001, [rows["two"]])


def test_a_chunk_is_done_once(rows: dict[str, int]) -> None:
    done = (
        "insert into bills_chunkdone (run_id, chunk_no, bills, exceptions, lines, cents)"
        " values (%(run)s, 1, 1, 0, 5, 100)"
    )
    execute(done, run=rows["run"])
    with refused("bills_chunkdone_pkey"):
        execute(done, run=rows["run"])


def test_a_hold_has_an_owner_and_a_reason(rows: dict[str, int]) -> None:
    for reason, owner in (("", rows["person"]), ("Look", None)):
        with refused("bills_review_owned"):
            review(rows, held=True, reason=reason, owner=owner)
    review(rows, held=True, reason="Look", owner=rows["person"])
    with refused("bills_review_once"):
        review(rows, held=False)


def test_an_account_has_one_bill_of_a_run(rows: dict[str, int]) -> None:
    with refused("bills_bill_once"):
        bill(rows, 502, rows["one"])
    with refused("bills_bill_pkey"):
        bill(rows, 501, rows["two"])
    with refused("bills_bill_total"):
        bill(rows, 503, rows["two"], -1)


def test_no_days_of_a_service_are_billed_twice(rows: dict[str, int]) -> None:
    later = _run(rows["person"], bill_on=date(2026, 3, 9))
    with refused("bills_outcome_billed_once"):
        outcome(rows, 7, run=later)
    outcome(rows, 7, run=later, from_on=date(2026, 3, 1), until_on=date(2026, 3, 8))


def test_an_agreement_has_one_outcome_of_a_run(rows: dict[str, int]) -> None:
    with refused("bills_outcome_pkey"):
        outcome(rows, 7, code="held_no_read", bill=None, owner=rows["person"])


@pytest.mark.parametrize(
    ("more", "constraint"),
    [
        ({"bill": None}, "bills_outcome_billed_or_owned"),
        ({"code": "held_no_read", "bill": None}, "bills_outcome_billed_or_owned"),
        ({"code": "held_no_read", "owner": 1}, "bills_outcome_billed_or_owned"),
        ({"until_on": date(2026, 2, 3)}, "bills_outcome_days"),
        ({"from_on": None, "until_on": None}, "bills_outcome_period"),
    ],
)
def test_what_is_not_billed_is_owned_and_what_is_has_days(
    rows: dict[str, int], more: dict[str, object], constraint: str
) -> None:
    with refused(constraint):
        outcome(rows, 8, **more)


def test_a_waiting_charge_says_what_for_and_by_whose_word(rows: dict[str, int]) -> None:
    with refused("bills_charge_positive"):
        charge(rows, cents=0)
    for says, authority in (("", "FAQ"), ("Fee", "")):
        with refused("bills_charge_says"):
            charge(rows, says=says, authority=authority)


def test_a_charge_is_billed_once(rows: dict[str, int]) -> None:
    billed = "insert into bills_chargebilled (charge_id, bill_id, line_no) values (%(charge)s, 501, 1)"
    one = charge(rows)
    execute(billed, charge=one)
    with refused("bills_chargebilled_pkey"):
        execute(billed, charge=one)


@pytest.mark.parametrize(
    "table",
    ["bills_run", "bills_runstep", "bills_chunk", "bills_bill", "bills_chunkdone", "bills_outcome", "bills_charge",
     "bills_chargebilled"],
)  # fmt: skip
def test_what_was_planned_and_issued_never_changes(rows: dict[str, int], table: str) -> None:
    step(rows, 11, "calculated")
    execute(
        "insert into bills_chargebilled (charge_id, bill_id, line_no) values (%(charge)s, 501, 1)", charge=charge(rows)
    )
    with connection.cursor() as cursor:
        cursor.execute("insert into bills_chunkdone (run_id, chunk_no, bills, exceptions, lines, cents)"
                       " values (%s, 1, 1, 0, 1, 100)", [rows["run"]])  # fmt: skip
        cursor.execute("set constraints all immediate")
        cursor.execute("select column_name from information_schema.columns where table_name = %s limit 1", [table])
        column = cursor.fetchone()[0]
    with refused("never changed"):
        execute(f'update {table} set "{column}" = "{column}"')
    with refused("never changed"):
        execute(f"delete from {table}")
    with refused("never changed"):
        execute(f"truncate {table} cascade")


def test_a_fact_is_of_one_thing_and_can_be_shown(rows: dict[str, int]) -> None:
    fact = (
        "insert into bills_fact (account_id, premise_id, name, value, from_on, event_id)"
        " values (%(account)s, %(premise)s, %(name)s, %(value)s, '2026-03-02', 1)"
    )
    good = {"account": rows["one"], "premise": None, "name": "people", "value": "4"}
    execute(fact, **good)
    with refused("bills_fact_of_one"):
        execute(fact, **{**good, "premise": 1})
    with refused("bills_fact_name"):
        execute(fact, **{**good, "name": "People"})
    with refused("bills_fact_value"):
        execute(fact, **{**good, "value": "a\nb"})
    with refused("never changed"):
        execute("update bills_fact set value = '5'")
    with refused("never changed"):
        execute("delete from bills_fact")


def test_what_a_bill_was_rated_from_never_changes(rows: dict[str, int]) -> None:
    given = "insert into bills_given (run_id, agreement_id, facts) values (%(run)s, 7, '{}')"
    execute(given, run=rows["run"])
    with refused("bills_given_pkey"):
        execute(given, run=rows["run"])
    for change in ("update bills_given set facts = '[]'", "delete from bills_given", "truncate bills_given"):
        with refused("never changed"):
            execute(change)


def _rebill_run(rows: dict[str, int], rebills: int) -> int:
    """A run that makes one bill again, on the same day as any other."""
    return execute(
        "insert into bills_run (cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id, rebills)"
        " select cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id, %(rebills)s from bills_run"
        " where id = %(run)s returning id",
        run=rows["run"], rebills=rebills,
    )  # fmt: skip


def _again(rows: dict[str, int], run: int, rebills: int) -> None:
    execute(
        "insert into bills_outcome (run_id, agreement_id, account_id, code, bill_id, from_on, until_on, usage_gal,"
        " average_gal, cents, chunk_no, items, prorate_days, rebills)"
        " select %(run)s, agreement_id, account_id, code, bill_id, from_on, until_on, 0, -1, 0, 1, 1, -1, %(rebills)s"
        " from bills_outcome where run_id = %(first)s",
        run=run, rebills=rebills, first=rows["run"],
    )  # fmt: skip


def test_a_bill_is_made_again_once(rows: dict[str, int]) -> None:
    first = _rebill_run(rows, 501)
    with refused("bills_run_rebills"):
        _rebill_run(rows, 501)
    _again(rows, first, 501)
    other = _rebill_run(rows, 502)
    _again(rows, other, 502)  # the bill in its place may be made again in its turn
    with refused("bills_outcome_billed_once"):
        _again(rows, _rebill_run(rows, 503), 502)


def _cancelled(rows: dict[str, int], bill_id: int, by: int) -> None:
    execute(
        "insert into bills_cancelled (bill_id, replaced_by_id, first_id, request_id, txn_id, reason, event_id)"
        " values (%(bill)s, %(by)s, %(bill)s, %(request)s, %(txn)s, 'misread', 1)",
        bill=bill_id, by=by, request=books.approval(), txn=rows["txn"],
    )  # fmt: skip


def test_a_bill_is_cancelled_once_and_one_takes_its_place(rows: dict[str, int]) -> None:
    bill(rows, 502, rows["two"])
    _cancelled(rows, 501, 502)
    with refused("bills_cancelled_pkey"):
        _cancelled(rows, 501, 501)
    with refused("bills_cancelled_replaced_by_id"):
        _cancelled(rows, 502, 502)
    for change in ("update bills_cancelled set reason = 'other'", "delete from bills_cancelled"):
        with refused("rows of bills_cancelled are never changed"):
            execute(change)


def test_a_bill_is_trued_up_once_by_a_read(rows: dict[str, int]) -> None:
    insert = "insert into bills_trueup (bill_id, read_id, gal, cents, event_id) values (501, 1, 700, 351, 1)"
    with refused("bills_trueup_pkey"):
        execute(f"{insert}, (501, 1, 10, 5, 2)")
    for change in ("update bills_trueup set cents = 0", "delete from bills_trueup"):
        with refused("rows of bills_trueup are never changed"):
            execute(insert)
            execute(change)
    with refused("bills_trueup_read_id"):
        execute(insert)
        execute("set constraints all immediate")
