"""The night's look at what was promised: extensions and arrangements kept or broken, holds that come back to owners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import act
from curbstop.office._statements import ask
from curbstop.office.delinquency import arranging, extending

PROMISES = "delinquency.promises"
"""What whoever settles promises takes a turn at."""


@dataclass(frozen=True)
class PromisesSettled:
    """How many promises ended in a night, and how many instalments people were reminded of."""

    kept: int
    broken: int
    reminded: int


_RUNNING = """
select x.account_id from delinquency_extension x
where not exists (select from delinquency_extensionend e where e.extension_id = x.id)
union select x.account_id from delinquency_arrangement x
where not exists (select from delinquency_arrangementstep s where s.arrangement_id = x.id and s.step <> 'agreed')"""


@act("delinquency.settle_promises")
def settle_promises(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> PromisesSettled:
    """Find which promises were kept and which were broken by the day, from what the books say is open.

    A kept one releases its hold; a broken arrangement does too, so that the ladder goes on. Nobody decides it.
    """
    take_turn(PROMISES)
    lock_accounts(row[0] for row in ask(_RUNNING, {}))
    kept, broken = extending.settle(event, on)
    more_kept, more_broken, reminded = arranging.settle(event, on)
    done = PromisesSettled(kept + more_kept, broken + more_broken, reminded)
    if done.kept or done.broken or done.reminded:
        event.about(says=f"Promises: {done.kept} kept, {done.broken} broken, {done.reminded} reminded.")
    return done
