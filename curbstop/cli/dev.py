"""`curbstop dev`: Django's own commands, for those who build Curbstop."""

import click

from curbstop.cli import database


@click.group()
def dev() -> None:
    """For those who build Curbstop."""


@dev.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run one of Django's commands on the city's database, such as `makemigrations`, `shell` or `check --deploy`."""
    with database.opened():
        database.set_up_django()
        from django.core.management import execute_from_command_line

        execute_from_command_line(["curbstop dev manage", *arguments])
