"""Stories 07-2 and 07-3: a senior rate from application to expiry; two in one house, and too much income.

``customers.programme requested`` is spelled ``adjustments.request`` of the kind ``programme``, ``approved``
``adjustments.approve``: the one way by which anything is given. The credit is two lines of the tariff.
"""

from datetime import date

import pytest

from curbstop.office import adjustments, bills, customers, policies, programmes, reads, tariffs
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Agreement
from curbstop.records.customers.programmes import Programme
from curbstop.records.decisions.models import CycleDate, PolicyValue
from curbstop.records.meters.models import Average
from curbstop.records.payments.received import Letter
from tests.office.conftest import city as city
from tests.office.requests import file
from tests.office.scene import at_on, by, key, move_in, read
from tests.stories.meter_town import check, lines, open_days, run_bills, set_policy

pytestmark = pytest.mark.django_db
ASKED, APPROVED = date(2026, 4, 14), date(2026, 4, 16)
SAYS = (
    "The senior rate takes 20 percent off base and water for a household with a holder of 65 or more and an income of"
    " $32,000.00 or less, for one year."
)
SENIOR = """
code: W-RES
service: water
class: residential
name: Residential water
authority: Moore's rates with a senior credit, set for this story
inputs: {senior: no}
per_days: 28
versions:
  - from: 2026-01-01
    lines:
      - {name: base, kind: water.base, says: "Water, base", flat: "9.50", prorate: by_day}
      - name: water
        kind: water.volume
        says: Water
        per: 1000 gal
        tiers: [{to: 10, rate: "5.02"}, {to: 20, rate: "9.19"}, {rate: "9.68"}]
      - {name: senior_base, kind: water.base, says: Senior base, percent: -20, of: base, when: {senior: yes}}
      - {name: senior_water, kind: water.volume, says: Senior water, percent: -20, of: water, when: {senior: yes}}
    examples:
      - {usage: 5000 gal, total: "34.60"}
      - {usage: 5000 gal, inputs: {senior: yes}, lines: {senior_base: "-1.90", senior_water: "-5.02"}, total: "27.68"}
"""


def set_senior() -> None:
    policies.set(
        key=key(), by=by("adam"), at=at_on(date(2026, 1, 1)), policy="programme.senior", from_on=date(2026, 1, 1),
        value={
            "least_age": 65, "income_most": "32000.00", "credit": "20 percent off base and water", "months": 12,
            "per": "household", "holds_on": "first_day", "renewal_days": 60, "proofs": ["age", "income"],
            "renews_with": "proof of income",
        },
        authority="set for this story", says=SAYS,
    )  # fmt: skip


def ask(account: int, on: date = ASKED, *, income: int, born_on: str, **more: str) -> adjustments.Requested:
    return adjustments.request(
        key=key(), by=by("cleo"), at=at_on(on), kind="programme", reason=more.pop("reason", "application"), on=on,
        inputs={"account_id": account, "programme": "senior", "income_cents": income, "born_on": born_on, **more},
        evidence=(file("age.pdf"), file("income.pdf", b"%PDF-1.7 income")),
    )  # fmt: skip


def approve(request: adjustments.Requested, who: str = "sue") -> adjustments.Decided:
    return adjustments.approve(
        key=key(), by=by(who), at=at_on(APPROVED), request_id=request.request_id, on=APPROVED
    )  # fmt: skip


