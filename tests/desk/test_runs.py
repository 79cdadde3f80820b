"""Billing: a run from its plan to its last bill, with what fell out of it."""

import pytest
from django.test import Client

from curbstop.office import bills, pages
from curbstop.records.bills.models import Bill, Review, Run, RunStep
from curbstop.worker import tasks
from tests.desk.conftest import HTMX
from tests.desk.houses import account, key_of, text
from tests.office import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def last() -> Run:
    return Run.objects.order_by("-id")[0]


def address(verb: str = "") -> str:
    return f"/bills/runs/{last().pk}/{verb}"


def own_all(client: Client) -> None:
    held = Review.objects.filter(run=last(), owner=None).values_list("account_id", flat=True).distinct()
    client.post(
        address("review/"), {"key": "own", "do": "own", "account": list(held), "owner": str(scene.by("sue").id)}
    )


def test_the_list_has_cycles_and_runs(cleo: Client) -> None:
    page = text(cleo.get("/bills/"))
    assert "Go on with run 3" in page and "Waits for review" in page and page.count("Posted") == 2
    assert "No premises in it yet" in page


def test_the_run_accounts_for_every_service(cleo: Client) -> None:
    found = pages.get_run(run=last().pk, on=scene.TODAY)
    assert found.figures is not None
    assert found.ready + found.out == found.figures.agreements == 18
    page = text(cleo.get(address()))
    assert "18 services due to be billed, all accounted for" in page
    for words in ("Grebe Laundry", "Priya Raman", "Beatriz Marsh", "No read", "A read waits for a decision", "nobody"):
        assert words in page, words


def test_services_against_the_last_run_add_up() -> None:
    found = pages.get_run(run=last().pk, on=scene.TODAY)
    assert found.figures is not None and found.last is not None
    assert sum(row.cents for row in found.services) == found.figures.cents
    assert sum(row.last_cents or 0 for row in found.services) == found.last.cents


def test_approval_is_closed_until_the_held_have_an_owner_and_says_so(sign_in) -> None:  # type: ignore[no-untyped-def]
    sue, cleo = sign_in("sue"), sign_in("cleo")
    page = sue.get(address())
    assert "4 held accounts have an owner" in text(page) and 'aria-disabled="true"' in page.content.decode()
    own_all(cleo)
    assert "Only for supervisor" in text(cleo.get(address()))
    html = sue.get(address()).content.decode()
    strip = html[html.index('class="confirm"') :]
    assert "aria-disabled" not in strip and "Approve and post" in strip


def test_held_and_released_by_a_person(cleo: Client) -> None:
    ticked = {"account": [str(account(1).pk)]}
    refused = cleo.post(address("review/"), {"key": "h-0", "do": "hold", "reason": "", **ticked}, follow=True)
    assert "A hold needs its reason" in text(refused)
    assert "Nothing is ticked" in text(cleo.post(address("review/"), {"key": "h-1", "do": "hold"}, follow=True))
    before = pages.get_run(run=last().pk, on=scene.TODAY)
    cleo.post(address("review/"), {"key": "h-2", "do": "hold", "reason": "She asked for a re-read", **ticked})
    after = pages.get_run(run=last().pk, on=scene.TODAY)
    assert before.figures and after.figures and after.figures.bills == before.figures.bills - 1
    assert "Bill held: She asked for a re-read" in text(cleo.get(f"/customers/{account(1).number}/"))
    cleo.post(address("review/"), {"key": "h-3", "do": "release", "reason": "Read again, it is right", **ticked})
    again = pages.get_run(run=last().pk, on=scene.TODAY)
    assert again.figures and again.figures.bills == before.figures.bills


def test_approve_then_post_by_the_worker_and_the_screen_follows(sign_in) -> None:  # type: ignore[no-untyped-def]
    sue = sign_in("sue")
    own_all(sue)
    page = sue.get(address())
    found = pages.get_run(run=last().pk, on=scene.TODAY)
    assert found.figures is not None
    seen = {"bills": str(found.figures.bills), "cents": str(found.figures.cents), "on": "2026-03-02"}
    stale = sue.post(address("approve/"), {"key": "a-0", **seen, "cents": "1"}, follow=True)
    assert "is not what the run comes to now" in text(stale)
    assert sue.post(address("approve/"), {"key": key_of(page), **seen}).status_code == 302
    assert RunStep.objects.filter(run=last(), step="approved").count() == 1
    assert "Posting the bills" in text(sue.get(address()))
    part = sue.get(address("progress/"), {"state": "posting"}, **HTMX)
    assert part.status_code == 200 and "0 of" in text(part)
    bills.post_all(run=last().pk, by=scene.by("clock"), at=scene.AT)
    over = sue.get(address("progress/"), {"state": "posting"}, **HTMX)
    assert over.status_code == 204 and over["HX-Refresh"] == "true"
    done = text(sue.get(address()))
    assert f"Posted: {found.figures.bills} bills" in done and "Bills as PDF" in done
    assert Bill.objects.filter(run=last()).count() == found.figures.bills
    assert sue.get(address("bills.pdf")).content.startswith(b"%PDF-")


def test_the_tasks_that_the_desk_asks_for_exist() -> None:
    assert {"bills.calculate", "bills.post"} <= set(tasks.app.tasks)


def test_calculating_again_is_asked_for_once(cleo: Client) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    for _ in range(2):
        assert cleo.post(address("calculate/")).status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="bills.calculate").count() == 1
    assert "Calculating every bill" in text(cleo.get(address()))


def test_who_may_not_bill_changes_nothing(sign_in) -> None:  # type: ignore[no-untyped-def]
    otto = sign_in("otto")
    own_all(otto)
    assert Review.objects.filter(run=last(), owner=None).exists()
    assert otto.post(address("calculate/")).status_code == 403
    assert otto.post("/bills/runs/plan/", {"key": "x", "cycle": "1", "bill_on": "2026-03-04"}).status_code == 403
    page = text(otto.get(address()))
    assert "Assign, hold and release are closed" in page and "Only for supervisor" in page


def test_planning_what_cannot_be_planned_says_why(cleo: Client) -> None:
    answer = cleo.post("/bills/runs/plan/", {"key": "x", "cycle": "1", "bill_on": "2026-03-04"})
    assert answer.status_code == 409 and "not posted yet" in text(answer)
    assert cleo.post("/bills/runs/plan/", {"key": "y", "cycle": "9", "bill_on": "soon"}).status_code == 409
    assert cleo.get("/bills/runs/999/").status_code == 404


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(26):
        cleo.get(address())
