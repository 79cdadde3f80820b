"""Autopay: who is drafted, for how much, on which day; what the bank answers; and that nothing is drafted twice."""

import hashlib
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from curbstop.formats.nacha import AchErrors, read_file
from curbstop.office import autopay, ledger, payments
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Transaction
from curbstop.records.payments.autopay import DraftEntry, Enrolment
from curbstop.records.payments.received import BankFile, Letter, Returned
from curbstop.rules.autopay import BadBankAccount, Terms
from curbstop.rules.policies import NotSet
from tests.books import account, accounts, at_on, key, person, set_policy
from tests.office.draft_town import BANK, BILLED, DUE, answer, bill, draft, enrol, raise_town, returns_file
from tests.office.payment_town import items, ties

MONDAY = DUE - timedelta(1)


def dump(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")
        return cursor.fetchone()[0]


class TestEnrolment:
    def test_it_is_kept_sealed_masked_and_once(self, db):
        raise_town()
        of = account()
        k = key()
        made = enrol(of, limit=20000, k=k)
        assert made.last_four == "6789"
        assert enrol(of, limit=20000, k=k) == made and Enrolment.objects.count() == 1
        with pytest.raises(KeyReused):
            enrol(of, limit=30000, k=k)
        read = autopay.get_enrolment(account_id=of.id)
        assert read.current.bank == "routing 121042882, account ending 6789" and read.current.limit_cents == 20000
        # the number stands in no table and in no event, nor its bare digest
        for table in ("payments_enrolment", "base_event"):
            assert BANK not in dump(table)
        assert hashlib.sha256(f'"{BANK}"'.encode()).hexdigest() not in dump("base_event")

    def test_a_second_one_is_refused_and_a_change_follows_the_first(self, db):
        raise_town()
        of = account()
        first = enrol(of)
        with pytest.raises(Refused, match="ending 6789. Change it instead"):
            enrol(of)
        autopay.change(
            key=key(), by=person("csr"), at=at_on(BILLED), account_id=of.id, terms=Terms("checking", "PPD", 5000, 5),
            holder="R. Ortiz", authorised_on=BILLED, evidence="call", from_on=BILLED,
        )  # fmt: skip
        rows = autopay.get_enrolment(account_id=of.id).rows
        assert [(r.limit_cents, r.draft_day, r.bank[-4:]) for r in rows] == [(5000, 5, "6789"), (None, None, "6789")]
        assert Enrolment.objects.get(follows_id=first.enrolment_id).why == "changed by the customer"
        autopay.end(key=key(), by=person("csr"), at=at_on(BILLED), account_id=of.id, until_on=BILLED, reason="asked to")
        assert autopay.get_enrolment(account_id=of.id).current is None
        assert enrol(of).enrolment_id  # and it may begin again, in the same line

    def test_two_lines_for_one_account_the_database_refuses(self, db):
        raise_town()
        of = account()
        enrol(of)
        row = Enrolment.objects.get()
        with pytest.raises(IntegrityError, match="payments_enrolment_one_line"), transaction.atomic():
            row.pk = None
            row.save(force_insert=True)

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"routing": "121042881"}, "routing"),
            ({"bank": "1"}, "bank_account"),
            ({"kind": "gold"}, "account_type"),
            ({"sec": "IAT"}, "sec"),
            ({"limit": 0}, "limit_cents"),
            ({"day": 31}, "draft_day"),
        ],
    )
    def test_what_cannot_be_drafted_is_named(self, db, more, field):
        raise_town()
        with pytest.raises(BadBankAccount) as caught:
            enrol(account(), **more)
        assert caught.value.field == field and not Enrolment.objects.exists()

    def test_a_cashier_may_not(self, db):
        raise_town()
        with pytest.raises(NotPermitted):
            autopay.end(
                key=key(), by=person("cashier"), at=at_on(BILLED), account_id=account().id, until_on=BILLED, reason="x"
            )


