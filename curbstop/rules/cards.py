"""Cards: the numbers that may never be kept, and what a gateway tells of a payment in their place.

PCI DSS 4.0.1, requirement 3: a primary account number is not stored; and a plain digest of one is as good as the number
(there are too few of them), so none is kept either. Source of the ranges: the issuers' published ranges as ISO/IEC 7812
groups them; Maestro's, which overlap everything and are not issued in the United States, are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STATES = ("open", "paid", "failed", "expired", "unknown")

# first digits (from, to), lengths
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("6011", "6011", frozenset({16, 17, 18, 19})),  # Discover
    ("644", "649", frozenset({16, 17, 18, 19})),
    ("65", "65", frozenset({16, 17, 18, 19})),
    ("62", "62", frozenset({16, 17, 18, 19})),  # UnionPay
    ("3528", "3589", frozenset({16, 17, 18, 19})),  # JCB
    ("300", "305", frozenset({14})),  # Diners Club
    ("309", "309", frozenset({14})),
    ("36", "36", frozenset({14})),
    ("38", "39", frozenset({14})),
)
_SHORTEST, _LONGEST = 13, 19

_GAP = r"[ .\-_\u2010-\u2015\u00a0]"
_RUN = re.compile(rf"(?<![0-9])[0-9](?:{_GAP}{{0,2}}[0-9]){{12,}}(?![0-9])")
_GROUP = re.compile("[0-9]+")
_PHONE = re.compile(
    rf"(?<![0-9])(?:\+?1{_GAP}{{1,2}})?\(?[2-9][0-9]{{2}}\)?{_GAP}{{1,2}}[0-9]{{3}}{_GAP}{{1,2}}[0-9]{{4}}(?![0-9])"
)
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])")
_MADE = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9-]*[a-f])"
    r"(?:[0-9a-f]{32,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9A-Za-z])"
)
"""What programs make by chance: a sealed box, a digest, a UUID. One in hundreds holds digits that pass for a card."""
MASK = "[card number removed]"


def passes_luhn(digits: str) -> bool:
    """The check that card numbers carry (ISO/IEC 7812-1, annex B), over digits alone.

    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card_number(digits: str) -> bool:
    """Whether these digits are a card number: an issuer's range, its length, the check."""
    return any(
        len(digits) in lengths and low <= digits[: len(low)] <= high for low, high, lengths in _ISSUERS
    ) and passes_luhn(digits)


def find_card_numbers(text: str) -> tuple[tuple[int, int], ...]:
    """The places of card numbers in a text, half-open: one row of digits, or groups with spaces or dashes between.

    Groups are taken whole, so an account number beside another is none; a date is none, and three, three and four
    digits are a telephone number. Thirty-two and more letters and digits of base sixteen are what a program made, which
    nobody types. Of a row longer than any card its beginning is looked at, where expiry and code were
    typed on. Digits of other scripts count as digits.

    >>> find_card_numbers("paid with 4111 1111 1111 1111, thanks")
    ((10, 29),)
    >>> find_card_numbers("parcel 4111 1111 1111 1112"), find_card_numbers("call 405 793 5032 or 405 793 5033")
    ((), ())
    """
    if len(text) < _SHORTEST:
        return ()
    if text.isascii():
        if len(text) - len(text.translate(_WITHOUT_DIGITS)) < _SHORTEST:  # as nearly every text
            return ()
        plain = text
    else:
        plain = "".join(map(_plain_digit, text))
    hidden = plain
    for other in (_MADE, _PHONE, _DATE):
        hidden = other.sub(lambda found: "x" * len(found.group()), hidden)
    return tuple(_merged(place for run in _RUN.finditer(hidden) for place in _in_run(run.group(), run.start())))


_WITHOUT_DIGITS = str.maketrans("", "", "0123456789")


def _plain_digit(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


def _in_run(run: str, offset: int) -> Iterator[tuple[int, int]]:
    groups = [(found.start(), found.group()) for found in _GROUP.finditer(run)]
    for first, (start, opening) in enumerate(groups):
        digits, sizes = "", []
        for place, group in groups[first:]:
            digits += group
            sizes.append(len(group))
            if len(digits) > _LONGEST:
                break
            if (len(digits) > _SHORTEST or digits == opening) and _is_grouping(sizes) and is_card_number(digits):
                yield offset + start, offset + place + len(group)
        if len(opening) > _LONGEST:
            yield from _beginning(opening, offset + start)


def _is_grouping(sizes: list[int]) -> bool:
    """Whether people group a card's digits so: three or more together but for the last, or all alike."""
    return all(size >= 3 for size in sizes[:-1]) or len(set(sizes)) == 1


def _beginning(digits: str, start: int) -> Iterator[tuple[int, int]]:
    """A card number with expiry and code typed on: 4 to 8 digits more, the first four of them a month and a year."""
    for length in (16, 15):
        rest = digits[length:]
        if 4 <= len(rest) <= 8 and "01" <= rest[:2] <= "12" and is_card_number(digits[:length]):
            yield start, start + len(digits)


def _merged(places: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last: tuple[int, int] | None = None
    for start, end in sorted(places):
        if last is not None and start < last[1]:
            last = (last[0], max(end, last[1]))
            continue
        if last is not None:
            yield last
        last = (start, end)
    if last is not None:
        yield last


def mask_card_numbers(text: str) -> str:
    """The text with every card number replaced by the words that one was removed.

    >>> mask_card_numbers("card 4111-1111-1111-1111 of Rosa")
    'card [card number removed] of Rosa'
    """
    for start, end in reversed(find_card_numbers(text)):
        text = text[:start] + MASK + text[end:]
    return text


EXEMPT = frozenset(
    {
        *("key", "serial", "serials", "meter", "account_number", "scan_line"),
        *("bank_account", "bank_account_number", "routing", "trace"),
        *("payment_ref", "gateway_ref", "gateway_event", "reference_of_gateway"),
        *("content", "body"),
    }
)
"""Fields by name that hold numbers of their own (meters, accounts here and at a bank, scan lines, a gateway's names for
things), and files, which are kept as they came."""


def fields_with_card_numbers(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs (plain values, nested) that hold a card number; fields of :data:`EXEMPT` are not read."""
    return tuple(
        field
        for field, value in inputs.items()
        if value is not None and field not in EXEMPT and not isinstance(value, int)
        if any(find_card_numbers(text) for text in _texts(value))
    )


def _texts(value: Any) -> Iterator[str]:
    """The texts of a plain value that are long enough to hold a card number."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST:
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in EXEMPT:
                yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


# --- What a gateway tells ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Method:
    """All that is kept of a card: the gateway's token, the brand, the last four digits, ``YYYY-MM`` of its expiry."""

    token: str = ""
    brand: str = ""
    last_four: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says of something that was asked for.

    :ivar state: ``open`` (not paid yet, it still can be), ``paid``, ``failed`` or ``expired`` (it cannot be paid any
        more), ``unknown`` (it does not say)
    :ivar reference: ours, as the gateway was given it; empty where it is not ours
    :ivar payment_ref: the gateway's own name for the money; the same money always has the same
    """

    state: str
    reference: str
    gateway_ref: str = ""
    payment_ref: str = ""
    cents: int = 0
    paid_at: datetime | None = None
    method: Method = Method()
    reason: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"a report's state is one of {', '.join(STATES)}, not {self.state!r}")
        if self.state == "paid" and not (self.payment_ref and self.cents > 0 and self.paid_at is not None):
            raise ValueError("a report of a payment names it, its amount and its instant")
