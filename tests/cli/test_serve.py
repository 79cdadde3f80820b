"""`curbstop serve`: opened, used, and closed with everything it started."""

import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from curbstop.cli import postgres
from tests.cli.commands import begin, curbstop, wait_for


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("serve home")
    yield folder
    curbstop("db", "stop", home=folder)


class Office:
    """A served office; `said` is what it printed."""

    def __init__(self, home: Path, accounts: int = 0) -> None:
        self.home, self.port, self.out = home, free_port(), home / "said"
        chosen = {"CURBSTOP_PORT": str(self.port), "CURBSTOP_ACCOUNTS": str(accounts), "CURBSTOP_MONTHS": "2"}
        self.process = begin("serve", home=home, out=self.out, **chosen)
        wait_for("Ctrl-C closes it", self.out, self.process)

    @property
    def said(self) -> str:
        return self.out.read_text()

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def close(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def running(self) -> list[str]:
        """What of this office still runs, by its data folder in the environment of each process."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"CURBSTOP_HOME={self.home}".encode() in path.read_bytes():
                    found.append((path.parent / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


def test_it_opens_answers_and_closes_on_ctrl_c(home: Path) -> None:
    office = Office(home)
    try:
        assert office.get("/healthz")[0] == 200
        assert f"http://127.0.0.1:{office.port}/" in office.said
        assert json.loads(curbstop("db", "status", "--json", home=home).stdout)["running"]
        assert curbstop("db", "psql", "-Atc", "select 1", home=home).stdout == "1\n", "a second command joins"
        assert office.get("/healthz")[0] == 200, "and leaves the server running"
    finally:
        code = office.close(signal.SIGINT)
    assert code == 0
    assert "The office is closed." in office.said
    assert "Traceback" not in office.said and "Warning" not in office.said
    assert postgres.running_pid(postgres.prepare(home)) is None
    assert office.running() == []


def test_a_second_start_opens_the_same_office_and_sigterm_closes_it_too(home: Path) -> None:
    office = Office(home)
    taken = curbstop("serve", home=home, CURBSTOP_PORT=str(office.port))
    headers = office.get("/accounts/login/")[1]
    assert office.close(signal.SIGTERM) == 0
    assert office.running() == []
    assert taken.returncode == 1
    assert f"Port {office.port} is taken by a Curbstop office" in taken.stderr
    assert f"CURBSTOP_PORT={office.port + 1}" in taken.stderr
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")


def test_killed_outright_it_opens_again(home: Path) -> None:
    office = Office(home)
    office.close(signal.SIGKILL)
    until = time.monotonic() + 30
    while any("granian" in line or "worker" in line for line in office.running()):
        assert time.monotonic() < until, "the web server and the worker outlive their parent"
        time.sleep(0.1)
    again = Office(home)
    assert again.get("/healthz")[0] == 200
    assert again.close(signal.SIGINT) == 0
    assert again.running() == []


def test_it_raises_a_town_and_shows_the_way_in(tmp_path: Path) -> None:
    office = Office(tmp_path, accounts=30)
    try:
        wait_for("curbstop prove", office.out, office.process)
        assert re.search(r"Raised a town of \d+ accounts on Moore's rates", office.said)
        for told in ("dana", "imani", "ruth", "joan", "curbstop-example-town", "1. ", "2. ", "3. "):
            assert told in office.said
        status, _, page = office.get("/")
        assert status == 200 and "Sign in" in page
    finally:
        office.close(signal.SIGINT)
    assert office.running() == []
    again = Office(tmp_path, accounts=30)
    assert "Raised a town" not in again.said
    assert again.close(signal.SIGINT) == 0


def test_a_port_taken_is_said_before_the_work(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = curbstop("serve", home=tmp_path, CURBSTOP_PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken by another program. Choose another one: CURBSTOP_PORT={port + 1}" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["eighty", "0", "70000"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    done = curbstop("serve", home=tmp_path, CURBSTOP_PORT=port)
    assert done.returncode == 2
    assert "port" in done.stderr.lower() and "Traceback" not in done.stderr