def test_a_senior_rate_from_application_to_expiry(city: None) -> None:
    set_senior()
    set_policy("bill.due_days", 20)
    tariffs.adopt(key=key(), by=by("adam"), at=at_on(date(2026, 1, 1)), file="water.yaml", text=SENIOR)
    PolicyValue.objects.filter(policy__in=["fee.new_service", "deposit.renter.residential"]).delete()
    begins = date(2026, 3, 31)
    a1 = move_in(1, begins, register=500_000, name="Ann One")
    sewer = Agreement.objects.get(account_id=a1, service_point__service="sewer")
    Average.objects.create(agreement=sewer, during=(begins, None), gal=4_000, event_id=1)
    policies.plan_calendar(
        key=key(), by=by("adam"), at=at_on(begins), from_on=date(2027, 1, 1), until_on=date(2027, 7, 1)
    )  # fmt: skip

    asked = ask(a1, income=2_740_000, born_on="1960-02-10")
    shown = adjustments.get_request(asked.request_id, on=ASKED)
    assert shown.row.state == "waiting" and len(shown.evidence) == 2 and not Programme.objects.exists()
    assert shown.working[0].figure == SAYS
    with pytest.raises(Refused, match="Who asked cannot approve|needs the role"):
        approve(asked, "cleo")
    approve(asked)
    (row,) = programmes.list_of(account_id=a1)
    assert (row.from_on, row.until_on) == (APPROVED, date(2027, 4, 16))
    letter = Letter.objects.get(account_id=a1, kind="programme_letter")
    assert "20 percent off base and water" in letter.says and "until 2027-04-16" in letter.says
    assert "bring proof of income" in letter.facts["paragraphs"][0]

    papers, register = {}, 500_000
    turns = CycleDate.objects.filter(cycle_id="1", read_on__gt=begins, read_on__lte=date(2027, 5, 25))
    for number, (on, bill_on) in enumerate(turns.order_by("read_on").values_list("read_on", "bill_on"), start=1):
        open_days(bill_on)
        register += 5_000
        if (entered := read(1, on, register)).waits:  # the same use again and again
            reads.decide(
                key=key(), by=by("sue"), at=at_on(on, 21), read_id=entered.read_id, outcome="accept", reason="looked"
            )
        run_bills(bill_on)
        papers[number] = Bill.objects.filter(account_id=a1).latest("id")
        if number == 11:
            remind(a1)

    assert papers[1].total_cents == 7765 and papers[1].due_on == date(2026, 5, 19), "began before the approval"
    assert (papers[2].from_on, papers[2].until_on) == (date(2026, 4, 28), date(2026, 5, 26))
    assert papers[2].total_cents == 7073 and papers[2].due_on == date(2026, 6, 16)
    told = [(line.says, line.cents) for service in bills.explain(papers[2].pk).services for line in service.lines]
    assert told == [
        ("Water, base", 950), ("Water", 2510), ("Senior base", -190), ("Senior water", -502), ("Sewer", 1380),
        ("Sewer surcharge, plant and lift stations", 1775), ("Polycart", 1150),
    ]  # fmt: skip
    assert 7765 + 7073 == 14838
    assert (papers[14].from_on, papers[14].total_cents) == (date(2027, 3, 30), 7073), (
        "keeps it although it closed later"
    )
    assert (papers[15].from_on, papers[15].total_cents) == (date(2027, 4, 27), 7765)
    assert papers[15].due_on == date(2027, 6, 15) and set(lines(papers[15]).values()) == {950, 2510, 1380, 1775, 1150}
    check(papers[2].due_on)
    said = {number: bills.get_statements([papers[number].pk])[0].messages for number in (1, 2, 14, 15)}
    assert said[15][0] == "Senior rate ended 2027-04-16; renew with proof of income."
    assert not any("ended" in word for number in (1, 2, 14) for word in said[number])


def remind(a1: int) -> None:
    for on, count in ((date(2027, 2, 14), 0), (date(2027, 2, 15), 1), (date(2027, 2, 16), 0)):
        assert programmes.remind(key=key(), by=by("clock"), at=at_on(on), on=on) == count
    assert (date(2027, 4, 16) - date(2027, 2, 15)).days == 60
    letter = Letter.objects.get(account_id=a1, kind="programme_renewal")
    assert "ends on 2027-04-16" in letter.says and "proof of income" in letter.says
    assert f"account:{a1}" in Event.objects.filter(act="customers.remind_programmes").order_by("id")[1].subjects


def test_two_seniors_in_one_house_and_too_much_income(city: None) -> None:
    on = date(2026, 5, 4)
    a2 = move_in(2, date(2026, 3, 31), register=5_000, name="Bo Two")
    with pytest.raises(Refused, match="senior rate cannot be granted"):
        ask(a2, on, income=1, born_on="1950-01-01")
    set_senior()
    a1 = move_in(1, date(2026, 3, 31), register=5_000, name="Ann One")
    approve(ask(a1, income=2_740_000, born_on="1960-02-10"))
    # a second account of the same household: a second meter at the same place
    a1b = customers.open(
        key=key(), by=by("cleo"), at=at_on(on), on=on, customer_id=None, name="Ann One's sprinkler"
    ).account_id  # fmt: skip
    Agreement.objects.filter(account_id=a1, service_point__service="sanitation").update(account_id=a1b)
    number = programmes.list_of(account_id=a1)[0].number
    with pytest.raises(Refused, match=f"1 Sage Wren Dr's household already has the senior rate on {number}"):
        ask(a1b, on, income=2_000_000, born_on="1960-02-10")
    with pytest.raises(Refused, match=r"Income 32,000\.01 is above 32,000\.00, by 0\.01"):
        ask(a2, on, income=3_200_001, born_on="1958-07-01")
    assert ask(a2, on, income=3_200_000, born_on="1958-07-01").cents == 0
    with pytest.raises(Refused, match="Is 64 years old, and the senior rate begins at 65"):
        ask(a2, on, income=1, born_on="1961-05-05")
    with pytest.raises(Refused, match="begin no day before"):
        ask(a2, on, income=1, born_on="1958-07-01", from_on="2026-05-03")
    denied = Event.objects.filter(act="adjustments.request", denied=True)
    assert denied.filter(subjects__contains=[f"account:{a1b}"]).count() == 1
    assert denied.filter(subjects__contains=[f"account:{a2}"]).count() == 4
