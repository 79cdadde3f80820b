"""Moving in and out: agreements, tariffs with their reason, fee, deposit, reads, and who is in the way."""

import threading
from datetime import date

import pytest
from django.db import connection

from curbstop.office import customers, moves, policies, search
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Charge
from curbstop.records.customers.models import Account, Agreement
from curbstop.records.meters.models import Read
from curbstop.records.payments.models import DepositDemand
from curbstop.rules.faults import BadValue
from curbstop.rules.moves import NoTariff
from tests.office.scene import AT, TODAY, at_on, by, house, key, move_in, open_account, point, premise, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

START = date(2026, 3, 17)


def start(account_id: int, number: int = 1, on: date = START, **more) -> moves.Start:
    given = {
        "key": key(), "by": by("cleo"), "at": at_on(on), "account_id": account_id, "premise_id": premise(number),
        "on": on,
    }  # fmt: skip
    return moves.start(**{**given, **more})


def stop(account_id: int, number: int, on: date, **more) -> moves.Stopped:
    given = {
        "key": key(), "by": by("cleo"), "at": at_on(on), "account_id": account_id, "premise_id": premise(number),
        "on": on,
    }  # fmt: skip
    return moves.stop(**{**given, **more})


# --- start ------------------------------------------------------------------------------------------------------------


def test_story_02_1_a_renter_starts():
    read(1, date(2026, 3, 3), 204_100)
    opened = open_account("R One", on=date(2026, 3, 16))
    shown = moves.get_start_preview(premise_id=premise(1), account_id=opened.account_id, on=START, instalments=2)
    assert shown.occupants == () and shown.debt_cents == 0 and shown.refusals == ()
    assert (shown.deposit_cents, shown.instalments_cents) == (10_000, (5_000, 5_000))
    assert shown.says == (
        "Residential renters pay a $100 deposit, which may be split over two months."
        " The $25.00 new-service fee comes on the first bill, nothing is due today."
    )
    assert (shown.services[0].meter, shown.services[0].last_register) == ("40000001", 204_100)

    done = start(opened.account_id, registers={"water": 204_100}, instalments=2)
    assert done.says == shown.says
    assert [(row.service, row.tariff, row.reason) for row in done.agreements] == [
        ("water", "W-RES", "the residential tariff for water"),
        ("sewer", "S-RES", "the residential tariff for sewer"),
        ("sanitation", "SAN-RES", "the residential tariff for sanitation"),
    ]
    assert (done.unread, done.not_set) == ((), ())
    for agreement in Agreement.objects.filter(account=opened.account_id):
        assert (agreement.during.lower, agreement.during.upper, agreement.items) == (START, None, 1)
    charge = Charge.objects.get()
    assert (charge.cents, charge.kind.code, charge.on) == (2_500, "fee.new_service", START)
    assert "Moore" in charge.authority and charge.says == "New-service fee"
    demands = DepositDemand.objects.order_by("instalment")
    assert [(row.cents, row.instalment, row.due_on) for row in demands] == [(5_000, 1, None), (5_000, 2, None)]
    assert demands[0].document_id != demands[1].document_id
    event = Event.objects.get(act="moves.start")
    assert event.subjects == [f"account:{opened.account_id}", f"premise:{premise(1)}"]
    assert event.says == (
        f"Account {opened.number} starts at 1 Sage Wren Dr on 2026-03-17: water by W-RES, sewer by S-RES, sanitation by"
        " SAN-RES. New-service fee 25.00. Deposit 50.00 + 50.00."
    )
    assert [hit.account_id for hit in search.find("1 sage wren").hits] == [opened.account_id]


def test_what_ran_while_the_house_was_empty_is_not_the_new_customers():
    from curbstop.office import reads

    read(1, date(2026, 3, 3), 204_000)
    move_in(1, START, register=204_100)
    read(1, date(2026, 3, 31), 207_200)
    used = reads.get_usage_between(service_point_id=point(1), from_on=START, until_on=date(2026, 3, 31))
    assert used.usage_gal == 3_100


