"""Moves by everybody, in any order: each service point has at most one responsible agreement a day, and one meter.

The machine starts, stops, transfers, undoes, installs and exchanges at three houses with four accounts, one of them a
landlord's. What the office refuses is no fault; what it writes is looked at after every step.
"""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from curbstop.office import meters, moves
from curbstop.office._once import Refused
from curbstop.records.customers.models import Agreement, Move, Voided
from curbstop.rules.faults import BadValue
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, open_account, point, premise

HOUSES, FIRST = (1, 2, 3), date(2026, 3, 2)
_TWICE = """
select 1 from customers_agreement g join customers_agreement o on o.service_point_id = g.service_point_id
  and o.id > g.id and o.during && g.during
union all select 2 from meters_installation i join meters_installation o on o.id > i.id
  and (o.service_point_id = i.service_point_id or o.meter_id = i.meter_id) and o.during && i.during
union all select 3 from customers_agreement g where isempty(g.during)
union all select 4 from customers_voided v join customers_agreement g on g.id = v.id
union all select 5 from customers_move m join customers_moveundone u on u.move_id = m.id
  join customers_agreement g on g.id = any(m.begun)
union all select 6 from customers_move m where not exists (select 1 from customers_moveundone u where u.move_id = m.id)
  and exists (select 1 from unnest(m.begun) b (id)
    where not exists (select 1 from customers_agreement g where g.id = b.id)
    and not exists (select 1 from customers_voided v where v.id = b.id))"""

houses, days, who = st.sampled_from(HOUSES), st.integers(0, 20), st.integers(0, 3)


class Moving(RuleBasedStateMachine):
    """Three houses and four accounts; a day is so many after the first."""

    @initialize()
    def town(self) -> None:
        self.accounts = [open_account(f"R{n}", on=FIRST, tenure="owner").account_id for n in range(4)]
        moves.agree_reversion(
            key=key(), by=by("cleo"), at=at_on(FIRST), account_id=self.accounts[3], premise_id=premise(3),
            signed_on=FIRST, from_on=FIRST,
        )  # fmt: skip
        self.spare = 11

    def act(self, what, on: int, **more: object) -> None:
        """Try it; a refusal writes nothing that is looked at here."""
        with suppress(Refused, BadValue):
            what(key=key(), by=by("cleo"), at=at_on(FIRST), **more, on=FIRST + timedelta(on))

    @rule(account=who, house=houses, on=days)
    def start(self, account: int, house: int, on: int) -> None:
        self.act(moves.start, on, account_id=self.accounts[account], premise_id=premise(house))

    @rule(account=who, house=houses, on=days)
    def stop(self, account: int, house: int, on: int) -> None:
        self.act(moves.stop, on, account_id=self.accounts[account], premise_id=premise(house))

    @rule(account=who, old=houses, new=houses, on=days)
    def transfer(self, account: int, old: int, new: int, on: int) -> None:
        self.act(
            moves.transfer, on, account_id=self.accounts[account], from_premise_id=premise(old),
            premise_id=premise(new),
        )  # fmt: skip

    @rule(pick=st.integers(0, 30), reason=st.sampled_from(sorted(moves.REASONS)))
    def undo(self, pick: int, reason: str) -> None:
        rows = list(Move.objects.order_by("id").values_list("id", flat=True))
        if rows:
            self.act(moves.undo, 0, move_id=rows[pick % len(rows)], reason=reason)

    @rule(house=houses)
    def exchange(self, house: int) -> None:
        with suppress(Refused, BadValue):
            meters.exchange(
                key=key(), by=by("cleo"), at=at_on(FIRST), service_point_id=point(house), on=FIRST,
                removed_register=1000 * house, serial=f"400000{self.spare}", register=0, reason="test",
            )  # fmt: skip
            self.spare = min(self.spare + 1, 20)

    @invariant()
    def one_is_responsible_and_one_meter_hangs(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_TWICE)
            assert cursor.fetchall() == []

    @invariant()
    def every_day_of_an_undone_move_is_kept(self) -> None:
        assert Voided.objects.filter(reason="").count() == 0
        assert not Agreement.objects.filter(id__in=Voided.objects.values("id")).exists()


@pytest.mark.django_db
def test_moves_in_any_order(city: None) -> None:
    class Undone(Moving):
        def __init__(self) -> None:
            super().__init__()
            self.point = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.point)

    run_state_machine_as_test(
        Undone,
        settings=settings(
            max_examples=8, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
