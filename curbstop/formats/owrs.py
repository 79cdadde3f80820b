"""Open Water Rate Specification files as tariffs of ours: text in, text out, one tariff a customer class.

How the files are read: `Tiered` starts are the first unit billed at the price; `Budget` starts are numbers, fields or
percents of `budget`, rounded to whole units, and are the last unit of the tier before. Keys of `values` that depend on
several fields are joined by `|`, which also stands inside meter sizes (`1|1/2"`). `usage_ccf` counts in the file's
`bill_unit`. The bill is added exactly and rounded once. What cannot be said becomes a line that is not set, with the
words of the file; a name that no field explains is asked of the account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from curbstop.rules.faults import Fault, Faults
from curbstop.rules.formulas import BadFormula, parse_formula
from curbstop.rules.working import BUILT_IN

UNITS = {"": "ccf", "ccf": "ccf", "hcf": "ccf", "kgal": "kgal", "tgal": "kgal", "kilolitre": "kl"}
NO_END = "1000000000"
SUFFIXES = ("_commodity", "_drought")
TIERED = ("Tiered", "Budget")
AUTHORITY = "Open Water Rate Specification, California Data Collaborative"

_JOINED_SIZE = re.compile(r"(\d)\|(\d+/\d)")
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")


class OwrsErrors(Faults):
    """What is wrong with a rate specification, with its line."""

    what = "rate specification"


@dataclass(frozen=True, slots=True)
class Imported:
    """A file as tariffs: the text in our language, and what of it could not be said."""

    text: str
    unsaid: tuple[str, ...]


class Unsaid(ValueError):
    """Something of a file that our language cannot say as it stands."""


def import_owrs(text: str, *, file: str) -> Imported:
    """The tariffs of a specification.

    :raises OwrsErrors: not YAML, or without rates; the fault names the line
    """
    root = _root(text, file)
    metadata = _plain(root.get("metadata")) or {}
    rates = root.get("rate_structure")
    if not isinstance(rates, MappingNode):
        raise OwrsErrors([Fault(file, 1, "rate_structure", "", "missing", "write the rates of each class under it")])
    unsaid: list[str] = []
    found: list[dict[str, Any]] = []
    for name, fields in _plain(rates).items():
        if isinstance(fields, dict) and fields:
            sheet = _Class(_name(name), {_name(key): value for key, value in fields.items()}, _unit(metadata))
            found.append(_tariff(sheet, metadata, unsaid))
    if not found:
        line = rates.start_mark.line + 1
        raise OwrsErrors([Fault(file, line, "rate_structure", "", "no class has rates", "write the rates of a class")])
    dumped = yaml.dump_all(
        found, Dumper=_Written, sort_keys=False, allow_unicode=True, width=118, default_flow_style=None
    )
    return Imported(str(dumped), tuple(unsaid))


class _Written(yaml.SafeDumper):
    """YAML without aliases: every value is written out where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _root(text: str, file: str) -> dict[str, Node]:
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        remedy = "correct the line: its indentation, tabs, quotes, commas and colons"
        raise OwrsErrors([Fault(file, line, "file", "", error.problem or "not YAML", remedy)]) from error
    if not isinstance(node, MappingNode):
        raise OwrsErrors([Fault(file, 1, "file", "", "no fields", "write metadata and rate_structure")])
    return {key.value: value for key, value in node.value}


