"""The scan line: the row of digits near the foot of a bill's stub that a remittance machine reads.

Numeric, no spaces, zero-filled: account, amount due, amount after the due date, check digit last. The check digit has
weights 2-1-2-1 from the left, the digits of each product added, to the next ten. It differs from Luhn's, which starts
at the right, whenever the covered length is even. Processors differ, so all of it is a setting (`ScanLayout`), and the
city asks its processor before the first stub is printed. Source: Creditron, "Sample Check Digit".
"""

from dataclasses import dataclass


class ScanLineError(ValueError):
    """A scan line that cannot be written or read; says which field, which value, and what to do."""


@dataclass(frozen=True, slots=True)
class ScanLayout:
    """What one processor asks of the line. `prefix` is a fixed number of the processor's, such as a client number."""

    account_digits: int = 10
    amount_digits: int = 9
    prefix: str = ""
    weights: tuple[int, ...] = (2, 1)
    from_left: bool = True  # the first weight falls on the first digit; False: on the last
    add_digits: bool = True  # 14 counts 1 + 4; False: 14
    skip_digits: int = 0  # leading digits that the check digit does not cover
    complement: bool = True  # to the next ten; False: the last digit of the sum itself

    @property
    def length(self) -> int:
        """The number of digits of a whole line, check digit and all."""
        return len(self.prefix) + self.account_digits + 2 * self.amount_digits + 1


DEFAULT_LAYOUT = ScanLayout()


@dataclass(frozen=True, slots=True)
class ScanLine:
    """What a scan line says. `account` is digits only, without the fill: "10140870" for account 1-014-0870."""

    account: str
    amount_due_cents: int
    amount_after_due_cents: int


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def check_digit(digits: str, layout: ScanLayout = DEFAULT_LAYOUT) -> str:
    """Compute the check digit over all the digits before it.

    :raises ScanLineError: `digits` is empty or holds something else than 0 to 9
    """
    if not _is_digits(digits):
        raise ScanLineError(f"check digit over {digits!r}: only the digits 0 to 9 can be checked; remove anything else")
    covered = digits[layout.skip_digits :]
    if not layout.from_left:
        covered = covered[::-1]
    total = 0
    for place, digit in enumerate(covered):
        product = int(digit) * layout.weights[place % len(layout.weights)]
        total += sum(divmod(product, 10)) if layout.add_digits else product
    return str(-total % 10 if layout.complement else total % 10)


def write(
    *,
    account_no: str,
    amount_due_cents: int,
    amount_after_due_cents: int | None = None,
    layout: ScanLayout = DEFAULT_LAYOUT,
) -> str:
    """Write the scan line of one bill. A credit is written as zero: nobody is asked to pay it.

    :param account_no: as printed; hyphens and spaces are left out
    :param amount_after_due_cents: None, where no late amount is set, repeats the amount due
    :raises ScanLineError: an account or amount that the layout has no room for
    """
    account = account_no.replace("-", "").replace(" ", "")
    if not _is_digits(account):
        raise ScanLineError(f"account {account_no!r}: a scan line holds digits only; give the account a numeric number")
    if account.startswith("0"):
        raise ScanLineError(f"account {account_no!r} begins with a zero, which the zero fill would lose; renumber it")
    if len(account) > layout.account_digits:
        raise ScanLineError(
            f"account {account_no!r} has {len(account)} digits, the layout holds {layout.account_digits}: "
            "raise account_digits and tell the processor"
        )
    after = amount_due_cents if amount_after_due_cents is None else amount_after_due_cents
    body = layout.prefix + account.zfill(layout.account_digits)
    for field, cents in (("amount due", amount_due_cents), ("amount after due", after)):
        digits = str(max(cents, 0))
        if len(digits) > layout.amount_digits:
            raise ScanLineError(
                f"{field} of {cents} cents has {len(digits)} digits, the layout holds {layout.amount_digits}: "
                "raise amount_digits and tell the processor"
            )
        body += digits.zfill(layout.amount_digits)
    return body + check_digit(body, layout)


def parse(line: str, layout: ScanLayout = DEFAULT_LAYOUT) -> ScanLine:
    """Read a scan line back, as a scanner or a clerk gives it. Spaces are left out; anything else must be right.

    :raises ScanLineError: a wrong length, a character that is no digit, a foreign prefix or a wrong check digit
    """
    digits = "".join(line.split())
    for place, character in enumerate(digits, start=1):
        if not _is_digits(character):
            raise ScanLineError(f"scan line: {character!r} at place {place} is no digit; scan again or type the number")
    if len(digits) != layout.length:
        raise ScanLineError(
            f"scan line of {len(digits)} digits, {layout.length} expected: part of it was missed; scan the stub again"
        )
    if check_digit(digits[:-1], layout) != digits[-1]:
        raise ScanLineError(
            f"scan line {digits}: the check digit {digits[-1]} is not right, so one digit at least was misread; "
            "scan again, or find the account by its number"
        )
    if not digits.startswith(layout.prefix):
        raise ScanLineError(
            f"scan line begins {digits[: len(layout.prefix)]}, not {layout.prefix}: this stub is another biller's"
        )
    rest = digits[len(layout.prefix) : -1]
    account, due, after = (
        rest[: layout.account_digits],
        rest[layout.account_digits : layout.account_digits + layout.amount_digits],
        rest[layout.account_digits + layout.amount_digits :],
    )
    return ScanLine(account=account.lstrip("0"), amount_due_cents=int(due), amount_after_due_cents=int(after))
