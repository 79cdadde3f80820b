"""What `make` prepares before the office opens."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ROOT / "tools" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_byte_code_is_written_even_where_python_is_told_to_write_none(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    source = tmp_path / "curbstop" / "office.py"
    source.parent.mkdir()
    source.write_text("DOOR = 'open'\n")
    environment.compile_checkout()
    (made,) = (tmp_path / "curbstop" / "__pycache__").glob("office.*.pyc")
    first = made.read_bytes()
    source.write_text("DOOR = 'closed for the holiday'\n")
    os.utime(source, (0, 1))
    environment.compile_checkout()
    assert made.read_bytes() != first
