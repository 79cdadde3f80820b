"""Confidential accounts: the kinds of mark, how long a card holds, what counts as a reason to look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

KINDS: Mapping[str, str] = {"confidential": "confidential", "acp": "in the Address Confidentiality Program"}

ACP_YEARS = 4
"""A certification of the Address Confidentiality Program lasts four years (OAC 75:20-1-15)."""


def add_years(on: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March where there is none."""
    try:
        return on.replace(year=on.year + years)
    except ValueError:
        return date(on.year + years, 3, 1)


def check_reason(reason: str, letters: int) -> str:
    """Why a reason to open a confidential account is none; empty where it is one. Only letters and digits count."""
    if sum(character.isalnum() for character in reason) < letters:
        return f"Write why you need to see it, in at least {letters} letters."
    return ""
