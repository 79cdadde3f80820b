"""Formulas over named values, read by lark's parser and worked out exactly over arrays; nothing is ever executed.

A formula is text like `0.7 * area_sqft * et_inches * 0.62 / 748`. It has numbers (kept as written, never as
floats), names, `+ - * /`, comparisons, `and`, `or`, `not`, and the functions of `FUNCTIONS`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import numpy as np
from lark import Lark, Token, Transformer, UnexpectedInput
from numpy.typing import NDArray

from curbstop.rules.exact import Exact
from curbstop.rules.faults import BadValue

MOST_CHARACTERS = 500
MOST_OPERATORS = 100

FUNCTIONS: dict[str, tuple[int, int]] = {
    "min": (2, 24),
    "max": (2, 24),
    "mean": (1, 24),
    "floor": (1, 2),
    "ceil": (1, 2),
    "round": (1, 2),
    "abs": (1, 1),
    "if": (3, 3),
}

_GRAMMAR = r"""
?start: either
?either: both | either "or" both
?both: negation | both "and" negation
?negation: compared | "not" negation -> negated
?compared: sum | sum COMPARE sum
?sum: product | sum "+" product -> plus | sum "-" product -> minus
?product: sign | product "*" sign -> times | product "/" sign -> over
?sign: atom | "-" sign -> negative
?atom: NUMBER -> number | NAME -> name | WORD "(" [either ("," either)*] ")" -> call | "(" either ")"
COMPARE: "<=" | ">=" | "==" | "!=" | "<" | ">"
NUMBER: /[0-9]+(\.[0-9]+)?/
NAME: /(?!(and|or|not)\b)[a-zA-Z_][a-zA-Z0-9_]*(?!\w*\s*\()/
WORD: /(?!(and|or|not)\b)[a-z]+(?=\s*\()/
%ignore /\s+/
"""

_CONDITIONS = frozenset({"compared", "either", "both", "negated"})


class BadFormula(BadValue):
    """A formula that cannot be read."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A part of a formula: `op` with its `parts`, or a number, or a name."""

    op: str
    parts: tuple[Expression, ...] = ()
    number: Fraction = Fraction(0)
    name: str = ""

    @property
    def condition(self) -> bool:
        """Whether it is true or false, and not a number."""
        return self.op in _CONDITIONS


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula: its text, what was read, and the names it uses in the order they appear."""

    text: str
    expression: Expression
    names: tuple[str, ...]

    @property
    def condition(self) -> bool:
        """Whether it is true or false, and not a number."""
        return self.expression.condition


class _Reader(Transformer[Token, Expression]):
    """lark's tree into expressions."""

    def either(self, children: list[Expression]) -> Expression:
        return Expression("either", tuple(children))

    def both(self, children: list[Expression]) -> Expression:
        return Expression("both", tuple(children))

    def negated(self, children: list[Expression]) -> Expression:
        return Expression("negated", tuple(children))

    def plus(self, children: list[Expression]) -> Expression:
        return Expression("plus", tuple(children))

    def minus(self, children: list[Expression]) -> Expression:
        return Expression("minus", tuple(children))

    def times(self, children: list[Expression]) -> Expression:
        return Expression("times", tuple(children))

    def over(self, children: list[Expression]) -> Expression:
        return Expression("over", tuple(children))

    def negative(self, children: list[Expression]) -> Expression:
        return Expression("negative", tuple(children))

    def number(self, children: list[Token]) -> Expression:
        return Expression("number", number=Fraction(str(children[0])))

    def name(self, children: list[Token]) -> Expression:
        return Expression("name", name=str(children[0]))

    def compared(self, children: list[Any]) -> Expression:
        first, how, second = children
        return Expression("compared", (first, second), name=str(how))

    def call(self, children: list[Any]) -> Expression:
        return Expression("call", tuple(child for child in children[1:] if child is not None), name=str(children[0]))


_PARSER = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False, transformer=_Reader())
_OPERATORS = re.compile(r"[-+*/(<>=,]|\b(?:and|or|not)\b")


@lru_cache(maxsize=4096)
def parse_formula(text: str, *, field: str) -> Formula:
    """A formula from its text.

    :raises BadFormula: not a formula, an unknown function, a comparison where a number is meant
    """

    def refuse(why: str, remedy: str) -> BadFormula:
        return BadFormula(field=field, value=text, why=why, remedy=remedy)

    if len(text) > MOST_CHARACTERS or len(_OPERATORS.findall(text)) > MOST_OPERATORS:
        why = f"longer than {MOST_CHARACTERS} characters or {MOST_OPERATORS} operations"
        raise refuse(why, "name its parts under `values`")
    try:
        expression = cast(Expression, _PARSER.parse(text))
    except UnexpectedInput as error:
        place = getattr(error, "column", 0) or 0
        at = text[place - 1 : place + 11].strip() if place > 0 else ""
        why = f"not a formula from {at!r} on" if at else "a formula that stops too early"
        raise refuse(why, "write for example 60 * people * days / 748") from error
    fault = _fault(expression)
    if fault:
        raise refuse(fault, "see `Formulas` in docs/reference/tariffs.md")
    return Formula(text, expression, tuple(dict.fromkeys(_names(expression))))


def _names(expression: Expression) -> list[str]:
    if expression.op == "name":
        return [expression.name]
    return [name for part in expression.parts for name in _names(part)]


def _fault(expression: Expression) -> str:
    """What is wrong with the shape of an expression, or nothing."""
    parts = expression.parts
    if expression.op == "call":
        if expression.name not in FUNCTIONS:
            return f"function {expression.name!r} is not known; there are {', '.join(FUNCTIONS)}"
        least, most = FUNCTIONS[expression.name]
        if not least <= len(parts) <= most:
            return f"{expression.name} takes {least if least == most else f'{least} to {most}'} values"
        if expression.name in ("floor", "ceil", "round") and len(parts) == 2 and not _step_of(parts[1]):
            return f"the step of {expression.name} is a plain number above zero"
    conditions = [part.condition for part in parts]
    if expression.op == "call" and expression.name == "if":
        if conditions != [True, False, False]:
            return "if takes a comparison, then two numbers"
    elif expression.op in ("either", "both", "negated"):
        if not all(conditions):
            return "and, or, not stand between comparisons"
    elif any(conditions):
        return "a comparison stands where a number is meant"
    return next((fault for fault in map(_fault, parts) if fault), "")


def _step_of(expression: Expression) -> Fraction:
    return expression.number if expression.op == "number" else Fraction(0)


def evaluate(expression: Expression, value_of: Callable[[str], Exact], wrong: NDArray[np.bool_]) -> Exact:
    """The value of every row. Rows that divide by nothing are marked in `wrong`."""
    if expression.op == "number":
        return Exact.same(expression.number)
    if expression.op == "name":
        return value_of(expression.name)
    if expression.op == "call":
        return _call(expression, value_of, wrong)
    parts = [evaluate(part, value_of, wrong) for part in expression.parts]
    if expression.op == "plus":
        return parts[0].plus(parts[1])
    if expression.op == "minus":
        return parts[0].less(parts[1])
    if expression.op == "times":
        return parts[0].mul(parts[1])
    if expression.op == "over":
        return parts[0].over(parts[1], wrong)
    return parts[0].whole_times(-1)


def _call(expression: Expression, value_of: Callable[[str], Exact], wrong: NDArray[np.bool_]) -> Exact:
    name = expression.name
    if name == "if":
        mask = holds(expression.parts[0], value_of, wrong)
        # A row may divide by nothing in the part that it does not take.
        apart = np.zeros_like(wrong), np.zeros_like(wrong)
        first, second = (
            evaluate(part, value_of, marks) for part, marks in zip(expression.parts[1:], apart, strict=True)
        )
        wrong |= np.where(mask, apart[0], apart[1])
        return first.where(mask, second)
    if name in ("floor", "ceil", "round"):
        step = _step_of(expression.parts[1]) if len(expression.parts) == 2 else Fraction(1)
        how = {"floor": "down", "ceil": "up", "round": "nearest"}[name]
        return evaluate(expression.parts[0], value_of, wrong).whole(how, step)
    parts = [evaluate(part, value_of, wrong) for part in expression.parts]
    if name == "abs":
        return parts[0].higher(parts[0].whole_times(-1))
    found = parts[0]
    for part in parts[1:]:
        found = found.plus(part) if name == "mean" else found.lower(part) if name == "min" else found.higher(part)
    return found.times(Fraction(1, len(parts))) if name == "mean" else found


def holds(expression: Expression, value_of: Callable[[str], Exact], wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a condition holds, row by row."""
    if expression.op == "compared":
        first, second = (evaluate(part, value_of, wrong) for part in expression.parts)
        return _compared(expression.name, first, second, wrong.shape)
    parts = [holds(part, value_of, wrong) for part in expression.parts]
    if expression.op == "negated":
        return ~parts[0]
    return parts[0] | parts[1] if expression.op == "either" else parts[0] & parts[1]


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def _compared(how: str, first: Exact, second: Exact, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    level, other = first.level(second)
    one, two = level.num, other.num
    found = _COMPARISONS[how](one, two)
    return np.broadcast_to(np.asarray(found, dtype=np.bool_), shape)
