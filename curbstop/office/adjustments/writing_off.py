"""Write-offs as requests: a list with its criteria, weighed again when it is approved, kept in memo line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curbstop.office import ledger, writeoffs
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed
from curbstop.rules.money import show
from curbstop.rules.writeoffs import Criteria, write_off

REASONS = {
    "uncollectible": "Uncollectible by the city's criteria",
    "died": "The customer has died and nothing is left",
    "limitation": "Barred by limitation",
    "discharged": "Discharged by a court",
}
LIMITS = "writeoff.limits"
MOST_ACCOUNTS = 500


def accounts_of(inputs: Mapping[str, Any]) -> tuple[int, ...]:
    """The accounts of a list, as its inputs name them."""
    named = inputs.get("account_ids")
    if not isinstance(named, (list, tuple)):
        return ()
    return tuple(dict.fromkeys(id for id in named if isinstance(id, int) and not isinstance(id, bool)))


def weigh_write_off(asked: Asked) -> Weighed:
    """A list of debts to write off: inputs ``account_ids`` and the criteria that chose them (``days_after_due``,
    ``least_cents``, ``most_cents``).

    :raises Refused: an account that does not meet the criteria any more, with why; too many accounts
    """
    wanted = accounts_of(asked.inputs)
    if not wanted or len(wanted) > MOST_ACCOUNTS:
        raise Refused(f"Choose the accounts of the list, at most {MOST_ACCOUNTS}.", field="account_ids")
    criteria = criteria_of(asked.inputs)
    found = {
        row.account_id: row for row in writeoffs.list_candidates(criteria=criteria, on=asked.on, account_ids=wanted)
    }
    for id in wanted:
        row = found.get(id)
        if row is None:
            raise Refused(f"An account of the list (id {id}) owes nothing. Make the list again.", field="account_ids")
        if row.why_not:
            raise Refused(f"Account {row.number} cannot be on the list: {row.why_not}", field="account_ids")
    entries, working, total = [], [], 0
    for id in sorted(wanted, key=lambda id: found[id].number):
        items = writeoffs.get_open(id)
        cents = sum(item.cents for item in items)
        total += cents
        entries.append(Entry("write_off", write_off(items), asked.on))
        working.append(Step(f"{found[id].number} {found[id].name}, last due {found[id].last_due_on}", show(cents)))
    count = f"{len(wanted)} account{'s' * (len(wanted) > 1)}"
    says = f"Write off {show(total)} on {count}: {criteria.says}"
    facts = {"criteria": criteria.says, "accounts": len(wanted)}
    return Weighed(total, tuple(wanted), says, tuple(working), tuple(entries), facts=facts)


def criteria_of(inputs: Mapping[str, Any]) -> Criteria:
    """The criteria among a request's inputs. :raises Refused: they are not there"""
    days, least, most = inputs.get("days_after_due"), inputs.get("least_cents", 1), inputs.get("most_cents")
    if not isinstance(days, int) or isinstance(days, bool) or not isinstance(least, int):
        raise Refused("A list has its criteria: the days past due and the amounts.", field="days_after_due")
    return Criteria(days, least, most if isinstance(most, int) else None)


def post_write_off(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Post an approved list, one transaction an account."""
    return tuple(
        ledger._post(
            event,
            act="write_off",
            posted_on=asked.on,
            effective_on=asked.on,
            legs=entry.legs,
            approval=asked.request_id,
        )
        for entry in weighed.entries
    )
