"""Rules of the house that no linter of ours checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import vernal

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "vernal").rglob("*.py"))

SEEDS = {"base/seed.py", "training/randomness.py"}

# What must not be used, and the files that may. Transforms that users wrote draw from the global
# generators of Python and NumPy; data/rows.py sets those for their time only, and puts them back.
# Config files written for Renate read their model with `torch.load`; renate/checkpoint.py writes that file, tensors
# only, and nothing of vernal reads it. What a process is to do goes to it as a pickle, in a pipe and never in a file.
RULES = {
    r"(pickle|cPickle|_pickle|dill|cloudpickle|joblib|shelve|marshal)(\..*)?": {"launch/work.py"},
    r"torch\.(save|load)": {"renate/checkpoint.py"},
    r"(.*\.)?datetime\.(now|utcnow|today)|(.*\.)?date\.today": {"base/clock.py"},
    r"time\.(time|time_ns|monotonic|perf_counter)": {"base/clock.py"},
    r"torch\.(\w+\.)?manual_seed(_all)?|torch\.seed": SEEDS,
    r"random\.seed|(np|numpy)\.random\.seed": SEEDS | {"data/rows.py"},
}


def names_used(source: str) -> Iterator[str]:
    """Dotted names that the code imports or mentions; text in strings and comments does not count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def offences(source: str, file: str) -> list[str]:
    return [
        name
        for name in names_used(source)
        for pattern, allowed in RULES.items()
        if re.fullmatch(pattern, name) and file not in allowed
    ]


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import torch; torch.load('x')",
        "from time import time",
        "import datetime as dt; dt.datetime.now()",
        "import torch; torch.cuda.manual_seed_all(0)",
        "import numpy as np; np.random.seed(0)",
    ],
)
def test_the_rules_see_an_offence(line: str) -> None:
    assert offences(line, "methods/er.py") != []


@pytest.mark.parametrize("line", ["generator.manual_seed(0)", "clock.now()", "'pickle.loads'"])
def test_the_rules_leave_the_innocent_alone(line: str) -> None:
    assert offences(line, "methods/er.py") == []


def test_the_sources_are_found() -> None:
    assert ROOT / "vernal" / "base" / "clock.py" in SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_time_randomness_and_bytes_come_in_through_the_front_door(path: Path) -> None:
    file = path.relative_to(ROOT / "vernal").as_posix()
    assert offences(path.read_text(encoding="utf-8"), file) == []


def test_imports_go_downward_only() -> None:
    command = [Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert newest is not None
    assert vernal.__version__ == project["version"] == newest[1]