def test_the_act_twice_is_one_start():
    opened, same = open_account(), key()
    first = start(opened.account_id, key=same, registers={"water": 1_500})
    assert start(opened.account_id, key=same, registers={"water": 1_500}) == first
    assert (Agreement.objects.count(), Charge.objects.count(), DepositDemand.objects.count()) == (3, 1, 1)


def test_story_02_5_two_people_cannot_be_responsible_for_one_tap():
    move_in(5, date(2026, 1, 6), name="Ann Five")
    second = open_account("R Two")
    with pytest.raises(Refused) as refusal:
        start(second.account_id, 5)
    assert refusal.value.field == "premise_id"
    assert "Ann Five (account 1" in str(refusal.value) and "since 2026-01-06 and has given no notice" in str(
        refusal.value
    )
    assert Agreement.objects.filter(account=second.account_id).count() == 0
    assert Charge.objects.filter(account=second.account_id).count() == 0
    attempt = Event.objects.filter(act="moves.start", denied=True).get()
    assert attempt.subjects == [f"account:{second.account_id}", f"premise:{premise(5)}"]
    shown = moves.get_start_preview(premise_id=premise(5), account_id=second.account_id, on=START)
    assert [(row.name, row.from_on) for row in shown.occupants][0] == ("Ann Five", date(2026, 1, 6))
    assert "has given no notice" in shown.refusals[0]


def test_the_day_one_stops_is_the_day_another_starts_with_one_read_for_both():
    first = move_in(5, date(2026, 1, 6), register=5_000, name="Ann Five")
    stop(first, 5, START, registers={"water": 9_000})
    second = open_account("R Two")
    done = start(second.account_id, 5, registers={"water": 9_000})
    assert done.unread == () and done.reads == ()
    assert Read.objects.filter(service_point_id=point(5), read_on=START).count() == 1
    with pytest.raises(Refused, match="stops on 2026-03-17 only"):
        start(open_account("R Three").account_id, 5, on=date(2026, 3, 10))


def test_somebody_who_starts_later_is_in_the_way_too():
    move_in(5, date(2026, 4, 1), name="Late Lee", at=at_on(TODAY))
    with pytest.raises(Refused, match="Late Lee .* and starts there on 2026-04-01"):
        start(open_account().account_id, 5)


def test_a_start_to_come_has_no_read_yet_and_says_so():
    done = start(open_account().account_id, 1, on=date(2026, 4, 1), at=AT)
    assert done.unread == ("40000001",)
    assert "No opening read yet of meter 40000001." in Event.objects.get(act="moves.start").says
    with pytest.raises(BadValue, match="in the future"):
        start(open_account().account_id, 2, on=date(2026, 4, 1), at=AT, registers={"water": 2_000})


def test_a_business_is_billed_by_the_commercial_tariffs_and_not_by_one_without_prices():
    opened = open_account("Café 🌻", customer_class="commercial", tenure="business", kind="organization")
    done = start(opened.account_id)
    assert [row.tariff for row in done.agreements] == ["W-COM", "S-COM", "SAN-COM"]
    assert done.deposit_cents == 10_000


def test_a_home_owner_without_a_credit_check_is_for_a_person_to_decide():
    done = start(open_account(tenure="owner").account_id)
    assert done.deposit_cents == 0 and "no credit check is on file" in done.not_set[0]
    assert not DepositDemand.objects.exists()


def test_what_the_city_has_not_set_is_not_charged_and_is_said():
    policies.set(
        key=key(), by=by("ada"), at=AT, policy="fee.new_service", from_on=TODAY, value=None, not_set="Rescinded.",
        authority="Resolution 2(26)", says="The new-service fee is not set for this city.",
    )  # fmt: skip
    done = start(open_account().account_id)
    assert done.fee_cents == 0 and done.not_set == ("The new-service fee is not set for this city.",)
    assert not Charge.objects.exists()


