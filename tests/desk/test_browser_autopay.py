"""Autopay, bank files and returned payments in a real browser: axe finds nothing, at three widths, light and dark."""

from datetime import timedelta

import pytest

from curbstop.office import autopay, payments
from curbstop.rules.autopay import Terms
from tests.desk.browser import Open, look_at
from tests.desk.houses import account
from tests.office.draft_town import returns_file
from tests.office.scene import TODAY, at_on, by, key

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("street"),
]


def live() -> dict[str, tuple[str, str]]:
    """Two on autopay, one run tried and one planned, a file with a bad row, a returned check; where each is shown."""
    fay, at = by("fay"), at_on(TODAY)
    for house, bank in ((1, "123456789"), (2, "987654321")):
        autopay.enrol(
            key=key(), by=by("cleo"), at=at, account_id=account(house).id, holder="On the check", routing="121042882",
            bank_account=bank, terms=Terms("checking", "PPD", 25000 if house == 2 else None, None), authorised_on=TODAY,
            evidence="signed form", from_on=TODAY,
        )  # fmt: skip
    first = autopay.plan(key=key(), by=fay, at=at, through_on=TODAY + timedelta(20), on=TODAY)
    autopay.make_file(key=key(), by=fay, at=at, run=first.run, on=TODAY)
    data = autopay.take_file(key=key(), by=fay, at=at, run=first.run).data
    autopay.apply_answers(key=key(), by=fay, at=at, name="answers.ach", data=returns_file(data, t2="R03"), on=TODAY)
    of = account(1)
    rows = f"{of.number},5.00,,A1,\n{of.number},7?00,,B2,\n99999999,5.00,,C3,Unknown\n"
    body = f"Account,Amount,Date,Reference,Payer\n{rows}"
    kept = payments.load_file(
        key=key(), by=fay, at=at, name="lockbox-0302.csv", layout="bank_csv", data=body.encode(), on=TODAY
    )
    (row,), (waits,) = payments.list_quarantined(), payments.list_unidentified()
    payments.reverse(
        key=key(), by=by("sue"), at=at, series="LOCKBOX", no=1, why="returned", reason="insufficient funds", on=TODAY
    )
    letter = payments.list_letters()[-1]
    return {
        "autopay": ("fay", "/autopay/"),
        "autopay-plan": ("fay", "/autopay/plan/?through=2026-04-30"),
        "autopay-run": ("fay", f"/autopay/runs/{first.run}/"),
        "autopay-account": ("cleo", f"/autopay/account/{of.number}/"),
        "autopay-new": ("cleo", f"/autopay/account/{account(4).number}/"),
        "files": ("fay", "/files/"),
        "file": ("fay", f"/files/{kept.file_id}/"),
        "quarantined": ("fay", f"/files/quarantine/{row.id}/"),
        "unidentified": ("fay", f"/files/unidentified/{waits.document_id}/"),
        "returned": ("fay", "/files/returned/"),
        "returned-all": ("fay", "/files/returned/?all"),
        "hanger": ("fay", f"/files/letters/{letter.id}/"),
    }


def test_every_screen_is_accessible_and_as_wide_as_the_window(open_as: Open) -> None:
    assert look_at(open_as, live()) == []