class TestRun:
    def test_a_bill_is_drafted_on_its_due_date_and_posted_when_it_settles(self, db):
        raise_town()
        of, other = accounts(2)
        for one in (of, other):
            bill(one)
        enrol(of)
        planned, data = draft(MONDAY, through=DUE)
        assert (planned.drafts, planned.cents, planned.effective_on) == (1, 9459, DUE)
        (entry,) = read_file(data).entries
        assert (entry.account, entry.cents, entry.individual_id, entry.code) == (BANK, 9459, of.number, "27")
        assert (ledger.get_balance(of.id), ledger.get_balance(other.id)) == (0, 9459)
        payment = payments.list_payments(of.id)[0]
        assert (payment.effective_on, payment.types) == (DUE, ("ach",))
        assert ties()[10, 1050] == 9459
        # the file that is kept holds the number only sealed
        assert BANK not in dump("payments_draftfile") and BANK.encode().hex() not in dump("payments_draftfile")
        taken = Event.objects.get(act="autopay.take_file")
        assert taken.by_id == person("finance").id and "handed out" in taken.says

    def test_nothing_is_drafted_twice(self, db):
        raise_town()
        of = account()
        bill(of)
        enrol(of)
        draft(MONDAY, through=DUE)
        again, _ = self_or_none(DUE)
        assert again.drafts == 0 and again.by_code == {"nothing_due": 1}
        assert ledger.get_balance(of.id) == 0 and DraftEntry.objects.count() == 1

    def test_before_it_settles_it_is_on_its_way_and_no_second_one_is_made(self, db):
        raise_town()
        of = account()
        bill(of)
        enrol(of)
        finance = person("finance")
        planned = autopay.plan(key=key(), by=finance, at=at_on(MONDAY), through_on=DUE, on=MONDAY)
        with pytest.raises(Refused, match="planned and has no file yet"):
            autopay.plan(key=key(), by=finance, at=at_on(MONDAY), through_on=DUE, on=MONDAY)
        k = key()
        made = autopay.make_file(key=k, by=finance, at=at_on(MONDAY), run=planned.run, on=MONDAY)
        assert autopay.make_file(key=k, by=finance, at=at_on(MONDAY), run=planned.run, on=MONDAY) == made
        with pytest.raises(Refused, match="made already"):
            autopay.make_file(key=key(), by=finance, at=at_on(MONDAY), run=planned.run, on=MONDAY)
        with pytest.raises(Refused, match="settle on 2026-04-21"):
            autopay.post(key=key(), by=finance, at=at_on(MONDAY), run=planned.run, on=MONDAY)
        bill(of, [("water.volume", "51-1210", "51-4020", 500)], on=BILLED + timedelta(7), due_on=DUE)
        preview = autopay.preview_run(through_on=DUE, on=MONDAY)
        assert preview.by_code == {"payments_pending": 1} and "94.59" in preview.rows[0].says

    def test_posting_again_after_an_interruption_posts_once(self, db, monkeypatch):
        from curbstop.office.payments import files

        monkeypatch.setattr(files, "BLOCK", 2)
        raise_town()
        many = accounts(5)
        for of in many:
            bill(of)
            enrol(of)
        real, calls = files._write_receipts, []

        def stops(*a, **k):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*a, **k)

        monkeypatch.setattr(files, "_write_receipts", stops)
        with pytest.raises(KeyboardInterrupt):
            draft(MONDAY, through=DUE)
        run = autopay.list_runs()[0]
        assert run.state == "filed" and autopay.get_posting_progress(run=run.id) == (2, 5)
        autopay.post(key=key(), by=person("finance"), at=at_on(DUE), run=run.id, on=DUE)
        assert [ledger.get_balance(of.id) for of in many] == [0] * 5
        before = Transaction.objects.count()
        autopay.post(key=key(), by=person("finance"), at=at_on(DUE), run=run.id, on=DUE)
        assert Transaction.objects.count() == before and autopay.get_run(run.id).state == "posted"

    def test_never_above_the_limit_without_asking(self, db):
        raise_town()
        of = account()
        bill(of)
        enrol(of, limit=9000)
        preview = autopay.preview_run(through_on=DUE, on=MONDAY)
        assert preview.by_code == {"over_limit_ask": 1} and preview.cents == 0
        planned = autopay.plan(key=key(), by=person("finance"), at=at_on(MONDAY), through_on=DUE, on=MONDAY)
        assert planned.drafts == 0
        autopay.plan(key=key(), by=person("finance"), at=at_on(MONDAY), through_on=DUE, on=MONDAY)
        letter = Letter.objects.get(kind="autopay_over_limit")  # asked again by the next run, told once
        assert "94.59, above the limit you set" in letter.says
        autopay.allow(
            key=key(), by=person("csr"), at=at_on(MONDAY), account_id=of.id, cents=9459, until_on=DUE + timedelta(3),
            how="R. Ortiz by telephone",
        )  # fmt: skip
        assert autopay.preview_run(through_on=DUE, on=MONDAY).cents == 9459
        draft(MONDAY, through=DUE)
        bill(of, on=BILLED + timedelta(5), due_on=DUE)
        # once: the next bill above the limit is asked for again
        assert autopay.preview_run(through_on=DUE, on=DUE).by_code == {"over_limit_ask": 1}

    def test_a_credit_and_a_payment_in_the_meantime_make_it_less(self, db):
        raise_town()
        of = account()
        bill(of)
        enrol(of)
        payments.record_batch(
            key=key(), by=person("finance"), at=at_on(BILLED), channel="mail", name="m", on=BILLED,
            rows=[payments.FileRow(of.number, 9000, "c")],
        )  # fmt: skip
        planned, _ = draft(MONDAY, through=DUE)
        assert planned.cents == 459 and ledger.get_balance(of.id) == 0

    def test_a_new_account_is_tried_first(self, db):
        raise_town(prenote=True)
        of = account()
        bill(of)
        enrol(of)
        tried = BILLED + timedelta(1)
        planned, data = draft(tried)
        assert planned.by_code == {"prenote": 1} and planned.cents == 0
        (entry,) = read_file(data).entries
        assert entry.is_prenote and entry.cents == 0 and entry.code == "28"
        # settled on Friday 3 April: the bank may still refuse it for three banking days
        soon = bill(
            of, [("water.volume", "51-1210", "51-4020", 500)], on=BILLED + timedelta(1), due_on=date(2026, 4, 6)
        )
        waits = autopay.preview_run(through_on=date(2026, 4, 6), on=planned.effective_on)
        assert waits.by_code == {"prenote_waiting": 1} and waits.rows[0].document_ids == (soon,)
        ready = autopay.preview_run(through_on=date(2026, 4, 8), on=date(2026, 4, 7))
        assert ready.by_code == {"draft": 1} and ready.cents == 500
        planned, _ = draft(MONDAY, through=DUE)
        assert planned.by_code == {"draft": 1} and ledger.get_balance(of.id) == 0

    def test_a_refused_prenote_stops_the_drafts(self, db):
        raise_town(prenote=True)
        of = account()
        bill(of)
        enrol(of)
        _, data = draft(BILLED + timedelta(1))
        done = answer(returns_file(data, t1="R03"), BILLED + timedelta(3))
        assert done.by_outcome == {"prenote_refused": 1}
        assert autopay.preview_run(through_on=DUE, on=MONDAY).by_code == {"prenote_refused": 1}
        assert Letter.objects.get().kind == "autopay_stopped"
        autopay.change(
            key=key(), by=person("csr"), at=at_on(MONDAY), account_id=of.id, terms=Terms("checking", "PPD", None, None),
            holder="R. Ortiz", authorised_on=MONDAY, evidence="call", from_on=BILLED, routing="231380104",
            bank_account="55500011",
        )  # fmt: skip
        assert autopay.preview_run(through_on=DUE, on=MONDAY).by_code == {"prenote": 1}

    def test_without_the_banks_numbers_nothing_is_planned(self, db):
        from tests.books import open_books

        open_books(BILLED)
        person("finance", "finance")
        with pytest.raises(NotSet):
            autopay.plan(key=key(), by=person("finance"), at=at_on(BILLED), through_on=DUE, on=BILLED)


