"""Reads: what a number would find while it is typed, what is kept, what waits and how it is decided."""

import pytest
from django.test import Client

from curbstop.records.meters.models import Read, ReadDecision
from tests.desk.conftest import HTMX
from tests.desk.houses import text
from tests.office import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]

SHEET = "/reads/sheet/1/01/?on=2026-02-03"


def entry(house: int, register: str, key: str = "e-1", on: str = "2026-02-03") -> dict[str, str]:
    return {"key": key, "point": str(scene.point(house)), "on": on, "register": register, "cycle": "1", "route": "01"}


def test_the_page_has_routes_and_what_waits(cleo: Client) -> None:
    page = text(cleo.get("/reads/"))
    assert "Cycle 1, route 01" in page and "Reads that wait for a decision, 2" in page
    assert "Grebe Laundry" in page and "High use" in page and "Nothing used" in page and "212,000 gal" in page


def test_the_sheet_walks_the_route(cleo: Client) -> None:
    page = cleo.get(SHEET)
    html = page.content.decode()
    assert html.index("1 Sage Wren Dr") < html.index("2 Sage Wren Dr") < html.index("5 Sage Wren Dr")
    assert html.count('name="register"') == 6 and "Waits for a decision" in html
    missing = cleo.get(SHEET + "&missing=1").content.decode()
    assert "1 Sage Wren Dr," not in missing and "5 Sage Wren Dr" in missing
    assert cleo.get("/reads/sheet/1/99/").status_code == 404


@pytest.mark.parametrize(
    ("register", "words"),
    [
        ("16,200", "5,000 gal in 28 days"),
        ("11200", "waits for a decision"),
        ("11,100", "waits for a decision"),
        ("12.5", "not the number of a register"),
        ("-4", "not the number of a register"),
        ("abc", "not the number"),
        ("99999999", "digits"),
    ],
)
def test_what_is_typed_is_judged_at_once(cleo: Client, register: str, words: str) -> None:
    at = {"point": scene.point(5), "on": "2026-02-03", "register": register}
    assert words in text(cleo.get("/reads/preview/", at, **HTMX))


def test_a_read_is_kept_once_and_its_row_comes_back(cleo: Client) -> None:
    for _ in range(2):
        part = cleo.post("/reads/enter/", entry(5, "16,200"), **HTMX)
        assert part.status_code == 200 and "Kept" in text(part) and "5,000 gal" in text(part)
    assert Read.objects.filter(service_point=scene.point(5), read_on="2026-02-03").count() == 1


def test_without_script_it_goes_back_to_the_sheet(cleo: Client) -> None:
    sent = cleo.post("/reads/enter/", {**entry(5, "16200"), "back": SHEET})
    assert sent.status_code == 302 and sent["Location"] == SHEET
    elsewhere = cleo.post("/reads/enter/", {**entry(6, "16200", key="e-2"), "back": "https://elsewhere.example/"})
    assert elsewhere["Location"] == "/reads/"


