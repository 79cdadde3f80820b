"""Transfer, undo, landlords between tenants: nobody is responsible twice, and what never was is kept."""

from datetime import date, timedelta

import pytest

from curbstop.office import deposits, moves
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Charge
from curbstop.records.customers.models import Account, Agreement, Carried, Move, Voided
from curbstop.records.decisions.models import PolicyValue
from curbstop.records.meters.models import Average, Read
from curbstop.records.payments.models import DepositDemand
from curbstop.records.payments.received import Letter
from curbstop.rules.faults import BadValue
from tests.books import set_policy
from tests.office.scene import at_on, by, key, move_in, open_account, point, premise, read
from tests.office.test_moves import start, stop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

IN, MOVES = date(2026, 3, 17), date(2026, 5, 12)


def transfer(account_id: int, old: int, new: int, on: date = MOVES, **more: object) -> moves.Transferred:
    given = {
        "key": key(), "by": by("cleo"), "at": at_on(on), "account_id": account_id, "from_premise_id": premise(old),
        "premise_id": premise(new), "on": on,
    }  # fmt: skip
    return moves.transfer(**{**given, **more})  # type: ignore[arg-type]


def undo(move_id: int, on: date = MOVES, reason: str = "changed_mind", **more: object) -> moves.Undone:
    given = {"key": key(), "by": by("cleo"), "at": at_on(on), "move_id": move_id, "on": on, "reason": reason}
    return moves.undo(**{**given, **more})  # type: ignore[arg-type]


def responsible(house: int, service: str = "water") -> list[tuple[int, date, date | None]]:
    rows = Agreement.objects.filter(service_point=point(house, service)).order_by("during")
    return [(row.account_id, row.during.lower, row.during.upper) for row in rows]


# --- transfer ---------------------------------------------------------------------------------------------------------


def test_a_transfer_ends_here_and_begins_there_on_one_day():
    of = move_in(1, IN, register=204_100)
    Agreement.objects.filter(account=of, service_point__service="sanitation").update(items=2)
    sewer = Agreement.objects.get(account=of, service_point__service="sewer")
    Average.objects.create(agreement=sewer, during=(date(2026, 4, 1), date(2027, 4, 1)), gal=4_000, event_id=1)
    shown = moves.get_transfer_preview(
        account_id=of, from_premise_id=premise(1), premise_id=premise(2), on=MOVES
    )  # fmt: skip
    assert shown.refusals == () and shown.fee_cents == 2_500 and shown.carried.sewer_average_gal == 4_000
    assert shown.says == ("Your deposit and your sewer average move with you. A transfer is $25.00, on the next bill.")
    same = key()
    given = {"key": same, "final_registers": {"water": 216_550}, "registers": {"water": 2_000}}
    done = transfer(of, 1, 2, **given)
    assert done == transfer(of, 1, 2, **given)  # the same key is the same transfer
    assert (done.says, done.unread, done.carried) == (shown.says, (), shown.carried)
    assert responsible(1) == [(of, IN, MOVES)] and responsible(2) == [(of, MOVES, None)]
    assert Agreement.objects.get(service_point=point(2, "sanitation")).items == 2  # carts go along
    average = Average.objects.get(agreement__service_point=point(2, "sewer"))
    assert (average.gal, average.during.lower, average.during.upper) == (4_000, MOVES, date(2027, 4, 1))
    assert {row.kind for row in Read.objects.filter(read_on=MOVES)} == {"final", "opening"}
    fees = Charge.objects.filter(account=of).order_by("id")
    assert [(fee.kind.code, fee.cents) for fee in fees] == [("fee.new_service", 2_500), ("fee.transfer", 2_500)]
    assert DepositDemand.objects.filter(account=of).count() == 1  # no second deposit
    assert Carried.objects.count() == 3 and not Carried.objects.filter(one_cap=True).exists()
    event = Event.objects.get(act="moves.transfer")
    assert event.subjects == [f"account:{of}", f"premise:{premise(1)}", f"premise:{premise(2)}"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"new": 3}, "Ann Three .* is responsible for water"),
        ({"new": 1}, "It is the same place"),
        ({"old": 4}, "holds nothing at this premise"),
        ({"on": IN}, "begins on 2026-03-17; it can end on a later day"),
        ({"items": {"irrigation": 1}}, "does not start here"),
        ({"registers": {"sewer": 1}}, "has no meter that starts here"),
        ({"final_registers": {"sewer": 1}}, "has no meter that stops here"),
        ({"services": ("gas",)}, "has no gas"),
    ],
)
def test_a_transfer_that_cannot_be_writes_nothing(given, words):
    of = move_in(1, IN, register=204_100)
    move_in(3, date(2026, 1, 6), name="Ann Three")
    kept = {"old": 1, "new": 2, **given}
    with pytest.raises((Refused, BadValue), match=words):
        transfer(of, **kept)
    assert responsible(1) == [(of, IN, None)] and responsible(2) == []
    assert not Move.objects.filter(kind="transfer").exists()
    with pytest.raises(NotPermitted):
        transfer(of, 1, 2, by=by("cass"))