def self_or_none(on):
    planned = autopay.plan(key=key(), by=person("finance"), at=at_on(on), through_on=on, on=on)
    return planned, None


class TestAnswers:
    def drafted(self, *, again=0, count=1, **policies):
        raise_town(again=again, days=250)
        for name, value in policies.items():
            set_policy(name.replace("__", "."), value)
        many = accounts(count)
        for of in many:
            bill(of)
            enrol(of)
        before = items(many[0])
        _, data = draft(MONDAY, through=DUE)
        return many, data, before

    def test_a_return_puts_every_line_back(self, db):
        (of,), data, before = self.drafted(fee__returned_payment=2500)
        back_on = DUE + timedelta(2)
        done = answer(returns_file(data, t1="R01"), back_on)
        (one,) = done.answers
        assert (one.outcome, one.cents, one.fee_cents) == ("returned", 9459, 2500)
        after = items(of)
        fee = [value for item, value in after.items() if item not in before]
        assert {item: value for item, value in after.items() if item in before} == before
        assert fee == [(2500, back_on)] and ledger.get_balance(of.id) == 9459 + 2500
        assert ties()[10, 1050] == 0
        row = payments.list_returned(account_id=of.id)[0]
        assert (row.code, row.reason, row.tender) == ("R01", "R01 Insufficient Funds", "ach")

    def test_the_same_file_again_and_an_interrupted_one_change_nothing(self, db):
        many, data, _ = self.drafted(count=3)
        back = returns_file(data, t1="R01", t2="R02", t3="R10")
        k = key()
        first = answer(back, DUE, k=k)
        count, posted = Event.objects.filter(denied=False).count(), Transaction.objects.count()
        second = answer(back, DUE)  # another key, another name: the same bytes
        assert second.already and second.answers == first.answers
        assert Transaction.objects.count() == posted and Returned.objects.count() == 3
        assert Event.objects.filter(denied=False).count() == count + 1  # that it was sent again
        assert BankFile.objects.count() == 1
        assert first.by_outcome == {"returned": 3}

    def test_a_broken_file_is_refused_whole(self, db):
        _, data, _ = self.drafted(count=2)
        back = returns_file(data, t1="R01", t2="R02").decode().splitlines()
        with pytest.raises(AchErrors, match="line|:3:"):
            answer(("\n".join([*back[:2], "garbage", *back[2:]])).encode(), DUE)
        assert not Returned.objects.exists() and not BankFile.objects.exists()

    def test_lines_that_are_nobodys_are_kept_for_a_person(self, db):
        (of,), data, _ = self.drafted()
        back = returns_file(data, t1="R01").decode().replace("0000009459", "0000009458")
        strange = back.replace("231380100000001", "231380109999999", 1)
        done = answer(strange.encode(), DUE)
        assert done.by_outcome == {"unknown_trace": 1}
        done = answer(back.encode(), DUE)
        assert done.by_outcome == {"amount_differs": 1}
        assert ledger.get_balance(of.id) == 0
        assert [row.outcome for row in payments.list_returned(open_only=True)] == ["amount_differs", "unknown_trace"]

    def test_one_returned_for_want_of_funds_is_presented_again_at_most_twice(self, db):
        (of,), data, _ = self.drafted(again=5)  # whatever a city writes: the rules say two
        on = DUE
        for turn in (1, 2):
            on = on + timedelta(2)
            done = answer(returns_file(data, **{f"t{turn}": "R01"}), on, name=f"back-{turn}")
            assert done.by_outcome == {"returned": 1} and ledger.get_balance(of.id) == 9459
            planned, data = draft(on)
            assert planned.by_code.get("again") == 1 and planned.cents == 9459
            assert read_file(data).batches[0].description == "RETRY PYMT"
            assert ledger.get_balance(of.id) == 0
            on = planned.effective_on
        answer(returns_file(data, t3="R09"), on + timedelta(1), name="back-3")
        assert ledger.get_balance(of.id) == 9459
        preview = autopay.preview_run(through_on=on + timedelta(5), on=on + timedelta(2))
        assert preview.cents == 0 and "again" not in preview.by_code
        entries = DraftEntry.objects.order_by("trace").values_list("kind", "times")
        assert list(entries) == [("draft", 0), ("again", 1), ("again", 2)]

    def test_a_third_time_the_database_refuses(self, db):
        self.drafted()
        first = DraftEntry.objects.get()
        with pytest.raises(IntegrityError, match="payments_draftentry_twice"), transaction.atomic():
            DraftEntry.objects.create(
                trace="x", run_id=first.run_id, account_id=first.account_id, enrolment_id=first.enrolment_id,
                kind="again", cents=1, again_of=first, times=3,
            )  # fmt: skip

    @pytest.mark.parametrize(("code", "stopped"), [("R02", True), ("R10", True), ("R29", True), ("R01", False)])
    def test_some_codes_stop_every_further_draft(self, db, code, stopped):
        (of,), data, _ = self.drafted()
        answer(returns_file(data, t1=code), DUE + timedelta(1))
        bill(of, on=BILLED + timedelta(28), due_on=DUE + timedelta(28))
        preview = autopay.preview_run(through_on=DUE + timedelta(28), on=DUE + timedelta(27))
        assert preview.by_code == ({"stopped": 1} if stopped else {"draft": 1})

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("C01:1918171614", ("121042882", "1918171614", "checking")),
            ("C02:231380104", ("231380104", BANK, "checking")),
            ("C03:231380104   99887766", ("231380104", "99887766", "checking")),
            ("C05:37", ("121042882", BANK, "savings")),
            ("C06:99887766            37", ("121042882", "99887766", "savings")),
            ("C07:23138010499887766         37", ("231380104", "99887766", "savings")),
        ],
    )
    def test_a_banks_correction_is_in_force_before_the_next_draft(self, db, code, expected):
        (of,), data, _ = self.drafted()
        done = answer(returns_file(data, t1=code), DUE)
        assert done.by_outcome == {"corrected": 1} and ledger.get_balance(of.id) == 0
        bill(of, on=BILLED + timedelta(28), due_on=DUE + timedelta(28))
        _, data = draft(DUE + timedelta(27), through=DUE + timedelta(28))
        entry = read_file(data).entries[0]
        assert (entry.routing, entry.account) == expected[:2]
        assert entry.code == {"checking": "27", "savings": "37"}[expected[2]]

    def test_a_correction_that_is_none_waits_for_a_person(self, db):
        (of,), data, _ = self.drafted()
        done = answer(returns_file(data, t1="C02:123456789"), DUE)
        assert done.by_outcome == {"by_hand": 1}
        assert autopay.get_enrolment(account_id=of.id).current.bank.startswith("routing 121042882")

    def test_the_rates_that_are_watched(self, db):
        _, data, _ = self.drafted(count=4)
        answer(returns_file(data, t1="R10", t2="R03"), DUE + timedelta(1))
        found = {
            rate.group: (rate.returns, rate.debits, rate.is_over)
            for rate in autopay.get_return_rates(on=DUE + timedelta(2))
        }
        assert found == {"unauthorised": (1, 4, True), "administrative": (1, 4, True), "all": (2, 4, True)}

    def test_the_second_return_ends_the_drafts_for_a_time(self, db):
        (of,), data, _ = self.drafted(returned__count={"times": 1, "months": 12, "mark_months": 12})
        answer(returns_file(data, t1="R01"), DUE + timedelta(1))
        bill(of, on=BILLED + timedelta(28), due_on=DUE + timedelta(28))
        preview = autopay.preview_run(through_on=DUE + timedelta(28), on=DUE + timedelta(27))
        assert preview.by_code == {"cash_only": 1}
        mark = payments.get_cash_only(account_ids=[of.id], on=DUE + timedelta(27))[of.id]
        payments.lift_cash_only(
            key=key(), by=person("supervisor"), at=at_on(DUE), mark_id=mark.id, reason="the bank's mistake",
            on=DUE + timedelta(27),
        )  # fmt: skip
        assert autopay.preview_run(through_on=DUE + timedelta(28), on=DUE + timedelta(27)).by_code == {"draft": 1}


def test_the_dates_of_the_federal_reserve():
    from curbstop.office.autopay.drafting import bank_holidays

    closed = bank_holidays(2026)
    assert date(2026, 11, 26) in closed and date(2026, 11, 11) in closed and date(2026, 11, 27) not in closed
