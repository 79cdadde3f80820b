"""Text messages: the port, and the sender of example towns, which writes them into a folder.

``CURBSTOP_SMS`` chooses: ``file`` (the default: a message is a file under ``CURBSTOP_HOME/outgoing``) or ``console``.
A carrier is one more class here with ``send``; none is built in, since each city has its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from curbstop.outside.mail import FileSender, NotSent, Sender


class ConsoleSender:
    """Prints messages where the worker runs."""

    def send(self, *, to: str, subject: str, body: str, name: str) -> str:
        """Print it."""
        sys.stdout.write(f"Text to {to}: {body}\n")
        return f"console {name}"


def chosen(environ: Mapping[str, str] = os.environ) -> Sender:
    """The sender of text messages of this office. :raises NotSent: CURBSTOP_SMS is not known"""
    choice = environ.get("CURBSTOP_SMS", "file")
    if choice == "file":
        return FileSender(Path(settings.HOME) / "outgoing", kind="sms")
    if choice == "console":
        return ConsoleSender()
    raise NotSent(f"CURBSTOP_SMS={choice} is not known; it is file or console.")
