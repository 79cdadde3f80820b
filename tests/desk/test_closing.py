"""Closing at the desk: a checklist that names rows, two people, the month, the files, statements of any day."""

from datetime import date

import pytest
from django.test import Client

from curbstop.office import closing, ledger
from tests.books import at_on, key, person
from tests.desk.houses import account, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture
def fay(sign_in) -> Client:
    return sign_in("fay")


@pytest.fixture
def sue(sign_in) -> Client:
    return sign_in("sue")


def first() -> date:
    return ledger.get_open_days()[0]


def make_ready(client: Client, on: date, key: str = "m-1"):
    return client.post(f"/closing/day/{on}/prepare/", {"key": key})


def close(client: Client, on: date, key: str = "c-1"):
    prepared = closing.get_prepared(on.isoformat())
    return client.post(
        f"/closing/day/{on}/close/", {"key": key, "prepared": str(prepared.prepared_id if prepared else 0)}
    )


def test_the_next_day_to_close_is_offered_with_its_checklist(fay: Client) -> None:
    on = first()
    page = fay.get("/closing/")
    assert f"/closing/day/{on}/" in page.content.decode() and "No night was proved yet" in text(page)
    day = text(fay.get(f"/closing/day/{on}/"))
    assert "Every drawer of the day is counted and signed" in day and "Make it ready" in day


def test_days_that_were_left_open_close_together(fay: Client, sue: Client) -> None:
    *_, last, _today = ledger.get_open_days()
    many = ledger.get_open_days().index(last) + 1
    assert f"/closing/day/{last}/" in fay.get("/closing/").content.decode()
    assert f"{many} days together" in text(fay.get(f"/closing/day/{last}/"))
    assert make_ready(fay, last).status_code == 302
    assert "Close the days" in text(sue.get(f"/closing/day/{last}/"))
    assert close(sue, last, "c-9")["Location"] == "/closing/"
    assert len(closing.list_closes()) == many and len(ledger.get_open_days()) == 1


def test_one_makes_it_ready_and_another_closes_it(fay: Client, sue: Client) -> None:
    on = first()
    assert make_ready(fay, on)["Location"] == f"/closing/day/{on}/"
    assert "Another person closes it" in text(fay.get(f"/closing/day/{on}/"))
    own = close(fay, on)
    assert own.status_code == 422 and "another person closes it" in text(own)
    assert "Nothing posts into it afterwards" in text(sue.get(f"/closing/day/{on}/"))
    assert close(sue, on, "c-2")["Location"] == "/closing/"
    shown = text(sue.get(f"/closing/day/{on}/"))
    assert "SHA-256" in shown and closing.list_closes()[0].sha256 in shown
    made = fay.post("/closing/files/make/", {"key": "x-1", "through": on.isoformat()})
    assert made["Location"] == "/closing/#files"
    (file,) = closing.list_exports()
    assert fay.get(f"/closing/files/{file.file_id}.csv").content == closing.get_export(file.file_id)
    assert fay.get(f"/closing/files/{file.file_id}.json").json()["file_id"] == file.file_id
    refused = fay.post(f"/closing/files/{file.file_id}/answer/", {"key": "a-1", "do": "taken", "reference": ""})
    assert refused.status_code == 422 and "journal number" in text(refused)
    fay.post(f"/closing/files/{file.file_id}/answer/", {"key": "a-2", "do": "taken", "reference": "JE 7"})
    assert "taken as JE 7" in text(fay.get("/closing/"))


def test_what_does_not_balance_is_listed_and_leads_to_it(cleo: Client, fay: Client) -> None:
    cleo.post("/tills/open/", {"key": "o-1", "till": "T1", "float": "200.00", "next": "/tills/"})
    today = ledger.get_open_days()[-1]
    page = fay.get(f"/closing/day/{today}/")
    assert "Drawers are not signed" in text(page) and "till T1 of Cleo Test, not counted" in text(page)
    assert 'href="/tills/"' in page.content.decode() and "cannot be closed yet" in text(page)
    refused = make_ready(fay, today)
    assert refused.status_code == 422 and "Drawers are not signed" in text(refused)


def test_a_cashier_sees_why_the_buttons_are_closed(sign_in) -> None:
    cass = sign_in("cass")
    html = cass.get(f"/closing/day/{first()}/").content.decode()
    assert 'aria-disabled="true"' in html and "Only for" in html
    assert make_ready(cass, first()).status_code in (403, 422)


def test_the_month_shows_the_roll_forward_and_the_accounts_behind_it(fay: Client) -> None:
    page = fay.get("/closing/month/2026-01/")
    shown = text(page)
    assert "Days are not closed" in shown and "not all closed" in shown and "Billed" in shown
    behind = fay.get("/closing/month/2026-01/accounts/?fund=51&object=1210&service=water&column=billed")
    assert account(1).customer.name in text(behind)
    refused = fay.post("/closing/month/2026-01/prepare/", {"key": "p-1"})
    assert refused.status_code == 422 and "January 2026 does not close" in text(refused)
    assert fay.get("/closing/month/nothing/").status_code == 404


def test_last_nights_proof_stands_on_the_page_and_on_today(fay: Client) -> None:
    closing.record_proof(
        key=key(), by=person("clock", "system"), at=at_on(date(2026, 3, 2), 9), on=date(2026, 3, 1), held=30,
        broken=("8: every bill is its lines: 1 at fault",),
    )  # fmt: skip
    assert "8: every bill is its lines" in text(fay.get("/closing/"))
    assert "Last night" in text(fay.get("/"))


def test_the_statement_of_any_day_as_known_on_any_other(cleo: Client) -> None:
    number = account(2).number
    now = text(cleo.get(f"/customers/{number}/statement/"))
    assert "Closing" in now and "Open then" in now
    then = text(cleo.get(f"/customers/{number}/statement/?as_of=2025-12-01&known=2025-12-01"))
    assert "Nothing was open" in then and "Nothing happened in this time" in then
    printed = cleo.get(f"/customers/{number}/statement.pdf?as_of=2025-12-01&known=2025-12-01")
    assert printed["Content-Type"] == "application/pdf" and printed.content.startswith(b"%PDF")
    odd = text(cleo.get(f"/customers/{number}/statement/?as_of=soon"))
    assert "is not a day" in odd


def test_ageing_ties_to_the_open_items(fay: Client) -> None:
    shown = text(fay.get("/closing/ageing/"))
    total = sum(line.total_cents for line in ledger.get_ageing(date(2026, 3, 2), date(2026, 3, 2)))
    assert f"{total / 100:,.2f}" in shown
    assert "Nothing was owed" in text(fay.get("/closing/ageing/?as_of=2020-01-01&known=2020-01-01"))
