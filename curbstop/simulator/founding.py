"""The first days of a town: the city installed, the crew enrolled, streets and meters entered.

An example town is a new utility that opens its books: in its first four weeks each cycle's meters are hung on the day
of its first reading, and everybody there signs up that day. So every account has a beginning that the office itself
made.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from curbstop.office import customers, ledger, meters, policies, staff, tariffs
from curbstop.office._once import Refused
from curbstop.office.policies import CityPack, PackFile
from curbstop.rules.policies import NotSet, Policies, read_policies
from curbstop.simulator.crew import CLOCK, CREW, PASSWORD
from curbstop.simulator.imagined import Recipe, Town
from curbstop.simulator.office import Office
from curbstop.simulator.streets import Place
from curbstop.simulator.workdays import next_workday

OVERLAY = "example"
HORIZON = timedelta(days=5 * 365)
"""How far ahead the calendar is planned."""
STATE = "OK"
NEEDED = (
    "calendar.every_days", "calendar.cycles", "calendar.bill_days_after_read", "calendar.roll", "calendar.holidays",
    "bill.due_days", "payments.application", "sewer.average", "till.float", "late.percent", "late.day",
)  # fmt: skip
"""Policies without which a day cannot be lived."""
BLOCK = 500
"""Rows an act of entering takes: an event remembers so many whole."""

_RECIPE = """\
id: town.seed
is: whole
says: "This is an example town. Its people are made up, drawn from this number."
authority: "curbstop town new"
values: [{{from: 2024-01-01, value: {seed}}}]
---
id: town.accounts
is: whole
says: "The example town was raised with about this many accounts."
authority: "curbstop town new"
values: [{{from: 2024-01-01, value: {accounts}}}]
---
id: town.began_on
is: on
says: "The example town opened its books on this day."
authority: "curbstop town new"
values: [{{from: 2024-01-01, value: {began_on}}}]
"""


def find_recipe() -> Recipe | None:
    """What the town of this database is made from; None when no city is installed.

    :raises Refused: a city is installed that is not an example town
    """
    try:
        city = policies.get_city()
    except Refused:
        return None
    known = policies.load("town.seed", "town.accounts", "town.began_on").by_id
    if "town.seed" not in known:
        raise Refused(
            f"{city.name} is installed here and is not an example town; its records stay as they are. Raise a town in"
            " another place: set CURBSTOP_HOME to an empty folder, or CURBSTOP_SCHEMA to another name."
        )
    values = {id: policy.values[-1].value for id, policy in known.items()}
    return Recipe(
        city=city.code,
        accounts=int(str(values["town.accounts"])),
        seed=int(str(values["town.seed"])),
        began_on=date.fromisoformat(str(values["town.began_on"])),
    )


def refuse_without_data(recipe: Recipe) -> None:
    """Look before anything is installed whether a town of this city can live.

    :raises Refused: no pack, no chart, a policy that every day needs is not set, or rates that begin later
    """
    pack = policies.read_pack(recipe.city)
    if not _chart(recipe.city).is_file():
        raise Refused(
            f"The pack {recipe.city} has no chart.yaml, so its bills could not be booked. Add one, or raise a town of"
            " moore_ok.",
            field="city",
        )
    holds_from = max(min(re.findall(r"\bfrom: *(\d{4}-\d\d-\d\d)", file.text)) for file in pack.tariffs)
    if recipe.began_on.isoformat() < holds_from:
        raise Refused(
            f"The rates of {recipe.city} are on file from {holds_from}, and this town would begin on"
            f" {recipe.began_on.isoformat()}. Let it end later, or live fewer months.",
            field="months",
        )
    _refuse_not_set(pack, recipe)


def _needed(pack: CityPack) -> list[PackFile]:
    """The files that say something of a policy that every day needs; reading all of them takes a while."""
    return [file for file in pack.policies if any(id in file.text for id in NEEDED)]


def _refuse_not_set(pack: CityPack, recipe: Recipe) -> None:
    known = Policies()
    for layer in (pack, policies.read_pack(OVERLAY)):
        found = [policy for file in _needed(layer) for policy in read_policies(file.text, file=file.name)]
        known = known.overlay(found)
    for id in NEEDED:
        try:
            known.value(id, on=recipe.began_on)
        except NotSet as missing:
            raise Refused(
                f"A town of {recipe.city} cannot live from {recipe.began_on.isoformat()}: {missing} Set it in the pack,"
                " or raise a town of moore_ok.",
                field="city",
            ) from missing


def _chart(city: str) -> Traversable:
    return resources.files("curbstop") / "cities" / city / "chart.yaml"


def found(recipe: Recipe) -> Office:
    """Install the city and enrol the crew; asked again, it only finds them.

    :raises Refused: the city has no pack, or is not the one installed
    """
    on = recipe.began_on
    pack = policies.read_pack(recipe.city)
    office = _open_office(recipe, pack)
    admin = "wes"
    for file in pack.tariffs:
        office.must(tariffs.adopt, file.name, who=admin, at=office.at(on, 5, 10), file=file.name, text=file.text)
    text = _chart(recipe.city).read_text("utf-8")
    name = f"{recipe.city}/chart.yaml"
    office.must(ledger.adopt_chart, who=admin, at=office.at(on, 5, 20), text=text, file=name)
    return office


def reopen() -> Office:
    """The office of a town that has lived: its crew."""
    names = [CLOCK, *(member.username for member in CREW)]
    return Office(ZoneInfo(policies.get_city().time_zone), {name: staff.get_actor(username=name) for name in names})


def _open_office(recipe: Recipe, pack: CityPack) -> Office:
    on = recipe.began_on
    zone = ZoneInfo("America/Chicago")
    office = Office(zone, {})
    clock = staff.first_administrator(username=CLOCK, name="The Clock", at=office.at(on, 5))
    office.crew = {CLOCK: clock}
    recipe_text = _RECIPE.format(seed=recipe.seed, accounts=recipe.accounts, began_on=on.isoformat())
    own = CityPack("town", None, (PackFile("town/policies.yaml", recipe_text),), ())
    overlays = (policies.read_pack(OVERLAY), own)
    office.must(policies.install_city, who=CLOCK, at=office.at(on, 5), pack=pack, overlays=overlays)
    # one salt for all, from the seed: the same town has the same rows
    hashed = make_password(PASSWORD, salt=f"example{recipe.seed:015d}")
    for member in CREW:
        office.must(
            staff.enrol,
            member.username,
            who=CLOCK,
            at=office.at(on, 5, 5),
            username=member.username,
            first_name=member.first_name,
            last_name=member.last_name,
            roles=member.roles,
            password_hash=hashed,
        )
    return reopen()


def plan_calendar(office: Office, recipe: Recipe, day: date) -> None:
    """Plan the calendar five years ahead: on the town's first day, and on the first open day of each year."""
    if day == recipe.began_on or day == next_workday(date(day.year, 1, 1)):
        office.must(policies.plan_calendar, who="wes", at=office.at(day, 5, 40), from_on=day, until_on=day + HORIZON)


