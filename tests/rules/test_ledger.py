"""The books as values: the worked examples balance, tie out, and post what their recipes say."""

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from curbstop.rules import ledger
from curbstop.rules.ledger import Leg, Row, books, credit, debit, legs

HERE = Path(__file__).parent
EXAMPLES = books.read_books((HERE / "ledger_examples.txt").read_text())
CHARTS = sorted((HERE.parents[1] / "curbstop" / "cities").glob("*/chart.yaml"))

# which act each example is: the recipe it must keep to
ACTS = {
    "E01 E02 E09 E14 E61": "bill",
    "E03 E55": "late_charge",
    "E04 E05 E24": "charge",
    "E06 E07 E08 E10 E12 E13 E17 E25 E26 E35 E36 E49": "take",
    "E15": "identify",
    "E18": "pledge_paid",
    "E20 E62": "apply_credit",
    "E22 E57 E58": "move",
    "E23 E48": "return",
    "E27": "void",
    "E28 E29": "over_short",
    "E30": "bank_deposit",
    "E31": "bank_confirmed",
    "E32 E33 E34": "settle",
    "E37 E41": "fund_deposits",
    "E38": "interest",
    "E40": "apply_deposit",
    "E44 E50": "refund",
    "E42 E45 E51": "refund_sent",
    "E43 E47": "refund_paid",
    "E46": "refund_stopped",
    "E52": "unclaimed",
    "E53": "forfeit",
    "E54": "adjust",
    "E56": "waive",
    "E59": "release",
    "E60": "cancel",
    "E63": "provide",
    "E64": "write_off",
    "E65": "recover",
    "E66": "agency",
    "E67": "petition",
    "E69 E70 E71 E72": "level",
    "E73": "remit",
    "E74 E75": "accrue",
    "E76": "agency_invoice",
    "E77": "change_fund",
}
ACT_OF = {code: act for codes, act in ACTS.items() for code in codes.split()}


def rows_until(count: int) -> list[Row]:
    day = date(2026, 1, 1)
    return [
        Row(n, ACT_OF[example.code], day, day, leg)
        for n, example in enumerate(EXAMPLES.examples[:count], 1)
        for leg in example.legs
    ]


def test_there_are_as_many_acts_as_the_design_worked_out():
    assert len({example.code for example in EXAMPLES.examples}) == len(ACT_OF) == 71
    assert len(EXAMPLES.examples) == 77  # E09 is seven bills


@pytest.mark.parametrize("example", EXAMPLES.examples, ids=lambda example: example.code)
def test_every_act_balances_in_every_fund_and_keeps_to_its_recipe(example):
    ledger.check_balance(example.legs)
    ledger.check_recipe(ACT_OF[example.code], example.legs)


@pytest.mark.parametrize("example", EXAMPLES.examples, ids=lambda example: example.code)
def test_the_legs_between_funds_follow_from_the_others(example):
    def nets(of):
        sums = defaultdict(int)
        for leg in of:
            sums[leg.gl] += leg.net_cents
        return {gl: cents for gl, cents in sums.items() if cents}

    own = [
        leg for leg in example.legs if not (legs.object_of(leg.gl) == 1010 or 2851 <= legs.object_of(leg.gl) <= 2859)
    ]
    assert nets(ledger.interfund(own)) == nets(example.legs)


def test_after_each_act_the_list_of_items_is_the_control_account_and_the_pool_owes_what_funds_claim():
    for count in range(1, len(EXAMPLES.examples) + 1):
        rows = rows_until(count)
        control, listed = defaultdict(int), defaultdict(int)
        for row in rows:
            control[row.leg.gl] += row.leg.net_cents
        for item in ledger.open_items(rows):
            listed[item.gl] += -item.open_cents if item.owed_to else item.open_cents
        customers = {row.leg.gl for row in rows if row.leg.account_id is not None and row.leg.gl[3:] not in ("1295",)}
        assert all(control[gl] == listed[gl] for gl in customers)
        for fund in (51, 52, 53, 59):
            assert control[f"10-28{fund}"] + control[f"{fund}-1010"] == 0


