"""Two at once: no update lost, nothing posted twice, whoever is first. A close and a posting: test_closing_races."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from curbstop.office import deposits, ledger, payments
from curbstop.office._events import Key
from curbstop.office._once import ACTS, KeyReused, plain
from curbstop.office.payments import Paying, Tender
from tests.office import scene
from tests.office.machine import town
from tests.office.machine.failing import COMMIT
from tests.office.machine.racing import answer, race
from tests.office.machine.tour import CHAINS
from tests.office.machine.trying import Trying
from tests.office.machine.world import MOVES, Call, Seeded, World

# --- any act, twice at once -------------------------------------------------------------------------------------------

TWICE_AT_ONCE = {name for name in MOVES if name.partition(" ")[0] != "ledger.open_day"} - {"closing.close_month"}

FROM_A_SUM = {"payments.pledge_paid", "deposits.fund"}
"""Acts that take from a sum, which two may fit where a third does not; the books are looked at after each."""


def test_any_act_asked_twice_at_once_is_what_it_is_asked_twice_in_turn(money_town: town.Town) -> None:
    """Two people press the same button at the same moment, each with a key of his own.

    The second is to come to what a third comes to who presses it afterwards: refused, or done with as many
    transactions. Once more with one key for both: then it is one act.
    """
    world = World(money_town.fresh(), town.TODAY, Seeded(random.Random(1)), sober=True)
    trying, raced = Trying(world), set[str]()
    faults: list[str] = []
    for chain in CHAINS:
        for name in chain:
            for _ in range(15):
                call = MOVES[name](world)
                if call is None:
                    continue
                if name in TWICE_AT_ONCE - raced and _twice(trying, call, faults):
                    raced.add(name)
                    break
                if trying.step(call).how == "done":
                    break
    assert not faults, "\n".join(faults)
    assert len(raced) > len(TWICE_AT_ONCE) * 3 // 4, sorted(TWICE_AT_ONCE - raced)


def _twice(trying: Trying, call: Call, faults: list[str]) -> bool:
    """Whether the call could be done; it was, twice at once and once after."""
    _, given = trying._given(call)
    dry = trying.attempt(call, given, at=COMMIT)
    if dry.how != "fell" or dry.line.undone:
        trying.look_from_here()
        return False
    (_, one), (_, two), (_, three) = (trying._given(call) for _ in range(3))
    before = trying.watch.rows("select count(*) from ledger_transaction")[0][0]
    came = race(trying.watch, partial(ACTS[call.act], **one), partial(ACTS[call.act], **two))
    between = trying.watch.rows("select count(*) from ledger_transaction")[0][0]
    posted = _posted(trying, one["key"])
    third = trying.attempt(call, three)
    after = trying.watch.rows("select count(*) from ledger_transaction")[0][0]
    told = f"{call}: {came}, then {third}"
    answers = [answer(one) for one in came]
    fits = third.how == "done" or (call.act in FROM_A_SUM and answers[1] == "done")
    if answers != ["done", "done" if fits else "refused"]:
        faults.append(told)
    elif third.how == answers[1] and between - before - posted != after - between:
        faults.append(f"{told}; {posted} transactions of the first, {between - before} of both")
    trying.look_from_here()
    if call.act == "ledger.open_day":
        trying.world.today = call.inputs["on"]
    return True


def _posted(trying: Trying, key: str) -> int:
    query = """select count(*) from ledger_transaction t join base_event e on e.id = t.event_id where e.key = %s"""
    return int(trying.watch.rows(query, key)[0][0])


# --- by name ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(money_town: town.Town) -> Iterator[town.Town]:
    money_town.fresh()
    yield money_town
    assert not money_town.watch.faults(0)


def act(name: str, by: str, *, key: Key | None = None, hour: int = 15, **inputs: Any) -> Callable[[], Any]:
    """The act with everything that it takes, to be done by whichever thread."""
    given = {
        "key": key or scene.key(),
        "by": scene.by(by),
        "at": scene.at_on(inputs.get("on", town.TODAY), hour),
        **inputs,
    }
    return partial(ACTS[name], **given)


def pay(house: int, cents: int, *, till: str = "T1", type: str = "cash", key: Key | None = None) -> Callable[[], Any]:
    paying = (Paying(town.account_of(house), cents),)
    tenders = (Tender(type, cents, "" if type == "cash" else "101"),)
    cashier = "cass" if till == "T1" else "cass2"
    return act("payments.take", cashier, key=key, till=till, on=town.TODAY, accounts=paying, tenders=tenders)


def owed(house: int) -> int:
    """What the account owes, less the deposit that it holds: money that comes goes to either."""
    id = town.account_of(house)
    return ledger.get_balance(id) - deposits.held_cents(id)


def both(here: town.Town, first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
    return [answer(came) for came in race(here.watch, first, second)]


def test_two_cashiers_on_one_account(here: town.Town) -> None:
    before = owed(1)
    one, two = race(here.watch, pay(1, 15_000), pay(1, 15_000, till="T2"))
    assert two.accounts[0].owed_before_cents == one.accounts[0].owed_after_cents > 0
    assert two.accounts[0].credit_cents > 0 and owed(1) == before - 30_000


def test_one_key_twice_at_once_is_one_payment(here: town.Town) -> None:
    before, key = owed(1), scene.key()
    one, two = race(here.watch, pay(1, 500, key=key), pay(1, 500, key=key))
    assert plain(one) == plain(two) and owed(1) == before - 500


def test_one_key_for_two_amounts_at_once_is_the_first(here: town.Town) -> None:
    before, key = owed(1), scene.key()
    _, two = race(here.watch, pay(1, 500, key=key), pay(1, 700, key=key))
    assert isinstance(two, KeyReused) and owed(1) == before - 500


BILL_ON = town.TODAY.replace(day=4)


def approved_run() -> int:
    act("ledger.open_day", "clock", on=BILL_ON)()
    run = act("bills.plan", "clock", cycle="1", bill_on=BILL_ON)().run
    figures = act("bills.calculate", "clock", run=run)().figures
    act("bills.approve", "sue", run=run, bills=figures.bills, cents=figures.cents, on=BILL_ON, hour=16)()
    return int(run)


@pytest.mark.parametrize("payment_first", [True, False])
def test_a_payment_during_a_bill_run(here: town.Town, payment_first: bool) -> None:
    run, before = approved_run(), owed(1)
    two = [pay(1, before + 100), act("bills.post", "clock", run=run, chunk=1)]
    came = both(here, *(two if payment_first else two[::-1]))
    (billed,) = here.watch.column(
        "select total_cents from bills_bill where run_id = %s and account_id = %s", run, town.account_of(1)
    )
    assert came == ["done", "done"] and billed > 0 and owed(1) == billed - 100


def credit_asked(house: int = 1, cents: int = 300) -> int:
    from tests.office.machine.decided import PDF

    inputs = {"account_id": town.account_of(house), "direction": "credit", "cents": cents}
    asked = act("adjustments.request", "sue", kind="adjust", inputs=inputs, reason="billing_error", on=town.TODAY,
                evidence=(PDF,))()  # fmt: skip
    return int(asked.request_id)


def approve(request: int, by: str = "sam") -> Callable[[], Any]:
    return act("adjustments.approve", by, request_id=request, on=town.TODAY)


def test_two_supervisors_approve_one_request(here: town.Town) -> None:
    before, request = owed(1), credit_asked()
    assert both(here, approve(request), approve(request, "dora")) == ["done", "refused"]
    assert owed(1) == before - 300


def test_two_requests_that_together_pass_the_limit(here: town.Town) -> None:
    """A supervisor's limit is 250.00 of an account in 30 days; two of them approve 130.00 each at the same moment."""
    act("ledger.charge", "sue", account_id=town.account_of(1), kind="misc.damaged_cart", cents=40_000, on=town.TODAY,
        reason="test")()  # fmt: skip
    requests = [credit_asked(cents=13_000), credit_asked(cents=13_000)]
    before = owed(1)
    scene_by = act("adjustments.approve", "sam", request_id=requests[0], on=town.TODAY)
    assert both(here, scene_by, approve(requests[1], "sam")) == ["done", "refused"]
    assert owed(1) == before - 13_000


