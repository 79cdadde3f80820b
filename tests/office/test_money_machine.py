"""Every act that moves money, in any order, by anybody, over a line that goes dead: who tries to spoil the books.

`make test` takes a short walk, the same each time; `make laws` (`CURBSTOP_LAWS=new`) ten thousand steps that nobody
took before, and `CURBSTOP_LAWS=3000` so many.
"""

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

import curbstop.office
from curbstop.office._once import ACTS
from curbstop.office.adjustments import KINDS
from curbstop.office.closing import get_proof
from tests.office.machine import decided, town
from tests.office.machine.placing import LEFT_OUT, LEFT_OUT_ROOMS
from tests.office.machine.tour import CHAINS
from tests.office.machine.trying import Trying
from tests.office.machine.world import MOVES, Call, Seeded, World

LAWS = os.environ.get("CURBSTOP_LAWS", "")
STEPS = int(LAWS) if LAWS.isdigit() else 10_000 if LAWS else 120
A_WALK = 100 if LAWS else 40


# --- what is tried ----------------------------------------------------------------------------------------------------


def test_every_act_that_moves_money_is_in_the_machine() -> None:
    tried = {name.partition(" ")[0] for name in MOVES}
    placed = tried | set(LEFT_OUT)
    new = {name for name in ACTS if name not in placed and name.partition(".")[0] not in LEFT_OUT_ROOMS}
    assert not new, f"say in tests/office/machine how these are tried, or in placing.py why they are not: {sorted(new)}"
    assert not tried & set(LEFT_OUT) and tried <= set(ACTS) and set(LEFT_OUT) <= set(ACTS)


def test_every_kind_of_request_is_in_the_machine() -> None:
    assert set(decided.ASKING) == set(KINDS)


def test_no_room_that_is_left_out_posts() -> None:
    office = Path(curbstop.office.__file__).parent
    posts = re.compile(r"\b_post(_many|_close)?\(")
    for room in LEFT_OUT_ROOMS:
        for file in [office / f"{room}.py", *(office / room).rglob("*.py")]:
            assert not file.exists() or not posts.search(file.read_text()), (
                f"{file.name} posts: it belongs in the machine"
            )


# --- the tour: each act whole, or not at all --------------------------------------------------------------------------


@pytest.mark.skipif(not LAWS, reason="make laws: in make test the line goes dead at random, inside the machine")
def test_each_act_is_whole_or_not_at_all_whatever_statement_fails(money_town: town.Town) -> None:
    """At every statement of every act, each piece of a COPY and the commit among them, the line goes dead once."""
    world = World(money_town.fresh(), town.TODAY, Seeded(random.Random(1)), sober=True)
    trying, whole, refusals = Trying(world), dict.fromkeys(MOVES, 0), dict[str, set[str]]()
    for name in (name for chain in CHAINS for name in chain):
        refusals.setdefault(name, set()).update(_do(trying, name, whole))
    missing = {name: refusals.get(name, {"in no chain of the tour"}) for name, count in whole.items() if not count}
    assert len(missing) <= len(MOVES) // 8, f"never done on the tour: {missing}"


def _do(trying: Trying, name: str, whole: dict[str, int]) -> set[str]:
    """Do an act once, the first time over a line that goes dead everywhere; returns why it could not be done."""
    refusals = set()
    for _ in range(15):
        call = MOVES[name](trying.world)
        if call is None:
            refusals.add("nothing to try it on")
            continue
        if not whole[name]:
            whole[name] = trying.fail_everywhere(call, look_each=bool(LAWS))
            if whole[name]:
                return set()
        tried = trying.step(call)
        if tried.how == "done":
            return set()
        refusals.add(tried.says)
    return refusals


# --- the machine ------------------------------------------------------------------------------------------------------


class Drawn:
    """Luck of Hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def number(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most))


class Books(RuleBasedStateMachine):
    """A town; a rule for every act, and one for every chain of acts that only make sense one after the other."""

    town: town.Town
    told: dict[str, int]
    walked: list[Call]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.town.fresh(), town.TODAY, Drawn(None))  # type: ignore[arg-type]
        self.trying = Trying(self.world)
        self.trying.told = self.told
        self.walked.clear()

    def go(self, names: tuple[str, ...], data: st.DataObject) -> None:
        self.world.luck = Drawn(data)
        for name in names:
            call: Call | None = MOVES[name](self.world)
            if call is not None:
                self.walked.append(call)
                self.trying.step(call, fail_at=self.world.luck.number(1, 30) if self.world.rarely(8) else 0)

    def teardown(self) -> None:
        """At the end of a walk, everything that a night proves of the books."""
        broken = [one for one in get_proof(on=self.world.today).proved if not one.holds and one.no not in NOT_YET]
        assert not broken, [(one.no, one.faults[:3]) for one in broken]


NOT_YET = {"9", "10", "15", "17", "27", "29", "35"}
"""Proofs that somebody did in time what a walk may leave: post, bill, deposit, settle, assess, refund, export."""


def _rule(name: str, names: tuple[str, ...]) -> Callable[..., None]:
    def do(self: Books, data: st.DataObject) -> None:
        self.go(names, data)

    do.__name__ = name
    return rule(data=st.data())(do)


for _names in [*((name,) for name in MOVES), *CHAINS]:
    _name = re.sub(r"\W", "_", "__".join(_names))[:120]
    setattr(Books, _name, _rule(_name, _names))


def test_nothing_that_anybody_does_spoils_the_books(money_town: town.Town) -> None:
    """Walks are not shortened to the least that fails: that takes minutes, and the calls of the walk are told."""

    class Here(Books):
        town, told, walked = money_town, {}, []

    walks = settings(
        max_examples=max(STEPS // A_WALK, 1), stateful_step_count=A_WALK, deadline=None, derandomize=not LAWS,
        suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate],
    )  # fmt: skip
    try:
        run_state_machine_as_test(Here, settings=walks)
    except Exception:
        print("The walk that found it:", *Here.walked[-30:], sep="\n  ")
        raise
    done = {name.partition(" ")[0] for name in Here.told if name.endswith(" done")}
    print(f"{sum(Here.told.values())} steps, {len(done)} acts done: {sorted(Here.told.items())}")
    assert len(done) > 15, "a machine that does nothing finds nothing"
