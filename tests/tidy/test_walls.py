"""The import contract of pyproject.toml: it holds, and each of its walls is shown to stand."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.sources import PACKAGE, ROOT

FOLDERS = {
    *("rules", "formats", "records", "outside", "office", "desk", "portal", "api", "worker", "simulator", "cli", "web"),
    "cities",  # data, not a package
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_contract_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_the_floors_are_the_only_folders() -> None:
    found = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found <= FOLDERS, (
        f"a new folder in curbstop/ is a new floor: say so in ARCHITECTURE.md first: {found - FOLDERS}"
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the house in which every wall has a hole."""
    house = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", house)
    for path in PACKAGE.rglob("*.py"):
        to = house / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    holes = {
        "cellar/__init__.py": "",
        "rules/hole.py": "import os\n",
        "formats/hole.py": "from curbstop.office import hole\n",
        "office/hole.py": "from curbstop.outside import hole\n",
        "outside/hole.py": "",
        "desk/hole.py": "from curbstop.records.base import models\nfrom curbstop.portal import hole\n",
        "portal/hole.py": "",
        "records/base/hole.py": "from curbstop.records.bills import models\n",
        "records/attic/__init__.py": "",
        "worker/hole.py": "from curbstop.worker import pit\n",
        "worker/pit.py": "from curbstop.worker import hole\n",
    }
    for name, text in holes.items():
        path = house / "curbstop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lint(house).stdout


@pytest.mark.parametrize(
    "wall",
    [
        "Floors: a floor knows only the floors beneath it",
        "Rules and formats are pure",
        "Only the office opens the records",
        "No network inside a transaction: the office never reaches outside",
        "Tables stack in one order",
        "No cycles anywhere",
    ],
)
def test_a_hole_in_each_wall_is_found(broken: str, wall: str) -> None:
    assert f"{wall} BROKEN" in broken


@pytest.mark.parametrize(
    "said",
    [
        "curbstop.cellar",
        "curbstop.records.attic",
        "curbstop.formats.hole -> curbstop.office.hole",
        "curbstop.rules.hole -> os",
        "curbstop.desk.hole -> curbstop.portal.hole",
        "curbstop.records.base.hole -> curbstop.records.bills.models",
    ],
)
def test_each_hole_is_named(broken: str, said: str) -> None:
    assert said in broken
