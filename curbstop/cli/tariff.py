"""`curbstop tariff`: read tariff files, work their examples, explain what a use would cost. No database is needed."""

import csv
import dataclasses
import hashlib
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curbstop.cli import database, show_json
from curbstop.cli.bills import print_line
from curbstop.formats import nieps, owrs
from curbstop.rules import explaining, rating, tariffs
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.plans import Tariff
from curbstop.rules.traces import Trace
from curbstop.rules.units import parse_quantity

if TYPE_CHECKING:
    from curbstop.office.facts import FactEntry
    from curbstop.office.tariffs import DryRun

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def tariff() -> None:
    """Tariff files: check them, and explain what a use would cost."""


def _gallons(context: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """Whole gallons from `8340`, `8,340`, `8.34 kgal`, `1000 cf`."""
    if text is None:
        return None
    field, plain = f"--{option.name}", text.strip()
    quantity = parse_quantity(plain if plain[-1:].isalpha() else f"{plain} gal", field=field)
    if quantity.gal.denominator != 1:
        raise BadValue(
            field=field, value=text, why="a part of a gallon, which no meter reads", remedy="give whole gallons"
        )
    if quantity.gal > rating.MOST_GAL:
        raise BadValue(field=field, value=text, why="more than a billion gallons", remedy="check the digits")
    return int(quantity.gal)


def _read(file: Path, name: str) -> tuple[Tariff, ...]:
    try:
        return tariffs.read_tariffs(file.read_text(encoding="utf-8"), file=name)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8.") from error


@tariff.command()
@click.argument("file", type=FILE)
@click.option("--usage", required=True, callback=_gallons, metavar="GALLONS", help="What was used, such as 8340.")
@click.option("--code", help="Which tariff of the file; not needed when it holds one.")
@click.option(
    "--average", callback=_gallons, metavar="GALLONS", help="The personal average, where the tariff caps by it."
)
@click.option(
    "--count", default=1, show_default=True, type=click.IntRange(0, rating.MOST_COUNT), help="Carts or dwelling units."
)
@click.option("--from", "from_on", type=DAY, help="First day of the period.  [default: 28 days before --until]")
@click.option("--until", "until_on", type=DAY, help="The day after its last; the day of the read.  [default: today]")
@click.option(
    "--days", default=-1, type=click.IntRange(-1, rating.MOST_DAYS), help="Bill only so many days of a full bill's."
)
@click.option(
    "--input", "facts", multiple=True, metavar="NAME=VALUE", help="What the tariff asks of the account: meter=5/8."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def explain(
    file: Path,
    usage: int,
    code: str | None,
    average: int | None,
    count: int,
    from_on: datetime | None,
    until_on: datetime | None,
    days: int,
    facts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Work out a bill from a tariff file, line by line, each with its steps and its authority.

    \b
    curbstop tariff explain curbstop/cities/moore_ok/tariffs/water.yaml --code W-RES --usage 8340
    """
    chosen = _choose(_read(file, file.name), code, file)
    until = until_on.date() if until_on else date.today()
    begin = from_on.date() if from_on else until - timedelta(days=chosen.per_days or 28)
    inputs = rating.Inputs.of(
        gal=[usage],
        average_gal=[-1 if average is None else average],
        count=[count],
        prorate_days=[days],
        facts=_facts(chosen, facts),
    )
    trace = Trace()
    charges = rating.charge(chosen, from_on=begin, until_on=until, inputs=inputs, trace=trace)
    status = rating.Status(int(charges.status[0]))
    lines = explaining.explain(trace) if status is rating.Status.RATED else ()
    total_cents = int(charges.total_cents[0])
    if as_json:
        show_json(
            {
                "tariff": chosen.code,
                "from_on": begin,
                "until_on": until,
                "usage_gal": usage,
                "outcome": status.name.lower(),
                "says": status.says,
                "total_cents": total_cents if lines else None,
                "lines": [dataclasses.asdict(line) for line in lines],
            }
        )
    elif lines:
        _show(chosen, begin, until, lines, total_cents)
    if status is not rating.Status.RATED:
        raise click.ClickException(f"{chosen.code} gives no bill for {begin} to {until}: {status.says}.")


def _facts(chosen: Tariff, given: tuple[str, ...]) -> dict[str, list[str]]:
    """`meter=5/8` for each thing the tariff asks of the account."""
    asked = [need.name for need in chosen.needs]
    found: dict[str, list[str]] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in asked or not value:
            known = ", ".join(asked) or "nothing"
            raise click.UsageError(f"--input {text}: write NAME=VALUE; {chosen.code} asks for {known}.")
        found[name] = [value]
    return found


def _choose(found: tuple[Tariff, ...], code: str | None, file: Path) -> Tariff:
    if code is None and len(found) == 1:
        return found[0]
    codes = ", ".join(one.code for one in found)
    if code is None:
        raise click.UsageError(f"{file.name} holds {len(found)} tariffs; choose one with --code: {codes}.")
    for one in found:
        if one.code.upper() == code.upper():
            return one
    raise click.UsageError(f"{file.name} holds no tariff {code}; it holds {codes}.")


def _show(
    chosen: Tariff, begin: date, until: date, lines: tuple[explaining.LineExplained, ...], total_cents: int
) -> None:
    click.echo(f"{chosen.name} ({chosen.code}), {begin} to {until}, {(until - begin).days} days\n")
    for line in lines:
        print_line(line)
    click.echo(f"{'Total':<48}{show(total_cents):>12}")
    for reading in chosen.readings:
        click.echo(f"\nReading chosen: {reading}")


@tariff.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Read tariff files and work the examples in them. Exit code 1 when a file is wrong or an example does not hold.

    \b
    curbstop tariff check curbstop/cities/moore_ok/tariffs/*.yaml
    """
    rows, wrong = [], []
    for file in files:
        try:
            found = _read(file, str(file))
        except tariffs.TariffErrors as errors:
            wrong.append(str(errors))
            continue
        for one in found:
            outcomes = rating.check_examples(one)
            rows.append(
                {"file": str(file), "tariff": one.code, "versions": len(one.versions), "examples": len(outcomes)}
            )
            wrong += [
                f"{file}:{outcome.example.file_line}: {one.code}: example: {'; '.join(outcome.differences)}"
                for outcome in outcomes
                if not outcome.holds
            ]
    if as_json:
        show_json({"tariffs": rows, "faults": wrong})
    else:
        for row in rows:
            click.echo(
                f"{row['tariff']:<15} {row['versions']} version(s), {row['examples']} example(s) hold  {row['file']}"
            )
    if wrong:
        raise click.ClickException("\n".join(wrong))


@tariff.command("import-nieps")
@click.argument("file", type=FILE)
@click.option("--into", type=FOLDER, help="Write the tariffs here, a file for each state.")
def import_nieps(file: Path, into: Path | None) -> None:
    """Turn the Nicholas Institute's rate schedules (JSON lines) into tariffs, and work the bills that came with them.

    \b
    curbstop tariff import-nieps nieps-2021.jsonl --into tariffs/
    """
    schedules = list(nieps.read_schedules(file.read_text(encoding="utf-8")))
    exact, bills, wrong = 0, 0, []
    by_state: dict[str, list[str]] = {}
    for schedule in schedules:
        cents = nieps_bills(schedule)
        known = [amount for _, amount in schedule.bills]
        bills += len(known)
        exact += sum(one == other for one, other in zip(cents, known, strict=True))
        if cents != known:
            wrong.append(f"{schedule.id}: {cents} where the data has {known}")
        by_state.setdefault(schedule.id[:2].upper(), []).append(schedule.text)
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        for state, texts in by_state.items():
            (into / f"{state.lower()}.yaml").write_text("---\n".join(texts), encoding="utf-8")
    click.echo(f"{len(schedules):,} schedules, {exact:,} of {bills:,} bills exact")
    if wrong:
        raise click.ClickException("\n".join(wrong))


def nieps_bills(schedule: nieps.Imported) -> list[int]:
    """What the imported tariff charges for each known bill of the schedule, in cents."""
    (found,) = tariffs.read_tariffs(schedule.text, file=schedule.id)
    from_on = found.versions[0].period.from_on
    inputs = rating.Inputs.of(gal=[gal for gal, _ in schedule.bills])
    charges = rating.charge(found, from_on=from_on, until_on=from_on + timedelta(days=30), inputs=inputs)
    return [int(cents) for cents in charges.total_cents]


@tariff.command("import-owrs")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--into", type=FOLDER, help="Write the tariffs here, a file for each specification.")
def import_owrs(files: tuple[Path, ...], into: Path | None) -> None:
    """Turn Open Water Rate Specification files into tariffs. A file that cannot be read is refused with its line.

    \b
    curbstop tariff import-owrs "rates/07-01-2017.owrs" --into tariffs/
    """
    loaded, refused = 0, []
    for file in files:
        try:
            found = owrs.import_owrs(file.read_bytes().decode("utf-8", errors="replace"), file=str(file))
            read = tariffs.read_tariffs(found.text, file=str(file))
        except (owrs.OwrsErrors, tariffs.TariffErrors) as errors:
            refused.append(str(errors))
            continue
        loaded += 1
        click.echo(f"{len(read)} tariff(s)  {file}")
        for words in found.unsaid:
            click.echo(f"    not set: {words}")
        if into is not None:
            into.mkdir(parents=True, exist_ok=True)
            name = "-".join([file.parent.name, file.stem]).replace(" ", "_")
            (into / f"{name}.yaml").write_text(found.text, encoding="utf-8")
    click.echo(f"{loaded:,} file(s) loaded, {len(refused):,} refused")
    if refused:
        raise click.ClickException("\n".join(refused))


@tariff.command("try")
@click.option("--draft", required=True, type=FILE, help="The tariff file to try.")
@click.option("--from", "from_on", required=True, type=DAY, help="Bills issued from this day.")
@click.option("--to", "until_on", required=True, type=DAY, help="Until this day, not with it.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write every account here.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def try_(draft: Path, from_on: datetime, until_on: datetime, csv_file: Path | None, as_json: bool) -> None:
    """Rate the city's issued bills again under a draft: who would pay more or less, and what would come in.

    \b
    curbstop tariff try --draft water-2027.yaml --from 2026-01-01 --to 2027-01-01
    """
    days = {"from_on": from_on.date(), "until_on": until_on.date()}
    with database.city():
        from curbstop.desk.trials import bin_words, changes_csv
        from curbstop.office import tariffs as office
        from curbstop.office._once import Refused

        try:
            found = office.try_draft(text=draft.read_text(encoding="utf-8"), file=draft.name, **days)
        except UnicodeDecodeError as error:
            raise click.ClickException(f"{draft.name}: byte {error.start + 1} is not UTF-8.") from error
        except Refused as refused:
            raise click.ClickException(str(refused)) from refused
        if csv_file is not None:
            csv_file.write_text(changes_csv(office.list_changes(found)), encoding="utf-8", newline="")
        bins = [(bin_words(one), one.households) for one in found.bins]
    if as_json:
        told = {name: value for name, value in dataclasses.asdict(found).items() if not name.startswith("_")}
        sums = {"now_cents": found.now_cents, "would_cents": found.would_cents, "change_cents": found.change_cents}
        show_json({**told, **sums})
    else:
        _show_trial(found, bins)


def _show_trial(found: "DryRun", bins: list[tuple[str, int]]) -> None:
    click.echo(f"{found.accounts:,} accounts billed from {found.from_on} to {found.until_on}\n")
    click.echo(f"{'':<36}{'billed':>16}{'would be':>16}{'change':>14}")
    for row in found.services:
        name = f"{row.service}, {row.customer_class}" + ("" if row.in_draft else " (not in the draft)")
        click.echo(f"{name:<36}{show(row.now_cents):>16}{show(row.would_cents):>16}{signed(row.change_cents):>14}")
    click.echo(f"{'Total':<36}{show(found.now_cents):>16}{show(found.would_cents):>16}{signed(found.change_cents):>14}")
    for lost in found.unrated:
        click.echo(f"Not rated: {lost.bills:,} services billed {show(lost.now_cents)}: {lost.says}")
    click.echo(f"\n{found.households:,} households by the change in all their bills")
    for words, count in bins:
        click.echo(f"  {words:<28}{count:>8,}")
    for title, rows in (("Would pay most more", found.most_more), ("Would pay most less", found.most_less)):
        if rows:
            click.echo(f"\n{title}")
        for one in rows:
            amounts = f"{show(one.now_cents):>12}{show(one.would_cents):>12}{signed(one.change_cents):>12}"
            click.echo(f"  {one.number}  {one.address[:32]:<32}{amounts}")
    for version in found.versions:
        for wrong in version.wrong:
            click.echo(f"\n{version.code}: a worked example does not come out: {wrong}")
    for note in found.notes:
        click.echo(f"\n{note}")


def signed(cents: int) -> str:
    """A difference with its sign."""
    return f"{'+' if cents > 0 else '-' if cents < 0 else ''}{show(abs(cents))}"


@tariff.command()
@click.argument("account")
@click.option("--usage", required=True, callback=_gallons, metavar="GALLONS", help="What would be used, such as 9000.")
@click.option("--irrigation", default="0", callback=_gallons, metavar="GALLONS", help="Through a sprinkler meter.")
@click.option("--on", "day", type=DAY, help="At the rates of this day.  [default: today]")
@click.option("--aloud", is_flag=True, help="Print the paragraph to read aloud alone.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def quote(account: str, usage: int, irrigation: int, day: datetime | None, aloud: bool, as_json: bool) -> None:
    """Work out what an account would pay for a use: its own services, carts, average and facts.

    \b
    curbstop tariff quote 10000017 --usage 9000
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import bills as office
        from curbstop.office._once import Refused

        on = day.date() if day else clock.today()
        try:
            number = account.replace("-", "")
            found = office.quote(number=number, gal=usage, irrigation_gal=irrigation, on=on)
        except Refused as refused:
            raise click.ClickException(str(refused)) from refused
    if as_json:
        show_json({**dataclasses.asdict(found), "total_cents": found.total_cents, "spoken": found.spoken})
        return
    click.echo(found.spoken)
    for service in found.services if not aloud else ():
        click.echo(f"\n{service.service.capitalize()}, {service.tariff_name} ({service.tariff})")
        for line in service.lines:
            print_line(line)


@tariff.command("facts")
@click.argument("file", type=FILE)
@click.option("--from", "from_on", required=True, type=DAY, help="The day from which they hold.")
@click.option("--by", "username", required=True, help="Who enters them.")
def set_facts(file: Path, from_on: datetime, username: str) -> None:
    """Enter what rates ask for from a CSV file with the columns of, which, name, value; all rows or none.

    \b
    of,which,name,value
    premise,812,area_sqft,1300
    account,10000017,people,5
    """
    with database.city():
        from curbstop.desk import clock
        from curbstop.office import facts as office
        from curbstop.office import staff
        from curbstop.office._events import Key
        from curbstop.office._once import Refused

        text = file.read_bytes()
        rows = tuple(_fact_rows(file, text, from_on.date()))
        key = Key(f"cli/facts/{hashlib.sha256(text).hexdigest()[:40]}/{from_on:%Y-%m-%d}")
        try:
            by = staff.get_actor(username=username)
            count = office.set_many(key=key, by=by, at=clock.now(), facts=rows)
        except Refused as refused:
            raise click.ClickException(str(refused)) from refused
    click.echo(f"{count:,} facts from {from_on:%Y-%m-%d}.")


def _fact_rows(file: Path, text: bytes, from_on: date) -> Iterator["FactEntry"]:
    from curbstop.office.facts import FactEntry

    columns = ("of", "which", "name", "value")
    try:
        sheet = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name}: byte {error.start + 1} is not UTF-8.") from error
    missing = [name for name in columns if name not in (sheet.fieldnames or ())]
    if missing:
        raise click.ClickException(f"{file.name} has no column {', '.join(missing)}; write {','.join(columns)} on top.")
    for row in sheet:
        of, which, name, value = (str(row[column] or "").strip() for column in columns)
        yield FactEntry(of, which, name, value, from_on)


@tariff.command()
@click.option("--on", "day", type=DAY, help="The day to check.  [default: today]")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def consistency(day: datetime | None, as_json: bool) -> None:
    """Check what is charged against the city's adopted fee schedule. Exit code 1 while something disagrees.

    \b
    curbstop tariff consistency --on 2026-03-02
    """
    with database.city():
        from curbstop.office import fee_schedule as office

        found = office.check(on=day.date() if day else date.today())
    if as_json:
        show_json(dataclasses.asdict(found))
    elif not found.items:
        click.echo("The city's pack has no fee_schedule.yaml; nothing to compare with.")
    else:
        for one in found.disagreements:
            click.echo(f"{one.kind:<18} {one.governs:<28} {one.says}")
        click.echo(f"{found.items} items on {found.on}: {len(found.disagreements)} to resolve")
    if found.disagreements:
        raise click.exceptions.Exit(1)
