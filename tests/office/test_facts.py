"""What rates ask of accounts, places, meters and the city: entered with its day, billed, explained, rated again."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection

from curbstop.office import bills, facts, tariffs
from curbstop.office._events import Key
from curbstop.office._facts import load_facts
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office.facts import FactEntry
from curbstop.records.bills.models import Bill, Fact, Given, Outcome, Review
from curbstop.rules.faults import BadValue
from tests.databases import TestDatabases
from tests.office import bill_town as town
from tests.office.bill_town import FEB, MARCH

pytestmark = pytest.mark.django_db

JAN = date(2026, 1, 1)
BUDGET = """
code: W-RES
service: water
class: residential
name: Residential water
authority: Ordinance 12
per_days: 28
inputs: {meter: required, people: 3, area_sqft: required, et_inches: required, pressure_zone: low, units: 1}
versions:
  - from: 2026-01-01
    values:
      indoor: "round(60 * people * days / 748)"
      outdoor: "round(0.7 * area_sqft * et_inches * 0.62 / 748)"
      budget: "indoor + outdoor"
    lines:
      - {name: base, kind: water.base, says: Base, flat: {by: meter, values: {5/8: "9.50", 1: "20.00"}}}
      - name: water
        kind: water.volume
        says: Water
        per: 1 ccf
        tiers: [{to: indoor, rate: "2.87"}, {to: budget, rate: "4.29"}, {rate: "10.07"}]
        scale: {by: units, how: limits}
      - name: pumping
        kind: water.volume
        says: Pumping
        per: 1 ccf
        rate: {by: pressure_zone, values: {low: "0.00", high: "0.40"}}
    examples:
      - {usage: 10 ccf, inputs: {meter: 5/8, area_sqft: 1300, et_inches: 4.8}, total: "42.46"}
