"""Kiosks and telephone robots: their keys, a look-up that tells nobody's name, a payment posted once."""

import hashlib
import json

import pytest
from django.test import Client

from curbstop.office import ledger, payments
from curbstop.records.base.models import Event
from curbstop.rules.money import show
from tests.books import person
from tests.desk.houses import account, bill
from tests.scanning import TEST_NUMBER, tables_with_card_numbers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
from tests.desk.conftest import street as street  # noqa: E402  (a fixture is found by its name here)

KEY = "a robot's key of some length"


@pytest.fixture(autouse=True)
def robots(db, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    person("kiosk-1", "robot")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    other = hashlib.sha256(b"cleo's").hexdigest()
    monkeypatch.setenv("CURBSTOP_ROBOTS", f"kiosk-1={digest}, cleo={other}, gone={hashlib.sha256(b'gone').hexdigest()}")


def send(path: str, told: object, *, key: str = KEY, **headers: str):  # type: ignore[no-untyped-def]
    body = told if isinstance(told, str) else json.dumps(told)
    given = {"Authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Client().post(f"/api/v1/{path}/", body, content_type="application/json", headers=given)


def look(house: int = 3, **more: str):  # type: ignore[no-untyped-def]
    cents = bill(house).total_cents
    told = {"account": account(house).number, "last_bill": f"{cents // 100}.{cents % 100:02}", **more}
    return send("look-up", told)


def pays(**more: object) -> dict[str, object]:
    told = {"account": account(3).number, "amount": "20.00", "reference": "K-1", "paid_at": "2026-03-02T08:30:00-06:00"}
    return {**told, "channel": "kiosk", "card": {"brand": "visa", "last_four": "4242"}, **more}


class TestKeys:
    @pytest.mark.parametrize("key", ["", "wrong", "gone"])
    def test_without_a_key_that_somebody_has_nothing_is_told(self, key: str) -> None:
        for path in ("look-up", "payments"):
            answer = send(path, {}, key=key)
            assert answer.status_code == 401 and answer["Cache-Control"] == "no-store"

    def test_a_key_of_somebody_else_opens_nothing(self) -> None:
        assert send("look-up", {"account": "1", "last_bill": "1.00"}, key="cleo's").status_code == 403
        assert send("payments", pays(), key="cleo's", Idempotency_Key="a").status_code == 403
        assert Client().get("/api/v1/look-up/").status_code == 405


class TestLookUp:
    def test_who_knows_the_last_bill_hears_what_is_owed(self) -> None:
        told = look().json()
        of = account(3)
        owed = ledger.get_balance(of.pk)
        assert told["owed_cents"] == owed and told["account"] == of.number and told["pending_cents"] == 0
        assert "Grebe" not in json.dumps(told) and "Sage" not in json.dumps(told)

    def test_a_wrong_amount_and_a_wrong_number_are_told_alike(self) -> None:
        wrong, nobody = look(last_bill="1.00"), look(account="10000090")
        assert (wrong.status_code, nobody.status_code) == (404, 404) and wrong.json() == nobody.json()

    def test_guessing_ends(self) -> None:
        for _ in range(5):
            assert look(last_bill="1.00").status_code == 404
        assert look().status_code == 429
        assert look(4).status_code == 200

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ("no json", ""),
            ("[1]", ""),
            ({"account": "1"}, "last_bill"),
            ({"account": 1, "last_bill": "1.00"}, "account"),
        ],
    )
    def test_what_cannot_be_read(self, told: object, field: str) -> None:
        answer = send("look-up", told)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == field


class TestPayments:
    def test_a_payment_is_posted_once_for_its_key_and_for_its_reference(self) -> None:
        of = account(3)
        first = send("payments", pays(), Idempotency_Key="k-1")
        assert first.status_code == 201
        assert first.json() | {"receipt": ""} == {
            "receipt": "", "amount": "20.00", "already": False, "posted_to": "account",
            "owed": show(ledger.get_balance(of.pk)),
        }  # fmt: skip
        assert send("payments", pays(), Idempotency_Key="k-1").json() == first.json()
        again = send("payments", pays(), Idempotency_Key="k-2")
        assert (again.status_code, again.json()["already"]) == (200, True)
        assert again.json()["receipt"] == first.json()["receipt"]
        assert payments.list_payments(of.pk)[0].cents == 2000

    def test_the_same_key_for_another_payment(self) -> None:
        send("payments", pays(), Idempotency_Key="k-1")
        answer = send("payments", pays(amount="30.00", reference="K-2"), Idempotency_Key="k-1")
        assert answer.status_code == 409 and "cents was 2000, now 3000" in answer.json()["error"]["says"]

    def test_an_account_that_nobody_has_is_kept_as_unidentified(self) -> None:
        told = send("payments", pays(account="123"), Idempotency_Key="k-1").json()
        assert (told["posted_to"], told["owed"]) == ("unidentified", None)

    @pytest.mark.parametrize(
        ("more", "status", "field"),
        [
            ({"amount": "12.5"}, 422, "amount"),
            ({"amount": "-1.00"}, 422, "amount"),
            ({"paid_at": "today"}, 400, "paid_at"),
            ({"paid_at": "2026-03-02T08:30:00"}, 400, "paid_at"),
            ({"paid_at": "2027-03-02T08:30:00-06:00"}, 409, "paid_at"),
            ({"channel": "till"}, 409, "channel"),
            ({"card": {"number": TEST_NUMBER}}, 400, "card"),
            ({"card": {"last_four": TEST_NUMBER}}, 400, "card"),
            ({"account": TEST_NUMBER}, 409, "account"),
            ({"pan": TEST_NUMBER}, 400, "pan"),
        ],
    )
    def test_what_is_refused(self, more: dict[str, object], status: int, field: str) -> None:
        answer = send("payments", pays(**more), Idempotency_Key="k-1")
        assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
        assert TEST_NUMBER not in answer.content.decode() and tables_with_card_numbers() == set()
        assert not Event.objects.filter(act="payments.collect", denied=False).exists()

    def test_a_key_is_needed(self) -> None:
        assert send("payments", pays()).json()["error"]["field"] == "Idempotency-Key"