@pytest.mark.parametrize(
    ("register", "on"),
    [
        ("12.5", "2026-02-03"),
        ("", "2026-02-03"),
        ("-1", "2026-02-03"),
        ("99999999999", "2026-02-03"),
        ("16200", "2026-12-01"),
        ("16200", "2025-12-20"),
        ("16200", "never"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(cleo: Client, register: str, on: str) -> None:
    before = Read.objects.count()
    part = cleo.post("/reads/enter/", entry(5, register, on=on), **HTMX)
    assert part.status_code == 200
    assert 'class="error"' in part.content.decode() or "None" not in text(part)
    assert Read.objects.count() == before


def waiting(house: int) -> Read:
    return Read.objects.get(service_point=scene.point(house), read_on="2026-02-03")


def decide(client: Client, house: int, do: str, **more: str):
    sent = {
        "key": f"d-{house}-{do}",
        "read_id": str(waiting(house).pk),
        "do": do,
        "reason": "Seen at the meter",
        **more,
    }
    return client.post("/reads/decide/", sent, follow=True)


def test_accept_reject_correct(cleo: Client) -> None:
    assert "Accepted" in text(decide(cleo, 3, "accept"))
    assert ReadDecision.objects.get(read=waiting(3)).outcome == "accept"
    wrong = waiting(4)
    assert "Corrected" in text(decide(cleo, 4, "correct", register="14,000"))
    assert Read.objects.get(replaces=wrong).usage_gal == 4_000
    assert "Nothing waits" in text(cleo.get("/reads/"))


def test_a_decision_needs_a_reason(cleo: Client) -> None:
    assert "Say why" in text(decide(cleo, 3, "accept", reason=""))
    assert not ReadDecision.objects.filter(read=waiting(3)).exists()


def test_a_decision_is_made_once(cleo: Client) -> None:
    decide(cleo, 3, "reject")
    assert "decided already" in text(decide(cleo, 3, "accept"))


@pytest.mark.parametrize("name", ["otto", "cass"])
def test_who_may_not_read_or_decide(sign_in, name: str) -> None:  # type: ignore[no-untyped-def]
    client, before = sign_in(name), Read.objects.count()
    assert "Deciding is closed" in text(client.get("/reads/")) and "closed: Only for" in text(client.get(SHEET))
    decide(client, 3, "accept")
    client.post("/reads/enter/", entry(5, "16200"), **HTMX)
    assert Read.objects.count() == before and not ReadDecision.objects.filter(read=waiting(3)).exists()


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(15):
        cleo.get("/reads/")


def test_a_row_is_decided_where_it_stands(cleo: Client) -> None:
    read = waiting(3)
    page = cleo.get("/reads/").content.decode()
    assert page.count("data-case") == 2 and "<svg" in page and 'hx-target="closest li"' in page
    bad = cleo.post("/reads/decide/", {"key": "x-1", "read_id": read.pk, "do": "accept", "reason": ""}, **HTMX)
    assert (
        "Say why" in text(bad) and 'aria-invalid="true"' in bad.content.decode() and "<html" not in bad.content.decode()
    )
    done = cleo.post("/reads/decide/", {"key": "x-2", "read_id": read.pk, "do": "accept", "reason": "Pool"}, **HTMX)
    assert (
        "Accepted" in text(done)
        and f'id="read-{read.pk}"' in done.content.decode()
        and "<form" not in done.content.decode()
    )
    assert "wait for a decision, 1" in text(cleo.get("/reads/")) and "Nothing waits of this kind" in text(
        cleo.get("/reads/?finding=same")
    )


def test_a_row_is_read_again_held_or_estimated(cleo: Client) -> None:
    read = waiting(4)
    asked = cleo.post(
        "/reads/decide/", {"key": "y-1", "read_id": read.pk, "do": "reread", "reason": "Look again"}, **HTMX
    )
    assert "is read again, order" in text(asked)
    page = text(cleo.get("/reads/"))
    assert "To be read again, 1" in page and "by the office" in page
    held = cleo.post(
        "/reads/decide/",
        {"key": "y-2", "read_id": read.pk, "do": "hold", "reason": "Wait", "until": "2026-03-09"},
        **HTMX,
    )
    assert "Held by you until 9 Mar 2026" in text(held)
    no = cleo.post("/reads/decide/", {"key": "y-3", "read_id": read.pk, "do": "estimate", "reason": "No way"}, **HTMX)
    assert "Nothing is estimated on a guess" in text(no)


def test_what_is_missing_is_held_by_name(cleo: Client) -> None:
    page = text(cleo.get("/reads/open/1/?on=2026-02-03"))
    assert "missing or undecided" in page and "5 Sage Wren Dr" in page and "Missing" in page
    sent = {"key": "o-1", "point": scene.point(5), "on": "2026-02-03", "cycle": "1", "do": "hold", "reason": "Dog"}
    assert "Dog, until" in text(cleo.post("/reads/open/settle/", sent, **HTMX))
    bad = cleo.post("/reads/open/settle/", {**sent, "key": "o-2", "reason": ""}, **HTMX)
    assert "Say why" in text(bad)


def test_a_file_is_loaded_on_screen(cleo: Client, sign_in) -> None:  # type: ignore[no-untyped-def]
    from django.core.files.uploadedfile import SimpleUploadedFile

    body = b"Meter,Date,Read\n40000005,2026-02-03,16200\n77,2026-02-03,5\n"
    sent = {"key": "f-1", "layout": "reads_csv", "on": "2026-02-03"}
    page = text(cleo.post("/reads/files/load/", {**sent, "file": SimpleUploadedFile("r.csv", body)}, follow=True))
    assert "2 rows: 1 accepted" in page and "Rows set apart, 1" in page and "hangs anywhere" in page
    again = cleo.post(
        "/reads/files/load/", {**sent, "key": "f-2", "file": SimpleUploadedFile("r.csv", body)}, follow=True
    )
    assert "loaded before" in text(again)
    assert "Choose the file" in text(cleo.post("/reads/files/load/", {**sent, "key": "f-3"}, follow=True))
    from curbstop.office import reads

    row = reads.list_quarantined()[0].row_id
    done = cleo.post(
        "/reads/files/settle/", {"key": "f-4", "row_id": row, "do": "drop", "reason": "no such"}, follow=True
    )
    assert "Dropped, with the reason" in text(done)
    assert "Loading is closed" in text(sign_in("otto").get("/reads/files/"))


def test_a_route_on_paper_and_for_a_handheld(cleo: Client) -> None:
    assert "Read sheet: cycle 1, route 01" in text(cleo.get(SHEET + "&print=1"))
    file = cleo.get("/reads/route/1/01/?on=2026-02-03")
    assert file["Content-Disposition"].endswith('route-1-01-20260203.txt"') and file.content.startswith(b"H1")
    assert cleo.get("/reads/route/1/99/").status_code == 404
