"""A bill run from plan to posted, on a town of 60 accounts."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import IntegrityError, connection

from curbstop.office import bills, ledger, tariffs
from curbstop.office._events import Key
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office.bills import posting, rates, runs
from curbstop.office.bills.inputs import prorate_days
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Bill, Charge, ChunkDone, Outcome, Review, Run, RunStep
from curbstop.records.customers.models import Agreement
from curbstop.records.decisions.models import CycleDate
from curbstop.records.ledger.models import Kind, Posting, Transaction
from curbstop.records.meters.models import Average, Read, ReadDecision
from curbstop.records.payments.models import DepositDemand
from curbstop.rules.tariffs import read_tariffs
from tests.databases import TestDatabases
from tests.office import bill_town as town
from tests.office.bill_town import FEB, MARCH

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def bill_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_bills", town.build)
        test_databases.use("template_bills")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def commit() -> None:
    """Have the database check now what it checks when a transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set constraints all deferred")


def doctor(statement: str, **values: object) -> None:
    """Make rows as they could have been, past the triggers that keep them from being changed."""
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("set session_replication_role = origin")


# --- what is billed, against Moore's page worked out by hand ----------------------------------------------------------


def cents(amount: str | Decimal) -> int:
    return int((Decimal(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def tiers(gal: int, *steps: tuple[int, str]) -> int:
    """Dollars per thousand gallons up to each limit, to the nearest cent."""
    total, before = Decimal(0), 0
    for limit, price in steps:
        total += Decimal(max(0, min(gal, limit) - before)) / 1000 * Decimal(price)
        before = limit
    return cents(total)


def worked_out(outcome: Outcome) -> int:
    """What an agreement owes by the figures of Moore's page, in plain decimals."""
    code, gal, average = outcome.agreement.tariff_id, outcome.usage_gal, outcome.average_gal
    days = 28 if outcome.prorate_days == -1 else outcome.prorate_days
    most = 10**12

    def by_day(price: str) -> int:
        return cents(Decimal(price) * days / 28)

    if code == "W-RES":
        return by_day("9.50") + tiers(gal, (10_000, "5.02"), (20_000, "9.19"), (most, "9.68"))
    if code == "W-COM":
        return by_day("20.00") + tiers(gal, (10_000, "5.02"), (40_000, "9.19"), (most, "9.68"))
    if code == "I-RES":
        return by_day("20.00") + tiers(gal, (30_000, "6.12"), (40_000, "9.19"), (most, "9.68"))
    if code == "S-RES":
        return tiers(min(gal, average if average >= 0 else 6_000), (most, "3.45")) + by_day("17.75")
    if code == "S-COM":
        return tiers(gal, (most, "3.45")) + by_day("21.00")
    if code == "SAN-RES":
        return by_day({1: "11.50", 2: "18.50"}[outcome.items])
    assert code == "SAN-COM"
    return by_day(str(Decimal("14.50") * outcome.items))


def test_every_service_comes_to_what_the_page_says() -> None:
    posted = town.run_bills(FEB)
    town.run_bills(MARCH)
    outcomes = list(Outcome.objects.select_related("agreement").filter(code="billed"))
    assert len(outcomes) == 180 + 183
    assert {o.agreement.tariff_id for o in outcomes} >= {
        "W-RES",
        "W-COM",
        "S-RES",
        "S-COM",
        "SAN-RES",
        "SAN-COM",
        "I-RES",
    }
    for outcome in outcomes:
        assert outcome.cents == worked_out(outcome), outcome.agreement_id
    assert posted.cents == sum(o.cents for o in outcomes if o.run_id == posted.run)
    moved_in = Outcome.objects.get(agreement_id=41 * 4, code="billed")
    assert (moved_in.from_on, moved_in.until_on, moved_in.prorate_days) == (date(2026, 2, 4), date(2026, 3, 3), 27)


def test_usage_is_that_of_the_reads_and_sewer_is_measured_by_the_water() -> None:
    town.run_bills(FEB)
    for account in (1, 3, 7, 60):
        water, sewer = (Outcome.objects.get(agreement_id=4 * account + n) for n in (0, 1))
        read = Read.objects.get(service_point_id=4 * account, read_on=date(2026, 2, 3))
        assert (water.usage_gal, water.to_read_id, water.from_read_id) == (read.usage_gal, read.pk, read.previous_id)
        assert (sewer.usage_gal, sewer.to_read_id) == (read.usage_gal, read.pk)
        average = Average.objects.filter(agreement_id=sewer.agreement_id).first()
        assert sewer.average_gal == (average.gal if average else -1)


def test_the_books_have_what_the_bills_say() -> None:
    posted = town.run_bills()
    commit()
    assert (posted.bills, posted.exceptions) == (59, 0)
    assert [(d.chunk_no, d.bills) for d in ChunkDone.objects.order_by("chunk_no")] == [
        (1, 10), (2, 10), (3, 10), (4, 10), (5, 10), (6, 9),
    ]  # fmt: skip
    for bill in Bill.objects.all():
        lines = list(Posting.objects.filter(document_id=bill.pk, sub=2).order_by("line_no"))
        assert [line.line_no for line in lines] == list(range(1, len(lines) + 1))
        assert sum(line.debit_cents for line in lines) == bill.total_cents
        assert {(line.account_id, line.due_on, line.txn_id) for line in lines} == {
            (bill.account_id, date(2026, 2, 24), bill.txn_id)
        }
        assert bill.total_cents == sum(o.cents for o in Outcome.objects.filter(bill=bill))
    for txn in Transaction.objects.filter(act="bill"):
        debits = sum(p.debit_cents for p in Posting.objects.filter(txn=txn))
        assert debits == sum(p.credit_cents for p in Posting.objects.filter(txn=txn))
        assert (txn.day_id, txn.effective_on) == (FEB, FEB)


def test_lines_are_in_the_order_of_the_paper() -> None:
    town.run_bills()
    sprinkler = Bill.objects.get(account_id=3)
    kinds = (
        Posting.objects.filter(document_id=sprinkler.pk, sub=2).order_by("line_no").values_list("kind__code", flat=True)
    )
    assert [kind.split(".")[0] for kind in kinds] == [
        "water", "water", "irrigation", "irrigation", "sewer", "sewer", "sanitation",
    ]  # fmt: skip


def test_what_was_owed_before_is_on_the_bill() -> None:
    town.run_bills(FEB)
    town.run_bills(MARCH)
    for bill in Bill.objects.filter(run__bill_on=MARCH):
        before = Bill.objects.filter(account_id=bill.account_id, run__bill_on=FEB).first()
        assert bill.previous_cents == (before.total_cents if before else 0)


def test_a_waiting_charge_is_the_last_line_and_comes_once() -> None:
    kind = Kind.objects.get(code="fee.new_service")
    charge = Charge.objects.create(
        account_id=5, kind=kind, cents=2500, on=date(2026, 1, 20), says="New service", authority="FAQ", event_id=1
    )
    later = Charge.objects.create(
        account_id=5, kind=kind, cents=900, on=date(2026, 2, 20), says="Later", authority="FAQ", event_id=1
    )
    town.run_bills(FEB)
    commit()
    bill = Bill.objects.get(account_id=5)
    last = Posting.objects.filter(document_id=bill.pk, sub=2).order_by("line_no").last()
    assert last is not None
    assert (last.debit_cents, last.kind_id, last.line_no) == (2500, kind.pk, charge.billed.line_no)
    town.run_bills(MARCH)
    commit()
    assert later.billed.bill.run.bill_on == MARCH
    assert Posting.objects.filter(kind=kind, sub=2).count() == 2


def test_unapplied_credit_goes_on_the_new_bill() -> None:
    town.overpay(20, 3000)
    town.overpay(33, 100_000)
    town.run_bills(FEB)
    commit()
    owed = {
        account: sum(p.debit_cents - p.credit_cents for p in Posting.objects.filter(account_id=account, sub__in=(2, 3)))
        for account in (20, 33)
    }
    billed = {account: Bill.objects.get(account_id=account) for account in (20, 33)}
    assert billed[20].previous_cents == -3000
    assert owed == {20: billed[20].total_cents - 3000, 33: billed[33].total_cents - 100_000}
    opened = sum(p.debit_cents - p.credit_cents for p in Posting.objects.filter(document_id=billed[20].pk, sub=2))
    assert opened == billed[20].total_cents - 3000
    keys = Event.objects.filter(act="payments.apply_credit").order_by("key").values_list("key", flat=True)
    run = billed[20].run_id
    assert list(keys) == [f"bills.credit:{run}:2", f"bills.credit:{run}:4"]


def test_each_bill_asks_for_one_instalment_of_the_deposit() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into payments_depositdemand (account_id, cents, instalment, authority, event_id)"
            " select 5, 5000, n, 'FAQ', 1 from generate_series(1, 2) n"
        )
    town.run_bills(FEB)
    first, second = DepositDemand.objects.filter(account_id=5).order_by("instalment")
    assert (first.due_on, second.due_on) == (date(2026, 2, 24), None)
    total = Bill.objects.get(account_id=5).total_cents
    assert total == sum(o.cents for o in Outcome.objects.filter(account_id=5))  # never part of what is owed
    town.run_bills(MARCH)
    second.refresh_from_db()
    assert second.due_on == date(2026, 3, 24)
    with pytest.raises(IntegrityError, match="never changed"):
        DepositDemand.objects.filter(pk=second.pk).update(due_on=date(2026, 4, 1))


# --- once -------------------------------------------------------------------------------------------------------------


def test_run_twice_bills_once() -> None:
    run = town.approved_run()
    first = town.post(run)
    counts = Bill.objects.count(), Posting.objects.count(), Outcome.objects.count(), Event.objects.count()
    assert town.post(run) == first
    assert (Bill.objects.count(), Posting.objects.count(), Outcome.objects.count(), Event.objects.count()) == counts
    with pytest.raises(Refused, match=f"planned already: run {run}"):
        bills.plan(key=Key("again"), by=town.system(), at=town.at_on(FEB), cycle="1", bill_on=FEB)
    with pytest.raises(Refused, match="Chunk 1 of run .* is posted"):
        bills.post(key=Key("other key"), by=town.system(), at=town.at_on(FEB), run=run, chunk=1)
    with pytest.raises(Refused, match="Nothing of cycle 1 is due"):
        bills.plan(key=Key("next day"), by=town.system(), at=town.at_on(FEB), cycle="1", bill_on=date(2026, 2, 5))


def test_the_same_plan_key_is_the_same_run() -> None:
    assert town.plan() == town.plan()
    assert Run.objects.count() == 1
    with pytest.raises(KeyReused, match="bill_on was"):
        bills.plan(
            key=Key(f"plan:{FEB}"), by=town.system(), at=town.at_on(FEB), cycle="1", bill_on=MARCH, chunk_size=10
        )


def test_chunks_and_events_have_the_ids_of_the_plan() -> None:
    run = town.approved_run()
    town.post(run)
    for chunk in Run.objects.get(pk=run).chunks.all():
        event = Event.objects.get(pk=chunk.chunk_event_id)
        assert (event.act, event.key) == ("bills.post", f"bills.post:{run}:{chunk.no}")
        assert Transaction.objects.get(pk=chunk.txn_id).event_id == event.pk
        assert list(Bill.objects.filter(chunk_no=chunk.no).order_by("id").values_list("account_id", "id")) == [
            (account, chunk.first_document_id + place) for place, account in enumerate(chunk.account_ids)
        ]


# --- what is not billed -----------------------------------------------------------------------------------------------


def without_read(account: int) -> None:
    """Take the February and March reads away, as if they had never been taken."""
    doctor("delete from meters_read where service_point_id = %(point)s and read_on > '2026-01-06'", point=4 * account)


def undecided(account: int) -> Read:
    read = Read.objects.get(service_point_id=4 * account, read_on=date(2026, 2, 3))
    doctor("update meters_read set findings = '{high}' where id = %(id)s", id=read.pk)
    return read


def code_of(account: int, service: int = 0) -> str:
    return Outcome.objects.filter(agreement_id=4 * account + service).latest("run_id").code


def own_all(run: int) -> None:
    accounts = tuple(
        Review.objects.filter(run_id=run, finding__startswith="held_").values_list("account_id", flat=True).distinct()
    )
    bills.own(
        key=Key(f"own:{run}"), by=town.clerk(), at=town.at_on(FEB), run=run, account_ids=accounts,
        owner_id=town.clerk().id,
    )  # fmt: skip


def test_one_bad_account_never_stops_a_run() -> None:
    without_read(2)
    undecided(4)
    Agreement.objects.filter(pk=4 * 6 + 2).update(tariff_id="SAN-DUMPSTER")
    Agreement.objects.filter(pk=4 * 8 + 2).update(items=7)  # the page has no price for a seventh cart
    run = town.plan().run
    figures = town.calculate(run).figures
    assert figures.bills == 55
    assert figures.held == {
        "held_no_read": 2, "held_undecided_read": 2, "held_not_set": 2, "held_with_account": 6,
    }  # fmt: skip
    with pytest.raises(Refused, match="4 held accounts have no owner"):
        town.approve(run, figures)
    own_all(run)
    town.approve(run, figures)
    posted = town.post(run)
    commit()
    assert (posted.bills, posted.exceptions) == (55, 12)
    assert [code_of(2, n) for n in range(3)] == ["held_no_read", "held_no_read", "held_with_account"]
    assert [code_of(4, n) for n in range(3)] == ["held_undecided_read", "held_undecided_read", "held_with_account"]
    assert [code_of(6, n) for n in range(3)] == ["held_with_account", "held_with_account", "held_not_set"]
    assert set(Outcome.objects.exclude(code="billed").values_list("owner_id", flat=True)) == {town.clerk().id}
    assert not Bill.objects.filter(account_id__in=(2, 4, 6, 8)).exists()


def test_what_was_held_is_billed_by_a_later_run_of_the_turn() -> None:
    read = undecided(4)
    run = town.plan().run
    figures = town.calculate(run).figures
    own_all(run)
    town.approve(run, figures)
    town.post(run)
    ReadDecision.objects.create(read=read, outcome="accept", reason="It is so", by_id=town.clerk().id, event_id=1)
    catch_up = date(2026, 2, 6)
    ledger.open_day(key=Key("day"), by=town.system(), at=town.at_on(catch_up), on=catch_up)
    again = town.plan(catch_up)
    assert (again.accounts, again.agreements, again.due_on) == (1, 3, date(2026, 2, 26))
    town.approve(again.run, town.calculate(again.run).figures, catch_up)
    assert town.post(again.run).bills == 1
    assert code_of(4) == "billed"


def test_a_service_that_missed_a_turn_pays_its_fixed_charges_twice() -> None:
    read = undecided(2)
    run = town.plan().run
    figures = town.calculate(run).figures
    own_all(run)
    town.approve(run, figures)
    town.post(run)
    ReadDecision.objects.create(read=read, outcome="accept", reason="It is so", by_id=1, event_id=1)
    town.run_bills(MARCH)
    outcome = Outcome.objects.get(agreement_id=4 * 2, code="billed")
    assert (outcome.from_on, outcome.until_on, outcome.prorate_days) == (date(2026, 1, 6), date(2026, 3, 3), 56)
    assert outcome.usage_gal == sum(
        r.usage_gal for r in Read.objects.filter(service_point_id=8, read_on__gt=date(2026, 1, 6))
    )


def test_an_ended_agreement_gets_its_final_bill_and_no_more() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_agreement set during = daterange('2026-01-06', '2026-01-27') where account_id = 9"
        )
        cursor.execute(
            "insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,"
            " previous_id, usage_gal, findings, event_id) select installation_id, service_point_id, '2026-01-27',"
            " register + 30, 'final', 'hand', '', id, 300, '{}', 1 from meters_read"
            " where service_point_id = 36 and read_on = '2026-01-06'"
        )
    run = town.plan().run
    assert town.calculate(run).figures.findings["final"] == 1
    town.approve(run, bills.dry_run(cycle="1", bill_on=FEB))
    town.post(run)
    outcome = Outcome.objects.get(agreement_id=36)
    assert (outcome.until_on, outcome.usage_gal, outcome.prorate_days) == (date(2026, 1, 27), 300, 21)
    town.run_bills(MARCH)
    assert not Outcome.objects.filter(agreement_id=36, run__bill_on=MARCH).exists()


@pytest.mark.parametrize(
    ("state", "gal"),
    [("accepted", True), ("rejected", False), ("replaced", True)],
)
def test_which_reads_count(state: str, gal: bool) -> None:
    read = undecided(4)
    if state == "accepted":
        ReadDecision.objects.create(read=read, outcome="accept", reason="so", by_id=1, event_id=1)
    elif state == "rejected":
        ReadDecision.objects.create(read=read, outcome="reject", reason="no", by_id=1, event_id=1)
    else:
        Read.objects.create(
            installation_id=read.installation_id, service_point_id=read.service_point_id, read_on=read.read_on,
            register=read.register + 1, kind="regular", source="hand", previous_id=read.previous_id,
            usage_gal=read.usage_gal + 10, replaces=read, event_id=1,
        )  # fmt: skip
    run = town.plan().run
    figures = town.calculate(run).figures
    if state == "rejected":
        assert figures.held["held_no_read"] == 2
        return
    town.approve(run, figures)
    town.post(run)
    assert Outcome.objects.get(agreement_id=16).usage_gal == read.usage_gal + (10 if state == "replaced" else 0)


def test_a_run_in_which_everything_is_held_posts_nothing() -> None:
    doctor("update meters_read set findings = '{high}' where read_on = '2026-02-03'")
    run = town.plan().run
    figures = town.calculate(run).figures
    assert (figures.bills, figures.cents, figures.by_kind) == (0, 0, ())
    own_all(run)
    town.approve(run, figures)
    posted = town.post(run)
    commit()
    assert (posted.bills, posted.exceptions, posted.cents) == (0, 180, 0)
    assert not Posting.objects.filter(txn__act="bill").exists()


# --- people -----------------------------------------------------------------------------------------------------------


def test_hold_and_release() -> None:
    run = town.plan().run
    before = town.calculate(run).figures
    held = {"by": town.clerk(), "at": town.at_on(FEB), "run": run, "account_id": 11}
    with pytest.raises(Refused, match="needs its reason"):
        bills.hold(key=Key("h0"), reason=" ", **held)
    bills.hold(key=Key("h1"), reason="Ask about the leak", **held)
    with pytest.raises(Refused, match="not what the run comes to now"):
        town.approve(run, before)
    row = Review.objects.get(run_id=run, held=True)
    assert (row.account_id, row.owner_id, row.reason) == (11, town.clerk().id, "Ask about the leak")
    assert row.cents > 0
    bills.release(key=Key("r1"), **held)
    with pytest.raises(Refused, match="Nobody holds"):
        bills.release(key=Key("r2"), **held)
    bills.hold(key=Key("h2"), reason="Still", **held)
    figures = town.calculate(run, again="2").figures
    assert (figures.bills, before.cents - figures.cents) == (58, row.cents)
    town.approve(run, figures)
    town.post(run)
    assert {code_of(11, n) for n in range(3)} == {"held_by_review"}


def test_figures_without_writing_are_those_of_the_run() -> None:
    without_read(2)
    dry = bills.dry_run(cycle="1", bill_on=FEB)
    assert not Run.objects.exists()
    assert dry == town.calculate(town.plan().run).figures


def test_what_changed_since_the_approval_is_held() -> None:
    run = town.approved_run()
    doctor("update meters_read set usage_gal = 99000 where service_point_id = 48 and read_on = '2026-02-03'")
    undecided(13)
    posted = town.post(run)
    commit()
    assert (posted.bills, posted.exceptions) == (57, 6)
    assert code_of(12) == "held_changed"
    assert code_of(13) == "held_undecided_read"
    assert set(Outcome.objects.exclude(code="billed").values_list("owner_id", flat=True)) == {town.supervisor().id}


def test_steps_in_their_order() -> None:
    run = town.plan().run
    with pytest.raises(Refused, match="not calculated yet"):
        town.approve(run, bills.dry_run(cycle="1", bill_on=FEB))
    figures = town.calculate(run).figures
    with pytest.raises(Refused, match="not approved"):
        bills.post(key=Key("early"), by=town.system(), at=town.at_on(FEB), run=run, chunk=1)
    with pytest.raises(Refused, match="2026-02-05 is not open"):
        town.approve(run, figures, date(2026, 2, 5))
    with pytest.raises(Refused, match="before it"):
        town.approve(run, figures, date(2026, 1, 7))
    town.approve(run, figures)
    with pytest.raises(Refused, match="is approved"):
        town.calculate(run, again="late")
    with pytest.raises(Refused, match="is not posted yet"):
        town.plan(MARCH)
    with pytest.raises(Refused, match="6 chunks of run .* are not posted"):
        bills.finish(key=Key("f"), by=town.system(), at=town.at_on(FEB), run=run)
    town.post(run)
    assert [s.step for s in RunStep.objects.order_by("event_id")] == ["posted", "calculated", "approved"]


def test_who_may() -> None:
    run = town.plan().run
    figures = town.calculate(run).figures
    with pytest.raises(NotPermitted):
        bills.approve(
            key=Key("a"), by=town.clerk(), at=town.at_on(FEB), run=run, bills=figures.bills, cents=figures.cents, on=FEB
        )
    with pytest.raises(NotPermitted):
        bills.post(key=Key("p"), by=town.supervisor(), at=town.at_on(FEB), run=run, chunk=1)


def test_without_a_turn_or_a_due_date() -> None:
    def plan(cycle: str, on: date) -> None:
        bills.plan(key=Key(f"{cycle}{on}"), by=town.system(), at=town.at_on(FEB), cycle=cycle, bill_on=on)

    with pytest.raises(Refused, match="no cycle '9'"):
        plan("9", FEB)
    with pytest.raises(Refused, match="no turn to bill on 2025-12-01"):
        plan("1", date(2025, 12, 1))
    CycleDate.objects.filter(cycle="1").update(due_on=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "update decisions_policyvalue set value = null, not_set = 'nobody said' where policy = 'bill.due_days'"
        )
    with pytest.raises(Refused, match="No due date"):
        plan("1", FEB)


# --- what must hold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        ("update bills_bill set total_cents = total_cents + 1 where id = %(first)s", "is not the sum of its items"),
        ("update ledger_posting set account_id = 2 where document_id = %(first)s", "is not the sum of its items"),
        ("update ledger_posting set kind_id = 2 where txn_id = %(txn)s and kind_id = 1 and sub = 0", "charged and not"),
        ("update ledger_posting set fund = 52 where document_id = %(first)s", "is not in the chart"),
        ("update bills_bill set account_id = 9999, run_id = -1 where id = %(first)s", "has no account"),
        ("delete from bills_bill where id = %(first)s", "is not the sum of its items"),
    ],
)
def test_a_chunk_that_does_not_hold_is_undone(break_it: str, says: str) -> None:
    """The check is tried on rows that were right, then spoilt, with the triggers that would refuse it switched off."""
    run = town.approved_run()
    town.post(run)
    commit()
    row, plan = runs.load_run(run), runs.load_chunk(run, 1)
    doctor(break_it, first=plan.first_document_id, txn=plan.txn_id)
    rated = _rated_as_posted(row, plan)
    with pytest.raises(Refused, match=says):
        posting._check(row, plan, rated, 0, 0)


