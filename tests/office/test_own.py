"""Nobody acts on his own or his household's account: every act that helps money or service refuses, and says so."""

from datetime import timedelta

import pytest

from curbstop.office import adjustments, links, moves, payments
from curbstop.office._once import NotPermitted, Refused
from curbstop.office._own import OwnAccount
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Customer, Link
from curbstop.rules.faults import BadValue
from tests.books import DAY, account, at_on, key, person
from tests.office.payment_town import bill, raise_town, reverse, take
from tests.office.requests import approve, ask, people, refuse, set_limits


def link(of, username, **more):
    given = {"kind": "own", "mark": "employee", **more}
    return links.link(
        key=key(), by=person("supervisor"), at=at_on(DAY), account_id=of.id, username=username, on=DAY, **given
    )


@pytest.fixture
def town(db):
    raise_town()
    people()
    set_limits()


ACTS = {
    "payments.take": lambda of, who: take(of, 100, by=who),
    "payments.apply_credit": lambda of, who: payments.apply_credit(
        key=key(), by=who, at=at_on(DAY), account_ids=(of.id,), on=DAY
    ),
    "payments.identify": lambda of, who: payments.identify(
        key=key(), by=who, at=at_on(DAY), document_id=1, account_id=of.id, on=DAY
    ),
    "moves.start": lambda of, who: moves.start(
        key=key(), by=who, at=at_on(DAY), account_id=of.id, premise_id=1, on=DAY
    ),
    "moves.stop": lambda of, who: moves.stop(
        key=key(), by=who, at=at_on(DAY), account_id=of.id, premise_id=1, on=DAY
    ),
    "adjustments.request": lambda of, who: adjustments.request(
        key=key(), by=who, at=at_on(DAY), kind="adjust", inputs={"account_id": of.id, "cents": 5},
        reason="billing_error", on=DAY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["own", "household"])
@pytest.mark.parametrize("act", ACTS)
def test_every_act_that_helps_refuses_and_the_attempt_names_the_account(town, act, kind):
    of = account()
    bill(of)
    person("both", "supervisor", "cashier")
    link(of, "both", kind=kind)
    with pytest.raises(OwnAccount, match="is your own account" if kind == "own" else "belongs to your household"):
        ACTS[act](of, person("both"))
    event = Event.objects.latest("id")
    assert event.denied and event.act == act and f"account:{of.id}" in event.subjects
    assert "Nobody acts on his own" in event.says


def test_taking_back_approving_and_refusing_too(town):
    of = account()
    bill(of)
    receipt = take(of, 500)
    asked = ask(account_id=of.id, cents=100)
    link(of, "supervisor", kind="household")
    for act in (lambda: reverse(receipt, "misposted"), lambda: approve(asked), lambda: refuse(asked)):
        with pytest.raises(OwnAccount):
            act()
    assert adjustments.get_request(asked.request_id, on=DAY, by=person("supervisor")).why_not.startswith(of.number)
    approve(asked, "director")


def test_the_customers_own_user_is_linked_without_a_row(town):
    of = account()
    bill(of)
    Customer.objects.filter(id=of.customer_id).update(staff_user_id=person("cashier").id)
    with pytest.raises(OwnAccount, match="is your own account"):
        take(of, 100)


def test_a_colleague_takes_the_payment_as_of_any_customer(town):
    of = account()
    bill(of)
    link(of, "clerk")
    assert take(of, 100).cents == 100


class TestLinks:
    def test_a_link_marks_the_account_until_it_ends(self, town):
        of = account()
        id = link(of, "clerk", kind="household")
        (row,) = links.list_links()
        assert (row.id, row.who, row.kind, row.mark, row.until_on) == (id, "Clerk", "household", "employee", None)
        with pytest.raises(Refused, match="is linked to Clerk already"):
            link(of, "clerk")
        given = {"key": key(), "by": person("supervisor"), "at": at_on(DAY), "link_id": id, "reason": "moved out"}
        with pytest.raises(Refused, match="it ends later than that"):
            links.unlink(**given, on=DAY)
        links.unlink(**given, on=DAY + timedelta(1))
        assert links.list_links() == ()
        assert links.list_links(account_id=of.id)[0].until_on == DAY + timedelta(1)
        with pytest.raises(Refused, match="It ended on 2026-03-03"):
            links.unlink(**{**given, "key": key()}, on=DAY + timedelta(2))
        assert Event.objects.filter(act="customers.unlink", denied=False).get().says == (
            "No longer Clerk's (employee): moved out"
        )

    def test_an_official_needs_no_user_and_an_employee_does(self, town):
        of = account()
        link(of, "", who="Council member, ward 2", mark="official")
        with pytest.raises(Refused, match="an employee has a sign-in name"):
            link(of, "", who="Somebody")
        with pytest.raises(BadValue):
            link(of, "clerk", kind="friend")

    def test_nobody_ends_his_own_link_and_a_clerk_makes_none(self, town):
        of = account()
        id = link(of, "supervisor")
        with pytest.raises(Refused, match="Nobody ends his own link"):
            links.unlink(
                key=key(), by=person("supervisor"), at=at_on(DAY), link_id=id, on=DAY + timedelta(1), reason="x"
            )
        with pytest.raises(NotPermitted):
            links.link(key=key(), by=person("clerk"), at=at_on(DAY), account_id=of.id, username="clerk", on=DAY)
        assert Link.objects.count() == 1

    def test_marked_accounts_are_listed_with_what_they_owe_and_what_was_tried(self, town):
        of, other = account(1_000_001), account(1_000_002)
        bill(of, due=-3)
        link(of, "clerk")
        link(other, "", who="Council member, ward 2", mark="official")
        with pytest.raises(OwnAccount):
            ask(account_id=of.id, cents=100)
        found = links.list_marked(on=DAY)
        assert [(one.link.mark, one.past_due_cents, one.attempts, one.late_skipped) for one in found] == [
            ("employee", 9459, 1, 0), ("official", 0, 0, 0),
        ]  # fmt: skip
