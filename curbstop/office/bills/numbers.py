"""Bill numbers as people see them: the document id and Luhn's check digit (decision 062)."""

from __future__ import annotations

import re

from django.db import connection

from curbstop.office._once import Refused
from curbstop.rules.accounts import check_digit


def bill_number(bill_id: int) -> str:
    """The number printed on a bill: document 10488 is ``104885``."""
    return f"{bill_id}{check_digit(str(bill_id))}"


def find_bill(number: str) -> int:
    """The id of the bill that was typed, without its spaces and hyphens.

    :raises Refused: not a bill number, a digit mistyped, or no such bill
    """
    digits = re.sub(r"[\s-]", "", number)
    if not re.fullmatch(r"[0-9]{2,18}", digits):
        raise Refused(f"{number!r} is not a bill number: it is digits only, as on the bill.", field="number")
    bill_id = int(digits[:-1])
    if bill_number(bill_id) != digits:
        raise Refused(
            f"Bill {number}: the last digit does not fit the others, so one of them is mistyped. Compare it with"
            " the paper.",
            field="number",
        )
    with connection.cursor() as cursor:
        cursor.execute("select 1 from bills_bill where id = %s", [bill_id])
        if cursor.fetchone() is None:
            raise Refused(f"There is no bill {number}. The account's bills are on its page.", field="number")
    return bill_id