# --- undo -------------------------------------------------------------------------------------------------------------


def test_a_start_undone_leaves_nothing_asked_and_is_kept_as_it_stood():
    of = open_account("R One").account_id
    done = start(of, 1, on=IN, instalments=2)
    assert deposits.asked_cents(of) == 10_000
    same = key()
    told = undo(done.move_id, on=IN, key=same)
    assert undo(done.move_id, on=IN, key=same) == told
    assert (told.charges_cents, told.deposit_cents, len(told.voided)) == (2_500, 10_000, 3)
    assert responsible(1) == [] and deposits.asked_cents(of) == 0
    assert Voided.objects.filter(account=of, reason="changed_mind").count() == 3
    assert [row.undone for row in moves.list_moves(account_id=of)] == ["changed_mind"]
    assert {row.service for row in moves.list_voided(account_id=of)} == {"water", "sewer", "sanitation"}
    with pytest.raises(Refused, match="undone already"):
        undo(done.move_id, on=IN)
    again = start(of, 1, on=IN, instalments=2)  # they come after all: the deposit is asked again
    assert again.deposit_cents == 10_000 and deposits.asked_cents(of) == 10_000


def test_a_wrong_address_keeps_the_deposit_for_the_right_one():
    of = open_account("R One").account_id
    undo(start(of, 1, on=IN).move_id, on=IN, reason="wrong_address", words="She lives at 2, not at 1.")
    assert deposits.asked_cents(of) == 10_000
    assert start(of, 2, on=IN).deposit_cents == 0
    assert responsible(1) == [] and responsible(2) == [(of, IN, None)]


def test_a_transfer_undone_goes_on_at_the_old_place():
    of = move_in(1, IN, register=204_100)
    done = transfer(of, 1, 2)
    undo(done.move_id)
    assert responsible(1) == [(of, IN, None)] and responsible(2) == []
    assert [row.kind for row in Move.objects.filter(undone__isnull=True)] == ["start"]


def test_what_somebody_else_began_since_is_in_the_way_of_an_undo():
    of = move_in(1, IN, register=204_100)
    gone = stop(of, 1, MOVES, registers={"water": 216_550})
    other = move_in(1, MOVES, register=216_550, name="Next One")
    with pytest.raises(Refused, match="Next One's .* cannot go on"):
        undo(gone.move_id)
    assert responsible(1) == [(of, IN, MOVES), (other, MOVES, None)]
    first = Move.objects.get(account=of, kind="start")
    with pytest.raises(Refused, match="Another move followed it"):
        undo(first.pk)


# --- landlords between tenants ----------------------------------------------------------------------------------------


