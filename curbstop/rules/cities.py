"""The city as its pack gives it (``city.yaml``): what it is called, where its office is, which clock it keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from yaml.nodes import ScalarNode

from curbstop.rules.faults import Faults
from curbstop.rules.sheets import NOT_SET, Page

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_TEXTS = (
    "state",
    "utility",
    "office",
    "address",
    "mail",
    "payee",
    "how_to_pay",
    "hours",
    "phone",
    "email",
    "web",
    "source",
    "confidence",
)


class CityErrors(Faults):
    """Everything wrong with a city file."""

    what = "city file"


@dataclass(frozen=True, slots=True)
class City:
    """A city. ``body`` has every field as written; what the city does not give is missing from it."""

    code: str
    name: str
    time_zone: str
    authority: str
    body: Mapping[str, str | list[str]]


def read_city(text: str, *, file: str) -> City:
    """The city of a file.

    :raises CityErrors: every fault found, each with file, line, field, value, why and remedy
    """
    page = Page(file)
    blocks = page.blocks(text)
    if len(blocks) > 1:
        why = "one city a file"
        page.fault(line=blocks[1].line, field="document", value="", why=why, remedy="take the second one out")
    if page.faults or not blocks:
        raise CityErrors(page.faults)
    block = blocks[0]
    code = block.text("code", required="write the name of the city's folder, for example moore_ok") or ""
    if code and not _CODE.fullmatch(code):
        block.fault("code", value=code, why="not a code", remedy="write lower-case letters, digits and _")
    name = block.text("name", required="write the city's name as it signs") or ""
    time_zone = block.text("time_zone", required="write the clock it keeps, for example America/Chicago") or ""
    authority = block.text("authority", required="name what the office's rules rest on") or ""
    body: dict[str, str | list[str]] = {"name": name, "authority": authority}
    for key in _TEXTS:
        value = block.text(key) if isinstance(block.nodes.get(key), ScalarNode) else block.words(key)
        if value and value != NOT_SET:
            body[key] = value if isinstance(value, str) else list(value)
    body["notes"] = list(block.words("notes"))
    block.done()
    if page.faults:
        raise CityErrors(page.faults)
    return City(code=code, name=name, time_zone=time_zone, authority=authority, body=body)
