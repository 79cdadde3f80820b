"""Every example of docs/reference/commands.md is run, on the small town of the tests, and says what the page says."""

import re
import shlex
from pathlib import Path

import pytest
from django.db import connection

from tests.cli.commands import curbstop
from tests.databases import TestDatabases

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "commands.md"
BILL = "4044"  # stands for the newest bill of account 10000016


def examples() -> list[tuple[str, str]]:
    """(command, what it prints) of every console block."""
    blocks = re.findall(r"```console\n\$ (.+)\n((?:.*\n)*?)```", PAGE.read_text())
    return [(command, said) for command, said in blocks]


def matches(said: str, page: str) -> bool:
    """Whether the output is the page's. A line ``...`` stands for any lines, and inside a line for anything."""
    left = said.rstrip("\n").split("\n")
    parts = [part.strip("\n") for part in f"\n{page.rstrip()}\n".split("\n...\n")]
    for place, part in enumerate(parts):
        lines = part.split("\n") if part else []
        last = place == len(parts) - 1
        starts = range(len(left) - len(lines) + 1)
        if place == 0:
            starts = range(min(1, len(starts)))
        elif last and lines:
            starts = range(len(left) - len(lines), len(left) - len(lines) + 1)
        at = next((n for n in starts if all(map(_line, left[n:], lines))), None)
        if at is None or at < 0:
            return False
        left = left[at + len(lines) :]
    return not left or page.rstrip().endswith("\n...")


def _line(said: str, page: str) -> bool:
    words = [re.escape(word) for word in page.split()]
    return re.fullmatch(r"\s*" + r"\s+".join(words).replace(re.escape("..."), ".*") + r"\s*", said) is not None


@pytest.fixture(scope="module")
def town_url(small_town: None, test_databases: TestDatabases) -> str:
    return test_databases.url


def newest_bill() -> str:
    from curbstop.office.bills import bill_number

    with connection.cursor() as cursor:
        cursor.execute(
            "select max(b.id) from bills_bill b join customers_account a on a.id = b.account_id"
            " where a.number = '10000016'"
        )
        return bill_number(cursor.fetchone()[0])


def test_the_page_has_examples_of_every_noun() -> None:
    nouns = {command.split()[1] for command, _ in examples()}
    assert nouns >= {"tariff", "town", "accounts", "bills", "prove"}


@pytest.mark.django_db
@pytest.mark.parametrize(("command", "said"), examples(), ids=[" ".join(c.split()[1:3]) for c, _ in examples()])
def test_an_example(town_url: str, tmp_path: Path, command: str, said: str) -> None:
    number = newest_bill()
    words = shlex.split(command.replace(BILL, number))[1:]
    environment = {"CURBSTOP_DATABASE_URL": town_url}
    if words[0] == "town":  # a smaller one, in a schema of its own beside the small town
        words = [{"2000": "12", "14": "1"}.get(word, word) for word in words]
        environment["CURBSTOP_SCHEMA"] = "doc_town"
    words = [
        str(tmp_path / word) if word == "bill.pdf" else str(ROOT / word) if word.startswith("curbstop/") else word
        for word in words
    ]
    done = curbstop(*words, home=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    told = done.stdout.replace(number, BILL).replace(f"{tmp_path}/", "").replace(f"{ROOT}/", "")
    assert matches(told, said), f"the page says\n{said}\nbut the command says\n{told}"


@pytest.mark.parametrize(
    ("said", "page", "same"),
    [
        ("a  1\nb\nc\n", "a 1\n...\nc\n", True),
        ("a  1\nc\n", "a 1\n...\nc\n", True),
        ("a  1\nb\nd\n", "a 1\n...\nc\n", False),
        ("x\ny\na 1\n", "...\na 1\n", True),
        ("x\ny\na 1\nz\n", "...\na 1\n", False),
        ("a 1\nz\n", "a 1\n...\n", True),
        ("a 1\nz\n", "a 1\n", False),
        ("a 2\n", "a 1\n", False),
        ("Bills (3)\n", "Bills (...\n", True),
    ],
)
def test_the_matcher_tells_pages_apart(said: str, page: str, same: bool) -> None:
    assert matches(said, page) is same
