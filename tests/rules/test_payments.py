"""Application of money: worked figures, and the laws that hold for every policy and every pile of charges."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules import ledger, payments
from curbstop.rules.payments import BadPayment, BadPolicy, Policy, Step, Take, Target, Tender, apply, read_policy

ON = date(2026, 4, 14)
DUE = date(2026, 4, 19)


def target(kind, open_cents, *, document=1, line=1, gl="51-1210", due_on=DUE, account_id=1):
    return Target(account_id, gl, document, line, kind, open_cents, due_on)


BILL = (
    target("water.volume", 4464, line=1),
    target("sewer.volume", 3845, line=2, gl="52-1210"),
    target("sanitation.cart", 1150, line=3, gl="53-1210"),
)


def figures(amount, targets, policy):
    applied, rest = apply(amount, targets, policy, on=ON)
    return [a.cents for a in applied], rest


class TestWorkedFigures:
    @pytest.mark.parametrize(
        ("policy", "paid"),
        [("oldest_first", [4464, 536]), ("oldest_pro_rata", [2360, 2032, 608])],
    )
    def test_fifty_dollars_on_a_bill_of_94_59(self, policy, paid):
        assert figures(5000, BILL, read_policy(policy)) == (paid, 0)

    def test_the_residue_of_a_proportion_goes_to_the_first_of_equals(self):
        three = [target("water.base", 100, line=line) for line in (3, 1, 2)]
        applied, rest = apply(100, three, read_policy("oldest_pro_rata"), on=ON)
        assert [(a.line, a.cents) for a in applied] == [(1, 34), (2, 33), (3, 33)] and rest == 0

    def test_the_oldest_bill_is_paid_first(self):
        old = target("sanitation.cart", 1150, document=9, due_on=DUE - timedelta(days=28), gl="53-1210")
        assert apply(1200, [*BILL, old], read_policy("oldest_first"), on=ON)[0] == (
            ledger.Application(1, "51-1210", 1, 1, "water.volume", 50),
            ledger.Application(1, "53-1210", 9, 1, "sanitation.cart", 1150),
        )

    def test_a_city_may_say_which_service_is_paid_first(self):
        policy = read_policy(
            {
                "steps": [{"take": "all", "order": ["due_on", "service_priority"]}],
                "service_priority": ["sanitation", "sewer", "water"],
            }
        )
        fee = target("fee.returned", 2500, document=2, gl="51-1230")
        applied, rest = apply(5000 + 2000, [fee, *BILL], policy, on=ON)
        assert [(a.kind, a.cents) for a in applied] == [
            ("sanitation.cart", 1150), ("sewer.volume", 3845), ("water.volume", 2005)
        ]  # fmt: skip
        assert rest == 0

    def test_fees_first_and_fees_last(self):
        fee = target("fee.returned", 2500, document=2, gl="51-1230", due_on=DUE + timedelta(days=1))
        late = target("late.water", 89, document=3, gl="51-1220", due_on=DUE + timedelta(days=1))
        first = {a.kind: a.cents for a in apply(5000, [fee, late, *BILL], read_policy("fees_first"), on=ON)[0]}
        assert first == {"fee.returned": 2500, "late.water": 89, "water.volume": 2411}
        last = {a.kind: a.cents for a in apply(9500, [fee, late, *BILL], read_policy("fees_last"), on=ON)[0]}
        assert last == {"water.volume": 4464, "sewer.volume": 3845, "sanitation.cart": 1150, "late.water": 41}

    def test_a_deposit_asked_for_comes_first_where_the_city_says_so_and_goes_to_the_deposits(self):
        asked = target("deposit", 5000, document=5, gl="59-2210")
        applied, _ = apply(6000, [*BILL, asked], read_policy("oldest_first", deposit_first=True), on=ON)
        assert [(a.gl, a.cents) for a in applied] == [("51-1210", 1000), ("59-2210", 5000)]
        applied, _ = apply(6000, [*BILL, asked], read_policy("oldest_first"), on=ON)
        assert [(a.gl, a.cents) for a in applied] == [("51-1210", 4464), ("52-1210", 1536)]

    def test_an_instalment_that_no_bill_asked_for_waits_unless_the_payer_names_it(self):
        asked, later = (target("deposit", 5000, document=n, gl="59-2210", due_on=d) for n, d in ((5, DUE), (6, None)))
        policy = read_policy("oldest_first", deposit_first=True)
        applied, rest = apply(14_459, [*BILL, asked, later], policy, on=ON)
        assert rest == 0 and 6 not in {a.document for a in applied}
        assert figures(3000, [later], policy) == ([], 3000)
        assert figures(3000, [later], payments.instruct(policy, words=["deposit_demand"])) == ([3000], 0)
        assert figures(3000, [later], payments.instruct(policy, document=6)) == ([3000], 0)

    def test_current_first_keeps_an_arrangement_current(self):
        arrears = target("water.volume", 9000, document=9, due_on=ON - timedelta(days=1))
        applied, _ = apply(5000, [arrears, *BILL], read_policy("current_first"), on=ON)
        assert {a.document for a in applied} == {1}

    def test_stayed_and_deferred_charges_are_paid_only_by_name(self):
        stayed = target("water.volume", 1775, document=8, gl="52-1270", due_on=DUE - timedelta(days=90))
        policy = read_policy("oldest_first")
        assert figures(5000, [stayed], policy) == ([], 5000)
        assert figures(5000, [stayed], payments.instruct(policy, document=8)) == ([1775], 3225)
        assert figures(5000, [stayed], payments.instruct(policy, words=["pre_petition"])) == ([1775], 3225)

    def test_what_the_payer_asks_for_wins(self):
        old = target("water.volume", 9000, document=9, due_on=DUE - timedelta(days=28))
        policy = payments.instruct(read_policy("oldest_first"), document=1)
        applied, _ = apply(9459, [old, *BILL], policy, on=ON)
        assert {a.document for a in applied} == {1}
        policy = payments.instruct(read_policy("oldest_first"), words=["sewer"])
        assert apply(3845, [old, *BILL], policy, on=ON)[0][0].kind == "sewer.volume"


KINDS = st.sampled_from(
    [
        ("water.base", "51-1210"),
        ("sewer.volume", "52-1210"),
        ("sanitation.cart", "53-1210"),
        ("late.sewer", "52-1220"),
        ("fee.new_service", "51-1230"),
        ("deposit", "59-2210"),
        ("sanitation.tax", "53-1240"),
        ("returned.owed", "51-1260"),
        ("water.base", "51-1270"),
    ]
)


@st.composite
def piles(draw):
    count = draw(st.integers(0, 12))
    made = []
    for n in range(count):
        kind, gl = draw(KINDS)
        cents = draw(st.one_of(st.integers(1, 5), st.integers(1, 20_000)))
        due = draw(st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 5, 1))))
        made.append(target(kind, cents, document=draw(st.integers(1, 4)), line=n, gl=gl, due_on=due))
    return made


STEPS = st.builds(
    Step,
    st.sampled_from(
        [Take(), Take(("late", "fee")), Take(("sewer",)), Take(("deposit_demand",)), Take(("fee",), other_than=True)]
        + [Take(overdue=True), Take(overdue=False), Take(document=2)]
    ),
    st.sampled_from([("due_on",), ("service_priority", "due_on"), ("document",), (), ("due_on", "service_priority")]),
    st.booleans(),
)
POLICIES = st.builds(Policy, st.lists(STEPS, min_size=1, max_size=4).map(tuple))


class TestLaws:
    @given(st.integers(0, 60_000), piles(), POLICIES)
    def test_no_cent_is_lost_and_nothing_gets_more_than_is_open(self, amount, targets, policy):
        applied, rest = apply(amount, targets, policy, on=ON)
        assert sum(a.cents for a in applied) + rest == amount
        open_cents = {(t.gl, t.document, t.line): t.open_cents for t in targets}
        assert all(0 < a.cents <= open_cents[a.gl, a.document, a.line] for a in applied)
        assert len({(a.gl, a.document, a.line) for a in applied}) == len(applied)

    @given(st.integers(0, 60_000), piles(), POLICIES)
    def test_something_is_left_only_when_all_that_any_step_takes_is_full(self, amount, targets, policy):
        applied, rest = apply(amount, targets, policy, on=ON)
        if rest:
            paid = {(a.gl, a.document, a.line): a.cents for a in applied}
            for t in targets:
                if any(step.take.takes(t, ON) for step in policy.steps):
                    assert paid.get((t.gl, t.document, t.line)) == t.open_cents

    @given(st.integers(0, 60_000), piles(), POLICIES, st.integers())
    def test_the_order_in_which_targets_are_given_does_not_matter(self, amount, targets, policy, seed):
        shuffled = list(targets)
        random.Random(seed).shuffle(shuffled)
        assert apply(amount, shuffled, policy, on=ON) == apply(amount, targets, policy, on=ON)

    @given(st.integers(1, 60_000), piles(), POLICIES)
    def test_apply_then_reverse_leaves_every_item_as_before(self, amount, targets, policy):
        applied, rest = apply(amount, targets, policy, on=ON)
        rests = [ledger.recipes.Unapplied(1, 99, 1, rest)] if rest else []
        legs = ledger.take([ledger.Tendered("10-1020", 50, 1, amount)], applied, rests)
        ledger.check_balance(legs)
        ledger.check_recipe("take", legs)
        nets = {}
        for leg in (*legs, *ledger.reverse(legs)):
            key = (leg.gl, leg.account_id, leg.document, leg.line)
            nets[key] = nets.get(key, 0) + leg.net_cents
        assert not any(nets.values())

    @given(st.integers(0, 9_458), st.booleans())
    def test_more_money_never_pays_a_line_less_in_order(self, amount, fees):
        policy = read_policy("fees_first" if fees else "oldest_first")
        less = {a.line: a.cents for a in apply(amount, BILL, policy, on=ON)[0]}
        more = {a.line: a.cents for a in apply(amount + 1, BILL, policy, on=ON)[0]}
        assert all(more.get(line, 0) >= cents for line, cents in less.items())


class TestPolicies:
    @pytest.mark.parametrize("name", payments.PRESETS)
    def test_presets_can_be_read(self, name):
        assert read_policy(name).steps

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("newest_first", "use one of oldest_first"),
            ([], "no steps"),
            (None, "no steps"),
            ([{"takes": "all"}], "not a step"),
            ([{"take": "all", "order": ["size"]}], "not a known order"),
            ([{"take": "all", "within": "random"}], "use in_order or pro_rata"),
            ([{"take": {"older": 3}}], "not understood"),
            ([{"take": []}], "not understood"),
            ({"steps": "oldest_first", "service_priority": "water"}, "not a list of services"),
        ],
    )
    def test_what_cannot_be_followed_is_refused(self, value, said):
        with pytest.raises(BadPolicy, match=said):
            read_policy(value)


class TestTenders:
    def test_change_is_given_out_of_cash(self):
        kept = payments.give_change([Tender("check", 10000, "2187"), Tender("cash", 6000)], 14094)
        assert [(k.type, k.cents, k.change_cents) for k in kept] == [("check", 10000, 0), ("cash", 4094, 1906)]
        paid = payments.attribute(kept, [9459, 4635])
        assert paid == ((("check", 9459),), (("check", 541), ("cash", 4094)))

    def test_cash_in_two_hands_is_one_tender(self):
        (kept,) = payments.give_change([Tender("cash", 2000), Tender("cash", 5000)], 4500)
        assert (kept.cents, kept.change_cents) == (4500, 2500)

    @pytest.mark.parametrize(
        ("tenders", "wanted", "said"),
        [
            ([Tender("cash", 900)], 1000, "less than the 10.00 to be paid; ask for 1.00 more"),
            ([Tender("check", 2000, "1")], 1000, "10.00 too much, and change is given out of cash only"),
            ([Tender("check", 2000, "1"), Tender("cash", 500)], 1000, "enter 10.00 more for an account"),
            ([Tender("check", 1000, "1"), Tender("cash", 500)], 1000, "hand the cash back"),
        ],
    )
    def test_change_that_cannot_be_given(self, tenders, wanted, said):
        with pytest.raises(BadPayment, match=said):
            payments.give_change(tenders, wanted)

    @pytest.mark.parametrize(
        ("tenders", "field", "said"),
        [
            ([], "tenders", "nothing was tendered"),
            ([Tender("cash", 0)], "tenders[1].cents", "zero"),
            ([Tender("cash", 1), Tender("cash", -500)], "tenders[2].cents", "below zero"),
            ([Tender("cash", 1_000_000_000)], "tenders[1].cents", "more than 9,999,999.99"),
            ([Tender("cash", 1.5)], "tenders[1].cents", "not whole cents"),
            ([Tender("cash", True)], "tenders[1].cents", "not whole cents"),
            ([Tender("card", 100)], "tenders[1].type", "a till takes cash, check, money_order"),
            ([Tender("check", 100, " ")], "tenders[1].reference", "a check has a number"),
        ],
    )
    def test_tenders_that_a_till_cannot_take(self, tenders, field, said):
        with pytest.raises(BadPayment, match=said) as caught:
            payments.check_tenders(tenders)
        assert caught.value.field == field

    @given(st.lists(st.tuples(st.sampled_from(payments.TILL_TENDERS), st.integers(1, 10_000)), min_size=1), st.data())
    def test_what_is_kept_is_what_was_wanted_or_it_is_refused(self, handed, data):
        tenders = [Tender(type, cents, "7") for type, cents in handed]
        wanted = data.draw(st.integers(1, sum(cents for _, cents in handed) + 1))
        try:
            kept = payments.give_change(tenders, wanted)
        except BadPayment:
            return
        assert sum(k.cents for k in kept) == wanted and all(k.cents > 0 for k in kept)
        assert sum(k.cents + k.change_cents for k in kept) == sum(t.cents for t in tenders)
