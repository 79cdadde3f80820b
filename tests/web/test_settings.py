"""The settings as a process finds them: from the environment, and from nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import environment

ASK = "import json; from curbstop.web import settings as s; print(json.dumps([s.DATABASES['default'], str(s.HOME)]))"


def settings(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ASK], env=environment(home, **more), capture_output=True, text=True, check=False
    )


def test_a_folder_with_spaces_and_no_server_yet(tmp_path: Path) -> None:
    done = settings(tmp_path / "curb stop & co")
    assert done.returncode == 0, done.stderr
    database, home = json.loads(done.stdout)
    assert database["HOST"] == home


def test_the_address_that_the_launcher_left(tmp_path: Path) -> None:
    (tmp_path / "database.url").write_text("postgresql://curbstop@/curbstop?host=%2Fa%20b%2Frun\n")
    database, _ = json.loads(settings(tmp_path).stdout)
    assert (database["HOST"], database["NAME"], database["USER"]) == ("/a b/run", "curbstop", "curbstop")


def test_a_server_given_and_a_city_chosen(tmp_path: Path) -> None:
    url = "postgresql://u:p%40ss@db.example:5433/books?sslmode=require"
    database, _ = json.loads(settings(tmp_path, DATABASE_URL=url, CURBSTOP_SCHEMA="stroud").stdout)
    assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db.example", "5433", "p@ss")
    assert database["OPTIONS"]["sslmode"] == "require"
    assert "search_path=stroud,public" in database["OPTIONS"]["options"]


def test_the_signing_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    settings(tmp_path)
    path = tmp_path / "secret.key"
    first = path.read_text()
    assert len(first) >= 64 and path.stat().st_mode & 0o077 == 0
    settings(tmp_path)
    assert path.read_text() == first


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CURBSTOP_SCHEMA", "Moore; drop", "CURBSTOP_SCHEMA is 'Moore; drop'"),
        ("CURBSTOP_SCHEMA", "pg_catalog", "does not begin with pg_"),
        ("DATABASE_URL", "postgres//x", "DATABASE_URL cannot be read"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, name: str, value: str, said: str) -> None:
    done = settings(tmp_path, **{name: value})
    assert done.returncode != 0 and said in done.stderr
