"""Bills, payments, holds, nights, lists, days in any order: no water taken away unlawfully, nobody is missing.

A few walks in every run; ``CURBSTOP_LAWS=new`` walks new and longer ones.
"""

import os
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.office import _holds, delinquency, ledger, orders
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._statements import forget
from curbstop.records.ledger.models import Day
from curbstop.records.orders.models import Order
from curbstop.rules.ledger import credit, debit
from tests.books import clock, posting
from tests.office.scene import by, key, move_in
from tests.office.unpaid import bill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
NEW = os.environ.get("CURBSTOP_LAWS") == "new"
FIRST = date(2026, 3, 4)
MOVES = st.lists(
    st.tuples(
        st.sampled_from(("days", "days", "days", "pay", "part", "hold", "release", "call", "list", "list", "valve")),
        st.integers(0, 1),
        st.integers(1, 9),
    ),
    min_size=10,
    max_size=60 if NEW else 22,
)


def at(day: date, hour: int = 15) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


class Walk:
    """Two accounts with a bill each, and the days that pass."""

    def __init__(self) -> None:
        self.on = FIRST
        self.accounts = [move_in(number, FIRST, name=f"A{number}") for number in (8, 9)]
        self.holds: list[int] = []
        for account in self.accounts:
            bill(account, 9459, bill_on=FIRST, due_on=FIRST + timedelta(20))

    def days(self, which: int, count: int) -> None:
        for _ in range(count):
            self.on += timedelta(1)
            delinquency.run_night(by=by("clock"), at=at(self.on, 11), on=self.on)

    def pay(self, which: int, count: int, part: int = 1) -> None:
        account = self.accounts[which]
        items = [one for one in ledger.get_open_items(account) if one.open_cents > 0][:1]
        if not Day.objects.filter(posted_on=self.on).exists():
            ledger.open_day(key=key(), by=clock(), at=at(self.on), on=self.on)
        for item in items:
            cents = item.open_cents // part or item.open_cents
            legs = [credit(item.gl, cents, "payment", account_id=account, document=item.document, line=item.line)]
            posting("take", [debit("51-1010", cents, "payment"), *legs], on=self.on)

    def part(self, which: int, count: int) -> None:
        self.pay(which, count, part=2)

    def hold(self, which: int, count: int) -> None:
        given_ = {"reason": "medical", "authority": "test", "owner_id": by("cleo").id, "from_on": self.on}
        event = Acting(id=1, act="test", by=by("cleo"), at=at(self.on))
        until_on = self.on + timedelta(count)
        with transaction.atomic():
            self.holds.append(_holds.place(event, account_id=self.accounts[which], until_on=until_on, **given_))

    def release(self, which: int, count: int) -> None:
        if self.holds:
            with transaction.atomic():
                try:
                    event = Acting(id=1, act="test", by=by("cleo"), at=at(self.on))
                    _holds.release(event, hold_id=self.holds.pop(), on=self.on, says="over")
                except Refused:
                    pass  # it had ended by its own day

    def call(self, which: int, count: int) -> None:
        given_ = {"key": key(), "by": by("cleo"), "at": at(self.on), "account_id": self.accounts[which]}
        try:
            delinquency.call(**given_, on=self.on, who="the holder", said="told the day")
        except Refused:
            pass  # nothing is due, or no notice was sent

    def list(self, which: int, count: int) -> None:
        try:
            frozen = delinquency.freeze(key=key(), by=by("clock"), at=at(self.on, 12), cutoff_on=self.on, on=self.on)
            delinquency.sign(key=key(), by=by("sue"), at=at(self.on, 13), list_id=frozen.list_id, on=self.on)
        except Refused:
            pass  # no cut-off day, or its list is signed

    def valve(self, which: int, count: int) -> None:
        for order in Order.objects.filter(type="shut_off", end__isnull=True, account_id=self.accounts[which]):
            wrong = {one for one, _, _ in delinquency.list_unlawful(on=self.on)}
            fields = {"serial": order.snapshot["meters"][0]["serial"], "locked": "yes"}
            try:
                orders.complete(key=key(), by=by("finn"), at=at(self.on, 20), order_id=order.pk, fields=fields)
                assert order.pk not in wrong, "a valve was turned that was not to be"
            except delinquency.NotLawful:
                pass

    def check(self) -> None:
        """What holds after every move."""
        delinquency.call_off(key=key(), by=by("clock"), at=at(self.on, 21), on=self.on)
        assert delinquency.find_unlawful(self.on)[1] == []
        if not Order.objects.filter(type="shut_off", end__isnull=True).exists():
            self.list(0, 1)
        named = [fault for fault in delinquency.find_missing(self.on)[1] if "due on" in fault]
        lists = delinquency.list_lists(most=1)
        assert not named or not lists or lists[0].cutoff_on < self.on, named


@settings(
    max_examples=25 if NEW else 2, deadline=None, derandomize=not NEW,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(moves=MOVES)
def test_no_water_is_taken_away_unlawfully_and_nobody_is_missing(moves: list[tuple[str, int, int]]) -> None:
    before = transaction.savepoint()
    walk = Walk()
    for name, which, count in moves:
        getattr(walk, name)(which, count)
        walk.check()
    transaction.savepoint_rollback(before)
    forget()
