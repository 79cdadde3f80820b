"""Files of data (tariffs, policies, calendars) read as YAML nodes, so that every value is text with its line.

A scalar is never turned into a float, and every fault is collected with its line, so that a reader can put
right a whole file at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from fractions import Fraction

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from curbstop.rules.faults import BadValue, Fault, shorten
from curbstop.rules.money import parse_amount, parse_price
from curbstop.rules.units import Quantity, parse_number, parse_quantity

MOST_CHARACTERS = 1_000_000
NOT_SET = "not set"

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}")


class _PlainLoader(yaml.BaseLoader):
    """YAML without aliases: a page of figures is read top to bottom, and an alias can hide one."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="an alias (*name) is used", problem_mark=mark, note="write the value out"
            )
        return super().compose_node(parent, index)


def _compose(text: str) -> list[Node]:
    """The documents of a text: by libyaml where it is there and finds nothing amiss, which takes a tenth of the time.

    :raises yaml.YAMLError: it is no such text; the words are always those of the one reader, :class:`_PlainLoader`
    """
    if yaml.__with_libyaml__ and "&" not in text:  # an alias needs its anchor
        try:
            return list(yaml.compose_all(text, Loader=yaml.CBaseLoader))
        except yaml.YAMLError:
            pass
    return list(yaml.compose_all(text, Loader=_PlainLoader))


