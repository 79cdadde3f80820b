"""Who may do what: the table of rights. Rights go with roles; a person of a small office may have several.

It stands apart from ``staff`` because every act asks it, the acts of ``staff`` too.
"""

from __future__ import annotations

from collections.abc import Mapping

from curbstop.office._events import Actor

ROLES: Mapping[str, str] = {
    "csr": "Customer service representative",
    "cashier": "Cashier",
    "supervisor": "Supervisor",
    "field": "Meter reader and field crew",
    "finance": "Finance",
    "auditor": "Auditor: reads everything, changes nothing",
    "administrator": "Administrator: users and the city's data",
    "system": "The clock",
}

_COUNTER = frozenset(
    {
        "customers.open",
        "customers.note",
        "moves.start",
        "moves.stop",
        "meters.install",
        "meters.exchange",
        "reads.enter",
        "reads.correct",
        "reads.decide",
        "reads.record_route",
    }
)
_TILL = frozenset({"payments.take", "tills.open", "tills.count"})
_BILLING = frozenset({"bills.plan", "bills.calculate", "bills.hold", "bills.release", "bills.own"})
_RATES = frozenset({"tariffs.draft", "tariffs.approve", "tariffs.withdraw"})
"""Proposing and approving rates: the same roles, never the same person."""

RIGHTS: Mapping[str, frozenset[str]] = {
    "csr": _COUNTER | _TILL | _BILLING,
    "cashier": _TILL,
    "supervisor": _COUNTER
    | _TILL
    | _BILLING
    | _RATES
    | {
        "bills.approve",
        "payments.reverse",
        "payments.identify",
        "payments.apply_credit",
        "reads.set_averages",
        "delinquency.assess_late",
        "tills.close",
        "policies.plan_calendar",
    },
    "field": frozenset({"reads.enter", "reads.record_route", "meters.install", "meters.exchange"}),
    "finance": _RATES
    | frozenset(
        {
            "tills.deposit",
            "tills.confirm",
            "ledger.open_day",
            "payments.receive_file",
            "payments.record_batch",
            "payments.reverse",
            "payments.identify",
        }
    ),
    "auditor": frozenset(),
    "administrator": _RATES
    | frozenset(
        {
            "staff.enrol",
            "staff.change_roles",
            "staff.retire",
            "tariffs.adopt",
            "policies.set",
            "policies.install_city",
            "policies.plan_calendar",
            "ledger.adopt_chart",
            "ledger.open_day",
            "customers.enter_premises",
            "meters.enter_stock",
            "meters.install",
            "meters.install_many",
            "tills.install",
        }
    ),
    "system": frozenset(
        {
            "bills.plan",
            "bills.calculate",
            "bills.post",
            "bills.finish",
            "bills.own",
            "payments.receive_file",
            "payments.record_batch",
            "payments.apply_credit",
            "reads.record_route",
            "reads.set_averages",
            "delinquency.assess_late",
            "closing.record_proof",
            "ledger.open_day",
        }
    ),
}
"""Role -> names of acts. What is not listed is refused; reading is not listed, since every role may look."""


def may(by: Actor, act_name: str) -> bool:
    """Whether any of the actor's roles includes the act."""
    return any(act_name in RIGHTS.get(role, frozenset()) for role in by.roles)


def roles_for(act_name: str) -> str:
    """The roles that include the act, in words."""
    named = [role for role, acts in RIGHTS.items() if act_name in acts]
    return " or ".join(named) if named else "nobody (no role includes it)"
