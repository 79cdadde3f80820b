"""Stories 05-2 to 05-5: a re-read by the office and by the customer, a register that turns over, undecided reads."""

from datetime import date

import pytest

from curbstop.office import bills, ledger, orders, reads
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Outcome
from curbstop.records.meters.models import Average, Read, RereadAnswer
from tests.office.scene import at_on, by, key, move_in, open_account, point, premise, read
from tests.stories.meter_town import (
    APRIL,
    BILLED,
    FEB,
    LAST_MARCH,
    MARCH,
    check,
    last_bill,
    lines,
    open_days,
    pay_all,
    run_bills,
    set_policy,
    use_city,
)

PAID, RE_READ = date(2026, 4, 10), date(2026, 4, 29)


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


BANDS = {"class": "any", "high_percent": 300, "low_percent": 25, "least_gal": 2000, "zero_above_gal": 1000,
         "same_in_a_row": 3}  # fmt: skip


def lived(number, at_31_march, use, *, name="Rosa Ortiz", average=None):
    """Somebody lives at a house, uses ``use`` gallons a turn, and has paid until the bill of 1 April."""
    start = at_31_march - 2 * use
    account = move_in(number, FEB, register=start, name=name, tenure="owner")
    if average:
        from curbstop.records.customers.models import Agreement

        sewer = Agreement.objects.get(account_id=account, service_point__service="sewer")
        Average.objects.create(agreement=sewer, during=(FEB, None), gal=average, event_id=1)
    read(number, MARCH, start + use)
    read(number, LAST_MARCH, at_31_march)
    return account


@pytest.fixture
def town(city, db):
    set_policy("reads.bands", [BANDS])
    open_days(FEB, *BILLED.values(), PAID, date(2026, 5, 5), date(2026, 5, 6))


def complete(order, on, **fields):
    return orders.complete(
        key=key(), by=by("finn"), at=at_on(on, 16), order_id=order, fields=fields, done_at=at_on(on, 15)
    )  # fmt: skip


def test_a_high_read_a_re_read_both_kept(town):
    a1 = lived(1, 310_400, 6_200, average=5_500)
    run_bills(BILLED[MARCH])
    run_bills(BILLED[LAST_MARCH])
    pay_all(PAID, a1)
    assert 338_720 - 310_400 == 28_320 and 3 * 6_200 == 18_600
    first = read(1, APRIL, 338_720, by=by("finn"))
    assert first.waits and first.findings == ("high",)
    assert first.says == ("high: 28,320 gal, more than 300 percent of the average 6,200",)
    assert [row.account_id for row in reads.list_open(cycle="1", read_on=APRIL)] == [a1]

    asked = reads.reread(
        key=key(), by=by("cleo"), at=at_on(APRIL, 21), read_id=first.read_id, asked_by="office", on=APRIL
    )
    assert asked.fee_cents == 0 and Event.objects.latest("id").act == "reads.reread"
    (order,) = orders.list_open(premise_id=premise(1), now=at_on(APRIL, 22))
    assert (order.order_id, order.type) == (asked.order_id, "reread")
    complete(asked.order_id, RE_READ, register=316_720, serial="40000001")
    assert 316_720 - 310_400 == 6_320
    answer = RereadAnswer.objects.get()
    assert answer.outcome == "wrong" and answer.document_id is None
    assert answer.says == "We read your meter again because the first read was far above your use. There is no charge."
    kept, counts = Read.objects.get(pk=first.read_id), Read.objects.get(replaces_id=first.read_id)
    assert (kept.register, counts.register, counts.usage_gal) == (338_720, 316_720, 6_320)

    run_bills(BILLED[APRIL])
    bill = last_bill(a1)
    assert lines(bill) == {
        "water.base": 950, "water.volume": 3173, "sewer.volume": 1898, "sewer.surcharge": 1775, "sanitation.cart": 1150
    }  # fmt: skip
    assert (bill.total_cents, bill.due_on, ledger.get_balance(a1)) == (8946, date(2026, 5, 19), 8946)
    check(BILLED[APRIL])


def test_the_customer_asks_and_the_first_was_right(town):
    a2 = lived(2, 40_000, 6_100)
    run_bills(BILLED[MARCH])
    run_bills(BILLED[LAST_MARCH])
    first = read(2, APRIL, 45_900)
    run_bills(BILLED[APRIL])
    owed = ledger.get_balance(a2)
    fee, told = reads.get_terms(on=date(2026, 5, 5))
    assert (
        fee == 1500 and told == "A re-read is free when our first read was wrong. When it was right the fee is $15.00."
    )
    given = {"read_id": first.read_id, "asked_by": "customer", "on": date(2026, 5, 5)}
    asked = reads.reread(key=key(), by=by("cleo"), at=at_on(date(2026, 5, 5)), **given)
    assert asked.told == told
    with pytest.raises(Refused, match="is to be read again already"):
        reads.reread(key=key(), by=by("cleo"), at=at_on(date(2026, 5, 5)), **given)

    complete(asked.order_id, date(2026, 5, 6), register=47_020, serial="40000002")
    assert 47_020 - 45_900 == 1_120
    answer = RereadAnswer.objects.get()
    assert (answer.outcome, answer.read_id) == ("confirmed", first.read_id)
    assert ledger.get_balance(a2) == owed + 1500 and 7117 + 1500 == 8617
    assert Read.objects.get(service_point=point(2), kind="check").usage_gal == 1_120
    check(date(2026, 5, 6))


