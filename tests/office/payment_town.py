"""A till that takes money, and accounts that owe: for tests of payments."""

from datetime import timedelta

from django.db import connection

from curbstop.office import ledger, payments, tills
from curbstop.office.payments import Paying, Tender
from curbstop.rules.ledger import credit, debit
from tests.books import DAY, at_on, key, open_books, person, posting, set_policy

AFTER = DAY + timedelta(1)


def check():
    """What the database checks at commit."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def ties():
    """Control accounts = items, and pool claims = dues: after anything at all."""
    check()
    with connection.cursor() as cursor:
        cursor.execute(
            "select g.fund, g.object, sum(p.debit_cents - p.credit_cents)::bigint from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id group by 1, 2"
        )
        sums = {(fund, object): cents for fund, object, cents in cursor.fetchall()}
    for fund in (51, 52, 53, 59):
        assert sums.get((10, 2800 + fund), 0) + sums.get((fund, 1010), 0) == 0
    return sums


BILL = [
    ("water.base", "51-1210", "51-4010", 950),
    ("water.volume", "51-1210", "51-4020", 3514),
    ("sewer.volume", "52-1210", "52-4020", 2070),
    ("sewer.surcharge", "52-1210", "52-4010", 1775),
    ("sanitation.cart", "53-1210", "53-4010", 1150),
]


def bill(of, lines=BILL, *, due=20, on=DAY):
    (document,) = ledger.reserve_documents(1)
    legs = [
        debit(gl, cents, kind, account_id=of.id, document=document, line=n, due_on=on + timedelta(due))
        for n, (kind, gl, _, cents) in enumerate(lines, 1)
    ]
    posting("bill", [*legs, *(credit(earned, cents, kind) for kind, _, earned, cents in lines)], on=on)
    return document


def raise_town():
    open_books(DAY, AFTER)
    set_policy("payments.application", "oldest_first")
    person("cashier", "cashier")
    person("supervisor", "supervisor")
    person("finance", "finance")
    tills.install(key=key(), by=person("clock"), at=at_on(DAY), code="T1", name="Till 1")
    tills.open(key=key(), by=person("cashier"), at=at_on(DAY), till="T1", on=DAY, float_cents=20000)


def take(of, cents, *tenders, **more):
    given_ = {
        "key": key(), "by": person("cashier"), "at": at_on(DAY), "till": "T1", "on": DAY,
        "accounts": (Paying(of.id, cents),), "tenders": tenders or (Tender("cash", cents),),
    }  # fmt: skip
    return payments.take(**{**given_, **more})


def reverse(receipt, why="returned", reason="R01 insufficient funds", *, on=DAY, **more):
    return payments.reverse(
        key=key(), by=person("supervisor"), at=at_on(on), series=receipt.series, no=receipt.no, why=why, reason=reason,
        on=on, **more,
    )  # fmt: skip


def items(of):
    return {(i.gl, i.document, i.line): (i.open_cents, i.due_on) for i in ledger.get_open_items(of.id)}


def apply_credit(*of, on=DAY):
    return payments.apply_credit(
        key=key(), by=person("clock"), at=at_on(on), account_ids=tuple(one.id for one in of), on=on
    )
