"""What a form sent, parsed field by field; what is wrong is kept beside the field it is wrong with."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.http import QueryDict

from curbstop.office._events import Key
from curbstop.office._once import CardNumberTyped, Refused
from curbstop.rules import money
from curbstop.rules.cards import mask_card_numbers
from curbstop.rules.faults import BadValue

MOST_TEXT = 500
GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
"""Commas where thousands are; anywhere else a digit was lost, and nobody knows which."""


class Entries:
    """The entries of a form. ``errors`` has a sentence for each field that cannot be taken; what was typed stays."""

    def __init__(self, sent: QueryDict | Mapping[str, Any]) -> None:
        self.sent = sent
        self.errors: dict[str, str] = {}

    @property
    def key(self) -> Key:
        """The form's key: it makes the act happen once, however often the button is pressed."""
        return Key(str(self.sent.get("key", "")))

    def raw(self, name: str) -> str:
        """The entry as typed, without spaces around it."""
        return str(self.sent.get(name, "")).strip()

    def text(self, name: str, *, required: bool = True, says: str = "", longest: int = MOST_TEXT) -> str:
        """A line of text."""
        value = self.raw(name)
        if not value and required:
            self.errors[name] = says or "Nothing was typed here; it is needed."
        elif len(value) > longest:
            self.errors[name] = f"{len(value)} characters are more than fit; write at most {longest}."
        return value

    def cents(self, name: str, *, required: bool = True, zero: bool = False) -> int | None:
        """An amount of money in whole cents, above zero unless ``zero``; None when it is empty or wrong."""
        value = self.raw(name)
        if not value and not required:
            return None
        try:
            found = money.parse_amount(value, field=name)
        except BadValue as bad:
            self.errors[name] = sentence(bad)
            return None
        if found == 0 and not zero:
            self.errors[name] = "0.00 is no amount; type what was handed over, or leave the row empty."
            return None
        return found

    def day(self, name: str, *, required: bool = True) -> date | None:
        """A day, as a date field sends it or as people write it."""
        value = self.raw(name)
        if not value and not required:
            return None
        found = day_of(value)
        if found is None:
            self.errors[name] = f"“{value[:30]}” is not a day; write 2026-11-23 or 11/23/2026."
        return found

    def whole(self, name: str, *, least: int = 0, most: int = 2**53) -> int:
        """A whole number; ``least`` when it is wrong."""
        value = self.raw(name)
        value = value.replace(",", "") if GROUPED.fullmatch(value) else value
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            self.errors[name] = f"“{value[:30]}” is not a whole number from {least:,} to {most:,}."
            return least
        return int(value)

    def choice(self, name: str, choices: Mapping[str, str] | tuple[str, ...], says: str = "") -> str:
        """One of the choices."""
        value = self.raw(name)
        if value not in choices:
            self.errors[name] = says or "Choose one of these."
        return value

    def blame(self, refused: Exception, fields: Mapping[str, str] | None = None) -> None:
        """Put a refusal of the office beside the field it names; ``fields`` maps its names to the form's.

        After a card number the form shows what was typed without it.
        """
        if isinstance(refused, CardNumberTyped):
            self.sent = {name: mask_card_numbers(str(value)) for name, value in self.sent.items()}
        name = getattr(refused, "field", None) or "form"
        at = (fields or {}).get(name, name)
        self.errors["form" if at == "key" else at] = sentence(refused)


def sentence(refused: Exception) -> str:
    """A refusal in words for beside a field: what, why, what to do."""
    if isinstance(refused, BadValue):
        value = f"“{refused.value}”: " if refused.value else ""
        return f"{value}{refused.why}; {refused.remedy}."
    return str(refused.args[0] if isinstance(refused, Refused) and refused.args else refused)


def id_of(text: str) -> int | None:
    """The number of a row that a page put into a form or an address; None for what no page of ours has written."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def ids_of(texts: Iterable[str]) -> tuple[int, ...]:
    """The rows chosen on a page, in its order."""
    return tuple(found for found in map(id_of, texts) if found is not None)


def day_of(value: str) -> date | None:
    """A day written ``2026-11-23`` or ``11/23/2026``; None for anything else."""
    try:
        if "/" in value:
            month, day, year = value.split("/")
            return date(int(year), int(month), int(day)) if len(year) == 4 else None
        return date.fromisoformat(value)
    except ValueError:
        return None
