"""Write the fixture store of this version: what later versions must still read.

    python tests/stores/write.py

Two updates with experience replay, and one beside them, from nothing, with DER++ on rows of varying length. Run it once
for a version, before its release, and commit the folder; never write an older one anew.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import torch  # noqa: E402 - after the number of threads is set

import vernal  # noqa: E402
from vernal.config import Plan  # noqa: E402
from vernal.methods import ER, DERpp, Method  # noqa: E402
from vernal.training import Training  # noqa: E402
from vernal.transaction import update  # noqa: E402

HERE = Path(__file__).parent
KINDS = {"plain": [ER(memory_size=12), ER(memory_size=12)], "ragged": [DERpp(memory_size=8)]}


def plan(kind: str, number: int, method: Method, configs: Path = HERE) -> Plan:
    """The plan of an update, the same in all versions."""
    training = Training(budget="2ep", batch_size=8, accelerator="cpu")
    return Plan(configs / f"{kind}.py", method=method, arguments={"number": number}, training=training)


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as configs:  # Records name the path of their config file.
        for kind, methods in KINDS.items():
            shutil.copy(HERE / f"{kind}.py", configs)
            store = HERE / vernal.__version__ / kind
            for number, method in enumerate(methods, start=1):
                update(plan(kind, number, method, Path(configs)), store)
            for working in ("locks", "scratch"):
                shutil.rmtree(store / working)
            (store / "verified.txt").unlink()


if __name__ == "__main__":
    main()
