"""The night's work on refuse: certificates of private haulers, and city refuse billed from period to period."""

import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate.contrib.django import app

from curbstop.office import policies, refuse, staff
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue

CLOCK = "system"

logger = logging.getLogger(__name__)


@app.periodic(cron="15 10 * * *")  # by UTC: four or five in the city's night, after the day's bills
@app.task(name="refuse.night", queueing_lock="refuse.night")
def night(timestamp: int) -> None:
    """Write before certificates end, mark those that ended, and follow both on the bills. A night begun again changes
    nothing; one that was missed is caught up by the next."""
    at = datetime.fromtimestamp(timestamp, UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    by = staff.get_actor(username=CLOCK)
    try:
        told = refuse.remind_haulers(key=Key(f"refuse.remind_haulers:{on}"), by=by, at=at, on=on)
        turned = refuse.turn_haulers(key=Key(f"refuse.turn_haulers:{on}"), by=by, at=at, on=on)
    except (Refused, BadValue) as refusal:
        logger.warning("Haulers of %s: %s", on, refusal)
        return
    logger.info(
        "Haulers: %s reminded, %s lapsed; refuse begins at %s places, ends at %s.",
        len(told.reminded), len(told.lapsed), len(turned.begun), len(turned.ended),
    )  # fmt: skip
    for missing in (told.not_set, turned.not_set):
        if missing:
            logger.info("Haulers: %s", missing)
