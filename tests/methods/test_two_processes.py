"""Really two processes, with nothing in common but the folder."""

import subprocess
import sys

from vernal.methods import DERpp
from vernal.testing import toy_update

UPDATE = """
import sys
from vernal.methods import DERpp
from vernal.testing import toy_update
toy_update(sys.argv[1], DERpp(memory_size=20, memory_batch=8), int(sys.argv[2]))
"""


def test_two_processes_equal_one(tmp_path):
    for chunk in ("1", "2"):
        command = [sys.executable, "-W", "error", "-c", UPDATE, tmp_path / "two", chunk]
        subprocess.run(command, check=True, timeout=120)
    for chunk in (1, 2):
        one = toy_update(tmp_path / "one", DERpp(memory_size=20, memory_batch=8), chunk)
        two = toy_update(tmp_path / "two", DERpp(memory_size=20, memory_batch=8), chunk)
        assert two.repeated
        assert two.record["artefacts"] == one.record["artefacts"]
        assert two.metrics == one.metrics
