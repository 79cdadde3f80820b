"""Nothing committed names a machine's folders, a package index or a key."""

import re
import tomllib

import pytest

from tests.tidy.sources import ROOT, here, tracked

# Written in pieces, so that this file does not find itself.
PATTERNS = {
    "a folder of one machine": re.compile(rb"(?<![\w.}/])/" + rb"(?:work|root|Users|home/\w+)/[\w.-]"),
    "a package index": re.compile(
        rb"(?:--(?:extra-)?index"
        + rb"-url[ =]|files\.python"
        + rb"hosted\.org|(?:test\.)?py"
        + rb"pi\.org/simple|artifact"
        + rb"ory)"
    ),
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE" + rb" KEY-----"),
    "a conflict left over": re.compile(rb"^(?:<{7} |>{7} )", re.MULTILINE),
}
BINARY = {".png", ".jpg", ".pdf", ".ttf", ".otf", ".woff2", ".ico", ".gz"}


def found(data: bytes) -> list[str]:
    return [f"{what}: {match[0].decode(errors='replace')}" for what, p in PATTERNS.items() if (match := p.search(data))]


def test_no_file_names_a_machine() -> None:
    faults = {here(path): said for path in tracked() if path.suffix not in BINARY if (said := found(path.read_bytes()))}
    assert faults == {}


@pytest.mark.parametrize(
    "text",
    [
        "see /wo" + "rk/main/x",
        "cd /ro" + "ot/x",
        "pip install --index" + "-url=https://x",
        "https://py" + "pi.org/simple/x",
        "-----BEGIN PRIVATE" + " KEY-----",
        "<<<<<<" + "< HEAD",
    ],
)
def test_a_machine_named_is_found(text: str) -> None:
    assert found(text.encode())
    assert not found(b"docs/work/main and ~/.curbstop and /var/lib/curbstop")


# --- The locks --------------------------------------------------------------------------------------------------------


def pins(name: str) -> set[tuple[str, str]]:
    """(package, version with its marker) of a lock file; a package may stand twice, for older and newer Pythons."""
    lines = (ROOT / name).read_text().splitlines()
    pinned = [line.removesuffix(" \\").partition("==") for line in lines if re.match(r"[a-z0-9]", line)]
    return {(package, version) for package, _, version in pinned}


def test_both_locks_pin_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", project["dependencies"] + project["optional-dependencies"]["dev"]),
    ):
        asked = {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in wanted}
        lacks = asked - {package for package, _ in pins(name)}
        assert lacks == set(), f"{name} lacks {lacks}: run `make lock`"


def test_the_office_runs_on_what_the_tests_ran_on() -> None:
    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


def test_every_pin_has_a_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        blocks = re.findall(r"^[a-z0-9][^\n]*\n(?:    [^\n]*\n)*", (ROOT / name).read_text(), re.MULTILINE)
        assert len(blocks) == len(pins(name))
        assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []
