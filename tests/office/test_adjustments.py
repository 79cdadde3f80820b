"""Requests and approvals: asked by one, approved by another, within limits that adding up cannot pass."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from curbstop.office import adjustments, ledger
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office._own import OwnAccount
from curbstop.office.ledger import DayNotOpen
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Evidence, Request, Transaction, Verdict
from curbstop.rules.adjustments import MOST_BYTES, BadEvidence
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.payment_town import bill, check, raise_town, take, ties
from tests.office.requests import PDF, PNG, approve, ask, file, people, refuse, set_limits, withdraw


@pytest.fixture
def town(db):
    raise_town()
    people()
    set_limits()


@pytest.fixture
def owing(town):
    of = account()
    of.bill = bill(of)
    return of


def last_event():
    return Event.objects.latest("id")


def items(of):
    return {(i.gl, i.line): i.open_cents for i in ledger.get_open_items(of.id)}


class TestAsk:
    def test_nothing_is_posted_and_the_figure_the_words_and_the_paper_are_kept(self, owing):
        before = Transaction.objects.count()
        asked = ask(account_id=owing.id, cents=1800, words="Read 45,830 was 43,580", service="water")
        assert (asked.kind, asked.cents, asked.goes_to) == ("adjust", 1800, "supervisor")
        assert asked.says == f"Credit $18.00 to R. Ortiz, account {owing.number}, on water."
        assert ledger.get_balance(owing.id) == 9459 and Transaction.objects.count() == before
        read = adjustments.get_request(asked.request_id, on=DAY)
        assert (read.row.state, read.row.reason, read.row.words) == (
            "waiting",
            "Billing error",
            "Read 45,830 was 43,580",
        )
        assert [(e.before_cents, e.after_cents) for e in read.effects] == [(9459, 7659)]
        assert [(e.name, e.media, e.size) for e in read.evidence] == [("bill.pdf", "application/pdf", len(PDF))]
        assert adjustments.get_evidence(read.evidence[0].id)[1] == PDF
        event = last_event()
        assert event.act == "adjustments.request" and f"account:{owing.id}" in event.subjects
        assert "body" not in str(event.inputs["evidence"]), "the event keeps a digest of the files"

    def test_the_same_key_asks_once(self, owing):
        given = {
            "key": key(), "by": person("clerk"), "at": at_on(DAY), "kind": "adjust", "on": DAY,
            "reason": "billing_error", "inputs": {"account_id": owing.id, "cents": 500}, "evidence": (file(),),
        }  # fmt: skip
        first = adjustments.request(**given)
        assert adjustments.request(**given) == first
        assert (Request.objects.count(), Evidence.objects.count()) == (1, 1)
        with pytest.raises(KeyReused, match="inputs was"):
            adjustments.request(**{**given, "inputs": {"account_id": owing.id, "cents": 501}})

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ({"reason": "", "evidence": ()}, "A reason code and evidence are needed"),
            ({"reason": "because"}, "A reason is needed: one of billing_error"),
            ({"evidence": ()}, "Evidence is needed"),
            ({"kind": "gift"}, "no request of the kind 'gift'"),
            ({"service": "gas"}, "adjusts no service 'gas'; it adjusts sanitation, sewer"),
            ({"document_id": 999}, "has no charge with document 999"),
            ({"cents": 9460}, "owes 94.59, which is less than 94.60"),
            ({"direction": "both"}, "a credit or a charge"),
            ({"account_id": -1}, "no account -1"),
            ({"cents": "5"}, "cents is needed"),
        ],
    )
    def test_what_cannot_be_asked_is_refused_and_the_attempt_kept(self, owing, more, says):
        with pytest.raises(Refused, match=says):
            ask(**{"account_id": owing.id, "cents": 500, **more})
        assert not Request.objects.exists()
        event = last_event()
        assert event.denied and event.act == "adjustments.request"
        assert more.get("kind") or f"account:{more.get('account_id', owing.id)}" in event.subjects

    @pytest.mark.parametrize(
        ("name", "body", "why"),
        [
            ("a.pdf", b"", "empty"),
            ("a.pdf", b"MZ\x90 not a PDF at all", "neither a PDF nor a picture"),
            ("a.pdf", PDF + b"x" * MOST_BYTES, "too many"),
        ],
    )
    def test_files_are_what_their_bytes_say(self, owing, name, body, why):
        with pytest.raises(BadEvidence, match=why):
            ask(account_id=owing.id, cents=500, evidence=(file(name, body),))

    def test_the_same_file_twice_is_kept_once_and_nine_are_too_many(self, owing):
        ask(account_id=owing.id, cents=500, evidence=(file(), file("again.pdf"), file("meter.png", PNG)))
        assert sorted(Evidence.objects.values_list("media", flat=True)) == ["application/pdf", "image/png"]
        with pytest.raises(BadEvidence, match="too many files"):
            ask(account_id=owing.id, cents=500, evidence=tuple(file(body=PDF + bytes([n])) for n in range(9)))

    def test_a_cashier_and_a_meter_reader_do_not_ask_for_credits(self, owing):
        with pytest.raises(Refused, match="asked for by a customer service representative or supervisor"):
            ask("cashier", account_id=owing.id, cents=500)
        person("reader", "field")
        with pytest.raises(NotPermitted):
            ask("reader", account_id=owing.id, cents=500)


class TestApprove:
    def test_a_second_person_approves_and_only_then_it_is_posted(self, owing):
        asked = ask(account_id=owing.id, cents=1800, service="sewer")
        done = approve(asked)
        ties()
        assert (done.step, done.level, done.cents, len(done.txn_ids)) == ("approved", "supervisor", 1800, 1)
        assert items(owing)["52-1210", 3] == 2070 - 1800 and ledger.get_balance(owing.id) == 9459 - 1800
        txn = Transaction.objects.get(id=done.txn_ids[0])
        assert (txn.act, txn.approval_id, txn.by_id) == ("adjust", asked.request_id, person("supervisor").id)
        assert {leg.gl: leg.net_cents for leg in ledger.get_legs(txn.id)} == {"52-4310": 1800, "52-1210": -1800}
        read = adjustments.get_request(asked.request_id, on=DAY)
        assert [txn.id for txn in read.posted] == list(done.txn_ids)
        assert [(a.act, a.denied) for a in read.history] == [
            ("adjustments.request", False), ("adjustments.approve", False),
        ]  # fmt: skip

    def test_the_same_key_approves_once(self, owing):
        asked = ask(account_id=owing.id, cents=1800)
        given = {"key": key(), "by": person("supervisor"), "at": at_on(DAY), "request_id": asked.request_id, "on": DAY}
        first = adjustments.approve(**given)
        assert adjustments.approve(**given) == first and Verdict.objects.count() == 1
        assert ledger.get_balance(owing.id) == 9459 - 1800
        with pytest.raises(Refused, match=r"Request \d+ was approved by Supervisor on 2026-03-02"):
            approve(asked)

    def test_who_asked_never_approves_and_a_clerk_approves_nothing(self, owing):
        asked = ask("supervisor", account_id=owing.id, cents=100)
        with pytest.raises(Refused, match="Who asked cannot approve"):
            approve(asked, "supervisor")
        with pytest.raises(NotPermitted, match="needs the role supervisor or finance_director"):
            approve(asked, "clerk")
        event = last_event()
        assert event.denied and {f"account:{owing.id}", f"request:{asked.request_id}"} <= set(event.subjects)
        assert ledger.get_balance(owing.id) == 9459
        approve(asked, "director")

    def test_limits_add_up_over_the_window_and_the_request_goes_up(self, owing):
        for _ in (2, 3):
            bill(owing)
        approve(ask(account_id=owing.id, cents=18000))
        asked = ask(account_id=owing.id, cents=9000)
        assert asked.goes_to == "finance_director"
        with pytest.raises(
            Refused,
            match=r"180\.00 \+ 90\.00 = 270\.00 in 30 days is above your 250\.00; it goes to the finance director",
        ):
            approve(asked)
        read = adjustments.get_request(asked.request_id, on=DAY, by=person("supervisor"))
        assert read.goes_to == "finance director" and "270.00" in read.why_not
        approve(asked, "director")
        ties()
        assert ledger.get_balance(owing.id) == 3 * 9459 - 27000

    def test_the_window_ends_and_another_account_has_its_own(self, owing):
        for _ in range(4):
            bill(owing)
        approve(ask(account_id=owing.id, cents=20000))
        other = account(1_000_002)
        bill(other)
        approve(ask(account_id=other.id, cents=9000))
        later = DAY + timedelta(30)
        ledger.open_day(key=key(), by=person("clock"), at=at_on(later), on=later)
        approve(ask(account_id=owing.id, cents=20000, on=later), on=later)
        with pytest.raises(Refused, match="above your"):
            approve(ask(account_id=owing.id, cents=5001, on=later), on=later)

    def test_with_no_policy_nobody_approves_and_it_says_so(self, db):
        raise_town()
        people()
        of = account()
        bill(of)
        asked = ask(account_id=of.id, cents=100)
        assert asked.goes_to == ""
        for who in ("supervisor", "director"):
            with pytest.raises(Refused, match="Nobody may approve it yet: approval.limits is not set"):
                approve(asked, who)

    def test_a_figure_that_changed_is_refused_from_what_to_what(self, owing):
        asked = ask(account_id=owing.id, cents=1150, service="sanitation")
        take(owing, 9459)
        approve(asked)
        ties()
        assert ledger.get_balance(owing.id) == -1150, "paid already: it stays as credit, borne by the same fund"
        waived = ask(kind="adjust", account_id=owing.id, cents=100, document_id=owing.bill, line=5)
        with pytest.raises(Refused, match="charged with 11.50"):
            ask(account_id=owing.id, cents=1151, document_id=owing.bill, line=5)
        approve(ask(account_id=owing.id, cents=1100, document_id=owing.bill, line=5))
        with pytest.raises(Refused, match="It cannot be done any more: .*of which 11.00 was credited already"):
            approve(waived)
        assert adjustments.get_request(waived.request_id, on=DAY).why_not.startswith("It cannot be done any more")

    def test_a_day_that_is_not_open_takes_nothing_and_the_request_waits_on(self, owing):
        asked = ask(account_id=owing.id, cents=100)
        with pytest.raises(DayNotOpen):
            approve(asked, on=DAY + timedelta(9))
        assert adjustments.count_waiting() == 1
        approve(asked)

    def test_evidence_is_asked_for_again(self, owing):
        asked = ask(account_id=owing.id, cents=100)
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute("delete from ledger_evidence")
            cursor.execute("set local session_replication_role = origin")
        with pytest.raises(Refused, match="There is no evidence"):
            approve(asked)


class TestEnd:
    def test_refused_with_a_reason_that_stays(self, owing):
        asked = ask(account_id=owing.id, cents=100)
        with pytest.raises(Refused, match="Say why it is refused"):
            refuse(asked, reason=" ")
        done = refuse(asked)
        assert (done.step, done.txn_ids, done.says) == ("refused", (), "no evidence")
        with pytest.raises(Refused, match="was refused by Supervisor on 2026-03-02: no evidence"):
            approve(asked, "director")
        row = adjustments.list_requests_of(owing.id, on=DAY)[0]
        assert (row.state, row.decided_by, row.decided_reason) == ("refused", "Supervisor", "no evidence")
        assert ledger.get_balance(owing.id) == 9459

    def test_only_the_asker_withdraws_and_nobody_refuses_his_own(self, owing):
        asked = ask("supervisor", account_id=owing.id, cents=100)
        with pytest.raises(Refused, match="only he withdraws"):
            withdraw(asked, "clerk")
        with pytest.raises(Refused, match="withdraw it instead"):
            refuse(asked, "supervisor")
        assert withdraw(asked, "supervisor").step == "withdrawn"
        with pytest.raises(Refused, match="was withdrawn"):
            approve(asked, "director")
        assert adjustments.list_waiting(on=DAY) == ()

    def test_the_queue_has_the_oldest_first_with_its_age(self, owing):
        first, second = ask(account_id=owing.id, cents=100), ask(account_id=owing.id, cents=200, on=DAY + timedelta(2))
        rows = adjustments.list_waiting(on=DAY + timedelta(5))
        assert [(row.id, row.age_days, row.files) for row in rows] == [
            (first.request_id, 5, 1), (second.request_id, 3, 1),
        ]  # fmt: skip
        refuse(first)
        assert [row.id for row in adjustments.list_decided(on=DAY)] == [first.request_id]
        assert adjustments.count_waiting() == 1


class TestCharges:
    def test_a_charge_is_a_new_item_with_a_due_date(self, owing):
        set_policy("bill.due_days", 20)
        asked = ask(account_id=owing.id, cents=2599, direction="charge", service="water", reason="undercharge")
        approve(asked)
        ties()
        new = [i for i in ledger.get_open_items(owing.id) if i.kind == "adjustment.water"]
        assert [(i.gl, i.open_cents, i.due_on) for i in new] == [("51-1210", 2599, DAY + timedelta(20))]

    def test_a_charge_needs_its_service_and_the_citys_due_days(self, owing):
        with pytest.raises(Refused, match="Choose the service"):
            ask(account_id=owing.id, cents=100, direction="charge", reason="undercharge")
        with pytest.raises(Refused, match="bill.due_days is not set"):
            ask(account_id=owing.id, cents=100, direction="charge", reason="undercharge", service="water")


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_approve_once_and_two_requests_at_once_do_not_pass_the_limit():
    raise_town()
    people()
    set_limits()
    person("second", "supervisor")
    of = account()
    for _ in range(4):
        bill(of)
    one, other = ask(account_id=of.id, cents=18000), ask(account_id=of.id, cents=9000)
    said: list[str] = []

    def decide(request, who):
        try:
            approve(request, who)
            said.append("approved")
        except Refused as refusal:
            said.append("above" if "above your" in str(refusal) else "decided")
        finally:
            connections.close_all()

    who = person("supervisor"), person("second")
    assert len({actor.id for actor in who}) == 2
    threads = [threading.Thread(target=decide, args=pair) for pair in ((one, "supervisor"), (one, "second"))]
    threads.append(threading.Thread(target=decide, args=(other, "second")))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = 4 * 9459 - ledger.get_balance(of.id)
    assert given in (18000, 9000) and said.count("approved") == 1
    check()


def test_nobody_asks_or_approves_on_his_own_account(town):
    from curbstop.office import links

    of = account()
    bill(of)
    links.link(key=key(), by=person("supervisor"), at=at_on(DAY), account_id=of.id, username="clerk", on=DAY)
    with pytest.raises(OwnAccount, match="is your own account; ask a colleague"):
        ask(account_id=of.id, cents=100)
    event = last_event()
    assert event.denied and f"account:{of.id}" in event.subjects
    asked = ask("supervisor", account_id=of.id, cents=100)
    links.link(
        key=key(), by=person("supervisor"), at=at_on(DAY), account_id=of.id, username="director", on=DAY,
        kind="household",
    )  # fmt: skip
    with pytest.raises(OwnAccount, match="belongs to your household"):
        approve(asked, "director")
