"""Printed things kept as text: `UPDATE=1 pytest ...` rewrites them, and the difference is reviewed like code."""

import os
from pathlib import Path

_HERE = Path(__file__).parent


def same(name: str, text: str) -> None:
    """Assert that `text` is what tests/golden/NAME holds; with UPDATE=1 write it there instead."""
    golden = _HERE / name
    if os.environ.get("UPDATE") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
        return
    assert golden.exists(), f"{golden} is missing: run once with UPDATE=1, read it, and commit it"
    kept = golden.read_text(encoding="utf-8")
    assert text == kept, f"{golden} differs: if the change is meant, run with UPDATE=1 and review the difference"
