"""An address in the form of the post (USPS Publication 28), beside what was typed."""

from __future__ import annotations

from collections.abc import Sequence


def postal_form(lines: Sequence[str]) -> str:
    """The address as the post writes it, in one line; empty where it cannot be read as one (a box, a care-of line)."""
    # imported here: it reads its tables when it is imported, and few acts need them
    from scourgify import normalize_address_record
    from scourgify.exceptions import AddressNormalizationError

    for start in range(min(len(lines), 2)):  # the first line may be a name
        try:
            found = normalize_address_record(", ".join(lines[start:]))
        except AddressNormalizationError:
            continue
        street = " ".join(part for part in (found["address_line_1"], found["address_line_2"]) if part)
        place = " ".join(part for part in (found["state"], found["postal_code"]) if part)
        if found["city"] and place:
            return ", ".join((street, f"{found['city']} {place}"))
    return ""
