"""The night's work on deposits: final bills paid from them, interest, and the clock of refunds that nobody cashes."""

import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate.contrib.django import app

from curbstop.office import deposits, ledger, policies, refunds, staff
from curbstop.office._once import Refused
from curbstop.rules.policies import NotSet

CLOCK = "system"

logger = logging.getLogger(__name__)


@app.periodic(cron="0 9 * * *")  # by UTC: three or four in the city's night, after the proof
@app.task(name="deposits.night", queueing_lock="deposits.night")
def night(timestamp: int) -> None:
    """Apply deposits to final bills, turn the clock of 11 O.S. 35-107, and on the first of a month add interest.

    Begun again it goes on: each step is an act with a key of its own. It posts on the city's day, when that is open;
    on a day that nobody opened nothing is done, and the next night catches up.
    """
    at = datetime.fromtimestamp(timestamp, UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    if on not in ledger.get_open_days():
        logger.info("Deposits: the accounting day %s is not open; the next night catches up.", on)
        return
    by = staff.get_actor(username=CLOCK)
    try:
        applied = deposits.apply_finals(by=by, at=at, on=on)
        turned = refunds.run_clock(by=by, at=at, on=on)
        logger.info(
            "Deposits: %s applied, %s notices, %s cancelled", len(applied), len(turned.noticed), len(turned.cancelled)
        )
    except (Refused, NotSet) as refusal:
        logger.warning("Refused: %s", refusal)
    if on.day == 1:
        try:
            done = deposits.accrue_all(by=by, at=at, until_on=on, on=on)
            logger.info("Deposits: interest of %s cents on %s accounts", done.cents, done.accounts)
        except Refused as refusal:
            logger.info("No interest: %s", refusal)
