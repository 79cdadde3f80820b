"""A town, raised and lived day by day through the office's own acts only.

:func:`new` raises one that ends on a day and began so many months earlier; :func:`live` lives an existing one on. A day
is always the same happenings in the same order, its instants are built from the day, and nothing asks the clock: the
same seed, size, months and last day give the same rows.

On its last day the town stops when the office opens: the till is closed, the reads that came in wait for a decision, a
bill run that is due is not made. That is the work that is left for whoever sits down now.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor

from curbstop.office import ledger, policies
from curbstop.office._once import Refused
from curbstop.office._statements import forget
from curbstop.office.bills.issued import list_issued
from curbstop.simulator import bank, billing, closings, founding, moving, paying, reading, refunding, tills
from curbstop.simulator.crew import CLOCK
from curbstop.simulator.imagined import Recipe, Town, imagine
from curbstop.simulator.office import Office
from curbstop.simulator.paying import FORGET, Plans
from curbstop.simulator.workdays import each_day, is_workday, next_workday

MOST_ACCOUNTS, MOST_MONTHS = 100_000, 48


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a town has lived: days done of all, and the day it is."""

    done: int
    days: int
    day: date


@dataclass(frozen=True, slots=True)
class Lived:
    """A town as it stands: what it is made from, its last day, and what was done to get there."""

    recipe: Recipe
    until_on: date
    days: int
    acts: int
    accounts: int
    refusals: tuple[str, ...]


Told = Callable[[Progress], None]


def new(*, city: str, accounts: int, seed: int, months: int, until: date, told: Told | None = None) -> Lived:
    """Raise a town of about ``accounts`` accounts that ends on ``until`` and began ``months`` earlier.

    Asked again after an interruption, with the same numbers, it goes on where it stopped.

    :raises Refused: the database has a city that is not an example town, or another town; or numbers that cannot be
    """
    _check(accounts, months)
    recipe = Recipe(city, accounts, seed, next_workday(until - relativedelta(months=months)))
    there = founding.find_recipe()
    if there is not None and there != recipe:
        raise Refused(
            f"An example town is here already ({there.accounts:,} accounts, seed {there.seed}, since"
            f" {there.began_on.isoformat()}). Live it on with `curbstop town live --until DATE`, or raise another one"
            " in an empty place: set CURBSTOP_HOME to an empty folder, or CURBSTOP_SCHEMA to another name."
        )
    if there is None:
        founding.refuse_without_data(recipe)
    return _live(recipe, until, told)


def live(*, until: date, told: Told | None = None) -> Lived:
    """Live the town of this database on, through the morning of ``until``.

    :raises Refused: there is no town here, or it has lived beyond that day
    """
    recipe = founding.find_recipe()
    if recipe is None:
        raise Refused("There is no town here yet; raise one with `curbstop town new`.")
    return _live(recipe, until, told)


def _check(accounts: int, months: int) -> None:
    if not 1 <= accounts <= MOST_ACCOUNTS:
        raise Refused(f"A town has from 1 to {MOST_ACCOUNTS:,} accounts, not {accounts:,}.", field="accounts")
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(f"A town lives from 1 to {MOST_MONTHS} months, not {months}.", field="months")


def _live(recipe: Recipe, until: date, told: Told | None) -> Lived:
    with _at_full_speed():
        lived = _lived_until()
        if lived is not None and lived > until:
            raise Refused(f"The town has lived until {lived.isoformat()} already; it does not go back.", field="until")
        office = founding.found(recipe) if lived is None else founding.reopen()
        founding.plan_calendar(office, recipe, recipe.began_on)
        town = imagine(recipe, founding.read_days(recipe, until), until)
        founding.enter_places(office, town)
        plans = Plans()
        if lived is not None:
            _remember(office, town, plans, lived)
        days = list(each_day(lived or recipe.began_on, until + timedelta(days=1)))
        for done, day in enumerate(days, start=1):
            # the day it stopped on, as ever: what was done then is done, and its keys say so
            office.again = day == lived
            if is_workday(day):
                _morning(office, town, day)
                if day != until:
                    _rest_of_day(office, town, plans, day)
            if told:
                told(Progress(done, len(days), day))
    return Lived(recipe, until, len(days), office.acts, len(office.accounts), tuple(office.refusals))


def _lived_until() -> date | None:
    """The last day that the town's clock opened; None before the first."""
    days = ledger.get_open_days()
    return days[-1] if days else None


