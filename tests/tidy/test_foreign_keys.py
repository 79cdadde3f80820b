"""Foreign keys point down the order of tables, also those written as strings, which the import contract cannot see."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT, here

RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}
REFERENCES = re.compile(r"\breferences\s+(?:only\s+)?\"?([a-z]+)_[a-z_]+", re.IGNORECASE)


def order() -> dict[str, int]:
    """Table group -> its height, from the contract in pyproject.toml (`bulk` has no tables)."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == ["curbstop.records"])
    return {noun.strip(): height for height, layer in enumerate(reversed(layers)) for noun in layer.split("|")}


def targets(source: str) -> list[tuple[int, str]]:
    """(line, table group) of every relation in a models or migrations file, by string, by name, or in SQL."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in RELATIONS:
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "to")]
            for target in given:
                if isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value:
                    found.append((node.lineno, target.value.split(".")[0].lower()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [(node.lineno, match[1].lower()) for match in REFERENCES.finditer(node.value)]
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def upward(group: str, source: str) -> list[str]:
    """Relations of this table group that point up, or sideways to another group of the same height."""
    height = order()
    return [
        f"line {line}: {group} points to {to}"
        for line, to in targets(source)
        if to in height and to != group and height[to] >= height[group]
    ]


def files() -> list[Path]:
    return sorted((ROOT / "curbstop" / "records").glob("*/*.py")) + sorted(
        (ROOT / "curbstop" / "records").glob("*/migrations/*.py")
    )


def test_foreign_keys_point_down() -> None:
    groups = {path: path.relative_to(ROOT / "curbstop" / "records").parts[0] for path in files()}
    found = {here(path): upward(group, path.read_text()) for path, group in groups.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        'x = models.ForeignKey("bills.Bill", on_delete=models.PROTECT)',
        'x = models.OneToOneField(to="bills.bill", on_delete=1)',
        'x = ManyToManyField("delinquency.Step")',
        'x = migrations.RunSQL("alter table t add foreign key (bill_id) references bills_bill (id)")',
    ],
)
def test_one_that_points_up_is_found(source: str) -> None:
    assert upward("customers", source)


def test_sideways_is_found_and_down_is_not() -> None:
    assert upward("orders", 'x = models.ForeignKey("payments.Receipt")')
    assert not upward("payments", 'x = models.ForeignKey("bills.Bill")\ny = models.ForeignKey("self")')
    assert not upward("bills", 'x = models.ForeignKey("auth.Group")')