"""


@pytest.fixture(scope="module", autouse=True)
def bill_town(django_db_setup: None, django_db_blocker, test_databases: TestDatabases) -> Iterator[None]:  # type: ignore[no-untyped-def]
    before = test_databases.template
    with django_db_blocker.unblock():
        test_databases.make_template("template_facts", live)
        test_databases.use("template_facts")
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def number(account: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select number from customers_account where id = %s", [account])
        return cursor.fetchone()[0]


def adopt(text: str = BUDGET, key: str = "budget") -> None:
    tariffs.adopt(key=Key(key), by=town.system(), at=town.at_on(JAN), file="w.yaml", text=text)


def tell(*entries: FactEntry, key: str = "") -> int:
    by = town.supervisor()
    return facts.set_many(key=Key(key or uuid4().hex), by=by, at=town.at_on(JAN), facts=entries)


def city(name: str, value: str, from_on: date = JAN) -> None:
    at = town.at_on(from_on)
    facts.set_city(
        key=Key(f"{name}:{value}:{from_on}"), by=town.supervisor(), at=at, name=name, value=value, from_on=from_on
    )


def everybody_but(*accounts: int) -> None:
    """Every premise has an area, a month its evapotranspiration."""
    tell(
        *(FactEntry("premise", str(n), "area_sqft", str(500 + 10 * n), JAN) for n in range(1, 61) if n not in accounts)
    )
    city("et_inches", "1.2")
    city("et_inches", "2.5", date(2026, 2, 3))


def cents(
    gal: int, *, account: int, people: int, et: str, units: int = 1, high: bool = False, size: str = "5/8"
) -> int:
    """The bill by hand, in Decimal dollars."""

    def half_up(value: Decimal, to: str = "1") -> Decimal:
        return value.quantize(Decimal(to), ROUND_HALF_UP)

    used = Decimal(gal) * 231 / 172800
    indoor = half_up(Decimal(60 * people * 28) / 748)
    outdoor = half_up(Decimal("0.7") * (500 + 10 * account) * Decimal(et) * Decimal("0.62") / 748)
    first, second = indoor * units, (indoor + outdoor) * units
    water = min(used, first) * Decimal("2.87")
    water += max(Decimal(0), min(used, second) - first) * Decimal("4.29")
    water += max(Decimal(0), used - second) * Decimal("10.07")
    pumping = used * Decimal("0.40") if high else Decimal(0)
    base = Decimal("9.50") if size == "5/8" else Decimal("20.00")
    return int(sum(half_up(line, "0.01") for line in (base, water, pumping)) * 100)


def outcome(account: int, on: date = FEB) -> Outcome:
    return Outcome.objects.get(run__bill_on=on, agreement_id=account * 4)


def bill_of(account: int, on: date = FEB) -> int:
    return Bill.objects.get(account_id=account, run__bill_on=on).id


def live() -> None:
    """A household of five from the start at 3; two units at 5; a high zone at 6's service point; a one-inch meter at
    8, hung on 20 January."""
    town.build()
    adopt()
    everybody_but(9)
    tell(
        FactEntry("account", number(3), "people", "5", JAN),
        FactEntry("premise", "5", "units", "2", JAN),
        FactEntry("service_point", str(6 * 4), "pressure_zone", "high", JAN),
        FactEntry("account", number(10), "people", "2", JAN),
        FactEntry("account", number(10), "people", "6", date(2026, 2, 10)),
    )
    with connection.cursor() as cursor:
        cursor.execute("update meters_meter set size = '1' where id = %s", [8 * 4])
    run_bills(FEB)


def run_bills(on: date) -> None:
    """As the town does it; what is held has an owner."""
    run = town.plan(on).run
    figures = town.calculate(run).figures
    held = [row.account_id for row in Review.objects.filter(run=run, finding__startswith="held")]
    for account in held:
        bills.own(
            key=Key(f"own:{on}:{account}"),
            by=town.clerk(),
            at=town.at_on(on),
            run=run,
            account_ids=(account,),
            owner_id=town.clerk().id,
        )
    town.approve(run, figures, on)
    town.post(run)


# --- from the database to the bill ------------------------------------------------------------------------------------


def test_every_level_reaches_the_bill_to_the_cent() -> None:
    for account, more in {
        1: {"people": 3}, 3: {"people": 5}, 5: {"people": 3, "units": 2}, 6: {"people": 3, "high": True},
        8: {"people": 3, "size": "1"}, 10: {"people": 2},
    }.items():  # fmt: skip
        row = outcome(account)
        assert row.code == "billed" and row.cents == cents(row.usage_gal, account=account, et="1.2", **more), account


def test_who_is_asked_and_says_nothing_is_held_and_not_guessed() -> None:
    assert outcome(9).code == "held_bad_input" and not Bill.objects.filter(account_id=9).exists()
    tell(FactEntry("premise", "9", "area_sqft", "900", JAN))
    figures = bills.dry_run(cycle="1", bill_on=MARCH)
    assert "held_bad_input" not in figures.held


def test_what_was_told_is_kept_with_the_bill_defaults_too() -> None:
    given = Given.objects.get(agreement_id=12)
    assert given.facts == {
        "meter": "5/8", "people": "5", "area_sqft": "530", "et_inches": "1.2", "pressure_zone": "low", "units": "1",
    }  # fmt: skip
    assert Given.objects.count() == Outcome.objects.filter(code="billed", agreement__tariff="W-RES").count()


def test_the_bill_is_explained_from_what_it_kept() -> None:
    found = bills.explain(bill_of(3))
    water = next(service for service in found.services if service.service == "water")
    assert dict(water.facts)["people"] == "5" and water.cents == outcome(3).cents
    base = next(line for line in water.lines if line.name == "base")
    assert "meter 5/8" in " ".join(step.how for step in base.steps)


def test_nothing_entered_later_changes_an_issued_bill() -> None:
    before = bills.explain(bill_of(3))
    tell(
        FactEntry("account", number(3), "people", "9", JAN),
        FactEntry("premise", "3", "area_sqft", "", JAN),
        FactEntry("premise", "3", "units", "4", JAN),
    )
    city("et_inches", "9.9")
    newer = BUDGET.replace("from: 2026-01-01", "from: 2026-03-03").replace("people: 3", "people: 8")
    newer = newer.replace("units: 1}", "units: 3}").replace("per_days: 28", "per_days: 30").split("    examples:")[0]
    adopt(newer, "newer")
    assert bills.explain(bill_of(3)) == before
    found = bills.rerate_all()
    assert found.holds and found.bills == Bill.objects.count()


def test_rerating_finds_a_fact_that_was_changed_under_a_bill() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            "update bills_given set facts = facts || %s::jsonb where agreement_id = 12", [json.dumps({"meter": "1"})]
        )
        cursor.execute("set session_replication_role = origin")
    found = bills.rerate_all()
    assert not found.holds and any("rates to" in fault for fault in found.faults)


def test_why_the_bill_changed_names_the_fact_and_adds_up() -> None:
    run_bills(MARCH)
    why = bills.why_different(bill_of(10, MARCH))
    assert why.difference is not None
    assert sum(part.cents for part in why.difference.parts) == why.difference.cents
    part = next(part for part in why.difference.parts if part.code == "facts")
    assert "people was 2 and is 6" in part.says and "et inches was 1.2 and is 2.5" in part.says
    row = outcome(10, MARCH)
    assert row.cents == cents(row.usage_gal, account=10, people=6, et="2.5")


def test_terms_of_the_day_hold_for_the_bills_of_the_day() -> None:
    """A later version with other days of a full bill changes no part of a period that was billed before it."""
    text = BUDGET.replace('flat: {by: meter, values: {5/8: "9.50", 1: "20.00"}}', 'flat: "28.00", prorate: by_day')
    tell(FactEntry("premise", "9", "area_sqft", "900", JAN))
    adopt(text.replace("from: 2026-01-01", "from: 2026-02-03").split("    examples:")[0], "prorated")
    run_bills(MARCH)
    moved_in = outcome(41, MARCH)
    assert moved_in.prorate_days == 27
    later = text.replace("from: 2026-01-01", "from: 2026-03-03").replace("per_days: 28", "per_days: 30")
    adopt(later.split("    examples:")[0], "later")
    assert bills.rerate_all().holds
    lines = {line.name: line.cents for line in bills.explain(bill_of(41, MARCH)).services[0].lines}
    assert lines["base"] == 2700


# --- the day from which a fact holds ----------------------------------------------------------------------------------


def known(account: int, name: str, on: date) -> str:
    found = load_facts(np.array([account * 4]), [name], on=np.array([on], dtype="datetime64[D]"))
    return str(found[name][0])


def test_the_latest_row_from_a_day_holds_until_the_next() -> None:
    account = number(2)
    for value, from_on in (("4", date(2026, 2, 1)), ("2", JAN), ("3", JAN), ("", date(2026, 3, 1))):
        tell(FactEntry("account", account, "people", value, from_on), key=f"{value}{from_on}")
    days = {date(2025, 12, 31): "", JAN: "3", date(2026, 1, 31): "3", date(2026, 2, 1): "4", date(2026, 3, 1): ""}
    assert {on: known(2, "people", on) for on in days} == days
    assert [row.value for row in facts.list_history(account_id=2) if row.name == "people"] == ["", "4", "3", "2"]


def test_the_nearest_that_says_something_is_heard() -> None:
    city("pressure_zone", "low")
    assert known(2, "pressure_zone", FEB) == "low"
    serial = str(40000000 + 2 * 4 + 1)
    for of, which, value in (
        ("premise", "2", "b"), ("account", number(2), "c"), ("meter", serial, "d"), ("service_point", "8", "e"),
    ):  # fmt: skip
        tell(FactEntry(of, which, "pressure_zone", value, JAN))
        assert known(2, "pressure_zone", FEB) == value
        assert known(3, "pressure_zone", FEB) == "low"
    assert known(2, "units", FEB) == "1" and known(2, "meter", FEB) == "5/8"
    tell(FactEntry("premise", "2", "units", "4", date(2026, 2, 4)))
    assert (known(2, "units", date(2026, 2, 3)), known(2, "units", FEB)) == ("1", "4")


def test_many_at_once_are_as_one_by_one() -> None:
    agreements = np.repeat(np.arange(1, 41) * 4, 3)
    on = np.tile(np.array([JAN, date(2026, 2, 2), date(2026, 2, 20)], dtype="datetime64[D]"), 40)
    names = ["people", "units", "meter", "et_inches", "pressure_zone", "class"]
    found = load_facts(agreements, names, on=on)
    for place in range(0, len(agreements), 7):
        for name in names:
            assert found[name][place] == known(int(agreements[place]) // 4, name, on[place].item())


# --- entering ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_is_refused_and_nothing_is_set() -> None:
    good, before = FactEntry("account", number(2), "people", "4", JAN), Fact.objects.count()
    for entry, error, words in (
        (FactEntry("account", number(2), "poeple", "4", JAN), Refused, "did you mean 'people'"),
        (FactEntry("account", number(2), "people", "many", JAN), BadValue, "reckoned with"),
        (FactEntry("account", "1", "people", "4", JAN), Refused, "there is no account '1'"),
        (FactEntry("street", "1", "people", "4", JAN), BadValue, "not known"),
        (FactEntry("account", number(2), "class", "commercial", JAN), BadValue, "says it"),
    ):
        with pytest.raises(error, match=words):
            tell(good, entry)
    assert Fact.objects.count() == before


def test_an_open_draft_may_be_prepared_for() -> None:
    from curbstop.office import drafts

    entry, text = FactEntry("account", number(2), "programme", "senior", JAN), BUDGET.replace("people", "programme")
    with pytest.raises(Refused, match="asks for"):
        tell(entry)
    drafts.draft(key=Key("d"), by=town.supervisor(), at=town.at_on(JAN), file="w", text=text, says="Programmes")
    with pytest.raises(BadValue, match="reckoned with"):
        tell(entry)
    assert tell(FactEntry("account", number(2), "programme", "2", JAN)) == 1


def test_the_same_key_sets_it_once_and_roles_hold() -> None:
    entry = FactEntry("account", number(2), "people", "4", JAN)
    assert tell(entry, key="k") == tell(entry, key="k") == 1
    assert Fact.objects.filter(account_id=2).count() == 1
    with pytest.raises(KeyReused):
        tell(FactEntry("account", number(2), "people", "5", JAN), key="k")
    assert facts.set_many(key=Key("c"), by=town.clerk(), at=town.at_on(JAN), facts=(entry,)) == 1
    with pytest.raises(NotPermitted):
        facts.set_city(key=Key("x"), by=town.clerk(), at=town.at_on(JAN), name="et_inches", value="1", from_on=JAN)


def test_what_an_account_is_asked() -> None:
    found = {row.name: row for row in facts.list_asked(account_id=3, on=FEB)}
    assert (found["people"].value, found["people"].default, found["people"].number) == ("5", "3", True)
    assert found["meter"].fixed and not found["pressure_zone"].number and found["area_sqft"].default is None
    assert found["et_inches"].tariffs == ("W-RES",)
