"""The command line says what it can do, quickly and in plain words."""

from pathlib import Path

import pytest
from click import Command, Context, Group
from click.testing import CliRunner

from curbstop.cli import curbstop_command
from tests.cli.commands import curbstop


def commands(group: Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    if isinstance(group, Group):
        context = Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("words", commands(curbstop_command), ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    if words == ("dev", "manage"):
        return  # its help is Django's
    done = CliRunner().invoke(curbstop_command, [*words, "--help"])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) > 3


def test_a_word_it_does_not_know(tmp_path: Path) -> None:
    done = curbstop("bill", home=tmp_path)
    assert done.returncode == 2
    assert "No such command 'bill'" in done.stderr


def test_help_needs_no_database(tmp_path: Path) -> None:
    done = curbstop("--help", home=tmp_path)
    assert done.returncode == 0 and "serve" in done.stdout
    assert list(tmp_path.iterdir()) == []
