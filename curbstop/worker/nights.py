"""The night's work on what is due: drafts planned for the bank, late charges assessed.

Each is an act with a key of its day, so a night begun again changes nothing. What a city has not set is not done: the
log says which policy is missing, and people do it by hand meanwhile.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from procrastinate.contrib.django import app

from curbstop.office import autopay, customers, delinquency, ledger, policies, programmes, staff
from curbstop.office._events import Actor, Key
from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet

CLOCK = "system"
LEAD_DAYS = "autopay.lead_days"

logger = logging.getLogger(__name__)


def _now(timestamp: int) -> tuple[datetime, date, Actor]:
    at = datetime.fromtimestamp(timestamp, UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    return at, on, staff.get_actor(username=CLOCK)


@app.periodic(cron="30 9 * * *")  # by UTC: three or four in the city's night
@app.task(name="autopay.plan_night", queueing_lock="autopay.plan_night")
def plan_drafts(timestamp: int) -> None:
    """Plan the drafts of bills that fall due in the days the city gives the bank, and make their file. A person looks
    at it, takes it and hands it to the bank."""
    at, on, by = _now(timestamp)
    try:
        through_on = on + timedelta(days=policies.load(LEAD_DAYS).whole(LEAD_DAYS, on=on))
        if not any(row.code in ("draft", "again", "prenote") for row in _due(through_on, on)):
            return
        planned = autopay.plan(key=Key(f"autopay.plan:{on}"), by=by, at=at, through_on=through_on, on=on)
        made = autopay.make_file(key=Key(f"autopay.make_file:{planned.run}"), by=by, at=at, run=planned.run, on=on)
        logger.info("Draft run %s: %s drafts, file %s waits for finance.", planned.run, planned.drafts, made.name)
    except NotSet as missing:
        logger.info("No drafts are planned by the clock: %s", missing)
    except (Refused, BadValue) as refusal:
        logger.warning("The drafts of %s were not planned: %s", on, refusal)


def _due(through_on: date, on: date) -> tuple[autopay.PlannedRow, ...]:
    return autopay.preview_run(through_on=through_on, on=on).rows


@app.periodic(cron="0 11 * * *")  # by UTC: five or six in the city's morning, when the day is open
@app.task(name="delinquency.assess_late", queueing_lock="delinquency.assess_late")
def assess_late(timestamp: int) -> None:
    """Look at the bills whose late day has come, run by run, once each."""
    at, on, by = _now(timestamp)
    if on not in ledger.get_open_days():
        logger.info("Late charges: the accounting day %s is not open; the next morning catches up.", on)
        return
    try:
        for due in delinquency.list_late_due(on=on):
            key = Key(f"delinquency.assess_late:{due.run}")
            done = delinquency.assess_late(key=key, by=by, at=at, run=due.run, on=on)
            logger.info("Run %s: %s late bills charged, %s wait.", due.run, done.bills, done.held)
    except NotSet as missing:
        logger.info("No late charges: %s", missing)
    except Refused as refusal:
        logger.warning("Late charges of %s: %s", on, refusal)


@app.periodic(cron="45 10 * * *")  # by UTC, before the late charges, which wait for holds
@app.task(name="delinquency.promises", queueing_lock="delinquency.promises")
def look_at_promises(timestamp: int) -> None:
    """Find which promises were kept or broken, offer instalments for bills that catch up, give holds that end soon back
    to their owners, and fence what petitions stay."""
    at, on, by = _now(timestamp)
    acts = (
        ("settle_promises", delinquency.settle_promises),
        ("offer_catch_ups", delinquency.offer_catch_ups),
        ("give_back_holds", delinquency.give_back_holds),
        *((("follow_petitions", delinquency.follow_petitions),) if on in ledger.get_open_days() else ()),
    )
    for name, do in acts:
        try:
            logger.info("%s: %s", name, do(key=Key(f"delinquency.{name}:{on}"), by=by, at=at, on=on))
        except NotSet as missing:
            logger.info("%s: %s", name, missing)
        except Refused as refusal:
            logger.warning("%s of %s: %s", name, on, refusal)


@app.periodic(cron="15 11 * * *")  # by UTC: five or six in the city's morning
@app.task(name="customers.remind", queueing_lock="customers.remind")
def remind(timestamp: int) -> None:
    """Ask for the renewal of programmes, and of cards of the Address Confidentiality Program, that end soon."""
    at, on, by = _now(timestamp)
    letters = programmes.remind(key=Key(f"customers.remind_programmes:{on}"), by=by, at=at, on=on)
    cards = customers.remind_cards(key=Key(f"customers.remind_cards:{on}"), by=by, at=at, on=on)
    logger.info("Renewals asked for: %s programmes, %s cards.", letters, cards)


@app.periodic(cron="30 11 * * *")  # by UTC: after the late charges, which a notice tells
@app.task(name="delinquency.night", queueing_lock="delinquency.night")
def go_through_ladder(timestamp: int) -> None:
    """Go through the ladder of the day, from where it stopped, and freeze the next cut-off list on the day on which the
    city makes it. Nobody signs by the clock."""
    at, on, by = _now(timestamp)
    try:
        done = delinquency.run_night(by=by, at=at, on=on)
        logger.info("The ladder of %s: %s", on, dict(done.counts))
        for why, count in done.refused.items():
            logger.warning("The ladder of %s: %s times: %s", on, count, why)
        if (cutoff_on := delinquency.find_list_day(on=on)) is not None:
            frozen = delinquency.freeze(
                key=Key(f"delinquency.list:{cutoff_on}:{on}"), by=by, at=at, cutoff_on=cutoff_on, on=on
            )
            logger.info("Cut-off list of %s: %s listed, %s skipped.", cutoff_on, frozen.listed, frozen.skipped)
    except (NotSet, Refused, BadValue) as refusal:
        logger.warning("The ladder of %s: %s", on, refusal)


@app.periodic(cron="*/5 * * * *")
@app.task(name="delinquency.call_off", queueing_lock="delinquency.call_off")
def call_off(timestamp: int) -> None:
    """Call off shut-off orders that no longer stand, so that no crew drives there."""
    if not policies.is_installed():
        return
    at, on, by = _now(timestamp)
    if delinquency.list_unlawful(on=on):
        done = delinquency.call_off(key=Key(f"delinquency.call_off:{timestamp}"), by=by, at=at, on=on)
        logger.info("%s shut-off orders called off.", len(done.order_ids))
