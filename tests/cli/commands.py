"""Run `curbstop` as people do: as a process, with a data folder of its own."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CLEARED = ("CURBSTOP_DATABASE_URL", "DATABASE_URL", "CURBSTOP_SCHEMA", "CURBSTOP_PORT", "CURBSTOP_PG_AS")


def environment(home: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return {**inherited, "CURBSTOP_HOME": str(home), "PYTHONUNBUFFERED": "1", **more}


def curbstop(*words: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "curbstop.cli", *words],
        env=environment(home, **more),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def said_here(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that needs no database within this process: quicker, and the same to look at."""
    from curbstop import cli

    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["curbstop", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def begin(*words: str, home: Path, out: Path, **more: str) -> "subprocess.Popen[bytes]":
    with out.open("wb") as file:
        command = [sys.executable, "-m", "curbstop.cli", *words]
        return subprocess.Popen(
            command,
            env=environment(home, **more),
            cwd="/",
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=_as_in_the_background,
        )


def _as_in_the_background() -> None:
    """A shell without job control starts `curbstop serve &` with Ctrl-C ignored; it must work all the same."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def wait_for(text: str, out: Path, process: "subprocess.Popen[bytes]", seconds: float = 240) -> str:
    """Wait until the process has said this; fails with all that it said when it ends or is too slow."""
    until = time.monotonic() + seconds
    while text not in (said := out.read_text(errors="replace")):
        assert process.poll() is None, f"ended with {process.returncode} and said:\n{said}"
        assert time.monotonic() < until, f"did not say {text!r} in {seconds} s but:\n{said}"
        time.sleep(0.05)
    return said
