"""What a scanner or a person gives for an account: the scan line of a bill's stub, its QR code, or the number itself.

The QR code holds the scan line, so a scanner that types what it reads needs nothing else.
"""

import re
from dataclasses import dataclass

from curbstop.formats import scanline
from curbstop.rules.accounts import BadAccountNumber, check_account_number

LEAST_DIGITS = 20
"""From so many digits on it is a scan line, whole or not: no account, telephone or meter number is as long."""


class NoStub(ValueError):
    """What was given leads to no account: says what is wrong with it, and what to do."""


@dataclass(frozen=True)
class Stub:
    """An account by its number, and the amounts that the stub asks; None where only a number was given."""

    account: str
    due_cents: int | None = None
    after_due_cents: int | None = None

    @property
    def asked_cents(self) -> int | None:
        """What the bill asks by its due date; None for a credit, which asks nothing."""
        return self.due_cents or None


_RECEIPT = re.compile(r"([A-Z][A-Z0-9-]{0,19})-0*([1-9][0-9]{0,8})", re.IGNORECASE)


def receipt_of(text: str) -> tuple[str, int] | None:
    """Series and number of a receipt, as it is printed: `T1-000033`; None for anything else."""
    found = _RECEIPT.fullmatch("".join(text.split()))
    return (found.group(1).upper(), int(found.group(2))) if found else None


def is_line(text: str) -> bool:
    """Whether this is a scan line, or was meant to be one."""
    digits = "".join(text.split())
    return len(digits) >= LEAST_DIGITS and digits.isascii() and digits.isdigit()


def read(text: str) -> Stub:
    """The account and amounts of a scan line; or of an account's number, with or without hyphens.

    :raises NoStub: a line that was misread, or a number that is none
    """
    if is_line(text):
        try:
            line = scanline.parse(text)
        except scanline.ScanLineError as wrong:
            said = str(wrong)
            raise NoStub(said[:1].upper() + said[1:] + ".") from wrong
        return Stub(line.account, line.amount_due_cents, line.amount_after_due_cents)
    try:
        return Stub(check_account_number(text))
    except BadAccountNumber as bad:
        raise NoStub(f"“{bad.value}”: {bad.why}; {bad.remedy}.") from bad
