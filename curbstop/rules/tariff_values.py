"""Values that are another for each account, from YAML: formulas, tables by a word or a number, values by date."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from yaml.nodes import MappingNode, Node, ScalarNode

from curbstop.rules.formulas import BadFormula, Formula, parse_formula
from curbstop.rules.plans import Dated, Keyed, NotSet, Ranged, Valued
from curbstop.rules.sheets import NOT_SET, Block
from curbstop.rules.units import show_number

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]{1,18})?")
_SHAPES = "a number, a formula, or a table such as `{by: meter, values: {5/8: 9.50, 1: 14.00}}`"
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


def read_formula(block: Block, key: str) -> Formula | None:
    """A formula under the field."""
    text = block.text(key)
    return None if text is None else _formula(block, key, text)


def _formula(block: Block, key: str, text: str) -> Formula | None:
    try:
        found = parse_formula(text, field=key)
    except BadFormula as error:
        block.fault(key, value=text, why=error.why, remedy=error.remedy)
        return None
    if found.condition:
        block.fault(key, value=text, why="a comparison, where a number is meant", remedy="write `if(..., 1, 0)`")
        return None
    return found


def read_condition(block: Block, key: str, text: str) -> Formula | None:
    """A condition, `usage_gal > 3000 and month >= 5`."""
    try:
        found = parse_formula(text, field=key)
    except BadFormula as error:
        block.fault(key, value=text, why=error.why, remedy=error.remedy)
        return None
    if not found.condition:
        block.fault(key, value=text, why="not a comparison", remedy="write for example `usage_gal > 3000`")
        return None
    return found


def read_value(block: Block, key: str, *, required: bool = True) -> Valued | None:
    """A number, a formula or a table under the field; None, with its fault, when it is none of them."""
    node = block.take(key)
    if node is None:
        if required:
            block.fault(key, why="missing", remedy=f"write {_SHAPES}")
        return None
    return _value(block, key, node)


def _value(block: Block, key: str, node: Node) -> Valued | None:
    if isinstance(node, ScalarNode):
        text = " ".join(node.value.split())
        if text == NOT_SET:
            return NotSet("the city has not published it")
        if _PLAIN.fullmatch(text):
            return Fraction(text)
        return _formula(block, key, text)
    if not isinstance(node, MappingNode):
        block.fault(key, why="a list, where a value is expected", remedy=f"write {_SHAPES}")
        return None
    part = Block(block.page, node, block.name(key))
    if part.has("from"):
        return _dated(part)
    by = _by(part)
    found = _ranged(part, by[0]) if part.has("up_to") else _keyed(part, by)
    part.done()
    return found


def _by(part: Block) -> tuple[str, ...]:
    by = part.words("by")
    if not by:
        part.fault("by", why="missing", remedy="name what chooses the value: `by: meter`")
        return ("?",)
    return by


def _otherwise(part: Block) -> Valued | None:
    return read_value(part, "otherwise", required=False)


def _ranged(part: Block, by: str) -> Valued | None:
    formula = _formula(part, "by", by)
    rows = part.block("up_to")
    found: list[tuple[Fraction, Valued]] = []
    for key in rows.nodes if rows is not None else ():
        assert rows is not None
        value = read_value(rows, key)
        limit = Fraction(key) if _PLAIN.fullmatch(key) else None
        if limit is None or (found and limit <= found[-1][0]):
            why = "not a number" if limit is None else "the numbers do not rise"
            rows.fault(key, value=key, why=why, remedy="write `up_to: {6: 2.24, 10: 3.00}`, rising")
        elif value is not None:
            found.append((limit, value))
    otherwise = _otherwise(part)
    return Ranged(formula, tuple(found), otherwise) if formula is not None and found else None


def _keyed(part: Block, by: tuple[str, ...]) -> Valued | None:
    for name in by:
        if not KEY.fullmatch(name):
            part.fault("by", value=name, why="not a name", remedy="write a lower-case word, for example meter")
    rows = part.block("values")
    if rows is None or not rows.nodes:
        part.fault("values", why="missing", remedy="write a value for each: `values: {5/8: 9.50, 1: 14.00}`")
        return None
    otherwise = _otherwise(part)
    return _rows(rows, by, otherwise)


def _rows(rows: Block, by: tuple[str, ...], otherwise: Valued | None) -> Keyed:
    """One level of a table; with several names the tables stand one in another."""
    found: list[tuple[str, Valued]] = []
    for key in rows.nodes:
        if len(by) > 1:
            inner = rows.block(key)
            if inner is not None:
                found.append((key, _rows(inner, by[1:], otherwise)))
        else:
            value = read_value(rows, key)
            if value is not None:
                found.append((key, value))
    return Keyed(by[0], tuple(found), otherwise)


def _dated(part: Block) -> Valued | None:
    rows = part.block("from")
    found: list[tuple[date, Valued]] = []
    for key in rows.nodes if rows is not None else ():
        assert rows is not None
        value = read_value(rows, key)
        try:
            on = date.fromisoformat(key)
        except ValueError:
            rows.fault(key, value=key, why="not a date", remedy="write `from: {2026-01-01: 0.12}`")
            continue
        if found and on <= found[-1][0]:
            rows.fault(key, value=key, why="the dates do not rise", remedy="write the oldest first")
        elif value is not None:
            found.append((on, value))
    part.done()
    return Dated(tuple(found)) if found else None


def names_in(value: object) -> list[str]:
    """The names that formulas and tables in a value use, in order."""
    if isinstance(value, Formula):
        return list(value.names)
    if isinstance(value, Keyed):
        inner = [name for _, row in value.values for name in names_in(row)]
        return [value.by, *inner, *names_in(value.otherwise)]
    if isinstance(value, Ranged):
        inner = [name for _, row in value.up_to for name in names_in(row)]
        return [*value.by.names, *inner, *names_in(value.otherwise)]
    if isinstance(value, Dated):
        return [name for _, row in value.values for name in names_in(row)]
    return []


def in_words(value: Valued | None) -> str:
    """A figure as a citizen would read it: a formula as written, a table row by row."""
    if value is None:
        return "not set"
    if isinstance(value, Fraction):
        return show_number(value)
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, NotSet):
        return f"not set: {value.why}"
    if isinstance(value, Dated):
        return "; ".join(f"from {on.isoformat()} {in_words(row)}" for on, row in value.values)
    if isinstance(value, Keyed):
        rows = [f"{key} {in_words(row)}" for key, row in value.values]
        by = value.by.replace("_", " ")
    else:
        rows = [f"up to {show_number(limit)} {in_words(row)}" for limit, row in value.up_to]
        by = value.by.text
    rest = [] if value.otherwise is None else [f"else {in_words(value.otherwise)}"]
    return f"by {by}: {'; '.join([*rows, *rest])}"
