"""The office's books: the chart adopted, days opened, postings refused with words, reads that add up."""

from datetime import timedelta

import pytest
from django.db import transaction

from curbstop.office import ledger
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.ledger.models import Gl, Kind, Posting, Transaction
from curbstop.rules.ledger import ChartSheet, RecipeBroken, Unbalanced, credit, debit
from tests.books import CHART, DAY, account, at_on, clock, key, open_books, person, posting


@pytest.fixture
def town(db):
    open_books(DAY)


def adopt(text):
    return ledger.adopt_chart(key=key(), by=clock(), at=at_on(DAY), text=text)


class TestChart:
    def test_it_is_adopted_once_and_then_only_what_is_new(self, db):
        first = adopt(CHART)
        assert (first.city, first.funds, first.accounts) == ("moore_ok", 6, Gl.objects.count())
        assert adopt(CHART) == ledger.ChartAdopted("moore_ok", 0, 0, 0, 0)
        more = CHART.replace(
            "kinds:\n", "kinds:\n  - {code: fee.gate, control: 51-1230, contra: 51-4120, says: Gate fee}\n"
        )
        assert adopt(more) == ledger.ChartAdopted("moore_ok", 0, 0, 1, 0)
        assert "fee.gate" in {kind.code for kind in ledger.list_kinds(on=DAY)}

    def test_words_may_be_put_right_and_what_postings_rely_on_may_not(self, town):
        assert adopt(CHART.replace("name: Operating bank", "name: Bank of Moore")).reworded == 1
        with pytest.raises(Refused, match="account 10-1020 with sub 1, the new one 0") as caught:
            adopt(
                CHART.replace("Cash drawers, class: A, normal: D, sub: 1", "Cash drawers, class: A, normal: D, sub: 0")
            )
        assert caught.value.field == "text"

    def test_a_kind_posts_elsewhere_from_a_date_and_the_past_stays(self, town):
        line = '  - {code: water.base, control: 51-1210, contra: 51-4010, says: "Water, base"}\n'
        assert line in CHART
        with pytest.raises(Refused, match="with `from:` its first day"):
            adopt(CHART.replace(line, line.replace("51-4010", "51-4020")))
        dated = line.replace("51-4010", "51-4020").replace("{code", "{from: 2026-04-01, code")
        assert adopt(CHART.replace(line, line + dated)).kinds == 1
        contra = {
            on: {k.code: k.contra for k in ledger.list_kinds(on=on)}["water.base"] for on in (DAY, DAY + timedelta(40))
        }
        assert list(contra.values()) == ["51-4010", "51-4020"]
        assert Kind.objects.filter(code="water.base").count() == 2

    def test_a_faulty_file_and_somebody_without_the_right(self, db):
        with pytest.raises(ChartSheet, match="chart.yaml:1"):
            adopt("city: x\n")
        with pytest.raises(NotPermitted):
            ledger.adopt_chart(key=key(), by=person("finance", "finance"), at=at_on(DAY), text=CHART)


class TestDays:
    def test_a_day_is_opened_once(self, town):
        again = ledger.open_day(key=key(), by=person("finance", "finance"), at=at_on(DAY), on=DAY)
        assert again.already and ledger.get_open_days() == (DAY,)

    def test_a_closed_day_does_not_open_again(self, town):
        from tests.records.test_ledger_refusals import header

        header("close", closes=True)
        assert ledger.get_open_days() == ()
        with pytest.raises(Refused, match="closed through 2026-03-02"):
            ledger.open_day(key=key(), by=clock(), at=at_on(DAY), on=DAY)
        with pytest.raises(ledger.DayClosed, match="The books are closed for 2026-03-02"):
            posting("change_fund", FUND)


FUND = [debit("10-1015", 40000, "change_fund"), credit("10-1001", 40000, "change_fund")]


