"""Stories 03-3 and 03-4: a payment on the wrong account, found after the day was closed; a void too late and alone.

Names of events as the stories have them, and as this office spells them: ``payments.move`` is ``adjustments.approve``
of the kind ``move_payment``; ``payments.void`` asked, refused and approved are ``adjustments.request``, ``.refuse`` and
``.approve`` of the kind ``void``.
"""

from datetime import date

import pytest

from curbstop.office import adjustments, delinquency, ledger, payments, tills
from curbstop.office._events import Acting
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.payments import Paying, Tender
from curbstop.records.base.models import Event
from curbstop.records.ledger.models import Transaction
from curbstop.rules.tills import Counted, Piece
from tests.books import account, at_on, key, open_books, person, set_policy
from tests.office.requests import PNG, approve, ask, file, people, refuse
from tests.stories.openings import check, opening, posted_run

BILLED, TAKEN, CLOSED, FOUND = date(2026, 3, 26), date(2026, 4, 14), date(2026, 4, 15), date(2026, 4, 17)


def take(of, cents, type, on, hour=15, minute=0, reference=""):
    return payments.take(
        key=key(), by=person("cashier"), at=at_on(on, hour, minute), till="T1", on=on, accounts=(Paying(of.id, cents),),
        tenders=(Tender(type, cents, reference),),
    )  # fmt: skip


def close(on):
    """The day takes nothing more; what closing proves first is told in story 03-5 and in the tests of closing."""
    by = person("clock")
    row = Event.objects.create(act="closing.close_day", key=None, by_id=by.id, at=at_on(CLOSED), inputs={}, says="")
    event = Acting(id=row.pk, act="closing.close_day", by=by, at=at_on(CLOSED))
    ledger._post_close(event, act="close", posted_on=on, effective_on=on)


def to_the_bank(on, cash_cents, check_cents, by="supervisor"):
    """The drawer counted, signed, deposited."""
    counted = Counted((Piece(1, cash_cents),) if cash_cents else (), 0, check_cents)
    told = tills.count(key=key(), by=person("cashier"), at=at_on(on, 22), till="T1", counted=counted)
    signed = tills.close(key=key(), by=person(by), at=at_on(on, 23), till="T1", count_id=told.count_id)
    tills.deposit(key=key(), by=person("finance"), at=at_on(on, 23), session_ids=(signed.session_id,), on=on)


@pytest.fixture
def town(db):
    set_policy("payments.application", "oldest_first")
    people()
    person("cashier", "cashier")
    person("finance", "finance")
    person("clock", "system", "administrator")


class TestWrongAccount:
    @pytest.fixture
    def town(self, town):
        """A1 owes 88.40 and A7 61.25, due on the day after the payment: who did not pay by then is late."""
        open_books(BILLED, TAKEN, CLOSED, FOUND)
        for policy, value in (("late.day", 1), ("late.percent", "2"), ("bill.due_days", 20)):
            set_policy(policy, value)
        self.run = posted_run(BILLED, CLOSED)
        a1, a7 = account(1_000_001, name="A1"), account(1_000_007, name="A7")
        opening(a1, 8840, self.run)
        opening(a7, 6125, self.run, kind="sewer.volume")
        tills.install(key=key(), by=person("clock"), at=at_on(TAKEN), code="T1", name="Till 1")
        tills.open(key=key(), by=person("cashier"), at=at_on(TAKEN), till="T1", on=TAKEN, float_cents=0)
        return a1, a7

    def test_moved_with_both_sides_shown_and_its_own_date(self, town):
        a1, a7 = town
        # 2026-04-14 the cashier takes 88.40 by check for A1 but chooses A7
        receipt = take(a7, 8840, "check", TAKEN, reference="2187")
        assert ledger.get_balance(a7.id) == -2715
        to_the_bank(TAKEN, 0, 8840)
        # 2026-04-15 the day 2026-04-14 is closed
        close(TAKEN)
        closed = {"of": list(Transaction.objects.filter(day_id__lte=TAKEN).order_by("id").values())}
        trial = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(FOUND)}

        # 2026-04-17 A1 shows the cancelled check; the clerk requests a move to A1 with the picture of the check
        given = {"series": "T1", "no": receipt.no, "from_account_id": a7.id, "to_account_id": a1.id}
        asked = ask(kind="move_payment", reason="wrong_account", on=FOUND, evidence=(file("check.png", PNG),), **given)
        assert ledger.get_balance(a1.id) == 8840
        event = Event.objects.latest("id")
        assert event.act == "adjustments.request" and {f"account:{a1.id}", f"account:{a7.id}"} <= set(event.subjects)

        # approves: supervisor (not the cashier, not the requesting clerk)
        for who in ("cashier", "clerk"):
            with pytest.raises(NotPermitted):
                approve(asked, who, on=FOUND)
        done = approve(asked, on=FOUND)
        check()
        assert (ledger.get_balance(a7.id), ledger.get_balance(a1.id)) == (6125, 0)
        (txn,) = done.txn_ids
        legs = ledger.get_legs(txn)
        assert sum(leg.net_cents for leg in legs if leg.account_id == a7.id) == 8840
        assert sum(leg.net_cents for leg in legs if leg.account_id == a1.id) == -8840
        row = Transaction.objects.get(id=txn)
        assert (row.day_id, row.effective_on) == (FOUND, TAKEN)
        read = payments.get_receipt("T1", receipt.no)
        assert (read.number, read.effective_on, read.cents, read.reversed_on) == (receipt.number, TAKEN, 8840, None)

        # the closed day 2026-04-14 is unchanged; cash, bank and total receivable do not change
        assert closed["of"] == list(Transaction.objects.filter(day_id__lte=TAKEN).order_by("id").values())
        after = {line.gl: line.debit_cents - line.credit_cents for line in ledger.get_trial_balance(FOUND)}
        cash = [gl for gl in trial if gl.startswith("10-1")]
        assert cash and all(trial[gl] == after[gl] for gl in cash)
        owed = ("51-1210", "52-1210", "10-2310")
        assert sum(trial.get(gl, 0) for gl in owed) == sum(after.get(gl, 0) for gl in owed)
        assert 8840 - 8840 == 0

        # no late fee on A1 because the money was here on 2026-04-14
        late = delinquency.assess_late(key=key(), by=person("clock"), at=at_on(FOUND, 20), run=self.run, on=FOUND)
        assert ledger.get_balance(a1.id) == 0
        assert late.bills == 1 and ledger.get_balance(a7.id) == 6125 + late.cents, "A7 had not paid after all"
        event = Event.objects.filter(act="adjustments.approve", denied=False).get()
        assert event.by_id == person("supervisor").id and {f"account:{a1.id}", f"account:{a7.id}"} <= set(
            event.subjects
        )

    def test_without_the_move_a1_would_be_late(self, town):
        a1, a7 = town
        take(a7, 8840, "check", TAKEN, reference="2187")
        late = delinquency.assess_late(key=key(), by=person("clock"), at=at_on(FOUND), run=self.run, on=FOUND)
        assert late.bills == 1 and ledger.get_balance(a1.id) == 8840 + late.cents


