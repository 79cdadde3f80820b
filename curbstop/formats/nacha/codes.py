"""Return and change codes with their words.

The two tables were extracted from moov-io/ach (Apache-2.0; see `data/LICENCE.txt`); the codes are Nacha's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Code:
    """A code, its reason in a few words, and what it means."""

    code: str
    reason: str
    says: str


@cache
def return_codes() -> Mapping[str, Code]:
    """R01 and the others."""
    return _read("return_codes.csv")


@cache
def change_codes() -> Mapping[str, Code]:
    """C01 and the others."""
    return _read("change_codes.csv")


def words_of(code: str) -> str:
    """`R01` as `R01 Insufficient Funds`; a code that is not in the tables as it is."""
    found = return_codes().get(code) or change_codes().get(code)
    return f"{code} {found.reason}" if found else code


def _read(name: str) -> dict[str, Code]:
    text = files("curbstop.formats").joinpath("data", name).read_text("utf-8")
    return {
        row["code"]: Code(row["code"], row["reason"], row["description"]) for row in csv.DictReader(io.StringIO(text))
    }
