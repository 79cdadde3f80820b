"""Accounts as a file: for the auditor, or for somebody who asks for records. What is confidential is redacted by name.

Oklahoma's Open Records Act lets an office keep back what another law makes confidential; each redaction says which.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from curbstop.office import _masks
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.rules.customers import check_choice, check_text

FOR = {"audit": "audit", "records_request": "records request"}
COLUMNS = ("account", "name", "phone", "email", "mail_to", "service_address", "class", "opened_on", "redacted")
REASONS = {
    "confidential": "confidential by a request on file",
    "acp": "Address Confidentiality Program, 22 O.S. 60.14",
}
REDACTED = "[redacted]"
MARKED_MOST = 500
"""So many redacted accounts are named by the event; a larger export says how many there are."""


@dataclass(frozen=True)
class Exported:
    """What was exported: rows, those redacted, and the digest of the file, which :func:`build_export` makes again."""

    rows: int
    redacted: tuple[str, ...]
    sha256: str


_ROWS = """
select a.id, a.number, c.name, c.phone, c.email, array_to_string(a.mail_to, ', '), coalesce(p.address, ''),
  a.customer_class, a.opened_on::text
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select pr.address || ', ' || pr.city || ', ' || pr.state || ' ' || pr.zip address
  from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  join customers_premise pr on pr.id = s.premise_id where g.account_id = a.id
  order by upper(g.during) desc nulls first limit 1) p on true
where %(all)s or a.number = any(%(numbers)s) order by a.number"""


def build_export(*, numbers: Sequence[str] = ()) -> tuple[str, dict[int, str]]:
    """The file, and of each redacted account its number; ``numbers`` empty: every account.

    A row of a confidential account has its number and the reason; a programme's account has the substitute address too,
    and its name nowhere beside a place.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"all": not numbers, "numbers": list(numbers)})
        rows = cursor.fetchall()
    marked = _masks.load_marked([row[0] for row in rows if row[2] == _masks.NAME])
    out, redacted = io.StringIO(), {}
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        told = [*row[1:], ""]
        if (mark := marked.get(row[0])) is not None:
            redacted[row[0]] = row[1]
            where = ", ".join(mark.substitute) or REDACTED
            told = [row[1], REDACTED, REDACTED, REDACTED, where, where, row[7], row[8], _why(mark.kind)]
        writer.writerow([_plain(str(value)) for value in told])
    return "\ufeff" + out.getvalue(), redacted


def _why(kind: str) -> str:
    what = "name, phone, e-mail, service address" if kind == "acp" else "name, phone, e-mail, addresses"
    return f"{what}: {REASONS[kind]}"


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not text[1:].isdigit() else text


@act("customers.export")
def export(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, purpose: str, words: str, numbers: tuple[str, ...] = ()
) -> Exported:
    """Export accounts with their service addresses, confidential ones redacted with the reason.

    :param purpose: ``audit`` or ``records_request``; ``words`` say for whom
    :raises Refused: none of these accounts is there
    """
    check_choice(purpose, tuple(FOR), field="purpose")
    why = check_text(words, field="words", longest=200, required=True)
    text, redacted = build_export(numbers=numbers)
    rows = text.count("\r\n") - 1
    if not rows:
        raise Refused("None of these accounts is there; compare the numbers.", field="numbers")
    event.about(*(f"account:{id}" for id in list(redacted)[:MARKED_MOST]))
    event.about(says=f"Exported {rows:,} accounts for {FOR[purpose]} ({why}), {len(redacted)} of them redacted.")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Exported(rows, tuple(redacted.values())[:MARKED_MOST], digest)
