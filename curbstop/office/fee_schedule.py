"""The city's fee schedule as it comes with its pack, checked against what is charged on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import resources

from curbstop.office import policies, tariffs
from curbstop.rules.fee_schedule import Disagreement, check_schedule, read_schedule


@dataclass(frozen=True)
class Consistency:
    """The check of a day: how many items the schedule has (0: there is no schedule), and what disagrees."""

    on: date
    file: str
    items: int
    disagreements: tuple[Disagreement, ...]


def check(*, on: date) -> Consistency:
    """Compare the fee schedule with tariffs and policies of the day. Nothing is kept: what is not resolved comes again.

    :raises rules.fee_schedule.ScheduleErrors: everything wrong with the schedule's file
    """
    file = resources.files("curbstop") / "cities" / policies.get_city().code / "fee_schedule.yaml"
    items = read_schedule(file.read_text("utf-8"), file="fee_schedule.yaml") if file.is_file() else ()
    values = {row.policy: row.value for row in policies.list_policies(on=on)}
    found = check_schedule(items, tariffs=tariffs.load_tariffs(), policies=values, on=on) if items else ()
    return Consistency(on, "fee_schedule.yaml" if items else "", len(items), found)