@dataclass(slots=True)
class Page:
    """A file being read: its name, and the faults found so far."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, *, line: int, field: str, value: object, why: str, remedy: str) -> None:
        """Keep one fault."""
        self.faults.append(Fault(self.file, line, field, shorten(value), why, remedy))

    def blocks(self, text: str) -> list[Block]:
        """The documents of the text, each a block of named fields; faults are kept."""
        if len(text) > MOST_CHARACTERS:
            self.fault(line=0, field="file", value="", why="larger than a million characters", remedy="split it")
            return []
        try:
            nodes = _compose(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = mark.line + 1 if mark else 0
            why = error.problem or "not YAML"
            remedy = error.note or "correct the line: check its indentation, quotes, commas and colons"
            self.fault(line=line, field="file", value="", why=why, remedy=remedy)
            return []
        except yaml.YAMLError as error:
            self.fault(line=0, field="file", value="", why=f"not YAML: {error}", remedy="write plain text in UTF-8")
            return []
        if not nodes:
            self.fault(line=0, field="file", value="", why="empty", remedy="write at least one document")
        blocks = [self._block(node) for node in nodes]
        return [block for block in blocks if block is not None]

    def _block(self, node: Node) -> Block | None:
        if isinstance(node, MappingNode):
            return Block(self, node, "")
        why = "a document must be a list of `field: value`"
        self.fault(line=node.start_mark.line + 1, field="document", value="", why=why, remedy="begin with `code:`")
        return None


class Block:
    """The named fields of one mapping, each taken once; what nobody took is a fault (`done`)."""

    def __init__(self, page: Page, node: MappingNode, path: str) -> None:
        self.page = page
        self.path = path
        self.line = node.start_mark.line + 1
        self.nodes: dict[str, Node] = {}
        self.lines: dict[str, int] = {}
        self._taken: list[str] = []
        for key_node, value_node in node.value:
            self._add(key_node, value_node)

    def _add(self, key_node: Node, value_node: Node) -> None:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            why = "a field needs a plain name"
            self.page.fault(line=line, field=self.path or "field", value="", why=why, remedy="write `name: value`")
            return
        key = key_node.value
        if key in self.nodes:
            why = f"written twice, first on line {self.lines[key]}"
            self.page.fault(line=line, field=self.name(key), value="", why=why, remedy="keep one of the two")
            return
        self.nodes[key] = value_node
        self.lines[key] = line

    def name(self, key: str) -> str:
        """The field's name with where it stands: `versions[1].lines[2].rate`."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether the field is written."""
        return key in self.nodes

    def line_of(self, key: str) -> int:
        """The line of the field, or of the block when the field is not written."""
        return self.lines.get(key, self.line)

    def fault(self, key: str, *, why: str, remedy: str, value: object = "") -> None:
        """Keep a fault of the field."""
        self.page.fault(line=self.line_of(key), field=self.name(key), value=value, why=why, remedy=remedy)

    def take(self, key: str) -> Node | None:
        """The field's node, marked as read."""
        self._taken.append(key)
        return self.nodes.get(key)

    def text(self, key: str, *, required: str | None = None) -> str | None:
        """The field as text. `required` is the remedy to print when it is missing or empty."""
        node = self.take(key)
        if node is None:
            if required is not None:
                self.fault(key, why="missing", remedy=required)
            return None
        if not isinstance(node, ScalarNode):
            self.fault(key, why="one value is expected here", remedy="write it on one line after the colon")
            return None
        value = " ".join(node.value.split())
        if not value:
            self.fault(key, why="empty", remedy=required or "write a value or take the line out")
            return None
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        node = self.take(key)
        if node is None:
            return ()
        items = node.value if isinstance(node, SequenceNode) else [node]
        found: list[str] = []
        for item in items:
            if isinstance(item, ScalarNode) and item.value.strip():
                found.append(" ".join(item.value.split()))
            else:
                self.fault(key, why="a list of plain texts is expected", remedy="write `[first, second]`")
        return tuple(found)

    def choice(self, key: str, options: Iterable[str], *, default: str) -> str:
        """One of the options."""
        value = self.text(key)
        known = list(options)
        if value is None:
            return default
        if value not in known:
            self.fault(key, value=value, why="not known", remedy=closest(value, known))
            return default
        return value

    def on(self, key: str, *, required: str | None = None) -> date | None:
        """A date, `2025-07-01`."""
        value = self.text(key, required=required)
        if value is None:
            return None
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.fault(key, value=value, why="not a date", remedy="write year-month-day, for example 2025-07-01")
        return None

    def whole(self, key: str, *, least: int = 0, required: str | None = None) -> int | None:
        """A whole number."""
        value = self.text(key, required=required)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value) or int(value) < least:
            self.fault(key, value=value, why=f"not a whole number of at least {least}", remedy=f"write {least} or more")
            return None
        return int(value)

    def cents(self, key: str, *, allow_negative: bool = False) -> int | None:
        """An amount of money in whole cents."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse_amount(value, field=key, allow_negative=allow_negative)
        except BadValue as error:
            self.fault(key, value=value, why=error.why, remedy=error.remedy)
            return None

    def price(self, key: str) -> Fraction | None:
        """An exact price in cents."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse_price(value, field=key)
        except BadValue as error:
            self.fault(key, value=value, why=error.why, remedy=error.remedy)
            return None

    def number(self, key: str) -> Fraction | None:
        """A plain number, exactly."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse_number(value, field=key)
        except BadValue as error:
            self.fault(key, value=value, why=error.why, remedy=error.remedy)
            return None

    def quantity(self, key: str) -> Quantity | None:
        """A volume with its unit."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse_quantity(value, field=key)
        except BadValue as error:
            self.fault(key, value=value, why=error.why, remedy=error.remedy)
            return None

    def block(self, key: str) -> Block | None:
        """A mapping under the field."""
        node = self.take(key)
        if node is None:
            return None
        if not isinstance(node, MappingNode):
            self.fault(key, why="named fields are expected here", remedy="write `{name: value, ...}`")
            return None
        return Block(self.page, node, self.name(key))

    def blocks(self, key: str, *, required: str | None = None) -> list[Block]:
        """A list of mappings under the field."""
        node = self.take(key)
        if node is None or (isinstance(node, SequenceNode) and not node.value):
            if required is not None:
                self.fault(key, why="missing" if node is None else "empty", remedy=required)
            return []
        if not isinstance(node, SequenceNode):
            self.fault(key, why="a list is expected here", remedy="begin each entry with a dash, or write `[{...}]`")
            return []
        found: list[Block] = []
        for index, item in enumerate(node.value):
            path = f"{self.name(key)}[{index + 1}]"
            if isinstance(item, MappingNode):
                found.append(Block(self.page, item, path))
            else:
                line = item.start_mark.line + 1
                remedy = "write `{name: value, ...}`"
                self.page.fault(line=line, field=path, value="", why="named fields are expected", remedy=remedy)
        return found

    def done(self) -> None:
        """Keep a fault for every field that nobody took, with the nearest name that is known."""
        known = list(dict.fromkeys(self._taken))
        for key in self.nodes:
            if key not in known:
                self.fault(key, why="this field is not known here", remedy=closest(key, known))


def closest(value: str, known: Iterable[str]) -> str:
    """A remedy that names the nearest known word, or all of them."""
    options = sorted(set(known))
    near = get_close_matches(value, options, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use one of {', '.join(options)}"
