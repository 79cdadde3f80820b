"""The `curbstop` command. Each noun is a file beside this one, loaded when it is asked for."""

import importlib.util
import json
import sys
from typing import Any

import click

import curbstop

COMMANDS = {
    "serve": "curbstop.cli.serve:serve",
    "town": "curbstop.cli.town:town",
    "bills": "curbstop.cli.bills:bills",
    "files": "curbstop.cli.files:files",
    "autopay": "curbstop.cli.autopay:autopay",
    "tariff": "curbstop.cli.tariff:tariff",
    "accounts": "curbstop.cli.accounts:accounts",
    "ledger": "curbstop.cli.ledger:ledger",
    "deposits": "curbstop.cli.deposits:deposits",
    "delinquency": "curbstop.cli.delinquency:delinquency",
    "report": "curbstop.cli.reports:report",
    "prove": "curbstop.cli.prove:prove",
    "db": "curbstop.cli.db:db",
    "worker": "curbstop.cli.worker:worker",
    "dev": "curbstop.cli.dev:dev",
}


class Commands(click.Group):
    """The nouns, imported one at a time so that `curbstop --help` and each command start quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, where in COMMANDS.items() if importlib.util.find_spec(where.split(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(curbstop.__version__, prog_name="curbstop")
def curbstop_command() -> None:
    """The billing and customer-service office of a city utility.

    `curbstop serve` opens the office in a browser. CURBSTOP_HOME chooses the data folder, DATABASE_URL a PostgreSQL 18
    server in place of the embedded one, CURBSTOP_SCHEMA the city.
    """


def show_json(value: Any) -> None:
    """Print a value as JSON: dates as ISO text, cents as whole numbers."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 refused or failed, 2 misused, 130 interrupted."""
    try:
        code = curbstop_command.main(prog_name="curbstop", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except Exception as error:
        if not isinstance(error, _said_plainly()):
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _said_plainly() -> tuple[type[Exception], ...]:
    """Errors written for people: bad values, faulty files, and the office's refusals when the office is loaded."""
    from curbstop.rules.faults import BadValue, Faults

    once = sys.modules.get("curbstop.office._once")
    return (BadValue, Faults, *([once.Refused] if once else []))