def test_what_stays_open_is_what_the_design_says():
    names = {number: name for name, number in EXAMPLES.names.items()}
    rows = rows_until(len(EXAMPLES.examples))
    owing = {names[item.account_id] for item in ledger.open_items(rows) if not item.owed_to}
    assert owing == {"A1", "A2", "A4", "A9", "A10"}
    waiting = defaultdict(int)
    for row in rows:
        if row.leg.gl[:2] == "10" and row.leg.document is not None and row.leg.account_id is None:
            waiting[row.leg.gl, names[row.leg.document]] += row.leg.net_cents
    assert {key: cents for key, cents in waiting.items() if cents} == {
        ("10-1020", "T2"): 20005,  # the drawer not yet deposited
        ("10-1060", "X4"): -3000,  # the returned lockbox item
        ("10-1060", "X3"): 750,  # agency remittance
        ("10-1003", "V5"): -246,  # the tax file at accounts payable
    }
    memo = sum(row.leg.net_cents for row in rows if row.leg.gl.endswith("1295"))
    assert memo == 1150  # A3's written-off debt


@pytest.mark.parametrize("example", EXAMPLES.examples, ids=lambda example: example.code)
def test_a_reversal_undoes_and_a_second_one_restores(example):
    mirror = ledger.reverse(example.legs)
    nets = defaultdict(int)
    for leg in (*example.legs, *mirror):
        nets[leg.gl, leg.account_id, leg.document, leg.line] += leg.net_cents
    assert not any(nets.values())
    assert [leg.gl for leg in mirror] == [leg.gl for leg in example.legs]
    assert ledger.reverse(mirror) == example.legs


def test_the_example_text_says_what_is_wrong_with_it():
    for text, said in [
        ("bill A1", "begins with its code"),
        ("E01 bill", "pairs"),
        ("E01 bill D51-1210@A1:B1.1 x", "is no leg"),
        ("E02 more like E09 A=B", "does not come before"),
        ("E01 a D51-1210@A1:B1.1 5 C51-4010 5\nE02 b like E01 A1", "no change of names"),
    ]:
        with pytest.raises(books.BadBooks, match=said):
            books.read_books(text)


class TestLegs:
    def test_nothing_and_less_than_nothing_cannot_be_posted(self):
        for cents in (0, -1):
            with pytest.raises(ValueError, match="above zero"):
                debit("51-1210", cents, "water.base")
            with pytest.raises(ValueError, match="above zero"):
                credit("51-1210", cents, "water.base")

    def test_funds_that_differ_in_total_are_refused(self):
        with pytest.raises(ledger.Unbalanced, match="differ by 1 cents"):
            ledger.interfund([debit("10-1020", 100, "payment"), credit("51-1210", 99, "water.base")])

    def test_a_fund_that_does_not_balance_is_named(self):
        with pytest.raises(ledger.Unbalanced, match="fund 10"):
            ledger.check_balance([debit("10-1020", 100, "payment"), credit("51-1210", 100, "water.base")])

    def test_a_credit_cannot_be_posted_under_the_name_of_a_bill(self):
        giving = [debit("51-4310", 534, "adjustment.water"), credit("51-1210", 534, "water.volume")]
        with pytest.raises(ledger.RecipeBroken, match="bill debits 51-4310"):
            ledger.check_recipe("bill", giving)
        with pytest.raises(ledger.RecipeBroken, match="no posting recipe 'favour'"):
            ledger.check_recipe("favour", giving)
        ledger.check_recipe("adjust", giving)

    def test_a_receivable_cannot_be_credited_by_taking_it_from_revenue_as_a_payment(self):
        with pytest.raises(ledger.RecipeBroken, match="take debits 51-4010"):
            ledger.check_recipe("take", [debit("51-4010", 1, "water.base"), credit("51-1210", 1, "water.base")])


