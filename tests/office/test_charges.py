"""Fees and miscellaneous charges: a document of their own now, or a line of the next bill; never on a guess."""

from datetime import timedelta

import pytest

from curbstop.office import ledger
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.records.bills.models import Charge
from curbstop.records.ledger.models import Transaction
from curbstop.rules.payments import BadPayment
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.closed import closed_account, serve
from tests.office.payment_town import raise_town, take, ties

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town(db):
    raise_town()
    set_policy("bill.due_days", 20)
    set_policy("fee.cutoff", 2500)
    person("csr", "csr")


def charge(of, kind, **more):
    given = {"key": key(), "by": person("csr"), "at": at_on(DAY), "account_id": of.id, "kind": kind, "on": DAY}
    return ledger.charge(**{**given, "reason": "Lid broken by the truck", **more})


def test_a_fee_is_what_the_city_set_and_due_like_a_bill() -> None:
    of = account()
    done = charge(of, "fee.cutoff")
    assert (done.cents, done.due_on) == (2500, DAY + timedelta(20)) and ledger.get_balance(of.id) == 2500
    (item,) = ledger.get_open_items(of.id)
    assert (item.gl, item.kind, item.due_on) == ("51-1230", "fee.cutoff", done.due_on)
    assert ties()[51, 4120] == -2500


def test_a_miscellaneous_charge_says_how_much_and_falls_to_its_fund() -> None:
    of = account()
    charge(of, "misc.damaged_cart", cents=6500, due_on=DAY)  # E05
    sums = ties()
    assert (sums[53, 1230], sums[53, 4120]) == (6500, -6500)
    take(of, 6500)
    assert ledger.get_balance(of.id) == 0


@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [
        ("fee.cutoff", {"cents": 2400}, "The city charges 25.00 for this, not 24.00"),
        ("fee.transfer", {}, "Nothing is charged on a guess"),
        ("misc.damaged_cart", {}, "Say how much it is"),
        ("water.volume", {"cents": 100}, "The chart has no charge 'water.volume'"),
        ("misc.damaged_cart", {"cents": 100, "reason": " "}, "Say what it is for"),
        ("misc.damaged_cart", {"cents": 100, "due_on": DAY - timedelta(1)}, "cannot be due"),
    ],
)
def test_what_cannot_be_charged(kind: str, more: dict[str, object], says: str) -> None:
    of = account()
    with pytest.raises(Refused, match=says):
        charge(of, kind, **more)
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("cents", [0, -1, 1_000_000_000])
def test_an_amount_that_is_none(cents: int) -> None:
    with pytest.raises(BadPayment):
        charge(account(), "misc.damaged_cart", cents=cents)


def test_with_the_next_bill_it_waits_and_posts_nothing() -> None:
    of = account()
    serve(of, DAY - timedelta(30))
    done = charge(of, "misc.damaged_cart", cents=6500, with_bill=True)
    assert done.charge_id and done.document_id is None and ledger.get_balance(of.id) == 0
    assert Charge.objects.get().says == "Damaged cart: Lid broken by the truck"
    with pytest.raises(Refused, match="No bill will come"):
        charge(closed_account(1_000_002, DAY), "misc.damaged_cart", cents=1, with_bill=True)


def test_the_same_key_charges_once() -> None:
    of = account()
    form = {"key": key("form")}
    assert charge(of, "fee.cutoff", **form) == charge(of, "fee.cutoff", **form)
    assert ledger.get_balance(of.id) == 2500
    with pytest.raises(KeyReused):
        charge(of, "misc.damaged_cart", cents=1, **form)


@pytest.mark.parametrize("who", ["cashier", "field", "auditor", "administrator"])
def test_who_may_not_charge(who: str) -> None:
    with pytest.raises(NotPermitted):
        charge(account(), "fee.cutoff", by=person(f"{who}-2", who))


def test_what_can_be_charged_is_listed_with_what_is_set() -> None:
    kinds = {kind.code: kind for kind in ledger.list_charge_kinds(on=DAY)}
    assert kinds["fee.cutoff"].cents == 2500 and kinds["fee.transfer"].not_set
    assert kinds["misc.damaged_cart"].cents is None and not kinds["misc.damaged_cart"].not_set
