"""Reports over a town that lived: each total is the books' own; what is handed out is kept; nothing can be written."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError

from curbstop.office import ledger, reports, staff
from curbstop.office._events import Actor, Key
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.base.models import Event, Outgoing
from curbstop.rules.customers import BadEntry
from curbstop.rules.reports import BadAsk, Condition, Question
from tests.books import at_on, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_town")]
FROM, THROUGH, TODAY = date(2025, 12, 1), date(2026, 3, 2), date(2026, 3, 2)
PERIOD = {"from": FROM.isoformat(), "through": THROUGH.isoformat()}


def table(code: str, **asked: str):
    return reports.run(code=code, asked=asked, today=TODAY)


def total(found, column: str) -> int:
    place = [one.name for one in found.columns].index(column)
    return found.sums[place]


def booked(sql: str, where: str) -> int:
    """A sum of the postings, asked apart from any report."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select coalesce(sum({sql}), 0)::bigint from ledger_posting p join ledger_transaction t on t.id = p.txn_id"
            f" join ledger_gl g on g.id = p.gl_id where {where}"
        )
        return int(cursor.fetchone()[0])


def finance() -> Actor:
    return person("hector", "finance")


@pytest.mark.parametrize("code", [one.code for one in reports.list_reports()])
def test_every_report_can_be_asked(code: str) -> None:
    found = table(code, **PERIOD)
    assert all(len(row) == len(found.columns) for row in found.rows)
    assert len(reports.get_report(code).says) > 20 and found.title


@pytest.mark.parametrize("view", [one.code for one in reports.list_views()])
def test_every_view_has_the_columns_that_it_says(view: str) -> None:
    names = tuple(one.name for one in reports.get_view(view).columns)
    reports.make_views()
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(names)} from {view} limit 3")
        rows = cursor.fetchall()
    assert len(reports.run_question(question=Question(view, names)).rows) >= len(rows)


class TestTies:
    def test_the_billing_register_is_what_runs_billed(self) -> None:
        found = table("billing_register", **PERIOD)
        parts = sum(total(found, name) for name in ("water", "sewer", "sanitation", "other"))
        on_books = booked("p.debit_cents - p.credit_cents", "t.act = 'bill' and p.sub = 2")
        assert total(found, "total") == parts == on_books > 0

    def test_receipts_are_the_tenders_of_the_books(self) -> None:
        assert total(table("receipts", **PERIOD), "taken") == booked(
            "p.debit_cents", "t.act = 'take' and g.object in (1020, 1040, 1050, 1060, 1070)"
        )

    def test_revenue_is_the_ledgers(self) -> None:
        assert (
            total(table("revenue", **PERIOD), "earned") == booked("p.credit_cents - p.debit_cents", "g.class = 'R'") > 0
        )

    def test_deposits_are_the_liability(self) -> None:
        assert total(table("deposits_held", on=TODAY.isoformat()), "together") == booked(
            "p.credit_cents - p.debit_cents", "g.object in (2210, 2220)"
        )

    def test_ageing_is_the_control_account_on_any_day(self) -> None:
        for on in (date(2026, 1, 31), date(2026, 2, 15), TODAY):
            found = table("ageing", on=on.isoformat(), known=on.isoformat())
            lines = ledger.get_ageing(on, on)
            assert total(found, "owed") == sum(line.total_cents for line in lines) > 0
            ages = ("current", "first", "second", "third", "older")
            assert [total(found, name) for name in ages] == [sum(line.cents[n] for line in lines) for n in range(5)]