def test_a_second_house_asks_for_no_second_deposit():
    opened = open_account()
    assert start(opened.account_id, 1).deposit_cents == 10_000
    assert start(opened.account_id, 2).deposit_cents == 0
    assert DepositDemand.objects.count() == 1 and Charge.objects.count() == 2


def test_carts_are_counted_and_a_tariff_can_be_chosen_by_hand():
    done = start(open_account().account_id, items={"sanitation": 2}, tariffs={"water": "W-COM"})
    assert (done.agreements[0].tariff, done.agreements[0].reason) == ("W-COM", "chosen by hand")
    assert Agreement.objects.get(service_point=point(1, "sanitation")).items == 2
    assert Agreement.objects.get(service_point=point(1)).items == 1


def test_some_of_the_services_can_start():
    done = start(open_account().account_id, services=("water", "sewer"))
    assert [row.service for row in done.agreements] == ["water", "sewer"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"on": date(2024, 1, 1)}, "no water tariff holds before 2025-07-01"),
        ({"on": date(1986, 3, 2)}, "no water tariff holds before 2025-07-01"),
        ({"services": ("gas",)}, "has no gas; it has water, sewer, sanitation"),
        ({"services": ()}, "Nothing would start"),
        ({"tariffs": {"water": "W-NONE"}}, "choose W-COM or W-RES or W-TEMP"),
        ({"tariffs": {"water": "W-HEADING-LOST"}}, "not a water tariff that holds"),
        ({"items": {"sanitation": -1}}, "not a number of items"),
        ({"items": {"irrigation": 1}}, "does not start here"),
        ({"registers": {"sewer": 1}}, "has no meter that starts here"),
        ({"registers": {"water": 1_000_000}}, "a register of 6 dials"),
        ({"registers": {"water": -1}}, "a register of 6 dials"),
        ({"registers": {"water": True}}, "not a whole number"),
        ({"instalments": 3}, "at most 2 are allowed"),
        ({"instalments": 0}, "below 1"),
    ],
)
def test_a_start_that_cannot_be_writes_nothing(given, words):
    opened = open_account()
    with pytest.raises((Refused, BadValue), match=words):
        start(opened.account_id, **given)
    assert not Agreement.objects.exists() and not Charge.objects.exists() and not DepositDemand.objects.exists()
    assert Read.objects.exclude(kind="initial").count() == 0


def test_several_tariffs_that_fit_are_for_a_person_to_choose():
    from tests.office.test_tariffs import adopt

    adopt()
    with pytest.raises(NoTariff, match="2 tariffs fit residential water; choose W-RES or W-TEST"):
        start(open_account().account_id)


def test_what_is_not_there_is_named():
    with pytest.raises(Refused, match="no account 999"):
        start(999)
    with pytest.raises(Refused, match="no premise 999"):
        start(open_account().account_id, premise_id=999)


def test_a_meter_that_does_not_hang_has_no_opening_read():
    entered = customers.enter_premises(key=key(), by=by("ada"), at=AT, premises=(house(60),))
    with pytest.raises(Refused, match="No meter hangs"):
        start(open_account().account_id, premise_id=entered.premise_ids[0], registers={"water": 0})
    assert start(open_account().account_id, premise_id=entered.premise_ids[0]).unread == ()