def test_the_register_turns_over(town):
    a3 = lived(3, 996_400, 6_900)
    run_bills(BILLED[MARCH])
    run_bills(BILLED[LAST_MARCH])
    pay_all(PAID, a3)
    assert 1_000_000 - 996_400 + 3_740 == 7_340
    shown = reads.preview_read(service_point_id=point(3), read_on=APRIL, register="003740", at=at_on(APRIL, 19))
    assert shown.says == ("lower than last: rollover? 7,340 gal",) and not shown.waits
    assert not read(3, APRIL, 3_740, by=by("finn")).waits
    run_bills(BILLED[APRIL])
    bill = last_bill(a3)
    assert lines(bill) == {
        "water.base": 950, "water.volume": 3685, "sewer.volume": 2070, "sewer.surcharge": 1775, "sanitation.cart": 1150
    }  # fmt: skip
    assert (bill.total_cents, ledger.get_balance(a3)) == (9630, 9630)


def test_a_cycle_with_undecided_reads_is_not_billed_in_silence(town):
    """The three of the story, among ten houses instead of 412: what is refused, and what becomes of each."""
    set_policy("reads.undecided", "refuse")
    set_policy("reads.estimate", {"method": "average", "uses": 2})
    accounts = {n: lived(n, 100_000 * n, 6_000, name=f"House {n}") for n in range(1, 6)}
    run_bills(BILLED[MARCH])
    run_bills(BILLED[LAST_MARCH])
    for number in (1, 2):
        read(number, APRIL, 100_000 * number + 5_800)
    a20, a21, a22 = 3, 4, 5  # missing, negative, the same as the last three times
    negative = read(a21, APRIL, 399_000)
    stuck = read(a22, APRIL, 506_000)
    assert negative.findings == ("below_last",) and stuck.findings == ("same",)
    numbers = {n: reads_account(accounts[n]) for n in (a20, a21, a22)}
    with pytest.raises(Refused) as refused:
        run_bills(BILLED[APRIL])
    assert str(refused.value) == (
        f"3 reads of cycle 1 are undecided: {numbers[a20]} missing, {numbers[a21]} negative, {numbers[a22]} stuck;"
        " decide each or hold each with an owner."
    )
    assert Event.objects.latest("id").denied

    estimated = reads.estimate(
        key=key(),
        by=by("cleo"),
        at=at_on(APRIL, 21),
        service_point_id=point(a20),
        read_on=APRIL,
        reason="dog in the yard",
    )
    assert (estimated.usage_gal, estimated.in_row) == (6_000, 1)
    reads.reread(key=key(), by=by("cleo"), at=at_on(APRIL, 21), read_id=negative.read_id, asked_by="office", on=APRIL)
    held_until = date(2026, 5, 6)
    reads.hold(
        key=key(), by=by("cleo"), at=at_on(APRIL, 21), service_point_id=point(a22), read_on=APRIL, until_on=held_until,
        reason="stuck",
    )  # fmt: skip
    held = {row.account_id: row for row in reads.list_open(cycle="1", read_on=APRIL)}
    assert (held[accounts[a21]].reason, held[accounts[a22]].until_on) == ("re-read", held_until)
    run = run_bills(BILLED[APRIL])
    outcomes = {
        row.account_id: (row.code, row.owner_id)
        for row in Outcome.objects.filter(run_id=run, usage_gal__gte=0).order_by("agreement_id")
        if row.code != "held_with_account"
    }
    assert [code for code, _ in outcomes.values()].count("billed") == 3 and len(outcomes) == 5
    cleo = by("cleo").id
    assert outcomes[accounts[a21]] == outcomes[accounts[a22]] == ("held_undecided_read", cleo)
    with pytest.raises(Refused, match="counts already"):
        reads.hold(
            key=key(), by=by("cleo"), at=at_on(APRIL, 22), service_point_id=point(1), read_on=APRIL,
            until_on=held_until, reason="why",
        )  # fmt: skip
    check(BILLED[APRIL])
    assert bills.get_progress(run=run)


def reads_account(account_id):
    from curbstop.records.customers.models import Account

    return Account.objects.get(pk=account_id).number


def test_a_line_of_a_person_without_an_account_is_nobodys(town):
    assert open_account("Nobody Here", tenure="owner").account_id
    assert reads.list_open(cycle="1", read_on=APRIL) == ()
