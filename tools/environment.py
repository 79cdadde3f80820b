"""Make the environment in .venv from a lock file, once, and again only when the lock changes.

    python3 tools/environment.py run     what the office needs      (requirements.lock)
    python3 tools/environment.py dev     what its builders need too (requirements-dev.lock)

Standard library only, and syntax that an old Python can read, so that it can say what is missing. Packages come from
wherever pip is configured to look, by exact version and hash; nothing is built from source.
"""

import compileall
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
NEWEST = ("python3.14", "python3.13", "python3.12", "python3.11")


def main():
    wanted = sys.argv[1]
    if wanted == "compile":
        return compile_checkout()
    use_new_enough_python()
    if not is_made(wanted):
        make(wanted)
    compile_checkout()


def make(wanted):
    with held(ROOT / ".venv.lock"):
        if is_made(wanted):  # another make did it while we waited
            return
        began = time.monotonic()
        if not works():
            make_venv()
        install(LOCKS[wanted])
        put_command()
        stamp(wanted).write_text(fingerprint(wanted))
        say(f"Environment ready after {time.monotonic() - began:.0f} s.")


def use_new_enough_python():
    """Go on under Python 3.11 or later: this one, or the newest beside it."""
    if sys.version_info >= (3, 11):
        return
    for name in NEWEST:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    stop(
        f"Curbstop needs Python 3.11 or later; this is {sys.version_info[0]}.{sys.version_info[1]}. On Debian 12 or "
        "Ubuntu 24.04: apt-get install python3 python3-venv. Elsewhere: https://www.python.org/downloads/, then "
        "PYTHON=/path/to/python3 make run"
    )


@contextlib.contextmanager
def held(path):
    """Two makes at once take turns."""
    try:
        file = path.open("a")
    except PermissionError:
        stop(f"{ROOT} cannot be written. Clone into a folder of your own, or run as its owner.")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint(wanted):
    """What an environment was made from: the lock, this folder (scripts name it) and this Python."""
    digest = hashlib.sha256(LOCKS[wanted].read_bytes())
    digest.update(f"{ROOT}\n{sys.version_info[:2]}\n".encode())
    return digest.hexdigest()


def stamp(wanted):
    return VENV / f"made-from-{LOCKS[wanted].name}"


def is_made(wanted):
    """The dev lock holds the run lock's packages at the same versions (a test sees to it), so it serves for both."""
    names = ("run", "dev") if wanted == "run" else ("dev",)
    current = any(stamp(name).exists() and stamp(name).read_text() == fingerprint(name) for name in names)
    return current and PYTHON.exists()


def works():
    """True when .venv has a pip and is this folder's own, made by a Python of this version."""
    check = f"import sys, pip; assert sys.version_info[:2] == {sys.version_info[:2]!r}"
    return PYTHON.exists() and subprocess.run([str(PYTHON), "-c", check], capture_output=True).returncode == 0


def make_venv():
    if VENV.exists():
        shutil.rmtree(str(VENV))
    say(f"Making the environment in .venv with Python {sys.version_info[0]}.{sys.version_info[1]} ...")
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode == 0:
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    # Debian keeps ensurepip in a package of its own; a pip of this Python can still fill a bare environment.
    bare = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], capture_output=True, text=True)
    into = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-q", "pip"]
    if bare.returncode == 0 and subprocess.run(into, capture_output=True).returncode == 0:
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    reason = ((done.stdout + done.stderr).strip().splitlines() or ["no reason given"])[0]
    stop(
        f"Python cannot make an environment: {reason}\n"
        "On Debian and Ubuntu: apt-get install python3-venv, then make again."
    )


def install(lock):
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    say(f"Installing {count} packages by version and hash (once; a minute or two) ...")
    command = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-compile", "-r", str(lock)]
    # our own byte code meanwhile: pip mostly waits for the network
    own = subprocess.Popen([str(PYTHON), str(Path(__file__)), "compile"])
    try:
        code, said = run_counting(command, count)
    finally:
        own.wait()
    if code != 0:
        sys.stderr.write("".join(said[-30:]))
        stop(
            "The packages could not be installed; pip says why above. They come from PyPI or from the mirror that pip "
            "is configured for (pip config list). Then make again: what is installed stays."
        )
    # Byte code by all processors at once, rather than by pip with one.
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(packages())], capture_output=True)


def compile_checkout():
    """Write the byte code of what changed since. Three processes load it at each start, and where the machine tells
    Python to write none (PYTHONDONTWRITEBYTECODE, as containers do) each would compile all of it for itself."""
    compileall.compile_dir(str(ROOT / "curbstop"), quiet=2)


def run_counting(command, count):
    """Run pip and show how many packages it has fetched; its talk is kept for when it fails."""
    done, said, live = 0, [], sys.stdout.isatty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            said.append(line)
            done += line.startswith("Collecting ")
            if live:
                text = "unpacking" if line.startswith("Installing ") else f"{done} of {count}"
                sys.stdout.write(f"\r  {text:<20}")
                sys.stdout.flush()
    if live:
        sys.stdout.write("\r" + " " * 22 + "\r")
    return process.returncode, said


def packages():
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True).stdout.strip())


def put_command():
    """The checkout itself is the package, and `curbstop` a command of the environment: nothing to build or rebuild."""
    (packages() / "curbstop-checkout.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "curbstop"
    command.write_text('#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -m curbstop.cli "$@"\n')
    command.chmod(0o755)


def say(text):
    print(text, flush=True)


def stop(text):
    sys.stderr.write(f"Error: {text}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