class TestPosting:
    def test_it_refuses_with_words_before_the_database_does(self, town):
        of = account()
        owed = debit("51-1210", 100, "water.base", account_id=of.id, document=1, line=1, due_on=DAY)
        with pytest.raises(Unbalanced, match="fund 51"):
            posting("charge", [owed])
        with pytest.raises(RecipeBroken, match="charge credits 51-4310"):
            posting("charge", [owed, credit("51-4310", 100, "water.base")])
        with pytest.raises(ledger.DayNotOpen, match="2026-03-03 is not open"):
            posting("change_fund", FUND, on=DAY + timedelta(1))
        with pytest.raises(Refused, match="has not come yet") as caught:
            posting("change_fund", FUND, effective_on=DAY + timedelta(1))
        assert caught.value.field == "effective_on"

    def test_what_the_chart_lacks_is_named(self, town):
        of = account()
        owed = debit("51-1210", 100, "gas.base", account_id=of.id, document=1, line=1, due_on=DAY)
        with pytest.raises(ledger.ChartLacks, match="has no gas.base on 2026-03-02"), transaction.atomic():
            posting("charge", [owed, credit("51-4010", 100, "gas.base")])
        with pytest.raises(ledger.ChartLacks, match="has no 77-1210, 77-4010"), transaction.atomic():
            far = debit("77-1210", 100, "water.base", account_id=of.id, document=1, line=1, due_on=DAY)
            posting("charge", [far, credit("77-4010", 100, "water.base")])
        with pytest.raises(ledger.NotInBooks, match="no such customer account"), transaction.atomic():
            nobody = debit("51-1210", 100, "water.base", account_id=999_999, document=1, line=1, due_on=DAY)
            posting("charge", [nobody, credit("51-4010", 100, "water.base")])

    def test_a_block_is_refused_for_the_same_reasons(self, town):
        from curbstop.office._events import Acting

        of = account()
        event = Acting(id=1, act="test", by=clock(), at=at_on(DAY))
        good = debit("51-1210", 100, "water.base", account_id=of.id, document=1, line=1, due_on=DAY)
        earned = credit("51-4010", 100, "water.base")

        def block(legs, act="charge", on=DAY):
            with transaction.atomic():  # as the act around it would be undone
                return ledger._post_many(event, posted_on=on, postings=[ledger.Posting(act, on, legs)])

        with pytest.raises(Unbalanced):
            block([good])
        with pytest.raises(RecipeBroken):
            block([good, earned], act="take")
        with pytest.raises(ledger.ChartLacks, match="gas.base"):
            block(
                [
                    debit("51-1210", 1, "gas.base", account_id=of.id, document=1, line=1),
                    credit("51-4010", 1, "gas.base"),
                ]
            )
        with pytest.raises(ledger.DayNotOpen):
            block([good, earned], on=DAY + timedelta(1))
        with pytest.raises(ledger.NotInBooks, match="no customer account 424242"):
            block([debit("51-1210", 100, "water.base", account_id=424242, document=1, line=1, due_on=DAY), earned])
        assert ledger._post_many(event, posted_on=DAY, postings=[]) == []

    def test_a_block_and_one_by_one_write_the_same_rows(self, town):
        from curbstop.office._events import Acting
        from curbstop.records.base.models import Event

        of = account()
        legs = [
            debit("51-1210", 100, "water.base", account_id=of.id, document=7, line=1, due_on=DAY + timedelta(9)),
            debit("52-1210", 50, "sewer.volume", account_id=of.id, document=7, line=2, due_on=DAY + timedelta(9)),
            credit("51-4010", 100, "water.base"),
            credit("52-4020", 50, "sewer.volume"),
        ]
        one = posting("bill", legs)
        row = Event.objects.create(act="test", by_id=clock().id, at=at_on(DAY), inputs={})
        event = Acting(id=row.pk, act="test", by=clock(), at=at_on(DAY))
        first, second = ledger._post_many(
            event, posted_on=DAY, postings=[ledger.Posting("bill", DAY, legs), ledger.Posting("bill", DAY, legs)]
        )
        assert ledger.get_legs(one) == ledger.get_legs(first) == ledger.get_legs(second) == tuple(legs)
        heads = Transaction.objects.filter(id__in=(one, first)).values_list(
            "act", "effective_on", "day_id", "by_id", "closes"
        )
        assert len(set(heads)) == 1
        rows = [
            Posting.objects.filter(txn_id=id).order_by("leg_no").values("fund_id", "gl_id", "sub")
            for id in (one, first)
        ]
        assert list(rows[0]) == list(rows[1])
        with pytest.raises(ledger.NotInBooks, match="no transaction 4242"):
            ledger.get_legs(4242)


class TestReads:
    def test_a_statement_an_ageing_and_a_trial_balance_of_the_same_rows(self, town):
        of, other = account(), account(1_000_002)
        for n, person_ in enumerate((of, other), 1):
            posting(
                "bill",
                [
                    debit(
                        "51-1210",
                        1000 * n,
                        "water.base",
                        account_id=person_.id,
                        document=n,
                        line=1,
                        due_on=DAY - timedelta(31),
                    ),
                    credit("51-4010", 1000 * n, "water.base"),
                ],
            )
        made = ledger.get_statement(of.id, DAY, DAY + timedelta(1), DAY)
        assert (made.opening_cents, made.charges_cents, made.credits_cents, made.closing_cents) == (0, 1000, 0, 1000)
        assert ledger.get_balances([of.id, other.id, 77]) == {of.id: 1000, other.id: 2000, 77: 0}
        (line,) = ledger.get_ageing(DAY, DAY)
        assert (line.gl, line.cents, line.total_cents) == ("51-1210", (0, 0, 3000, 0, 0), 3000)
        assert ledger.get_ageing(DAY, DAY - timedelta(1)) == ()
        (item,) = ledger.get_open_items(other.id)
        assert (item.kind, item.open_cents, item.charged_cents, item.due_on) == (
            "water.base",
            2000,
            2000,
            DAY - timedelta(31),
        )
        (rolled,) = ledger.get_roll_forward(DAY, DAY + timedelta(1))
        assert (rolled.service, rolled.opening_cents, dict(rolled.columns)["billed"], rolled.closing_cents) == (
            "water",
            0,
            3000,
            3000,
        )
        (later,) = ledger.get_roll_forward(DAY + timedelta(1), DAY + timedelta(2))
        assert (later.opening_cents, later.closing_cents) == (3000, 3000)
