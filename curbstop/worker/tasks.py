"""The jobs that the queue runs, by the names under which the desk asks for them. Each is one call of the office.

A job may be begun again at any time: its worker was stopped, or killed. So what it calls is idempotent by key, or goes
on where it left off.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from procrastinate import App, JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from curbstop.office import autopay, bills, closing, ledger, payments, policies, staff
from curbstop.office._events import Actor, Key
from curbstop.office._once import Refused

CLOCK = "system"
"""The sign-in name under which the clock acts."""

HEARTBEAT_SECONDS = 3
STALLED_SECONDS = 12

logger = logging.getLogger(__name__)


def _clock() -> Actor:
    return staff.get_actor(username=CLOCK)


@contextmanager
def _refusals_in_one_line() -> Iterator[None]:
    """What the office refuses is no fault of the program: the event tells the desk, the log has the sentence."""
    try:
        yield
    except Refused as refusal:
        logger.warning("Refused: %s", refusal)
        raise JobAborted(str(refusal)) from None


@app.task(name="bills.calculate", pass_context=True)
def calculate(context: JobContext, run: int) -> None:
    """Rate a planned run for review. Asked for again, it is calculated again: reads may have been decided meanwhile."""
    assert context.job is not None
    key = Key(f"bills.calculate:{run}:job {context.job.id}")
    with _refusals_in_one_line():
        bills.calculate(key=key, by=_clock(), at=datetime.now(UTC), run=run)


@app.task(name="bills.post")
def post(run: int) -> None:
    """Post an approved run, from where it stopped."""
    with _refusals_in_one_line():
        bills.post_all(run=run, by=_clock(), at=datetime.now(UTC))


@app.task(name="autopay.post")
def post_drafts(run: int) -> None:
    """Post the drafts of a run as payments, from where it stopped."""
    at = datetime.now(UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    with _refusals_in_one_line():
        autopay.post(key=Key(f"autopay.post:{run}:done"), by=_clock(), at=at, run=run, on=on)


@app.task(name="payments.post_file")
def post_file(file: int) -> None:
    """Post what of a loaded file is not posted yet."""
    at = datetime.now(UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    with _refusals_in_one_line():
        payments.post_file(key=Key(f"payments.load_file:{file}"), by=_clock(), at=at, file_id=file, posted_on=on)


@app.periodic(cron="30 8 * * *")  # by UTC: half past two or three in the city's night
@app.task(name="closing.prove", queueing_lock="closing.prove")
def prove(timestamp: int) -> None:
    """Prove the books of the day that ended, every night."""
    at = datetime.fromtimestamp(timestamp, UTC)
    on = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    found = closing.prove_night(key=Key(f"closing.prove:{on}"), by=_clock(), at=at, on=on)
    for line in found.broken:
        logger.error("The books of %s: %s", on, line)


@app.periodic(cron="45 8 * * *")  # after the proof
@app.task(name="closing.prepare", queueing_lock="closing.prepare")
def prepare_day(timestamp: int) -> None:
    """Make the oldest day that is over ready to close, when everything balances; a person closes it."""
    at = datetime.fromtimestamp(timestamp, UTC)
    today = at.astimezone(ZoneInfo(policies.get_city().time_zone)).date()
    over = [on for on in ledger.get_open_days() if on < today]
    if over and closing.get_prepared(over[0].isoformat()) is None:
        with _refusals_in_one_line():
            key = Key(f"closing.prepare:{over[0]}:{today}")
            closing.prepare_day(key=key, by=_clock(), at=at, on=over[0])


async def take_up_stalled(queue: App) -> None:
    """Put jobs back whose worker died: its heart has not beaten for STALLED_SECONDS. Runs for as long as the worker."""
    while True:
        for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            logger.warning("Job %s (%s) lost its worker; it is begun again.", job.id, job.task_name)
            await queue.job_manager.retry_job(job)
        await asyncio.sleep(STALLED_SECONDS / 2)
