"""The worked examples of the books, loaded into the database in order through the one writer of postings."""

from collections import defaultdict

import pytest
from django.db import connection

from curbstop.office import ledger
from curbstop.rules.ledger import RECEIVABLES, RECIPES, object_of
from curbstop.rules.ledger.legs import Leg
from tests.books import DAY, accounts, approval, open_books, posting
from tests.rules.test_ledger import ACT_OF, EXAMPLES


@pytest.mark.django_db
def test_the_examples_load_and_tie_out_after_each():
    open_books(DAY)
    people = sorted(name for name in EXAMPLES.names if name.startswith("A"))
    ids = dict(zip((EXAMPLES.names[name] for name in people), (a.id for a in accounts(len(people))), strict=True))
    made = set()
    for example in EXAMPLES.examples:
        act = ACT_OF[example.code]
        approved = approval() if RECIPES[act].gives else None
        posting(act, [as_posted(leg, ids, made) for leg in example.legs], approval=approved)
        check()
        ties()
    assert {gl: cents for gl, cents in balances().items() if gl in ("10-1020", "10-1060", "10-1003")} == {
        "10-1020": 20005,
        "10-1060": -2250,
        "10-1003": -246,
    }
    owing = {name for name in people if ledger.get_balance(ids[EXAMPLES.names[name]]) > 0}
    assert owing == {"A1", "A2", "A4", "A9", "A10"}
    trial = ledger.get_trial_balance(DAY)
    assert all(
        sum(line.debit_cents - line.credit_cents for line in trial if line.fund == fund) == 0
        for fund in (10, 51, 52, 53, 59)
    )
    ageing = ledger.get_ageing(DAY, DAY)
    listed = sum(line.total_cents for line in ageing)
    assert listed == sum(cents for gl, cents in balances().items() if object_of(gl) in RECEIVABLES)
    rolled = ledger.get_roll_forward(DAY, DAY.replace(day=3))
    assert sum(line.closing_cents for line in rolled) == listed and all(line.opening_cents == 0 for line in rolled)


def kind_of(gl):
    """A kind of the chart that stands for the example's row; which one does not matter here."""
    return "water.base" if object_of(gl) in RECEIVABLES else "payment"


def as_posted(leg, ids, made):
    item = (leg.account_id, leg.gl, leg.document, leg.line)
    due = DAY if object_of(leg.gl) in RECEIVABLES and leg.debit_cents and item not in made else None
    made.add(item)
    return Leg(
        leg.gl, leg.debit_cents, leg.credit_cents, kind_of(leg.gl), ids.get(leg.account_id), leg.document, leg.line, due
    )


def check():
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def balances():
    with connection.cursor() as cursor:
        cursor.execute(
            "select format('%s-%s', g.fund, g.object), sum(debit_cents - credit_cents)::bigint"
            " from ledger_posting p join ledger_gl g on g.id = p.gl_id group by g.id"
        )
        return dict(cursor.fetchall())


def ties():
    """List of items = control, pool claims = dues."""
    control, listed = balances(), defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute("select distinct account_id from ledger_posting where account_id is not null")
        for (account_id,) in cursor.fetchall():
            for item in ledger.get_open_items(account_id):
                listed[item.gl] += -item.open_cents if item.owed_to else item.open_cents
    for gl, cents in control.items():
        if object_of(gl) in RECEIVABLES or gl in ("10-2310", "10-2100", "10-2110", "59-2210", "59-2220", "51-2320"):
            assert cents == listed[gl], gl
    for fund in (51, 52, 53, 59):
        assert control.get(f"10-28{fund}", 0) + control.get(f"{fund}-1010", 0) == 0