def landlord(house: int = 9) -> int:
    owner = open_account("O One", tenure="owner", on=date(2025, 9, 2)).account_id
    moves.agree_reversion(
        key=key(), by=by("cleo"), at=at_on(date(2025, 9, 2)), account_id=owner, premise_id=premise(house),
        signed_on=date(2025, 9, 2), from_on=date(2025, 9, 2),
    )  # fmt: skip
    return owner


def test_a_landlord_holds_the_tap_between_tenants():
    owner, tenant = landlord(), move_in(9, IN, register=61_200, name="R Four")
    left, back = date(2026, 4, 14), date(2026, 4, 27)
    done = stop(tenant, 9, left, registers={"water": 63_900})
    assert done.reverted is not None and done.reverted.account_id == owner
    assert done.reverted.says == (
        "By your agreement of September 2, 2025 the service is yours from April 14 until the next tenant."
        " What the tenant owes stays with the tenant."
    )
    assert responsible(9) == [(tenant, IN, left), (owner, left, None)]
    assert not Charge.objects.filter(account=owner).exists()
    assert Letter.objects.get(account=owner).kind == "landlord_reverted"
    assert f"account:{owner}" in Event.objects.get(act="moves.stop").subjects
    assert moves.get_start_preview(premise_id=premise(9), on=back).refusals == ()
    seven = open_account("R Seven").account_id
    start(seven, 9, on=back, registers={"water": 64_300})
    assert responsible(9) == [(tenant, IN, left), (owner, left, back), (seven, back, None)]


def test_a_tenant_who_starts_the_same_day_leaves_the_landlord_nothing():
    owner, tenant = landlord(), move_in(9, IN, register=61_200, name="R Four")
    stop(tenant, 9, MOVES)
    seven = open_account("R Seven").account_id
    start(seven, 9, on=MOVES)
    assert responsible(9) == [(tenant, IN, MOVES), (seven, MOVES, None)]
    assert Voided.objects.filter(account=owner, reason="replaced").count() == 3


def test_a_landlords_stop_undone_takes_the_tap_back_to_the_tenant():
    owner, tenant = landlord(), move_in(9, IN, register=61_200, name="R Four")
    done = stop(tenant, 9, MOVES)
    undo(done.move_id)
    assert responsible(9) == [(tenant, IN, None)]
    assert Voided.objects.filter(account=owner).count() == 3


def test_a_standing_agreement_is_one_a_premise_and_ends_with_a_reason():
    owner = landlord()
    with pytest.raises(Refused, match="O One's .* between tenants already"):
        landlord()
    (row,) = moves.list_reversions(account_id=owner)
    given = {"key": key(), "by": by("cleo"), "at": at_on(MOVES), "reversion_id": row.id}
    with pytest.raises(Refused, match="Say why it ends"):
        moves.end_reversion(**given, on=MOVES, reason=" ")
    moves.end_reversion(**{**given, "key": key()}, on=MOVES, reason="Sold.")
    tenant = move_in(9, IN, register=61_200, name="R Four")
    assert stop(tenant, 9, MOVES + timedelta(1)).reverted is None
    assert Account.objects.filter(pk=owner).exists() and read(9, MOVES + timedelta(2), 70_000)


# --- what the guideline looks at --------------------------------------------------------------------------------------


def test_a_business_pays_by_the_largest_bill_of_the_place():
    """Tahlequah's rule on bills of the books; without one somebody estimates, and nothing is guessed."""
    PolicyValue.objects.filter(policy="deposit.commercial").delete()
    set_policy(
        "deposit.commercial",
        {"amount_cents": 5_000, "instalments": 1, "times": "1.5", "of": "largest", "over_months": 12},
    )
    shop = open_account("Café", customer_class="commercial", tenure="business", kind="organization").account_id
    open_question = moves.get_start_preview(premise_id=premise(4), account_id=shop, on=IN)
    assert "estimate a month's bill" in open_question.deposit_not_set and open_question.deposit_cents == 0
    done = start(shop, 4, on=IN, estimate_cents=20_000)
    assert done.deposit_cents == 30_000 and DepositDemand.objects.get(account=shop).cents == 30_000