def read_days(recipe: Recipe, until_on: date) -> dict[int, list[date]]:
    """Cycle -> its days of reading from the town's first day until ``until_on``, that day included."""
    turns = policies.get_cycle_dates(from_on=recipe.began_on, until_on=until_on + timedelta(days=60))
    found: dict[int, list[date]] = {int(cycle.code): [] for cycle in policies.list_cycles()}
    for turn in turns:
        if recipe.began_on <= turn.read_on <= until_on:
            found[int(turn.cycle)].append(turn.read_on)
    return found


def enter_places(office: Office, town: Town) -> None:
    """Enter the premises, route by route, on the first day; learn their ids."""
    on = town.recipe.began_on
    lives = town.lives
    for first in range(0, len(lives), BLOCK):
        block = lives[first : first + BLOCK]
        entered = office.must(
            customers.enter_premises,
            first,
            who="wes",
            at=office.at(on, 5, 50, number=first // BLOCK),
            premises=tuple(_premise(life.place) for life in block),
        )
        office.premises += entered.premise_ids
    office.place_of = {premise: life.place.no for life, premise in zip(lives, office.premises, strict=True)}
    for point in customers.list_service_points(premise_ids=office.premises):
        office.points[office.place_of[point.premise_id], point.service] = point.id


def services(place: Place) -> tuple[str, ...]:
    """What a place is served with. Apartments have dumpsters, whose price is not on file: no sanitation yet."""
    found = ["water", "irrigation"] if place.irrigated else ["water"]
    return (*found, "sewer") if place.trade == "apartments" else (*found, "sewer", "sanitation")


def _premise(place: Place) -> customers.PremiseEntry:
    return customers.PremiseEntry(
        address=place.address,
        zip=place.zip,
        city="Moore",
        state=STATE,
        cycle=str(place.cycle),
        route=place.route,
        sequence=place.sequence,
        kind=place.kind,
        services=services(place),
        dwelling_units=place.units,
        parcel=f"{place.no + 1:06d}-{place.zip[-2:]}",
        hazard=place.hazard,
    )


def hang_meters(office: Office, town: Town, cycle: int, on: date) -> None:
    """Enter a cycle's meters into stock and hang them, on the day of its first reading."""
    lives = [life for route in town.routes.get(cycle, {}).values() for life in route]
    hung = [(life, service, life.meters[service][0]) for life in lives for service in life.meters]
    for first in range(0, len(hung), BLOCK):
        block = hung[first : first + BLOCK]
        stock = tuple(meters.MeterEntry(m.serial, m.size, m.dials, m.gal_per_unit) for _, _, m in block)
        number = first // BLOCK
        office.must(meters.enter_stock, cycle, first, who="wes", at=office.at(on, 6, number=number), meters=stock)
        installs = tuple(
            meters.InstallEntry(office.points[life.place.no, service], m.serial, m.starts) for life, service, m in block
        )
        at = office.at(on, 6, 20, number=number)
        office.must(meters.install_many, cycle, first, who="wes", at=at, installs=installs, on=on)
