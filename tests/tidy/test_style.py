"""ruff and mypy, as tests, so that one closing line tells the whole truth."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT

BIN = Path(sys.executable).parent


def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )


def test_ruff() -> None:
    done = run("ruff", "check", "--output-format=concise", ".")
    assert done.returncode == 0, done.stdout


def test_ruff_format() -> None:
    done = run("ruff", "format", "--check", ".")
    assert done.returncode == 0, done.stdout + "\n`make format` arranges it."


def test_mypy() -> None:
    done = run("mypy", "--no-error-summary", "--hide-error-context")
    assert done.returncode == 0, done.stdout + done.stderr


BANNED = {
    "from datetime import date\nx = date.today()\n": "date.today",
    "from datetime import datetime\nx = datetime.now()\n": "datetime.now",
    "import datetime\nx = datetime.datetime.utcnow()\n": "datetime.utcnow",
    "from django.utils import timezone\nx = timezone.now()\n": "timezone.now",
    "import time\nx = time.time()\n": "time.time",
    "from django.db.models.signals import post_save\n": "django.db.models.signals",
    "from django.dispatch import receiver\n": "django.dispatch",
    "from django.forms import ModelForm\n": "django.forms.ModelForm",
    "from django import forms\nclass F(forms.ModelForm):\n    pass\n": "django.forms.ModelForm",
}


@pytest.mark.parametrize("floor", ["rules", "formats", "records", "outside", "office"])
@pytest.mark.parametrize("source", BANNED)
def test_the_clock_signals_and_model_forms_are_refused_below_floor_five(floor: str, source: str) -> None:
    done = run(
        "ruff", "check", "--output-format=concise", "--stdin-filename", f"curbstop/{floor}/sample.py", "-", text=source
    )
    assert "TID251" in done.stdout and BANNED[source] in done.stdout, done.stdout


@pytest.mark.parametrize("floor", ["desk", "worker", "cli"])
def test_the_clock_is_read_on_the_upper_floors(floor: str) -> None:
    source = '"""Sample."""\n\nfrom datetime import date\n\nx = date.today()\n'
    done = run(
        "ruff", "check", "--output-format=concise", "--stdin-filename", f"curbstop/{floor}/sample.py", "-", text=source
    )
    assert done.returncode == 0, done.stdout


def test_office_and_rules_are_typed_strictly(tmp_path: Path) -> None:
    """The strict part of mypy's settings bites: the same sample passes on the desk and fails in the office."""
    for floor, refused in (("office", True), ("rules", True), ("desk", False)):
        folder = tmp_path / floor / "curbstop" / floor
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "__init__.py").touch()
        (folder / "sample.py").write_text("def owed(account):\n    return account\n")
        settings = (ROOT / "pyproject.toml").read_text().replace('plugins = ["mypy_django_plugin.main"]', "")
        (tmp_path / floor / "pyproject.toml").write_text(settings)
        done = subprocess.run(
            [BIN / "mypy", "--no-incremental"], cwd=tmp_path / floor, capture_output=True, text=True, check=False
        )
        assert ("no-untyped-def" in done.stdout) is refused, done.stdout
