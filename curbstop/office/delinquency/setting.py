"""The city's ladder as a day finds it: policies by class, working days, weather; loaded once for many accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.records.delinquency.ladder import Forecast
from curbstop.rules.customers import check_text
from curbstop.rules.delinquency.ladder import CLASSES, CityDays, Ladder, policies_of_ladder, read_ladder
from curbstop.rules.policies import NotSet, Policies

WEATHER, HOURS = "delinquency.weather", "delinquency.cutoff.hours"


@dataclass(frozen=True)
class Setting:
    """Ladders and days by class, and what the weather forbids: the first is asked of the rule, the rest of people."""

    on: date
    ladders: Mapping[str, Ladder]
    days: Mapping[str, CityDays]
    holidays: frozenset[date]
    weather: Mapping[date, str]
    rules: Policies


def load_setting(on: date) -> Setting:
    """The city's ladder on a day."""
    rules = policies.load(*policies_of_ladder(), WEATHER, HOURS)
    holidays = policies.get_holidays(from_on=on, known=rules)
    weather = _weather(rules, on)
    ladders = {of: read_ladder(rules, of, on) for of in CLASSES}
    days = {
        of: CityDays(
            on,
            holidays=holidays,
            weekdays=one.weekdays,
            not_before_closing=one.not_before_closing,
            not_on=weather,
        )
        for of, one in ladders.items()
    }
    return Setting(on, ladders, days, holidays, weather, rules)


def _weather(rules: Policies, on: date) -> Mapping[date, str]:
    """Days to come on which the city's rule of heat and cold forbids a cut-off, by the last forecast of each."""
    try:
        rule = rules.table(WEATHER, on=on)
    except NotSet:
        return {}
    cold, heat = rule.get("cold_f"), rule.get("heat_f")
    with connection.cursor() as cursor:
        cursor.execute(
            'select distinct on ("on") "on", low_f, heat_f from delinquency_forecast where "on" >= %s'
            ' order by "on", id desc',
            [on],
        )
        rows = cursor.fetchall()
    found = {}
    for day, low_f, heat_f in rows:
        if isinstance(cold, int) and low_f < cold:
            found[day] = f"{low_f} F is forecast, below {cold}"
        elif isinstance(heat, int) and heat_f >= heat:
            found[day] = f"a heat index of {heat_f} F is forecast, {heat} or more"
    return found


def needs_forecast(setting: Setting, cutoff_on: date) -> bool:
    """Whether the city has a rule of heat and cold and nobody said what the day will be: nothing is cut off then."""
    try:
        setting.rules.table(WEATHER, on=setting.on)
    except NotSet:
        return False
    return not Forecast.objects.filter(on=cutoff_on).exists()


@act("delinquency.record_forecast")
def record_forecast(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date, low_f: int, heat_f: int, source: str
) -> int:
    """Enter what the weather service says of a day, for the city's rule of heat and cold; the last one holds.

    :param low_f: the lowest temperature, degrees Fahrenheit; ``heat_f``: the highest heat index
    :param source: who says so: "National Weather Service Norman, 6 am"
    :raises Refused: degrees that cannot be
    :raises BadEntry: no source
    """
    for field, value in (("low_f", low_f), ("heat_f", heat_f)):
        if not -60 <= value <= 160:
            raise Refused(f"{value} F is no weather of this earth's cities; type it again.", field=field)
    row = Forecast.objects.create(
        on=on,
        low_f=low_f,
        heat_f=heat_f,
        source=check_text(source, field="source", longest=200, required=True),
        by_id=by.id,
        at=at,
        event_id=event.id,
    )
    event.about(says=f"Forecast for {on.isoformat()}: lowest {low_f} F, heat index {heat_f} F ({source.strip()}).")
    return row.pk


def show_hours(setting: Setting) -> str:
    """The hours in which valves are closed, as the city has set them; empty where it has not."""
    try:
        return setting.rules.text(HOURS, on=setting.on)
    except NotSet:
        return ""


def first_hour(setting: Setting) -> str:
    """The hour at which a cut-off day begins, ``08:00``; empty where the city has not said."""
    return show_hours(setting).partition("-")[0].strip()
