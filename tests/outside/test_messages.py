"""E-mail and texts: into a folder, to a server, and what is said when they do not go out."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curbstop.outside import mail, sms


class SmallSmtp(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as one message needs; what it was told is kept on the server."""

    def handle(self) -> None:
        said = self.server.said  # type: ignore[attr-defined]
        self.wfile.write(b"220 here\r\n")
        data = False
        while line := self.rfile.readline():
            text = line.decode().rstrip("\r\n")
            said.append(text)
            if data:
                data = text != "."
                if not data:
                    self.wfile.write(b"250 taken\r\n")
                continue
            verb = text.split(" ")[0].upper()
            if verb == "RCPT" and "refused@" in text:
                self.wfile.write(b"550 nobody here\r\n")
                continue
            data = verb == "DATA"
            self.wfile.write({"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n"))
            if verb == "QUIT":
                return


@pytest.fixture
def server() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), SmallSmtp) as found:
        found.said = []  # type: ignore[attr-defined]
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


MESSAGE = {"to": "rosa@example.org", "subject": "Moore: your link to pay", "body": "Pay here.", "name": "curbstop-7"}


def test_a_message_goes_to_the_server(server: socketserver.ThreadingTCPServer) -> None:
    port = server.server_address[1]
    environ = {"CURBSTOP_MAIL": f"smtp://127.0.0.1:{port}", "CURBSTOP_MAIL_FROM": "pay@moore.example"}
    assert mail.chosen(environ).send(**MESSAGE) == "<curbstop-7@moore.example>"
    said = "\n".join(server.said)  # type: ignore[attr-defined]
    for line in (
        "rosa@example.org",
        "Subject: Moore: your link to pay",
        "Message-ID: <curbstop-7@moore.example>",
        "Pay here.",
    ):
        assert line.lower() in said.lower()
    with pytest.raises(mail.NotSent, match="nobody here"):
        mail.chosen(environ).send(**{**MESSAGE, "to": "refused@example.org"})


def test_no_server_says_so() -> None:
    environ = {"CURBSTOP_MAIL": "smtp://127.0.0.1:1", "CURBSTOP_MAIL_FROM": "pay@moore.example"}
    with pytest.raises(mail.NotSent, match="refused"):
        mail.chosen(environ).send(**MESSAGE)


def test_into_a_folder(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.HOME = tmp_path
    assert mail.chosen({}).send(**MESSAGE) == "file curbstop-7.email.txt"
    assert (
        sms.chosen({}).send(to="+14057935032", subject="", body="Pay here.", name="curbstop-8")
        == "file curbstop-8.sms.txt"
    )
    assert (tmp_path / "outgoing" / "curbstop-8.sms.txt").read_text() == "To: +14057935032\n\nPay here.\n"
    assert (tmp_path / "outgoing").stat().st_mode & 0o777 == 0o700


def test_on_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    assert sms.chosen({"CURBSTOP_SMS": "console"}).send(to="+1", subject="", body="Pay.", name="n") == "console n"
    assert capsys.readouterr().out == "Text to +1: Pay.\n"


@pytest.mark.parametrize(
    ("chosen", "environ", "says"),
    [
        (mail.chosen, {"CURBSTOP_MAIL": "pigeon"}, "file, smtp"),
        (mail.chosen, {"CURBSTOP_MAIL": "smtp://mail.example"}, "CURBSTOP_MAIL_FROM"),
        (sms.chosen, {"CURBSTOP_SMS": "pigeon"}, "file or console"),
    ],
)
def test_what_is_not_known_says_what_is(chosen, environ: dict[str, str], says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(mail.NotSent, match=says):
        chosen(environ)
