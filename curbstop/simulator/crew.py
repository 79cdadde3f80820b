"""The people of the example town's office, and their demonstration sign-ins. All are made up."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "curbstop-example-town"
"""Of every demonstration sign-in. Shown by ``make run``: an example town holds no real customer."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the office: sign-in name, name, roles, and what for."""

    username: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    does: str


CLOCK = "system"
CREW = (
    Member("dana", "Dana", "Whitlock", ("csr",), "customer service: opens accounts, starts and stops service, bills"),
    Member("priya", "Priya", "Raman", ("csr",), "customer service, second window"),
    Member("imani", "Imani", "Brooks", ("cashier",), "cashier at till 1"),
    Member("luis", "Luis", "Ortega", ("cashier",), "cashier at till 2"),
    Member("ruth", "Ruth", "Calloway", ("supervisor",), "supervisor: decides reads, approves bill runs, signs tills"),
    Member("hector", "Hector", "Salinas", ("finance",), "finance: bank deposits, payment files"),
    Member("noor", "Noor", "Aziz", ("finance_director",), "finance director: approves what is above a supervisor"),
    Member("terrell", "Terrell", "Boone", ("field",), "meter reader, truck 6"),
    Member("joan", "Joan", "Pruitt", ("auditor",), "auditor: reads everything, changes nothing"),
    Member("wes", "Wes", "Lindqvist", ("administrator",), "administrator: people and the city's data"),
)
SIGN_INS = ("dana", "imani", "ruth", "hector", "noor", "joan")
"""Those that ``make run`` shows first."""
