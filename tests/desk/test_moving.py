"""Stop, transfer, undo and landlords on screen: nothing before the button, what follows told, what cannot be said."""

from datetime import date

import pytest
from django.test import Client

from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account, Agreement, Move, Premise, Reversion
from tests.desk.houses import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
ON = "2026-03-10"


def place(house: int) -> int:
    return Premise.objects.get(address=f"{house} Sage Wren Dr").pk


def holder() -> tuple[str, int]:
    """The number of an account that holds a place, and the place."""
    held = Agreement.objects.filter(during__endswith__isnull=True).order_by("id").first()
    assert held is not None
    return held.account.number, held.service_point.premise_id


def test_a_stop_tells_what_follows_and_can_be_undone(cleo: Client) -> None:
    number, premise = holder()
    page = text(cleo.get(f"/moves/{number}/stop/"))
    assert "Forwarding address" in page and "Deposit held" in page and "until the field has done it" in page
    sent = {"key": "s-1", "do": "stop", "premise": str(premise), "on": ON, "mail_to": "PO Box 9\nNorman OK 73069"}
    done = cleo.post(f"/moves/{number}/stop/", sent)
    assert done.status_code == 302 and done["Location"] == f"/moves/{number}/"
    again = cleo.post(f"/moves/{number}/stop/", sent)  # pressed twice
    assert Event.objects.filter(act="moves.stop", denied=False).count() == 1 and again.status_code in (200, 302)
    moves = text(cleo.get(done["Location"]))
    assert "Stop" in moves and "Undo it" in moves and "written for the field" in moves
    assert Account.objects.get(number=number).mail_to == ["PO Box 9", "Norman OK 73069"]
    move = Move.objects.get(kind="stop")
    undone = cleo.post(f"/moves/undo/{move.pk}/", {"key": "u-1", "account": number, "reason": "changed_mind"})
    assert undone.status_code == 302
    assert "Undone" in text(cleo.get(undone["Location"]))
    assert Agreement.objects.filter(account__number=number, during__endswith__isnull=True).count() == 3
    refused = cleo.post(f"/moves/undo/{move.pk}/", {"key": "u-2", "account": number, "reason": "changed_mind"})
    assert refused.status_code == 200 and "undone already" in text(refused)


def test_a_transfer_shows_what_goes_along_before_it_is_done(cleo: Client) -> None:
    number, premise = holder()
    page = text(cleo.get(f"/moves/{number}/transfer/"))
    assert "Find where they move to" in page
    sent = {"key": "t-1", "premise": str(premise), "to": "8 sage wren", "on": ON, "do": "look"}
    seen = text(cleo.post(f"/moves/{number}/transfer/", sent))
    assert "Your deposit and your sewer average move with you" in seen and "No second deposit" in seen
    assert not Move.objects.filter(kind="transfer").exists()
    done = cleo.post(f"/moves/{number}/transfer/", {**sent, "do": "transfer", "place": str(place(8))})
    assert done.status_code == 302, text(done)
    assert Agreement.objects.filter(service_point__premise=place(8), account__number=number).count() == 3
    assert "Transfer from" in text(cleo.get(done["Location"]))


def test_a_transfer_to_a_house_that_is_held_is_refused_in_words(cleo: Client) -> None:
    number, premise = holder()
    other = Agreement.objects.exclude(account__number=number).filter(during__endswith__isnull=True).first()
    assert other is not None
    address = other.service_point.premise.address
    page = text(
        cleo.post(
            f"/moves/{number}/transfer/",
            {"key": "t-2", "premise": str(premise), "to": address, "on": ON, "do": "transfer"},
        )
    )
    assert "In its way" in page and "is responsible for water" in page
    assert not Move.objects.filter(kind="transfer").exists()


def test_a_landlords_agreement_is_entered_and_ended(cleo: Client) -> None:
    number, _ = holder()
    told = cleo.post(f"/moves/{number}/landlord/", {"key": "l-1", "at": "8 sage wren", "signed_on": "2026-03-01"})
    assert told.status_code == 302 and Reversion.objects.get().signed_on == date(2026, 3, 1)
    page = text(cleo.get(f"/moves/{number}/"))
    assert "8 Sage Wren Dr" in page and "As a landlord" in page
    vague = text(cleo.post(f"/moves/{number}/landlord/", {"key": "l-2", "at": "zzz", "signed_on": "2026-03-01"}))
    assert "No places have that in their address" in vague
    row = Reversion.objects.get()
    early = cleo.post(f"/moves/{number}/landlord/", {"key": "l-3", "end": str(row.pk), "reason": ""})
    assert "Say why it ends" in text(early)


def test_an_empty_account_says_what_to_do(cleo: Client) -> None:
    from tests.office.scene import open_account

    number = open_account("Nobody Yet").number
    assert "holds no service that could stop" in text(cleo.get(f"/moves/{number}/stop/"))
    assert "holds no service that could move" in text(cleo.get(f"/moves/{number}/transfer/"))
    assert "No moves are on file" in text(cleo.get(f"/moves/{number}/"))
