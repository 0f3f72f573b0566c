"""Deciding, storing, reporting and asking for help never wait for torch, nor a history in files for SQLAlchemy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vernal.store import Store

# Printed when the interpreter exits, so that a command may end it in any way it likes.
PROBE = """
import atexit, sys
heavy = {"torch", "lightning_fabric", "pyarrow", "matplotlib", "sqlalchemy"}
atexit.register(lambda: print(*sorted(heavy & set(sys.modules)), file=sys.stderr))
"""


def heavy_imports_of(start: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", PROBE + start, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stderr.split()


def test_the_probe_sees_torch() -> None:
    assert heavy_imports_of("import torch") == ["torch"]


@pytest.mark.parametrize("room", ["", ".base", ".store", ".metrics", ".report"])
def test_a_light_room_imports_nothing_heavy(room: str) -> None:
    assert heavy_imports_of(f"import vernal{room}") == []


def test_looking_at_a_history_in_files_imports_nothing_heavy(tmp_path: Path) -> None:
    Store(tmp_path, ledger="files")
    start = "import vernal.store; vernal.store.Store(sys.argv[1]).records()"
    assert heavy_imports_of(start, str(tmp_path)) == []


def test_asking_for_help_imports_nothing_heavy() -> None:
    assert heavy_imports_of("from vernal.cli import main; sys.exit(main())", "--help") == []