class TestRecipes:
    def test_a_bill_earns_by_fund_account_and_kind(self):
        lines = [
            debit("51-1210", 950, "water.base", account_id=1, document=7, line=1, due_on=date(2026, 4, 19)),
            debit("51-1210", 3514, "water.volume", account_id=1, document=7, line=2, due_on=date(2026, 4, 19)),
            debit("51-1210", 950, "water.base", account_id=2, document=8, line=1, due_on=date(2026, 4, 19)),
        ]
        contra = {"water.base": "51-4010", "water.volume": "51-4020"}
        made = ledger.charge(lines, contra)
        assert made[3:] == (credit("51-4010", 1900, "water.base"), credit("51-4020", 3514, "water.volume"))
        ledger.check_balance(made)

    def test_a_drawer_short_and_over_are_two_postings(self):
        assert {leg.gl for leg in ledger.short(9, 1, 8, 51)} == {"51-5110", "10-1020", "10-2851", "51-1010"}
        assert {leg.gl for leg in ledger.over(9, 1, 5, 51)} == {"51-4220", "10-1020", "10-2851", "51-1010"}

    def test_drawers_become_one_deposit_by_type_of_tender(self):
        drawers = [ledger.Tendered("10-1020", 5, 1, 41035), ledger.Tendered("10-1020", 5, 2, 88010)]
        made = ledger.bank_deposit(30, [*drawers, ledger.Tendered("10-1020", 6, 1, 50500)])
        assert made[0] == debit("10-1030", 91535, "bank_deposit", document=30, line=1)
        assert made[1] == debit("10-1030", 88010, "bank_deposit", document=30, line=2)
        ledger.check_balance(made)
        ledger.check_balance(ledger.bank_confirmed(30, {1: 91535, 2: 88010}))


def row(txn, act, on, *of):
    return [Row(txn, act, on, on, leg) for leg in of]


def water(cents, document, line=1, *, due_on=None, side=debit):
    return side("51-1210", cents, "water.volume", account_id=1, document=document, line=line, due_on=due_on)


class TestReading:
    BILL, PAY, LATER = date(2026, 3, 30), date(2026, 4, 10), date(2026, 5, 5)

    def rows(self):
        left = credit("10-2310", 1000, "credit", account_id=1, document=2, line=1)
        used = debit("10-2310", 1000, "credit", account_id=1, document=2, line=1)
        return [
            *row(1, "bill", self.BILL, water(4635, 1, due_on=date(2026, 4, 19))),
            *row(2, "take", self.PAY, water(4000, 1, side=credit), left),
            *row(3, "apply_credit", self.LATER, water(635, 1, side=credit)),
            *row(3, "apply_credit", self.LATER, Leg("10-2310", 635, 0, "credit", 1, 2, 1)),
            *([] if used else []),
        ]

    def test_a_statement_is_opening_and_charges_less_credits(self):
        rows = self.rows()
        whole = ledger.statement(rows, from_on=date(2026, 1, 1), until_on=date(2026, 6, 1))
        assert (whole.opening_cents, whole.charges_cents, whole.credits_cents, whole.closing_cents) == (
            0,
            4635,
            5000,
            -365,
        )
        assert [line.note for line in whole.lines] == [False, False, True]
        assert [line.balance_cents for line in whole.lines] == [4635, -365, -365]
        april = ledger.statement(rows, from_on=date(2026, 4, 1), until_on=date(2026, 5, 1))
        assert (april.opening_cents, april.charges_cents, april.credits_cents, april.closing_cents) == (
            4635,
            0,
            5000,
            -365,
        )
        assert whole.closing_cents == ledger.balance(ledger.open_items(rows))

    def test_ageing_answers_for_any_day_as_it_was_known_on_another(self):
        rows = self.rows()
        assert ledger.ageing(rows, as_of=date(2026, 4, 19), known_on=self.BILL) == {(1, "51-1210", "current"): 4635}
        assert ledger.ageing(rows, as_of=date(2026, 4, 20), known_on=self.LATER) == {(1, "51-1210", "1-30"): 635}
        assert ledger.ageing(rows, as_of=date(2026, 6, 1), known_on=self.PAY) == {(1, "51-1210", "31-60"): 635}
        assert ledger.ageing(rows, as_of=date(2026, 6, 1), known_on=self.LATER) == {}

    @pytest.mark.parametrize(
        ("days", "bucket"),
        [
            (-5, "current"),
            (0, "current"),
            (1, "1-30"),
            (30, "1-30"),
            (31, "31-60"),
            (60, "31-60"),
            (61, "61-90"),
            (90, "61-90"),
        ]
        + [(91, "over 90"), (4000, "over 90")],
    )
    def test_buckets(self, days, bucket):
        assert ledger.bucket_of(date.fromordinal(700_000 - days), date.fromordinal(700_000)) == bucket

    def test_an_item_never_crosses_zero(self):
        with pytest.raises(ValueError, match="below zero"):
            ledger.open_items(row(1, "take", self.PAY, water(1, 9, side=credit)))

    def test_the_roll_forward_puts_every_act_in_one_column(self):
        moved = [
            (51, 1210, "water", "bill", 1000),
            (51, 1210, "water", "take", -300),
            (51, 1210, "water", "return", 100),
        ]
        (line,) = ledger.roll_forward({(51, 1210, "water"): 50}, moved)
        assert line.closing_cents == 850
        assert dict(line.columns)["billed"] == 1000 and dict(line.columns)["returned"] == 100
        assert {recipe.column for recipe in ledger.RECIPES.values()} <= {*dict(line.columns), "none"}

    def test_acts_without_a_column_touch_no_receivable(self):
        for recipe in ledger.RECIPES.values():
            if recipe.column == "none":
                assert not (recipe.debits | recipe.credits) & ledger.RECEIVABLES, recipe.act


