"""Field orders: their types as data, what a crew collects, windows of the day, and when a second truck is one too many.

A type says what is written and collected and what completing does; every number that a council chose (windows, fees,
how long a hazard stands) is a policy that the type names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from curbstop.rules.customers import BadEntry, check_text
from curbstop.rules.faults import Faults
from curbstop.rules.sheets import Block, Page

PRIORITIES: Mapping[str, int] = {"emergency": 1, "urgent": 2, "normal": 3, "low": 4}
"""How urgent an order is, the most urgent first."""

KINDS = ("register", "serial", "text", "yes_no", "choice", "count", "picture", "signature")
"""What a field of a form can be."""

FAILS: Mapping[str, str] = {
    "nobody_home": "Nobody home",
    "access_refused": "Access refused",
    "locked_gate": "Gate locked",
    "box_covered": "Meter box covered",
    "not_found": "Meter not found",
    "wrong_meter": "Another meter hangs there",
    "unsafe": "Unsafe: the crew left",
    "animal": "Animal loose",
    "weather": "Weather",
    "no_material": "Part or meter missing",
    "paid_at_door": "Paid meanwhile",
    "blocked": "Blocked: it could not be reached",
    "other": "Something else",
}
"""Why an order could not be done. ``unsafe`` makes a hazard that waits for a supervisor's word."""

EFFECTS: Mapping[str, str] = {
    "opening_read": "the opening read of whoever comes",
    "final_read": "the final read of whoever goes",
    "moving_read": "the final read of one, the opening read of the other",
    "check_read": "a read on request, beside those of the route",
    "turn_on": "water runs",
    "turn_off": "water is off",
    "lock": "the valve is locked",
    "set_valve": "water is left as the crew wrote",
    "begin_service": "the agreements that waited for water begin on that day",
    "hang_meter": "a meter hangs",
    "take_meter": "the meter is taken down",
    "exchange_meter": "one meter is taken down and another hangs",
    "find_tampering": "water that should be off and is not is investigated",
    "charge": "the city's charge for it",
    "move_carts": "carts on the ground, and on the bill where the city says from when",
    "charge_cart": "the city's charge for a cart damaged by abuse",
    "move_dumpster": "a dumpster stands there, or is gone",
    "charge_pull": "what a pull comes to, with the next bill",
}
"""What completing an order can do; ``office.orders.effects`` does it."""

MOST_WORDS = 500
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_LABEL = re.compile(r"[a-z][a-z0-9_]*")


