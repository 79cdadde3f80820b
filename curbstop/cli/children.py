"""The processes that `curbstop serve` keeps: started in groups of their own, watched, and stopped in good time."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

import click

STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


@dataclass(frozen=True)
class Child:
    """One process under a name people understand ("The web server")."""

    name: str
    process: "subprocess.Popen[bytes]"


def start(name: str, command: Sequence[str]) -> Child:
    """Start a process in a session of its own: the terminal's Ctrl-C reaches us alone, and we stop it in order.

    Should we be killed outright, the kernel asks it to stop.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent if _libc else None
    )
    return Child(name, process)


def _die_with_parent() -> None:
    assert _libc is not None
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def watch(children: Sequence[Child]) -> None:
    """Wait until a child ends by itself, which none should.

    :raises click.ClickException: naming the child and how it ended
    """
    while True:
        for child in children:
            code = child.process.poll()
            if code is not None:
                raise click.ClickException(f"{child.name} stopped by itself (exit code {code}). What it said is above.")
        time.sleep(0.2)


def stop(children: Sequence[Child]) -> None:
    """Ask all to finish what they are doing, and end those that have not after STOP_SECONDS."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def interrupt_on_signals() -> None:
    """Let SIGTERM and a closed terminal do what Ctrl-C does, so that every `finally` runs.

    SIGINT is set as well: a shell without job control starts `make run &` with it ignored.
    """
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)


def ignore_signals() -> None:
    """Closing is under way and bounded in time; a second Ctrl-C must not leave the database running."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