def _plain(node: Node | None) -> Any:
    """Nodes as texts, lists and dictionaries; of a field written twice the last one counts."""
    if isinstance(node, MappingNode):
        return {str(key.value).strip(): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    return " ".join(node.value.split()) if isinstance(node, ScalarNode) else None


def _name(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.strip().lower()).strip("_")[:40] or "field"


def _unit(metadata: dict[str, Any]) -> str:
    unit = str(metadata.get("bill_unit") or "").lower()
    return UNITS.get(unit, "ccf")


def _effective(metadata: dict[str, Any]) -> date | None:
    text = str(metadata.get("effective_date") or "")
    for shape in ("%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d", "%m/%d/%y", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, shape).date()
        except ValueError:
            continue
    return None


@dataclass(slots=True)
class _Class:
    """A customer class being turned into a tariff: its fields, and the values and inputs met so far."""

    name: str
    fields: dict[str, Any]
    unit: str
    values: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def field_of(self, name: str, suffix: str) -> str | None:
        """The field that a name means, its own or the one with the suffix."""
        for known in (name, f"{name}{suffix}", *(f"{name}{other}" for other in SUFFIXES)):
            if known in self.fields:
                return known
        return None

    def ask(self, name: str) -> str:
        """A name that no field explains is asked of the account, under a name that is free."""
        name = f"bill_{name}" if name in BUILT_IN else name
        self.inputs.setdefault(name, "required")
        return name

    def formula(self, text: str, suffix: str) -> str:
        """A formula of the file in our names. :raises Unsaid: it is none"""
        text = _unhyphened(text, self.fields)
        text = _WORDS.sub(lambda found: self.word(_name(found[0]), suffix), text)
        try:
            parse_formula(text, field="formula")
        except BadFormula as error:
            raise Unsaid(f"{text}: {error.why}") from error
        return text

    def word(self, name: str, suffix: str) -> str:
        """A name of a formula in our names; what it needs is worked out first."""
        if name in ("usage_ccf", "usage"):
            return f"usage_{self.unit}"
        if name == "days_in_period":
            return "days"
        known = self.field_of(name, suffix)
        if known is None:
            return self.ask(name)
        if known in self.lines or known in self.values:
            return known
        self.values[known] = None
        found = self.value(self.fields[known], suffix)
        if known.startswith(("indoor", "outdoor", "budget")) and isinstance(found, str):
            found = f"round({found})"
        del self.values[known]
        self.values[known] = found
        return known

    def value(self, value: Any, suffix: str) -> Any:
        """A number, a formula or a table of the file in our shapes. :raises Unsaid: it is none of them"""
        if isinstance(value, dict):
            return self.table(value, suffix)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, str) or value in TIERED or not value:
            raise Unsaid(f"{value!r} is no amount")
        number = _number(value)
        return number if number is not None else self.formula(value, suffix)

    def table(self, value: dict[str, Any], suffix: str) -> Any:
        """A table by one field or several, or by the starts of an area."""
        by, rows = _by(value), value.get("values")
        starts = next((item for key, item in value.items() if key.endswith(("_starts", "_tier"))), None)
        if isinstance(rows, list) and isinstance(starts, list) and len(rows) == len(starts) and by:
            limits = [str(Decimal(start) - 1) for start in starts[1:]]
            low = {limit: self.value(row, suffix) for limit, row in zip(limits, rows, strict=False)}
            return {"by": self.ask(by[0]), "up_to": low, "otherwise": self.value(rows[-1], suffix)}
        if not by or not isinstance(rows, dict) or not rows:
            raise Unsaid("a table without `depends_on` or `values`")
        found = {key: self.value(row, suffix) for key, row in rows.items()}
        return self.keyed(by, found)

    def keyed(self, by: list[str], rows: dict[str, Any]) -> dict[str, Any]:
        """A table in our shape, one name inside another. :raises Unsaid: a key has another number of parts"""
        if len(by) > 1 and not any("|" in key for key in rows):
            by = by[:1]  # The other fields are in the formulas.
        by = [self.ask(name) for name in by]
        values: dict[str, Any] = {}
        for key, value in rows.items():
            parts = _parts(key, len(by))
            place = values
            for part in parts[:-1]:
                place = place.setdefault(part, {})
            place[parts[-1]] = value
        return {"by": by[0] if len(by) == 1 else by, "values": values}


def _unhyphened(text: str, fields: Iterable[str]) -> str:
    """A formula with the names that the file writes with a hyphen, `turn-on_charge`, in our shape."""
    for name in sorted(fields, key=len, reverse=True):
        if "-" in text and "_" in name:
            written = re.escape(name).replace("_", "[_-]")
            text = re.sub(rf"\b{written}\b", name, text, flags=re.IGNORECASE)
    return text