def test_an_old_debt_is_paid_first():
    from curbstop.office import ledger
    from curbstop.rules.ledger import Leg
    from tests import books

    first = move_in(1, date(2026, 1, 6), register=1_000, name="Ann Lee")
    stop(first, 1, date(2026, 2, 1), registers={"water": 2_000})
    ledger.open_day(key=key(), by=by("ada"), at=AT, on=TODAY)
    kind = "fee.new_service"
    legs = [
        Leg("51-1230", 2_500, 0, kind, account_id=first, document=77, line=1, due_on=TODAY),
        Leg("51-4120", 0, 2_500, kind),
    ]
    books.posting("charge", legs)
    customer = Account.objects.get(pk=first).customer_id
    again = open_account("", customer_id=customer)
    with pytest.raises(Refused, match="25.00 is left owing on account .*Old debt is paid first, then the deposit is"):
        start(again.account_id, 2)
    assert moves.get_start_preview(premise_id=premise(2), account_id=again.account_id, on=START).debt_cents == 2_500


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_one_house_start_one_of_them(city):
    accounts = [open_account(f"R {n}").account_id for n in range(2)]
    ready, said, house_id, actor = threading.Barrier(2), [], premise(6), by("cleo")

    def start_it(account_id: int) -> None:
        ready.wait()
        try:
            moves.start(key=key(), by=actor, at=at_on(START), account_id=account_id, premise_id=house_id, on=START)
            said.append("started")
        except Refused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=start_it, args=[account_id]) for account_id in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert "started" in said and any("has given no notice" in words for words in said)
    assert Agreement.objects.filter(service_point__premise=house_id).count() == 3


# --- stop -------------------------------------------------------------------------------------------------------------


def test_a_stop_ends_every_service_with_a_final_read():
    account_id = move_in(1, date(2026, 1, 6), register=97_400)
    done = stop(account_id, 1, date(2026, 2, 10), registers={"water": 100_350}, mail_to=("9 New St", "Tulsa OK 74101"))
    assert [(row.service, row.until_on) for row in done.agreements] == [
        (service, date(2026, 2, 10)) for service in ("water", "sewer", "sanitation")
    ]
    assert (done.reads[0].usage_gal, done.unread) == (2_950, ())
    assert Read.objects.get(kind="final").register == 100_350
    assert Account.objects.get(pk=account_id).mail_to == ["9 New St", "Tulsa OK 74101"]
    assert search.find("sage wren").hits[0].active is False


def test_a_stop_without_a_read_says_that_the_final_bill_waits_for_it():
    account_id = move_in(1, date(2026, 1, 6), register=97_400)
    assert stop(account_id, 1, date(2026, 2, 10)).unread == ("40000001",)


def test_a_stop_that_cannot_be():
    account_id = move_in(1, date(2026, 1, 6), register=97_400)
    with pytest.raises(Refused, match="begins on 2026-01-06; it can end on a later day"):
        stop(account_id, 1, date(2026, 1, 6))
    with pytest.raises(Refused, match="holds nothing at this premise"):
        stop(account_id, 2, date(2026, 2, 10))
    read(1, date(2026, 2, 3), 99_000)
    with pytest.raises(BadValue, match="before the last read"):
        stop(account_id, 1, date(2026, 1, 20), registers={"water": 98_000})
    stop(account_id, 1, date(2026, 2, 10))
    with pytest.raises(Refused, match="a stop on file for 2026-02-10"):
        stop(account_id, 1, date(2026, 2, 9))
    with pytest.raises(Refused, match="holds nothing"):
        stop(account_id, 1, date(2026, 2, 10))


def test_a_month_may_end_on_a_leap_day():
    read(1, date(2026, 1, 5), 2_000)
    account_id = move_in(1, date(2028, 2, 29), register=2_500)
    done = stop(account_id, 1, date(2028, 3, 1), registers={"water": 2_600})
    assert (done.agreements[0].from_on, done.agreements[0].until_on) == (date(2028, 2, 29), date(2028, 3, 1))
    assert done.reads[0].usage_gal == 100


def test_a_home_owners_deposit_goes_by_the_worst_grade():
    done = start(open_account(tenure="owner").account_id, grades=(1, 2))
    assert (done.deposit_cents, done.instalments_cents) == (30_000, (30_000,))
    assert DepositDemand.objects.get().cents == 30_000
