"""The embedded PostgreSQL: started, joined, stopped, and found again after every kind of bad end."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from curbstop.cli import postgres
from curbstop.cli.postgres import Cluster, PostgresFailed

FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = postgres.prepare(tmp_path / "a home", settings=FAST)
    yield made
    postgres.stop(made)


def ask(cluster: Cluster, query: str) -> object:
    with psycopg.connect(cluster.url("postgres")) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


def test_it_starts_is_joined_and_stops(cluster: Cluster) -> None:
    assert postgres.start(cluster) is True
    pid = postgres.running_pid(cluster)
    assert postgres.start(cluster) is False
    assert postgres.running_pid(cluster) == pid
    assert str(ask(cluster, "show server_version")).startswith("18")
    assert ask(cluster, "select datlocale from pg_database where datname = 'template1' and datlocprovider = 'b'") == (
        "C.UTF-8"
    )
    assert postgres.stop(cluster) is True
    assert postgres.stop(cluster) is False
    assert postgres.running_pid(cluster) is None


def test_it_listens_to_nobody_but_its_owner(cluster: Cluster) -> None:
    postgres.start(cluster)
    assert ask(cluster, "show listen_addresses") == ""
    assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700


def test_it_comes_back_after_a_kill(cluster: Cluster) -> None:
    postgres.start(cluster)
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("create table kept as select 7 as n")
    pid = postgres.running_pid(cluster)
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert postgres.start(cluster) is True
    assert ask(cluster, "select n from kept") == 7


def test_the_mark_of_a_dead_server_whose_number_is_now_anothers_is_cleared(cluster: Cluster) -> None:
    postgres.start(cluster)
    postgres.stop(cluster)
    mine = os.getpid()
    (cluster.data / "postmaster.pid").write_text(f"{mine}\n{cluster.data}\n1\n5432\n\n\n")
    (cluster.sockets / ".s.PGSQL.5432.lock").write_text(f"{mine}\n")
    assert postgres.running_pid(cluster) is None
    assert postgres.start(cluster) is True


def test_a_folder_half_made_is_made_again(cluster: Cluster) -> None:
    half = cluster.place / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert postgres.start(cluster) is True


def test_a_folder_too_deep_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    deep = postgres.prepare(tmp_path / ("deep" * 30), settings=FAST)
    try:
        postgres.start(deep)
        assert len(str(deep.sockets)) < 80
        assert ask(deep, "select 1") == 1
    finally:
        postgres.stop(deep)
        deep.sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_where_namespaces_are_refused_it_runs_as_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURBSTOP_PG_AS", "nobody")
    made = postgres.prepare(tmp_path / "home", settings=FAST)
    try:
        postgres.start(made)
        assert made.data.stat().st_uid == 65534
        assert ask(made, "select 1") == 1
        monkeypatch.delenv("CURBSTOP_PG_AS")
        again = postgres.prepare(tmp_path / "home", settings=FAST)
        assert again.run_as.kind == "owner", "the folder's owner decides, not today's kernel"
        assert postgres.start(again) is False
    finally:
        postgres.stop(made)


# --- What it says when it cannot --------------------------------------------------------------------------------------


def test_it_shows_the_servers_own_words(tmp_path: Path) -> None:
    bad = postgres.prepare(tmp_path, settings={"shared_buffers": "plenty"})
    with pytest.raises(PostgresFailed, match=r'(?s)did not start.*"shared_buffers": "plenty".*postgres\.log'):
        postgres.start(bad)


def test_a_folder_that_is_not_a_database_is_left_alone(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    (cluster.data / "letters.txt").write_text("mine")
    with pytest.raises(PostgresFailed, match="neither empty nor a database"):
        postgres.start(cluster)
    assert (cluster.data / "letters.txt").read_text() == "mine"


def test_another_major_versions_folder_is_refused(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresFailed, match="made by PostgreSQL 15; .* are 18"):
        postgres.start(cluster)


def programs(folder: Path, version: str) -> Path:
    folder.mkdir()
    for name in (*postgres.PROGRAMS, "pg_config"):
        text = f"echo {folder}" if name == "pg_config" else f"echo 'postgres (PostgreSQL) {version}'"
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_programs_are_looked_for_in_order(tmp_path: Path) -> None:
    new, old = programs(tmp_path / "new", "18.3"), programs(tmp_path / "old", "15.9")
    assert postgres.find_binaries({"CURBSTOP_PG_BIN": str(new), "PATH": str(old)}) == new
    assert postgres.find_binaries({"PATH": str(new)}) == new
    assert postgres.find_binaries({"PATH": str(old)}).parent.name == "pginstall", "an old server is passed over"
    (new / "postgres").unlink()
    assert postgres.find_binaries({"PATH": str(new)}).parent.name == "pginstall", "so is a client without a server"


@pytest.mark.parametrize(
    ("version", "said"), [("15.9", "is PostgreSQL 15; Curbstop needs 18"), (None, "has no initdb")]
)
def test_a_folder_chosen_by_hand_must_do(tmp_path: Path, version: str | None, said: str) -> None:
    folder = programs(tmp_path / "bin", version) if version else tmp_path
    with pytest.raises(PostgresFailed, match=said):
        postgres.find_binaries({"CURBSTOP_PG_BIN": str(folder)})


def test_anothers_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postgres").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(PostgresFailed, match="belongs to .*, not to user 4321. Run as"):
        postgres.prepare(tmp_path)