class TestVoid:
    DAY, NEXT = date(2026, 4, 20), date(2026, 4, 21)

    @pytest.fixture
    def town(self, town):
        open_books(BILLED, self.DAY, self.NEXT)
        set_policy("void.when", "same day, drawer still open")
        set_policy("void.second_person", True)
        set_policy("void.reason", True)
        a8 = account(1_000_008, name="A8")
        opening(a8, 7500, posted_run(BILLED, CLOSED))
        tills.install(key=key(), by=person("clock"), at=at_on(self.DAY), code="T1", name="Till 1")
        tills.open(key=key(), by=person("cashier"), at=at_on(self.DAY, 13), till="T1", on=self.DAY, float_cents=0)
        return a8

    def void(self, receipt, on):
        return ask(
            "cashier", kind="void", reason="customer_changed", evidence=(), on=on, series="T1", no=receipt.no,
            words="wants to pay by check",
        )  # fmt: skip

    def test_a_void_alone_and_a_void_too_late(self, town):
        a8 = town
        receipt = take(a8, 7500, "cash", self.DAY, 14, 30)
        # 09:40 the cashier tries to void it himself: a void needs a second person; it now waits for the supervisor
        asked = self.void(receipt, self.DAY)
        assert adjustments.get_request(asked.request_id, on=self.DAY).row.state == "waiting"
        with pytest.raises(NotPermitted):
            approve(asked, "cashier", on=self.DAY)
        assert ledger.get_balance(a8.id) == 0
        event = Event.objects.filter(act="adjustments.request").latest("id")
        assert event.by_id == person("cashier").id and f"account:{a8.id}" in event.subjects

        # 09:50 the supervisor refuses: "customer left with the receipt"
        refuse(asked, reason="customer left with the receipt", on=self.DAY)
        assert ledger.get_balance(a8.id) == 0
        assert payments.get_receipt("T1", receipt.no).reversed_on is None, "receipt stands"
        (row,) = adjustments.list_requests_of(a8.id, on=self.DAY)
        assert (row.state, row.decided_reason) == ("refused", "customer left with the receipt")
        event = Event.objects.latest("id")
        assert event.act == "adjustments.refuse" and f"account:{a8.id}" in event.subjects

        # 2026-04-21 the cashier tries to void yesterday's receipt
        to_the_bank(self.DAY, 7500, 0)
        slips = tills.list_slips()
        says = (
            r"Receipts of 2026-04-20 are in a closed drawer and in a bank deposit; a receipt is voided on the same day"
            r" only. Correct it by a request to the supervisor dated today"
        )
        with pytest.raises(Refused, match=says):
            self.void(receipt, self.NEXT)
        assert payments.get_receipt("T1", receipt.no).reversed_on is None and tills.list_slips() == slips
        assert ledger.get_balance(a8.id) == 0
        event = Event.objects.latest("id")
        assert event.denied and event.by_id == person("cashier").id and f"account:{a8.id}" in event.subjects
