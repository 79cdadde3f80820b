"""Red flags: what about an applicant wants a second look, before an account is opened.

The Red Flags Rule (16 CFR 681.1) asks for detection at opening; whether it binds utilities was left open in 2010, and
counsel's advice was to keep complying. A flag is a prompt to a person, and stops nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Other:
    """A customer there is, and in what he is like the applicant: ``name``, ``phone``, ``email``."""

    name: str
    alike: tuple[str, ...]


def red_flags(others: Iterable[Other], *, owes_cents: int, mail_to: bool, owns: bool, here: str) -> tuple[str, ...]:
    """What to look at, in sentences, the most telling first.

    :param others: customers who are alike and are said to be somebody else
    :param owes_cents: old debt of those who are alike
    :param mail_to: bills go somewhere else than the service address
    :param owns: the applicant says that he owns the place
    :param here: who is responsible there and has given no notice; empty for nobody
    """
    found = []
    for other in others:
        same = [way for way in other.alike if way != "name"]
        if same and "name" not in other.alike:
            found.append(f"The {' and '.join(same)} is {other.name}'s; ask how that comes.")
        elif same:
            found.append(f"{other.name} has the same name and {' and '.join(same)}; say why it is somebody else.")
    if owes_cents and found:
        found.append("Somebody alike left a debt here; look at a photo identification.")
    if here:
        found.append(f"{here} is responsible there and has given no notice; see a lease, a deed or a closing paper.")
    if owns and mail_to:
        found.append("The owner wants bills elsewhere; see the deed or the closing paper.")
    return tuple(found)