def _remember(office: Office, town: Town, plans: Plans, lived: date) -> None:
    """Learn again what the town knew on its last day: its people's accounts, and what they meant to pay."""
    for day in each_day(town.recipe.began_on, lived):
        moving.remember(office, town, day)
    plans.add_bills(office, town, list_issued(from_on=lived - FORGET, until_on=lived))


def _morning(office: Office, town: Town, day: date) -> None:
    """Before the doors open: what the clock does, what the readers bring, what goes to the bank."""
    recipe = town.recipe
    office.must(ledger.open_day, who=CLOCK, at=office.at(day, 5, 30), on=day)
    founding.plan_calendar(office, recipe, day)
    if day == recipe.began_on:
        tills.install(office, day)
        bank.install(office, day)
    closings.make_ready(office, day)
    bank.show(office, recipe.seed, day)
    reading.set_averages(office, day)
    billing.charge_late(office, day)
    for cycle, days in town.read_days.items():
        for read_on in days:
            if next_workday(read_on) == day and read_on == days[0]:
                founding.hang_meters(office, town, cycle, read_on)
            elif next_workday(read_on) == day:
                reading.read_routes(office, town, cycle, read_on, day)
    tills.go_to_bank(office, day)


def _rest_of_day(office: Office, town: Town, plans: Plans, day: date) -> None:
    """Doors open: moves, payments, the edit list, exchanges, bills, and the drawers counted in the evening."""
    tills.open_drawers(office, day, busy=len(paying.at_counters(plans, day)) > tills.ONE_CASHIER_SERVES)
    moving.move(office, town, day)
    again = reading.decide_reads(office, town, day)
    bank.match(office, day)
    closings.close(office, day)
    paying.record_files(office, town, plans, day)
    paying.take_returns(office, plans, day)
    paying.serve(office, town, plans, day)
    reading.exchange_meters(office, town, day)
    for turn in policies.get_cycle_dates(from_on=day - timedelta(days=7), until_on=day + timedelta(days=1)):
        cycle, days = int(turn.cycle), town.read_days[int(turn.cycle)]
        if next_workday(turn.bill_on) == day and turn.read_on in days[1:]:
            billing.run_cycle(office, town, plans, cycle, turn.bill_on, day)
        elif cycle in again and next_workday(turn.bill_on) < day:
            billing.run_cycle(office, town, plans, cycle, day, day)
    for cycle, days in town.read_days.items():
        for read_on in days[1:]:
            if next_workday(read_on) == day:
                reading.read_missed(office, town, cycle, read_on, day)
    refunding.settle(office, town.recipe.seed, day)
    tills.count_drawers(office, town.recipe.seed, day)


@contextmanager
def _at_full_speed() -> Iterator[None]:
    """The session of one long task of many thousand small acts: its commits do not wait for the disk (a town lost in a
    crash is raised again), a statement that comes again is planned once (its values hardly change the way) and run by
    one process (workers of the server take longer to come than they help), and nobody looks for garbage after every
    few hundred rows."""
    connection.ensure_connection()
    link = connection.connection
    before = link.cursor_factory, link.prepare_threshold
    with connection.cursor() as cursor:
        cursor.execute("select name, current_setting(name) from unnest(%s::text[]) name", [list(_AT_FULL_SPEED)])
        settings = cursor.fetchall()
        _set(_AT_FULL_SPEED.items())
    link.cursor_factory, link.prepare_threshold = ServerBindingCursor, 3
    sweeps = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        with _forgetting():
            yield
    finally:
        gc.set_threshold(*sweeps)
        link.cursor_factory, link.prepare_threshold = before
        if not link.closed:
            _set(settings)


_AT_FULL_SPEED = {
    "synchronous_commit": "off",
    "plan_cache_mode": "force_generic_plan",
    "max_parallel_workers_per_gather": "0",
}


def _set(settings: Iterable[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        for setting in settings:
            cursor.execute("select set_config(%s, %s, false)", setting)


@contextmanager
def _forgetting() -> Iterator[None]:
    """A driver that prepares drops all that is prepared, the office's own too, when an act is refused and rolled
    back."""
    rollback = connection.rollback

    def roll_back() -> None:
        rollback()
        forget()

    connection.rollback = roll_back  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(_forget_after_rollback):
            yield
    finally:
        del connection.rollback


def _forget_after_rollback(execute: Callable[..., object], sql: str, *given: object) -> object:
    """The same inside a transaction of a test."""
    result = execute(sql, *given)
    if sql.startswith("ROLLBACK"):
        forget()
    return result
