"""Templates of letters: what fills them, what they refuse, what the law wants in them; the barcode of the post."""

from datetime import date
from pathlib import Path

import pytest

import curbstop
from curbstop.formats.paper.imb import imb_bars, imb_number
from curbstop.rules.letters import REQUIRED, BadField, TemplateErrors, find_missing, find_zip, read_template, render

FOLDER = Path(curbstop.__file__).parent / "cities"
PAGES = sorted([*FOLDER.glob("letters/*.yaml"), *FOLDER.glob("*/letters/*.yaml")])
OFFICE = {
    "city": "Moore", "office": "Billing", "office_address": "301 N Broadway", "office_phone": "405-555-0100",
    "office_hours": "8 to 5", "letter_on": date(2026, 4, 22), "customer": "Rosa Ortiz", "account": "1000234",
    "service_address": "1 Sage Wren Dr",
}  # fmt: skip
VALUES = {"cents": 9648, "date": date(2026, 5, 1), "whole": 3, "text": "word"}
LETTER = """
code: sample
says: Sample
fields:
  - {name: amount, is: cents, says: "the amount"}
  - {name: agency, is: text, says: "an agency", may_lack: yes}
en:
  title: Hello
  paragraphs:
    - {text: "Pay {amount} by {letter_on}."}
    - {text: "Ask {agency}.", when: agency}
    - {text: "No agency.", when: "not agency"}
  total: {words: "Pay", amount: amount}
es:
  title: Hola
  paragraphs:
    - {text: "Pague {amount} antes del {letter_on}."}
"""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_letter_of_the_packs_can_be_written_and_is_lawful(path: Path) -> None:
    template = read_template(path.read_text(), file=path.name)
    assert template.code == path.stem and set(template.languages) == {"en", "es"} and find_missing(template) == ()
    values = {name: VALUES[field.kind] for name, field in template.fields.items()}
    said = render(template, values, OFFICE)  # type: ignore[arg-type]
    assert all("{" not in text for words in said.values() for text in (words.title, *words.paragraphs, *words.closing))


def test_values_are_written_as_people_write_them() -> None:
    template = read_template(LETTER, file="s")
    said = render(template, {"amount": 123_456}, OFFICE)
    assert said["en"].paragraphs == ("Pay $1,234.56 by Wednesday, April 22, 2026.", "No agency.")
    assert said["es"].paragraphs == ("Pague $1,234.56 antes del miércoles 22 de abril de 2026.",)
    assert said["en"].total == ("Pay", 123_456)
    told = render(template, {"amount": 1, "agency": "COCAA {amount}"}, OFFICE)
    assert told["en"].paragraphs[1] == "Ask COCAA {amount}."  # what somebody typed is never a field


@pytest.mark.parametrize(
    ("values", "office", "says"),
    [
        ({}, OFFICE, "cannot be written without the amount"),
        ({"amount": "9.48"}, OFFICE, "not what the field is"),
        ({"amount": 1, "other": "x"}, OFFICE, "no such field"),
        ({"amount": 1}, {}, "is not set"),
    ],
)
def test_a_blank_is_never_sent(values, office, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadField, match=says):
        render(read_template(LETTER, file="s"), values, office)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{amount} by", "{amuont} by", "no field of this letter"),
        ("Pay {amount}", "Pay {agency} {amount}", "may be missing"),
        ("when: agency", "when: nobody", "hangs on no field"),
        ("Pay {amount}", "Pay {amount", "a brace without its other"),
        ("amount: amount", "amount: agency", "no field of money"),
        ("en:", "xx:", "write the letter in English"),
        ("{amount} by", "{amount.x} by", "no field of this letter"),
    ],
)
def test_a_wrong_page_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(TemplateErrors, match=says):
        read_template(LETTER.replace(old, new, 1), file="s")


def test_each_passage_that_the_law_wants_is_missed() -> None:
    page = (FOLDER / "letters" / "cutoff_notice.yaml").read_text()
    for wanted in REQUIRED["cut_off"]:
        lines = [line for line in page.splitlines() if "passage:" not in line or wanted.passage not in line]
        missing = find_missing(read_template("\n".join(lines), file="n"))
        assert any(wanted.says in one for one in missing), wanted


def test_the_barcode_of_the_post() -> None:
    number = imb_number(mailer_id="123456", service_type="300", serial=1_000_000_042, zip="731601234")
    assert number == "00300123456000000042-731601234"
    assert imb_number(mailer_id="912345678", service_type="300", serial=7, zip="731") == "00300912345678000007"
    # a worked example of the Postal Service's own reference set
    worked = "DAFDTDAFFDFTDADTDDFTTFDTATATFFFDFTTFFFTFDDTDAAFATDFTFDFDTTTDTTFDA"
    assert imb_bars("53379777234994544928-51135759461") == worked
    with pytest.raises(ValueError, match="no mailer id"):
        imb_number(mailer_id="12345", service_type="300", serial=1, zip="")
    assert find_zip(("A", "Moore, OK 73160-1234")) == "731601234" and find_zip(("A", "Moore, OK")) == ""
