"""No card number can be in a form field, a log, a row, a page, or a dump of the database."""

import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from curbstop.cli import postgres
from curbstop.rules.cards import EXEMPT, find_card_numbers
from tests.desk.houses import account, bill, key_of
from tests.scanning import TEST_NUMBER, card_fields, tables_with_card_numbers

ROOT = Path(__file__).resolve().parent.parent.parent
PLAIN = TEST_NUMBER.replace(" ", "")


def templates() -> Iterator[Path]:
    yield from sorted((ROOT / "curbstop").rglob("templates/**/*.html"))


def test_no_field_of_any_screen_asks_for_a_card() -> None:
    found = {path.name: card_fields(path.read_text()) for path in templates()}
    assert len(found) > 60 and {name: fields for name, fields in found.items() if fields} == {}


def test_a_field_that_did_would_be_found() -> None:
    for field in ('autocomplete="cc-number" name="x"', 'name="card_number"', 'name="cvc"', 'name="pan"'):
        assert card_fields(f"<input {field}>")
    assert not card_fields('<input name="card" value="4242"><input name="phone" autocomplete="tel">')


def test_what_is_exempt_is_looked_at() -> None:
    """Who adds a name here says why in `rules.cards`: these fields hold numbers of their own."""
    people_type = {
        "text",
        "reason",
        "payer",
        "name",
        "reference",
        "says",
        "words",
        "address",
        "hazard",
        "email",
        "phone",
    }
    assert not EXEMPT & people_type


@pytest.mark.django_db
@pytest.mark.usefixtures("street")
class TestTyped:
    """Every form of the desk, with a card number in every field that takes text."""

    def forms(self, client: Client) -> list[tuple[str, dict[str, str]]]:
        of = account(1)
        pages = [
            f"/customers/{of.number}/note/",
            f"/payments/card/{of.number}/",
            "/moves/start/8/",
            "/tills/",
            f"/payments/take/{of.number}/",
            "/reads/enter/",
            "/tariffs/drafts/",
        ]
        found = []
        for page in pages:
            answer = client.get(page)
            if answer.status_code != 200:
                continue
            html = answer.content.decode()
            for form in re.findall(r'<form[^>]*method="post".*?</form>', html, re.S):
                action = re.search(r'action="([^"]*)"', form)
                names = re.findall(r'<(?:input|textarea|select)[^>]*?name="([^"]+)"', form)
                values = dict.fromkeys(names, TEST_NUMBER)
                fixed = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
                found.append((action[1] if action else page, {**values, **dict(fixed)}))
        return found

    def test_it_is_kept_nowhere(self, cleo: Client, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        forms = [(to, given) for to, given in self.forms(cleo) if "logout" not in to]
        assert len(forms) >= 4
        for to, given in forms:
            for do in ("", "take", "ask", "start", "look"):
                cleo.post(to, {**given, **({"do": do} if do else {})})
        cleo.get("/search/", {"q": TEST_NUMBER})
        assert tables_with_card_numbers() == set()
        logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
        assert not find_card_numbers(logged) and PLAIN not in logged

    def test_a_used_town_holds_none(self) -> None:
        assert bill(1) and tables_with_card_numbers() == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("street")
def test_a_dump_of_the_database_holds_none(database_url: str, sign_in, settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from tests.books import person, set_policy

    settings.HOME = tmp_path
    person("system", "system")
    set_policy("town.seed", 7)
    cleo = sign_in("cleo")
    number = account(2).number
    note = cleo.get(f"/customers/{number}/note/")
    cleo.post(f"/customers/{number}/note/", {"key": key_of(note), "text": f"card {TEST_NUMBER}"})
    page = cleo.get(f"/payments/card/{number}/")
    given = {"key": key_of(page), "amount": "20.00", "how": "sms", "phone": "405 793 5032", "do": "ask"}
    asked = cleo.post(f"/payments/card/{number}/", given).url
    link = re.search(r"(/demo-gateway/[^\"]+)", cleo.get(asked).content.decode())
    assert link is not None
    Client().post(link[1], {"card": "4242"})
    cleo.get(f"{asked}status/", headers={"HX-Request": "true"})
    command = [postgres.find_binaries() / "pg_dump", "--no-owner", database_url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "PHONE" in dump and "4242" in dump  # what may be kept is there
    assert not [line for line in dump.splitlines() if find_card_numbers(line)] and PLAIN not in dump
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not find_card_numbers(path.read_bytes().decode("latin-1")), path.name
