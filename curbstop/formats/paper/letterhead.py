"""Who sends a paper, and what is wrong with one that cannot be printed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The office that a paper comes from, as the city wants it printed. Everything here is the city's data."""

    city: str  # "City of Moore"
    office: str  # "Utility Customer Service"
    address_lines: tuple[str, ...]  # ("301 N Broadway", "Moore, OK 73160"); the return address, one to three lines
    phone: str  # "405-555-0100"
    hours: str  # "Monday to Friday, 8 am to 5 pm"
    web: str = ""
    how_to_pay: tuple[str, ...] = ()  # one sentence a way, at most five
    remit_lines: tuple[str, ...] = ()  # where a check is mailed, payee first, at most four lines
    payee: str = ""  # "Make checks payable to ..."; empty: the city


class PaperError(ValueError):
    """A paper that must not be printed: every fault in one go, with the paper, field, value and remedy."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))
