"""What is wrong with a value or with a file of data, said so that the reader can put it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class BadValue(ValueError):
    """One value that cannot be taken.

    :ivar field: the name of the field as its reader knows it
    :ivar value: what was given, cut to 60 characters
    :ivar why: what is wrong with it
    :ivar remedy: what to write or do instead
    """

    def __init__(self, *, field: str, value: object, why: str, remedy: str) -> None:
        self.field = field
        self.value = shorten(value)
        self.why = why
        self.remedy = remedy
        super().__init__(f"{field} {self.value!r}: {why}; {remedy}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file of data. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    field: str
    value: str
    why: str
    remedy: str

    def __str__(self) -> str:
        shown = f" {self.value!r}" if self.value else ""
        return f"{self.file}:{self.line}: {self.field}{shown}: {self.why}; {self.remedy}"


class Faults(ValueError):
    """Everything wrong with a file, in the order of its lines."""

    what = "file"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
        count = len(self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__("\n".join([f"{self.what}: {count} {noun}", *map(str, self.faults)]))


def shorten(value: object) -> str:
    """The value as text of at most 60 characters, for a message."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
