"""`curbstop db`, and the server that several commands share."""

import json
from pathlib import Path

import pytest

from curbstop.cli import database
from tests.cli.commands import begin, curbstop, wait_for


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("db home")
    yield folder
    curbstop("db", "stop", home=folder)


def runs(home: Path) -> bool:
    done = curbstop("db", "status", "--json", home=home)
    known = json.loads(done.stdout)
    assert done.returncode == (0 if known["running"] else 3)
    return bool(known["running"])


def test_a_command_starts_the_server_and_stops_it_again(home: Path) -> None:
    done = curbstop("db", "psql", "-Atc", "select current_schemas(false)", home=home)
    assert (done.returncode, done.stdout) == (0, "{city,public}\n")
    assert not runs(home)


def test_extensions_are_in_public_and_the_city_is_a_schema(home: Path) -> None:
    query = "select extname, nspname from pg_extension e join pg_namespace n on n.oid = extnamespace order by 1"
    done = curbstop("db", "psql", "-Atc", query, home=home)
    assert done.stdout.split() == ["btree_gist|public", "pg_trgm|public", "plpgsql|pg_catalog"]
    done = curbstop("db", "psql", "-Atc", "show search_path", home=home, CURBSTOP_SCHEMA="other_city")
    assert done.stdout == "other_city,public\n"


def test_whoever_leaves_last_stops_it(home: Path, tmp_path: Path) -> None:
    said = tmp_path / "long"
    with begin("db", "psql", "-Atc", "select 'here'", "-c", "select pg_sleep(4)", home=home, out=said) as long:
        wait_for("here", said, long)
        assert curbstop("db", "psql", "-Atc", "select 1", home=home).stdout == "1\n"
        assert long.poll() is None and runs(home), "the short command must not stop the long one's server"
        assert long.wait() == 0
    assert not runs(home)


def test_it_stays_up_when_started_by_hand(home: Path) -> None:
    assert "PostgreSQL runs" in curbstop("db", "start", home=home).stdout
    assert curbstop("db", "psql", "-Atc", "select 1", home=home).returncode == 0
    assert runs(home)
    assert curbstop("db", "stop", home=home).stdout == "PostgreSQL stopped.\n"
    assert not runs(home)


def test_migrating_is_done_once(home: Path) -> None:
    assert curbstop("db", "migrate", home=home).stdout == "Tables brought up to date.\n"
    assert curbstop("db", "migrate", home=home).stdout == "Tables were up to date.\n"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be reached"),
        ("mysql://x", "cannot be reached"),
    ],
)
def test_a_server_that_is_not_there(tmp_path: Path, url: str, said: str) -> None:
    done = curbstop("db", "migrate", home=tmp_path, DATABASE_URL=url)
    assert done.returncode == 1
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_server_of_ones_own_is_neither_started_nor_stopped(tmp_path: Path) -> None:
    done = curbstop("db", "stop", home=tmp_path, DATABASE_URL="postgresql://x")
    assert done.returncode == 1 and "neither starts nor stops" in done.stderr


def test_the_data_folder_can_be_chosen(tmp_path: Path) -> None:
    assert database.home_folder({"CURBSTOP_HOME": str(tmp_path)}) == tmp_path.resolve()
    assert database.home_folder({}).name == ".curbstop"