def _by(value: dict[str, Any]) -> list[str]:
    by = value.get("depends_on") or []
    return [_name(name) for name in ([by] if isinstance(by, str) else by)]


def _parts(key: str, count: int) -> list[str]:
    if count == 1:
        return [key]
    parts = [part.replace("\0", "|") for part in _JOINED_SIZE.sub("\\1\0\\2", key).split("|")]
    if len(parts) != count:
        raise Unsaid(f"the key {key!r} has not {count} parts")
    return parts


def _number(text: str) -> str | None:
    try:
        number = Decimal(text.replace(",", "").lstrip("$"))
    except InvalidOperation:
        return None
    return format(number, "f") if number.is_finite() else None


def _tariff(sheet: _Class, metadata: dict[str, Any], unsaid: list[str]) -> dict[str, Any]:
    named = str(metadata.get("utility_name") or "Utility")
    effective = _effective(metadata)
    readings = [] if metadata.get("bill_unit") else ["The file names no unit; hundred cubic feet are taken."]
    if effective is None:
        readings.append("The file has no date that can be read; 2017-01-01 is taken.")
    lines = _lines(sheet, unsaid)
    return {
        "code": sheet.name.upper().replace("_", "-")[:40],
        "service": "water",
        "class": sheet.name,
        "name": f"{named}, {sheet.name.replace('_', ' ')}",
        "authority": AUTHORITY,
        **({"reading": readings} if readings else {}),
        **({"notes": f"Billed {metadata['bill_frequency']}"} if metadata.get("bill_frequency") else {}),
        **({"inputs": sheet.inputs} if sheet.inputs else {}),
        "versions": [
            {
                "from": (effective or date(2017, 1, 1)).isoformat(),
                "round_bill": "half_up",
                **({"values": sheet.values} if sheet.values else {}),
                "lines": lines,
            }
        ],
    }


def _lines(sheet: _Class, unsaid: list[str]) -> list[dict[str, Any]]:
    """A line for every field that the bill names, and one for what the bill adds to their sum."""
    bill = str(sheet.fields.get("bill") or "service_charge+commodity_charge")
    bill = _unhyphened(bill, sheet.fields)
    names = [_name(word) for word in _WORDS.findall(bill)]
    charges = [name for name in dict.fromkeys(names) if name in sheet.fields and not _factor(name, bill)]
    sheet.lines = charges
    found = [_line(sheet, name, unsaid) for name in charges]
    if re.sub(r"\s", "", bill).lower() != "+".join(charges) or not charges:
        try:
            text = sheet.formula(bill, "_commodity")
            rest = f"{text} - ({' + '.join(charges)})"
            found.append({"name": "rest_of_bill", **(({"amount": rest}) if charges else _amount(text))})
        except Unsaid as why:
            found.append(_not_set("rest_of_bill", sheet, str(why), unsaid))
    return found


def _factor(name: str, bill: str) -> bool:
    """Whether the bill multiplies by the field instead of adding it."""
    return bool(re.search(rf"\*\s*{name}\b", bill))


def _not_set(name: str, sheet: _Class, why: str, unsaid: list[str]) -> dict[str, Any]:
    unsaid.append(f"{sheet.name}.{name}: {why}")
    return {"name": name, "flat": "not set", "why_not_set": f"The file says {why}"}


def _line(sheet: _Class, name: str, unsaid: list[str]) -> dict[str, Any]:
    kept = dict(sheet.values), dict(sheet.inputs)
    try:
        return {"name": name, **_charge(sheet, name, sheet.fields[name])}
    except Unsaid as why:
        sheet.values, sheet.inputs = kept
        return _not_set(name, sheet, str(why), unsaid)


def _charge(sheet: _Class, name: str, value: Any) -> dict[str, Any]:
    """What a field charges: tiers, a formula, a table or one amount."""
    if isinstance(value, str) and _name(value) in sheet.fields and sheet.fields[_name(value)] in TIERED:
        value = sheet.fields[_name(value)]
    if value in TIERED:
        return _tiers(sheet, name, budget=value == "Budget")
    found = sheet.value(value, "_drought" if "drought" in name else "_commodity")
    return {"amount": found} if isinstance(found, dict) else _amount(found)


