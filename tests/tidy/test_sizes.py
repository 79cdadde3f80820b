"""A function fits on a screen, a file in a sitting; names are the field's."""

import ast
from pathlib import Path

from tests.tidy.sources import PACKAGE, found_in, functions, here, python, tracked

FUNCTION_LINES, FILE_LINES = 60, 600
CODE = ("curbstop", "tests", "bench", "tools")
BAD_CLASSES = ("Manager", "Handler", "Helper", "Service", "Util", "Utils")
THE_FIELDS_OWN = {"StartedService", "StoppedService"}  # water, sewer: a service that a customer has
BAD_MODULES = {"utils", "util", "common", "lib", "helpers", "misc", "shared", "core", "base_classes"}


def long_functions(source: str) -> list[str]:
    """Functions of more than 60 lines; decorators and the docstring are not counted, so that nobody saves on words."""
    return [
        f"{node.name} has {length} lines"
        for node in functions(ast.parse(source))
        if (length := (node.end_lineno or 0) - node.lineno + 1 - _docstring_lines(node)) > FUNCTION_LINES
    ]


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


def bad_names(source: str) -> list[str]:
    """Classes named for what they are in a program, not for what they are in an office."""
    classes = [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    bad = [name for name in classes if name.endswith(BAD_CLASSES) or (name.endswith("Base") and name != "Base")]
    return [name for name in bad if name not in THE_FIELDS_OWN]


def written() -> list[Path]:
    """What people write and read: code, templates, styles and scripts of our own."""
    kinds = {".py", ".html", ".typ", ".css", ".js"}
    return [
        path
        for path in tracked()
        if path.suffix in kinds
        and "migrations" not in path.parts
        and "vendor" not in path.parts
        and ".min." not in path.name
    ]


def test_functions_fit_on_a_screen() -> None:
    assert found_in(python(*CODE, migrations=True), long_functions) == {}


def test_files_fit_in_a_sitting() -> None:
    long = {here(path): n for path in written() if (n := len(path.read_text().splitlines())) > FILE_LINES}
    assert long == {}


def test_names_are_the_fields() -> None:
    assert found_in(python("curbstop"), bad_names) == {}


def test_no_junk_drawers() -> None:
    names = [path for path in PACKAGE.rglob("*") if path.suffix in {"", ".py"} and path.stem.strip("_") in BAD_MODULES]
    assert names == []


def test_long_functions_and_bad_names_are_found() -> None:
    assert long_functions("def long():\n" + "    x = 1\n" * 60) == ["long has 61 lines"]
    assert not long_functions("def fits():\n" + "    x = 1\n" * 59)
    assert not long_functions("def told():\n" + '    """Says\n    much."""\n' + "    x = 1\n" * 59)
    assert bad_names("class BillManager: ...\nclass RunBase: ...\nclass Bill: ...") == ["BillManager", "RunBase"]
