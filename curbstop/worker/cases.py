"""The clock of cases and of the roster: what ran out is marked, who is back has his work again.

Each looks first and acts only where there is something to do, so that a quiet hour leaves no event.
"""

import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate.contrib.django import app

from curbstop.office import cases, policies, roster, staff
from curbstop.office._events import Key
from curbstop.rules.policies import NotSet

CLOCK = "system"

logger = logging.getLogger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="cases.clock", queueing_lock="cases.clock")
def keep_clocks(timestamp: int) -> None:
    """Mark cases that are overdue and promises that nobody has claimed; end the absences that are over."""
    if not policies.is_installed():
        return
    at, by = datetime.fromtimestamp(timestamp, UTC), staff.get_actor(username=CLOCK)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    if roster.has_ended(on):
        roster.end_absences(key=Key(f"staff.end_absences:{timestamp}"), by=by, at=at)
    if cases.list_overdue(at):
        cases.mark_overdue(key=Key(f"cases.mark_overdue:{timestamp}"), by=by, at=at)
    try:
        if roster.find_unclaimed(at):
            roster.mark_unclaimed(key=Key(f"staff.mark_unclaimed:{timestamp}"), by=by, at=at)
    except NotSet as missing:
        logger.debug("Unclaimed promises stand on the board only: %s", missing)