def _amount(found: str) -> dict[str, Any]:
    """A flat amount where the formula is no more than that."""
    cents = _number(found)
    if cents is not None and Decimal(cents) >= 0 and Decimal(cents) == Decimal(cents).quantize(Decimal("0.01")):
        return {"flat": format(Decimal(cents).quantize(Decimal("0.01")), "f")}
    return {"amount": found if cents is None else f"1 * {found}" if not found.startswith("-") else f"0 - {found[1:]}"}


def _tiers(sheet: _Class, name: str, *, budget: bool) -> dict[str, Any]:
    """Tiers by their starts and prices, each a list or a table of lists."""
    suffix = "_drought" if "drought" in name else "_commodity"
    starts = _one_of(sheet, "tier_starts", suffix)
    prices = _one_of(sheet, "tier_prices", suffix, "tier_rates")
    start_sets, start_by = _sets(starts)
    price_sets, price_by = _sets(prices)
    count = max(len(row) for row in (*start_sets.values(), *price_sets.values()))
    ends = {key: _ends(sheet, row, count, suffix, budget=budget) for key, row in start_sets.items()}
    tiers: list[dict[str, Any]] = []
    for place in range(count):
        rates = {key: _price(sheet, row, place, suffix) for key, row in price_sets.items()}
        limits = {key: row[place] for key, row in ends.items()}
        tier: dict[str, Any] = {} if place == count - 1 else {"to": _joined(sheet, start_by, limits)}
        tiers.append({**tier, "rate": _joined(sheet, price_by, rates)})
    return {"per": f"1 {sheet.unit}", "tiers": _rising(tiers)}


def _rising(tiers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tiers without those that hold no unit: a start of 1 after one of 0."""
    found: list[dict[str, Any]] = []
    last = Decimal(0)
    for tier in tiers:
        number = _number(tier["to"]) if isinstance(tier.get("to"), str) else None
        if number is not None and Decimal(number) <= last:
            continue
        last = Decimal(number) if number is not None else last
        found.append(tier)
    return found


def _one_of(sheet: _Class, name: str, suffix: str, other: str = "") -> Any:
    for known in (f"{name}{suffix}", name, *(f"{name}{end}" for end in SUFFIXES), other):
        if sheet.fields.get(known):
            return sheet.fields[known]
    raise Unsaid(f"tiers without {name}")


def _sets(value: Any) -> tuple[dict[str, list[str]], list[str]]:
    if isinstance(value, list):
        return {"": value}, []
    rows = value.get("values") if isinstance(value, dict) else None
    if not isinstance(rows, dict) or not rows or not all(rows.values()):
        raise Unsaid("tiers that are no list")
    return {key: [row] if isinstance(row, str) else row for key, row in rows.items()}, _by(value)


def _joined(sheet: _Class, by: list[str], rows: dict[str, Any]) -> Any:
    if not by or len({str(row) for row in rows.values()}) == 1:
        return next(iter(rows.values()))
    return sheet.keyed(by, rows)


def _price(sheet: _Class, row: list[str], place: int, suffix: str) -> Any:
    """The price of a tier; beyond a shorter set the last price goes on."""
    return sheet.value(row[min(place, len(row) - 1)], suffix)


def _ends(sheet: _Class, starts: Iterable[str], count: int, suffix: str, *, budget: bool) -> list[str]:
    """Where each tier ends, in units: before the start of the next one, or at it."""
    found = [_end(sheet, start, suffix, budget=budget) for start in list(starts)[1:]]
    return [*found, *[NO_END] * (count - len(found))]


def _end(sheet: _Class, start: str, suffix: str, *, budget: bool) -> str:
    number = _number(start)
    if number is not None:
        return number if budget else format(max(Decimal(number) - 1, Decimal(0)), "f")
    percent = _PERCENT.fullmatch(start)
    if percent is not None:
        return f"round({percent[1]} / 100 * {sheet.word('budget', suffix)})"
    text = sheet.formula(start, suffix)
    return f"round({text})" if budget or _WORDS.fullmatch(start) else f"{text} - 1"