class TypeErrors(Faults):
    """Everything wrong with a file of order types."""

    what = "order types"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that the crew collects. ``match``: it must be the meter that the order is for."""

    name: str
    says: str
    kind: str
    needed: bool
    match: bool
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderType:
    """A type of order. ``windows`` and ``home`` name policies, ``charge`` a kind of the chart; empty: none.

    ``unpaid``: it takes water away for what is not paid, so it is lawful only while that is so."""

    code: str
    says: str
    about: str
    priority: int
    trouble: str
    service: str
    meters: bool
    windows: str
    home: str
    effects: tuple[str, ...]
    charge: str
    fields: tuple[Field, ...]
    unpaid: bool = False


@dataclass(frozen=True, slots=True)
class MeterThere:
    """A meter that hangs where an order is to be done, as it was when the order was written.

    ``label`` tells it from others in a form: ``water``, ``irrigation``, ``water2``.
    """

    service_point_id: int
    label: str
    serial: str
    size: str
    dials: int
    register: int | None
    read_on: date | None


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """What a second order is compared with."""

    order_id: int
    type: str
    trouble: str
    service_point_id: int | None
    written_on: date


# --- types as data ----------------------------------------------------------------------------------------------------


def read_types(text: str, *, file: str) -> tuple[OrderType, ...]:
    """The order types of a file, one a document.

    :raises TypeErrors: everything wrong with the file
    """
    page = Page(file)
    found: list[OrderType] = []
    for block in page.blocks(text):
        one = _type(block)
        if any(one.code == other.code for other in found):
            block.fault("code", value=one.code, why="used by an earlier type of this file", remedy="keep one of them")
        found.append(one)
    if page.faults:
        raise TypeErrors(page.faults)
    return tuple(found)


def _type(block: Block) -> OrderType:
    code = block.text("code", required="write a short name, for example shut_off") or "?"
    if code != "?" and not _LABEL.fullmatch(code):
        block.fault("code", value=code, why="not a name", remedy="write small letters, digits and _")
    effects = block.words("effects")
    for name in effects:
        if name not in EFFECTS:
            remedy = f"use one of {', '.join(sorted(EFFECTS))}"
            block.fault("effects", value=name, why="nothing of this name can be done", remedy=remedy)
    found = OrderType(
        code=code,
        says=block.text("says", required="write what people call it") or "",
        about=block.text("about", required="write what is done") or "",
        priority=PRIORITIES[block.choice("priority", PRIORITIES, default="normal")],
        trouble=block.text("trouble") or code,
        service=block.text("service") or "water",
        meters=block.choice("meters", ("yes", "no"), default="no") == "yes",
        windows=block.text("windows") or "",
        home=block.text("home") or "",
        effects=effects,
        charge=block.text("charge") or "",
        fields=tuple(_field(part) for part in block.blocks("fields")),
        unpaid=block.choice("unpaid", ("yes", "no"), default="no") == "yes",
    )
    if ("charge" in effects) != bool(found.charge):
        why = "the effect `charge` and the kind that is charged go together"
        block.fault("charge", why=why, remedy="write both, or neither")
    block.done()
    return found


def _field(block: Block) -> Field:
    name = block.text("name", required="write a short name, for example register") or "?"
    if name != "?" and not _LABEL.fullmatch(name):
        block.fault("name", value=name, why="not a name", remedy="write small letters, digits and _")
    kind = block.choice("is", KINDS, default="text")
    options = block.words("of")
    if (kind == "choice") != bool(options):
        block.fault("of", why="a choice has options, and nothing else has", remedy="write `is: choice, of: [a, b]`")
    found = Field(
        name=name,
        says=block.text("says", required="write what the crew reads beside it") or "",
        kind=kind,
        needed=block.choice("needed", ("yes", "no"), default="no") == "yes",
        match=block.choice("match", ("yes", "no"), default="no") == "yes",
        options=options,
    )
    block.done()
    return found


# --- what a crew collected --------------------------------------------------------------------------------------------


def field_names(type: OrderType, meters: Sequence[MeterThere]) -> tuple[tuple[str, Field, MeterThere | None], ...]:
    """The fields of an order's form with their names there. Where it is about several meters, each has its own
    registers and serials: ``register.irrigation``."""
    found: list[tuple[str, Field, MeterThere | None]] = []
    for one in type.fields:
        if one.kind not in ("register", "serial") or not type.meters:
            found.append((one.name, one, meters[0] if len(meters) == 1 else None))
        elif len(meters) == 1:
            found.append((one.name, one, meters[0]))
        else:
            found.extend((f"{one.name}.{meter.label}", one, meter) for meter in meters)
    return tuple(found)


def check_fields(
    type: OrderType, meters: Sequence[MeterThere], given: Mapping[str, Any], *, attached: Iterable[str] = ()
) -> dict[str, Any]:
    """What the crew collected, each value as its field has it: registers and counts as whole numbers.

    :param attached: the kinds of what was sent with it, ``picture`` and ``signature``
    :raises BadEntry: a field that is missing, unknown, or cannot be so
    """
    known = field_names(type, meters)
    names = [name for name, _, _ in known]
    for name in given:
        if name not in names:
            why = f"the form of {type.says.lower()} has no such field"
            raise BadEntry(field=name, value=given[name], why=why, remedy=f"it has {', '.join(names) or 'no field'}")
    found: dict[str, Any] = {}
    sent = set(attached)
    for name, one, _ in known:
        value = given.get(name)
        empty = value is None or value == ""
        if one.kind in ("picture", "signature"):
            if one.needed and one.kind not in sent:
                raise BadEntry(field=name, value="", why=f"{one.says} is missing", remedy="take it, and send again")
            continue
        if empty:
            if one.needed:
                raise BadEntry(field=name, value="", why=f"{one.says} is missing", remedy="write it")
            continue
        found[name] = _value(one, name, value)
    return found


def _value(one: Field, name: str, value: Any) -> Any:
    if one.kind in ("register", "count"):
        return _whole(one, name, value)
    if one.kind == "yes_no":
        if value in (True, "yes"):
            return True
        if value in (False, "no"):
            return False
        raise BadEntry(field=name, value=value, why="not yes or no", remedy="write yes or no")
    text = check_text(value, field=name, longest=MOST_WORDS)
    if one.kind == "choice" and text not in one.options:
        raise BadEntry(field=name, value=value, why="not known", remedy=f"use one of {', '.join(one.options)}")
    return text


def _whole(one: Field, name: str, value: Any) -> int:
    if isinstance(value, str):
        digits = value.replace(",", "").strip()
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        remedy = "write the digits of the register" if one.kind == "register" else "write a whole number"
        raise BadEntry(field=name, value=value, why=f"{one.says}: not a whole number", remedy=remedy)
    return value


# --- when -------------------------------------------------------------------------------------------------------------


def parse_window(text: str, *, field: str = "window") -> tuple[time, time]:
    """A window of the day, ``08:00-10:00``.

    :raises BadEntry: not one, or one that ends before it begins
    """
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise BadEntry(field=field, value=text, why="not a window", remedy="write it as 08:00-10:00")
    begins, ends = (time(int(found[n]), int(found[n + 1])) for n in (1, 3))
    if ends <= begins:
        raise BadEntry(field=field, value=text, why="ends before it begins", remedy="write the earlier hour first")
    return begins, ends


def check_window(text: str, windows: Sequence[str] | None, *, says: str = "") -> str:
    """The window, where the city keeps such; empty stays empty.

    :param windows: the city's; None: it has set none, and any will do
    :param says: the sentence of the policy
    :raises BadEntry: not one of the city's
    """
    if not text.strip():
        return ""
    parse_window(text)
    if windows is not None and text.strip() not in windows:
        why = "not a window of this city" + (f": {says.rstrip('.')}" if says else "")
        raise BadEntry(field="window", value=text, why=why, remedy=f"choose {' or '.join(windows)}")
    return text.strip()


def is_late(on: date | None, window: str, *, today: date, now: datetime) -> bool:
    """Whether the promised day or window is over."""
    if on is None or on > today:
        return False
    if on < today:
        return True
    return bool(window) and now.time() >= parse_window(window)[1]


# --- one truck for one trouble ----------------------------------------------------------------------------------------


def find_same_trouble(type: OrderType, service_point_id: int | None, open: Iterable[OpenOrder]) -> OpenOrder | None:
    """The open order that this one would double, the latest first; two different meters of a premise are two."""
    same = [
        one
        for one in open
        if one.trouble == type.trouble
        and (service_point_id is None or one.service_point_id in (None, service_point_id))
    ]
    return max(same, key=lambda one: one.order_id, default=None)


def say_when(on: date, today: date) -> str:
    """A day as people say it near it: today, yesterday, or the date."""
    days = (today - on).days
    return {0: "from today", 1: "from yesterday"}.get(days, f"from {on.isoformat()}")
