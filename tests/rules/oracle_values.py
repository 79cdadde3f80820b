"""The oracle's formulas and tables, worked out by walking Python's own syntax tree in Decimal: nothing of curbstop."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

Lookup = Callable[[str], Decimal]


class NotRated(Exception):
    """The account cannot be charged: `not_set`, `no_average`, `no_version`, `no_value`."""


def is_rule(value: Any) -> bool:
    """Whether a price or a limit is a table or a formula and not a figure."""
    if isinstance(value, dict):
        return True
    try:
        Decimal(value)
    except ArithmeticError:
        return value not in ("not set", "average")
    return False


def worth(rule: Any, lookup: Lookup, facts: dict[str, str], last_day: date) -> Decimal:
    """A number, a formula or a table, for one account."""
    if isinstance(rule, str):
        return Decimal("NaN") if rule == "not set" else formula(rule, lookup)
    if "from" in rule:
        chosen = [value for on, value in rule["from"].items() if date.fromisoformat(on) <= last_day]
        if not chosen:
            raise NotRated("not_set")
        return _set(worth(chosen[-1], lookup, facts, last_day))
    if "up_to" in rule:
        number = formula(rule["by"], lookup)
        rows = [value for limit, value in rule["up_to"].items() if number <= Decimal(limit)]
        chosen_row = rows[0] if rows else rule.get("otherwise")
    else:
        by = rule["by"] if isinstance(rule["by"], list) else [rule["by"]]
        chosen_row = rule["values"]
        for name in by:
            if not facts.get(name):
                raise NotRated("no_value")
            chosen_row = chosen_row.get(facts[name]) if isinstance(chosen_row, dict) else None
        chosen_row = rule.get("otherwise") if chosen_row is None else chosen_row
    if chosen_row is None:
        raise NotRated("not_set")
    return _set(worth(chosen_row, lookup, facts, last_day))


def _set(value: Decimal) -> Decimal:
    if value.is_nan():
        raise NotRated("not_set")
    return value


def formula(text: str, lookup: Lookup) -> Decimal:
    """A formula's number."""
    return Decimal(_walk(ast.parse(text.replace("if(", "if_("), mode="eval").body, text.replace("if(", "if_("), lookup))


def condition(text: str, lookup: Lookup) -> bool:
    """Whether a formula's comparison holds."""
    return bool(_walk(ast.parse(text, mode="eval").body, text, lookup))


def _walk(node: ast.expr, text: str, lookup: Lookup) -> Any:
    def of(part: ast.expr) -> Any:
        return _walk(part, text, lookup)

    if isinstance(node, ast.Constant):
        return Decimal(str(ast.get_source_segment(text, node)))
    if isinstance(node, ast.Name):
        return lookup(node.id)
    if isinstance(node, ast.UnaryOp):
        return -of(node.operand) if isinstance(node.op, ast.USub) else not of(node.operand)
    if isinstance(node, ast.BoolOp):
        found = [of(part) for part in node.values]
        return all(found) if isinstance(node.op, ast.And) else any(found)
    if isinstance(node, ast.Compare):
        one, two, how = of(node.left), of(node.comparators[0]), node.ops[0]
        kinds = {ast.Lt: one < two, ast.LtE: one <= two, ast.Gt: one > two, ast.GtE: one >= two, ast.Eq: one == two}
        return kinds.get(type(how), one != two)
    if isinstance(node, ast.BinOp):
        one, two = of(node.left), of(node.right)
        if isinstance(node.op, ast.Div):
            if not two:
                raise NotRated("no_value")
            return one / two
        return one * two if isinstance(node.op, ast.Mult) else one + two if isinstance(node.op, ast.Add) else one - two
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    name = node.func.id
    if name == "if_":
        return of(node.args[1]) if of(node.args[0]) else of(node.args[2])
    values = [of(part) for part in node.args]
    if name in ("floor", "ceil", "round"):
        step = values[1] if len(values) == 2 else Decimal(1)
        how = {"floor": ROUND_FLOOR, "ceil": ROUND_CEILING, "round": ROUND_HALF_UP}[name]
        return (values[0] / step).quantize(Decimal("1e-40")).quantize(Decimal(1), rounding=how) * step
    if name == "mean":
        return sum(values, Decimal(0)) / len(values)
    return {"min": min, "max": max, "abs": lambda parts: abs(parts[0])}[name](values)
