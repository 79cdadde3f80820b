"""What a customer tells about himself, checked as it is typed: name, telephone, e-mail, mailing address.

A name is whatever a person is called: apostrophes, hyphens, one letter, any script, an emoji. Refused is only what no
paper or screen can show (control characters) or what makes it show otherwise than it is (direction overrides).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import phonenumbers

from curbstop.rules.faults import BadValue

LONGEST = 200
MOST_LINES = 5

_HIDDEN = {"Cc", "Cs", "Zl", "Zp"}
_DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")


class BadEntry(BadValue):
    """Something typed into a form that cannot be taken."""


def check_text(text: str, *, field: str, longest: int = LONGEST, required: bool = False) -> str:
    """One line of text in one spelling (Unicode NFC), spaces collapsed.

    :raises BadEntry: control characters, too long, or empty where something is required
    """
    if not isinstance(text, str):
        raise BadEntry(field=field, value=text, why="text is expected", remedy="write it in letters")
    for character in text:
        if unicodedata.category(character) in _HIDDEN and character not in "\t\n\r" or character in _DIRECTION:
            why = f"holds a character that cannot be shown (U+{ord(character):04X})"
            raise BadEntry(field=field, value=text, why=why, remedy="type it again instead of pasting it")
    found = unicodedata.normalize("NFC", " ".join(text.split()))
    if required and not found:
        raise BadEntry(field=field, value=text, why="empty", remedy="it is required; write it")
    if len(found) > longest:
        why = f"{len(found)} characters, where {longest} fit"
        raise BadEntry(field=field, value=text, why=why, remedy="shorten it; the rest can go in a note")
    return found


def check_name(text: str, *, field: str = "name") -> str:
    """The name of a person or an organization.

    :raises BadEntry: empty, longer than 200 characters, or with characters that cannot be shown
    """
    return check_text(text, field=field, required=True)


def check_phone(text: str, *, field: str = "phone", region: str = "US") -> str:
    """The telephone number in E.164 (``+14057935032``); empty stays empty.

    :param region: ISO 3166 code of the country whose numbers need no prefix
    :raises BadEntry: not a number that can be called, or one with an extension
    """
    given = check_text(text, field=field, longest=40)
    if not given:
        return ""
    remedy = "write area code and number, for example 405 793 5032, or + and the country"
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException:
        raise BadEntry(field=field, value=text, why="not a telephone number", remedy=remedy) from None
    if number.extension:
        raise BadEntry(field=field, value=text, why="has an extension", remedy="write the extension in a note")
    if not phonenumbers.is_valid_number(number):
        raise BadEntry(field=field, value=text, why="no telephone has this number", remedy=remedy)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def check_email(text: str, *, field: str = "email") -> str:
    """The e-mail address with its domain in lower case; empty stays empty.

    :raises BadEntry: not of the form ``name@domain.tld``, or longer than 254 characters (RFC 5321)
    """
    given = check_text(text, field=field, longest=254)
    if not given:
        return ""
    local, _, domain = given.rpartition("@")
    if not _EMAIL.fullmatch(given) or ".." in given or local.startswith(".") or local.endswith("."):
        raise BadEntry(field=field, value=text, why="not an e-mail address", remedy="write it as name@example.org")
    return f"{local}@{domain.lower()}"


def check_mail_to(lines: Sequence[str], *, field: str = "mail_to") -> tuple[str, ...]:
    """The lines of a mailing address, without empty ones; none means that mail goes to the service address.

    :raises BadEntry: more than five lines, or one that cannot be printed
    """
    found = tuple(line for line in (check_text(given, field=field, longest=60) for given in lines) if line)
    if len(found) > MOST_LINES:
        why = f"{len(found)} lines, where an envelope's window shows {MOST_LINES}"
        raise BadEntry(field=field, value=found[0], why=why, remedy="put two of them on one line")
    return found


SERVICES = ("water", "irrigation", "sewer", "sanitation", "stormwater")
"""What a premise can be served with, in the order of the lines of a bill."""

METERED = ("water", "irrigation")
"""Services with a meter of their own; sewer is measured by the water that goes in."""

CLASSES = ("residential", "commercial")
TENURES = ("owner", "renter", "business")


def check_choice(value: str, options: Sequence[str], *, field: str) -> str:
    """One of the options.

    :raises BadEntry: none of them
    """
    if value not in options:
        raise BadEntry(field=field, value=value, why="not known", remedy=f"use one of {', '.join(options)}")
    return value
