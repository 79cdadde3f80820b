"""Reports at the desk: the list, one with what it asks, a question, a file, a timetable."""

import re

import pytest
from django.test import Client

from curbstop.office import reports
from tests.desk.houses import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture
def fay(sign_in) -> Client:
    return sign_in("fay")


def test_the_list_leads_to_every_report_and_says_what_comes_here(fay: Client) -> None:
    page = fay.get("/reports/").content.decode()
    assert all(f'href="/reports/{one.code}/"' in page for one in reports.list_reports())
    assert "Nothing yet. Open a report" in page


def test_a_report_leads_to_its_rows_and_says_what_it_used(fay: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(14):
        answer = fay.get("/reports/rate_audit/?on=2026-03-02")
    page = answer.content.decode()
    assert answer.status_code == 200 and re.search(r'href="/customers/\d+/"', page)
    assert 'value="2026-03-02"' in page
    assert "Nothing was found for what is asked" in text(fay.get("/reports/write_offs/"))


def test_what_cannot_be_asked_is_said_beside_its_field(fay: Client) -> None:
    answer = fay.get("/reports/receipts/?from=tomorrow")
    assert answer.status_code == 422 and "“tomorrow”: not a day; write 2026-11-23." in text(answer)
    assert fay.get("/reports/nothing/").status_code == 409


def test_a_question_is_asked_saved_and_opened_again(fay: Client) -> None:
    assert "Take it along" not in text(fay.get("/reports/ask/accounts/"))  # a view may be the whole journal
    asked = "show=account&show=name&column=name&how=has&value=a&sort=name"
    assert "Nothing was found" not in text(fay.get(f"/reports/ask/accounts/?{asked}"))
    kept = {"key": "q-1", "asked": asked, "ask": "yes", "do": "save", "name": "With an a"}
    done = fay.post("/reports/accounts/make/", kept, follow=True)
    assert "Saved as “With an a”" in text(done)
    (saved,) = reports.list_saved()
    again = fay.get(f"/reports/saved/{saved.saved_id}/", follow=True)
    assert again.status_code == 200 and 'value="a"' in again.content.decode()
    refused = fay.post("/reports/accounts/make/", {**kept, "key": "q-2", "name": ""}, follow=True)
    assert "write" in text(refused) and len(reports.list_saved()) == 1
    plan = {"key": "q-3", "do": "schedule", "every": "month", "media": "pdf", "to": "fay@moore.example"}
    assert "made by itself" in text(fay.post(f"/reports/saved/{saved.saved_id}/keep/", plan, follow=True))
    assert "On the first of the month, PDF to fay@moore.example" in text(fay.get("/reports/"))


def test_a_file_is_handed_out_and_kept(fay: Client, sign_in) -> None:
    done = fay.post("/reports/users/make/", {"key": "f-1", "asked": "", "do": "make", "media": "csv"}, follow=True)
    assert done["Content-Disposition"] == 'attachment; filename="users-2026-03-02.csv"' and b"fay" in done.content
    assert "Users and rights" in text(fay.get("/reports/")) and done["Cache-Control"] == "no-store"
    refused = sign_in("cleo").post(
        "/reports/users/make/", {"key": "f-2", "asked": "", "do": "make", "media": "exe"}, follow=True
    )
    assert "exe" in text(refused) and len(reports.list_made()) == 1
