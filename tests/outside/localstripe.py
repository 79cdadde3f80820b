"""localstripe as a program of its own, and the front before it, for tests that ask for them by name."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.outside.stripe_server import StripeServer


def free_port() -> int:
    with socket.socket(socket.AF_INET6) as trial:
        trial.bind(("::", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """localstripe as a program of its own: it is GPL, and nothing of it is imported."""
    port = free_port()
    folder = tmp_path_factory.mktemp("localstripe")
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket(socket.AF_INET6) as trial:
                if trial.connect_ex(("::1", port)) == 0:
                    break
            assert process.poll() is None, "localstripe ended"
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def server(localstripe: str) -> Iterator[StripeServer]:
    front = StripeServer(localstripe)
    yield front
    front.close()
