"""E-mail: by an SMTP server, or into a folder where nothing may leave the machine.

``CURBSTOP_MAIL`` chooses: ``file`` (the default: a message is a file under ``CURBSTOP_HOME/outgoing``), or an address
``smtp://user:password@host:587`` (with STARTTLS), ``smtps://user:password@host:465``. ``CURBSTOP_MAIL_FROM`` is the
sender.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

TIMEOUT_SECONDS = 20


class NotSent(Exception):
    """A message that did not go out, and why; it is tried again."""


class Sender(Protocol):
    """Whatever carries messages of one kind."""

    def send(self, *, to: str, subject: str, body: str, name: str) -> str:
        """Send it; returns the carrier's name for it. ``name`` is ours, the same for every attempt.

        :raises NotSent:
        """


class FileSender:
    """Writes each message into a folder: for example towns, and for trying the rest."""

    def __init__(self, folder: Path, *, kind: str) -> None:
        self._folder = folder
        self._kind = kind

    def send(self, *, to: str, subject: str, body: str, name: str) -> str:
        """Write the message; a second attempt writes the same file."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{name}.{self._kind}.txt"
        head = f"To: {to}\n" + (f"Subject: {subject}\n" if self._kind == "email" else "")
        path.write_text(f"{head}\n{body}\n")
        return f"file {path.name}"


class SmtpSender:
    """Hands messages to an SMTP server."""

    def __init__(self, address: str, *, sender: str) -> None:
        parts = urlsplit(address)
        self._options: dict[str, Any] = {
            "host": parts.hostname or "localhost",
            "port": parts.port or (465 if parts.scheme == "smtps" else 587),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            # a server on this machine needs no TLS to reach it
            "use_tls": parts.scheme == "smtp" and parts.hostname not in ("localhost", "127.0.0.1", "::1"),
        }
        self._sender = sender

    def send(self, *, to: str, subject: str, body: str, name: str) -> str:
        """Send it as plain text, under a Message-ID that every attempt shares."""
        headers = {"Message-ID": f"<{name}@{self._sender.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
        backend = EmailBackend(timeout=TIMEOUT_SECONDS, fail_silently=False, **self._options)
        try:
            sent = EmailMessage(subject, body, self._sender, [to], headers=headers, connection=backend).send()
        except OSError as error:  # smtplib's faults are OSErrors too
            raise NotSent(f"{self._options['host']}: {error}") from error
        if not sent:
            raise NotSent(f"{self._options['host']} took no message")
        return headers["Message-ID"]


def chosen(environ: Mapping[str, str] = os.environ) -> Sender:
    """The sender of e-mail of this office.

    :raises NotSent: CURBSTOP_MAIL is not known, or has no sender's address
    """
    choice = environ.get("CURBSTOP_MAIL", "file")
    if choice == "file":
        return FileSender(Path(settings.HOME) / "outgoing", kind="email")
    if choice.startswith(("smtp://", "smtps://")):
        sender = environ.get("CURBSTOP_MAIL_FROM", "")
        if "@" not in sender:
            raise NotSent("CURBSTOP_MAIL_FROM is not set; it is the address that the office writes from.")
        return SmtpSender(choice, sender=sender)
    raise NotSent("CURBSTOP_MAIL is not known; it is file, smtp://... or smtps://...")