class TestAsking:
    def test_what_cannot_be_is_named(self) -> None:
        with pytest.raises(BadAsk) as caught:
            table("receipts", **{"from": "2026-02-30"})
        assert (caught.value.field, caught.value.why) == ("from", "not a day")
        with pytest.raises(BadAsk, match="before the period begins"):
            table("receipts", **{"from": "2026-02-01", "through": "2026-01-01"})
        with pytest.raises(Refused, match="no report"):
            table("secrets")

    def test_left_empty_it_is_the_month_that_ended(self) -> None:
        assert dict(table("receipts").asked) == {"From": "2026-02-01", "Through": "2026-02-28", "Cashier": "all"}

    def test_a_question_sums_by_what_is_chosen(self) -> None:
        found = reports.run_question(question=Question("receipts", ("cents",), (), ("tender",), "cents", True))
        assert [one.name for one in found.columns] == ["tender", "rows", "cents"]
        assert found.sums[2] == booked("p.debit_cents", "t.act = 'take' and g.object in (1020, 1040, 1050, 1060, 1070)")
        amounts = [row[2] for row in found.rows]
        assert amounts == sorted(amounts, reverse=True)

    @pytest.mark.parametrize("value", ["'; drop table base_event; --", "%", "_", "\\", "O'Hara 🐕"])
    def test_a_value_is_never_more_than_a_value(self, value: str) -> None:
        tests = (Condition("name", "has", value), Condition("name", "is", value))
        assert reports.run_question(question=Question("accounts", (), tests)).rows == ()

    def test_a_column_that_is_none_is_named(self) -> None:
        for question in (
            Question("accounts", ("name", "1; drop table base_event")),
            Question("accounts", ("name",), sort="id desc; --"),
            Question("accounts", ("name",), by=("nothing",)),
            Question("accounts", ("name",), (Condition("secret", "is", "1"),)),
        ):
            with pytest.raises(BadAsk, match="no column"):
                reports.run_question(question=question)
        with pytest.raises(BadAsk, match="not a day"):
            reports.run_question(question=Question("accounts", (), (Condition("opened_on", "from", "soon"),)))

    def test_nothing_can_be_written_by_asking(self) -> None:
        from dataclasses import replace

        from curbstop.office.reports import running

        writes = replace(reports.get_report("users"), sql="delete from base_outbox returning id")
        with pytest.raises(InternalError, match="read-only"), transaction.atomic():
            running._rows(writes, {})


class TestKeeping:
    def test_what_is_handed_out_stays_as_it_was(self) -> None:
        given = {
            "key": Key("r-1"),
            "by": finance(),
            "at": at_on(TODAY),
            "code": "revenue",
            "asked": PERIOD,
            "on": TODAY,
        }
        made = reports.make(**given, media="csv")
        assert reports.make(**given, media="csv") == made
        name, media, body = reports.get_made(made.made_id)
        assert (name, media.partition(";")[0]) == ("revenue-2026-03-02.csv", "text/csv")
        assert body.startswith("\ufeffFund,".encode()) and body.count(b"\r\n") == made.rows + 2
        assert Event.objects.get(key="r-1").says.startswith("Revenue by service and fund handed out as CSV")
        for media in ("xlsx", "pdf"):
            other = reports.make(**{**given, "key": Key(f"r-{media}")}, media=media)
            assert reports.get_made(other.made_id)[2][:4] in (b"PK\x03\x04", b"%PDF")

    def test_who_may_not(self) -> None:
        with pytest.raises(NotPermitted):
            reports.make(
                key=Key("r-2"), by=person("imani", "cashier"), at=at_on(TODAY), code="revenue", asked={}, media="csv",
                on=TODAY,
            )  # fmt: skip

    def test_saved_scheduled_made_once_a_day_and_told_without_figures(self) -> None:
        act = {"by": finance(), "at": at_on(TODAY)}
        saved = reports.save(key=Key("s-1"), **act, name="Our takings", code="receipts", asked={"cashier": ""})
        with pytest.raises(Refused, match="already saved"):
            reports.save(key=Key("s-2"), **act, name="Our takings", code="receipts", asked={})
        with pytest.raises(BadEntry, match="not an e-mail"):
            reports.schedule(key=Key("s-3"), **act, saved_id=saved, every="week", media="xlsx", to="nobody", on=TODAY)
        plan = reports.schedule(
            key=Key("s-4"), **act, saved_id=saved, every="week", media="xlsx", to="fin@moore.example", on=TODAY
        )
        assert reports.list_due(TODAY) == (plan.schedule_id,)  # a Monday
        clock = staff.get_actor(username="system")
        due = {
            "by": clock,
            "at": at_on(TODAY),
            "schedule_id": plan.schedule_id,
            "on": TODAY,
            "address": "https://o.example/",
        }
        made = reports.make_due(key=Key("d-1"), **due)
        assert reports.make_due(key=Key("d-2"), **due) is None and reports.list_due(TODAY) == ()
        mail = Outgoing.objects.get(to="fin@moore.example")
        assert (
            f"https://o.example/reports/made/{made.made_id}/" in mail.body
            and "." not in mail.body.split("rows")[0][-8:]
        )
        with pytest.raises(Refused, match="Somebody else saved"):
            reports.end_saved(key=Key("s-5"), by=person("ruth", "supervisor"), at=at_on(TODAY), saved_id=saved)
        reports.end_saved(key=Key("s-6"), **act, saved_id=saved)
        assert reports.list_saved() == () and reports.list_due(date(2026, 3, 9)) == ()
        assert reports.get_made(made.made_id)


def test_the_page_of_views_is_the_views() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "views.md").read_text()
    for view in reports.list_views():
        part = page.split(f"## {view.code}\n")[1].split("\n## ")[0]
        told = re.findall(r"^\| `(\w+)` \| .* \| (\w+) \|$", part, re.M)
        assert told == [(one.name, one.kind) for one in view.columns]