def test_a_bill_is_the_sum_of_its_services() -> None:
    run = town.approved_run()
    row, plan = runs.load_run(run), runs.load_chunk(run, 1)
    rated = runs.rate_chunk(row, plan)
    posting._refuse_other_services(row, plan, rated)
    rated.cents[0] += 1
    with pytest.raises(Refused, match="not the sum of its services"):
        posting._refuse_other_services(row, plan, rated)


def _rated_as_posted(row: runs.RunRow, plan: runs.ChunkRow):  # type: ignore[no-untyped-def]
    rated = runs.rate_chunk(row, plan)
    rated.work.code[:] = 0
    return rated


@pytest.mark.parametrize(
    ("from_on", "until_on", "days"),
    [
        (date(2026, 2, 3), date(2026, 3, 3), -1),
        (date(2026, 2, 4), date(2026, 3, 3), 27),
        (date(2026, 2, 3), date(2026, 2, 20), 17),
        (date(2026, 1, 6), date(2026, 3, 3), 56),
        (date(2026, 1, 26), date(2026, 3, 3), 8 + 28),
        (date(2026, 3, 3), date(2026, 3, 30), -1),  # a turn that a holiday made a day short
        (date(2025, 12, 1), date(2026, 1, 6), 36),
    ],
)
def test_days_to_bill(from_on: date, until_on: date, days: int) -> None:
    turns = [date(2026, 1, 6), date(2026, 2, 3), date(2026, 3, 3), date(2026, 3, 30)]
    assert prorate_days(from_on, until_on, turns, 28) == days


DATED = """
code: T
service: water
class: residential
name: Tried
authority: a test
source: a test
confidence: LOW
{per_days}
versions:
  - from: 2025-01-01
    lines: [{{name: base, kind: water.base, says: Base, flat: "{flat}", prorate: by_day{more}}}]
"""


@pytest.mark.parametrize(
    ("per_days", "flat", "more", "together"),
    [
        ("per_days: 28", "9.50", "", True),
        ("per_days: 28", "9.50", ", months: [7, 8]", False),
    ],
)
def test_periods_are_rated_together_only_where_dates_do_not_matter(
    per_days: str, flat: str, more: str, together: bool
) -> None:
    (tariff,) = read_tariffs(DATED.format(per_days=per_days, flat=flat, more=more), file="t.yaml")
    assert bool(rates._dateless(tariff)) is together


def test_moores_tariffs_are_rated_together() -> None:
    for code, tariff in tariffs.load_tariffs().items():
        assert len(rates._dateless(tariff)) == (len(tariff.versions) if tariff.per_days else 0), code
