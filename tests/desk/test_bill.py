"""The bill: its lines add up, each says how, and the difference to another is split to the cent."""

import pytest
from django.test import Client

from curbstop.office import pages
from tests.desk.houses import account, bill, text
from tests.office import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.mark.parametrize("house", range(1, 7))
@pytest.mark.parametrize("place", [0, 1])
def test_the_parts_add_up_to_the_bill(house: int, place: int) -> None:
    page = pages.get_bill(bill_id=bill(house, place).pk, on=scene.TODAY)
    assert page.differs == ""
    assert sum(part.cents for part in page.parts) == page.head.total_cents
    assert len({part.anchor for part in page.parts}) == len(page.parts)


@pytest.mark.parametrize("house", range(1, 7))
def test_the_difference_is_split_to_the_cent(house: int) -> None:
    page = pages.get_bill(bill_id=bill(house).pk, on=scene.TODAY)
    assert page.why is not None and page.why.difference is not None
    difference = page.why.difference
    assert sum(part.cents for part in difference.parts) == difference.this_cents - difference.last_cents
    assert difference.this_cents == bill(house).total_cents and difference.last_cents == bill(house, 0).total_cents


def test_the_page_says_how_each_line_comes_out(cleo: Client) -> None:
    said = text(cleo.get(f"/bills/{bill(1).pk}/"))
    for words in (
        "9,500 on Tue 6 Jan 2026 less 2,500 on Tue 9 Dec 2025",
        "7 kgal × $5.02",
        "35.14",
        "94.59",
        "resolution number not on file",
        "exact to the cent",
        "You can say",
        "nothing left over",
    ):
        assert words in said, words


def test_figures_of_the_account_lead_to_lines_of_the_bill(cleo: Client) -> None:
    html = cleo.get(f"/customers/{account(3).number}/").content.decode()
    on_bill = cleo.get(f"/bills/{bill(3).pk}/").content.decode()
    for anchor in ("water", "sewer", "sewer-surcharge"):
        assert f'/bills/{bill(3).pk}/#{anchor}"' in html and f'<tbody id="{anchor}">' in on_bill


def test_a_first_bill_has_nothing_to_compare_with(cleo: Client) -> None:
    assert "There is no bill of that time" in text(cleo.get(f"/bills/{bill(1, 0).pk}/"))
    assert "Compared with a year ago" in text(cleo.get(f"/bills/{bill(1).pk}/?with=year"))


def test_on_paper(cleo: Client) -> None:
    answer = cleo.get(f"/bills/{bill(1).pk}/bill.pdf")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    run = cleo.get(f"/bills/runs/{bill(1).run_id}/bills.pdf")
    assert run.content.count(b"/Type /Page\n") + run.content.count(b"/Type/Page/") >= 0 and run.content[:5] == b"%PDF-"
    assert cleo.get(f"/bills/runs/{bill(1).run_id}/bills.pdf?from=900").status_code == 404


def test_by_the_number_printed_on_it(cleo: Client) -> None:
    from curbstop.office.bills import bill_number

    answer = cleo.get(f"/bills/number/{bill_number(bill(1).pk)}/")
    assert answer.status_code == 302 and answer["Location"] == f"/bills/{bill(1).pk}/"
    assert cleo.get("/bills/number/12/").status_code == 409


def test_no_such_bill(cleo: Client) -> None:
    answer = cleo.get("/bills/999999/")
    assert answer.status_code == 404 and "There is no bill 999999" in text(answer)


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(30):
        cleo.get(f"/bills/{bill(1).pk}/")


@pytest.mark.parametrize("address", ["/tariffs/", "/tariffs/W-RES/", "/tariffs/SAN-RES/", "/tariffs/S-COM/"])
def test_rates_show_prices_and_authority(cleo: Client, address: str) -> None:
    said = text(cleo.get(address))
    assert "not on file" in said
    if address.endswith("W-RES/"):
        assert "5.02" in said and "10,001 to 20,000 gal" in said and "In force" in said


def test_every_rate_can_be_shown(cleo: Client) -> None:
    from curbstop.office import tariffs

    for code in tariffs.load_tariffs():
        assert cleo.get(f"/tariffs/{code}/").status_code == 200, code
    assert cleo.get("/tariffs/NO-SUCH/").status_code == 404