@pytest.mark.parametrize("close_first", [True, False])
def test_an_approval_while_the_account_closes(here: town.Town, close_first: bool) -> None:
    before, request = owed(1), credit_asked()
    stop = act("moves.stop", "cleo", account_id=town.account_of(1), premise_id=scene.premise(1), on=town.TODAY)
    two = [stop, approve(request)]
    assert both(here, *(two if close_first else two[::-1])) == ["done", "done"]
    assert owed(1) == before - 300


@pytest.mark.parametrize("close_first", [True, False])
def test_a_day_closes_while_money_comes(here: town.Town, close_first: bool) -> None:
    on = here.watch.column("select min(posted_on) from ledger_day")[0]
    prepared = act("closing.prepare_day", "fay", on=on)()
    close = act("closing.close_day", "finn2", on=on, prepared_id=prepared.prepared_id, hour=20)
    take = act("payments.accept_pledge", "sue", account_id=town.account_of(1), agency="Helping Hands", reference="H1",
               cents=1_000, on=on)  # fmt: skip
    before = owed(1)
    two = [close, take]
    assert both(here, *(two if close_first else two[::-1])) == ["done", "refused"]
    assert owed(1) == before - (0 if close_first else 1_000)


@pytest.mark.parametrize("return_first", [True, False])
def test_a_payment_comes_back_while_its_refund_is_approved(here: town.Town, return_first: bool) -> None:
    receipt = pay(9, 2_000, type="check")()
    asked = act("adjustments.request", "cleo", kind="refund", reason="asked", on=town.TODAY,
                inputs={"account_id": town.account_of(9), "source": "credit"})()  # fmt: skip
    back = act("payments.reverse", "sue", series=receipt.series, no=receipt.no, why="returned", reason="R01",
               on=town.TODAY)  # fmt: skip
    two = [back, approve(asked.request_id)]
    fee = payments.get_returned_fee(on=town.TODAY) or 0
    if return_first:
        assert both(here, *two) == ["done", "refused"] and owed(9) == fee
    else:  # the check for the refund is on its way: what came back is owed again
        assert both(here, *two[::-1]) == ["done", "done"] and owed(9) == 2_000 + fee
