"""A deposit set off against what was owed before a petition (11 U.S.C. 366(c)(4)): asked, and approved by another."""

from __future__ import annotations

from curbstop.office import deposits, ledger
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import Asked, Entry, Step, Weighed, post_entries
from curbstop.records.delinquency.promises import Petition, PetitionStep
from curbstop.rules.ledger import credit, interfund
from curbstop.rules.money import show

REASONS = {
    "before_petition": "The deposit was given before the petition",
    "order": "The court ordered it",
}


def weigh_set_off(asked: Asked) -> Weighed:
    """Set a deposit off: input ``petition_id``. What is held on the account that goes on pays what was fenced.

    :raises Refused: no such petition, no deposit is held, or nothing is fenced
    """
    row = Petition.objects.filter(pk=asked.number("petition_id")).select_related("account", "old_account").first()
    if row is None:
        raise Refused("There is no such petition; the account's holds list it.", field="petition_id")
    held = deposits.list_held([row.account_id])
    stayed = [item for item in ledger.get_open_items(row.old_account_id) if not item.owed_to]
    total, owed = sum(one.cents for one in held), sum(item.open_cents for item in stayed)
    cents = min(total, owed)
    if not cents:
        what = f"no deposit is held for account {row.account.number}" if not total else "nothing is fenced any more"
        raise Refused(f"Nothing can be set off: {what}.", field="petition_id")
    legs, left = list(deposits.used(held, cents)), cents
    for item in sorted(stayed, key=lambda item: (str(item.due_on), item.document, item.line)):
        if part := min(item.open_cents, left):
            legs.append(
                credit(item.gl, part, item.kind, account_id=row.old_account_id, document=item.document, line=item.line)
            )
            left -= part
    working = (Step("Deposit held", show(total)), Step("Fenced by the petition", show(owed)))
    says = f"Set {show(cents)} of the deposit of account {row.account.number} off against what was owed before"
    says = f"{says} {row.filed_on.isoformat()}, case {row.case_no}."
    entry = Entry("apply_deposit", interfund(legs), asked.on)
    return Weighed(cents, (row.account_id, row.old_account_id), says, working, (entry,), facts={"petition": row.pk})


def post_set_off(event: Acting, asked: Asked, weighed: Weighed) -> tuple[int, ...]:
    """Post it, and keep it with the petition."""
    txns = post_entries(event, asked, weighed)
    PetitionStep.objects.create(
        petition_id=weighed.facts["petition"], step="set_off", on=asked.on, says=weighed.says, cents=weighed.cents,
        txn_id=txns[0], event_id=event.id,
    )  # fmt: skip
    return txns
