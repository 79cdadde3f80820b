"""Run a command as "not root" without making a user: a child user namespace in which root is seen as uid 65534.

PostgreSQL refuses to run as root. In a namespace of its own the process sees itself as nobody, while the files it
makes stay root's, so no account is added and no folder is opened to others. Run as a script, before any thread
exists, because unshare(2) demands a single thread:  python -I -S in_namespace.py COMMAND [ARGUMENT ...]

Exit code 97: the kernel or the container refuses user namespaces (Docker's default seccomp does).
"""

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
SEEN_AS = 65534
REFUSED = 97


def enter() -> None:
    """Enter a new user namespace in which this process is uid and gid 65534.

    :raises OSError: the kernel or the container refuses it
    """
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{SEEN_AS} {uid} 1"), ("gid_map", f"{SEEN_AS} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


if __name__ == "__main__":
    try:
        enter()
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"no user namespace: {error}\n")
        raise SystemExit(REFUSED) from None
    os.execvp(sys.argv[1], sys.argv[1:])
