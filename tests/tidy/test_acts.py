"""Every act takes keywords only, a key, an author and an instant, and says what it does; nothing else writes."""

import ast
import re

import pytest

from tests.tidy.sources import found_in, here, python

WRITES_ROWS = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete"}
SQL_THAT_WRITES = re.compile(
    r"^\s*(with\b.*\b)?(insert\s+into|update\s+[a-z_]+\s|delete\s+from|copy\s+[a-z_]+)", re.I | re.S
)


def acts(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and any(map(_is_act, node.decorator_list))]


def _is_act(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "act"


def faults(source: str) -> list[str]:
    """What is wrong with the acts of a module of the office."""
    tree = ast.parse(source)
    found = []
    for node in acts(tree):
        words = node.args
        if [a.arg for a in words.posonlyargs] != ["event"] or words.args or words.vararg or words.kwarg:
            found.append(
                f"{node.name}: an act is def {node.name}(event: Acting, /, *, key, by, at, ...): keywords only"
            )
        names = {a.arg for a in words.kwonlyargs}
        found += [f"{node.name}: takes no {missing}" for missing in ("key", "by", "at") if missing not in names]
        if not ast.get_docstring(node):
            found.append(f"{node.name}: has no docstring")
        if node.returns is None:
            found.append(f"{node.name}: does not say what it returns")
    return found


def writes(node: ast.AST) -> bool:
    """True when the function writes rows, by the ORM or by SQL. Inner calls are not followed: they are private."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            chain = ast.unparse(inner.func)
            if "objects" in chain and inner.func.attr in WRITES_ROWS | {"update"}:
                return True
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and SQL_THAT_WRITES.match(inner.value):
            return True
    return False


def writers_that_are_no_acts(source: str, allowed: set[str]) -> list[str]:
    """Public functions that write rows though they are no act: callers outside the office could skip the plot.

    One that takes ``event: Acting`` or an ``event_id`` is a part of acts: nobody outside has an event to give it.
    """
    tree = ast.parse(source)
    known = {node.name for node in acts(tree)} | allowed
    return [
        f"{node.name} writes rows but is no act: decorate it with @act, give it the event, or make it private"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in known
        if writes(node) and not any(map(_is_event, [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]))
    ]


def _is_event(argument: ast.arg) -> bool:
    return argument.arg == "event_id" or (
        argument.annotation is not None and ast.unparse(argument.annotation) == "Acting"
    )


CALLED_BY_ACTS = {
    "curbstop/office/search.py": {"refresh"},  # docs/internals/design.md: by every act that changes a name or number
    "curbstop/office/staff.py": {"first_administrator"},  # the one act that can have no author: it makes the first
}

OFFICE = python("curbstop/office")


def test_acts() -> None:
    assert found_in(OFFICE, faults) == {}


def test_only_acts_write() -> None:
    writers = {
        here(path): found
        for path in OFFICE
        if not path.name.startswith("_")
        and (found := writers_that_are_no_acts(path.read_text(), CALLED_BY_ACTS.get(here(path), set())))
    }
    assert writers == {}


def test_there_are_acts_to_check() -> None:
    assert sum(len(acts(ast.parse(path.read_text()))) for path in OFFICE) > 0


GOOD = '@act("a.b")\ndef b(event: Acting, /, *, key: Key, by: Actor, at: datetime) -> None:\n    """Say."""\n'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("event: Acting, /, *, ", "event: Acting, ", "keywords only"),
        ("key: Key, ", "", "takes no key"),
        ("by: Actor, ", "", "takes no by"),
        (", at: datetime", "", "takes no at"),
        ('"""Say."""', "pass", "no docstring"),
        (" -> None", "", "returns"),
    ],
)
def test_a_bad_act_is_found(old: str, new: str, said: str) -> None:
    assert faults(GOOD) == []
    assert any(said in fault for fault in faults(GOOD.replace(old, new)))


@pytest.mark.parametrize(
    "body",
    [
        "Account.objects.create(name=1)",
        "Account.objects.filter(id=1).update(name=1)",
        "cursor.execute('insert into base_event values (1)')",
        "cursor.execute('''\n  update customers_account set name = 1''')",
        "cursor.execute('with x as (select 1) delete from base_event')",
    ],
)
def test_a_writer_that_is_no_act_is_found(body: str) -> None:
    assert writers_that_are_no_acts(f"def change():\n    {body}\n", set())
    assert not writers_that_are_no_acts(f"def _change():\n    {body}\n", set())
    assert not writers_that_are_no_acts(f"def change(event: Acting):\n    {body}\n", set())
    assert not writers_that_are_no_acts("def get():\n    cursor.execute('select 1 from t for update')\n", set())


# --- No float near money ----------------------------------------------------------------------------------------------

EXACT_DIVISIONS = {
    "curbstop/rules/constructs.py": {
        "construct.percent / 100",
        "1 / per_gal",
        "source.percent / 100",
    },
    "curbstop/rules/exact.py": {
        "1 / other.at(0)",
        "self.at(row) / (other.at(row) or 1)",
        "num / self.den",
    },
    "curbstop/rules/money.py": {"Fraction(numerator) / denominator"},
    "curbstop/rules/working.py": {"1 / GAL_PER[unit]"},
    "curbstop/rules/units.py": {"Fraction(gal) / GAL_PER[unit]"},
    "curbstop/rules/tariff_lines.py": {"before / unit"},
}
"""Divisions of Fractions, which are exact, each of them looked at. A new `/` in a rule is looked at, then listed."""


def floats(source: str, exact: set[str]) -> list[str]:
    """Float literals, the name `float`, numpy's floats, and divisions that nobody has looked at."""
    found = []
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"line {line}: the float {node.value!r}")
        if isinstance(node, ast.Name) and node.id == "float":
            found.append(f"line {line}: float")
        if isinstance(node, ast.Attribute) and re.match(r"float\d|double|true_divide|divide$", node.attr):
            found.append(f"line {line}: {node.attr}")
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            text = ast.unparse(node)
            if text not in exact:
                found.append(f"line {line}: the division {text}")
    return found


def test_no_rule_has_a_float() -> None:
    rules = python("curbstop/rules")
    found = {here(path): floats(path.read_text(), EXACT_DIVISIONS.get(here(path), set())) for path in rules}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    ["x = 0.02", "x = float('1')", "share = cents / 3", "cents /= 2", "a.astype(np.float64)", "np.divide(a, b)"],
)
def test_a_float_in_a_rule_is_found(source: str) -> None:
    assert floats(source, set())
    assert not floats("x = cents // 3 * 2 % 7", set())


def test_the_list_of_exact_divisions_is_current() -> None:
    for name, known in EXACT_DIVISIONS.items():
        path = next(p for p in python("curbstop/rules") if here(p) == name)
        there = {ast.unparse(n) for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.BinOp)}
        assert known <= there, f"{name} no longer divides {known - there}"


def without_docstring(source: str) -> list[str]:
    """Public functions and classes of a module that say nothing of themselves."""
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]


def test_the_office_says_what_it_does() -> None:
    assert found_in(OFFICE, without_docstring) == {}


def test_a_function_that_says_nothing_is_found() -> None:
    assert without_docstring("def find(): ...\ndef _inner(): ...\n") == ["find"]