class TestChart:
    @pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.parent.name)
    def test_the_charts_of_our_cities_can_be_taken(self, path):
        chart = ledger.read_chart(path.read_text(), file=path.name)
        assert chart.city == path.parent.name
        assert all(account.authority for account in chart.accounts)
        accounts = {account.gl: account for account in chart.accounts}
        for kind in chart.kinds:
            for end, subs in ((kind.control, (1, 2, 3)), (kind.contra, (0,))):
                assert end is None or accounts[end].sub in subs, kind.code
        used = {leg.gl for example in EXAMPLES.examples for leg in example.legs}
        assert used <= set(accounts)
        for leg in (leg for example in EXAMPLES.examples for leg in example.legs):
            named = (leg.account_id is not None, leg.document is not None)
            assert named == {0: (False, False), 1: (False, True)}.get(accounts[leg.gl].sub, (True, True)), leg

    @pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.parent.name)
    def test_every_kind_of_the_citys_tariffs_is_in_its_chart(self, path):
        import re

        chart = ledger.read_chart(path.read_text(), file=path.name)
        codes = {kind.code for kind in chart.kinds}
        for sheet in (path.parent / "tariffs").glob("*.yaml"):
            assert set(re.findall(r"\bkind: ([a-z_.]+)", sheet.read_text())) <= codes, sheet.name

    def test_a_kind_holds_from_its_date(self):
        chart = ledger.read_chart(CHARTS[0].read_text(), file="chart.yaml")
        assert chart.kind("water.base", date(2026, 1, 1)).contra == "51-4010"
        with pytest.raises(ledger.KindUnknown, match=r"no kind 'gas.base'"):
            chart.kind("gas.base", date(2026, 1, 1))
        with pytest.raises(ledger.KindUnknown):
            chart.kind("water.base", date(1999, 1, 1))

    def test_faults_name_line_field_value_and_remedy(self):
        text = CHARTS[0].read_text()
        wrong = text.replace('contra: 51-4010, says: "Water, base"', 'contra: 51-4099, says: "Water, base"').replace(
            "{funds: [10], object: 1003,", "{funds: [99], object: 1003,"
        )
        assert wrong != text
        with pytest.raises(ledger.ChartSheet) as caught:
            ledger.read_chart(wrong, file="chart.yaml")
        said = [str(fault) for fault in caught.value.faults]
        assert len(said) == 2
        assert "funds '99': no such fund; list the fund under funds first" in said[0]
        assert "contra '51-4099': the chart has no such account; add it under accounts" in said[1]

    def test_a_fund_without_its_claim_on_the_pool_is_refused(self):
        text = CHARTS[0].read_text().replace("object: 2852,", "object: 2858,")
        with pytest.raises(ledger.ChartSheet, match="10-2852"):
            ledger.read_chart(text, file="chart.yaml")
