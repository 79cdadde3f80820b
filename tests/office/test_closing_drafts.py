"""The proof of drafts and returned payments: it holds over a life of them, and each part is seen to break."""

from datetime import timedelta

import pytest
from django.db import connection

from curbstop.office.closing import get_proof
from tests.books import account, set_policy
from tests.office.draft_town import DUE, answer, bill, draft, enrol, raise_town, returns_file

NUMBERS = {"32", "33"}


@pytest.fixture
def town(db):
    """Two accounts drafted; one came back with a fee, was presented again, and came back again."""
    raise_town(again=2)
    set_policy("fee.returned_payment", 2500)
    of, other = account(), account(1_000_002)
    for one in (of, other):
        bill(one)
        enrol(one, limit=20000)
    _, data = draft(DUE - timedelta(1), through=DUE)
    answer(returns_file(data, t1="R01"), DUE + timedelta(1), name="one")
    _, data = draft(DUE + timedelta(1))
    answer(returns_file(data, t3="R01"), DUE + timedelta(5), name="two")
    return of


def broken():
    found = get_proof(on=DUE + timedelta(10)).proved
    return {one.no: one.faults for one in found if not one.holds and one.no in NUMBERS}


def test_it_holds_and_was_looked_at(town):
    proved = {one.no: one for one in get_proof(on=DUE + timedelta(10)).proved if one.no in NUMBERS}
    assert {no: (one.looked_at, one.faults) for no, one in proved.items()} == {"32": (2, ()), "33": (3, ())}


BREAKS = {
    "a return that is not written down": ("delete from payments_returned where trace = '231380100000001'", "32",
                                          "no account has it written down"),
    "a return that nothing took back": ("update payments_returned set txn_id = 1 where outcome = 'returned'", "32",
                                        "nothing took it back"),
    "a fee that was changed": ("update payments_returned set fee_cents = 100 where fee_cents > 0", "32",
                               "its fee is not in the books"),
    "a draft above the limit": ("update payments_enrolment set limit_cents = 5", "33", "above the limit"),
    "another amount again": ("update payments_draftentry set cents = cents - 1 where kind = 'again'", "33",
                             "another amount"),
    "a third time": ("alter table payments_draftentry drop constraint payments_draftentry_twice;"
                     " update payments_draftentry set times = 3 where kind = 'again'", "33", "more than twice"),
    "presented again without having come back": ("delete from payments_returned where code = 'R01'", "33",
                                                 "it never came back"),
    "presented again after another reason": ("update payments_returned set code = 'R02'", "33",
                                             "not come back for want of funds"),
    "presented again too late": ("update payments_draftrun set planned_on = planned_on + 181 where id ="
                                 " (select max(id) from payments_draftrun)", "33", "more than 180 days"),
    "posted as another amount": ("update payments_tender set cents = cents - 1 where reference = '231380100000002'",
                                 "33", "posted as another amount"),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_is_caught_and_named(town, what):
    sql, no, says = BREAKS[what]
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount, "nothing was changed, so nothing can be seen"
        cursor.execute("set local session_replication_role = origin")
        found = broken()
        assert any(says in fault for fault in found.get(no, ())), found
        cursor.execute("set constraints all deferred")
