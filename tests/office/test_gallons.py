"""Every gallon between a meter's installation and its removal is billed once to somebody, or excepted with an owner:
reads, estimates, exchanges and corrections in any order, at several houses at once."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from curbstop.office import adjustments, bills, closing, ledger, meters, reads
from curbstop.office._once import Refused
from tests.office.requests import file
from tests.office.scene import at_on, by, key, move_in, point
from tests.stories.meter_town import set_policy

TURNS = [date(2026, 2, 3) + timedelta(28 * n) for n in range(4)]
STEP = st.tuples(st.sampled_from(["read", "high", "estimate", "nothing", "exchange", "misread"]), st.integers(0, 9_000))
HOUSES = 3


class Gallons(TestCase):
    """Three houses through four turns of the cycle; each example is undone at its end."""

    @pytest.fixture(autouse=True)
    def _city(self, city):
        """The office's city."""

    @settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.lists(st.tuples(STEP, STEP, STEP), min_size=3, max_size=3))
    def test_every_gallon_is_billed_once_or_has_an_owner(self, turns):
        set_policy("reads.estimate", {"method": "average", "uses": 1})
        self.registers = {n: 1_000 * n for n in range(1, HOUSES + 1)}
        for day in (TURNS[0], *(turn + timedelta(1) for turn in TURNS[1:])):
            ledger.open_day(key=key(), by=by("clock"), at=at_on(day), on=day)
        for number, register in self.registers.items():
            move_in(number, TURNS[0], register=register, tenure="owner", name=f"House {number}")
        self.stock = [f"400000{n}" for n in range(11, 20)]
        for on, steps in zip(TURNS[1:], turns, strict=True):
            for number, (what, gal) in enumerate(steps, 1):
                self._step(number, what, gal, on)
            self._bill(on + timedelta(1))
            self._holds(on + timedelta(1))

    def _read(self, number, register, on):
        return reads.enter(
            key=key(), by=by("cleo"), at=at_on(on, 20), service_point_id=point(number), read_on=on, register=register
        )

    def _step(self, number, what, gal, on):
        """One thing that happens at a house in a turn. What the office refuses, leaves its read missing."""
        if what == "exchange" and self.stock:
            half, serial = on - timedelta(9), self.stock.pop()
            try:
                meters.exchange(
                    key=key(), by=by("cleo"), at=at_on(half), service_point_id=point(number), on=half,
                    removed_register=self.registers[number] + gal, serial=serial, register=7, reason="programme",
                )  # fmt: skip
                self.registers[number] = 7
            except (Refused, reads.BadRead):
                pass
        if what == "nothing":
            return
        if what == "estimate":
            try:
                made = reads.estimate(
                    key=key(), by=by("cleo"), at=at_on(on, 20), service_point_id=point(number), read_on=on, reason="dog"
                )
                self.registers[number] = made.register
            except (Refused, ValueError):
                pass
            return
        register = self.registers[number] + gal + (40_000 if what == "high" else 0)
        kept = self._read(number, register, on)
        if kept.waits and gal % 2:
            return  # nobody decides it: its bill waits, with an owner
        if kept.waits:
            reads.decide(
                key=key(), by=by("cleo"), at=at_on(on, 21), read_id=kept.read_id, outcome="accept", reason="looked"
            )
        self.registers[number] = register
        if what == "misread" and gal:
            self.misread = (number, kept.read_id, register - gal // 2)

    def _bill(self, on):
        run = bills.plan(key=key(), by=by("clock"), at=at_on(on), cycle="1", bill_on=on).run
        figures = bills.calculate(key=key(), by=by("clock"), at=at_on(on, 16), run=run).figures
        left = bills.list_unowned(run=run)
        if left:
            bills.own(key=key(), by=by("cleo"), at=at_on(on, 16), run=run, account_ids=left, owner_id=by("cleo").id)
        bills.approve(
            key=key(), by=by("sue"), at=at_on(on, 17), run=run, bills=figures.bills, cents=figures.cents, on=on
        )
        bills.post_all(run=run, by=by("clock"), at=at_on(on, 18))
        wrong, self.misread = getattr(self, "misread", None), None
        if wrong:
            self._correct(*wrong, on)

    def _correct(self, number, read_id, register, on):
        try:
            asked = adjustments.request(
                key=key(), by=by("cleo"), at=at_on(on, 19), kind="rebill", reason="misread", on=on,
                inputs={"reads": [{"read_id": read_id, "register": register}]}, evidence=(file(),),
            )  # fmt: skip
        except Refused:
            return  # its bill is held, or the read is not the one that counts
        adjustments.approve(key=key(), by=by("sue"), at=at_on(on, 20), request_id=asked.request_id, on=on)
        self.registers[number] = register

    def _holds(self, on):
        proof = closing.get_proof(on=on, only={"1", "8", "9", "9b", "10", "11", "12", "12b", "20"})
        assert [(one.no, one.faults) for one in proof.proved if not one.holds] == []
        with connection.cursor() as cursor:
            cursor.execute(_BALANCE, {"points": [point(n) for n in self.registers]})
            for ran, billed, waits, owned in cursor.fetchall():
                assert ran == billed + waits and (not waits or owned)


_COUNTS = """not exists (select from meters_read x where x.replaces_id = r.id) and (r.findings = '{}' or exists
  (select from meters_readdecision d where d.read_id = r.id and d.outcome = 'accept'))"""
_BALANCE = f"""
select sum(r.usage_gal), coalesce((select sum(o.usage_gal) from bills_outcome o where o.agreement_id = g.id
    and o.code = 'billed' and not exists (select from bills_cancelled z where z.bill_id = o.bill_id)), 0),
  coalesce(sum(r.usage_gal) filter (where r.read_on > b.until_on), 0),
  (select o.owner_id from bills_outcome o where o.agreement_id = g.id order by o.run_id desc limit 1)
from customers_agreement g join lateral (select coalesce(max(o.until_on), lower(g.during)) until_on from bills_outcome o
    where o.agreement_id = g.id and o.code = 'billed') b on true
join meters_read r on r.service_point_id = g.service_point_id and r.read_on > lower(g.during) and {_COUNTS}
where g.service_point_id = any(%(points)s) group by g.id, b.until_on"""
"""What ran since somebody is responsible, what is billed of it, what waits for a bill, and who owns that."""
