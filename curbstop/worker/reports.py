"""Reports on a timetable: made in the morning, each once a day, and told of by e-mail."""

import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate.contrib.django import app

from curbstop.office import policies, reports, staff
from curbstop.office._events import Key
from curbstop.office._once import Refused
from curbstop.outside.cards.choosing import public_url
from curbstop.rules.faults import BadValue

CLOCK = "system"
logger = logging.getLogger(__name__)


@app.periodic(cron="0 12 * * *")  # by UTC: six or seven in the city's morning, after the night's work
@app.task(name="reports.morning", queueing_lock="reports.morning")
def make_due(timestamp: int) -> None:
    """Make every report whose day it is. One that cannot be made keeps none of the others from it."""
    at = datetime.fromtimestamp(timestamp, UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    by = staff.get_actor(username=CLOCK)
    for schedule_id in reports.list_due(on):
        try:
            key = Key(f"reports.make_due:{schedule_id}:{on}")
            reports.make_due(key=key, by=by, at=at, schedule_id=schedule_id, on=on, address=public_url())
        except (Refused, BadValue) as refusal:
            logger.warning("The report of timetable %s was not made: %s", schedule_id, refusal)
