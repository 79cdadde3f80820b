"""Two doors to the books: office.ledger._post, and a chunk of a bill run by records.bulk. Nobody else writes them."""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.sources import found_in, here, python

TABLES = r"ledger_(?:posting|transaction)"
WRITING = re.compile(
    rf"(?:insert\s+into|update|delete\s+from|truncate(?:\s+table)?|copy|merge\s+into)\s+\"?{TABLES}\b", re.I
)
ORM = re.compile(
    r"\b(?:Posting|Transaction)\.objects\.(?:\w+\(.*\)\.)*(?:create|bulk_create|update|delete|get_or_create)\("
)
COPY = re.compile(r"\bcopy_in\(\s*(?:\w+\.)*(?:Posting|Transaction)\b")
DOORS = ("curbstop/office/ledger/posting.py", "curbstop/office/bills/posting.py", "curbstop/records/bulk/")


def writes_postings(source: str) -> list[str]:
    """Statements that write the books: SQL in any string (also one put together), or the ORM."""
    tree = ast.parse(source)
    texts = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    texts += [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    found = [match[0] for text in texts for match in WRITING.finditer(text)]
    return found + [match[0] for match in ORM.finditer(source)] + [match[0] for match in COPY.finditer(source)]


def outside_the_doors() -> list[Path]:
    return [path for path in python("curbstop") if not here(path).startswith(DOORS)]


def test_nobody_else_writes_the_books() -> None:
    assert found_in(outside_the_doors(), writes_postings) == {}


@pytest.mark.parametrize(
    "source",
    [
        'cursor.execute("insert into ledger_posting (id) values (1)")',
        'cursor.execute(f"""copy ledger_posting ({columns}) from stdin""")',
        'sql = "UPDATE ledger_posting SET debit_cents = 0"',
        "Posting.objects.create(debit_cents=1)",
        "copy_in(\n    models.Posting, columns)",
        "Posting.objects.filter(id=1).update(debit_cents=1)",
        "Transaction.objects.bulk_create(rows)",
    ],
)
def test_one_that_does_is_found(source: str) -> None:
    assert writes_postings(source)
    assert not writes_postings('cursor.execute("select * from ledger_posting")\nPosting.objects.filter(id=1)')
