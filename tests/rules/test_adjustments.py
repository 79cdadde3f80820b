"""Limits that adding up cannot pass; evidence by its bytes; legs that give money away balance by fund."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.adjustments import (
    MOST_BYTES,
    BadEvidence,
    BadLimits,
    Given,
    Level,
    Limit,
    charge_back,
    credit_lines,
    give,
    level_of,
    media_of,
    read_limits,
    with_document,
)
from curbstop.rules.ledger import check_balance, check_recipe
from curbstop.rules.payments import Target

ON = date(2026, 4, 14)
VALUE = [{"role": "supervisor", "up_to_cents": 25000, "per": "account", "days": 30}, {"role": "finance_director"}]
LIMITS = read_limits(VALUE, policy="approval.limits")
DEDUCTIONS = {51: "adjustment.water", 52: "adjustment.sewer", 53: "adjustment.sanitation"}


def level(cents, *before, roles=("supervisor",), limits=LIMITS, accounts=(1,)):
    return level_of(roles=roles, limits=limits, cents=cents, account_ids=accounts, given=before, on=ON)


def test_the_limits_as_a_city_writes_them():
    assert LIMITS == (Limit("supervisor", 25000, 30), Limit("finance_director", None, 0))


@pytest.mark.parametrize(
    "value",
    [None, [], [{"role": "x", "up_to_cents": 1, "per": "account"}], [{"role": "x", "up_to_cents": 1, "days": 3}],
     [{"role": "x", "per": "month", "days": 30}]],
)  # fmt: skip
def test_limits_that_cannot_be_followed_are_refused(value):
    with pytest.raises(BadLimits) as bad:
        read_limits(value, policy="writeoff.limits")
    assert bad.value.field == "writeoff.limits"


@pytest.mark.parametrize(
    ("cents", "before", "expected"),
    [
        (25000, [], Level("supervisor", "", "supervisor")),
        (25001, [], Level("", "250.01 is above your 250.00; it goes to the finance director", "finance_director")),
        (
            9000,
            [Given(1, 18000, ON - timedelta(7))],
            Level(
                "",
                "180.00 + 90.00 = 270.00 in 30 days is above your 250.00; it goes to the finance director",
                "finance_director",
            ),
        ),
        (9000, [Given(2, 18000, ON - timedelta(7))], Level("supervisor", "", "supervisor")),
        (9000, [Given(1, 18000, ON - timedelta(29))], None),
        (9000, [Given(1, 18000, ON - timedelta(30))], Level("supervisor", "", "supervisor")),
    ],
)
def test_a_supervisors_limit(cents, before, expected):
    found = level(cents, *before)
    if expected is None:
        assert not found.role and found.goes_to == "finance_director"
    else:
        assert found == expected


def test_who_is_in_no_row_approves_nothing():
    assert level(1, roles=("csr",)) == Level("", "your role approves nothing; it goes to the supervisor", "supervisor")
    assert level(10**8, roles=("csr", "finance_director")).role == "finance_director"


def test_nobodys_limit_reaches_so_far():
    limits = (Limit("supervisor", 100, 0),)
    assert level(101, limits=limits) == Level(
        "", "1.01 is above your 1.00; nobody's limit reaches so far, so the city has to raise one", ""
    )


def test_every_row_of_a_role_holds():
    limits = (Limit("supervisor", 10000, 0), Limit("supervisor", 25000, 30), Limit("finance_director", None, 0))
    assert level(10001, limits=limits).role == ""
    assert level(10000, Given(1, 15001, ON), limits=limits).role == ""
    assert level(10000, Given(1, 15000, ON), limits=limits).role == "supervisor"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30000), st.integers(1, 3)), max_size=12))
def test_what_a_supervisor_approves_in_any_window_never_passes_the_limit(asks):
    """However a sum is cut into requests, what one account gets in 30 days by a supervisor stays within the limit."""
    given_: list[Given] = []
    for day, cents, account in sorted(asks):
        on = ON + timedelta(day)
        may = level_of(
            roles=("supervisor",), limits=LIMITS, cents=cents, account_ids=(account,), given=given_, on=on
        )  # fmt: skip
        if may.role:
            given_.append(Given(account, cents, on))
    for one in given_:
        window = [g for g in given_ if g.account_id == one.account_id and one.on - timedelta(30) < g.on <= one.on]
        assert sum(g.cents for g in window) <= 25000


@pytest.mark.parametrize(
    ("body", "media"), [(b"%PDF-1.4 x", "application/pdf"), (b"\x89PNG\r\n\x1a\nx", "image/png"),
                        (b"\xff\xd8\xff\xe0x", "image/jpeg")],
)  # fmt: skip
def test_evidence_is_known_by_its_bytes(body, media):
    assert media_of("any.name", body) == media


@pytest.mark.parametrize("body", [b"", b"<html>", b"PK\x03\x04", b"%PDF-" + b"x" * MOST_BYTES])
def test_what_cannot_be_evidence(body):
    with pytest.raises(BadEvidence):
        media_of("bill.pdf", body)


TARGETS = st.lists(
    st.tuples(st.sampled_from(["51-1210", "52-1210", "53-1210", "51-1220"]), st.integers(1, 20000), st.integers(0, 60)),
    max_size=8,
)


@given(TARGETS, st.integers(1, 90000))
def test_a_credit_balances_by_fund_and_gives_exactly_what_was_asked(rows, cents):
    kinds = {51: "water.volume", 52: "sewer.volume", 53: "sanitation.cart"}
    targets = [
        Target(7, gl, 100 + n, 1, "late.water" if gl == "51-1220" else kinds[int(gl[:2])], open_, ON + timedelta(due))
        for n, (gl, open_, due) in enumerate(rows)
    ]
    applied, rest = credit_lines(cents, targets, on=ON)
    assert sum(a.cents for a in applied) + rest == cents
    legs = give(applied, DEDUCTIONS, account_id=7, rest=rest, rest_fund=52)
    check_balance(legs)
    check_recipe("adjust", legs)
    assert sum(leg.debit_cents for leg in legs if leg.gl.endswith("4310")) == cents
    assert sum(leg.credit_cents for leg in legs if leg.account_id == 7) == cents
    left = {(t.document, t.line): t.open_cents for t in targets}
    assert all(a.cents <= left[a.document, a.line] for a in applied)


def test_a_charge_is_a_new_item_and_no_deduction():
    legs = with_document(
        charge_back("51-1210", 2599, "adjustment.water", account_id=7, due_on=ON, deduction="adjustment.water"), 55
    )
    check_balance(legs)
    check_recipe("adjust", legs)
    assert [(leg.gl, leg.net_cents, leg.document, leg.due_on) for leg in legs] == [
        ("51-1210", 2599, 55, ON), ("51-4310", -2599, None, None),
    ]  # fmt: skip
